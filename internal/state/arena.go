package state

import "math/bits"

// arena keeps the words of cells in blocks without pointers, so that the garbage collector has nothing to look at however many
// there are. Blocks come in classes of 1, 2, 3, 4, 6, 8, 12, 16… words. A freed block is used again for its class, and a chunk
// that has none in use goes back to the runtime, but for one of each class.
type arena struct {
	classes [classCount]class
}

const (
	classCount = 34   // up to 2^17 words, above what the longest window keeps
	chunkWords = 8192 // words of a chunk of many blocks
)

type class struct {
	chunks [][]uint64 // nil where none of its blocks is in use
	live   []uint32   // blocks in use, by chunk
	spare  []uint64   // a chunk that was given up last
	used   uint32     // blocks ever given out
	free   []uint32   // of those, the ones that came back
}

// classOf is the smallest class of blocks that hold n words.
func classOf(n int) uint8 {
	if n <= 2 {
		return uint8(max(n, 1) - 1)
	}
	p := bits.Len(uint(n - 1))
	if n <= 3<<(p-2) {
		return uint8(2*p - 2)
	}
	return uint8(2*p - 1)
}

// sizeOf is how many words a block of the class holds.
func sizeOf(c uint8) int {
	switch {
	case c == 0:
		return 1
	case c%2 == 1:
		return 1 << ((c + 1) / 2)
	default:
		return 3 << (c/2 - 1)
	}
}

// perChunk is the binary logarithm of how many blocks of the class a chunk holds.
func perChunk(c uint8) uint {
	if size := sizeOf(c); size < chunkWords {
		return uint(bits.Len(uint(chunkWords/size)) - 1)
	}
	return 0
}

// block is the whole of a block.
func (a *arena) block(c uint8, ref uint32) []uint64 {
	shift, size := perChunk(c), sizeOf(c)
	i := int(ref&(1<<shift-1)) * size
	return a.classes[c].chunks[ref>>shift][i : i+size : i+size]
}

// alloc gives a block, whose words hold anything.
func (a *arena) alloc(c uint8) uint32 {
	k, shift := &a.classes[c], perChunk(c)
	var ref uint32
	if n := len(k.free); n > 0 {
		ref, k.free = k.free[n-1], k.free[:n-1]
	} else {
		ref = k.used
		k.used++
	}
	chunk := ref >> shift
	if int(chunk) == len(k.chunks) {
		k.chunks, k.live = append(k.chunks, nil), append(k.live, 0)
	}
	if k.chunks[chunk] == nil {
		if k.chunks[chunk], k.spare = k.spare, nil; k.chunks[chunk] == nil {
			k.chunks[chunk] = make([]uint64, sizeOf(c)<<shift)
		}
	}
	k.live[chunk]++
	return ref
}

// release takes a block back.
func (a *arena) release(c uint8, ref uint32) {
	k, chunk := &a.classes[c], ref>>perChunk(c)
	k.free = append(k.free, ref)
	if k.live[chunk]--; k.live[chunk] == 0 {
		k.chunks[chunk], k.spare = nil, k.chunks[chunk]
	}
}
