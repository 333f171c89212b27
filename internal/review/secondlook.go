package review

import (
	"math"
	"slices"
)

// What a second reviewer's look costs does not depend on reach, and what a wrong action takes away does. So doubt is tolerated that
// would cost few views, and hardly any where many would be lost. Tuned on seeds 1 to 6 of the benchmark's base cell.
const (
	tolerated  = 800 // views of a benign case that a verdict may be expected to cost
	leastDoubt = .03
	mostDoubt  = .5

	again = .3 // of its value, a case of which all said that it does not violate: the next is likely to say so too

	// MaxLooks is how many reviewers look at a case; if they did not come to an action by then, there is none.
	MaxLooks = 4
)

// Certain is the P(violating), all verdicts counted, from which on a verdict is acted on without another reviewer's, for a case with
// so many views expected: from .5 for what few will see to .97.
func Certain(reach float64) float64 {
	return 1 - min(max(tolerated/max(reach, 1), leastDoubt), mostDoubt)
}

// SecondLook is P(violating) after verdicts on a case that was p likely to violate before them, and the P by which it should wait
// for another reviewer's look, in the same queue as all other cases: most are closed by never being worth one.
func (n Noise) SecondLook(p float64, verdicts []bool) (after, waiting float64) {
	for _, violating := range verdicts {
		p = n.After(p, violating)
	}
	if len(verdicts) > 0 && !slices.Contains(verdicts, true) {
		return p, p * again
	}
	return p, p
}

// correlated is how much a further reviewer's verdict says beside another's: hard cases are hard for all.
const correlated = .8

// After is P(violating) after one more verdict on a case, by Bayes' rule.
func (n Noise) After(p float64, violating bool) float64 {
	sens, spec := min(max(n.Sensitivity, .01), .99), min(max(n.Specificity, .01), .99)
	if violating {
		return raise(p, correlated*math.Log(sens/(1-spec)))
	}
	return raise(p, correlated*math.Log((1-sens)/spec))
}
