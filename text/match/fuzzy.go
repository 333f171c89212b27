package match

import (
	"slices"

	"github.com/ringfence/ringfence/text/fold"
)

// fuzzy finds misspelt terms: it looks up each word that is in no dictionary by what misspelling leaves of a word, and where it
// may be a word of a term, holds the term's other words against its neighbours.
type fuzzy struct {
	b      *Bank
	l      *lattice
	found  *finds
	tokens []token
	letter []byte // of all tokens
	keys   []uint32
	budget int // neighbours that may yet be looked at in this text
}

// token is a word as it is read: letters, digits for letters, and stars.
type token struct {
	start, end int32 // symbols
	from, to   int32 // letters
	rank       rank
	gap        bool  // only spaces part it from the token before it
	strange    bool  // in no dictionary, and neither a name nor a tag nor an abbreviation
	digits     bool  // digits or signs for letters in it
	stars      uint8 // in a row, between the first letter and the last
	ending     uint8 // letters behind what was starred that are an ending: 3 in f***ing and f**king
}

const (
	costEdit  = 40
	costSound = 30
	costBare  = 35 // vowels left out
	costMask  = 60 // all but the first and last letter starred
	costLeet  = 15
	costWord  = 30 // a neighbour that is another word
)

func (f *fuzzy) find(b *Bank, l *lattice, found *finds) {
	f.b, f.l, f.found = b, l, found
	if len(b.words.texts) > 0 && l.suspect && f.promises() {
		f.lookups()
	}
}

// lookups looks up every token.
func (f *fuzzy) lookups() {
	f.tokenize()
	f.budget = 64 + 16*len(f.tokens)
	for i := range f.tokens {
		f.keys = f.appendKeys(f.keys[:0], &f.tokens[i])
		for _, k := range f.keys {
			f.lookup(i, k)
		}
	}
}

// promises reports whether any token has the key of a word: in most texts none has, and they need not be taken apart. Words by
// themselves that are not strange have no keys.
func (f *fuzzy) promises() bool {
	l := f.l
	f.letter = f.letter[:0]
	end := 0
	for i := range l.runs {
		r := &l.runs[i]
		at, stop := int(r.start), int(r.end)
		if at < end {
			continue
		}
		for at > end && reads(&l.symbols[at-1]) {
			at--
		}
		if at == int(r.start) && r.ascii && (stop == len(l.symbols) || !reads(&l.symbols[stop])) && !(l.native && l.odd(r)) {
			continue
		}
		for at < stop {
			if !reads(&l.symbols[at]) {
				at++
				continue
			}
			f.letter = f.letter[:0]
			t := f.token(at)
			at = int(t.end)
			f.keys = f.appendKeys(f.keys[:0], &t)
			if slices.ContainsFunc(f.keys, f.b.words.has) {
				return true
			}
		}
		end = at
	}
	return false
}

// appendKeys appends what the token is looked up by: nothing for words of the language, names and the like.
func (f *fuzzy) appendKeys(dst []uint32, t *token) []uint32 {
	w := f.text(t)
	if t.stars > 1 {
		stem := w[:len(w)-int(t.ending)]
		dst = append(dst, starred(stem[0], stem[len(stem)-1], len(stem)))
	}
	if !t.strange {
		return dst
	}
	dst = append(dst, key('=', w))
	dst = appendKeysWithout(dst, w)
	if bare(w) {
		dst = append(dst, key('s', w))
	}
	var buf [2 * maxWord]byte
	return append(dst, key('p', sound(buf[:0], w, false)))
}

// text is the letters of a token.
func (f *fuzzy) text(t *token) []byte { return f.letter[t.from:t.to] }

// bare reports whether a word has no vowel but at its beginning.
func bare(word []byte) bool {
	return !slices.ContainsFunc(word[1:], vowel)
}

// tokenize reads the tokens.
func (f *fuzzy) tokenize() {
	l := f.l
	f.tokens, f.letter = f.tokens[:0], f.letter[:0]
	spaced := false
	for i := 0; i < len(l.symbols); {
		if !reads(&l.symbols[i]) {
			spaced = l.symbols[i].Kind == fold.Space && (spaced || len(f.tokens) > 0 && int(f.tokens[len(f.tokens)-1].end) == i)
			i++
			continue
		}
		t := f.token(i)
		t.gap, spaced = spaced, false
		i = int(t.end)
		f.tokens = append(f.tokens, t)
	}
}

// token reads the one that begins at i; its letters are behind those of others.
func (f *fuzzy) token(i int) token {
	l := f.l
	t := token{start: int32(i), from: int32(len(f.letter))}
	letters, stars, marked := 0, 0, false
	for ; i < len(l.symbols) && reads(&l.symbols[i]); i++ {
		y := &l.symbols[i]
		switch {
		case y.Kind == fold.Letter && y.Rune < 128:
			letters++
			f.letter = append(f.letter, byte(y.Text))
		case y.Rune == '*':
			stars++
			f.letter = append(f.letter, '*')
		default:
			if y.Kind == fold.Letter {
				letters++
				marked = marked || y.Way == fold.Accented
			}
			f.letter = append(f.letter, latinLetter(y))
		}
	}
	t.end, t.to = int32(i), int32(len(f.letter))
	f.judge(&t, letters, stars, l.native && !marked)
	return t
}

// reads reports whether the symbol belongs to a token.
func reads(y *fold.Symbol) bool {
	switch y.Kind {
	case fold.Letter, fold.Digit:
		return (y.Own|y.Alike)&fold.Latin != 0
	case fold.Space:
		return false
	}
	return y.Rune == '*' || y.Rune == '$' || y.Rune == '@'
}

func latinLetter(y *fold.Symbol) byte {
	if set := y.Own & fold.Latin; set != 0 {
		return byte(set.First())
	}
	return byte((y.Alike & fold.Latin).First())
}

// masked are the endings that are left when a word is starred out.
var masked = []string{"ing", "in", "ed", "er", "ers", "s"}

// judge says what the token can be.
func (f *fuzzy) judge(t *token, letters, stars int, native bool) {
	l := f.l
	w := f.text(t)
	t.digits = letters+stars < len(w)
	if stars > 0 {
		rest := len(w) - 1 - stars // behind the stars
		if w[0] == '*' || rest < 1 || len(w) > maxWord || slices.ContainsFunc(w[1:1+stars], func(c byte) bool { return c != '*' }) {
			return
		}
		switch behind := string(w[1+stars:]); {
		case rest == 1 && letters == 2:
			t.stars = uint8(stars)
		case letters != rest+1 || stars < 2:
		case slices.Contains(masked, behind):
			t.stars, t.ending = uint8(stars), uint8(rest)
		case slices.Contains(masked, behind[1:]):
			t.stars, t.ending = uint8(stars), uint8(rest-1)
		}
		return
	}
	if r := l.run[t.start]; r >= 0 && l.runs[r].end == t.end {
		t.rank = l.runs[r].rank
	} else {
		h := noHash
		for _, c := range w {
			h = h.with(rune(c))
		}
		t.rank = english().rank(h)
	}
	if t.rank != unknown && !t.digits || !native || letters < 2 || len(w) > maxWord || 3*letters < 2*len(w) {
		return
	}
	if r := l.run[t.start]; r >= 0 && l.named(&l.runs[r]) {
		return
	}
	t.strange = true
}

// lookup tries the words of a key in place of the token.
func (f *fuzzy) lookup(i int, k uint32) {
	words := &f.b.words
	words.find(k, func(id int32) {
		how, cost, certain := f.likeness(&f.tokens[i], words.texts[id])
		if how == 0 {
			return
		}
		for _, u := range words.uses[id] {
			if !certain && len(words.spelt[u.spelt].words) == 1 {
				continue
			}
			f.align(i, u, cost, how)
		}
	})
}

// likeness says how the token may be a misspelling of the word; 0 for not at all or for the word itself, which is the walker's.
func (f *fuzzy) likeness(t *token, word string) (how How, cost int, certain bool) {
	w := f.text(t)
	if len(w) > maxWord || len(word) > maxWord {
		return 0, 0, false
	}
	if t.stars > 0 {
		stem := w[:len(w)-int(t.ending)]
		last := stem[len(stem)-1]
		if len(stem) != len(word) || stem[0] != word[0] || last != word[len(word)-1] && last != '*' || len(stem) < minEdited {
			return 0, 0, false
		}
		if t.ending > 0 {
			return Stars | Inflected, costMask + costEnding, true
		}
		return Stars, costMask, true
	}
	if slices.Contains(w, '*') {
		return 0, 0, false
	}
	var a [2 * maxWord]byte
	switch editOf(w, []byte(word)) {
	case sameWord:
		if t.digits {
			return Leet, costLeet, false
		}
		return 0, 0, false
	case dropped:
		if len(word) > minEdited {
			return Edited, costEdit, true
		}
	case swapped, typed:
		if len(word) >= minEdited {
			return Edited, costEdit, true
		}
	}
	if bare(w) && !t.digits && string(w) == string(skeleton(a[:0], []byte(word))) {
		return Vowels, costBare, len(w) > 3 || len(w) == 3 && !vowel(w[0])
	}
	if soundsLike(w, []byte(word)) {
		return Sound, costSound, true
	}
	return 0, 0, false
}

// align holds a term against the tokens around one that may be its word.
func (f *fuzzy) align(i int, u use, cost int, how How) {
	s := &f.b.words.spelt[u.spelt]
	first := i - int(u.at)
	if first < 0 || first+len(s.words) > len(f.tokens) || f.budget <= 0 {
		return
	}
	letters, off := 0, 0
	for k, id := range s.words {
		word := f.b.words.texts[id]
		letters += len(word)
		t := &f.tokens[first+k]
		if k > 0 && !t.gap {
			return
		}
		if k == int(u.at) {
			continue
		}
		f.budget--
		if string(f.text(t)) == word {
			continue
		}
		h, c, _ := f.likeness(t, word)
		if h == 0 {
			return
		}
		how |= h
		cost += c
		if t.rank != unknown {
			cost += costWord
			off += len(word)
		}
	}
	if 2*off > letters {
		return
	}
	a, b := &f.tokens[first], &f.tokens[first+len(s.words)-1]
	f.found.makeRoom(f.b)
	f.found.add(f.l.match(int(s.term), int(a.start), int(b.end), how, cost))
}
