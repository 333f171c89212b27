package window

// Session keeps (start, last) pairs: the runs of sightings with no gap longer than the duration, in order of time. Runs never
// touch: a sighting that closes a gap joins them. There is one, but for sessions shorter than the lateness.

func (w *Window) addSession(c []uint64, clock, at int64) []uint64 {
	for len(c) > 0 && int64(c[1]) < clock-w.Retention() {
		c = c[:copy(c, c[2:])]
	}
	i := len(c) // the runs from i on are later than at
	for i > 0 && int64(c[i-2]) > at {
		i -= 2
	}
	joinsBefore := i > 0 && at-int64(c[i-1]) <= w.Duration
	joinsAfter := i < len(c) && int64(c[i])-at <= w.Duration
	switch {
	case joinsBefore && joinsAfter:
		c[i-1] = c[i+1]
		c = append(c[:i], c[i+2:]...)
	case joinsBefore:
		c[i-1] = max(c[i-1], uint64(at))
	case joinsAfter:
		c[i] = uint64(at)
	default:
		c = append(c, 0, 0)
		copy(c[i+2:], c[i:])
		c[i], c[i+1] = uint64(at), uint64(at)
	}
	return c
}

func (w *Window) readSession(c []uint64, at int64) Result {
	for i := len(c) - 2; i >= 0; i -= 2 {
		if int64(c[i]) <= at {
			return Result{V: int64(c[i]), OK: at-int64(c[i+1]) <= w.Duration}.orNone()
		}
	}
	return Result{}
}

// FirstSeen keeps the first sighting of each sub-bucket, in order of time. A result is a sighting in the window, and at most one
// sub-bucket later than the first one.

func (w *Window) addFirst(c []uint64, clock, at int64) []uint64 {
	i := after(c, at)
	if i > 0 && int64(c[i-1])/w.width == at/w.width {
		return c
	}
	if i < len(c) && int64(c[i])/w.width == at/w.width {
		c[i] = uint64(at)
		return c
	}
	if expired := after(c, clock-w.Retention()); expired > len(c)/4 {
		c = c[:copy(c, c[expired:])]
		i -= expired
	}
	return insertTime(c, i, at)
}

func (w *Window) readFirst(c []uint64, at int64) Result {
	i := after(c, at-w.Duration)
	if i == len(c) || int64(c[i]) > at {
		return Result{}
	}
	return Result{V: int64(c[i]), OK: true}
}

// LastSeen keeps the last sighting of each sub-bucket as far back as the lateness, and the last one before that.

func (w *Window) addLast(c []uint64, clock, at int64) []uint64 {
	i := after(c, at)
	switch {
	case i < len(c) && int64(c[i])/w.width == at/w.width:
		return c
	case i > 0 && int64(c[i-1])/w.width == at/w.width:
		c[i-1] = uint64(at)
		return c
	}
	c = insertTime(c, i, at)
	if settled := after(c, clock-w.lateness); settled > 1 {
		c = c[:copy(c, c[settled-1:])]
	}
	return c
}

func (w *Window) readLast(c []uint64, at int64) Result {
	i := after(c, at)
	if i == 0 {
		return Result{}
	}
	return Result{V: int64(c[i-1]), OK: int64(c[i-1]) > at-w.Duration}.orNone()
}

// after is the index of the first time after t in a sorted list.
func after(c []uint64, t int64) int {
	lo, hi := 0, len(c)
	if hi > 0 && int64(c[hi-1]) <= t {
		return hi
	}
	for lo < hi {
		if mid := (lo + hi) / 2; int64(c[mid]) <= t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func insertTime(c []uint64, i int, at int64) []uint64 {
	c = append(c, 0)
	copy(c[i+1:], c[i:])
	c[i] = uint64(at)
	return c
}

// orNone clears the value of a result that is not OK.
func (r Result) orNone() Result {
	if !r.OK {
		return Result{}
	}
	return r
}
