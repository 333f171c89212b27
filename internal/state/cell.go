package state

import "github.com/ringfence/ringfence/internal/window"

// cell is what a window knows of one key. Cells have no pointers; they lie in chunks and are named by their index.
type cell struct {
	key   window.Key
	last  int64  // latest event time of a sighting
	block uint32 // its words in the arena
	words uint32 // how many
	next  uint32 // in the same list of the window's wheel
	win   Slot
	class uint8 // of the block: always that of its words
	flags uint8
}

const (
	cellChunk = 4096
	noCell    = ^uint32(0)

	// Stated costs in bytes, which the budget is about. A count of 1, 5 and 50 sub-buckets is stated as 96, 128 and 592; measured
	// it takes 84, 131 and 629 (BenchmarkMemory).
	cellCost  = 80  // a cell and its place in the window's map, without the words
	wordCost  = 8   // a word of its block
	entryCost = 192 // an entry of a table, without its key and its encoded value
)

// cells owns every cell and its words.
type cells struct {
	chunks [][]cell
	used   uint32
	free   []uint32
	arena  arena
}

func (cs *cells) at(i uint32) *cell { return &cs.chunks[i/cellChunk][i%cellChunk] }

func (cs *cells) words(c *cell) []uint64 { return cs.arena.block(c.class, c.block)[:c.words] }

// alloc gives a cell with the words.
func (cs *cells) alloc(words []uint64) uint32 {
	var i uint32
	if n := len(cs.free); n > 0 {
		i, cs.free = cs.free[n-1], cs.free[:n-1]
	} else {
		i = cs.used
		if cs.used++; int(i/cellChunk) == len(cs.chunks) {
			cs.chunks = append(cs.chunks, make([]cell, cellChunk))
		}
	}
	c := cs.at(i)
	*c = cell{next: noCell, class: classOf(len(words)), words: uint32(len(words))}
	c.block = cs.arena.alloc(c.class)
	copy(cs.arena.block(c.class, c.block), words)
	return i
}

// keep stores words that may have been changed in place, or been moved because they did not fit.
func (cs *cells) keep(c *cell, words []uint64) {
	if class := classOf(len(words)); class != c.class {
		was, block := c.class, c.block
		c.class, c.block = class, cs.arena.alloc(class)
		copy(cs.arena.block(c.class, c.block), words)
		cs.arena.release(was, block)
	} else if block := cs.arena.block(c.class, c.block); &block[0] != &words[0] {
		copy(block, words)
	}
	c.words = uint32(len(words))
}

func (cs *cells) release(i uint32) {
	c := cs.at(i)
	cs.arena.release(c.class, c.block)
	*c = cell{}
	cs.free = append(cs.free, i)
}

// cost is what a cell counts against the budget.
func (c *cell) cost() int64 { return cellCost + wordCost*int64(sizeOf(c.class)) }
