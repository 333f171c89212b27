package ids

import (
	"encoding/binary"
	"math/bits"
)

const (
	erasPerHorizon = 4
	minEra         = 1 << 16
	maxEras        = 64 // a quarter of the horizon begins one, and so does each doubling from minEra to Max
	minSegment     = 1 << 8
	segmentSize    = 1 << 17
)

// era is a run of ids in the order they came.
type era struct {
	number   uint32
	began    int64 // clock when it began
	latest   int64 // latest event time of its ids
	count    int
	capacity int // what its filter is made for
	filter   filter
	segments []*segment // exact, oldest first
	onDisk   int        // ids that are in no segment
	stored   bool       // Mark gave the filter, which is final
}

func newEra(number uint32, clock int64, capacity int) *era {
	return &era{number: number, began: clock, capacity: capacity, filter: newFilter(capacity)}
}

func (e *era) add(id [16]byte, h, content uint64) {
	e.filter.add(h)
	e.count++
	if n := len(e.segments); n == 0 || len(e.segments[n-1].entries) == segmentSize {
		g := &segment{}
		g.grow(min(segmentSize, max(minSegment, n*segmentSize))) // an era that fills one fills more
		e.segments = append(e.segments, g)
	}
	e.segments[len(e.segments)-1].add(entry{id, content}, h)
}

type entry struct {
	id      [16]byte
	content uint64
}

// segment holds up to segmentSize ids as a log with an index of open addressing: 0 is free, n is entry n-1.
type segment struct {
	entries []entry
	index   []uint32
	marked  int // entries that Mark gave
}

func (g *segment) add(e entry, h uint64) {
	if len(g.entries) == cap(g.entries) {
		g.grow(2 * cap(g.entries))
	}
	g.entries = append(g.entries, e)
	g.put(h, uint32(len(g.entries)))
}

// grow makes room for n entries, a power of two, with an index that is then half full. To grow to segmentSize takes 2 ms.
func (g *segment) grow(n int) {
	g.entries = append(make([]entry, 0, n), g.entries...)
	g.index = make([]uint32, 2*n)
	for i := range g.entries {
		g.put(hash(g.entries[i].id), uint32(i+1))
	}
}

func (g *segment) put(h uint64, n uint32) {
	mask := uint64(len(g.index) - 1)
	i := h & mask
	for g.index[i] != 0 {
		i = (i + 1) & mask
	}
	g.index[i] = n
}

func (g *segment) find(id [16]byte, h uint64) (content uint64, found bool) {
	mask := uint64(len(g.index) - 1)
	for i := h & mask; g.index[i] != 0; i = (i + 1) & mask {
		if e := &g.entries[g.index[i]-1]; e.id == id {
			return e.content, true
		}
	}
	return 0, false
}

// hash spreads an id over 64 bits.
func hash(id [16]byte) uint64 {
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(id[:8])^0x9e3779b97f4a7c15, binary.LittleEndian.Uint64(id[8:])^0xd6e8feb86659fd93)
	h := (hi ^ lo) * 0xff51afd7ed558ccd
	return h ^ h>>32
}

// filter is a Bloom filter in blocks of a cache line: an id sets one bit in each of the eight words of its block. At 16 bits for
// each id it takes one in a thousand ids that are not in it for one that is.
type filter [][8]uint64

const (
	idsPerBlock = 32
	bitSpread   = 0x9e3779b97f4a7c15 // gives the bits from another part of the hash than the block
)

func newFilter(capacity int) filter { return make(filter, capacity/idsPerBlock+1) }

func (f filter) block(h uint64) *[8]uint64 {
	i, _ := bits.Mul64(h, uint64(len(f)))
	return &f[i]
}

func (f filter) add(h uint64) {
	b := f.block(h)
	h *= bitSpread
	for i := range b {
		b[i] |= 1 << (h & 63)
		h >>= 6
	}
}

func (f filter) has(h uint64) bool {
	b := f.block(h)
	h *= bitSpread
	for i := range b {
		if b[i]>>(h&63)&1 == 0 {
			return false
		}
		h >>= 6
	}
	return true
}

// firstBit is the bit that an id sets in the first word of its block.
func firstBit(h uint64) uint64 { return h * bitSpread & 63 }
