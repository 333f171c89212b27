// Package habit tells how texts are obfuscated, and by that which accounts write with the same hand or tool.
//
// Of looks at one text for what only somebody does who means to hide: letters of another script among Latin ones, digits for
// letters, characters without width within words, letters parted by signs, typefaces, stacks of marks, text shown in reverse,
// escaped letters. What ordinary people write is no habit: accents, emoji, capitals, two languages in one post, a link, a name
// with a digit, a flag. A habit is a set of features, of two kinds. The manners say which devices are used; their hash is the
// fingerprint, which stays the same from text to text. The choices say how: which letter by which character, in which places,
// how often.
//
// A Profile gathers the habits of an account. A Crowd knows how usual each feature is, and so how much it says that two
// profiles share it: Cyrillic letters for Latin ones are used by many, ɑ for a with a word joiner after every second letter
// by few. Its similarity is a log-likelihood ratio, of one hand against two.
//
// It is evidence, not proof: two people may use the same website that "makes text fancy", and the same campaign may use
// several tools. Drawings of letters (|-| for h), upside-down text, misspellings and stars for letters are not looked at, nor
// are accents, and a text in which a single letter is replaced mostly passes for plain. The package stands alone.
package habit

import (
	"fmt"
	"slices"
)

// maxFeatures bounds the features of a text: the first of them, manners before choices.
const maxFeatures = 40

// A Habit is how a text is obfuscated. The zero Habit is that of plain text.
type Habit struct {
	features [maxFeatures]Feature // ascending, so that manners come before choices
	n        int
	kept     uint32 // the letters from a on that were left as they are in words in which others were replaced
}

// Features are its features in ascending order. The caller must not change them.
func (h *Habit) Features() []Feature { return h.features[:h.n] }

// Fingerprint is a hash of the manners: which devices, not which letters they happened to meet. It is the same for all texts
// obfuscated in one way that are long enough to show it, in all versions of this package with the same manners; 0 for plain
// text.
func (h *Habit) Fingerprint() uint64 {
	if h.n == 0 {
		return 0
	}
	x := uint64(0xcbf29ce484222325)
	for _, f := range h.Features() {
		if f.manner() {
			x = (x ^ uint64(f)) * 0x9E3779B97F4A7C15
			x ^= x >> 32
		}
	}
	return max(x, 1)
}

// String is the fingerprint as 16 hexadecimal digits; empty for plain text.
func (h *Habit) String() string {
	if h.n == 0 {
		return ""
	}
	return fmt.Sprintf("%016x", h.Fingerprint())
}

// add puts a feature in its place. When there is no room, the last feature gives way.
func (h *Habit) add(f Feature) {
	i, found := slices.BinarySearch(h.Features(), f)
	if found || i == maxFeatures {
		return
	}
	if h.n < maxFeatures {
		h.n++
	}
	copy(h.features[i+1:h.n], h.features[i:])
	h.features[i] = f
}
