package account

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/learn"
)

// Example is an account as it stood at one time. Several of one account are looks at it as it grows.
type Example struct {
	Account  string
	Row      []float64 // AppendProfile's, followed by History's for a model of behaviour
	Positive bool
}

// Limits of training.
const (
	MinAccounts = 50        // of each kind
	MaxExamples = 5_000_000 // looks at both
)

// Report is how well a model does on accounts that it was not trained on: each fifth of the accounts, scored by a model of the other
// four, calibrated without it.
type Report struct {
	Positive, Negative int // accounts
	AUC                float64
	AveragePrecision   float64
	Brier              float64
	CalibrationError   float64        // debiased, in 15 bins
	Scored             []learn.Scored // the probabilities behind the figures, of the last look at each account
	Bands              []Band
}

// Band is how accounts with a decade of followers fare at the threshold of the report.
type Band struct {
	Followers string // such as 10–99
	Scored    []learn.Scored
}

// FalseRate is the share of the band's benign accounts that a threshold flags.
func (b *Band) FalseRate(threshold float64) learn.Rate {
	return learn.At(b.Scored, threshold).FalseRate()
}

const folds = 5

// Constants of training.
const (
	trees    = 300 // at most: how many are kept is found on accounts held out
	patience = 20
)

func options() learn.BoostOptions {
	o := learn.DefaultBoost(learn.LogisticLoss)
	o.Trees, o.Patience = trees, patience
	return o
}

// Train makes a model from examples of both kinds. All looks at an account count as one. The same examples, in any order, give the same bytes. It takes
// six trainings: some seconds for a hundred thousand looks.
func Train(kind Kind, examples []Example) (*Model, *Report, error) {
	sorted, err := arrange(kind, examples)
	if err != nil {
		return nil, nil, err
	}
	logits := make([]float64, len(sorted))
	kept := 0
	for k := range folds {
		model, err := learn.Boost(table(kind, sorted, func(e *Example) bool { return fold(e) != k }), table(kind, sorted, func(e *Example) bool { return fold(e) == k }), options())
		if err != nil {
			return nil, nil, fmt.Errorf("account: part %d: %w", k+1, err)
		}
		kept += model.Len()
		for i := range sorted {
			if fold(&sorted[i]) == k {
				logits[i] = model.Score(sorted[i].Row)
			}
		}
	}
	opts := options()
	opts.Trees, opts.Patience = max(1, kept/folds), 0
	final, err := learn.Boost(table(kind, sorted, func(*Example) bool { return true }), nil, opts)
	if err != nil {
		return nil, nil, fmt.Errorf("account: %w", err)
	}
	scored := lasts(sorted, logits)
	calibration, err := learn.FitCalibration(scored)
	if err != nil {
		return nil, nil, fmt.Errorf("account: %w", err)
	}
	report, err := judge(sorted, logits)
	if err != nil {
		return nil, nil, fmt.Errorf("account: too few accounts to judge the model by: %w", err)
	}
	return &Model{kind, final, calibration}, report, nil
}

// arrange checks the examples and puts them in an order that does not depend on theirs.
func arrange(kind Kind, examples []Example) ([]Example, error) {
	if len(examples) > MaxExamples {
		return nil, fmt.Errorf("account: %d examples, at most %d: draw some accounts at random", len(examples), MaxExamples)
	}
	sorted := slices.Clone(examples)
	features := len(kind.Names())
	for i := range sorted {
		if len(sorted[i].Row) != features || !finite(sorted[i].Row) {
			return nil, fmt.Errorf("account: example %d of %q has no row of %d finite or missing values", i, sorted[i].Account, features)
		}
	}
	slices.SortStableFunc(sorted, func(a, b Example) int {
		return cmp.Or(cmp.Compare(place(a.Account), place(b.Account)), strings.Compare(a.Account, b.Account))
	})
	positive, negative := 0, 0
	for i := range sorted {
		switch {
		case i > 0 && sorted[i].Account == sorted[i-1].Account:
			if sorted[i].Positive != sorted[i-1].Positive {
				return nil, fmt.Errorf("account: %q is given as both kinds", sorted[i].Account)
			}
		case sorted[i].Positive:
			positive++
		default:
			negative++
		}
	}
	if positive < MinAccounts || negative < MinAccounts {
		return nil, fmt.Errorf("account: %d positive and %d negative accounts: at least %d of each are needed", positive, negative, MinAccounts)
	}
	return sorted, nil
}

// place scatters accounts, so that neighbours in name or time are not neighbours in training.
func place(account string) learn.Hash {
	h := learn.HashSeed
	for i := range len(account) {
		h = h.Add(account[i])
	}
	return h
}

func fold(e *Example) int { return int(place(e.Account).Index(32) % folds) }

// table is the wanted examples, each account with a weight of 1 in all.
func table(kind Kind, sorted []Example, wanted func(*Example) bool) *learn.Table {
	t := &learn.Table{Names: kind.Names()}
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && sorted[to].Account == sorted[from].Account {
			to++
		}
		for i := from; i < to && wanted(&sorted[i]); i++ {
			t.Rows, t.Targets = append(t.Rows, sorted[i].Row), append(t.Targets, truth(sorted[i].Positive))
			t.Weights = append(t.Weights, 1/float64(to-from))
		}
		from = to
	}
	return t
}

// lasts are the scores of the last look at each account.
func lasts(sorted []Example, scores []float64) []learn.Scored {
	var scored []learn.Scored
	for i := range sorted {
		if i+1 == len(sorted) || sorted[i+1].Account != sorted[i].Account {
			scored = append(scored, learn.Scored{Score: scores[i], Positive: sorted[i].Positive})
		}
	}
	return scored
}

// judge calibrates each fifth by the other four and takes the figures.
func judge(sorted []Example, logits []float64) (*Report, error) {
	probabilities := make([]float64, len(sorted))
	for k := range folds {
		var others []Example
		var scores []float64
		for i := range sorted {
			if fold(&sorted[i]) != k {
				others, scores = append(others, sorted[i]), append(scores, logits[i])
			}
		}
		calibration, err := learn.FitCalibration(lasts(others, scores))
		if err != nil {
			return nil, err
		}
		for i := range sorted {
			if fold(&sorted[i]) == k {
				probabilities[i] = calibration.Probability(logits[i])
			}
		}
	}
	r := &Report{Scored: lasts(sorted, probabilities)}
	for _, s := range r.Scored {
		if s.Positive {
			r.Positive++
		}
	}
	r.Negative = len(r.Scored) - r.Positive
	var err error
	if r.AUC, err = learn.AUC(lasts(sorted, logits)); err != nil { // calibration only coarsens the order
		return nil, err
	}
	if r.AveragePrecision, err = learn.AveragePrecision(r.Scored); err != nil {
		return nil, err
	}
	r.Brier, r.CalibrationError = learn.Brier(r.Scored), learn.DebiasedCalibrationError(r.Scored, 15)
	r.Bands = bands(sorted, probabilities)
	return r, nil
}

var bandNames = [...]string{"unknown", "0-9", "10-99", "100-999", "1000-9999", "10000-"}

// bands groups the last looks by decade of followers.
func bands(sorted []Example, probabilities []float64) []Band {
	var by [len(bandNames)][]learn.Scored
	for i := range sorted {
		if i+1 < len(sorted) && sorted[i+1].Account == sorted[i].Account {
			continue
		}
		band := 0
		if f := sorted[i].Row[pFollowers]; !math.IsNaN(f) {
			band = 1
			for least := 10.0; band+1 < len(by) && f >= math.Log1p(least); least *= 10 {
				band++
			}
		}
		by[band] = append(by[band], learn.Scored{Score: probabilities[i], Positive: sorted[i].Positive})
	}
	var all []Band
	for i, scored := range by {
		if len(scored) > 0 {
			all = append(all, Band{bandNames[i], scored})
		}
	}
	return all
}
