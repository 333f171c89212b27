package window

// The exact form of Distinct has a row for each value: its last sub-bucket, and in the second word its hash. Rows are in order
// of (sub-bucket, hash). A read as of an earlier time than the newest does not see a value that was sighted again since.
//
// The low half of the head's first word tells the forms apart: 0 is exact, sketched is a sketch.

const sketched = 1

func isSketch(c []uint64) bool { return len(c) > 0 && c[0]&low == sketched }

func (w *Window) addDistinct(c []uint64, clock, b int64, hash uint64) []uint64 {
	if isSketch(c) {
		return w.addSketch(c, b, hash)
	}
	if len(c) > 0 && b > newest(c, 2) {
		c = w.prune(c, 2, clock)
	}
	if len(c) == 0 {
		return append(first(c, 2, b)[:3], hash)
	}
	top := newest(c, 2)
	to := place(c, top, b, hash)
	if b > top {
		c[0] = uint64(b) & high
	}
	if i := find(c, hash); i > 0 {
		if bucket(c, i, top) < b { // the rows between its old place and its new one close up
			copy(c[i:to-2], c[i+2:to])
			c[to-2], c[to-1] = uint64(b)<<32, hash
		}
		return c
	}
	c = append(c, 0, 0)
	copy(c[to+2:], c[to:])
	c[to], c[to+1] = uint64(b)<<32, hash
	if len(c) > 2+2*MaxExact {
		if c = cutExpired(c, 2, w.keep(clock)); len(c) > 2+2*MaxExact {
			return w.toSketch(c)
		}
	}
	return c
}

// place is where the row of a sub-bucket and hash belongs in a list whose newest sub-bucket is top.
func place(c []uint64, top, b int64, hash uint64) int {
	if b > top {
		return len(c)
	}
	i := from(c, 2, b)
	for i < len(c) && uint32(c[i]>>32) == uint32(b) && c[i+1] < hash {
		i += 2
	}
	return i
}

// find is the index of a value's row, from the newest back; 0 if there is none. It looks at every row: 1024 take 0.4 µs.
func find(c []uint64, hash uint64) int {
	for i := len(c) - 1; i > 2; i -= 2 {
		if c[i] == hash {
			return i - 1
		}
	}
	return 0
}

// cutExpired removes the rows before sub-bucket keep.
func cutExpired(c []uint64, stride int, keep int64) []uint64 {
	if i := from(c, stride, keep); i > stride {
		return cut(c, stride, i)
	}
	return c
}

func (w *Window) readDistinct(c []uint64, at int64) Result {
	if len(c) == 0 {
		return Result{OK: true}
	}
	lo, hi := w.span(at)
	if isSketch(c) {
		return Result{V: w.readSketch(c, lo, hi), OK: true}
	}
	n := until(c, 2, hi) - from(c, 2, lo)
	return Result{V: int64(max(0, n) / 2), OK: true}
}
