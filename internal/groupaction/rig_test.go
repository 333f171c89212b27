package groupaction

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/group"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/record/sqlite"
	"github.com/ringfence/ringfence/internal/state"
)

// rig is a runner on real records and a real decision loop, with the journal between them done by hand.
type rig struct {
	*Runner
	t     *testing.T
	store record.Store
	loop  *decide.Loop
	x     *extract.Extractor
	pins  *extract.Pins
	pos   journal.Position
	group decide.Roster
	now   int64 // event time, after base
}

const base = int64(1_800_000_000_000_000_000)

func newRig(t *testing.T, size int) *rig {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	hot, err := state.New(state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, store: store, loop: decide.New(hot, decide.Options{}), x: extract.New([]byte("key")), pins: extract.NewPins(nil, nil, false)}
	r.group = decide.Roster{Group: "g1", Version: 7, Score: 1}
	for i := range size {
		r.group.Members = append(r.group.Members, decide.RosterMember{Member: group.Member{Account: fmt.Sprintf("a%04d", i), Confidence: 0.99}})
	}
	o := DefaultOptions()
	o.Store, o.Engine, o.Relay, o.Now, o.Log = store, r, func() {}, func() int64 { return base }, slog.New(slog.DiscardHandler)
	o.Batch = 10
	r.Runner = New(o)
	r.tick(0)
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// Roster, Standings and Clock make the rig the runner's [Engine].
func (r *rig) Roster(_ context.Context, id, policy, step string) (decide.Roster, error) {
	if id != r.group.Group {
		return decide.Roster{}, record.ErrNotFound
	}
	got := r.group
	got.Clock = r.clock()
	got.Members = nil
	for _, m := range r.group.Members {
		m.Standing = r.loop.Standings([]string{m.Account}, policy, step)[0]
		got.Members = append(got.Members, m)
	}
	return got, nil
}

func (r *rig) Standings(_ context.Context, accounts []string, policy, step string) ([]decide.Standing, error) {
	return r.loop.Standings(accounts, policy, step), nil
}

func (r *rig) Clock(context.Context) (int64, error) { return r.clock(), nil }

func (r *rig) clock() int64 { return base + r.now }

func (r *rig) decide(rec journal.Record) {
	r.t.Helper()
	r.pos++
	rec.Position = r.pos
	var it extract.Item
	r.x.Into(&it, rec, r.pins.At(&rec))
	var out decide.Output
	r.must(r.loop.Step(&it, &out))
	_, err := r.store.PutEffects(r.t.Context(), out.Effects, uint64(r.pos), base)
	r.must(err)
}

func (r *rig) tick(after time.Duration) {
	r.t.Helper()
	r.now = int64(after)
	r.decide(journal.Record{Kind: journal.Tick, Time: base + r.now})
}

// relay brings what was changed to the loop, twice, as after a crash.
func (r *rig) relay() {
	r.t.Helper()
	pending, err := r.store.PendingChanges(r.t.Context(), 100)
	r.must(err)
	var ids []string
	for _, c := range pending {
		for range 2 {
			r.decide(journal.Record{Kind: journal.Change, ID: c.ID, Body: c.Body})
		}
		ids = append(ids, c.ID)
	}
	r.must(r.store.MarkJournaled(r.t.Context(), ids))
}

// run does rounds of steps and relays, until nothing changes or so many are done.
func (r *rig) run(rounds int) {
	r.t.Helper()
	for range rounds {
		for again := true; again; {
			var err error
			again, err = r.Step(r.t.Context())
			r.must(err)
		}
		r.relay()
	}
}

func (r *rig) change(c change.Change) {
	r.t.Helper()
	c.ID, c.By = control.NewID(), "person:ada"
	body, err := c.Encode()
	r.must(err)
	r.decide(journal.Record{Kind: journal.Change, ID: c.ID, Body: body})
}

func account(name string) string { return event.Entity{Kind: event.AccountEntity, ID: name}.String() }

func by(name string) control.Author {
	return control.Author{ID: "action-1", By: "person:" + name, Reason: "one hand"}
}

func (r *rig) move(name string, do record.ActionDo) record.GroupAction {
	r.t.Helper()
	a, err := r.Move(r.t.Context(), by(name), "action-1", do)
	r.must(err)
	return a
}

func (r *rig) action() record.GroupAction {
	r.t.Helper()
	a, err := r.store.GroupAction(r.t.Context(), "action-1")
	r.must(err)
	return a
}

// sent counts what the outbox holds, by kind, and fails if one account has two of a kind.
func (r *rig) sent() map[effect.Kind]int {
	r.t.Helper()
	count, seen := map[effect.Kind]int{}, map[string]bool{}
	for page := (record.Page{}); ; {
		ds, err := r.store.ListEffects(r.t.Context(), record.EffectFilter{}, page)
		r.must(err)
		if len(ds) == 0 {
			return count
		}
		for _, d := range ds {
			page.Before = d.Seq
			count[d.Kind]++
			if key := string(d.Kind) + d.Value + d.Target.String(); seen[key] {
				r.t.Errorf("%s of %s twice", d.Kind, d.Target)
			} else {
				seen[key] = true
			}
		}
	}
}

// trail is the audit trail, oldest first, as "by action: reason", without what single effects and changes leave there.
func (r *rig) trail() (lines []string) {
	r.t.Helper()
	entries, err := r.store.AuditFrom(r.t.Context(), 0, record.MaxPage)
	r.must(err)
	for _, e := range entries {
		if e.Subject == "action-1" {
			lines = append(lines, e.By+" "+e.Action+": "+e.Reason)
		}
	}
	return lines
}
