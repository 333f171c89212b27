package pipeline

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/journal"
)

// Decisions keeps the decisions in which a rule fired, in the store that also holds the journal and the hot state's image.
//
// They are written without a sync of their own: after a crash the loop decides again from the last image, whose commit made
// everything before it durable, and writes the same bytes under the same keys.
//
//	0x40 position(8) [ordinal(2)]     → line; the ordinal, above 0, is of what was raised at the record
//	0x41 period(4) identity(16)       → position(8) [ordinal(2)]; a period is six hours of the journal's clock
type Decisions struct {
	db      *pebble.DB
	apply   func(*pebble.Batch) error
	periods uint32 // in which an identity is looked for, the present one among them
	mu      sync.Mutex
	pending map[[16]byte]decide.Decision // decided, not yet written
	wrote   chan struct{}                // closed and replaced at every write
	trimmed uint32                       // the period in which old identities were last forgotten; only put uses it
}

const (
	byPosition = 0x40
	byIdentity = 0x41
	period     = int64(6 * time.Hour)
)

// ErrForgotten is the error of a decision that was made so long ago that it is no longer stored.
var ErrForgotten = errors.New("the decision is no longer stored")

// OpenDecisions opens the decisions of a store, which are written by apply, without a wait for the disk. An event is found by its
// identity for the time given, in nanoseconds, at least: as long as it may come again.
func OpenDecisions(db *pebble.DB, apply func(*pebble.Batch) error, repeats int64) *Decisions {
	return &Decisions{db: db, apply: apply, periods: uint32(repeats/period) + 2, pending: map[[16]byte]decide.Decision{}, wrote: make(chan struct{})}
}

// hold makes a decision known to Find before it is written. Its line must stay as it is until put returns.
func (d *Decisions) hold(dec decide.Decision) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending[dec.Identity] = dec
}

// held is a copy of the line of a decision that is not written yet.
func (d *Decisions) held(id [16]byte) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Clone(d.pending[id].Line)
}

// put writes decisions, in order of position.
func (d *Decisions) put(decisions []decide.Decision, received int64) error {
	if len(decisions) == 0 {
		return nil
	}
	b := d.db.NewBatch()
	now := uint32(received / period)
	for i := range decisions {
		dec := &decisions[i]
		key := positionKey(journal.Position(dec.Position))
		if dec.Ordinal > 0 {
			key = binary.BigEndian.AppendUint16(key, dec.Ordinal)
		}
		if err := errors.Join(b.Set(key, dec.Line, nil), b.Set(identityKey(now, dec.Identity), key[1:], nil)); err != nil {
			return err
		}
	}
	if now > max(d.trimmed, d.periods) {
		d.trimmed = now
		if err := b.DeleteRange(identityKey(0, [16]byte{}), identityKey(now-d.periods, [16]byte{}), nil); err != nil {
			return err
		}
	}
	if err := d.apply(b); err != nil {
		return fmt.Errorf("store decisions: %w", err)
	}
	if err := b.Close(); err != nil {
		return fmt.Errorf("store decisions: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range decisions {
		dec := &decisions[i]
		if d.pending[dec.Identity].Position == dec.Position {
			delete(d.pending, dec.Identity)
		}
	}
	close(d.wrote)
	d.wrote = make(chan struct{})
	return nil
}

// Find gives the decision on an event, by its identity; nil if no rule fired on it, ErrForgotten if its
// record was truncated since. received is now by the journal's clock.
func (d *Decisions) Find(id [16]byte, received int64) ([]byte, error) {
	if line := d.held(id); line != nil {
		return line, nil
	}
	now := uint32(received / period)
	for back := range d.periods {
		if back > now {
			break
		}
		pos, err := d.get(identityKey(now-back, id))
		if err != nil {
			return nil, err
		}
		if len(pos) < 8 {
			continue
		}
		line, err := d.get(append([]byte{byPosition}, pos...))
		if err == nil && line == nil {
			err = ErrForgotten
		}
		return line, err
	}
	return nil, nil
}

func (d *Decisions) get(key []byte) ([]byte, error) {
	value, closer, err := d.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	defer closer.Close()
	return append([]byte(nil), value...), nil
}

// Stored is a decision with the position of its event.
type Stored struct {
	Position journal.Position
	Line     []byte
}

// From appends to dst up to max decisions from a position on, and the others of the last one's position.
func (d *Decisions) From(from journal.Position, max int, dst []Stored) ([]Stored, error) {
	it, err := d.db.NewIter(&pebble.IterOptions{LowerBound: positionKey(from), UpperBound: []byte{byPosition + 1}})
	if err != nil {
		return dst, fmt.Errorf("read decisions: %w", err)
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		pos := journal.Position(binary.BigEndian.Uint64(it.Key()[1:]))
		if max <= 0 && (len(dst) == 0 || dst[len(dst)-1].Position != pos) {
			break
		}
		dst = append(dst, Stored{Position: pos, Line: append([]byte(nil), it.Value()...)})
		max--
	}
	return dst, it.Error()
}

// watch is closed at the next write.
func (d *Decisions) watch() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wrote
}

// Next is From, but waits until there is at least one.
func (d *Decisions) Next(ctx context.Context, from journal.Position, max int, dst []Stored) ([]Stored, error) {
	for {
		wrote := d.watch() // before the look, so that nothing written in between is missed
		got, err := d.From(from, max, dst)
		if err != nil || len(got) > len(dst) {
			return got, err
		}
		select {
		case <-wrote:
		case <-ctx.Done():
			return dst, ctx.Err()
		}
	}
}

// Truncate forgets the decisions before a position.
func (d *Decisions) Truncate(before journal.Position) error {
	b := d.db.NewBatch()
	if err := b.DeleteRange(positionKey(0), positionKey(before), nil); err != nil {
		return errors.Join(err, b.Close())
	}
	if err := d.apply(b); err != nil {
		return fmt.Errorf("forget decisions: %w", err)
	}
	return b.Close()
}

func positionKey(pos journal.Position) []byte {
	return binary.BigEndian.AppendUint64([]byte{byPosition}, uint64(pos))
}

func identityKey(period uint32, id [16]byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{byIdentity}, period), id[:]...)
}
