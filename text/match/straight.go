package match

import "github.com/ringfence/ringfence/text/fold"

// Walks that are cut short are followed by straight ones, which have no choices: each symbol is the letter that it is. They need no
// budget, since one takes no more steps than the longest term has letters, and find a term as it is listed behind any text.

// straight walks from symbol i.
func (w *walker) straight(i int) {
	l := w.l
	s := w.state(i)
	for int(s.at) < len(l.symbols) {
		n, y := &w.b.trie.nodes[s.node], &l.symbols[s.at]
		letters := uint64(y.Own)
		if letters == 0 && y.Kind == fold.Letter && y.Way == fold.Accented {
			letters = uint64(y.Alike)
		}
		if letters &= n.kids; letters == 0 {
			if l.flags[s.at]&blank == 0 || !w.pass(&s, n) {
				return
			}
			continue
		}
		w.step(&s, n, y, lowest(letters), y.Own != 0)
		if n := &w.b.trie.nodes[s.node]; n.out != 0 {
			w.accept(s, n)
		}
	}
}

// pass goes on behind what parts two words, or behind an apostrophe, which a term is listed without.
func (w *walker) pass(s *state, n *node) bool {
	l := w.l
	signs := false
	from := s.at
	if from == int32(w.start) {
		return false
	}
	for ; int(s.at) < len(l.symbols) && s.at-from < maxSpace && l.flags[s.at]&blank != 0; s.at++ {
		signs = signs || l.symbols[s.at].Kind != fold.Space
	}
	if signs {
		s.how |= Separated
		s.cost += costGap
	}
	if n.kids&(1<<space) == 0 {
		return s.at == from+1 && signs && apostrophe(l.symbols[from].Rune)
	}
	*s = state{node: n.child(space), at: s.at, word: s.at, last: s.last, how: s.how, cost: s.cost, total: s.sum(false), letter: s.letter}
	return true
}

// straights walks straight from wherever a word may begin, for terms with letters that the walk along bytes does not know.
func (w *walker) straights(b *Bank, l *lattice, found *finds) {
	w.b, w.l, w.found = b, l, found
	for i, flags := range l.flags {
		y := &l.symbols[i]
		if uint64(y.Own|y.Alike)&b.trie.nodes[0].kids == 0 || flags&inner != 0 && !b.plain.inside {
			continue
		}
		w.begin(i)
		w.straight(i)
	}
}

// straight walks from symbol i.
func (w *nativeWalker) straight(i int) {
	l := w.l
	s := nstate{at: w.first[i], last: -1}
	w.begin(i)
	for int(s.at) < len(w.units) {
		u := &w.units[s.at]
		if u.key == 0 {
			if !w.passSpace(&s) {
				return
			}
			continue
		}
		next, found := w.n.kids[nativeStep{s.node, u.key}]
		if !found {
			return
		}
		s.node = next
		if s.at++; int(s.at) < len(w.units) && w.units[s.at].place > 0 {
			continue
		}
		end := int(u.symbol) + 1
		w.seen(&s, end)
		if outs := w.n.outs[s.node]; len(outs) > 0 && ends(l, end) {
			for k := range outs {
				if outs[k].how == 0 {
					w.accept(&s, &outs[k], end)
				}
			}
		}
	}
}

// passSpace goes on behind what parts two words.
func (w *nativeWalker) passSpace(s *nstate) bool {
	next, found := w.n.kids[nativeStep{s.node, ' '}]
	if !found {
		return false
	}
	s.node = next
	signs := false
	for from := s.at; int(s.at) < len(w.units) && s.at-from < maxSpace && w.units[s.at].key == 0; s.at++ {
		signs = signs || w.l.symbols[w.units[s.at].symbol].Kind != fold.Space
	}
	if signs {
		s.how, s.cost = s.how|Separated, s.cost+costGap
	}
	return true
}

// straights looks for the native terms of the bank as they are listed.
func (w *nativeWalker) straights(b *Bank, l *lattice, found *finds) {
	w.b, w.n, w.l, w.found = b, &b.native, l, found
	if w.n.size == 0 || !w.read() {
		return
	}
	for i := range l.symbols {
		if w.n.edge[w.units[w.first[i]].key] && starts(l, i) {
			w.straight(i)
		}
	}
}
