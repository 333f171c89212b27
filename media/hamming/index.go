// Package hamming finds which of millions of 256-bit hashes lie within some bits of a given one: exactly, at a small part of the
// cost of comparing with all, and while hashes are added and removed.
//
// An [Index] holds entries, each a hash under an id. [Index.Search] gives all within a radius, [Index.Nearest] the nearest of them.
// What [Index.Add] and [Index.Remove] did is seen by every search that begins after they return. Searches never wait.
//
// # How
//
// Multi-index hashing (Norouzi, Punjani & Fleet, Fast Search in Hamming Space with Multi-Index Hashing, CVPR 2012): the bits are
// cut into m slots, and for each slot a table lists the entries by the slot's value. Let slot i be looked up with up to r_i of its
// bits flipped. An entry that all look-ups miss differs from the query in at least r_i+1 bits of each slot, so in the sum of r_i+1
// bits at least. If that sum is more than the radius, nothing is missed. For radius 31 the sum is 32: 16 slots of 16 bits with one
// flip each, 272 look-ups, or, where there are many entries, 13 slots of 19 or 20 bits with one or two flips, about 1,400
// look-ups that meet a third of the candidates. Each candidate's whole distance is then counted.
//
// The entries and tables are arrays that do not change (the base). What is added goes into a list that is compared one by one; what
// is removed is marked. [Index.Compact] makes a new base of it all, while searches and changes go on. The index has no goroutine of
// its own: call Compact in one, when [Index.Pending] exceeds what a search may spend on it (a hash costs it about a nanosecond).
//
// # Cost
//
// Memory is 40 bytes an entry, and 4 for each slot but one: 100 bytes and 4 MB of tables with 16 slots, 88 bytes and 46 MB with 13.
// Compact and Build need that twice while they run. A search allocates nothing but what the results need beyond dst's capacity.
//
// Milliseconds for a search of radius 31, and for comparing with all in the same run (AMD EPYC, one core, shared with other work;
// GOMAXPROCS=1 RINGFENCE_FULL=1 go test -run xxx -bench Search ./media/hamming): uniform hashes, and families of edited copies.
//
//	entries      uniform  families  one by one  bytes an entry
//	100,000        0.044     0.053     0.24           144
//	1,000,000      0.28      0.21      2.0 to 2.5     105
//	10,000,000     1.13      0.88      20 to 22        93
//
// The cost grows with the radius; where look-ups would cost more than comparing with all (from a radius of some 50 to 60), all are compared
// with. Where very many entries share the values of slots without being near to one another, a search meets more candidates, at most each
// entry once a slot. There is no protection against entries that somebody chose for that: a bank is not filled by strangers.
package hamming

import (
	"sync"
	"sync/atomic"
)

// Index is a set of entries, up to 2^32-1. All methods may be called from any goroutine.
type Index struct {
	parts atomic.Pointer[parts] // what searches see
	len   atomic.Int64

	compacting sync.Mutex // is held by Compact, and taken before change

	change  sync.Mutex // is held while entries change
	removed []Entry    // since Compact began, what its base may still hold
	logging bool
}

// parts are where the entries are. A live entry is in one of them.
type parts struct {
	base   *base
	frozen *tail // what Compact is moving into a new base; removals only
	fresh  *tail
}

// Build makes an index of entries; equal ones are one. It keeps nothing of the slice, but leaves it in another order. It takes
// up to a second for a million.
func Build(entries []Entry) *Index {
	var empty base
	return newIndex(empty.with(sorted(entries)))
}

func newIndex(b *base) *Index {
	x := &Index{}
	x.parts.Store(&parts{base: b, frozen: newTail(), fresh: newTail()})
	x.len.Store(int64(len(b.ids)))
	return x
}

// Len is the number of entries.
func (x *Index) Len() int {
	return int(x.len.Load())
}

// Pending is the number of changes that are not in the base: every search pays for what was added, and memory for what was removed.
func (x *Index) Pending() int {
	p := x.parts.Load()
	return p.frozen.added() + p.fresh.added() + int(p.base.removals.Load())
}

// Add puts an entry into the index, and says whether it was not there before. It takes some microseconds. For very many at once, Build
// is faster and needs less memory.
func (x *Index) Add(h Hash, id uint64) bool {
	x.change.Lock()
	defer x.change.Unlock()
	e := Entry{h, id}
	p := x.parts.Load()
	if p.fresh.holds(e) || p.frozen.holds(e) || p.base.holds(e) {
		return false
	}
	p.fresh.add(e)
	x.len.Add(1)
	return true
}

// Remove takes an entry out of the index, and says whether it was there. It takes some microseconds.
func (x *Index) Remove(h Hash, id uint64) bool {
	x.change.Lock()
	defer x.change.Unlock()
	e := Entry{h, id}
	p := x.parts.Load()
	if !p.fresh.remove(e) && !p.frozen.remove(e) && !p.base.remove(e) {
		return false
	}
	if x.logging {
		x.removed = append(x.removed, e)
	}
	x.len.Add(-1)
	return true
}

// Compact makes a new base of all entries. Searches and changes go on meanwhile; changes wait for no longer than it takes to apply
// a thousand removals. It takes up to half a second for a million entries. A second call waits for the first.
func (x *Index) Compact() {
	x.compacting.Lock()
	defer x.compacting.Unlock()

	x.change.Lock()
	old := x.parts.Load()
	if old.fresh.added() == 0 && old.base.removals.Load() == 0 {
		x.change.Unlock()
		return
	}
	old = &parts{base: old.base, frozen: old.fresh, fresh: newTail()}
	x.parts.Store(old)
	x.logging = true
	x.change.Unlock()

	base := old.base.with(sorted(old.frozen.live()))
	for {
		x.change.Lock()
		removed := x.removed
		x.removed = nil
		last := len(removed) < 1000
		if !last { // so that no change waits long
			x.change.Unlock()
		}
		for _, e := range removed {
			base.remove(e)
		}
		if last {
			x.logging = false
			x.parts.Store(&parts{base: base, frozen: newTail(), fresh: old.fresh})
			x.change.Unlock()
			return
		}
	}
}
