package match

import (
	"math/bits"
	"slices"

	"github.com/ringfence/ringfence/text/fold"
)

// words is an index of the words of Latin terms by what misspelling leaves of them.
type words struct {
	texts []string // each word once
	ids   map[string]int32
	spelt []spelt
	uses  [][]use // of each word

	entries []entry // by key
	buckets []uint32
	shift   uint
	present []uint64 // a bit for each key, by its lower bits, so that most keys that are not there are seen not to be at once
}

// spelt is a term as words.
type spelt struct {
	term  int32
	words []int32
}

// use is a place of a word in a term.
type use struct{ spelt, at int32 }

// entry is one key of a word.
type entry struct {
	key  uint32
	word int32
}

// maxUses bounds the terms that are tried for one misspelt word; "the" is in many, and they have other words.
const maxUses = 64

// shortest words that misspelling is looked for in.
const minEdited = 4

func (w *words) add(path []uint8, term int) {
	if w.ids == nil {
		w.ids = map[string]int32{}
	}
	s := spelt{term: int32(term)}
	var word []byte
	end := func() {
		id, found := w.ids[string(word)]
		if !found {
			id = int32(len(w.texts))
			w.texts = append(w.texts, string(word))
			w.ids[string(word)] = id
			w.uses = append(w.uses, nil)
		}
		s.words = append(s.words, id)
		word = word[:0]
	}
	for _, step := range path {
		switch r := (fold.Set(1) << step).First(); {
		case step == space:
			end()
		case r < 'a' || r > 'z':
			return // misspelling is known of Latin letters only
		default:
			word = append(word, byte(r))
		}
	}
	end()
	for at, id := range s.words {
		if len(w.uses[id]) < maxUses {
			w.uses[id] = append(w.uses[id], use{int32(len(w.spelt)), int32(at)})
		}
	}
	w.spelt = append(w.spelt, s)
}

// finish makes the index.
func (w *words) finish() {
	w.ids = nil
	var buf [2 * maxWord]byte
	put := func(k uint32, id int) { w.entries = append(w.entries, entry{k, int32(id)}) }
	for id, text := range w.texts {
		if len(text) < 2 || len(text) > maxWord {
			continue
		}
		word := []byte(text)
		put(key('=', word), id)
		for i := range word {
			if i == 0 || word[i] != word[i-1] {
				put(keyWithout(word, i), id)
			}
		}
		put(key('s', skeleton(buf[:0], word)), id)
		put(key('p', sound(buf[:0], word, false)), id)
		put(key('p', sound(buf[:0], word, true)), id)
		put(starred(word[0], word[len(word)-1], len(word)), id)
	}
	slices.SortFunc(w.entries, func(x, y entry) int {
		if x.key != y.key {
			return int(int64(x.key) - int64(y.key))
		}
		return int(x.word - y.word)
	})
	w.entries = slices.Compact(w.entries)
	size := bits.Len(uint(len(w.entries)))
	w.shift = uint(32 - size)
	w.present = make([]uint64, max(1<<size/8, 1))
	for _, e := range w.entries {
		i := uint64(e.key) % uint64(64*len(w.present))
		w.present[i/64] |= 1 << (i % 64)
	}
	w.buckets = make([]uint32, 1<<size+1)
	at := 0
	for b := range w.buckets {
		for at < len(w.entries) && int(w.entries[at].key>>w.shift) < b {
			at++
		}
		w.buckets[b] = uint32(at)
	}
}

// find calls do with each word of the key. Different keys may meet; do must look.
func (w *words) find(k uint32, do func(word int32)) {
	if i := uint64(k) % uint64(64*len(w.present)); w.present[i/64]&(1<<(i%64)) == 0 {
		return
	}
	b := k >> w.shift
	for _, e := range w.entries[w.buckets[b]:w.buckets[b+1]] {
		if e.key == k {
			do(e.word)
		}
	}
}

// key is that of a kind of spelling.
func key(kind byte, word []byte) uint32 {
	h := noHash.with(rune(kind))
	for _, c := range word {
		h = h.with(rune(c))
	}
	return uint32(h.mixed())
}

// keyWithout is the key of the word without one letter; key('=') of the rest.
func keyWithout(word []byte, without int) uint32 {
	h := noHash.with('=')
	for i, c := range word {
		if i != without {
			h = h.with(rune(c))
		}
	}
	return uint32(h.mixed())
}

// starred is the key of words by first and last letter and length: f**k.
func starred(first, last byte, length int) uint32 {
	return uint32(noHash.with('*').with(rune(first)).with(rune(last)).with(rune(length)).mixed())
}
