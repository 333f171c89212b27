package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"

	"github.com/ringfence/ringfence/event"
)

// setOf compiles conditions, one rule each, on posts.
func setOf(t testing.TB, conditions ...string) *Set {
	t.Helper()
	var b strings.Builder
	b.WriteString("rules:\n")
	for i, c := range conditions {
		fmt.Fprintf(&b, "  - id: r%d\n    on: post\n    when: |\n      %s\n    then: [{label: suspect}]\n", i, c)
	}
	set, problems := Compile([]File{{Name: "test.yaml", Data: []byte(b.String())}})
	if set == nil {
		t.Fatal(problems)
	}
	return set
}

// answer gives every window of the event the same value.
func answer(ev *Evaluation, v int64) {
	for _, op := range ev.Windows() {
		if op.Known {
			ev.SetWindow(op.Index, Value{V: v, Known: true})
		}
	}
}

// predicate is the condition that cel-go and expr were measured with when the language was chosen.
const predicate = `kind == "post" && account.age < duration("168h") && !account.verified && count(by(actor), "1h") > 20 && attrs.neighbors >= 5.0 && lang in ["en", "de", "fr"]`

func predicateInput() *Input {
	e := fullEvent()
	e.Attrs = []event.Attr{{Key: "neighbors", Value: event.Value{Kind: event.Number, Num: 7}}}
	return &Input{Event: e, Signals: fullSignals()}
}

func BenchmarkPredicate(b *testing.B) {
	set := setOf(b, predicate)
	ev := set.NewEvaluation(noLabels{})
	ev.Begin(predicateInput())
	answer(ev, 30)
	b.Run("planned", func(b *testing.B) {
		b.ReportAllocs()
		when := set.Rules[0].when.bool
		for b.Loop() {
			if v, f := when(ev); !v || f != nil {
				b.Fatal(v, f)
			}
		}
	})
	b.Run("cel-go", func(b *testing.B) {
		program, err := set.lang.env.PlanProgram(set.Rules[0].expr.AST)
		if err != nil {
			b.Fatal(err)
		}
		var vars cel.Activation = activation{ev}
		b.ReportAllocs()
		for b.Loop() {
			if v, _, err := program.Eval(vars); err != nil || v.Value() != true {
				b.Fatal(v, err)
			}
		}
	})
	b.Run("hand-written", func(b *testing.B) {
		in := predicateInput()
		langs := []string{"en", "de", "fr"}
		count := int64(30)
		b.ReportAllocs()
		for b.Loop() {
			e := in.Event
			if !(e.Kind == "post" && e.Time-e.Account.Created < 168*3600e9 && !e.Account.Verified && count > 20 &&
				e.Attrs[0].Value.Num >= 5 && slices.Contains(langs, e.Lang)) {
				b.Fatal("false")
			}
		}
	})
}

// BenchmarkRules200 evaluates 200 rules of the predicate's shape on one event, with 200 windows that share a key.
func BenchmarkRules200(b *testing.B) {
	conditions := make([]string, 200)
	for i := range conditions {
		conditions[i] = strings.Replace(predicate, `"1h") > 20`, fmt.Sprintf(`"%dm") > %d`, 60+i, 20+i), 1)
	}
	set := setOf(b, conditions...)
	ev := set.NewEvaluation(noLabels{})
	in := predicateInput()
	b.ReportAllocs()
	for b.Loop() {
		ev.Begin(in)
		answer(ev, 1000)
		if got := len(ev.Rules()); got != 200 {
			b.Fatal(got)
		}
	}
}

// fiveRules are the rules that the peers were measured with.
var fiveRules = []string{
	`text.fold.matches("(free crypto|giveaway|t\\.me/|make money fast)")`,
	`count(by(actor), "1h") > 20`,
	`countDistinct(actor, by(text.fold), "1h") > 5`,
	`count(by(ip), "10m") > 10`,
	`account.age < duration("24h") && has(urls) && count(by(actor), "1h") > 3`,
}

func fiveRulesInput() *Input {
	in := predicateInput()
	in.Event.IP = "10.0.0.1"
	in.Event.Fields.Add(event.FieldIP)
	in.Signals.Fold = strings.Repeat("the quick brown fox jumps over lazy dog ", 3)
	return in
}

func BenchmarkFiveRules(b *testing.B) {
	set := setOf(b, fiveRules...)
	ev := set.NewEvaluation(noLabels{})
	in := fiveRulesInput()
	b.ReportAllocs()
	for b.Loop() {
		ev.Begin(in)
		answer(ev, 1)
		if got := len(ev.Rules()); got != 0 {
			b.Fatal(got)
		}
	}
}

func BenchmarkPattern(b *testing.B) {
	const pattern = `(free crypto|giveaway|t\.me/|make money fast)`
	text := fiveRulesInput().Signals.Fold
	match, err := compilePattern(pattern)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("literals", func(b *testing.B) {
		for b.Loop() {
			match(text)
		}
	})
	b.Run("regexp", func(b *testing.B) {
		re := regexp.MustCompile(pattern)
		for b.Loop() {
			re.MatchString(text)
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	files := []File{{Name: "test.yaml", Data: []byte("rules:\n  - id: a\n    on: post\n    when: " + `'` + predicate + `'` + "\n")}}
	b.ReportAllocs()
	for b.Loop() {
		if set, problems := Compile(files); set == nil {
			b.Fatal(problems)
		}
	}
}

func TestEvaluationDoesNotAllocate(t *testing.T) {
	conditions := append([]string{predicate,
		`url.domains.exists(d, d in ["bit.ly"]) && lang.lowerAscii() != "x" || attrs.gone > 5`,
		`hasLabel(actor, "x") || media.types.exists(m, m == "image/png") || attrs.neighbors + 1.0 > 2.0`,
		`text.fold.matches("fre+ crypto") || event.time.getHours() in [1, 2, 3] || size(text) > 5`,
		`sum(views, by(lang, actor), "1h", where(views > 1)) > 5 && rateLimited(by(asn), 5, 1, "1m", take(2))`,
	}, fiveRules...)
	set := setOf(t, conditions...)
	ev := set.NewEvaluation(noLabels{})
	in := fiveRulesInput()
	run := func() {
		ev.Begin(in)
		answer(ev, 1000)
		ev.Rules()
	}
	run()
	if got := testing.AllocsPerRun(100, run); got != 0 {
		t.Errorf("%v allocations an event, want 0", got)
	}
}
