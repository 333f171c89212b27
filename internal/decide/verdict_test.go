package decide

import (
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
)

const asking = `
rules:
  - id: ask
    on: [post]
    policy: spam
    severity: 2
    when: text.contains("x")
    because: "x"
    then: [{review: actor}]
  - id: ask-louder
    on: [post]
    policy: spam
    severity: 4
    when: text.contains("louder")
    because: "louder"
    then: [{review: actor}]
`

func mustEntity(text string) event.Entity {
	e, ok := event.ParseEntity(text)
	if !ok {
		panic(text)
	}
	return e
}

func verdictOn(actor, decision string, more func(*change.Verdict)) *change.Verdict {
	v := &change.Verdict{Case: "c", Entity: "account:" + actor, Decision: decision, Severity: 2, Closes: []change.Close{{Policy: "spam", Entity: "account:" + actor}}}
	if more != nil {
		more(v)
	}
	return v
}

func TestVerdict(t *testing.T) {
	b := newBench(t, asking, Options{})
	x, louder := `,"text":"x"`, `,"text":"x louder"`
	out := b.event("e1", 0, "post", "a", x)
	check(t, out, "review on account:a: queued")
	for _, want := range []string{`"account:a"`, `["text","x"]`} {
		if !strings.Contains(out.Effects[0].Context, want) {
			t.Errorf("context %s lacks %s", out.Effects[0].Context, want)
		}
	}
	check(t, b.event("e2", time.Second, "post", "a", x), "review on account:a: absorbed")

	violating := verdictOn("a", "violating", func(v *change.Verdict) {
		v.Policies, v.Labels, v.Enforce, v.Lasts = []string{"spam", "fraud"}, []string{"violates-spam", "violates-fraud"}, "limit", int64(time.Hour)
	})
	out = b.change(change.Change{ID: "v1", Verdict: violating})
	check(t, out, "label violates-spam on account:a: queued", "label violates-fraud on account:a: queued", "enforce limit on account:a: queued")
	if out.Effects[0].ID == out.Effects[1].ID || out.Effects[2].Policy != "spam" {
		t.Errorf("effects %+v", out.Effects)
	}
	check(t, b.change(change.Change{ID: "v1", Verdict: violating})) // the relay came twice
	check(t, b.event("e3", 2*time.Second, "post", "a", x), "review on account:a: queued")
	check(t, b.change(change.Change{ID: "v2", Verdict: verdictOn("a", "violating", func(v *change.Verdict) { v.Policies, v.Enforce = []string{"spam"}, "friction" })}),
		"enforce friction on account:a: absorbed")

	check(t, b.change(change.Change{ID: "u1", Undo: &change.Undo{Change: "v1", Verdict: *violating}}),
		"unlabel violates-spam on account:a: queued", "unlabel violates-fraud on account:a: queued", "undo limit on account:a: queued")
	view := b.loop.Entity(mustEntity("account:a"))
	if len(view.Labels) != 0 || view.Enforcement != nil || len(view.OpenCases) != 1 {
		t.Errorf("after the undo: %+v", view)
	}
	check(t, b.event("e4", 3*time.Second, "post", "a", x), "review on account:a: absorbed")

	// What a person found benign is not asked again, but for a rule of higher severity, and not for ever.
	b.change(change.Change{ID: "v3", Verdict: verdictOn("a", "benign", nil)})
	check(t, b.event("e5", 4*time.Second, "post", "a", x), "review on account:a: suppressed")
	check(t, b.event("e6", 5*time.Second, "post", "a", louder), "review on account:a: suppressed", "review on account:a: queued")
	b.change(change.Change{ID: "v4", Verdict: verdictOn("a", "unclear", nil)})
	b.tick(25 * time.Hour)
	check(t, b.event("e7", 25*time.Hour, "post", "a", x), "review on account:a: queued")
}

// TestUndoLeavesWhatOthersDid: an undone verdict takes back what it did, not what somebody did since.
func TestUndoLeavesWhatOthersDid(t *testing.T) {
	b := newBench(t, asking, Options{})
	first := verdictOn("a", "violating", func(v *change.Verdict) {
		v.Policies, v.Labels, v.Enforce = []string{"spam"}, []string{"violates-spam"}, "limit"
	})
	b.change(change.Change{ID: "v1", Verdict: first})
	b.change(change.Change{ID: "l1", Label: &change.Label{Entity: "account:a", Name: "violates-spam", Remove: true}})
	b.change(change.Change{ID: "v2", Verdict: verdictOn("a", "violating", func(v *change.Verdict) { v.Policies, v.Enforce = []string{"spam"}, "suspend" })})
	check(t, b.change(change.Change{ID: "u1", Undo: &change.Undo{Change: "v1", Verdict: *first}}), "undo limit on account:a: queued")
	if view := b.loop.Entity(mustEntity("account:a")); view.Enforcement == nil || view.Enforcement.Step != "suspend" || view.Labels[0].Status != "removed by person" {
		t.Errorf("after the undo: %+v", view)
	}
}

// TestUndoLeavesWhatOthersSay: an undone verdict takes away neither the label nor the enforcement that another person's word since then is for, too.
func TestUndoLeavesWhatOthersSay(t *testing.T) {
	mk := func(lasts time.Duration) *change.Verdict {
		return verdictOn("a", "violating", func(v *change.Verdict) {
			v.Policies, v.Labels, v.Enforce, v.Lasts = []string{"spam"}, []string{"violates-spam"}, "suspend", int64(lasts)
		})
	}
	for name, c := range map[string]struct {
		first, second time.Duration
		says          string // what becomes of the second's enforcement
	}{
		"as long":  {0, 0, "enforce suspend on account:a: absorbed"},
		"shorter":  {0, time.Hour, "enforce suspend on account:a: absorbed"},
		"longer":   {time.Hour, 2 * time.Hour, "enforce suspend on account:a: queued"},
		"for good": {time.Hour, 0, "enforce suspend on account:a: queued"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, asking, Options{})
			b.change(change.Change{ID: "v1", Verdict: mk(c.first)})
			check(t, b.change(change.Change{ID: "v2", Verdict: mk(c.second)}), "label violates-spam on account:a: queued", c.says)
			check(t, b.change(change.Change{ID: "u1", Undo: &change.Undo{Change: "v1", Verdict: *mk(c.first)}}))
			check(t, b.change(change.Change{ID: "u2", Undo: &change.Undo{Change: "v2", Verdict: *mk(c.second)}}),
				"unlabel violates-spam on account:a: queued", "undo suspend on account:a: queued")
		})
	}
	b := newBench(t, asking, Options{})
	b.change(change.Change{ID: "v1", Verdict: mk(0)})
	b.change(change.Change{ID: "l1", Label: &change.Label{Entity: "account:a", Name: "violates-spam"}})
	check(t, b.change(change.Change{ID: "u1", Undo: &change.Undo{Change: "v1", Verdict: *mk(0)}}), "undo suspend on account:a: queued")
}

// TestUpheldAppealLifts: a benign verdict on an appeal takes off what the verdicts put that it is against, and nothing else.
func TestUpheldAppealLifts(t *testing.T) {
	b := newBench(t, asking, Options{})
	var against []change.Undo
	for _, put := range [][2]string{{"v1", "limit"}, {"v2", "suspend"}} {
		id, enforce := put[0], put[1]
		v := verdictOn("a", "violating", func(v *change.Verdict) {
			v.Policies, v.Labels, v.Enforce = []string{"spam"}, []string{"violates-" + id}, enforce
		})
		b.change(change.Change{ID: id, Verdict: v})
		against = append(against, change.Undo{Change: id, Verdict: *v})
	}
	b.change(change.Change{ID: "l1", Label: &change.Label{Entity: "account:a", Name: "vip"}})
	out := b.change(change.Change{ID: "v3", Verdict: verdictOn("a", "benign", func(v *change.Verdict) { v.Overturns = against })})
	ids := map[string]bool{}
	for _, e := range out.Effects {
		ids[e.ID] = true
	}
	view := b.loop.Entity(mustEntity("account:a"))
	if len(ids) != 4 || len(out.Effects) != 4 || view.Enforcement != nil || len(view.Labels) != 1 || view.Labels[0].Name != "vip" {
		t.Errorf("%d effects; after the appeal %+v", len(ids), view)
	}
}
