package review

import (
	"cmp"
	"slices"
	"time"
)

// Ranked is a case in its place.
type Ranked struct {
	Case       *Case
	Priority   Priority
	Rank       int // from 1
	Unreported int // rank that the case would have if nobody had reported it, and all else was the same
}

// Rank orders cases by priority, ties by age and then by id. It orders what is open at one time, so ageing plays no part. It takes O(n log n).
func Rank(cases []Case, reach *Reach, now time.Time) []Ranked {
	ranked := make([]Ranked, len(cases))
	for i := range cases {
		ranked[i] = Ranked{Case: &cases[i], Priority: Of(&cases[i], reach, now)}
	}
	slices.SortFunc(ranked, func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(b.Priority.Value, a.Priority.Value), a.Case.Opened.Compare(b.Case.Opened), cmp.Compare(a.Case.ID, b.Case.ID))
	})
	for i := range ranked {
		r := &ranked[i]
		r.Rank = i + 1
		// Ranks are by value in descending order: those that are still before it without its reports come first.
		r.Unreported = r.Rank
		if r.Case.Lift != 0 {
			behind, _ := slices.BinarySearchFunc(ranked[i+1:], r.Priority.Unreported, func(o Ranked, v float64) int { return cmp.Compare(v, o.Priority.Value) })
			r.Unreported += behind
		}
	}
	return ranked
}
