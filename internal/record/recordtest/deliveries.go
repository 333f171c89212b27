package recordtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

const leaseTime = 100

// claim gives the event ids of what a claim returns.
func claim(t *testing.T, s record.Store, receiver string, now int64, limit int) (ids []string) {
	t.Helper()
	ds, err := s.Claim(t.Context(), receiver, now, limit, leaseTime)
	ok(t, err)
	for _, d := range ds {
		if d.Receiver != receiver || d.State != effect.Queued || d.Due != now+leaseTime {
			t.Errorf("claimed %+v at %d from %s", d, now, receiver)
		}
		ids = append(ids, d.EventID)
	}
	return ids
}

func settle(t *testing.T, s record.Store, now int64, n int, o record.Outcome) {
	t.Helper()
	o.ID = Effect(n, "").ID
	ok(t, s.Settle(t.Context(), now, []record.Outcome{o}))
}

func lineOrder(t *testing.T, s record.Store) {
	put(t, s, Effect(1, "a"), Effect(2, "a"), Effect(3, "b"), Effect(4, "a"))
	diff(t, "first of each line", claim(t, s, "platform", 10, 9), []string{"e1", "e3"})
	diff(t, "nothing else has its turn", claim(t, s, "platform", 11, 9), []string(nil))

	settle(t, s, 20, 1, record.Outcome{State: effect.Queued, Next: 50, Counts: true})
	diff(t, "a retry keeps its line waiting", claim(t, s, "platform", 49, 9), []string(nil))
	diff(t, "the retry", claim(t, s, "platform", 50, 9), []string{"e1"})
	settle(t, s, 51, 1, record.Outcome{State: effect.Delivered})
	diff(t, "delivered gives the turn", claim(t, s, "platform", 51, 9), []string{"e2"})
	settle(t, s, 52, 2, record.Outcome{State: effect.Dead})
	put(t, s, Effect(5, "a"))
	diff(t, "dead gives the turn, in order", claim(t, s, "platform", 52, 9), []string{"e4"})
	settle(t, s, 53, 4, record.Outcome{State: effect.Delivered})
	diff(t, "what came later", claim(t, s, "platform", 53, 9), []string{"e5"})
	settle(t, s, 54, 5, record.Outcome{State: effect.Delivered})
	put(t, s, Effect(6, "a"))
	diff(t, "an emptied line starts at once", claim(t, s, "platform", 55, 9), []string{"e6"})
}

func longestDueFirst(t *testing.T, s record.Store) {
	putAt := func(now int64, e effect.Effect) {
		t.Helper()
		_, err := s.PutEffects(t.Context(), []effect.Effect{e}, e.Position, now)
		ok(t, err)
	}
	putAt(5, Effect(1, "a"))
	putAt(5, Effect(2, "b"))
	diff(t, "not yet due", claim(t, s, "platform", 4, 9), []string(nil))
	diff(t, "by age, to the limit", claim(t, s, "platform", 10, 1), []string{"e1"})
	settle(t, s, 11, 1, record.Outcome{State: effect.Queued, Next: 30})
	putAt(29, Effect(3, "c"))
	putAt(31, Effect(4, "d"))
	diff(t, "a retry takes its place among fresh ones", claim(t, s, "platform", 31, 9), []string{"e2", "e3", "e1", "e4"})
}

func lease(t *testing.T, s record.Store) {
	put(t, s, Effect(1, "a"))
	diff(t, "claim", claim(t, s, "platform", 10, 9), []string{"e1"})
	diff(t, "leased", claim(t, s, "platform", 10+leaseTime-1, 9), []string(nil))
	diff(t, "lease lost", claim(t, s, "platform", 10+leaseTime, 9), []string{"e1"})
}

func receiversApart(t *testing.T, s record.Store) {
	notify := func(n int, channel string) effect.Effect {
		return with(Effect(n, "a"), func(e *effect.Effect) { e.Kind, e.Value = effect.Notify, channel })
	}
	due := func(now int64, want ...string) {
		t.Helper()
		got, err := s.DueReceivers(t.Context(), now)
		ok(t, err)
		diff(t, "due receivers", got, want)
	}
	due(0)
	put(t, s, notify(1, "slack"), Effect(2, "a"), notify(3, "mail"), notify(4, "slack"))
	due(0, "notify:mail", "notify:slack", "platform")
	diff(t, "one line a receiver and target", claim(t, s, "platform", 10, 9), []string{"e2"})
	diff(t, "slack", claim(t, s, "notify:slack", 10, 9), []string{"e1"})
	due(10, "notify:mail")
	due(10+leaseTime, "notify:mail", "notify:slack", "platform")
	diff(t, "unknown", claim(t, s, "notify:none", 10, 9), []string(nil))
}

func lateOutcome(t *testing.T, s record.Store) {
	put(t, s, Effect(1, "a"), Effect(2, "a"))
	claim(t, s, "platform", 10, 9)
	settle(t, s, 20, 2, record.Outcome{State: effect.Delivered}) // never claimed: not its turn
	settle(t, s, 20, 1, record.Outcome{State: effect.Delivered, Status: 200})
	settle(t, s, 21, 1, record.Outcome{State: effect.Queued, Next: 22, Status: 500, Counts: true})
	settle(t, s, 21, 1, record.Outcome{State: effect.Dead, Status: 400})
	ok(t, s.Settle(t.Context(), 22, []record.Outcome{{ID: "none", State: effect.Delivered}}))
	d, err := s.Effect(t.Context(), Effect(1, "a").ID)
	ok(t, err)
	diff(t, "delivered stays delivered", [4]any{d.State, d.Done, d.Status, d.Attempts}, [4]any{effect.Delivered, int64(20), 200, 0})
	diff(t, "the next one's turn", claim(t, s, "platform", 30, 9), []string{"e2"})
	err = s.Settle(t.Context(), 31, []record.Outcome{{ID: Effect(2, "").ID, State: effect.Waiting}})
	is(t, "no outcome", err, record.ErrInvalid)
}

func settleKeeps(t *testing.T, s record.Store) {
	put(t, s, Effect(1, "a"))
	claim(t, s, "platform", 10, 9)
	settle(t, s, 20, 1, record.Outcome{State: effect.Queued, Next: 40, Counts: true, Status: 503, Note: strings.Repeat("é", record.MaxNote)})
	settle(t, s, 21, 1, record.Outcome{State: effect.Queued, Next: 50, Status: 0, Note: "cut"})
	want := record.Delivery{Effect: Effect(1, "a"), Receiver: "platform", Attempts: 1, Due: 50, Note: "cut"}
	d, err := s.Effect(t.Context(), want.ID)
	ok(t, err)
	want.Seq = d.Seq
	diff(t, "retry", d, want)
	claim(t, s, "platform", 60, 9)
	settle(t, s, 61, 1, record.Outcome{State: effect.Dead, Counts: true, Status: 500, Note: strings.Repeat("é", record.MaxNote)})
	d, err = s.Effect(t.Context(), want.ID)
	ok(t, err)
	if len(d.Note) != record.MaxNote {
		t.Errorf("note has %d bytes, want %d", len(d.Note), record.MaxNote)
	}
	want.Note, want.State, want.Status, want.Attempts, want.Due, want.Done = d.Note, effect.Dead, 500, 2, -1, 61
	diff(t, "dead", d, want)
}

func change(id, kind string) record.Change {
	return record.Change{ID: id, Kind: kind, By: "person:ada", At: 1, Reason: "because", Body: []byte(`{"a":1}`)}
}

func states(t *testing.T, s record.Store, ns ...int) (states []effect.State) {
	t.Helper()
	for _, n := range ns {
		d, err := s.Effect(t.Context(), Effect(n, "").ID)
		ok(t, err)
		states = append(states, d.State)
	}
	return states
}

func waiting(n int, target string) effect.Effect {
	return with(Effect(n, target), func(e *effect.Effect) { e.State, e.Why = effect.Waiting, "above the cap of 2 a day" })
}

func approve(t *testing.T, s record.Store) {
	put(t, s, waiting(1, "a"), Effect(2, "a"), waiting(3, "b"), waiting(4, "c"))
	diff(t, "waiting holds no line up", claim(t, s, "platform", 1, 9), []string{"e2"})
	ids := []string{Effect(1, "").ID, Effect(2, "").ID, Effect(3, "").ID}
	moved, err := s.Approve(t.Context(), change("c1", "approve"), 1, ids, nil)
	ok(t, err)
	diff(t, "moved", moved, []string{ids[0], ids[2]})
	diff(t, "states", states(t, s, 1, 2, 3, 4), []effect.State{effect.Queued, effect.Queued, effect.Queued, effect.Waiting})
	late, err := s.Effect(t.Context(), ids[0])
	ok(t, err)
	diff(t, "lasts from the approval on", late.Expires, change("c1", "approve").At+Effect(1, "").Expires-Effect(1, "").Time)
	diff(t, "approved in its line", claim(t, s, "platform", 2, 9), []string{"e3"})
	settle(t, s, 3, 2, record.Outcome{State: effect.Delivered})
	diff(t, "its turn", claim(t, s, "platform", 4, 9), []string{"e1"})
	settle(t, s, 5, 1, record.Outcome{State: effect.Delivered})

	moved, err = s.Approve(t.Context(), change("c1", "approve"), 1, ids, nil)
	ok(t, err)
	diff(t, "the same request again", moved, []string(nil))
	moved, err = s.Approve(t.Context(), change("c2", "approve"), 1, ids, nil)
	ok(t, err)
	diff(t, "somebody else's later", moved, []string(nil))
	diff(t, "delivered stays so", states(t, s, 1), []effect.State{effect.Delivered})
	_, err = s.Approve(t.Context(), change("c4", "approve"), Effect(4, "").Time+effect.WaitsFor+1, []string{Effect(4, "").ID}, nil)
	is(t, "too late to approve", err, record.ErrInvalid)
	_, err = s.Approve(t.Context(), change("c3", "approve"), 1, []string{Effect(4, "").ID, "none"}, nil)
	is(t, "unknown id", err, record.ErrNotFound)
	diff(t, "all or nothing", states(t, s, 4), []effect.State{effect.Waiting})
	pending, err := s.PendingChanges(t.Context(), 9)
	ok(t, err)
	diff(t, "changes to journal", len(pending), 2)
	diff(t, "a replay keeps the decision", put(t, s, waiting(1, "a")), []bool{false})
	diff(t, "after a replay", states(t, s, 1), []effect.State{effect.Delivered})
	put(t, s, with(waiting(5, "d"), func(e *effect.Effect) { e.Members = []string{"m1", "m2", "m3"} }))
	five := Effect(5, "").ID
	_, err = s.Approve(t.Context(), change("c5", "approve"), 1, []string{five}, map[string][]string{five: {"m2"}})
	ok(t, err)
	part, err := s.Effect(t.Context(), five)
	ok(t, err)
	diff(t, "members but for the spared", part.Members, []string{"m1", "m3"})
}

func refuse(t *testing.T, s record.Store) {
	put(t, s, waiting(1, "a"), Effect(2, "a"))
	ids := []string{Effect(1, "").ID, Effect(2, "").ID}
	moved, err := s.Refuse(t.Context(), change("c1", "refuse"), ids)
	ok(t, err)
	diff(t, "moved", moved, ids[:1])
	moved, err = s.Approve(t.Context(), change("c2", "approve"), 1, ids, nil)
	ok(t, err)
	diff(t, "refused is final", moved, []string(nil))
	diff(t, "states", states(t, s, 1, 2), []effect.State{effect.Refused, effect.Queued})
	b, err := s.Backlog(t.Context())
	ok(t, err)
	diff(t, "backlog", b, record.Backlog{Queued: 1})
}

func requeue(t *testing.T, s record.Store) {
	put(t, s, Effect(1, "a"), Effect(2, "a"), Effect(3, "b"))
	claim(t, s, "platform", 1, 9)
	settle(t, s, 2, 1, record.Outcome{State: effect.Dead, Counts: true, Status: 400})
	b, err := s.Backlog(t.Context())
	ok(t, err)
	diff(t, "backlog", b, record.Backlog{Queued: 2, Dead: 1})
	ids := []string{Effect(1, "").ID, Effect(3, "").ID}
	moved, err := s.Requeue(t.Context(), "person:ada", 3, ids)
	ok(t, err)
	diff(t, "moved", moved, ids[:1])
	diff(t, "behind the one whose turn it is", claim(t, s, "platform", 4, 9), []string{"e2"})
	settle(t, s, 5, 2, record.Outcome{State: effect.Delivered})
	diff(t, "again", claim(t, s, "platform", 6, 9), []string{"e1"})
	d, err := s.Effect(t.Context(), ids[0])
	ok(t, err)
	diff(t, "a new life", [3]any{d.Attempts, d.Done, d.State}, [3]any{0, int64(0), effect.Queued})
	diff(t, "audit", newestAudit(t, s, 1), []record.AuditEntry{{Seq: 4, At: 3, By: "person:ada", Action: "effect.requeue", Subject: ids[0]}})
}

func prune(t *testing.T, s record.Store) {
	put(t, s, Effect(1, "a"), Effect(2, "b"), Effect(3, "c"), Effect(4, "d"), waiting(5, "e"))
	claim(t, s, "platform", 1, 9)
	settle(t, s, 10, 1, record.Outcome{State: effect.Delivered})
	settle(t, s, 11, 2, record.Outcome{State: effect.Delivered})
	settle(t, s, 10, 3, record.Outcome{State: effect.Dead})
	for i, want := range []int{1, 0} {
		n, err := s.PruneEffects(t.Context(), 11, 9)
		ok(t, err)
		diff(t, fmt.Sprint("pruned ", i), n, want)
	}
	_, err := s.Effect(t.Context(), Effect(1, "").ID)
	is(t, "pruned", err, record.ErrNotFound)
	diff(t, "kept", states(t, s, 2, 3, 4, 5), []effect.State{effect.Delivered, effect.Dead, effect.Queued, effect.Waiting})
}
