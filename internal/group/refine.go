package group

import (
	"slices"

	"github.com/ringfence/ringfence/graph/leiden"
)

const (
	gamma     = .05 // the least density of a group
	leastSize = 4
	leastTies = 2 // others that a member is tied to
)

// component is a copy of accounts that ties connect, without a tie to others: what a refiner works on while the finder goes on.
type component struct {
	nodes []uint32    // accounts, ascending
	arcs  [][2]uint32 // pairs of indexes of nodes, each once, in order
}

// refine finds the communities of each component: accounts with more ties among them than with others, ascending. It is a function of its input alone.
func refine(all []component) ([][][]uint32, error) {
	found := make([][][]uint32, len(all))
	for i := range all {
		var err error
		if found[i], err = all[i].communities(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (c *component) communities() ([][]uint32, error) {
	edges := make([]leiden.Edge, len(c.arcs))
	for i, a := range c.arcs {
		edges[i] = leiden.Edge{A: a[0], B: a[1], Weight: 1}
	}
	graph, err := leiden.NewGraph(len(c.nodes), edges)
	if err != nil {
		return nil, err
	}
	result, err := leiden.Run(graph, leiden.Options{Objective: leiden.CPM, Gamma: gamma, Seed: 1})
	if err != nil {
		return nil, err
	}
	c.prune(result.Community)
	found := make([][]uint32, result.Communities)
	for n, account := range c.nodes {
		if at := result.Community[n]; at != alone {
			found[at] = append(found[at], account)
		}
	}
	return slices.DeleteFunc(found, func(members []uint32) bool { return len(members) < leastSize }), nil
}

// alone is the community of a node that is in none.
const alone = ^uint32(0)

// prune takes nodes out of their communities that have ties to fewer than leastTies others there, until none is left.
func (c *component) prune(community []uint32) {
	ties := make([]int, len(c.nodes))
	inside := slices.DeleteFunc(slices.Clone(c.arcs), func(a [2]uint32) bool { return community[a[0]] != community[a[1]] })
	for {
		clear(ties)
		for _, a := range inside {
			ties[a[0]]++
			ties[a[1]]++
		}
		before := len(inside)
		inside = slices.DeleteFunc(inside, func(a [2]uint32) bool { return ties[a[0]] < leastTies || ties[a[1]] < leastTies })
		if len(inside) == before {
			break
		}
	}
	for n := range community {
		if ties[n] < leastTies {
			community[n] = alone
		}
	}
}
