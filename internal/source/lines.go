package source

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/ringfence/ringfence/event"
)

// rowError spoils one row and leaves the next readable.
type rowError string

func (e rowError) Error() string { return string(e) }

// lines cuts a stream into lines and holds at most limit bytes of it, however long a line is.
type lines struct {
	r      *bufio.Reader
	limit  int
	number int // of the line that was read last
	first  int // the number of the first line of the row that was read last
	line   []byte
	row    []byte
}

// next is the next line that is not empty, without its end ("\n" or "\r\n"). It is valid until the next call.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.any()
		l.first = l.number
		if err != nil || len(line) > 0 {
			return line, err
		}
	}
}

// nextRow is the next CSV row: a line, or several where a quoted cell goes on over their ends.
func (l *lines) nextRow() ([]byte, error) {
	line, err := l.next()
	if err != nil || !event.OpenQuote(line, false) {
		return line, err
	}
	l.row = append(l.row[:0], line...)
	for open := true; open; {
		if line, err = l.any(); errors.Is(err, io.EOF) {
			return nil, rowError("a quote is not closed before the end of the file")
		}
		if err == nil && len(l.row)+1+len(line) > l.limit {
			err = rowError(fmt.Sprintf("a quote is not closed within the limit of %d bytes", l.limit))
		}
		if err != nil {
			return nil, err
		}
		l.row = append(append(l.row, '\n'), line...)
		open = event.OpenQuote(line, true)
	}
	return l.row, nil
}

// any is the next line. One above the limit is read to its end and refused.
func (l *lines) any() ([]byte, error) {
	l.number++
	part, err := l.r.ReadSlice('\n')
	if err == nil && len(part)-1 <= l.limit {
		return chomp(part), nil // without a copy
	}
	l.line = l.line[:0]
	size := 0
	for {
		size += len(part)
		if size <= l.limit+len("\r\n") {
			l.line = append(l.line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
		part, err = l.r.ReadSlice('\n')
	}
	switch {
	case err == io.EOF && size == 0:
		l.number--
		return nil, io.EOF
	case err != nil && err != io.EOF:
		return nil, err
	}
	line := chomp(l.line)
	if size > l.limit+len("\r\n") || len(line) > l.limit {
		return nil, rowError(fmt.Sprintf("the line has %d bytes, the limit is %d", size, l.limit))
	}
	return line, nil
}

func chomp(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}
