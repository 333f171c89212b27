package review

import (
	"math"
	"slices"
	"time"
)

// Reading is how many views something had in all at a time.
type Reading struct {
	At    time.Time
	Views float64
}

// Trajectory is what is read off the views so far.
type Trajectory struct {
	Total   float64 // views so far
	PerHour float64 // of late: in the last quarter of Age, but at least an hour and at most a day
	Age     float64 // hours since the first reading, or since the case was opened if that is earlier
	Sources float64 // accounts or pieces of content that the views are of; 0 is 1
	Unknown bool    // nobody told how often it was seen
}

// TrajectoryOf sorts readings that are not in order, in place, and ignores those after now. Between readings views come evenly. Totals
// that fall (views that the platform took back) count as no new views.
func TrajectoryOf(readings []Reading, opened, now time.Time) Trajectory {
	if !slices.IsSortedFunc(readings, earlier) {
		slices.SortStableFunc(readings, earlier)
	}
	readings = readings[:len(readings)-trailing(readings, now)]
	t := Trajectory{Age: max(0, now.Sub(opened).Hours())}
	if len(readings) == 0 {
		t.Unknown = true
		return t
	}
	first := readings[0]
	t.Age = max(t.Age, now.Sub(first.At).Hours())
	for _, r := range readings {
		t.Total = max(t.Total, r.Views)
	}
	window := min(max(t.Age/4, 1), 24)
	since := now.Add(-time.Duration(window * float64(time.Hour)))
	before := 0.0
	switch {
	case since.Before(first.At) && len(readings) == 1 && opened.Before(first.At):
		before = first.Views * max(0, since.Sub(opened).Hours()) / first.At.Sub(opened).Hours()
	case since.Before(first.At):
		if len(readings) > 1 {
			before = first.Views // seen before anybody looked: not of late
		}
	default:
		before = at(readings, since)
	}
	t.PerHour = max(0, t.Total-before) / window
	return t
}

func earlier(a, b Reading) int { return a.At.Compare(b.At) }

// trailing counts the readings after now, which are sorted.
func trailing(readings []Reading, now time.Time) int {
	n := 0
	for n < len(readings) && readings[len(readings)-1-n].At.After(now) {
		n++
	}
	return n
}

// at is the largest total up to a time that is not before the first reading.
func at(readings []Reading, when time.Time) float64 {
	top := 0.0
	for i, r := range readings {
		if r.At.After(when) {
			last := readings[i-1]
			share := float64(when.Sub(last.At)) / float64(r.At.Sub(last.At))
			return max(top, last.Views+share*(r.Views-last.Views))
		}
		top = max(top, r.Views)
	}
	return top
}

// The prior: attention fades as a power of age (Crane and Sornette 2008 report exponents of 1.2 to 1.4 for what is passed on), and what nobody has
// seen yet still finds some views.
const (
	decay  = 1.2  // exponent
	start  = 1.0  // hours from which on it fades
	unseen = 0.05 // views an hour of a source without any
	untold = 1.0  // and of one that nobody told of
)

// References are the horizons at which predictions are compared with what came. Between them corrections are interpolated.
var References = [...]time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}

// Bins of a trajectory: how old, how fast, and how fast against its own past.
const (
	ageBins   = 5
	speedBins = 10
	trendBins = 4
	cells     = ageBins * speedBins * trendBins
)

// Reach predicts views: a closed form for the first day of use, corrected by what came of trajectories that looked alike. Views are free
// labels: they are seen of every case, decided or not, but end where somebody acted, so only views of what nobody acted on may be learnt from.
//
// Learn belongs to one goroutine; Expect may be called from many between calls of Learn. It takes 10 kB.
type Reach struct {
	tables [len(References)]table
}

// table holds, at one reference horizon, views predicted by the closed form and views that came.
type table struct {
	all   ratio
	age   [ageBins]ratio
	exact [cells]ratio
}

type ratio struct{ predicted, came float64 }

// of is views that came for each one predicted, held to what a wider group says until prior views were predicted.
func (r ratio) of(wider, prior float64) float64 {
	return (r.came + prior*wider) / (r.predicted + prior)
}

// Learn takes in how many views came within one of the References, by its index, after a trajectory was seen. Observations older than
// about ten thousand count less and less, so that it follows a change.
func (m *Reach) Learn(t Trajectory, reference int, came float64) {
	const memory = 1 - 1e-4
	predicted := closedForm(t, References[reference].Hours())
	// A single post that explodes says little of the others in its cell.
	came = min(came, 30*predicted+100)
	table := &m.tables[reference]
	cell := t.cell()
	for _, r := range []*ratio{&table.all, &table.age[cell/(speedBins*trendBins)], &table.exact[cell]} {
		r.predicted = r.predicted*memory + predicted
		r.came = r.came*memory + came
	}
}

// Expect is how many views are to be expected within a time from now on: over 0, and growing with the time. It takes about 0.2 µs.
func (m *Reach) Expect(t Trajectory, within time.Duration) float64 {
	cell := t.cell()
	base := closedForm(t, within.Hours())
	var lastBase, last float64
	for i, reference := range References {
		refBase := closedForm(t, reference.Hours())
		ref := max(last, refBase*m.tables[i].correction(cell, refBase))
		if within < reference {
			if i == 0 {
				return ref * base / refBase
			}
			return last * math.Pow(ref/last, (base-lastBase)/(refBase-lastBase))
		}
		lastBase, last = refBase, ref
	}
	return last * base / lastBase
}

// correction of what the closed form says of a cell. A cell is believed once some hundred trajectories like the one at hand were seen.
func (t *table) correction(cell int, base float64) float64 {
	const prior = 20
	all := t.all.of(1, prior*base+1)
	age := t.age[cell/(speedBins*trendBins)].of(all, prior*base+1)
	return max(t.exact[cell].of(age, prior*base+1), 1e-3)
}

// closedForm integrates a rate that fades as a power of age.
func closedForm(t Trajectory, hours float64) float64 {
	rate := t.PerHour + unseen*max(1, t.Sources)
	if t.Unknown {
		rate = untold * max(1, t.Sources)
	}
	age := t.Age + start
	return rate * age / (decay - 1) * (1 - math.Exp((1-decay)*math.Log1p(hours/age)))
}

// cell is the bin of a trajectory.
func (t Trajectory) cell() int {
	age := 0
	for _, limit := range [ageBins - 1]float64{6, 24, 72, 168} {
		if t.Age >= limit {
			age++
		}
	}
	speed := min(max(int(math.Log2(1+t.PerHour)/1.5), 0), speedBins-1)
	trend := 0
	if mean := t.Total / max(t.Age, 1); mean > 0 {
		for _, limit := range [trendBins - 1]float64{.3, .8, 1.5} {
			if t.PerHour >= limit*mean {
				trend++
			}
		}
	}
	return (age*speedBins+speed)*trendBins + trend
}
