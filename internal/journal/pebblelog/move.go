package pebblelog

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/ringfence/ringfence/internal/journal"
)

// moveChunk is the bytes of records that Move copies at a time.
const moveChunk = 4 << 20

// Move moves a journal's records, all that its New with the two stores would read, from a store that holds other things as well into one
// of their own. The timelines stay. No log may be open. A Move that was interrupted, by a crash or an error, is done again from its
// beginning by the next one, and loses nothing; where there is nothing to move it costs one look.
func Move(from, to *Store) error {
	last, err := copyRecords(from, to)
	if err != nil || last == 0 {
		return wrapMove(from, to, err)
	}
	if err := to.fuse.run(to.Flush); err != nil { // durable here before they are forgotten there
		return wrapMove(from, to, err)
	}
	b := from.NewBatch()
	err = errors.Join(
		b.DeleteRange([]byte{prefixFloor}, []byte{prefixRecord + 1}, nil),
		b.Set([]byte{prefixIndexed}, positionValue(last), nil), // the former format wrote each record with its entry
		from.Commit(b))
	if err != nil {
		return wrapMove(from, to, err)
	}
	return wrapMove(from, to, b.Close())
}

func wrapMove(from, to *Store, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("move the journal from %s to %s: %w", from.dir, to.dir, err)
}

// copyRecords copies the floor and the records, and gives the last position that was in use; 0 if there is no journal.
func copyRecords(from, to *Store) (last journal.Position, err error) {
	it, err := from.NewIter(&pebble.IterOptions{LowerBound: []byte{prefixFloor}, UpperBound: []byte{prefixRecord + 1}})
	if err != nil {
		return 0, err
	}
	defer it.Close()
	b := to.NewBatch()
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return 0, err
		}
		if err := b.Set(it.Key(), value, nil); err != nil {
			return 0, err
		}
		if len(it.Key()) == recordKeySize {
			last = recordPosition(it.Key())
		} else if f, ok := parseFloor(value); ok {
			last = f.first - 1
		}
		if b.Len() >= moveChunk {
			if err := errors.Join(to.Apply(b), b.Close()); err != nil {
				return 0, err
			}
			b = to.NewBatch()
		}
	}
	return last, errors.Join(it.Error(), to.Apply(b), b.Close())
}
