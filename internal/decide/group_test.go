package decide

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
)

const groupRules = `
rules:
  - id: named
    on: [command]
    policy: coordinated-harm
    when: group.size >= 4 && attrs.step == "limit"
    because: "{group.size} by {group.traces}, labels {group.labels}"
    then: [{enforce: limit, on: group, expires: 24h}]
    cap: 10
    blast_radius: 8
    share: 100%
  - id: narrow
    on: [command]
    policy: coordinated-harm
    when: group.size >= 4 && attrs.step == "lock"
    because: "locked"
    then: [{enforce: lock, on: group}]
    cap: 100
    blast_radius: 3
    share: 100%
  - id: happened
    on: [group.formed, group.grew]
    when: group.size >= 4
    because: "{kind} {attrs.size}"
    then: [{label: seen, on: group}, {review: group}]
  - id: every-kind
    on: "*"
    when: kind.startsWith("group.")
    because: "an event about a group"
    then: [{notify: nobody}]
`

// squadOf makes six accounts a group, and says what was raised meanwhile.
func squadOf(b *bench) (group event.Entity, raised []Raised) {
	at, n := time.Duration(0), 0
	post := func(actor, url string, after time.Duration) {
		at += after
		n++
		out := b.event(fmt.Sprint("p", n), at, "post", actor, fmt.Sprintf(`,"urls":[%q]`, url))
		raised = append(raised, out.Raised...)
	}
	for i := range 300 {
		post(fmt.Sprint("reader", i), fmt.Sprint("https://news.example/", i), time.Second)
	}
	for link := range 20 {
		for i := range 6 {
			post(fmt.Sprint("squad", i), fmt.Sprint("https://pills.example/", link), 15*time.Second)
		}
	}
	if len(raised) == 0 {
		b.t.Fatal("no group formed")
	}
	return event.Entity{Kind: event.GroupEntity, ID: b.loop.groups.Of("squad0").ID}, raised
}

func TestGroupActions(t *testing.T) {
	b := newBench(t, groupRules, Options{})
	group, raised := squadOf(b)
	first := raised[0]
	check(t, first.Output, fmt.Sprintf("label seen on %s: queued", group), fmt.Sprintf("review on %s: queued", group))
	if !slices.Equal(first.Rules, []string{"happened"}) {
		t.Errorf("on an event about a group %v fired, want the rule that names its kind", first.Rules)
	}
	if first.Effects[0].Version == 0 {
		t.Error("the effect does not say which version of the group it is about")
	}

	b.change(change.Change{Allow: &change.Allow{Entity: "account:squad5"}})
	act := func(id, step string) Output {
		return b.event(id, 2*time.Hour, "command", "squad0", fmt.Sprintf(`,"step":%q`, step))
	}
	got := act("c1", "limit")
	check(t, got, fmt.Sprintf("enforce limit on %s: queued", group))
	if want := "[squad0 squad1 squad2 squad3 squad4]"; fmt.Sprint(got.Effects[0].Members) != want {
		t.Errorf("it is about %v, want %s: a person allowed the sixth", got.Effects[0].Members, want)
	}
	if r := got.Effects[0].Reason; !strings.HasPrefix(r, "6 by share") || !strings.HasSuffix(r, "labels seen") {
		t.Errorf("reason %q", got.Effects[0].Reason)
	}
	for account, want := range map[string]bool{"squad1": true, "squad5": false, "reader1": false} {
		v := b.loop.Entity(event.Entity{Kind: event.AccountEntity, ID: account})
		if (v.Enforcement != nil) != want {
			t.Errorf("%s: enforcement %+v", account, v.Enforcement)
		}
	}
	check(t, act("c2", "limit"), fmt.Sprintf("enforce limit on %s: absorbed", group))

	wide := act("c3", "lock")
	check(t, wide, fmt.Sprintf("enforce lock on %s: waiting", group))
	if !strings.Contains(wide.Effects[0].Why, "blast radius") {
		t.Errorf("why: %q", wide.Effects[0].Why)
	}
	b.change(change.Change{Approve: &change.Approve{Effects: []string{wide.Effects[0].ID}}})
	if v := b.loop.Entity(event.Entity{Kind: event.AccountEntity, ID: "squad2"}); v.Enforcement == nil || v.Enforcement.Step != "lock" {
		t.Errorf("after the approval: %+v", v.Enforcement)
	}

	lifted := b.change(change.Change{Lift: &change.Lift{Entity: group.String()}})
	check(t, lifted, fmt.Sprintf("undo lock on %s: queued", group), fmt.Sprintf("undo limit on %s: queued", group))
	if n := len(lifted.Effects[0].Members); n != 5 {
		t.Errorf("the undo is about %d accounts, want 5", n)
	}
	if v := b.loop.Entity(event.Entity{Kind: event.AccountEntity, ID: "squad2"}); v.Enforcement != nil {
		t.Errorf("lifted with its group, and still in force: %+v", v.Enforcement)
	}
	check(t, act("c4", "limit"), fmt.Sprintf("enforce limit on %s: suppressed", group))
}

// TestGroupCapsCountMembers: an action on a group of five counts as five.
func TestGroupCapsCountMembers(t *testing.T) {
	b := newBench(t, strings.Replace(groupRules, "cap: 10", "cap: 5", 1), Options{})
	squadOf(b)
	got := b.event("c1", 2*time.Hour, "command", "squad0", `,"step":"limit"`)
	if e := got.Effects[0]; e.State != effect.Waiting || !strings.Contains(e.Why, "6 more accounts are above its cap of 5") {
		t.Errorf("got %s: %s", e.State, e.Why)
	}
}

// TestGroupEventsCannotBeSent: an event that a source names like one about a group is one of any kind.
func TestGroupEventsCannotBeSent(t *testing.T) {
	b := newBench(t, groupRules, Options{})
	squadOf(b)
	check(t, b.event("forged", 2*time.Hour, "group.formed", "squad0", `,"size":9`), "notify nobody on account:squad0: queued")
}

// TestProbation: who joins at once reads of the group, and actions on it are not about them.
func TestProbation(t *testing.T) {
	b := newBench(t, groupRules, Options{})
	group, _ := squadOf(b)
	for i := range 2 {
		b.event(fmt.Sprint("d", i), 100*time.Minute, "post", fmt.Sprint("squad", i), `,"device":"phone-7"`)
	}
	got := b.event("new", 2*time.Hour, "command", "newcomer", `,"device":"phone-7","step":"limit"`)
	check(t, got, fmt.Sprintf("enforce limit on %s: queued", group))
	if slices.Contains(got.Effects[0].Members, "newcomer") || len(got.Effects[0].Members) != 6 {
		t.Errorf("the action is about %v", got.Effects[0].Members)
	}
	b.tick(2*time.Hour + time.Minute)
	after := b.event("later", 2*time.Hour+2*time.Minute, "command", "newcomer", `,"step":"limit"`)
	check(t, after, fmt.Sprintf("enforce limit on %s: queued", group))
	if fmt.Sprint(after.Effects[0].Members) != "[newcomer]" {
		t.Errorf("after the tick the action is about %v, want the newcomer alone: it is in force on the others", after.Effects[0].Members)
	}
}

// TestGroupReturns: a group that was suspended comes back with other accounts, which share a rare address and whom they write to with it, and goes on under its id. Others who
// have one of these in common are a group of their own.
func TestGroupReturns(t *testing.T) {
	b := newBench(t, groupRules+`
  - id: out
    on: [command]
    policy: coordinated-harm
    when: group.size >= 4 && attrs.step == "suspend"
    because: "suspended"
    then: [{enforce: suspend, on: group}]
    cap: 100
    share: 100%
  - id: back
    on: [group.returned]
    when: attrs.gained >= 4.0
    because: "back with {attrs.gained}"
    then: [{review: group}]
`, Options{})
	at, n := time.Duration(0), 0
	var raised []Raised
	post := func(kind, actor, more string, after time.Duration) Output {
		at += after
		n++
		out := b.event(fmt.Sprint("p", n), at, kind, actor, more)
		raised = append(raised, out.Raised...)
		return out
	}
	campaign := func(name, links, ip, victim string) string {
		for link := range 20 {
			for i := range 6 {
				post("post", fmt.Sprint(name, i), fmt.Sprintf(`,"urls":["https://%s/%d"],"ip":%q`, links, link, ip), 15*time.Second)
			}
		}
		for i := range 6 {
			post("reply", fmt.Sprint(name, i), fmt.Sprintf(`,"parent":"x","target":%q`, victim), 15*time.Second)
		}
		b.tick(at + 21*time.Minute)
		at += 21 * time.Minute
		if g := b.loop.groups.Of(name + "0"); g != nil {
			return g.ID
		}
		t.Fatalf("%s are no group", name)
		return ""
	}
	for i := range 400 {
		post("post", fmt.Sprint("reader", i), fmt.Sprintf(`,"urls":["https://news.example/%d"],"ip":"198.51.100.%d"`, i, i%250), time.Second)
	}
	first := campaign("old", "pills.example", "203.0.113.9", "victim")
	post("command", "old0", `,"step":"suspend"`, time.Minute)
	if !b.loop.suspended(first) {
		t.Fatal("the group is not suspended")
	}
	if other := campaign("other", "watches.example", "203.0.113.9", "nobody"); other == first {
		t.Error("accounts that share an address alone pass for the group")
	}
	if back := campaign("new", "pills.example", "203.0.113.9", "victim"); back != first {
		t.Errorf("the group came back as %s, was %s", back, first)
	}
	if !slices.ContainsFunc(raised, func(r Raised) bool { return slices.Contains(r.Rules, "back") }) {
		t.Error("no rule learned that it came back")
	}
}
