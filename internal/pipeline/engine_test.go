package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// fixed is a journal of the same records for ever.
type fixed struct {
	journal.Log
	recs []journal.Record
}

func (f fixed) Read(_ context.Context, _ journal.Partition, from journal.Position, _ int, dst []journal.Record) ([]journal.Record, error) {
	if from > journal.Position(len(f.recs)) {
		return dst, nil
	}
	return append(dst, f.recs[from-1:]...), nil
}

func (fixed) Wait(ctx context.Context, _ journal.Partition, _ journal.Position) error {
	<-ctx.Done()
	return ctx.Err()
}

func journalOf(t *testing.T, rules string, lines ...string) fixed {
	t.Helper()
	if set, problems := rule.Compile([]rule.File{{Name: "r.yaml", Data: []byte(rules)}}); set == nil {
		t.Fatal(problems)
	}
	c := change.Change{ID: "c", By: "test", Reason: "test", Rules: &change.Rules{Files: []rule.File{{Name: "r.yaml", Data: []byte(rules)}}}}
	body, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f := fixed{recs: []journal.Record{{Position: 1, Kind: journal.Change, ID: "c", Body: body}}}
	for i, line := range lines {
		f.recs = append(f.recs, journal.Record{Position: journal.Position(i + 2), Kind: journal.Event, Source: FileSource, Body: []byte(line)})
	}
	return f
}

// full is an outbox without room.
type full struct{ record.Outbox }

var errFull = errors.New("no room")

func (full) PutEffects(context.Context, []effect.Effect, uint64, int64) ([]bool, error) {
	return nil, errFull
}

const labelling = `rules:
  - id: all
    on: [post]
    when: actor != ""
    because: all
    then: [{label: seen, on: actor}]
`

// TestStopWithoutAnOutbox: Run ends some time after it was asked to, also when the outbox never takes what was decided.
func TestStopWithoutAnOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem()})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		hot, err := state.New(state.Options{DB: db})
		if err != nil {
			t.Fatal(err)
		}
		log := journalOf(t, labelling, `{"id":"e","time":"2026-03-01T12:00:00Z","kind":"post","actor":"a"}`)
		e := New(Options{Workers: 1, EmailKey: []byte("k"), Now: func() int64 { return 0 }, Log: slog.New(slog.DiscardHandler)},
			log, hot, full{}, OpenDecisions(nil, nil))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		if err := e.WaitDecided(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		stop()
		select {
		case err := <-ended:
			if !errors.Is(err, errFull) && !errors.Is(err, errUnstored) {
				t.Errorf("ended with %v, want why", err)
			}
		case <-time.After(time.Hour):
			t.Fatal("it goes on")
		}
		if got := e.Status(); got.Decided != 2 || got.Stored != 0 || e.Saved() != 0 {
			t.Errorf("got %+v and an image at %d: nothing can be stored", got, e.Saved())
		}
	})
}
