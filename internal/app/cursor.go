package app

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// cursorPrefix begins the store's keys that say how far something is read: the prefix, a name → for a source of events the time of its
// latest one that is in the journal, in nanoseconds since 1970; for pictures the position up to which they are fetched.
const cursorPrefix = 0x50

func cursorKey(source string) []byte { return append([]byte{cursorPrefix}, source...) }

// cursor is how far a source was read, and whether that is stored: it never was before the first setCursor.
func (a *App) cursor(source string) (at int64, stored bool, err error) {
	value, closer, err := a.stores.main.Get(cursorKey(source))
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("how far %s was read: %w", source, err)
	}
	defer closer.Close()
	if len(value) != 8 {
		return 0, false, fmt.Errorf("how far %s was read: %d bytes are stored, not 8", source, len(value))
	}
	return int64(binary.BigEndian.Uint64(value)), true, nil
}

// setCursor stores how far a source is read, after what comes of it is durable in the journal. It does not wait for the disk: from a
// cursor that a crash set back, records come twice and are dropped as duplicates.
func (a *App) setCursor(source string, at int64) error {
	return a.putCursor(source, at, a.stores.main.Apply)
}

func (a *App) putCursor(source string, at int64, write func(*pebble.Batch) error) error {
	b := a.stores.main.NewBatch()
	if err := b.Set(cursorKey(source), binary.BigEndian.AppendUint64(nil, uint64(at)), nil); err != nil {
		return errors.Join(err, b.Close())
	}
	if err := write(b); err != nil {
		return fmt.Errorf("how far %s was read: %w", source, err)
	}
	return b.Close()
}
