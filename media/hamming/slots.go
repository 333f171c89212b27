package hamming

import (
	"iter"
	"slices"
	"sort"
	"sync/atomic"
)

// base holds entries in ascending order, with a table for each slot. Nothing in it changes but the marks of what is removed.
type base struct {
	hashes   []Hash
	ids      []uint64
	gone     marks
	removals atomic.Int64
	slots    []slot
	plan     []uint8
}

// slot is a range of the hash's bits, and where the entries with each of its values are: those with value v are at
// places[starts[v]:starts[v+1]]. The first slot is how the entries are sorted, so that its places would be 0, 1, 2…; it has none.
type slot struct {
	word, shift uint8 // where it begins, from the most significant bit
	bits        uint8
	starts      []uint32
	places      []uint32
}

// value is the slot's bits in a hash.
func (s *slot) value(h *Hash) uint32 {
	// What follows the slot's bits, or is taken from the first word where the slot ends the last, is shifted out.
	return uint32((h[s.word]<<s.shift | h[(s.word+1)&3]>>(64-s.shift)) >> (64 - s.bits))
}

// slotCount is into how many slots hashes are cut where there are n entries: about as many bits a slot as n has, which makes the
// lists of a slot's values short, but no longer than the look-ups pay for.
func slotCount(n int) int {
	switch {
	case n <= 4096:
		return 0 // comparing with all costs less than look-ups
	case n <= 2<<20:
		return 16
	default:
		return 13
	}
}

// newBase indexes entries that are in ascending order, and keeps the slices.
func newBase(hashes []Hash, ids []uint64) *base {
	return newBaseOf(slotCount(len(ids)), hashes, ids)
}

func newBaseOf(slots int, hashes []Hash, ids []uint64) *base {
	b := &base{hashes: hashes, ids: ids, gone: newMarks(len(ids)), slots: make([]slot, slots)}
	for i, from := 0, 0; i < slots; i++ {
		to := (i + 1) * 256 / slots
		b.slots[i] = slot{word: uint8(from / 64), shift: uint8(from % 64), bits: uint8(to - from)}
		b.slots[i].fill(hashes, i > 0)
		from = to
	}
	b.plan = planOf(b.slots, len(ids))
	return b
}

// fill makes the table by counting sort.
func (s *slot) fill(hashes []Hash, places bool) {
	s.starts = make([]uint32, 1<<s.bits+1)
	for i := range hashes {
		s.starts[s.value(&hashes[i])]++
	}
	sum := uint32(0)
	for v, n := range s.starts {
		s.starts[v] = sum
		sum += n
	}
	if !places {
		return
	}
	s.places = make([]uint32, len(hashes))
	for i := range hashes {
		v := s.value(&hashes[i])
		s.places[s.starts[v]] = uint32(i)
		s.starts[v]++
	}
	copy(s.starts[1:], s.starts) // each start is now where the next one was
	s.starts[0] = 0
}

// What look-ups cost, in the time that comparing with one hash after the other takes for one.
const (
	costLookup    = 8  // finding a list in a table
	costCandidate = 10 // comparing with a hash anywhere in memory
)

// planOf is the order in which slots are looked up with one more bit flipped: the cheapest first. After the first n of a plan every entry
// within n-1 bits has been met. It ends where comparing with all entries would cost less.
func planOf(slots []slot, n int) []uint8 {
	var plan []uint8
	var flips [maxSlots]int
	for total := 0.0; len(slots) > 0; {
		next, least := 0, 0.0
		for i, s := range slots {
			perLookup := costLookup + costCandidate*float64(n)/float64(uint64(1)<<s.bits)
			if cost := choose(int(s.bits), flips[i]) * perLookup; i == 0 || cost < least {
				next, least = i, cost
			}
		}
		if total += least; total > float64(n) {
			break
		}
		flips[next]++
		plan = append(plan, uint8(next))
	}
	return plan
}

// maxSlots is the most that slotCount gives.
const maxSlots = 16

// choose is the number of ways to choose k of n.
func choose(n, k int) float64 {
	ways := 1.0
	for i := range k {
		ways = ways * float64(n-i) / float64(i+1)
	}
	return ways
}

func (b *base) find(e Entry) (int, bool) {
	return sort.Find(len(b.ids), func(i int) int { return compareEntry(e, Entry{b.hashes[i], b.ids[i]}) })
}

func (b *base) holds(e Entry) bool {
	i, found := b.find(e)
	return found && !b.gone.has(uint32(i))
}

// remove marks an entry as removed, and says whether it was there. One goroutine at a time may call it.
func (b *base) remove(e Entry) bool {
	i, found := b.find(e)
	if !found || b.gone.has(uint32(i)) {
		return false
	}
	b.gone.set(uint32(i))
	b.removals.Add(1)
	return true
}

// sorted puts entries in ascending order, each once.
func sorted(entries []Entry) []Entry {
	slices.SortFunc(entries, compareEntry)
	return slices.Compact(entries)
}

// merge goes through the entries of a base that are not marked as gone, and others which are not among them, in ascending order.
func (b *base) merge(gone marks, others []Entry) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for i := range b.ids {
			if gone.has(uint32(i)) {
				continue
			}
			e := Entry{b.hashes[i], b.ids[i]}
			for ; len(others) > 0 && compareEntry(others[0], e) < 0; others = others[1:] {
				if !yield(others[0]) {
					return
				}
			}
			if !yield(e) {
				return
			}
		}
		for _, e := range others {
			if !yield(e) {
				return
			}
		}
	}
}

// with is a base of the live entries of b and others.
func (b *base) with(others []Entry) *base {
	n := len(b.ids) - int(b.removals.Load()) + len(others)
	hashes, ids := make([]Hash, 0, n), make([]uint64, 0, n)
	for e := range b.merge(b.gone, others) {
		hashes, ids = append(hashes, e.Hash), append(ids, e.ID)
	}
	return newBase(hashes, ids)
}
