package control

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/record/sqlite"
	"github.com/ringfence/ringfence/rule"
)

// fakeJournal remembers what was relayed.
type fakeJournal struct {
	ids     []string
	changes []*change.Change
	bodies  [][]byte
	most    int // bytes at once; 0 for no limit
	fail    error
}

func (j *fakeJournal) Changes(_ context.Context, ids []string, bodies [][]byte) error {
	if j.fail != nil {
		return j.fail
	}
	size := 0
	for _, body := range bodies {
		if size += len(body); j.most > 0 && size > j.most {
			return journal.ErrTooLarge
		}
	}
	for i, body := range bodies {
		c, err := change.Decode(body)
		if err != nil {
			return err
		}
		j.ids = append(j.ids, ids[i])
		j.changes = append(j.changes, c)
		j.bodies = append(j.bodies, body)
	}
	return nil
}

// noon is an event clock that stands.
type noon struct{}

func (noon) Clock(context.Context) (int64, error) { return 12 * 3600 * 1e9, nil }

// Standings says that people allowed the accounts whose names begin with "fan".
func (noon) Standings(_ context.Context, accounts []string, _, _ string) ([]decide.Standing, error) {
	all := make([]decide.Standing, len(accounts))
	for i, account := range accounts {
		all[i].Allowed = strings.HasPrefix(account, "fan")
	}
	return all, nil
}

func newControl(t *testing.T) (*Control, *fakeJournal, record.Store) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	j := &fakeJournal{}
	now := int64(0)
	return New(store, j, noon{}, &bank.Compiler{}, func() int64 { now++; return now }, slog.New(slog.DiscardHandler)), j, store
}

func files(condition string) []rule.File {
	return []rule.File{{Name: "r.yaml", Data: []byte("rules:\n  - id: r\n    on: [post]\n    when: " + condition + "\n    because: b\n    then: [{label: x, on: actor}]\n")}}
}

func relayAll(t *testing.T, c *Control) {
	t.Helper()
	for {
		n, err := c.Relay(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func TestPushAndRollback(t *testing.T) {
	c, j, store := newControl(t)
	ctx, ada := t.Context(), Author{By: "person:ada", Reason: "test"}
	if _, err := c.Rollback(ctx, ada, 0); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("rollback of nothing: %v", err)
	}
	one, _, err := c.PushRules(ctx, ada, files(`actor == "a"`))
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := c.PushRules(ctx, ada, files(`actor == "b"`))
	if err != nil || two == one {
		t.Fatal(one, two, err)
	}
	if same, _, err := c.PushRules(ctx, ada, files(`actor == "b"`)); err != nil || same != two {
		t.Errorf("the active set again: version %d, %v", same, err)
	}
	_, problems, err := c.PushRules(ctx, ada, files(`actr == "b"`))
	var bad *RuleErrors
	if !errors.As(err, &bad) || !errors.Is(err, ErrRules) || len(problems) == 0 || !strings.Contains(err.Error(), "r.yaml:4:") {
		t.Errorf("a set with errors: %v", err)
	}
	if active, err := store.ActiveRuleSet(ctx); err != nil || active.Number != two {
		t.Errorf("after a bad set version %d is active, %v", active.Number, err)
	}
	if back, err := c.Rollback(ctx, ada, 0); err != nil || back != one {
		t.Errorf("rolled back to %d, %v", back, err)
	}
	if _, err := c.Rollback(ctx, ada, 0); !errors.Is(err, ErrNoOther) {
		t.Errorf("rollback past the first: %v", err)
	}
	if _, err := c.Rollback(ctx, ada, 99); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("rollback to what never was: %v", err)
	}
	relayAll(t, c)
	var versions []int
	for _, ch := range j.changes {
		versions = append(versions, ch.Rules.Version)
	}
	if want := []int{int(one), int(two), int(two), int(one)}; !slices.Equal(versions, want) {
		t.Errorf("the journal got versions %v, want %v", versions, want)
	}
}

// TestRollbackGoesBackThroughWhatWasGood holds that a version that was rolled back is not what the next rollback returns to.
func TestRollbackGoesBackThroughWhatWasGood(t *testing.T) {
	c, _, _ := newControl(t)
	ctx, ada := t.Context(), Author{By: "person:ada", Reason: "test"}
	push := func(actor string) int64 {
		t.Helper()
		n, _, err := c.PushRules(ctx, ada, files(`actor == "`+actor+`"`))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	back := func(want int64) {
		t.Helper()
		if got, err := c.Rollback(ctx, ada, 0); err != nil || got != want {
			t.Errorf("rolled back to %d, %v, want %d", got, err, want)
		}
	}
	first, good := push("first"), push("good")
	push("bad")
	back(good)
	push("worse")
	back(good)
	push("bad") // the same set as before, under its old number
	back(good)
	back(first)
}

func TestChangesReachTheJournalOnceAndInOrder(t *testing.T) {
	c, j, _ := newControl(t)
	ctx := t.Context()
	target := event.Entity{Kind: event.AccountEntity, ID: "a1"}
	ada := func(id string) Author { return Author{ID: id, By: "person:ada"} }
	for _, err := range []error{
		c.Label(ctx, ada("1"), change.Label{Entity: "account:a1", Name: "x"}),
		c.Allow(ctx, ada("2"), change.Allow{Entity: "account:a1"}),
		c.Lift(ctx, ada("3"), target),
		c.ResetBreaker(ctx, ada("4"), "r"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Label(ctx, ada("5"), change.Label{Entity: "nobody", Name: "x"}); !errors.Is(err, record.ErrInvalid) {
		t.Errorf("a label on nothing: %v", err)
	}
	j.fail = errors.New("disk full")
	if _, err := c.Relay(ctx); !errors.Is(err, j.fail) {
		t.Errorf("a journal that fails: %v", err)
	}
	j.fail = nil
	relayAll(t, c)
	if got := strings.Join(j.ids, " "); got != "1 2 3 4" {
		t.Errorf("the journal got %s", got)
	}
}

// TestApprovalLeavesOut: the message of an approved enforcement on a group does not name members whom people allowed while it waited.
func TestApprovalLeavesOut(t *testing.T) {
	c, _, store := newControl(t)
	waits := func(id string, position uint64, members ...string) effect.Effect {
		return effect.Effect{ID: id, Kind: effect.Enforce, Value: "suspend", Rule: "r", RuleVersion: "1", Policy: "harm", State: effect.Waiting, Source: "s", EventID: id,
			Target: event.Entity{Kind: event.GroupEntity, ID: id}, Members: members, Position: position, Time: 1}
	}
	if _, err := store.PutEffects(t.Context(), []effect.Effect{waits("some", 1, "bot1", "fan1"), waits("all", 2, "fan1", "fan2")}, 2, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Approve(t.Context(), Author{By: "person:ada", Reason: "seen"}, []string{"some"}, false); err != nil {
		t.Fatal(err)
	}
	d, err := store.Effect(t.Context(), "some")
	if err != nil || d.State != effect.Queued || !slices.Equal(d.Members, []string{"bot1"}) {
		t.Errorf("%s about %v (%v), want queued about bot1 alone", d.State, d.Members, err)
	}
	if _, err := c.Approve(t.Context(), Author{By: "person:ada", Reason: "seen"}, []string{"all"}, false); !errors.Is(err, record.ErrConflict) {
		t.Errorf("with nobody left: %v, want a conflict", err)
	}
}
