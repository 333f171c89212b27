package learn

import (
	"cmp"
	"math"
	"slices"
)

// Brier is the mean squared distance between scores that are probabilities and the truth: 0 is perfect, a constant guess of the base rate p
// has p·(1−p) (Brier 1950).
func Brier(scored []Scored) float64 {
	sum := 0.0
	for _, s := range scored {
		miss := s.Score
		if s.Positive {
			miss = 1 - s.Score
		}
		sum += miss * miss
	}
	return sum / float64(max(1, len(scored)))
}

// AveragePrecision is the area under the steps of precision over recall: the mean precision at each positive's score, equal scores taken
// together. A random order has the share of positives.
func AveragePrecision(scored []Scored) (float64, error) {
	positive, _, err := count(scored)
	if err != nil {
		return 0, err
	}
	sorted := slices.Clone(scored)
	slices.SortFunc(sorted, func(a, b Scored) int { return cmp.Compare(b.Score, a.Score) })
	area, found := 0.0, 0
	for i := 0; i < len(sorted); {
		j, here := i, 0
		for ; j < len(sorted) && sorted[j].Score == sorted[i].Score; j++ {
			if sorted[j].Positive {
				here++
			}
		}
		found += here
		area += float64(here) / float64(positive) * float64(found) / float64(j)
		i = j
	}
	return area, nil
}

// DebiasedCalibrationError is CalibrationError less what chance alone adds to it. A bin of few examples has a gap even if every
// probability in it is right; the mean of the gap that such a bin would show again is known in closed form (the folded normal), and twice the gap seen less
// that mean is an estimate with less of that bias (Kumar, Liang and Ma 2019, section 4; they draw where this computes): none where the gaps are
// large, about half where every probability is right. It is at least 0.
func DebiasedCalibrationError(scored []Scored, bins int) float64 {
	if len(scored) == 0 || bins < 1 {
		return 0
	}
	sorted := slices.Clone(scored)
	slices.SortStableFunc(sorted, func(a, b Scored) int { return cmp.Compare(a.Score, b.Score) })
	total := 0.0
	for b := range bins {
		part := sorted[b*len(sorted)/bins : (b+1)*len(sorted)/bins]
		if len(part) == 0 {
			continue
		}
		sum, positive, n := 0.0, 0.0, float64(len(part))
		for _, s := range part {
			sum += s.Score
			if s.Positive {
				positive++
			}
		}
		rate := positive / n
		gap := math.Abs(sum/n - rate)
		again := gap
		if spread := math.Sqrt(rate * (1 - rate) / n); spread > 0 {
			z := gap / spread
			again = spread*math.Sqrt(2/math.Pi)*math.Exp(-z*z/2) + gap*math.Erf(z/math.Sqrt2)
		}
		total += (2*gap - again) * n
	}
	return max(0, total/float64(len(scored)))
}
