package learn

import (
	"cmp"
	"math"
	"slices"
)

// Effect is what one feature did to a score.
type Effect struct {
	Name  string
	Value float64 // of the row; NaN where it is missing
	By    float64 // up if positive
}

// Explain gives at most n features that moved a row's score, the strongest first.
func (m *Trees) Explain(row []float64, n int) []Effect {
	by, _ := m.Contributions(row)
	var all []Effect
	for f, v := range by {
		if v != 0 {
			all = append(all, Effect{m.names[f], row[f], v})
		}
	}
	slices.SortStableFunc(all, func(a, b Effect) int { return cmp.Compare(math.Abs(b.By), math.Abs(a.By)) })
	return all[:min(max(n, 0), len(all))]
}

// Contributions shares a row's score out among its features by their Shapley values: what each adds on average over every order in
// which the features could have become known, where an unknown one sends a row down a node's branches as often as the training table went (Lundberg
// and others 2018, the tree-path form). The rest is the mean score of the training table; rest and contributions add up to the score.
//
// It walks every leaf: with 200 trees of 31 leaves it takes about half a millisecond.
func (m *Trees) Contributions(row []float64) (by []float64, rest float64) {
	x := explainer{m: m, in: m.read(row), by: make([]float64, len(m.names))}
	rest = m.base
	for _, root := range m.roots {
		x.walk(root, nil, passage{unknown: 1, known: 1, feature: -1})
		rest += m.mean(root)
	}
	return x.by, rest
}

// mean is the mean value of the training rows below a node.
func (m *Trees) mean(at uint32) float64 {
	n := &m.nodes[at]
	if n.leaf(at) {
		return float64(m.facts[at].value)
	}
	left, right := float64(m.facts[n.next].rows), float64(m.facts[n.next+1].rows)
	return (float64(m.mean(n.next)*left) + float64(m.mean(n.next+1)*right)) / float64(m.facts[at].rows)
}

// passage is a feature on the way to a node: the weight of the sets of known features with as many members as stand before it in
// the path, and what share of rows goes on when the feature is unknown, and when it is known (0 or 1).
type passage struct {
	weight, unknown, known float64
	feature                int
}

type explainer struct {
	m       *Trees
	in      inputs
	by      []float64
	scratch []passage
}

// walk shares out the leaves below a node, which is reached from the end of a path by one more passage. The path is the callee's to change.
func (x *explainer) walk(at uint32, path []passage, p passage) {
	path = extend(path, p)
	n := &x.m.nodes[at]
	if n.leaf(at) {
		for i := 1; i < len(path); i++ {
			sum := 0.0
			x.scratch = append(x.scratch[:0], path...)
			for _, q := range unwind(x.scratch, i) {
				sum += q.weight
			}
			x.by[path[i].feature] += float64(float64(sum*(path[i].known-path[i].unknown)) * float64(x.m.facts[at].value))
		}
		return
	}
	hot := x.m.step(at, &x.in)
	cold := n.next + n.next + 1 - hot
	before := passage{unknown: 1, known: 1, feature: int(n.input % missingLeft)}
	if i := slices.IndexFunc(path, func(q passage) bool { return q.feature == before.feature }); i >= 0 {
		before = path[i]
		path = unwind(path, i)
	}
	for _, next := range []uint32{hot, cold} {
		share := float64(x.m.facts[next].rows) / float64(x.m.facts[at].rows)
		q := passage{unknown: float64(before.unknown * share), feature: before.feature}
		if next == hot {
			q.known = before.known
		}
		x.walk(next, slices.Clone(path), q)
	}
}

// extend lets the sets grow by one feature.
func extend(path []passage, p passage) []passage {
	n := len(path)
	p.weight = 0
	if n == 0 {
		p.weight = 1
	}
	path = append(path, p)
	for i := n - 1; i >= 0; i-- {
		path[i+1].weight += float64(p.known*path[i].weight) * float64(i+1) / float64(n+1)
		path[i].weight = float64(p.unknown*path[i].weight) * float64(n-i) / float64(n+1)
	}
	return path
}

// unwind takes the i-th feature out of the sets again.
func unwind(path []passage, i int) []passage {
	n := len(path) - 1
	p := path[i]
	next := path[n].weight
	for j := n - 1; j >= 0; j-- {
		if p.known != 0 {
			was := path[j].weight
			path[j].weight = next * float64(n+1) / float64(float64(j+1)*p.known)
			next = was - float64(path[j].weight*p.unknown)*float64(n-j)/float64(n+1)
		} else {
			path[j].weight = path[j].weight * float64(n+1) / float64(p.unknown*float64(n-j))
		}
	}
	for j := i; j < n; j++ {
		path[j].unknown, path[j].known, path[j].feature = path[j+1].unknown, path[j+1].known, path[j+1].feature
	}
	return path[:n]
}
