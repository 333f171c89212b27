package link

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxView bounds what is read of a text, in characters.
const maxView = 1 << 18

// Symbols that are no characters.
const (
	softDot    rune = -1 // a dot with spaces around it, or the word for it: the end of a sentence far more often than a part of a host
	schemeMark rune = -2 // "://" in brackets
)

// symbol is one character of the view: what it stands for and where it lies in the original.
type symbol struct {
	r          rune
	start, end int32
	odd        bool // the original has something else here: a bracketed dot, a full-width letter
	behind     bool // invisible characters were left out before it
}

// view appends the text as a reader takes it: without invisible characters, in half width, brackets around a dot or a colon gone.
func view(dst []symbol, text string) []symbol {
	behind := false
	for i := 0; i < len(text) && len(dst) < maxView; {
		if c := text[i]; inASCIIHost(c) || c == '.' {
			dst = append(dst, symbol{rune(c), int32(i), int32(i + 1), false, behind})
			behind = false
			i++
			continue
		}
		s, size := symbolAt(text, i)
		if size == 0 { // invisible
			_, n := utf8.DecodeRuneInString(text[i:])
			i += n
			behind = true
			continue
		}
		s.start, s.end = int32(i), int32(i+size)
		s.behind, behind = behind, false
		i += size
		if s.r == schemeMark {
			for _, r := range "://" {
				dst = append(dst, symbol{r, s.start, s.end, true, s.behind})
			}
			continue
		}
		dst = append(dst, s)
	}
	return dst
}

// symbolAt is what stands at text[i:] and how many bytes it takes, 0 if it is an invisible character.
func symbolAt(text string, i int) (symbol, int) {
	c := text[i]
	switch {
	case c == '[' || c == '(' || c == '{':
		if r, size := bracketed(text[i:]); size > 0 {
			return symbol{r: r, odd: true}, size
		}
	case c == ' ':
		if r, size := spaced(text[i:]); size > 0 {
			return symbol{r: r, odd: true}, size
		}
	case c == '\\' && strings.HasPrefix(text[i+1:], "."):
		return symbol{r: '.', odd: true}, 2
	case c == '\\':
		return symbol{r: '/', odd: true}, 1
	}
	if c < utf8.RuneSelf {
		return symbol{r: rune(c)}, 1
	}
	r, size := utf8.DecodeRuneInString(text[i:])
	switch {
	case invisible(r):
		return symbol{}, 0
	case separates(r):
		return symbol{r: plainForm(r), odd: true}, size
	case r == utf8.RuneError && size == 1:
		return symbol{r: '\n'}, size // ends whatever stands before it
	}
	return symbol{r: r}, size
}

// separates reports whether a character is a dot, colon or slash beyond ASCII, or anything in full width.
func separates(r rune) bool {
	switch r {
	case '。', '｡', '․', '﹒', '⁄', '∕', '⧸', '։', '∶', '꞉', '﹕':
		return true
	}
	return 0xFF01 <= r && r <= 0xFF5E
}

// plainForm is what such a character stands for.
func plainForm(r rune) rune {
	switch r {
	case '。', '｡', '․', '﹒':
		return '.'
	case '⁄', '∕', '⧸':
		return '/'
	case '։', '∶', '꞉', '﹕':
		return ':'
	}
	return r - 0xFF01 + '!'
}

// invisible characters are drawn as nothing, wherever they stand.
func invisible(r rune) bool {
	switch {
	case r == 0x034F, r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, r == 0x17B4, r == 0x17B5, r == 0x180B, r == 0x180C, r == 0x180D:
		return true
	case 0xFE00 <= r && r <= 0xFE0F, 0xE0000 <= r && r <= 0xE0FFF:
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// inBrackets is what brackets are put around, so that nobody can click on it.
var inBrackets = []struct {
	text string
	r    rune
}{{"://", schemeMark}, {".", '.'}, {"dot", '.'}, {"d0t", '.'}, {"punkt", '.'}, {"punto", '.'}, {"point", '.'}, {"ponto", '.'}, {"точка", '.'}, {":", ':'}, {"/", '/'}, {"at", '@'}, {"@", '@'}}

// bracketed reads "[.]", " ( dot )" and the like at the start of s.
func bracketed(s string) (rune, int) {
	closing := byte(')')
	if s[0] != '(' {
		closing = s[0] + 2 // ] after [, } after {
	}
	inside := trimSpaces(s[1:])
	for _, b := range inBrackets {
		if len(inside) < len(b.text) || !strings.EqualFold(inside[:len(b.text)], b.text) {
			continue
		}
		after := trimSpaces(inside[len(b.text):])
		if after != "" && after[0] == closing {
			return b.r, len(s) - len(after) + 1
		}
		if b.text == "." && s[0] == '[' && inside == s[1:] && len(inside) > 1 && isASCIILetter(inside[1]) { // example[.com
			return '.', 2
		}
	}
	return 0, 0
}

// spaced reads a dot, or the word for it, with spaces around it at the start of s: a soft dot, or a plain one if it is in brackets.
// An at sign in brackets is read likewise.
func spaced(s string) (rune, int) {
	rest := trimSpaces(s)
	if rest == "" {
		return 0, 0
	}
	if c := rest[0]; c == '[' || c == '(' || c == '{' {
		if r, size := bracketed(rest); r == '.' || r == '@' {
			return r, len(s) - len(trimSpaces(rest[size:]))
		}
		return 0, 0
	}
	if c := rest[0]; c != '.' && c|0x20 != 'd' {
		return 0, 0
	}
	for _, word := range [...]string{".", "dot", "d0t"} {
		if len(rest) > len(word) && strings.EqualFold(rest[:len(word)], word) && rest[len(word)] == ' ' {
			return softDot, len(s) - len(trimSpaces(rest[len(word):]))
		}
	}
	return 0, 0
}

// trimSpaces takes off at most two spaces.
func trimSpaces(s string) string {
	for range 2 {
		s = strings.TrimPrefix(s, " ")
	}
	return s
}

func isASCIILetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// text is what v[i:j] says, soft dots as dots.
func (f *finder) text(i, j int) string {
	b := make([]byte, 0, 64)
	for _, s := range f.v[i:j] {
		if s.r == softDot {
			s.r = '.'
		}
		b = appendRune(b, s.r)
	}
	return string(b)
}

func (f *finder) count(i, j int, r rune) int {
	n := 0
	for _, s := range f.v[i:j] {
		if s.r == r {
			n++
		}
	}
	return n
}

// tail is the length of what comes after the last soft dot of v[i:j], all of it if there is none.
func (f *finder) tail(i, j int) int {
	n := 0
	for j-n > i && f.at(j-n-1) != softDot {
		n++
	}
	return n
}

// label is the length of the last label of v[i:j].
func (f *finder) label(i, j int) int {
	n := 0
	for j-n > i && f.at(j-n-1) != '.' && f.at(j-n-1) != softDot {
		n++
	}
	return n
}

// odd reports whether something of v[i:j] is not written plainly. Invisible characters before the first do not count: they may be
// the end of an emoji.
func (f *finder) odd(i, j int) bool {
	for k, s := range f.v[i:j] {
		if s.odd || s.behind && k > 0 {
			return true
		}
	}
	return false
}
