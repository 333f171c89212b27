package learn

import (
	"fmt"
	"math"
)

// MaxBits bounds a table of weights: 2^22 of them are 64 MiB in training, 16 MiB in a model.
const MaxBits = 22

// Options are the constants of training.
type Options struct {
	Bits  uint8   // the table has 2^Bits weights; 1 to MaxBits
	Alpha float64 // the step of a weight that was never touched, over 0
	Beta  float64 // the gradients seen before steps get shorter, at least 0
	L1    float64 // weights whose evidence stays below it are 0 and take no room, at least 0
	L2    float64 // what holds weights back, at least 0
}

func (o Options) check() error {
	for _, v := range []float64{o.Alpha, o.Beta, o.L1, o.L2} {
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return fmt.Errorf("learn: options %+v: every number has to be finite and at least 0", o)
		}
	}
	switch {
	case o.Bits < 1 || o.Bits > MaxBits:
		return fmt.Errorf("learn: options: %d bits, not 1 to %d", o.Bits, MaxBits)
	case o.Alpha == 0:
		return fmt.Errorf("learn: options: alpha is 0, so that nothing would be learnt")
	case o.Beta+o.L2 == 0:
		return fmt.Errorf("learn: options: beta and l2 are both 0, so that a first step could be of any length")
	}
	return nil
}

// FTRL trains a logistic model one example at a time: follow the regularised leader, proximal, with a learning rate for each
// coordinate (McMahan and others, 2013). It is for one goroutine and takes 16 bytes a weight.
type FTRL struct {
	opts      Options
	cells     []cell
	intercept cell
	weights   []float64 // of the example at hand
}

// cell is what is known of one weight: the sum of its gradients, shifted, and of their squares.
type cell struct{ z, n float64 }

// NewFTRL is an untrained model.
func NewFTRL(opts Options) (*FTRL, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	return &FTRL{opts: opts, cells: make([]cell, 1<<opts.Bits)}, nil
}

func (t *FTRL) weight(c cell, l1 float64) float64 {
	if math.Abs(c.z) <= l1 {
		return 0
	}
	return -(c.z - math.Copysign(l1, c.z)) / ((t.opts.Beta+math.Sqrt(c.n))/t.opts.Alpha + t.opts.L2)
}

func (t *FTRL) step(c *cell, w, gradient float64) {
	square := float64(gradient * gradient)
	sigma := (math.Sqrt(c.n+square) - math.Sqrt(c.n)) / t.opts.Alpha
	c.z += gradient - float64(sigma*w)
	c.n += square
}

// Learn takes one example in and returns the probability it had before: a stream of these is an honest test. importance is how
// many examples it stands for, finite and not negative; features beyond the table are an error of the caller and panic.
func (t *FTRL) Learn(x Vector, positive bool, importance float64) float64 {
	t.weights = t.weights[:0]
	base := t.weight(t.intercept, 0)
	logit := base
	for _, f := range x {
		w := t.weight(t.cells[f.Index], t.opts.L1)
		t.weights = append(t.weights, w)
		logit += float64(w * float64(f.Value))
	}
	p := Sigmoid(logit)
	miss := p
	if positive {
		miss = p - 1
	}
	miss *= importance
	t.step(&t.intercept, base, miss)
	for i, f := range x {
		t.step(&t.cells[f.Index], t.weights[i], float64(miss*float64(f.Value)))
	}
	return p
}

// Weight is the weight of a feature by what was learnt so far: how much a value of 1 moves the logit.
func (t *FTRL) Weight(index uint32) float64 { return t.weight(t.cells[index], t.opts.L1) }

// Model is what was learnt so far. Training may go on without changing it.
func (t *FTRL) Model() *Logistic {
	m := &Logistic{bits: t.opts.Bits, intercept: float32(t.weight(t.intercept, 0)), weights: make([]float32, len(t.cells))}
	for i, c := range t.cells {
		m.weights[i] = float32(t.weight(c, t.opts.L1))
	}
	return m
}

// Logistic is a trained logistic model.
type Logistic struct {
	bits      uint8
	intercept float32
	weights   []float32
}

// Bits says that the table has 2^Bits weights.
func (m *Logistic) Bits() uint8 { return m.bits }

// Weight is the weight of a feature: how much a value of 1 moves the logit. It is 0 beyond the table.
func (m *Logistic) Weight(index uint32) float64 {
	if int64(index) >= int64(len(m.weights)) {
		return 0
	}
	return float64(m.weights[index])
}

// Logit is the model's score: the logarithm of the odds, before calibration.
func (m *Logistic) Logit(x Vector) float64 {
	sum := float64(m.intercept)
	for _, f := range x {
		sum += float64(m.Weight(f.Index) * float64(f.Value))
	}
	return sum
}

// Intercept is the logit of an example without features.
func (m *Logistic) Intercept() float64 { return float64(m.intercept) }

// Logit is the score that the model learnt so far gives an example, without the cost of [FTRL.Model]: features beyond the table panic.
func (t *FTRL) Logit(x Vector) float64 {
	logit := t.weight(t.intercept, 0)
	for _, f := range x {
		logit += float64(t.weight(t.cells[f.Index], t.opts.L1) * float64(f.Value))
	}
	return logit
}
