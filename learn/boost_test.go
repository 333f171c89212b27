package learn

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// hills draws examples whose log-odds are no line: two features that matter only together, one that counts in the middle of its range, one
// that is often missing and then says the most, and noise.
func hills(seed uint64, n int) *Table {
	r := rand.New(rand.NewPCG(seed, 7))
	t := &Table{Names: []string{"a", "b", "middle", "gaps", "noise"}}
	for range n {
		row := []float64{r.NormFloat64(), r.NormFloat64(), 10 * r.Float64(), r.ExpFloat64(), r.NormFloat64()}
		if r.IntN(3) == 0 {
			row[3] = math.NaN()
		}
		y := 0.0
		if r.Float64() < Sigmoid(hillsTruth(row)) {
			y = 1
		}
		t.Rows, t.Targets = append(t.Rows, row), append(t.Targets, y)
	}
	return t
}

func hillsTruth(row []float64) float64 {
	logit := -1.0
	if row[0]*row[1] > 0 {
		logit += 2
	}
	if row[2] > 3 && row[2] < 7 {
		logit++
	}
	if math.IsNaN(row[3]) {
		logit -= 2
	}
	return logit
}

func boost(t testing.TB, train, validation *Table, opts BoostOptions) *Trees {
	t.Helper()
	m, err := Boost(train, validation, opts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// scoresOf are a model's predictions beside the truth.
func scoresOf(m *Trees, t *Table) []Scored {
	scored := make([]Scored, len(t.Rows))
	for i, row := range t.Rows {
		scored[i] = Scored{m.Predict(row), t.Targets[i] == 1}
	}
	return scored
}

func TestBoostFindsHills(t *testing.T) {
	train, test := hills(1, 20000), hills(2, 20000)
	best := 0.0 // what one who knows the truth would lose
	var known []Scored
	for i, row := range test.Rows {
		known = append(known, Scored{Sigmoid(hillsTruth(row)), test.Targets[i] == 1})
	}
	best = LogLoss(known)
	opts := DefaultBoost(LogisticLoss)
	opts.Leaves, opts.MinRows = 8, 100
	m := boost(t, train, nil, opts)
	if got := LogLoss(scoresOf(m, test)); got > best+0.008 {
		t.Errorf("log loss on fresh examples = %.4f, want close to %.4f", got, best)
	}
	if got := CalibrationError(scoresOf(m, test), 15); got > 0.03 {
		t.Errorf("calibration error = %.4f, want at most .03", got)
	}
}

func TestBoostLosses(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	truth := func(x float64) float64 { return 1 + 5*x*x }
	counts, means := &Table{Names: []string{"x"}}, &Table{Names: []string{"x"}}
	for range 8000 {
		x := 2*r.Float64() - 1
		n, limit := 0.0, math.Exp(-truth(x))
		for p := r.Float64(); p > limit; p *= r.Float64() { // Knuth's draw of a Poisson variable
			n++
		}
		counts.Rows, counts.Targets = append(counts.Rows, []float64{x}), append(counts.Targets, n)
		means.Rows, means.Targets = append(means.Rows, []float64{x}), append(means.Targets, -100+truth(x)+r.NormFloat64())
	}
	opts := DefaultBoost(PoissonLoss)
	opts.Leaves, opts.MinRows = 8, 100
	rates := boost(t, counts, nil, opts)
	opts.Loss = SquaredLoss
	lines := boost(t, means, nil, opts)
	for _, x := range []float64{-0.9, -0.5, 0, 0.3, 0.8} {
		row, want := []float64{x}, truth(x)
		if got := rates.Predict(row); math.Abs(got-want) > 0.5 {
			t.Errorf("rate at %g = %.2f, want %.2f", x, got, want)
		}
		if got := lines.Predict(row) + 100; math.Abs(got-want) > 0.5 {
			t.Errorf("mean at %g = %.2f, want %.2f", x, got, want)
		}
	}
}

// bestSplit looks at every way to part the rows of a table of squared loss in two, by its definition.
func bestSplit(t *Table, opts BoostOptions, base float64) (gain float64) {
	worth := func(rows []int) float64 {
		g, h := 0.0, opts.L2
		for _, i := range rows {
			g += t.weight(i) * (base - t.Targets[i])
			h += t.weight(i)
		}
		return g * g / h
	}
	all := make([]int, len(t.Rows))
	for i := range all {
		all[i] = i
	}
	for f := range t.Names {
		for _, pivot := range t.Rows {
			for _, withMissing := range []bool{false, true} {
				var left, right []int
				weightLeft, weightRight := 0.0, 0.0
				for i, row := range t.Rows {
					if row[f] <= pivot[f] || math.IsNaN(row[f]) && withMissing || math.IsNaN(pivot[f]) && !math.IsNaN(row[f]) {
						left = append(left, i)
						weightLeft += t.weight(i)
					} else {
						right = append(right, i)
						weightRight += t.weight(i)
					}
				}
				if min(len(left), len(right)) >= opts.MinRows && min(weightLeft, weightRight) >= leastCurvature {
					gain = max(gain, worth(left)+worth(right)-worth(all))
				}
			}
		}
	}
	return gain
}

func TestFirstSplitIsTheBestThereIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := &Table{Names: []string{"a", "b"}}
		value := rapid.OneOf(rapid.Just(math.NaN()), rapid.Map(rapid.IntRange(-3, 3), func(i int) float64 { return float64(i) }), rapid.Float64Range(-9, 9))
		for range rapid.IntRange(2, 25).Draw(t, "rows") {
			table.Rows = append(table.Rows, []float64{value.Draw(t, "a"), value.Draw(t, "b")})
			table.Targets = append(table.Targets, float64(rapid.IntRange(-5, 5).Draw(t, "target")))
			table.Weights = append(table.Weights, float64(rapid.IntRange(1, 3).Draw(t, "weight")))
		}
		opts := DefaultBoost(SquaredLoss)
		opts.Trees, opts.Leaves, opts.Rate = 1, 2, 1
		opts.MinRows, opts.L2 = rapid.IntRange(1, 4).Draw(t, "minRows"), rapid.Float64Range(0, 3).Draw(t, "l2")
		m, err := Boost(table, nil, opts)
		if err != nil {
			t.Fatal(err)
		}
		// A step of v for rows with the sums G and H gains −2Gv − (H+λ)v².
		got, sums := 0.0, map[float64][2]float64{}
		total := [2]float64{0, opts.L2}
		for i, row := range table.Rows {
			v, w := m.Score(row)-m.base, table.Weights[i]
			s := sums[v]
			sums[v] = [2]float64{s[0] + w*(m.base-table.Targets[i]), s[1] + w}
			total[0] += w * (m.base - table.Targets[i])
			total[1] += w
		}
		for v, s := range sums {
			got += -2*s[0]*v - (s[1]+opts.L2)*v*v
		}
		if len(sums) == 1 {
			return // two sides of one value, or no split: the gain is nothing, which the best may be as well
		}
		got -= total[0] * total[0] / total[1]
		if want := bestSplit(table, opts, m.base); math.Abs(got-want) > 1e-4*(1+want) {
			t.Fatalf("the split gains %g, the best %g", got, want)
		}
	})
}

func TestMonotoneFeatures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		table := &Table{Names: []string{"up", "down", "free"}}
		value := func() float64 {
			if r.IntN(8) == 0 {
				return math.NaN()
			}
			return math.Round(r.NormFloat64()*20) / 10
		}
		for range 300 {
			row := []float64{value(), value(), value()}
			table.Rows, table.Targets = append(table.Rows, row), append(table.Targets, float64(r.IntN(2)))
		}
		opts := DefaultBoost(rapid.SampledFrom([]Loss{LogisticLoss, SquaredLoss, PoissonLoss}).Draw(t, "loss"))
		opts.Trees, opts.MinRows, opts.Monotone = 8, 3, []int8{1, -1, 0}
		opts.RowShare, opts.ColumnShare = 0.8, 0.7
		m, err := Boost(table, nil, opts)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			row := []float64{value(), value(), value()}
			for f, direction := range opts.Monotone[:2] {
				at, last := row[f], math.Inf(-int(direction))
				for v := -7.0; v <= 7; v += 0.25 {
					row[f] = v
					s := m.Score(row)
					if (s-last)*float64(direction) < 0 {
						t.Fatalf("%s = %g scores %g after %g", table.Names[f], v, s, last)
					}
					last = s
				}
				row[f] = at
			}
		}
	})
}

func TestWhatIsMissingIsLearnt(t *testing.T) {
	table := &Table{Names: []string{"x"}}
	for i := range 300 {
		v, y := float64(i%3), 0.0
		if i%3 == 2 {
			v = math.NaN()
		}
		if i%3 > 0 {
			y = 1
		}
		table.Rows, table.Targets = append(table.Rows, []float64{v}), append(table.Targets, y)
	}
	m := boost(t, table, nil, DefaultBoost(LogisticLoss))
	for _, tc := range []struct {
		value float64
		want  bool
	}{{0, false}, {1, true}, {math.NaN(), true}, {math.Inf(1), true}, {math.Inf(-1), false}, {-7, false}} {
		if got := m.Predict([]float64{tc.value}); got > 0.5 != tc.want {
			t.Errorf("probability at %g = %.2f, want above a half: %v", tc.value, got, tc.want)
		}
	}
	// Known against missing is a split of its own, and one that never saw what is missing sends it with the most.
	for i := range table.Targets {
		table.Targets[i] = float64(i % 3 / 2)
	}
	m = boost(t, table, nil, DefaultBoost(LogisticLoss))
	if got := m.Predict([]float64{math.NaN()}); got < 0.9 {
		t.Errorf("probability of what is missing = %.2f, want near 1", got)
	}
	for i, row := range table.Rows {
		row[0] = float64(i % 3)
	}
	m = boost(t, table, nil, DefaultBoost(LogisticLoss))
	if got := m.Predict([]float64{math.NaN()}); got > 0.1 {
		t.Errorf("probability of what is missing and never was = %.2f, want that of the most", got)
	}
}

func TestValidationKeepsTheBestTrees(t *testing.T) {
	train, validation, test := hills(4, 600), hills(5, 2000), hills(6, 5000)
	opts := DefaultBoost(LogisticLoss)
	all := boost(t, train, nil, opts)
	opts.Patience = 10
	some := boost(t, train, validation, opts)
	if got := some.Len(); got < 5 || got > 100 {
		t.Errorf("%d trees were kept, want some of 200", got)
	}
	if got, worse := LogLoss(scoresOf(some, test)), LogLoss(scoresOf(all, test)); got > worse-0.1 {
		t.Errorf("log loss = %.3f with the best trees and %.3f with all", got, worse)
	}
}

func TestWeightsStandForRows(t *testing.T) {
	once, often := hills(8, 200), &Table{Names: hills(8, 1).Names}
	for i, row := range once.Rows {
		w := 1 + i%3
		once.Weights = append(once.Weights, float64(w))
		for range w {
			often.Rows, often.Targets = append(often.Rows, row), append(often.Targets, once.Targets[i])
		}
	}
	opts := DefaultBoost(LogisticLoss)
	opts.Trees, opts.Leaves, opts.MinRows = 20, 4, 1
	a, b := boost(t, once, nil, opts), boost(t, often, nil, opts)
	for _, row := range hills(9, 200).Rows {
		if got, want := a.Score(row), b.Score(row); math.Abs(got-want) > 1e-3 {
			t.Fatalf("score = %.6f with weights, %.6f with rows", got, want)
		}
	}
}

func TestBoostRepeatsItself(t *testing.T) {
	opts := DefaultBoost(LogisticLoss)
	opts.Trees, opts.RowShare, opts.ColumnShare, opts.Seed = 30, 0.7, 0.6, 42
	encoded := boost(t, hills(1, 3000), hills(2, 500), opts).Append(nil)
	if ID(encoded) != ID(boost(t, hills(1, 3000), hills(2, 500), opts).Append(nil)) {
		t.Error("the same table gave different models")
	}
	// The bytes themselves, so that another architecture or release that computes differently is found out.
	if got, want := ID(encoded), "a76c3748731970fdc2593d46b4879957"; got != want {
		t.Errorf("id of the model = %s, want %s", got, want)
	}
	opts.Seed++
	if ID(encoded) == ID(boost(t, hills(1, 3000), hills(2, 500), opts).Append(nil)) {
		t.Error("another seed gave the same model")
	}
}

func TestQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(rapid.Just(0.0), rapid.Float64(), rapid.Map(rapid.IntRange(0, 400), func(i int) float64 { return float64(i) })), 1, 2000).Draw(t, "values")
		var rows [][]float64
		distinct := map[float64]bool{}
		for _, v := range values {
			if math.IsInf(v, 0) {
				v = 1
			}
			rows = append(rows, []float64{v})
			distinct[v] = true
		}
		edges := quantiles(rows, 0)
		counts := map[uint8]int{}
		for _, bin := range discretise(rows, [][]float64{edges})[0] {
			counts[bin]++
		}
		if want := min(len(distinct), maxBins); len(counts) > want || len(counts) != len(edges)+1 || len(distinct) <= maxBins && len(counts) != want {
			t.Fatalf("%d values in %d bins between %d edges, want %d", len(distinct), len(counts), len(edges), want)
		}
	})
	var rows [][]float64
	for i := range 100_000 {
		rows = append(rows, []float64{float64(i)})
	}
	edges := quantiles(rows, 0)
	counts := make([]int, maxBins)
	for _, bin := range discretise(rows, [][]float64{edges})[0] {
		counts[bin]++
	}
	for bin, n := range counts {
		if n < 390 || n > 394 {
			t.Errorf("bin %d has %d of 100,000 values, want a 255th", bin, n)
		}
	}
}

func TestBoostRefuses(t *testing.T) {
	fine := func() *Table {
		return &Table{Names: []string{"x", "y"}, Rows: [][]float64{{1, 2}, {3, 4}}, Targets: []float64{0, 1}}
	}
	for name, change := range map[string]func(*Table, *BoostOptions){
		"no rows":             func(t *Table, _ *BoostOptions) { *t = Table{Names: t.Names} },
		"no features":         func(t *Table, _ *BoostOptions) { t.Names = nil },
		"a name twice":        func(t *Table, _ *BoostOptions) { t.Names[1] = "x" },
		"a long name":         func(t *Table, _ *BoostOptions) { t.Names[1] = strings.Repeat("x", 65) },
		"a name of no text":   func(t *Table, _ *BoostOptions) { t.Names[1] = "\xff" },
		"a short row":         func(t *Table, _ *BoostOptions) { t.Rows[1] = t.Rows[1][:1] },
		"an infinite value":   func(t *Table, _ *BoostOptions) { t.Rows[1][0] = math.Inf(1) },
		"a missing target":    func(t *Table, _ *BoostOptions) { t.Targets = t.Targets[:1] },
		"half a class":        func(t *Table, _ *BoostOptions) { t.Targets[0] = 0.5 },
		"one class":           func(t *Table, _ *BoostOptions) { t.Targets[0] = 1 },
		"a negative count":    func(t *Table, o *BoostOptions) { t.Targets[0], o.Loss = -1, PoissonLoss },
		"no counts":           func(t *Table, o *BoostOptions) { t.Targets[1], o.Loss = 0, PoissonLoss },
		"a target of nothing": func(t *Table, o *BoostOptions) { t.Targets[0], o.Loss = math.NaN(), SquaredLoss },
		"too large targets":   func(t *Table, o *BoostOptions) { t.Targets[0], t.Targets[1], o.Loss = 1e308, 1.7e308, SquaredLoss },
		"a negative weight":   func(t *Table, _ *BoostOptions) { t.Weights = []float64{1, -1} },
		"no weight":           func(t *Table, _ *BoostOptions) { t.Weights = []float64{0, 0} },
		"a weight too few":    func(t *Table, _ *BoostOptions) { t.Weights = []float64{1} },
		"an unknown loss":     func(_ *Table, o *BoostOptions) { o.Loss = 9 },
		"no trees":            func(_ *Table, o *BoostOptions) { o.Trees = 0 },
		"one leaf":            func(_ *Table, o *BoostOptions) { o.Leaves = 1 },
		"too many leaves":     func(_ *Table, o *BoostOptions) { o.Leaves = MaxLeaves + 1 },
		"no rate":             func(_ *Table, o *BoostOptions) { o.Rate = 0 },
		"no rate at all":      func(_ *Table, o *BoostOptions) { o.Rate = math.NaN() },
		"no rows a leaf":      func(_ *Table, o *BoostOptions) { o.MinRows = 0 },
		"negative l2":         func(_ *Table, o *BoostOptions) { o.L2 = -1 },
		"no rows a tree":      func(_ *Table, o *BoostOptions) { o.RowShare = 0 },
		"too many columns":    func(_ *Table, o *BoostOptions) { o.ColumnShare = 2 },
		"directions missing":  func(_ *Table, o *BoostOptions) { o.Monotone = []int8{1} },
		"a strange direction": func(_ *Table, o *BoostOptions) { o.Monotone = []int8{1, 2} },
		"no patience":         func(_ *Table, o *BoostOptions) { o.Patience = -1 },
	} {
		table, opts := fine(), DefaultBoost(LogisticLoss)
		change(table, &opts)
		if _, err := Boost(table, nil, opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	other := fine()
	other.Names[0] = "z"
	if _, err := Boost(fine(), other, DefaultBoost(LogisticLoss)); err == nil {
		t.Error("a validation with other features: no error")
	}
	other = fine()
	other.Targets[0] = 7
	if _, err := Boost(fine(), other, DefaultBoost(LogisticLoss)); err == nil {
		t.Error("a validation with bad targets: no error")
	}
}

func BenchmarkBoost(b *testing.B) {
	table := hills(1, 25000)
	b.ReportAllocs()
	for b.Loop() {
		boost(b, table, nil, DefaultBoost(LogisticLoss))
	}
}
