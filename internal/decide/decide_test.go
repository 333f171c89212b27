package decide

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// bench is a loop on an empty state, fed by hand.
type bench struct {
	t    *testing.T
	loop *Loop
	x    *extract.Extractor
	pins *extract.Pins
	pos  journal.Position
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newBench(t *testing.T, rules string, opts Options) *bench {
	t.Helper()
	set, problems := rule.Compile([]rule.File{{Name: "test.yaml", Data: []byte(rules)}})
	if set == nil {
		t.Fatal(problems)
	}
	s, err := state.New(state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := New(s, opts)
	if err := l.Use(set); err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, loop: l, x: extract.New([]byte("key")), pins: extract.NewPins(nil, nil, true, set)}
}

// event decides a post of an actor, at a time after start. more is further fields as JSON, with a leading comma.
func (b *bench) event(id string, after time.Duration, kind, actor, more string) Output {
	b.t.Helper()
	body := fmt.Sprintf(`{"id":%q,"time":%q,"kind":%q,"actor":%q%s}`, id, start.Add(after).Format(time.RFC3339Nano), kind, actor, more)
	return b.record(journal.Record{Kind: journal.Event, Source: "test", ID: id, Body: []byte(body)})
}

func (b *bench) change(c change.Change) Output {
	b.t.Helper()
	if c.ID == "" {
		c.ID = fmt.Sprint("change-", b.pos)
	}
	c.By = "person:ada"
	body, err := c.Encode()
	if err != nil {
		b.t.Fatal(err)
	}
	return b.record(journal.Record{Kind: journal.Change, ID: c.ID, Body: body})
}

func (b *bench) tick(after time.Duration) {
	b.t.Helper()
	b.record(journal.Record{Kind: journal.Tick, Time: start.Add(after).UnixNano()})
}

func (b *bench) record(rec journal.Record) Output {
	b.t.Helper()
	b.pos++
	rec.Position = b.pos
	var it extract.Item
	b.x.Into(&it, rec, b.pins.At(&rec))
	var out Output
	if err := b.loop.Step(&it, &out); err != nil {
		b.t.Fatal(err)
	}
	if out.Decision.Line != nil && !json.Valid(out.Decision.Line) {
		b.t.Fatalf("decision is not JSON: %s", out.Decision.Line)
	}
	return out
}

// states is what became of the effects, as "kind value on target: state".
func states(o Output) []string {
	var all []string
	for _, e := range o.Effects {
		all = append(all, strings.Join(strings.Fields(fmt.Sprintf("%s %s on %s: %s", e.Kind, e.Value, e.Target, e.State)), " "))
	}
	return all
}

func check(t *testing.T, o Output, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, states(o)); diff != "" {
		t.Errorf("effects (-want +got):\n%s", diff)
	}
}

const counting = `
rules:
  - id: chatty
    on: [post]
    policy: spam
    severity: 2
    when: count(by(actor), "1h") >= 3
    because: "{count(by(actor), '1h')} posts within an hour"
    then:
      - {label: chatty, on: actor, expires: 2h}
      - {review: actor}
      - {enforce: limit, on: actor, expires: 1h}
    share: 100%
`

func TestDecisionLine(t *testing.T) {
	b := newBench(t, counting+`
  - id: odd
    on: [post]
    mode: shadow
    when: attrs.n > 2.0
    because: "n is {attrs.n} \"quoted\""
    then: [{label: odd, on: actor}]
`, Options{})
	b.event("e1", 0, "post", "a1", "")
	b.event("e2", time.Minute, "post", "a1", "")
	got := b.event("e3", 2*time.Minute, "post", "a1", "")
	want := `{"event":"e3","time":"2026-03-01T12:02:00Z","actor":"a1",` +
		`"rules":[{"id":"chatty","version":"` + b.loop.Set().Rules[0].Version + `","mode":"live"}],` +
		`"effects":[{"id":"` + got.Effects[0].ID + `","rule":"chatty","do":"label","on":"account:a1","value":"chatty","state":"queued"},` +
		`{"id":"` + got.Effects[1].ID + `","rule":"chatty","do":"review","on":"account:a1","value":"","state":"queued"},` +
		`{"id":"` + got.Effects[2].ID + `","rule":"chatty","do":"enforce","on":"account:a1","value":"limit","state":"queued"}],` +
		`"reasons":[{"rule":"chatty","text":"3 posts within an hour"}],` +
		`"unevaluated":[{"rule":"odd","why":"attrs.n absent"}]}`
	if string(got.Decision.Line) != want {
		t.Errorf("got  %s\nwant %s", got.Decision.Line, want)
	}
	shadow := b.event("e4", 3*time.Minute, "post", "a9", `,"n":3`)
	check(t, shadow, "label odd on account:a9: shadow")
	if !strings.Contains(string(shadow.Decision.Line), `"text":"n is 3 \"quoted\""`) {
		t.Errorf("reason: %s", shadow.Decision.Line)
	}
}

func TestDuplicatesChangeNothing(t *testing.T) {
	b := newBench(t, counting, Options{Every: true})
	for range 3 {
		b.event("e1", 0, "post", "a1", "")
		b.event("e2", time.Second, "post", "a1", "")
	}
	if got := b.event("e2", time.Second, "post", "a1", ""); got.Outcome != Duplicate || got.Decision.Line != nil {
		t.Errorf("got outcome %v, line %s", got.Outcome, got.Decision.Line)
	}
	if got := b.event("e2", time.Second, "post", "a1", `,"text":"other"`); got.Outcome != Conflict {
		t.Errorf("other content under the same id: got %v", got.Outcome)
	}
	if got := b.event("e3", 2*time.Second, "post", "a1", ""); len(got.Effects) != 3 {
		t.Errorf("the third distinct event must be the third of the count, got effects %v", states(got))
	}
}

func TestLateAndTooOld(t *testing.T) {
	b := newBench(t, counting, Options{Every: true})
	b.event("e1", 0, "post", "a1", "")
	b.event("e2", 10*time.Minute, "post", "a1", "")
	late := b.event("late", 5*time.Minute, "post", "a1", "")
	if late.Outcome != Late || !strings.Contains(string(late.Decision.Line), "on a late event") {
		t.Errorf("got %v %s", late.Outcome, late.Decision.Line)
	}
	within := b.event("within", 9*time.Minute, "post", "a1", "")
	if within.Outcome != Decided {
		t.Errorf("within the lateness: got %v", within.Outcome)
	}
	check(t, b.event("e3", 11*time.Minute, "post", "a1", ""),
		"label chatty on account:a1: queued", "review on account:a1: queued", "enforce limit on account:a1: queued")
	if old := b.event("old", -25*time.Hour, "post", "a1", ""); old.Outcome != TooOld {
		t.Errorf("older than the horizon: got %v", old.Outcome)
	}
}

func TestAbsorbed(t *testing.T) {
	b := newBench(t, counting, Options{})
	for i := range 3 {
		b.event(fmt.Sprint("e", i), time.Duration(i)*time.Minute, "post", "a1", "")
	}
	check(t, b.event("again", 3*time.Minute, "post", "a1", ""),
		"label chatty on account:a1: absorbed", "review on account:a1: absorbed", "enforce limit on account:a1: absorbed")
	// The enforcement ends after an hour, the label after two, the case when a person closes it.
	for i := range 3 {
		b.event(fmt.Sprint("f", i), 70*time.Minute+time.Duration(i)*time.Second, "post", "a1", "")
	}
	check(t, b.event("later", 71*time.Minute, "post", "a1", ""),
		"label chatty on account:a1: absorbed", "review on account:a1: absorbed", "enforce limit on account:a1: absorbed")
	b.tick(130 * time.Minute)
	b.change(change.Change{Close: &change.Close{Policy: "spam", Entity: "account:a1"}})
	for i := range 3 {
		b.event(fmt.Sprint("g", i), 130*time.Minute+time.Duration(i)*time.Second, "post", "a1", "")
	}
	if v := b.loop.Entity(event.Entity{Kind: event.AccountEntity, ID: "a1"}); len(v.OpenCases) != 1 || v.Enforcement == nil || len(v.Labels) != 1 {
		t.Errorf("after everything ended and came again: %+v", v)
	}
}

func TestPersonBeatsRule(t *testing.T) {
	b := newBench(t, counting, Options{})
	b.change(change.Change{Label: &change.Label{Entity: "account:a1", Name: "chatty", Remove: true, Expires: start.Add(4 * time.Hour).UnixNano()}})
	for i := range 2 {
		b.event(fmt.Sprint("e", i), 0, "post", "a1", "")
	}
	check(t, b.event("e2", 0, "post", "a1", ""),
		"label chatty on account:a1: suppressed", "review on account:a1: queued", "enforce limit on account:a1: queued")

	b.change(change.Change{Allow: &change.Allow{Entity: "account:a2", Policy: "spam"}})
	for i := range 2 {
		b.event(fmt.Sprint("f", i), 0, "post", "a2", "")
	}
	check(t, b.event("f2", 0, "post", "a2", ""),
		"label chatty on account:a2: suppressed", "review on account:a2: suppressed", "enforce limit on account:a2: suppressed")

	b.tick(5 * time.Hour) // the person's removal ended: the rule may label again
	for i := range 2 {
		b.event(fmt.Sprint("g", i), 5*time.Hour, "post", "a1", "")
	}
	check(t, b.event("g2", 5*time.Hour, "post", "a1", ""),
		"label chatty on account:a1: queued", "review on account:a1: absorbed", "enforce limit on account:a1: queued")
}

func TestCaps(t *testing.T) {
	b := newBench(t, `
caps: {spam: 3}
rules:
  - id: every-post
    on: [post]
    policy: spam
    when: kind == "post" && actor != "nobody"
    because: "a post"
    then: [{enforce: limit, on: actor, expires: 1h}]
    cap: 2
    share: 100%
  - id: stronger
    on: [upload]
    policy: spam
    when: actor != "nobody"
    because: "an upload"
    then: [{enforce: suspend, on: actor}]
    share: 100%
`, Options{})
	check(t, b.event("e1", 0, "post", "a1", ""), "enforce limit on account:a1: queued")
	check(t, b.event("e2", 0, "post", "a2", ""), "enforce limit on account:a2: queued")
	third := b.event("e3", 0, "post", "a3", "")
	check(t, third, "enforce limit on account:a3: waiting")
	check(t, b.event("e4", 0, "post", "a3", ""), "enforce limit on account:a3: absorbed") // the same waits already
	check(t, b.event("e5", 0, "upload", "a4", ""), "enforce suspend on account:a4: queued")
	check(t, b.event("e6", 0, "upload", "a5", ""), "enforce suspend on account:a5: waiting") // the policy's cap

	a3 := event.Entity{Kind: event.AccountEntity, ID: "a3"}
	if b.loop.Entity(a3).Enforcement != nil {
		t.Error("an effect that waits is in force")
	}
	b.change(change.Change{Approve: &change.Approve{Effects: []string{third.Effects[0].ID, "unknown"}}})
	if got := b.loop.Entity(a3).Enforcement; got == nil || got.Step != "limit" || got.Expires != start.Add(time.Hour).UnixNano() {
		t.Errorf("approved: %+v", got)
	}
	check(t, b.event("e7", 12*time.Hour, "post", "a6", ""), "enforce limit on account:a6: queued") // the next UTC day
}

func TestLift(t *testing.T) {
	b := newBench(t, counting, Options{})
	for i := range 3 {
		b.event(fmt.Sprint("e", i), 0, "post", "a1", "")
	}
	check(t, b.change(change.Change{Lift: &change.Lift{Entity: "account:a1"}}), "undo limit on account:a1: queued")
	if v := b.loop.Entity(event.Entity{Kind: event.AccountEntity, ID: "a1"}); v.Enforcement != nil {
		t.Errorf("lifted, but still in force: %+v", v.Enforcement)
	}
	check(t, b.change(change.Change{ID: "again", Lift: &change.Lift{Entity: "account:a1"}}))
	if again := b.change(change.Change{ID: "again", Lift: &change.Lift{Entity: "account:a1"}}); again.Outcome != Duplicate {
		t.Errorf("a change relayed twice: got %v", again.Outcome)
	}
}

func TestUnevaluatedEnforcesNothing(t *testing.T) {
	b := newBench(t, `
rules:
  - id: young
    on: [post]
    policy: spam
    when: account.age < duration("24h")
    because: "young"
    then: [{enforce: lock, on: actor}]
`, Options{Every: true})
	got := b.event("e1", 0, "post", "a1", "")
	if len(got.Effects) != 0 || !strings.Contains(string(got.Decision.Line), `"unevaluated":[{"rule":"young","why":"account.created absent"}]`) {
		t.Errorf("got %s", got.Decision.Line)
	}
	if n := b.loop.Stats()["young"].Unevaluated["account.created absent"]; n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestShareBreaker(t *testing.T) {
	b := newBench(t, `
rules:
  - id: too-wide
    on: [like]
    policy: spam
    when: actor != "nobody"
    because: "a like"
    then: [{label: liked, on: actor}]
    share: 5%
`, Options{})
	for i := range 1000 {
		b.event(fmt.Sprint("p", i), time.Duration(i)*time.Second, "post", "a", "")
	}
	var tripped int
	for i := range 100 {
		got := b.event(fmt.Sprint("l", i), 1000*time.Second, "like", fmt.Sprint("liker", i), "")
		if got.Effects[0].State == effect.Shadow {
			tripped = i
			if !strings.Contains(string(got.Decision.Line), "above its share of 5.0%") {
				t.Errorf("the decision that tripped it must say so: %s", got.Decision.Line)
			}
			break
		}
	}
	if want := 52; tripped != want { // 53 of 1053 is the first share above 5%
		t.Errorf("tripped at fire %d, want %d", tripped, want)
	}
	check(t, b.event("x", 1000*time.Second, "like", "other", ""), "label liked on account:other: shadow")
	b.change(change.Change{Breaker: &change.Breaker{Rule: "too-wide"}})
	check(t, b.event("y", 1000*time.Second, "like", "another", ""), "label liked on account:another: queued")
}

func TestOneEventTwoRules(t *testing.T) {
	b := newBench(t, `
rules:
  - id: b-weaker
    on: [post]
    policy: spam
    when: actor != "nobody"
    because: "b"
    then: [{enforce: friction, on: actor}, {label: x, on: actor}]
    share: 100%
  - id: a-stronger
    on: [post]
    policy: spam
    when: actor != "nobody" && !hasLabel(actor, "x")
    because: "a"
    then: [{enforce: lock, on: actor}, {label: x, on: actor}]
    share: 100%
`, Options{})
	check(t, b.event("e1", 0, "post", "a1", ""),
		"enforce lock on account:a1: queued", "label x on account:a1: queued",
		"enforce friction on account:a1: absorbed", "label x on account:a1: absorbed")
	got := b.event("e2", 0, "post", "a1", "") // the label is visible now: only the other rule fires
	check(t, got, "enforce friction on account:a1: absorbed", "label x on account:a1: absorbed")
}

func TestEffectIDHasNoPositionAndNoVersion(t *testing.T) {
	one := newBench(t, counting, Options{})
	two := newBench(t, strings.Replace(counting, ">= 3", ">= 2", 1), Options{})
	two.tick(0)
	var a, b Output
	for i := range 3 {
		a = one.event(fmt.Sprint("e", i), 0, "post", "a1", "")
	}
	two.event("e1", 0, "post", "a1", "")
	b = two.event("e2", 0, "post", "a1", "")
	for i := range a.Effects {
		if a.Effects[i].ID != b.Effects[i].ID || len(a.Effects[i].ID) != 32 {
			t.Errorf("effect %d: %s and %s", i, a.Effects[i].ID, b.Effects[i].ID)
		}
	}
	if a.Effects[0].ID == a.Effects[1].ID {
		t.Error("two effects of one rule share an id")
	}
}

func TestRuleChangeKeepsWindowsThatStay(t *testing.T) {
	b := newBench(t, counting, Options{})
	b.event("e1", 0, "post", "a1", "")
	b.event("e2", 0, "post", "a1", "")
	bad := b.change(change.Change{Rules: &change.Rules{Files: []rule.File{{Name: "x.yaml", Data: []byte("rules: [{id: broken}]")}}}})
	if bad.Outcome != Malformed || bad.Activated != nil {
		t.Errorf("a bad set: got %v", bad.Outcome)
	}
	next := strings.Replace(counting, "label: chatty", "label: very-chatty", 1)
	if got := b.change(change.Change{Rules: &change.Rules{Version: 2, Files: []rule.File{{Name: "x.yaml", Data: []byte(next)}}}}); got.Activated == nil {
		t.Fatal("the set did not become active")
	}
	check(t, b.event("e3", 0, "post", "a1", ""),
		"label very-chatty on account:a1: queued", "review on account:a1: queued", "enforce limit on account:a1: queued")
}

func FuzzDecisionLine(f *testing.F) {
	f.Add("e", "a\xff\x00\u2028\"\\", "why <b>")
	f.Fuzz(func(t *testing.T, id, actor, why string) {
		line := appendDecision(nil, &event.Event{ID: id, Actor: actor}, []verdict{{rule: why}}, nil, []unevaluated{{rule: id, why: why}})
		var got struct{ Event, Actor string }
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if want := strings.ToValidUTF8(actor, "\ufffd"); len(actor) < 1 && got.Actor != want {
			t.Errorf("actor %q came back as %q", actor, got.Actor)
		}
	})
}

const capped = `
rules:
  - id: a-noisy
    on: [post]
    policy: spam
    when: actor != "nobody"
    because: "a post"
    then: [{enforce: limit, on: actor, expires: 1h}]
    cap: 0
    share: 100%
  - id: b-sure
    on: [post]
    policy: scam
    when: has(text)
    because: "its text"
    then: [{enforce: limit, on: actor, expires: 1h}]
    share: 100%
`

func TestWhatWaitsHoldsUpNoOtherRule(t *testing.T) {
	b := newBench(t, capped, Options{})
	check(t, b.event("e1", 0, "post", "a1", ""), "enforce limit on account:a1: waiting")
	check(t, b.event("e2", 0, "post", "a1", `,"text":"x"`), "enforce limit on account:a1: absorbed", "enforce limit on account:a1: queued")
}

func TestAPersonsNoStands(t *testing.T) {
	b := newBench(t, strings.Replace(capped, "cap: 0", "cap: 1", 1), Options{})
	b.event("e0", 0, "post", "a0", "")
	waits := b.event("e1", 0, "post", "a1", "")
	check(t, waits, "enforce limit on account:a1: waiting")
	b.change(change.Change{Approve: &change.Approve{Effects: []string{waits.Effects[0].ID}, Refuse: true}})
	day := 13 * time.Hour // the next UTC day, with a new cap
	check(t, b.event("e2", day, "post", "a1", ""), "enforce limit on account:a1: suppressed")
	check(t, b.event("e3", day, "post", "a1", `,"text":"x"`), // another policy is another question
		"enforce limit on account:a1: suppressed", "enforce limit on account:a1: queued")
	b.change(change.Change{Allow: &change.Allow{Entity: "account:a1", Policy: "spam", Remove: true}})
	check(t, b.event("e4", day+2*time.Hour, "post", "a1", ""), "enforce limit on account:a1: queued")

	b.change(change.Change{Lift: &change.Lift{Entity: "account:a1"}})
	check(t, b.event("e5", day+3*time.Hour, "post", "a1", ""), "enforce limit on account:a1: suppressed")
	b.tick(40 * 24 * time.Hour)
	check(t, b.event("e6", 40*24*time.Hour, "post", "a1", ""), "enforce limit on account:a1: queued")
}

func TestAStrongerStepThatEndsLeavesTheWeakerOne(t *testing.T) {
	b := newBench(t, `
rules:
  - id: for-good
    on: [post]
    policy: spam
    when: actor != "nobody"
    because: "a post"
    then: [{enforce: limit, on: actor}]
    share: 100%
  - id: for-an-hour
    on: [upload]
    policy: spam
    when: actor != "nobody"
    because: "an upload"
    then: [{enforce: suspend, on: actor, expires: 1h}]
    share: 100%
`, Options{})
	b.event("e1", 0, "post", "a1", "")
	b.event("e2", 0, "upload", "a1", "")
	a1 := event.Entity{Kind: event.AccountEntity, ID: "a1"}
	if v := b.loop.Entity(a1).Enforcement; v == nil || v.Step != "suspend" {
		t.Errorf("in force: %+v", v)
	}
	b.tick(2 * time.Hour)
	if v := b.loop.Entity(a1).Enforcement; v == nil || v.Step != "limit" {
		t.Errorf("after the suspension: %+v", v)
	}
	b.event("e3", 2*time.Hour, "upload", "a1", "")
	lifted := b.change(change.Change{Lift: &change.Lift{Entity: "account:a1"}})
	check(t, lifted, "undo suspend on account:a1: queued", "undo limit on account:a1: queued")
	if lifted.Effects[0].ID == lifted.Effects[1].ID {
		t.Error("two undos share an id")
	}
}

func TestFewEffectsOfARuleWait(t *testing.T) {
	b := newBench(t, capped, Options{})
	for i := range maxWaiting {
		b.event(fmt.Sprint("e", i), 0, "post", fmt.Sprint("a", i), "")
	}
	check(t, b.event("over", 0, "post", "over", ""), "enforce limit on account:over: suppressed")
	b.tick(31 * 24 * time.Hour) // what nobody decided waits no more
	check(t, b.event("later", 31*24*time.Hour, "post", "over", ""), "enforce limit on account:over: waiting")
}

func TestAShareOfAllNeverTrips(t *testing.T) {
	b := newBench(t, capped, Options{})
	for i := range 5000 {
		if got := b.event(fmt.Sprint("e", i), 0, "post", "a", ""); got.Effects[0].State == effect.Shadow {
			t.Fatalf("tripped at event %d", i)
		}
	}
}

// TestImagesChangeNothing holds that whether and when images are taken changes no decision, also where the memory budget
// drops windows.
func TestImagesChangeNothing(t *testing.T) {
	run := func(every int) []string {
		db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem()})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		set, problems := rule.Compile([]rule.File{{Name: "r.yaml", Data: []byte(counting)}})
		if set == nil {
			t.Fatal(problems)
		}
		s, err := state.New(state.Options{DB: db, Budget: 64 << 10})
		if err != nil {
			t.Fatal(err)
		}
		l := New(s, Options{})
		if err := l.Use(set); err != nil {
			t.Fatal(err)
		}
		b := &bench{t: t, loop: l, x: extract.New(nil), pins: extract.NewPins(nil, nil, true, set)}
		var fires []string
		for i := range 20_000 {
			actor := fmt.Sprint("a", i*7919%1500)
			if out := b.event(fmt.Sprint("e", i), time.Duration(i)*time.Second/4, "post", actor, ""); out.Decision.Fired {
				fires = append(fires, string(out.Decision.Line))
			}
			if every > 0 && i%every == every-1 {
				if err := l.BeginImage(b.pos); err != nil {
					t.Fatal(err)
				}
				if err := s.FinishImage().Commit(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if stats := s.Stats(); stats.Windows[0].Evicted == 0 {
			t.Fatal("nothing was evicted: the test shows nothing")
		}
		return fires
	}
	want := run(0)
	for _, every := range []int{101, 5000} {
		if diff := cmp.Diff(want, run(every)); diff != "" {
			t.Errorf("images every %d events change decisions (-without +with):\n%.2000s", every, diff)
		}
	}
}
