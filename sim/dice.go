package sim

import (
	"math/bits"
	"math/rand/v2"
)

// dice is one stream of random choices. All of it is integer arithmetic, so that every machine draws the same.
type dice struct {
	*rand.Rand
	source *rand.PCG
}

// newDice starts the stream that a seed, a topic and a number name. Streams of different names have nothing to do with each other.
func newDice(seed, topic, n uint64) dice {
	source := rand.NewPCG(seed, scramble(topic<<40^n))
	return dice{rand.New(source), source}
}

// restart makes the stream that of another name, without allocating.
func (d dice) restart(seed, topic, n uint64) { d.source.Seed(seed, scramble(topic<<40^n)) }

// scramble is a one-to-one map of 64 bits that leaves no pattern (the finaliser of SplitMix64; Steele, Lea and Flood 2014).
func scramble(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// chance is true in that many of a hundred cases.
func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

// among is a number in [low, high].
func (d dice) among(low, high int) int { return low + d.IntN(high-low+1) }

// between is a time in [from, to), on a whole millisecond; from if to is not later.
func (d dice) between(from, to int64) int64 {
	if to-from < millisecond {
		return from
	}
	return from + d.Int64N((to-from)/millisecond)*millisecond
}

// exponential is a time with a mean, on a whole millisecond.
func (d dice) exponential(mean int64) int64 {
	// −log2(u)·ln 2, with 16 bits below the point
	x := (32<<16 - log2(uint64(d.Uint32())+1)) * 45426 >> 16
	return mean / millisecond * x >> 16 * millisecond
}

// lognormal is a time with a median, on a whole millisecond; spread is the standard deviation of its natural logarithm in hundredths.
func (d dice) lognormal(median int64, spread int) int64 {
	const toLog2 = 94548 // 1/ln 2, with 16 bits below the point
	return power(median/millisecond, d.normal()*int64(spread)/100*toLog2>>16) * millisecond
}

// normal is a number of mean 0 and standard deviation 1, with 16 bits below the point: the sum of twelve uniform ones.
func (d dice) normal() int64 {
	sum := int64(-6 << 16)
	for range 3 {
		for x := d.Uint64(); x != 0; x >>= 16 {
			sum += int64(x & 0xffff)
		}
	}
	return sum
}

// count is a whole number with a mean given in hundredths: its whole part, and one more as often as the rest says.
func (d dice) count(hundredths int) int {
	n := hundredths / 100
	if d.IntN(100) < hundredths%100 {
		n++
	}
	return n
}

// skewed picks 0..n-1: few take most, as (r+1) to the power of -4/5, but for the first fortieth, which are equal.
func (d dice) skewed(n int) int {
	u := uint64(d.Uint32())
	v := u * u >> 32
	u = v * v >> 32 * u >> 32
	return min(int(u*uint64(n)>>32)+d.IntN(n/40+1), n-1)
}

// pick is one of the choices, all equally likely.
func pick[T any](d dice, choices []T) T { return choices[d.IntN(len(choices))] }

// roots are 2^(1/2), 2^(1/4), 2^(1/8)…, with 63 bits below the point.
var roots = [16]uint64{
	0xb504f333f9de6484, 0x9837f0518db8a96f, 0x8b95c1e3ea8bd6e6, 0x85aac367cc487b14, 0x82cd8698ac2ba1d6, 0x8164d1f3bc030772,
	0x80b1ed4fd999ab6b, 0x8058d7d2d5e5f6b0, 0x802c6436d0e04f50, 0x8016302f17467627, 0x800b179c82028fcf, 0x80058baf7fee3b5c,
	0x8002c5d00fdcfcb6, 0x800162e61bed4a48, 0x8000b17292f702a3, 0x800058b92abbae01,
}

// power is v·2^x for v from 0 to 2^40 and x, with 16 bits below the point, below 16.
func power(v, x int64) int64 {
	m := uint64(1) << 63
	for i, root := range roots {
		if x>>(15-i)&1 != 0 {
			high, low := bits.Mul64(m, root)
			m = high<<1 | low>>63
		}
	}
	high, low := bits.Mul64(uint64(v), m)
	r := high<<1 | low>>63
	whole := x >> 16
	if whole >= 0 {
		return int64(r << whole)
	}
	return int64(r >> -whole)
}

// log2 is the binary logarithm of v ≥ 1, with 16 bits below the point, rounded down.
func log2(v uint64) int64 {
	whole := bits.Len64(v) - 1
	x := v << (63 - whole) // 1 to 2, with 63 bits below the point
	log := int64(whole)
	for range 16 {
		high, low := bits.Mul64(x, x)
		log <<= 1
		if high>>63 != 0 {
			log, x = log|1, high
		} else {
			x = high<<1 | low>>63
		}
	}
	return log
}
