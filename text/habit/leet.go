package habit

import (
	"strings"
	"unicode"

	"github.com/ringfence/ringfence/text/fold"
)

// leetSigns are the signs that stand for letters; others between letters have meanings of their own.
const leetSigns = "$@!€"

// leet looks for digits and signs in place of letters in a token.
func (s *scan) leet(i, j int) {
	for j > i && (s.symbols[j-1].Kind == fold.Sign || s.symbols[j-1].Kind == fold.Picture) {
		j--
	}
	for i < j && s.symbols[i].Kind == fold.Sign && !strings.ContainsRune(leetSigns, s.symbols[i].Rune) {
		if s.symbols[i].Rune == '#' {
			return
		}
		i++
	}
	letters, upper, instead, inner := 0, 0, 0, 0
	for k := i; k < j; k++ {
		y := &s.symbols[k]
		switch {
		case y.Kind == fold.Letter:
			letters++
			if unicode.IsUpper(y.Rune) {
				upper++
			}
			if !unicode.Is(unicode.Latin, y.Rune) {
				return
			}
		case !s.instead(k) || y.Rune == '!' && (k+1 == j || !unicode.IsLower(s.symbols[k+1].Rune)):
			return
		default:
			if instead++; s.enclosed(i, k, j) {
				inner++
			}
		}
	}
	if inner == 0 || letters <= instead || letters+instead < 4 || upper > 1 && upper == letters && letters < 2*instead {
		return
	}
	s.evidence[digits] += inner
	s.leave(i, j)
	for k := i; k < j; k++ {
		if s.enclosed(i, k, j) {
			s.substituted(digits, 0, k)
		}
	}
}

// instead reports whether a symbol is a digit or sign that stands for letters.
func (s *scan) instead(i int) bool {
	y := &s.symbols[i]
	return y.Way == fold.Leet && y.Alike&fold.Latin != 0 && (y.Kind == fold.Digit || strings.ContainsRune(leetSigns, y.Rune))
}

// enclosed reports whether a symbol that is none stands between letters, alone or doubled. Numbers before and after a word mean
// what they say.
func (s *scan) enclosed(i, k, j int) bool {
	a, b := k-1, k+1
	if s.symbols[k].Kind == fold.Letter {
		return false
	}
	if a > i && s.symbols[a].Rune == s.symbols[k].Rune {
		a--
	} else if b < j-1 && s.symbols[b].Rune == s.symbols[k].Rune {
		b++
	}
	return a >= i && b < j && s.symbols[a].Kind == fold.Letter && s.symbols[b].Kind == fold.Letter
}
