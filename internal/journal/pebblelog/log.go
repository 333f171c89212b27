// Package pebblelog is the embedded journal: an append-only log in a Pebble store.
//
// The store should hold nothing else. Records come in the order of their keys, so sorted files of records alone never overlap and are
// never rewritten; and an append waits for nobody else's writes. Only the timelines, which are in no such order, lie in another.
//
// Appends that come while an fsync is under way share the next one. Readers behind the appender are served from memory and
// woken without polling; older records come from the store. Every record carries a checksum, which is verified whenever the
// store is read.
//
// # After a crash
//
// An Append is one Pebble batch, so after a crash it is there whole or not at all, and one that was acknowledged is there.
// Pebble cuts off what a crash left torn at the end of its write-ahead log, which no Append acknowledged; nothing else is
// ever repaired or dropped. [New] reads the newest records and refuses a log whose end is damaged or has gaps; damage further
// back is found when it is read. Both are journal.ErrCorrupt, name the position, and are answered by a backup.
//
// What no log can tell from a torn end is a disk that loses, whole and from the very end, what it said was synced. The hot
// state's image and the archive know a position; their owner compares it with Bounds.
package pebblelog

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"golang.org/x/sync/semaphore"

	"github.com/ringfence/ringfence/internal/journal"
)

const (
	readLimit   = 16 << 20                   // bytes of one Read or Timeline, to bound memory
	groupLimit  = 8 << 20                    // bytes after which a group of appends takes no further one
	queueLimit  = 2 * journal.MaxAppendSize  // bytes of appends that wait for the committer, even if their callers gave up; the largest Append fits
	checkedTail = 1024                       // records that New reads back
	maxRecords  = journal.MaxAppendSize / 32 // records of one Append
)

// Options are how a log is opened. The zero value is the default.
type Options struct {
	TailRecords int // records held in memory for readers near the end; 0 is 16384
	TailBytes   int // their size; 0 is 32 MiB

	// Timelines is the store that holds which records are whose; nil is the log's own. A log must always be opened with the same.
	Timelines *Store

	// Crash, if set, is called at "journal.before-sync" and "journal.after-sync", so that a fault harness can end the process
	// there.
	Crash func(point string)
}

// Log is a journal with the one partition 0.
type Log struct {
	store *Store // of the records
	index *Store // of the timelines
	crash func(point string)

	room      *semaphore.Weighted // bytes of queueLimit
	work      chan struct{}       // holds a token when queue or closing changed
	committed chan struct{}       // closed when the committer has ended
	indexWork chan struct{}       // holds a token when there are entries enough for the index
	indexed   chan struct{}       // closed when the index is no longer written

	// reading is held for reading by every call that reads the store, and taken by Close.
	reading sync.RWMutex

	indexing sync.Mutex // held by who writes the index; taken before mu

	mu      sync.Mutex
	queue   []*appending
	closing bool
	floor   floor
	last    journal.Position // durable
	newest  int64            // received time of last, or of the floor
	tail    *tail
	entries []entry          // of the index, in order of position, that are not written yet
	through journal.Position // the index is written up to here
	grown   chan struct{}    // closed and forgotten when last grows; nil when nobody waits
}

var _ journal.Log = (*Log)(nil)

// appending is one call of Append on its way through the committer.
type appending struct {
	envelopes []byte   // next to each other
	ends      []int    // of each envelope
	actors    []uint64 // hash of each record's actor; 0 for none
	first     journal.Position
	done      chan error // holds one
}

// New opens the log in the store, which stays the caller's, and starts its goroutines, which Close ends. It reads the newest records to see that
// the log is sound.
func New(store *Store, opts Options) (*Log, error) {
	if opts.TailRecords == 0 {
		opts.TailRecords = 16384
	}
	if opts.TailBytes == 0 {
		opts.TailBytes = 32 << 20
	}
	if opts.Crash == nil {
		opts.Crash = func(string) {}
	}
	if opts.Timelines == nil {
		opts.Timelines = store
	}
	l := &Log{
		store:     store,
		index:     opts.Timelines,
		crash:     opts.Crash,
		room:      semaphore.NewWeighted(queueLimit),
		work:      make(chan struct{}, 1),
		committed: make(chan struct{}),
		indexWork: make(chan struct{}, 1),
		indexed:   make(chan struct{}),
	}
	err := l.load()
	if err == nil {
		err = l.loadIndex()
	}
	if err != nil {
		return nil, fmt.Errorf("open journal in %s: %w", store.dir, err)
	}
	l.tail = newTail(opts.TailRecords, opts.TailBytes, l.last+1)
	go l.commitLoop()
	go l.indexLoop()
	return l, nil
}

// load finds the log's bounds and checks its end.
func (l *Log) load() error {
	l.floor = floor{first: 1}
	value, closer, err := l.store.Get([]byte{prefixFloor})
	switch {
	case err == nil:
		f, ok := parseFloor(value)
		if err := closer.Close(); err != nil {
			return err
		}
		if !ok {
			return corrupt(0, "the floor is malformed")
		}
		l.floor = f
	case !errors.Is(err, pebble.ErrNotFound):
		return err
	}
	l.last, l.newest = l.floor.first-1, l.floor.received

	it, err := l.store.NewIter(&pebble.IterOptions{LowerBound: []byte{prefixRecord}, UpperBound: []byte{prefixRecord + 1}})
	if err != nil {
		return err
	}
	defer it.Close()
	if !it.Last() {
		return wrapRead(it.Error(), l.floor.first)
	}
	if len(it.Key()) != recordKeySize {
		return corrupt(0, "the last key is malformed")
	}
	last := recordPosition(it.Key())
	if last < l.floor.first {
		return corrupt(last, fmt.Sprintf("it is older than the first one kept, %d", l.floor.first))
	}
	expected := last
	for ok := true; ok && last-expected < checkedTail && expected >= l.floor.first; ok = it.Prev() {
		r, err := recordAt(it, expected)
		if err != nil {
			return err
		}
		if expected == last {
			l.newest = r.Received
		}
		expected--
	}
	if err := it.Error(); err != nil {
		return wrapRead(err, expected)
	}
	if last-expected < checkedTail && expected >= l.floor.first {
		return corrupt(expected, "it is missing")
	}
	l.last = last
	return nil
}

// Append is journal.Log's. A received time below the newest one is raised to it.
func (l *Log) Append(ctx context.Context, p journal.Partition, recs []journal.Record) (journal.Position, error) {
	if err := checkPartition(p); err != nil {
		return 0, err
	}
	size, err := checkAppend(recs)
	if err != nil {
		return 0, err
	}
	if len(recs) == 0 {
		return 0, errors.New("append to journal: no records")
	}
	if err := l.room.Acquire(ctx, int64(size)); err != nil {
		return 0, fmt.Errorf("append to journal: %w", err)
	}
	a := newAppending(recs, size)
	if err := l.enqueue(a); err != nil {
		l.room.Release(int64(size))
		return 0, err
	}
	select {
	case err := <-a.done:
		return a.first, err
	case <-ctx.Done():
		return 0, fmt.Errorf("append to journal: %w", ctx.Err())
	}
}

// checkAppend is the size of the records' envelopes.
func checkAppend(recs []journal.Record) (int, error) {
	if len(recs) > maxRecords {
		return 0, fmt.Errorf("append to journal: %w: %d records at once, the limit is %d", journal.ErrTooLarge, len(recs), maxRecords)
	}
	size, counted := 0, 0
	for i := range recs {
		r := &recs[i]
		if !r.Kind.Valid() {
			return 0, fmt.Errorf("append to journal: record %d of %d: kind %d is unknown", i+1, len(recs), r.Kind)
		}
		if r.Size() > journal.MaxRecordSize {
			return 0, fmt.Errorf("append to journal: %w: record %d of %d (%s) has %d bytes, the limit is %d",
				journal.ErrTooLarge, i+1, len(recs), r.ID, r.Size(), journal.MaxRecordSize)
		}
		counted += r.Size()
		size += envelopeSize(r)
	}
	if counted > journal.MaxAppendSize {
		return 0, fmt.Errorf("append to journal: %w: %d records have %d bytes, the limit is %d",
			journal.ErrTooLarge, len(recs), counted, journal.MaxAppendSize)
	}
	return size, nil
}

// newAppending copies the records, so that the caller may return before they are committed.
func newAppending(recs []journal.Record, size int) *appending {
	a := &appending{
		envelopes: make([]byte, 0, size),
		ends:      make([]int, len(recs)),
		actors:    make([]uint64, len(recs)),
		done:      make(chan error, 1),
	}
	for i := range recs {
		a.envelopes = appendEnvelope(a.envelopes, &recs[i])
		a.ends[i] = len(a.envelopes)
		if recs[i].Actor != "" {
			a.actors[i] = hashOf(recs[i].Actor)
		}
	}
	return a
}

func (l *Log) enqueue(a *appending) error {
	if err := l.store.fuse.err(); err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	l.mu.Lock()
	if l.closing {
		l.mu.Unlock()
		return journal.ErrClosed
	}
	l.queue = append(l.queue, a)
	l.mu.Unlock()
	notify(l.work)
	return nil
}

// notify leaves a token in a channel that has room for one.
func notify(work chan<- struct{}) {
	select {
	case work <- struct{}{}:
	default:
	}
}

// Wait is journal.Log's.
func (l *Log) Wait(ctx context.Context, p journal.Partition, after journal.Position) error {
	if err := checkPartition(p); err != nil {
		return err
	}
	for {
		l.mu.Lock()
		if l.closing {
			l.mu.Unlock()
			return journal.ErrClosed
		}
		if l.last > after {
			l.mu.Unlock()
			return nil
		}
		if l.grown == nil {
			l.grown = make(chan struct{})
		}
		grown := l.grown
		l.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.store.Failed():
			return l.store.fuse.err()
		}
	}
}

// Bounds is journal.Log's. Only durable records count.
func (l *Log) Bounds(journal.Partition) (first, last journal.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.floor.first, l.last
}

// Close ends the log: appends that were accepted are still committed, waiters are woken, and reads under way are waited for.
// The stores stay open.
func (l *Log) Close() error {
	l.mu.Lock()
	l.closing = true
	l.wake()
	l.mu.Unlock()
	notify(l.work)
	<-l.committed
	<-l.indexed
	l.reading.Lock()
	defer l.reading.Unlock()
	return nil
}

// wake lets waiters look again. The caller holds mu.
func (l *Log) wake() {
	if l.grown != nil {
		close(l.grown)
		l.grown = nil
	}
}

func checkPartition(p journal.Partition) error {
	if p != 0 {
		return fmt.Errorf("journal partition %d: the embedded journal has only partition 0", p)
	}
	return nil
}
