package rule

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/ringfence/ringfence/event"
)

// addFiles seeds a fuzz target with the bad files and a good one.
func addFiles(f *testing.F) {
	f.Helper()
	names, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(wholeRule))
	f.Add([]byte(testFile))
}

// FuzzCompile holds that no file breaks the compiler, that a set comes back exactly if there is no error, and that what compiles
// compiles to the same again and evaluates.
func FuzzCompile(f *testing.F) {
	addFiles(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		files := []File{{Name: "a.yaml", Data: data}}
		set, problems := Compile(files)
		if (set == nil) != HasErrors(problems) {
			t.Fatalf("set %v, problems %v", set != nil, problems)
		}
		for _, p := range problems {
			if p.Line < 0 || p.Msg == "" || !utf8.ValidString(p.Msg) && utf8.Valid(data) {
				t.Errorf("bad problem %+v", p)
			}
		}
		if set == nil {
			return
		}
		again, _ := Compile(files)
		for i, w := range set.Windows {
			if again.Windows[i].ID != w.ID {
				t.Errorf("window %s has another identity the second time", w.Text)
			}
		}
		ev := set.NewEvaluation(noLabels{})
		ev.Begin(&Input{Event: fullEvent(), Signals: fullSignals()})
		answer(ev, 3)
		for i, r := range set.Rules {
			if again.Rules[i].Version != r.Version {
				t.Errorf("rule %s has another version the second time", r.ID)
			}
			ev.Explain(r)
			for _, e := range r.Effects {
				ev.Targets(e)
			}
		}
	})
}

// FuzzEvaluate holds that a condition has the same value planned and interpreted, whatever the event.
func FuzzEvaluate(f *testing.F) {
	f.Add(predicate, "post", "a text", 1.5, int64(3), uint32(0xffffffff))
	f.Add(`hashtags.exists_one(h, text.contains(h)) || attrs.s + attrs.s == "aa"`, "post", "win", 0.0, int64(-3), uint32(0x0f0f0f0f))
	f.Add(`attrs.n / 0.0 > double(views) && text.matches("a+")`, "like", "", -1e300, int64(1<<62), uint32(0))
	lang := newCompiler(f).lang
	f.Fuzz(func(t *testing.T, expr, kind, body string, num float64, views int64, fields uint32) {
		c := compilerFor(lang)
		r := newRule(&declaration{on: []string{"post"}})
		x, ok := c.expression(r, text{s: expr, at: place{"fuzz", 1, 1}})
		if !ok || kindOf(x.GetType(x.Expr().ID())) != kindBool || num != num {
			return
		}
		planned := c.plan(x, x.Expr())
		interpreted, ok := c.interpret(x, x.Expr(), kindBool)
		if !ok {
			return
		}
		e := fullEvent()
		e.Kind, e.Text, e.Views, e.Fields = kind, body, views, event.FieldSet(fields)&(1<<event.FieldCount-1)
		e.Attrs[1].Value.Num, e.Attrs[3].Value.Str = num, body
		ev := c.set.NewEvaluation(noLabels{})
		ev.Begin(&Input{Event: e, Signals: fullSignals()})
		answer(ev, views)
		got, gotFault := planned.bool(ev)
		want, wantFault := interpreted.bool(ev)
		if (gotFault == nil) != (wantFault == nil) || gotFault == nil && got != want {
			t.Errorf("%s\nplan: %s\ninterpreter: %s", expr, outcome(planned, ev), outcome(interpreted, ev))
		}
	})
}

func FuzzParseTests(f *testing.F) {
	addFiles(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		tests, problems := ParseTests([]File{{Name: "a_test.yaml", Data: data}})
		if tests != nil && HasErrors(problems) {
			t.Fatal("tests in spite of errors")
		}
		for _, test := range tests {
			test.Check(nil)
		}
	})
}

// FuzzPattern holds that the short cuts around regular expressions change no match.
func FuzzPattern(f *testing.F) {
	f.Add(`(free crypto|giveaway|t\.me/)`, "see t.me/x")
	f.Add(`colou?r(s|ed)+x{2}`, "colorsxx")
	f.Add(`[a-c]|(?i)Z|\x{FFFD}`, "\xff")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		re, err := regexp.Compile(pattern)
		match, ourErr := compilePattern(pattern)
		if (err == nil) != (ourErr == nil) {
			t.Fatalf("regexp says %v, we say %v", err, ourErr)
		}
		if err == nil && match(s) != re.MatchString(s) {
			t.Errorf("%q matches %q: got %v, regexp says %v", s, pattern, match(s), re.MatchString(s))
		}
	})
}
