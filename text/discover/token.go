package discover

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ringfence/ringfence/text/fold"
)

// A Kind says what a term is made of.
type Kind string

// The kinds.
const (
	Word    Kind = "word"
	Phrase  Kind = "phrase"  // two to four words
	Hashtag Kind = "hashtag" //
	Emoji   Kind = "emoji"   // one to four in a row
	Odd     Kind = "odd"     // a word with digits, signs or letters of several scripts in it
)

// token is a word, a tag, an emoji, or something odd between spaces.
type token struct {
	text       string // folded
	kind       Kind
	start, end int  // bytes of the text
	apart      bool // no phrase goes across its start: a sentence, a link, a mention came before
	unspaced   bool // of a script without spaces, where each character is a token
	listed     bool // part of a listed term
}

// tokenize appends the tokens of a text, at most maxTokens. Links and mentions are none.
func tokenize(dst []token, text string) []token {
	apart := false
	for i := 0; i < len(text) && len(dst) < maxTokens; {
		r, size := utf8.DecodeRuneInString(text[i:])
		if unicode.IsSpace(r) {
			apart = apart || r == '\n'
			i += size
			continue
		}
		end := i + strings.IndexFunc(text[i:], unicode.IsSpace)
		if end < i {
			end = len(text)
		}
		chunk := text[i:end]
		if chunk[0] == '@' || strings.Contains(chunk, "://") || strings.HasPrefix(chunk, "www.") || chunk == "RT" {
			apart = true
		} else {
			dst, apart = split(dst, chunk, i, apart)
		}
		i = end
	}
	return dst[:min(len(dst), maxTokens)]
}

// split appends the tokens of what stands between two spaces, at a place of the text.
func split(dst []token, chunk string, at int, apart bool) ([]token, bool) {
	for i := 0; i < len(chunk); {
		r, size := utf8.DecodeRuneInString(chunk[i:])
		switch {
		case isEmoji(r):
			end := i + emojiLen(chunk[i:])
			dst = append(dst, token{text: plainEmoji(chunk[i:end]), kind: Emoji, start: at + i, end: at + end, apart: apart})
			i, apart = end, false
		case unspaced(r):
			dst = append(dst, token{text: fold.String(chunk[i : i+size]), kind: Word, start: at + i, end: at + i + size, apart: apart, unspaced: true})
			i, apart = i+size, false
		case startsWord(r, chunk[i+size:]):
			end := i + pieceLen(chunk[i:])
			var t token
			for rest := chunk[i:end]; rest != ""; {
				t, rest = piece(rest)
				t.start, t.end, t.apart = at+end-len(rest)-t.end, at+end-len(rest), apart || t.apart
				if apart = t.text == "" && chunk[t.start-at] != '-' && chunk[t.start-at] != '/'; t.text != "" {
					dst = append(dst, t)
				}
			}
			i = end
		default:
			apart = apart || r != '\'' && r != '"' && r != '-' && r != '*'
			i += size
		}
	}
	return dst, apart
}

// startsWord reports whether a word, a tag or something odd begins with the character.
func startsWord(r rune, rest string) bool {
	switch {
	case unicode.IsLetter(r) || unicode.IsDigit(r):
		return true
	case r == '#' || r == '$':
		next, _ := utf8.DecodeRuneInString(rest)
		return unicode.IsLetter(next) || unicode.IsDigit(next)
	}
	return false
}

// pieceLen is how far what began as a word goes: to the next emoji, character of a script without spaces, or sign that nothing
// follows but signs.
func pieceLen(s string) int {
	end := 0
	for i, r := range s {
		if isEmoji(r) || unspaced(r) {
			break
		}
		if i == 0 || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			end = i + utf8.RuneLen(r)
		}
	}
	return min(end, len(s))
}

// joins are signs that stand between words as often as within them.
const joins = "-/.,:;_…—–|&+()[]\"“”!?=~"

// piece takes the first token off what stands together: all of it if it is a word, a tag or odd, else up to the first sign that
// joins words. The token's end is its length.
func piece(s string) (token, string) {
	if s[0] == '#' {
		end := len(s)
		if i := strings.IndexAny(s[1:], joins+"#"); i >= 0 {
			end = i + 1
		}
		return token{text: fold.String(s[:end]), kind: Hashtag, end: end}, s[end:]
	}
	if spelled(s) {
		return token{text: fold.String(s), kind: Odd, end: len(s)}, ""
	}
	i := strings.IndexAny(s, joins+"#")
	for i > 0 && s[i] == '!' && isLower(s[i-1]) && i+1 < len(s) && isLower(s[i+1]) { // unal!ve
		next := strings.IndexAny(s[i+1:], joins+"#")
		if next < 0 {
			i = -1
			break
		}
		i += 1 + next
	}
	if i == 0 {
		_, size := utf8.DecodeRuneInString(s)
		i = size
		return token{end: i}, s[i:]
	}
	rest := ""
	if i > 0 {
		s, rest = s[:i], s[i:]
	}
	return token{text: fold.String(s), kind: kindOf(s), end: len(s)}, rest
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

// spelled reports whether single letters are parted by signs: l.i.k.e, k-i-l-l.
func spelled(s string) bool {
	letters, run := 0, 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			if run++; run > 1 {
				return false
			}
			letters++
		} else {
			run = 0
		}
	}
	return letters >= 3
}

// kindOf is the kind of a word: odd if there is anything but letters of one script in it, numbers before or after them aside.
func kindOf(s string) Kind {
	var latin, other, sign, digit, letterAfterDigit bool
	letters := false
	for _, r := range s {
		switch {
		case unicode.IsMark(r) || r == '\'' || r == '’' || r == 'ʼ':
		case unicode.IsLetter(r):
			letters = true
			letterAfterDigit = letterAfterDigit || digit
			if unicode.Is(unicode.Latin, r) {
				latin = true
			} else {
				other = true
			}
		case unicode.IsDigit(r):
			digit = letters
		default:
			sign = true
		}
	}
	if latin && other || sign && letters || letterAfterDigit {
		return Odd
	}
	return Word
}

// unspaced reports whether a script puts no spaces between words.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// isEmoji reports whether a character is a picture.
func isEmoji(r rune) bool {
	return r >= 0x2600 && r != 0xFFFC && r != utf8.RuneError && unicode.Is(unicode.So, r) || 0x2300 <= r && r <= 0x23FF || 0x1F1E6 <= r && r <= 0x1F1FF
}

// emojiLen is the length of an emoji with what belongs to it: variation selectors, colours of skin, joined others, the second half
// of a flag.
func emojiLen(s string) int {
	first, n := utf8.DecodeRuneInString(s)
	flag := 0x1F1E6 <= first && first <= 0x1F1FF
	joined := false
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		switch {
		case r == 0xFE0F || r == 0xFE0E || r == 0x20E3 || 0x1F3FB <= r && r <= 0x1F3FF || 0xE0020 <= r && r <= 0xE007F:
		case r == 0x200D:
			joined = true
			n += size
			continue
		case joined && isEmoji(r):
		case flag && 0x1F1E6 <= r && r <= 0x1F1FF:
			flag = false
		default:
			return n
		}
		joined = false
		n += size
	}
	return n
}

// plainEmoji is an emoji without what only colours it.
func plainEmoji(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0xFE0F || r == 0xFE0E || 0x1F3FB <= r && r <= 0x1F3FF {
			return -1
		}
		return r
	}, strings.TrimRight(s, "\u200d"))
}
