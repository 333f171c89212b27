package learn

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Rate is a share with its 95 % interval by Wilson, which holds for small numbers too.
type Rate struct{ Value, Low, High float64 }

// String is the rate as pages print it.
func (r Rate) String() string { return fmt.Sprintf("%.3f [%.3f, %.3f]", r.Value, r.Low, r.High) }

// RateOf is k of n. Of nothing, it is anything: 0 with the interval from 0 to 1.
func RateOf(k, n int) Rate {
	if n <= 0 {
		return Rate{0, 0, 1}
	}
	p := float64(k) / float64(n)
	low, high := wilson(p, float64(n))
	return Rate{p, low, high}
}

// wilson is the 95 % interval of a share p of n.
func wilson(p, n float64) (low, high float64) {
	const z = 1.959963984540054
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return min(p, max(0, middle-half)), max(p, min(1, middle+half))
}

// Confusion counts right and wrong at one threshold.
type Confusion struct{ TruePositive, FalsePositive, TrueNegative, FalseNegative int }

// At counts examples as flagged whose score is at least the threshold.
func At(scored []Scored, threshold float64) Confusion {
	var c Confusion
	for _, s := range scored {
		switch flagged := s.Score >= threshold; {
		case flagged && s.Positive:
			c.TruePositive++
		case flagged:
			c.FalsePositive++
		case s.Positive:
			c.FalseNegative++
		default:
			c.TrueNegative++
		}
	}
	return c
}

// Precision is the share of the flagged that are positive.
func (c Confusion) Precision() Rate { return RateOf(c.TruePositive, c.TruePositive+c.FalsePositive) }

// Recall is the share of the positive that are flagged.
func (c Confusion) Recall() Rate { return RateOf(c.TruePositive, c.TruePositive+c.FalseNegative) }

// FalseRate is the share of the negative that are flagged.
func (c Confusion) FalseRate() Rate { return RateOf(c.FalsePositive, c.FalsePositive+c.TrueNegative) }

// F1 is the harmonic mean of precision and recall, 0 where nothing positive was flagged.
func (c Confusion) F1() float64 {
	if c.TruePositive == 0 {
		return 0
	}
	return 2 * float64(c.TruePositive) / float64(2*c.TruePositive+c.FalsePositive+c.FalseNegative)
}

// AUC is the chance that a positive example scores above a negative one, equal scores counting half.
func AUC(scored []Scored) (float64, error) {
	positive, negative, err := count(scored)
	if err != nil {
		return 0, err
	}
	sorted := slices.Clone(scored)
	slices.SortFunc(sorted, func(a, b Scored) int { return cmp.Compare(a.Score, b.Score) })
	ranks := 0.0 // of the positives, from 1
	for i := 0; i < len(sorted); {
		j, here := i, 0
		for ; j < len(sorted) && sorted[j].Score == sorted[i].Score; j++ {
			if sorted[j].Positive {
				here++
			}
		}
		ranks += float64(here) * float64(i+j+1) / 2
		i = j
	}
	p, n := float64(positive), float64(negative)
	return (ranks - p*(p+1)/2) / (p * n), nil
}

// LogLoss is the mean surprise, in nats, at the truth under scores that are probabilities. One that is certain and wrong counts as
// one in 10^15.
func LogLoss(scored []Scored) float64 {
	sum := 0.0
	for _, s := range scored {
		p := s.Score
		if !s.Positive {
			p = 1 - p
		}
		sum -= math.Log(max(p, 1e-15))
	}
	return sum / float64(max(1, len(scored)))
}

// CalibrationError is the expected calibration error under scores that are probabilities: over bins of equally many examples, the
// mean distance between the mean probability and the share of positives, weighted by the examples.
func CalibrationError(scored []Scored, bins int) float64 {
	if len(scored) == 0 || bins < 1 {
		return 0
	}
	sorted := slices.Clone(scored)
	slices.SortStableFunc(sorted, func(a, b Scored) int { return cmp.Compare(a.Score, b.Score) })
	total := 0.0
	for b := range bins {
		from, to := b*len(sorted)/bins, (b+1)*len(sorted)/bins
		gap := 0.0
		for _, s := range sorted[from:to] {
			gap += s.Score
			if s.Positive {
				gap--
			}
		}
		total += math.Abs(gap)
	}
	return total / float64(len(sorted))
}
