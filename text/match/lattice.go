package match

import (
	"slices"

	"github.com/ringfence/ringfence/text/fold"
)

// lattice is a text as symbols, and its words.
type lattice struct {
	symbols []fold.Symbol
	english *vocabulary
	flags   []flag  // of each symbol
	runs    []run   // words: letters without anything between them
	run     []int32 // of each symbol, its run; -1 for what is no letter
	plain   int     // runs that are common words of the language
	strange int     // runs that are in no dictionary, but for tags and abbreviations
	suspect bool    // there is a strange run that is no name, or a star or digit beside a letter
	flips   bool    // there is a letter that looks like another upside down, not in ASCII
	turned  bool    // part of it is in another order than in the text
	native  bool    // in a language whose words are known, as far as one can tell: what is strange in another is no misspelling
}

// flag says what a walk needs to know of a symbol at once.
type flag uint8

const (
	inner   flag = 1 << iota // a letter follows a letter of its word
	known                    // in a word of the language of three letters or more
	joint                    // a term may begin here within a word that is in no dictionary
	blank                    // a sign, space or picture: may stand between letters
	markup                   // first of a pair of signs that is shown as nothing
	drawing                  // first of a drawing of a letter
	abroad                   // of a Cyrillic word among Latin ones
)

// run is a word as it stands.
type run struct {
	start, end int32 // symbols
	rank       rank
	capital    bool // only its first letter is a capital
	shouted    bool // all capitals
	tag        bool // a #tag or @name
	ascii      bool
}

// named reports whether the word looks like a name, a tag or an abbreviation.
func (l *lattice) named(r *run) bool { return r.tag || r.shouted || r.capital && r.start > 0 }

// odd reports whether the word is in no dictionary, and none of these.
func (l *lattice) odd(r *run) bool { return r.rank == unknown && !l.named(r) }

func (l *lattice) read(symbols []fold.Symbol) {
	n := len(symbols)
	l.symbols, l.english = symbols, english()
	l.flags = slices.Grow(l.flags[:0], n)[:n]
	l.run = slices.Grow(l.run[:0], n)[:n]
	l.runs = l.runs[:0]
	l.plain, l.strange, l.suspect, l.flips, l.turned = 0, 0, false, false, false
	for i := 0; i < n; {
		y := &symbols[i]
		l.turned = l.turned || y.Hidden&fold.Overridden != 0
		if y.Kind == fold.Letter && y.Own|y.Alike != 0 && (y.Rune < firstKana || !l.japanese(i)) {
			i = l.readRun(i)
			continue
		}
		l.run[i] = -1
		l.flags[i] = 0
		l.flips = l.flips || y.Rune >= 128 && flipped[y.Rune] != 0
		if (y.Alike != 0 || y.Rune == '*') && (i > 0 && symbols[i-1].Kind == fold.Letter || i+1 < n && symbols[i+1].Kind == fold.Letter) {
			l.suspect = true
		}
		if y.Kind != fold.Letter && y.Kind != fold.Digit {
			l.flags[i] |= blank
			if i+1 < n && symbols[i+1].Rune == y.Rune && (y.Rune == '*' || y.Rune == '_' || y.Rune == '`' || y.Rune == '|' || y.Rune == '~') || y.Rune == '<' {
				l.flags[i] |= markup
			}
		}
		l.flags[i] |= drawsAt(y.Rune)
		i++
	}
	l.native = 2*l.plain >= l.strange-1
}

// firstKana is the first letter of kana.
const firstKana = 0x3041

// japanese reports whether the symbol is a letter of kana beside kana or a Chinese character: though some look like Latin letters,
// there they are letters of no Latin word.
func (l *lattice) japanese(i int) bool {
	of := func(i int) scripts {
		if i < 0 || i >= len(l.symbols) {
			return 0
		}
		return scriptOf(l.symbols[i].Text)
	}
	return of(i) == kana && (of(i-1)|of(i+1))&(kana|han) != 0
}

// readRun reads the word that begins at i and returns where it ends.
func (l *lattice) readRun(i int) int {
	r := run{start: int32(i)}
	h, capitals, foreign := noHash, 0, 0
	hidden := fold.Hidden(0)
	for symbols := l.symbols; i < len(symbols); i++ {
		y := &symbols[i]
		if y.Kind != fold.Letter || y.Own|y.Alike == 0 || y.Rune >= firstKana && l.japanese(i) {
			break
		}
		hidden |= y.Hidden
		if y.Rune < 128 {
			h = h.with(y.Text)
			if y.Rune < 'a' {
				capitals++
			}
		} else {
			foreign++
			l.flips = l.flips || flipped[y.Rune] != 0
			h = h.with(y.Letter())
		}
	}
	l.turned = l.turned || hidden&fold.Overridden != 0
	r.end = int32(i)
	length := i - int(r.start)
	r.rank = l.english.rank(h)
	r.ascii = foreign == 0
	r.shouted = capitals == length
	r.capital = capitals == 1 && 'A' <= l.symbols[r.start].Rune && l.symbols[r.start].Rune <= 'Z'
	if r.start > 0 {
		before := l.symbols[r.start-1].Rune
		r.tag = before == '#' || before == '@'
	}
	l.mark(&r)
	switch {
	case r.rank == unknown:
		if !r.tag && !r.shouted {
			if !l.fragment(&r) {
				l.strange++
			}
			if !r.capital || r.start == 0 {
				l.suspect = true
			}
		}
	case r.rank == common && !r.tag && length >= 3:
		l.plain++
	}
	l.runs = append(l.runs, r)
	return i
}

// mark sets the flags of the letters of the word, which is about to be appended to the others.
func (l *lattice) mark(r *run) {
	at, symbols := int32(len(l.runs)), l.symbols[r.start:r.end]
	runs, flags := l.run[r.start:r.end], l.flags[r.start:r.end]
	every := inner
	if !r.ascii && symbols[0].Own&fold.Cyrillic != 0 && l.cyrillicOnly(r) {
		every |= abroad
	}
	if last := len(flags) - 1; r.rank != unknown && last >= 2 {
		for i := range flags {
			runs[i], flags[i] = at, every|known // no drawing begins within
		}
		flags[last] |= drawsAt(symbols[last].Rune)
	} else {
		for i := range flags {
			runs[i], flags[i] = at, every|drawsAt(symbols[i].Rune)
		}
	}
	flags[0] &^= inner
}

// fragment reports whether the run is a part of what is read as one word, with digits and signs for letters.
func (l *lattice) fragment(r *run) bool {
	part := func(y *fold.Symbol) bool { return y.Kind != fold.Letter && (y.Alike != 0 || y.Rune == '*') }
	return r.start > 0 && part(&l.symbols[r.start-1]) || int(r.end) < len(l.symbols) && part(&l.symbols[r.end])
}

func upper(r rune) bool { return 'A' <= r && r <= 'Z' }

// rank is that of the letters from i to j as a word.
func (l *lattice) rank(i, j int) rank {
	h := noHash
	for ; i < j; i++ {
		h = h.with(l.symbols[i].Letter())
	}
	return l.english.rank(h)
}

// letters reports whether symbols i to j are these letters, in their plain reading.
func (l *lattice) letters(i, j int, word string) bool {
	if j-i != len(word) {
		return false
	}
	for k := range len(word) {
		if l.symbols[i+k].Letter() != rune(word[k]) {
			return false
		}
	}
	return true
}
