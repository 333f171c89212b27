package casework

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"

	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/review"
	"github.com/ringfence/ringfence/learn"
)

// prior is how likely a case is to violate before anybody decided on one like it, and priorWeight how many verdicts it is worth.
const (
	prior       = .3
	priorWeight = 10
)

// Bounds of what is learnt from.
const (
	maxLearnt  = 20_000 // verdicts, the latest
	calibrated = 2000   // of the latest predictions, that the calibration is fitted on
	refitAfter = 25     // verdicts between two fits
)

// learner learns at each verdict: logistic regression by FTRL-proximal, and a calibration of its scores fitted on what it said before it
// was told. It belongs to who holds the desk.
type learner struct {
	ftrl    *learn.FTRL
	scratch []learn.Feature
	judged  map[string]int // verdicts by policy
	told    int            // and in all
	recent  []scored       // the latest predictions, oldest first
	fit     learn.Calibration
	since   int // verdicts since the last fit
}

// scored is what was said of a case before it was decided.
type scored struct {
	learn.Scored
	random bool // the case was drawn by chance
}

func newLearner() *learner {
	ftrl, err := learn.NewFTRL(learn.Options{Bits: tableBits, Alpha: .1, Beta: 1, L1: .05, L2: .5})
	if err != nil {
		panic(err) // the constants above are wrong
	}
	return &learner{ftrl: ftrl, judged: map[string]int{}}
}

// p is how likely a case is to violate a policy, before reports.
func (l *learner) p(fs []feature, policy string) float64 {
	x := vector(l.scratch, fs, policy)
	l.scratch = x
	score := l.ftrl.Logit(x)
	p := learn.Sigmoid(score)
	if l.fit != nil {
		p = l.fit.Probability(score)
	}
	n := float64(l.judged[policy])
	return (n*p + priorWeight*prior) / (n + priorWeight)
}

// learn takes in one verdict under one policy. importance is how many cases it stands for.
func (l *learner) learn(fs []feature, policy string, violates bool, importance float64, random bool) {
	x := vector(l.scratch, fs, policy)
	l.scratch = x
	l.recent = append(l.recent, scored{learn.Scored{Score: l.ftrl.Logit(x), Positive: violates}, random})
	if len(l.recent) >= 2*calibrated {
		l.recent = slices.Delete(l.recent, 0, len(l.recent)-calibrated)
	}
	l.ftrl.Learn(x, violates, importance)
	l.judged[policy]++
	l.told++
	if l.since++; l.since >= refitAfter {
		l.calibrate()
	}
}

// calibrate fits on cases drawn by chance where there are enough: what is looked at for its rank is no fair sample of what waits.
func (l *learner) calibrate() {
	l.since = 0
	recent := l.recent[max(0, len(l.recent)-calibrated):]
	var fair, all []learn.Scored
	for _, s := range recent {
		all = append(all, s.Scored)
		if s.random {
			fair = append(fair, s.Scored)
		}
	}
	const enough = 200
	if len(fair) >= enough {
		all = fair
	}
	l.fit = fitted(all)
}

// fitted is a calibration, or nil where there is too little to fit one.
func fitted(s []learn.Scored) learn.Calibration {
	positive := 0
	for _, x := range s {
		if x.Positive {
			positive++
		}
	}
	switch few := min(positive, len(s)-positive); {
	case few >= 200 && len(s) >= 1000:
		if c, err := learn.FitIsotonic(s); err == nil {
			return c
		}
	case few >= 10 && len(s) >= 50:
		if c, err := learn.FitPlatt(s); err == nil {
			return c
		}
	}
	return nil
}

// explain gives the strongest reasons of the learner for what it says.
func (l *learner) explain(fs []feature, policy string) []Because {
	own := hash(learn.HashSeed, policy).Add(0)
	var all []Because
	add := func(name string, value, weight float64) {
		if weight != 0 {
			all = append(all, Because{name, value, value * weight})
		}
	}
	add("policy "+policy, 1, l.ftrl.Weight(own.Index(tableBits)))
	for _, f := range fs {
		w := l.ftrl.Weight(hash(learn.HashSeed, f.name).Index(tableBits)) + l.ftrl.Weight(hash(own, f.name).Index(tableBits))
		add(f.name, float64(f.value), w)
	}
	return strongest(all)
}

const maxBecause = 8

func strongest(all []Because) []Because {
	slices.SortStableFunc(all, func(a, b Because) int { return cmp.Compare(math.Abs(b.By), math.Abs(a.By)) })
	return all[:min(len(all), maxBecause)]
}

// example is what is kept with a verdict: what models saw of the case and what they said, before they were told.
type example struct {
	Features map[string]float32            `json:"features"`
	Said     map[string]map[string]float64 `json:"said"`              // by model and policy
	Waiting  int                           `json:"waiting,omitempty"` // cases that the case was chosen from
	Lift     float64                       `json:"lift,omitempty"`    // log odds that reports added
	Harm     float64                       `json:"harm,omitempty"`    // expected, in views of severity 1
	Weight   float64                       `json:"weight,omitempty"`  // how many cases it stands for in training; 1 if absent
}

func (x *example) list() []feature {
	fs := make([]feature, 0, len(x.Features))
	for name, value := range x.Features {
		fs = append(fs, feature{name, value})
	}
	slices.SortFunc(fs, func(a, b feature) int { return cmp.Compare(a.name, b.name) })
	return fs
}

// importance is how many waiting cases one that was drawn in proportion to its views stands for, by inverse propensity, within limits;
// others are not drawn, and count once.
func importance(lane string, chance float64, waiting int) float64 {
	if lane != review.Random.String() || chance <= 0 || waiting < 1 {
		return 1
	}
	return min(max(1/(chance*float64(waiting)), .2), 5)
}

// lesson is what a verdict says of one policy.
type lesson struct {
	policy   string
	violates bool
}

// lessons are what a verdict teaches: nothing if it is unclear.
func lessons(v *record.Verdict) (all []lesson) {
	if v.Decision == record.Unclear || v.Undone != 0 {
		return nil
	}
	for _, p := range v.Asked {
		all = append(all, lesson{p, slices.Contains(v.Policies, p)})
	}
	for _, p := range v.Policies {
		if !slices.Contains(v.Asked, p) {
			all = append(all, lesson{p, true})
		}
	}
	return all
}

// teach lets the learner have a verdict. d.mu is held.
func (l *learner) teach(v *record.Verdict) {
	var x example
	if json.Unmarshal(v.Example, &x) != nil || len(x.Features) == 0 {
		return // of an earlier build
	}
	fs := x.list()
	random := v.Lane == review.Random.String()
	for _, say := range lessons(v) {
		l.learn(fs, say.policy, say.violates, cmp.Or(x.Weight, 1), random)
	}
}

// verdicts reads the latest verdicts, oldest first.
func (d *Desk) verdicts(ctx context.Context, most int) ([]record.Verdict, error) {
	var all []record.Verdict
	for page := (record.Page{}); len(all) < most; {
		part, err := d.store.ListVerdicts(ctx, page)
		if err != nil {
			return nil, err
		}
		if len(part) == 0 {
			break
		}
		all = append(all, part...)
		page.Before = part[len(part)-1].Seq
	}
	slices.Reverse(all)
	return all[max(0, len(all)-most):], nil
}

// relearn learns from the beginning: after a start, and after a verdict was taken back.
func (d *Desk) relearn(ctx context.Context) error {
	all, err := d.verdicts(ctx, maxLearnt)
	if err != nil {
		return err
	}
	fresh := newLearner()
	for i := range all {
		fresh.teach(&all[i])
	}
	fresh.calibrate()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.learner = fresh
	return nil
}

// p is how likely a case is to violate a policy by the model that serves. d.mu is held.
func (d *Desk) p(fs []feature, policy string) float64 {
	if d.serving != nil {
		return d.serving.p(fs, policy)
	}
	return d.learner.p(fs, policy)
}

// explain gives the reasons of the model that serves. d.mu is held.
func (d *Desk) explain(fs []feature, policy string) []Because {
	if d.serving != nil {
		return d.serving.explain(fs, policy)
	}
	return d.learner.explain(fs, policy)
}
