package rule

import "github.com/ringfence/ringfence/event"

// fault is why a value is unknown. Faults are made when a rule set is compiled and compared by address; a nil fault is none.
type fault struct{ why string }

// fn computes a value from the event under evaluation. It allocates nothing. With a fault the value means nothing.
type fn[T any] func(*Evaluation) (T, *fault)

// kind is the type of a value.
type kind uint8

const (
	noKind       kind = iota
	kindBool          // node.bool
	kindInt           // node.int
	kindTime          // node.int, nanoseconds since 1970
	kindDuration      // node.int, nanoseconds
	kindDouble        // node.double
	kindString        // node.str
	kindList          // node.list: a list of strings
	kindDyn           // node.dyn: a scalar whose type the event decides
)

var kindNames = [...]string{"nothing", "bool", "int", "timestamp", "duration", "double", "string", "list(string)", "dyn"}

func (k kind) String() string { return kindNames[k] }

// integral reports whether the values of the kind are held as int64.
func (k kind) integral() bool { return k == kindInt || k == kindTime || k == kindDuration }

// node is a planned expression: the one closure that its kind names.
type node struct {
	kind     kind
	constant bool // the same for every event, and without fault

	bool   fn[bool]
	int    fn[int64]
	double fn[float64]
	str    fn[string]
	list   fn[[]string]
	dyn    fn[event.Value]

	set map[string]struct{} // of a constant list that is large enough to be looked up rather than searched
}

func boolNode(f fn[bool]) node         { return node{kind: kindBool, bool: f} }
func intNode(k kind, f fn[int64]) node { return node{kind: k, int: f} }
func doubleNode(f fn[float64]) node    { return node{kind: kindDouble, double: f} }
func textNode(f fn[string]) node       { return node{kind: kindString, str: f} }
func listNode(f fn[[]string]) node     { return node{kind: kindList, list: f} }
func dynNode(f fn[event.Value]) node   { return node{kind: kindDyn, dyn: f} }
func constant[T any](v T) fn[T]        { return func(*Evaluation) (T, *fault) { return v, nil } }
func failing[T any](why *fault) fn[T]  { return func(*Evaluation) (v T, f *fault) { return v, why } }
func constantBool(v bool) node         { n := boolNode(constant(v)); n.constant = true; return n }
func constantInt(k kind, v int64) node { n := intNode(k, constant(v)); n.constant = true; return n }
func constantDouble(v float64) node    { n := doubleNode(constant(v)); n.constant = true; return n }
func constantString(v string) node     { n := textNode(constant(v)); n.constant = true; return n }

// constantList is a fixed list of strings. Above a handful it is looked up by hash.
func constantList(items []string) node {
	n := listNode(constant(items))
	n.constant = true
	if len(items) > 8 {
		n.set = make(map[string]struct{}, len(items))
		for _, s := range items {
			n.set[s] = struct{}{}
		}
	}
	return n
}

// fault is why the node's value is unknown for the event under evaluation; nil if it is known.
func (n node) fault(ev *Evaluation) (f *fault) {
	switch n.kind {
	case kindBool:
		_, f = n.bool(ev)
	case kindInt, kindTime, kindDuration:
		_, f = n.int(ev)
	case kindDouble:
		_, f = n.double(ev)
	case kindString:
		_, f = n.str(ev)
	case kindList:
		_, f = n.list(ev)
	case kindDyn:
		_, f = n.dyn(ev)
	}
	return f
}

// subtract is a − b; ok is false on overflow.
func subtract(a, b int64) (difference int64, ok bool) {
	d := a - b
	return d, (a >= b) == (d >= 0)
}
