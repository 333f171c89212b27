package rule

import (
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// loop lowers exists, all and exists_one over a list of strings. CEL's parser turns these macros into folds; they are told apart by
// the fold's first value and its result. Other loops, such as map and filter, are interpreted.
func (p *planner) loop(e celast.Expr) (node, bool) {
	fold := e.AsComprehension()
	items, ok := p.lower(fold.IterRange())
	if !ok || items.kind != kindList || fold.HasIterVar2() || fold.AccuInit().Kind() != celast.LiteralKind || fold.LoopStep().Kind() != celast.CallKind {
		return node{}, false
	}
	step := fold.LoopStep().AsCall()
	var test celast.Expr
	switch step.FunctionName() {
	case operators.LogicalOr, operators.LogicalAnd:
		test = step.Args()[1]
	case operators.Conditional:
		test = step.Args()[0]
	default:
		return node{}, false
	}
	slot := len(p.locals)
	p.locals = append(p.locals, fold.IterVar())
	body, ok := p.lower(test)
	p.locals = p.locals[:slot]
	if !ok {
		return node{}, false
	}
	if body = asBool(body, canonical(test)); body.kind != kindBool {
		return node{}, false
	}
	switch step.FunctionName() {
	case operators.LogicalOr:
		return boolNode(quantified(items.list, body.bool, slot, true)), true
	case operators.LogicalAnd:
		return boolNode(quantified(items.list, body.bool, slot, false)), true
	}
	return boolNode(existsOne(items.list, body.bool, slot)), true
}

// maxLoops is how deep loops nest.
const maxLoops = 2

// quantified is exists (decisive true) or all (decisive false): one element that tests as decisive decides, even if others are unknown.
func quantified(items fn[[]string], test fn[bool], slot int, decisive bool) fn[bool] {
	return func(ev *Evaluation) (bool, *fault) {
		list, f := items(ev)
		if f != nil {
			return false, f
		}
		var why *fault
		for _, item := range list {
			ev.locals[slot] = item
			v, f := test(ev)
			if f == nil && v == decisive {
				return decisive, nil
			}
			if why == nil {
				why = f
			}
		}
		return !decisive, why
	}
}

// existsOne is unknown as soon as the test of any element is.
func existsOne(items fn[[]string], test fn[bool], slot int) fn[bool] {
	return func(ev *Evaluation) (bool, *fault) {
		list, f := items(ev)
		if f != nil {
			return false, f
		}
		n := 0
		var why *fault
		for _, item := range list {
			ev.locals[slot] = item
			v, f := test(ev)
			if f != nil {
				why = f
			} else if v {
				n++
			}
		}
		return n == 1 && why == nil, why
	}
}
