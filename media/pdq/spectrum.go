package pdq

import (
	"math"
	"slices"
)

// Spectrum is the low-frequency part of a picture: the hash is its signs around the median. Turning or mirroring the picture
// only transposes it and turns signs, which is how one transform gives eight hashes.
type Spectrum struct {
	// Coef holds the coefficients of the two-dimensional DCT-II: rows are vertical frequencies 1 to 16, columns horizontal
	// ones. Frequency 0, the average, is left out.
	Coef [16][16]float32

	// Quality is 0 to 100: how much the 64 by 64 picture changes from point to point. See [MinQuality].
	Quality int
}

// Dihedral says how a picture is turned or mirrored.
type Dihedral int

// The dihedral transforms, in the order in which the reference prints their hashes.
const (
	Original   Dihedral = iota
	Rotate90            // a quarter, counterclockwise
	Rotate180           // a half
	Rotate270           // a quarter, clockwise
	FlipX               // upside down: the vertical axis is turned
	FlipY               // as in a mirror: the horizontal axis is turned
	FlipPlus1           // along the main diagonal: transposed
	FlipMinus1          // along the other diagonal
	dihedrals
)

// String is the reference's name of the transform.
func (d Dihedral) String() string {
	if d < 0 || d >= dihedrals {
		return "unknown"
	}
	return [...]string{"orig", "rot90", "rot180", "rot270", "flipx", "flipy", "flipp", "flipm"}[d]
}

// Hash is the picture's hash; all zero for a picture too small to have one.
func (s *Spectrum) Hash() Hash { return signs(&s.Coef) }

// Dihedral gives the hashes that the picture would have turned and mirrored, indexed by [Dihedral]. Querying with all eight finds a
// banked picture whichever way the query is turned.
func (s *Spectrum) Dihedral() [8]Hash {
	var out [8]Hash
	var turned [16][16]float32
	for d := range dihedrals {
		transpose := d == Rotate90 || d == Rotate270 || d == FlipPlus1 || d == FlipMinus1
		for i := range 16 {
			for j := range 16 {
				v := s.Coef[i][j]
				if transpose {
					v = s.Coef[j][i]
				}
				// Turning an axis negates the odd frequencies along it, which stand in the even rows or columns.
				if d.negates(i, j) {
					v = -v
				}
				turned[i][j] = v
			}
		}
		out[d] = signs(&turned)
	}
	return out
}

// negates says whether the transform changes the sign of the coefficient that lands in row i and column j.
func (d Dihedral) negates(i, j int) bool {
	switch d {
	case Rotate90, FlipX:
		return i%2 == 0
	case Rotate270, FlipY:
		return j%2 == 0
	case Rotate180, FlipMinus1:
		return (i+j)%2 != 0
	}
	return false
}

// signs sets a bit for each coefficient above the median. The median of 256 values is the lower of the middle two, as the
// reference's selection (Torben's method) gives it.
func signs(coef *[16][16]float32) Hash {
	var sorted [256]float32
	for i := range coef {
		copy(sorted[16*i:], coef[i][:])
	}
	median := quickselect(sorted[:], 127)
	var h Hash
	for i := range coef {
		for j, v := range &coef[i] {
			if v > median {
				h.set(i, j)
			}
		}
	}
	return h
}

// quickselect is the value that would stand at place k if v were sorted; it reorders v. Hoare's method (1961). Coefficients are
// never NaN; after many bad pivots, which only a made-up picture could cause, it sorts.
func quickselect(v []float32, k int) float32 {
	for range 64 {
		if len(v) < 16 {
			break
		}
		a, b, c := v[0], v[len(v)/2], v[len(v)-1]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := 0, len(v)-1
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			v = v[:j+1]
		case k >= i:
			v, k = v[i:], k-i
		default:
			return pivot
		}
	}
	slices.Sort(v)
	return v[k]
}

// dctRows is the DCT-II matrix without its first row: 16 frequencies over 64 points.
type dctRows [16][64]float32

func newDCT() *dctRows {
	var d dctRows
	scale := float32(math.Sqrt(2.0 / 64.0))
	for i := range d {
		for j := range d[i] {
			d[i][j] = float32(float64(scale) * math.Cos(math.Pi/2/64*float64(i+1)*float64(2*j+1)))
		}
	}
	return &d
}

// transform sets out to D·a·Dᵀ. Every sum runs from the first point to the last, one rounded product after the other: the explicit
// conversions keep the compiler from fusing multiplication and addition, which would round differently.
func (d *dctRows) transform(a *[64][64]float32, out *[16][16]float32) {
	var t [16][64]float32
	for i := 0; i < 16; i += 4 {
		d0, d1, d2, d3 := &d[i], &d[i+1], &d[i+2], &d[i+3]
		for j := 0; j < 64; j += 2 {
			var s00, s01, s10, s11, s20, s21, s30, s31 float32
			for k := range a {
				x, y := a[k][j], a[k][j+1]
				s00 += float32(d0[k] * x)
				s01 += float32(d0[k] * y)
				s10 += float32(d1[k] * x)
				s11 += float32(d1[k] * y)
				s20 += float32(d2[k] * x)
				s21 += float32(d2[k] * y)
				s30 += float32(d3[k] * x)
				s31 += float32(d3[k] * y)
			}
			t[i][j], t[i][j+1] = s00, s01
			t[i+1][j], t[i+1][j+1] = s10, s11
			t[i+2][j], t[i+2][j+1] = s20, s21
			t[i+3][j], t[i+3][j+1] = s30, s31
		}
	}
	for i := range t {
		for j := 0; j < 16; j += 4 {
			var s0, s1, s2, s3 float32
			d0, d1, d2, d3 := &d[j], &d[j+1], &d[j+2], &d[j+3]
			for k, x := range &t[i] {
				s0 += float32(x * d0[k])
				s1 += float32(x * d1[k])
				s2 += float32(x * d2[k])
				s3 += float32(x * d3[k])
			}
			out[i][j], out[i][j+1], out[i][j+2], out[i][j+3] = s0, s1, s2, s3
		}
	}
}

// quality is the reference's measure of a picture: how much neighbouring points differ, in whole percents of white, of which
// 9,000 make 100.
func quality(a *[64][64]float32) int {
	sum := 0
	for i := range a {
		for j, v := range &a[i] {
			if i < 63 {
				sum += gradient(v, a[i+1][j])
			}
			if j < 63 {
				sum += gradient(v, a[i][j+1])
			}
		}
	}
	return min(sum/90, 100)
}

func gradient(u, v float32) int {
	d := int((u - v) * 100 / 255)
	return max(d, -d)
}
