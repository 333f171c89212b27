// Package wordset holds a vocabulary in about a byte a word, so that it can be part of the program and needs nothing to be read in: a
// Bloom filter (Bloom 1970). It never misses a word that is in it, and takes a few others for one: of a thousand three with twelve
// bits a word, twenty with eight.
package wordset

// A Set is a vocabulary as New makes it.
type Set string

const probes = 7

// New makes the set of the words, with so many bits for each.
func New(words [][]rune, bitsPerWord int) Set {
	set := make([]byte, len(words)*bitsPerWord/8+1)
	for _, word := range words {
		place(word, uint64(8*len(set)), func(bit uint64) bool {
			set[bit/8] |= 1 << (bit % 8)
			return true
		})
	}
	return Set(set)
}

// Has reports whether the word is in the set.
func (s Set) Has(word []rune) bool {
	return len(s) > 0 && place(word, uint64(8*len(s)), func(bit uint64) bool {
		return s[bit/8]&(1<<(bit%8)) != 0
	})
}

// place calls do with each of the bits of a word, until it returns false.
func place(word []rune, bits uint64, do func(uint64) bool) bool {
	h := uint64(0xcbf29ce484222325)
	for _, r := range word {
		h = (h ^ uint64(r)) * 0x100000001b3
	}
	h ^= h >> 32
	h *= 0x9E3779B97F4A7C15
	h ^= h >> 29
	step := h>>32 | 1
	for range probes {
		if !do(h % bits) {
			return false
		}
		h += step
	}
	return true
}
