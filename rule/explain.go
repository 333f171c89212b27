package rule

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/ringfence/ringfence/event"
)

// Explanation is how a rule came to what it said of an event.
type Explanation struct {
	Rule        string
	Version     string
	Fired       bool
	Unevaluated string      // why it could not be evaluated; empty if it could
	Reason      string      // if it fired
	Conditions  []Condition // the condition, and what && || ! divide it into, from the top down
	Signals     []Reading   // by name
	Windows     []Reading
}

// Condition is a part of a rule's condition.
type Condition struct {
	Text  string
	Depth int    // 0 for the whole
	Value string // true, false or unknown
	Why   string // why it is unknown
}

// Reading is a value that the rule read.
type Reading struct {
	Name  string
	Value string // unknown if it is
	Why   string // why it is unknown
}

const unknown = "unknown"

// term is a part of a rule's condition, as written.
type term struct {
	expr  celast.Expr
	text  string
	depth int
}

// maxTerms bounds how much of a condition an explanation shows.
const maxTerms = 200

// termsOf divides a condition at its logical operators. It is called before lifting, which renames what the author wrote.
func termsOf(x *expression) (terms []term) {
	var visit func(e celast.Expr, within string, depth int)
	visit = func(e celast.Expr, within string, depth int) {
		if len(terms) == maxTerms {
			return
		}
		operator := logical(e)
		if operator != within || operator == "" { // a chain of the same operator is one condition with many parts
			text, err := cel.ExprToString(e, x.SourceInfo())
			if err != nil {
				return
			}
			terms = append(terms, term{e, strings.Join(strings.Fields(text), " "), depth})
			depth++
		}
		if operator != "" {
			for _, a := range e.AsCall().Args() {
				visit(a, operator, depth)
			}
		}
	}
	visit(x.Expr(), "", 0)
	return terms
}

// logical is the logical operator that an expression is made with; empty if it is made otherwise.
func logical(e celast.Expr) string {
	if e.Kind() != celast.CallKind {
		return ""
	}
	switch name := e.AsCall().FunctionName(); name {
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot:
		return name
	}
	return ""
}

// Explain shows how the rule came to its result for the event under evaluation. It plans the condition's parts anew: it is for
// people, not for the hot path.
func (ev *Evaluation) Explain(r *Rule) Explanation {
	out := Explanation{Rule: r.ID, Version: r.Version}
	fired, f := r.when.bool(ev)
	if f != nil {
		out.Unevaluated = f.why
	} else if out.Fired = fired; fired {
		out.Reason = ev.Reason(r)
	}
	c := &compiler{reporter: &reporter{}, lang: ev.set.lang, set: ev.set}
	for _, t := range r.terms {
		n := asBool(c.plan(r.expr, t.expr), t.text)
		if n.kind != kindBool {
			continue
		}
		value, why := n.reading(ev)
		out.Conditions = append(out.Conditions, Condition{t.text, t.depth, value, why})
	}
	out.Signals, out.Windows = ev.Readings(r)
	return out
}

// Readings is what the rule reads of the event under evaluation, signals and windows, each by name. It formats what it gives, some
// microseconds for a rule: it is for a rule that fired.
func (ev *Evaluation) Readings(r *Rule) (signals, windows []Reading) {
	for name := range r.uses.signals {
		value, why := ev.set.names[name].reading(ev)
		signals = append(signals, Reading{name, value, why})
	}
	for w := range r.uses.windows {
		value, why := ev.set.names["@window "+w.ID].reading(ev)
		windows = append(windows, Reading{w.Text, value, why})
	}
	byName := func(a, b Reading) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(signals, byName)
	slices.SortFunc(windows, byName)
	return signals, windows
}

func (n node) reading(ev *Evaluation) (value, why string) {
	value = n.format(ev)
	if f := n.fault(ev); f != nil {
		return unknown, f.why
	}
	return value, ""
}

// format writes a value for people; an unknown one as "unknown".
func (n node) format(ev *Evaluation) string {
	s, f := "", n.fault(ev)
	if f != nil {
		return unknown
	}
	switch n.kind {
	case kindBool:
		v, _ := n.bool(ev)
		s = strconv.FormatBool(v)
	case kindInt:
		v, _ := n.int(ev)
		s = strconv.FormatInt(v, 10)
	case kindTime:
		v, _ := n.int(ev)
		s = event.FormatTime(v)
	case kindDuration:
		v, _ := n.int(ev)
		s = formatDuration(time.Duration(v))
	case kindDouble:
		v, _ := n.double(ev)
		s = strconv.FormatFloat(v, 'g', -1, 64)
	case kindString:
		s, _ = n.str(ev)
	case kindList:
		v, _ := n.list(ev)
		s = strings.Join(v, ", ")
	case kindDyn:
		v, _ := n.dyn(ev)
		switch v.Kind {
		case event.String:
			s = v.Str
		case event.Number:
			s = strconv.FormatFloat(v.Num, 'g', -1, 64)
		case event.Bool:
			s = strconv.FormatBool(v.Bool)
		}
	}
	return s
}

// formatDuration writes whole hours as 72h rather than 72h0m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
