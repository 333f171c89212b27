package wordset

import (
	"testing"

	"pgregory.net/rapid"
)

func TestEveryWordIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.SliceOf(rapid.Rune())).Draw(t, "words")
		set := New(words, 12)
		for _, word := range words {
			if !set.Has(word) {
				t.Fatalf("%q is not in the set of %q", string(word), words)
			}
		}
	})
}

func TestFewOthersAreFound(t *testing.T) {
	const n = 20_000
	word := func(i int) []rune { return []rune{rune(0x4E00 + i/200), rune(0x4E00 + i%200)} }
	var words [][]rune
	for i := range n {
		words = append(words, word(i))
	}
	set, wrong := New(words, 12), 0
	for i := range n {
		if set.Has(word(n + i)) {
			wrong++
		}
	}
	if wrong > n/100 {
		t.Errorf("%d of %d other words are found, want at most one in a hundred", wrong, n)
	}
	if Set("").Has(words[0]) {
		t.Error("the empty set has a word")
	}
}
