package match

import (
	"math/bits"

	"github.com/ringfence/ringfence/text/fold"
)

// transliterations reads a Cyrillic letter by its sound.
func (w *walker) transliterations(s state, n *node, y *fold.Symbol) {
	if y.Text < 'а' || y.Text > 'я' {
		return
	}
	for m := uint64(transliterated[y.Text-'а']&^y.Alike) & n.kids; m != 0; m &= m - 1 {
		next := s
		letter := bits.TrailingZeros64(m)
		next.node = n.child(letter)
		next.letter = int8(letter)
		next.letters++
		next.how |= Transliterated
		next.cost += costTransliterated
		next.hidden(y)
		next.last = s.at
		next.at++
		w.after(next)
	}
}

// repeat takes the last letter again, but not in words of the language, which have their letters as they need them.
func (w *walker) repeat(s state) {
	y := &w.l.symbols[s.at]
	set := y.Own | y.Alike
	if w.l.flags[s.at]&abroad != 0 && 'а' <= y.Text && y.Text <= 'я' {
		set |= transliterated[y.Text-'а']
	}
	if uint64(set)&(1<<s.letter) == 0 || w.l.flags[s.at]&known != 0 || w.steps <= 0 {
		return
	}
	w.steps--
	w.repeated(s, y, 1)
}

// repeatedDrawing takes a drawing of the last letter.
func (w *walker) repeatedDrawing(s state) {
	y := &w.l.symbols[s.at]
	if w.steps <= 0 || y.Rune >= 128 {
		return
	}
	for i := range drawn[y.Rune] {
		u := &drawn[y.Rune][i]
		if u.letters[0] == 1<<s.letter && !u.words && u.at(w.l, int(s.at)) {
			w.steps--
			w.repeated(s, y, len(u.text))
		}
	}
}

// repeated goes on after n symbols that are the last letter again.
func (w *walker) repeated(s state, y *fold.Symbol, n int) {
	if s.again++; s.again > maxRepeats {
		return
	}
	if !s.dirty {
		s.cost += costRepeat
	}
	if n == 1 && uint64(y.Own)&(1<<s.letter) == 0 {
		s.how |= waysHow[y.Way]
	}
	s.how |= Repeats
	s.dirty = true
	s.hidden(y)
	s.at += int32(n)
	s.last = s.at - 1
	w.after(s)
}

// drawings tries the drawings of letters that stand at the symbol.
func (w *walker) drawings(s state, y *fold.Symbol) {
	units := unitsOf(y.Rune)
	if y.Rune >= 128 {
		units = unitsOf(y.Text)
	}
	for i := range units {
		u := &units[i]
		if w.b.trie.nodes[s.node].kids&uint64(u.letters[0]) != 0 && u.at(w.l, int(s.at)) {
			w.draw(s, u)
		}
	}
}

func (w *walker) draw(s state, u *unit) {
	for _, set := range u.letters {
		n := &w.b.trie.nodes[s.node]
		if n.kids&uint64(set) == 0 {
			return
		}
		letter := bits.TrailingZeros64(uint64(set))
		s.node = n.child(letter)
		s.letter = int8(letter)
		s.letters++
	}
	s.units++
	if u.words && u.text[0] < 128 {
		s.posed++
	}
	if u.text[0] < 128 {
		s.how |= Drawn
	} else {
		s.how |= Transliterated
	}
	s.cost += int32(u.cost)
	s.at += int32(len(u.text))
	s.last = s.at - 1
	w.after(s)
}

// starSet is the letters that a sign may stand for by leaving them out: a star any, others a vowel.
func starSet(y *fold.Symbol) uint64 {
	switch y.Rune {
	case '*', '●', '•', '×', '✱', '＊':
		return uint64(fold.Latin)
	case '_', '.', '-', '#':
		return vowelSet
	}
	if y.Kind == fold.Picture && y.Alike == 0 {
		return vowelSet
	}
	return 0
}

// longMask is the number of letters beside which more than two consonants may be starred out: motherf****.
const longMask = 6

// stars takes a sign for a letter that it leaves out.
func (w *walker) stars(s state, n *node, y *fold.Symbol) {
	mask := starSet(y) & n.kids
	if s.wild > 1 && s.own < longMask {
		mask &= vowelSet
	}
	for ; mask != 0; mask &= mask - 1 {
		letter := bits.TrailingZeros64(mask)
		next := s
		next.node = n.child(letter)
		next.letter = space // nothing repeats a star
		next.letters++
		if 1<<letter&vowelSet != 0 {
			next.vowels++
			next.cost += costVowel
		} else {
			next.wild++
			next.cost += costStar
		}
		next.how |= Stars
		next.last = next.at
		next.at++
		w.after(next)
	}
}

// gap passes over signs between letters, or between a letter and itself.
func (w *walker) gap(s state) {
	if s.gaps > 1 && 3*(s.gaps+s.unseen) < s.letters-1 {
		return // too few to be on purpose
	}
	l := w.l
	spaces := uint8(0)
	for k := int32(1); k <= maxGap && int(s.at+k) < len(l.symbols) && l.flags[s.at+k-1]&blank != 0; k++ {
		if l.symbols[s.at+k-1].Kind == fold.Space {
			if spaces++; spaces > 1 && !l.lone(int(s.last)) {
				return // two spaces part words
			}
		}
		next := s
		next.at += k
		next.how |= Separated
		next.cost += costGap
		if spaces < 2 && !l.plainWord(int(s.last)) && !l.plainWord(int(next.at)) {
			w.repeat(next)
		}
		if spaces > 1 && !l.lone(int(next.at)) || spaces > 0 && l.flags[next.at]&known != 0 && l.run[s.last] >= 0 && l.runs[l.run[s.last]].rank != unknown {
			continue // words side by side
		}
		next.gaps++
		if spaces > 0 {
			next.spaces++
		}
		w.letters(next)
	}
}

// markup passes over a pair of signs or a tag that is shown as nothing.
func (w *walker) markup(s state) {
	l := w.l
	n := int32(2)
	if l.symbols[s.at].Rune == '<' {
		for n = 1; ; n++ {
			if n > 8 || int(s.at+n) >= len(l.symbols) {
				return
			}
			if l.symbols[s.at+n].Rune == '>' {
				n++
				break
			}
		}
	}
	if int(s.at+n) >= len(l.symbols) {
		return
	}
	s.at += n
	s.how |= Markup
	s.cost += costMarkup
	w.letters(s)
}

// nextWord ends a word of a term that has more.
func (w *walker) nextWord(s state, n *node) {
	sound := w.wordEnds(&s, true)
	if !sound && !s.separated() {
		return
	}
	l := w.l
	next := state{node: n.child(space), at: s.at, last: s.last, word: s.at, how: s.how, cost: s.cost, total: s.sum(!sound), letter: s.letter}
	if l.flags[s.at]&inner != 0 {
		next.how |= Joined
		next.cost += costJoin
		w.letters(next)
		return
	}
	for k := int32(1); k <= maxSpace && int(s.at+k) < len(l.symbols) && l.flags[s.at+k-1]&blank != 0; k++ {
		if l.symbols[s.at+k-1].Kind != fold.Space { // as listed, words have nothing but spaces between them
			next.how, next.cost = next.how|Separated, s.cost+costGap
		}
		next.at = s.at + k
		next.word = next.at
		w.letters(next)
	}
}
