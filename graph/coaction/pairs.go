package coaction

import (
	"cmp"
	"iter"
	"math"
	"slices"
)

// pairs holds pairs of accounts, each in the lists of both.
type pairs struct {
	windows int
	place   map[pairKey]int32
	first   map[uint64]int32 // of each account: its first pair, + 1
	all     []pair
	weight  []float64 // of each pair: one a window, as of the pair's last
	now     []float64 // of at
}

type pairKey struct {
	a, b  uint64 // a < b
	trace Trace
}

type pair struct {
	pairKey
	last         int64
	index        int32
	nextA, nextB int32 // the next pair of a and of b, + 1
}

func (p *pair) other(account uint64) uint64 {
	if p.a == account {
		return p.b
	}
	return p.a
}

func (ps *pairs) reset(windows int) {
	*ps = pairs{windows: windows, place: map[pairKey]int32{}, first: map[uint64]int32{}, now: make([]float64, windows)}
}

func (ps *pairs) len() int { return len(ps.all) }

// get is the pair of two accounts, which is made if there is none.
func (ps *pairs) get(trace Trace, a, b uint64, at int64) *pair {
	key := pairKey{min(a, b), max(a, b), trace}
	i, ok := ps.place[key]
	if !ok {
		i = ps.insert(key, at)
		ps.weight = append(ps.weight, make([]float64, ps.windows)...)
	}
	return &ps.all[i]
}

func (ps *pairs) insert(key pairKey, last int64) int32 {
	i := int32(len(ps.all))
	ps.all = append(ps.all, pair{key, last, i, ps.first[key.a], ps.first[key.b]})
	ps.place[key] = i
	ps.first[key.a], ps.first[key.b] = i+1, i+1
	return i
}

// of gives the pairs of an account.
func (ps *pairs) of(account uint64) iter.Seq[*pair] {
	return func(yield func(*pair) bool) {
		for i := ps.first[account]; i > 0; {
			p := &ps.all[i-1]
			if i = p.nextB; p.a == account {
				i = p.nextA
			}
			if !yield(p) {
				return
			}
		}
	}
}

// add adds a weight, as of a time, at the windows from … to−1.
func (ps *pairs) add(p *pair, from, to int, at int64, weight float64, halfLife int64) {
	w := ps.weight[int(p.index)*ps.windows:][:ps.windows]
	if at > p.last {
		f := decay(at-p.last, halfLife)
		for i := range w {
			w[i] *= f
		}
		p.last = at
	} else {
		weight *= decay(p.last-at, halfLife)
	}
	for i := from; i < to; i++ {
		w[i] += weight
	}
}

func decay(after, halfLife int64) float64 { return math.Exp2(-float64(after) / float64(halfLife)) }

// at is a pair as of a time.
func (ps *pairs) at(p *pair, now, halfLife int64) Pair {
	f := decay(max(0, now-p.last), halfLife)
	for i, w := range ps.weight[int(p.index)*ps.windows:][:ps.windows] {
		ps.now[i] = w * f
	}
	return Pair{p.a, p.b, p.trace, p.last, ps.now}
}

// forget keeps so many pairs, those that were touched last.
func (ps *pairs) forget(keep int) {
	slices.SortFunc(ps.all, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b), cmp.Compare(a.trace, b.trace))
	})
	old := *ps
	ps.reset(old.windows)
	for _, p := range old.all[len(old.all)-keep:] {
		ps.insert(p.pairKey, p.last)
		ps.weight = append(ps.weight, old.weight[int(p.index)*ps.windows:][:ps.windows]...)
	}
}
