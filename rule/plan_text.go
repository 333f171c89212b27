package rule

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/overloads"

	"github.com/ringfence/ringfence/event"
)

// function lowers the functions that rules use most; the interpreter has the others.
func function(name string, nodes []node, args []celast.Expr) (node, bool) {
	switch name {
	case overloads.Size:
		return size(nodes[0])
	case overloads.Contains:
		return textTest(nodes, args, strings.Contains)
	case overloads.StartsWith:
		return textTest(nodes, args, strings.HasPrefix)
	case overloads.EndsWith:
		return textTest(nodes, args, strings.HasSuffix)
	case overloads.Matches:
		return matches(nodes, args)
	case "lowerAscii":
		return mapText(nodes, args, lowerASCII)
	case overloads.TypeConvertDouble:
		return toDouble(nodes[0])
	}
	if part, ok := timeParts[name]; ok && len(nodes) == 1 && nodes[0].kind == kindTime {
		of := nodes[0].int
		return intNode(kindInt, func(ev *Evaluation) (int64, *fault) {
			ns, f := of(ev)
			return part(time.Unix(0, ns).UTC()), f
		}), true
	}
	return node{}, false
}

// timeParts are the parts of a timestamp, in UTC.
var timeParts = map[string]func(time.Time) int64{
	overloads.TimeGetFullYear:   func(t time.Time) int64 { return int64(t.Year()) },
	overloads.TimeGetMonth:      func(t time.Time) int64 { return int64(t.Month()) - 1 },
	overloads.TimeGetDate:       func(t time.Time) int64 { return int64(t.Day()) },
	overloads.TimeGetDayOfMonth: func(t time.Time) int64 { return int64(t.Day()) - 1 },
	overloads.TimeGetDayOfWeek:  func(t time.Time) int64 { return int64(t.Weekday()) },
	overloads.TimeGetHours:      func(t time.Time) int64 { return int64(t.Hour()) },
	overloads.TimeGetMinutes:    func(t time.Time) int64 { return int64(t.Minute()) },
	overloads.TimeGetSeconds:    func(t time.Time) int64 { return int64(t.Second()) },
}

func size(a node) (node, bool) {
	switch a.kind {
	case kindString:
		return intNode(kindInt, func(ev *Evaluation) (int64, *fault) { v, f := a.str(ev); return int64(utf8.RuneCountInString(v)), f }), true
	case kindList:
		return intNode(kindInt, func(ev *Evaluation) (int64, *fault) { v, f := a.list(ev); return int64(len(v)), f }), true
	}
	return node{}, false
}

func toDouble(a node) (node, bool) {
	switch a.kind {
	case kindInt:
		return doubleNode(func(ev *Evaluation) (float64, *fault) { v, f := a.int(ev); return float64(v), f }), true
	case kindDouble:
		return a, true
	}
	return node{}, false
}

func textTest(nodes []node, args []celast.Expr, test func(s, part string) bool) (node, bool) {
	a, b := asString(nodes[0], canonical(args[0])), asString(nodes[1], canonical(args[1]))
	if a.kind != kindString || b.kind != kindString {
		return node{}, false
	}
	if b.constant {
		part, _ := b.str(nil)
		return boolNode(func(ev *Evaluation) (bool, *fault) {
			s, f := a.str(ev)
			return f == nil && test(s, part), f
		}), true
	}
	return boolNode(matched(a.str, b.str, test)), true
}

func matches(nodes []node, args []celast.Expr) (node, bool) {
	a := asString(nodes[0], canonical(args[0]))
	pattern, ok := literalString(args[1])
	if a.kind != kindString || !ok {
		return node{}, false
	}
	match, err := compilePattern(pattern)
	if err != nil {
		return node{}, false
	}
	return boolNode(func(ev *Evaluation) (bool, *fault) {
		s, f := a.str(ev)
		return f == nil && match(s), f
	}), true
}

func mapText(nodes []node, args []celast.Expr, change func(string) string) (node, bool) {
	a := asString(nodes[0], canonical(args[0]))
	if a.kind != kindString {
		return node{}, false
	}
	return textNode(func(ev *Evaluation) (string, *fault) {
		s, f := a.str(ev)
		if f != nil {
			return "", f
		}
		return change(s), nil
	}), true
}

// lowerASCII allocates only where there is something to change.
func lowerASCII(s string) string {
	upper := func(r rune) bool { return 'A' <= r && r <= 'Z' }
	if strings.IndexFunc(s, upper) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if upper(r) {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// in lowers membership in a list of strings, and in a constant list of numbers.
func (p *planner) in(element, list celast.Expr) (node, bool) {
	x, ok := p.lower(element)
	if !ok {
		return node{}, false
	}
	if list.Kind() == celast.ListKind && x.kind == kindInt {
		return inNumbers(x, list)
	}
	l, ok := p.lower(list)
	if !ok || l.kind != kindList {
		return node{}, false
	}
	switch x.kind {
	case kindString:
		if l.set != nil {
			return boolNode(func(ev *Evaluation) (bool, *fault) {
				v, f := x.str(ev)
				if f != nil {
					return false, f
				}
				_, found := l.set[v]
				return found, nil
			}), true
		}
		if l.constant {
			items, _ := l.list(nil)
			return boolNode(func(ev *Evaluation) (bool, *fault) {
				v, f := x.str(ev)
				return f == nil && slices.Contains(items, v), f
			}), true
		}
		return boolNode(matched(x.str, l.list, func(v string, items []string) bool { return slices.Contains(items, v) })), true
	case kindDyn:
		return boolNode(matched(x.dyn, l.list, func(v event.Value, items []string) bool {
			return v.Kind == event.String && slices.Contains(items, v.Str)
		})), true
	}
	return node{}, false
}

func inNumbers(x node, list celast.Expr) (node, bool) {
	var items []int64
	for _, e := range list.AsList().Elements() {
		v, ok := literalInt(e)
		if !ok {
			return node{}, false
		}
		items = append(items, v)
	}
	if x.constant {
		return node{}, false
	}
	return boolNode(func(ev *Evaluation) (bool, *fault) {
		v, f := x.int(ev)
		return f == nil && slices.Contains(items, v), f
	}), true
}
