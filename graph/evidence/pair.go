package evidence

import (
	"cmp"
	"maps"
	"slices"

	"github.com/ringfence/ringfence/graph/coaction"
)

// pair is what two accounts did together.
type pair struct {
	id       uint64 // see pairOf
	last     int64
	together [MaxTraces]float32
	repeated bool
	why      []Meeting
	logP     float64 // when it was last computed
	fresh    bool    // they met since
	touched  bool    // they are in Model.touched
}

// Meeting is a co-action of a pair.
type Meeting struct {
	Trace int
	Key   string
	At    int64 // the later of the two acts
	Apart int64 // the time between them
}

// maxWhy is how many co-actions of a pair are kept to explain it: the first ones at different keys.
const maxWhy = 5

func pairOf(a, b uint32) uint64 { return uint64(min(a, b))<<32 | uint64(max(a, b)) }

func ends(of uint64) (a, b uint32) { return uint32(of >> 32), uint32(of) }

// meet counts a co-action.
func (m *Model) meet(trace int, name string, a, b uint32, at int64, met coaction.Meeting) {
	id := pairOf(a, b)
	p := m.pairs[id]
	if p == nil {
		p = &pair{id: id}
		m.pairs[id] = p
	}
	p.last, p.fresh = at, true
	p.together[trace] += float32(met.Weight)
	if !p.repeated && p.together[trace] >= 2 {
		p.repeated = true
		m.repeated = append(m.repeated, p)
	}
	if p.repeated && !p.touched {
		p.touched = true
		m.touched = append(m.touched, p)
	}
	if len(p.why) < maxWhy && !slices.ContainsFunc(p.why, func(w Meeting) bool { return w.Trace == trace && w.Key == name }) {
		p.why = append(p.why, Meeting{trace, name, at, met.Apart})
	}
}

// forgetPairs forgets the eighth of the pairs that was together the longest ago.
func (m *Model) forgetPairs() {
	ids := slices.SortedFunc(maps.Keys(m.pairs), func(a, b uint64) int {
		return cmp.Or(cmp.Compare(m.pairs[a].last, m.pairs[b].last), cmp.Compare(a, b))
	})
	for _, id := range ids[:len(ids)-m.opts.MaxPairs+m.opts.MaxPairs/8] {
		delete(m.pairs, id)
	}
	m.repeated = slices.DeleteFunc(m.repeated, func(p *pair) bool { return m.pairs[p.id] != p })
}

// Name is the name of an account.
func (m *Model) Name(account uint32) string { return m.names[account] }

// Account is the number of an account that has acted; false if it has not.
func (m *Model) Account(name string) (uint32, bool) {
	account, ok := m.accounts[name]
	return account, ok
}
