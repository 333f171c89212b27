package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/ringfence/ringfence/event"
)

// Bounds of windows.
const (
	maxWindows  = 10_000
	minDuration = time.Second
	maxDuration = 400 * 24 * time.Hour
)

// windowFunc says how a window function is called and what it gives.
type windowFunc struct {
	value    bool // the first argument is a value; the keys follow
	duration bool // a duration follows the keys
	kind     kind
}

var windowFuncs = map[string]windowFunc{
	string(Count):         {duration: true, kind: kindInt},
	string(CountDistinct): {value: true, duration: true, kind: kindInt},
	string(Sum):           {value: true, duration: true, kind: kindDouble},
	string(RateLimited):   {kind: kindBool},
	string(Sessionize):    {duration: true, kind: kindTime},
	string(Trending):      {duration: true, kind: kindBool},
	string(FirstSeen):     {duration: true, kind: kindTime},
	string(LastSeen):      {duration: true, kind: kindTime},
}

// lifter replaces, in one checked expression, every call that reads state by a name whose value the evaluation supplies: windows,
// has(), hasLabel(), list(), and the fields of attrs.
type lifter struct {
	c       *compiler
	x       *expression
	on      []string // the rule's kinds, which feed windows by default
	rule    *Rule
	locals  []string // loop variables in scope
	within  string   // the window call that is being lifted; windows do not nest
	factory celast.ExprFactory
}

// lift rewrites the expression; false if something in it was refused, which is then reported.
func (l *lifter) lift(e celast.Expr) bool {
	switch e.Kind() {
	case celast.IdentKind:
		if _, ok := l.c.lang.signals[e.AsIdent()]; ok {
			l.rule.reads(e.AsIdent())
		}
	case celast.CallKind:
		return l.call(e)
	case celast.SelectKind:
		s := e.AsSelect()
		if isAttrs(s.Operand()) && !s.IsTestOnly() {
			l.attr(e, s.FieldName())
			return true
		}
		return l.lift(s.Operand())
	case celast.ListKind:
		return l.all(e.AsList().Elements())
	case celast.MapKind:
		ok := true
		for _, entry := range e.AsMap().Entries() {
			ok = l.lift(entry.AsMapEntry().Key()) && l.lift(entry.AsMapEntry().Value()) && ok
		}
		return ok
	case celast.ComprehensionKind:
		loop := e.AsComprehension()
		if !l.lift(loop.IterRange()) || !l.lift(loop.AccuInit()) {
			return false
		}
		l.locals = append(l.locals, loop.IterVar(), loop.AccuVar())
		ok := l.all([]celast.Expr{loop.LoopCondition(), loop.LoopStep(), loop.Result()})
		l.locals = l.locals[:len(l.locals)-2]
		return ok
	}
	return true
}

func (l *lifter) all(exprs []celast.Expr) bool {
	ok := true
	for _, e := range exprs {
		ok = l.lift(e) && ok
	}
	return ok
}

func (l *lifter) call(e celast.Expr) bool {
	call := e.AsCall()
	name, args := call.FunctionName(), call.Args()
	if f, isWindow := windowFuncs[name]; isWindow && !call.IsMemberFunction() {
		return l.window(e, f)
	}
	switch name {
	case fnHas:
		return l.has(e, args[0])
	case fnHasLabel:
		return l.hasLabel(e, args)
	case fnList:
		return l.list(e, args[0])
	case fnBy, fnWhere, fnOn, fnTake, fnStrict:
		l.c.errorf(l.x.place(e.ID()), "as in "+functions[0].Signature, "%s(…) belongs inside a window call", name)
		return false
	case operators.Index:
		if key, ok := literalString(args[1]); ok && isAttrs(args[0]) {
			l.attr(e, key)
			return true
		}
	}
	if call.IsMemberFunction() && !l.lift(call.Target()) {
		return false
	}
	return l.all(args)
}

// replace puts a name in the place of an expression.
func (l *lifter) replace(e celast.Expr, name string) {
	e.SetKindCase(l.factory.NewIdent(e.ID(), name))
	l.x.SetReference(e.ID(), celast.NewIdentReference(name, nil))
}

func isAttrs(e celast.Expr) bool { return e.Kind() == celast.IdentKind && e.AsIdent() == "attrs" }

func literalString(e celast.Expr) (string, bool) {
	if e.Kind() != celast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

func literalInt(e celast.Expr) (int64, bool) {
	if e.Kind() != celast.LiteralKind {
		return 0, false
	}
	v, ok := e.AsLiteral().(types.Int)
	return int64(v), ok
}

// attr makes a name of a field of attrs.
func (l *lifter) attr(e celast.Expr, key string) {
	name := "attrs." + key
	l.c.set.define(name, func() node { return dynNode(attr(key)) })
	l.replace(e, name)
	l.rule.reads(name)
}

// has lifts has(signal).
func (l *lifter) has(e, arg celast.Expr) bool {
	if !l.lift(arg) {
		return false
	}
	name := ""
	if arg.Kind() == celast.IdentKind {
		name = arg.AsIdent()
	}
	n, ok := l.c.set.names[name]
	if !ok || name == "" || strings.HasPrefix(name, "@") {
		l.c.errorf(l.x.place(e.ID()), "as in has(text) or has(attrs.price)", "has() takes a signal")
		return false
	}
	l.rule.reads(name)
	lifted := "@has " + name
	l.c.set.define(lifted, func() node {
		return boolNode(func(ev *Evaluation) (bool, *fault) { return n.fault(ev) == nil, nil })
	})
	l.replace(e, lifted)
	return true
}

// hasLabel lifts hasLabel(entity, "name").
func (l *lifter) hasLabel(e celast.Expr, args []celast.Expr) bool {
	label, constant := literalString(args[1])
	if !constant || !idPattern.MatchString(label) {
		l.c.errorf(l.x.place(args[1].ID()), "use a-z, 0-9 and -, at most 64", "the label of hasLabel must be a constant name")
		return false
	}
	name := ""
	if args[0].Kind() == celast.IdentKind {
		name = args[0].AsIdent()
	}
	s, ok := l.c.lang.signals[name]
	if !ok || s.entity == event.NoEntity {
		known := l.c.lang.entitySignals()
		l.c.errorf(l.x.place(args[0].ID()), didYouMean(name, known, "one of "+strings.Join(known, ", ")), "hasLabel takes a signal that names an entity")
		return false
	}
	l.rule.reads(name)
	l.rule.readsLabel(label)
	lifted := "@label " + name + " " + label
	l.c.set.define(lifted, func() node { return labelNode(s, label) })
	l.replace(e, lifted)
	return true
}

// labelNode asks whether the entity, or any of a list of them, bears a label.
func labelNode(s *signal, label string) node {
	if s.node.kind == kindList {
		return boolNode(func(ev *Evaluation) (bool, *fault) {
			ids, f := s.node.list(ev)
			for _, id := range ids {
				if ev.facts.HasLabel(event.Entity{Kind: s.entity, ID: id}, label) {
					return true, nil
				}
			}
			return false, f
		})
	}
	return boolNode(func(ev *Evaluation) (bool, *fault) {
		id, f := s.node.str(ev)
		return f == nil && ev.facts.HasLabel(event.Entity{Kind: s.entity, ID: id}, label), f
	})
}

// list lifts list("name").
func (l *lifter) list(e, arg celast.Expr) bool {
	name, constant := literalString(arg)
	list, known := l.c.lists[name]
	switch {
	case !constant:
		l.c.errorf(l.x.place(arg.ID()), "", "the name of a list must be a constant")
		return false
	case !known:
		l.c.errorf(l.x.place(arg.ID()), didYouMean(name, l.c.listNames(), "declare it under \"lists:\""), "no list %q", clip(name))
		return false
	}
	list.used = true
	l.rule.readsList(list)
	lifted := "@list " + name
	l.c.set.define(lifted, func() node { return constantList(list.items) })
	l.replace(e, lifted)
	return true
}

// window lifts a window call, and merges it with an equal one if there is one.
func (l *lifter) window(e celast.Expr, f windowFunc) bool {
	call := e.AsCall()
	args, name := call.Args(), call.FunctionName()
	at := l.x.place(e.ID())
	if l.within != "" {
		l.c.errorf(at, "", "%s inside %s: windows do not nest", name, l.within)
		return false
	}
	display, err := cel.ExprToString(e, l.x.SourceInfo())
	if err != nil {
		display = name + "(…)"
	}
	l.within = name
	defer func() { l.within = "" }()

	w := &Window{Text: display, Func: WindowFunc(name), On: l.on, kind: f.kind, Take: 1}
	var identity []string
	if f.value {
		value, canonical, ok := l.part(args[0])
		if !ok {
			return false
		}
		if value.kind == kindList || value.kind == noKind || w.Func == Sum && value.kind != kindInt && value.kind != kindDouble && value.kind != kindDyn {
			l.c.errorf(l.x.place(args[0].ID()), "", "%s does not take a %s", name, value.kind)
			return false
		}
		w.value = &value
		identity = append(identity, "value "+canonical)
		args = args[1:]
	}
	keys, canonical, ok := l.keys(args[0])
	if !ok {
		return false
	}
	w.keys = keys
	identity = append(identity, "by "+canonical)
	args, ok = l.parameters(w, f, args[1:])
	if !ok {
		return false
	}
	condition, ok := l.options(w, args)
	if !ok {
		return false
	}
	identity = append(identity, "where "+condition, "on "+strings.Join(w.On, " "),
		fmt.Sprintf("%s %d %d %d %d %d %v %d", name, w.Duration, w.Max, w.Refill, w.Every, w.Take, w.Strict, w.Min))
	sum := sha256.Sum256([]byte(strings.Join(identity, "\n")))
	w.ID = hex.EncodeToString(sum[:16])
	lifted, ok := l.c.set.intern(w)
	if !ok {
		l.c.errorf(at, "", "more than %d windows in a rule set", maxWindows)
		return false
	}
	l.rule.readsWindow(lifted)
	l.replace(e, "@window "+lifted.ID)
	return true
}

// part lifts and plans an expression inside a window call. It may not read loop variables: a window has one key an event.
func (l *lifter) part(e celast.Expr) (n node, canonicalText string, ok bool) {
	if !l.lift(e) {
		return node{}, "", false
	}
	bad := ""
	celast.PreOrderVisit(e, celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() == celast.IdentKind && slices.Contains(l.locals, e.AsIdent()) {
			bad = e.AsIdent()
		}
	}))
	if bad != "" {
		l.c.errorf(l.x.place(e.ID()), "", "a window cannot depend on the loop variable %q", bad)
		return node{}, "", false
	}
	return l.c.plan(l.x, e), canonical(e), true
}

// keys reads by(…). Their order does not matter.
func (l *lifter) keys(e celast.Expr) (*keyset, string, bool) {
	if e.Kind() != celast.CallKind || e.AsCall().FunctionName() != fnBy {
		l.c.errorf(l.x.place(e.ID()), "", "write by(…) here")
		return nil, "", false
	}
	planned := map[string]node{}
	for _, arg := range e.AsCall().Args() {
		n, text, ok := l.part(arg)
		if !ok {
			return nil, "", false
		}
		if n.kind == kindList || n.kind == noKind {
			l.c.errorf(l.x.place(arg.ID()), "use a signal with a single value", "a list cannot be a key")
			return nil, "", false
		}
		if n.constant {
			l.c.errorf(l.x.place(arg.ID()), "name a signal, without quotes", "a key is the same for every event")
			return nil, "", false
		}
		planned[text] = n
	}
	texts := make([]string, 0, len(planned))
	for text := range planned {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	text := strings.Join(texts, ", ")
	return l.c.set.keyset(text, texts, planned), text, true
}

// parameters reads what follows the keys up to the options.
func (l *lifter) parameters(w *Window, f windowFunc, args []celast.Expr) (rest []celast.Expr, ok bool) {
	if f.duration {
		if w.Duration, ok = l.duration(args[0]); !ok {
			return nil, false
		}
		args = args[1:]
	}
	switch w.Func {
	case Trending:
		if w.Min, ok = l.integer(args[0], "min", 1); !ok {
			return nil, false
		}
		return args[1:], true
	case RateLimited:
		if w.Max, ok = l.integer(args[0], "max", 1); !ok {
			return nil, false
		}
		if w.Refill, ok = l.integer(args[1], "refill", 1); !ok {
			return nil, false
		}
		if w.Every, ok = l.duration(args[2]); !ok {
			return nil, false
		}
		return args[3:], true
	}
	return args, true
}

// options reads where, on, take and strict, and gives the condition's canonical text.
func (l *lifter) options(w *Window, args []celast.Expr) (condition string, ok bool) {
	seen := map[string]bool{}
	for _, arg := range args {
		if arg.Kind() != celast.CallKind {
			l.c.errorf(l.x.place(arg.ID()), "", "write where(…) or on(…) here")
			return "", false
		}
		name, args := arg.AsCall().FunctionName(), arg.AsCall().Args()
		if seen[name] {
			l.c.errorf(l.x.place(arg.ID()), "", "%s twice in one window call", name)
			return "", false
		}
		seen[name] = true
		switch name {
		case fnWhere:
			where, text, ok := l.part(args[0])
			if !ok {
				return "", false
			}
			if where.constant {
				l.c.errorf(l.x.place(arg.ID()), "", "where is the same for every event")
				return "", false
			}
			where = asBool(where, text)
			w.where, condition = &where, text
		case fnOn:
			var kinds []string
			for _, a := range args {
				kind, constant := literalString(a)
				if !constant || kind != anyKind && !kindPattern.MatchString(kind) {
					l.c.errorf(l.x.place(a.ID()), "a lower-case word such as \"signup\"", "bad event kind in on(…)")
					return "", false
				}
				kinds = append(kinds, kind)
			}
			w.On = sortedSet(kinds)
		case fnTake, fnStrict:
			if w.Func != RateLimited {
				l.c.errorf(l.x.place(arg.ID()), "", "%s goes with rateLimited only", name)
				return "", false
			}
			w.Strict = w.Strict || name == fnStrict
			if name == fnTake {
				if w.Take, ok = l.integer(args[0], "take", 0); !ok {
					return "", false
				}
				if w.Take > w.Max {
					l.c.errorf(l.x.place(arg.ID()), "", "an event cannot take more than max")
					return "", false
				}
			}
		default:
			l.c.errorf(l.x.place(arg.ID()), "", "write where(…) or on(…) here")
			return "", false
		}
	}
	return condition, true
}

func (l *lifter) duration(e celast.Expr) (time.Duration, bool) {
	s, constant := literalString(e)
	if !constant {
		l.c.errorf(l.x.place(e.ID()), "as in \"1h\"", "a window's time must be a constant")
		return 0, false
	}
	d, hint, err := parseDuration(s)
	switch {
	case err != nil:
		l.c.errorf(l.x.place(e.ID()), hint, "%v", err)
		return 0, false
	case d < minDuration || d > maxDuration:
		l.c.errorf(l.x.place(e.ID()), "", "a window's time must be from %v to %v, not %v", minDuration, maxDuration, d)
		return 0, false
	}
	return d, true
}

func (l *lifter) integer(e celast.Expr, what string, low int64) (int64, bool) {
	const high = 1_000_000_000
	v, constant := literalInt(e)
	if !constant || v < low || v > high {
		l.c.errorf(l.x.place(e.ID()), "", "%s must be a constant from %d to %d", what, low, high)
		return 0, false
	}
	return v, true
}

// canonical is an expression's text without anything that does not change its meaning: spacing, comments, quotes, brackets, and
// whether a function was called as a method.
func canonical(e celast.Expr) string {
	var b strings.Builder
	writeCanonical(&b, e)
	return b.String()
}

func writeCanonical(b *strings.Builder, e celast.Expr) {
	group := func(head string, parts ...celast.Expr) {
		b.WriteString("(" + head)
		for _, p := range parts {
			b.WriteByte(' ')
			writeCanonical(b, p)
		}
		b.WriteByte(')')
	}
	switch e.Kind() {
	case celast.IdentKind:
		b.WriteString(canonicalName(e.AsIdent()))
	case celast.LiteralKind:
		switch v := e.AsLiteral().(type) {
		case types.String:
			b.WriteString(strconv.Quote(string(v)))
		case types.Double:
			b.WriteString("d" + strconv.FormatFloat(float64(v), 'g', -1, 64))
		case types.Bytes:
			b.WriteString("b" + strconv.Quote(string(v)))
		default:
			fmt.Fprintf(b, "%s:%v", v.Type().TypeName(), v.Value())
		}
	case celast.SelectKind:
		group("."+e.AsSelect().FieldName(), e.AsSelect().Operand())
	case celast.CallKind:
		call := e.AsCall()
		args := call.Args()
		if call.IsMemberFunction() {
			args = append([]celast.Expr{call.Target()}, args...)
		}
		group(call.FunctionName(), args...)
	case celast.ListKind:
		group("list", e.AsList().Elements()...)
	case celast.MapKind:
		var parts []celast.Expr
		for _, entry := range e.AsMap().Entries() {
			parts = append(parts, entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
		group("map", parts...)
	case celast.ComprehensionKind:
		loop := e.AsComprehension()
		group("loop "+loop.IterVar(), loop.IterRange(), loop.AccuInit(), loop.LoopCondition(), loop.LoopStep(), loop.Result())
	}
}

// canonicalName quotes a name that holds more than a plain name does, so that a field of attrs cannot pass for something else.
func canonicalName(name string) string {
	plain := func(r rune) bool {
		return r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	if strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 {
		return name
	}
	return "$" + strconv.Quote(name)
}
