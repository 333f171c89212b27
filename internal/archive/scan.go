package archive

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/parquet-go/parquet-go"

	"github.com/ringfence/ringfence/internal/journal"
)

// Scan calls fn with every record from position first to last, in order. It gives ErrGap where the archive does not hold them
// all, before the first call; ErrCorrupt for a segment that is damaged, before a call with any record of it; and fn's error.
// Records are fn's to keep. Memory: one row group, about 20 MiB at most.
func Scan(ctx context.Context, fs vfs.FS, dir string, first, last journal.Position, fn func(journal.Record) error) error {
	if last < first {
		return nil
	}
	segments, err := List(fs, dir)
	if err != nil {
		return err
	}
	if len(segments) == 0 || first < segments[0].First || last > segments[len(segments)-1].Last {
		held := "it is empty"
		if len(segments) > 0 {
			held = fmt.Sprintf("it holds %d to %d", segments[0].First, segments[len(segments)-1].Last)
		}
		return fmt.Errorf("%w: positions %d to %d are asked for, %s", ErrGap, first, last, held)
	}
	for _, s := range segments {
		if s.Last < first || s.First > last {
			continue
		}
		if err := scanSegment(ctx, fs, s, max(first, s.First), min(last, s.Last), fn); err != nil {
			return err
		}
	}
	return nil
}

func scanSegment(ctx context.Context, fs vfs.FS, s Segment, first, last journal.Position, fn func(journal.Record) error) error {
	r, err := openSegment(fs, s)
	if err != nil {
		return err
	}
	return errors.Join(r.scan(ctx, first, last, fn), r.close())
}

// reader reads one segment.
type reader struct {
	segment Segment
	file    vfs.File
	parquet *parquet.File
}

// openSegment verifies the whole file.
func openSegment(fs vfs.FS, s Segment) (*reader, error) {
	file, err := fs.Open(s.Path, vfs.SequentialReadsOption)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	r := &reader{segment: s, file: file}
	if err := r.parse(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return r, nil
}

func (r *reader) parse() error {
	info, err := r.file.Stat()
	if err != nil {
		return fmt.Errorf("open segment %s: %w", r.segment.Path, err)
	}
	if err := verify(r.file, info.Size()); err != nil {
		return r.corrupt(err)
	}
	r.parquet, err = openParquet(r.file, info.Size())
	if errors.Is(err, ErrNewer) {
		return fmt.Errorf("open segment %s: %w", r.segment.Path, err)
	}
	if err != nil {
		return r.corrupt(err)
	}
	if want := int64(r.segment.Last-r.segment.First) + 1; r.parquet.NumRows() != want {
		return r.corrupt(fmt.Errorf("it has %d records, its name says %d", r.parquet.NumRows(), want))
	}
	return nil
}

func (r *reader) close() error { return r.file.Close() }

func (r *reader) corrupt(why error) error {
	return fmt.Errorf("%w: %s: %w; restore it from a backup", ErrCorrupt, r.segment.Path, why)
}

// scan calls fn with the records from first to last.
func (r *reader) scan(ctx context.Context, first, last journal.Position, fn func(journal.Record) error) error {
	next := r.segment.First
	rows := make([]row, chunkRows)
	for _, group := range r.parquet.RowGroups() {
		end := next + journal.Position(group.NumRows())
		if end <= first {
			next = end
			continue
		}
		if next > last {
			return nil
		}
		in := parquet.NewGenericRowGroupReader[row](group)
		for next < end && next <= last {
			if err := ctx.Err(); err != nil {
				return errors.Join(err, in.Close())
			}
			n, err := readRows(in, rows)
			if n == 0 || err != nil && !errors.Is(err, io.EOF) {
				return errors.Join(r.corrupt(fmt.Errorf("position %d cannot be read: %w", next, err)), in.Close())
			}
			for i := range rows[:n] {
				rec := rows[i].record()
				if rec.Position != next || !rec.Kind.Valid() {
					err := fmt.Errorf("position %d of kind %d is where %d should be", rec.Position, rec.Kind, next)
					return errors.Join(r.corrupt(err), in.Close())
				}
				next++
				if rec.Position < first || rec.Position > last {
					continue
				}
				if err := fn(rec); err != nil {
					return errors.Join(err, in.Close())
				}
			}
		}
		if err := in.Close(); err != nil {
			return r.corrupt(err)
		}
	}
	return nil
}

// readRows turns a panic of the parser into an error.
func readRows(in *parquet.GenericReader[row], rows []row) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, fmt.Errorf("parse: %v", p)
		}
	}()
	return in.Read(rows)
}

// mayHold reports whether the segment may have records of the account. It reads only the filters.
func (r *reader) mayHold(account string) (bool, error) {
	for _, group := range r.parquet.RowGroups() {
		column, ok := r.parquet.Schema().Lookup("actor")
		if !ok {
			return false, r.corrupt(errors.New("it has no column actor"))
		}
		filter := group.ColumnChunks()[column.ColumnIndex].BloomFilter()
		if filter == nil {
			return true, nil
		}
		if may, err := filter.Check(parquet.ValueOf(account)); may || err != nil {
			return true, err
		}
	}
	return false, nil
}
