package leiden

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Objective is what is maximised.
type Objective uint8

// The objectives; see the package comment for their formulas.
const (
	Modularity Objective = iota
	CPM
)

// Options says what to look for.
type Options struct {
	Objective Objective

	// Gamma is the resolution γ, at least 0: 1 is the usual modularity; for CPM it is a density in weight a pair.
	Gamma float64

	// Seed decides the order in which nodes are visited, and among equals which is taken.
	Seed uint64

	// Passes is how many times the whole is done at most, each from the result of the one before; 0 is 2. A pass that changes nothing
	// is the last.
	Passes int
}

// Result is a partition of a graph's nodes.
type Result struct {
	// Community of each node. From [Run] they are numbered from 0 by size, largest first, and among equals by their first node.
	Community []uint32

	// Communities is how many there are.
	Communities int

	// Visited is how often a node was looked at, at all levels together.
	Visited int
}

// Run finds communities. It takes time about in proportion to the edges, and at most in proportion to edges × levels × passes: how often
// nodes are visited has a limit (64 times their number at each level), which is not met but by graphs made for it.
func Run(g *Graph, o Options) (Result, error) {
	s, err := newSearch(g, o)
	if err != nil {
		return Result{}, err
	}
	n := g.Nodes()
	community := make([]uint32, n)
	for v := range community {
		community[v] = uint32(v)
	}
	passes := o.Passes
	if passes == 0 {
		passes = 2
	}
	for range passes {
		if !s.climb(&g.level, s.mass(g), nil, community) {
			break
		}
	}
	everyone := s.order(nil, n)
	slices.Sort(everyone)
	splitApart(&g.level, community, everyone)
	return Result{community, renumber(community), s.visited}, nil
}

// Quality is the objective's value for a partition of the graph; see the package comment. Communities are any numbers below the number of
// nodes.
func Quality(g *Graph, community []uint32, o Options) (float64, error) {
	s, err := newSearch(g, o)
	if err != nil {
		return 0, err
	}
	if err := checkPartition(g, community); err != nil {
		return 0, err
	}
	mass := s.mass(g)
	total := make([]float64, len(community))
	inside := 0.0
	for v, c := range community {
		total[c] += mass[v]
		inside += g.self[v]
		for _, a := range g.of(uint32(v)) {
			if uint32(v) < a.to && community[a.to] == c {
				inside += a.weight
			}
		}
	}
	penalty := 0.0
	for _, x := range total {
		if o.Objective == CPM {
			penalty += s.gamma * x * (x - 1) / 2
		} else {
			penalty += s.gamma * x * x / 2
		}
	}
	if o.Objective == CPM {
		return inside - penalty, nil
	}
	if g.total == 0 {
		return 0, nil
	}
	return (inside - penalty) / g.total, nil
}

func checkPartition(g *Graph, community []uint32) error {
	if len(community) != g.Nodes() {
		return fmt.Errorf("a partition of %d nodes for a graph of %d", len(community), g.Nodes())
	}
	for v, c := range community {
		if int64(c) >= int64(len(community)) {
			return fmt.Errorf("node %d is in community %d: want a number below %d, that of the nodes", v, c, len(community))
		}
	}
	return nil
}

// search is one search for communities. Both objectives come down to one: the gain of a node of mass x that joins a community of mass X by edges of
// weight w is w − γ·x·X, where mass is size and γ is γ for CPM, and mass is degree and γ is γ/2m for modularity.
type search struct {
	objective Objective
	gamma     float64
	chance    *rand.Rand
	visited   int
}

func newSearch(g *Graph, o Options) (*search, error) {
	if !(o.Gamma >= 0) || math.IsInf(o.Gamma, 1) {
		return nil, fmt.Errorf("gamma is %v: want a number of 0 or more", o.Gamma)
	}
	if o.Objective > CPM {
		return nil, fmt.Errorf("objective %d is neither modularity nor CPM", o.Objective)
	}
	if o.Passes < 0 {
		return nil, fmt.Errorf("%d passes: want 0 or more", o.Passes)
	}
	s := &search{objective: o.Objective, gamma: o.Gamma, chance: rand.New(rand.NewPCG(o.Seed, 0))}
	if o.Objective == Modularity && g.total > 0 {
		s.gamma = o.Gamma / (2 * g.total)
	}
	return s, nil
}

func (s *search) mass(g *Graph) []float64 {
	mass := make([]float64, g.Nodes())
	for v := range mass {
		if mass[v] = 1; s.objective == Modularity {
			mass[v] = g.degree(uint32(v))
		}
	}
	return mass
}

// climb improves the partition of a level: nodes move, communities are refined, what the refinement left together becomes a node of the
// level above, and so on until every community there is one node. Nodes that are fixed stay where they are. It says whether a node moved.
func (s *search) climb(l *level, mass []float64, fixed []bool, community []uint32) bool {
	changed := false
	var below [][]uint32 // for each level the nodes of the level above that its nodes are part of
	top := community
	for {
		moved := s.move(l, mass, fixed, top, s.order(fixed, len(top)), nil)
		changed = changed || moved
		if compact(top) == len(top) {
			break
		}
		part := s.refine(l, mass, top)
		parts := compact(part)
		if parts == len(top) {
			break // nothing to put together
		}
		below = append(below, part)
		l, mass, fixed, top = aggregate(l, mass, fixed, top, part, parts)
	}
	for i := range slices.Backward(below) {
		next := community
		if i > 0 {
			next = make([]uint32, len(below[i]))
		}
		for v, p := range below[i] {
			next[v] = top[p]
		}
		top = next
	}
	return changed
}

// order is all nodes that may move, in random order.
func (s *search) order(fixed []bool, nodes int) []uint32 {
	order := make([]uint32, 0, nodes)
	for v := range nodes {
		if fixed == nil || !fixed[v] {
			order = append(order, uint32(v))
		}
	}
	s.chance.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

// aggregate makes the level above, whose nodes are the parts of the one below. Its partition is that of the nodes in the parts.
func aggregate(l *level, mass []float64, fixed []bool, community, part []uint32, parts int) (*level, []float64, []bool, []uint32) {
	up := newLevel(parts)
	upMass := make([]float64, parts)
	upCommunity := make([]uint32, parts)
	var upFixed []bool
	if fixed != nil {
		upFixed = make([]bool, parts)
	}
	starts, nodes := groups(part, parts)
	sum := newTally(parts)
	for p := range parts {
		for _, v := range nodes[starts[p]:starts[p+1]] {
			upMass[p] += mass[v]
			upCommunity[p] = community[v]
			up.self[p] += l.self[v]
			if fixed != nil && fixed[v] {
				upFixed[p] = true
			}
			for _, a := range l.of(v) {
				switch q := part[a.to]; {
				case q != uint32(p):
					sum.add(q, a.weight)
				case v < a.to:
					up.self[p] += a.weight
				}
			}
		}
		up.arcs = sum.drain(up.arcs)
		up.start[p+1] = len(up.arcs)
	}
	return &up, upMass, upFixed, upCommunity
}

// groups lists the nodes of each group in their order: those of group c are nodes[starts[c]:starts[c+1]].
func groups(of []uint32, n int) (starts []int, nodes []uint32) {
	starts = make([]int, n+1)
	for _, c := range of {
		starts[c+1]++
	}
	for c := range n {
		starts[c+1] += starts[c]
	}
	nodes = make([]uint32, len(of))
	at := slices.Clone(starts[:n])
	for v, c := range of {
		nodes[at[c]] = uint32(v)
		at[c]++
	}
	return starts, nodes
}

// compact renumbers groups from 0 by their first node and returns how many there are. Numbers are below len(of) before, too.
func compact(of []uint32) int {
	fresh := make([]uint32, len(of)) // 0: not seen, else the new number + 1
	n := 0
	for v, c := range of {
		if fresh[c] == 0 {
			n++
			fresh[c] = uint32(n)
		}
		of[v] = fresh[c] - 1
	}
	return n
}

// renumber numbers communities by size, largest first, and among equals by first node.
func renumber(community []uint32) int {
	n := compact(community)
	size := make([]int, n)
	for _, c := range community {
		size[c]++
	}
	order := make([]uint32, n)
	for c := range order {
		order[c] = uint32(c)
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(size[b], size[a]) })
	place := make([]uint32, n)
	for i, c := range order {
		place[c] = uint32(i)
	}
	for v, c := range community {
		community[v] = place[c]
	}
	return n
}
