package discover

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/ringfence/ringfence/text/fold"
	"github.com/ringfence/ringfence/text/match"
)

// near looks up which listed term a word resembles in writing, in ways that the matcher does not take for a disguise.
type near struct {
	terms  [][]rune
	text   []string
	pieces map[[3]rune][]int32 // terms by three letters in a row, edges included
	reader fold.Reader
}

// Limits of a lookup: letters of a word, and listed terms that it is compared with.
const (
	maxLetters = 40
	maxNear    = 32
	maxPosting = 2000
)

func newNear(bank *match.Bank) *near {
	n := &near{pieces: map[[3]rune][]int32{}}
	for _, t := range bank.Terms() {
		letters := n.letters(t.Text)
		if len(letters) < 4 || len(letters) > maxLetters {
			continue
		}
		i := int32(len(n.terms))
		n.terms, n.text = append(n.terms, letters), append(n.text, t.Text)
		for p := range pieces(letters) {
			if list := n.pieces[p]; len(list) < maxPosting {
				n.pieces[p] = append(list, i)
			}
		}
	}
	return n
}

// letters is what a word most likely reads as.
func (n *near) letters(word string) []rune {
	var letters []rune
	for _, y := range n.reader.Read(word) {
		if l := y.Letter(); l != 0 {
			letters = append(letters, l)
		}
	}
	return letters
}

// pieces are the threes of letters, with 0 at the edges.
func pieces(letters []rune) map[[3]rune]bool {
	set := map[[3]rune]bool{}
	a, b := rune(0), rune(0)
	for _, c := range letters {
		set[[3]rune{a, b, c}] = true
		a, b = b, c
	}
	set[[3]rune{a, b, 0}] = true
	return set
}

// like is the listed term of the fewest edits, at most a third of its letters; "" if there is none.
func (n *near) like(word string) string {
	letters := n.letters(word)
	if len(letters) < 3 || len(letters) > maxLetters || utf8.RuneCountInString(word) > 2*maxLetters {
		return ""
	}
	shared := map[int32]int{}
	for p := range pieces(letters) {
		for _, t := range n.pieces[p] {
			shared[t]++
		}
	}
	type hit struct {
		term   int32
		shared int
	}
	var hits []hit
	for t, s := range shared {
		hits = append(hits, hit{t, s})
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Or(b.shared-a.shared, int(a.term-b.term)) })
	best, like := 1.0/3+1e-9, ""
	for _, h := range hits[:min(len(hits), maxNear)] {
		t := n.terms[h.term]
		if d := float64(edits(letters, t)) / float64(len(t)); d < best {
			best, like = d, n.text[h.term]
		}
	}
	return like
}

// edits is the number of letters to put in, take out, replace or swap with the next (optimal string alignment).
func edits(a, b []rune) int {
	var rows [3][maxLetters + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		now, last, before := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		now[0] = i
		for j := 1; j <= len(b); j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, last[j]+1, now[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			now[j] = d
		}
	}
	return rows[len(a)%3][len(b)]
}
