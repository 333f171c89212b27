package state

import "github.com/ringfence/ringfence/internal/window"

// wheel files the cells of one window by the time of their last sighting, in slices of about a 240th of the window's retention.
// A cell stays where it was filed while it is touched, and is filed anew when its slice comes up: a touch costs nothing. So a cell
// is filed in the slice of its last sighting or in an earlier one.
//
// A cell is dropped when the clock has passed its retention by up to one slice: exactly when is a function of its last sighting
// and the clock alone, never of where it was filed, so that a restored state drops it at the same event.
type wheel struct {
	slice     int64 // nanoseconds
	retention int64
	first     int64 // no cell is filed in an earlier slice
	heads     [wheelSize]uint32
}

const wheelSize = 256

func newWheel(w *window.Window, clock int64) *wheel {
	wh := &wheel{retention: w.Retention(), slice: w.Retention()/(wheelSize-16) + 1}
	wh.first = wh.kept(clock)
	for i := range wh.heads {
		wh.heads[i] = noCell
	}
	return wh
}

func (wh *wheel) sliceOf(last int64) int64 { return last / wh.slice }

// kept is the earliest slice that is kept at a clock.
func (wh *wheel) kept(clock int64) int64 { return max(0, clock-wh.retention) / wh.slice }

// wake is the clock at which the first slice becomes due.
func (wh *wheel) wake() int64 { return (wh.first+1)*wh.slice + wh.retention }

func (wh *wheel) head(slice int64) *uint32 { return &wh.heads[uint64(slice)%wheelSize] }

// file puts a cell that is in no list into the slice of its last sighting.
func (wh *wheel) file(cs *cells, i uint32) {
	c := cs.at(i)
	h := wh.head(wh.sliceOf(c.last))
	c.next, *h = *h, i
}

// take empties a slice: cells that were seen since are filed anew, the others are given to visit.
func (wh *wheel) take(cs *cells, slice int64, visit func(i uint32)) {
	h := wh.head(slice)
	i := *h
	*h = noCell
	for i != noCell {
		c := cs.at(i)
		next := c.next
		if wh.sliceOf(c.last) > slice {
			wh.file(cs, i)
		} else {
			visit(i)
		}
		i = next
	}
}
