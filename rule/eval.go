package rule

import (
	"slices"

	"github.com/ringfence/ringfence/event"
)

// Facts is the state that rules read besides windows. It is asked from [Evaluation.Begin] on, until the last
// question about the event.
type Facts interface {
	HasLabel(e event.Entity, label string) bool

	// Template is what the texts of a text family have in common, in words; false where it is not known, or has one text only.
	Template(family uint64) (string, bool)

	// Labels appends the labels that an entity bears, in order of name.
	Labels(e event.Entity, to []string) []string
}

// Value is a window's result: a count, a number of distinct values, a sum in millionths, 0 or 1, or a time in nanoseconds.
type Value struct {
	V     int64
	Known bool // false where the window has no answer, such as lastSeen with nothing before, or a sum that overflowed
}

// WindowOp is what to do with one window for the event: update it and read it, or only read it, and hand the result to
// [Evaluation.SetWindow]. ArgHash is the value that countDistinct takes, ArgNum the number that sum takes, in millionths.
type WindowOp struct {
	Index   int // in Set.Windows
	Key     [16]byte
	ArgHash uint64
	ArgNum  int64
	Update  bool
	Known   bool // false where the event is late or lacks a key: there is nothing to do, and rules learn why
}

// Result is what a rule said of the event. Rules that did not fire and were evaluable have none.
type Result struct {
	Rule        *Rule
	Fired       bool
	Unevaluated string // why the condition could not be evaluated; empty if it could
}

// Evaluation evaluates a set, one event after another, for one goroutine. For each event: Begin, then Windows, whose results go to
// SetWindow, then Rules and the questions about them. It allocates nothing in the steady state, unless a rule has to be interpreted.
type Evaluation struct {
	set     *Set
	facts   Facts
	in      Input
	plan    *kindPlan
	keys    []keyState // by keyset
	values  []windowValue
	ops     []WindowOp
	results []Result
	locals  [maxLoops]string
	buf     []byte
	scratch [][]string // lists that are made anew for every event, by their place
	family  string     // text.family in words, once a rule has asked

	mediaFamily string // likewise
}

// windowValue is a window's answer for the event.
type windowValue struct {
	v     int64
	fault *fault
}

// NewEvaluation makes the scratch of one goroutine.
func (s *Set) NewEvaluation(f Facts) *Evaluation {
	ev := &Evaluation{set: s, facts: f, keys: make([]keyState, len(s.keysets)), values: make([]windowValue, len(s.Windows)), plan: s.anyKind,
		scratch: make([][]string, s.scratch)}
	for i, w := range s.Windows {
		ev.values[i].fault = w.unset
	}
	return ev
}

// Begin takes up an event and works out what it does to windows. The input's event and signals must stay as they are until the
// next Begin.
func (ev *Evaluation) Begin(in *Input) {
	ev.in, ev.family, ev.mediaFamily = *in, "", ""
	ev.plan = ev.set.plan(in)
	ev.ops = ev.ops[:0]
	if !in.Late {
		for _, k := range ev.plan.keysets {
			ev.keys[k.index] = k.hash(ev)
		}
	}
	for _, w := range ev.plan.windows {
		ev.ops = append(ev.ops, ev.op(w))
	}
}

// op works out what the event does to a window, and notes why the window has no value until there is one.
func (ev *Evaluation) op(w windowUse) WindowOp {
	op := WindowOp{Index: w.index}
	value, key := &ev.values[w.index], &ev.keys[w.keys.index]
	switch {
	case ev.in.Late:
		value.fault = w.late
		return op
	case key.fault != nil:
		value.fault = key.fault
		return op
	}
	value.fault = w.unset
	op.Key, op.Known, op.Update = key.hash, true, w.feeds
	op.Update = op.Update && w.waits.last(ev.in.Stage, ev.in.Signals.Banks)
	if op.Update && w.where != nil {
		holds, f := w.where.bool(ev)
		op.Update = holds && f == nil
	}
	if op.Update {
		op.ArgHash, op.ArgNum, op.Update = w.argument(ev)
	}
	return op
}

// Windows is what to do with the windows that the event's kind feeds or its rules read. The slice is valid until the next Begin.
func (ev *Evaluation) Windows() []WindowOp { return ev.ops }

// SetWindow hands in the result of the window with that index.
func (ev *Evaluation) SetWindow(index int, v Value) {
	s := &ev.values[index]
	s.v, s.fault = v.V, nil
	if !v.Known {
		s.fault = ev.set.Windows[index].unset
	}
}

// Rules evaluates the rules of the event's kind that are not off, in the order of their ids. The slice is valid until the next call.
func (ev *Evaluation) Rules() []Result {
	ev.results = ev.results[:0]
	for _, r := range ev.plan.rules {
		if ev.in.Stage > Arrived && !r.waits.isFor(ev.in.Stage, ev.in.Signals.Banks) {
			continue
		}
		fired, f := r.when.bool(ev)
		switch {
		case f != nil:
			ev.results = append(ev.results, Result{Rule: r, Unevaluated: f.why})
		case fired:
			ev.results = append(ev.results, Result{Rule: r, Fired: true})
		}
	}
	return ev.results
}

// Live reports whether the rule's effects may be delivered for the event's actor: it is in live mode and its rollout takes the actor in.
func (ev *Evaluation) Live(r *Rule) bool {
	return r.Mode == Live && r.live(ev.in.Event.Actor)
}

// Targets are the things an effect of the event is about: one, or each of a list of them without repeats; none where the event does
// not name any. It allocates.
func (ev *Evaluation) Targets(e EffectSpec) []event.Entity {
	n := ev.set.names[e.On]
	if n.kind == kindList {
		ids, f := n.list(ev)
		if f != nil {
			return nil
		}
		var targets []event.Entity
		for _, id := range ids {
			if t := (event.Entity{Kind: e.Entity, ID: id}); id != "" && !slices.Contains(targets, t) {
				targets = append(targets, t)
			}
		}
		return targets
	}
	id, f := n.str(ev)
	if f != nil || id == "" {
		return nil
	}
	return []event.Entity{{Kind: e.Entity, ID: id}}
}

// attrs are the event's unnamed fields as a map, for the interpreter.
func (ev *Evaluation) attrs() map[string]any {
	m := make(map[string]any, len(ev.in.Event.Attrs))
	for _, a := range ev.in.Event.Attrs {
		if a.Value.Kind != event.Null {
			m[a.Key] = dynamic(a.Value)
		}
	}
	return m
}

func (ev *Evaluation) mediaTypes() []string {
	list := ev.scratch[scratchMediaTypes][:0]
	for i := range ev.in.Event.Media {
		list = append(list, ev.in.Event.Media[i].Type)
	}
	ev.scratch[scratchMediaTypes] = list
	return list
}

func (ev *Evaluation) mediaPDQ() []string {
	list := ev.scratch[scratchMediaPDQ][:0]
	for i := range ev.in.Event.Media {
		if p := ev.in.Event.Media[i].PDQ; p != "" {
			list = append(list, p)
		}
	}
	ev.scratch[scratchMediaPDQ] = list
	return list
}
