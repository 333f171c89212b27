package group

import (
	"cmp"
	"encoding/hex"
	"fmt"
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

	members []uint32
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
	Log10P float64 // of the strongest edge
}

const (
	gamma       = .05 // the least density of a group
	leastSize   = 4
	leastTies   = 2 // edges that a member has to others
	maxEvidence = 10
)

// tick looks for the groups as of a time.
func (f *Finder) tick(at int64) error {
	edges := f.model.Edges()
	found, err := communities(edges)
	if err != nil {
		return fmt.Errorf("groups at %d: %w", at, err)
	}
	f.inherit(found, at)
	return nil
}

// communities are the groups that the edges make: members and their edges.
func communities(edges []evidence.Edge) ([]community, error) {
	nodes := map[uint32]uint32{}
	var accounts []uint32
	node := func(account uint32) uint32 {
		n, known := nodes[account]
		if !known {
			n = uint32(len(accounts))
			nodes[account] = n
			accounts = append(accounts, account)
		}
		return n
	}
	arcs := make([]leiden.Edge, len(edges))
	for i := range edges {
		arcs[i] = leiden.Edge{A: node(edges[i].A), B: node(edges[i].B), Weight: 1}
	}
	graph, err := leiden.NewGraph(len(accounts), arcs)
	if err != nil {
		return nil, err
	}
	result, err := leiden.Run(graph, leiden.Options{Objective: leiden.CPM, Gamma: gamma, Seed: 1})
	if err != nil {
		return nil, err
	}
	all := make([]community, result.Communities)
	for i, e := range arcs {
		if c := result.Community[e.A]; c == result.Community[e.B] {
			all[c].edges = append(all[c].edges, &edges[i])
		}
	}
	kept := all[:0]
	for _, c := range all {
		if c.prune(); len(c.members) >= leastSize {
			kept = append(kept, c)
		}
	}
	return kept, nil
}

type community struct {
	members []uint32 // ascending
	edges   []*evidence.Edge
}

// prune drops members with too few ties until none is left that has.
func (c *community) prune() {
	for {
		ties := map[uint32]int{}
		for _, e := range c.edges {
			ties[e.A]++
			ties[e.B]++
		}
		before := len(c.edges)
		c.edges = slices.DeleteFunc(c.edges, func(e *evidence.Edge) bool { return ties[e.A] < leastTies || ties[e.B] < leastTies })
		if len(c.edges) == before {
			c.members = make([]uint32, 0, len(ties))
			for account := range ties {
				c.members = append(c.members, account)
			}
			slices.Sort(c.members)
			return
		}
	}
}

// inherit gives each community the group that it goes on with: the one with which it has the most members in common, if these are half of either. A group
// that no community goes on with stays as it last stood, unless its members have gone over to others.
func (f *Finder) inherit(found []community, at int64) {
	type claim struct{ group, community, common int }
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
		f.describe(g, &found[c], at)
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
func (f *Finder) describe(g *Group, c *community, at int64) {
	g.members = c.members
	g.Accounts = g.Accounts[:0]
	profiles := make([]*profile, len(c.members))
	for i, account := range c.members {
		name := f.model.Name(account)
		g.Accounts = append(g.Accounts, name)
		profiles[i] = f.profiles[name]
	}
	slices.Sort(g.Accounts)
	var tied [nTraces]int
	var best [nTraces]float64
	for _, e := range c.edges {
		seen := [nTraces]bool{}
		for _, s := range e.Support {
			if !seen[s.Trace] {
				seen[s.Trace] = true
				tied[s.Trace]++
			}
			best[s.Trace] = min(best[s.Trace], s.Log10P)
		}
	}
	g.Ties = g.Ties[:0]
	for t, n := range tied {
		if n > 0 {
			g.Ties = append(g.Ties, Tie{traces[t].Name, n, best[t]})
		}
	}
	g.Vector = vector(profiles, len(c.edges), tied)
	g.Evidence = evidenceOf(c)
	g.Score, g.Reasons = f.scorer.Score(g.Vector)
	g.Flagged = g.Score >= f.scorer.Threshold()
	if g.Flagged && g.FirstFlagged == 0 {
		g.FirstFlagged = at
	}
}

// evidenceOf lists the keys at which the most members met.
func evidenceOf(c *community) []Evidence {
	type place struct {
		trace int
		key   string
	}
	type meeting struct {
		members  map[uint32]bool
		from, to int64
	}
	places := map[place]*meeting{}
	for _, e := range c.edges {
		for _, w := range e.Why {
			at := place{w.Trace, w.Key}
			m := places[at]
			if m == nil {
				m = &meeting{map[uint32]bool{}, w.At - w.Apart, w.At}
				places[at] = m
			}
			m.members[e.A], m.members[e.B] = true, true
			m.from, m.to = min(m.from, w.At-w.Apart), max(m.to, w.At)
		}
	}
	list := make([]Evidence, 0, len(places))
	for at, m := range places {
		list = append(list, Evidence{traces[at.trace].Name, at.key, len(m.members), m.from, m.to})
	}
	slices.SortFunc(list, func(a, b Evidence) int {
		return cmp.Or(cmp.Compare(b.Accounts, a.Accounts), cmp.Compare(a.Trace, b.Trace), cmp.Compare(a.Key, b.Key))
	})
	return slices.Clone(list[:min(len(list), maxEvidence)])
}
