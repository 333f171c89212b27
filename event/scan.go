package event

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON values from left to right in one pass and without recursion. Errors name no field; the caller does.
type scanner struct {
	b []byte
	s string // the same memory as b
	i int    // the next byte to read

	// Scratch, kept from line to line.
	buf  []byte // for unescaping
	ends []byte // for skipping: the brackets that are to come
}

func (s *scanner) fail(at int, msg string) *FieldError { return &FieldError{Offset: at, Msg: msg} }

// next skips white space and returns the byte at the cursor, which stays on it; 0 at the end.
func (s *scanner) next() byte {
	for ; s.i < len(s.b); s.i++ {
		if c := s.b[s.i]; c > ' ' || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
	return 0
}

// want is the error for a value of the wrong type.
func (s *scanner) want(what string) *FieldError {
	return s.fail(s.i, "want "+what+", found "+s.found())
}

func (s *scanner) found() string {
	c := s.next()
	rest := s.s[s.i:]
	switch {
	case rest == "":
		return "the end of the line"
	case c == '"':
		return "a string"
	case c == '{':
		return "an object"
	case c == '[':
		return "a list"
	case c == '-' || '0' <= c && c <= '9':
		return "a number"
	case strings.HasPrefix(rest, "true"), strings.HasPrefix(rest, "false"):
		return "a boolean"
	case strings.HasPrefix(rest, "null"):
		return "null"
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return strconv.QuoteRune(r)
}

// open reads the bracket that begins an object or a list and reports whether it has entries; an empty one is read to its end.
func (s *scanner) open(begin, end byte, what string) (more bool, err *FieldError) {
	if s.next() != begin {
		return false, s.want(what)
	}
	s.i++
	if s.next() == end {
		s.i++
		return false, nil
	}
	return true, nil
}

// more reads what follows an entry: a comma, or the bracket that ends the object or list.
func (s *scanner) more(end byte) (more bool, err *FieldError) {
	switch s.next() {
	case ',':
		s.i++
		return true, nil
	case end:
		s.i++
		return false, nil
	}
	return false, s.want("',' or '" + string(rune(end)) + "'")
}

// end checks that nothing follows.
func (s *scanner) end() *FieldError {
	if s.next(); s.i < len(s.b) {
		return s.want("the end of the line")
	}
	return nil
}

// key reads the name of an entry and its colon.
func (s *scanner) key(limit int) (string, *FieldError) {
	if s.next() != '"' {
		return "", s.want("a field name")
	}
	name, err := s.str(limit)
	if err != nil {
		return "", err
	}
	if s.next() != ':' {
		return "", s.want("':'").within(shorten(name))
	}
	s.i++
	return name, nil
}

// shorten cuts a name that came from outside for an error message.
func shorten(name string) string {
	const most = 64
	if len(name) <= most {
		return name
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + "…"
}

// literal reads the word if it stands at the cursor.
func (s *scanner) literal(word string) bool {
	if n := s.i + len(word); n <= len(s.b) && s.s[s.i:n] == word {
		s.i = n
		return true
	}
	return false
}

// null reads a null if it is the next value.
func (s *scanner) null() bool { return s.next() == 'n' && s.literal("null") }

func (s *scanner) boolean() (bool, *FieldError) {
	switch s.next() {
	case 't':
		if s.literal("true") {
			return true, nil
		}
	case 'f':
		if s.literal("false") {
			return false, nil
		}
	}
	return false, s.want("true or false")
}

// str reads a string. It shares memory with the line unless it has escapes.
func (s *scanner) str(limit int) (string, *FieldError) {
	if s.next() != '"' {
		return "", s.want("a string")
	}
	start := s.i + 1
	end, ascii := plain(s.b, start)
	if end < len(s.b) && s.b[end] == '\\' {
		return s.unescape(start, end, limit)
	}
	if end == len(s.b) || s.b[end] != '"' {
		return "", s.broken(end)
	}
	v := s.s[start:end]
	if !ascii && !utf8.ValidString(v) {
		return "", s.fail(start, "is not valid UTF-8")
	}
	if len(v) > limit {
		return "", s.fail(start, tooLong(len(v), limit))
	}
	s.i = end + 1
	return v, nil
}

// broken is the error for a string that ends at a byte which no string may hold.
func (s *scanner) broken(at int) *FieldError {
	if at >= len(s.b) {
		return s.fail(len(s.b), "the string is not closed")
	}
	return s.fail(at, "control characters in a string must be escaped")
}

// unescape reads on from the first backslash, at, of the string that began at start.
func (s *scanner) unescape(start, at, limit int) (string, *FieldError) {
	s.buf = append(s.buf[:0], s.b[start:at]...)
	ascii := true
	for {
		var err *FieldError
		if at, err = s.escape(at); err != nil {
			return "", err
		}
		end, plainASCII := plain(s.b, at)
		s.buf = append(s.buf, s.b[at:end]...)
		ascii = ascii && plainASCII
		at = end
		if at == len(s.b) || s.b[at] < ' ' {
			return "", s.broken(at)
		}
		if s.b[at] == '"' {
			break
		}
	}
	if !utf8.Valid(s.b[start:at]) {
		return "", s.fail(start, "is not valid UTF-8")
	}
	if len(s.buf) > limit {
		return "", s.fail(start, tooLong(len(s.buf), limit))
	}
	s.i = at + 1
	return string(s.buf), nil
}

// escape appends what the escape sequence at the backslash stands for, and returns the place after it. Half a surrogate pair
// becomes U+FFFD as in encoding/json: platforms pass on what people typed, and a post must not escape the rules by it.
func (s *scanner) escape(at int) (int, *FieldError) {
	if at+1 >= len(s.b) {
		return 0, s.broken(len(s.b))
	}
	switch c := s.b[at+1]; c {
	case '"', '\\', '/':
		s.buf = append(s.buf, c)
	case 'b':
		s.buf = append(s.buf, '\b')
	case 'f':
		s.buf = append(s.buf, '\f')
	case 'n':
		s.buf = append(s.buf, '\n')
	case 'r':
		s.buf = append(s.buf, '\r')
	case 't':
		s.buf = append(s.buf, '\t')
	case 'u':
		r, ok := s.hex4(at + 2)
		if !ok {
			return 0, s.fail(at, `\u needs four hex digits`)
		}
		at += 6
		if utf16.IsSurrogate(r) {
			low := rune(-1)
			if at+1 < len(s.b) && s.b[at] == '\\' && s.b[at+1] == 'u' {
				low, _ = s.hex4(at + 2)
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				at += 6
			}
		}
		s.buf = utf8.AppendRune(s.buf, r)
		return at, nil
	default:
		return 0, s.fail(at, "unknown escape sequence")
	}
	return at + 2, nil
}

func (s *scanner) hex4(at int) (r rune, ok bool) {
	if at+4 > len(s.b) {
		return -1, false
	}
	for _, c := range s.b[at : at+4] {
		v, ok := hexDigit(c)
		if !ok {
			return -1, false
		}
		r = r<<4 | rune(v)
	}
	return r, true
}

func hexDigit(c byte) (v byte, ok bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// plain is the place from i on of the first quote, backslash or control character, or len(b); ascii is whether all before it is.
// It looks at eight bytes at a time: this loop is most of the cost of decoding.
func plain(b []byte, i int) (end int, ascii bool) {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	var high uint64
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// A byte's top bit is set where it is a stop. Borrows can set false ones, but only above a true one.
		stops := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*' ')&^w) & highs
		if stops != 0 {
			n := bits.TrailingZeros64(stops) &^ 7
			high |= w & (1<<n - 1)
			return i + n/8, high&highs == 0
		}
		high |= w
		i += 8
	}
	for ; i < len(b); i++ {
		c := b[i]
		if c == '"' || c == '\\' || c < ' ' {
			break
		}
		high |= uint64(c)
	}
	return i, high&highs == 0
}

// number reads a JSON number and returns its text and whether it is written as an integer.
func (s *scanner) number(what string) (text string, integer bool, err *FieldError) {
	s.next()
	start, i := s.i, s.i
	digits := func() bool {
		from := i
		for i < len(s.b) && '0' <= s.b[i] && s.b[i] <= '9' {
			i++
		}
		return i > from
	}
	if i < len(s.b) && s.b[i] == '-' {
		i++
	}
	first := i
	if !digits() {
		return "", false, s.want(what)
	}
	if s.b[first] == '0' && i > first+1 {
		return "", false, s.fail(start, "a number must not begin with 0")
	}
	integer = true
	if i < len(s.b) && s.b[i] == '.' {
		i++
		integer = false
		if !digits() {
			return "", false, s.fail(start, "a digit must follow the decimal point")
		}
	}
	if i < len(s.b) && s.b[i]|0x20 == 'e' {
		i++
		integer = false
		if i < len(s.b) && (s.b[i] == '+' || s.b[i] == '-') {
			i++
		}
		if !digits() {
			return "", false, s.fail(start, "a digit must follow the exponent sign")
		}
	}
	s.i = i
	return s.s[start:i], integer, nil
}

func (s *scanner) integer() (int64, *FieldError) {
	at := s.i
	text, integer, err := s.number("an integer")
	if err != nil {
		return 0, err
	}
	n, bad := strconv.ParseInt(text, 10, 64)
	if !integer || bad != nil {
		return 0, s.fail(at, "want an integer of 64 bits, found "+shorten(text))
	}
	return n, nil
}

func (s *scanner) float() (float64, *FieldError) {
	at := s.i
	text, _, err := s.number("a number")
	if err != nil {
		return 0, err
	}
	f, bad := strconv.ParseFloat(text, 64)
	if bad != nil || math.IsInf(f, 0) {
		return 0, s.fail(at, shorten(text)+" does not fit a number of 64 bits")
	}
	return f, nil
}

// skip reads over a value, which must be well-formed all the same. It keeps its own stack, so that no depth is too much for it.
func (s *scanner) skip() *FieldError {
	s.ends = s.ends[:0]
	for {
		more, err := s.skipOne()
		for err == nil && !more {
			if len(s.ends) == 0 {
				return nil
			}
			end := s.ends[len(s.ends)-1]
			if more, err = s.more(end); !more {
				s.ends = s.ends[:len(s.ends)-1]
			} else if err == nil && end == '}' {
				_, err = s.key(len(s.b))
			}
		}
		if err != nil {
			return err
		}
	}
}

// skipOne reads over a scalar, or the beginning of an object or a list; inside is whether its entries are still to come.
func (s *scanner) skipOne() (inside bool, err *FieldError) {
	switch c := s.next(); {
	case c == '{':
		if inside, err = s.open('{', '}', "a value"); inside && err == nil {
			s.ends = append(s.ends, '}')
			_, err = s.key(len(s.b))
		}
	case c == '[':
		if inside, err = s.open('[', ']', "a value"); inside {
			s.ends = append(s.ends, ']')
		}
	case c == '"':
		_, err = s.str(len(s.b))
	case c == 't' || c == 'f':
		_, err = s.boolean()
	case c == '-' || '0' <= c && c <= '9':
		_, _, err = s.number("a number")
	case !s.null():
		err = s.want("a value")
	}
	return inside, err
}
