package match

import (
	"slices"

	"github.com/ringfence/ringfence/text/fold"
)

// addArabic adds the letters that the bare strokes of dotless Arabic stand for, and those that Persian and Urdu letters look like.
// Four strokes are no letters of Arabic; only a word with one of them is read without dots.
func addArabic(add func(from, to string, a alternate)) {
	dotless := func(mark bool) alternate { return alternate{how: Dotless, cost: 8, mark: mark} }
	add("ٮ", "بتثني", dotless(true))
	add("ں", "نبتثي", dotless(true))
	add("ڡ", "فق", dotless(true))
	add("ٯ", "ق", dotless(true))
	for _, pair := range [][2]string{{"ح", "جخ"}, {"د", "ذ"}, {"ر", "ز"}, {"س", "ش"}, {"ص", "ض"}, {"ط", "ظ"}, {"ع", "غ"}, {"ي", "بتثن"}} {
		add(pair[0], pair[1], dotless(false))
	}
	for _, pair := range [][2]string{{"پ", "ب"}, {"چ", "ج"}, {"ڤ", "فق"}, {"گ", "ك"}, {"ژ", "ز"}, {"ٹ", "ت"}, {"ڈ", "د"}, {"ڑ", "ر"}, {"ڨ", "ق"}, {"ټ", "ت"}, {"ځ", "حخ"}, {"ڼ", "ن"}} {
		add(pair[0], pair[1], alternate{how: Homoglyphs, cost: 8})
	}
}

// within reports whether an Arabic letter follows the symbol in its word: Urdu ends words with a ں.
func (w *nativeWalker) within(symbol int32) bool {
	l := w.l
	if l.symbols[symbol].Rune != 'ں' {
		return true
	}
	next := int(symbol) + 1
	return next < len(l.symbols) && l.symbols[next].Kind == fold.Letter && l.symbols[next].Script == l.symbols[symbol].Script
}

// dotted notes an alef maqsura within a word, where only dotless Arabic has it, and passes a hamza that the term does not have.
func (w *nativeWalker) dotted(s nstate, u *piece) {
	if w.l.symbols[u.symbol].Rune == 'ى' && int(u.symbol)+1 < len(w.l.symbols) && scriptOf(w.l.symbols[u.symbol+1].Text) == arabic {
		for _, a := range alike['ي'] {
			next := s
			next.marked = true
			w.take(next, a.key, a.how, a.cost)
		}
	}
	if u.key == 'ء' && s.last >= 0 {
		w.goOn(s, Variants, 5)
	}
}

// latinArabic are the letters that Latin letters and digits stand for where Arabic is written with them ("Arabizi").
var latinArabic = map[rune]string{
	'a': "اعهي", 'b': "ب", 'c': "كس", 'd': "دض", 'e': "اهي", 'f': "ف", 'g': "جقغ", 'h': "هح", 'i': "ي", 'j': "ج", 'k': "كقخ", 'l': "ل", 'm': "م",
	'n': "ن", 'o': "و", 'p': "ب", 'q': "ق", 'r': "ر", 's': "سص", 't': "تط", 'u': "و", 'v': "ف", 'w': "و", 'x': "خ", 'y': "ي", 'z': "زذظض",
	'2': "اءق", '3': "ع", '5': "خ", '6': "ط", '7': "ح", '8': "قغ", '9': "صق",
}

// latinPairs are the letters that two Latin letters stand for.
var latinPairs = map[[2]rune]string{
	{'s', 'h'}: "ش", {'c', 'h'}: "ش", {'k', 'h'}: "خ", {'g', 'h'}: "غ", {'t', 'h'}: "ثذ", {'d', 'h'}: "ذضظ", {'a', 'h'}: "ه", {'e', 'h'}: "ه",
	{'o', 'u'}: "و", {'e', 'e'}: "ي", {'a', 'a'}: "ا", {'o', 'o'}: "و",
}

const latinVowels = "aeiou"

// arabicInLatin reads a word as Arabic in Latin letters. Short vowels are not written in Arabic.
func (w *nativeWalker) arabicInLatin(s nstate, u *piece) {
	y := &w.l.symbols[u.symbol]
	if y.Rune >= 128 || s.gaps > 0 {
		return
	}
	for _, to := range latinArabic[y.Text] {
		w.take(s, to, Romanised, 8)
	}
	if s.last >= 0 && slices.Contains([]rune(latinVowels), y.Text) {
		next := s
		next.letters--
		w.goOn(next, Romanised, 2)
	}
	if int(u.symbol)+1 < len(w.l.symbols) {
		second := &w.l.symbols[u.symbol+1]
		for _, to := range latinPairs[[2]rune{y.Text, second.Text}] {
			w.takeAll(s, []rune{to}, u.symbol, 2, Romanised, 8)
		}
		if second.Text == y.Text && second.Kind == fold.Letter { // doubled, as Arabic writes with a mark
			w.goOn(s, Romanised, 0)
		}
	}
}

// digits takes a digit beside Arabic letters for the one that it stands for.
func (w *nativeWalker) digits(s nstate, u *piece) {
	y := &w.l.symbols[u.symbol]
	if y.Kind != fold.Digit || y.Text == '0' {
		return
	}
	for _, to := range latinArabic[y.Text] {
		w.take(s, to, Leet, costLeet)
	}
}

// arabizi says where Arabic in Latin letters may stand: a word with digits for letters, or any word of a text that has such a one
// or is partly in Arabic letters.
type arabizi struct {
	on bool // the text has either
}

// read looks for a sign of it in the text, if it matters.
func (a *arabizi) read(l *lattice, wanted, letters bool) {
	a.on = false
	if !wanted {
		return
	}
	if a.on = letters; a.on {
		return
	}
	for i := range l.symbols {
		if a.digit(l, i) {
			a.on = true
			return
		}
	}
}

// digit reports whether the symbol is a digit that stands for a letter of Arabic: among letters, in no word of English.
func (a *arabizi) digit(l *lattice, i int) bool {
	y := &l.symbols[i]
	switch y.Rune {
	case '2', '3', '5', '6', '7', '9':
	default:
		return false
	}
	if i+1 >= len(l.symbols) || l.run[i+1] < 0 || l.symbols[i+1].Rune >= 128 {
		return false
	}
	next := &l.runs[l.run[i+1]]
	if i > 0 && l.run[i-1] >= 0 { // within a word: 3 and 7 are used most, the others are in names of models
		return (y.Rune == '3' || y.Rune == '7') && l.runs[l.run[i-1]].rank == unknown && next.rank == unknown
	}
	return (i == 0 || l.symbols[i-1].Kind != fold.Digit) && (next.rank == unknown || l.plain < 2) && next.end-next.start > 2
}

// begins reports whether a word of Arabic in Latin letters may begin at the symbol.
func (a *arabizi) begins(l *lattice, i int) bool {
	y := &l.symbols[i]
	if !a.on || y.Kind != fold.Letter && (y.Kind != fold.Digit || latinArabic[y.Text] == "") {
		return false
	}
	if i == 0 || l.symbols[i-1].Kind != fold.Letter && l.symbols[i-1].Kind != fold.Digit {
		return true
	}
	return i >= 2 && l.symbols[i-1].Text == 'l' && (l.symbols[i-2].Text == 'a' || l.symbols[i-2].Text == 'e') &&
		(i == 2 || l.symbols[i-3].Kind != fold.Letter && l.symbols[i-3].Kind != fold.Digit) // the article
}

// holds reports whether the word from i to j can be one in Arabic: all of it, and no word of English.
func (a *arabizi) holds(l *lattice, i, j int, letters int32) bool {
	if letters < 3 || j < len(l.symbols) && (l.symbols[j].Kind == fold.Letter || l.symbols[j].Kind == fold.Digit) {
		return false
	}
	digits := 0
	for k := i; k < j; k++ {
		switch y := &l.symbols[k]; {
		case y.Kind == fold.Digit:
			digits++
		case l.run[k] < 0:
		case l.runs[l.run[k]].rank == common && digits == 0, l.runs[l.run[k]].rank != unknown && l.plain > 1:
			return false
		}
	}
	return digits > 0 || letters > 3 || l.plain < 2
}
