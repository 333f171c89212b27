package event

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits bounds what a decoder takes. Sizes are in bytes after unescaping; a line or a value above its limit is refused.
type Limits struct {
	Line   int // the whole line
	Text   int // the text of an event
	List   int // the entries of urls, hashtags, mentions and media, each
	Attrs  int // the entries of attrs
	String int // every other string, and the name of a field
}

// DefaultLimits is what the product uses unless told otherwise: far above what a platform makes, far below what hurts.
func DefaultLimits() Limits {
	return Limits{Line: 1 << 20, Text: 64 << 10, List: 256, Attrs: 64, String: 4 << 10}
}

// FieldError says which part of an event is refused, and why.
type FieldError struct {
	Field  string // such as "time", "media[2].pdq" or "attrs.colour", or a CSV column; empty where the line itself is at fault
	Offset int    // of the fault in the line, in bytes; -1 where there is none
	Msg    string
}

// Error names the field first, for a person who reads a list of them.
func (e *FieldError) Error() string {
	msg := e.Msg
	if e.Field != "" {
		msg = e.Field + ": " + msg
	}
	if e.Offset >= 0 {
		msg += " (at byte " + strconv.Itoa(e.Offset) + ")"
	}
	return msg
}

// within puts the error below an outer field: "pdq" within "media[2]" is "media[2].pdq". The name is copied: it may share memory with
// the line, which the error outlives.
func (e *FieldError) within(outer string) *FieldError {
	switch {
	case e.Field == "" || e.Field[0] == '[':
		e.Field = strings.Clone(outer) + e.Field
	default:
		e.Field = outer + "." + e.Field
	}
	return e
}

// refuse is an error that has no place in the line.
func refuse(field, msg string) *FieldError { return &FieldError{Field: field, Offset: -1, Msg: msg} }

func tooLong(got, limit int) string {
	return "has " + strconv.Itoa(got) + " bytes, the limit is " + strconv.Itoa(limit)
}

func tooMany(limit int) string { return "has more than " + strconv.Itoa(limit) + " entries" }

// check holds an event that was not read by [Decoder.Decode] against the same conditions.
func (e *Event) check(lim Limits) *FieldError {
	if err := e.missing(); err != nil {
		return err
	}
	for _, list := range [...]struct {
		field string
		n     int
	}{{"urls", len(e.URLs)}, {"hashtags", len(e.Hashtags)}, {"mentions", len(e.Mentions)}, {"media", len(e.Media)}} {
		if list.n > lim.List {
			return refuse(list.field, tooMany(lim.List))
		}
	}
	if len(e.Attrs) > lim.Attrs {
		return refuse("attrs", tooMany(lim.Attrs))
	}
	for i := range e.Media {
		if pdq := e.Media[i].PDQ; pdq != "" && !isPDQ(pdq) {
			return refuse("media.pdq", "want 64 hex digits")
		}
	}
	var err *FieldError
	e.eachString(func(field string, s *string) {
		limit := lim.String
		if s == &e.Text {
			limit = lim.Text
		}
		switch {
		case err != nil:
		case len(*s) > limit:
			err = refuse(field, tooLong(len(*s), limit))
		case !utf8.ValidString(*s):
			err = refuse(field, "is not valid UTF-8")
		}
	})
	return err
}
