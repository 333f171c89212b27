package match

import (
	_ "embed"
	"math/bits"
	"slices"
	"unicode"

	"github.com/ringfence/ringfence/text/fold"
	"github.com/ringfence/ringfence/text/internal/wordset"
)

// russianWords are words of five to sixteen letters in all their forms, in the letters of a fold.Set; gen/native names the source.
//
//go:embed ru.set
var russianWords string

// Letters of the words in which Russian misspellings are looked for.
const (
	minRussian = 5
	maxRussian = 16
)

// russian is an index of the Russian terms of one word by their letters without each one of them.
type russian struct {
	terms   []russianTerm
	without map[uint64][]int32
}

type russianTerm struct {
	term    int32
	letters []byte // steps of the trie
}

// maxSameKey bounds the terms of one key.
const maxSameKey = 64

// add indexes a term, if it is one word in Cyrillic letters.
func (r *russian) add(path []uint8, term int) {
	if len(path) < minRussian || len(path) > maxRussian || slices.ContainsFunc(path, func(step uint8) bool { return fold.Set(1)<<step&fold.Cyrillic == 0 }) {
		return
	}
	if r.without == nil {
		r.without = map[uint64][]int32{}
	}
	at := int32(len(r.terms))
	r.terms = append(r.terms, russianTerm{int32(term), slices.Clone(path)})
	put := func(key uint64) {
		if len(r.without[key]) < maxSameKey {
			r.without[key] = append(r.without[key], at)
		}
	}
	for i := range path {
		put(hashWithout(path, i))
	}
}

// hashWithout is that of the word without one letter; with all of them for -1.
func hashWithout(word []byte, i int) uint64 {
	h := noHash
	for k, c := range word {
		if k != i {
			h = h.with(rune(c))
		}
	}
	return h.mixed()
}

// findRussian finds Russian terms with a letter missing or two swapped, in words that no dictionary has. A text in another language
// with Cyrillic letters has too many such words to be read so.
func (f *Finder) findRussian(b *Bank) {
	r, l := &b.russian, &f.lattice
	if len(r.terms) == 0 {
		return
	}
	known, strange := 0, 0
	var runes [maxRussian]rune
	var steps [maxRussian]byte
	f.strange = f.strange[:0]
	for i := range l.runs {
		word, letters := l.cyrillicWord(&l.runs[i], steps[:], runes[:])
		switch {
		case len(word) == 0:
		case wordset.Set(russianWords).Has(letters):
			known++
		default:
			strange++
			if !l.cyrillicName(&l.runs[i]) {
				f.strange = append(f.strange, int32(i))
			}
		}
	}
	if strange > known+1 {
		return
	}
	for _, i := range f.strange {
		run := &l.runs[i]
		word, _ := l.cyrillicWord(run, steps[:], runes[:])
		r.each(word, func(t *russianTerm) {
			f.found.makeRoom(b)
			f.found.add(l.match(int(t.term), int(run.start), int(run.end), Edited, costEdit))
		})
	}
}

// cyrillicWord is the word as steps of the trie and as letters, if it is in Cyrillic alone and neither too short nor too long.
func (l *lattice) cyrillicWord(r *run, steps []byte, letters []rune) ([]byte, []rune) {
	n := int(r.end - r.start)
	if n < minRussian || n > maxRussian {
		return nil, nil
	}
	for i := range n {
		own := l.symbols[int(r.start)+i].Own & fold.Cyrillic
		if own == 0 {
			return nil, nil
		}
		steps[i], letters[i] = byte(bits.TrailingZeros64(uint64(own))), own.First()
	}
	return steps[:n], letters[:n]
}

// cyrillicName reports whether the word is a tag, or begins with a capital within a sentence.
func (l *lattice) cyrillicName(r *run) bool {
	return r.tag || r.start > 0 && unicode.IsUpper(l.symbols[r.start].Rune) && !unicode.IsUpper(l.symbols[r.start+1].Rune)
}

// each calls do with the terms of which the word is a misspelling.
func (r *russian) each(word []byte, do func(*russianTerm)) {
	try := func(key uint64) {
		for _, at := range r.without[key] {
			if misspelt(word, r.terms[at].letters) {
				do(&r.terms[at])
			}
		}
	}
	try(hashWithout(word, -1)) // a letter is missing
	for i := range word {
		if i == 0 || word[i] != word[i-1] {
			try(hashWithout(word, i)) // two are swapped
		}
	}
}

// misspelt reports whether the spelling is the word with one letter less, but the first, or with two that changed places.
func misspelt(spelling, word []byte) bool {
	i := 0
	for i < min(len(spelling), len(word)) && spelling[i] == word[i] {
		i++
	}
	switch len(word) - len(spelling) {
	case 0:
		return i+1 < len(word) && spelling[i] == word[i+1] && spelling[i+1] == word[i] && slices.Equal(spelling[i+2:], word[i+2:])
	case 1:
		return i > 0 && slices.Equal(spelling[i:], word[i+1:])
	}
	return false
}
