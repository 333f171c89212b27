package match

import (
	"strings"

	"github.com/ringfence/ringfence/text/fold"
	"github.com/ringfence/ringfence/text/internal/wordset"
)

// wordEnds reports whether what was taken for a word of a term can be one: signs between letters stand everywhere or nowhere, or
// once; and there is enough left of it to read. Less will do where there are more words, since together they leave less doubt.
func (w *walker) wordEnds(s *state, more bool) bool {
	if s.how == 0 {
		return true
	}
	more = more || s.total.letters > 0
	if stars := s.vowels + s.wild; stars > 0 {
		rest := s.letters - stars
		if rest == 0 || s.gaps > 0 || s.wild > 0 && s.letters < 4 || s.wild > 1 && s.letters < 6 {
			return false
		}
		if !more && (s.letters < 3 || rest < 2 || s.letters == 4 && rest < 3 || 2*stars > s.letters && s.letters > 3 && (rest < 3 || s.wild > 0)) {
			return false
		}
	}
	if 5*s.posed > 2*s.letters {
		return false
	}
	places := s.letters - 1
	switch {
	case s.gaps == 0:
		return true
	case s.gaps == places:
		return places > 1 || more
	case 10*(s.gaps+s.unseen) >= 6*places && s.letters >= 4 && s.gaps > 1:
		return true
	}
	if s.gaps > 1 || s.letters < 4 || (s.digits > 0 || s.dirty) && (s.spaces > 0 || s.letters == 4) || w.russianWords(s) || !more && !w.splits(s) {
		return false
	}
	if s.spaces > 0 && (w.l.plain == 0 || !w.l.native) {
		s.cost += costSplit - costGap // in another language than English, either piece may be a word
	}
	return true
}

// russianWords reports whether a space parts the word into Russian ones, as far as one can tell: words of a few letters may be any.
func (w *walker) russianWords(s *state) bool {
	l := w.l
	first, last := l.run[s.word], l.run[s.last]
	if s.spaces == 0 || first < 0 || last < 0 {
		return false
	}
	var letters [maxRussian]rune
	var steps [maxRussian]byte
	known := false
	for _, i := range [...]int32{first, last} {
		if _, word := l.cyrillicWord(&l.runs[i], steps[:], letters[:]); len(word) > 0 {
			if !wordset.Set(russianWords).Has(word) {
				return false
			}
			known = true
		}
	}
	return known
}

// splits reports whether a word with one gap is a disguise: words of the language side by side are what they are.
func (w *walker) splits(s *state) bool {
	l := w.l
	first, last := l.run[s.word], l.run[s.last]
	if first < 0 || last < 0 {
		return true
	}
	a, b := &l.runs[first], &l.runs[last]
	if s.spaces == 0 {
		return a.rank != common || b.rank != common || s.letters >= 6
	}
	return (a.rank == unknown || b.rank == unknown) && a.end-a.start > 1 && b.end-b.start > 1
}

// accept reports the terms that end at the node, if a word may end here.
func (w *walker) accept(s state, n *node) {
	all := s.sum(!w.wordEnds(&s, false))
	if all.doubtful && (all.letters < 8 || 2*all.gaps < all.places || s.total.letters == 0) {
		return
	}
	if all.letters == 3 && s.digits > 1 || all.own == 0 && s.how&(Fonts|Homoglyphs|Emojis|Accents|Drawn|Transliterated) == 0 || all.stars > 0 && s.total.letters > 0 && (all.letters-all.stars < 4 || 10*all.stars > 6*all.letters) {
		return // a number, or too little to read
	}
	end := int(s.at)
	boundary, ending := w.boundary(&s)
	if boundary == nowhere || s.spaces > 0 && s.gaps == 1 && boundary != atEnd {
		return
	}
	if (boundary == joined || w.l.flags[w.start]&joint != 0) && (s.total.letters == 0 && (s.units > 0 || s.how&Separated != 0) || w.straddles(&s)) {
		return
	}
	if s.gaps > 0 && s.gaps >= s.letters-1 && s.total.letters == 0 && w.goesOn(&s) {
		return
	}
	for i := n.out - 1; w.b.trie.outs[i] >= 0; i++ {
		term := int(w.b.trie.outs[i])
		how, cost := s.how, s.cost
		e := &w.b.endings[term]
		if w.inside && e.boundary != "none" && e.boundary != "end" {
			continue
		}
		rest := ending
		open := e.boundary == "none" || e.boundary == "start" // the word may go on
		if e.list != nil {
			if rest = w.endingOf(e.list, end); rest == "" && (boundary == afterEnding || boundary == within) && !open {
				continue
			}
		}
		switch {
		case rest != "" && (e.list != nil || w.b.letters[term] > 2):
			how |= Inflected
			cost += costEnding
		case open:
		case boundary == within, boundary == afterEnding && w.b.letters[term] < 3:
			continue
		case boundary == joined:
			how |= Joined
			cost += costJoin
		}
		w.report(w.l.match(term, w.start, end+len(rest), how, int(cost)))
	}
}

// maxMatches bounds the matches that begin at one place.
const maxMatches = 64

// report keeps the cheaper of two ways to the same match.
func (w *walker) report(m Match) {
	here := w.found.list[w.first:]
	for i := range here {
		if h := &here[i]; h.Term == m.Term && h.Start == m.Start && h.End == m.End {
			if m.Cost < h.Cost {
				*h = m
			}
			return
		}
	}
	if len(here) < maxMatches {
		w.found.add(m)
	}
}

// endingOf is the one of the endings that the word has after the term.
func (w *walker) endingOf(list []string, at int) string {
	if at >= len(w.l.symbols) || w.l.flags[at]&inner == 0 {
		return ""
	}
	end := int(w.l.runs[w.l.run[at]].end)
	for _, e := range list {
		if w.l.letters(at, end, e) {
			return e
		}
	}
	return ""
}

// match is the match of symbols i to j.
func (l *lattice) match(term, i, j int, how How, cost int) Match {
	start, end := l.symbols[i].Start, l.symbols[j-1].End
	if l.turned {
		for _, y := range l.symbols[i:j] {
			start, end = min(start, y.Start), max(end, y.End)
		}
	}
	return Match{Term: term, Start: int(start), End: int(end), Cost: cost, How: how}
}

// place is where a match ends.
type place int

const (
	nowhere     place = iota // where no word ends
	atEnd                    // at the end of a word
	afterEnding              // before an ending
	joined                   // before another word, without a space
	within                   // within a word; only terms without boundaries end there
)

// boundary says how the word stops after the state; with the ending, if it has one.
func (w *walker) boundary(s *state) (place, string) {
	l := w.l
	at := int(s.at)
	if at >= len(l.symbols) || l.flags[at]&inner == 0 {
		return w.edge(s), ""
	}
	r := &l.runs[l.run[at]]
	rest := int(r.end) - at
	if rest <= 4 {
		for _, e := range usual {
			if l.letters(at, int(r.end), e) && !w.explained(r, e) {
				return afterEnding, e
			}
		}
		if r.rank == unknown && l.flags[w.start]&joint == 0 && s.letters > 3 {
			for _, e := range loose {
				if l.letters(at, int(r.end), e) {
					return afterEnding, e
				}
			}
		}
	}
	if r.rank == unknown {
		if upper(l.symbols[at].Rune) && !upper(l.symbols[at-1].Rune) {
			return joined, ""
		}
		if rest <= maxJoined && (rest >= 3 && l.rank(at, int(r.end)) == common || w.xs(at, int(r.end))) {
			return joined, ""
		}
		if s.total.letters+s.letters >= 9 {
			return joined, ""
		}
	}
	return within, ""
}

// explained reports whether the word with the ending is a form of another word: spiced is of spice.
func (w *walker) explained(r *run, ending string) bool {
	if r.rank == unknown || ending == "s" {
		return false
	}
	h := noHash
	for i := int(r.start); i < int(r.end)-len(ending); i++ {
		h = h.with(w.l.symbols[i].Letter())
	}
	return english().rank(h.with('e')) != unknown
}

func (w *walker) xs(i, j int) bool {
	if j-i < 2 {
		return false
	}
	for ; i < j; i++ {
		if w.l.symbols[i].Letter() != 'x' {
			return false
		}
	}
	return true
}

// edge is the place at the end of a run of letters. A sign that ends a sentence is no letter of a word that is whole without it.
func (w *walker) edge(s *state) place {
	l := w.l
	y := &l.symbols[s.at-1]
	if int(s.at) < len(l.symbols) && s.units == 0 && (y.Kind == fold.Sign || y.Kind == fold.Digit) && l.run[s.at] >= 0 {
		return nowhere // the word goes on
	}
	if y.Kind == fold.Sign && s.at >= 2 && s.units == 0 && s.gaps == 0 {
		if r := l.run[s.at-2]; r >= 0 && (l.runs[r].rank != unknown || l.flags[w.start]&joint != 0) && (y.Rune == '!' || y.Rune == '(' || y.Rune == '<') {
			return nowhere
		}
	}
	return atEnd
}

// goesOn reports whether letters with gaps between them go on where the term ends, or began before it.
func (w *walker) goesOn(s *state) bool {
	l := w.l
	sign := func(i int) bool {
		return i >= 0 && i < len(l.symbols) && l.flags[i]&blank != 0
	}
	at := int(s.at)
	return sign(at) && l.spelled(at+1) && l.symbols[at].Rune == l.symbols[at-2].Rune && !l.same(at+1, at-1) ||
		sign(w.start-1) && l.spelled(w.start-2) && l.symbols[w.start-1].Rune == l.symbols[w.start+1].Rune
}

func (l *lattice) same(i, j int) bool { return l.symbols[i].Letter() == l.symbols[j].Letter() }

// straddles reports whether a term within a longer word lies across what the word is made of: #MeetMeAt… holds no meat, and
// #yesterdayspic is yesterdays and pic.
func (w *walker) straddles(s *state) bool {
	l := w.l
	humps := 0
	for i := w.start + 1; i < int(s.at); i++ {
		if l.flags[i]&inner != 0 && upper(l.symbols[i].Rune) && !upper(l.symbols[i-1].Rune) {
			humps++
		}
	}
	if s.total.letters == 0 && humps > 0 {
		return true
	}
	if s.total.letters > 0 || l.run[w.start] < 0 || l.run[w.start] != l.run[s.at-1] {
		return false
	}
	r := &l.runs[l.run[w.start]]
	if r.end-r.start > maxJoined {
		return false
	}
	for i := w.start + 1; i < int(s.at); i++ {
		if i-int(r.start) >= 3 && int(r.end)-i >= 3 && l.rank(int(r.start), i) == common && l.rank(i, int(r.end)) == common {
			return true
		}
	}
	return false
}

// lone reports whether the symbol is a letter by itself.
func (l *lattice) lone(i int) bool {
	return i >= 0 && i < len(l.symbols) && l.run[i] >= 0 && l.runs[l.run[i]].end-l.runs[l.run[i]].start == 1
}

// spelled reports whether the symbol is a letter by itself, and no word by itself.
func (l *lattice) spelled(i int) bool {
	return l.lone(i) && !strings.ContainsRune("aiou", l.symbols[i].Letter())
}

// plainWord reports whether the symbol is in a common word.
func (l *lattice) plainWord(i int) bool {
	return l.run[i] >= 0 && l.runs[l.run[i]].rank == common
}
