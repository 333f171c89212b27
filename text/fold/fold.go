// Package fold brings text into one canonical form, so that two spellings which look or mean the same compare equal.
//
// The form is Unicode's NFKC_Casefold (compatibility forms such as full-width, circled and mathematical letters become plain,
// letters lose their case, invisible characters go) with four additions: a run of white space is one space, none at the ends; of
// the marks stacked on one letter only the first 24 stay, so that "zalgo" text costs no more than other text; escapes (&#102;, %66,
// \u0066) are undone, also within one another; and a word that mixes scripts which look alike is written in one of them: сlick with
// a Cyrillic с is click. Words of one script stay what they are, in whatever script, and so do digits and signs for letters, of
// which nobody can tell without a list what they stand for.
//
// A Reader goes further, for those who look for what is hidden in a text: it reads a text as a lattice of symbols, each with the
// letters that it is or may stand for, by which way and at what cost, and its place in the original bytes.
//
// The tables are of Unicode 15.0: those of golang.org/x/text and Go, and alike.bin, whose sources gen/main.go names.
// The package stands alone.
package fold

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/text/unicode/norm"
)

// maxMarks bounds the combining marks on one letter. No language stacks more than a handful; beyond 30, less the marks that a
// single precomposed letter may bring, normalisation would insert joiners of its own.
const maxMarks = 24

// Fold appends the canonical form of s to dst. Invalid UTF-8 becomes U+FFFD. Folding what is folded changes nothing.
//
// It takes time linear in the text, and allocates only to grow dst; the first call with a character beyond ASCII builds tables once,
// in some 10 ms. It is safe for concurrent use.
func Fold(dst []byte, s string) []byte {
	f := folders.Get().(*Folder)
	defer folders.Put(f)
	return f.Fold(dst, s)
}

// Fold is the function of that name, with the memory of the Folder.
func (f *Folder) Fold(dst []byte, s string) []byte {
	start := len(dst)
	dst, wide := f.fold(dst, s, mayEscape(s))
	if !wide && !mayEscape(unsafe.String(unsafe.SliceData(dst[start:]), len(dst)-start)) {
		return dst
	}
	for range maxRounds {
		f.before = append(f.before[:0], dst[start:]...)
		before := unsafe.String(unsafe.SliceData(f.before), len(f.before))
		words, changed := unmix(f.words[:0], f.before)
		f.words = words
		if !changed && !f.decoder.escapes(before) {
			return dst
		}
		dst, _ = f.fold(dst[:start], unsafe.String(unsafe.SliceData(words), len(words)), true)
	}
	// So deep an escape is there to keep us busy. Without what begins one there is none.
	words, _ := unmix(f.words[:0], slices.DeleteFunc(append(f.before[:0], dst[start:]...), func(c byte) bool { return c == '&' || c == '%' || c == '\\' }))
	f.words = words
	dst, _ = f.fold(dst[:start], unsafe.String(unsafe.SliceData(words), len(words)), false)
	return dst
}

// maxRounds bounds how often what came out of an escape is looked at again; each undoes maxLevels of them.
const maxRounds = 3

// mayEscape reports whether there is a character that begins an escape.
func mayEscape(s string) bool { return strings.ContainsAny(s, `&%\`) }

// fold appends the form of s without regard to scripts, and reports whether it holds characters beyond ASCII.
func (f *Folder) fold(dst []byte, s string, decode bool) (_ []byte, wide bool) {
	if decode {
		s, _ = f.decoder.decode(s)
	}
	f.dst, f.start, f.space, f.marks = dst, len(dst), false, 0
	for len(s) > 0 {
		if s[0] < utf8.RuneSelf {
			s = f.ascii(s)
		} else {
			s, wide = f.unicode(s), true
		}
	}
	f.flush()
	dst, f.dst = f.dst, nil
	return dst, wide
}

// folders keeps the scratch memory of past calls.
var folders = sync.Pool{New: func() any { return new(Folder) }}

// String is the canonical form of s: s itself where it is in that form already.
func String(s string) string {
	if folded(s) {
		return s
	}
	b := Fold(make([]byte, 0, len(s)+len(s)/4), s)
	if string(b) == s {
		return s
	}
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// folded reports whether s is in canonical form, for plain ASCII; other text is worked out by folding it.
func folded(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf || lower[c] != c || c == ' ' && last == ' ' || c == '&' || c == '%' || c == '\\' {
			return false
		}
		last = c
	}
	return s == "" || last != ' '
}

// lower is the form of each ASCII character; all white space is a space.
var lower = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		t[c] = byte(c)
		switch {
		case 'A' <= c && c <= 'Z':
			t[c] = byte(c) + 'a' - 'A'
		case '\t' <= c && c <= '\r':
			t[c] = ' '
		}
	}
	return t
}()

// A Folder folds one text after another and keeps its scratch memory. It is for one goroutine at a time; the zero Folder is ready.
//
// While it folds there is text in canonical form in dst, and after it a segment that is mapped but not yet composed.
type Folder struct {
	dst   []byte
	start int  // where this text begins in dst
	space bool // white space was read and nothing since
	marks int  // combining marks since the last letter

	decoder decoder
	before  []byte // the text of the last round
	words   []byte // and with its words in one script

	length   int // of the segment
	segment  [512]byte
	composer norm.Iter
}

// ascii folds the ASCII characters that s begins with and returns the rest.
func (f *Folder) ascii(s string) string {
	f.flush()
	f.marks = 0
	dst, space := f.dst, f.space
	i := 0
	for ; i < len(s) && s[i] < utf8.RuneSelf; i++ {
		c := lower[s[i]]
		if c == ' ' {
			space = true
			continue
		}
		if space {
			if len(dst) > f.start {
				dst = append(dst, ' ')
			}
			space = false
		}
		dst = append(dst, c)
	}
	f.dst, f.space = dst, space
	return s[i:]
}

// unicode folds the other characters that s begins with and returns the rest.
func (f *Folder) unicode(s string) string {
	table := unicodeTable()
	for len(s) > 0 && s[0] >= utf8.RuneSelf {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch to := table.lookup(r); to {
		case toNothing:
		case toSpace:
			f.space = true
		case toSegment:
			if text, ok := table.long[r]; ok {
				for _, r := range text {
					f.add(r)
				}
			} else {
				f.add(r)
			}
		default:
			f.flush()
			f.gap()
			f.marks = 0
			f.dst = utf8.AppendRune(f.dst, to)
		}
	}
	return s
}

// gap writes the space that was held back. At the start of the text there is none.
func (f *Folder) gap() {
	if f.space && len(f.dst) > f.start {
		f.dst = append(f.dst, ' ')
	}
	f.space = false
}

// add puts a fully mapped character into the segment, where it may yet compose with what is around it.
func (f *Folder) add(r rune) {
	if r == ' ' {
		f.space = true
		return
	}
	if f.space || f.length > len(f.segment)-utf8.UTFMax {
		f.flush()
		f.gap()
	}
	if f.length == 0 {
		f.begin()
	}
	if combines(r) {
		if f.marks++; f.marks > maxMarks {
			return
		}
	} else {
		f.marks = 0
	}
	f.length += utf8.EncodeRune(f.segment[f.length:], r)
}

// begin moves the last letter of dst with its marks into the segment, since what follows may join it. A tail without a letter is
// never long, but for runs of vowels without consonants, which do not join; they stay.
func (f *Folder) begin() {
	if at := norm.NFC.LastBoundary(f.dst[f.start:]); at >= 0 && len(f.dst)-f.start-at <= len(f.segment)/2 {
		f.length = copy(f.segment[:], f.dst[f.start+at:])
		f.dst = f.dst[:f.start+at]
	}
}

// flush composes the segment and appends it to dst.
func (f *Folder) flush() {
	if f.length == 0 {
		return
	}
	f.composer.Init(norm.NFC, f.segment[:f.length])
	for !f.composer.Done() {
		f.dst = append(f.dst, f.composer.Next()...)
	}
	f.length = 0
}
