package decide

import (
	"fmt"
	"testing"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/journal"
)

const stopRules = `
rules:
  - id: stop
    on: ["*"]
    policy: harm
    share: 100%
    when: group.size >= 4
    because: "{group.size}"
    then: [{enforce: suspend, on: group}]
    cap: 1000
    blast_radius: 20
  - id: back
    on: [group.formed, group.returned]
    policy: spam
    when: attrs.size > 3.0
    because: "{kind}"
    then: [{notify: ops, on: group}]
`

// farm is a platform on which accounts share devices. Each gives what their logins led to.
type farm struct {
	*bench
	n int
}

func newFarm(t *testing.T, readers int) *farm {
	f := &farm{bench: newBench(t, stopRules, Options{})}
	for i := range readers {
		f.login(time.Duration(i)*100*time.Millisecond, fmt.Sprint("reader", i), fmt.Sprint("own", i))
	}
	return f
}

func (f *farm) login(at time.Duration, actor, device string) Output {
	f.n++
	return f.event(fmt.Sprint("e", f.n), at, "login", actor, fmt.Sprintf(`,"device":%q`, device))
}

func (f *farm) logins(at time.Duration, name string, n int, device string) {
	for i := range n {
		f.login(at, fmt.Sprint(name, i), device)
	}
}

// TestSparedAfterAMerge: what a person said for a group stands for its accounts when it goes on as a part of another, and for these alone.
func TestSparedAfterAMerge(t *testing.T) {
	for name, say := range map[string]func(*farm, string){
		"allow": func(f *farm, group string) {
			f.change(change.Change{ID: "c", Allow: &change.Allow{Entity: group}})
		},
		"lift": func(f *farm, group string) {
			f.login(41*time.Minute, "fan1", "d1")
			f.change(change.Change{ID: "c", Lift: &change.Lift{Entity: group}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFarm(t, 600)
			f.logins(100*time.Second, "fan", 6, "d1")
			f.tick(40 * time.Minute)
			g := f.loop.groups.Of("fan1")
			if g == nil {
				t.Fatal("the fans are no group")
			}
			say(f, event.Entity{Kind: event.GroupEntity, ID: g.ID}.String())
			f.logins(42*time.Minute, "bot", 9, "d2")
			f.tick(70 * time.Minute)
			f.logins(71*time.Minute, "bot", 9, "d3")
			f.logins(71*time.Minute, "fan", 6, "d3")
			f.tick(100 * time.Minute)
			if one, other := f.loop.groups.Of("fan1"), f.loop.groups.Of("bot1"); one != other || one.ID == g.ID {
				t.Fatal("the fans did not go over to the group of the bots")
			}
			f.login(110*time.Minute, "bot1", "d2")
			for account, want := range map[string]bool{"fan1": false, "bot1": true} {
				v := f.loop.Entity(event.Entity{Kind: event.AccountEntity, ID: account})
				if got := v.Enforcement != nil; got != want {
					t.Errorf("%s: enforcement %+v, want one: %v", account, v.Enforcement, want)
				}
			}
		})
	}
}

// TestBlastRadiusBoundsAGroup: a group that grows a few at a time comes to a person at the size at which one that grew at once does.
func TestBlastRadiusBoundsAGroup(t *testing.T) {
	f := newFarm(t, 300)
	at, suspended, waits := 400*time.Second, 0, false
	count := func(out Output) {
		for _, e := range out.Effects {
			if e.State == effect.Queued {
				suspended += len(e.Members)
			}
			waits = waits || e.State == effect.Waiting
		}
	}
	for wave := range 6 {
		for i := range 8 {
			at += 100 * time.Millisecond
			count(f.login(at, fmt.Sprint("m", 8*wave+i), "d1"))
		}
		for range 2 {
			at += 21 * time.Minute
			count(f.login(at, "m0", "d1"))
		}
	}
	if suspended == 0 || suspended > 20 || !waits {
		t.Errorf("%d suspended, one waits: %v; want at most the blast radius, 20, and then a person asked", suspended, waits)
	}
}

// TestReturnsDiffer: each time that a group comes back is an event of its own, so that no effect is taken for that of another.
func TestReturnsDiffer(t *testing.T) {
	f := newFarm(t, 300)
	seen := map[string]int{}
	returns := 0
	note := func(out Output) {
		for _, r := range out.Raised {
			seen[r.Item.Record.ID]++
			if r.Item.Event.Kind == "group.returned" {
				returns++
			}
		}
	}
	f.logins(400*time.Second, "m", 6, "d1")
	for hour := range 20 * 24 {
		at := time.Duration(hour+1) * time.Hour
		note(f.record(journal.Record{Kind: journal.Tick, Time: start.Add(at).UnixNano()}))
		if hour%(6*24) == 6*24-1 {
			for i := range 6 {
				note(f.login(at+time.Minute, fmt.Sprint("m", i), "d1"))
			}
		}
	}
	if returns < 2 {
		t.Fatalf("it came back %d times", returns)
	}
	for id, n := range seen {
		if n > 1 {
			t.Errorf("%d events have the id %s", n, id)
		}
	}
}

// TestSuspendedByPeople: a group is as good as suspended once people suspended most of its members.
func TestSuspendedByPeople(t *testing.T) {
	f := newFarm(t, 300)
	f.logins(400*time.Second, "m", 6, "d1")
	f.tick(40 * time.Minute)
	g := f.loop.groups.Of("m0")
	if g == nil {
		t.Fatal("no group")
	}
	for n, account := range g.Accounts {
		if got, want := f.loop.suspended(g.ID), 2*n > len(g.Accounts); got != want {
			t.Errorf("with %d of %d suspended: %v, want %v", n, len(g.Accounts), got, want)
		}
		f.change(change.Change{Act: &change.Act{Action: fmt.Sprint("a", n), Group: g.ID, Step: "suspend", Policy: "harm", Members: []string{account}}})
	}
}

// TestApprovalSparesMembers: who was allowed while an enforcement on the group waited is not among those on whom the approval puts it.
func TestApprovalSparesMembers(t *testing.T) {
	b := newBench(t, stopRules, Options{})
	b.loop.apply([]effect.Effect{{ID: "x", Kind: effect.Enforce, Value: "suspend", Rule: "stop", Policy: "harm", State: effect.Waiting,
		Target: event.Entity{Kind: event.GroupEntity, ID: "g1"}, Members: []string{"a", "b"}, Time: start.UnixNano()}})
	b.change(change.Change{Allow: &change.Allow{Entity: "account:a"}})
	b.change(change.Change{Approve: &change.Approve{Effects: []string{"x"}}})
	for account, want := range map[string]bool{"a": false, "b": true} {
		v := b.loop.Entity(event.Entity{Kind: event.AccountEntity, ID: account})
		if got := v.Enforcement != nil; got != want {
			t.Errorf("%s: enforcement %+v, want one: %v", account, v.Enforcement, want)
		}
	}
}
