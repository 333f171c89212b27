package review

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/ringfence/ringfence/learn"
)

// Noise is how often reviewers are right.
type Noise struct {
	Sensitivity float64 // P(verdict violating | violating)
	Specificity float64 // P(verdict not violating | not violating)
}

// DefaultNoise is what is assumed before golden cases were decided: what experts reach on abuse (Cercas Curry and others, 2021).
func DefaultNoise() Noise { return Noise{.89, .97} }

// truth is P(violating) where P(verdict violating) is q (Rogan and Gladen, 1978), kept off 0 and 1.
func (n Noise) truth(q float64) float64 {
	const edge = 1e-3
	informed := n.Sensitivity + n.Specificity - 1
	if !(informed > .05) {
		return min(max(q, edge), 1-edge)
	}
	return min(max((q-(1-n.Specificity))/informed, edge), 1-edge)
}

// Example is a case that got a verdict.
type Example struct {
	Policy    string
	Inputs    []float64 // one for each of the learner's names, as they were when the case was decided; NaN is unknown
	Violating bool      // as the reviewer said
	Weight    float64   // how many cases it stands for: 1 / propensity where chance chose it; held between 1 and 10
}

const (
	span     = 8 // inputs are read from -span to span
	fine     = 2 // knots for each unit
	knots    = 2*span*fine + 1
	policies = 64 // intercepts of policies, by hash

	window   = 3000 // verdicts by which probabilities are calibrated
	fewest   = 60   // verdicts of one policy before it is calibrated at all
	isotonic = 1000 // and from which on without assuming a form
	refit    = 100  // verdicts between calibrations
)

// Learner says how likely cases violate, and learns at each verdict: a logistic model over the inputs, each through a curve of its own,
// calibrated for each policy on the verdicts of late. The same examples in the same order give the same probabilities. It is for the
// order of the queue only: rules read models that never change.
//
// It belongs to one goroutine. Learning takes about 2 µs, a prediction 0.5 µs, memory is bounded by 1 MB.
type Learner struct {
	names  []string
	model  *learn.FTRL
	noise  Noise
	recent []verdict // a ring
	seen   int
	due    int
	all    learn.Calibration
	each   map[string]learn.Calibration
	vector learn.Vector
}

// verdict is what was thought of a case before the verdict, and the verdict.
type verdict struct {
	policy string
	learn.Scored
}

// NewLearner is a learner that knows nothing, of inputs with these names. Inputs are best on a scale on which a step of 1 matters everywhere,
// as logarithms of counts are; what is beyond ±8 counts as ±8.
func NewLearner(names []string) (*Learner, error) {
	if len(names) == 0 || len(names) > 1000 {
		return nil, fmt.Errorf("review: a learner of %d inputs: want 1 to 1000", len(names))
	}
	size := len(names)*(knots+1) + policies
	model, err := learn.NewFTRL(learn.Options{Bits: uint8(bits.Len(uint(size))), Alpha: .15, Beta: 1, L2: 1})
	if err != nil {
		return nil, err
	}
	return &Learner{names: names, model: model, noise: DefaultNoise(), each: map[string]learn.Calibration{}}, nil
}

// SetNoise says how often reviewers are right, as golden cases show it.
func (l *Learner) SetNoise(n Noise) { l.noise = n }

// Noise is how often reviewers are taken to be right.
func (l *Learner) Noise() Noise { return l.noise }

// encode writes inputs as the model reads them, into the learner's own vector: each lies between two knots of a line and is shared out
// to both. It panics if there are not as many inputs as names.
func (l *Learner) encode(policy string, inputs []float64) learn.Vector {
	if len(inputs) != len(l.names) {
		panic(fmt.Sprintf("review: %d inputs for %d names", len(inputs), len(l.names)))
	}
	x := l.vector[:0]
	for i, v := range inputs {
		first := uint32(i * (knots + 1))
		if math.IsNaN(v) {
			x = append(x, learn.Feature{Index: first + knots, Value: 1})
			continue
		}
		at := (min(max(v, -span), span) + span) * fine
		k := min(int(at), knots-2)
		share := float32(at - float64(k))
		x = append(x, learn.Feature{Index: first + uint32(k), Value: 1 - share}, learn.Feature{Index: first + uint32(k) + 1, Value: share})
	}
	hash := learn.HashSeed
	for i := range len(policy) {
		hash = hash.Add(policy[i])
	}
	l.vector = append(x, learn.Feature{Index: uint32(len(l.names)*(knots+1)) + hash.Index(6), Value: 1})
	return l.vector
}

// Predict is P(violating), calibrated, and corrected for the errors that reviewers make.
func (l *Learner) Predict(policy string, inputs []float64) float64 {
	return l.noise.truth(l.verdict(policy, l.model.Logit(l.encode(policy, inputs))))
}

// verdict is P(a reviewer says violating).
func (l *Learner) verdict(policy string, logit float64) float64 {
	if c, ok := l.each[policy]; ok {
		return c.Probability(logit)
	}
	if l.all != nil {
		return l.all.Probability(logit)
	}
	return learn.Sigmoid(logit)
}

// Teach learns from an example that nobody's verdict is about, such as history that was imported: probabilities are not calibrated on it.
func (l *Learner) Teach(e Example) {
	l.model.Learn(l.encode(e.Policy, e.Inputs), e.Violating, min(max(e.Weight, 1), 10))
}

// Learn learns from a verdict.
func (l *Learner) Learn(e Example) {
	x := l.encode(e.Policy, e.Inputs)
	v := verdict{e.Policy, learn.Scored{Score: l.model.Logit(x), Positive: e.Violating}}
	l.model.Learn(x, e.Violating, min(max(e.Weight, 1), 10))
	if len(l.recent) < window {
		l.recent = append(l.recent, v)
	} else {
		l.recent[l.seen%window] = v
	}
	l.seen++
	if l.due--; l.due <= 0 {
		l.due = min(refit, max(20, len(l.recent)/5))
		l.calibrate()
	}
}

// calibrate fits what scores meant of late, for all and for each policy that had enough verdicts.
func (l *Learner) calibrate() {
	all := make([]learn.Scored, 0, len(l.recent))
	each := map[string][]learn.Scored{}
	for _, v := range l.recent {
		all = append(all, v.Scored)
		each[v.policy] = append(each[v.policy], v.Scored)
	}
	if c := fit(all); c != nil {
		l.all = c
	}
	clear(l.each)
	if len(each) == 1 {
		return
	}
	for policy, scored := range each {
		if c := fit(scored); c != nil {
			l.each[policy] = c
		}
	}
}

// fit is a calibration by verdicts; nil if there are too few, or of one kind only.
func fit(scored []learn.Scored) learn.Calibration {
	if len(scored) < fewest {
		return nil
	}
	if len(scored) >= isotonic {
		if c, err := learn.FitIsotonic(scored); err == nil {
			return c
		}
	}
	if c, err := learn.FitPlatt(scored); err == nil {
		return c
	}
	return nil
}

// Part is what one input does to a prediction.
type Part struct {
	Name    string
	LogOdds float64 // what it adds, before calibration
}

// Explain says what the inputs add to the log odds, most first. A policy's own part has the name "policy".
func (l *Learner) Explain(policy string, inputs []float64) []Part {
	x := l.encode(policy, inputs)
	parts := make([]Part, len(l.names)+1)
	for i, name := range l.names {
		parts[i].Name = name
	}
	parts[len(l.names)].Name = "policy"
	none := l.model.Logit(nil)
	for _, f := range x {
		parts[min(int(f.Index)/(knots+1), len(l.names))].LogOdds += l.model.Logit(learn.Vector{f}) - none
	}
	slices.SortStableFunc(parts, func(a, b Part) int { return cmp.Compare(math.Abs(b.LogOdds), math.Abs(a.LogOdds)) })
	return parts
}
