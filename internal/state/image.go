package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/ringfence/ringfence/internal/state/ids"
	"github.com/ringfence/ringfence/internal/window"
)

// The image is the state as of one position, in Pebble. Only what changed since the image before is written. The loop writes it
// a little at a time while it goes on:
//
//   - BeginImage turns a page: what was dirty is now marked. It costs no more than the list of windows.
//   - ImageStep encodes some marked entries. A marked entry that is about to be changed, or to go, is encoded first.
//   - FinishImage encodes the rest and gives the image, which any goroutine commits, as one synced batch.
//
// What is deleted meanwhile goes to the next image at once, before anything that is set in it.

// Image is one image, ready to be committed.
type Image struct {
	db     *pebble.DB
	commit func(*pebble.Batch) error
	crash  func(point string)
	pos    uint64
	parts  []*pebble.Batch // in order; not changed any more
	done   atomic.Bool     // it is committed
	stale  atomic.Bool     // the next image contains it
}

// maxImage is the bytes of an image at most; Pebble takes batches up to 4 GiB.
const maxImage = 4<<30 - 1<<20

// Pos is the position that the image is as of.
func (img *Image) Pos() uint64 { return img.pos }

// Commit writes the image, all or nothing, and returns when it is durable. It may run on any goroutine, but must have returned
// before the next BeginImage. If it fails it can be called again; if it is not, the next image contains this one.
func (img *Image) Commit() error {
	if img.done.Load() {
		return nil
	}
	if img.stale.Load() {
		return fmt.Errorf("state: the image at position %d is part of a later one: commit that", img.pos)
	}
	size := 0
	for _, part := range img.parts {
		size += part.Len()
	}
	if size > maxImage {
		return fmt.Errorf("state: the image at position %d has %d bytes, above %d: lower the budget or write images more often", img.pos, size, maxImage)
	}
	b := img.db.NewBatchWithSize(size) // not closed after an error: the store may hold it still
	for _, part := range img.parts {
		if err := b.Apply(part, nil); err != nil {
			return fmt.Errorf("state: image at position %d: %w", img.pos, err)
		}
	}
	img.at("image.before-commit")
	commit := img.commit
	if commit == nil {
		commit = func(b *pebble.Batch) error { return b.Commit(pebble.Sync) }
	}
	if err := commit(b); err != nil {
		return fmt.Errorf("state: image at position %d: %w", img.pos, err)
	}
	img.at("image.after-commit")
	img.done.Store(true)
	return b.Close()
}

func (img *Image) at(point string) {
	if img.crash != nil {
		img.crash(point)
	}
}

// imaging is the image that is being encoded.
type imaging struct {
	pos   uint64
	out   *writer
	cells []uint32
	fresh *ids.Fresh
}

// The pages of an entry: in which of two generations of images it is dirty. The one that is not current is marked.
const (
	pageMask = 3
	stored   = 4 // an image holds it, so its going has to be written
)

// ErrNoStore is what BeginImage gives for a state that has no Pebble store.
var ErrNoStore = errors.New("state: it has no store for an image")

// BeginImage starts an image of the state as it is now, which is as of the position. There must be no other between BeginImage
// and FinishImage, and no Commit of the one before may be running; if none succeeded, the new image contains that one.
func (s *State) BeginImage(pos uint64) error {
	switch {
	case s.opts.DB == nil:
		return ErrNoStore
	case s.image != nil:
		return fmt.Errorf("state: image at position %d: the one at position %d is not finished", pos, s.image.pos)
	}
	img := &imaging{pos: pos, out: s.out, cells: s.dirty}
	s.out, s.dirty = newWriter(s.opts.DB), nil
	if s.last != nil && s.last.done.Load() {
		s.ids.Saved()
		s.last = nil
	} else if s.last != nil {
		s.last.stale.Store(true)
	}
	img.fresh = s.ids.Mark()
	s.families.Mark(familySink{s.out})
	if s.groups != nil {
		s.groups.Mark(groupSink{s.out})
	}
	img.out.set(metaKey, s.meta(pos))
	for _, t := range s.tables {
		t.mark()
	}
	s.page = pageMask - s.page
	s.image = img
	return nil
}

// ImageStep encodes up to n entries of the image that was begun and tells whether there are more.
func (s *State) ImageStep(n int) (more bool) {
	img := s.image
	if img == nil {
		return false
	}
	for ; n > 0 && len(img.cells) > 0; n-- {
		last := len(img.cells) - 1
		if c := s.cells.at(img.cells[last]); c.flags&pageMask&^s.page != 0 {
			s.encodeCell(c)
		}
		img.cells = img.cells[:last]
	}
	for _, name := range s.names {
		n = s.tables[name].step(n)
	}
	if n = s.families.Step(n); n == 0 {
		return true
	}
	if s.groups != nil {
		if n = s.groups.Step(n); n == 0 {
			return true
		}
	}
	return img.fresh.Step(n, img.out)
}

// FinishImage encodes what is left of the image that was begun, and gives it. An image must have been begun.
func (s *State) FinishImage() *Image {
	for s.ImageStep(1 << 20) {
	}
	img := &Image{db: s.opts.DB, commit: s.opts.Commit, crash: s.opts.Crash, pos: s.image.pos, parts: s.image.out.parts}
	if s.last != nil {
		img.parts = append(s.last.parts[:len(s.last.parts):len(s.last.parts)], img.parts...)
	}
	s.last, s.image = img, nil
	return img
}

// touch is called before a cell is changed.
func (s *State) touch(i uint32, c *cell) {
	if c.flags&pageMask == s.page || s.opts.DB == nil {
		return
	}
	if c.flags&pageMask != 0 {
		s.encodeCell(c)
	}
	c.flags |= s.page
	s.dirty = append(s.dirty, i)
}

// forget is called before a cell goes.
func (s *State) forget(c *cell) {
	if s.opts.DB == nil {
		return
	}
	if c.flags&pageMask&^s.page != 0 {
		s.encodeCell(c)
	}
	if c.flags&stored != 0 {
		s.out.delete(appendCellKey(s.keyBuf[:0], s.windows[c.win].number, c.key))
	}
}

// encodeCell writes a marked cell into the image that was begun.
func (s *State) encodeCell(c *cell) {
	k := s.windows[c.win]
	s.keyBuf = appendCellKey(s.keyBuf[:0], k.number, c.key)
	s.valueBuf = binary.AppendUvarint(s.valueBuf[:0], uint64(c.last))
	s.valueBuf = k.win.Encode(s.valueBuf, s.cells.words(c))
	s.image.out.set(s.keyBuf, s.valueBuf)
	c.flags = c.flags&s.page | stored
}

// writer collects what an image changes, in parts, since a single batch of a gigabyte would be copied each time it grows.
type writer struct {
	db    *pebble.DB
	parts []*pebble.Batch
	key   []byte
	value []byte
}

const partBytes = 1 << 20 // so that a part grows within a tenth of a millisecond

func newWriter(db *pebble.DB) *writer { return &writer{db: db} }

func (w *writer) part() *pebble.Batch {
	if n := len(w.parts); n > 0 && w.parts[n-1].Len() < partBytes {
		return w.parts[n-1]
	}
	w.parts = append(w.parts, w.db.NewBatch())
	return w.parts[len(w.parts)-1]
}

// A batch that is not indexed reports no errors until it is committed.

func (w *writer) set(key, value []byte)       { _ = w.part().Set(key, value, nil) }
func (w *writer) delete(key []byte)           { _ = w.part().Delete(key, nil) }
func (w *writer) deleteRange(from, to []byte) { _ = w.part().DeleteRange(from, to, nil) }

// PutID and PutFilter make the writer a sink of ids.

func (w *writer) PutID(era uint32, id [16]byte, content uint64) {
	w.key = appendIDKey(w.key[:0], era, id)
	w.value = binary.LittleEndian.AppendUint64(w.value[:0], content)
	w.set(w.key, w.value)
}

func (w *writer) PutFilter(era, chunk uint32, bits []byte) {
	w.key = appendFilterKey(w.key[:0], era, chunk)
	w.set(w.key, bits)
}

var _ ids.Sink = (*writer)(nil)

// The keys. All begin with a byte that no other part of the store uses.

const (
	prefixTable  = 0x21 // length of the name, name, key → expiry, value
	prefixCell   = 0x22 // window's number, key → last sighting, words
	prefixID     = 0x24 // era, id → content
	prefixFilter = 0x25 // era, chunk → bits
	prefixFamily = 0x26 // what the index of families has for keys and values
	prefixGroup  = 0x27 // what groups have for keys and values
	prefixEnd    = 0x3f // what is from 0x20 to before it is the image's
)

var metaKey = []byte{0x20} // position, clock, bounds, windows, eras

func appendTableKey(dst []byte, table, key string) []byte {
	dst = append(dst, prefixTable, byte(len(table)))
	dst = append(dst, table...)
	return append(dst, key...)
}

func appendCellKey(dst []byte, number uint32, key window.Key) []byte {
	return append(binary.BigEndian.AppendUint32(append(dst, prefixCell), number), key[:]...)
}

func appendIDKey(dst []byte, era uint32, id [16]byte) []byte {
	return append(binary.BigEndian.AppendUint32(append(dst, prefixID), era), id[:]...)
}

func appendFilterKey(dst []byte, era, chunk uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(append(dst, prefixFilter), era), chunk)
}

// numbered is the range of the keys under a prefix and a number.
func numbered(prefix byte, number uint32) (from, to []byte) {
	from = binary.BigEndian.AppendUint32([]byte{prefix}, number)
	to = binary.BigEndian.AppendUint32([]byte{prefix}, number+1)
	if number+1 == 0 {
		to = []byte{prefix + 1}
	}
	return from, to
}
