package pebblelog

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/ringfence/ringfence/internal/journal"
)

// The timelines are an index of what the records say, so an append does not wait for them: they are written a little later, many
// at a time and without a sync, together with the position through which they are complete. What a crash takes of them is read
// from the records again. Until they are written, Timeline finds them in memory.
const (
	indexChunk = 4096            // entries that are worth a batch
	indexLimit = 16 * indexChunk // entries at which the committer waits, to bound memory
)

// entry is a record on the timeline of an account.
type entry struct {
	actor uint64 // hash
	pos   journal.Position
	day   uint32
}

// compareEntries orders entries as their keys are, in which the store takes them fastest.
func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.actor, b.actor), cmp.Compare(a.pos, b.pos))
}

// indexLoop writes entries whenever there are enough of them. It ends after the committer, with what is left.
func (l *Log) indexLoop() {
	defer close(l.indexed)
	for {
		select {
		case <-l.indexWork:
		case <-l.committed:
			_ = l.writeIndex() // a store that failed keeps what it has; the next New reads the rest
			return
		}
		if l.writeIndex() != nil {
			return // the store has failed, and says so itself
		}
	}
}

// writeIndex writes the entries of all records that are durable by now.
func (l *Log) writeIndex() error {
	l.indexing.Lock()
	defer l.indexing.Unlock()
	l.mu.Lock()
	through, written := l.last, len(l.entries)
	entries := slices.Clone(l.entries)
	l.mu.Unlock()
	if err := l.putEntries(entries, through); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = slices.Delete(l.entries, 0, written)
	l.through = through
	return nil
}

// putEntries writes entries, which it sorts, and that the index is complete through the position.
func (l *Log) putEntries(entries []entry, through journal.Position) error {
	slices.SortFunc(entries, compareEntries)
	b := l.index.NewBatchWithSize(len(entries)*(timelineKeySize+8) + 32)
	for _, e := range entries {
		key := timelineKey(e.day, e.actor, e.pos)
		if err := b.Set(key[:], nil, nil); err != nil {
			return err
		}
	}
	if err := errors.Join(b.Set([]byte{prefixIndexed}, positionValue(through), nil), l.index.Apply(b)); err != nil {
		return fmt.Errorf("write the journal's timelines: %w", err)
	}
	return b.Close()
}

// loadIndex brings the timelines up to the log's end: a crash may have taken the newest of them.
func (l *Log) loadIndex() error {
	value, closer, err := l.index.Get([]byte{prefixIndexed})
	switch {
	case err == nil:
		if len(value) == 8 {
			l.through = journal.Position(binary.BigEndian.Uint64(value))
		}
		if err := closer.Close(); err != nil {
			return err
		}
	case !errors.Is(err, pebble.ErrNotFound):
		return fmt.Errorf("read the journal's timelines: %w", err)
	}
	if l.through > l.last {
		return corrupt(l.through, fmt.Sprintf("it is on a timeline, but the journal ends at %d", l.last))
	}
	var entries []entry
	for l.through = max(l.through, l.floor.first-1); l.through < l.last; {
		recs, err := l.readStore(l.through+1, min(indexChunk, l.last-l.through), nil)
		if err != nil {
			return err
		}
		l.through += journal.Position(len(recs))
		entries = entries[:0]
		for i := range recs {
			if r := &recs[i]; r.Actor != "" {
				entries = append(entries, entry{hashOf(r.Actor), r.Position, dayOf(r.Received)})
			}
		}
		if err := l.putEntries(entries, l.through); err != nil {
			return err
		}
	}
	return nil
}

func positionValue(p journal.Position) []byte { return binary.BigEndian.AppendUint64(nil, uint64(p)) }
