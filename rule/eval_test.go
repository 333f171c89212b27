package rule

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
)

// compileText compiles one file and fails on errors.
func compileText(t testing.TB, yaml string, more ...File) *Set {
	t.Helper()
	set, problems := Compile(append([]File{{Name: "test.yaml", Data: []byte(yaml)}}, more...))
	if set == nil {
		t.Fatalf("%v", problems)
	}
	return set
}

// bucket is a rate limiter of one key, just enough for a test: max tokens, all back after a day.
type bucket struct {
	tokens int64
	start  int64
}

func (b *bucket) limited(w *Window, at int64, take bool) bool {
	if b.start == 0 || at-b.start >= int64(w.Every) {
		b.tokens, b.start = w.Max, at
	}
	limited := b.tokens < w.Take
	if take && !limited {
		b.tokens -= w.Take
	}
	return limited
}

// TestWhereInsideAndOutsideDiffer is the payments example: at most two a day, and a payment counts as large from 100 on. A condition
// outside the window chooses what fires, one inside chooses what is counted.
func TestWhereInsideAndOutsideDiffer(t *testing.T) {
	tests := []struct {
		name, when string
		want       []float64
	}{
		{"outside", `rateLimited(by(actor), 2, 2, "24h") && attrs.amount >= 100.0`, []float64{120, 200}},
		{"inside", `rateLimited(by(actor), 2, 2, "24h", where(attrs.amount >= 100.0))`, []float64{200, 50}},
		{"both", `rateLimited(by(actor), 2, 2, "24h", where(attrs.amount >= 100.0)) && attrs.amount >= 100.0`, []float64{200}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := setOf(t, tt.when)
			ev := set.NewEvaluation(noLabels{})
			b := &bucket{}
			var got []float64
			for i, amount := range []float64{110, 30, 10, 120, 200, 50} {
				e := &event.Event{ID: "p", Kind: "post", Actor: "a", Time: int64(i+1) * int64(time.Minute),
					Attrs: []event.Attr{{Key: "amount", Value: event.Value{Kind: event.Number, Num: amount}}}}
				ev.Begin(&Input{Event: e, Signals: &Signals{}})
				for _, op := range ev.Windows() {
					limited := b.limited(set.Windows[op.Index], e.Time, op.Update)
					v := Value{Known: true}
					if limited {
						v.V = 1
					}
					ev.SetWindow(op.Index, v)
				}
				for _, r := range ev.Rules() {
					if r.Fired {
						got = append(got, amount)
					}
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("payments that fire (-want +got):\n%s", diff)
			}
		})
	}
}

const wholeRule = `
rules:
  - id: same-text
    on: [reply, post]
    policy: spam
    severity: 3
    when: |
      countDistinct(actor, by(text.fold), "1h") >= 8
    because: "{countDistinct(actor, by(text.fold), '1h')} accounts posted {{this}} text, age {account.age}, on {ip}"
    then:
      - {label: suspect, expires: 72h}
      - {enforce: limit, on: target, expires: 24h}
      - {label: bad-domain, on: url.domains}
      - {review: object}
      - {notify: oncall}
  - id: sign-ups
    on: signup
    mode: shadow
    when: count(by(ip), "10m", on("signup", "login")) > 3
  - id: off
    on: "*"
    mode: "off"
    when: views > 5
caps:
  spam: 1000
`

func TestEvaluation(t *testing.T) {
	set := compileText(t, wholeRule)
	ev := set.NewEvaluation(noLabels{})
	in := &Input{Event: fullEvent(), Signals: fullSignals()}

	ev.Begin(in)
	if got, want := len(ev.Windows()), 1; got != want {
		t.Fatalf("windows of a post: got %d, want %d", got, want)
	}
	op := ev.Windows()[0]
	if !op.Update || !op.Known || op.ArgHash == 0 {
		t.Errorf("a post feeds the window: got %+v", op)
	}
	ev.SetWindow(op.Index, Value{V: 9, Known: true})
	results := ev.Rules()
	if len(results) != 1 || !results[0].Fired || results[0].Rule.ID != "same-text" {
		t.Fatalf("results: got %+v, want same-text fired", results)
	}
	r := results[0].Rule
	if got, want := ev.Reason(r), "9 accounts posted {this} text, age 1h, on unknown"; got != want {
		t.Errorf("reason: got %q, want %q", got, want)
	}
	if !ev.Live(r) {
		t.Error("a live rule without a rollout is live for everybody")
	}
	account, content := event.AccountEntity, event.ContentEntity
	wantEffects := []EffectSpec{
		{Label, "actor", account, "suspect", 72 * time.Hour},
		{Enforce, "target", account, "limit", 24 * time.Hour},
		{Label, "url.domains", event.DomainEntity, "bad-domain", 0},
		{Review, "object", content, "", 0},
		{Notify, "actor", account, "oncall", 0},
	}
	if diff := cmp.Diff(wantEffects, r.Effects); diff != "" {
		t.Errorf("effects (-want +got):\n%s", diff)
	}
	wantTargets := [][]event.Entity{
		{{Kind: account, ID: "a1"}}, nil, {{Kind: event.DomainEntity, ID: "bit.ly"}, {Kind: event.DomainEntity, ID: "example.org"}},
		{{Kind: content, ID: "p1"}}, {{Kind: account, ID: "a1"}},
	}
	for i, e := range r.Effects {
		if diff := cmp.Diff(wantTargets[i], ev.Targets(e)); diff != "" {
			t.Errorf("targets of effect %d (-want +got):\n%s", i, diff)
		}
	}
	if got, want := set.Caps["spam"], 1000; got != want {
		t.Errorf("cap of spam: got %d, want %d", got, want)
	}
}

func TestUnknownWindows(t *testing.T) {
	set := setOf(t, `count(by(ip), "1h") > 3`, `count(by(actor), "1h") > 3`, `count(by(ip), "1h") > 3 || views > 5`)
	ev := set.NewEvaluation(noLabels{})
	causes := func() map[string]string {
		got := map[string]string{}
		for _, r := range ev.Rules() {
			got[r.Rule.ID] = r.Unevaluated
		}
		return got
	}
	in := &Input{Event: fullEvent(), Signals: fullSignals()}

	ev.Begin(in)
	want := map[string]string{"r0": "ip absent", "r1": `count(by(actor), "1h") has no value`, "r2": ""}
	if diff := cmp.Diff(want, causes()); diff != "" {
		t.Errorf("event without an ip, windows not answered (-want +got):\n%s", diff)
	}
	in.Late = true
	ev.Begin(in)
	for _, op := range ev.Windows() {
		if op.Known || op.Update {
			t.Errorf("a late event must not touch windows: got %+v", op)
		}
	}
	want = map[string]string{"r0": `count(by(ip), "1h") on a late event`, "r1": `count(by(actor), "1h") on a late event`, "r2": ""}
	if diff := cmp.Diff(want, causes()); diff != "" {
		t.Errorf("late event (-want +got):\n%s", diff)
	}
}

// TestFeeding holds which events update a window and which only read it.
func TestFeeding(t *testing.T) {
	set := compileText(t, `
rules:
  - id: reader
    on: post
    when: count(by(actor), "1h", on("signup")) > 3
  - id: chooser
    on: post
    when: count(by(actor), "1h", where(lang == "en")) > 3
`)
	ev := set.NewEvaluation(noLabels{})
	updates := func(kind, lang string) (texts []string) {
		e := fullEvent()
		e.Kind, e.Lang = kind, lang
		ev.Begin(&Input{Event: e, Signals: fullSignals()})
		for _, op := range ev.Windows() {
			text := set.Windows[op.Index].Text
			if !op.Update {
				text = "read " + text
			}
			texts = append(texts, text)
		}
		slices.Sort(texts)
		return texts
	}
	signup, english := `count(by(actor), "1h", on("signup"))`, `count(by(actor), "1h", where(lang == "en"))`
	tests := []struct {
		kind, lang string
		want       []string
	}{
		{"post", "en", []string{english, "read " + signup}},
		{"post", "de", []string{"read " + signup, "read " + english}},
		{"signup", "en", []string{signup}},
		{"like", "en", nil},
	}
	for _, tt := range tests {
		slices.Sort(tt.want)
		if diff := cmp.Diff(tt.want, updates(tt.kind, tt.lang)); diff != "" {
			t.Errorf("%s in %s (-want +got):\n%s", tt.kind, tt.lang, diff)
		}
	}
}

func TestWindowIdentity(t *testing.T) {
	const base = `count(by(actor, text.fold), "1h", where(views > 5 && lang == "en"))`
	id := func(when string) string { return setOf(t, when+" > 3").Windows[0].ID }
	same := []string{
		`count( by(actor,text.fold) , '60m' , where( (views>5) && (lang == 'en') ) )`,
		`count(by(text.fold, actor), "3600s", where(views > 5 && lang == "en"))`,
		`count(by(actor, text.fold), "1h", on("post"), where(views > 5 && lang == "en"))`,
	}
	for _, s := range same {
		if id(s) != id(base) {
			t.Errorf("%s is another window than %s", s, base)
		}
	}
	others := []string{
		`count(by(actor), "1h", where(views > 5 && lang == "en"))`,
		`count(by(actor, text.fold), "2h", where(views > 5 && lang == "en"))`,
		`count(by(actor, text.fold), "1h", where(views > 6 && lang == "en"))`,
		`count(by(actor, text.fold), "1h", where(views > 5 && lang == "en"), on("reply"))`,
		`count(by(actor, text.fold), "1h")`,
		`countDistinct(ip, by(actor, text.fold), "1h", where(views > 5 && lang == "en"))`,
		`countDistinct(device, by(actor, text.fold), "1h", where(views > 5 && lang == "en"))`,
		`count(by(actor, attrs["text.fold"]), "1h")`,
	}
	seen := map[string]string{id(base): base}
	for _, s := range others {
		if first, ok := seen[id(s)]; ok {
			t.Errorf("%s is the same window as %s", s, first)
		}
		seen[id(s)] = s
	}

	set := setOf(t, base+" > 3", same[0]+" > 9", `has(text) && 3 < `+same[1])
	if got := len(set.Windows); got != 1 {
		t.Errorf("equal window calls of three rules make %d windows, want 1", got)
	}
	// Identities are stored with the state: this one must never change.
	if got, want := id(`count(by(actor), "1h")`), "9e3f3527f2bbe0c99f47e2c4ab3153d1"; got != want {
		t.Errorf("the identity of a window changed: got %s, want %s", got, want)
	}
}

func TestVersions(t *testing.T) {
	version := func(yaml string) string { return compileText(t, yaml).Rules[0].Version }
	base := version("rules:\n  - id: a\n    on: [post, reply]\n    when: views > 5\n")
	if v := version("# why\nrules:\n  - when: ( views>5 )\n    on: [reply, post]\n    id: a\n"); v != base {
		t.Errorf("layout changes the version: got %s, want %s", v, base)
	}
	for _, other := range []string{"on: [post]\n    when: views > 5", "on: [post, reply]\n    when: views > 6", "on: [post, reply]\n    mode: shadow\n    when: views > 5"} {
		if v := version("rules:\n  - id: a\n    " + other + "\n"); v == base {
			t.Errorf("%s has the version of the base", other)
		}
	}
	list := "rules:\n  - id: a\n    on: post\n    when: lang in list('l')\nlists:\n  l: "
	if version(list+"[de]\n") == version(list+"[en]\n") {
		t.Error("another list, the same version")
	}
}

func TestKeysAreUnambiguous(t *testing.T) {
	set := setOf(t, `count(by(lang, reason), "1h") > 1`)
	ev := set.NewEvaluation(noLabels{})
	key := func(lang, reason string) [16]byte {
		e := &event.Event{Kind: "post", Lang: lang, Reason: reason}
		e.Fields.Add(event.FieldLang)
		e.Fields.Add(event.FieldReason)
		ev.Begin(&Input{Event: e, Signals: &Signals{}})
		return ev.Windows()[0].Key
	}
	if key("ab", "c") == key("a", "bc") || key("", "abc") == key("abc", "") {
		t.Error("different keys, one hash")
	}
	if one, again := key("a", "b"), key("a", "b"); one != again {
		t.Error("one key, different hashes")
	}
}

func TestSumArguments(t *testing.T) {
	set := setOf(t, `sum(attrs.x, by(actor), "1h") > 1.5`, `sum(views, by(actor), "1h") > 1.0`)
	ev := set.NewEvaluation(noLabels{})
	tests := []struct {
		x     float64
		views int64
		want  []int64 // millionths; -1 stands for no update
	}{
		{1.25, 3, []int64{1_250_000, 3_000_000}},
		{-0.0000004, -2, []int64{0, -2_000_000}},
		{1e300, 1 << 62, []int64{-1, -1}},
	}
	for _, tt := range tests {
		e := fullEvent()
		e.Views = tt.views
		e.Attrs = []event.Attr{{Key: "x", Value: event.Value{Kind: event.Number, Num: tt.x}}}
		ev.Begin(&Input{Event: e, Signals: fullSignals()})
		var got []int64
		for _, op := range ev.Windows() {
			if !op.Update {
				op.ArgNum = -1
			}
			got = append(got, op.ArgNum)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("x %v, views %d (-want +got):\n%s", tt.x, tt.views, diff)
		}
	}
	ev.SetWindow(0, Value{V: 1_500_001, Known: true})
	ev.SetWindow(1, Value{V: 1_000_000, Known: true})
	if got := ev.Rules(); len(got) != 1 || got[0].Rule.ID != "r0" {
		t.Errorf("a sum of 1.500001 is above 1.5 and one of 1 is not above 1: got %+v", got)
	}
}

// TestRollout holds that a rollout takes in about its share of actors, and only ever more as it grows.
func TestRollout(t *testing.T) {
	live := func(percent string) map[string]bool {
		set := compileText(t, "rules:\n  - id: a\n    on: post\n    rollout: "+percent+"\n    when: views > 5\n")
		ev := set.NewEvaluation(noLabels{})
		in := map[string]bool{}
		for i := range 10_000 {
			actor := "a" + string(rune('0'+i%10)) + time.Duration(i).String()
			ev.Begin(&Input{Event: &event.Event{Kind: "post", Actor: actor}, Signals: &Signals{}})
			if ev.Live(set.Rules[0]) {
				in[actor] = true
			}
		}
		return in
	}
	small, large := live("10"), live("25.5%")
	if n := len(small); n < 850 || n > 1150 {
		t.Errorf("10%% of 10,000 actors: got %d", n)
	}
	for actor := range small {
		if !large[actor] {
			t.Fatalf("%s left as the rollout grew", actor)
		}
	}
	if n := len(live("0")); n != 0 {
		t.Errorf("rollout 0 is live for %d actors", n)
	}
}

func TestExplain(t *testing.T) {
	set := compileText(t, `
rules:
  - id: a
    on: post
    when: views > 5 && (count(by(actor), "1h") > 20 || hasLabel(ip, "bad")) && lang == "en"
`)
	ev := set.NewEvaluation(noLabels{})
	ev.Begin(&Input{Event: fullEvent(), Signals: fullSignals()})
	answer(ev, 3)
	got := ev.Explain(set.Rules[0])
	want := Explanation{
		Rule: "a", Version: set.Rules[0].Version, Unevaluated: "ip absent",
		Conditions: []Condition{
			{`views > 5 && (count(by(actor), "1h") > 20 || hasLabel(ip, "bad")) && lang == "en"`, 0, "unknown", "ip absent"},
			{`views > 5`, 1, "true", ""},
			{`count(by(actor), "1h") > 20 || hasLabel(ip, "bad")`, 1, "unknown", "ip absent"},
			{`count(by(actor), "1h") > 20`, 2, "false", ""},
			{`hasLabel(ip, "bad")`, 2, "unknown", "ip absent"},
			{`lang == "en"`, 1, "true", ""},
		},
		Signals: []Reading{{"actor", "a1", ""}, {"ip", "unknown", "ip absent"}, {"lang", "en", ""}, {"views", "120", ""}},
		Windows: []Reading{{`count(by(actor), "1h")`, "3", ""}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
