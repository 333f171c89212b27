package evidence

import (
	"math"
	"math/bits"
)

// level is what is known of the pairs that met at one level of a trace.
type level struct {
	// once and twice are how many pairs met that often or more, each counted for those that the sample stands for. That is all that the null model is fitted to: a
	// pair that meets a hundred times weighs as much as one that meets twice, so that a campaign does not make itself usual.
	once, twice float64

	// Were all pairs alike, a pair would meet rate·d·d′ times. They are not: people have interests and hours in common. As far as pairs go, the model is that of every
	// spread pairs one meets spread times as often, and the others never: that is the variance of all mixtures with this share of pairs that meet twice.
	rate, spread float64
}

// maxSpread bounds spread; and at a window below the greatest it is at most what it is there for the same crowd, or leastBound: interests that pairs have in common
// show at the greatest window already, where a campaign is the least of what met, while close in time nearly all that ever met again may be one.
const (
	maxSpread  = 32
	leastBound = 4
)

// expected is how often two accounts with these degrees meet by chance if they have something in common.
func (l *level) expected(a, b uint32) float64 { return l.spread * l.rate * float64(a) * float64(b) }

// degrees is how many accounts have how many acts, in bins of half an octave.
type degrees [2 * 33]struct{ n, sum float64 }

func binOf(d uint32) int {
	b := bits.Len32(d)
	if b < 2 {
		return 2 * b
	}
	return 2*b + int(d>>(b-2)&1)
}

// raise notes that an account has got its d-th act.
func (h *degrees) raise(d uint32) {
	if d > 1 {
		from := &h[binOf(d-1)]
		from.n--
		from.sum -= float64(d - 1)
	}
	to := &h[binOf(d)]
	to.n++
	to.sum += float64(d)
}

// fit fits the levels of a trace to what was seen so far.
func (t *trace) fit() {
	t.fitted = t.acts
	type class struct{ n, dd float64 } // pairs of accounts, and the product of their degrees
	var classes []class
	var first, second float64 // sums of the products over all pairs, and of their squares
	for i := range t.degrees {
		a := t.degrees[i]
		if a.n <= 0 {
			continue
		}
		for j := i; j < len(t.degrees); j++ {
			b := t.degrees[j]
			if b.n <= 0 {
				continue
			}
			n := a.n * b.n
			if i == j {
				n = a.n * (a.n - 1) / 2
			}
			if n > 0 {
				dd := a.sum / a.n * (b.sum / b.n)
				classes = append(classes, class{n, dd})
				first, second = first+n*dd, second+n*dd*dd
			}
		}
	}
	for i := t.nLevels - 1; i >= 0; i-- {
		l := &t.levels[i]
		bound := float64(maxSpread)
		if i < t.nLevels-crowds {
			bound = max(leastBound, t.levels[t.nLevels-crowds+i%crowds].spread)
		}
		once, twice := max(0, l.once)+1, max(0, l.twice)+1 // what was never seen is not impossible
		if first == 0 {
			l.rate, l.spread = 1, bound
			continue
		}
		rate := once / first
		spread := min(max(1, 2*twice/(rate*rate*second)), bound)
		for range fitSteps {
			var met, again float64
			for _, c := range classes {
				x := spread * rate * c.dd
				e := math.Exp(-x)
				met += c.n * -math.Expm1(-x)
				again += c.n * max(0, 1-e*(1+x))
			}
			rate *= min(max(once*spread/met, .25), 4)
			spread = min(max(1, spread*min(max(twice*spread/again, .25), 4)), bound)
		}
		l.rate, l.spread = rate, spread
	}
}

// fitSteps are enough for two digits where pairs mostly never met, which is where it counts.
const fitSteps = 8

// stale says whether a trace has so many more acts than at its last fit that another is due.
func (t *trace) stale() bool { return t.acts > t.fitted*(1+1./32) }
