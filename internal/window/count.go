package window

// addCount adds one sighting. A total is 32 bits: a window that holds 2^32 sightings starts again at zero.
func (w *Window) addCount(c []uint64, clock, b int64) []uint64 {
	if len(c) == 0 {
		c = first(c, 1, b)
		c[1]++
		return c
	}
	top := newest(c, 1)
	if b > top {
		c = w.appendRow(c, 1, clock, b)
	} else if b < top {
		return addLateCount(c, b)
	}
	last := len(c) - 1
	c[last] = c[last]&high | uint64(uint32(c[last])+1)
	return c
}

func addLateCount(c []uint64, b int64) []uint64 {
	i := from(c, 1, b)
	if uint32(c[i]>>32) != uint32(b) {
		c = insertRow(c, 1, i, b)
	}
	for ; i < len(c); i++ {
		c[i] = c[i]&high | uint64(uint32(c[i])+1)
	}
	return c
}

func (w *Window) readCount(c []uint64, at int64) Result {
	if len(c) == 0 {
		return Result{OK: true}
	}
	lo, hi := w.span(at)
	end := len(c)
	if hi < newest(c, 1) {
		end = until(c, 1, hi)
	}
	start := from(c, 1, lo)
	n := between(c, start, end)
	if w.Func == Count {
		return Result{V: n, OK: true}
	}
	earlier := floorDiv(at-2*w.Duration, w.width) + 1
	before := between(c, from(c, 1, earlier), start)
	if n >= w.Min && n > 0 && n >= trendRise*before {
		return Result{V: 1, OK: true}
	}
	return Result{OK: true}
}

// between is the total of the rows from start to before end.
func between(c []uint64, start, end int) int64 {
	if start >= end {
		return 0
	}
	return int64(uint32(c[end-1]) - uint32(c[start-1]))
}
