package group

import (
	"cmp"
	_ "embed"
	"fmt"
	"math"
	"slices"

	"github.com/ringfence/ringfence/learn"
)

//go:generate go run ./gen

//go:embed harm.model
var harm []byte

// Scorer says how likely a group is to do harm. It does not change and may be used by several goroutines.
type Scorer struct {
	model       *learn.Logistic
	calibration learn.Calibration
	threshold   float64
	id          string
}

// NewScorer is the model that is part of the program.
func NewScorer() (*Scorer, error) { return DecodeScorer(harm) }

// DecodeScorer reads a model as [Scorer.Append] wrote it.
func DecodeScorer(b []byte) (*Scorer, error) {
	model, rest, err := learn.DecodeLogistic(b)
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
	return &Scorer{model, calibration, operatingPoint, learn.ID(b)}, nil
}

// ModelBits is the size of the model's table.
const ModelBits = 5

// FeatureNames are the names of the features, by their index in a group's vector.
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

// Score is the probability of harm and what speaks for it most, at most four reasons.
func (s *Scorer) Score(v learn.Vector) (float64, []string) {
	type part struct {
		index uint32
		by    float64
	}
	var parts []part
	for _, x := range v {
		if by := s.model.Weight(x.Index) * float64(x.Value); by > .25 {
			parts = append(parts, part{x.Index, by})
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(b.by, a.by), cmp.Compare(a.index, b.index)) })
	reasons := []string{}
	for _, p := range parts[:min(4, len(parts))] {
		reasons = append(reasons, features[p.index].reason)
	}
	p := s.calibration.Probability(s.model.Logit(v))
	return math.Round(p*1e4) / 1e4, reasons
}
