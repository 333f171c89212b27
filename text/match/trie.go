package match

import (
	"math/bits"
	"slices"
)

// trie holds the terms letter by letter. A node's children lie in a row, in order of their letters.
type trie struct {
	nodes []node
	outs  []int32 // terms, by node; each list ends with -1
}

type node struct {
	kids  uint64 // letters that go on, as a fold.Set, and space
	first uint32 // child of the lowest letter
	out   uint32 // the terms that end here begin at outs[out-1]; 0 for none
}

// child is where a letter that is among the node's kids leads.
func (n *node) child(letter int) uint32 {
	return n.first + uint32(bits.OnesCount64(n.kids&(1<<letter-1)))
}

// trieBuilder collects paths and lays them out.
type trieBuilder struct {
	paths []path
}

type path struct {
	steps []uint8
	term  int32
}

func (b *trieBuilder) add(steps []uint8, term int) {
	if len(steps) > 0 {
		b.paths = append(b.paths, path{steps, int32(term)})
	}
}

// finish lays the nodes out level by level.
func (b *trieBuilder) finish() trie {
	slices.SortFunc(b.paths, func(x, y path) int {
		if c := slices.Compare(x.steps, y.steps); c != 0 {
			return c
		}
		return int(x.term - y.term)
	})
	type group struct{ node, from, to, depth int }
	t := trie{nodes: []node{{}}}
	for queue := []group{{0, 0, len(b.paths), 0}}; len(queue) > 0; queue = queue[1:] {
		g := queue[0]
		i := g.from
		for ; i < g.to && len(b.paths[i].steps) == g.depth; i++ {
			if i == g.from {
				t.nodes[g.node].out = uint32(len(t.outs) + 1)
			}
			t.outs = append(t.outs, b.paths[i].term)
		}
		if i > g.from {
			t.outs = append(t.outs, -1)
		}
		t.nodes[g.node].first = uint32(len(t.nodes))
		for i < g.to {
			letter, from := b.paths[i].steps[g.depth], i
			for i < g.to && b.paths[i].steps[g.depth] == letter {
				i++
			}
			t.nodes[g.node].kids |= 1 << letter
			queue = append(queue, group{len(t.nodes), from, i, g.depth + 1})
			t.nodes = append(t.nodes, node{})
		}
	}
	return t
}
