package match

import (
	"math/bits"

	"github.com/ringfence/ringfence/text/fold"
)

// Budgets of steps: no start of a word takes more than stepsPerStart, and no text more than stepsPerSymbol times its length, so
// that the time is linear in the text whatever is in it.
const (
	stepsPerStart  = 1000
	stepsPerSymbol = 50
	stepsPerText   = 10_000 // and so many beside
)

const (
	maxGap   = 3 // signs between two letters of a word
	maxSpace = 6 // between words

	maxRepeats = 64 // of one letter
)

// walker goes along the lattice and the trie at once, depth first.
type walker struct {
	b     *Bank
	l     *lattice
	found *[]Match

	start  int  // symbol
	inside bool // the start is within a word: only for terms without boundaries
	steps  int  // left for this start
	total  int  // left for this text
	first  int  // match of this start
}

// state is a place in lattice and trie, and how it was reached.
type state struct {
	node uint32
	at   int32 // next symbol
	last int32 // symbol of the last letter

	word  int32 // first symbol of the present word
	how   How
	cost  int32
	total sums // of the words before

	letter  int8  // last one
	letters uint8 // of the word, and of them:
	gaps    uint8 // after a gap
	spaces  uint8 // after a gap with a space in it
	unseen  uint8 // after a character without width
	own     uint8 // plain letters
	digits  uint8 // digits and signs in place of letters
	units   uint8 // drawn, and of those:
	posed   uint8 // drawn by letters
	vowels  uint8 // starred, by * _ . - or #
	wild    uint8 // starred, by *, of any letter
	dirty   bool  // repeats in this word
	again   uint8 // the last letter was repeated so often
}

// sums are what the words before amount to.
type sums struct {
	letters, own, gaps, places, stars uint8
	doubtful                          bool // one of them alone would not do
}

func (w *walker) walk(b *Bank, l *lattice, found *[]Match) {
	w.b, w.l, w.found = b, l, found
	w.total = stepsPerText + stepsPerSymbol*len(l.symbols)
	root := &b.trie.nodes[0]
	skip := inner
	if b.plain.inside {
		skip = 0
	}
	for i, flags := range l.flags {
		if flags&(skip|joint) == inner {
			continue
		}
		if y := &l.symbols[i]; uint64(y.Own|y.Alike)&root.kids == 0 && flags&(drawing|abroad) == 0 {
			continue
		}
		if flags&known == 0 || flags&inner != 0 || w.leads(i) {
			w.from(i)
		}
	}
	w.backwards()
}

// leads reports whether a term may begin with the word of the language at i: such a word has one reading as far as it goes, so
// most can be passed over at once.
func (w *walker) leads(i int) bool {
	n := &w.b.trie.nodes[0]
	for end := int(w.l.runs[w.l.run[i]].end); i < end; i++ {
		y := &w.l.symbols[i]
		if y.Own == 0 || y.Alike != 0 {
			return true
		}
		m := uint64(y.Own) & n.kids
		if m == 0 {
			return false
		}
		n = &w.b.trie.nodes[n.child(bits.TrailingZeros64(m))]
		if n.out != 0 {
			return true
		}
	}
	return true
}

// from walks from one symbol.
func (w *walker) from(i int) {
	w.start, w.first = i, len(*w.found)
	w.steps = min(stepsPerStart, w.total)
	w.total -= w.steps
	s := state{at: int32(i), word: int32(i), last: -1, letter: -1}
	w.inside = w.l.flags[i]&(inner|joint) == inner
	if w.l.flags[i]&joint != 0 {
		s.how, s.cost = Joined, costJoin
	}
	w.letters(s)
	w.total += w.steps
}

// cost of the moves, in hundredths.
const (
	costHidden  = 2
	costStacked = 2
	costGap     = 5
	costRepeat  = 2
	costStar    = 30
	costVowel   = 20
	costJoin    = 10
	costMarkup  = 5
	costEnding  = 2
)

var waysHow = [...]How{fold.Accented: Accents, fold.Font: Fonts, fold.Lookalike: Homoglyphs, fold.Leet: Leet, fold.Emoji: Emojis}

const vowelSet = 1 | 1<<('e'-'a') | 1<<('i'-'a') | 1<<('o'-'a') | 1<<('u'-'a')

// letters tries what the next symbol can be as a letter of the word.
func (w *walker) letters(s state) {
	if w.steps <= 0 || int(s.at) >= len(w.l.symbols) {
		return
	}
	w.steps--
	y := &w.l.symbols[s.at]
	n := &w.b.trie.nodes[s.node]
	if m := uint64(y.Own) & n.kids; m != 0 {
		w.take(s, n, y, bits.TrailingZeros64(m), true)
	}
	for m := uint64(y.Alike) &^ uint64(y.Own) & n.kids; m != 0; m &= m - 1 {
		w.take(s, n, y, bits.TrailingZeros64(m), false)
	}
	flags := w.l.flags[s.at]
	if flags&(drawing|abroad) != 0 {
		if flags&abroad != 0 {
			w.transliterations(s, n, y)
		}
		w.drawings(s, y)
	}
	if flags&blank != 0 && (s.letters > 0 || s.total.letters > 0) {
		w.stars(s, n, y)
	}
}

// take goes on by one letter.
func (w *walker) take(s state, n *node, y *fold.Symbol, letter int, own bool) {
	s.node = n.child(letter)
	s.letter = int8(letter)
	s.again = 0
	s.letters++
	if own {
		s.own++
	} else {
		s.how |= waysHow[y.Way]
		s.cost += int32(y.Cost)
		if y.Kind != fold.Letter {
			s.digits++
		}
	}
	s.hidden(y)
	s.last = s.at
	s.at++
	w.after(s)
}

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

// hidden counts what the reader does not see at the symbol.
func (s *state) hidden(y *fold.Symbol) {
	if y.Hidden == 0 {
		return
	}
	if y.Hidden&fold.Invisible != 0 && s.letters > 1 {
		s.how |= Invisibles
		s.cost += costHidden
		s.unseen++
	}
	if y.Hidden&fold.Stacked != 0 {
		s.how |= Marks
		s.cost += costStacked
	}
	if y.Hidden&fold.Overridden != 0 {
		s.how |= Override
		s.cost += costHidden
	}
	if y.Hidden&fold.Escaped != 0 {
		s.how |= Escapes
		s.cost += costHidden
	}
}

// after tries everything that can follow a letter.
func (w *walker) after(s state) {
	n := &w.b.trie.nodes[s.node]
	if n.out != 0 {
		w.accept(s, n)
	}
	if int(s.at) >= len(w.l.symbols) {
		return
	}
	w.letters(s)
	w.repeat(s)
	if n.kids&(1<<space) != 0 {
		w.nextWord(s, n)
	}
	flags := w.l.flags[s.at]
	if flags&drawing != 0 {
		w.repeatedDrawing(s)
	}
	if flags&markup != 0 {
		w.markup(s)
	}
	if flags&blank != 0 {
		w.gap(s)
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

// stars takes a sign for a letter: a star for any, others for a vowel.
func (w *walker) stars(s state, n *node, y *fold.Symbol) {
	var mask uint64
	switch y.Rune {
	case '*', '●', '•', '×', '✱', '＊':
		mask = n.kids & uint64(fold.Latin)
		if s.wild > 1 {
			mask &= vowelSet
		}
	case '_', '.', '-', '#', '/':
		mask = n.kids & vowelSet
	default:
		if y.Kind == fold.Picture && y.Alike == 0 {
			mask = n.kids & vowelSet
		}
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
		if l.symbols[s.at+k-1].Kind != fold.Space {
			next.how |= Separated
		}
		next.at = s.at + k
		next.word = next.at
		w.letters(next)
	}
}

// sum adds the word to those before it.
func (s *state) sum(doubtful bool) sums {
	t := s.total
	t.letters += s.letters
	t.own += s.own
	t.gaps += s.gaps + s.unseen
	t.places += s.letters - 1
	t.stars += s.vowels + s.wild
	t.doubtful = t.doubtful || doubtful
	return t
}

// separated reports whether there is a gap in the word at all.
func (s *state) separated() bool { return s.gaps > 0 }
