package match

import (
	"math/bits"

	"github.com/ringfence/ringfence/text/fold"
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
	found *finds

	start  int  // symbol
	inside bool // the start is within a word: only for terms without boundaries
	steps  int  // left for this start
	total  int  // left for this text, beside what is every start's own
	first  int  // match of this start
	ahead  int  // symbol beyond which mayBegin does not look
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

func (w *walker) walk(b *Bank, l *lattice, found *finds) {
	w.b, w.l, w.found = b, l, found
	w.total = stepsOf(len(l.symbols), stepsPerSymbol, stepsPerText)
	for i := 0; i < len(l.symbols); {
		if w.starts(i) && w.mayBegin(i) {
			w.from(i)
		}
		at := l.run[i]
		if i++; at < 0 {
			continue
		}
		if r := &l.runs[at]; b.plain.inside || r.mayJoin() {
			w.within(r)
		}
		i = int(l.runs[at].end)
	}
	w.backwards()
}

// starts reports whether a walk begins at symbol i, which is not within a word.
func (w *walker) starts(i int) bool {
	y, flags := &w.l.symbols[i], w.l.flags[i]
	if uint64(y.Own|y.Alike)&w.b.trie.nodes[0].kids == 0 && flags&(drawing|abroad) == 0 {
		return false
	}
	return flags&known == 0 || w.leads(i)
}

// maxJoined bounds the words in which terms are looked for at inner places.
const maxJoined = 48

// mayJoin reports whether a term may begin within the word though it has boundaries, since the word is in no dictionary.
func (r *run) mayJoin() bool {
	return r.rank == unknown && r.end-r.start >= 4 && r.end-r.start <= maxJoined
}

// within walks from inner places of a word: from joints, which are after a common word, after x's, and at capitals after small
// letters; and from all, if there are terms without boundaries.
func (w *walker) within(r *run) {
	l := w.l
	h := noHash
	xs, mayJoin := true, r.mayJoin()
	for j := r.start; j < r.end; j++ {
		if n := j - r.start; n > 0 && w.mayBegin(int(j)) {
			if mayJoin && j < r.end-2 {
				capital := upper(l.symbols[j].Rune) && !upper(l.symbols[j-1].Rune)
				if capital || n >= 2 && xs || n >= 3 && english().rank(h) == common {
					l.flags[j] |= joint
				}
			}
			if w.b.plain.inside || l.flags[j]&joint != 0 {
				w.from(int(j))
			}
		}
		letter := l.symbols[j].Letter()
		h = h.with(letter)
		xs = xs && letter == 'x'
	}
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
	w.begin(i)
	own := ownOf(len(w.l.symbols), ownSteps)
	given := min(stepsPerStart, own+w.total)
	w.steps = given
	w.letters(w.state(i))
	w.total -= max(given-w.steps-own, 0)
	if w.steps <= 0 {
		w.straight(i)
	}
}

// begin makes symbol i the one that matches begin with.
func (w *walker) begin(i int) {
	w.found.makeRoom(w.b)
	w.start, w.first = i, len(w.found.list)
	w.inside = w.l.flags[i]&(inner|joint) == inner
}

// state is that of a walk before symbol i.
func (w *walker) state(i int) state {
	s := state{at: int32(i), word: int32(i), last: -1, letter: -1}
	if w.l.flags[i]&joint != 0 {
		s.how, s.cost = Joined, costJoin
	}
	return s
}

// cost of the moves, in hundredths.
const (
	costHidden  = 2
	costStacked = 2
	costGap     = 5
	costSplit   = 30 // a space, of which one cannot tell whether it parts words
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
	w.step(&s, n, y, letter, own)
	w.after(s)
}

// step takes a letter.
func (w *walker) step(s *state, n *node, y *fold.Symbol, letter int, own bool) {
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
}

// lowest is the first letter of a set that has one.
func lowest(letters uint64) int { return bits.TrailingZeros64(letters) }

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
