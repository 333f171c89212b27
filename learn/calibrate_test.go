package learn

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// drawn are scores whose positives follow a truth.
func drawn(seed uint64, n int, truth func(score float64) float64) []Scored {
	r := rand.New(rand.NewPCG(seed, 2))
	scored := make([]Scored, n)
	for i := range scored {
		s := r.NormFloat64() * 2
		scored[i] = Scored{s, r.Float64() < truth(s)}
	}
	return scored
}

func TestPlattFindsTheLine(t *testing.T) {
	c, err := FitPlatt(drawn(1, 20000, func(s float64) float64 { return Sigmoid(0.7*s - 1) }))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(c.slope-0.7) > 0.05 || math.Abs(c.offset+1) > 0.05 {
		t.Errorf("slope %.3f and offset %.3f, want .7 and -1", c.slope, c.offset)
	}
}

func TestIsotonicFindsAnyRise(t *testing.T) {
	truth := func(s float64) float64 {
		if s < 0 {
			return 0.1
		}
		return 0.6 + 0.1*math.Tanh(s)
	}
	c, err := FitIsotonic(drawn(2, 40000, truth))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []float64{-3, -1, -0.5, 0.5, 1, 3} {
		if got, want := c.Probability(s), truth(s); math.Abs(got-want) > 0.04 {
			t.Errorf("probability at %g = %.3f, want %.3f", s, got, want)
		}
	}
}

func TestIsotonicByHand(t *testing.T) {
	c, err := FitIsotonic([]Scored{{3, true}, {1, false}, {2, true}, {2.5, false}, {0, false}, {4, true}})
	if err != nil {
		t.Fatal(err)
	}
	// 0 and 1 stand at zero positives, 2 and 2.5 are pooled to a half, 3 and 4 at all; the ends keep 1/5 and 4/5.
	for score, want := range map[float64]float64{-9: 0.2, 0.5: 0.2, 2.25: 0.5, 3.5: 0.8, 9: 0.8, 1.375: 0.35} {
		if got := c.Probability(score); math.Abs(got-want) > 1e-12 {
			t.Errorf("probability at %g = %g, want %g", score, got, want)
		}
	}
}

func TestCalibrationsKeepOrderAndDoubt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scored := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Scored {
			return Scored{rapid.Float64Range(-50, 50).Draw(t, "score"), rapid.Bool().Draw(t, "positive")}
		}), 2, 60).Draw(t, "scored")
		scored = append(scored, Scored{0, true}, Scored{0, false})
		platt, err := FitPlatt(scored)
		if err != nil {
			t.Fatal(err)
		}
		isotonic, err := FitIsotonic(scored)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []Calibration{platt, isotonic} {
			last := 0.0
			for s := -60.0; s <= 60; s += 0.5 {
				p := c.Probability(s)
				if !(p >= last && p <= 1) {
					t.Fatalf("%T: probability %g at %g, after %g", c, p, s, last)
				}
				last = p
			}
			if i, ok := c.(Isotonic); ok && (i.Probability(-60) == 0 || last == 1) {
				t.Fatalf("%v is certain", i)
			}
			again, rest, err := DecodeCalibration(c.Append(nil))
			if err != nil || len(rest) > 0 || again.Probability(1.5) != c.Probability(1.5) {
				t.Fatalf("%T does not survive its encoding: %v", c, err)
			}
		}
	})
}

func TestCalibrationsNeedBothKinds(t *testing.T) {
	for name, scored := range map[string][]Scored{
		"none": nil, "positive": {{1, true}}, "negative": {{1, false}}, "no number": {{math.NaN(), true}, {1, false}},
	} {
		if _, err := FitPlatt(scored); err == nil {
			t.Errorf("%s: FitPlatt gave no error", name)
		}
		if _, err := FitIsotonic(scored); err == nil {
			t.Errorf("%s: FitIsotonic gave no error", name)
		}
		if _, err := AUC(scored); err == nil {
			t.Errorf("%s: AUC gave no error", name)
		}
	}
	flat, err := FitPlatt([]Scored{{2, false}, {1, true}, {1, true}})
	if err != nil || flat.Probability(9) != flat.Probability(-9) || math.Abs(flat.Probability(0)-0.6) > 1e-9 {
		t.Errorf("of scores in the wrong order: %g and %g (%v), want .6 everywhere", flat.Probability(-9), flat.Probability(9), err)
	}
}

func TestRollingFollowsADrift(t *testing.T) {
	begin, err := FitPlatt(drawn(1, 5000, Sigmoid))
	if err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int{"line": 800, "steps": 4000} {
		r, err := NewRolling(size, 50, begin)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Calibration(); got != begin {
			t.Errorf("%s: it begins with %v", name, got)
		}
		for _, truth := range []func(float64) float64{Sigmoid, func(s float64) float64 { return Sigmoid(s - 2) }} {
			for _, s := range drawn(uint64(size), size, truth) {
				if err := r.Add(s); err != nil {
					t.Fatal(err)
				}
			}
			for _, s := range []float64{-1, 0, 1, 2} {
				if got, want := r.Calibration().Probability(s), truth(s); math.Abs(got-want) > 0.09 {
					t.Errorf("%s: probability at %g = %.3f, want %.3f", name, s, got, want)
				}
			}
		}
		if len(r.recent) != size {
			t.Errorf("%s: %d examples are held, want %d", name, len(r.recent), size)
		}
		if err := r.Add(Scored{math.Inf(1), true}); err == nil {
			t.Errorf("%s: an infinite score: no error", name)
		}
	}
	r, err := NewRolling(20, 1, begin)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if err := r.Add(Scored{1, true}); err != nil || r.Calibration() != begin {
			t.Fatalf("of one kind alone: %v, %v", r.Calibration(), err)
		}
	}
	if _, err := NewRolling(19, 1, begin); err == nil {
		t.Error("a window of 19: no error")
	}
	if _, err := NewRolling(20, 0, begin); err == nil {
		t.Error("never fitted: no error")
	}
	if _, err := NewRolling(20, 1, nil); err == nil {
		t.Error("begun with nothing: no error")
	}
}
