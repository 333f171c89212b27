package link

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"
)

//go:generate go run ./gen

const maxHost = 253 // bytes, and characters before the mapping to ASCII

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// startsHost and inHost say which characters a host is made of, dots included. Letters are those of any script; which of them may
// stand in a name is IDNA's to say.
func startsHost(r rune) bool {
	if r < utf8.RuneSelf {
		return isDigit(r) || 'a' <= r|0x20 && r|0x20 <= 'z'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || 0x24B6 <= r && r <= 0x24E9 // circled letters
}

func inHost(r rune) bool {
	return startsHost(r) || r == '.' || r == '-' || r == '_' || r >= utf8.RuneSelf && unicode.IsMark(r)
}

// endsLink reports whether a character, or a soft dot, stands in no link.
func endsLink(r rune) bool {
	return r <= ' ' || r == '<' || r == '>' || r == '"' || r == '`' || r == 0x7F ||
		r >= utf8.RuneSelf && (unicode.IsSpace(r) || !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) || unspaced(r))
}

// unspaced reports whether a character is of a script that puts no spaces between words, so that it often follows a link directly.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Hangul)
}

// hostEnd is the end of the host that begins at i, escapes among its characters. A label in ASCII ends before a script without
// spaces.
func (f *finder) hostEnd(i int) int {
	dot, ascii, soft := false, false, false
	j := i
scan:
	for ; inHost(f.at(j)) || f.at(j) == softDot && !soft || f.escape(j); j++ {
		switch r := f.at(j); {
		case r == '.' || r == softDot:
			soft = soft || r == softDot
			dot, ascii = true, false
		case dot && ascii && unspaced(r):
			break scan
		case r < utf8.RuneSelf:
			ascii = true
			if r == '%' {
				j += 2
			}
		}
	}
	for j > i && (f.at(j-1) == '.' || f.at(j-1) == '_' || f.at(j-1) == '-' || f.at(j-1) == softDot) {
		j--
	}
	return j
}

// escape reports whether a byte is written as %61 at i.
func (f *finder) escape(i int) bool { return f.at(i) == '%' && isHex(f.at(i+1)) && isHex(f.at(i+2)) }

func isHex(r rune) bool { return isDigit(r) || 'a' <= r|0x20 && r|0x20 <= 'f' }

// escapedName reads a host with escapes in it as browsers do, who undo them before anything else.
func escapedName(text string) (hostName, bool) {
	if len(text) > 3*maxHost {
		return hostName{}, false
	}
	var b []byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' {
			c, _ = unhex(text[i+1:])
			i += 2
		}
		b = append(b, c)
	}
	host := strings.TrimRight(string(b), ".")
	if !utf8.ValidString(host) || strings.HasSuffix(host, "_") || strings.HasPrefix(host, "_") {
		return hostName{}, false
	}
	return nameOf(host, true)
}

// hostName is a host in its canonical form.
type hostName struct {
	ascii   string
	address bool
}

// profile maps hosts as browsers do.
var profile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule())

// nameOf reads a host that is a name of at least two labels, or an address of version 4. Only a scheme makes a number an address.
func nameOf(text string, scheme bool) (hostName, bool) {
	if len(text) > 4*maxHost {
		return hostName{}, false
	}
	name := strings.TrimRight(strings.ToLower(text), ".")
	if !isASCII(name) || strings.Contains(name, "xn--") {
		mapped, err := profile.ToASCII(name)
		if err != nil {
			return hostName{}, false
		}
		name = strings.TrimRight(mapped, ".")
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "" || len(name) > maxHost {
		return hostName{}, false
	}
	if isDigit(rune(last[0])) {
		if a, ok := address4(name); ok && (scheme || strings.Count(name, ".") == 3) {
			return hostName{a, true}, true
		}
		return hostName{}, false
	}
	if last == name {
		return hostName{}, false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return hostName{}, false
		}
	}
	return hostName{ascii: name}, true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// address4 reads an address as browsers do: one to four numbers, decimal, octal or hexadecimal, the last filling what is left.
func address4(s string) (string, bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return "", false
	}
	var a uint64
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 0, 33)
		if len(p) > 1 && p[0] == '0' && isDigit(rune(p[1])) {
			n, err = strconv.ParseUint(p, 8, 33)
		}
		if err != nil || strings.ContainsAny(p, "_bo") {
			return "", false
		}
		room := uint64(1) << 8
		if i == len(parts)-1 {
			room = 1 << (8 * (5 - len(parts)))
		}
		if n >= room {
			return "", false
		}
		a = a*room + n
	}
	return netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)}).String(), true
}

func address6(s string) (string, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is6() || a.Zone() != "" {
		return "", false
	}
	return a.String(), true
}

// domain is the registrable domain, empty if there is none.
func (n hostName) domain() string {
	if n.address {
		return ""
	}
	d, err := publicsuffix.EffectiveTLDPlusOne(n.ascii)
	if err != nil {
		return ""
	}
	return d
}

// lastLatin is the last letter of Unicode's blocks of Latin alphabets; those of phonetics and other scripts come after it.
const lastLatin = 0x24F

// looks is the domain that the host looks like, empty if it is in ASCII anyway or like nothing there; and whether the host is a
// homograph of it.
func (n hostName) looks() (domain string, homograph bool) {
	if !strings.Contains(n.ascii, "xn--") {
		return "", false
	}
	shown, err := profile.ToUnicode(n.ascii)
	if err != nil {
		return "", false
	}
	var like []byte
	top := shown[strings.LastIndexByte(shown, '.')+1:]
	for label := range strings.SplitSeq(shown, ".") {
		foreign := false
		for _, r := range norm.NFD.String(label) {
			switch a, ok := alike[r]; {
			case r < utf8.RuneSelf:
				like = append(like, byte(r))
			case ok:
				like = append(like, a...)
				foreign = foreign || r > lastLatin
			case !unicode.IsMark(r):
				return "", false
			}
		}
		like = append(like, '.')
		homograph = homograph || foreign && isASCII(top)
	}
	like = like[:len(like)-1]
	if d := (hostName{ascii: string(like)}).domain(); d != "" {
		return d, homograph
	}
	return string(like), homograph
}

// isSuffix reports whether the text is a suffix under which the public registers names.
func isSuffix(text string) bool {
	name := strings.ToLower(text)
	suffix, managed := publicsuffix.PublicSuffix(name)
	return managed && suffix == name && len(name) > 1
}

// plausible reports whether a host without a scheme is meant as one. sure says that something else speaks for it.
func plausible(text string, name hostName, sure bool) bool {
	if name.address {
		return sure
	}
	suffix, managed := publicsuffix.PublicSuffix(name.ascii)
	if !managed && !strings.Contains(suffix, ".") || suffix == name.ascii {
		return false // no such top-level domain, or nothing below it
	}
	top := text[strings.LastIndexByte(text, '.')+1:]
	switch {
	case sure || strings.HasPrefix(name.ascii, "www."):
		return true
	case words[strings.ToLower(top)] && !strings.Contains(suffix, "."):
		return false
	}
	first, _ := utf8.DecodeRuneInString(top)
	return !unicode.IsUpper(first) || strings.ToUpper(text) == text // "the end.But" begins a sentence
}

// isShortener looks for the host and what is above it in the table.
func isShortener(host string) bool {
	for {
		if shorteners[host] {
			return true
		}
		_, above, more := strings.Cut(host, ".")
		if !more {
			return false
		}
		host = above
	}
}
