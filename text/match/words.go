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
	var keys [maxWord]uint32
	put := func(k uint32, id int) { w.entries = append(w.entries, entry{k, int32(id)}) }
	for id, text := range w.texts {
		if len(text) < 2 || len(text) > maxWord {
			continue
		}
		word := []byte(text)
		put(key('=', word), id)
		for _, k := range appendKeysWithout(keys[:0], word) {
			put(k, id)
		}
		put(key('s', skeleton(buf[:0], word)), id)
		put(key('p', sound(buf[:0], word, false)), id)
		put(key('p', sound(buf[:0], word, true)), id)
		put(starred(word[0], word[len(word)-1], len(word)), id)
		put(starred(word[0], '*', len(word)), id)
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
	for _, e := range w.bucket(k) {
		if e.key == k {
			do(e.word)
		}
	}
}

// has reports whether there is a word of the key.
func (w *words) has(k uint32) bool {
	for _, e := range w.bucket(k) {
		if e.key == k {
			return true
		}
	}
	return false
}

// bucket is the few entries among which those of the key are.
func (w *words) bucket(k uint32) []entry {
	if i := uint64(k) % uint64(64*len(w.present)); w.present[i/64]&(1<<(i%64)) == 0 {
		return nil
	}
	b := k >> w.shift
	return w.entries[w.buckets[b]:w.buckets[b+1]]
}

// A key is a hash of a polynomial in the letters of a word, so that the keys of the word without each of its letters come of one pass.
const keyBase = 0x100000001b3

var keyPowers = func() (t [maxWord + 1]uint64) {
	t[0] = 1
	for i := range t[1:] {
		t[i+1] = t[i] * keyBase
	}
	return t
}()

func keyOf(kind byte, sum uint64) uint32 {
	return uint32(hash(sum + uint64(kind)*0xd6e8feb86659fd93).mixed())
}

// key is that of a kind of spelling.
func key(kind byte, word []byte) uint32 {
	sum := uint64(0)
	for _, c := range word {
		sum = sum*keyBase + uint64(c)
	}
	return keyOf(kind, sum)
}

// appendKeysWithout appends for each letter, one of each run of equal ones, the key('=') of the word without it. The word has at
// most maxWord letters.
func appendKeysWithout(dst []uint32, word []byte) []uint32 {
	all := uint64(0)
	for _, c := range word {
		all = all*keyBase + uint64(c)
	}
	before := uint64(0)
	for i, c := range word {
		power := keyPowers[len(word)-1-i]
		with := before*keyBase + uint64(c)
		if i == 0 || c != word[i-1] {
			dst = append(dst, keyOf('=', before*power+all-with*power))
		}
		before = with
	}
	return dst
}

// starred is the key of words by first and last letter and length: f**k.
func starred(first, last byte, length int) uint32 {
	return key('*', []byte{first, last, byte(length)})
}
