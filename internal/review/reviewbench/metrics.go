package reviewbench

import (
	"math"
	"slices"

	"github.com/ringfence/ringfence/internal/review"
	"github.com/ringfence/ringfence/learn"
)

// Bands are follower counts by decade: under 100, under 1,000, under 10,000, and more.
const Bands = 4

// Row is what came of one policy in one world. Times are in hours, infinite where more cases than that were never acted on.
type Row struct {
	Cell, Policy string
	Seed         uint64
	Perfect      bool

	Prevented        float64 // HP: share of harm that was prevented, of cases after the burn-in
	PerHour          float64 // harm averted for an hour of work
	Half, Most       float64 // median and 95th percentile of the time to action on violating cases
	HalfTen, MostTen float64 // and on those of severity 10
	NeverSeen        float64 // share of violating cases on which nobody decided
	Precision        float64 // share of actions that were right
	False            float64 // actions on benign cases, of 1,000 benign cases
	BenignLost       float64 // share of the views of benign cases that actions took away
	Benign, FalseIn  [Bands]int
	Reversed         float64 // share of appeals that were granted
	WrongHours       float64 // mean time for which a benign case was acted on
	Exposure         float64 // 95th percentile of a reviewer's severity-minutes a day
	Starved          float64 // share of cases that waited over 7 days for a decision
	Recall           float64 // share of the new segment's cases acted on, of a drift
	RecallDays       float64 // days from its beginning until over half of a day's cases of it were acted on; infinite if never
	Views            float64 // violative view rate among what waited, as the random lane estimates it
	ViewsLow         float64
	ViewsHigh        float64
	ViewsTrue        float64
	Sampled          int // decisions of the random lane

	reviewed, random []learn.Scored // P when the case was first decided, beside the truth
}

// tally is what is counted along the way.
type tally struct {
	worked            float64 // minutes
	appeals, reversed int
	exposure          [len(names)][days + 1]float64
	samples           []drawn
}

// drawn is a decision of the random lane: of which case and which of its verdicts, and the true share of views at that moment.
type drawn struct {
	i, look int
	truth   float64
}

func (t *tally) expose(who int, minute float64, c *subject) {
	if c.violating {
		t.exposure[who][min(int(minute/1440), days)] += c.severity * c.minutes
	}
}

// sample notes a draw of the random lane.
func (r *run) sample(pick review.Pick[int32]) {
	weight := func(i int32) float64 { return 1 + r.look(i, r.now).path.PerHour }
	all, bad := 0.0, 0.0
	add := func(i int32) {
		v := weight(i)
		all += v
		if r.w.subjects[i].violating {
			bad += v
		}
	}
	add(pick.Key)
	for _, i := range r.open {
		if r.states[i].status == waiting && i != pick.Key {
			add(i)
		}
	}
	r.tally.samples = append(r.tally.samples, drawn{int(pick.Key), len(r.states[pick.Key].verdicts), bad / all})
}

// row sums a run up.
func (r *run) row() Row {
	row := Row{Cell: r.w.cell.Name, Perfect: r.w.cell.Perfect, Policy: r.policy.Name, Seed: r.w.seed}
	var harm, done, benignViews, benignLost, wrongMinutes float64
	var violating, unseen, acts, right, wrongs, counted, starved, segment, recalled int
	var times, tens []float64
	var segmentDay [days + 1][2]int
	for i := range r.states {
		c, st := &r.w.subjects[i], &r.states[i]
		if !c.counted() {
			continue
		}
		counted++
		if wait := st.first - c.arrive; st.first == 0 && endHour*60-c.arrive > 7*1440 || wait > 7*1440 {
			starved++
		}
		end := c.until()
		lost := 0.0
		if st.actedAt > 0 {
			undone := end
			if st.undoneAt > 0 {
				undone = min(end, st.undoneAt)
			}
			lost = max(0, c.seen(undone)-c.seen(st.actedAt))
		}
		total := c.seen(end) - c.seen(c.arrive)
		if !c.violating {
			band := min(max(int(math.Log10(max(c.followers, 1)))-1, 0), Bands-1)
			row.Benign[band]++
			benignViews += total
			benignLost += lost
			if st.wrongly {
				acts++
				wrongs++
				row.FalseIn[band]++
				until := float64(endHour * 60)
				if st.undoneAt > 0 {
					until = st.undoneAt
				}
				wrongMinutes += until - st.actedAt
			}
			continue
		}
		violating++
		harm += c.severity * total
		done += c.severity * lost
		took := math.Inf(1)
		if st.actedAt > 0 {
			took = (st.actedAt - c.arrive) / 60
			acts++
			right++
		}
		if st.first == 0 {
			unseen++
		}
		times = append(times, took)
		if c.severity == 10 {
			tens = append(tens, took)
		}
		if c.segment {
			segment++
			day := int(c.arrive / 1440)
			segmentDay[day][0]++
			if st.actedAt > 0 {
				recalled++
				segmentDay[day][1]++
			}
		}
	}
	row.Prevented = done / harm
	row.PerHour = done / (r.tally.worked / 60)
	row.Half, row.Most = at(times, .5), at(times, .95)
	row.HalfTen, row.MostTen = at(tens, .5), at(tens, .95)
	row.NeverSeen = share(unseen, violating)
	row.Precision = share(right, acts)
	row.False = 1000 * share(wrongs, counted-violating)
	row.BenignLost = benignLost / benignViews
	row.Reversed = share(r.tally.reversed, r.tally.appeals)
	row.WrongHours = wrongMinutes / 60 / float64(max(1, wrongs))
	row.Starved = share(starved, counted)
	row.Recall, row.RecallDays = share(recalled, segment), math.Inf(1)
	for day := days; day >= 4; day-- { // the first day from which it stays so is too much to ask of few cases: the first at all
		if n := segmentDay[day]; n[0] > 0 && 2*n[1] > n[0] {
			row.RecallDays = float64(day - 4)
		}
	}
	var loads []float64
	for who := range r.w.people {
		loads = append(loads, r.tally.exposure[who][:]...)
	}
	row.Exposure = at(loads, .95)
	r.beliefs(&row)
	return row
}

// beliefs are the figures on P and on prevalence.
func (r *run) beliefs(row *Row) {
	if r.queue == nil {
		return
	}
	for i := range r.states {
		st := &r.states[i]
		if c := &r.w.subjects[i]; st.first > burnIn*1440 {
			s := learn.Scored{Score: st.firstP, Positive: c.violating}
			row.reviewed = append(row.reviewed, s)
			if st.drawn {
				row.random = append(row.random, s)
			}
		}
	}
	var sum, squares, truth float64
	n := 0
	for _, d := range r.tally.samples {
		if d.look >= len(r.states[d.i].verdicts) {
			continue // in hand when the month ended
		}
		y, _ := r.after(int32(d.i))
		sum += y
		squares += y * y
		truth += d.truth
		n++
	}
	if row.Sampled = n; n < 2 {
		return
	}
	m := float64(n)
	row.Views, row.ViewsTrue = sum/m, truth/m
	half := 1.96 * math.Sqrt(max(0, squares/m-row.Views*row.Views)/(m-1))
	row.ViewsLow, row.ViewsHigh = row.Views-half, row.Views+half
}

func share(k, n int) float64 { return float64(k) / float64(max(1, n)) }

// at is a quantile; infinite values stand at the end.
func at(x []float64, q float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	slices.Sort(x)
	return x[min(int(q*float64(len(x))), len(x)-1)]
}
