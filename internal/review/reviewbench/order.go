package reviewbench

import (
	"math"

	"github.com/ringfence/ringfence/internal/review"
)

// look fills in what the queue sees of a case now.
func (r *run) look(i int32, minute float64) *sight {
	c := &r.w.subjects[i]
	s := &r.sights
	// The account is known for as long as its views are.
	age := (minute-c.arrive)/60 + before
	window := min(max(age/4, 1), 24)
	total := c.seen(minute)
	s.path = review.Trajectory{Total: total, PerHour: (total - c.seen(minute-window*60)) / window, Age: age, Sources: float64(c.members)}
	step := int(math.Floor(minute/60)-math.Floor(c.arrive/60)) + before
	s.reports, s.proven = upTo(c.reports, step), upTo(c.proven, step)
	return s
}

// observe learns from views, which are seen of every case: those that nobody acted on within the time.
func (r *run) observe() {
	if r.policy.Name != OracleName && r.queue == nil {
		return
	}
	for k, reference := range review.References {
		then := r.now - reference.Minutes()
		for range 6 {
			if len(r.open) == 0 {
				return
			}
			i := r.open[r.rng.IntN(len(r.open))]
			c := &r.w.subjects[i]
			if c.arrive > then {
				continue
			}
			s := r.look(i, then)
			r.reach.Learn(s.path, k, c.seen(r.now)-c.seen(then))
			if k == 0 && r.chance != nil {
				from := s.path.PerHour
				r.chance.learn(from, r.look(i, r.now).path.PerHour)
			}
		}
	}
}

// score puts a case into its place.
func (r *run) score(i int32) {
	s := r.look(i, r.now)
	if r.queue == nil {
		r.value[i] = r.policy.score(r, i, s)
		return
	}
	st := &r.states[i]
	st.p = r.believe(i, s)
	r.put(i, s)
}

// believe is P(violating) of a case before any verdict on it.
func (r *run) believe(i int32, s *sight) float64 {
	if !r.policy.ours.noModel {
		return r.learner.Predict("", r.inputs(i, s))
	}
	// The prior, and the rule of review.Lift for reports that come one by one.
	lift := 0.0
	for k := range min(s.proven, 20) {
		lift += 1.8 / float64(k+1)
	}
	if s.proven == 0 && s.reports > 0 {
		lift = .25
	}
	odds := prevalent / (1 - prevalent) * math.Exp(min(lift, review.MaxLift))
	return odds / (1 + odds)
}

// after is P after the verdicts, and P by which the case waits for one more.
func (r *run) after(i int32) (after, waiting float64) {
	p := r.states[i].p
	if r.policy.ours.noP {
		p = prevalent
	}
	return r.learner.Noise().SecondLook(p, r.states[i].verdicts)
}

// put hands a case to the queue with its value.
func (r *run) put(i int32, s *sight) {
	v, c, st := r.policy.ours, &r.w.subjects[i], &r.states[i]
	severity, views, minutes := r.worth[c.tag][0]/r.worth[c.tag][1], 0.0, review.Minutes(c.members)
	_, p := r.after(i)
	switch v.index {
	case remaining:
		views = r.reach.Expect(s.path, review.Horizon)
	case rate:
		views = s.path.PerHour + .05
	case opportune:
		views = r.chance.of(s.path.PerHour)
	}
	if v.noTags {
		severity = 1
	}
	if v.noReach {
		views = 1
	}
	if v.noTime {
		minutes = 3
	}
	e := review.Entry[int32]{Key: i, Lane: review.Harm, Value: p * severity * views / minutes, Views: s.path.PerHour, Since: clock(c.arrive)}
	for _, who := range st.by {
		e.Not = append(e.Not, names[who])
	}
	r.queue.Put(e)
}

// teach learns from a first verdict.
func (r *run) teach(i int32, said bool) {
	c, st := &r.w.subjects[i], &r.states[i]
	if said {
		r.worth[c.tag][0] += c.severity
		r.worth[c.tag][1]++
	}
	if len(st.verdicts) > 1 || r.policy.ours.noModel {
		return
	}
	r.learner.Learn(review.Example{Inputs: r.inputs(i, r.look(i, r.now)), Violating: said, Weight: 1})
}

// gold is a verdict on a case whose truth is known.
func (r *run) gold(who int) {
	p := r.w.people[who]
	kind, right := r.rng.IntN(2), p.sens
	if kind == 1 {
		right = p.spec
	}
	r.golden[kind][0]++
	if r.rng.Float64() < right {
		r.golden[kind][1]++
	}
	r.learner.SetNoise(review.Noise{Sensitivity: r.golden[0][1] / r.golden[0][0], Specificity: r.golden[1][1] / r.golden[1][0]})
}
