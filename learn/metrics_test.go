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
