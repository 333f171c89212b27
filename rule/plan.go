package rule

import (
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/ringfence/ringfence/event"
)

// planner lowers one lifted expression to closures. What it has no closure for, it gives to cel-go's interpreter: the smallest part
// whose value has a kind of ours.
type planner struct {
	c      *compiler
	x      *expression
	locals []string // loop variables in scope; a variable's place is its slot in Evaluation.locals
}

// plan lowers an expression. The node's kind is noKind if its value has no kind of ours, such as a map.
func (c *compiler) plan(x *expression, e celast.Expr) node {
	p := &planner{c: c, x: x}
	n, _ := p.lower(e)
	return n
}

// lower gives the node of an expression; false if neither the planner nor the interpreter can give one. The interpreter cannot see
// our loop variables, so inside a loop only closures will do: failing that, the whole loop is interpreted.
func (p *planner) lower(e celast.Expr) (node, bool) {
	if n, ok := p.native(e); ok {
		return n, true
	}
	k := kindOf(p.x.GetType(e.ID()))
	if len(p.locals) > 0 || k == noKind || k == kindDyn {
		return node{}, false
	}
	return p.c.interpret(p.x, e, k)
}

func (p *planner) native(e celast.Expr) (node, bool) {
	switch e.Kind() {
	case celast.LiteralKind:
		return literal(e)
	case celast.IdentKind:
		return p.ident(e.AsIdent())
	case celast.ListKind:
		return p.stringList(e)
	case celast.CallKind:
		return p.call(e)
	case celast.ComprehensionKind:
		return p.loop(e)
	}
	return node{}, false
}

func literal(e celast.Expr) (node, bool) {
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		return constantBool(bool(v)), true
	case types.Int:
		return constantInt(kindInt, int64(v)), true
	case types.Double:
		return constantDouble(float64(v)), true
	case types.String:
		return constantString(string(v)), true
	}
	return node{}, false
}

func (p *planner) ident(name string) (node, bool) {
	for slot := len(p.locals) - 1; slot >= 0; slot-- {
		if p.locals[slot] == name {
			return textNode(func(ev *Evaluation) (string, *fault) { return ev.locals[slot], nil }), true
		}
	}
	n, ok := p.c.set.names[name]
	return n, ok
}

// stringList is a list of constant strings.
func (p *planner) stringList(e celast.Expr) (node, bool) {
	elements := e.AsList().Elements()
	items := make([]string, 0, len(elements))
	for _, element := range elements {
		s, ok := literalString(element)
		if !ok {
			return node{}, false
		}
		items = append(items, s)
	}
	return constantList(items), len(items) > 0
}

func (p *planner) call(e celast.Expr) (node, bool) {
	call := e.AsCall()
	name, args := call.FunctionName(), call.Args()
	if call.IsMemberFunction() {
		args = append([]celast.Expr{call.Target()}, args...)
	}
	switch name {
	case operators.In:
		return p.in(args[0], args[1])
	case operators.LogicalAnd, operators.LogicalOr:
		return p.chain(name, e)
	}
	nodes := make([]node, len(args))
	constants := true
	for i, a := range args {
		n, ok := p.lower(a)
		if !ok {
			return node{}, false
		}
		nodes[i] = n
		constants = constants && n.constant
	}
	if constants && len(p.locals) == 0 {
		return node{}, false // the interpreter computes it once
	}
	switch name {
	case operators.LogicalNot:
		return not(asBool(nodes[0], canonical(args[0])))
	case operators.Conditional:
		return choose(asBool(nodes[0], canonical(args[0])), nodes[1], nodes[2])
	case operators.Equals, operators.NotEquals:
		return equality(name == operators.NotEquals, nodes[0], nodes[1])
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return order(comparison(name), nodes[0], nodes[1], args)
	case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo:
		return arithmetic(name, nodes[0], nodes[1], args)
	case operators.Negate:
		return negate(nodes[0])
	}
	return function(name, nodes, args)
}

// asBool reads a value whose type the event decides as a bool, as the logical operators do.
func asBool(n node, text string) node {
	if n.kind != kindDyn {
		return n
	}
	wrong := wrongKinds(text, "bool")
	return boolNode(func(ev *Evaluation) (bool, *fault) {
		v, f := n.dyn(ev)
		if f == nil && v.Kind != event.Bool {
			f = wrong[v.Kind]
		}
		return v.Bool, f
	})
}

// wrongKinds are the faults of a value that is not of the kind an operation needs.
func wrongKinds(text, want string) (f [event.Bool + 1]*fault) {
	text = clip(text)
	f[event.Null] = &fault{text + " is null"}
	f[event.String] = &fault{text + " is a string, not a " + want}
	f[event.Number] = &fault{text + " is a number, not a " + want}
	f[event.Bool] = &fault{text + " is a bool, not a " + want}
	return f
}

// chain lowers a run of && or ||. As in CEL, one operand that is false, or true, decides even if others are unknown; otherwise the
// first unknown one is the cause.
func (p *planner) chain(operator string, e celast.Expr) (node, bool) {
	decisive := operator == operators.LogicalOr
	var operands []fn[bool]
	decided, ok := false, true
	var collect func(e celast.Expr)
	collect = func(e celast.Expr) {
		if logical(e) == operator {
			for _, a := range e.AsCall().Args() {
				collect(a)
			}
			return
		}
		n, fine := p.lower(e)
		if n = asBool(n, canonical(e)); !fine || n.kind != kindBool {
			ok = false
			return
		}
		if !n.constant {
			operands = append(operands, n.bool)
		} else if v, _ := n.bool(nil); v == decisive {
			decided = true
		}
	}
	collect(e)
	switch {
	case !ok:
		return node{}, false
	case decided:
		return constantBool(decisive), true
	case len(operands) == 0:
		return constantBool(!decisive), true
	case len(operands) == 1:
		return boolNode(operands[0]), true
	}
	return boolNode(func(ev *Evaluation) (bool, *fault) {
		var why *fault
		for _, operand := range operands {
			switch v, f := operand(ev); {
			case f != nil:
				if why == nil {
					why = f
				}
			case v == decisive:
				return decisive, nil
			}
		}
		return !decisive, why
	}), true
}

func not(a node) (node, bool) {
	if a.kind != kindBool {
		return node{}, false
	}
	of := a.bool
	return boolNode(func(ev *Evaluation) (bool, *fault) { v, f := of(ev); return !v, f }), true
}

// choose is c ? a : b.
func choose(c, a, b node) (node, bool) {
	if c.kind != kindBool || a.kind != b.kind {
		return node{}, false
	}
	n := node{kind: a.kind}
	switch {
	case a.kind.integral():
		n.int = choice(c.bool, a.int, b.int)
	case a.kind == kindBool:
		n.bool = choice(c.bool, a.bool, b.bool)
	case a.kind == kindDouble:
		n.double = choice(c.bool, a.double, b.double)
	case a.kind == kindString:
		n.str = choice(c.bool, a.str, b.str)
	case a.kind == kindList:
		n.list = choice(c.bool, a.list, b.list)
	case a.kind == kindDyn:
		n.dyn = choice(c.bool, a.dyn, b.dyn)
	}
	return n, n.kind != noKind
}

func choice[T any](c fn[bool], a, b fn[T]) fn[T] {
	return func(ev *Evaluation) (v T, f *fault) {
		yes, f := c(ev)
		if f != nil {
			return v, f
		}
		if yes {
			return a(ev)
		}
		return b(ev)
	}
}
