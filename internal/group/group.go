package group

import (
	"cmp"
	"math"
	"slices"

	"github.com/ringfence/ringfence/graph/evidence"
)

// Group is accounts that act together. Times are nanoseconds since 1970.
type Group struct {
	ID       string // it stays as the group grows, and is the same for the same events
	Accounts []string
	Version  uint64 // of the set of accounts, and of who among them is on probation
	State    State
	Into     string   // of a merged group: the one that has its accounts now
	Parents  []string // the groups that it came from, at most maxParents

	Score        float64 // how likely it is to do harm, 0 to 1
	Reasons      []string
	Flagged      bool // as of the last tick at which it stood
	Found        int64
	FirstFlagged int64 // the tick; 0: never
	Last         int64 // the latest act of a member
	Evidence     []Evidence
	Ties         []Tie     // by trace, of the traces that tie any
	Features     []float64 `json:"-"` // by the names of FeatureNames; NaN where nothing is known
	History      []Change  // the latest, at most maxHistory

	place     uint32   // in Finder.kept
	members   []uint32 // ascending
	edges     int
	tied      [nTraces]int
	traces    []string
	signature []mark // by what it would be known again
	hits      int    // members with hits
	rated     int64  // the tick
	stirred   bool   // a member acted since
	reached   int    // of the history: the size at which it last grew
}

// State is how alive a group is.
type State string

// The states of a group.
const (
	Active  State = "active"
	Dormant State = "dormant" // no member acted for dormantAfter
	Merged  State = "merged"  // its accounts are part of another group
	Dead    State = "dead"    // dormant for deadAfter: it does not come back by itself
)

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
	maxEvidence = 10
	maxHistory  = 64
	maxParents  = 8
)

// live says whether the group takes part in what happens now.
func (g *Group) live() bool { return g.State == Active || g.State == Dormant }

// Size is how many members there are, those on probation included.
func (g *Group) Size() int { return len(g.members) }

// Traces are the traces that tie it, in a fixed order. The list must not be changed.
func (g *Group) Traces() []string { return g.traces }

// Hits is how many members had something of a known-bad bank in an event.
func (g *Group) Hits() int { return g.hits }

// describe brings what is said of a group to what ties its members now. It takes time for these ties.
func (f *Finder) describe(g *Group) {
	f.touchGroup(g)
	f.sign(g)
	g.edges, g.tied, g.hits = 0, [nTraces]int{}, 0
	var best [nTraces]float64
	var places places
	batches := map[uint32]bool{}
	for _, a := range g.members {
		if f.accounts[a].hits > 0 {
			g.hits++
		}
		for _, t := range f.accounts[a].ties {
			if t.other < a || f.accounts[t.other].group != g {
				continue
			}
			g.edges++
			if t.batch != 0 {
				b := f.batches[t.batch-1]
				batches[t.batch] = true
				g.tied[b.trace]++
				best[b.trace] = min(best[b.trace], b.log10P)
				continue
			}
			support, why := f.model.Explain(evidence.Edge{A: a, B: t.other})
			for _, s := range support {
				g.tied[s.Trace]++
				best[s.Trace] = min(best[s.Trace], s.Log10P)
			}
			for _, w := range why {
				if name := f.model.KeyName(w); name != "" {
					places.add(place{int(w.Trace), name}, a, w.At-w.Apart)
					places.add(place{int(w.Trace), name}, t.other, w.At)
				}
			}
		}
	}
	for i := range batches {
		b := f.batches[i-1]
		for _, v := range b.visits {
			if f.accounts[v.Account].group == g {
				places.add(place{b.trace, b.key}, v.Account, v.At)
			}
		}
	}
	g.Ties, g.traces = nil, nil
	for t, n := range g.tied {
		if n > 0 {
			g.Ties = append(g.Ties, Tie{traces[t].Name, n, math.Round(best[t]*100) / 100})
			g.traces = append(g.traces, traces[t].Name)
		}
	}
	g.Evidence = places.top()
}

// rate gives a group its score as of a time.
func (f *Finder) rate(g *Group, at int64) {
	profiles := make([]*profile, len(g.members))
	for i, account := range g.members {
		profiles[i] = &f.accounts[account].profile
	}
	g.Features = row(profiles, g.edges, g.tied, g.hits)
	before := g.Score
	if g.Score = f.scorer.Score(g.Features); g.Reasons == nil || math.Abs(g.Score-before) > .01 {
		g.Reasons = f.scorer.Reasons(g.Features)
	}
	g.Flagged = g.Score >= f.scorer.Threshold()
	if g.Flagged && g.FirstFlagged == 0 {
		g.FirstFlagged = at
	}
	g.rated, g.stirred = at, false
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
