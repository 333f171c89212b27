package align

import (
	"math"
	"math/bits"
	"sync"
)

// descriptor is 256 comparisons of brightness around a corner, turned as the corner is.
type descriptor [4]uint64

// distance is the number of comparisons in which two descriptors differ. It takes pointers because the compiler would copy arrays.
func distance(a, b *descriptor) int {
	return bits.OnesCount64(a[0]^b[0]) + bits.OnesCount64(a[1]^b[1]) + bits.OnesCount64(a[2]^b[2]) + bits.OnesCount64(a[3]^b[3])
}

// turns is in how many steps the pattern of comparisons is turned.
const turns = 32

// pair is the two places that one bit compares, relative to the corner.
type pair struct {
	x0, y0, x1, y1 int8
}

// patterns are the places that a descriptor compares, for every turn (rotated BRIEF; Rublee, Rabaud, Konolige & Bradski, ORB: an
// efficient alternative to SIFT or SURF, ICCV 2011). As there, the pattern is learned: of places drawn at random most pairs
// lie along the direction in which corners are brighter, and would say the same of every corner.
var patterns = sync.OnceValue(func() *[turns][256]pair {
	var all [turns][256]pair
	for turn := range turns {
		sin, cos := math.Sincos(2 * math.Pi * float64(turn) / turns)
		turned := func(x, y int8) (int8, int8) {
			return int8(math.Round(float64(x)*cos - float64(y)*sin)), int8(math.Round(float64(x)*sin + float64(y)*cos))
		}
		for bit, p := range learned {
			to := &all[turn][bit]
			to.x0, to.y0 = turned(p.x0, p.y0)
			to.x1, to.y1 = turned(p.x1, p.y1)
		}
	}
	return &all
})

// patchRadius is how far around a corner its direction and descriptor look, in pixels of its level.
const patchRadius = 15

// direction is where the centre of brightness around a corner lies (Rosin 1999, as in ORB), as a 256th of a full turn.
func direction(p Plane, c corner) uint8 {
	var mx, my int
	for dy := -patchRadius; dy <= patchRadius; dy++ {
		half := halfWidths[dy+patchRadius]
		at := (int(c.y)+dy)*p.W + int(c.x)
		row := p.Pix[at-half : at+half+1]
		sum, moment := 0, 0
		for i, v := range row {
			sum += int(v)
			moment += i * int(v)
		}
		mx += moment - half*sum
		my += dy * sum
	}
	return uint8(int(math.Round(math.Atan2(float64(my), float64(mx))*128/math.Pi)) & 255)
}

// halfWidths are those of a disc's rows.
var halfWidths = func() (w [2*patchRadius + 1]int) {
	for y := -patchRadius; y <= patchRadius; y++ {
		w[y+patchRadius] = int(math.Sqrt(patchRadius*patchRadius - float64(y*y)))
	}
	return w
}()

// describe compares the sums that blurred gives.
func describe(sums []uint16, w int, c corner, pattern *[256]pair) (d descriptor) {
	at := int(c.y)*w + int(c.x)
	for word := range d {
		bits := uint64(0)
		for _, p := range pattern[word*64 : word*64+64] {
			bits <<= 1
			if sums[at+int(p.y0)*w+int(p.x0)] < sums[at+int(p.y1)*w+int(p.x1)] {
				bits |= 1
			}
		}
		d[word] = bits
	}
	return d
}
