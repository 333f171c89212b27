package match

import (
	_ "embed"
	"strings"

	"github.com/ringfence/ringfence/text/internal/wordset"
)

// What a plain reading explains is no disguise: words of the languages, by which that is known. gen/native names their sources and
// licences.
var (
	//go:embed zh.set
	chineseWords string
	//go:embed ko.set
	koreanWords string
	//go:embed ja.set
	japaneseWords string
)

// accept reports a term, unless what stands there can be read as it is.
func (w *nativeWalker) accept(s *nstate, out *nativeOut, end int) {
	how, cost := s.how|out.how, s.cost+out.cost
	if !w.holds(s, out, end, &how, &cost) {
		return
	}
	if s.gaps == 1 && s.spaces == 1 && s.letters == 2 && !spaceless[w.l.symbols[w.from].Script.String()] {
		if w.beginsWord(int(s.last)) {
			return
		}
		cost += costSplit - costGap
	}
	m := w.l.match(int(out.term), w.from, end, how, int(cost))
	here := w.found.list[w.here:]
	for i := range here {
		if h := &here[i]; h.Term == m.Term && h.End == m.End {
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

// holds reports whether the reading is better than the plain one.
func (w *nativeWalker) holds(s *nstate, out *nativeOut, end int, how *How, cost *int32) bool {
	switch {
	case s.sound:
		return w.sameSound(s, out, end, how, cost)
	case w.latin:
		return w.context.holds(w.l, w.from, end, s.letters)
	case s.changed == 0 && out.how == 0:
		return true
	case out.of&arabic != 0:
		return *how&Dotless == 0 || s.marked
	case s.letters < 2 || s.cost > 15*s.letters || out.of == hangul && s.strange >= s.letters-s.partial:
		return false
	}
	changed := s.changed
	if out.how != 0 {
		changed = 1<<min(end-w.from, 63) - 1
	}
	words, longest := vocabularyOf(out.of)
	if out.of == hangul { // its words begin where there was a space
		for n := 2; n <= longest; n++ {
			if word := w.wordAt(w.from, n, out.of); len(word) == n && changed&(1<<n-1) != 0 && words.Has(word) {
				return false
			}
		}
		return true
	}
	for i := w.from; i < min(end, w.from+63); i++ {
		if changed&(1<<(i-w.from)) != 0 && w.explained(i) {
			return false
		}
	}
	return true
}

// vocabularyOf are the words of a script, and the letters of the longest.
func vocabularyOf(of scripts) (wordset.Set, int) {
	switch of {
	case han:
		return wordset.Set(chineseWords), 4
	case hangul:
		return wordset.Set(koreanWords), 5
	case kana:
		return wordset.Set(japaneseWords), 6
	}
	return "", 0
}

// wordAt is n letters of a script from a symbol on; fewer if there are not as many. It is valid until the next call.
func (w *nativeWalker) wordAt(from, n int, of scripts) []rune {
	word := w.word[:0]
	for i := from; i < min(from+n, len(w.l.symbols)) && scriptOf(w.l.symbols[i].Text) == of; i++ {
		word = append(word, w.l.symbols[i].Text)
	}
	return word
}

// longestWord is the number of letters of the longest word in a vocabulary.
const longestWord = 6

// beginsWord reports whether a Korean word of several syllables begins at the symbol.
func (w *nativeWalker) beginsWord(i int) bool {
	words, longest := vocabularyOf(hangul)
	for n := 2; n <= longest; n++ {
		if word := w.wordAt(i, n, hangul); len(word) == n && words.Has(word) {
			return true
		}
	}
	return false
}

// pronouns begin sentences and hardly any word of more than two characters; what the vocabulary takes for such a word is none. It
// takes three of a thousand others for words, which counts where usual beginnings of sentences hide what follows.
const pronouns = "他她它您"

// explained reports whether the symbol is part of a word with its neighbours. What a plain reading explains is no disguise.
func (w *nativeWalker) explained(i int) bool {
	of := scriptOf(w.l.symbols[i].Text)
	words, longest := vocabularyOf(of)
	for n := 2; n <= longest; n++ {
		for from := max(i-n+1, 0); from <= i; from++ {
			word := w.wordAt(from, n, of)
			if len(word) < n || n > 2 && strings.ContainsRune(pronouns, word[0]) {
				continue
			}
			if words.Has(word) {
				return true
			}
		}
	}
	return false
}
