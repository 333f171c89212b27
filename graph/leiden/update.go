package leiden

import (
	"cmp"
	"fmt"
	"slices"
)

// Update improves an earlier partition of a graph that has changed since. community is that partition, with numbers below the number of
// nodes (a new node may have any number of its own that is free); dirty lists the ends of edges that were added, removed or given another weight, and new
// nodes. Dirty nodes are visited, then the neighbours of those that move; the communities that they left, joined or were in
// are refined and put together anew, with all other communities as they are; and whatever has fallen apart is split.
//
// A community keeps its number as long as it has the largest share of the nodes that had it; what splits off takes a free one. Community
// gets a new slice. The time is that of the arcs of affected communities, and a few steps a node of the graph.
//
// What Update gives is a local optimum near the old one, not what [Run] would give; run that from time to time and compare.
func Update(g *Graph, community []uint32, dirty []uint32, o Options) (Result, error) {
	s, err := newSearch(g, o)
	if err != nil {
		return Result{}, err
	}
	if err := checkPartition(g, community); err != nil {
		return Result{}, err
	}
	n := len(community)
	for _, v := range dirty {
		if int64(v) >= int64(n) {
			return Result{}, fmt.Errorf("dirty node %d: the graph has %d nodes", v, n)
		}
	}
	mass := s.mass(g)
	now := slices.Clone(community)
	touched := make([]bool, n)
	for _, v := range dirty {
		touched[now[v]] = true
	}
	s.move(&g.level, mass, nil, now, dirty, touched)

	nodes := members(now, touched)
	s.settle(&g.level, mass, now, nodes)
	clear(touched)
	for _, v := range nodes {
		touched[now[v]] = true
	}
	nodes = members(now, touched) // and those of the communities around that some of them joined
	splitApart(&g.level, now, nodes)
	inherit(community, now, nodes)
	return Result{now, distinct(now), s.visited}, nil
}

// members lists the nodes of the marked communities in their order.
func members(community []uint32, marked []bool) []uint32 {
	var nodes []uint32
	for v, c := range community {
		if marked[c] {
			nodes = append(nodes, uint32(v))
		}
	}
	return nodes
}

func distinct(community []uint32) int {
	seen := make([]bool, len(community))
	n := 0
	for _, c := range community {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}

// settle refines the communities of nodes, all of whose members nodes lists, and puts their parts together anew. The communities around take
// part as one fixed node each, so that parts may join them. Numbers that it gives are of no meaning but to tell communities apart.
func (s *search) settle(l *level, mass []float64, community, nodes []uint32) {
	place := make(map[uint32]uint32, len(nodes)) // of a node in the small problem
	for i, v := range nodes {
		place[v] = uint32(i)
	}
	var (
		around  []uint32              // communities around: they come behind the nodes
		placeOf = map[uint32]uint32{} // of a community around in the small problem
		back    [][]arc               // their arcs
		small   = newLevel(len(nodes))
		sum     = map[uint32]float64{}
		list    []uint32 // the keys of sum as they came
	)
	for i, v := range nodes {
		small.self[i] = l.self[v]
		for _, a := range l.of(v) {
			if p, ok := place[a.to]; ok {
				small.arcs = append(small.arcs, arc{p, a.weight})
				continue
			}
			c := community[a.to]
			p, ok := placeOf[c]
			if !ok {
				p = uint32(len(nodes) + len(around))
				placeOf[c] = p
				around, back = append(around, c), append(back, nil)
			}
			if sum[p] == 0 {
				list = append(list, p)
			}
			sum[p] += a.weight
		}
		for _, p := range list {
			small.arcs = append(small.arcs, arc{p, sum[p]})
			back[int(p)-len(nodes)] = append(back[int(p)-len(nodes)], arc{uint32(i), sum[p]})
			delete(sum, p)
		}
		list = list[:0]
		small.start[i+1] = len(small.arcs)
	}
	for _, arcs := range back {
		small.arcs = append(small.arcs, arcs...)
		small.start = append(small.start, len(small.arcs))
		small.self = append(small.self, 0)
	}

	n := len(nodes) + len(around)
	of := make([]uint32, n)
	fixed := make([]bool, n)
	smallMass := make([]float64, n)
	used := make([]bool, len(community)) // numbers of communities that do not take part as nodes
	first := map[uint32]uint32{}         // of each community: its first node in the small problem
	for v, c := range community {
		if i, ok := place[uint32(v)]; ok {
			if _, ok := first[c]; !ok {
				first[c] = i
			}
			of[i], smallMass[i] = first[c], mass[v]
			continue
		}
		used[c] = true
		if p, ok := placeOf[c]; ok {
			of[p], fixed[p] = p, true
			smallMass[p] += mass[v]
		}
	}
	compact(of)
	part := s.refine(&small, smallMass, of)
	up, upMass, upFixed, upOf := aggregate(&small, smallMass, fixed, of, part, compact(part))
	s.climb(up, upMass, upFixed, upOf)

	number := map[uint32]uint32{}
	for i, c := range around {
		number[upOf[part[len(nodes)+i]]] = c
	}
	free := uint32(0)
	for i, v := range nodes {
		c := upOf[part[i]]
		if _, ok := number[c]; !ok {
			for used[free] {
				free++
			}
			number[c], used[free] = free, true
		}
		community[v] = number[c]
	}
}

// inherit gives the communities of nodes, all of whose members nodes lists, the numbers of the old communities that they have most of; the
// others free ones.
func inherit(old, now, nodes []uint32) {
	type heir struct{ now, old, nodes uint32 }
	shares := map[[2]uint32]uint32{}
	for _, v := range nodes {
		shares[[2]uint32{now[v], old[v]}]++
	}
	heirs := make([]heir, 0, len(shares))
	for pair, n := range shares {
		heirs = append(heirs, heir{pair[0], pair[1], n})
	}
	slices.SortFunc(heirs, func(a, b heir) int {
		return cmp.Or(cmp.Compare(b.nodes, a.nodes), cmp.Compare(a.old, b.old), cmp.Compare(a.now, b.now))
	})
	changed := make(map[uint32]bool, len(nodes))
	for _, v := range nodes {
		changed[now[v]] = true
	}
	used := make([]bool, len(now))
	for _, c := range now {
		used[c] = used[c] || !changed[c]
	}
	number := map[uint32]uint32{}
	for _, h := range heirs {
		if _, ok := number[h.now]; !ok && !used[h.old] {
			number[h.now], used[h.old] = h.old, true
		}
	}
	free := uint32(0)
	for _, v := range nodes {
		if _, ok := number[now[v]]; !ok {
			for used[free] {
				free++
			}
			number[now[v]], used[free] = free, true
		}
		now[v] = number[now[v]]
	}
}
