package groupaction

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

var suspend = Proposal{Group: "g1", Version: 7, Step: "suspend", Policy: "spam", Code: "coordinated", Label: "ring", Lasts: 24 * time.Hour}

// TestWhole takes an action through its life: approved by another, tried, stopped half-way, resumed, undone.
func TestWhole(t *testing.T) {
	r := newRig(t, 205)
	p := suspend
	p.Canary = 0.1
	a, err := r.Propose(t.Context(), by("ada"), p)
	r.must(err)
	if a.State != record.ActionWaiting || a.Counts.Canary != 21 {
		t.Fatalf("proposed: %+v", a)
	}
	r.run(3)
	if got := r.sent(); len(got) != 0 {
		t.Fatalf("before the approval: %v", got)
	}
	if _, err := r.Move(t.Context(), by("ada"), a.ID, record.ActionApprove); !errors.Is(err, record.ErrConflict) {
		t.Errorf("approved by its proposer: %v", err)
	}
	if again, err := r.Propose(t.Context(), by("ada"), p); err != nil || again.Seq != a.Seq {
		t.Errorf("proposed again: %+v, %v", again, err)
	}
	other := p
	other.Step = "remove"
	if _, err := r.Propose(t.Context(), by("ada"), other); !errors.Is(err, record.ErrConflict) {
		t.Errorf("another proposal under the same id: %v", err)
	}
	r.move("bob", record.ActionApprove)
	r.run(10)
	if got := r.sent(); got[effect.Enforce] != 21 || got[effect.Label] != 21 || r.action().State != record.ActionCanary {
		t.Fatalf("the canary: %v, %+v", got, r.action())
	}
	r.move("ada", record.ActionContinue)
	r.run(5)
	r.move("cyd", record.ActionStop)
	r.run(5)
	if got := r.sent(); got[effect.Enforce] != 71 {
		t.Fatalf("stopped after five batches more: %v", got)
	}
	r.move("cyd", record.ActionResume)
	r.run(20)
	if got := r.action(); got.State != record.ActionDone || got.Counts != (record.ActionCounts{Taken: 205, Canary: 21, Enforced: 205}) {
		t.Fatalf("done: %+v", got)
	}
	r.change(change.Change{Reason: "an appeal", Lift: &change.Lift{Entity: account("a0003")}})
	r.move("bob", record.ActionUndo)
	r.run(8)
	r.move("bob", record.ActionStop)
	r.run(2)
	r.move("bob", record.ActionResume)
	r.run(30)
	if got := r.action(); got.State != record.ActionUndone || got.Counts.Lifted != 204 {
		t.Errorf("undone: %+v", got)
	}
	want := map[effect.Kind]int{effect.Enforce: 205, effect.Label: 205, effect.Undo: 205, effect.Unlabel: 205} // the appeal's undo is one of them
	if diff := cmp.Diff(want, r.sent()); diff != "" {
		t.Errorf("in the outbox (-want +got):\n%s", diff)
	}
	for _, m := range r.group.Members {
		s := r.loop.Standings([]string{m.Account}, "spam", "suspend")[0]
		if s.InForce != "" || !s.Reversed {
			t.Errorf("after the undo, %s: %+v", m.Account, s)
		}
	}
	if _, err := r.Move(t.Context(), by("bob"), a.ID, record.ActionResume); !errors.Is(err, record.ErrConflict) {
		t.Errorf("resumed after the undo: %v", err)
	}
	trail := strings.Join(r.trail(), "\n")
	for _, part := range []string{
		"person:ada group.propose: one hand (205 of 205 members at version 7, 2.1 expected to be wrong, 0 verified, 0 large, 0 old; a second person has to approve: it is about 205 accounts, more than 100)",
		"person:bob group.approve: one hand (0 of 205 members enforced on, 0 lifted)",
		"action:action-1 group.batch: 10 enforced",
		"person:cyd group.stop: one hand (71 of 205 members enforced on, 0 lifted)",
		"action:action-1 group.finish: 205 of 205 members enforced on, 0 lifted",
		"person:bob group.undo: one hand (205 of 205 members enforced on, 0 lifted)",
		"group.batch: 9 lifted, 1 not lifted: it was not in force for the action any more",
		"action:action-1 group.finish: 205 of 205 members enforced on, 204 lifted",
	} {
		if !strings.Contains(trail, part) {
			t.Errorf("the trail lacks %q:\n%s", part, trail)
		}
	}
	if faults, _, err := record.VerifyAudit(t.Context(), r.store); err != nil || len(faults) > 0 {
		t.Errorf("the audit chain: %v, %v", faults, err)
	}
}

// TestWhatStops holds each of the things that keep an action from a member to stop it, before the proposal and between that and the batch.
func TestWhatStops(t *testing.T) {
	r := newRig(t, 20)
	r.group.Members[0].Probation = true
	except := []string{"a0001"}
	allow := func(name string) {
		r.change(change.Change{Allow: &change.Allow{Entity: account(name), Policy: "spam"}})
	}
	act := func(step string, name string, undo bool) {
		r.change(change.Change{Act: &change.Act{Action: "other", Group: "g0", Step: step, Policy: "spam", Members: []string{name}, Undo: undo}})
	}
	reverse := func(name string) { act("suspend", name, false); act("suspend", name, true) }
	allow("a0002")
	reverse("a0003")
	act("remove", "a0004", false)
	act("limit", "a0005", false) // weaker
	before := r.sent()[effect.Enforce]
	p := suspend
	p.Except = except
	a, err := r.Propose(t.Context(), by("ada"), p)
	r.must(err)
	if a.State != record.ActionRunning || a.Counts.Taken != 15 || a.Counts.LeftOut != 5 {
		t.Fatalf("proposed: %+v", a)
	}
	allow("a0010")
	reverse("a0011")
	act("suspend", "a0012", false)
	between := r.sent()[effect.Enforce] - before
	r.run(5)
	if got := r.action(); got.State != record.ActionDone || got.Counts != (record.ActionCounts{Taken: 15, LeftOut: 5, Enforced: 12, Absorbed: 1, Prevented: 2}) {
		t.Errorf("done: %+v", got)
	}
	if got := r.sent()[effect.Enforce]; got-before-between != 12 {
		t.Errorf("%d enforced", got-before-between)
	}
	members, err := r.store.GroupMembers(t.Context(), a.ID, 0, 0)
	r.must(err)
	whys := map[string]string{}
	for _, m := range members {
		if m.LeftOut+m.Why != "" {
			whys[m.Account] = m.LeftOut + m.Why
		}
	}
	want := map[string]string{"a0000": probation, "a0001": excepted, "a0002": allowed, "a0003": reversed, "a0004": "remove is in force", "a0010": allowed, "a0011": reversed,
		"a0012": "suspend is in force"}
	if diff := cmp.Diff(want, whys); diff != "" {
		t.Errorf("what stopped it (-want +got):\n%s", diff)
	}
	trail := strings.Join(r.trail(), "\n")
	for _, part := range []string{"1 left out: excepted", "1 left out: " + allowed, "1 left out: " + reversed, "1 left out: " + probation, "1 left out: remove is in force",
		"1 not: " + allowed, "1 not: " + reversed, "1 not: suspend is in force"} {
		if !strings.Contains(trail, part) {
			t.Errorf("the trail lacks %q:\n%s", part, trail)
		}
	}
}

func TestCanaryWatchesItself(t *testing.T) {
	for _, c := range []struct {
		name    string
		reverse bool
		want    record.ActionState
		trail   string
	}{
		{"quiet", false, record.ActionDone, "action:action-1 group.continue"},
		{"reversed", true, record.ActionStopped, "action:action-1 group.stop: people reversed it for 1 of the 5 accounts of the canary"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, 50)
			p := suspend
			p.Canary, p.Watch = 0.1, time.Hour
			_, err := r.Propose(t.Context(), by("ada"), p)
			r.must(err)
			r.run(3)
			r.tick(59 * time.Minute)
			r.run(3)
			if got := r.action(); got.State != record.ActionCanary || got.Counts.Enforced != 5 {
				t.Fatalf("while it is watched: %+v", got)
			}
			members, err := r.store.GroupMembers(t.Context(), "action-1", 0, 0)
			r.must(err)
			if c.reverse {
				canary := members[slices.IndexFunc(members, func(m record.GroupMember) bool { return m.Canary })].Account
				r.change(change.Change{Reason: "an appeal", Lift: &change.Lift{Entity: account(canary)}})
			}
			r.tick(61 * time.Minute)
			r.run(10)
			if got := r.action(); got.State != c.want {
				t.Errorf("after it was watched: %+v", got)
			}
			if trail := strings.Join(r.trail(), "\n"); !strings.Contains(trail, c.trail) {
				t.Errorf("the trail lacks %q:\n%s", c.trail, trail)
			}
		})
	}
}

func TestPreview(t *testing.T) {
	r := newRig(t, 4)
	r.tick(0)
	m := r.group.Members
	m[0].Confidence, m[0].Verified = 0.5, true
	m[1].Followers, m[1].Created = large, base-int64(old)
	m[2].Probation = true
	r.group.Score = 0.9
	pre, err := r.Preview(t.Context(), suspend)
	r.must(err)
	got := pre.String()
	want := "3 of 4 members at version 7, 0.8 expected to be wrong, 1 verified, 1 large, 1 old; 1 left out: joined since the last tick"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if c := pre.Members[0].Confidence; c != 0.45 {
		t.Errorf("one with a tie: %g", c)
	}
	for name, p := range map[string]func(p *Proposal){
		"no member": func(p *Proposal) { p.Except = []string{"a0000", "z"} },
		"no step":   func(p *Proposal) { p.Step = "ban" },
		"canary":    func(p *Proposal) { p.Canary = 1.5 },
		"lasts":     func(p *Proposal) { p.Lasts = -1 },
		"all out":   func(p *Proposal) { p.Except = []string{"a0000", "a0001", "a0003"} },
	} {
		bad := suspend
		p(&bad)
		if _, err := r.Propose(t.Context(), by("ada"), bad); !errors.Is(err, record.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	stale := suspend
	stale.Version = 6
	if _, err := r.Propose(t.Context(), by("ada"), stale); !errors.Is(err, record.ErrConflict) {
		t.Errorf("an earlier version: %v", err)
	}
	r.Limits.False = 0.5
	a, err := r.Propose(t.Context(), by("ada"), suspend)
	r.must(err)
	if a.State != record.ActionWaiting || !strings.Contains(a.Needs, "0.8 of its accounts are expected to be wrong") {
		t.Errorf("many expected to be wrong: %+v", a)
	}
}
