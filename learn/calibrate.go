package learn

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"sort"
)

// Calibration turns scores into probabilities and keeps their order: of texts that get .8, eight in ten are what was asked for.
// It is fitted on scores of examples that the model was not trained on.
type Calibration interface {
	// Probability of a score, from 0 to 1.
	Probability(score float64) float64
	// Append writes the calibration to dst; DecodeCalibration reads it.
	Append(dst []byte) []byte
}

// Scored is the score that a model gave an example, and what the example is in truth.
type Scored struct {
	Score    float64
	Positive bool
}

// errOneSided says that a calibration, or a figure, needs examples of both kinds.
var errOneSided = errors.New("learn: there have to be positive and negative examples, with finite scores")

func count(scored []Scored) (positive, negative int, err error) {
	for _, s := range scored {
		if math.IsNaN(s.Score) || math.IsInf(s.Score, 0) {
			return 0, 0, errOneSided
		}
		if s.Positive {
			positive++
		}
	}
	negative = len(scored) - positive
	if positive == 0 || negative == 0 {
		return 0, 0, errOneSided
	}
	return positive, negative, nil
}

// Platt is a calibration with two numbers: the logit of the probability is a line over the score. It needs few examples, and is
// wrong where the truth is no line.
type Platt struct{ slope, offset float64 }

// Probability of a score.
func (c Platt) Probability(score float64) float64 {
	return Sigmoid(float64(c.slope*score) + c.offset)
}

// FitPlatt fits a line by Newton's method to targets held a little away from 0 and 1 (Platt 1999; Lin, Lin and Weng 2007). A
// line that falls, where high scores are the rarer positives, is laid flat.
func FitPlatt(scored []Scored) (Platt, error) {
	positive, negative, err := count(scored)
	if err != nil {
		return Platt{}, err
	}
	high, low := float64(positive+1)/float64(positive+2), 1/float64(negative+2)
	prior := log(float64(positive+1) / float64(negative+1))
	c := Platt{0, prior}
	loss := c.loss(scored, high, low)
	for range 100 {
		const ridge = 1e-12 // keeps the system solvable where all scores are equal
		haa, hbb, hab, ga, gb := ridge, ridge, 0.0, 0.0, 0.0
		for _, s := range scored {
			p, t := c.Probability(s.Score), low
			if s.Positive {
				t = high
			}
			v := float64(p * (1 - p))
			haa += float64(float64(s.Score*s.Score) * v)
			hab += float64(s.Score * v)
			hbb += v
			ga += float64(s.Score * (p - t))
			gb += p - t
		}
		if math.Abs(ga) < 1e-6 && math.Abs(gb) < 1e-6 {
			break
		}
		det := float64(haa*hbb) - float64(hab*hab)
		da := -(float64(hbb*ga) - float64(hab*gb)) / det
		db := -(float64(haa*gb) - float64(hab*ga)) / det
		step := 1.0
		for ; step > 1e-10; step /= 2 {
			next := Platt{c.slope + float64(step*da), c.offset + float64(step*db)}
			if l := next.loss(scored, high, low); l < loss {
				c, loss = next, l
				break
			}
		}
		if step <= 1e-10 {
			break
		}
	}
	if c.slope <= 0 {
		return Platt{0, prior}, nil
	}
	return c, nil
}

func (c Platt) loss(scored []Scored, high, low float64) float64 {
	sum := 0.0
	for _, s := range scored {
		x, t := float64(c.slope*s.Score)+c.offset, low
		if s.Positive {
			t = high
		}
		sum += math.Max(x, 0) - float64(x*t) + log(1+exp(-math.Abs(x)))
	}
	return sum
}

// Isotonic is a calibration without a shape: the rising steps closest to the examples, joined by lines. It wants some hundreds of
// examples of either kind.
type Isotonic struct{ knots []knot }

type knot struct{ score, p float64 }

// Probability of a score.
func (c Isotonic) Probability(score float64) float64 {
	i := sort.Search(len(c.knots), func(i int) bool { return c.knots[i].score >= score })
	switch {
	case len(c.knots) == 0:
		return 0
	case i == 0:
		return c.knots[0].p
	case i == len(c.knots):
		return c.knots[i-1].p
	}
	a, b := c.knots[i-1], c.knots[i]
	return a.p + float64((b.p-a.p)*((score-a.score)/(b.score-a.score)))
}

// FitIsotonic fits by pooling adjacent violators. Probabilities keep away from 0 and 1 by what one more example of the other kind
// would have made.
func FitIsotonic(scored []Scored) (Isotonic, error) {
	positive, negative, err := count(scored)
	if err != nil {
		return Isotonic{}, err
	}
	sorted := slices.Clone(scored)
	slices.SortFunc(sorted, func(a, b Scored) int { return cmp.Compare(a.Score, b.Score) })
	type block struct{ score, positive, n float64 } // score is the sum of scores
	var blocks []block
	last := math.Inf(-1)
	for _, s := range sorted {
		y := 0.0
		if s.Positive {
			y = 1
		}
		if s.Score == last { // equal scores have one probability
			b := &blocks[len(blocks)-1]
			b.score, b.positive, b.n = b.score+s.Score, b.positive+y, b.n+1
			continue
		}
		last = s.Score
		blocks = append(blocks, block{s.Score, y, 1})
	}
	pooled := blocks[:0]
	for _, b := range blocks {
		for len(pooled) > 0 {
			top := pooled[len(pooled)-1]
			if float64(top.positive*b.n) < float64(b.positive*top.n) {
				break
			}
			b = block{top.score + b.score, top.positive + b.positive, top.n + b.n}
			pooled = pooled[:len(pooled)-1]
		}
		pooled = append(pooled, b)
	}
	low, high := 1/float64(negative+2), float64(positive+1)/float64(positive+2)
	c := Isotonic{knots: make([]knot, 0, len(pooled))}
	for _, b := range pooled {
		k := knot{b.score / b.n, min(max(b.positive/b.n, low), high)}
		if n := len(c.knots); n > 0 && k.score <= c.knots[n-1].score { // the means of two blocks rounded to one number
			c.knots[n-1].p = k.p
			continue
		}
		c.knots = append(c.knots, k)
	}
	return c, nil
}
