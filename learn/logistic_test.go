package learn

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

var testOptions = Options{Bits: 12, Alpha: 0.1, Beta: 1, L1: 0.5, L2: 1}

// world draws examples of a known logistic truth over a few dozen features.
func world(seed uint64, n int) (xs []Vector, ys []bool, truth []float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	truth = make([]float64, 40)
	for i := range truth {
		truth[i] = r.NormFloat64() * 1.5
	}
	for range n {
		var x Vector
		logit := -0.5
		for i, w := range truth {
			if r.Float64() < 0.2 {
				x = append(x, Feature{uint32(i), 1})
				logit += w
			}
		}
		xs, ys = append(xs, x), append(ys, r.Float64() < 1/(1+math.Exp(-logit)))
	}
	return xs, ys, truth
}

func train(t testing.TB, opts Options, xs []Vector, ys []bool) *FTRL {
	t.Helper()
	f, err := NewFTRL(opts)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range xs {
		f.Learn(x, ys[i], 1)
	}
	return f
}

func TestFTRLFindsTheTruth(t *testing.T) {
	xs, ys, truth := world(3, 30000)
	m := train(t, Options{Bits: 12, Alpha: 0.5, Beta: 1, L1: 0.1}, xs, ys).Model()
	for i, want := range truth {
		if got := m.Weight(uint32(i)); math.Abs(got-want) > 0.35 {
			t.Errorf("weight %d = %.2f, the truth is %.2f", i, got, want)
		}
	}
	if got := m.Weight(1000); got != 0 {
		t.Errorf("a feature that was never seen weighs %g, want 0", got)
	}
	test, labels, _ := world(3, 40000)
	var scored []Scored
	for i := 30000; i < len(test); i++ {
		scored = append(scored, Scored{Sigmoid(m.Logit(test[i])), labels[i]})
	}
	if got := CalibrationError(scored, 10); got > 0.02 {
		t.Errorf("calibration error on fresh examples = %.3f, want at most .02", got)
	}
}

func TestL1LeavesNoiseOut(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	f, _ := NewFTRL(Options{Bits: 12, Alpha: 0.1, Beta: 1, L1: 4, L2: 1})
	for i := range 4000 {
		y := i%2 == 0
		x := []Feature{{uint32(100 + r.IntN(3000)), 1}}
		if y {
			x = append(x, Feature{1, 1})
		}
		f.Learn(Sort(x), y, 1)
	}
	m, kept := f.Model(), 0
	for i := range uint32(4096) {
		if m.Weight(i) != 0 {
			kept++
		}
	}
	if m.Weight(1) < 1 || kept > 50 {
		t.Errorf("weight of the one sign = %.2f, %d weights kept: want above 1, and few", m.Weight(1), kept)
	}
}

func TestTrainingRepeatsItself(t *testing.T) {
	xs, ys, _ := world(5, 2000)
	a, b := train(t, testOptions, xs, ys), train(t, testOptions, xs, ys)
	encoded := a.Model().Append(nil)
	if ID(encoded) != ID(b.Model().Append(nil)) {
		t.Error("the same examples gave different models")
	}
	// The bytes themselves, so that another architecture or release that computes differently is found out.
	if got, want := ID(encoded), "32eeeb8510f9d5a7e426bdfb400b46ac"; got != want {
		t.Errorf("id of the model = %s, want %s", got, want)
	}
	before := a.Model()
	a.Learn(xs[0], !ys[0], 5)
	if ID(before.Append(nil)) != ID(encoded) {
		t.Error("training went on and changed a model that was given away")
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]Options{
		"no bits":       {Bits: 0, Alpha: 1, Beta: 1},
		"too many bits": {Bits: MaxBits + 1, Alpha: 1, Beta: 1},
		"no step":       {Bits: 4, Beta: 1},
		"any step":      {Bits: 4, Alpha: 1},
		"negative":      {Bits: 4, Alpha: 1, Beta: 1, L1: -1},
		"no number":     {Bits: 4, Alpha: math.NaN(), Beta: 1},
	} {
		if _, err := NewFTRL(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSortAddsRepeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		features := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Feature {
			return Feature{rapid.Uint32Range(0, 20).Draw(t, "index"), float32(rapid.IntRange(-4, 4).Draw(t, "value"))}
		})).Draw(t, "features")
		want := map[uint32]float32{}
		for _, f := range features {
			want[f.Index] += f.Value
		}
		got := Sort(features)
		if len(got) != len(want) {
			t.Fatalf("%d features, want %d", len(got), len(want))
		}
		for i, f := range got {
			if f.Value != want[f.Index] || i > 0 && got[i-1].Index >= f.Index {
				t.Fatalf("feature %d of %v: want %g in ascending order", i, got, want[f.Index])
			}
		}
	})
}

func TestSigmoid(t *testing.T) {
	for x := -745.0; x < 745; x += 0.37 {
		want := 1 / (1 + math.Exp(-x))
		if got := Sigmoid(x); math.Abs(got-want) > 4e-16*max(want, 1e-300) && math.Abs(got-want) > 1e-15*want {
			if x > -700 {
				t.Fatalf("Sigmoid(%g) = %g, want %g", x, got, want)
			}
		}
	}
	for x, want := range map[float64]float64{0: 0.5, math.Inf(1): 1, math.Inf(-1): 0} {
		if got := Sigmoid(x); got != want {
			t.Errorf("Sigmoid(%g) = %g, want %g", x, got, want)
		}
	}
	if !math.IsNaN(Sigmoid(math.NaN())) {
		t.Error("Sigmoid of no number is a number")
	}
}

func TestHashSpreads(t *testing.T) {
	const bits, n = 10, 1 << 15
	var counts [1 << bits]int
	for i := range n {
		h := HashSeed
		for _, c := range []byte{byte(i), byte(i >> 8)} {
			h = h.Add(c)
		}
		counts[h.Index(bits)]++
	}
	chi := 0.0
	for _, c := range counts {
		d := float64(c) - n>>bits
		chi += d * d / (n >> bits)
	}
	if chi > 1300 { // 1023 degrees of freedom: six deviations above the mean
		t.Errorf("chi-square of the places = %.0f, want about 1023", chi)
	}
}

func BenchmarkLearn(b *testing.B) {
	xs, ys, _ := world(5, 1000)
	f, _ := NewFTRL(testOptions)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		f.Learn(xs[i%1000], ys[i%1000], 1)
		i++
	}
}

func TestScoringDoesNotAllocate(t *testing.T) {
	xs, ys, _ := world(5, 100)
	f := train(t, testOptions, xs, ys)
	m := f.Model()
	if got := testing.AllocsPerRun(100, func() { m.Logit(xs[1]); f.Learn(xs[1], ys[1], 1) }); got != 0 {
		t.Errorf("%g allocations, want 0", got)
	}
}

func TestLogAndExp(t *testing.T) {
	for x := 1e-300; x < 1e300; x *= 1.37 {
		if got, want := log(x), math.Log(x); math.Abs(got-want) > 4e-16*max(math.Abs(want), 1) {
			t.Fatalf("log(%g) = %.17g, want %.17g", x, got, want)
		}
	}
	for x := 0.5; x < 2; x += 0.0007 {
		if got, want := log(x), math.Log(x); math.Abs(got-want) > 4e-16 {
			t.Fatalf("log(%g) = %.17g, want %.17g", x, got, want)
		}
	}
	for x := -20.0; x < 690; x += 0.77 {
		if got, want := expUp(x), math.Exp(x); math.Abs(got-want) > 1e-15*want {
			t.Fatalf("expUp(%g) = %g, want %g", x, got, want)
		}
	}
}
