package archive

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/journal"
)

const (
	groupBytes = 8 << 20 // of records after which a row group is written, which bounds the memory of writer and readers
	groupRows  = 1 << 16
	chunkRows  = 256 // handed to the Parquet writer at once
)

// writer writes one segment. Its caller adds the records in order and then calls seal or discard.
type writer struct {
	fs    vfs.FS
	dir   string
	part  string
	out   *output
	rows  *parquet.GenericWriter[row]
	chunk []row

	first      journal.Position
	next       journal.Position // that add takes
	received   int64            // of the first record
	bytes      int64            // of all records
	groupBytes int
	groupRows  int
}

func newWriter(fs vfs.FS, dir string, first journal.Position) (*writer, error) {
	part := fs.PathJoin(dir, fmt.Sprintf("%0*d%s", nameDigits, first, partSuffix))
	file, err := fs.Create(part, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, fmt.Errorf("begin segment: %w", err)
	}
	out := &output{file: file, hash: xxh3.New()}
	return &writer{
		fs: fs, dir: dir, part: part, out: out, first: first, next: first,
		rows: parquet.NewGenericWriter[row](out,
			parquet.Compression(&zstd.Codec{}),
			parquet.BloomFilters(parquet.SplitBlockFilter(10, "actor")),
			parquet.SkipPageBounds("body"),
			parquet.CreatedBy("ringfence", fmt.Sprint(formatVersion), ""),
			parquet.KeyValueMetadata(formatKey, fmt.Sprint(formatVersion)),
			parquet.KeyValueMetadata(checksumKey, noChecksum)),
		chunk: make([]row, 0, chunkRows),
	}, nil
}

// add takes the record that follows the one before. The record's memory must never change.
func (w *writer) add(r *journal.Record) error {
	if r.Position != w.next {
		return fmt.Errorf("write %s: position %d follows %d", w.part, r.Position, w.next-1)
	}
	if w.next == w.first {
		w.received = r.Received
	}
	w.next++
	w.bytes += int64(r.Size())
	w.groupBytes += r.Size()
	w.groupRows++
	w.chunk = append(w.chunk, rowOf(r))
	if w.groupBytes >= groupBytes || w.groupRows >= groupRows {
		return w.endGroup()
	}
	if len(w.chunk) == chunkRows {
		return w.flushChunk()
	}
	return nil
}

func (w *writer) count() int { return int(w.next - w.first) }

func (w *writer) flushChunk() error {
	if _, err := w.rows.Write(w.chunk); err != nil {
		return fmt.Errorf("write %s: %w", w.part, err)
	}
	clear(w.chunk)
	w.chunk = w.chunk[:0]
	return nil
}

func (w *writer) endGroup() error {
	if err := w.flushChunk(); err != nil {
		return err
	}
	if err := w.rows.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", w.part, err)
	}
	w.groupBytes, w.groupRows = 0, 0
	return nil
}

// seal makes the segment durable under its name, in place of one of the same positions if there is one. A crash at any point
// leaves either that or the part.
func (w *writer) seal() (Segment, error) {
	s := Segment{w.first, w.next - 1, w.fs.PathJoin(w.dir, segmentName(w.first, w.next-1))}
	if err := w.endGroup(); err != nil {
		return Segment{}, err
	}
	w.out.holdBack = true
	err := w.rows.Close()
	if err == nil {
		err = w.out.finish()
	}
	if err == nil {
		err = w.fs.Rename(w.part, s.Path)
	}
	if err == nil {
		err = syncDir(w.fs, w.dir)
	}
	if err != nil {
		return Segment{}, fmt.Errorf("seal %s: %w", s.Path, err)
	}
	return s, nil
}

// discard gives the segment up, also after seal failed.
func (w *writer) discard() error {
	err := w.fs.Remove(w.part)
	if errors.Is(err, os.ErrNotExist) {
		err = nil // seal failed after it had renamed the part
	}
	return errors.Join(w.out.close(), err)
}

// output passes what the Parquet writer writes on to the file and into the checksum. The metadata at the end is held back
// until the checksum is known.
type output struct {
	file     vfs.File
	hash     *xxh3.Hasher
	holdBack bool
	held     bytes.Buffer
	copied   []byte
}

func (o *output) Write(p []byte) (int, error) {
	if o.holdBack {
		return o.held.Write(p)
	}
	o.hash.Write(p)
	o.copied = append(o.copied[:0], p...) // because a vfs.File may change what it is given
	return o.file.Write(o.copied)
}

func (o *output) finish() error {
	tail := o.held.Bytes()
	at, ok := findChecksum(tail)
	if !ok {
		return errors.New("the Parquet writer left the checksum out")
	}
	o.hash.Write(tail)
	copy(tail[at:], sumOf(o.hash))
	if _, err := o.file.Write(tail); err != nil {
		return err
	}
	if err := o.file.Sync(); err != nil {
		return err
	}
	return o.close()
}

// close may be called again.
func (o *output) close() error {
	if o.file == nil {
		return nil
	}
	file := o.file
	o.file = nil
	return file.Close()
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
