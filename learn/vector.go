// Package learn holds small models that can be trained anywhere, read in a loop that must repeat itself, and explained: logistic
// regression over hashed features that learns one example at a time, boosted trees over tables of numbers, calibration of scores into
// probabilities, who of several people is right, shares estimated from samples, and the figures by which models are judged.
//
// Everything is exact in the sense that matters for a replay: the same examples in the same order give the same bytes, and the
// same bytes give the same scores, on every architecture. Sums run in the order of the features, products are rounded before
// they are added (a fused multiply-add would differ), and exponential and logarithm are the package's own. A model's bytes are its
// identity: see ID.
//
// The package needs the standard library only and stands alone. Trainers belong to one goroutine; what they give away (Logistic,
// Trees, Platt, Isotonic) never changes and may be read from many.
package learn

import (
	"cmp"
	"slices"
)

// Feature is one input of a model: a place in the table of weights and the value there.
type Feature struct {
	Index uint32
	Value float32
}

// Vector is what a model reads of one example: features in ascending order of index, each index once, all values finite. Sort
// makes one.
type Vector []Feature

// Sort brings features in any order into a vector, in place; values of the same index are added.
func Sort(features []Feature) Vector {
	slices.SortFunc(features, func(a, b Feature) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Value, b.Value)) // a total order, so that sums do not depend on the caller's
	})
	n := 0
	for _, f := range features {
		if n > 0 && features[n-1].Index == f.Index {
			features[n-1].Value += f.Value
			continue
		}
		features[n] = f
		n++
	}
	return features[:n]
}

// Hash is a running 64-bit hash of bytes, the same on every machine and in every release. It is not for adversaries who profit
// from collisions: in a table of weights they gain nothing but noise. Start from HashSeed.
type Hash uint64

// HashSeed is the hash of nothing.
const HashSeed Hash = 14695981039346656037

// Add is the hash of what h is of, followed by c.
func (h Hash) Add(c byte) Hash { return (h ^ Hash(c)) * 1099511628211 }

// Index is h's place in a table of 2^bits weights.
func (h Hash) Index(bits uint8) uint32 {
	x := uint64(h)
	x ^= x >> 32
	x *= 0x9e3779b97f4a7c15
	x ^= x >> 29
	return uint32(x >> (64 - bits))
}
