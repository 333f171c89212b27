package rule

import (
	"strings"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/ringfence/ringfence/event"
)

// lifter replaces, in one checked expression, every call that reads state by a name whose value the evaluation supplies: windows,
// has(), hasLabel(), list(), and the fields of attrs.
type lifter struct {
	c       *compiler
	x       *expression
	on      []string // the rule's kinds, which feed windows by default
	rule    *Rule
	locals  []string // loop variables in scope
	within  string   // the window call that is being lifted; windows do not nest
	waits   waiting  // what that call reads of pictures
	factory celast.ExprFactory
}

// lift rewrites the expression; false if something in it was refused, which is then reported.
func (l *lifter) lift(e celast.Expr) bool {
	switch e.Kind() {
	case celast.IdentKind:
		if _, ok := l.c.lang.signals[e.AsIdent()]; ok {
			l.rule.reads(e.AsIdent())
			l.waits.reads(e.AsIdent())
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
	case fnScore:
		return l.score(e, args[0])
	case fnMediaScore:
		return l.mediaScore(e, args[0])
	case fnMatched:
		return l.matched(e, args[0])
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
	if !ok || name == "" || strings.HasPrefix(name, "@") && !strings.HasPrefix(name, "@matched ") && !strings.HasPrefix(name, "@score ") &&
		!strings.HasPrefix(name, "@media.score ") {
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

// score lifts score("model"). Which models there are is known only while events come.
func (l *lifter) score(e, arg celast.Expr) bool {
	model, constant := literalString(arg)
	if !constant || !idPattern.MatchString(model) {
		l.c.errorf(l.x.place(arg.ID()), "use a-z, 0-9 and -, at most 64", "the model of score must be a constant name")
		return false
	}
	l.rule.uses.models[model] = true
	lifted := "@score " + model
	l.c.set.define(lifted, func() node { return scoreNode(model) })
	l.replace(e, lifted)
	return true
}

// mediaScore lifts media.score("policy"). Which policies the scorers know is known only while events come.
func (l *lifter) mediaScore(e, arg celast.Expr) bool {
	policy, constant := literalString(arg)
	if !constant || !idPattern.MatchString(policy) {
		l.c.errorf(l.x.place(arg.ID()), "use a-z, 0-9 and -, at most 64", "the policy of media.score must be a constant name")
		return false
	}
	l.rule.uses.scored[policy] = true
	l.rule.reads(fnMediaScore + "(" + policy + ")")
	l.rule.waits.examined, l.waits.examined = true, true
	lifted := "@media.score " + policy
	l.c.set.define(lifted, func() node { return mediaScoreNode(policy) })
	l.replace(e, lifted)
	return true
}

// matched lifts matched("bank"). Which banks there are is known only while events come.
func (l *lifter) matched(e, arg celast.Expr) bool {
	bank, constant := literalString(arg)
	if !constant || !idPattern.MatchString(bank) {
		l.c.errorf(l.x.place(arg.ID()), "use a-z, 0-9 and -, at most 64", "the bank of matched must be a constant name")
		return false
	}
	l.rule.readsBank(bank)
	l.waits.readsBank(bank)
	lifted := "@matched " + bank
	l.c.set.define(lifted, func() node {
		l.c.set.scratch++
		return matchedNode(bank, l.c.set.scratch-1)
	})
	l.replace(e, lifted)
	return true
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
