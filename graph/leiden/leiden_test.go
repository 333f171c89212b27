package leiden

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func graph(t testing.TB, nodes int, edges []Edge) *Graph {
	t.Helper()
	g, err := NewGraph(nodes, edges)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func run(t testing.TB, g *Graph, o Options) Result {
	t.Helper()
	r, err := Run(g, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// clique is all pairs among nodes from … to−1.
func clique(from, to uint32) []Edge {
	var edges []Edge
	for a := from; a < to; a++ {
		for b := from; b < a; b++ {
			edges = append(edges, Edge{b, a, 1})
		}
	}
	return edges
}

func TestCommunities(t *testing.T) {
	cliques := slices.Concat(clique(4, 7), clique(0, 4), []Edge{{3, 4, 1}})
	for name, tc := range map[string]struct {
		nodes   int
		edges   []Edge
		o       Options
		want    []uint32
		quality float64
	}{
		"two cliques, CPM":        {7, cliques, Options{Objective: CPM, Gamma: 0.5}, []uint32{0, 0, 0, 0, 1, 1, 1}, 9 - 0.5*(6+3)},
		"two cliques, modularity": {7, cliques, Options{Gamma: 1}, []uint32{0, 0, 0, 0, 1, 1, 1}, (9 - (13*13+7*7)/40.0) / 10},
		"γ of 0: components":      {8, cliques, Options{Objective: CPM}, []uint32{0, 0, 0, 0, 0, 0, 0, 1}, 10},
		"γ above all: alone":      {3, clique(0, 3), Options{Objective: CPM, Gamma: 1.1}, []uint32{0, 1, 2}, 0},
		"weights decide":          {4, []Edge{{0, 1, 1}, {1, 2, 3}, {2, 3, 1}}, Options{Objective: CPM, Gamma: 1.5}, []uint32{1, 0, 0, 2}, 1.5},
		"parallel edges add up":   {2, []Edge{{0, 1, 1}, {1, 0, 1}}, Options{Objective: CPM, Gamma: 1.5}, []uint32{0, 0}, 0.5},
		"loops count once":        {1, []Edge{{0, 0, 2}}, Options{Objective: CPM, Gamma: 1}, []uint32{0}, 2},
		"no edges":                {2, nil, Options{Gamma: 1}, []uint32{0, 1}, 0},
		"nothing":                 {0, nil, Options{Gamma: 1}, []uint32{}, 0},
	} {
		g := graph(t, tc.nodes, tc.edges)
		r := run(t, g, tc.o)
		if diff := cmp.Diff(tc.want, r.Community); diff != "" {
			t.Errorf("%s: communities (-want +got):\n%s", name, diff)
		}
		if q, err := Quality(g, r.Community, tc.o); err != nil || math.Abs(q-tc.quality) > 1e-9 {
			t.Errorf("%s: quality %v, %v, want %v", name, q, err, tc.quality)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, edges := range [][]Edge{{{0, 2, 1}}, {{0, 1, 0}}, {{0, 1, -1}}, {{0, 1, math.NaN()}}, {{0, 1, math.Inf(1)}}, {{0, 1, math.MaxFloat64}, {0, 1, math.MaxFloat64}}} {
		if _, err := NewGraph(2, edges); err == nil {
			t.Errorf("NewGraph(2, %v): no error", edges)
		}
	}
	if _, err := NewGraph(-1, nil); err == nil {
		t.Error("NewGraph(-1): no error")
	}
	g := graph(t, 2, []Edge{{0, 1, 1}})
	for _, o := range []Options{{Gamma: -1}, {Gamma: math.NaN()}, {Gamma: math.Inf(1)}, {Objective: 2}, {Passes: -1}} {
		if _, err := Run(g, o); err == nil {
			t.Errorf("Run(%+v): no error", o)
		}
	}
	for _, community := range [][]uint32{{0}, {0, 2}} {
		if _, err := Quality(g, community, Options{}); err == nil {
			t.Errorf("Quality(%v): no error", community)
		}
		if _, err := Update(g, community, nil, Options{}); err == nil {
			t.Errorf("Update(%v): no error", community)
		}
	}
	if _, err := Update(g, []uint32{0, 1}, []uint32{2}, Options{}); err == nil {
		t.Error("a dirty node that is not there: no error")
	}
}

// check says what must hold of any result.
func check(t interface{ Errorf(string, ...any) }, g *Graph, r Result, o Options) {
	if n := distinct(r.Community); n != r.Communities {
		t.Errorf("%d communities, and %d are named", n, r.Communities)
	}
	split := slices.Clone(r.Community)
	all := make([]uint32, len(split))
	for v := range all {
		all[v] = uint32(v)
	}
	splitApart(&g.level, split, all)
	if !slices.Equal(split, r.Community) {
		t.Errorf("a community is not connected: %v", r.Community)
	}
}

// weighted draws a graph of few nodes with loops and parallel edges.
func weighted(t *rapid.T) (int, []Edge) {
	n := rapid.IntRange(1, 14).Draw(t, "nodes")
	node := rapid.Uint32Range(0, uint32(n-1))
	edges := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Edge {
		return Edge{node.Draw(t, "a"), node.Draw(t, "b"), rapid.SampledFrom([]float64{1, 1, 1, 0.25, 3}).Draw(t, "weight")}
	}), 0, 40).Draw(t, "edges")
	return n, edges
}

func draw(t *rapid.T) Options {
	return Options{
		Objective: rapid.SampledFrom([]Objective{Modularity, CPM}).Draw(t, "objective"),
		Gamma:     rapid.SampledFrom([]float64{0, 0.05, 0.3, 1, 2}).Draw(t, "gamma"),
		Seed:      rapid.Uint64().Draw(t, "seed"),
		Passes:    20,
	}
}

func TestResultsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, edges := weighted(t)
		o := draw(t)
		g, err := NewGraph(n, edges)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(g, o)
		if err != nil {
			t.Fatal(err)
		}
		check(t, g, r, o)
		again, _ := Run(g, o)
		if !slices.Equal(r.Community, again.Community) {
			t.Errorf("the same seed gave %v and %v", r.Community, again.Community)
		}
		size := make([]int, r.Communities)
		for _, c := range r.Community {
			size[c]++
		}
		if !slices.IsSortedFunc(size, func(a, b int) int { return b - a }) {
			t.Errorf("sizes %v are not in order", size)
		}
		// No move of one node gains, be it to another community or out.
		best, _ := Quality(g, r.Community, o)
		for v := range r.Community {
			for c := range n {
				moved := slices.Clone(r.Community)
				moved[v] = uint32(c)
				if q, _ := Quality(g, moved, o); q > best+1e-6 {
					t.Errorf("node %d gains %v in %d: %v", v, q-best, c, r.Community)
				}
			}
		}
	})
}

func TestUpdate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, edges := weighted(t)
		o := draw(t)
		before, err := NewGraph(n, edges)
		if err != nil {
			t.Fatal(err)
		}
		old, err := Run(before, o)
		if err != nil {
			t.Fatal(err)
		}
		same, err := Update(before, old.Community, nil, o)
		if err != nil || !slices.Equal(same.Community, old.Community) {
			t.Errorf("nothing is dirty, and %v became %v, %v", old.Community, same.Community, err)
		}
		var dirty []uint32
		after := slices.Clone(edges)
		for range rapid.IntRange(1, 4).Draw(t, "removed") {
			if len(after) > 0 {
				i := rapid.IntRange(0, len(after)-1).Draw(t, "which")
				dirty = append(dirty, after[i].A, after[i].B)
				after = slices.Delete(after, i, i+1)
			}
		}
		added := Edge{rapid.Uint32Range(0, uint32(n-1)).Draw(t, "a"), rapid.Uint32Range(0, uint32(n-1)).Draw(t, "b"), 1}
		after = append(after, added)
		dirty = append(dirty, added.A, added.B)
		g, err := NewGraph(n, after)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Update(g, old.Community, dirty, o)
		if err != nil {
			t.Fatal(err)
		}
		check(t, g, r, o)
		from, _ := Quality(g, old.Community, o)
		if to, _ := Quality(g, r.Community, o); to < from-1e-9 {
			t.Errorf("quality fell from %v to %v: %v became %v", from, to, old.Community, r.Community)
		}
	})
}

// TestUpdateLeavesTheRestAlone changes one of many cliques.
func TestUpdateLeavesTheRestAlone(t *testing.T) {
	const cliques, size = 200, 10
	var edges []Edge
	for c := range uint32(cliques) {
		edges = append(edges, clique(c*size, c*size+size)...)
		edges = append(edges, Edge{c * size, (c*size + size) % (cliques * size), 1})
	}
	o := Options{Objective: CPM, Gamma: 0.3}
	old := run(t, graph(t, cliques*size, edges), o)
	// The 43rd falls into two halves, and a node of the next joins one of them.
	edges = slices.DeleteFunc(edges, func(e Edge) bool {
		return e.A >= 420 && e.B < 430 && (e.A < 425) != (e.B < 425)
	})
	dirty := []uint32{430}
	for v := range uint32(10) {
		dirty = append(dirty, 420+v)
	}
	edges = slices.DeleteFunc(edges, func(e Edge) bool { return e.A == 430 || e.B == 430 })
	for v := range uint32(5) {
		edges = append(edges, Edge{430, 420 + v, 1})
	}
	for v := range uint32(9) {
		dirty = append(dirty, 431+v)
	}
	g := graph(t, cliques*size, edges)
	r, err := Update(g, old.Community, dirty, o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Communities != old.Communities+1 {
		t.Errorf("%d communities, want one more than %d", r.Communities, old.Communities)
	}
	for v, c := range r.Community {
		if changed := v >= 425 && v <= 430; !changed && c != old.Community[v] && (v < 420 || v >= 430) {
			t.Errorf("node %d went from %d to %d", v, old.Community[v], c)
		}
	}
	if r.Community[430] != r.Community[420] || r.Community[420] == r.Community[425] {
		t.Errorf("the halves are %v", r.Community[420:431])
	}
	if r.Visited > 300 {
		t.Errorf("%d visits for 20 changed nodes of %d", r.Visited, cliques*size)
	}
}

// TestNeedles looks for 90 groups of 5 to 60 accounts in 50,000 with chance edges of a heavy tail, in four draws.
func TestNeedles(t *testing.T) {
	mean, count := map[int]float64{}, map[int]float64{}
	for draw := range uint64(4) {
		g, needles := haystack(t, rand.New(rand.NewPCG(7, draw)))
		r := run(t, g, Options{Objective: CPM, Gamma: 0.1, Passes: 10})
		size := make([]int, r.Communities)
		for _, c := range r.Community {
			size[c]++
		}
		for _, needle := range needles {
			share := map[uint32]int{}
			best := 0.0
			for _, v := range needle {
				share[r.Community[v]]++
			}
			for c, k := range share {
				best = max(best, 2*float64(k)/float64(size[c]+len(needle)))
			}
			mean[len(needle)] += best
			count[len(needle)]++
		}
	}
	for size, least := range map[int]float64{5: 0.6, 8: 0.75, 12: 0.88, 20: 0.96, 40: 0.99, 60: 0.99} {
		got := mean[size] / count[size]
		t.Logf("%d: F1 %.3f", size, got)
		if got < least {
			t.Errorf("%d: F1 %.3f, want %v", size, got, least)
		}
	}
}

// haystack is a graph of 50,000 nodes, the ends of whose 250,000 edges are drawn by a Pareto law, and 90 groups in it: five of each size and density.
func haystack(t testing.TB, chance *rand.Rand) (g *Graph, needles [][]uint32) {
	const nodes = 50_000
	sum := make([]float64, nodes)
	total := 0.0
	for v := range sum {
		total += math.Pow(1-chance.Float64(), -1/1.5)
		sum[v] = total
	}
	end := func() uint32 {
		v, _ := slices.BinarySearch(sum, chance.Float64()*total)
		return uint32(min(v, nodes-1))
	}
	seen := map[[2]uint32]bool{}
	var edges []Edge
	join := func(a, b uint32) {
		if key := [2]uint32{min(a, b), max(a, b)}; a != b && !seen[key] {
			seen[key] = true
			edges = append(edges, Edge{a, b, 1})
		}
	}
	for range 250_000 {
		join(end(), end())
	}
	order := chance.Perm(nodes)
	for _, size := range []int{5, 8, 12, 20, 40, 60} {
		for _, density := range []float64{0.3, 0.6, 0.9} {
			for range 5 {
				var needle []uint32
				for _, v := range order[:size] {
					needle = append(needle, uint32(v))
				}
				order = order[size:]
				for i, a := range needle {
					for _, b := range needle[:i] {
						if chance.Float64() < density {
							join(a, b)
						}
					}
				}
				needles = append(needles, needle)
			}
		}
	}
	return graph(t, nodes, edges), needles
}

func TestSharedGraphs(t *testing.T) {
	for _, tc := range []struct {
		graph string
		o     Options
		q     float64 // least modularity
		ari   float64 // least
	}{
		{ppGraph, Options{Gamma: 1}, 0.7002 - 0.002, 0},
		{lfrGraph, Options{Gamma: 1}, 0.6907 - 0.002, 0.9},
		{ppGraph, Options{Objective: CPM, Gamma: 0.01}, 0.6989, 0.99999},
		{lfrGraph, Options{Objective: CPM, Gamma: 0.002}, 0, 0.99},
	} {
		g, planted := sharedGraph(t, tc.graph)
		r := run(t, g, tc.o)
		check(t, g, r, tc.o)
		q, err := Quality(g, r.Community, Options{Gamma: 1})
		if err != nil {
			t.Fatal(err)
		}
		ari := adjustedRand(r.Community, planted)
		t.Logf("%s %+v: Q %.4f, ARI %.4f, %d communities", tc.graph, tc.o, q, ari, r.Communities)
		if q < tc.q || ari < tc.ari {
			t.Errorf("%s %+v: Q %.4f, ARI %.4f, want %v and %v at least", tc.graph, tc.o, q, ari, tc.q, tc.ari)
		}
	}
}
