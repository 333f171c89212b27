// Package link finds the links in a text, also those that are written so that software does not see them, and brings links into
// one canonical form, so that the same page is the same string.
//
// It reads hxxps://ex[.]ample, example (dot) com, dots and letters in full width, invisible characters within a host; it names a
// host's registrable domain by the public suffix list, what an internationalised host looks like, and whether the host is a
// shortener's. What is found says where it stands in the original bytes. The package needs no network and knows nothing of what is
// behind a link.
package link

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Link is one link.
type Link struct {
	Start, End int // bytes of the text, on the edges of characters

	// Canonical is the page's name, fit to compare and to count: scheme https for http and where none was written, host in lower
	// case and ASCII (punycode), no user, no port 80 or 443, no fragment, path without dot segments and in one way of escaping,
	// query without the parameters that track. It is made of printable ASCII, and its own canonical form.
	Canonical string

	Host   string // in ASCII, lower case; an address without brackets
	Domain string // the registrable domain of Host; empty for an address, or a host that is a public suffix itself

	// Looks is the domain that an internationalised host looks like to a reader: "paypal.com" for раураl.com, "munchen.de" for
	// münchen.de. Empty if Host is plain, or looks like nothing in ASCII. A likeness alone is no offence.
	Looks string

	// Homograph says that Host passes for Looks by letters of another script, or of phonetics, below a top-level domain in ASCII.
	// Letters of Latin alphabets make none: münchen.de is what it is.
	Homograph bool

	Disguised bool // written in a way that software does not see: defanged, with invisible or full-width characters
	Shortener bool // the host's links lead elsewhere
	Tracked   bool // parameters that track were left out of Canonical
}

// maxLinks bounds the links of one text, and once more those that are different.
const maxLinks = 1000

// Find appends to dst the links of a text's first 262,144 characters, in their order. Of a text with more than 1,000 links it is
// the first 1,000, and of what comes after them the first place of each that differs from all before, until there are 1,000
// different ones; so repeats of a link hide no other, but 1,000 different ones hide the next. A host without scheme counts where
// its top-level domain is one and is no common word; "www." or a path makes up for a common word. Addresses of mail do not count.
//
// The cost is linear in the text, whatever is in it.
func Find(dst []Link, text string) []Link {
	if !mayHold(text) {
		return dst
	}
	f := finders.Get().(*finder)
	defer f.keep()
	return f.find(dst, text)
}

// find is Find, without the quick look before.
func (f *finder) find(dst []Link, text string) []Link {
	f.v = view(f.v[:0], text)
	before := len(dst)
	var different map[string]bool // by canonical form, once there are many
	for i := 0; i < len(f.v) && len(different) < maxLinks; {
		l, next, found := f.next(i)
		i = next
		switch {
		case !found || different[l.Canonical]:
			continue
		case different != nil:
			different[l.Canonical] = true
		case len(dst)-before+1 == maxLinks:
			different = map[string]bool{l.Canonical: true}
			for i := range dst[before:] {
				different[dst[before+i].Canonical] = true
			}
		}
		dst = append(dst, l)
	}
	return dst
}

// Parse reads a string that is one link, and nothing before or after it. It reports false for what is no link of the web: another
// scheme, no host, a host without scheme that is under no top-level domain.
func Parse(raw string) (Link, bool) {
	f := finders.Get().(*finder)
	defer f.keep()
	f.v, f.whole = view(f.v[:0], strings.TrimSpace(raw)), true
	for i := 0; i < len(f.v); {
		l, next, found := f.next(i)
		if found {
			whole := l.Start == int(f.v[0].start) && next == len(f.v) && len(f.v) < maxView
			l.Start, l.End = 0, len(raw)
			return l, whole
		}
		i = next
	}
	return Link{}, false
}

// mayHold tells most texts without links quickly: nothing in them could be a scheme or the dot of a host.
func mayHold(text string) bool {
	at := func(i int) byte {
		if 0 <= i && i < len(text) {
			return text[i]
		}
		return ' '
	}
	for i := range len(text) {
		switch c := text[i]; c {
		case '.': // not one that ends a sentence
			if before, after := at(i-1), at(i+1); inPlainHost(after) || before != '.' && !inPlainHost(before) {
				return true
			}
		case ':':
			if after := at(i + 1); after != ' ' && !inASCIIHost(after) {
				return true
			}
		case 't', 'T': // of dot and d0t
			if o := at(i - 1); (o|0x20 == 'o' || o == '0') && at(i-2)|0x20 == 'd' {
				return true
			}
		case ']', ')', '}':
			if endsBracketed(at(i - 1)) {
				return true
			}
		case 0xE2, 0xE3, 0xEF, 0xEA, 0xD6: // the first bytes of dots, colons and slashes beyond ASCII
			if r, _ := utf8.DecodeRuneInString(text[i:]); separates(r) {
				return true
			}
		}
	}
	return false
}

// endsBracketed reports whether a byte may be the last of what is put in brackets instead of a dot or a colon.
func endsBracketed(c byte) bool {
	return c|0x20 == 't' || c|0x20 == 'o' || c == '.' || c == ':' || c == '/' || c == '@' || c == ' ' || c >= utf8.RuneSelf
}

// inASCIIHost and inPlainHost are inHost for bytes, any beyond ASCII being part of a letter for the latter.
func inASCIIHost(c byte) bool { return isASCIILetter(c) || isDigit(rune(c)) || c == '-' || c == '_' }
func inPlainHost(c byte) bool { return inASCIIHost(c) || c >= utf8.RuneSelf }

// finder reads one view.
type finder struct {
	v     []symbol
	whole bool // the view is one link and nothing else
}

var finders = sync.Pool{New: func() any { return new(finder) }}

// keep returns the finder for another text, but for memory that only a huge one needed.
func (f *finder) keep() {
	f.whole = false
	if cap(f.v) <= 1<<14 {
		finders.Put(f)
	}
}

// at is the symbol at i, a line's end beyond the view.
func (f *finder) at(i int) rune {
	if i < 0 || i >= len(f.v) {
		return '\n'
	}
	return f.v[i].r
}

// next reads what stands at i, and says where to go on. Every symbol is looked at a bounded number of times.
func (f *finder) next(i int) (Link, int, bool) {
	if !startsHost(f.at(i)) {
		return Link{}, i + 1, false
	}
	j := f.runEnd(i)
	if f.at(j) == ':' && f.at(j+1) == '/' && f.at(j+2) == '/' {
		if start, scheme, ok := f.scheme(i, j); ok {
			if l, end, ok := f.withScheme(start, j+3, scheme); ok || end > 0 {
				return l, end, ok
			}
		}
		return Link{}, j + 3, false
	}
	switch before := f.at(i - 1); {
	case before == '@' || f.at(j) == '@' || before == '#' || before == '$', before == '/' && f.at(i-2) != '/':
		return Link{}, j, false
	}
	return f.bare(i, j)
}

// runEnd is the end of what could be a host, or two with a soft dot between them, from i on. It is all in scripts with spaces
// between words, or all in one without.
func (f *finder) runEnd(i int) int {
	kind, soft := unspaced(f.at(i)), false
	j := i
	for ; ; j++ {
		switch r := f.at(j); {
		case r == softDot:
			if soft {
				return j
			}
			soft = true
		case !inHost(r) || unspaced(r) != kind:
			return j
		}
	}
}

// scheme reads the name before a "://" at j: http, https or ftp, with any letters for the t's: hxxp, h**p, htxps.
func (f *finder) scheme(from, j int) (start int, scheme string, ok bool) {
	lower := func(i int) rune { return unicode.ToLower(f.at(i)) }
	k := j - 1
	if k-2 >= from && lower(k) == 'p' && (lower(k-1) == 't' || lower(k-1) == 'x') && lower(k-2) == 'f' {
		return k - 2, "ftp", true
	}
	if lower(k) == 's' {
		k--
	}
	veiled := func(r rune) bool { return r == 't' || r == 'x' || r == '*' || r == '_' || r == '+' }
	if lower(k) == 'p' && veiled(lower(k-1)) && veiled(lower(k-2)) && lower(k-3) == 'h' {
		return k - 3, "https", true
	}
	return 0, "", false
}

// plainScheme reports whether the letters of the scheme at v[start:end] are those that browsers know.
func (f *finder) plainScheme(start, end int) bool {
	for _, s := range f.v[start:end] {
		if s.r|0x20 == 'x' || s.r == '*' || s.r == '_' || s.r == '+' {
			return false
		}
	}
	return true
}

// Bounds in symbols, of the part between "://" and the path, and of an address in brackets.
const (
	maxAuthority = 512
	maxAddress   = 64
)

// withScheme reads a link whose scheme begins at start and whose authority begins at i. Where there is none it says behind what to
// go on, or 0 for what follows the scheme.
func (f *finder) withScheme(start, i int, scheme string) (Link, int, bool) {
	host := i
	for k := i; k < i+maxAuthority && !endsLink(f.at(k)) && f.at(k) != '/' && f.at(k) != '?' && f.at(k) != '#'; k++ {
		if f.at(k) == '@' {
			host = k + 1
		}
	}
	disguised := !f.plainScheme(start, i)
	if f.at(host) == '[' {
		end := host + 1
		for end < host+maxAddress && f.at(end) != ']' && !endsLink(f.at(end)) {
			end++
		}
		name, ok := address6(f.text(host+1, end))
		if !ok || f.at(end) != ']' {
			return Link{}, 0, false
		}
		return f.finish(start, end+1, scheme, hostName{ascii: name, address: true}, disguised)
	}
	end := f.hostEnd(host)
	broken := f.at(end) == '%' && inHost(f.at(end+1))
	if broken || f.count(host, end, '%') > 0 { // browsers undo escapes in hosts
		name, ok := escapedName(f.text(host, end))
		if !ok || broken {
			return Link{}, f.skip(end), false
		}
		return f.finish(start, end, scheme, name, true)
	}
	if end-host > maxHost {
		return Link{}, 0, false
	}
	first := host
	for first < end && f.at(first) != softDot {
		first++
	}
	if first < end && (f.count(host, first, '.') > 0 || !isSuffix(f.text(end-f.tail(host, end), end))) {
		end = first // the dot ended a sentence, or something else
	}
	name, ok := nameOf(f.text(host, end), true)
	if !ok {
		return Link{}, 0, false
	}
	return f.finish(start, end, scheme, name, disguised)
}

// skip is the end of the authority of which i is a part.
func (f *finder) skip(i int) int {
	for !endsLink(f.at(i)) && f.at(i) != '/' && f.at(i) != '?' && f.at(i) != '#' {
		i++
	}
	return i
}

// bare reads v[i:j], which could be a host without a scheme, or several with soft dots between them.
func (f *finder) bare(i, j int) (Link, int, bool) {
	if tail := f.tail(i, j); j-i > tail && (f.at(j) == '/' || f.whole) && isSuffix(f.text(j-tail, j)) { // example dot com/path
		from := j - tail - 1
		for from > i && inHost(f.at(from-1)) {
			from--
		}
		if f.count(from, j-tail-1, '.') == 0 {
			if l, end, ok := f.bareHost(from, j); ok {
				return l, end, true
			}
		}
	}
	end := i
	for end < j && f.at(end) != softDot {
		end++
	}
	if l, next, ok := f.bareHost(i, end); ok {
		return l, next, true
	}
	return Link{}, end, false
}

// bareHost reads v[i:j] as a host without a scheme.
func (f *finder) bareHost(i, j int) (Link, int, bool) {
	for i < j && (f.at(i) == '.' || f.at(i) == '-') {
		i++
	}
	end := j
	for end > i && (f.at(end-1) == '.' || f.at(end-1) == '-' || f.at(end-1) == '_') {
		end--
	}
	if end-i > maxHost || f.count(i, end, '.')+f.count(i, end, softDot) == 0 {
		return Link{}, 0, false
	}
	follows := end == j && (f.at(j) == '/' && !endsLink(f.at(j+1)) || f.at(j) == ':' && isDigit(f.at(j+1)) && isDigit(f.at(j+2)))
	switch top := end - f.label(i, end); {
	case isDigit(f.at(top)) && !follows, !isDigit(f.at(top)) && end-top < 2: // 3.14, e.g
		return Link{}, 0, false
	}
	text := f.text(i, end)
	name, ok := nameOf(text, false)
	if !ok || !plausible(text, name, follows || f.whole || f.odd(i, end)) {
		return Link{}, 0, false
	}
	return f.finish(i, end, "https", name, false)
}

// finish reads port and path after the host, whose last symbol is before end, and makes the link.
func (f *finder) finish(start, end int, scheme string, name hostName, disguised bool) (Link, int, bool) {
	port := ""
	if f.at(end) == ':' && isDigit(f.at(end+1)) {
		digits := end + 1
		for digits < end+8 && isDigit(f.at(digits)) {
			digits++
		}
		var ok bool
		if port, ok = canonicalPort(f.text(end+1, digits)); !ok {
			return Link{}, 0, false
		}
		end = digits
	}
	rest := end
	if c := f.at(end); c == '/' || c == '?' || c == '#' {
		for !endsLink(f.at(end)) {
			end++
		}
		if !f.whole {
			end = f.trim(rest, end)
		}
	}
	l := Link{
		Start: int(f.v[start].start), End: int(f.v[end-1].end),
		Host: name.ascii, Domain: name.domain(), Shortener: isShortener(name.ascii),
		Disguised: disguised || f.odd(start, end),
	}
	l.Looks, l.Homograph = name.looks()
	l.Canonical, l.Tracked = canonical(scheme, name, port, f.text(rest, end), l.Domain)
	return l, end, true
}

// trim takes the punctuation of the sentence off the end of a path that begins at start.
func (f *finder) trim(start, end int) int {
	open := 0 // brackets that were opened and not closed
	for _, s := range f.v[start:end] {
		switch s.r {
		case '(', '[', '{':
			open++
		case ')', ']', '}':
			open--
		}
	}
	for end > start {
		switch f.at(end - 1) {
		case '.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', '|':
		case ')', ']', '}':
			if open >= 0 {
				return end
			}
			open++
		default:
			return end
		}
		end--
	}
	return end
}
