package fold

import (
	_ "embed"
	"encoding/binary"
	"sync"
	"unicode/utf8"
)

// hanData is the table of traditional characters with their simplified forms; gen/han.go names its source and licence.
//
//go:embed han.bin
var hanData []byte

// native is the canonical letter of a character in its own script: without case, width and form, and where a script writes one
// letter in several ways, the one of them that stands for all. It is 0 for what is no letter.
func native(c rune) rune {
	if c < utf8.RuneSelf {
		return rune(lower[c])
	}
	t := unicodeTable()
	switch to := t.lookup(c); to {
	case toNothing, toSpace:
		return 0
	case toSegment:
		if text, found := t.long[c]; found {
			c, _ = utf8.DecodeRuneInString(text)
		}
	default:
		c = to
	}
	switch {
	case 0x4E00 <= c && c < 0xA000:
		return simplified()[c-0x4E00]
	case 0x30A1 <= c && c <= 0x30F6:
		return c - 0x60 // katakana as hiragana
	case 0x621 <= c && c <= 0x6F9:
		if r, found := arabic[c]; found {
			return r
		}
	}
	return c
}

// simplified is the simplified form of each character of the block of unified ideographs. One simplified character may stand for
// several traditional ones (发 for 發 and 髮), so they count as one letter.
var simplified = sync.OnceValue(func() *[0xA000 - 0x4E00]rune {
	t := new([0xA000 - 0x4E00]rune)
	for i := range t {
		t[i] = rune(0x4E00 + i)
	}
	at := 0
	for b := hanData; len(b) > 0; {
		step, n := binary.Uvarint(b)
		to, m := binary.Uvarint(b[n:])
		at += int(step)
		t[at] = rune(0x4E00 + to)
		b = b[n+m:]
	}
	return t
})

// arabic are the letters that are written for one another: forms of alef, of ya and alef maqsura, of waw, of kaf, ta marbuta and
// forms of ha, with the Persian, Urdu and Uyghur letters that look like an Arabic one; and the Arabic and Persian digits.
var arabic = func() map[rune]rune {
	m := map[rune]rune{}
	for to, from := range map[rune]string{
		'ا': "أإآٱٲٳٵ", 'ي': "ىیئېےۓۍێٸ", 'و': "ؤۇۆۈۋۏٶ", 'ك': "کڪګڬڭ", 'ه': "ةھہەۀۂۃۿ", 'ل': "ڵ", 'ر': "ڕ",
	} {
		for _, r := range from {
			m[r] = to
		}
	}
	for i := range rune(10) {
		m['٠'+i], m['۰'+i] = '0'+i, '0'+i
	}
	return m
}()
