package window

import (
	"math"
	"math/bits"
)

// The sketch of Distinct is a sliding HyperLogLog (after Chabchoub and Hébrail, 2010) of 2^11 registers: its standard error is
// 1.04/sqrt(2048) = 2.3%. Instead of each register's list of future maxima it keeps, for each register and rank, when that rank
// was last seen. That is as large, an update is one store, and no order of updates leaves a trace.
//
//	word 0        newest sub-bucket, upper half | sketched
//	word 1        newest sub-bucket
//	word 2        the sub-bucket up to which expired marks have been cleared
//	word 3        cache: it is of the sub-buckets from this one to the newest
//	word 4        cache: sum over the registers of 2^(32-rank)
//	word 5        cache: registers with rank 0
//	words 6-261   cache: the registers' ranks, a byte each
//	then for each register its marks, 16 bits for each rank from 1 on: 1 to 8 words, as many as the highest rank needs
//
// A mark is 0 for never, or 1 + the sub-bucket modulo 65535. Marks older than the window keeps are cleared before they could be
// taken for new ones. The cache makes a read as of the newest sub-bucket O(1), and O(registers) once in each sub-bucket.

const (
	precision = 11
	registers = 1 << precision
	maxRank   = 32 // a register can tell 2^32 values, and takes 64 bytes: a cache line
	marksRing = 1<<16 - 1
	sweepLag  = 1 << 14 // sub-buckets between two clearings

	newestAt = 1
	sweptAt  = 2
	firstAt  = 3
	sumAt    = 4
	zerosAt  = 5
	ranksAt  = 6
	marksAt  = ranksAt + registers/8
)

// mix spreads a hash over all bits (the finalizer of MurmurHash3), since registers and ranks come from different ends of it. The
// sum keeps 0 from staying 0.
func mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// toSketch turns the exact form into a sketch that has seen the same.
func (w *Window) toSketch(c []uint64) []uint64 {
	rows := make([]uint64, len(c)) // once in the life of a key, and at most 16 KiB
	copy(rows, c)
	top := newest(c, 2)
	c = newSketch(c, top)
	for i := 2; i < len(rows); i += 2 {
		c = w.addSketch(c, bucket(rows, i, top), rows[i+1])
	}
	return c
}

func newSketch(c []uint64, top int64) []uint64 {
	c = append(c[:0], uint64(top)&high|sketched, uint64(top), uint64(top), uint64(top+1), 0, registers)
	for len(c) < marksAt {
		c = append(c, 0)
	}
	return c
}

func (w *Window) addSketch(c []uint64, b int64, hash uint64) []uint64 {
	if top := int64(c[newestAt]); b > top {
		if b-int64(c[sweptAt]) >= sweepLag {
			sweep(c, b)
		}
		c[newestAt] = uint64(b)
		c[0] = uint64(b)&high | sketched
	}
	h := mix(hash)
	reg := int(h >> (64 - precision))
	rank := min(bits.LeadingZeros64(h<<precision|1)+1, maxRank)
	for rank > 4*perRegister(c) {
		c = widen(c)
	}
	word, shift := markOf(c, reg, rank)
	top := int64(c[newestAt])
	mark := uint64(b%marksRing) + 1
	if old := c[word] >> shift & 0xffff; old == 0 || age(top, old) > top-b {
		c[word] = c[word]&^(0xffff<<shift) | mark<<shift
	}
	if b >= int64(c[firstAt]) {
		setRank(c, reg, max(rankOf(c, reg), rank))
	}
	return c
}

// perRegister is how many words of marks each register has.
func perRegister(c []uint64) int { return (len(c) - marksAt) / registers }

// markOf is where the mark of a rank is.
func markOf(c []uint64, reg, rank int) (word int, shift uint) {
	return marksAt + reg*perRegister(c) + (rank-1)/4, 16 * uint((rank-1)%4)
}

// widen gives each register one more word.
func widen(c []uint64) []uint64 {
	per := perRegister(c)
	c = append(c, noMarks[:]...)
	for reg := registers - 1; reg >= 0; reg-- {
		to := marksAt + reg*(per+1)
		copy(c[to:to+per], c[marksAt+reg*per:])
		c[to+per] = 0
	}
	return c
}

var noMarks [registers]uint64

// age is how many sub-buckets before the newest a mark was set.
func age(top int64, mark uint64) int64 {
	a := top%marksRing - int64(mark-1)
	if a < 0 {
		a += marksRing
	}
	return a
}

// sweep clears the marks that no read can ask for once b is the newest sub-bucket.
func sweep(c []uint64, b int64) {
	top := int64(c[newestAt])
	step := b - top
	for i := marksAt; i < len(c); i++ {
		if c[i] == 0 {
			continue
		}
		for shift := uint(0); shift < 64; shift += 16 {
			if mark := c[i] >> shift & 0xffff; mark != 0 && age(top, mark)+step > maxRetained+2 {
				c[i] &^= 0xffff << shift
			}
		}
	}
	c[sweptAt] = uint64(b)
}

func rankOf(c []uint64, reg int) int { return int(c[ranksAt+reg/8] >> (8 * uint(reg%8)) & 0xff) }

// setRank changes a register's rank in the cache, and the sum and the zeros with it.
func setRank(c []uint64, reg, rank int) {
	old := rankOf(c, reg)
	if old == rank {
		return
	}
	word, shift := ranksAt+reg/8, 8*uint(reg%8)
	c[word] = c[word]&^(0xff<<shift) | uint64(rank)<<shift
	if old == 0 {
		c[zerosAt]--
	} else {
		c[sumAt] -= 1 << (maxRank - old)
	}
	if rank == 0 {
		c[zerosAt]++
	} else {
		c[sumAt] += 1 << (maxRank - rank)
	}
}

// readSketch estimates the values in sub-buckets [lo, hi].
func (w *Window) readSketch(c []uint64, lo, hi int64) int64 {
	top := int64(c[newestAt])
	if lo > top {
		return 0
	}
	if hi >= top {
		switch cached := int64(c[firstAt]); {
		case lo > cached:
			advance(c, lo)
		case lo < cached:
			rebuild(c, lo)
		}
		return estimate(c[sumAt], c[zerosAt])
	}
	var sum, zeros uint64
	m := marksOf(c)
	for reg := range registers {
		if r := m.topRank(reg, top-hi, top-lo, 4*m.per); r == 0 {
			zeros++
		} else {
			sum += 1 << (maxRank - r)
		}
	}
	return estimate(sum, zeros)
}

// marks is a look at the marks of a sketch.
type marks struct {
	words []uint64
	per   int   // words of a register
	top   int64 // newest sub-bucket, modulo marksRing
}

func marksOf(c []uint64) marks {
	return marks{words: c[marksAt:], per: perRegister(c), top: int64(c[newestAt]) % marksRing}
}

// topRank is the highest rank, no higher than limit, that a register saw between two ages; 0 if none.
func (m marks) topRank(reg int, youngest, oldest int64, limit int) int {
	row := m.words[reg*m.per : (reg+1)*m.per]
	for rank := limit; rank > 0; rank-- {
		word := row[(rank-1)/4]
		if word == 0 {
			rank -= (rank - 1) % 4
			continue
		}
		mark := word >> (16 * uint((rank-1)%4)) & 0xffff
		if mark == 0 {
			continue
		}
		a := m.top - int64(mark-1)
		if a < 0 {
			a += marksRing
		}
		if a <= oldest && a >= youngest {
			return rank
		}
	}
	return 0
}

// advance moves the cache to a later first sub-bucket: only ranks that have fallen out of the window change.
func advance(c []uint64, lo int64) {
	c[firstAt] = uint64(lo)
	m, oldest := marksOf(c), int64(c[newestAt])-lo
	for reg := range registers {
		if r := rankOf(c, reg); r > 0 {
			setRank(c, reg, m.topRank(reg, 0, oldest, r))
		}
	}
}

// rebuild fills the cache.
func rebuild(c []uint64, lo int64) {
	c[firstAt], c[sumAt], c[zerosAt] = uint64(lo), 0, registers
	clear(c[ranksAt:marksAt])
	m, oldest := marksOf(c), int64(c[newestAt])-lo
	for reg := range registers {
		setRank(c, reg, m.topRank(reg, 0, oldest, 4*m.per))
	}
}

// estimate is Ertl's improved raw estimator (2017), which needs no correction for small or for middling numbers.
func estimate(sum, zeros uint64) int64 {
	const m = registers
	if zeros == m {
		return 0
	}
	z := float64(sum)/(1<<maxRank) + m*sigma(float64(zeros)/m)
	return int64(m*m/(2*math.Ln2)/z + 0.5)
}

// sigma is the series x + Σ 2^(k-1) x^(2^k), for x below 1.
func sigma(x float64) float64 {
	z, y := x, 1.0
	for {
		x *= x
		before := z
		z += x * y
		y += y
		if z == before {
			return z
		}
	}
}
