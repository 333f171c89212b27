package event

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/zeebo/xxh3"
)

// Table reads the rows of a CSV file (RFC 4180) by a mapping. It is not safe for concurrent use.
type Table struct {
	lim     Limits
	columns []string // the header
	assign  []assignment
	hashID  bool
	cells   []string
	buf     []byte
}

// assignment fills one field, from a column or, if that is -1, with a constant.
type assignment struct {
	field    string
	column   int
	constant string
}

// NewTable makes the reader for a file with this header row. A mapping without an id gives each event as its id the hash of all
// its mapped fields, so that exact duplicates are one event.
func NewTable(header []byte, m Mapping, lim Limits) (*Table, error) {
	t := &Table{lim: lim, hashID: m.Columns["id"] == "" && m.Const["id"] == ""}
	header = bytes.Clone(bytes.TrimPrefix(header, []byte("\uFEFF")))
	if err := t.split(header); err != nil {
		return nil, err.within("header")
	}
	t.columns = slices.Clone(t.cells)
	for _, field := range slices.Sorted(maps.Keys(m.Columns)) {
		name := m.Columns[field]
		at := slices.Index(t.columns, name)
		if at < 0 {
			return nil, refuse(shorten(name), "no such column for "+field+"; the header has "+shorten(strings.Join(t.columns, ",")))
		}
		if slices.Contains(t.columns[at+1:], name) {
			return nil, refuse(shorten(name), "the header has this column twice")
		}
		t.assign = append(t.assign, assignment{field: field, column: at})
	}
	for _, field := range slices.Sorted(maps.Keys(m.Const)) {
		t.assign = append(t.assign, assignment{field: field, column: -1, constant: m.Const[field]})
	}
	for _, a := range t.assign {
		if !tableField(a.field) {
			return nil, refuse(a.field, "is not a field of an event")
		}
	}
	for _, field := range [...]string{"time", "kind", "actor"} {
		if m.Columns[field] == "" && m.Const[field] == "" {
			return nil, refuse(field, "is required: map a column ("+field+"=column) or a constant ("+field+"==value)")
		}
	}
	return t, nil
}

// Decode reads one row into e, which it resets first; after an error e is unspecified. Quoted cells may hold newlines (see
// [OpenQuote]). The strings of e share memory with row, as in [Decoder.Decode]. The error names the column.
func (t *Table) Decode(row []byte, e *Event) error {
	e.Reset()
	e.Time = noTime
	if len(row) > t.lim.Line {
		return refuse("", "the row "+tooLong(len(row), t.lim.Line))
	}
	if err := t.split(row); err != nil {
		return err
	}
	if len(t.cells) != len(t.columns) {
		field := ""
		if len(t.cells) < len(t.columns) {
			field = shorten(t.columns[len(t.cells)])
		}
		return refuse(field, fmt.Sprintf("the row has %d cells, the header %d", len(t.cells), len(t.columns)))
	}
	t.buf = t.buf[:0]
	for _, a := range t.assign {
		name, value := a.field, a.constant
		if a.column >= 0 {
			name, value = shorten(t.columns[a.column]), t.cells[a.column]
		}
		if value == "" {
			continue
		}
		if err := set(e, a.field, value, t.lim); err != nil {
			return refuse(name, err.Error())
		}
		if t.hashID {
			t.buf = append(append(t.buf, a.field...), '=')
			t.buf = strconv.AppendInt(t.buf, int64(len(value)), 10)
			t.buf = append(append(t.buf, ':'), value...)
		}
	}
	if t.hashID {
		sum := xxh3.Hash128(t.buf).Bytes()
		e.ID = hex.EncodeToString(sum[:])
	}
	if err := e.check(t.lim); err != nil {
		err.Field = t.columnOf(err.Field)
		return err
	}
	return nil
}

// columnOf is the column that a field is from, or the field itself if that is none.
func (t *Table) columnOf(field string) string {
	for _, a := range t.assign {
		if a.field == field && a.column >= 0 {
			return shorten(t.columns[a.column])
		}
	}
	return field
}

// split cuts the row into cells that share its memory where no quote in them was doubled.
func (t *Table) split(row []byte) *FieldError {
	t.cells = t.cells[:0]
	s := unsafe.String(unsafe.SliceData(row), len(row))
	fail := func(at int, msg string) *FieldError {
		field := ""
		if n := len(t.cells); n < len(t.columns) {
			field = shorten(t.columns[n])
		}
		return &FieldError{Field: field, Offset: at, Msg: msg}
	}
	for i := 0; ; i++ {
		var cell string
		if i < len(s) && s[i] == '"' {
			end := endOfQuoted(s, i+1)
			if end < 0 {
				return fail(i, "the quote is not closed")
			}
			if cell = s[i+1 : end]; strings.Contains(cell, `""`) {
				cell = strings.ReplaceAll(cell, `""`, `"`)
			}
			if i = end + 1; i < len(s) && s[i] != ',' {
				return fail(i, "want a comma after the closing quote")
			}
		} else {
			end := strings.IndexByte(s[i:], ',')
			if end < 0 {
				end = len(s) - i
			}
			if cell = s[i : i+end]; strings.Contains(cell, `"`) {
				return fail(i, "a cell with a quote in it must be quoted")
			}
			i += end
		}
		t.cells = append(t.cells, cell)
		if i == len(s) {
			return nil
		}
	}
}

// endOfQuoted is the place of the quote that ends the cell whose content begins at i; -1 if there is none.
func endOfQuoted(s string, i int) int {
	for i < len(s) {
		at := strings.IndexByte(s[i:], '"')
		if at < 0 {
			return -1
		}
		if i += at; i+1 == len(s) || s[i+1] != '"' {
			return i
		}
		i += 2
	}
	return -1
}

// OpenQuote reports whether a line of a CSV file ends within a quoted cell, so that the next line belongs to the same row. open is
// what it gave for the line before.
func OpenQuote(line []byte, open bool) bool {
	s := unsafe.String(unsafe.SliceData(line), len(line))
	for i := 0; ; i++ {
		if open || i < len(s) && s[i] == '"' {
			if !open {
				i++
			}
			end := endOfQuoted(s, i)
			if end < 0 {
				return true
			}
			open = false
			i = end + 1
		}
		comma := strings.IndexByte(s[min(i, len(s)):], ',')
		if comma < 0 {
			return false
		}
		i += comma
	}
}
