package coaction

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Columns names the columns of a CSV table.
type Columns struct {
	Object, Account, Time string

	// Content is that of the content; empty: each row is a piece of its own.
	Content string

	// Prefix is put before each object, to tell apart objects of different kinds that are named alike.
	Prefix string

	// Split takes an object's cell for several objects, parted by spaces.
	Split bool

	// Unless leaves out the objects of rows that have something in this column, if it is not empty and the table has it.
	Unless string
}

// RowError is a row that was refused.
type RowError struct {
	Line int // the first of the row's lines, from 1
	Err  error
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap is the cause.
func (e *RowError) Unwrap() error { return e.Err }

// Second is one second in the times that [Shares.ReadCSV] makes.
const Second = 1_000_000

// maxRow is how many bytes a row may have.
const maxRow = 1 << 20

// ReadCSV adds the rows of a table, whose first row names its columns. Times are seconds since 1970, with a fraction or without, or in RFC 3339; they
// are held in microseconds. A row that cannot be read is given to refused as a *RowError, and the rest goes on unless that returns an error.
func (s *Shares) ReadCSV(r io.Reader, c Columns, refused func(*RowError) error) error {
	in := &bounded{r: r, left: maxRow}
	table := csv.NewReader(in)
	table.ReuseRecord = true
	header, err := table.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty; a CSV file begins with the names of its columns")
	} else if err != nil {
		return err
	}
	header = slices.Clone(header)
	header[0] = strings.TrimPrefix(header[0], "\uFEFF")
	place := func(column string, must bool) int {
		i := slices.Index(header, column)
		if i < 0 && must && err == nil {
			err = fmt.Errorf("no column %q; the columns are %s", column, strings.Join(header, ", "))
		}
		return i
	}
	object, account, at := place(c.Object, true), place(c.Account, true), place(c.Time, true)
	content, unless := place(c.Content, c.Content != ""), place(c.Unless, false)
	if err != nil {
		return err
	}
	var cell, name []byte
	row := func(cells []string, line int) error {
		t, err := parseTime(cells[at])
		if err != nil {
			return err
		}
		name = strconv.AppendInt(append(name[:0], 0), int64(len(s.inputs)), 10)
		name = strconv.AppendInt(append(name, ':'), int64(line), 10)
		if content >= 0 {
			name = append(name[:0], cells[content]...)
		}
		cell = append(cell[:0], cells[account]...)
		who := len(cell)
		add := func(object string) error {
			cell = cell[:who]
			if object != "" {
				cell = append(append(cell, c.Prefix...), object...)
			}
			return s.Add(cell[who:], cell[:who], name, t)
		}
		what := cells[object]
		if unless >= 0 && cells[unless] != "" {
			what = ""
		}
		if !c.Split {
			return add(what)
		}
		words := strings.Fields(what)
		if len(words) == 0 {
			return add("")
		}
		for _, word := range words {
			if err := add(word); err != nil {
				return err
			}
		}
		return nil
	}
	for {
		in.left = maxRow
		cells, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var line int
		var fault *csv.ParseError
		switch {
		case errors.As(err, &fault):
			line, err = fault.StartLine, fault.Err
		case err != nil:
			return err // of the reader, or a row without end
		default:
			line, _ = table.FieldPos(0)
			err = row(cells, line)
		}
		if err != nil {
			if err := refused(&RowError{line, err}); err != nil {
				return err
			}
		}
	}
}

// bounded ends a read with an error when a row has taken more than it may.
type bounded struct {
	r    io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("a row has more than %d bytes; perhaps a quote is not closed", maxRow)
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// parseTime reads a time as microseconds since 1970.
func parseTime(text string) (int64, error) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds > -MaxTime/Second && seconds < MaxTime/Second {
		return seconds * Second, nil
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && math.Abs(seconds) < MaxTime/Second {
		return int64(math.Round(seconds * Second)), nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UnixMicro(), nil
	}
	return 0, fmt.Errorf("time %q: want seconds since 1970 or a time such as 2026-11-23T03:22:00Z", clip(text))
}

func clip(text string) string {
	return string(bytes.ToValidUTF8([]byte(text[:min(len(text), 40)]), []byte("\uFFFD")))
}
