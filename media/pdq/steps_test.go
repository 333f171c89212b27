package pdq

import (
	"math"
	"slices"
)

// steps computes a spectrum as the published description does, one whole picture after the other. It is what the tests compare
// with, and the baseline of the benchmarks.
func steps(pix []byte, w, h int) Spectrum {
	if min(w, h) < minSide {
		return Spectrum{}
	}
	a := make([]float32, w*h)
	for i := range a {
		r, g, b := float32(pix[3*i]), float32(pix[3*i+1]), float32(pix[3*i+2])
		l := float32(float32(0.299) * r)
		l += float32(float32(0.587) * g)
		l += float32(float32(0.114) * b)
		a[i] = l
	}
	if w != 64 || h != 64 {
		b := make([]float32, w*h)
		for range 2 {
			for y := range h {
				box1D(a[y*w:], b[y*w:], w, 1, (w+127)/128)
			}
			for x := range w {
				box1D(b[x:], a[x:], h, w, (h+127)/128)
			}
		}
	}
	var small [64][64]float32
	for i := range small {
		for j := range small[i] {
			y := int((float64(i) + 0.5) * float64(h) / 64)
			x := int((float64(j) + 0.5) * float64(w) / 64)
			small[i][j] = a[y*w+x]
		}
	}
	s := Spectrum{Quality: stepsQuality(&small)}
	var d [16][64]float32
	for i := range d {
		for j := range d[i] {
			d[i][j] = float32(float64(float32(math.Sqrt(2.0/64))) * math.Cos(math.Pi/128*float64(i+1)*float64(2*j+1)))
		}
	}
	var t [16][64]float32
	for i := range t {
		for j := range t[i] {
			for k := range 64 {
				t[i][j] += float32(d[i][k] * small[k][j])
			}
		}
	}
	for i := range s.Coef {
		for j := range s.Coef[i] {
			for k := range 64 {
				s.Coef[i][j] += float32(t[i][k] * d[j][k])
			}
		}
	}
	return s
}

func stepsQuality(a *[64][64]float32) int {
	sum := 0
	for i := range 63 {
		for j := range 64 {
			sum += int(math.Abs(float64(int((a[i][j] - a[i+1][j]) * 100 / 255))))
		}
	}
	for i := range 64 {
		for j := range 63 {
			sum += int(math.Abs(float64(int((a[i][j] - a[i][j+1]) * 100 / 255))))
		}
	}
	return min(sum/90, 100)
}

// box1D is the box filter along one line of n values, stride apart.
func box1D(in, out []float32, n, stride, size int) {
	half := (size + 2) / 2
	var sum float32
	count, enter, leave, at := 0, 0, 0, 0
	step := func(adds, drops, gives bool) {
		if adds {
			sum += in[enter*stride]
			enter++
			count++
		}
		if drops {
			sum -= in[leave*stride]
			leave++
			count--
		}
		if gives {
			out[at*stride] = sum / float32(count)
			at++
		}
	}
	for range half - 1 {
		step(true, false, false)
	}
	for range size - half + 1 {
		step(true, false, true)
	}
	for range n - size {
		step(true, true, true)
	}
	for range half - 1 {
		step(false, true, true)
	}
}

// stepsSquashed reduces a picture as the reference's file hasher does, and computes its spectrum.
func stepsSquashed(pix []byte, w, h int) Spectrum {
	if w <= 512 && h <= 512 {
		return steps(pix, w, h)
	}
	out := make([]byte, 0, 3*512*512)
	for y := range 512 {
		for x := range 512 {
			from := int(float64(y)*float64(h)/512)*w + int(float64(x)*float64(w)/512)
			out = append(out, pix[3*from:3*from+3]...)
		}
	}
	return steps(out, 512, 512)
}

// stepsHash is the hash of a spectrum, bit by bit.
func stepsHash(s *Spectrum) Hash {
	all := slices.Concat(s.Coef[0][:])
	for i := 1; i < 16; i++ {
		all = append(all, s.Coef[i][:]...)
	}
	sorted := slices.Sorted(slices.Values(all))
	var words [16]uint16
	for k, v := range all {
		if v > sorted[127] {
			words[k/16] |= 1 << (k % 16)
		}
	}
	var h Hash
	for i, w := range words {
		h[2*(15-i)], h[2*(15-i)+1] = byte(w>>8), byte(w)
	}
	return h
}
