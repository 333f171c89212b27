package pebblelog

import (
	"encoding/binary"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/journal"
)

// The keys of all stores begin with a byte that says whose they are: 0x00–0x0f the store itself, 0x10–0x1f the journal, 0x20–0x3f
// the hot state, 0x40–0x4f the decisions, 0x50 how far sources were read. So all of them can share a store, though the records had
// better not. The journal's:
//
//	0x10                                 floor: what truncation forgot
//	0x11 | position 8                    a record
//	0x12 | day 4 | hash 8 | position 8   a record on the timeline of the account with the hash; no value
//	0x13                                 position up to which all records are on timelines
//
// Integers are big-endian, so that keys sort as their numbers do. The day leads the timeline's keys, so that truncation drops
// whole days with one range tombstone; it is the record's received time in UTC days since 1970.
const (
	prefixFloor    = 0x10
	prefixRecord   = 0x11
	prefixTimeline = 0x12
	prefixIndexed  = 0x13
)

const (
	recordKeySize   = 1 + 8
	timelineKeySize = 1 + 4 + 8 + 8
	nanosPerDay     = 24 * 60 * 60 * 1_000_000_000
)

func recordKey(pos journal.Position) [recordKeySize]byte {
	var key [recordKeySize]byte
	key[0] = prefixRecord
	binary.BigEndian.PutUint64(key[1:], uint64(pos))
	return key
}

func recordPosition(key []byte) journal.Position {
	return journal.Position(binary.BigEndian.Uint64(key[1:]))
}

func timelineKey(day uint32, actor uint64, pos journal.Position) [timelineKeySize]byte {
	var key [timelineKeySize]byte
	key[0] = prefixTimeline
	binary.BigEndian.PutUint32(key[1:], day)
	binary.BigEndian.PutUint64(key[5:], actor)
	binary.BigEndian.PutUint64(key[13:], uint64(pos))
	return key
}

func parseTimelineKey(key []byte) (day uint32, actor uint64, pos journal.Position) {
	return binary.BigEndian.Uint32(key[1:]), binary.BigEndian.Uint64(key[5:]), journal.Position(binary.BigEndian.Uint64(key[13:]))
}

// dayOf is the UTC day of a received time, which is never negative.
func dayOf(received int64) uint32 { return uint32(received / nanosPerDay) }

func hashOf(actor string) uint64 { return xxh3.HashString(actor) }

// floor is what is known of the records that truncation forgot.
type floor struct {
	first    journal.Position // the first position that is kept, or will be given next
	received int64            // of the record before first
}

func (f floor) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(f.first))
	return binary.BigEndian.AppendUint64(dst, uint64(f.received))
}

func parseFloor(value []byte) (f floor, ok bool) {
	if len(value) != 16 {
		return floor{}, false
	}
	f = floor{journal.Position(binary.BigEndian.Uint64(value)), int64(binary.BigEndian.Uint64(value[8:]))}
	return f, f.first > 0 && f.received >= 0
}
