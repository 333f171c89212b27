package rule

import (
	"math"
	"math/bits"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

var (
	intOverflow  = &fault{"integer overflow"}
	timeOverflow = &fault{"time out of range"}
	divideByZero = &fault{"division by zero"}
	modulusZero  = &fault{"modulus by zero"}
)

// arithmetic lowers + - * / % on numbers, times and durations. Whole numbers overflow into a fault, never around.
func arithmetic(operator string, a, b node, args []celast.Expr) (node, bool) {
	if a.kind == kindDyn && b.kind == kindDouble {
		a = doubleNode(asDouble(a, canonical(args[0])))
	}
	if b.kind == kindDyn && a.kind == kindDouble {
		b = doubleNode(asDouble(b, canonical(args[1])))
	}
	if a.kind == kindDouble && b.kind == kindDouble {
		if f := doubles(operator, a.double, b.double); f != nil {
			return doubleNode(f), true
		}
		return node{}, false
	}
	if !a.kind.integral() || !b.kind.integral() {
		return node{}, false
	}
	var result kind
	switch {
	case a.kind == kindInt && b.kind == kindInt:
		result = kindInt
	case operator == operators.Add && a.kind == kindDuration && b.kind == kindDuration:
		result = kindDuration
	case operator == operators.Add && a.kind != b.kind && a.kind != kindInt && b.kind != kindInt:
		result = kindTime
	case operator == operators.Subtract && a.kind == kindTime && b.kind == kindDuration:
		result = kindTime
	case operator == operators.Subtract && a.kind == b.kind && a.kind != kindInt:
		result = kindDuration
	default:
		return node{}, false
	}
	overflow := intOverflow
	if result != kindInt {
		overflow = timeOverflow
	}
	var compute func(x, y int64) (int64, *fault)
	switch operator {
	case operators.Add:
		compute = func(x, y int64) (int64, *fault) {
			if s := x + y; (s > x) == (y > 0) {
				return s, nil
			}
			return 0, overflow
		}
	case operators.Subtract:
		compute = func(x, y int64) (int64, *fault) {
			if d, ok := subtract(x, y); ok {
				return d, nil
			}
			return 0, overflow
		}
	case operators.Multiply:
		compute = multiply
	case operators.Divide:
		compute = divide
	case operators.Modulo:
		compute = modulo
	}
	return intNode(result, computed(a.int, b.int, compute)), true
}

func computed(a, b fn[int64], compute func(x, y int64) (int64, *fault)) fn[int64] {
	return func(ev *Evaluation) (int64, *fault) {
		x, f := a(ev)
		if f != nil {
			return 0, f
		}
		y, f := b(ev)
		if f != nil {
			return 0, f
		}
		return compute(x, y)
	}
}

func multiply(x, y int64) (int64, *fault) {
	high, low := bits.Mul64(magnitude(x), magnitude(y))
	negative := (x < 0) != (y < 0)
	switch {
	case high != 0 || low > 1<<63 || low == 1<<63 && !negative:
		return 0, intOverflow
	case negative:
		return -int64(low), nil
	}
	return int64(low), nil
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func divide(x, y int64) (int64, *fault) {
	switch {
	case y == 0:
		return 0, divideByZero
	case x == math.MinInt64 && y == -1:
		return 0, intOverflow
	}
	return x / y, nil
}

func modulo(x, y int64) (int64, *fault) {
	switch {
	case y == 0:
		return 0, modulusZero
	case x == math.MinInt64 && y == -1:
		return 0, intOverflow
	}
	return x % y, nil
}

func doubles(operator string, a, b fn[float64]) fn[float64] {
	var compute func(x, y float64) float64
	switch operator {
	case operators.Add:
		compute = func(x, y float64) float64 { return x + y }
	case operators.Subtract:
		compute = func(x, y float64) float64 { return x - y }
	case operators.Multiply:
		compute = func(x, y float64) float64 { return x * y }
	case operators.Divide:
		compute = func(x, y float64) float64 { return x / y }
	default:
		return nil
	}
	return func(ev *Evaluation) (float64, *fault) {
		x, f := a(ev)
		if f != nil {
			return 0, f
		}
		y, f := b(ev)
		return compute(x, y), f
	}
}

func negate(a node) (node, bool) {
	switch a.kind {
	case kindDouble:
		return doubleNode(func(ev *Evaluation) (float64, *fault) { v, f := a.double(ev); return -v, f }), true
	case kindInt:
		return intNode(kindInt, func(ev *Evaluation) (int64, *fault) {
			v, f := a.int(ev)
			if f == nil && v == math.MinInt64 {
				f = intOverflow
			}
			return -v, f
		}), true
	}
	return node{}, false
}
