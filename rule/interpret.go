package rule

import (
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/ringfence/ringfence/event"
)

// interpret makes a node of an expression that runs on cel-go's interpreter. It costs about half a microsecond and some garbage an
// evaluation. An expression that reads nothing is computed here, once.
func (c *compiler) interpret(x *expression, e celast.Expr, k kind) (node, bool) {
	part := celast.NewCheckedAST(celast.NewAST(e, x.SourceInfo()), x.TypeMap(), x.ReferenceMap())
	program, err := c.lang.env.PlanProgram(part)
	if err != nil {
		return node{}, false
	}
	run := func(ev *Evaluation) ref.Val {
		v, _, err := program.Eval(activation{ev})
		if err != nil {
			return types.WrapErr(err)
		}
		return v
	}
	if readsNothing(e) {
		return constantNode(run(nil), k)
	}
	switch {
	case k == kindBool:
		return boolNode(interpreted(run, func(v types.Bool) (bool, bool) { return bool(v), true })), true
	case k == kindInt:
		return intNode(k, interpreted(run, func(v types.Int) (int64, bool) { return int64(v), true })), true
	case k == kindTime:
		return intNode(k, interpreted(run, func(v types.Timestamp) (int64, bool) { return nanoseconds(v.Time) })), true
	case k == kindDuration:
		return intNode(k, interpreted(run, func(v types.Duration) (int64, bool) { return int64(v.Duration), true })), true
	case k == kindDouble:
		return doubleNode(interpreted(run, func(v types.Double) (float64, bool) { return float64(v), true })), true
	case k == kindString:
		return textNode(interpreted(run, func(v types.String) (string, bool) { return string(v), true })), true
	case k == kindList:
		return listNode(interpreted(run, stringsOf)), true
	}
	return node{}, false
}

// readsNothing reports whether an expression has the same value for every event.
func readsNothing(e celast.Expr) bool {
	reads := false
	celast.PreOrderVisit(e, celast.NewExprVisitor(func(e celast.Expr) {
		reads = reads || e.Kind() == celast.IdentKind || e.Kind() == celast.ComprehensionKind
	}))
	return !reads
}

// constantNode is the node of a value that is the same for every event; a constant error fails at every event.
func constantNode(v ref.Val, k kind) (node, bool) {
	switch v := v.(type) {
	case types.Bool:
		return constantBool(bool(v)), true
	case types.Int:
		return constantInt(kindInt, int64(v)), true
	case types.Double:
		return constantDouble(float64(v)), true
	case types.String:
		return constantString(string(v)), true
	case types.Duration:
		return constantInt(kindDuration, int64(v.Duration)), true
	case types.Timestamp:
		ns, ok := nanoseconds(v.Time)
		return constantInt(kindTime, ns), ok
	case *types.Err:
		why := &fault{v.Error()}
		return node{kind: k, bool: failing[bool](why), int: failing[int64](why), double: failing[float64](why), str: failing[string](why),
			list: failing[[]string](why), dyn: failing[event.Value](why)}, true
	}
	if items, ok := stringsOf(v); ok && k == kindList {
		return constantList(items), true
	}
	return node{}, false
}

// nanoseconds is a time since 1970; ok is false outside the years 1678 to 2262, which int64 cannot hold.
func nanoseconds(t time.Time) (ns int64, ok bool) {
	ns = t.UnixNano()
	return ns, time.Unix(0, ns).Equal(t)
}

var outOfRange = &fault{"value out of range"}

// interpreted reads the interpreter's result as a value of ours.
func interpreted[V ref.Val, T any](run func(*Evaluation) ref.Val, read func(V) (T, bool)) fn[T] {
	return func(ev *Evaluation) (result T, f *fault) {
		v := run(ev)
		if err, failed := v.(*types.Err); failed {
			return result, &fault{err.Error()}
		}
		if typed, ok := v.(V); ok {
			if result, ok = read(typed); ok {
				return result, nil
			}
		}
		return result, outOfRange
	}
}

func stringsOf(v ref.Val) ([]string, bool) {
	l, ok := v.(traits.Lister)
	if !ok {
		return nil, false
	}
	var items []string
	for it := l.Iterator(); it.HasNext() == types.True; {
		s, ok := it.Next().(types.String)
		if !ok {
			return nil, false
		}
		items = append(items, string(s))
	}
	return items, true
}

// activation lets the interpreter read the event under evaluation.
type activation struct{ ev *Evaluation }

func (activation) Parent() cel.Activation { return nil }

// ResolveName is the value of a name; an unknown one is an error that says why, which && and || absorb like any other.
func (a activation) ResolveName(name string) (any, bool) {
	if name == "attrs" {
		return a.ev.attrs(), true
	}
	n, ok := a.ev.set.names[name]
	if !ok {
		return nil, false
	}
	v, f := n.value(a.ev)
	if f != nil {
		return types.NewErr("%s", f.why), true
	}
	return v, true
}

// value is a node's value as the interpreter knows it.
func (n node) value(ev *Evaluation) (ref.Val, *fault) {
	switch n.kind {
	case kindBool:
		v, f := n.bool(ev)
		return types.Bool(v), f
	case kindInt:
		v, f := n.int(ev)
		return types.Int(v), f
	case kindTime:
		v, f := n.int(ev)
		return types.Timestamp{Time: time.Unix(0, v).UTC()}, f
	case kindDuration:
		v, f := n.int(ev)
		return types.Duration{Duration: time.Duration(v)}, f
	case kindDouble:
		v, f := n.double(ev)
		return types.Double(v), f
	case kindString:
		v, f := n.str(ev)
		return types.String(v), f
	case kindList:
		v, f := n.list(ev)
		l := types.NewStringList(types.DefaultTypeAdapter, v)
		if n.set != nil {
			return hashedList{l, n.set}, f
		}
		return l, f
	case kindDyn:
		v, f := n.dyn(ev)
		return dynamic(v), f
	}
	return types.NullValue, nil
}

func dynamic(v event.Value) ref.Val {
	switch v.Kind {
	case event.String:
		return types.String(v.Str)
	case event.Number:
		return types.Double(v.Num)
	case event.Bool:
		return types.Bool(v.Bool)
	}
	return types.NullValue
}

// hashedList is a constant list whose "in" is a lookup.
type hashedList struct {
	traits.Lister
	set map[string]struct{}
}

func (l hashedList) Contains(v ref.Val) ref.Val {
	s, ok := v.(types.String)
	if ok {
		_, ok = l.set[string(s)]
	}
	return types.Bool(ok)
}
