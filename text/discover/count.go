package discover

import (
	"math"
	"math/bits"
)

// hash is FNV-1a, its bits mixed. It is the same in every run.
func hash(s string) uint64 {
	x := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		x = (x ^ uint64(s[i])) * 0x100000001b3
	}
	x ^= x >> 32
	x *= 0x9E3779B97F4A7C15
	return x ^ x>>29
}

// Size of the sketch. Of N counts, what it says of a term is never too low, and too high by more than N/(6·terms) for one term in
// fifty, if terms is the miner's capacity; by less, since only what has to rise is raised.
const (
	sketchRows = 4
	sketchLoad = 16 // counters in a row for each term of the capacity, up to the next power of two
)

// sketch is a count-min sketch with conservative update.
type sketch struct {
	rows [sketchRows][]uint32
	bits int // of an index into a row
}

func newSketch(capacity int) sketch {
	s := sketch{bits: bits.Len(uint(sketchLoad*capacity - 1))}
	for i := range s.rows {
		s.rows[i] = make([]uint32, 1<<s.bits)
	}
	return s
}

// places are the counters of a term.
func (s *sketch) places(key string) [sketchRows]uint32 {
	h := hash(key)
	step := bits.RotateLeft64(h, 32)*0x9E3779B97F4A7C15 | 1
	var at [sketchRows]uint32
	for i := range at {
		at[i] = uint32(h >> (64 - s.bits))
		h += step
	}
	return at
}

func (s *sketch) add(key string) {
	at := s.places(key)
	least := s.least(at)
	for i, p := range at {
		if s.rows[i][p] == least && least < math.MaxUint32 {
			s.rows[i][p]++
		}
	}
}

func (s *sketch) count(key string) int { return int(s.least(s.places(key))) }

func (s *sketch) least(at [sketchRows]uint32) uint32 {
	least := uint32(math.MaxUint32)
	for i, p := range at {
		least = min(least, s.rows[i][p])
	}
	return least
}

// distinct counts different hashes by linear counting in 256 bits (Whang, Vander-Zanden and Taylor, 1990): with a standard error of
// 5% at 200 and 7% at 400, and never more than 1,420.
type distinct [4]uint64

// add reports whether the hash certainly was not there before.
func (d *distinct) add(h uint64) bool {
	bit := uint64(1) << (h & 63)
	word := h >> 6 & 3
	fresh := d[word]&bit == 0
	d[word] |= bit
	return fresh
}

func (d *distinct) count() int {
	empty := 256
	for _, word := range d {
		empty -= bits.OnesCount64(word)
	}
	return int(math.Round(256 * math.Log(256/max(float64(empty), 1))))
}

// moments are number, mean and squared deviations of what was added (Welford).
type moments struct{ n, mean, squares float64 }

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.squares += d * (x - m.mean)
}

// deviation is the standard deviation.
func (m *moments) deviation() float64 {
	if m.n < 2 {
		return 0
	}
	return math.Sqrt(m.squares / (m.n - 1))
}
