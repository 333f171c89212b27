package learn

import (
	"fmt"
	"math"
)

// Draw is a unit that was looked at because chance chose it.
type Draw struct {
	Share      float64 // what was found: 1 or 0, or a share of the unit, from 0 to 1
	Size       float64 // what the unit counts for: 1 to count units, its views to count views; finite, not negative
	Propensity float64 // the chance with which it was chosen, over 0 and up to 1
}

// Estimate is a share of everything that could have been chosen, with its 95 % interval.
type Estimate struct {
	Value, Low, High float64
	Effective        float64 // the size of a simple random sample that would say as much
}

// EstimateShare estimates a share from units that were chosen independently, each with a propensity of its own: every unit stands for
// 1/Propensity of its kind, and the weights are normalised by their own sum, so that the estimate is a share (Hájek 1971). Weights are
// cut at clip, which trades a little bias for variance; 0 cuts nothing.
//
// The interval is by the design: the variance of that ratio, as of draws with replacement, which is not too small for others (Särndal, Swensson and
// Wretman 1992, section 5.8), gives an effective sample size of at most the number of draws (Korn and Graubard 1998), and Wilson's interval is
// taken at that size. Where nothing differs the size is Kish's. Of no draws the share is anything: 0 with the interval from 0 to 1.
func EstimateShare(draws []Draw, clip float64) (Estimate, error) {
	if !(clip >= 0) {
		return Estimate{}, fmt.Errorf("learn: weights cut at %g, not at 0 or above", clip)
	}
	total, found, n := 0.0, 0.0, 0.0
	weight := func(d Draw) float64 {
		w := 1 / d.Propensity
		if clip > 0 {
			w = min(w, clip)
		}
		return w * d.Size
	}
	for i, d := range draws {
		if !(d.Propensity > 0 && d.Propensity <= 1) || !(d.Size >= 0) || math.IsInf(d.Size, 1) || !(d.Share >= 0 && d.Share <= 1) {
			return Estimate{}, fmt.Errorf("learn: draw %d: a share of %g of a size of %g with the propensity %g", i, d.Share, d.Size, d.Propensity)
		}
		w := weight(d)
		total += w
		found += w * d.Share
		if w > 0 {
			n++
		}
	}
	if total == 0 {
		return Estimate{High: 1}, nil
	}
	if math.IsInf(total, 1) {
		return Estimate{}, fmt.Errorf("learn: the sizes over the propensities are too large to add up")
	}
	p, squares, variance := min(1, found/total), 0.0, 0.0
	for _, d := range draws {
		w := weight(d) / total
		squares += w * w
		variance += w * (d.Share - p) * w * (d.Share - p)
	}
	e := Estimate{Value: p, Effective: min(n, 1/squares)}
	if variance > 0 {
		e.Effective = min(n, max(1, p*(1-p)/variance)) // it is at least 1 but for rounding
	}
	e.Low, e.High = wilson(p, e.Effective)
	return e, nil
}
