package learn

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestEstimateShareByHand(t *testing.T) {
	got, err := EstimateShare([]Draw{{1, 1, 0.5}, {0, 1, 0.5}, {0, 3, 0.25}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "share", got.Value, 2.0/16)
	got, err = EstimateShare([]Draw{{1, 1, 0.5}, {0, 1, 0.5}, {0, 3, 0.25}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "share with weights cut at 2", got.Value, 2.0/10)
	// Draws of one weight are a simple random sample.
	var draws []Draw
	for i := range 263 {
		d := Draw{0, 7, 0.01}
		if i < 81 {
			d.Share = 1
		}
		draws = append(draws, d)
	}
	got, err = EstimateShare(draws, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := RateOf(81, 263)
	near(t, "share", got.Value, want.Value)
	near(t, "low", got.Low, want.Low)
	near(t, "high", got.High, want.High)
	near(t, "size", got.Effective, 263)
	got, err = EstimateShare(make([]Draw, 0), 0)
	if want := (Estimate{0, 0, 1, 0}); err != nil || got != want {
		t.Errorf("of nothing: %v (%v), want %v", got, err, want)
	}
	none, err := EstimateShare([]Draw{{0, 1, 0.5}, {0, 1, 0.5}, {0, 1, 0.25}}, 0)
	if err != nil || none.Value != 0 || math.Abs(none.Effective-64.0/24) > 1e-9 || !(none.High > 0.5) {
		t.Errorf("of none found: %+v (%v), want 0 of 2.67", none, err)
	}
	for name, d := range map[string]Draw{
		"no chance": {1, 1, 0}, "more than certain": {1, 1, 1.1}, "a negative size": {1, -1, 1}, "a share above 1": {2, 1, 1}, "no number": {1, 1, math.NaN()},
		"no size": {1, math.Inf(1), 1}, "no share": {math.NaN(), 1, 1}, "too large": {1, 1e300, 1e-300},
	} {
		if _, err := EstimateShare([]Draw{d}, 0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := EstimateShare(nil, -1); err == nil {
		t.Error("cut below 0: no error")
	}
}

// Views are what counts, large ones are drawn more often, and one unit in sixty is bad: 95 of 100 intervals have to hold the truth.
func TestIntervalsOfSharesHoldTheTruth(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	type unit struct {
		views float64
		bad   bool
	}
	var units []unit
	total, bad := 0.0, 0.0
	for range 20000 {
		u := unit{math.Exp(1.3 * r.NormFloat64()), r.IntN(60) == 0}
		total += u.views
		if u.bad {
			bad += u.views
		}
		units = append(units, u)
	}
	const runs = 400
	held, mean := 0, 0.0
	for range runs {
		var draws []Draw
		for _, u := range units {
			d := Draw{0, u.views, min(1, 0.01+0.01*u.views)}
			if u.bad {
				d.Share = 1
			}
			if r.Float64() < d.Propensity {
				draws = append(draws, d)
			}
		}
		e, err := EstimateShare(draws, 0)
		if err != nil {
			t.Fatal(err)
		}
		mean += e.Value / runs
		if e.Low <= bad/total && bad/total <= e.High {
			held++
		}
	}
	if held < 368 || held > 396 {
		t.Errorf("%d of %d intervals hold the truth, want about 95 %%", held, runs)
	}
	if math.Abs(mean-bad/total) > 0.05*bad/total {
		t.Errorf("the mean estimate is %.5f, the truth %.5f", mean, bad/total)
	}
}

func TestSharesStayInTheirIntervals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draws := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Draw {
			return Draw{rapid.Float64Range(0, 1).Draw(t, "share"), rapid.Float64Range(0, 1e6).Draw(t, "size"), rapid.Float64Range(1e-9, 1).Draw(t, "propensity")}
		})).Draw(t, "draws")
		e, err := EstimateShare(draws, rapid.SampledFrom([]float64{0, 1, 20}).Draw(t, "clip"))
		if err != nil {
			t.Fatal(err)
		}
		if !(0 <= e.Low && e.Low <= e.Value && e.Value <= e.High && e.High <= 1 && e.Effective >= 0 && e.Effective <= float64(len(draws))+1e-6) {
			t.Fatalf("%+v of %d draws", e, len(draws))
		}
	})
}
