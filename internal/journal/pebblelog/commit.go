package pebblelog

import (
	"fmt"

	"github.com/ringfence/ringfence/internal/journal"
)

// commitLoop is the committer: the only goroutine that gives out positions and writes records. It ends when the log is closing
// and the queue is empty.
func (l *Log) commitLoop() {
	defer close(l.committed)
	for {
		group, ok := l.nextGroup()
		if !ok {
			return
		}
		err := l.commit(group)
		if err != nil {
			err = fmt.Errorf("append to journal: %w", err)
		}
		for _, a := range group {
			a.done <- err
			l.room.Release(int64(len(a.envelopes)))
		}
	}
}

// nextGroup waits for appends and takes as many as share one fsync.
func (l *Log) nextGroup() ([]*appending, bool) {
	for {
		l.mu.Lock()
		n, size := 0, 0
		for n < len(l.queue) && (n == 0 || size+len(l.queue[n].envelopes) <= groupLimit) {
			size += len(l.queue[n].envelopes)
			n++
		}
		group := l.queue[:n:n]
		l.queue = l.queue[n:]
		if len(l.queue) == 0 {
			l.queue = nil
		}
		closing := l.closing
		l.mu.Unlock()
		if n > 0 {
			return group, true
		}
		if closing {
			return nil, false
		}
		<-l.work
	}
}

// commit makes the group durable in one batch, and then visible. Positions are taken from the log's end only by a batch that
// succeeded; after one that failed the store takes no further batch, so none is ever given twice.
func (l *Log) commit(group []*appending) error {
	l.mu.Lock()
	next, received, behind := l.last+1, l.newest, len(l.entries) >= indexLimit
	l.mu.Unlock()
	if behind {
		if err := l.writeIndex(); err != nil {
			return err
		}
	}

	size, count := 0, 0
	for _, a := range group {
		size += len(a.envelopes)
		count += len(a.ends)
	}
	batch := l.store.NewBatchWithSize(size + count*(recordKeySize+16))
	records := make([]journal.Record, 0, count)
	entries := make([]entry, 0, count)
	for _, a := range group {
		a.first = next
		start := 0
		for i, end := range a.ends {
			envelope := a.envelopes[start:end:end]
			start = end
			received = finishEnvelope(envelope, next, received)
			key := recordKey(next)
			if err := batch.Set(key[:], envelope, nil); err != nil {
				return err
			}
			if actor := a.actors[i]; actor != 0 {
				entries = append(entries, entry{actor, next, dayOf(received)})
			}
			r, err := parseEnvelope(envelope, next)
			if err != nil {
				return err
			}
			records = append(records, r)
			next++
		}
	}

	l.crash("journal.before-sync")
	if err := l.store.Commit(batch); err != nil {
		return err
	}
	l.crash("journal.after-sync")

	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		l.tail.push(r)
	}
	l.last, l.newest = next-1, received
	if l.entries = append(l.entries, entries...); len(l.entries) >= indexChunk {
		notify(l.indexWork)
	}
	l.wake()
	return batch.Close()
}
