package decide

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
)

const twoRules = `
rules:
  - id: chatty
    on: [post]
    policy: spam
    when: text == "BUY"
    because: "it says so"
    then: [{enforce: suspend, on: actor}, {label: ring, on: actor}]
    share: 100%
`

func TestAct(t *testing.T) {
	b := newBench(t, twoRules, Options{})
	act := func(undo bool, members ...string) Output {
		return b.change(change.Change{Reason: "one hand", Act: &change.Act{Action: "x", Group: "g1", Version: 2, Step: "suspend", Policy: "spam", Label: "ring", Lasts: int64(time.Hour),
			Members: members, Undo: undo, Last: undo && len(members) == 0}})
	}
	b.event("e1", 0, "post", "ruled", `,"text":"BUY"`)
	b.change(change.Change{Label: &change.Label{Entity: "account:clean", Name: "ring", Remove: true}})
	b.change(change.Change{Allow: &change.Allow{Entity: "account:fine"}})
	got := act(false, "a", "ruled", "fine", "clean")
	check(t, got, "enforce suspend on account:a: queued", "label ring on account:a: queued", "enforce suspend on account:ruled: absorbed",
		"enforce suspend on account:fine: suppressed", "enforce suspend on account:clean: queued")
	again := act(false, "a")
	check(t, again, "enforce suspend on account:a: absorbed")
	if again.Effects[0].ID != got.Effects[0].ID {
		t.Errorf("a member's enforcement has two ids: %s and %s", got.Effects[0].ID, again.Effects[0].ID)
	}
	check(t, b.event("e2", time.Minute, "post", "a", `,"text":"BUY"`), "enforce suspend on account:a: absorbed", "label ring on account:a: absorbed")
	check(t, act(true, "a", "ruled", "clean"), "undo suspend on account:a: queued", "unlabel ring on account:a: queued",
		"undo suspend on account:ruled: absorbed", "undo suspend on account:clean: queued")
	check(t, act(true, "a"), "undo suspend on account:a: absorbed") // once
	// What people took back no rule does again; what a rule had done stays.
	check(t, b.event("e3", 2*time.Minute, "post", "a", `,"text":"BUY"`), "enforce suspend on account:a: suppressed", "label ring on account:a: suppressed")
	if v := b.loop.Entity(event.Entity{Kind: event.AccountEntity, ID: "ruled"}); v.Enforcement == nil || v.Enforcement.Rule != "chatty" {
		t.Errorf("what a rule enforced: %+v", v)
	}
	check(t, act(true))
	v := b.loop.Entity(event.Entity{Kind: event.GroupEntity, ID: "g1"})
	want := []LabelView{{Name: Reversed, Status: "person", By: "person:ada", Reason: "one hand", Since: start.Add(2 * time.Minute).UnixNano(),
		Expires: start.Add(2*time.Minute + 30*24*time.Hour).UnixNano()}}
	if diff := cmp.Diff(want, v.Labels); diff != "" {
		t.Errorf("the group's labels (-want +got):\n%s", diff)
	}
}

func TestActExpires(t *testing.T) {
	b := newBench(t, twoRules, Options{})
	act := change.Act{Action: "x", Group: "g1", Step: "limit", Policy: "spam", Lasts: int64(time.Hour), Members: []string{"a"}}
	b.event("e1", 0, "post", "z", "")
	b.change(change.Change{Act: &act})
	b.tick(61 * time.Minute)
	act.Undo = true
	check(t, b.change(change.Change{Act: &act}), "undo limit on account:a: absorbed")
}
