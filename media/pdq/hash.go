// Package pdq computes PDQ, the 256-bit perceptual hash by which platforms exchange known pictures: two pictures that look alike
// at 64 by 64 points of grey have hashes that differ in few bits. It gives the same bits as the C++ reference of
// facebook/ThreatExchange (described in "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019).
//
// There is no single PDQ of a picture with a side over 512 pixels. The reference's file hasher first squashes it to 512 by 512
// by nearest neighbour ([Hasher.Squashed]); its Java and Python ports, HMA and vPDQ do not ([Hasher.Full]). On 1,000 photos the
// two differed by 6 bits in the median and 14 at most, which is half of the usual matching distance: store and look up both.
//
// # What PDQ sees and what it does not
//
// Resizing, compression, blur, noise and changes of tone move few bits. A crop of 5%, a caption, a border, a frame around the
// picture or a rotation by 2 degrees moves far more than the matching distance. Mirrored and turned pictures are found by
// [Spectrum.Dihedral], a negative by [Hash.Complement]; the package media/layout finds pictures inside frames.
//
// # Where this package differs from the reference
//
// The reference hashes a picture of exactly 64 by 64 pixels without its low-pass filter, but filters it when asked for dihedral
// hashes. Here such a picture is never filtered, so that its hash is one of its dihedral hashes.
package pdq

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
)

const (
	// MatchDistance is the largest distance at which the reference recommends to call two pictures the same. Pictures that
	// have nothing to do with one another are 128 apart on average; among 499,500 pairs of photos none was closer than 84.
	MatchDistance = 31

	// MinQuality is the least quality of a hash that means something. Below it the picture is nearly flat, and a match says little.
	MinQuality = 50
)

// Hash is a PDQ hash in the order of its text: byte 0 is the first two hexadecimal digits. The bit of row i and column j
// (both 0 to 15, in vertical and horizontal frequency) has the reference's number k = 16i+j: it is bit k%8 of byte 31-k/8, since the
// reference writes its sixteen 16-bit words last word first. Hashes of equal pictures are equal, so Hash can be a map's key.
type Hash [32]byte

// ErrSyntax is wrapped by the errors of [Parse].
var ErrSyntax = errors.New("not a PDQ hash")

// Parse reads the text form: 64 hexadecimal digits of either case.
func Parse(s string) (Hash, error) {
	var h Hash
	if len(s) != 2*len(h) {
		return Hash{}, fmt.Errorf("%w: it has %d characters: want 64 hexadecimal digits", ErrSyntax, len(s))
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return h, nil
}

// String is the text form: 64 lower-case hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText is [Hash.String].
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText is [Parse].
func (h *Hash) UnmarshalText(text []byte) (err error) {
	*h, err = Parse(string(text))
	return err
}

// Distance is the number of bits in which two hashes differ, 0 to 256.
func (h Hash) Distance(o Hash) int {
	d := 0
	for i := 0; i < len(h); i += 8 {
		d += bits.OnesCount64(binary.LittleEndian.Uint64(h[i:]) ^ binary.LittleEndian.Uint64(o[i:]))
	}
	return d
}

// Complement is the hash with every bit turned. Inverting a picture's colours turns the sign of every frequency, so the hash of the
// negative is close to the complement: a hash at distance d is at distance 256-d from the complement.
func (h Hash) Complement() Hash {
	for i := range h {
		h[i] = ^h[i]
	}
	return h
}

// set sets the bit of row i and column j.
func (h *Hash) set(i, j int) {
	k := 16*i + j
	h[31-k/8] |= 1 << (k % 8)
}
