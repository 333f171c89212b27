package rule

import (
	"cmp"
	"math"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/ringfence/ringfence/event"
)

// relation is one of < <= > >=.
type relation uint8

const (
	less relation = iota
	lessEqual
	greater
	greaterEqual
)

func comparison(operator string) relation {
	switch operator {
	case operators.Less:
		return less
	case operators.LessEquals:
		return lessEqual
	case operators.Greater:
		return greater
	}
	return greaterEqual
}

// mirrored is the relation that holds of b, a where r holds of a, b.
func (r relation) mirrored() relation {
	return [...]relation{greater, greaterEqual, less, lessEqual}[r]
}

// unordered is how NaN compares with anything: no relation holds.
const unordered = 2

// holds reports whether the relation holds of two values that compare as c.
func (r relation) holds(c int) bool {
	if c == unordered {
		return false
	}
	switch r {
	case less:
		return c < 0
	case lessEqual:
		return c <= 0
	case greater:
		return c > 0
	}
	return c >= 0
}

// order lowers a relation.
func order(r relation, a, b node, args []celast.Expr) (node, bool) {
	if a.kind == kindDyn || b.kind == kindDyn {
		return orderDyn(r, a, b, args)
	}
	switch {
	case a.kind == b.kind && a.kind.integral():
		return boolNode(ordered(r, a.int, b.int, a.constant, b.constant)), true
	case a.kind == kindString && b.kind == kindString:
		return boolNode(ordered(r, a.str, b.str, a.constant, b.constant)), true
	case a.kind == kindDouble && b.kind == kindDouble:
		return boolNode(compared(r, a.double, b.double, compareDoubles)), true
	case a.kind == kindDouble && b.kind == kindInt:
		return boolNode(compared(r, a.double, b.int, compareDoubleInt)), true
	case a.kind == kindInt && b.kind == kindDouble:
		return boolNode(compared(r, a.int, b.double, compareIntDouble)), true
	}
	return node{}, false
}

// ordered compares values that are totally ordered. The usual case, a signal or window against a constant, costs one call less.
func ordered[T cmp.Ordered](r relation, a, b fn[T], constantA, constantB bool) fn[bool] {
	if constantA {
		c, _ := a(nil)
		return orderedConstant(r.mirrored(), b, c)
	}
	if constantB {
		c, _ := b(nil)
		return orderedConstant(r, a, c)
	}
	return compared(r, a, b, cmp.Compare[T])
}

func orderedConstant[T cmp.Ordered](r relation, a fn[T], c T) fn[bool] {
	switch r {
	case less:
		return func(ev *Evaluation) (bool, *fault) { v, f := a(ev); return v < c, f }
	case lessEqual:
		return func(ev *Evaluation) (bool, *fault) { v, f := a(ev); return v <= c, f }
	case greater:
		return func(ev *Evaluation) (bool, *fault) { v, f := a(ev); return v > c, f }
	}
	return func(ev *Evaluation) (bool, *fault) { v, f := a(ev); return v >= c, f }
}

func compared[A, B any](r relation, a fn[A], b fn[B], compare func(A, B) int) fn[bool] {
	return func(ev *Evaluation) (bool, *fault) {
		x, f := a(ev)
		if f != nil {
			return false, f
		}
		y, f := b(ev)
		if f != nil {
			return false, f
		}
		return r.holds(compare(x, y)), nil
	}
}

func compareDoubles(x, y float64) int {
	if math.IsNaN(x) || math.IsNaN(y) {
		return unordered
	}
	return cmp.Compare(x, y)
}

// compareDoubleInt compares as CEL does: beyond the range of ints exactly, within it as doubles.
func compareDoubleInt(x float64, y int64) int {
	switch {
	case math.IsNaN(x):
		return unordered
	case x < math.MinInt64:
		return -1
	case x > math.MaxInt64:
		return 1
	}
	return cmp.Compare(x, float64(y))
}

func compareIntDouble(x int64, y float64) int {
	if c := compareDoubleInt(y, x); c != unordered {
		return -c
	}
	return unordered
}

// orderDyn compares a value whose type the event decides with one of a known kind.
func orderDyn(r relation, a, b node, args []celast.Expr) (node, bool) {
	left, right := canonical(args[0]), canonical(args[1])
	switch {
	case a.kind == kindDyn && b.kind == kindInt:
		return boolNode(compared(r, asDouble(a, left), b.int, compareDoubleInt)), true
	case a.kind == kindDyn && b.kind == kindDouble:
		return boolNode(compared(r, asDouble(a, left), b.double, compareDoubles)), true
	case a.kind == kindInt:
		return boolNode(compared(r, a.int, asDouble(b, right), compareIntDouble)), true
	case a.kind == kindDouble:
		return boolNode(compared(r, a.double, asDouble(b, right), compareDoubles)), true
	case a.kind == kindString || b.kind == kindString:
		return boolNode(compared(r, asString(a, left).str, asString(b, right).str, cmp.Compare[string])), true
	}
	return node{}, false
}

func asDouble(n node, text string) fn[float64] {
	wrong := wrongKinds(text, "number")
	return func(ev *Evaluation) (float64, *fault) {
		v, f := n.dyn(ev)
		if f == nil && v.Kind != event.Number {
			f = wrong[v.Kind]
		}
		return v.Num, f
	}
}

// asString reads a value whose type the event decides as a string, as the string functions do.
func asString(n node, text string) node {
	if n.kind != kindDyn {
		return n
	}
	wrong := wrongKinds(text, "string")
	return textNode(func(ev *Evaluation) (string, *fault) {
		v, f := n.dyn(ev)
		if f == nil && v.Kind != event.String {
			f = wrong[v.Kind]
		}
		return v.Str, f
	})
}

// equality lowers == and !=. Values of different types are unequal and not an error, as in CEL.
func equality(negated bool, a, b node) (node, bool) {
	if a.constant {
		a, b = b, a
	}
	var equal fn[bool]
	switch {
	case a.kind == kindDyn || b.kind == kindDyn:
		equal = equalsDyn(a, b)
	case a.kind != b.kind:
		return node{}, false
	case a.kind.integral():
		equal = equals(a.int, b.int, b.constant)
	case a.kind == kindString:
		equal = equals(a.str, b.str, b.constant)
	case a.kind == kindBool:
		equal = equals(a.bool, b.bool, b.constant)
	case a.kind == kindDouble:
		equal = equals(a.double, b.double, b.constant)
	}
	if equal == nil {
		return node{}, false
	}
	if !negated {
		return boolNode(equal), true
	}
	return boolNode(func(ev *Evaluation) (bool, *fault) { v, f := equal(ev); return !v, f }), true
}

// equalsDyn compares a value whose type the event decides with a scalar; nil if there is no closure for the other one's kind.
func equalsDyn(a, b node) fn[bool] {
	switch {
	case a.kind == kindDyn && b.kind == kindDyn:
		return matched(a.dyn, b.dyn, func(v, w event.Value) bool { return v == w })
	case b.kind == kindString:
		return matched(a.dyn, b.str, isString)
	case b.kind == kindBool:
		return matched(a.dyn, b.bool, isBool)
	case b.kind == kindInt:
		return matched(a.dyn, b.int, isInt)
	case b.kind == kindDouble:
		return matched(a.dyn, b.double, isDouble)
	case a.kind == kindString:
		return matched(a.str, b.dyn, flipped(isString))
	case a.kind == kindBool:
		return matched(a.bool, b.dyn, flipped(isBool))
	case a.kind == kindInt:
		return matched(a.int, b.dyn, flipped(isInt))
	case a.kind == kindDouble:
		return matched(a.double, b.dyn, flipped(isDouble))
	}
	return nil
}

func isString(v event.Value, s string) bool  { return v.Kind == event.String && v.Str == s }
func isBool(v event.Value, b bool) bool      { return v.Kind == event.Bool && v.Bool == b }
func isInt(v event.Value, n int64) bool      { return v.Kind == event.Number && equalDoubleInt(v.Num, n) }
func isDouble(v event.Value, x float64) bool { return v.Kind == event.Number && v.Num == x }

func flipped[A, B any](test func(A, B) bool) func(B, A) bool {
	return func(b B, a A) bool { return test(a, b) }
}

func equalDoubleInt(x float64, y int64) bool { return compareDoubleInt(x, y) == 0 }

func equals[T comparable](a, b fn[T], constantB bool) fn[bool] {
	if constantB {
		c, _ := b(nil)
		return func(ev *Evaluation) (bool, *fault) { v, f := a(ev); return v == c, f }
	}
	return matched(a, b, func(x, y T) bool { return x == y })
}

// matched applies a test to two values. Where both are unknown the cause is the first one's.
func matched[A, B any](a fn[A], b fn[B], test func(A, B) bool) fn[bool] {
	return func(ev *Evaluation) (bool, *fault) {
		x, f := a(ev)
		if f != nil {
			return false, f
		}
		y, f := b(ev)
		if f != nil {
			return false, f
		}
		return test(x, y), nil
	}
}
