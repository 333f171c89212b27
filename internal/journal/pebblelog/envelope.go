package pebblelog

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/journal"
)

// A record is stored under its position as
//
//	version 1 byte | kind 1 | received 8 | time 8 | len(source) len(id) len(actor) uvarints | source | id | actor | body | sum 8
//
// with integers little-endian. The sum is xxh3 of all before it, seeded with the position, so that a record that is sound but
// in the wrong place is found too.
const (
	envelopeVersion = 1
	receivedAt      = 2
	timeAt          = receivedAt + 8
	lengthsAt       = timeAt + 8
	sumSize         = 8
)

// envelopeSize is the exact number of bytes that appendEnvelope adds for r.
func envelopeSize(r *journal.Record) int {
	return lengthsAt + uvarintSize(len(r.Source)) + uvarintSize(len(r.ID)) + uvarintSize(len(r.Actor)) +
		len(r.Source) + len(r.ID) + len(r.Actor) + len(r.Body) + sumSize
}

func uvarintSize(n int) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

// appendEnvelope adds r's stored form to dst. It lacks what only the committer knows and finishEnvelope adds.
func appendEnvelope(dst []byte, r *journal.Record) []byte {
	dst = append(dst, envelopeVersion, byte(r.Kind))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Received))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Time))
	dst = binary.AppendUvarint(dst, uint64(len(r.Source)))
	dst = binary.AppendUvarint(dst, uint64(len(r.ID)))
	dst = binary.AppendUvarint(dst, uint64(len(r.Actor)))
	dst = append(dst, r.Source...)
	dst = append(dst, r.ID...)
	dst = append(dst, r.Actor...)
	dst = append(dst, r.Body...)
	return append(dst, make([]byte, sumSize)...)
}

// finishEnvelope raises the record's received time to at least floor, seals the envelope for the position, and returns the
// received time.
func finishEnvelope(env []byte, pos journal.Position, floor int64) int64 {
	received := max(int64(binary.LittleEndian.Uint64(env[receivedAt:])), floor)
	binary.LittleEndian.PutUint64(env[receivedAt:], uint64(received))
	content := env[:len(env)-sumSize]
	binary.LittleEndian.PutUint64(env[len(content):], xxh3.HashSeed(content, uint64(pos)))
	return received
}

// openEnvelope checks a stored record and returns it. The record shares env's memory, which must not change afterwards.
func openEnvelope(env []byte, pos journal.Position) (journal.Record, error) {
	if len(env) < lengthsAt+3+sumSize {
		return journal.Record{}, corrupt(pos, fmt.Sprintf("%d bytes are too short", len(env)))
	}
	content := env[:len(env)-sumSize]
	if sum := binary.LittleEndian.Uint64(env[len(content):]); sum != xxh3.HashSeed(content, uint64(pos)) {
		return journal.Record{}, corrupt(pos, "the checksum differs")
	}
	if env[0] != envelopeVersion {
		return journal.Record{}, corrupt(pos, fmt.Sprintf("envelope version %d is unknown", env[0]))
	}
	return parseEnvelope(env, pos)
}

// parseEnvelope is openEnvelope for an envelope that this process sealed itself.
func parseEnvelope(env []byte, pos journal.Position) (journal.Record, error) {
	content := env[:len(env)-sumSize]
	r := journal.Record{
		Position: pos,
		Kind:     journal.Kind(content[1]),
		Received: int64(binary.LittleEndian.Uint64(content[receivedAt:])),
		Time:     int64(binary.LittleEndian.Uint64(content[timeAt:])),
	}
	if !r.Kind.Valid() {
		return journal.Record{}, corrupt(pos, fmt.Sprintf("kind %d is unknown", r.Kind))
	}
	var lengths [3]int
	rest := content[lengthsAt:]
	for i := range lengths {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > journal.MaxRecordSize {
			return journal.Record{}, corrupt(pos, "a length is malformed")
		}
		lengths[i], rest = int(n), rest[size:]
	}
	for i, field := range [...]*string{&r.Source, &r.ID, &r.Actor} {
		if lengths[i] > len(rest) {
			return journal.Record{}, corrupt(pos, "a field is longer than the record")
		}
		*field, rest = stringOf(rest[:lengths[i]]), rest[lengths[i]:]
	}
	if len(rest) > 0 {
		r.Body = rest[:len(rest):len(rest)]
	}
	return r, nil
}

// stringOf is a string over b's memory, which never changes once its envelope is sealed.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func corrupt(pos journal.Position, why string) error {
	return fmt.Errorf("%w: position %d: %s; restore the store from a backup", journal.ErrCorrupt, pos, why)
}
