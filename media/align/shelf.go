package align

import (
	"cmp"
	"math/bits"
	"slices"
	"sync/atomic"
)

// shelf is a part of a bank: the features of some pictures, and four tables in which they are found by half of each word of their
// descriptors. Once it is searched nothing in it changes, but gone.
type shelf struct {
	ids         []uint64
	gone        []atomic.Bool
	sizes       []size
	first       []uint32 // where the features of each picture begin; one more for the end
	points      []point
	descriptors []descriptor
	bits        int // a table has 1<<bits lists
	tables      [4]table
}

type size struct{ width, height uint16 }

// table lists features by key: those of list i, among them all of some keys, are at entries[starts[i]:starts[i+1]].
type table struct {
	starts, entries []uint32
}

// key is what table t knows a feature by: half of one word of its descriptor.
func (d *descriptor) key(t int) uint32 { return uint32(d[t] >> 32) }

// list is where the features with a key are. Keys are not equally frequent; multiplying spreads neighbours (Knuth, TAOCP 6.4).
func (s *shelf) list(key uint32) uint32 { return key * 0x9e3779b1 >> (32 - s.bits) }

// put appends a picture to a shelf that is not searched yet.
func (s *shelf) put(id uint64, f *Features) {
	if len(s.first) == 0 {
		s.first = append(s.first, 0)
	}
	s.ids = append(s.ids, id)
	s.sizes = append(s.sizes, size{uint16(f.width), uint16(f.height)})
	s.points = append(s.points, f.points...)
	s.descriptors = append(s.descriptors, f.descriptors...)
	s.first = append(s.first, uint32(len(s.points)))
}

// features are those of a picture. They share the shelf's memory.
func (s *shelf) features(picture int) *Features {
	from, to := s.first[picture], s.first[picture+1]
	return &Features{int(s.sizes[picture].width), int(s.sizes[picture].height), s.points[from:to:to], s.descriptors[from:to:to]}
}

// together are the pictures of several shelves that are not gone, without tables.
func together(shelves ...*shelf) *shelf {
	pictures, features := 0, 0
	for _, s := range shelves {
		pictures += len(s.ids)
		features += len(s.points)
	}
	all := &shelf{
		ids: make([]uint64, 0, pictures), sizes: make([]size, 0, pictures), first: make([]uint32, 0, pictures+1),
		points: make([]point, 0, features), descriptors: make([]descriptor, 0, features),
	}
	for _, s := range shelves {
		for i, id := range s.ids {
			if len(s.gone) == 0 || !s.gone[i].Load() {
				all.put(id, s.features(i))
			}
		}
	}
	return all
}

// index makes the tables, with a list for some four to eight features.
func (s *shelf) index() {
	s.gone = make([]atomic.Bool, len(s.ids))
	s.bits = min(max(bits.Len(uint(len(s.descriptors)))-3, 8), 22)
	for t := range s.tables {
		starts := make([]uint32, 1<<s.bits+1)
		for i := range s.descriptors {
			starts[s.list(s.descriptors[i].key(t))]++
		}
		sum := uint32(0)
		for k, n := range starts {
			starts[k] = sum
			sum += n
		}
		entries := make([]uint32, len(s.descriptors))
		for i := range s.descriptors {
			k := s.list(s.descriptors[i].key(t))
			entries[starts[k]] = uint32(i)
			starts[k]++
		}
		copy(starts[1:], starts)
		starts[0] = 0
		s.tables[t] = table{starts, entries}
	}
}

const (
	nearDistance = 64  // of features that vote for a picture
	maxLooks     = 128 // features that a query's feature is compared with under one key: what is more frequent tells little
	maxVotes     = 256 // that a query's feature has in a shelf
	minVotes     = 4   // that a candidate has
)

// vote is a feature of a picture that looks like one of the query's.
type vote struct {
	entry uint32
	query uint16
}

// candidate is a picture that may be shown by the query.
type candidate struct {
	shelf   *shelf
	picture int
	votes   int
}

// candidates appends the pictures that enough of the query's features vote for with one scale and direction. A feature is looked up
// under its key in every table, and under those that differ in one bit. Of true counterparts 55% (in a picture turned by 10 degrees) to
// 90% are met that way, and of unrelated features of photographs three in 100,000.
func (s *shelf) candidates(dst []candidate, query *Features) []candidate {
	var votes []vote
	for q := range query.descriptors {
		votes = s.vote(votes, uint16(q), &query.descriptors[q])
	}
	slices.SortFunc(votes, func(a, b vote) int {
		return cmp.Or(cmp.Compare(a.entry, b.entry), cmp.Compare(a.query, b.query))
	})
	picture := 0
	for len(votes) > 0 {
		after, _ := slices.BinarySearch(s.first[picture:], votes[0].entry+1)
		picture += after - 1
		n, _ := slices.BinarySearchFunc(votes, s.first[picture+1], func(v vote, end uint32) int { return cmp.Compare(v.entry, end) })
		if !s.gone[picture].Load() {
			if agreed := s.agreed(votes[:n], query); agreed >= minVotes {
				dst = append(dst, candidate{s, picture, agreed})
			}
		}
		votes = votes[n:]
	}
	return dst
}

// vote appends the features that look like one of the query's, each once.
func (s *shelf) vote(dst []vote, q uint16, d *descriptor) []vote {
	first := len(dst)
	for t := range s.tables {
		starts, entries := s.tables[t].starts, s.tables[t].entries
		for flip := range 33 {
			key := d.key(t) ^ uint32(uint64(1)<<flip>>1)
			list := s.list(key)
			found := entries[starts[list]:starts[list+1]]
			for _, e := range found[:min(len(found), maxLooks)] {
				if o := &s.descriptors[e]; o.key(t) == key && distance(d, o) <= nearDistance && !met(d, o, t) {
					dst = append(dst, vote{e, q})
				}
			}
			if len(dst)-first >= maxVotes {
				return dst[:first+maxVotes]
			}
		}
	}
	return dst
}

// met says whether a table before t gave the feature already.
func met(a, b *descriptor, t int) bool {
	for before := range t {
		if bits.OnesCount32(a.key(before)^b.key(before)) <= 1 {
			return true
		}
	}
	return false
}

const (
	turnBins = 16           // of directions, a full turn
	sizeBins = 2*levels - 1 // of the difference of levels
)

// agreed is how many of the votes for a picture say about the same of scale and direction (a Hough transform; Lowe 2004). A feature of
// the query counts once.
func (s *shelf) agreed(votes []vote, query *Features) int {
	if len(votes) < minVotes {
		return 0
	}
	var bins [turnBins][sizeBins]int
	var counted [MaxFeatures/64 + 1]uint64
	for _, v := range votes {
		if counted[v.query/64]>>(v.query%64)&1 != 0 {
			continue
		}
		counted[v.query/64] |= 1 << (v.query % 64)
		p, q := s.points[v.entry], query.points[v.query]
		bins[(p.direction-q.direction)/(256/turnBins)][int(p.level)-int(q.level)+levels-1]++
	}
	most := 0
	for turn := range bins {
		next := &bins[(turn+1)%turnBins] // what is at the edge of two bins counts in both
		for size := 0; size+2 < sizeBins; size++ {
			n := 0
			for i := size; i < size+3; i++ {
				n += bins[turn][i] + next[i]
			}
			most = max(most, n)
		}
	}
	return most
}
