package learn

import (
	"fmt"
	"math"
)

// Vote is what one person said of one item.
type Vote struct {
	Item, Rater uint32 // numbered from 0 without large gaps
	Positive    bool
}

// Rater is how far a person's votes can be relied on.
type Rater struct {
	Sensitivity Beta // the chance of a yes where yes is true
	Specificity Beta // the chance of a no where no is true
}

// Consensus is what votes say when people err differently.
type Consensus struct {
	Items    []float64 // by item: the probability that yes is true; without votes, the share of positives
	Raters   []Rater   // by rater
	Positive float64   // the share of positives among items with votes
	Settled  bool      // in the last round no item moved by more than 10^-6
}

// maxItems bounds the memory of AgreeVotes.
const maxItems = 1 << 26

// AgreeVotes finds who is right by the model of Dawid and Skene (1979) for yes and no: each rater has a sensitivity and a specificity,
// errors are independent given the truth, and expectation and maximisation by turns find the likeliest of both. It begins with the shares
// of yes. Each rater is held to have been right four times and wrong once beforehand, either way (Beta(4, 1)), so that one with two
// votes is not taken for infallible, and the truth does not change sides.
//
// Where raters differ because they disagree, and not by mistake, there is no one truth to find, and the sensitivities say
// who is of the majority's opinion: look at them by group of raters as well. It takes some
// 20 µs for a thousand votes and round, of at most 200.
func AgreeVotes(votes []Vote) (*Consensus, error) {
	items, raters := 0, 0
	for i, v := range votes {
		if v.Item >= maxItems || v.Rater >= maxItems {
			return nil, fmt.Errorf("learn: vote %d: item %d or rater %d is not below %d", i, v.Item, v.Rater, maxItems)
		}
		items, raters = max(items, int(v.Item)+1), max(raters, int(v.Rater)+1)
	}
	c := &Consensus{Items: make([]float64, items), Raters: make([]Rater, raters)}
	voted := make([]float64, items)
	for _, v := range votes {
		voted[v.Item]++
		if v.Positive {
			c.Items[v.Item]++
		}
	}
	for i, n := range voted {
		c.Items[i] = (c.Items[i] + 0.5) / (n + 1)
	}
	logits := make([]float64, items)
	for round := 0; round < 200 && !c.Settled; round++ {
		c.maximise(votes, voted)
		c.Settled = c.expect(votes, voted, logits) <= 1e-6
	}
	c.maximise(votes, voted)
	return c, nil
}

// maximise finds the raters and the share of positives that fit the items best.
func (c *Consensus) maximise(votes []Vote, voted []float64) {
	for r := range c.Raters {
		c.Raters[r] = Rater{Beta{4, 1}, Beta{4, 1}}
	}
	for _, v := range votes {
		r, q := &c.Raters[v.Rater], c.Items[v.Item]
		if v.Positive {
			r.Sensitivity.Yes += q
			r.Specificity.No += 1 - q
		} else {
			r.Sensitivity.No += q
			r.Specificity.Yes += 1 - q
		}
	}
	sum, n := 1.0, 2.0
	for i, q := range c.Items {
		if voted[i] > 0 {
			sum += q
			n++
		}
	}
	c.Positive = sum / n
}

// expect finds the items that fit the raters, and the most that one of them moved.
func (c *Consensus) expect(votes []Vote, voted, logits []float64) (most float64) {
	prior := math.Log(c.Positive / (1 - c.Positive))
	for i := range logits {
		logits[i] = prior
	}
	type says struct{ yes, no float64 } // what a vote adds to the log-odds
	said := make([]says, len(c.Raters))
	for i, r := range c.Raters {
		sensitivity, specificity := r.Sensitivity.Mean(), r.Specificity.Mean()
		said[i] = says{math.Log(sensitivity / (1 - specificity)), math.Log((1 - sensitivity) / specificity)}
	}
	for _, v := range votes {
		if v.Positive {
			logits[v.Item] += said[v.Rater].yes
		} else {
			logits[v.Item] += said[v.Rater].no
		}
	}
	for i, logit := range logits {
		q := Sigmoid(logit)
		if voted[i] > 0 {
			most = max(most, math.Abs(q-c.Items[i]))
		}
		c.Items[i] = q
	}
	return most
}

// Beta is what is known of a share after Yes and No cases, which need not be whole numbers: the posterior of a share of which nothing was
// known before is Beta{1 + yes, 1 + no}.
type Beta struct{ Yes, No float64 }

// Mean is the expected share.
func (b Beta) Mean() float64 { return b.Yes / (b.Yes + b.No) }

// Interval holds the share with a probability of 95 %, and leaves 2.5 % on either side. Yes and No have to be positive.
func (b Beta) Interval() (low, high float64) { return b.quantile(0.025), b.quantile(0.975) }

// quantile is where the distribution function reaches p, by halving: it is good to 2^-40.
func (b Beta) quantile(p float64) float64 {
	low, high := 0.0, 1.0
	for range 40 {
		if middle := (low + high) / 2; b.below(middle) < p {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// below is the probability that the share is below x: the regularised incomplete beta function by its continued fraction (DLMF 8.17.22), evaluated by
// the method of Lentz.
func (b Beta) below(x float64) float64 {
	if x > (b.Yes+1)/(b.Yes+b.No+2) { // where the fraction of the other side converges faster
		return 1 - Beta{b.No, b.Yes}.below(1-x)
	}
	if x <= 0 {
		return 0
	}
	whole, _ := math.Lgamma(b.Yes + b.No)
	yes, _ := math.Lgamma(b.Yes)
	no, _ := math.Lgamma(b.No)
	front := math.Exp(whole-yes-no+b.Yes*math.Log(x)+b.No*math.Log1p(-x)) / b.Yes
	const tiny = 1e-300
	notZero := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	f, c, d := 1.0, 1.0, 0.0
	for i := range 2000 {
		m := float64(i / 2)
		term := 1.0
		switch {
		case i > 0 && i%2 == 0:
			term = m * (b.No - m) * x / ((b.Yes + 2*m - 1) * (b.Yes + 2*m))
		case i > 0:
			term = -(b.Yes + m) * (b.Yes + b.No + m) * x / ((b.Yes + 2*m) * (b.Yes + 2*m + 1))
		}
		d = 1 / notZero(1+term*d)
		c = notZero(1 + term/c)
		f *= c * d
		if math.Abs(1-c*d) < 1e-14 {
			break
		}
	}
	return front * (f - 1)
}
