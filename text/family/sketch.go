package family

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"github.com/zeebo/xxh3"
)

// How sketches are made. Whoever changes any of it changes Version.
const (
	gramLen  = 5   // characters of a gram
	maxGrams = 512 // of a sketch: longer texts keep those with the smallest hashes, which are a fair sample
	keyLen   = 6   // characters of a fingerprint; spaces do not count
	window   = 4   // of so many fingerprints in a row, at least one is kept
	maxKeys  = 256 // fingerprints of a sketch, again those with the smallest hashes
)

// Sketch is what a text is compared by. The zero Sketch is that of a text without letters, which belongs to no family.
type Sketch struct {
	exact uint64   // hash of the canonical form; 0 if that is empty
	raw   uint64   // hash of the folded text: tells copies with another link or number
	grams gramSet  // what texts are compared by
	keys  []uint32 // fingerprints by which they are found: hashes, ascending, without repeats
	text  string   // as written, at most maxText bytes
}

// maxText is how much of a text is kept for its family's template.
const maxText = 1 << 10

// Sketcher makes sketches. It is the scratch of one goroutine.
type Sketcher struct {
	canon  canon
	hashes []uint32
	sorted []uint32
	bytes  []byte
}

// Of is the sketch of one text. Who makes many uses a Sketcher.
func Of(text string) *Sketch {
	s := new(Sketch)
	new(Sketcher).Into(s, text)
	return s
}

// Into replaces s by the sketch of text, in the memory that s has; s refers to text. Cost is linear in the text's length.
func (k *Sketcher) Into(s *Sketch, text string) {
	k.canon.read(text)
	*s = Sketch{grams: gramSet{hashes: s.grams.hashes[:0]}, keys: s.keys[:0]}
	if len(k.canon.symbols) == 0 {
		return
	}
	k.bytes = k.bytes[:0]
	for _, r := range k.canon.symbols {
		k.bytes = binary.LittleEndian.AppendUint32(k.bytes, uint32(r))
	}
	s.exact = max(xxh3.Hash(k.bytes), 1)
	s.raw = xxh3.Hash(k.canon.folded)
	s.text = head(text, maxText)

	k.hashes = pieces(k.hashes[:0], k.canon.symbols, gramLen)
	s.grams.hashes, s.grams.all = k.smallest(s.grams.hashes, k.hashes, maxGrams)
	k.hashes = winnow(pieces(k.hashes[:0], k.canon.letters, keyLen))
	s.keys, _ = k.smallest(s.keys, k.hashes, maxKeys)
}

// head is the first n bytes of s, whole characters.
func head(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// pieces appends the hash of every piece of n symbols.
func pieces(dst []uint32, symbols []rune, n int) []uint32 {
	const base = 0x9e3779b97f4a7c15
	last := uint64(1) // base to the power of n
	for range n {
		last *= base
	}
	h := uint64(0)
	for i, r := range symbols {
		h = h*base + uint64(r)
		if i >= n {
			h -= last * uint64(symbols[i-n])
		}
		if i >= n-1 {
			dst = append(dst, mix(h))
		}
	}
	return dst
}

// mix makes every bit of h count in each of the result.
func mix(h uint64) uint32 {
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return uint32(h >> 32)
}

// winnow keeps, in place, the smallest of every window of hashes, the last one where several are. Two texts that share a run of
// window hashes share one that is kept.
func winnow(hashes []uint32) []uint32 {
	if len(hashes) == 0 {
		return hashes
	}
	// What is kept is written behind the window, so that the window is always as it was.
	kept, at := hashes[:0], -1
	for end := min(window, len(hashes)); end <= len(hashes); end++ {
		start := max(end-window, 0)
		switch {
		case at < start:
			at = start
			for i := start + 1; i < end; i++ {
				if hashes[i] <= hashes[at] {
					at = i
				}
			}
		case hashes[end-1] <= hashes[at]:
			at = end - 1
		default:
			continue // the smallest is kept already
		}
		kept = append(kept, hashes[at])
	}
	return kept
}

// smallest appends the n smallest hashes to dst, ascending and without repeats, and tells whether those are all. It uses hashes up.
func (k *Sketcher) smallest(dst, hashes []uint32, n int) (kept []uint32, all bool) {
	all = true
	for len(hashes) > 0 {
		// Sorting by portions keeps the cost of long texts linear: of later portions nearly all is above the bound.
		portion := hashes[:min(len(hashes), n)]
		hashes = hashes[len(portion):]
		for _, h := range portion {
			if all || h < dst[n-1] {
				dst = append(dst, h)
			}
		}
		k.sort(dst)
		dst = slices.Compact(dst)
		if len(dst) > n {
			dst, all = dst[:n], false
		}
	}
	return dst, all
}

// buckets are what hashes are sorted into by their highest bits.
const (
	bucketBits = 7
	maxBucket  = 12 // hashes for which inserting is faster than anything else
)

// sort sorts hashes. They are spread evenly, unless somebody chose them, so that buckets hold a few each, and what is left to do is
// to put them in order there.
func (k *Sketcher) sort(hashes []uint32) {
	if len(hashes) <= maxBucket {
		insert(hashes)
		return
	}
	var ends [1<<bucketBits + 1]uint32
	for _, h := range hashes {
		ends[h>>(32-bucketBits)+1]++
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	k.sorted = slices.Grow(k.sorted[:0], len(hashes))[:len(hashes)]
	for _, h := range hashes {
		b := &ends[h>>(32-bucketBits)]
		k.sorted[*b] = h
		*b++
	}
	start := uint32(0)
	for _, end := range ends[:1<<bucketBits] { // which is now where the bucket ends
		if end-start > maxBucket {
			slices.Sort(k.sorted[start:end])
		} else {
			insert(k.sorted[start:end])
		}
		start = end
	}
	copy(hashes, k.sorted)
}

func insert(hashes []uint32) {
	for i := 1; i < len(hashes); i++ {
		h, j := hashes[i], i
		for ; j > 0 && hashes[j-1] > h; j-- {
			hashes[j] = hashes[j-1]
		}
		hashes[j] = h
	}
}
