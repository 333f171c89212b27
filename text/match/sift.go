package match

import (
	"math/bits"

	"github.com/ringfence/ringfence/text/fold"
)

// Bounds of what is looked at from one start; beyond them the answer is yes.
const (
	maxForks = 3  // readings
	maxAhead = 24 // characters
)

// mayBegin reports whether a walk from symbol i could come to the end of a term. It looks at sets of letters alone, without costs
// and counts, and says yes wherever a walk would have a choice that it does not follow; most starts are ruled out by their first
// three characters, for a small part of what the walk costs. TestSiftedWalksFindNothing holds it to that.
func (w *walker) mayBegin(i int) bool {
	root := &w.b.trie.nodes[0]
	w.ahead = i + maxAhead
	y := &w.l.symbols[i]
	if f := w.l.flags[i]; f&abroad != 0 || f&drawing != 0 && w.mayDraw(root.kids, i) {
		return true
	}
	letters := uint64(y.Own|y.Alike) & root.kids
	if letters != 0 && letters&(letters-1) == 0 { // as most
		return w.mayFollow(&w.b.trie.nodes[root.child(bits.TrailingZeros64(letters))], i+1, letters, maxForks)
	}
	return w.mayTake(root, i, letters, maxForks)
}

// mayTake goes on by any of the letters from symbol k.
func (w *walker) mayTake(n *node, k int, letters uint64, forks int) bool {
	for ; letters != 0; letters &= letters - 1 {
		last := letters & -letters
		if letters != last {
			if forks--; forks < 0 {
				return true
			}
		}
		if w.mayFollow(&w.b.trie.nodes[n.child(bits.TrailingZeros64(last))], k+1, last, forks) {
			return true
		}
	}
	return false
}

// mayFollow says the same of what comes after the last letter, at symbol k.
func (w *walker) mayFollow(n *node, k int, last uint64, forks int) bool {
	for {
		if n.out != 0 || k > w.ahead {
			return true
		}
		if k >= len(w.l.symbols) {
			return false
		}
		y, f := &w.l.symbols[k], w.l.flags[k]
		if f&(blank|abroad|markup|drawing) != 0 {
			if w.mayPass(n, k, last, forks) {
				return true
			}
			if f&blank != 0 && y.Own|y.Alike == 0 {
				return false
			}
		}
		letters := uint64(y.Own | y.Alike)
		if letters&last != 0 && f&known == 0 {
			return true // a repeat
		}
		if n.kids&(1<<space) != 0 && f&inner != 0 && w.mayTouch(w.b.trie.nodes[n.child(space)].kids, k) {
			return true // the next word, joined
		}
		letters &= n.kids
		if letters == 0 {
			return false
		}
		if letters&(letters-1) != 0 {
			return w.mayTake(n, k, letters, forks)
		}
		n = &w.b.trie.nodes[n.child(bits.TrailingZeros64(letters))]
		last = letters
		k++
	}
}

// mayPass says whether there is more to symbol k, after a letter, than what letter it is: a drawing, a star, a gap or the end of a
// word.
func (w *walker) mayPass(n *node, k int, last uint64, forks int) bool {
	l := w.l
	f := l.flags[k]
	if f&(abroad|markup) != 0 || f&drawing != 0 && w.mayDraw(n.kids|last, k) {
		return true
	}
	if f&blank == 0 {
		return false
	}
	if w.mayStar(n.kids, k) {
		return true
	}
	if n.kids&(1<<space) != 0 {
		if l.symbols[k].Kind != fold.Space || k+1 < len(l.symbols) && l.flags[k+1]&blank != 0 {
			return true
		}
		next := &w.b.trie.nodes[n.child(space)]
		if k+1 < len(l.symbols) {
			y, f := &l.symbols[k+1], l.flags[k+1]
			if f&abroad != 0 || f&drawing != 0 && w.mayDraw(next.kids, k+1) || w.mayTake(next, k+1, uint64(y.Own|y.Alike)&next.kids, forks) {
				return true
			}
		}
	}
	return w.mayGap(n.kids|last, k)
}

// mayGap says whether a letter of the set may follow after signs from symbol k on. The conditions are those of gap.
func (w *walker) mayGap(set uint64, k int) bool {
	l := w.l
	before := k - 1
	for spaces, next := 0, k+1; next <= k+maxGap && next < len(l.symbols) && l.flags[next-1]&blank != 0; next++ {
		if l.symbols[next-1].Kind == fold.Space {
			if spaces++; spaces > 1 && !l.lone(before) {
				return false
			}
		}
		sideBySide := spaces > 0 && l.flags[next]&known != 0 && l.run[before] >= 0 && l.runs[l.run[before]].rank == common
		if !sideBySide && (w.mayTouch(set, next) || l.flags[next]&blank != 0 && w.mayStar(set, next)) {
			return true
		}
	}
	return false
}

// mayTouch reports whether symbol k can be a letter of the set, at least with what follows it.
func (w *walker) mayTouch(set uint64, k int) bool {
	y, f := &w.l.symbols[k], w.l.flags[k]
	return uint64(y.Own|y.Alike)&set != 0 || f&abroad != 0 || f&drawing != 0 && w.mayDraw(set, k)
}

// mayDraw reports whether a drawing stands at symbol k whose first letter is of the set.
func (w *walker) mayDraw(set uint64, k int) bool {
	l := w.l
	c := l.symbols[k].Rune
	if c >= 128 {
		return true
	}
	if drawnAlone[c]&set != 0 && l.flags[k]&known == 0 {
		return true
	}
	if k+1 == len(l.symbols) {
		return false
	}
	y := &l.symbols[k+1]
	if !drawnNext[c].has(y.Rune) && !drawnNext[c].has(y.Text) {
		return false
	}
	units := drawn[c]
	for i := range units {
		if uint64(units[i].letters[0])&set != 0 && units[i].at(l, k) {
			return true
		}
	}
	return false
}

// drawnAlone are the first letters of what each character draws by itself, drawnNext the second characters of longer drawings.
var drawnAlone, drawnNext = func() (alone [128]uint64, next [128]asciiSet) {
	for c, units := range drawn {
		for _, u := range units {
			if len(u.text) == 1 {
				alone[c] |= uint64(u.letters[0])
			} else {
				next[c].add(u.text[1])
			}
		}
	}
	return alone, next
}()

// asciiSet is a set of characters; those beyond ASCII are in it together or not at all.
type asciiSet [3]uint64

func (s *asciiSet) add(c rune) { s[min(c/64, 2)] |= 1 << (c & 63) }

func (s *asciiSet) has(c rune) bool {
	if c >= 128 {
		return s[2] != 0
	}
	return s[c/64]&(1<<(c&63)) != 0
}

// mayStar reports whether symbol k stands for any letter of the set, as a star does.
func (w *walker) mayStar(set uint64, k int) bool {
	return starSet(&w.l.symbols[k])&set != 0
}
