package pebblelog

import (
	"errors"
	"math"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/ringfence/ringfence/internal/journal"
)

// Timeline is journal.Log's. It seeks once for every day that holds records, and reads each record once. It returns at most
// 16 MiB and one record.
func (l *Log) Timeline(p journal.Partition, actor string, max int, dst []journal.Record) ([]journal.Record, error) {
	if err := checkPartition(p); err != nil {
		return dst, err
	}
	v, err := l.begin()
	if err != nil {
		return dst, err
	}
	defer l.reading.RUnlock()
	t := timeline{log: l, actor: actor, hash: hashOf(actor), room: max, dst: dst}
	unwritten, written := l.unwritten(t.hash)
	for i := 0; i < len(unwritten) && err == nil; i++ {
		err = t.add(unwritten[i])
	}
	if err == nil {
		err = t.addWritten(v, written)
	}
	if errors.Is(err, journal.ErrTruncated) { // a Truncate overtook this call: what is older is forgotten as well
		err = nil
	}
	return t.dst, err
}

// unwritten are the positions of an account's records that the index lacks, newest first, and how far it goes.
func (l *Log) unwritten(hash uint64) (positions []journal.Position, written journal.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range slices.Backward(l.entries) {
		if e.actor == hash && e.pos >= l.floor.first {
			positions = append(positions, e.pos)
		}
	}
	return positions, l.through
}

// timeline is a call of Timeline under way.
type timeline struct {
	log   *Log
	actor string
	hash  uint64
	room  int // for so many records more
	size  int // of those in dst, in bytes
	dst   []journal.Record
}

func (t *timeline) full() bool { return t.room <= 0 || t.size >= readLimit }

// add adds the record at pos, if there is room, unless it is of another account with the same hash.
func (t *timeline) add(pos journal.Position) error {
	if t.full() {
		return nil
	}
	r, err := t.log.get(pos)
	if err != nil || r.Actor != t.actor {
		return err
	}
	t.dst = append(t.dst, r)
	t.size += r.Size()
	t.room--
	return nil
}

// addWritten adds what the index held when it went as far as written.
func (t *timeline) addWritten(v view, written journal.Position) error {
	it, err := t.log.index.NewIter(&pebble.IterOptions{LowerBound: []byte{prefixTimeline}, UpperBound: []byte{prefixTimeline + 1}})
	if err != nil {
		return wrapRead(err, v.last)
	}
	defer it.Close()
	day, hash := v.day, t.hash
	for ok := seek(it, day, hash); ok && !t.full(); {
		atDay, atHash, pos := parseTimelineKey(it.Key())
		switch {
		case pos < v.floor.first && atDay == day && atHash == hash:
			return nil // forgotten, and so are all that are older
		case atDay == day && atHash == hash:
			if pos <= written { // what was written since was found in memory
				if err := t.add(pos); err != nil {
					return err
				}
			}
			ok = it.Prev()
		case atDay == day && day == 0:
			ok = false
		case atDay == day:
			day-- // nothing more of the account on this day
			ok = seek(it, day, hash)
		default:
			day = atDay
			ok = seek(it, day, hash)
		}
	}
	return wrapRead(it.Error(), v.last)
}

// seek moves to the newest entry of the account at or before the day, or to an older one of another.
func seek(it *pebble.Iterator, day uint32, hash uint64) bool {
	key := timelineKey(day, hash, math.MaxUint64)
	return it.SeekLT(key[:])
}
