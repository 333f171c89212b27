package match

import (
	"math/bits"
	"unicode"

	"github.com/ringfence/ringfence/text/fold"
)

// flipped are the letters that look like others upside down; a letter that looks like itself is not listed.
var flipped = func() map[rune]rune {
	m := map[rune]rune{'n': 'u', 'u': 'n', 'd': 'p', 'p': 'd', 'b': 'q', 'q': 'b', 'm': 'w', 'w': 'm'}
	for to, chars := range map[rune]string{
		'a': "ɐⱯ∀", 'b': "𐐒", 'c': "ɔƆↃ", 'd': "◖", 'e': "ǝəƎ", 'f': "ɟℲ", 'g': "ƃɓƁ⅁", 'h': "ɥ", 'i': "ıᴉ", 'j': "ɾſ", 'k': "ʞ⋊", 'l': "ןl˥", 'm': "ɯꟽ", 'n': "ᴎ",
		'p': "Ԁ", 'q': "Ό", 'r': "ɹᴚ", 't': "ʇ⊥ꓕ", 'u': "∩", 'v': "ʌΛ", 'w': "ʍ", 'y': "ʎ⅄",
	} {
		for _, r := range chars {
			m[r] = to
		}
	}
	return m
}()

// backwards walks straight through the text from right to left, for terms written in reverse or upside down. Every letter is
// taken as it is, so there is one way only.
func (w *walker) backwards() {
	l := w.l
	if !l.suspect && !l.flips {
		return
	}
	native := l.native
	for i := len(l.runs) - 1; i >= 0; i-- {
		if native {
			w.back(int(l.runs[i].end)-1, Reversed)
		}
		if l.flips {
			w.back(int(l.runs[i].end)-1, Flipped)
		}
	}
}

// back walks from the last letter of a word.
func (w *walker) back(from int, how How) {
	l := w.l
	n := &w.b.trie.nodes[0]
	odd, length := 0, 0 // strange words, or flipped letters; letters
	for i := from; i >= 0; i-- {
		y := &l.symbols[i]
		if l.run[i] < 0 {
			if y.Kind != fold.Space || n.kids&(1<<space) == 0 || l.run[i+1] < 0 {
				return
			}
			n = &w.b.trie.nodes[n.child(space)]
			continue
		}
		set := y.Own
		if how == Flipped {
			if to := flipped[unicode.ToLower(y.Rune)]; to != 0 {
				set = fold.Of(to)
			} else if to := flipped[y.Rune]; to != 0 {
				set = fold.Of(to)
			}
			if y.Rune >= 128 {
				odd++
			}
		} else if r := &l.runs[l.run[i]]; i == int(r.start) && r.rank == unknown && !r.tag && !r.shouted {
			odd++
		}
		m := uint64(set) & n.kids
		if m == 0 {
			return
		}
		n = &w.b.trie.nodes[n.child(bits.TrailingZeros64(m))]
		length++
		if n.out == 0 || l.flags[i]&inner != 0 || length < minEdited || how == Flipped && odd < 2 || odd == 0 {
			continue
		}
		for o := n.out - 1; w.b.trie.outs[o] >= 0; o++ {
			w.found.makeRoom(w.b)
			w.found.add(l.match(int(w.b.trie.outs[o]), i, from+1, how, costBackwards))
		}
	}
}

const costBackwards = 30
