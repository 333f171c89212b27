package fold

import (
	"math/bits"
	"strings"
)

// A Set holds letters and digits: a to z, 0 to 9, and the Cyrillic letters with those that are written for one another as one.
type Set uint64

const (
	digitBit    = 26
	cyrillicBit = 36
)

// The parts of a Set. Its highest bit is never used; it is free for what is no letter.
const (
	Latin    Set = 1<<digitBit - 1
	Digits   Set = 1<<cyrillicBit - 1<<digitBit
	Cyrillic Set = 1<<63 - 1<<cyrillicBit
)

// cyrillic is the alphabet of the Cyrillic part, cyrillicAlike the letters that count as one of it.
var (
	cyrillic      = []rune("абвгдежзиклмнопрстуфхцчшьюя")
	cyrillicAlike = map[rune]rune{'ё': 'е', 'э': 'е', 'є': 'е', 'й': 'и', 'ы': 'и', 'і': 'и', 'ї': 'и', 'щ': 'ш', 'ъ': 'ь', 'ґ': 'г', 'ў': 'у', 'ј': 'и', 'ђ': 'д', 'ћ': 'ч'}
)

// Of is the set of one letter or digit, in lower case; empty if there is no place for it.
func Of(r rune) Set {
	switch {
	case 'a' <= r && r <= 'z':
		return 1 << (r - 'a')
	case '0' <= r && r <= '9':
		return 1 << (digitBit + r - '0')
	case 0x430 <= r && r <= 0x491:
		if to, found := cyrillicAlike[r]; found {
			r = to
		}
		for i, c := range cyrillic {
			if c == r {
				return 1 << (cyrillicBit + i)
			}
		}
	}
	return 0
}

// First is the first letter of the set; 0 if it is empty.
func (s Set) First() rune {
	switch i := bits.TrailingZeros64(uint64(s)); {
	case i < digitBit:
		return 'a' + rune(i)
	case i < cyrillicBit:
		return '0' + rune(i-digitBit)
	case i < cyrillicBit+len(cyrillic):
		return cyrillic[i-cyrillicBit]
	}
	return 0
}

// String lists the letters.
func (s Set) String() string {
	var b strings.Builder
	for ; s.First() != 0; s &= s - 1 {
		b.WriteRune(s.First())
	}
	return b.String()
}

// A Kind says what a symbol is by itself.
type Kind uint8

// The kinds.
const (
	Sign   Kind = iota // punctuation and whatever else is none of the others
	Letter             // of any script, in any typeface
	Digit
	Space
	Picture // emoji and the like
)

// A Way is how a symbol comes to stand for the letters of its Alike set.
type Way uint8

// The ways.
const (
	Plain     Way = iota
	Accented      // é for e
	Font          // ｅ, 𝐞, ⓔ, 🅴 for e
	Lookalike     // Cyrillic е for Latin e
	Leet          // 3 for e
	Emoji         // 📧 for e
)

// Hidden says what a reader does not see of the text at a symbol.
type Hidden uint8

// What may be hidden.
const (
	Invisible  Hidden = 1 << iota // characters without width before it
	Stacked                       // marks on it that no language puts there
	Overridden                    // shown in reverse by a bidirectional control
	Escaped                       // written as &#101;, %65 or \u0065
)

// A Symbol is one visible character of a text.
type Symbol struct {
	Own   Set  // the letter it is; empty for all but plain letters and digits
	Alike Set  // the letters it may stand for, at a Cost by a Way
	Rune  rune // the character after decoding
	Text  rune // its canonical letter in its own script; 0 if it is no letter or digit

	Start, End int32 // bytes of the original text, on rune boundaries, marks included

	Kind   Kind
	Script Script
	Way    Way
	Cost   uint8 // in hundredths; 100 is what nobody takes for that letter
	Hidden Hidden
}

// Letter is the letter that the symbol most likely means; 0 if it can be none.
func (s *Symbol) Letter() rune {
	if s.Own != 0 {
		return s.Own.First()
	}
	if s.Text != 0 && s.Way < Font && s.Script != scriptLatin && s.Kind == Letter {
		return s.Text
	}
	if s.Alike != 0 {
		return s.Alike.First()
	}
	return s.Text
}
