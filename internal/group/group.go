package group

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/graph/evidence"
	"github.com/ringfence/ringfence/graph/leiden"
	"github.com/ringfence/ringfence/learn"
)

// Group is accounts that act together. Times are nanoseconds since 1970.
type Group struct {
	ID       string // it stays as the group grows, and is the same for the same events
	Accounts []string

	Score        float64 // how likely it is to do harm, 0 to 1
	Reasons      []string
	Flagged      bool // as of the last tick at which it stood
	Found        int64
	FirstFlagged int64 // the tick; 0: never
	Evidence     []Evidence
	Ties         []Tie // by trace, of the traces that tie any
	Vector       learn.Vector

	ground  uint64 // of the community that it is
	members []uint32
	edges   int
	tied    [nTraces]int
}

// Evidence is a key that brought members together.
type Evidence struct {
	Trace    string
	Key      string
	Accounts int // members that are known to have met there
	From, To int64
}

// Tie is what one trace says of the group.
type Tie struct {
	Trace  string
	Edges  int
	Log10P float64 // of the strongest edge, to two digits
}

const (
	gamma       = .05 // the least density of a group
	leastSize   = 4
	leastTies   = 2 // edges that a member has to others
	maxEvidence = 10
)

// tick looks for the groups as of a time.
func (f *Finder) tick(at int64) error {
	batches := f.model.Batches()
	found, err := f.communities(f.model.Edges(), batches)
	if err != nil {
		return fmt.Errorf("groups at %d: %w", at, err)
	}
	f.inherit(found, batches, at)
	for _, g := range f.groups {
		f.rate(g, at)
	}
	return nil
}

// component is accounts that edges connect, with no edge to others.
type component struct {
	ground  uint64 // hash of what connects them: the same gives the same communities
	edges   []evidence.Edge
	batches []int
}

// components splits what stands into what is connected. Their order is that of their first edges, or batches.
func (f *Finder) components(edges []evidence.Edge, batches []evidence.Batch) []*component {
	root := make([]uint32, f.model.Accounts())
	for i := range root {
		root[i] = uint32(i)
	}
	find := func(v uint32) uint32 {
		for root[v] != v {
			root[v] = root[root[v]]
			v = root[v]
		}
		return v
	}
	for _, e := range edges {
		root[find(e.A)] = find(e.B)
	}
	for i := range batches {
		for _, v := range batches[i].Visits {
			root[find(v.Account)] = find(batches[i].Visits[0].Account)
		}
	}
	of := map[uint32]*component{}
	var all []*component
	at := func(account uint32) *component {
		r := find(account)
		if of[r] == nil {
			of[r] = &component{}
			all = append(all, of[r])
		}
		return of[r]
	}
	var key []byte
	for _, e := range edges {
		c := at(e.A)
		c.edges = append(c.edges, e)
		key = binary.LittleEndian.AppendUint64(key[:0], c.ground)
		key = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(key, e.A), e.B)
		c.ground = xxh3.Hash(key)
	}
	for i := range batches {
		b := &batches[i]
		c := at(b.Visits[0].Account)
		c.batches = append(c.batches, i)
		key = binary.LittleEndian.AppendUint64(key[:0], c.ground)
		key = append(binary.LittleEndian.AppendUint32(key, uint32(len(b.Visits))), b.Key...)
		key = binary.LittleEndian.AppendUint64(key, uint64(b.Visits[0].At))
		c.ground = xxh3.Hash(key)
	}
	return all
}

// community is accounts with more edges among them than with others.
type community struct {
	ground  uint64   // of its component, and its place there
	members []uint32 // ascending
	edges   []edge   // nil in one that is as it was
}

// edge is a tie of two accounts.
type edge struct {
	evidence.Edge
	batch int // index of the batch that makes it; -1: none does
}

// communities are the groups that the edges make. Those of components that have not changed since the last tick are taken from there.
func (f *Finder) communities(edges []evidence.Edge, batches []evidence.Batch) ([]community, error) {
	before := f.known
	f.known = make(map[uint64][]community, len(before))
	var all []community
	for _, c := range f.components(edges, batches) {
		found, known := before[c.ground]
		if !known {
			var err error
			if found, err = c.communities(batches); err != nil {
				return nil, err
			}
		}
		all = append(all, found...)
		kept := slices.Clone(found)
		for i := range kept {
			kept[i].edges = nil
		}
		f.known[c.ground] = kept
	}
	return all, nil
}

func (c *component) communities(batches []evidence.Batch) ([]community, error) {
	all := make([]edge, 0, len(c.edges))
	for _, e := range c.edges {
		all = append(all, edge{e, -1})
	}
	for _, i := range c.batches {
		batches[i].Join(func(a, b uint32) { all = append(all, edge{evidence.Edge{A: a, B: b, Log10P: batches[i].Log10P}, i}) })
	}
	slices.SortFunc(all, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B), cmp.Compare(a.batch, b.batch))
	})
	nodes := map[uint32]uint32{}
	node := func(account uint32) uint32 {
		n, known := nodes[account]
		if !known {
			n = uint32(len(nodes))
			nodes[account] = n
		}
		return n
	}
	arcs := make([]leiden.Edge, 0, len(all))
	for i, e := range all {
		if i == 0 || e.A != all[i-1].A || e.B != all[i-1].B {
			arcs = append(arcs, leiden.Edge{A: node(e.A), B: node(e.B), Weight: 1})
		}
	}
	graph, err := leiden.NewGraph(len(nodes), arcs)
	if err != nil {
		return nil, err
	}
	result, err := leiden.Run(graph, leiden.Options{Objective: leiden.CPM, Gamma: gamma, Seed: 1})
	if err != nil {
		return nil, err
	}
	found := make([]community, result.Communities)
	for _, e := range all {
		if n := result.Community[nodes[e.A]]; n == result.Community[nodes[e.B]] {
			found[n].edges = append(found[n].edges, e)
		}
	}
	kept := found[:0]
	for i, x := range found {
		if x.prune(); len(x.members) >= leastSize {
			x.ground = c.ground + uint64(i)
			kept = append(kept, x)
		}
	}
	return kept, nil
}

// prune drops members with ties to fewer than leastTies others until none is left that has.
func (c *community) prune() {
	for {
		ties := map[uint32]int{}
		for i, e := range c.edges {
			if i == 0 || e.A != c.edges[i-1].A || e.B != c.edges[i-1].B {
				ties[e.A]++
				ties[e.B]++
			}
		}
		before := len(c.edges)
		c.edges = slices.DeleteFunc(c.edges, func(e edge) bool { return ties[e.A] < leastTies || ties[e.B] < leastTies })
		if len(c.edges) == before {
			c.members = slices.Sorted(maps.Keys(ties))
			return
		}
	}
}

// inherit gives each community the group that it goes on with: the one with which it has the most members in common, if these are half of either. A group
// that no community goes on with stays as it last stood, unless its members have gone over to others.
func (f *Finder) inherit(found []community, batches []evidence.Batch, at int64) {
	type claim struct{ group, community, common int } // common is more than there are accounts where nothing has changed
	var claims []claim
	of := map[uint32][]int{} // groups by member
	for g, old := range f.groups {
		for _, account := range old.members {
			of[account] = append(of[account], g)
		}
	}
	for c := range found {
		common := map[int]int{}
		for _, account := range found[c].members {
			for _, g := range of[account] {
				common[g]++
			}
		}
		for g, n := range common {
			if found[c].ground == f.groups[g].ground {
				n += f.model.Accounts()
			}
			if 2*n >= min(len(found[c].members), len(f.groups[g].members)) {
				claims = append(claims, claim{g, c, n})
			}
		}
	}
	slices.SortFunc(claims, func(a, b claim) int {
		return cmp.Or(cmp.Compare(b.common, a.common), cmp.Compare(a.group, b.group), cmp.Compare(a.community, b.community))
	})
	heir := make([]*Group, len(found))
	goesOn := make([]bool, len(f.groups))
	gone := make([]bool, len(f.groups))
	for _, x := range claims {
		gone[x.group] = true
		if heir[x.community] == nil && !goesOn[x.group] {
			heir[x.community], goesOn[x.group] = f.groups[x.group], true
		}
	}
	kept := f.groups[:0]
	for g, old := range f.groups {
		if goesOn[g] || !gone[g] {
			kept = append(kept, old)
		}
	}
	f.groups = kept
	for c := range found {
		g := heir[c]
		if g == nil {
			g = &Group{ID: f.newID(found[c].members, at), Found: at}
			f.groups = append(f.groups, g)
		}
		f.describe(g, &found[c], batches)
	}
}

// newID is the name of a group that is found with these members at a time.
func (f *Finder) newID(members []uint32, at int64) string {
	hash := xxh3.New()
	fmt.Fprintf(hash, "%d", at)
	for _, account := range members {
		fmt.Fprintf(hash, " %s", f.model.Name(account))
	}
	return "g" + hex.EncodeToString(hash.Sum(nil))
}

// describe brings a group to what its community is now.
func (f *Finder) describe(g *Group, c *community, batches []evidence.Batch) {
	if g.ground == c.ground {
		return
	}
	g.ground = c.ground
	g.members = c.members
	g.Accounts = g.Accounts[:0]
	for _, account := range c.members {
		g.Accounts = append(g.Accounts, f.model.Name(account))
	}
	slices.Sort(g.Accounts)
	g.edges, g.tied = len(c.edges), [nTraces]int{}
	var best [nTraces]float64
	var places places
	for _, e := range c.edges {
		if e.batch >= 0 {
			b := &batches[e.batch]
			g.tied[b.Trace]++
			best[b.Trace] = min(best[b.Trace], b.Log10P)
			continue
		}
		support, why := f.model.Explain(e.Edge)
		for _, s := range support {
			g.tied[s.Trace]++
			best[s.Trace] = min(best[s.Trace], s.Log10P)
		}
		for _, w := range why {
			places.add(place{w.Trace, w.Key}, e.A, w.At-w.Apart)
			places.add(place{w.Trace, w.Key}, e.B, w.At)
		}
	}
	for i := range batches {
		for _, v := range batches[i].Visits {
			if _, in := slices.BinarySearch(c.members, v.Account); in {
				places.add(place{batches[i].Trace, batches[i].Key}, v.Account, v.At)
			}
		}
	}
	g.Ties = g.Ties[:0]
	for t, n := range g.tied {
		if n > 0 {
			g.Ties = append(g.Ties, Tie{traces[t].Name, n, math.Round(best[t]*100) / 100})
		}
	}
	g.Evidence = places.top()
}

// rate gives a group its score as of a time.
func (f *Finder) rate(g *Group, at int64) {
	profiles := make([]*profile, len(g.members))
	for i, account := range g.members {
		profiles[i] = f.profiles[f.model.Name(account)]
	}
	g.Vector = vector(profiles, g.edges, g.tied)
	g.Score, g.Reasons = f.scorer.Score(g.Vector)
	g.Flagged = g.Score >= f.scorer.Threshold()
	if g.Flagged && g.FirstFlagged == 0 {
		g.FirstFlagged = at
	}
}

// place is a key of a trace.
type place struct {
	trace int
	key   string
}

// places collects who of a group was where.
type places map[place]*gathering

type gathering struct {
	members  map[uint32]bool
	from, to int64
}

func (p *places) add(at place, account uint32, when int64) {
	if *p == nil {
		*p = places{}
	}
	m := (*p)[at]
	if m == nil {
		m = &gathering{map[uint32]bool{}, when, when}
		(*p)[at] = m
	}
	m.members[account] = true
	m.from, m.to = min(m.from, when), max(m.to, when)
}

// top are the places of the most members, two at least.
func (p places) top() []Evidence {
	list := []Evidence{}
	for at, m := range p {
		if len(m.members) > 1 {
			list = append(list, Evidence{traces[at.trace].Name, at.key, len(m.members), m.from, m.to})
		}
	}
	slices.SortFunc(list, func(a, b Evidence) int {
		return cmp.Or(cmp.Compare(b.Accounts, a.Accounts), cmp.Compare(a.Trace, b.Trace), cmp.Compare(a.Key, b.Key))
	})
	return slices.Clone(list[:min(len(list), maxEvidence)])
}
