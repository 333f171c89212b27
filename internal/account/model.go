// Package account says how likely an account is run by a program or for a campaign, by its profile and by what it does.
//
// There are two kinds of feature. Those of the profile ([AppendProfile]) are a function of one event: what the source said of the account
// with it, and how its handle and address are spelt. Rules read the model of these as account.score. Those of behaviour ([History]) need what
// came before, and are kept by who follows accounts: the verbs on files, and whoever looks at groups. In rules, windows say the same in the
// open: count(by(actor), "1h") and its like.
//
// No feature tells when, where or in which order an account was collected: no date (age is a difference), no id, no address of a network,
// no position. In public data sets these separate the classes by themselves, and mean nothing on a platform.
//
// The model is boosted trees with a calibration (package learn). The one that is part of the program was trained on the simulation and has never seen
// a real account: it is there so that everything works, and to be replaced by one trained on a platform's own verdicts.
package account

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/learn"
)

//go:generate go run ./gen

//go:embed profile.model
var profileModel []byte

//go:embed behaviour.model
var behaviourModel []byte

// Kind is what a model reads.
type Kind uint8

// The kinds of model.
const (
	Profile   Kind = iota // the profile alone, so that one event is enough
	Behaviour             // the profile and what the account did
)

// Names are the features of a kind of model, in the order of a row.
func (k Kind) Names() []string {
	names := slices.Clone(profileNames[:])
	if k == Behaviour {
		names = append(names, historyNames[:]...)
	}
	return names
}

// Model says how likely an account is automated or part of a campaign. It never changes and may be used from many goroutines.
type Model struct {
	kind        Kind
	trees       *learn.Trees
	calibration learn.Calibration
}

// Default is the model that is part of the program, trained on the simulation.
func Default(kind Kind) (*Model, error) {
	if kind == Profile {
		return Decode(profileModel)
	}
	return Decode(behaviourModel)
}

// Kind is what the model reads.
func (m *Model) Kind() Kind { return m.kind }

// Score is the calibrated probability for a row: AppendProfile's, followed by History's for a model of behaviour. It does not allocate, and takes
// a few microseconds.
func (m *Model) Score(row []float64) float64 {
	return m.calibration.Probability(m.trees.Score(row))
}

// known says whether an event tells anything of its account.
const known event.FieldSet = 1<<event.FieldAccountCreated | 1<<event.FieldAccountHandle | 1<<event.FieldAccountEmail | 1<<event.FieldAccountConfirmed |
	1<<event.FieldAccountFollowers | 1<<event.FieldAccountFollowing | 1<<event.FieldAccountPosts | 1<<event.FieldAccountVerified

// ScoreEvent is the score of the profile that an event came with; false if it came with none, or if the model reads behaviour.
func (m *Model) ScoreEvent(e *event.Event) (float64, bool) {
	if e.Fields&known == 0 || m.kind != Profile {
		return 0, false
	}
	var row [profileFeatures]float64
	if AppendProfile(row[:0], e); !slices.ContainsFunc(row[:], func(v float64) bool { return !math.IsNaN(v) }) {
		return 0, false
	}
	return m.Score(row[:]), true
}

// Explain gives at most n features that moved a row's score, the strongest first, by how much they moved the logit before calibration.
func (m *Model) Explain(row []float64, n int) []learn.Effect { return m.trees.Explain(row, n) }

// magic begins an encoded model; its last byte is the version of the format.
const magic = "RFACCT\x01"

// ErrFormat marks bytes that are no model of accounts of this version.
var ErrFormat = errors.New("not a model of accounts of this version")

// Append writes the model to dst. learn.ID of what it writes names the model.
func (m *Model) Append(dst []byte) []byte {
	return m.calibration.Append(m.trees.Append(append(dst, magic...)))
}

// Encoded says whether bytes begin as a model of accounts.
func Encoded(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }

// Decode reads a model, which is all of b.
func Decode(b []byte) (*Model, error) {
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return nil, fmt.Errorf("account: %w: it does not begin as one", ErrFormat)
	}
	trees, rest, err := learn.DecodeTrees(rest)
	if err != nil {
		return nil, fmt.Errorf("account: %w: %w", ErrFormat, err)
	}
	m := &Model{trees: trees}
	for _, kind := range []Kind{Profile, Behaviour} {
		if slices.Equal(trees.Names(), kind.Names()) {
			m.kind = kind
		}
	}
	if !slices.Equal(trees.Names(), m.kind.Names()) || trees.Loss() != learn.LogisticLoss {
		return nil, fmt.Errorf("account: %w: it reads other features than this build has: train it anew", ErrFormat)
	}
	if m.calibration, rest, err = learn.DecodeCalibration(rest); err != nil {
		return nil, fmt.Errorf("account: %w: %w", ErrFormat, err)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("account: %w: %d bytes follow its end", ErrFormat, len(rest))
	}
	return m, nil
}

// finite says whether all values of a row are numbers or missing.
func finite(row []float64) bool {
	return !slices.ContainsFunc(row, func(v float64) bool { return math.IsInf(v, 0) })
}
