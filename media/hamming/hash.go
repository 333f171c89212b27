package hamming

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math/bits"
)

// Hash is 256 bits, from the most significant bit of its first word to the least significant of its last.
type Hash [4]uint64

// Distance is the number of bits in which two hashes differ, 0 to 256.
func Distance(a, b Hash) int {
	return distance(&a, &b)
}

// distance takes pointers because the compiler keeps arrays in memory, and would copy them.
func distance(a, b *Hash) int {
	return bits.OnesCount64(a[0]^b[0]) + bits.OnesCount64(a[1]^b[1]) + bits.OnesCount64(a[2]^b[2]) + bits.OnesCount64(a[3]^b[3])
}

// Parse reads a hash of 64 hexadecimal digits, as hash lists have it: the most significant digit first.
func Parse(s string) (Hash, error) {
	if len(s) != 64 {
		return Hash{}, fmt.Errorf("hamming: a hash has 64 hexadecimal digits, not %d characters", len(s))
	}
	var h Hash
	for i := range h {
		var word [8]byte
		if _, err := hex.Decode(word[:], []byte(s[i*16:i*16+16])); err != nil {
			return Hash{}, fmt.Errorf("hamming: no hash, at digit %d: %w", i*16, err)
		}
		h[i] = order.Uint64(word[:])
	}
	return h, nil
}

// String is the hash in 64 hexadecimal digits, as Parse reads it.
func (h Hash) String() string {
	return fmt.Sprintf("%016x%016x%016x%016x", h[0], h[1], h[2], h[3])
}

func compareHash(a, b *Hash) int {
	for i := range a {
		if a[i] != b[i] {
			return cmp.Compare(a[i], b[i])
		}
	}
	return 0
}

// An Entry is what an index holds: a hash under an id. One hash may stand under many ids, and one id under many hashes.
type Entry struct {
	Hash Hash
	ID   uint64
}

func compareEntry(a, b Entry) int {
	if c := compareHash(&a.Hash, &b.Hash); c != 0 {
		return c
	}
	return cmp.Compare(a.ID, b.ID)
}

// A Match is an entry within the radius of a search.
type Match struct {
	Entry
	Distance int // in bits
}

// compareMatch is the order of results: the nearest first, then by id, then by hash.
func compareMatch(a, b Match) int {
	if a.Distance != b.Distance {
		return a.Distance - b.Distance
	}
	if a.ID != b.ID {
		return cmp.Compare(a.ID, b.ID)
	}
	return compareHash(&a.Hash, &b.Hash)
}
