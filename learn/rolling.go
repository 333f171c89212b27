package learn

import "fmt"

// Rolling is a calibration that follows what scores mean of late: it holds the last examples and is fitted to them anew from time to time. It is for one
// goroutine; what Calibration gives never changes.
type Rolling struct {
	recent []Scored // a ring once it is full
	size   int
	next   int
	every  int
	since  int
	fitted Calibration
}

// The least that a window holds of either kind before it is fitted at all, and before a calibration without a shape is worth it.
const (
	minForPlatt    = 10
	minForIsotonic = 500
)

// NewRolling holds the last size examples, 20 to 1,000,000, and fits at each every-th. Until it was fitted, it gives what is begun with.
func NewRolling(size, every int, begin Calibration) (*Rolling, error) {
	if size < 2*minForPlatt || size > 1_000_000 || every < 1 || begin == nil {
		return nil, fmt.Errorf("learn: a window of %d examples, fitted at each %d: want %d to 1,000,000, at least 1, and a calibration to begin with", size, every, 2*minForPlatt)
	}
	return &Rolling{size: size, every: every, fitted: begin}, nil
}

// Add takes an example in; its score is finite. Fitting a thousand takes about a millisecond.
func (r *Rolling) Add(s Scored) error {
	if _, _, err := count([]Scored{s, {s.Score, !s.Positive}}); err != nil {
		return err
	}
	if len(r.recent) < r.size {
		r.recent = append(r.recent, s)
	} else {
		r.recent[r.next] = s
		r.next = (r.next + 1) % r.size
	}
	if r.since++; r.since < r.every {
		return nil
	}
	positive, negative, _ := count(r.recent)
	if min(positive, negative) < minForPlatt {
		return nil // at the next example it is tried again
	}
	c, err := FitCalibration(r.recent)
	if err != nil {
		return err
	}
	r.fitted, r.since = c, 0
	return nil
}

// Calibration is the last that was fitted.
func (r *Rolling) Calibration() Calibration { return r.fitted }

// FitCalibration fits the kind that the number of examples is worth: without a shape from 500 of either kind, a line below.
func FitCalibration(scored []Scored) (Calibration, error) {
	positive, negative, err := count(scored)
	if err != nil {
		return nil, err
	}
	if min(positive, negative) < minForIsotonic {
		return FitPlatt(scored)
	}
	return FitIsotonic(scored)
}
