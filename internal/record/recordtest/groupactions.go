package recordtest

import (
	"fmt"
	"testing"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

// groupAction is an action on so many members, of whom the first is left out.
func groupAction(id string, state record.ActionState, members int) (record.GroupAction, []record.GroupMember) {
	a := record.GroupAction{ID: id, Group: "g1", Version: 1 << 63, Score: 0.9, Step: "suspend", Policy: "spam", Code: "coordinated", Reason: "one hand", Label: "ring", Lasts: 5,
		Watch: 7, Preview: "as foreseen", State: state, By: "person:ada", At: 10}
	if state == record.ActionWaiting {
		a.Needs = "it is about many"
	}
	ms := []record.GroupMember{{Account: "left", Confidence: 0.5, LeftOut: "excepted"}}
	for i := range members {
		ms = append(ms, record.GroupMember{Account: fmt.Sprint("a", i), Confidence: 0.75, Canary: i == 2})
	}
	return a, ms
}

func batchOf(a *record.GroupAction, members []string) (record.Change, error) {
	return record.Change{ID: fmt.Sprint("batch-", a.ID, a.State, a.Batches), Kind: "act", By: a.By, At: 11, Body: []byte(fmt.Sprint(members))}, nil
}

// decided tells the outbox what became of members.
func decided(t *testing.T, s record.Store, kind effect.Kind, n int, state effect.State, accounts ...string) {
	t.Helper()
	for _, account := range accounts {
		put(t, s, with(Effect(n, account), func(e *effect.Effect) {
			e.ID, e.Kind, e.State, e.Why = fmt.Sprintf("%s-%s-%s", "x", kind, account), kind, state, string(state)
			e.Rule, e.RuleVersion, e.Source, e.EventID, e.Target = "", "", effect.ActionSource, "x", event.Entity{Kind: event.AccountEntity, ID: account}
		}))
	}
}

func groupActions(t *testing.T, s record.Store) {
	a, members := groupAction("x", record.ActionWaiting, 4)
	ok(t, s.PutGroupAction(t.Context(), a, members))
	ok(t, s.PutGroupAction(t.Context(), a, members))
	other := a
	other.Step = "lock"
	is(t, "another under its id", s.PutGroupAction(t.Context(), other, members), record.ErrConflict)
	b, some := groupAction("y", record.ActionRunning, 1)
	b.Group = "g2"
	ok(t, s.PutGroupAction(t.Context(), b, some))

	got, err := s.GroupAction(t.Context(), "x")
	ok(t, err)
	a.Seq, a.Counts = got.Seq, record.ActionCounts{Taken: 4, LeftOut: 1, Canary: 1}
	diff(t, "an action", got, a)
	ms, err := s.GroupMembers(t.Context(), "x", 1, 2)
	ok(t, err)
	diff(t, "members", ms, members[1:3])
	ids := func(as []record.GroupAction, err error) (ids []string) {
		t.Helper()
		ok(t, err)
		for _, a := range as {
			ids = append(ids, a.ID)
		}
		return ids
	}
	diff(t, "all", ids(s.ListGroupActions(t.Context(), "", record.Page{})), []string{"y", "x"})
	diff(t, "of a group", ids(s.ListGroupActions(t.Context(), "g1", record.Page{})), []string{"x"})
	diff(t, "under way", ids(s.GroupActionsUnderWay(t.Context())), []string{"y"})
	_, err = s.GroupAction(t.Context(), "z")
	is(t, "none", err, record.ErrNotFound)
	_, err = s.MoveGroupAction(t.Context(), "z", record.ActionMove{Do: record.ActionStop, By: "person:bob"})
	is(t, "moving none", err, record.ErrNotFound)
	_, err = s.MoveGroupAction(t.Context(), "x", record.ActionMove{Do: record.ActionApprove, By: "person:ada", At: 11})
	is(t, "approved by its proposer", err, record.ErrConflict)
	for range 2 {
		got, err = s.MoveGroupAction(t.Context(), "x", record.ActionMove{Do: record.ActionApprove, By: "person:bob", At: 12, Reason: "seen"})
		ok(t, err)
	}
	a.State, a.ApprovedBy, a.ApprovedAt = record.ActionCanary, "person:bob", 12
	diff(t, "approved", got, a)
	diff(t, "audit", newestAudit(t, s, 1), []record.AuditEntry{{Seq: 3, At: 12, By: "person:bob", Action: "group.approve", Subject: "x",
		Reason: "seen (0 of 4 members enforced on, 0 lifted)"}})
}

func groupActionsInvalid(t *testing.T, s record.Store) {
	for name, change := range map[string]func(a *record.GroupAction, m []record.GroupMember){
		"no id":      func(a *record.GroupAction, _ []record.GroupMember) { a.ID = "" },
		"no step":    func(a *record.GroupAction, _ []record.GroupMember) { a.Step = "ban" },
		"done":       func(a *record.GroupAction, _ []record.GroupMember) { a.State = record.ActionDone },
		"unapproved": func(a *record.GroupAction, _ []record.GroupMember) { a.Needs = "another person" },
		"lasts":      func(a *record.GroupAction, _ []record.GroupMember) { a.Lasts = -1 },
		"notice": func(a *record.GroupAction, _ []record.GroupMember) {
			a.Notice = string(make([]byte, record.MaxNotice+1))
		},
		"no account":  func(_ *record.GroupAction, m []record.GroupMember) { m[1].Account = "" },
		"confidence":  func(_ *record.GroupAction, m []record.GroupMember) { m[1].Confidence = 1.5 },
		"acted on":    func(_ *record.GroupAction, m []record.GroupMember) { m[1].State = "queued" },
		"lifted once": func(_ *record.GroupAction, m []record.GroupMember) { m[1].Undo = "queued" },
	} {
		a, members := groupAction("x", record.ActionRunning, 2)
		change(&a, members)
		is(t, name, s.PutGroupAction(t.Context(), a, members), record.ErrInvalid)
	}
	a, members := groupAction("x", record.ActionRunning, record.MaxActionMembers)
	is(t, "too many", s.PutGroupAction(t.Context(), a, members), record.ErrInvalid)
	_, err := s.GroupAction(t.Context(), "x")
	is(t, "nothing was stored", err, record.ErrNotFound)
}

func groupBatches(t *testing.T, s record.Store) {
	a, members := groupAction("x", record.ActionCanary, 4)
	ok(t, s.PutGroupAction(t.Context(), a, members))
	send := func(in record.ActionState, want record.Batch, who string) {
		t.Helper()
		var got string
		b, err := s.SendBatch(t.Context(), "x", in, 2, func(a *record.GroupAction, members []string) (record.Change, error) {
			got = fmt.Sprint(members)
			return batchOf(a, members)
		})
		ok(t, err)
		if b != want || got != who {
			t.Errorf("in %s: batch %d of %s, want %d of %s", in, b, got, want, who)
		}
	}
	move := func(do record.ActionDo) {
		t.Helper()
		_, err := s.MoveGroupAction(t.Context(), "x", record.ActionMove{Do: do, By: "person:bob", At: 20})
		ok(t, err)
	}
	send(record.ActionRunning, record.BatchBusy, "")
	send(record.ActionCanary, record.BatchSent, "[a2]")
	send(record.ActionCanary, record.BatchBusy, "") // it is not decided
	decided(t, s, effect.Enforce, 1, effect.Queued, "a2")
	send(record.ActionCanary, record.BatchNone, "")
	move(record.ActionContinue)
	send(record.ActionRunning, record.BatchSent, "[a0 a1]")
	move(record.ActionStop)
	send(record.ActionRunning, record.BatchBusy, "")
	move(record.ActionResume)
	decided(t, s, effect.Enforce, 2, effect.Absorbed, "a0")
	decided(t, s, effect.Enforce, 2, effect.Suppressed, "a1")
	decided(t, s, effect.Enforce, 2, effect.Queued, "a0", "left") // what was noted stays
	send(record.ActionRunning, record.BatchSent, "[a3]")
	pending, err := s.PendingChanges(t.Context(), 10)
	ok(t, err)
	diff(t, "changes", len(pending), 3)
	decided(t, s, effect.Enforce, 4, effect.Queued, "a3")
	send(record.ActionRunning, record.BatchNone, "")
	move(record.ActionFinish)
	move(record.ActionUndo)
	send(record.ActionUndoing, record.BatchSent, "[a2 a3]")
	decided(t, s, effect.Undo, 5, effect.Queued, "a2")
	decided(t, s, effect.Undo, 5, effect.Absorbed, "a3")
	send(record.ActionUndoing, record.BatchSent, "[]") // its end
	got, err := s.GroupAction(t.Context(), "x")
	ok(t, err)
	diff(t, "counts", got.Counts, record.ActionCounts{Taken: 4, LeftOut: 1, Canary: 1, Enforced: 2, Absorbed: 1, Prevented: 1, Lifted: 1})
}
