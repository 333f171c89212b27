package enforce

import (
	"slices"
	"strings"

	"github.com/ringfence/ringfence/internal/effect"
)

// Stats is what a receiver was sent since the dispatcher was made.
type Stats struct {
	Receiver  string
	Delivered uint64 // effects that it accepted
	Recorded  uint64 // effects of kinds that it does not take
	Retried   uint64 // failed attempts that are followed by another
	Dead      uint64 // effects given up
	Open      bool   // whether its circuit is open: it fails, and is only tried now and then
}

// Stats gives the figures of each receiver, in order of name, and how many effects had no receiver at all.
func (d *Dispatcher) Stats() (receivers []Stats, unrouted uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.receivers {
		receivers = append(receivers, r.stats)
	}
	slices.SortFunc(receivers, func(a, b Stats) int { return strings.Compare(a.Receiver, b.Receiver) })
	return receivers, d.unrouted
}

func (d *Dispatcher) count(r *receiver, s effect.State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch s {
	case effect.Delivered:
		r.stats.Delivered++
	case effect.Dead:
		r.stats.Dead++
	default:
		r.stats.Retried++
	}
	r.stats.Open = r.circuit.open
}

func (d *Dispatcher) countRecorded(r *receiver, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r == nil {
		d.unrouted += uint64(n)
	} else {
		r.stats.Recorded += uint64(n)
	}
}
