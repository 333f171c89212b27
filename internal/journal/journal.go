// Package journal is the port of the ordered, durable log that everything Ringfence decides follows from: events, ticks, and
// every change that people and models make. A replay of the same records gives the same decisions.
//
// Drivers live in sub-folders (pebblelog is the embedded default) and pass the contract suite in journaltest. The port has
// partitions, so that a driver over the Kafka protocol fits it; the embedded log has one.
package journal

import (
	"context"
	"errors"
)

// Position is a record's place in its partition. The first record has position 1; 0 means "before everything". Positions are
// dense and never reused.
type Position uint64

// Partition numbers the independent logs of one journal.
type Partition uint16

// Kind says what a record is.
type Kind uint8

// The kinds of record. The numbers are stored: never change or reuse one.
const (
	Event   Kind = 1 // Body: one event, native NDJSON
	Import  Kind = 2 // Body: one event of history: warms windows, decides nothing
	Tick    Kind = 3 // no body; Time is the clock's
	Change  Kind = 4 // Body: a change by a person or a model, see package change
	Signals Kind = 5 // Body: fetched signals of an earlier event, see package signals; Source, ID, Time and Actor are the event's
	Erased  Kind = 6 // what is left where an account was erased from the archive: no id, no actor, no body
	maxKind      = Erased
)

// Valid reports whether k is a kind this build knows.
func (k Kind) Valid() bool { return k >= Event && k <= maxKind }

var kindWords = [...]string{"", "event", "import", "tick", "change", "signals", "erased"}

// String is the kind's word in exports.
func (k Kind) String() string {
	if !k.Valid() {
		return "unknown"
	}
	return kindWords[k]
}

// Record is one entry of the log.
type Record struct {
	Position Position // given by Append
	Kind     Kind
	Received int64  // nanoseconds since 1970 by ingest's clock, never decreasing within a partition
	Time     int64  // event time of events, imports, ticks and signals, in nanoseconds; 0 otherwise
	Source   string // where an event came from; with ID its identity. Empty for ticks
	ID       string // the event's or the change's id. Empty for ticks
	Actor    string // the account whose timeline shows the record; empty for none
	Body     []byte
}

// The largest record and the largest Append call that every driver takes, in bytes of source, id, actor and body.
const (
	MaxRecordSize = 4 << 20
	MaxAppendSize = 32 << 20
)

// Size is the number of bytes that count against MaxRecordSize and MaxAppendSize.
func (r *Record) Size() int { return len(r.Source) + len(r.ID) + len(r.Actor) + len(r.Body) }

// Errors of every driver, to be tested with errors.Is.
var (
	ErrClosed    = errors.New("journal is closed")
	ErrTruncated = errors.New("position is older than the journal keeps")
	ErrCorrupt   = errors.New("journal record is damaged")
	ErrTooLarge  = errors.New("record is larger than the journal takes")
)

// Log is a journal.
//
// Its methods are safe for concurrent use. Records that it returns are shared: callers must not change their bodies, and
// copy what they keep for long. After Close every method but Bounds gives ErrClosed.
type Log interface {
	// Append adds the records, all or none, in order and next to each other, and returns the position of the first once they
	// are durable (fsynced). Concurrent calls share an fsync. A received time below the newest one is raised to it. The
	// records are the caller's again when Append returns. It gives ErrTooLarge beyond MaxRecordSize and MaxAppendSize. After
	// any other error, a cancelled ctx among them, the caller does not know whether they were added; appending them again is
	// safe because decide drops ids it has seen.
	Append(ctx context.Context, p Partition, recs []Record) (first Position, err error)

	// Read appends to dst up to max records from position from on, and returns at once with none when from is past the end.
	// It may return fewer than there are, but not none, to bound memory. It gives ErrTruncated if from is older than what is
	// kept.
	Read(ctx context.Context, p Partition, from Position, max int, dst []Record) ([]Record, error)

	// Wait returns when the partition holds a record after the given position, or when ctx is done.
	Wait(ctx context.Context, p Partition, after Position) error

	// Bounds is the first and the last position that are kept; last is first-1 when there are none. Positions go on from
	// there: truncation never makes one be given again.
	Bounds(p Partition) (first, last Position)

	// PositionAt is the first kept position whose Received is at least received; one past the end if there is none.
	PositionAt(p Partition, received int64) (Position, error)

	// Timeline appends to dst up to max of the account's latest records, newest first. It may return fewer than there are to
	// bound memory.
	Timeline(p Partition, actor string, max int, dst []Record) ([]Record, error)

	// Truncate forgets the records before the position, which is at most one past the end. The caller has archived them.
	Truncate(p Partition, before Position) error

	// Close ends the log. Appends that it has taken on are still committed, and waiters are woken.
	Close() error
}
