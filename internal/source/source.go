// Package source is where events come from: files and standard input in every format, plain or compressed, put into order of
// time where a verb needs it, and Bluesky's Jetstream live.
//
// Whatever a source reads, it hands on as an [event.Event] and as that event's native bytes, which the journal stores. One bad line
// is an error that names it, and the rest goes on.
package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ringfence/ringfence/event"
)

// Reader gives one event after the other. It is not safe for concurrent use.
type Reader interface {
	// Next reads the next event into e. It is io.EOF after the last. After a *LineError the caller may go on with the next event;
	// any other error is final. e shares memory with the reader and is valid until the next call; see [event.Event.Clone].
	Next(e *event.Event) error

	// Raw is the event that Next gave last in native form, valid until the next call.
	Raw() []byte

	Close() error
}

// LineError is an event that was refused and where it stands.
type LineError struct {
	File string
	Line int // the first of the event's lines, from 1
	Err  error
	Raw  []byte // its beginning, at most MaxRaw bytes
}

// MaxRaw is how much of a refused line its error holds.
const MaxRaw = 4 << 10

// Error has the form that editors and terminals turn into a link.
func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap is the cause, mostly an *event.FieldError.
func (e *LineError) Unwrap() error { return e.Err }

// Format is what the lines of a file are.
type Format string

// The formats. ByName goes by the file's extension, less .gz or .zst: .csv is CSV, all else native.
const (
	ByName    Format = ""
	Native    Format = "native"
	Jetstream Format = "jetstream"
	CSV       Format = "csv"
)

// Options says how to read a file.
type Options struct {
	Format  Format
	Mapping event.Mapping // for CSV
	Limits  event.Limits
	Stdin   io.Reader // what "-" reads
}

// Open opens a file, or standard input for "-". Whether it is compressed, its first bytes say. A CSV file's header is read at once.
func Open(path string, opt Options) (Reader, error) {
	if path == "-" {
		return NewReader("stdin", io.NopCloser(opt.Stdin), opt)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err // it names the operation and the path
	}
	return NewReader(path, f, opt)
}

// NewReader reads events from r, which it owns and closes. The name is for errors and for the format.
func NewReader(name string, r io.ReadCloser, opt Options) (_ Reader, err error) {
	plain, err := decompress(name, r)
	if err != nil {
		return nil, err
	}
	f := &fileReader{name: name, plain: plain, lines: lines{r: plain.Reader, limit: opt.Limits.Line}}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	if opt.Format == ByName {
		opt.Format = formatOf(name)
	}
	d := event.NewDecoder(opt.Limits)
	switch opt.Format {
	case Native:
		f.row, f.native = f.lines.next, true
		f.decode = func(line []byte, e *event.Event) (bool, error) { return true, d.Decode(line, e) }
	case Jetstream:
		f.row, f.decode = f.lines.next, d.DecodeJetstream
	case CSV:
		f.row = f.lines.nextRow
		err = f.openTable(opt)
	default:
		err = fmt.Errorf("%s: unknown format %q: want native, jetstream or csv", name, opt.Format)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

func formatOf(name string) Format {
	name = strings.ToLower(name)
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
	if filepath.Ext(name) == ".csv" {
		return CSV
	}
	return Native
}

// fileReader reads one file.
type fileReader struct {
	name    string
	plain   *Plain
	lines   lines
	row     func() ([]byte, error)
	decode  func(line []byte, e *event.Event) (ok bool, err error)
	native  bool
	raw     []byte // of the last event: the line, or encoded
	encoded []byte
}

func (f *fileReader) openTable(opt Options) error {
	header, err := f.row()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: the file is empty; a CSV file begins with the names of its columns", f.name)
	}
	if err != nil {
		return f.at(err, f.lines.line)
	}
	table, err := event.NewTable(header, opt.Mapping, opt.Limits)
	if err != nil {
		return f.at(err, header)
	}
	f.decode = func(row []byte, e *event.Event) (bool, error) { return true, table.Decode(row, e) }
	return nil
}

// Plain is a stream that was opened: its bytes, decompressed if it was compressed.
type Plain struct {
	*bufio.Reader
	closers []io.Closer
}

// OpenPlain opens a file, or standard input for "-", as its bytes. Whether it is compressed (gzip, Zstandard), its first bytes say.
func OpenPlain(path string, stdin io.Reader) (*Plain, error) {
	if path == "-" {
		return decompress("stdin", io.NopCloser(stdin))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err // it names the operation and the path
	}
	return decompress(path, f)
}

// Close closes the decompressor and what it reads.
func (p *Plain) Close() error {
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i].Close())
	}
	p.closers = nil
	return errors.Join(errs...)
}

// decompress puts the decompressor that the first bytes call for before r, which it owns.
func decompress(name string, r io.ReadCloser) (_ *Plain, err error) {
	p := &Plain{bufio.NewReaderSize(r, bufferSize), []io.Closer{r}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%s: %w", name, err), p.Close())
		}
	}()
	magic, err := p.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(p.Reader)
		if err != nil {
			return nil, err
		}
		p.closers = append(p.closers, z)
		p.Reader = bufio.NewReaderSize(z, bufferSize)
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(p.Reader, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		p.closers = append(p.closers, z.IOReadCloser())
		p.Reader = bufio.NewReaderSize(z, bufferSize)
	}
	return p, nil
}

const (
	bufferSize = 64 << 10
	maxWindow  = 128 << 20 // what `zstd --long` makes; a frame that asks for more is refused
)

// at adds the place to an error about the row that was read last.
func (f *fileReader) at(err error, row []byte) error {
	return &LineError{File: f.name, Line: f.lines.first, Err: err, Raw: bytes.Clone(row[:min(len(row), MaxRaw)])}
}

func (f *fileReader) Next(e *event.Event) error {
	for {
		row, err := f.row()
		var bad rowError
		switch {
		case errors.Is(err, io.EOF):
			return io.EOF
		case errors.As(err, &bad):
			return f.at(err, f.lines.line)
		case err != nil:
			return fmt.Errorf("%s: at line %d: %w", f.name, f.lines.number, err)
		}
		ok, err := f.decode(row, e)
		if err != nil {
			return f.at(err, row)
		}
		if !ok {
			continue
		}
		f.raw = row
		if !f.native {
			f.encoded = e.AppendNative(f.encoded[:0])
			f.raw = f.encoded
			if len(f.raw) > f.lines.limit {
				return f.at(fmt.Errorf("the event has %d bytes in native form, the limit is %d", len(f.raw), f.lines.limit), row)
			}
		}
		return nil
	}
}

func (f *fileReader) Raw() []byte { return f.raw }

// Line is the number of the first line of the event that Next gave last.
func (f *fileReader) Line() int { return f.lines.first }

func (f *fileReader) Close() error { return f.plain.Close() }
