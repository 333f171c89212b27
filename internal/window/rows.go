package window

// Count, Sum and the exact form of Distinct keep a list of non-empty sub-buckets in rows of one or two words. Row 0 is the
// head; then come the sub-buckets in ascending order, each once in Count and Sum.
//
//	head: upper half of the newest sub-bucket's number (32 bits) | the total before the first row
//	row:  lower half of the sub-bucket's number (32 bits)        | the total up to and with this row
//
// Totals are cumulative and wrap around, so that a range is one subtraction and the front can be cut off without touching the
// rest. A list without rows is empty: it has no head either. The rows of a list never span 2^32 sub-buckets.

const (
	low  = 1<<32 - 1
	high = ^uint64(low)
)

// newest is the number of the last sub-bucket of a list that is not empty.
func newest(c []uint64, stride int) int64 { return int64(c[0]&high | c[len(c)-stride]>>32) }

// bucket is the number of the sub-bucket of row i in a list whose newest is top.
func bucket(c []uint64, i int, top int64) int64 { return top - int64(uint32(top)-uint32(c[i]>>32)) }

// from is the index of the first row whose sub-bucket is b or later, and len(c) if there is none.
func from(c []uint64, stride int, b int64) int {
	top := newest(c, stride)
	if b > top {
		return len(c)
	}
	back := top - b
	if back > low {
		return stride
	}
	i := stride
	if stride == 1 { // a row for each sub-bucket, so no more rows than sub-buckets between
		i = max(i, len(c)-int(back)-1)
	}
	age := func(i int) uint32 { return uint32(top) - uint32(c[i]>>32) }
	if age(i) <= uint32(back) {
		return i
	}
	n := (len(c) - i) / stride
	for n > 1 { // row i is before b; the row n further is not, or there is none
		half := n / 2
		if age(i+half*stride) > uint32(back) {
			i += half * stride
		}
		n -= half
	}
	return i + stride
}

// until is the index after the last row whose sub-bucket is b or earlier.
func until(c []uint64, stride int, b int64) int {
	if b >= newest(c, stride) {
		return len(c)
	}
	return from(c, stride, b+1)
}

// first makes a list of one row, with room for its totals to be added.
func first(c []uint64, stride int, b int64) []uint64 {
	c = append(c[:0], uint64(b)&high)
	if stride == 2 {
		c = append(c, 0)
	}
	c = append(c, uint64(b)<<32)
	if stride == 2 {
		c = append(c, 0)
	}
	return c
}

// appendRow adds a row for a sub-bucket after all others, with the totals of the row before it. Expired rows are cut off when
// they are a quarter of the list, so that cutting costs a constant number of moves for each row.
func (w *Window) appendRow(c []uint64, stride int, clock, b int64) []uint64 {
	c = w.prune(c, stride, clock)
	if len(c) == 0 {
		return first(c, stride, b)
	}
	last := len(c) - stride
	c[0] = uint64(b)&high | c[0]&low
	c = append(c, uint64(b)<<32|c[last]&low)
	if stride == 2 {
		c = append(c, c[last+1])
	}
	return c
}

// insertRow makes room for a row before index i, with the totals of the row before it.
func insertRow(c []uint64, stride, i int, b int64) []uint64 {
	c = append(c, 0)
	if stride == 2 {
		c = append(c, 0)
	}
	copy(c[i+stride:], c[i:])
	c[i] = uint64(b)<<32 | c[i-stride]&low
	if stride == 2 {
		c[i+1] = c[i-1]
	}
	return c
}

// prune cuts off the expired rows if they are at least a quarter of the list.
func (w *Window) prune(c []uint64, stride int, clock int64) []uint64 {
	keep := w.keep(clock)
	quarter := stride + (len(c)/stride-1)/4*stride
	if at := from(c, stride, keep); at > quarter {
		return cut(c, stride, at)
	}
	return c
}

// cut removes the rows before index i. The total of the last one removed becomes the head's.
func cut(c []uint64, stride, i int) []uint64 {
	if i == len(c) {
		return c[:0]
	}
	c[0] = c[0]&high | c[i-stride]&low
	if stride == 2 {
		c[1] = c[i-1]
	}
	n := copy(c[stride:], c[i:])
	return c[:stride+n]
}
