package ids

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Fresh is what a set has to store at one moment: the ids added since the Mark before, and the filters that have become final. It
// stays valid while ids are added.
type Fresh struct {
	spans   []span
	filters []*era
	chunk   int // of the first filter
}

type span struct {
	era      *era
	seg      *segment
	from, to int
}

// Sink takes what a set stores.
type Sink interface {
	PutID(era uint32, id [16]byte, content uint64)
	PutFilter(era, chunk uint32, bits []byte)
}

// Mark gives what has to be stored with the set as it is now.
func (s *Set) Mark() *Fresh {
	f := &Fresh{}
	for i, e := range s.eras {
		for _, g := range e.segments {
			if n := len(g.entries); g.marked < n {
				f.spans = append(f.spans, span{e, g, g.marked, n})
				g.marked = n
			}
		}
		if i < len(s.eras)-1 && !e.stored {
			e.stored = true
			f.filters = append(f.filters, e)
		}
	}
	return f
}

// chunkBlocks is the blocks of a filter that are stored under one key: 16 KiB.
const chunkBlocks = 256

// Step gives the sink up to n ids, or a chunk of a filter, and tells whether there is more.
func (f *Fresh) Step(n int, to Sink) (more bool) {
	for ; n > 0 && len(f.spans) > 0; n-- {
		sp := &f.spans[0]
		e := &sp.seg.entries[sp.from]
		to.PutID(sp.era.number, e.id, e.content)
		if sp.from++; sp.from == sp.to {
			f.spans = f.spans[1:]
		}
	}
	if n > 0 && len(f.filters) > 0 {
		e := f.filters[0]
		from := f.chunk * chunkBlocks
		end := min(from+chunkBlocks, len(e.filter))
		to.PutFilter(e.number, uint32(f.chunk), e.filter[from:end].bytes())
		if f.chunk++; end == len(e.filter) {
			f.filters, f.chunk = f.filters[1:], 0
		}
	}
	return len(f.spans)+len(f.filters) > 0
}

// Saved confirms that everything that Mark has given so far is on disk, and lets go of what is old.
func (s *Set) Saved() {
	if s.opts.Stored == nil {
		return
	}
	kept := 0
	for i := len(s.eras) - 1; i >= 0; i-- {
		e := s.eras[i]
		for j := len(e.segments) - 1; j >= 0; j-- {
			n := len(e.segments[j].entries)
			if kept += n; kept > s.opts.Recent && e.segments[j].marked == n {
				e.onDisk += n
				e.segments = slices.Delete(e.segments, j, j+1)
			}
		}
	}
}

func (f filter) bytes() []byte {
	b := make([]byte, 0, len(f)*64)
	for i := range f {
		for _, word := range f[i] {
			b = binary.LittleEndian.AppendUint64(b, word)
		}
	}
	return b
}

// Meta appends what Restore needs to know besides the ids and the filters.
func (s *Set) Meta(dst []byte) []byte {
	dst = binary.AppendVarint(dst, s.floor)
	dst = binary.AppendUvarint(dst, uint64(s.next))
	dst = binary.AppendUvarint(dst, uint64(len(s.eras)))
	for _, e := range s.eras {
		dst = binary.AppendUvarint(dst, uint64(e.number))
		dst = binary.AppendVarint(dst, e.began)
		dst = binary.AppendVarint(dst, e.latest)
		dst = binary.AppendUvarint(dst, uint64(e.count))
		dst = binary.AppendUvarint(dst, uint64(e.capacity))
	}
	return dst
}

// Source gives back what a Sink has taken.
type Source interface {
	// IDs calls fn for every id of an era.
	IDs(era uint32, fn func(id [16]byte)) error
	// Filter is a chunk of an era's filter.
	Filter(era, chunk uint32) ([]byte, error)
}

var errDamaged = errors.New("ids: damaged image")

// Restore fills an empty set. It reads the ids of the last era, whose filter is not stored, and the filters of the others.
func (s *Set) Restore(meta []byte, from Source) error {
	r := metaReader{b: meta}
	s.floor = r.varint()
	s.next = uint32(r.uvarint())
	n := r.uvarint()
	if n > maxEras {
		return errDamaged
	}
	for i := uint64(0); i < n && !r.bad; i++ {
		e := &era{number: uint32(r.uvarint()), began: r.varint(), latest: r.varint(), stored: i < n-1}
		count, capacity := r.uvarint(), r.uvarint()
		if r.bad || capacity > uint64(max(1, s.opts.Max/erasPerHorizon)) || count > capacity {
			return errDamaged
		}
		e.count, e.capacity = int(count), int(capacity)
		e.filter, e.onDisk = newFilter(e.capacity), e.count
		if err := e.fill(from); err != nil {
			return fmt.Errorf("ids: era %d: %w", e.number, err)
		}
		s.total += e.count
		s.eras = append(s.eras, e)
	}
	if r.bad || len(r.b) > 0 {
		return errDamaged
	}
	return nil
}

// fill restores the filter.
func (e *era) fill(from Source) error {
	if !e.stored {
		return from.IDs(e.number, func(id [16]byte) { e.filter.add(hash(id)) })
	}
	for chunk := 0; chunk*chunkBlocks < len(e.filter); chunk++ {
		blocks := e.filter[chunk*chunkBlocks : min((chunk+1)*chunkBlocks, len(e.filter))]
		b, err := from.Filter(e.number, uint32(chunk))
		if err != nil {
			return err
		}
		if len(b) != 64*len(blocks) {
			return errDamaged
		}
		for i := range blocks {
			for j := range blocks[i] {
				blocks[i][j] = binary.LittleEndian.Uint64(b[64*i+8*j:])
			}
		}
	}
	return nil
}

// metaReader takes numbers off the front of bytes, and gives 0 once there was a damaged one.
type metaReader struct {
	b   []byte
	bad bool
}

func (r *metaReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if !r.advance(n) {
		return 0
	}
	return v
}

func (r *metaReader) varint() int64 {
	v, n := binary.Varint(r.b)
	if !r.advance(n) {
		return 0
	}
	return v
}

func (r *metaReader) advance(n int) bool {
	if r.bad || n <= 0 {
		r.bad = true
		return false
	}
	r.b = r.b[n:]
	return true
}
