package leiden

import (
	"fmt"
	"math"
)

// Edge joins two nodes. The weight is above 0 and finite.
type Edge struct {
	A, B   uint32
	Weight float64
}

// Graph is an undirected graph as compressed sparse rows. It does not change and may be used by several goroutines.
type Graph struct {
	level
	total float64 // weight of all edges, loops once
}

// MaxNodes is how many nodes a graph may have.
const MaxNodes = 1<<32 - 2

// NewGraph makes the graph of nodes 0 … nodes−1. Parallel edges add up. A loop (A = B) counts once among the edges inside its community and twice in its
// node's degree. The order of edges makes no
// difference but to the last bit of sums. It takes 64 bytes an edge while it is made and 32 after, 24 a node, and time in proportion.
func NewGraph(nodes int, edges []Edge) (*Graph, error) {
	if nodes < 0 || nodes > MaxNodes {
		return nil, fmt.Errorf("graph of %d nodes: want 0 to %d", nodes, MaxNodes)
	}
	g := &Graph{level: newLevel(nodes)}
	ends := make([]int, nodes+1)
	for i, e := range edges {
		if int64(max(e.A, e.B)) >= int64(nodes) {
			return nil, fmt.Errorf("edge %d joins %d and %d, but the graph has %d nodes", i, e.A, e.B, nodes)
		}
		if !(e.Weight > 0) || math.IsInf(e.Weight, 1) {
			return nil, fmt.Errorf("edge %d has weight %v: want one above 0 and finite", i, e.Weight)
		}
		g.total += e.Weight
		if e.A != e.B {
			ends[e.A+1]++
			ends[e.B+1]++
		}
	}
	if math.IsInf(g.total, 1) {
		return nil, fmt.Errorf("the weights of %d edges add up to more than a number holds", len(edges))
	}
	for v := range nodes {
		ends[v+1] += ends[v]
	}
	arcs := make([]arc, ends[nodes])
	at := append([]int(nil), ends[:nodes]...)
	for _, e := range edges {
		if e.A == e.B {
			g.self[e.A] += e.Weight
			continue
		}
		arcs[at[e.A]] = arc{e.B, e.Weight}
		at[e.A]++
		arcs[at[e.B]] = arc{e.A, e.Weight}
		at[e.B]++
	}
	// Given back from each node to its neighbours, arcs come to lie in the order of their ends, whatever the order of the edges.
	sorted := make([]arc, len(arcs))
	copy(at, ends)
	for v := range nodes {
		for _, a := range arcs[ends[v]:ends[v+1]] {
			sorted[at[a.to]] = arc{uint32(v), a.weight}
			at[a.to]++
		}
	}
	g.arcs = arcs[:0]
	for v := range nodes {
		g.start[v] = len(g.arcs)
		for _, a := range sorted[ends[v]:ends[v+1]] {
			if n := len(g.arcs) - 1; n >= g.start[v] && g.arcs[n].to == a.to {
				g.arcs[n].weight += a.weight
			} else {
				g.arcs = append(g.arcs, a)
			}
		}
	}
	g.start[nodes] = len(g.arcs)
	return g, nil
}

// Nodes is how many nodes the graph has.
func (g *Graph) Nodes() int { return len(g.self) }

// Edges is how many edges the graph has, parallel ones as one, without loops.
func (g *Graph) Edges() int { return len(g.arcs) / 2 }

// level is a graph at one level of aggregation: a node stands for one or more nodes of the level below.
type level struct {
	start []int // the arcs of v are arcs[start[v]:start[v+1]]
	arcs  []arc
	self  []float64 // weight of the edges within the node
}

type arc struct {
	to     uint32
	weight float64
}

func newLevel(nodes int) level {
	return level{start: make([]int, nodes+1), self: make([]float64, nodes)}
}

func (l *level) of(v uint32) []arc { return l.arcs[l.start[v]:l.start[v+1]] }

// degree is the weight of a node's edges, loops twice.
func (l *level) degree(v uint32) float64 {
	sum := 2 * l.self[v]
	for _, a := range l.of(v) {
		sum += a.weight
	}
	return sum
}

// tally adds up weights by key, and lists the keys in the order in which they came.
type tally struct {
	sum  []float64 // 0: not in keys
	keys []uint32
}

func newTally(keys int) tally { return tally{sum: make([]float64, keys)} }

func (t *tally) add(key uint32, weight float64) {
	if t.sum[key] == 0 {
		t.keys = append(t.keys, key)
	}
	t.sum[key] += weight
}

func (t *tally) clear() {
	for _, k := range t.keys {
		t.sum[k] = 0
	}
	t.keys = t.keys[:0]
}

// drain appends the sums as arcs and clears the tally.
func (t *tally) drain(to []arc) []arc {
	for _, k := range t.keys {
		to = append(to, arc{k, t.sum[k]})
	}
	t.clear()
	return to
}
