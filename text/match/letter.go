package match

import (
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/ringfence/ringfence/text/fold"
)

// oneLetter settles which letter of its script a symbol is, beyond what package fold counts as the same: Greek letters without
// their accents, which capitals do not have, and the radicals of dictionaries as the characters that they are.
func oneLetter(y *fold.Symbol) {
	switch {
	case y.Rune < 0x370:
	case greek(y.Rune):
		if r, found := bases()[y.Rune]; found {
			y.Text = r
		}
	case radical(y.Rune):
		if r, found := bases()[y.Rune]; found {
			y.Text, y.Kind = r, fold.Letter
		}
	}
}

func greek(r rune) bool { return 0x370 <= r && r < 0x400 || 0x1F00 <= r && r < 0x2000 }

// radical reports whether the character is in the blocks of radicals.
func radical(r rune) bool { return 0x2E80 <= r && r < 0x2FE0 }

// bases are the letters of Greek without accents, and the characters of radicals, of those that have one.
var bases = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{}
	for r := rune(0x370); r < 0x2FE0; r++ {
		switch {
		case greek(r) && unicode.IsLetter(r):
			base := []rune(norm.NFD.String(string(unicode.ToLower(r))))[0]
			if base == 'ς' {
				base = 'σ'
			}
			m[r] = base
		case radical(r):
			var reader fold.Reader
			if whole := norm.NFKC.String(string(r)); whole != string(r) {
				m[r] = reader.Read(whole)[0].Text
			}
		}
	}
	return m
})
