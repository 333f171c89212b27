package classify

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/ringfence/ringfence/learn"
)

// Example is a text with its label.
type Example struct {
	Text     string
	Positive bool
}

// Limits of training.
const (
	MinExamples = 20      // of each kind
	MaxExamples = 5000000 // of both
)

// Report is how well a model does on texts that it was not trained on: each fifth of the examples, scored by a model of the other
// four, calibrated without it. Texts that fold alike are in one fifth.
type Report struct {
	Positive, Negative int
	AUC                float64
	LogLoss            float64
	CalibrationError   float64        // in 20 bins
	Scored             []learn.Scored // the probabilities behind the figures, for others
}

// folds is how many parts the examples are cut into, and passes how often training goes through them.
const (
	folds  = 5
	passes = 4
)

// options are the constants of training, found by cross-validation on labelled tweets; the figures hardly move between half and
// twice of each.
var options = learn.Options{Bits: bits, Alpha: 1, Beta: 1, L1: 0.1, L2: 0.5}

// sample is an example as training reads it.
type sample struct {
	text     []byte // canonical
	hash     learn.Hash
	positive bool
}

func (s sample) fold() int { return int(s.hash.Index(32) % folds) }

// Train makes a model from examples of both kinds. It takes about 50 µs a post and pass, of which there are 20 in all, and about 10 MB
// beside the texts.
func Train(examples []Example) (*Model, *Report, error) {
	samples, err := prepare(examples)
	if err != nil {
		return nil, nil, err
	}
	scored := make([]learn.Scored, len(samples)) // logits out of fold
	for k := range folds {
		m, err := fit(samples, func(s sample) bool { return s.fold() != k })
		if err != nil {
			return nil, nil, err
		}
		for i, s := range samples {
			if s.fold() == k {
				scored[i] = learn.Scored{Score: logit(m, s.text), Positive: s.positive}
			}
		}
	}
	report, err := judge(samples, scored)
	if err != nil {
		return nil, nil, err
	}
	weights, err := fit(samples, func(sample) bool { return true })
	if err != nil {
		return nil, nil, err
	}
	calibration, err := learn.FitCalibration(scored)
	if err != nil {
		return nil, nil, fmt.Errorf("classify: %w", err)
	}
	return &Model{weights, calibration}, report, nil
}

// prepare folds the texts and puts the samples in an order that does not depend on the examples'.
func prepare(examples []Example) ([]sample, error) {
	if len(examples) > MaxExamples {
		return nil, fmt.Errorf("classify: %d examples, at most %d: draw some at random", len(examples), MaxExamples)
	}
	samples := make([]sample, 0, len(examples))
	var folded []byte
	positive := 0
	for _, e := range examples {
		s := sample{text: canonical(nil, &folded, e.Text), hash: learn.HashSeed, positive: e.Positive}
		for _, c := range s.text {
			s.hash = s.hash.Add(c)
		}
		if e.Positive {
			positive++
		}
		samples = append(samples, s)
	}
	if negative := len(samples) - positive; positive < MinExamples || negative < MinExamples {
		return nil, fmt.Errorf("classify: %d positive and %d negative examples: at least %d of each are needed", positive, negative, MinExamples)
	}
	slices.SortFunc(samples, func(a, b sample) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), slices.Compare(a.text, b.text), compareBools(a.positive, b.positive))
	})
	return samples, nil
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// fit trains on the samples that are wanted, in a new order at each pass, the same at each call.
func fit(samples []sample, wanted func(sample) bool) (*learn.Logistic, error) {
	trainer, err := learn.NewFTRL(options)
	if err != nil {
		return nil, err
	}
	chance := rand.New(rand.NewPCG(1, 0))
	order := make([]int, 0, len(samples))
	for i, s := range samples {
		if wanted(s) {
			order = append(order, i)
		}
	}
	var x learn.Vector
	var indexes []uint32
	for range passes {
		chance.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			x = features(x, &indexes, samples[i].text)
			trainer.Learn(x, samples[i].positive, 1)
		}
	}
	return trainer.Model(), nil
}

// judge calibrates each fifth by the other four and takes the figures.
func judge(samples []sample, scored []learn.Scored) (*Report, error) {
	r := &Report{Scored: make([]learn.Scored, 0, len(scored))}
	for k := range folds {
		var others []learn.Scored
		for i, s := range samples {
			if s.fold() != k {
				others = append(others, scored[i])
			}
		}
		calibration, err := learn.FitCalibration(others)
		if err != nil {
			return nil, fmt.Errorf("classify: too few different texts to judge the model by: %w", err)
		}
		for i, s := range samples {
			if s.fold() == k {
				r.Scored = append(r.Scored, learn.Scored{Score: calibration.Probability(scored[i].Score), Positive: s.positive})
			}
		}
	}
	for _, s := range r.Scored {
		if s.Positive {
			r.Positive++
		}
	}
	r.Negative = len(r.Scored) - r.Positive
	auc, err := learn.AUC(scored) // of the logits, whose order calibration only coarsens
	if err != nil {
		return nil, err
	}
	r.AUC, r.LogLoss, r.CalibrationError = auc, learn.LogLoss(r.Scored), learn.CalibrationError(r.Scored, 20)
	return r, nil
}
