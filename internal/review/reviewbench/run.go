package reviewbench

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ringfence/ringfence/internal/review"
)

// status of a case.
type status uint8

const (
	absent status = iota
	waiting
	inHand
	closed
	acted
)

// state is what became of a case under a policy.
type state struct {
	status   status
	p        float64 // before verdicts, at the last look at it
	verdicts []bool
	by       []int   // reviewers of the verdicts
	actedAt  float64 // minute; of actions that stand
	undoneAt float64
	first    float64 // minute of the first verdict
	firstP   float64 // P as it was then
	drawn    bool    // the first look was of the random lane
	wrongly  bool    // acted on although benign
	appealAt float64
}

// run is one policy in one world.
type run struct {
	w       *world
	policy  Policy
	now     float64 // minute
	states  []state
	open    []int32              // that wait, in no order
	value   []float64            // by the score of a simple policy
	queue   *review.Queue[int32] // of ours
	coming  []int32              // will appeal
	appeals []int32              // of the simple ones, oldest first
	owed    float64              // to appeals
	learner *review.Learner
	prior   []float64 // of the model before, by case
	reach   review.Reach
	chance  *opportunity
	worth   [len(severities)][2]float64 // severities found under each tag: sum, number
	golden  [2][2]float64               // of violating and benign ones: decided, right
	rng     *rand.Rand
	scratch []float64 // of inputs
	sights  sight     // of look
	tally   tally
}

// epoch is when the month begins, for the queue.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func clock(minute float64) time.Time { return epoch.Add(time.Duration(minute * float64(time.Minute))) }

// desk is a reviewer at work.
type desk struct {
	free float64 // minute
	hand int32   // the case in hand, -1 none
	as   review.Lane
	gold bool
}

func newRun(w *world, p Policy) *run {
	n := len(w.subjects)
	r := &run{w: w, policy: p, states: make([]state, n), value: make([]float64, n), prior: make([]float64, n), rng: rand.New(rand.NewPCG(w.seed, 99)), learner: newLearner(w.history)}
	for i := range r.prior {
		r.prior[i] = -1
	}
	for tag := range r.worth {
		r.worth[tag] = [2]float64{20 * (.7*severities[tag] + .3*2), 20}
	}
	r.golden = [2][2]float64{{20, 17.8}, {40, 38.8}}
	if v := p.ours; v != nil {
		shares := review.Shares{review.Harm: .91 - v.explore, review.Random: v.explore, review.Appeal: .05}
		if !v.noGolden {
			shares[review.Quality] = .02
		}
		r.queue = review.NewQueue[int32](shares, w.seed)
		if v.index == opportune {
			r.chance = newOpportunity()
		}
	}
	return r
}

// before is P by the model before the month, on the profile alone.
func (r *run) before(i int32) float64 {
	if r.prior[i] < 0 {
		r.prior[i] = r.learner.Predict("", unreported(r.w.subjects[i].static))
	}
	return r.prior[i]
}

// do runs the month.
func (r *run) do() {
	desks := make([]desk, len(r.w.people))
	for d := range desks {
		desks[d].hand = -1
	}
	next := 0
	for hour := range endHour {
		r.now = float64(hour * 60)
		r.tick(hour)
		end := r.now + 60
		for {
			at, who := end, -1
			for d := range desks {
				p := r.w.people[d]
				on := hour%24 >= p.from && hour%24 < p.to
				if t := max(desks[d].free, r.now); (on || desks[d].hand >= 0 || desks[d].gold) && t < at {
					at, who = t, d
				}
			}
			if next < len(r.w.subjects) && r.w.subjects[next].arrive <= at && r.w.subjects[next].arrive < end {
				r.now = r.w.subjects[next].arrive
				r.admit(int32(next))
				next++
				continue
			}
			if who < 0 {
				break
			}
			r.now = at
			desk := &desks[who]
			r.decide(desk, who)
			p := r.w.people[who]
			if on := hour%24 >= p.from && hour%24 < p.to; !on || !r.take(desk, who) {
				// Nothing to do: look again when the next case comes in, or at the next hour.
				desk.free = end
				if next < len(r.w.subjects) {
					desk.free = min(end, max(r.w.subjects[next].arrive+1e-6, at+1e-6))
				}
			}
		}
	}
	r.now = endHour * 60
}

// admit opens a case.
func (r *run) admit(i int32) {
	r.states[i].status = waiting
	r.open = append(r.open, i)
	r.score(i)
}

// tick is what happens each hour: cases lapse after ten days, appeals come in, and order is made anew.
func (r *run) tick(hour int) {
	kept := r.open[:0]
	for _, i := range r.open {
		switch st := &r.states[i]; {
		case st.status == closed || st.status == acted:
			continue
		case st.status == inHand:
			kept = append(kept, i)
			continue
		case r.now-r.w.subjects[i].arrive > 10*1440:
			st.status = closed
			if r.queue != nil {
				r.queue.Remove(i)
			}
			continue
		}
		kept = append(kept, i)
		// What came in lately changes fast.
		every := 12
		switch age := r.now - r.w.subjects[i].arrive; {
		case age < 12*60:
			every = 1
		case age < 48*60:
			every = 4
		}
		if (hour+int(i))%every == 0 {
			r.score(i)
		}
	}
	r.open = kept
	r.hear()
	r.observe()
	if r.chance != nil && hour%24 == 12 {
		r.chance.solve()
	}
}

var names = [...]string{"0", "1", "2", "3"}

// take gives a reviewer the next case; false if there is none.
func (r *run) take(d *desk, who int) bool {
	minutes := 0.0
	d.hand, d.gold = -1, false
	if r.queue == nil {
		d.hand, d.as = r.simplest(who)
		if d.hand < 0 {
			return false
		}
		minutes = r.w.subjects[d.hand].minutes
	} else {
		// A golden case is always at hand.
		if !r.policy.ours.noGolden && r.queue.Waiting(review.Quality) == 0 {
			r.queue.Put(review.Entry[int32]{Key: -1, Lane: review.Quality, Since: clock(r.now)})
		}
		pick, ok := r.queue.Next(names[who], clock(r.now))
		if !ok {
			return false
		}
		d.hand, d.as = pick.Key, pick.Lane
		if pick.Lane == review.Quality {
			d.hand, d.gold = -1, true
			minutes = 3
			if r.queue.Waiting(review.Harm) == 0 {
				d.gold = false
				return false
			}
		} else {
			minutes = r.w.subjects[pick.Key].minutes
			if pick.Lane == review.Random {
				r.sample(pick)
			}
		}
	}
	if d.hand >= 0 && d.as != review.Appeal {
		r.states[d.hand].status = inHand
	}
	r.tally.worked += minutes
	d.free = r.now + minutes*r.w.stretch
	return true
}

// simplest looks through what waits for the highest score; one in twenty decisions is on an appeal.
func (r *run) simplest(who int) (int32, review.Lane) {
	r.owed += .05
	for k, i := range r.appeals {
		if (r.owed >= 1 || len(r.open) == 0) && !slices.Contains(r.states[i].by, who) {
			r.owed = max(0, r.owed-1)
			r.appeals = slices.Delete(r.appeals, k, k+1)
			return i, review.Appeal
		}
	}
	best := int32(-1)
	for _, i := range r.open {
		if r.states[i].status == waiting && (best < 0 || r.value[i] > r.value[best] || r.value[i] == r.value[best] && i < best) {
			best = i
		}
	}
	return best, review.Harm
}

// decide is the verdict on the case in hand.
func (r *run) decide(d *desk, who int) {
	if d.gold {
		d.gold = false
		r.gold(who)
		return
	}
	if d.hand < 0 {
		return
	}
	i := d.hand
	d.hand = -1
	c, st := &r.w.subjects[i], &r.states[i]
	said := r.w.says(c, who, len(st.by))
	r.tally.expose(who, r.now, c)
	if d.as == review.Appeal {
		st.by = append(st.by, who)
		r.tally.appeals++
		if !said {
			r.tally.reversed++
			st.undoneAt = r.now
		}
		return
	}
	if len(st.verdicts) == 0 {
		st.first, st.drawn = r.now, d.as == review.Random
		if r.queue != nil {
			st.p = r.believe(i, r.look(i, r.now))
			st.firstP = st.p
		}
	}
	st.verdicts, st.by = append(st.verdicts, said), append(st.by, who)
	if r.queue == nil {
		r.finish(i, said)
		return
	}
	r.teach(i, said)
	s := r.look(i, r.now)
	p, _ := r.after(i)
	switch {
	case r.policy.ours.noSecond:
		r.finish(i, said)
	case said && p >= review.Certain(r.reach.Expect(s.path, review.Horizon)):
		r.finish(i, true)
	case len(st.verdicts) >= review.MaxLooks:
		r.finish(i, false)
	default:
		// It waits for another reviewer, if it is ever worth it again.
		st.status = waiting
		r.put(i, s)
	}
}

// finish closes a case or acts on it.
func (r *run) finish(i int32, act bool) {
	c, st := &r.w.subjects[i], &r.states[i]
	if !act {
		st.status = closed
		return
	}
	st.status, st.actedAt, st.wrongly = acted, r.now, !c.violating
	luck := .1
	if !c.violating {
		luck = .4
	}
	if c.appeal < luck {
		st.appealAt = r.now + c.appealWait
		r.coming = append(r.coming, i)
	}
}

// hear takes in the appeals that have come by now.
func (r *run) hear() {
	kept := r.coming[:0]
	for _, i := range r.coming {
		st := &r.states[i]
		if st.appealAt > r.now {
			kept = append(kept, i)
			continue
		}
		if r.queue == nil {
			r.appeals = append(r.appeals, i)
			continue
		}
		// The error harms those who would have seen it.
		p, _ := r.after(i)
		e := review.Entry[int32]{Key: i, Lane: review.Appeal, Value: (1 - p) * r.look(i, r.now).path.PerHour, Since: clock(st.appealAt), Deadline: clock(st.appealAt + 7*1440)}
		for _, who := range st.by {
			e.Not = append(e.Not, names[who])
		}
		r.queue.Put(e)
	}
	r.coming = kept
}
