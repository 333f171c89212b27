package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"strings"
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
			log, hot, full{}, OpenDecisions(nil, nil, 0))
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

// kept is an outbox that takes everything, and the dead letters.
type kept struct {
	record.Outbox
	record.Rejections
	letters []record.Rejection
}

func (*kept) PutEffects(_ context.Context, effects []effect.Effect, _ uint64, _ int64) ([]bool, error) {
	return make([]bool, len(effects)), nil
}

func (k *kept) PutRejections(_ context.Context, rs []record.Rejection) error {
	k.letters = append(k.letters, rs...)
	return nil
}

// TestUndecidedEventsBecomeLetters: an event that was acknowledged and then not decided is there for its sender to find.
func TestUndecidedEventsBecomeLetters(t *testing.T) {
	db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	hot, err := state.New(state.Options{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	first := `{"id":"e","time":"2026-03-01T12:00:00Z","kind":"post","actor":"a"}`
	log := journalOf(t, labelling, first, first, strings.Replace(first, `"a"`, `"b"`, 1), strings.NewReplacer("2026", "2020", `"e"`, `"old"`).Replace(first), "{")
	for range 3 * lettersMost {
		log.recs = append(log.recs, log.recs[3])
		log.recs[len(log.recs)-1].Position = journal.Position(len(log.recs))
	}
	k := &kept{}
	e := New(Options{Workers: 1, EmailKey: []byte("k"), Now: func() int64 { return 0 }, Log: slog.New(slog.DiscardHandler), Letters: k},
		log, hot, k, OpenDecisions(db, func(b *pebble.Batch) error { return b.Commit(pebble.NoSync) }, 0))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	if err := e.WaitDecided(t.Context(), journal.Position(len(log.recs))); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if len(k.letters) != lettersMost {
		t.Fatalf("%d letters, want %d", len(k.letters), lettersMost)
	}
	for i, want := range []string{`event "e" at position 4: another event`, `event "old" at position 5: its time`, "at position 6: event"} {
		if got := k.letters[i]; got.Source != FileSource || !strings.Contains(got.Error, want) || string(got.Raw) != string(log.recs[i+3].Body) {
			t.Errorf("letter %d is %+v, want %s", i, got, want)
		}
	}
}
