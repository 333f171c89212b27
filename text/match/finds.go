package match

import (
	"cmp"
	"slices"
)

// finds is what was found in a text so far. However much a text repeats of one term, there is room for the others: when the list is
// full, what overlaps is merged, and then only the first places of each term are kept, down to one. So the memory is for maxOfText
// matches, or for two of each different term in the text.
type finds struct {
	list   []Match
	limit  int // matches, at which the list is full
	places int // of a term that are kept, once the list was full
}

const (
	maxOfText = 1 << 14
	maxPlaces = 1 << 10 // of one term, in a list that was full
)

func (f *finds) reset() { f.list, f.limit, f.places = f.list[:0], maxOfText, 0 }

func (f *finds) add(m Match) { f.list = append(f.list, m) }

// makeRoom is called before a walk, which adds maxMatches at most. It moves what is in the list. What a term's conditions may
// refuse is not merged, but counts as a place.
func (f *finds) makeRoom(b *Bank) {
	if len(f.list) < f.limit {
		return
	}
	f.list = merge(f.list, func(term int) bool { return term >= len(b.terms) || !b.terms[term].conditional() })
	if f.places == 0 {
		f.places = maxPlaces
	}
	for f.cut(); len(f.list) > f.limit/2 && f.places > 1; f.cut() {
		f.places /= 4
	}
	f.limit = max(maxOfText, 2*len(f.list))
}

// cut leaves of each term the first places. The list is in the order of merge.
func (f *finds) cut() {
	kept, of, n := f.list[:0], -1, 0
	for _, m := range f.list {
		if m.Term != of {
			of, n = m.Term, 0
		}
		if n++; n <= f.places {
			kept = append(kept, m)
		}
	}
	f.list = kept
}

// finish puts the list in order of start, end and term, and merges what overlaps.
func (f *finds) finish() []Match {
	f.list = merge(f.list, func(int) bool { return true })
	if f.places > 0 {
		f.cut()
	}
	slices.SortFunc(f.list, func(x, y Match) int {
		return cmp.Or(x.Start-y.Start, x.End-y.End, x.Term-y.Term)
	})
	return f.list
}

// merge leaves, in place, of the matches of a term that overlap only the cheapest, if those of the term are to be merged. They are
// in order of term, then start.
func merge(matches []Match, merges func(term int) bool) []Match {
	slices.SortFunc(matches, func(x, y Match) int {
		return cmp.Or(x.Term-y.Term, x.Start-y.Start, x.Cost-y.Cost, y.End-x.End)
	})
	kept := matches[:0]
	for _, m := range matches {
		if n := len(kept); n > 0 && kept[n-1].Term == m.Term && m.Start < kept[n-1].End && merges(m.Term) {
			if m.Cost < kept[n-1].Cost {
				kept[n-1] = m
			}
			continue
		}
		kept = append(kept, m)
	}
	return kept
}
