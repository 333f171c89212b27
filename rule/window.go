package rule

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/event"
)

// WindowFunc says what a window computes. Its word is the function's name in rules.
type WindowFunc string

// The window functions.
const (
	Count         WindowFunc = "count"
	CountDistinct WindowFunc = "countDistinct"
	Sum           WindowFunc = "sum"
	RateLimited   WindowFunc = "rateLimited"
	Sessionize    WindowFunc = "sessionize"
	Trending      WindowFunc = "trending"
	FirstSeen     WindowFunc = "firstSeen"
	LastSeen      WindowFunc = "lastSeen"
)

// Window is an aggregate over earlier events that rules read. Equal window calls of all rules are one window.
type Window struct {
	// ID is 32 hex digits that depend on what the window computes alone: function, keys, value, condition, feeding kinds and times.
	// Renaming or reformatting a rule keeps it, and so keeps what the window has counted.
	ID   string
	Text string // the call as the first rule writes it
	Func WindowFunc
	On   []string // the event kinds that feed it, sorted; "*" for all

	Duration time.Duration // how far back it looks; the idle gap of sessionize; 0 for rateLimited
	Max      int64         // tokens of rateLimited
	Refill   int64         // tokens gained each Every
	Every    time.Duration
	Take     int64 // tokens an event takes
	Strict   bool  // a try on an empty bucket starts the period anew
	Min      int64 // events below which trending is false

	index int
	kind  kind // of its value in expressions
	keys  *keyset
	value *node // what countDistinct and sum take; nil otherwise
	where *node // nil if every event feeds it
	waits waiting

	late, unset *fault
}

// keyset is a list of key expressions. Windows with the same keys share it, so that they are hashed once an event.
type keyset struct {
	nodes []node // in the order of their canonical texts
	index int
}

// keyState is a keyset's value for the event under evaluation.
type keyState struct {
	hash  [16]byte
	fault *fault
}

// hash is XXH3-128 of the keys, each with a type tag and strings with their length, so that no two lists of values are written alike.
func (k *keyset) hash(ev *Evaluation) (s keyState) {
	buf := ev.buf[:0]
	for i := range k.nodes {
		if buf, s.fault = appendValue(buf, ev, &k.nodes[i]); s.fault != nil {
			return s
		}
	}
	ev.buf = buf
	s.hash = xxh3.Hash128(buf).Bytes()
	return s
}

// appendValue writes a scalar so that it can be hashed. Numbers of attrs are doubles; a double that is a whole number is not the
// same key as an int, which no window can confuse because a key expression has one type.
func appendValue(buf []byte, ev *Evaluation, n *node) ([]byte, *fault) {
	switch n.kind {
	case kindString:
		v, f := n.str(ev)
		return appendString(buf, v), f
	case kindBool:
		v, f := n.bool(ev)
		return appendBool(buf, v), f
	case kindDouble:
		v, f := n.double(ev)
		return appendDouble(buf, v), f
	case kindDyn:
		v, f := n.dyn(ev)
		switch v.Kind {
		case event.String:
			return appendString(buf, v.Str), f
		case event.Number:
			return appendDouble(buf, v.Num), f
		default:
			return appendBool(buf, v.Bool), f
		}
	default:
		v, f := n.int(ev)
		return binary.LittleEndian.AppendUint64(append(buf, 'i'), uint64(v)), f
	}
}

func appendString(buf []byte, s string) []byte {
	return append(binary.AppendUvarint(append(buf, 's'), uint64(len(s))), s...)
}

func appendBool(buf []byte, v bool) []byte {
	if v {
		return append(buf, 't')
	}
	return append(buf, 'f')
}

func appendDouble(buf []byte, v float64) []byte {
	if v == 0 {
		v = 0 // minus zero is zero
	}
	return binary.LittleEndian.AppendUint64(append(buf, 'd'), math.Float64bits(v))
}

// micro is the unit of sums.
const micro = 1_000_000

// argument is what an event feeds a window besides its key: the hash of a distinct value, or a number in millionths.
func (w *Window) argument(ev *Evaluation) (hash uint64, num int64, ok bool) {
	if w.value == nil {
		return 0, 0, true
	}
	if w.Func == CountDistinct {
		buf, f := appendValue(ev.buf[:0], ev, w.value)
		ev.buf = buf
		return xxh3.Hash(buf), 0, f == nil
	}
	var v float64
	var f *fault
	switch w.value.kind {
	case kindInt:
		n, f := w.value.int(ev)
		if f != nil || n > math.MaxInt64/micro || n < math.MinInt64/micro {
			return 0, 0, false
		}
		return 0, n * micro, true
	case kindDyn:
		var d event.Value
		if d, f = w.value.dyn(ev); d.Kind != event.Number {
			return 0, 0, false
		}
		v = d.Num
	default:
		v, f = w.value.double(ev)
	}
	v = math.RoundToEven(v * micro)
	if f != nil || !(v > -1<<63 && v < 1<<63) { // NaN fails both
		return 0, 0, false
	}
	return 0, int64(v), true
}

// read makes the node that gives the window's value in expressions.
func (w *Window) read() node {
	raw := func(ev *Evaluation) (int64, *fault) {
		s := &ev.values[w.index]
		if s.fault != nil {
			return 0, s.fault
		}
		return s.v, nil
	}
	switch w.kind {
	case kindBool:
		return boolNode(func(ev *Evaluation) (bool, *fault) { v, f := raw(ev); return v != 0, f })
	case kindDouble:
		return doubleNode(func(ev *Evaluation) (float64, *fault) { v, f := raw(ev); return float64(v) / micro, f })
	}
	return intNode(w.kind, raw)
}
