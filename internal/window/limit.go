package window

import (
	"fmt"
	"math"
	"time"
)

// A rate limit is a token bucket in two words: the tokens, and the time of the last refill. It refills by whole periods, and only
// when it has fewer tokens than are asked for. A sighting older than the last refill counts as at the last refill.

func (s Spec) validateLimit() error {
	switch {
	case s.Max < 1 || s.Max > math.MaxInt32:
		return fmt.Errorf("window %s: a limit of %d tokens is outside 1 to %d", s.ID, s.Max, math.MaxInt32)
	case s.Refill < 1 || s.Refill > s.Max:
		return fmt.Errorf("window %s: a refill of %d tokens is outside 1 to the limit, %d", s.ID, s.Refill, s.Max)
	case s.Take < 0 || s.Take > s.Max:
		return fmt.Errorf("window %s: taking %d tokens is outside 0 to the limit, %d", s.ID, s.Take, s.Max)
	case s.Every < int64(time.Millisecond) || s.Every > MaxDuration:
		return fmt.Errorf("window %s: refilling every %v is outside 1ms to %v", s.ID, time.Duration(s.Every), time.Duration(MaxDuration))
	case s.periods() > MaxDuration/s.Every:
		return fmt.Errorf("window %s: an empty bucket takes longer than %v to fill", s.ID, time.Duration(MaxDuration))
	}
	return nil
}

// periods is how many refills fill an empty bucket.
func (s Spec) periods() int64 { return ceilDiv(s.Max, s.Refill) }

func (s Spec) refillTime() int64 { return s.periods() * s.Every }

// take refills the bucket, tells whether it refuses, and takes the tokens if it does not.
func (w *Window) take(c []uint64, at int64) ([]uint64, Result) {
	tokens, refilled := w.refill(c, at)
	limited := w.refuses(tokens)
	switch {
	case !limited:
		tokens -= w.Take
	case w.Strict && tokens == 0:
		refilled = max(refilled, at)
	}
	return append(c[:0], uint64(tokens), uint64(refilled)), truth(limited)
}

func (w *Window) peek(c []uint64, at int64) Result {
	tokens, _ := w.refill(c, at)
	return truth(w.refuses(tokens))
}

func (w *Window) refill(c []uint64, at int64) (tokens, refilled int64) {
	if len(c) == 0 {
		return w.Max, at
	}
	tokens, refilled = int64(c[0]), int64(c[1])
	if at <= refilled || !w.refuses(tokens) {
		return tokens, refilled
	}
	n := (at - refilled) / w.Every
	refilled += n * w.Every
	return min(w.Max, tokens+min(n, w.periods())*w.Refill), refilled
}

// refuses: a sighting that takes no tokens is refused by an empty bucket.
func (w *Window) refuses(tokens int64) bool { return tokens < w.Take || tokens <= 0 }

func truth(b bool) Result {
	if b {
		return Result{V: 1, OK: true}
	}
	return Result{OK: true}
}
