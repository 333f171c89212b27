package pdq

// quad is one column of four rows. The row filters work on quads, so that four running sums hide each other's latency.
type quad [4]float32

// box is a one-dimensional box filter as the reference computes it: a running sum to which a value is added when it enters and from which
// it is subtracted when it leaves, divided by how many values are in. Near the ends the box is cut off. Values enter at steps 0 to n-1,
// value y leaves at step y+size, and step y completes the value y-lag; there are n+lag steps.
type box struct {
	n, size, lag int
}

// newBox is the filter for a picture's side of n: a 128th of it, rounded up.
func newBox(n int) box {
	size := (n + 127) / 128
	return box{n: n, size: size, lag: size / 2}
}

// steps is the number of steps.
func (b box) steps() int { return b.n + b.lag }

// mean is what a sum after step y is to be multiplied with. One product in double precision gives the same float32 as a division in
// single precision: its relative error is below 2⁻⁵², whereas a quotient of a 24-bit number by a count c that is not halfway between
// two float32 differs from every halfway point by 2⁻²⁵/c or more, and it never is halfway, since 25 bits times c have no 24-bit form.
func (b box) mean(y int) float64 {
	return 1 / float64(min(y+1, b.n)-max(y+1-b.size, 0))
}

// alongRows runs the filter along four rows at once: sums[x] becomes the sum that belongs to column x.
func (b box) alongRows(in, sums []quad) {
	in = in[:b.n]
	var s0, s1, s2, s3 float32
	for x := range b.size {
		q := &in[x]
		s0 += q[0]
		s1 += q[1]
		s2 += q[2]
		s3 += q[3]
		if x >= b.lag {
			sums[x-b.lag] = quad{s0, s1, s2, s3}
		}
	}
	enter := in[b.size:]
	leave := in[:len(enter)]
	out := sums[b.size-b.lag:][:len(enter)]
	for x := range enter {
		q, o, s := &enter[x], &leave[x], &out[x]
		s0 = s0 + q[0] - o[0]
		s1 = s1 + q[1] - o[1]
		s2 = s2 + q[2] - o[2]
		s3 = s3 + q[3] - o[3]
		s[0], s[1], s[2], s[3] = s0, s1, s2, s3
	}
	for x := b.n; x < b.steps(); x++ {
		o := &in[x-b.size]
		s0 -= o[0]
		s1 -= o[1]
		s2 -= o[2]
		s3 -= o[3]
		sums[x-b.lag] = quad{s0, s1, s2, s3}
	}
}

// columns runs the filter down columns, as rows arrive. Each row is written into its slot before its step.
type columns struct {
	box
	w    int
	next int       // step
	sums []float32 // one a column
	ring []float32 // the last rows
	rows int       // how many fit: those in the box, and four that arrive together
}

func (c *columns) reset(w, n int) {
	c.box, c.w, c.next = newBox(n), w, 0
	c.rows = c.size + 4
	c.sums = resize(c.sums, w)
	clear(c.sums)
	c.ring = resize(c.ring, w*c.rows)
}

// slot is where row y belongs.
func (c *columns) slot(y int) []float32 {
	return c.ring[y%c.rows*c.w:][:c.w]
}

// step does the next step and writes the row that it completes into place k of out. It says whether there is one: the first few steps
// complete none.
func (c *columns) step(out []quad, k int) bool {
	y := c.next
	c.next++
	k &= 3
	mean := c.mean(y)
	sums := c.sums
	out = out[:len(sums)]
	switch {
	case y < c.size:
		enter := c.slot(y)[:len(sums)]
		for x, s := range sums {
			s += enter[x]
			sums[x] = s
			out[x][k] = float32(float64(s) * mean)
		}
	case y < c.n:
		enter, leave := c.slot(y)[:len(sums)], c.slot(y - c.size)[:len(sums)]
		for x, s := range sums {
			s = s + enter[x] - leave[x]
			sums[x] = s
			out[x][k] = float32(float64(s) * mean)
		}
	default:
		leave := c.slot(y - c.size)[:len(sums)]
		for x, s := range sums {
			s -= leave[x]
			sums[x] = s
			out[x][k] = float32(float64(s) * mean)
		}
	}
	return y >= c.lag
}

// resize is a slice of n values, which may hold anything, in the memory of v if it is enough.
func resize[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}
