package learn

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// missing is the bin of values that are not there.
const missing = maxBins

// tree is a tree in training: its root is the first node, children come in pairs behind their parent.
type tree []branch

// branch is a node of a tree: a leaf if left is 0.
type branch struct {
	feature     uint8
	cut         uint8 // bins up to it go left
	missingLeft bool
	left        uint8 // the right one is the next
	value       float32
	rows        int32 // that reached it
}

func (b *branch) next(bin uint8) int {
	if bin <= b.cut || bin == missing && b.missingLeft {
		return int(b.left)
	}
	return int(b.left) + 1
}

// quantiles gives the ascending edges between a feature's bins: at most 254, of bins with about as many rows, none of which parts equal
// values. Each lies halfway between two values that are there.
func quantiles(rows [][]float64, feature int) []float64 {
	values := make([]float64, 0, len(rows))
	for _, row := range rows {
		if v := row[feature]; !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	var distinct []float64
	var ends []int // how many values are up to the distinct one
	for i, v := range values {
		if i+1 == len(values) || values[i+1] != v {
			distinct, ends = append(distinct, v), append(ends, i+1)
		}
	}
	edges := make([]float64, 0, min(max(len(distinct), 1)-1, maxBins-1))
	from := 0
	for i := 0; i+1 < len(distinct); i++ {
		bins := maxBins - len(edges) // that are left for the values from here on
		if bins == 1 {
			break
		}
		if len(distinct)-i <= bins || (ends[i]-from)*bins >= len(values)-from {
			edges = append(edges, halfway(distinct[i], distinct[i+1]))
			from = ends[i]
		}
	}
	return edges
}

// halfway is at least a and below b, where a < b.
func halfway(a, b float64) float64 {
	if m := a/2 + b/2; m >= a && m < b {
		return m
	}
	return a
}

// discretise gives the bins of a table by feature, then by row.
func discretise(rows [][]float64, edges [][]float64) [][]uint8 {
	bins := make([][]uint8, len(edges))
	for f := range bins {
		bins[f] = make([]uint8, len(rows))
		for i, row := range rows {
			bins[f][i] = binOf(edges[f], row[f])
		}
	}
	return bins
}

func binOf(edges []float64, v float64) uint8 {
	if math.IsNaN(v) {
		return missing
	}
	return uint8(sort.SearchFloat64s(edges, v))
}

// sums are over the rows in a bin, or in several.
type sums struct {
	g, h float64
	n    int32
}

func (s sums) plus(o sums) sums  { return sums{s.g + o.g, s.h + o.h, s.n + o.n} }
func (s sums) minus(o sums) sums { return sums{s.g - o.g, s.h - o.h, s.n - o.n} }

// histogram is the sums of a node's rows by bin, a stretch of bins for each feature.
type histogram []sums

// grower grows trees, one after the other.
type grower struct {
	opts     BoostOptions
	bins     [][]uint8
	offsets  []int // of a feature's stretch in a histogram; its last bin is what is missing
	gradient []gradient
	rows     []int32 // those that the tree at hand sees; each node has a stretch of them
	all      []int32
	aside    []int32 // scratch of a partition
	columns  []int   // features that the tree at hand may ask
	ordered  []gradient
	spare    []histogram
}

func newGrower(t *Table, edges [][]float64, opts BoostOptions) *grower {
	n := len(t.Rows)
	g := &grower{opts: opts, bins: discretise(t.Rows, edges), gradient: make([]gradient, n), ordered: make([]gradient, n),
		aside: make([]int32, 0, n), offsets: make([]int, 1, len(edges)+1)}
	for _, e := range edges {
		g.offsets = append(g.offsets, g.offsets[len(g.offsets)-1]+len(e)+2)
	}
	g.all = make([]int32, n)
	for i := range g.all {
		g.all[i] = int32(i)
	}
	return g
}

// draw chooses what the next tree sees.
func (g *grower) draw(chance *rand.Rand) {
	g.rows = append(g.rows[:0], g.all...)
	if g.opts.RowShare < 1 {
		keep := max(1, int(math.Round(float64(len(g.all))*g.opts.RowShare)))
		for i := range keep {
			j := i + chance.IntN(len(g.rows)-i)
			g.rows[i], g.rows[j] = g.rows[j], g.rows[i]
		}
		g.rows = g.rows[:keep]
		slices.Sort(g.rows)
	}
	g.columns = g.columns[:0]
	for f := range g.bins {
		g.columns = append(g.columns, f)
	}
	if g.opts.ColumnShare < 1 {
		chance.Shuffle(len(g.columns), func(i, j int) { g.columns[i], g.columns[j] = g.columns[j], g.columns[i] })
		g.columns = g.columns[:max(1, int(math.Round(float64(len(g.columns))*g.opts.ColumnShare)))]
		slices.Sort(g.columns)
	}
}

// growing is a leaf that may still be split.
type growing struct {
	node      int // in the tree
	from, to  int // its stretch of the rows
	total     sums
	low, high float64 // between which its value has to stay, for the monotone features above it
	by        histogram
	split     split
}

// split is the best way to part a node's rows; gain 0 is none.
type split struct {
	gain        float64
	feature     int
	cut         uint8
	missingLeft bool
	left, right sums
}

// longestStep bounds what a tree adds to the logarithm of a rate. Where counts are far above what was expected, Newton's step is that many
// times too long.
const longestStep = 0.7

// grow grows the tree that the gradients and the last draw ask for. Values are steps of the score, times the rate.
func (g *grower) grow() tree {
	root := growing{from: 0, to: len(g.rows), low: math.Inf(-1), high: math.Inf(1), by: g.take()}
	if g.opts.Loss == PoissonLoss {
		root.low, root.high = -longestStep, longestStep
	}
	for _, r := range g.rows {
		d := g.gradient[r]
		root.total = root.total.plus(sums{d.g, d.h, 1})
	}
	g.fill(&root)
	g.find(&root)
	t := tree{{rows: root.total.n}}
	t[0].value = g.step(&root)
	leaves := []growing{root}
	for len(leaves) < g.opts.Leaves {
		best := 0
		for i := range leaves {
			if leaves[i].split.gain > leaves[best].split.gain {
				best = i
			}
		}
		parent := leaves[best]
		if parent.split.gain <= 0 {
			break
		}
		left, right := g.part(&parent)
		left.node, right.node = len(t), len(t)+1
		b := &t[parent.node]
		b.feature, b.cut, b.missingLeft, b.left = uint8(parent.split.feature), parent.split.cut, parent.split.missingLeft, uint8(left.node)
		t = append(t, branch{value: g.step(&left), rows: left.total.n}, branch{value: g.step(&right), rows: right.total.n})
		leaves[best] = left
		leaves = slices.Insert(leaves, best+1, right)
	}
	for i := range leaves {
		g.give(leaves[i].by)
	}
	return t
}

func (g *grower) take() histogram {
	if n := len(g.spare); n > 0 {
		h := g.spare[n-1]
		g.spare = g.spare[:n-1]
		return h
	}
	return make(histogram, g.offsets[len(g.offsets)-1])
}

func (g *grower) give(h histogram) {
	if h != nil {
		g.spare = append(g.spare, h)
	}
}

// fill adds up the histogram of a node.
func (g *grower) fill(n *growing) {
	clear(n.by)
	rows := g.rows[n.from:n.to]
	ordered := g.ordered[:len(rows)]
	for i, r := range rows {
		ordered[i] = g.gradient[r]
	}
	for _, f := range g.columns {
		stretch, bins := n.by[g.offsets[f]:g.offsets[f+1]], g.bins[f]
		last := len(stretch) - 1
		for i, r := range rows {
			s := &stretch[min(int(bins[r]), last)]
			s.g += ordered[i].g
			s.h += ordered[i].h
			s.n++
		}
	}
}

// part splits a node's rows. The histogram of the smaller part is added up, that of the other is what remains of the node's.
func (g *grower) part(n *growing) (left, right growing) {
	s := &n.split
	bins := g.bins[s.feature]
	here := branch{cut: s.cut, missingLeft: s.missingLeft, left: 1}
	rows, at := g.rows[n.from:n.to], 0
	g.aside = g.aside[:0]
	for _, r := range rows {
		if here.next(bins[r]) == 1 {
			rows[at] = r
			at++
		} else {
			g.aside = append(g.aside, r)
		}
	}
	copy(rows[at:], g.aside)
	left = growing{from: n.from, to: n.from + at, total: s.left, low: n.low, high: n.high}
	right = growing{from: n.from + at, to: n.to, total: s.right, low: n.low, high: n.high}
	if d := g.direction(s); d != 0 {
		a, b := &left, &right
		if d < 0 {
			a, b = b, a
		}
		middle := g.value(a.total, n.low, n.high)/2 + g.value(b.total, n.low, n.high)/2
		a.high, b.low = middle, middle
	}
	small, large := &left, &right
	if right.total.n < left.total.n {
		small, large = large, small
	}
	if int(large.total.n) >= 2*g.opts.MinRows {
		small.by = g.take()
		g.fill(small)
		large.by = n.by
		for i, s := range small.by {
			large.by[i] = large.by[i].minus(s)
		}
		g.find(small)
		g.find(large)
	} else {
		g.give(n.by)
	}
	return left, right
}

// direction is the one that the two sides of a split have to keep; none where one side is what is missing.
func (g *grower) direction(s *split) int8 {
	if g.opts.Monotone == nil || int(s.cut) == g.offsets[s.feature+1]-g.offsets[s.feature]-2 {
		return 0
	}
	return g.opts.Monotone[s.feature]
}

// value is the step that is best for the rows of s.
func (g *grower) value(s sums, low, high float64) float64 {
	h := s.h + g.opts.L2
	if h <= 0 {
		return min(max(0, low), high)
	}
	return min(max(-s.g/h, low), high)
}

// step is what a leaf adds to the score.
func (g *grower) step(n *growing) float32 {
	return float32(g.value(n.total, n.low, n.high) * g.opts.Rate)
}

// won is by how much a step of value v for the rows of s lowers the loss, twice.
func (g *grower) won(s sums, v float64) float64 {
	return -float64(float64(2*s.g)*v) - float64(float64((s.h+g.opts.L2)*v)*v)
}

// Splits that gain less, or leave less of the second derivative on a side, are noise of the sums.
const (
	leastGain      = 1e-9
	leastCurvature = 1e-3
)

// find looks for a node's best split. Of equal ones the first counts: by feature, then by value.
func (g *grower) find(n *growing) {
	if int(n.total.n) < 2*g.opts.MinRows {
		return
	}
	before := g.won(n.total, g.value(n.total, n.low, n.high)) + leastGain
	for _, f := range g.columns {
		stretch := n.by[g.offsets[f]:g.offsets[f+1]]
		last := len(stretch) - 1
		absent := stretch[last]
		var below sums
		for cut := 0; cut+1 < last; cut++ { // the last bin of values has nothing above it
			below = below.plus(stretch[cut])
			if stretch[cut].n == 0 {
				continue
			}
			above := n.total.minus(below)
			if absent.n == 0 { // what is missing later goes with the most
				g.consider(n, split{feature: f, cut: uint8(cut), missingLeft: below.n > above.n, left: below, right: above}, before)
				continue
			}
			g.consider(n, split{feature: f, cut: uint8(cut), left: below, right: above}, before)
			g.consider(n, split{feature: f, cut: uint8(cut), missingLeft: true, left: below.plus(absent), right: above.minus(absent)}, before)
		}
		if absent.n > 0 && last > 0 { // known against missing
			g.consider(n, split{feature: f, cut: uint8(last - 1), left: n.total.minus(absent), right: absent}, before)
		}
	}
}

func (g *grower) consider(n *growing, s split, before float64) {
	least := int32(g.opts.MinRows)
	if s.left.n < least || s.right.n < least || s.left.h < leastCurvature || s.right.h < leastCurvature {
		return
	}
	a, b := g.value(s.left, n.low, n.high), g.value(s.right, n.low, n.high)
	if d := g.direction(&s); d != 0 && cmp.Compare(a, b) == int(d) {
		return
	}
	s.gain = g.won(s.left, a) + g.won(s.right, b) - before
	if s.gain > n.split.gain {
		n.split = s
	}
}
