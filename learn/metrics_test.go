package learn

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 5e-4 {
		t.Errorf("%s = %.4f, want %.4f", what, got, want)
	}
}

func TestMetricsByHand(t *testing.T) {
	scored := []Scored{{0.9, true}, {0.8, false}, {0.7, true}, {0.4, true}, {0.4, false}, {0.1, false}}
	auc, err := AUC(scored)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "AUC", auc, (3+2+1.5)/9)
	near(t, "log loss", LogLoss(scored), -(math.Log(0.9)+math.Log(0.2)+math.Log(0.7)+math.Log(0.4)+math.Log(0.6)+math.Log(0.9))/6)
	near(t, "calibration error in one bin", CalibrationError(scored, 1), 0.3/6)
	near(t, "calibration error in two bins", CalibrationError(scored, 2), (math.Abs(0.9-1)+math.Abs(2.4-2))/6)
	c := At(scored, 0.7)
	if want := (Confusion{2, 1, 2, 1}); c != want {
		t.Errorf("At(.7) = %+v, want %+v", c, want)
	}
	near(t, "F1", c.F1(), 2.0/3)
	near(t, "precision", c.Precision().Value, 2.0/3)
	near(t, "recall", c.Recall().Value, 2.0/3)
	near(t, "false rate", c.FalseRate().Value, 1.0/3)
	if got := (Confusion{}).F1(); got != 0 {
		t.Errorf("F1 of nothing = %g, want 0", got)
	}
}

// The intervals are those of Newcombe (1998), table I.
func TestRate(t *testing.T) {
	for _, tc := range []struct {
		k, n      int
		low, high float64
	}{{81, 263, .2553, .3662}, {15, 148, .0624, .1605}, {0, 20, 0, .1611}, {1, 29, .0061, .1718}, {29, 29, .8830, 1}, {0, 0, 0, 1}} {
		r := RateOf(tc.k, tc.n)
		near(t, "low", r.Low, tc.low)
		near(t, "high", r.High, tc.high)
	}
	if got, want := RateOf(1, 2).String(), "0.500 [0.095, 0.905]"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
}

func TestAUCIsTheShareOfPairsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scored := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Scored {
			return Scored{float64(rapid.IntRange(0, 5).Draw(t, "score")), rapid.Bool().Draw(t, "positive")}
		}), 0, 30).Draw(t, "scored")
		scored = append(scored, Scored{2, true}, Scored{2, false})
		won, pairs := 0.0, 0.0
		for _, p := range scored {
			for _, n := range scored {
				if p.Positive && !n.Positive {
					pairs++
					if p.Score > n.Score {
						won++
					} else if p.Score == n.Score {
						won += 0.5
					}
				}
			}
		}
		got, err := AUC(scored)
		if err != nil || math.Abs(got-won/pairs) > 1e-12 {
			t.Fatalf("AUC = %g (%v), want %g", got, err, won/pairs)
		}
	})
}

func TestFiguresOfProbabilitiesByHand(t *testing.T) {
	scored := []Scored{{0.9, true}, {0.8, false}, {0.4, true}, {0.4, false}, {0.1, false}}
	near(t, "Brier", Brier(scored), (0.01+0.64+0.36+0.16+0.01)/5)
	ap, err := AveragePrecision(scored)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "average precision", ap, 0.5*1+0.5*2/4)
	if _, err := AveragePrecision(scored[1:2]); err == nil {
		t.Error("average precision without a positive: no error")
	}
	// One bin: a gap of .12 with a rate of .4 among 5 has the spread .2191, and would show .2005 again on average.
	near(t, "debiased calibration error", DebiasedCalibrationError(scored, 1), max(0, 2*0.12-0.2005))
	near(t, "debiased calibration error of nothing", DebiasedCalibrationError(nil, 15), 0)
}

// Of examples that are calibrated, the plain error falls only with their number; the debiased one has half of it. Of examples that are off, it shows by how much.
func TestDebiasedCalibrationErrorTakesChanceOut(t *testing.T) {
	plain, debiased, off := 0.0, 0.0, 0.0
	const runs = 40
	for seed := range uint64(runs) {
		var right, wrong []Scored
		for _, s := range drawn(seed, 600, Sigmoid) {
			right = append(right, Scored{Sigmoid(s.Score), s.Positive})
			wrong = append(wrong, Scored{0.8*Sigmoid(s.Score) + 0.2, s.Positive})
		}
		plain += CalibrationError(right, 15) / runs
		debiased += DebiasedCalibrationError(right, 15) / runs
		off += DebiasedCalibrationError(wrong, 15) / runs
	}
	if plain < 0.03 || debiased > 0.6*plain || math.Abs(off-0.1) > 0.01 {
		t.Errorf("calibrated: %.4f plainly and %.4f debiased; off by .1: %.4f", plain, debiased, off)
	}
}
