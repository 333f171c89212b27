package evidence

import (
	"cmp"
	"slices"

	"github.com/ringfence/ringfence/graph/paged"
)

// slots is a table of things that stay where they are until they are forgotten. Places that have become free are taken again from the lowest up, so that places
// are a function of what was added, also after the table was written and read again.
type slots[T any] struct {
	items []T
	free  []uint32 // descending
	table *paged.Table[T]
}

// touch is called before the thing at a place changes.
func (s *slots[T]) touch(place uint32) { s.table.Touch(place) }

// take is the place of a new thing, zero; full is true if there are most already.
func (s *slots[T]) take(most int) (place uint32, full bool) {
	if n := len(s.free); n > 0 {
		place = s.free[n-1]
		s.free = s.free[:n-1]
		s.touch(place)
		return place, false
	}
	if len(s.items) >= most {
		return 0, true
	}
	s.touch(uint32(len(s.items)))
	var zero T
	s.items = append(s.items, zero)
	return uint32(len(s.items) - 1), false
}

// len is how many things there are.
func (s *slots[T]) len() int { return len(s.items) - len(s.free) }

// aged is when the thing at a place was last touched, and what orders it among those of one time.
type aged struct {
	last  int64
	by    uint64
	place uint32
}

// oldest are the n that were touched the longest ago, ascending by place.
func oldest(all []aged, n int) []uint32 {
	slices.SortFunc(all, func(a, b aged) int { return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.by, b.by)) })
	places := make([]uint32, n)
	for i := range places {
		places[i] = all[i].place
	}
	slices.Sort(places)
	return places
}

// release makes places free, which are ascending; it is called when none is.
func (s *slots[T]) release(places []uint32) {
	var zero T
	for _, p := range places {
		s.touch(p)
		s.items[p] = zero
	}
	s.free = append(s.free, places...)
	slices.SortFunc(s.free, func(a, b uint32) int { return cmp.Compare(b, a) })
}

// loaded finds the free places of a table that was loaded.
func (s *slots[T]) loaded(free func(*T) bool) {
	s.free = nil
	for i := len(s.items) - 1; i >= 0; i-- {
		if free(&s.items[i]) {
			s.free = append(s.free, uint32(i))
		}
	}
}
