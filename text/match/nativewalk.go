package match

import (
	"slices"
	"strings"

	"github.com/ringfence/ringfence/text/fold"
)

// Budgets of steps, as of the walker: for a place where a word may begin, and for each symbol of a text.
const (
	nativePerStart  = 300
	nativePerSymbol = 40
	nativePerText   = 10_000 // and so many beside
	nativeOwn       = 10
)

// maxNative bounds the symbols of one match.
const maxNative = 2 * maxTermText

// nativeWalker goes along a text and the trie of the native terms at once, depth first. It takes each letter as it stands, or for
// another by the rules of its script: see hangul.go, han.go, kana.go and arabic.go.
type nativeWalker struct {
	n     *native
	l     *lattice
	b     *Bank
	found *finds

	units []piece
	first []int32 // of each symbol, its first unit
	has   scripts // of which there are letters in the text
	main  scripts // that of most letters

	from    int              // first symbol
	latin   bool             // the word is Arabic in Latin letters
	steps   int              // left for this start
	total   int              // left for this text
	here    int              // first match of this start
	taken   [maxSounds]int32 // of each sound, the symbol that was taken for it
	word    [longestWord]rune
	context arabizi
}

// piece is what the trie takes at once: a letter or a part of it.
type piece struct {
	key    rune // 0 for what may stand between letters
	symbol int32
	place  int8 // within the symbol
	final  bool // a consonant at the end of a syllable
}

// nstate is a place in text and trie.
type nstate struct {
	node    int32
	at      int32 // next unit
	last    int32 // last symbol that was taken
	key     rune  // last step of the trie
	how     How
	cost    int32
	letters int32
	gaps    int32
	spaces  int32
	clauses int32  // gaps with a mark that ends a clause
	changed uint64 // symbols taken for others, from the first on
	partial int32  // consonants written by characters of other scripts
	strange int32  // syllables that are
	marked  bool   // a letter that is written in dotless Arabic only
	sound   bool   // the steps are sounds
	inner   bool   // the next unit is not the first of its symbol
}

// find looks for the native terms of the bank.
func (w *nativeWalker) find(b *Bank, l *lattice, found *finds) {
	w.b, w.n, w.l, w.found = b, &b.native, l, found
	if w.n.size == 0 || !w.read() {
		return
	}
	w.total = stepsOf(len(l.symbols), nativePerSymbol, nativePerText)
	for i := range l.symbols {
		y := &l.symbols[i]
		u := &w.units[w.first[i]]
		switch {
		case w.n.edge[u.key] || w.mayStand(i, y, u):
			w.start(i, nstate{})
		case w.n.has&arabic != 0 && y.Rune < 128 && w.context.begins(l, i):
			w.latin = true
			w.start(i, nstate{})
			w.latin = false
		}
		if w.n.has&w.has&han != 0 && w.has&kana == 0 && w.sounds(i) {
			if node, found := w.n.kids[nativeStep{0, bySound}]; found {
				w.start(i, nstate{node: node, sound: true})
			}
		}
	}
}

// read makes the units and reports whether there can be a term.
func (w *nativeWalker) read() bool {
	w.units, w.first, w.has = w.units[:0], w.first[:0], 0
	if !w.n.latin && !slices.ContainsFunc(w.l.symbols, func(y fold.Symbol) bool { return y.Rune >= 128 }) {
		if w.context.read(w.l, w.n.has&arabic != 0, false); !w.context.on {
			return false
		}
	}
	var count [4]int
	var buf [4]rune
	for i := range w.l.symbols {
		y := &w.l.symbols[i]
		w.first = append(w.first, int32(len(w.units)))
		if y.Rune < 128 {
			w.units = append(w.units, piece{key: y.Text, symbol: int32(i)})
			continue
		}
		oneLetter(y)
		ks := keys(buf[:0], y)
		if len(ks) == 0 {
			w.units = append(w.units, piece{symbol: int32(i)})
			continue
		}
		for k, key := range ks {
			w.units = append(w.units, piece{key, int32(i), int8(k), k > 1 && y.Text >= 0xAC00})
		}
		of := scriptOf(y.Text)
		w.has |= of
		for k := range count {
			if of == 1<<k {
				count[k]++
			}
		}
	}
	w.main = 0
	most := 0
	for k, n := range count {
		if n > most {
			most, w.main = n, 1<<k
		}
	}
	w.context.read(w.l, w.n.has&arabic != 0, w.has&arabic != 0)
	return true
}

// mayStand reports whether the symbol may be taken for a letter that a term begins with.
func (w *nativeWalker) mayStand(i int, y *fold.Symbol, u *piece) bool {
	if y.Kind == fold.Digit {
		return w.n.has&arabic != 0 && i+1 < len(w.l.symbols) && scriptOf(w.l.symbols[i+1].Text) == arabic
	}
	switch scriptOf(u.key) & w.n.has {
	case hangul, kana, arabic:
		for _, a := range alike[u.key] {
			if w.n.edge[a.key] {
				return true
			}
		}
	case han:
		return true
	}
	return w.n.has&hangul != 0 && w.main == hangul && y.Kind != fold.Space && w.resembles(y)
}

// start walks from one symbol.
func (w *nativeWalker) start(i int, s nstate) {
	if !starts(w.l, i) {
		return
	}
	w.begin(i)
	own := ownOf(len(w.l.symbols), nativeOwn)
	given := min(nativePerStart, own+w.total)
	w.steps = given
	s.at, s.last = w.first[i], -1
	w.walk(s)
	w.total -= max(given-w.steps-own, 0)
	if w.steps <= 0 && !s.sound && !w.latin {
		w.straight(i)
	}
}

// begin makes symbol i the one that matches begin with.
func (w *nativeWalker) begin(i int) {
	w.found.makeRoom(w.b)
	w.from, w.here = i, len(w.found.list)
}

// walk tries everything that the next unit can be.
func (w *nativeWalker) walk(s nstate) {
	if w.steps <= 0 || int(s.at) >= len(w.units) {
		return
	}
	w.steps--
	u := &w.units[s.at]
	if s.sound {
		w.hear(s, u)
		return
	}
	if w.latin {
		w.arabicInLatin(s, u)
		return
	}
	w.take(s, u.key, 0, 0)
	for _, a := range alike[u.key] {
		if a.final && !u.final {
			continue
		}
		next := s
		next.marked = next.marked || a.mark && w.within(u.symbol)
		w.take(next, a.key, a.how, a.cost)
	}
	switch scriptOf(u.key) {
	case hangul:
		w.liaisons(s, u)
	case kana:
		w.lengthened(s, u)
	case han:
		w.compounds(s, u)
	case arabic:
		w.dotted(s, u)
	}
	if s.inner {
		return
	}
	if w.main == hangul && w.n.has&hangul != 0 {
		w.resemblances(s, u)
	}
	if w.n.has&arabic != 0 && w.has&arabic != 0 {
		w.digits(s, u)
	}
	if y := &w.l.symbols[u.symbol]; s.last >= 0 && y.Text != 0 && w.l.symbols[s.last].Text == y.Text {
		s.at = w.after(u.symbol, 1)
		s.how |= Repeats
		s.cost += costRepeat
		s.letters--
		w.letterDone(s, int(u.symbol)+1)
	}
}

// after is the first unit behind n symbols.
func (w *nativeWalker) after(symbol int32, n int) int32 {
	if int(symbol)+n >= len(w.first) {
		return int32(len(w.units))
	}
	return w.first[int(symbol)+n]
}

// take goes along one step of the trie and one unit of the text.
func (w *nativeWalker) take(s nstate, key rune, how How, cost int32) {
	next, found := w.n.kids[nativeStep{s.node, key}]
	if !found || key == 0 {
		return
	}
	s.node, s.key = next, key
	w.goOn(s, how, cost)
}

// goOn passes a unit, for which there may have been no step.
func (w *nativeWalker) goOn(s nstate, how How, cost int32) {
	u := &w.units[s.at]
	if how != 0 {
		s.change(w, u.symbol)
		s.how |= how
		s.cost += cost
	}
	s.at++
	if s.at < int32(len(w.units)) && w.units[s.at].place > 0 {
		s.inner = true
		w.walk(s)
		return
	}
	w.letterDone(s, int(w.units[s.at-1].symbol)+1)
}

// change notes that a symbol was taken for another.
func (s *nstate) change(w *nativeWalker, symbol int32) {
	s.changed |= 1 << min(int(symbol)-w.from, 63)
}

// letterDone goes on after the symbols up to end were taken for a letter.
func (w *nativeWalker) letterDone(s nstate, end int) {
	l := w.l
	w.seen(&s, end)
	s.inner = false
	s.letters++
	if outs := w.n.outs[s.node]; len(outs) > 0 && s.spread() && ends(l, end) {
		for i := range outs {
			w.accept(&s, &outs[i], end)
		}
	}
	if end >= len(l.symbols) || end-w.from > maxNative {
		return
	}
	w.pass(s, end)
}

// seen counts how the symbols behind the last letter, up to end, are written.
func (w *nativeWalker) seen(s *nstate, end int) {
	for i := max(int(s.last)+1, w.from); i < end; i++ {
		y := &w.l.symbols[i]
		if restyled(y) {
			s.how, s.cost = s.how|Fonts, s.cost+costHidden
		}
		if y.Hidden&fold.Invisible != 0 && i > w.from {
			s.how, s.cost = s.how|Invisibles, s.cost+costHidden
		}
	}
	s.last = int32(end - 1)
}

// spread reports whether the gaps between the letters can be on purpose: spaces are between all of them or none, and so are the
// marks that end a clause, where there are more than two letters.
func (s *nstate) spread() bool {
	all := s.gaps == s.letters-1
	return (s.spaces == 0 || all) && (s.clauses == 0 || all && s.letters > 2)
}

// clauseMarks end a clause.
const clauseMarks = "、。，！？；：,!?;:،؟؛"

// pass goes on behind what may stand between letters.
func (w *nativeWalker) pass(s nstate, end int) {
	l := w.l
	gap, space, sign, clause := 0, false, false, false
	for i := end; i < len(l.symbols) && gap <= maxGap; i++ {
		y := &l.symbols[i]
		next := s
		next.at = w.first[i]
		if gap > 0 {
			if after, found := w.n.kids[nativeStep{s.node, ' '}]; found {
				if next.node = after; sign {
					next.how, next.cost = next.how|Separated, next.cost+costGap
				}
			} else if w.latin {
				return
			} else {
				next.gaps++
				next.how, next.cost = next.how|Separated, next.cost+costGap
				if space {
					next.spaces++
				}
				if clause {
					next.clauses++
				}
			}
		}
		if w.units[next.at].key != 0 {
			w.walk(next)
			if y.Kind != fold.Digit || w.latin {
				return
			}
		}
		if w.main == hangul && w.resembles(y) {
			w.walk(next)
		}
		gap++
		space = space || y.Kind == fold.Space
		sign = sign || y.Kind != fold.Space
		clause = clause || strings.ContainsRune(clauseMarks, y.Rune)
	}
}
