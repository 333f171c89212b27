package learn

import (
	"bytes"
	"errors"
	"math"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// walk scores a row by the definition of the trees, one node after the other.
func (m *Trees) slowly(row []float64) float64 {
	sum := m.base
	for _, root := range m.roots {
		sum += float64(m.facts[m.arrive(root, row)].value)
	}
	return sum
}

func (m *Trees) arrive(at uint32, row []float64) uint32 {
	n := &m.nodes[at]
	if n.leaf(at) {
		return at
	}
	f := int(n.input) % missingLeft
	left := int(n.cut) == len(m.edges[f]) || row[f] <= m.edges[f][n.cut]
	if math.IsNaN(row[f]) {
		left = n.input >= missingLeft
	}
	if left {
		return m.arrive(n.next, row)
	}
	return m.arrive(n.next+1, row)
}

// small draws a model of a few trees over three features, and rows for it.
func small(t *rapid.T) (*Trees, [][]float64) {
	value := rapid.OneOf(rapid.Just(math.NaN()), rapid.Map(rapid.IntRange(-3, 3), func(i int) float64 { return float64(i) }))
	table := &Table{Names: []string{"a", "b", "c"}, Targets: []float64{0, 1}}
	for i := range rapid.IntRange(8, 60).Draw(t, "rows") {
		table.Rows = append(table.Rows, []float64{value.Draw(t, "a"), value.Draw(t, "b"), value.Draw(t, "c")})
		if i > 1 {
			table.Targets = append(table.Targets, float64(rapid.IntRange(0, 1).Draw(t, "target")))
		}
	}
	opts := DefaultBoost(LogisticLoss)
	opts.Trees, opts.Leaves, opts.MinRows = rapid.IntRange(1, 6).Draw(t, "trees"), rapid.IntRange(2, 12).Draw(t, "leaves"), 1
	m, err := Boost(table, nil, opts)
	if err != nil {
		t.Fatal(err)
	}
	return m, append(table.Rows, []float64{math.Inf(1), math.Inf(-1), 0.5}, []float64{0, 1e300, math.Copysign(0, -1)})
}

func TestScoreWalksTheTrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, rows := small(t)
		again, rest, err := DecodeTrees(m.Append(nil))
		if err != nil || len(rest) > 0 {
			t.Fatalf("the model does not survive its encoding: %v", err)
		}
		for _, row := range rows {
			want := m.slowly(row)
			if got := m.Score(row); got != want {
				t.Fatalf("score of %v = %g, want %g", row, got, want)
			}
			if got := again.Score(row); got != want {
				t.Fatalf("decoded, the score of %v = %g, want %g", row, got, want)
			}
		}
	})
}

func TestTrainingScoresAreTheModels(t *testing.T) {
	table := hills(1, 2000)
	m := boost(t, table, nil, DefaultBoost(LogisticLoss))
	f := newFitted(table, nil, m.base)
	edges := make([][]float64, len(table.Names))
	for i := range edges {
		edges[i] = quantiles(table.Rows, i)
	}
	g := newGrower(table, edges, DefaultBoost(LogisticLoss))
	f.bins = g.bins
	for range m.Len() {
		f.gradients(LogisticLoss, g.gradient)
		g.draw(nil)
		f.add(g.grow())
	}
	for i, row := range table.Rows {
		if got := m.Score(row); got != f.scores[i] {
			t.Fatalf("score of row %d = %g, in training %g", i, got, f.scores[i])
		}
	}
}

// expected is the mean score where only the features in the set are known.
func (m *Trees) expected(at uint32, row []float64, known uint) float64 {
	n := &m.nodes[at]
	if n.leaf(at) {
		return float64(m.facts[at].value)
	}
	if known&(1<<(n.input%missingLeft)) != 0 {
		next := n.next
		if left := m.arriveOne(n, row); !left {
			next++
		}
		return m.expected(next, row, known)
	}
	left, right := float64(m.facts[n.next].rows), float64(m.facts[n.next+1].rows)
	return (m.expected(n.next, row, known)*left + m.expected(n.next+1, row, known)*right) / (left + right)
}

func (m *Trees) arriveOne(n *node, row []float64) (left bool) {
	f := int(n.input) % missingLeft
	if math.IsNaN(row[f]) {
		return n.input >= missingLeft
	}
	return int(n.cut) == len(m.edges[f]) || row[f] <= m.edges[f][n.cut]
}

func TestContributionsAreShapleyValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, rows := small(t)
		features := len(m.Names())
		for _, row := range rows[len(rows)-5:] {
			by, rest := m.Contributions(row)
			value := make([]float64, 1<<features)
			for set := range value {
				value[set] = m.base
				for _, root := range m.roots {
					value[set] += m.expected(root, row, uint(set))
				}
			}
			if math.Abs(rest-value[0]) > 1e-9 {
				t.Fatalf("with nothing known, %g, want %g", rest, value[0])
			}
			for f := range features {
				want := 0.0
				for set := range value {
					if set&(1<<f) == 0 {
						k := bits.OnesCount(uint(set))
						weight := factorial(k) * factorial(features-k-1) / factorial(features)
						want += weight * (value[set|1<<f] - value[set])
					}
				}
				if math.Abs(by[f]-want) > 1e-9 {
					t.Fatalf("contribution of %s to %v = %g, want %g", m.Names()[f], row, by[f], want)
				}
			}
		}
	})
}

func factorial(n int) float64 {
	if n < 2 {
		return 1
	}
	return float64(n) * factorial(n-1)
}

func TestExplainNamesWhatDecided(t *testing.T) {
	m := boost(t, hills(1, 5000), nil, DefaultBoost(LogisticLoss))
	row := []float64{0.1, 1, 1, math.NaN(), 0}
	effects := m.Explain(row, 3)
	if len(effects) != 3 || effects[0].Name != "gaps" || !(effects[0].By < -0.5) || !math.IsNaN(effects[0].Value) {
		t.Errorf("effects = %+v, want three, first that gaps is missing", effects)
	}
	by, sum := m.Contributions(row)
	for _, v := range by {
		sum += v
	}
	if want := m.Score(row); math.Abs(sum-want) > 1e-9 {
		t.Errorf("contributions add up to %g, the score is %g", sum, want)
	}
	if got := m.Explain(row, -1); len(got) != 0 {
		t.Errorf("of -1 effects there are %d", len(got))
	}
}

func TestHostileTreesAreRefused(t *testing.T) {
	opts := DefaultBoost(LogisticLoss)
	opts.Trees = 3
	whole := boost(t, hills(1, 300), nil, opts).Append(nil)
	for cut := range whole {
		if _, _, err := DecodeTrees(whole[:cut]); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut at %d: error %v, want ErrFormat", cut, err)
		}
	}
	const base = "\x00\x00\x00\x00\x00\x00\x00\x00"
	const leaf = "\x00\x00\x00\x80\x3f\x05"
	for name, b := range map[string]string{
		"another tag":         "\x42\x00" + base + "\x01\x01x\x00\x00",
		"another loss":        "\x41\x03" + base + "\x01\x01x\x00\x00",
		"no features":         "\x41\x00" + base + "\x00\x00",
		"no name":             "\x41\x00" + base + "\x01\x00\x00\x00",
		"a name twice":        "\x41\x00" + base + "\x02\x01x\x00\x01x\x00\x00",
		"a name of no text":   "\x41\x00" + base + "\x01\x01\xff\x00\x00",
		"edges that fall":     "\x41\x00" + base + "\x01\x01x\x02\x00\x00\x00\x00\x00\x00\xf0\x3f" + base + "\x00",
		"too many trees":      "\x41\x00" + base + "\x01\x01x\x00\xff\xff\x03",
		"an unknown feature":  "\x41\x00" + base + "\x01\x01x\x00\x01\x02\x00\x00" + leaf + leaf,
		"an unknown edge":     "\x41\x00" + base + "\x01\x01x\x00\x01\x01\x01\x00" + leaf + leaf,
		"a third side":        "\x41\x00" + base + "\x01\x01x\x00\x01\x01\x00\x02" + leaf + leaf,
		"a leaf of no rows":   "\x41\x00" + base + "\x01\x01x\x00\x01\x01\x00\x00" + leaf + "\x00\x00\x00\x80\x3f\x00",
		"a leaf of no number": "\x41\x00" + base + "\x01\x01x\x00\x01\x00\x00\x00\xc0\x7f\x01",
	} {
		if _, _, err := DecodeTrees([]byte(b)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: error %v, want ErrFormat", name, err)
		}
	}
	deep := []byte("\x41\x00" + base + "\x01\x01x\x00\x01")
	for range 100_000 {
		deep = append(deep, 1, 0, 0)
	}
	if _, _, err := DecodeTrees(deep); !errors.Is(err, ErrFormat) {
		t.Errorf("a tree without an end: error %v, want ErrFormat", err)
	}
}

func FuzzDecodeTrees(f *testing.F) {
	opts := DefaultBoost(PoissonLoss)
	opts.Trees, opts.Leaves = 3, 5
	f.Add(boost(f, hills(1, 300), nil, opts).Append(nil))
	f.Add([]byte("\x41\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01x\x00\x01\x01\x00\x00\x00\x00\x00\x80\x3f\x05\x00\x00\x00\x80\xbf\x05"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, rest, err := DecodeTrees(b)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("error %v is not ErrFormat", err)
			}
			return
		}
		if again := m.Append(nil); !bytes.Equal(again, b[:len(b)-len(rest)]) {
			t.Fatalf("%x was read as a model that is written %x", b, again)
		}
		row := make([]float64, len(m.Names()))
		for _, v := range []float64{0, -1e9, math.NaN(), math.Inf(1)} {
			for i := range row {
				row[i] = v
			}
			if got, want := m.Score(row), m.slowly(row); got != want {
				t.Fatalf("score = %g, want %g", got, want)
			}
			if p := m.Predict(row); math.IsNaN(p) {
				t.Fatal("the prediction is no number")
			}
		}
		if len(b) < 1000 {
			m.Explain(row, 3)
		}
	})
}

func TestScoringTreesDoesNotAllocate(t *testing.T) {
	table := hills(1, 1000)
	m := boost(t, table, nil, DefaultBoost(LogisticLoss))
	if got := testing.AllocsPerRun(100, func() { m.Predict(table.Rows[1]) }); got != 0 {
		t.Errorf("%g allocations, want 0", got)
	}
}

func BenchmarkScore(b *testing.B) {
	table := hills(1, 25000)
	m := boost(b, table, nil, DefaultBoost(LogisticLoss))
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		m.Score(table.Rows[i%len(table.Rows)])
		i++
	}
}

func BenchmarkContributions(b *testing.B) {
	table := hills(1, 25000)
	m := boost(b, table, nil, DefaultBoost(LogisticLoss))
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		m.Contributions(table.Rows[i%len(table.Rows)])
		i++
	}
}
