package pdq

import "fmt"

const (
	squash  = 512 // the side to which the reference's file hasher reduces larger pictures
	minSide = 5   // the least side of a picture that has a hash
	points  = 64  // the side of the grid of points that the transform sees
)

// Hasher turns pictures into spectra. It keeps its buffers from one picture to the next, a few rows whatever the height. It is
// not safe for concurrent use; have one a goroutine.
//
// It does in one pass over the picture what the reference does in seven (grey, twice a box filter along rows and along columns,
// reduction to 64 by 64 points), with the same operations on every value in the same order. The second filters divide only where one
// of the points is.
type Hasher struct {
	dct    *dctRows
	luma   *weights
	across box     // the filter along rows
	down   columns // the first filter along columns
	few    columns // the second, at 64 columns only
	grey   []quad  // four rows of the picture
	sums   []quad  // four rows of sums
	soft   []quad  // four rows that down completed
	held   int     // how many of them
	ready  [points]quad
	small  [points][points]float32
}

// NewHasher returns a Hasher.
func NewHasher() *Hasher { return &Hasher{dct: newDCT(), luma: newWeights()} }

// Full is the spectrum of a picture as it is, the variant of HMA, Python's pdqhash and vPDQ. pix holds 3·w·h bytes: red, green
// and blue of each pixel, rows from the top, without padding; Full panics if it holds fewer. A picture with a side under 5 pixels has
// a spectrum of zeros and quality 0. Time grows with w·h, memory with w.
func (h *Hasher) Full(pix []byte, w, height int) Spectrum {
	return h.spectrum(view{pix, w, height, w, height})
}

// Squashed is the spectrum that the reference's file hasher sees: a picture with a side over 512 is first reduced to 512 by 512,
// whatever its shape, by taking one pixel of each cell. For other pictures it is the same as [Hasher.Full].
func (h *Hasher) Squashed(pix []byte, w, height int) Spectrum {
	if w <= squash && height <= squash {
		return h.Full(pix, w, height)
	}
	return h.spectrum(view{pix, w, height, squash, squash})
}

func (h *Hasher) spectrum(v view) Spectrum {
	if v.fromW < 0 || v.fromH < 0 || len(v.pix)/3 < v.fromW*v.fromH {
		panic(fmt.Sprintf("pdq: %d bytes are no picture of %d x %d", len(v.pix), v.fromW, v.fromH))
	}
	if v.fromW < minSide || v.fromH < minSide {
		return Spectrum{}
	}
	h.grey = resize(h.grey, v.w)
	if v.w == points && v.h == points {
		h.read(v)
	} else {
		h.filter(v)
	}
	s := Spectrum{Quality: quality(&h.small)}
	h.dct.transform(&h.small, &s.Coef)
	return s
}

// read fills small with a picture that has its size.
func (h *Hasher) read(v view) {
	for y := range h.small {
		v.row(y, h.grey, 0, h.luma)
		for x := range h.small[y] {
			h.small[y][x] = h.grey[x][0]
		}
	}
}

// filter fills small with the picture, blurred and reduced.
func (h *Hasher) filter(v view) {
	h.across = newBox(v.w)
	h.down.reset(v.w, v.h)
	h.few.reset(points, v.h)
	h.sums = resize(h.sums, v.w)
	h.soft = resize(h.soft, v.w)
	for y := 0; y < v.h; y += 4 {
		n := min(4, v.h-y)
		for k := range n {
			v.row(y+k, h.grey, k, h.luma)
		}
		h.across.alongRows(h.grey, h.sums)
		for k := range n {
			h.means(h.down.slot(y+k), k)
		}
		for range n {
			h.downStep()
		}
	}
	for h.down.next < h.down.steps() {
		h.downStep()
	}
	h.secondPass()
	for h.few.next < h.few.steps() {
		h.fewStep()
	}
}

// means writes the means that belong to the sums of row k.
func (h *Hasher) means(out []float32, k int) {
	k &= 3
	sums := h.sums[:len(out)]
	b := h.across
	for x := range min(b.size, len(out)) {
		out[x] = float32(float64(sums[x][k]) * b.mean(x+b.lag))
	}
	inside := b.mean(b.size)
	for x := b.size; x < b.n-b.size; x++ {
		out[x] = float32(float64(sums[x][k]) * inside)
	}
	for x := max(b.n-b.size, b.size); x < b.n; x++ {
		out[x] = float32(float64(sums[x][k]) * b.mean(x+b.lag))
	}
}

// downStep does a step of the first filter along columns, and the second filters once it gave four rows.
func (h *Hasher) downStep() {
	if h.down.step(h.soft, h.held) {
		h.held++
	}
	if h.held == 4 {
		h.secondPass()
	}
}

// secondPass filters the rows in soft along their length and hands the points of each to the last filter.
func (h *Hasher) secondPass() {
	h.across.alongRows(h.soft, h.sums)
	for k := range h.held {
		out := h.few.slot(h.few.next)
		for i := range out {
			x := point(i, h.across.n)
			out[i] = float32(float64(h.sums[x][k]) * h.across.mean(x+h.across.lag))
		}
		h.fewStep()
	}
	h.held = 0
}

// fewStep does a step of the last filter and keeps the row that it completes if points are in it.
func (h *Hasher) fewStep() {
	y := h.few.next - h.few.lag
	if !h.few.step(h.ready[:], 0) {
		return
	}
	for i := max(0, y*points/h.few.n-1); i < points && point(i, h.few.n) <= y; i++ {
		if point(i, h.few.n) == y {
			for j := range h.small[i] {
				h.small[i][j] = h.ready[j][0]
			}
		}
	}
}

// point is the place of point i of 64 along a side of n: the middle of its cell.
func point(i, n int) int { return (2*i + 1) * n / (2 * points) }

// view is a picture seen at some size: its pixel (x, y) is pixel (x·fromW/w, y·fromH/h) of pix.
type view struct {
	pix          []byte
	fromW, fromH int
	w, h         int
}

// row writes the grey of row y into place k of out.
func (v view) row(y int, out []quad, k int, luma *weights) {
	k &= 3
	p := v.pix[y*v.fromH/v.h*v.fromW*3:][:3*v.fromW]
	if v.w == v.fromW {
		for x := range out {
			q := p[:3:3]
			out[x][k] = luma[0][q[0]] + luma[1][q[1]] + luma[2][q[2]]
			p = p[3:]
		}
		return
	}
	for x := range out {
		q := p[x*v.fromW/v.w*3:][:3]
		out[x][k] = luma[0][q[0]] + luma[1][q[1]] + luma[2][q[2]]
	}
}

// weights are the products of the luma, each rounded, of every value of red, green and blue.
type weights [3][256]float32

func newWeights() *weights {
	var w weights
	for c, by := range [3]float32{0.299, 0.587, 0.114} {
		for v := range w[c] {
			w[c][v] = by * float32(v)
		}
	}
	return &w
}
