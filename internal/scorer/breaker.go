package scorer

import (
	"sync"
	"time"
)

const (
	tolerated    = 5 // failures in a row that open the circuit
	firstCooling = 5 * time.Second
	lastCooling  = time.Minute
)

// breaker is a circuit breaker by counts. Closed, everything passes; after failures in a row it opens for a time that doubles with each
// time in a row; then it is half-open: one call passes, whose outcome closes or opens it.
type breaker struct {
	mu       sync.Mutex
	failures int // in a row
	cooling  time.Duration
	until    int64 // nothing passes before, in nanoseconds since 1970; meant while failures >= tolerated
	trying   bool  // half-open, and a call is under way
}

// pass says whether a call may be made. After one that may, done is called once.
func (b *breaker) pass(now int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < tolerated {
		return true
	}
	if b.trying || now < b.until {
		return false
	}
	b.trying = true
	return true
}

// done notes how a call ended. Calls that began before the circuit opened change nothing unless they went well.
func (b *breaker) done(ok bool, now int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case ok:
		b.failures, b.cooling, b.trying = 0, 0, false
	case b.failures >= tolerated && !b.trying:
	default:
		b.trying = false
		if b.failures++; b.failures >= tolerated {
			b.cooling = min(max(2*b.cooling, firstCooling), lastCooling)
			b.until = now + int64(b.cooling)
		}
	}
}

// open says whether the circuit is not closed.
func (b *breaker) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failures >= tolerated
}
