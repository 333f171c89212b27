package state

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A table takes its part in an image as cells do: see touch, forget and encodeCell.

func (t *Table[V]) mark() { t.marked, t.dirty = t.dirty, nil }

func (t *Table[V]) step(n int) int {
	for ; n > 0 && len(t.marked) > 0; n-- {
		last := len(t.marked) - 1
		if e := t.marked[last]; e.flags&pageMask&^t.s.page != 0 {
			t.encode(e)
		}
		t.marked[last] = nil
		t.marked = t.marked[:last]
	}
	return n
}

func (t *Table[V]) touch(e *entry[V]) {
	if e.flags&pageMask == t.s.page || t.s.opts.DB == nil {
		return
	}
	if e.flags&pageMask != 0 {
		t.encode(e)
	}
	e.flags |= t.s.page
	t.dirty = append(t.dirty, e)
}

func (t *Table[V]) forget(e *entry[V]) {
	if t.s.opts.DB == nil {
		return
	}
	if e.flags&pageMask&^t.s.page != 0 {
		t.encode(e)
	}
	if e.flags&stored != 0 {
		t.s.out.delete(appendTableKey(t.s.keyBuf[:0], t.name, e.key))
	}
	e.flags = 0
}

func (t *Table[V]) encode(e *entry[V]) {
	s := t.s
	s.keyBuf = appendTableKey(s.keyBuf[:0], t.name, e.key)
	s.valueBuf = binary.AppendUvarint(s.valueBuf[:0], uint64(e.expires))
	s.valueBuf = t.codec.Append(s.valueBuf, e.v)
	s.image.out.set(s.keyBuf, s.valueBuf)
	e.flags = e.flags&s.page | stored
}

func (t *Table[V]) load(key string, value []byte) error {
	expires, n := binary.Uvarint(value)
	if n <= 0 || expires > math.MaxInt64 {
		return fmt.Errorf("table %s, key %q: %w", t.name, key, errDamaged)
	}
	v, err := t.codec.Decode(value[n:])
	if err != nil {
		return fmt.Errorf("table %s, key %q: %w", t.name, key, err)
	}
	e := &entry[V]{key: key, v: v, expires: int64(expires), cost: entryCost + int64(len(key)) + int64(len(value)-n), flags: stored}
	t.entries[key] = e
	t.s.entries++
	t.s.used += e.cost
	t.s.fixed += e.cost
	return nil
}
