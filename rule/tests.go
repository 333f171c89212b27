package rule

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/ringfence/ringfence/event"
)

// Bounds of rule tests.
const (
	maxTests      = 1_000    // of one file
	maxTestEvents = 100_000  // of one test
	maxTestBytes  = 64 << 20 // of the events of one file
)

// testStart is the time of a test's first event where the test gives none; each further one comes a second later.
var testStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Test is one test of a rule set: events, and what the rules must say of them. Running it is up to the caller, who decides the
// events with the rule set beside the test and hands the outcomes to [Test.Check].
type Test struct {
	Name   string
	File   string
	Line   int
	Rules  []string // the rules that the test is about; all if none are named
	Banks  []TestBank
	Events [][]byte // native form, in the order of the file
	Expect []Expectation
}

// TestBank is a bank that a test brings.
type TestBank struct {
	Name     string
	Kind     string // terms unless the test says otherwise
	Good     bool
	Policy   string
	Severity int
	Entries  []string
}

// Expectation is what must hold of one event.
type Expectation struct {
	Event   string
	Rules   []string // exactly these fire, if not nil
	Not     []string // these do not fire
	Effects []ExpectedEffect
}

// ExpectedEffect is an effect that must be among the event's.
type ExpectedEffect struct {
	Do    string // label, review, enforce or notify
	On    string // the target, such as account:a1; group for any group, whose ids are hashes; any if empty
	Value string // any if empty
}

// Outcome is what the rules said of one event.
type Outcome struct {
	Event       string
	Rules       []string // that fired
	Effects     []ExpectedEffect
	Unevaluated map[string]string // by rule: why it was not evaluable
}

// ParseTests reads test files. As with [Compile], the tests are nil if any problem is an error.
func ParseTests(files []File) ([]Test, []Problem) {
	r := &reporter{}
	var tests []Test
	for _, f := range files {
		d := &document{reporter: r, file: f.Name, data: f.Data}
		root, ok := d.root()
		if !ok {
			continue
		}
		top, _ := d.fields(root, "the file", "tests")
		for _, field := range top {
			items := d.items(field.value, "tests")
			if len(items) > maxTests {
				d.errorf(field.at, "split the file", "more than %d tests in a file", maxTests)
				continue
			}
			budget := maxTestBytes
			for _, n := range items {
				tests = append(tests, d.test(n, &budget))
			}
		}
	}
	if HasErrors(r.problems) {
		return nil, r.sorted()
	}
	return tests, r.sorted()
}

// test reads one test.
func (d *document) test(n ast.Node, budget *int) Test {
	at := d.place(n)
	t := Test{File: d.file, Line: at.line}
	fields, ok := d.fields(n, "a test", "name", "rules", "banks", "events", "expect")
	if !ok {
		return t
	}
	b := &testEvents{document: d, at: testStart, ids: map[string]bool{}, budget: budget}
	var expect ast.Node
	for _, f := range fields {
		switch f.key {
		case "name":
			name, _ := d.text(f.value, "name")
			t.Name = name.s
		case "rules":
			t.Rules = d.ids(f.value)
		case "banks":
			banks, _ := d.fields(f.value, "banks")
			for _, bank := range banks {
				t.Banks = append(t.Banks, d.testBank(bank))
			}
		case "events":
			items := d.items(f.value, "events")
			for _, n := range items {
				b.add(n)
			}
		case "expect":
			expect = f.value
		}
	}
	t.Events = b.lines
	switch {
	case t.Name == "":
		d.errorf(at, "add \"name: …\"", "test without a name")
	case len(t.Events) == 0:
		d.errorf(at, "add \"events: …\"", "test without events")
	case expect == nil:
		d.errorf(at, "add \"expect: …\"", "test expects nothing")
	default:
		items := d.items(expect, "expect")
		for _, n := range items {
			t.Expect = append(t.Expect, d.expectation(n, b.ids))
		}
	}
	return t
}

// testBank reads a bank of a test: a list of terms, or {kind: …, good: true, policy: …, severity: …, entries: […]}.
func (d *document) testBank(f field) TestBank {
	b := TestBank{Name: f.key, Kind: "terms"}
	entries := f.value
	if _, list := f.value.(*ast.SequenceNode); !list {
		parts, _ := d.fields(f.value, "a bank", "kind", "good", "policy", "severity", "entries")
		for _, p := range parts {
			if p.key == "entries" {
				entries = p.value
				continue
			}
			v, _ := d.text(p.value, p.key)
			switch p.key {
			case "kind":
				b.Kind = v.s
			case "good":
				if b.Good = v.s == "true"; !b.Good && v.s != "false" {
					d.errorf(v.at, "true or false", "good %q", clip(v.s))
				}
			case "policy":
				b.Policy = v.s
			case "severity":
				var err error
				if b.Severity, err = strconv.Atoi(v.s); err != nil {
					d.errorf(v.at, "a number from 0 to 5", "severity %q", clip(v.s))
				}
			}
		}
	}
	for _, w := range d.words(entries, "an entry") {
		b.Entries = append(b.Entries, w.s)
	}
	return b
}

func (d *document) ids(n ast.Node) []string {
	ids := []string{}
	if s, ok := n.(*ast.SequenceNode); ok && len(s.Values) == 0 {
		return ids
	}
	for _, w := range d.words(n, "a rule id") {
		ids = append(ids, w.s)
	}
	return ids
}

// expectation reads one entry of "expect".
func (d *document) expectation(n ast.Node, known map[string]bool) Expectation {
	var x Expectation
	fields, _ := d.fields(n, "an expectation", "event", "rules", "effects", "not")
	for _, f := range fields {
		switch f.key {
		case "event":
			id, _ := d.text(f.value, "event")
			if x.Event = id.s; id.s != "" && !known[id.s] && !aboutGroup(id.s) {
				d.errorf(id.at, didYouMean(id.s, sortedKeys(known), ""), "the test has no event %q", clip(id.s))
			}
		case "rules":
			x.Rules = d.ids(f.value)
		case "not":
			x.Not = d.ids(f.value)
		case "effects":
			items := d.items(f.value, "effects")
			for _, n := range items {
				var e ExpectedEffect
				parts, _ := d.fields(n, "an expected effect", "do", "on", "value")
				for _, p := range parts {
					v, _ := d.text(p.value, p.key)
					switch p.key {
					case "do":
						e.Do = v.s
					case "on":
						e.On = v.s
						if _, ok := event.ParseEntity(v.s); !ok && v.s != groupTarget {
							d.errorf(v.at, "as in account:a1", "%q is not an entity", clip(v.s))
						}
					case "value":
						e.Value = v.s
					}
				}
				kinds := []string{string(Label), string(Review), string(Enforce), string(Notify)}
				if !slices.Contains(kinds, e.Do) {
					d.errorf(d.place(n), didYouMean(e.Do, kinds, "do is one of "+strings.Join(kinds, ", ")), "an expected effect needs \"do\"")
				}
				x.Effects = append(x.Effects, e)
			}
		}
	}
	if x.Event == "" {
		d.errorf(d.place(n), "add \"event: …\"", "expectation without an event")
	}
	return x
}

// testEvents turns the events of one test into native lines.
type testEvents struct {
	*document
	at     time.Time // of the next event that gives no time
	ids    map[string]bool
	lines  [][]byte
	budget *int
}

// add reads one entry of "events": a native event, or many alike with repeat.
func (b *testEvents) add(n ast.Node) {
	fields, ok := b.fields(n, "an event")
	if !ok {
		return
	}
	repeat, every := 1, time.Second
	values := map[string]any{}
	for _, f := range fields {
		switch f.key {
		case "repeat":
			if repeat, ok = b.integer(f.value, "repeat", 1, maxTestEvents); !ok {
				return
			}
		case "every":
			if every, ok = b.duration(f.value, "every"); !ok {
				return
			}
		default:
			if values[f.key], ok = b.plain(f.value); !ok {
				return
			}
		}
	}
	if given, ok := values["time"].(string); ok {
		t, err := time.Parse(time.RFC3339Nano, given)
		if err != nil {
			b.errorf(b.place(n), "as in 2026-01-01T00:00:00Z", "bad time %q", clip(given))
			return
		}
		b.at = t
	}
	for i := 1; i <= repeat; i++ {
		if !b.line(b.place(n), values, i) {
			return
		}
		b.at = b.at.Add(every)
	}
}

// line writes the i-th of the events that an entry stands for; false if it is refused, which is then reported.
func (b *testEvents) line(at place, values map[string]any, i int) bool {
	v := maps.Clone(values)
	v["time"] = event.FormatTime(b.at.UnixNano())
	if _, given := v["id"]; !given {
		v["id"] = "e" + strconv.Itoa(len(b.lines)+1)
	}
	line, err := json.Marshal(numbered(v, strconv.Itoa(i)))
	if err != nil {
		b.errorf(at, "", "event: %v", err)
		return false
	}
	var e event.Event
	if err := event.NewDecoder(event.DefaultLimits()).Decode(line, &e); err != nil {
		b.errorf(at, "", "event: %v", err)
		return false
	}
	*b.budget -= len(line)
	switch {
	case b.ids[e.ID]:
		b.errorf(at, "put {i} into the id of a repeated event", "event %q is there twice", clip(e.ID))
		return false
	case len(b.lines) == maxTestEvents:
		b.errorf(at, "", "more than %d events in a test", maxTestEvents)
		return false
	case *b.budget < 0:
		b.errorf(at, "repeat less", "the events of the file pass %d MiB", maxTestBytes>>20)
		return false
	}
	b.ids[e.ID] = true
	b.lines = append(b.lines, line)
	return true
}

// plain is a node as JSON has it.
func (d *document) plain(n ast.Node) (any, bool) {
	switch n := n.(type) {
	case *ast.NullNode:
		return nil, true
	case *ast.BoolNode:
		return n.Value, true
	case *ast.IntegerNode:
		return n.Value, true
	case *ast.FloatNode:
		if !math.IsNaN(n.Value) && !math.IsInf(n.Value, 0) {
			return n.Value, true
		}
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.SequenceNode:
		list := make([]any, len(n.Values))
		for i, item := range n.Values {
			v, ok := d.plain(item)
			if !ok {
				return nil, false
			}
			list[i] = v
		}
		return list, true
	case *ast.MappingNode, *ast.MappingValueNode:
		fields, ok := d.fields(n, "a mapping")
		m := map[string]any{}
		for _, f := range fields {
			v, fine := d.plain(f.value)
			ok = ok && fine
			m[f.key] = v
		}
		return m, ok
	}
	d.errorf(d.place(n), "", "an event cannot hold NaN or an infinity")
	return nil, false
}

// numbered is a value with {i} replaced in every text.
func numbered(v any, i string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "{i}", i)
	case []any:
		out := make([]any, len(v))
		for k, item := range v {
			out[k] = numbered(item, i)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = numbered(item, i)
		}
		return out
	}
	return v
}
