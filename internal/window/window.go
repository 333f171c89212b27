// Package window holds the aggregates over event time that rules read: how many, how many different, how much, how fast, since
// when. They are plain data structures: what a window knows of one key is a slice of words without pointers, and a [Window] is
// the arithmetic on it, so that whoever stores ten million of them decides where they lie. It imports nothing of Ringfence.
//
// A window of duration d is read as of a time t and covers (t-d, t]. Time is cut into sub-buckets of [Window.Width]; a window
// never counts anything that is d old or older, and may miss what lies in the oldest sub-bucket that it covers in part. What
// happened after t, but in t's own sub-bucket, is counted.
//
// Updates may arrive in any order up to the lateness behind the clock. Within the lateness the order leaves no trace in the
// contents, with two exceptions: a rate limit is about order, and whether a set of about [MaxExact] values has become a sketch
// depends on how many were there at one time.
//
// Nothing here is safe for concurrent use; nothing allocates except to grow a slice that the caller passed in.
package window

import (
	"errors"
	"fmt"
	"time"
)

// Func is what a window computes.
type Func uint8

// The functions. The numbers are stored: never change or reuse one.
const (
	Count     Func = 1 // sightings in the window
	Distinct  Func = 2 // different values in the window; exact up to MaxExact, above it an estimate
	Sum       Func = 3 // sum of Arg.Num in the window; not OK where it does not fit
	RateLimit Func = 4 // 1 if the token bucket refuses, 0 if it lets through
	Session   Func = 5 // start of the session: sightings no further apart than the duration
	Trend     Func = 6 // 1 if the window holds at least Min and ten times the window before it
	FirstSeen Func = 7 // the first sighting in the window
	LastSeen  Func = 8 // the last sighting in the window, before the one that updates
)

// Bounds of what a window can be asked for.
const (
	MinDuration = int64(time.Second)
	MaxDuration = int64(400 * 24 * time.Hour)
	MaxLateness = int64(time.Hour)
	MaxExact    = 1024 // values of a Distinct window up to which it is exact

	buckets     = 512   // sub-buckets that a duration is cut into
	maxRetained = 32768 // sub-buckets, in the duration and the lateness together, at most
	trendRise   = 10    // how many times the window before is a rise
)

// Spec says what a window computes. Windows with equal specs are the same window.
type Spec struct {
	ID       string // identity; the rule language derives it from the function, its keys, value and condition
	Func     Func
	Duration int64 // nanoseconds; unused by RateLimit
	Max      int64 // RateLimit: tokens of a full bucket
	Refill   int64 // RateLimit: tokens added at each Every
	Take     int64 // RateLimit: tokens that a sighting takes
	Every    int64 // RateLimit: nanoseconds
	Strict   bool  // RateLimit: a try at an empty bucket restarts the wait
	Min      int64 // Trend: sightings below which nothing is a trend
}

// Key identifies what a window is counted by; it is a hash of the key's values.
type Key [16]byte

// Arg is the value of one sighting.
type Arg struct {
	Hash uint64 // Distinct: hash of the value
	Num  int64  // Sum: the value in millionths
}

// Result is a window's value: a number, a sum in millionths, 0 or 1, or a time in nanoseconds since 1970. OK is false where
// there is none: no session, nothing seen, a sum out of range.
type Result struct {
	V  int64
	OK bool
}

// Validate reports the first fault of the spec.
func (s Spec) Validate() error {
	if s.ID == "" {
		return errors.New("window has no id")
	}
	if s.Func == RateLimit {
		return s.validateLimit()
	}
	if s.Func < Count || s.Func > LastSeen {
		return fmt.Errorf("window %s: unknown function %d", s.ID, s.Func)
	}
	if s.Duration < MinDuration || s.Duration > MaxDuration {
		return fmt.Errorf("window %s: duration %v is outside %v to %v", s.ID,
			time.Duration(s.Duration), time.Duration(MinDuration), time.Duration(MaxDuration))
	}
	if s.Min < 0 {
		return fmt.Errorf("window %s: minimum %d is negative", s.ID, s.Min)
	}
	return nil
}

// Window is the arithmetic of one spec at one lateness. The words of a key are nil before its first update; they may be kept
// anywhere and must come back unchanged.
type Window struct {
	Spec
	lateness int64
	width    int64 // of a sub-bucket
	whole    int64 // whole sub-buckets in the duration
	rest     int64 // what of the duration is left beyond them
	retained int64 // how long after a sighting it can still be read, without the lateness
}

// New prepares a window. Lateness is in nanoseconds.
func New(s Spec, lateness int64) (*Window, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if lateness < 0 || lateness > MaxLateness {
		return nil, fmt.Errorf("window %s: lateness %v is outside 0 to %v", s.ID, time.Duration(lateness), time.Duration(MaxLateness))
	}
	w := &Window{Spec: s, lateness: lateness}
	switch s.Func {
	case RateLimit:
		w.Duration = 0
		w.width = int64(time.Millisecond)
		w.retained = s.refillTime()
		return w, nil
	case Trend:
		w.retained = 2 * s.Duration
	default:
		w.retained = s.Duration
	}
	w.width = max(int64(time.Millisecond), ceilDiv(s.Duration, buckets), ceilDiv(w.retained+lateness, maxRetained))
	w.whole, w.rest = s.Duration/w.width, s.Duration%w.width
	return w, nil
}

// Width is the length of a sub-bucket in nanoseconds: a 512th of the duration, but no less than a millisecond and no less
// than a 32768th of the duration and the lateness together.
func (w *Window) Width() int64 { return w.width }

// Retention is how long after the last sighting of a key, in nanoseconds of the event clock, its words still matter.
func (w *Window) Retention() int64 { return w.retained + w.lateness }

// Update adds a sighting at time at to the words of a key, and reads the window as of it. The time must lie in
// [max(0, clock-lateness), clock], and the clock may not go back between calls. Like append, it returns the words to keep.
func (w *Window) Update(words []uint64, clock, at int64, arg Arg) ([]uint64, Result) {
	switch w.Func {
	case Count, Trend:
		b := at / w.width
		words = w.addCount(words, clock, b)
		return words, w.readCount(words, at)
	case Distinct:
		words = w.addDistinct(words, clock, at/w.width, arg.Hash)
		return words, w.readDistinct(words, at)
	case Sum:
		words = w.addSum(words, clock, at/w.width, arg.Num)
		return words, w.readSum(words, at)
	case RateLimit:
		return w.take(words, at)
	case Session:
		words = w.addSession(words, clock, at)
		return words, w.readSession(words, at)
	case FirstSeen:
		words = w.addFirst(words, clock, at)
		return words, w.readFirst(words, at)
	default: // LastSeen
		r := w.readLast(words, at)
		return w.addLast(words, clock, at), r
	}
}

// Read is the window as of a time, which must lie in [max(0, clock-lateness), clock]. It may renew a
// cache in the words, but never changes what they say.
func (w *Window) Read(words []uint64, at int64) Result {
	switch w.Func {
	case Count, Trend:
		return w.readCount(words, at)
	case Distinct:
		return w.readDistinct(words, at)
	case Sum:
		return w.readSum(words, at)
	case RateLimit:
		return w.peek(words, at)
	case Session:
		return w.readSession(words, at)
	case FirstSeen:
		return w.readFirst(words, at)
	default: // LastSeen
		return w.readLast(words, at)
	}
}

// span is the sub-buckets [lo, hi] that the window covers as of a time. It costs one division.
func (w *Window) span(at int64) (lo, hi int64) {
	hi = at / w.width
	lo = hi - w.whole + 1
	if at-hi*w.width < w.rest {
		lo--
	}
	return lo, hi
}

// keep is the oldest sub-bucket that a read may still ask for.
func (w *Window) keep(clock int64) int64 { return floorDiv(clock-w.lateness-w.retained, w.width) + 1 }

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
