package pebblelog

import "github.com/ringfence/ringfence/internal/journal"

// tail holds the newest records in memory, next to each other, so that a reader behind the appender costs no read of the
// store. Whoever uses it holds the log's mutex.
type tail struct {
	ring  []journal.Record // the record at position p is at p mod len(ring)
	next  journal.Position // one past the newest
	count int
	bytes int // sum of the records' sizes
	limit int // of bytes; the newest record is held whatever its size
}

func newTail(records, bytes int, next journal.Position) *tail {
	return &tail{ring: make([]journal.Record, records), limit: bytes, next: next}
}

func (t *tail) slot(p journal.Position) *journal.Record {
	return &t.ring[uint64(p)%uint64(len(t.ring))]
}

// push adds the record that follows the newest, and drops the oldest ones that have no room beside it.
func (t *tail) push(r journal.Record) {
	size := r.Size()
	for t.count > 0 && (t.count == len(t.ring) || t.bytes+size > t.limit) {
		oldest := t.slot(t.next - journal.Position(t.count))
		t.bytes -= oldest.Size()
		t.count--
		*oldest = journal.Record{} // lets go of its memory
	}
	*t.slot(t.next) = r
	t.next++
	t.count++
	t.bytes += size
}

// holds reports whether the record at p is in memory.
func (t *tail) holds(p journal.Position) bool {
	return p < t.next && p >= t.next-journal.Position(t.count)
}
