package state

import (
	"container/heap"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// Codec turns the values of a table into bytes and back. Decode must take any bytes without panic.
type Codec[V any] struct {
	Append func(dst []byte, v V) []byte
	Decode func(b []byte) (V, error)
}

// Table is a durable map of facts, kept until they are deleted or expire; it is never evicted. A value that was put is not to be
// changed afterwards: put another. Put encodes the value once, to know its cost.
type Table[V any] struct {
	s        *State
	name     string
	codec    Codec[V]
	entries  map[string]*entry[V]
	onExpire func(key string, v V)
	dirty    []*entry[V] // on the current page; some may be gone
	marked   []*entry[V] // on the other one
	buf      []byte
}

type entry[V any] struct {
	key     string
	v       V
	expires int64 // event time; 0 never
	filed   int64 // when its item in the heap is due; 0 if it has none
	cost    int64
	flags   uint8 // pages, as of a cell
}

// anyTable is a table whose type of value does not matter.
type anyTable interface {
	// collect tells whether the item is an entry's expiry, and files the entry anew if it expires later.
	collect(d due) bool
	// expire drops an entry that is due and calls OnExpire.
	expire(key string, now int64)
	// mark turns the page: what was dirty belongs to the image that begins.
	mark()
	// step encodes up to n marked entries and gives how many of the n are left.
	step(n int) int
	// load takes in an entry of an image.
	load(key string, value []byte) error
	// refile appends an item for every entry that expires.
	refile(h dueHeap) dueHeap
}

// NewTable adds a table to the state. Tables are added before Restore. A name that is taken is a mistake of the program, and panics.
func NewTable[V any](s *State, name string, codec Codec[V]) *Table[V] {
	if _, taken := s.tables[name]; taken || name == "" || len(name) > 255 {
		panic(fmt.Sprintf("state: bad name for a table: %q", name))
	}
	t := &Table[V]{s: s, name: name, codec: codec, entries: map[string]*entry[V]{}}
	s.tables[name] = t
	i, _ := slices.BinarySearch(s.names, name)
	s.names = slices.Insert(s.names, i, name)
	return t
}

// OnExpire sets what is called for an entry that expired, after it has gone. It may change tables; what it puts that is due
// already expires at the next Advance.
func (t *Table[V]) OnExpire(f func(key string, v V)) { t.onExpire = f }

// Get is the value under a key.
func (t *Table[V]) Get(key string) (v V, ok bool) {
	if e := t.entries[key]; e != nil {
		return e.v, true
	}
	return v, false
}

// Expires is when a key expires, in event time: 0 for never, and for a key that is not there.
func (t *Table[V]) Expires(key string) int64 {
	if e := t.entries[key]; e != nil {
		return e.expires
	}
	return 0
}

// Len is the number of entries.
func (t *Table[V]) Len() int { return len(t.entries) }

// Put sets the value under a key. It expires when the clock reaches expires, in event time; 0 is never.
func (t *Table[V]) Put(key string, v V, expires int64) {
	e := t.entries[key]
	if e == nil {
		e = &entry[V]{key: key}
		t.entries[key] = e
		t.s.entries++
	}
	t.touch(e)
	t.buf = t.codec.Append(t.buf[:0], v)
	cost := entryCost + int64(len(key)) + int64(len(t.buf))
	delta := cost - e.cost
	e.v, e.expires, e.cost = v, max(0, expires), cost
	t.file(e)
	t.s.spendFixed(delta)
}

// Delete removes a key, if it is there.
func (t *Table[V]) Delete(key string) {
	if e := t.entries[key]; e != nil {
		t.drop(e)
	}
}

func (t *Table[V]) drop(e *entry[V]) {
	t.forget(e)
	delete(t.entries, e.key)
	t.s.entries--
	t.s.spendFixed(-e.cost)
}

// All yields the entries in the order of their keys, which it sorts first. The table may be changed meanwhile; an entry deleted
// before its turn is not yielded, and one added is not either.
func (t *Table[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(t.entries)) {
			if e := t.entries[key]; e != nil && !yield(key, e.v) {
				return
			}
		}
	}
}

// file sees to it that the heap has an item no later than the entry's expiry.
func (t *Table[V]) file(e *entry[V]) {
	if e.expires == 0 || e.filed != 0 && e.filed <= e.expires {
		return
	}
	e.filed = e.expires
	heap.Push(&t.s.due, due{at: e.expires, table: t.name, key: e.key})
	t.s.trimDue()
}

func (t *Table[V]) collect(d due) bool {
	e := t.entries[d.key]
	if e == nil || e.filed != d.at {
		return false
	}
	e.filed = 0
	if e.expires == d.at {
		return true
	}
	t.file(e)
	return false
}

func (t *Table[V]) refile(h dueHeap) dueHeap {
	for _, e := range t.entries {
		if e.filed = e.expires; e.filed != 0 {
			h = append(h, due{at: e.filed, table: t.name, key: e.key})
		}
	}
	return h
}

func (t *Table[V]) expire(key string, now int64) {
	e := t.entries[key]
	if e == nil {
		return
	}
	if e.expires == 0 || e.expires > now { // an OnExpire before it put it off
		t.file(e)
		return
	}
	t.drop(e)
	if t.onExpire != nil {
		t.onExpire(key, e.v)
	}
}
