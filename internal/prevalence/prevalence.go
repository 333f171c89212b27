// Package prevalence estimates how many of the views on a platform are of content that violates a policy, from views drawn at random.
//
// [Grid] draws: each view of each content has the same chance, whatever anybody thinks of the content, and no state is needed to
// decide on it, so that a restart draws the same. People decide on the contents that were drawn. [Estimator] weighs what they said by
// how many views each drawn one stands for (the estimator of Hájek 1971), with an interval that takes views of the same content for
// one observation (ultimate clusters, Hansen and others 1953) and holds for rare violations too (Korn and Graubard 1998).
//
// The estimate is of views that the platform reports in metrics events. Drawn contents that nobody decided on yet are left out: as
// long as drawn cases are decided in the order in which they came, that bends nothing. What reviewers overlook stays overlooked.
package prevalence

import (
	"fmt"
	"math"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/learn"
)

// MaxShift bounds how rare draws can be: one view in 2^40.
const MaxShift = 40

// Grid draws one view in 2^Shift. A view that a grid draws is drawn by every finer one as well.
type Grid struct{ Shift uint }

// Weight is how many views one that is drawn stands for.
func (g Grid) Weight() int64 { return 1 << g.Shift }

// Drawn counts the views of a content that are drawn, from the one after the given number of views on up to another.
func (g Grid) Drawn(content string, after, through int64) int64 {
	if g.Shift > MaxShift {
		panic(fmt.Sprintf("prevalence: a grid of 1 in 2^%d is too coarse", g.Shift))
	}
	if through <= after || after < 0 {
		return 0
	}
	size := g.Weight()
	first := int64(xxh3.HashString(content)) & (size - 1) // of the views that are drawn: then every size-th
	upTo := func(n int64) int64 {                         // drawn views with numbers from 0 to n
		if n < first {
			return 0
		}
		return (n-first)/size + 1
	}
	return upTo(through) - upTo(after)
}

// Adjusted is a grid that is twice as coarse or fine if a day's drawn contents were over twice or under half of what was wanted.
func (g Grid) Adjusted(drawn, wanted int) Grid {
	switch {
	case drawn > 2*wanted && g.Shift < MaxShift:
		g.Shift++
	case 2*drawn < wanted && g.Shift > 0:
		g.Shift--
	}
	return g
}

// Estimator takes in what was drawn in one span of time. The zero value is ready for use. It is for one goroutine and keeps a few words
// for each content.
type Estimator struct {
	contents map[string]*content
	open     int64
}

type content struct {
	weight   float64 // views that its drawn views stand for
	policies []string
}

// Add takes in n drawn views of a content that was decided on, each standing for so many views, and the policies that it violates.
func (e *Estimator) Add(id string, n, weight int64, policies []string) {
	if e.contents == nil {
		e.contents = map[string]*content{}
	}
	c := e.contents[id]
	if c == nil {
		c = &content{}
		e.contents[id] = c
	}
	c.weight += float64(n) * float64(weight)
	c.policies = policies
}

// AddOpen counts drawn views of contents that nobody decided on yet.
func (e *Estimator) AddOpen(n int64) { e.open += n }

// Estimate is the share of views that violate a policy.
type Estimate struct {
	Policy    string     // empty for any
	Rate      learn.Rate // with its 95 % interval
	Contents  int        // that were drawn and decided on
	Violating int        // of them
	Open      int64      // drawn views of contents that are not decided on
}

// Estimates gives one for any policy, and then one for each that was violated, by name.
func (e *Estimator) Estimates() []Estimate {
	names := []string{}
	for _, c := range e.contents {
		for _, p := range c.policies {
			if !slices.Contains(names, p) {
				names = append(names, p)
			}
		}
	}
	slices.Sort(names)
	all := []Estimate{e.estimate("")}
	for _, p := range names {
		all = append(all, e.estimate(p))
	}
	return all
}

func (e *Estimator) estimate(policy string) Estimate {
	out := Estimate{Policy: policy, Contents: len(e.contents), Open: e.open}
	violates := func(c *content) bool {
		if policy == "" {
			return len(c.policies) > 0
		}
		return slices.Contains(c.policies, policy)
	}
	total, bad := 0.0, 0.0
	for _, c := range e.contents { // sums of integers, which are exact in any order
		total += c.weight
		if violates(c) {
			bad += c.weight
			out.Violating++
		}
	}
	if total == 0 {
		out.Rate = learn.RateOf(0, 0)
		return out
	}
	p := bad / total
	// The variance of a ratio by linearisation over clusters, and from it how many independent views would say as much.
	inViolation, inOthers := 0.0, 0.0 // sums of squares
	for _, c := range e.contents {
		if violates(c) {
			inViolation += c.weight * c.weight
		} else {
			inOthers += c.weight * c.weight
		}
	}
	variance := ((1-p)*(1-p)*inViolation + p*p*inOthers) / (total * total)
	n := float64(len(e.contents))
	effective := total * total / (inViolation + inOthers) // by Kish, where nothing varies
	if variance > 0 {
		effective = min(p*(1-p)/variance, n)
	}
	out.Rate = wilson(p, effective)
	return out
}

// wilson is the interval of a share that so many independent observations would give.
func wilson(p, n float64) learn.Rate {
	const z = 1.959963984540054
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return learn.Rate{Value: p, Low: max(0, middle-half), High: min(1, middle+half)}
}
