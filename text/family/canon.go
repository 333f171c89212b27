package family

import (
	"bytes"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/ringfence/ringfence/text/fold"
)

// canon reads texts into their canonical form. It is the scratch of one goroutine.
type canon struct {
	folder  fold.Folder
	folded  []byte
	symbols []rune // the form, letters and single spaces
	letters []rune // the form without its spaces
}

// read replaces what c holds by the canonical form of text.
func (c *canon) read(text string) {
	c.folded = c.folder.Fold(c.folded[:0], text)
	c.symbols, c.letters = c.symbols[:0], c.letters[:0]
	b, table := c.folded, readings()
	inWord := false // within letters and digits of ASCII
	noHost := 0     // before here no host begins that a path follows
	for i := 0; i < len(b); {
		n := skipped(b[i:], inWord)
		if n == 0 && !inWord && i >= noHost && alnum(rune(b[i])) {
			host, path := hostLen(b[i:])
			if noHost = i + host; path {
				n = linkLen(b[i:])
			}
		}
		if n > 0 {
			c.gap()
			i, inWord = i+n, false
			continue
		}
		r, size := rune(b[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(b[i:])
		}
		i += size
		inWord = alnum(r)
		switch to := table.lookup(r); to {
		case readNothing:
		case readGap:
			c.gap()
		default:
			c.add(to)
		}
		for inWord && i < len(b) && b[i] != 'h' && alnum(rune(b[i])) && b[i] != '_' { // most of most texts
			to := table[0][b[i]]
			c.symbols, c.letters = append(c.symbols, to), append(c.letters, to)
			i++
		}
	}
	if n := len(c.symbols); n > 0 && c.symbols[n-1] == ' ' {
		c.symbols = c.symbols[:n-1]
	}
}

// gap ends a word.
func (c *canon) gap() {
	if n := len(c.symbols); n > 0 && c.symbols[n-1] != ' ' {
		c.symbols = append(c.symbols, ' ')
	}
}

// add puts a letter. What says as much as several letters counts as several: a syllable of Hangul as its parts, an ideograph or
// a syllable of kana as two.
func (c *canon) add(r rune) {
	var parts [3]rune
	n := 1
	parts[0] = r
	switch {
	case 0xac00 <= r && r <= 0xd7a3:
		s := r - 0xac00
		parts = [3]rune{0x1100 + s/588, 0x1161 + s%588/28, 0x11a7 + s%28}
		if n = 2; s%28 != 0 {
			n = 3
		}
	case 0x3041 <= r && r <= 0x30ff, 0x3400 <= r && r <= 0x9fff, 0xf900 <= r && r <= 0xfaff, 0x20000 <= r && r <= 0x3ffff:
		parts[1], n = second+r, 2
	}
	c.symbols = append(c.symbols, parts[:n]...)
	c.letters = append(c.letters, parts[:n]...)
}

// second marks the second of the two symbols of a character; it is no character itself.
const second = 1 << 24

// skipped is the length of the link or mention that folded text begins with, 0 if it begins with none; but for links that have no
// scheme.
func skipped(b []byte, inWord bool) int {
	switch c := b[0]; {
	case c == 'h' && (bytes.HasPrefix(b, []byte("http://")) || bytes.HasPrefix(b, []byte("https://"))):
		return linkLen(b)
	case inWord || c >= utf8.RuneSelf:
		return 0
	case c == '@':
		n := 1
		for n < len(b) && (alnum(rune(b[n])) || n > 1 && (b[n] == '.' || b[n] == '-')) {
			n++
		}
		if n > 1 {
			return n
		}
	case c == 'w' && bytes.HasPrefix(b, []byte("www.")):
		return linkLen(b)
	}
	return 0
}

// hostLen is the length of what may be the name of a host, and whether it is one with a path after it.
func hostLen(b []byte) (n int, path bool) {
	dot := false
	for n < len(b) && (alnum(rune(b[n])) || b[n] == '-' || b[n] == '.') {
		dot = dot || b[n] == '.'
		n++
	}
	return n, dot && n < len(b) && b[n] == '/' && b[n-1] != '.'
}

// linkLen is where a link ends: at a space, or at a character that is not ASCII, since not every language sets spaces around it.
func linkLen(b []byte) int {
	for i, c := range b {
		if c == ' ' || c >= utf8.RuneSelf {
			return i
		}
	}
	return len(b)
}

// alnum tells of folded letters and digits of ASCII, and of what joins them in names.
func alnum(r rune) bool {
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '_'
}

// As what a character is read, if not as a letter.
const (
	readGap     rune = 0
	readNothing rune = -1
)

// reading says as what each character is read.
type reading [(unicode.MaxRune + 1) / pageSize]*page

const pageSize = 256

type page [pageSize]rune

func (t *reading) lookup(r rune) rune {
	return t[r/pageSize][r%pageSize]
}

// readings is the table, made at its first use in about 2 ms.
var readings = sync.OnceValue(func() *reading {
	t, gaps := new(reading), new(page)
	for i := range t {
		t[i] = gaps
	}
	set := func(from, to rune) {
		p := &t[from/pageSize]
		if *p == gaps {
			*p = new(page)
		}
		(*p)[from%pageSize] = to
	}
	each := func(set func(rune), tables ...*unicode.RangeTable) {
		for _, table := range tables {
			for _, r := range table.R16 {
				for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
					set(c)
				}
			}
			for _, r := range table.R32 {
				for c := rune(r.Lo); c <= rune(r.Hi); c += rune(r.Stride) {
					set(c)
				}
			}
		}
	}
	each(func(c rune) { set(c, c) }, unicode.L, unicode.N, unicode.Mc)
	each(func(c rune) { set(c, '0') }, unicode.Nd)
	each(func(c rune) { set(c, readNothing) }, unicode.Mn, unicode.Me)
	set('#', readNothing)
	set('\'', readNothing)
	set('’', readNothing)
	from := rune(-1)
	for _, r := range lookAlikes {
		if from < 0 {
			from = r
			continue
		}
		set(from, r)
		from = -1
	}
	return t
})
