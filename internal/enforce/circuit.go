package enforce

import (
	"strconv"
	"time"

	"github.com/zeebo/xxh3"
)

// MaxAttempts is how many counted failures make an effect dead: about two hours after the first.
const MaxAttempts = 20

const (
	firstRetry = time.Second
	lastRetry  = 10 * time.Minute

	tolerated    = 10 // failures in a row that open a circuit
	firstCooling = 5 * time.Second
	lastCooling  = time.Minute
)

// backoff is the wait after the n-th failure of an effect, n from 1: it doubles, and is between a half and the whole of that. The
// part is drawn from the effect's id, so that effects that failed together do not come back together, and tests see no chance.
func backoff(id string, n int) time.Duration {
	wait := lastRetry
	if doublings := n - 1; doublings < 10 {
		wait = min(firstRetry<<doublings, lastRetry)
	}
	part := float64(xxh3.HashString(id+"/"+strconv.Itoa(n))>>11) / (1 << 53)
	return wait/2 + time.Duration(part*float64(wait/2))
}

// circuit keeps a receiver that fails from being tried with everything there is.
type circuit struct {
	open     bool
	failures int // in a row
	cooling  time.Duration
	until    time.Time // nothing is sent before
}

// room is how many more messages may be started.
func (c *circuit) room(now time.Time, busy, workers int) int {
	switch {
	case now.Before(c.until):
		return 0
	case c.open:
		return max(1-busy, 0)
	}
	return workers - busy
}

// accepted notes that the receiver works.
func (c *circuit) accepted() {
	if c.open {
		c.until = time.Time{}
	}
	c.open, c.failures, c.cooling = false, 0, 0
}

// failed notes that it does not.
func (c *circuit) failed(now time.Time) {
	if c.failures++; c.failures < tolerated || now.Before(c.until) {
		return // the latter is a message from before the circuit opened
	}
	c.open = true
	c.cooling = min(max(2*c.cooling, firstCooling), lastCooling)
	c.until = now.Add(c.cooling)
}

// pause keeps everything back until a time that the receiver asked for.
func (c *circuit) pause(until time.Time) {
	if until.After(c.until) {
		c.until = until
	}
}
