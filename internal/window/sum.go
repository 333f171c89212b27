package window

import "math/bits"

// A total of a Sum is 96 bits: the low half of the row's first word above its second. A sum of fewer than 2^32 values is exact,
// and it shows where it does not fit 64 bits.

func (w *Window) addSum(c []uint64, clock, b, num int64) []uint64 {
	var i int
	switch {
	case len(c) == 0:
		c = first(c, 2, b)
		i = 2
	case b > newest(c, 2):
		c = w.appendRow(c, 2, clock, b)
		i = len(c) - 2
	default:
		i = from(c, 2, b)
		if uint32(c[i]>>32) != uint32(b) {
			c = insertRow(c, 2, i, b)
		}
	}
	for ; i < len(c); i += 2 {
		total, carry := bits.Add64(c[i+1], uint64(num), 0)
		c[i+1] = total
		c[i] = c[i]&high | uint64(uint32(c[i])+uint32(num>>63)+uint32(carry))
	}
	return c
}

func (w *Window) readSum(c []uint64, at int64) Result {
	if len(c) == 0 {
		return Result{OK: true}
	}
	lo, hi := w.span(at)
	start, end := from(c, 2, lo), until(c, 2, hi)
	if start >= end {
		return Result{OK: true}
	}
	total, borrow := bits.Sub64(c[end-1], c[start-1], 0)
	upper := int32(uint32(c[end-2]) - uint32(c[start-2]) - uint32(borrow))
	if int64(upper) != int64(total)>>63 {
		return Result{}
	}
	return Result{V: int64(total), OK: true}
}
