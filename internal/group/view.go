package group

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/graph/evidence"
)

// Views are copies: they stay as they are while the finder goes on.

// Summary is a group in short.
type Summary struct {
	ID        string
	State     State
	Size      int
	Probation int // members on probation
	Score     float64
	Flagged   bool
	Found     int64
	Last      int64
	Version   uint64
	Traces    []string
}

// List are all groups that match, the likeliest to do harm first, of equals the older. It takes time for the groups and those of their members that are on probation.
func (f *Finder) List(matches func(*Group) bool) []Summary {
	all := []Summary{}
	for _, g := range f.groups {
		if matches(g) {
			all = append(all, f.summary(g))
		}
	}
	slices.SortFunc(all, func(a, b Summary) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Found, b.Found), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func (f *Finder) summary(g *Group) Summary {
	s := Summary{ID: g.ID, State: g.State, Size: len(g.members), Score: g.Score, Flagged: g.Flagged, Found: g.Found, Last: g.Last, Version: g.Version, Traces: g.traces}
	for _, a := range g.members {
		if !f.accounts[a].confirmed() {
			s.Probation++
		}
	}
	return s
}

// View is all that is known of a group.
type View struct {
	Summary
	Into         string
	Parents      []string
	Children     []string // groups that split from it
	FirstFlagged int64
	Reasons      []string
	Features     []Feature
	Evidence     []Evidence
	Ties         []Tie
	History      []Change
	Members      []Member // those of the highest confidence first, at most as many as were asked for
}

// Feature is an input of the model of harm.
type Feature struct {
	Name  string
	Value float64
}

// Member is an account of a group.
type Member struct {
	Account    string
	Confidence float64 // that it belongs there, 0 to 1; see confidence
	Joined     int64
	By         string // community, ties or key
	Via        string // the trace and the key, of one that joined by a key
	Probation  bool
	Away       int64 // since when the group's community is without it; 0: it is in it
	Last       int64
	Ties       int         // members that it is tied to
	Strongest  []MemberTie // at most maxShown of them

	// As events said; zero where they did not.
	Verified  bool
	Followers int64
	Created   int64
}

// MemberTie is a tie to another account.
type MemberTie struct {
	Account string
	Log10P  float64
}

const maxShown = 5

// confidence is that of an account that is tied to so many members, in words: each tie is as good as a toss whether it means anything, a key that few have says nine in ten; who is
// away from the community of the group has half of that. It grows with the ties and is not calibrated.
func (x *account) confidence(ties int) float64 {
	doubt := math.Pow(.5, float64(ties))
	if x.by == byKey || x.by == byKeys {
		doubt *= .1
	}
	c := 1 - doubt
	if x.away != 0 {
		c /= 2
	}
	return math.Round(c*100) / 100
}

// View is what is known of a group, with at most so many members; false if there is no such group, or not any more. It takes time for its ties.
func (f *Finder) View(id string, members int) (View, bool) {
	g := f.byID[id]
	if g == nil {
		return View{}, false
	}
	v := View{Summary: f.summary(g), Into: g.Into, Parents: slices.Clone(g.Parents), FirstFlagged: g.FirstFlagged, Reasons: g.Reasons,
		Evidence: g.Evidence, Ties: g.Ties, History: slices.Clone(g.History)}
	for i, x := range g.Features {
		if x != 0 && !math.IsNaN(x) {
			v.Features = append(v.Features, Feature{features[i].name, x})
		}
	}
	for _, other := range f.groups {
		if slices.Contains(other.Parents, id) && len(v.Children) < maxParents {
			v.Children = append(v.Children, other.ID)
		}
	}
	for _, a := range g.members {
		x := &f.accounts[a]
		m := Member{Account: f.model.Name(a), Joined: x.joined, Via: x.via, Probation: !x.confirmed(), Away: x.away, Last: x.last,
			By: [...]string{"community", "ties", "key", "key"}[x.by], Verified: x.verified, Followers: x.followers, Created: x.created}
		for i, t := range x.ties {
			if f.accounts[t.other].group == g && (i == 0 || x.ties[i-1].other != t.other) {
				m.Ties++
				m.Strongest = append(m.Strongest, MemberTie{f.model.Name(t.other), math.Round(float64(t.log10P)*100) / 100})
			}
		}
		slices.SortFunc(m.Strongest, func(a, b MemberTie) int {
			return cmp.Or(cmp.Compare(a.Log10P, b.Log10P), strings.Compare(a.Account, b.Account))
		})
		m.Strongest = slices.Clone(m.Strongest[:min(maxShown, len(m.Strongest))])
		m.Confidence = x.confidence(m.Ties)
		v.Members = append(v.Members, m)
	}
	slices.SortFunc(v.Members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), strings.Compare(a.Account, b.Account))
	})
	v.Members = v.Members[:min(members, len(v.Members))]
	return v, true
}

// Graph is accounts and the edges between them.
type Graph struct {
	Nodes []Node
	Edges []GraphEdge
	Cut   bool // there is more than was asked for
}

// Node is an account of a graph.
type Node struct {
	Account string
	Group   string // empty: in none
	Depth   int    // edges between it and the group: 0 for a member
}

// GraphEdge is an edge with why it stands.
type GraphEdge struct {
	A, B   string
	Log10P float64
	Batch  string // the trace and the key of the batch that makes it; empty: what the two did together
	Why    []Together
	Where  []Place // at most five
}

// Together is what one trace says of a pair.
type Together struct {
	Trace    string
	Times    int
	Expected float64 // by chance
	Log10P   float64
}

// Place is a key at which a pair met.
type Place struct {
	Trace  string
	Key    string
	At     int64 // the later of the two acts
	Apart  int64
	Others int // others who were there within the window
}

// Around is the graph of a group: its members, and who is tied to them over at most depth edges, with all edges between these; at most so many accounts and edges. False if there is
// no such group, or not any more.
func (f *Finder) Around(id string, depth, nodes, edges int) (Graph, bool) {
	g := f.byID[id]
	if g == nil {
		return Graph{}, false
	}
	var graph Graph
	in := map[uint32]bool{}
	var list []uint32
	add := func(a uint32, depth int) {
		switch {
		case in[a]:
		case len(list) >= nodes:
			graph.Cut = true
		default:
			in[a] = true
			list = append(list, a)
			n := Node{Account: f.model.Name(a), Depth: depth}
			if of := f.accounts[a].group; of != nil {
				n.Group = of.ID
			}
			graph.Nodes = append(graph.Nodes, n)
		}
	}
	for _, a := range g.members {
		add(a, 0)
	}
	for from, d := 0, 1; d <= depth; d++ {
		to := len(list)
		for _, a := range list[from:to] {
			for _, t := range f.accounts[a].ties {
				add(t.other, d)
			}
		}
		from = to
	}
	for _, a := range list {
		for _, t := range f.accounts[a].ties {
			if t.other < a || !in[t.other] {
				continue
			}
			if len(graph.Edges) >= edges {
				graph.Cut = true
				return graph, true
			}
			graph.Edges = append(graph.Edges, f.graphEdge(a, t))
		}
	}
	return graph, true
}

func (f *Finder) graphEdge(a uint32, t tie) GraphEdge {
	e := GraphEdge{A: f.model.Name(a), B: f.model.Name(t.other), Log10P: math.Round(float64(t.log10P)*100) / 100}
	if t.batch != 0 {
		b := f.batches[t.batch-1]
		e.Batch = traces[b.trace].Name + " " + b.key
		return e
	}
	support, why := f.model.Explain(evidence.Edge{A: a, B: t.other})
	for _, s := range support {
		e.Why = append(e.Why, Together{traces[s.Trace].Name, s.Together, s.Expected, math.Round(s.Log10P*100) / 100})
	}
	for _, w := range why {
		if key := f.model.KeyName(w); key != "" {
			e.Where = append(e.Where, Place{traces[w.Trace].Name, key, w.At, w.Apart, int(w.Others)})
		}
	}
	return e
}
