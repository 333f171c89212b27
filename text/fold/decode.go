package fold

import (
	"html"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// maxLevels bounds how often escapes within escapes are decoded.
const maxLevels = 4

// decoder undoes escapes and remembers where each byte came from.
type decoder struct {
	text, next []byte
	from, to   []span // of each byte of text and next, in the original
}

// span is the part of the original that a byte stands for.
type span struct {
	start, end int32
	escaped    bool
}

// decode is the text without escapes, and whether there were any. The text is valid until the next call.
func (d *decoder) decode(s string) (string, bool) {
	d.text, d.from = append(d.text[:0], s...), d.from[:0]
	for i := range len(s) {
		d.from = append(d.from, span{start: int32(i), end: int32(i + 1)})
	}
	changed := false
	for range maxLevels {
		if !d.pass() {
			break
		}
		changed = true
		d.text, d.next, d.from, d.to = d.next, d.text, d.to, d.from
	}
	return unsafe.String(unsafe.SliceData(d.text), len(d.text)), changed
}

// escapes reports whether there is an escape to undo.
func (d *decoder) escapes(s string) bool {
	if !mayEscape(s) {
		return false
	}
	d.text, d.from = append(d.text[:0], s...), append(d.from[:0], make([]span, len(s))...)
	return d.pass()
}

func (d *decoder) start(i int) int32 { return d.from[i].start }

// end is the end of what the byte before i stands for.
func (d *decoder) end(i int) int32 { return d.from[i-1].end }

func (d *decoder) escaped(i int) Hidden {
	if d.from[i].escaped {
		return Escaped
	}
	return 0
}

// pass decodes every escape of text into next once.
func (d *decoder) pass() (changed bool) {
	s := d.text
	d.next, d.to = d.next[:0], d.to[:0]
	percents := countPercents(s)
	for i := 0; i < len(s); {
		var n int
		var as [2 * utf8.UTFMax]byte
		out := as[:0]
		switch s[i] {
		case '&':
			n, out = entity(s[i:], out)
		case '%':
			if percents >= 3 {
				n, out = percent(s[i:], out)
			}
		case '\\':
			n, out = backslash(s[i:], out)
		}
		if n == 0 {
			d.next, d.to = append(d.next, s[i]), append(d.to, d.from[i])
			i++
			continue
		}
		whole := span{d.from[i].start, d.from[i+n-1].end, true}
		for _, c := range out {
			d.next, d.to = append(d.next, c), append(d.to, whole)
		}
		i += n
		changed = true
	}
	return changed
}

// maxEntity is the length of the longest HTML entity that has a meaning, and more.
const maxEntity = 34

func entity(s, out []byte) (int, []byte) {
	end := 1
	for end < min(len(s), maxEntity) && (isAlnum(s[end]) || s[end] == '#') {
		end++
	}
	if end < len(s) && s[end] == ';' {
		end++
	} else if end < 3 || s[1] != '#' {
		return 0, nil
	}
	if as := html.UnescapeString(string(s[:end])); len(as) < end && as[0] != 0 && len(as) <= cap(out) {
		return end, append(out, as...)
	}
	return 0, nil
}

func countPercents(s []byte) (n int) {
	for i, c := range s {
		if c == '%' && hexes(s[i+1:], 2) >= 0 {
			if n++; n >= 3 {
				break
			}
		}
	}
	return n
}

// percent decodes the bytes of one character.
func percent(s, out []byte) (int, []byte) {
	n := 0
	for len(out) < utf8.UTFMax && n < len(s) && s[n] == '%' {
		c := hexes(s[n+1:], 2)
		if c < 0x20 {
			break
		}
		n, out = n+3, append(out, byte(c))
		if utf8.FullRune(out) {
			break
		}
	}
	if !utf8.Valid(out) {
		return 0, nil
	}
	return n, out
}

// backslash decodes \u0065, \u{65}, \U00000065 and \x65.
func backslash(s, out []byte) (int, []byte) {
	if len(s) < 4 {
		return 0, nil
	}
	width := map[byte]int{'u': 4, 'U': 8, 'x': 2}[s[1]]
	if width == 0 {
		return 0, nil
	}
	if s[1] == 'u' && s[2] == '{' {
		for n := 1; n <= 6 && 3+n < len(s); n++ {
			if s[3+n] == '}' {
				return visible(hexes(s[3:], n), 4+n, out)
			}
		}
		return 0, nil
	}
	c := hexes(s[2:], width)
	if utf16.IsSurrogate(rune(c)) && len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		return visible(int(utf16.DecodeRune(rune(c), rune(hexes(s[8:], 4)))), 12, out)
	}
	return visible(c, 2+width, out)
}

func visible(c, n int, out []byte) (int, []byte) {
	if c < 0x20 || !utf8.ValidRune(rune(c)) {
		return 0, nil
	}
	return n, utf8.AppendRune(out, rune(c))
}

// hexes is the number that the first n characters are; -1 if they are none.
func hexes(s []byte, n int) int {
	if len(s) < n || n == 0 {
		return -1
	}
	v := 0
	for _, c := range s[:n] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		v = v<<4 | int(c)
	}
	return v
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
