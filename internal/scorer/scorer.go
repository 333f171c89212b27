// Package scorer asks models what a picture shows: how likely it offends each of some policies. A model is whatever implements
// [Scorer]; [HTTP] is one behind an HTTP server of the platform's own.
//
// Scores are fetched signals: they are stored with the name and version of the model that gave them, and rules decide on what was
// stored. A picture without a score, for whatever reason, is unknown to rules, never harmless.
package scorer

import (
	"context"
	"errors"
)

// Picture is what a scorer is shown of a picture: a small copy that this program made, so that no server behind a scorer ever decodes
// what strangers uploaded.
type Picture struct {
	SHA256 string // of the file as it was uploaded, in hexadecimal digits
	JPEG   []byte // baseline, three channels, no side over [MaxSide] pixels
}

// MaxSide bounds the sides of a picture that scorers are shown, in pixels. Classifiers commonly take 224 to 448.
const MaxSide = 512

// Answer is what a model says of a picture.
type Answer struct {
	Version string             // of the model, at most 64 bytes
	Scores  map[string]float64 // by policy, from 0 to 1; of the scorer's policies those that it could tell
}

// Scorer is a model. It is safe for concurrent use.
type Scorer interface {
	// Name tells it from others, and stays the same when the model gets another version.
	Name() string
	// Policies are what it scores; rules that read of others do not ask it.
	Policies() []string
	// Score scores one picture. An error wraps one of this package's, or is ctx's.
	Score(ctx context.Context, p Picture) (Answer, error)
}

// Why a picture has no score.
var (
	ErrBusy        = errors.New("scorer: too many pictures wait")
	ErrOpen        = errors.New("scorer: the circuit is open after failures in a row")
	ErrTimeout     = errors.New("scorer: no answer in time")
	ErrUnreachable = errors.New("scorer: the server cannot be reached or failed")
	ErrMalformed   = errors.New("scorer: the answer is not as agreed")
	ErrUnreadable  = errors.New("scorer: the model cannot read the picture")
)

// Failure is the word for an error of Score, as rules read it.
func Failure(err error) string {
	for word, why := range map[string]error{
		"busy": ErrBusy, "open": ErrOpen, "timeout": ErrTimeout, "malformed": ErrMalformed, "unreadable": ErrUnreadable,
	} {
		if errors.Is(err, why) {
			return word
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "timeout"
	}
	return "unreachable"
}
