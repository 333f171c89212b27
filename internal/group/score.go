package group

import (
	_ "embed"
	"fmt"
	"math"

	"github.com/ringfence/ringfence/learn"
)

//go:generate go run ./gen

//go:embed harm.model
var harm []byte

// Scorer says how likely a group is to do harm. It does not change and may be used by several goroutines.
type Scorer struct {
	model       *learn.Trees
	calibration learn.Calibration
	threshold   float64
	id          string
	of          map[string]string // reasons, by the names of features
}

// NewScorer is the model that is part of the program.
func NewScorer() (*Scorer, error) { return DecodeScorer(harm) }

// DecodeScorer reads a model: trees, whose features are those of [FeatureNames], and a calibration of their scores.
func DecodeScorer(b []byte) (*Scorer, error) {
	model, rest, err := learn.DecodeTrees(b)
	if err != nil {
		return nil, fmt.Errorf("model of harm: %w", err)
	}
	calibration, rest, err := learn.DecodeCalibration(rest)
	if err != nil {
		return nil, fmt.Errorf("model of harm: %w", err)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("model of harm: %d bytes behind it", len(rest))
	}
	of := map[string]string{}
	for _, f := range features {
		of[f.name] = f.reason
	}
	if len(model.Names()) != nFeatures {
		return nil, fmt.Errorf("model of harm: %d features: want %d", len(model.Names()), nFeatures)
	}
	for i, name := range model.Names() {
		if features[i].name != name {
			return nil, fmt.Errorf("model of harm: feature %d is %q: want %q", i, name, features[i].name)
		}
	}
	return &Scorer{model, calibration, operatingPoint, learn.ID(b), of}, nil
}

// FeatureNames are the names of the features, by their index in a group's row.
func FeatureNames() []string {
	names := make([]string, nFeatures)
	for i := range names {
		names[i] = features[i].name
	}
	return names
}

// operatingPoint is the score from which on a group is flagged.
const operatingPoint = .9

// Threshold is the score from which on a group is flagged.
func (s *Scorer) Threshold() float64 { return s.threshold }

// ID names the model's bytes.
func (s *Scorer) ID() string { return s.id }

// Score is the probability of harm. It does not allocate.
func (s *Scorer) Score(row []float64) float64 {
	return math.Round(s.calibration.Probability(s.model.Score(row))*1e4) / 1e4
}

// Reasons are what speaks for harm most, at most four, with the value: "posts that copy one another's text (0.93)". They take about half a millisecond.
func (s *Scorer) Reasons(row []float64) []string {
	reasons := []string{}
	for _, e := range s.model.Explain(row, maxReasons) {
		if e.By <= leastEffect {
			continue
		}
		if math.IsNaN(e.Value) {
			reasons = append(reasons, fmt.Sprintf("%s (unknown)", s.of[e.Name]))
		} else {
			reasons = append(reasons, fmt.Sprintf("%s (%.2f)", s.of[e.Name], e.Value))
		}
		if len(reasons) == 4 {
			break
		}
	}
	return reasons
}

const (
	maxReasons  = 8
	leastEffect = .05 // of the logarithm of the odds
)
