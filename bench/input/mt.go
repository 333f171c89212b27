package input

import (
	"math"
	"math/bits"
)

// twister is the generator MT19937 with the draws of Python's random module.
type twister struct {
	state [624]uint32
	next  int
}

// newTwister is Python's random.Random(seed): the reference's init_by_array with a key of one word.
func newTwister(seed uint32) *twister {
	t := &twister{next: 624}
	s := &t.state
	s[0] = 19650218
	for i := 1; i < len(s); i++ {
		s[i] = 1812433253*(s[i-1]^s[i-1]>>30) + uint32(i)
	}
	i := 1
	forward := func() {
		if i++; i == len(s) {
			s[0], i = s[len(s)-1], 1
		}
	}
	for range len(s) {
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1664525) + seed
		forward()
	}
	for range len(s) - 1 {
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1566083941) - uint32(i)
		forward()
	}
	s[0] = 1 << 31
	return t
}

// word is the generator's next 32 bits.
func (t *twister) word() uint32 {
	s := &t.state
	if t.next == len(s) {
		for i := range s {
			y := s[i]&(1<<31) | s[(i+1)%len(s)]&(1<<31-1)
			s[i] = s[(i+397)%len(s)] ^ y>>1 ^ y&1*0x9908b0df
		}
		t.next = 0
	}
	y := s[t.next]
	t.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// random is Python's random(): [0, 1) with 53 bits.
func (t *twister) random() float64 {
	high, low := t.word()>>5, t.word()>>6
	return float64(uint64(high)<<26|uint64(low)) / (1 << 53)
}

// below is Python's _randbelow: 0..n-1, drawing until the bits of n hold less than n.
func (t *twister) below(n int) int {
	shift := 32 - bits.Len(uint(n))
	for {
		if r := int(t.word() >> shift); r < n {
			return r
		}
	}
}

// randint is Python's randint: low..high.
func (t *twister) randint(low, high int) int { return low + t.below(high-low+1) }

// pareto is Python's paretovariate.
func (t *twister) pareto(alpha float64) float64 { return math.Pow(1-t.random(), -1/alpha) }
