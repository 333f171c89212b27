package review

import (
	"math"
	"slices"
	"time"
)

// Report is one person's report, with what became of that person's earlier ones.
type Report struct {
	At         time.Time // zero if it is not known: then it is part of no burst
	Reporter   string
	Upheld     int // earlier reports by this reporter on which reviewers agreed
	Overturned int // on which they did not
}

const (
	// MaxLift is the most that reports add to the log odds of a case, however many come: they make odds 7 times as high.
	MaxLift = 2.0

	burst    = 10 * time.Minute // reports that come closer than this to one another are taken for one
	usual    = .3               // share of reports that are right where nobody knows the reporter
	unproven = 4.0              // reports after which a record weighs as much as what is usual
)

// Lift is what reports add to the log odds that a case violates, from 0 to [MaxLift].
//
// Each reporter counts once, by the odds that this reporter is right (the mean of a Beta posterior) against the odds that strangers
// are, with a little for being a report at all; a bad record counts nothing, never against the report. Reports come in crowds that
// follow one another, so the k-th strongest counts a k-th, and those of one burst count as its strongest alone: who brings ten
// friends at once gains nothing.
func Lift(reports []Report) float64 {
	byTime := slices.Clone(reports)
	slices.SortStableFunc(byTime, func(a, b Report) int { return a.At.Compare(b.At) })
	seen := make(map[string]bool, len(byTime))
	var strengths []float64 // of each burst
	var last time.Time
	for _, r := range byTime {
		strength := r.strength()
		together := len(strengths) > 0 && !last.IsZero() && r.At.Sub(last) < burst
		last = r.At
		if r.Reporter != "" && seen[r.Reporter] {
			continue
		}
		seen[r.Reporter] = true
		if together {
			top := &strengths[len(strengths)-1]
			*top = max(*top, strength)
		} else {
			strengths = append(strengths, strength)
		}
	}
	slices.SortFunc(strengths, func(a, b float64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	sum := 0.0
	for k, s := range strengths {
		sum += s / float64(k+1)
	}
	return min(sum, MaxLift)
}

// strength of a report in log odds: .25 of a stranger's, up to 2.
func (r Report) strength() float64 {
	upheld, overturned := float64(max(0, r.Upheld)), float64(max(0, r.Overturned))
	right := (upheld + usual*unproven) / (upheld + overturned + unproven)
	return min(max(.25+math.Log(right/(1-right))-math.Log(usual/(1-usual)), 0), MaxLift)
}
