package match

// voiced and halfVoiced are the marks that make か が and は ぱ. They are steps of their own, so that a mark that stands apart, or is
// missing, can be dealt with.
const (
	voiced     rune = 0x3099
	halfVoiced rune = 0x309A
)

// kanaKeys appends a hiragana letter and its voicing mark.
func kanaKeys(dst []rune, c rune) []rune {
	switch {
	case c == 'ゔ':
		return append(dst, 'う', voiced)
	case 'か' <= c && c <= 'ぢ' && (c-'か')%2 == 1, 'つ' < c && c <= 'ど' && (c-'つ')%2 == 1:
		return append(dst, c-1, voiced)
	case 'は' <= c && c <= 'ぽ':
		switch (c - 'は') % 3 {
		case 1:
			return append(dst, c-1, voiced)
		case 2:
			return append(dst, c-2, halfVoiced)
		}
	}
	return append(dst, c)
}

// addKana adds small letters for large ones and the reverse, and vowels for the sign that makes a vowel long.
func addKana(add func(from, to string, a alternate)) {
	const small, large = "ぁぃぅぇぉっゃゅょゎゕゖ", "あいうえおつやゆよわかけ"
	for i, from := range []rune(small) {
		to := []rune(large)[i]
		add(string(from), string(to), alternate{how: Variants, cost: 5})
		add(string(to), string(from), alternate{how: Variants, cost: 5})
	}
	add("あいうえお", "ー", alternate{how: Variants, cost: 5})
}

// lengthened passes the sign for a long vowel where the term has none, and goes on where a voicing mark is missing.
func (w *nativeWalker) lengthened(s nstate, u *piece) {
	if u.key == 'ー' && s.last >= 0 {
		next := s
		next.letters--
		w.goOn(next, Repeats, costRepeat)
		return
	}
	if s.inner || s.last < 0 {
		return
	}
	for _, mark := range [...]rune{voiced, halfVoiced} {
		if node, found := w.n.kids[nativeStep{s.node, mark}]; found {
			next := s
			next.node = node
			next.change(w, s.last)
			next.how |= Variants
			next.cost += costVowel
			w.take(next, u.key, 0, 0)
		}
	}
}
