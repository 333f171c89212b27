package reviewbench

import (
	"math"
	"math/rand/v2"
	"slices"
)

// The clock of a simulated month, in minutes and hours.
const (
	days      = 30
	burnIn    = 3 // days whose cases are not counted
	endHour   = days * 24
	before    = 48                       // hours of history that a case has when it comes in
	steps     = before + spreadHours + 1 // of a case's views
	arrivals  = 300.0                    // cases a day
	incident  = 15                       // the day with three times as many, half of them violating
	atOnce    = 1920.0                   // minutes a day in which somebody is on duty, counted for each
	prevalent = .25                      // share of cases that violate
	clustered = .15                      // share of cases on groups
	disguised = .35                      // share of a group's members that look like accounts of the other kind
	sampled   = 6                        // members of a group that are drawn; each stands for a part
)

// Drift is how the world changes during the month.
type Drift string

// The drifts, from day 4 on or, for mimicry and prevalence, from day 15 on.
const (
	Steady     Drift = ""
	HighReach  Drift = "new segment, high reach"  // 35 % of violating cases have over 2,000 followers; the model before never saw such
	BlindSpot  Drift = "new segment, blind spot"  // 35 % are accounts of few followers that the model before takes for benign
	Mimicry    Drift = "mimics benign accounts"   // violating accounts look like benign ones
	Prevalence Drift = "three times as prevalent" // 75 % violate
)

// Cell is one setting of the world.
type Cell struct {
	Name      string
	Load      float64 // offered work / capacity
	Reports   float64 // reports a view of violating cases, against benign ones
	Brigading float64 // share of benign cases that are reported by a crowd
	Tags      float64 // how often the severity is tagged right
	Crowd     bool    // reviewers are a crowd, not experts
	Drift     Drift
	Family    string // "fast" or "slow": all posts are of one family
	Clusters  float64
	Cold      bool // there is no history to learn from before the month
	Perfect   bool // reviewers are always right
}

// Base is the cell of which the others differ in one thing each.
func Base() Cell {
	return Cell{Name: "base", Load: 1.5, Reports: 5, Brigading: .05, Tags: .7, Clusters: clustered}
}

// Cells are the base and each factor varied alone.
func Cells() []Cell {
	cells := []Cell{Base()}
	vary := func(name string, change func(*Cell)) {
		c := Base()
		c.Name = name
		change(&c)
		cells = append(cells, c)
	}
	vary("load 0.7", func(c *Cell) { c.Load = .7 })
	vary("load 1.0", func(c *Cell) { c.Load = 1 })
	vary("load 2.5", func(c *Cell) { c.Load = 2.5 })
	vary("reports say little (1.5)", func(c *Cell) { c.Reports = 1.5 })
	vary("reports say much (20)", func(c *Cell) { c.Reports = 20 })
	vary("no brigading", func(c *Cell) { c.Brigading = 0 })
	vary("brigading of 15 %", func(c *Cell) { c.Brigading = .15 })
	vary("severity tags 50 % right", func(c *Cell) { c.Tags = .5 })
	vary("severity tags 90 % right", func(c *Cell) { c.Tags = .9 })
	vary("reviewers are a crowd", func(c *Cell) { c.Crowd = true })
	for _, d := range []Drift{HighReach, BlindSpot, Mimicry, Prevalence} {
		vary(string(d), func(c *Cell) { c.Drift = d })
	}
	vary("all spreads fast", func(c *Cell) { c.Family = "fast" })
	vary("all spreads slowly", func(c *Cell) { c.Family = "slow" })
	vary("no groups", func(c *Cell) { c.Clusters = 0 })
	vary("half are groups", func(c *Cell) { c.Clusters = .5 })
	vary("cold start", func(c *Cell) { c.Cold = true })
	return cells
}

// subject is a case with all that will happen to it if nobody acts.
type subject struct {
	arrive     float64 // minutes
	violating  bool
	severity   float64
	tag        int // what the severity is taken for: 0, 1, 2 of severities
	members    int
	followers  float64 // of an average member
	static     [7]float64
	minutes    float64 // that a decision takes
	difficulty float64
	luck       [6]float64 // of the looks at it
	views      []float32  // totals at each hour from arrive's hour - before
	reports    []int16    // hours of the reports, as indices of views, ascending
	proven     []int16    // of those by reporters with a good record
	segment    bool       // of the drift's new segment
	appeal     float64    // luck of whether an action is appealed
	appealWait float64    // minutes
}

var severities = [...]float64{1, 3, 10}

// world is a month. It is the same for every policy.
type world struct {
	cell     Cell
	seed     uint64
	subjects []subject
	history  []lesson
	stretch  float64 // minutes of the clock for a minute of work
	people   []person
}

// lesson is an account that was labelled before the month.
type lesson struct {
	static    [7]float64
	violating bool
}

// person is a reviewer.
type person struct {
	from, to   int // hours of the day on duty
	sens, spec float64
}

// Source is what worlds are drawn from.
type Source struct {
	Accounts Population
	Spread   *Spread
}

// newWorld draws a month.
func newWorld(cell Cell, src Source, seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 0x7269_6e67_6665_6e63))
	w := &world{cell: cell, seed: seed}
	w.staff(rng)
	w.learnFrom(rng, src)
	blind := w.blindSpot(rng, src)
	for minute := 0.0; ; {
		// Thinning a Poisson process at its highest rate.
		const most = 3 * 1.6 * arrivals / 1440
		minute += rng.ExpFloat64() / most
		if minute >= endHour*60 {
			break
		}
		day := int(minute / 1440)
		rate := arrivals / 1440 * (1 + .6*math.Sin(2*math.Pi*(minute/1440-.375)))
		surge := 1.0
		if day == incident {
			surge = 3
		}
		if rng.Float64()*most >= rate*surge {
			continue
		}
		prevalence := prevalent
		if cell.Drift == Prevalence && day >= 15 {
			prevalence = .75
		}
		if day == incident {
			prevalence = max(prevalence, .5)
		}
		w.subjects = append(w.subjects, w.subject(rng, src, minute, rng.Float64() < prevalence, blind))
	}
	work := 0.0
	for i := range w.subjects {
		work += w.subjects[i].minutes
	}
	w.stretch = cell.Load * atOnce * days / work
	return w
}

// staff draws the reviewers: two by day, one in the evening, one at night. How good they are is spread as Dawid and Skene's model finds
// it of experts (ConvAbuse) and of a crowd (MD-Agreement).
func (w *world) staff(rng *rand.Rand) {
	draw := func(low, middle, high float64) float64 {
		u := rng.Float64()
		if u < .5 {
			return low + (middle-low)*2*u
		}
		return middle + (high-middle)*2*(u-.5)
	}
	for _, shift := range [][2]int{{8, 16}, {8, 16}, {16, 24}, {0, 8}} {
		p := person{from: shift[0], to: shift[1]}
		switch {
		case w.cell.Perfect:
			p.sens, p.spec = 1, 1
		case w.cell.Crowd:
			p.sens, p.spec = draw(.26, .72, .97), draw(.57, .91, .99)
		default:
			p.sens, p.spec = draw(.6, .89, .99), draw(.93, .98, .995)
		}
		w.people = append(w.people, p)
	}
}

// says is a reviewer's verdict at one of the looks at a case. What is difficult is so for everybody.
func (w *world) says(s *subject, reviewer, look int) bool {
	p := w.people[reviewer]
	if w.cell.Perfect {
		return s.violating
	}
	right := p.spec
	if s.violating {
		right = p.sens
	}
	right = sigmoid(math.Log(right/(1-right)) + .3 - .8*s.difficulty) // .3 keeps the mean where it was
	return s.luck[look%len(s.luck)] < right == s.violating
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// learnFrom draws the accounts that were labelled before: polluters thinned to a quarter of all, 5 % of the labels wrong.
func (w *world) learnFrom(rng *rand.Rand, src Source) {
	if w.cell.Cold {
		return
	}
	for len(w.history) < 4000 {
		violating := rng.Float64() < prevalent
		a := src.Accounts.Draw(rng, violating, true)
		if w.cell.Drift == HighReach && violating && a.Followers > 2000 {
			continue
		}
		w.history = append(w.history, lesson{static(a), violating != (rng.Float64() < .05)})
	}
}

// blindSpot collects violating accounts of few followers that a model of the history takes for benign; of the Drift BlindSpot only.
func (w *world) blindSpot(rng *rand.Rand, src Source) []Account {
	if w.cell.Drift != BlindSpot {
		return nil
	}
	model := newLearner(w.history)
	var found []Account
	for range 200_000 {
		a := src.Accounts.Draw(rng, true, false)
		if a.Followers < 300 && model.Predict("", unreported(static(a))) < .1 {
			if found = append(found, a); len(found) == 200 {
				break
			}
		}
	}
	return found
}

// static are the inputs that a profile gives.
func static(a Account) [7]float64 {
	in, out, posts := math.Log1p(a.Followers), math.Log1p(a.Followings), math.Log1p(a.Posts)
	return [7]float64{out - 4, in - 4, posts - 4, a.NameLen/2 - 4, a.BioLen / 30, out - in, posts - in}
}

// subject draws a case that comes in at a minute.
func (w *world) subject(rng *rand.Rand, src Source, minute float64, violating bool, blind []Account) subject {
	s := subject{arrive: minute, violating: violating, members: 1, difficulty: rng.NormFloat64(), appeal: rng.Float64(), appealWait: 1440 * rng.ExpFloat64()}
	for i := range s.luck {
		s.luck[i] = rng.Float64()
	}
	level := 0
	switch u := rng.Float64(); {
	case u < .05:
		level = 2
	case u < .30:
		level = 1
	}
	s.severity, s.tag = severities[level], level
	if rng.Float64() > w.cell.Tags {
		switch u := rng.Float64(); {
		case u < .10:
			s.tag = 2
		case u < .35:
			s.tag = 1
		default:
			s.tag = 0
		}
	}
	if rng.Float64() < w.cell.Clusters {
		s.members = min(500, int(3*math.Pow(1-rng.Float64(), -1/1.2)))
		s.minutes = (8 + 2*math.Log2(float64(s.members))) * math.Exp(.4*rng.NormFloat64()-.08)
	} else {
		s.minutes = 3 * math.Exp(.6*rng.NormFloat64()-.18)
	}
	day := int(minute / 1440)
	drifted := violating && day >= 4 && (w.cell.Drift == HighReach || w.cell.Drift == BlindSpot) && rng.Float64() < .35
	s.segment = drifted
	s.views = make([]float32, steps)
	drawn := min(s.members, sampled)
	weight := float64(s.members) / float64(drawn)
	family := src.Spread.Fast
	if violating && w.cell.Family == "" || w.cell.Family == "slow" {
		family = src.Spread.Slow
	}
	for range drawn {
		looks := violating && !(w.cell.Drift == Mimicry && day >= 15)
		if s.members > 1 && rng.Float64() < disguised {
			looks = !looks
		}
		a := src.Accounts.Draw(rng, looks, false)
		if drifted && len(blind) > 0 {
			a = blind[rng.IntN(len(blind))]
		}
		for tries := 0; drifted && w.cell.Drift == HighReach && a.Followers <= 2000 && tries < 500; tries++ {
			a = src.Accounts.Draw(rng, true, false)
		}
		s.followers += a.Followers / float64(drawn)
		for i, v := range static(a) {
			s.static[i] += v / float64(drawn)
		}
		s.post(rng, a, family, weight)
	}
	total := float32(0)
	for i, v := range s.views { // from views an hour to totals
		total += v
		s.views[i] = total
	}
	s.report(rng, w.cell)
	return s
}

// post adds the views of an account's posts: some in the two days before it came in, others in the week after.
func (s *subject) post(rng *rand.Rand, a Account, family []Curve, weight float64) {
	rate := min(max(a.Posts/180, .2), 4) // a day
	early := 1 + int(2*rate)
	for i := range min(25, early+poisson(rng, 7*rate)) {
		at := before - 1 - rng.IntN(before)
		if i >= early {
			at = before + rng.IntN(7*24)
		}
		n := float32(weight * math.Exp(1.5+1.4*rng.NormFloat64()) * math.Sqrt(1+a.Followers))
		c := &family[rng.IntN(len(family))]
		for j := 1; j <= spreadHours && at+j < steps; j++ {
			s.views[at+j] += n * (c[j] - c[j-1])
		}
	}
}

// report draws who reports it and when.
func (s *subject) report(rng *rand.Rand, cell Cell) {
	rate, good := .001, .3
	if s.violating {
		rate, good = rate*cell.Reports, .7
	}
	total := float64(s.views[steps-1])
	const most = 400
	for range min(most, poisson(rng, total*rate*math.Exp(.7*rng.NormFloat64()-.245))) {
		at, _ := slices.BinarySearch(s.views, float32(rng.Float64()*total))
		at = min(at, steps-1)
		s.reports = append(s.reports, int16(at))
		if rng.Float64() < good {
			s.proven = append(s.proven, int16(at))
		}
	}
	if !s.violating && rng.Float64() < cell.Brigading {
		at := before - 3 + rng.IntN(24)
		for range 10 + rng.IntN(61) {
			s.reports = append(s.reports, int16(at+rng.IntN(3)))
		}
	}
	slices.Sort(s.reports)
	slices.Sort(s.proven)
}

// seen is the total of views at a minute, evenly between hours.
func (s *subject) seen(minute float64) float64 {
	at := minute/60 - math.Floor(s.arrive/60) + before
	i := int(at)
	switch {
	case at <= 0:
		return 0
	case i >= steps-1:
		return float64(s.views[steps-1])
	}
	return float64(s.views[i]) + (at-float64(i))*float64(s.views[i+1]-s.views[i])
}

// until is the minute up to which a case's views count.
func (s *subject) until() float64 { return min(s.arrive+spreadHours*60-60, endHour*60) }

// counted says whether the case is after the burn-in.
func (s *subject) counted() bool { return s.arrive >= burnIn*1440 }

// upTo counts the hours that are not after one.
func upTo(hours []int16, step int) int {
	n, _ := slices.BinarySearch(hours, int16(min(step, math.MaxInt16-1)+1))
	return n
}
