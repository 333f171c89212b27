// Package recordtest is the contract suite of package record: every driver passes it.
package recordtest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

// Run runs the suite. open gives an empty store and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) record.Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s record.Store)
	}{
		{"PutEffects/idempotent", putIdempotent},
		{"PutEffects/counts others once", countsOnce},
		{"PutEffects/all or nothing", putAllOrNothing},
		{"Claim/line order", lineOrder},
		{"Claim/longest due first", longestDueFirst},
		{"Claim/lease", lease},
		{"Claim/receivers apart", receiversApart},
		{"Settle/late outcome", lateOutcome},
		{"Settle/what is kept", settleKeeps},
		{"Approve", approve},
		{"Refuse", refuse},
		{"Requeue", requeue},
		{"Prune", prune},
		{"Effects/list", listEffects},
		{"Deliveries/model", deliveryModel},
		{"Cases/open and join", casesJoin},
		{"Cases/verdict", casesVerdict},
		{"Cases/verdict again", verdictOnce},
		{"Cases/undo", verdictUndone},
		{"Cases/second look and appeal", secondLook},
		{"Cases/group holds its members", groupHolds},
		{"Cases/lease", casesLease},
		{"Cases/open by hand", casesOpened},
		{"Cases/similar", casesSimilar},
		{"Cases/since", casesSince},
		{"Cases/merge in any order", casesMerge},
		{"Cases/notes", casesNotes},
		{"Cases/rules judged", rulesJudged},
		{"Intake/reports", reportsJoin},
		{"Intake/track records", reportsProve},
		{"Intake/once", intakeOnce},
		{"Intake/draws", drawsJudged},
		{"ReviewModels", reviewModels},
		{"Cases/bounded evidence", casesBounded},
		{"GroupActions", groupActions},
		{"GroupActions/invalid", groupActionsInvalid},
		{"GroupActions/batches", groupBatches},
		{"Changes", changes},
		{"Changes/invalid", changesInvalid},
		{"RuleSets", ruleSets},
		{"Discoveries/propose", discoveriesProposed},
		{"Discoveries/accept", discoveryAccepted},
		{"Discoveries/refuse", discoveryRefused},
		{"Discoveries/forget and prune", discoveriesPruned},
		{"Discoveries/bounds", discoveriesBounded},
		{"Keys", keys},
		{"Users", users},
		{"Users/sessions", sessions},
		{"Rejections", rejections},
		{"Audit/pages", auditPages},
		{"Audit/chain", auditChain},
		{"Audit/effects", auditEffects},
		{"Concurrent", concurrent},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// Effect is the n-th effect of a test: a queued enforcement on the target at position n.
func Effect(n int, target string) effect.Effect {
	return effect.Effect{
		ID: fmt.Sprintf("%032x", n), Kind: effect.Enforce, Target: event.Entity{Kind: event.AccountEntity, ID: target},
		Value: "suspend", State: effect.Queued, Rule: "burst", RuleVersion: "3", Policy: "spam", Severity: 2,
		Reason: "12 posts in a minute", Source: "http", EventID: fmt.Sprintf("e%d", n), Time: int64(n) * 1e9, Expires: 9e18, Position: uint64(n),
	}
}

func with(e effect.Effect, change func(e *effect.Effect)) effect.Effect {
	change(&e)
	return e
}

func put(t *testing.T, s record.Store, effects ...effect.Effect) []bool {
	t.Helper()
	through := uint64(0)
	for _, e := range effects {
		through = max(through, e.Position)
	}
	fresh, err := s.PutEffects(t.Context(), effects, through, 0)
	if err != nil {
		t.Fatalf("PutEffects: %v", err)
	}
	return fresh
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

func putIdempotent(t *testing.T, s record.Store) {
	a, b := Effect(1, "a1"), Effect(2, "a2")
	diff(t, "first", put(t, s, a), []bool{true})
	// A replay may bring the same effect at another position, of another rule version: the id decides.
	again := with(a, func(e *effect.Effect) { e.Position, e.RuleVersion, e.Reason = 5, "4", "other" })
	diff(t, "replay", put(t, s, again, b, b), []bool{false, true, false})

	d, err := s.Effect(t.Context(), a.ID)
	ok(t, err)
	diff(t, "kept effect", d, record.Delivery{Effect: a, Seq: d.Seq, Receiver: record.PlatformReceiver})

	mark, err := s.Watermark(t.Context())
	ok(t, err)
	diff(t, "watermark", mark, uint64(5))
	_, err = s.PutEffects(t.Context(), nil, 3, 0)
	ok(t, err)
	mark, err = s.Watermark(t.Context())
	ok(t, err)
	diff(t, "watermark never falls", mark, uint64(5))
	_, err = s.Effect(t.Context(), "none")
	is(t, "unknown effect", err, record.ErrNotFound)
}

func countsOnce(t *testing.T, s record.Store) {
	day := int64(24 * 3600 * 1e9)
	state := func(n int, st effect.State, time int64) effect.Effect {
		return with(Effect(n, "a"), func(e *effect.Effect) { e.State, e.Time = st, time })
	}
	batch := []effect.Effect{
		state(1, effect.Queued, day-1), state(2, effect.Shadow, day), state(3, effect.Shadow, day), state(4, effect.Absorbed, day), state(5, effect.Suppressed, -1),
	}
	diff(t, "first", put(t, s, batch...), []bool{true, true, true, true, true})
	diff(t, "replay", put(t, s, batch...), []bool{false, false, false, false, false})
	got, err := s.EffectDays(t.Context(), -5, 5)
	ok(t, err)
	diff(t, "days", got, []record.DayCount{
		{Day: -1, Rule: "burst", State: effect.Suppressed, Count: 1},
		{Day: 0, Rule: "burst", State: effect.Queued, Count: 1},
		{Day: 1, Rule: "burst", State: effect.Absorbed, Count: 1},
		{Day: 1, Rule: "burst", State: effect.Shadow, Count: 2},
	})
	got, err = s.EffectDays(t.Context(), 0, 1)
	ok(t, err)
	diff(t, "one day", len(got), 1)
	_, err = s.Effect(t.Context(), batch[1].ID)
	is(t, "a shadow effect is counted, not kept", err, record.ErrNotFound)
}

func putAllOrNothing(t *testing.T, s record.Store) {
	for name, bad := range map[string]effect.Effect{
		"no id":         with(Effect(2, "a"), func(e *effect.Effect) { e.ID = "" }),
		"no target":     with(Effect(2, "a"), func(e *effect.Effect) { e.Target = event.Entity{} }),
		"unknown state": with(Effect(2, "a"), func(e *effect.Effect) { e.State = effect.Delivered }),
		"ahead":         with(Effect(2, "a"), func(e *effect.Effect) { e.Position = 4 }),
	} {
		_, err := s.PutEffects(t.Context(), []effect.Effect{Effect(1, "a"), bad}, 3, 0)
		is(t, name, err, record.ErrInvalid)
	}
	_, err := s.PutEffects(t.Context(), nil, 1<<63, 0)
	is(t, "position out of range", err, record.ErrInvalid)
	_, err = s.Effect(t.Context(), Effect(1, "a").ID)
	is(t, "effect before the bad one", err, record.ErrNotFound)
	mark, err := s.Watermark(t.Context())
	ok(t, err)
	diff(t, "watermark", mark, uint64(0))
}

func listEffects(t *testing.T, s record.Store) {
	for n := 1; n <= 5; n++ {
		put(t, s, Effect(n, fmt.Sprint("a", n%2)))
	}
	ids := func(f record.EffectFilter, p record.Page) (ids []string) {
		t.Helper()
		ds, err := s.ListEffects(t.Context(), f, p)
		ok(t, err)
		for _, d := range ds {
			ids = append(ids, d.EventID)
		}
		return ids
	}
	target := event.Entity{Kind: event.AccountEntity, ID: "a1"}
	diff(t, "all", ids(record.EffectFilter{}, record.Page{}), []string{"e5", "e4", "e3", "e2", "e1"})
	diff(t, "by target", ids(record.EffectFilter{Target: target}, record.Page{}), []string{"e5", "e3", "e1"})
	diff(t, "by target and state", ids(record.EffectFilter{Target: target, State: effect.Queued}, record.Page{Limit: 2}), []string{"e5", "e3"})
	diff(t, "by state, none", ids(record.EffectFilter{State: effect.Dead}, record.Page{}), []string(nil))
	first, err := s.ListEffects(t.Context(), record.EffectFilter{State: effect.Queued}, record.Page{Limit: 2})
	ok(t, err)
	diff(t, "second page", ids(record.EffectFilter{State: effect.Queued}, record.Page{Before: first[1].Seq, Limit: 2}), []string{"e3", "e2"})
}
