package pebblelog

import (
	"errors"
	"math"

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
	it, err := l.store.NewIter(&pebble.IterOptions{LowerBound: []byte{prefixTimeline}, UpperBound: []byte{prefixTimeline + 1}})
	if err != nil {
		return dst, wrapRead(err, v.last)
	}
	defer it.Close()

	hash := hashOf(actor)
	size := 0
	day := v.day
	for ok, n := seek(it, day, hash), 0; ok && n < max && size < readLimit; {
		atDay, atHash, pos := parseTimelineKey(it.Key())
		switch {
		case pos < v.floor.first && atDay == day && atHash == hash:
			return dst, nil // forgotten, and so are all that are older
		case atDay == day && atHash == hash && pos <= v.last:
			r, err := l.get(pos)
			if errors.Is(err, journal.ErrTruncated) {
				return dst, nil
			}
			if err != nil {
				return dst, err
			}
			if r.Actor == actor { // else another account with the same hash
				dst = append(dst, r)
				size += r.Size()
				n++
			}
			ok = it.Prev()
		case atDay == day && atHash == hash:
			ok = it.Prev() // not yet durable
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
	return dst, wrapRead(it.Error(), v.last)
}

// seek moves to the newest entry of the account at or before the day, or to an older one of another.
func seek(it *pebble.Iterator, day uint32, hash uint64) bool {
	key := timelineKey(day, hash, math.MaxUint64)
	return it.SeekLT(key[:])
}
