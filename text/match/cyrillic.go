package match

import "github.com/ringfence/ringfence/text/fold"

// transliterated is how words in Latin letters are written in Cyrillic ones, letter by letter: each from а to я with the letters
// that it stands for.
var transliterated = func() (t [32]fold.Set) {
	for i, letters := range [32]string{
		"a", "b", "vw", "gh", "d", "e", "jz", "z", "iy", "yji", "kcq", "l", "m", "n", "o", "p",
		"r", "sc", "t", "uw", "f", "hx", "cz", "", "", "", "", "iy", "", "e", "u", "",
	} {
		for _, l := range letters {
			t[i] |= fold.Of(l)
		}
	}
	return t
}()

// cyrillicUnits are the transliterations of and to several letters, by their first.
var cyrillicUnits = func() (t [32][]unit) {
	for from, to := range cyrillicPairs {
		u := unit{text: []rune(from), cost: costTransliterated, words: true}
		for _, l := range to {
			u.letters = append(u.letters, fold.Of(l))
		}
		t[u.text[0]-'а'] = append(t[u.text[0]-'а'], u)
	}
	return t
}()

// cyrillicPairs has one entry for each first letter, so that the order is of no account.
var cyrillicPairs = map[string]string{"дж": "j", "кс": "x", "ш": "sh", "ч": "ch", "ц": "ts", "ю": "yu", "я": "ya", "ж": "zh", "х": "kh", "щ": "sh", "у": "oo", "и": "ee"}

const costTransliterated = 15

// cyrillicOnly reports whether the word is in Cyrillic letters alone, and yet may be read in Latin ones: it stands in a text that
// is not Cyrillic.
func (l *lattice) cyrillicOnly(r *run) bool {
	latin := false
	for i := r.start; i < r.end; i++ {
		y := &l.symbols[i]
		if y.Own&fold.Cyrillic == 0 {
			return false
		}
		latin = latin || y.Alike&fold.Latin != 0
	}
	return latin
}
