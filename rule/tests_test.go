package rule

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
)

const testFile = `
tests:
  - name: a burst of one text
    rules: [same-text]
    events:
      - {kind: post, actor: "a{i}", text: "win {i}", repeat: 3, every: 5s, account: {followers: 2}}
      - {id: last, time: 2026-01-02T00:00:00Z, kind: like, actor: b, urls: [https://x.example], attrs: {price: 2.5, ok: true}}
      - kind: post
        actor: c
        text: |
          two
          lines
    expect:
      - {event: e3, rules: [same-text], effects: [{do: label, on: "account:a3", value: suspect}, {do: review}]}
      - {event: last, rules: [], not: [other]}
`

func TestParseTests(t *testing.T) {
	tests, problems := ParseTests([]File{{Name: "spam_test.yaml", Data: []byte(testFile)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got := tests[0]
	var lines []string
	for _, l := range got.Events {
		lines = append(lines, string(l))
	}
	wantLines := []string{
		`{"account":{"followers":2},"actor":"a1","id":"e1","kind":"post","text":"win 1","time":"2026-01-01T00:00:00Z"}`,
		`{"account":{"followers":2},"actor":"a2","id":"e2","kind":"post","text":"win 2","time":"2026-01-01T00:00:05Z"}`,
		`{"account":{"followers":2},"actor":"a3","id":"e3","kind":"post","text":"win 3","time":"2026-01-01T00:00:10Z"}`,
		`{"actor":"b","attrs":{"ok":true,"price":2.5},"id":"last","kind":"like","time":"2026-01-02T00:00:00Z","urls":["https://x.example"]}`,
		`{"actor":"c","id":"e5","kind":"post","text":"two\nlines\n","time":"2026-01-02T00:00:01Z"}`,
	}
	if diff := cmp.Diff(wantLines, lines); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	wantExpect := []Expectation{
		{Event: "e3", Rules: []string{"same-text"}, Effects: []ExpectedEffect{{"label", "account:a3", "suspect"}, {Do: "review"}}},
		{Event: "last", Rules: []string{}, Not: []string{"other"}},
	}
	if diff := cmp.Diff(wantExpect, got.Expect); diff != "" {
		t.Errorf("expectations (-want +got):\n%s", diff)
	}
}

func TestCheck(t *testing.T) {
	tests, _ := ParseTests([]File{{Name: "spam_test.yaml", Data: []byte(testFile)}})
	label := ExpectedEffect{"label", "account:a3", "suspect"}
	review := ExpectedEffect{"review", "account:a3", ""}
	cases := []struct {
		name     string
		outcomes []Outcome
		want     []string
	}{
		{"as expected", []Outcome{{Event: "e3", Rules: []string{"same-text", "elsewhere"}, Effects: []ExpectedEffect{label, review}}}, nil},
		{"silent", nil, []string{
			"event e3: rule same-text did not fire", "event e3: want effect label suspect on account:a3, got none", "event e3: want effect review, got none"}},
		{"not evaluable", []Outcome{{Event: "e3", Unevaluated: map[string]string{"same-text": "text absent"}, Effects: []ExpectedEffect{label, review}}},
			[]string{"event e3: rule same-text did not fire: not evaluable, text absent"}},
		{"other effect", []Outcome{{Event: "e3", Rules: []string{"same-text"}, Effects: []ExpectedEffect{review, {"label", "account:a3", "spam"}}}},
			[]string{"event e3: want effect label suspect on account:a3, got review on account:a3; label spam on account:a3"}},
		{"too much", []Outcome{
			{Event: "e3", Rules: []string{"same-text"}, Effects: []ExpectedEffect{label, review}}, {Event: "last", Rules: []string{"same-text"}}},
			[]string{"event last: rule same-text fired and should not"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, tests[0].Check(c.outcomes)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadTests(t *testing.T) {
	const file = `
tests:
  - name: no expectation
    events: [{kind: post, actor: a}]
  - name: no events
    expect: [{event: e1}]
  - events: [{kind: post, actor: a}]
    expect: [{event: e1}]
  - name: the rest
    events:
      - {kind: post}
      - {kind: post, actor: a, views: many}
      - {id: x, kind: post, actor: a, repeat: 2}
      - {kind: post, actor: a, time: yesterday}
      - {kind: post, actor: a, repeat: 2000000}
      - {kind: post, actor: a, attrs: {n: .nan}}
      - {kind: post, actor: a, id: burst}
    expect:
      - {event: brust, rules: [a]}
      - {rules: [a]}
      - {event: x, effects: [{do: lable}, {do: label, on: a1}]}
      - {event: x, rulez: [a]}
`
	_, problems := ParseTests([]File{{Name: "bad_test.yaml", Data: []byte(file)}})
	var got strings.Builder
	for _, p := range problems {
		got.WriteString(p.String() + "\n")
	}
	golden(t, "testdata/bad_tests.golden", got.String())
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"spam/a.yaml":      "rules:\n  - id: a\n    on: post\n    when: url.domains.exists(d, d in list('shorteners'))\nlists:\n  shorteners: {file: short.txt}\n",
		"spam/a_test.yaml": "tests: []", "spam/short.txt": "# links\nbit.ly\n\n tinyurl.com \n", "README.md": "x", ".git/b.yaml": "x",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"spam/a.yaml", "spam/short.txt"}, names(files)); diff != "" {
		t.Errorf("rule files (-want +got):\n%s", diff)
	}
	tests, err := LoadTests(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"spam/a_test.yaml"}, names(tests)); diff != "" {
		t.Errorf("test files (-want +got):\n%s", diff)
	}
	set, problems := Compile(files)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	ev := set.NewEvaluation(noLabels{})
	ev.Begin(&Input{Event: fullEvent(), Signals: fullSignals()})
	if got := ev.Rules(); len(got) != 1 || !got[0].Fired {
		t.Errorf("bit.ly is on the list: got %+v", got)
	}
	if _, err := Load(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a folder that is not there loads")
	}
}

func names(files []File) (names []string) {
	for _, f := range files {
		names = append(names, f.Name)
	}
	return names
}

func TestRegistry(t *testing.T) {
	set, problems := Compile([]File{{Name: "a.yaml", Data: []byte(`
rules:
  - id: a
    on: post
    when: count(by(actor), "1h") > 3 && hasLabel(actor, "suspct")
    then: [{label: suspect}]
  - id: b
    on: post
    when: lang in list("langs") && hasLabel(actor, "suspect")
  - id: c
    on: post
    when: (lang in list("langs")) && hasLabel(actor, "suspect")
lists:
  langs: [de]
  unused: [x]
`)}})
	want := Registry{
		Signals: []Use{{"actor", []string{"a", "b", "c"}}, {"lang", []string{"b", "c"}}},
		Windows: []WindowEntry{{set.Windows[0].ID, `count(by(actor), "1h")`, []string{"a"}}},
		Labels:  []LabelEntry{{"suspct", []string{"a"}, nil}, {"suspect", []string{"b", "c"}, []string{"a"}}},
		Lists:   []Use{{"langs", []string{"b", "c"}}, {"unused", nil}},
	}
	if diff := cmp.Diff(want, set.Registry()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	wantProblems := []string{
		`a.yaml:3:1: warning: rule "a" reads label "suspct", which no rule puts (did you mean "suspect"?)`,
		`a.yaml:10:1: warning: rule "c" has the same condition as "b" (a.yaml:7) (put the effects of both into one)`,
		`a.yaml:15:3: warning: no rule reads list "unused"`,
	}
	if diff := cmp.Diff(wantProblems, got); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestPatterns(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{`(free crypto|giveaway|t\.me/)`, "see t.me/x", true},
		{`(free crypto|giveaway|t\.me/)`, "see tame/x", false},
		{`free|freedom|fry`, "fry", true},
		{`(?i)free`, "FREE", true},
		{`colou?r`, "color", true},
		{`colou?r`, "colr", false},
		{`ca[rt]s`, "cats", true},
		{`^ab$`, "xab", false},
		{`fre+ crypto`, "freee crypto", true},
		{`x*`, "", true},
		{`(a|b)+c{2,3}d?`, "bbccc", true},
		{`(a|b)+c{2,3}`, "bbc", false},
		{`\d{4}-win`, "1234-win", true},
		{`.`, "", false},
		{`a|`, "zzz", true},
	}
	for _, tt := range tests {
		match, err := compilePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := match(tt.text); got != tt.want {
			t.Errorf("%q matches %q: got %v, want %v", tt.text, tt.pattern, got, tt.want)
		}
	}
}

// catalog is every signal's name, so that a signal that is renamed or lost is noticed: rules of users depend on them.
func TestCatalogIsStable(t *testing.T) {
	var got strings.Builder
	for _, s := range SignalCatalog() {
		got.WriteString(s.Name + " " + s.Type)
		if s.Entity != event.NoEntity {
			got.WriteString(" [" + s.Entity.String() + "]")
		}
		got.WriteByte('\n')
	}
	golden(t, "testdata/signals.golden", got.String())
}
