package sim

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Delivery says how badly events travel. The zero value loses none and keeps their order.
type Delivery struct {
	Lost int           // events of a thousand that never arrive, 0 to 500
	Late time.Duration // an event arrives up to this long after it happened, and the order is that of arrival; 0 to 1 h
	Skew time.Duration // the clock of one account in ten is off by up to this either way; 0 to 1 h
}

func (d Delivery) check() error {
	switch {
	case d.Lost < 0 || d.Lost > 500:
		return fmt.Errorf("sim: %d of 1,000 events are to be lost: give 0 to 500", d.Lost)
	case d.Late < 0 || d.Late > time.Hour:
		return fmt.Errorf("sim: events are to be late by up to %s: give 0 to 1h", d.Late)
	case d.Skew < 0 || d.Skew > time.Hour:
		return fmt.Errorf("sim: clocks are to be off by up to %s: give 0 to 1h", d.Skew)
	}
	return nil
}

// arrival is an act and when it arrives.
type arrival struct {
	at  int64
	act act
}

// network is what is on its way, for one goroutine.
type network struct {
	Delivery
	seed    uint64
	waiting []arrival
}

// deliver gives the acts that arrive before a time, of these and of earlier ones, in the order of arrival. Acts come in with their serial numbers.
func (n *network) deliver(acts []act, until int64) []act {
	if n.Delivery == (Delivery{}) {
		return acts
	}
	for _, a := range acts {
		h := scramble(n.seed ^ scramble(a.serial+1<<60))
		if int(h%1000) < n.Lost {
			continue
		}
		at := a.at
		if n.Late > 0 {
			at += int64(h>>20%uint64(n.Late/time.Millisecond+1)) * millisecond
		}
		if by := scramble(n.seed + uint64(a.actor)<<20); n.Skew >= time.Millisecond && by%10 == 0 {
			a.at += (int64(by>>20%uint64(2*n.Skew/time.Millisecond+1)) - int64(n.Skew/time.Millisecond)) * millisecond
		}
		n.waiting = append(n.waiting, arrival{at, a})
	}
	slices.SortStableFunc(n.waiting, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	there := slices.IndexFunc(n.waiting, func(a arrival) bool { return a.at >= until })
	if there < 0 {
		there = len(n.waiting)
	}
	arrived := make([]act, there)
	for i := range arrived {
		arrived[i] = n.waiting[i].act
	}
	n.waiting = append(n.waiting[:0], n.waiting[there:]...)
	return arrived
}
