package pebblelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/cockroachdb/pebble/v2"

	"github.com/ringfence/ringfence/internal/journal"
)

// view is what a read may see: bounds that were durable when it began.
type view struct {
	floor floor
	last  journal.Position
	day   uint32 // of the newest record
}

// begin enters a read. It fails once the log is closing; else the caller must call l.reading.RUnlock.
func (l *Log) begin() (view, error) {
	l.reading.RLock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		l.reading.RUnlock()
		return view{}, journal.ErrClosed
	}
	return view{floor: l.floor, last: l.last, day: dayOf(l.newest)}, nil
}

// Read is journal.Log's. It returns at most 16 MiB and one record.
func (l *Log) Read(ctx context.Context, p journal.Partition, from journal.Position, max int, dst []journal.Record) ([]journal.Record, error) {
	if err := checkPartition(p); err != nil {
		return dst, err
	}
	if err := ctx.Err(); err != nil {
		return dst, err
	}
	v, err := l.begin()
	if err != nil {
		return dst, err
	}
	defer l.reading.RUnlock()
	if from < v.floor.first {
		return dst, fmt.Errorf("%w: position %d, the first kept is %d", journal.ErrTruncated, from, v.floor.first)
	}
	if from > v.last || max <= 0 {
		return dst, nil
	}
	n := min(journal.Position(max), v.last-from+1)
	if recs, ok := l.readTail(from, n, dst); ok {
		return recs, nil
	}
	return l.readStore(from, n, dst)
}

// readTail reads from memory; ok is false where the first record is no longer there.
func (l *Log) readTail(from, n journal.Position, dst []journal.Record) ([]journal.Record, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.tail.holds(from) {
		return dst, false
	}
	dst = slices.Grow(dst, int(n))
	size := 0
	for pos := from; pos < from+n && size < readLimit; pos++ {
		r := l.tail.slot(pos)
		dst = append(dst, *r)
		size += r.Size()
	}
	return dst, true
}

func (l *Log) readStore(from, n journal.Position, dst []journal.Record) ([]journal.Record, error) {
	lower, upper := recordKey(from), recordKey(from+n)
	it, err := l.store.NewIter(&pebble.IterOptions{LowerBound: lower[:], UpperBound: upper[:]})
	if err != nil {
		return dst, wrapRead(err, from)
	}
	defer it.Close()
	size := 0
	pos := from
	for ok := it.First(); ok && size < readLimit; ok = it.Next() {
		r, err := recordAt(it, pos)
		if err != nil {
			return dst, l.unlessTruncated(from, err)
		}
		dst = append(dst, r)
		size += r.Size()
		pos++
	}
	if err := it.Error(); err != nil {
		return dst, wrapRead(err, pos)
	}
	if pos < from+n && size < readLimit {
		return dst, l.unlessTruncated(from, corrupt(pos, "it is missing"))
	}
	return dst, nil
}

// unlessTruncated is err, or ErrTruncated where a Truncate overtook the read that met err.
func (l *Log) unlessTruncated(pos journal.Position, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if pos < l.floor.first {
		return fmt.Errorf("%w: position %d, the first kept is %d", journal.ErrTruncated, pos, l.floor.first)
	}
	return err
}

// recordAt is the record that the iterator is on, which must be the one at pos. It has memory of its own.
func recordAt(it *pebble.Iterator, pos journal.Position) (journal.Record, error) {
	if key := it.Key(); len(key) != recordKeySize || recordPosition(key) != pos {
		return journal.Record{}, corrupt(pos, "it is missing")
	}
	value, err := it.ValueAndErr()
	if err != nil {
		return journal.Record{}, wrapRead(err, pos)
	}
	return openEnvelope(bytes.Clone(value), pos)
}

// get is the record at pos, from memory or from the store.
func (l *Log) get(pos journal.Position) (journal.Record, error) {
	recs, ok := l.readTail(pos, 1, nil)
	if ok {
		return recs[0], nil
	}
	key := recordKey(pos)
	value, closer, err := l.store.Get(key[:])
	if errors.Is(err, pebble.ErrNotFound) {
		return journal.Record{}, l.unlessTruncated(pos, corrupt(pos, "it is missing"))
	}
	if err != nil {
		return journal.Record{}, wrapRead(err, pos)
	}
	defer closer.Close()
	return openEnvelope(bytes.Clone(value), pos)
}

// PositionAt is journal.Log's: a binary search, about 25 reads in a log of 30 M records.
func (l *Log) PositionAt(p journal.Partition, received int64) (journal.Position, error) {
	if err := checkPartition(p); err != nil {
		return 0, err
	}
	v, err := l.begin()
	if err != nil {
		return 0, err
	}
	defer l.reading.RUnlock()
	var failed error
	kept := int(v.last + 1 - v.floor.first)
	i := sort.Search(kept, func(i int) bool {
		if failed != nil {
			return true
		}
		r, err := l.get(v.floor.first + journal.Position(i))
		failed = err
		return r.Received >= received
	})
	return v.floor.first + journal.Position(i), failed
}

// Truncate is journal.Log's. Positions go on where they were, also when all records are forgotten.
func (l *Log) Truncate(p journal.Partition, before journal.Position) error {
	if err := checkPartition(p); err != nil {
		return err
	}
	v, err := l.begin()
	if err != nil {
		return err
	}
	defer l.reading.RUnlock()
	if before <= v.floor.first {
		return nil
	}
	if before > v.last+1 {
		return fmt.Errorf("truncate journal before %d: it ends at %d", before, v.last)
	}
	last, err := l.get(before - 1)
	if err != nil {
		return fmt.Errorf("truncate journal before %d: %w", before, err)
	}
	f := floor{first: before, received: last.Received}

	b := l.store.NewBatch()
	from, to := recordKey(0), recordKey(before)
	err = errors.Join(b.Set([]byte{prefixFloor}, f.append(nil), nil), b.DeleteRange(from[:], to[:], nil))
	if err != nil {
		return fmt.Errorf("truncate journal before %d: %w", before, err)
	}
	if err := l.truncateRecords(b, f); err != nil {
		return fmt.Errorf("truncate journal before %d: %w", before, err)
	}
	// Records of the floor's own day stay on the timeline until a later truncation; Timeline passes over them.
	oldest, newest := timelineKey(0, 0, 0), timelineKey(dayOf(f.received), 0, 0)
	b = l.index.NewBatch()
	if err := errors.Join(b.DeleteRange(oldest[:], newest[:], nil), l.index.Apply(b)); err != nil {
		return fmt.Errorf("truncate the timelines of the journal before %d: %w", before, err)
	}
	return b.Close()
}

// truncateRecords commits the batch that forgets what lies before the floor.
func (l *Log) truncateRecords(b *pebble.Batch, f floor) error {
	l.mu.Lock() // held over the commit, so that a read that finds its records gone then also finds the new floor
	defer l.mu.Unlock()
	if f.first <= l.floor.first {
		return b.Close()
	}
	if err := l.store.Commit(b); err != nil {
		return err
	}
	l.floor = f
	return b.Close()
}

// wrapRead names the position that the store could not read; nil stays nil.
func wrapRead(err error, pos journal.Position) error {
	switch {
	case err == nil:
		return nil
	case pebble.IsCorruptionError(err):
		return corrupt(pos, err.Error())
	}
	return fmt.Errorf("read journal at position %d: %w", pos, err)
}
