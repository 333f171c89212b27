package family

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ringfence/ringfence/text/fold"
)

// Kind is what a piece of text is.
type Kind string

// The kinds of what fills a slot.
const (
	Text    Kind = "text"
	Link    Kind = "link"
	Mention Kind = "mention"
	Number  Kind = "number"
)

// token is a word of a text, or a character of a script that does not set spaces between words.
type token struct {
	text  string // as written
	key   string // equal for tokens that are written differently but read alike; numbers and links differ
	kind  Kind
	glued bool // nothing stands between it and the token before
}

// maxTokens of a text are looked at for a template.
const maxTokens = 200

// tokens takes a text apart, as far as maxTokens reach.
func (c *canon) tokens(text string) (all []token) {
	for len(text) > 0 && len(all) < maxTokens {
		trimmed := strings.TrimLeftFunc(text, unicode.IsSpace)
		spaced := len(trimmed) < len(text)
		text = trimmed
		if n := wordLen(text); n > 0 {
			t := c.token(text[:n])
			t.glued = !spaced && len(all) > 0
			all = append(all, t)
			text = text[n:]
		}
	}
	return all
}

// wordLen is the length of the token that text begins with.
func wordLen(text string) int {
	for i, r := range text {
		switch {
		case unicode.IsSpace(r):
			return i
		case i > 0 && unicode.In(r, unicode.M):
		case unspaced(r):
			if i > 0 {
				return i
			}
			_, n := utf8.DecodeRuneInString(text)
			for n < len(text) {
				mark, size := utf8.DecodeRuneInString(text[n:])
				if !unicode.In(mark, unicode.M) {
					break
				}
				n += size
			}
			return n
		}
	}
	return len(text)
}

// unspaced tells of letters of scripts that do not set spaces between words.
func unspaced(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func (c *canon) token(text string) token {
	c.read(text)
	t := token{text: text, kind: Text, key: string(c.letters)}
	digits := 0
	for _, r := range c.letters {
		if r == '0' {
			digits++
		}
	}
	// What has letters none of which count is a link or a mention.
	skipped := len(c.letters) == 0 && bytes.ContainsFunc(c.folded, alnum)
	switch {
	case skipped && bytes.IndexByte(c.folded, '@') >= 0 && bytes.IndexByte(c.folded, '/') < 0:
		t.kind = Mention
	case skipped:
		t.kind = Link
	case digits > 0 && digits == len(c.letters):
		t.kind = Number
	}
	if digits > 0 || len(c.letters) == 0 {
		t.key = fold.String(text)
	}
	return t
}

// written is a run of tokens as a text.
func written(tokens []token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 && !t.glued {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}
