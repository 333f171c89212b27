package match

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/ringfence/ringfence/text/fold"
)

// The rules by which Korean is disguised are those of KOTOX (arXiv 2510.10961): sounds, look-alikes, rotation, transliteration,
// order and signs; not its translations.

// hangulData lists what is written for letters and syllables that look like it; gen/native names its source and licence.
//
//go:embed hangul.txt
var hangulData string

// alternate is a step that may be taken for a letter of the text.
type alternate struct {
	key   rune
	how   How
	cost  int32
	final bool // only of a consonant at the end of a syllable
	mark  bool // within a word the letter is written in dotless Arabic only
}

// alike are the steps that may be taken for a letter of the text beside its own.
var alike = func() map[rune][]alternate {
	m := map[rune][]alternate{}
	add := func(from, to string, a alternate) {
		for _, f := range from {
			for _, t := range to {
				if a.key = t; f != t {
					m[f] = append(m[f], a)
				}
			}
		}
	}
	sound := func(cost int32) alternate { return alternate{how: Sound, cost: cost} }
	for _, family := range []string{"ㄱㄲㅋ", "ㄷㄸㅌ", "ㅂㅃㅍ", "ㅅㅆ", "ㅈㅉㅊ"} {
		add(family, family, sound(10))
	}
	add("ㅅㅈㅊㅌㅎㅆㄷ", "ㅅㅈㅊㅌㅎㅆㄷ", alternate{how: Sound, cost: 12, final: true})
	for _, family := range []string{"ㅐㅔ", "ㅚㅙㅞ"} {
		add(family, family, sound(5))
	}
	for _, pair := range []string{"ㅘㅏ", "ㅝㅓ", "ㅝㅜ", "ㅟㅣ", "ㅞㅔ", "ㅙㅐ", "ㅢㅣ", "ㅑㅏ", "ㅕㅓ", "ㅛㅗ", "ㅠㅜ", "ㅖㅔ", "ㅒㅐ"} {
		from, to := pair[:3], pair[3:]
		add(from, to, sound(12))
	}
	addKana(add)
	addArabic(add)
	return m
}()

func consonant(key rune) bool { return 'ㄱ' <= key && key <= 'ㅎ' }

// related reports whether two consonants are one in three strengths.
func related(a, b rune) bool {
	if a == b {
		return true
	}
	for _, x := range alike[a] {
		if x.key == b && !x.final {
			return true
		}
	}
	return false
}

// liaisons are the ways in which a consonant is written with the syllable before or after it, or with both: 국인, 구긴, 국긴.
func (w *nativeWalker) liaisons(s nstate, u *piece) {
	const cost = 8
	afterConsonant := consonant(s.key) && s.key != 'ㅇ'
	switch {
	case u.place == 1 && !consonant(u.key) && afterConsonant: // the term has a silent letter here, the text has not
		if node, found := w.n.kids[nativeStep{s.node, 'ㅇ'}]; found {
			next := s
			next.node = node
			w.take(next, u.key, Sound, cost)
		}
	case u.place == 0 && u.key == 'ㅇ' && afterConsonant && w.follows(s.at): // the text has it, the term has not
		w.goOn(s, Sound, cost)
	case u.place == 0 && afterConsonant && u.key != 'ㅇ' && consonant(u.key) && related(u.key, s.key):
		w.take(s, 'ㅇ', Sound, cost)
	}
	if u.final && s.inner {
		switch {
		case w.follows(s.at), w.units[s.at-1].final: // one of two consonants
			w.goOn(s, Sound, cost)
		case int(s.at)+1 < len(w.units) && consonant(w.units[s.at+1].key) && related(u.key, w.units[s.at+1].key):
			w.goOn(s, Sound, cost)
		}
	}
}

// follows reports whether the unit is not the last of its symbol.
func (w *nativeWalker) follows(at int32) bool {
	return int(at)+1 < len(w.units) && w.units[at+1].place > 0
}

// turned is another way to write a whole term.
type turned struct {
	keys []rune
	how  How
	cost int32
}

// rotated are the letters that are others when a syllable is turned by half; there is none for the letters beside.
var rotated = map[rune]rune{'ㄱ': 'ㄴ', 'ㄴ': 'ㄱ', 'ㅁ': 'ㅁ', 'ㅇ': 'ㅇ', 'ㄹ': 'ㄹ', 'ㅍ': 'ㅍ', 'ㅗ': 'ㅜ', 'ㅜ': 'ㅗ', 'ㅛ': 'ㅠ', 'ㅠ': 'ㅛ', 'ㅡ': 'ㅡ'}

// turnedHangul is the term upside down (논문, 곰국), and with two syllables swapped (외국여행, 외여국행), if it has enough of them.
func turnedHangul(letters []rune) []turned {
	const shortest = 4 // syllables in which two may be swapped
	var all []turned
	if flipped, ok := flippedHangul(letters); ok && len(letters) > 1 {
		all = append(all, turned{flipped, Flipped, costBackwards})
	}
	if len(letters) < shortest {
		return all
	}
	for i := 0; i+1 < len(letters); i++ {
		if letters[i] == letters[i+1] || letters[i] == ' ' || letters[i+1] == ' ' {
			continue
		}
		letters[i], letters[i+1] = letters[i+1], letters[i]
		all = append(all, turned{syllableKeys(letters), Edited, costEdit})
		letters[i], letters[i+1] = letters[i+1], letters[i]
	}
	return all
}

func syllableKeys(letters []rune) []rune {
	var path []rune
	for _, c := range letters {
		path = keys(path, &fold.Symbol{Text: c})
	}
	return path
}

func flippedHangul(letters []rune) ([]rune, bool) {
	var path []rune
	for i := len(letters) - 1; i >= 0; i-- {
		jamo := syllableKeys(letters[i : i+1])
		if len(jamo) < 2 || len(jamo) > 3 || rotated[jamo[1]] == 0 {
			return nil, false
		}
		if len(jamo) == 2 {
			return nil, false // its lower half is empty, so the upper one would be
		}
		top, bottom := rotated[jamo[2]], rotated[jamo[0]]
		if top == 0 || bottom == 0 {
			return nil, false
		}
		path = append(path, top, rotated[jamo[1]], bottom)
	}
	return path, true
}

// likeness is what a character is taken for beside Hangul: jamo, if it is followed by the second character, if there is one.
type likeness struct {
	second rune
	keys   []rune
	how    How
	cost   int32
}

// hangulLike are what characters are taken for beside Hangul: by look, by the sound of Latin letters, and by the Korean reading
// of Chinese ones. It is read at the first use, in about 10 ms.
var hangulLike = sync.OnceValue(func() map[rune][]likeness {
	m := map[rune][]likeness{}
	add := func(from, to string, how How, cost int32) {
		rs := []rune(from)
		if len(rs) == 0 || len(rs) > 2 || from == to {
			return
		}
		as := likeness{keys: syllableKeys([]rune(to)), how: how, cost: cost}
		if len(rs) == 2 {
			as.second = rs[1]
		}
		m[rs[0]] = append(m[rs[0]], as)
	}
	for line := range strings.Lines(hangulData) {
		meant, written, _ := strings.Cut(strings.TrimSpace(line), "\t")
		for from := range strings.FieldsSeq(written) {
			add(from, meant, Homoglyphs, 12)
		}
	}
	latinJamo := map[string]string{
		"g": "ㄱ", "k": "ㄱㅋ", "n": "ㄴ", "d": "ㄷ", "t": "ㄷㅌ", "r": "ㄹ", "l": "ㄹ", "m": "ㅁ", "b": "ㅂ", "p": "ㅂㅍ", "s": "ㅅ", "sh": "ㅅ",
		"j": "ㅈ", "ch": "ㅊ", "h": "ㅎ", "kk": "ㄲ", "tt": "ㄸ", "pp": "ㅃ", "ss": "ㅆ", "jj": "ㅉ", "ng": "ㅇ",
		"a": "ㅏ", "ae": "ㅐ", "e": "ㅔ", "eo": "ㅓ", "o": "ㅗ", "u": "ㅜ", "eu": "ㅡ", "i": "ㅣ", "ya": "ㅑ", "yo": "ㅛ", "yu": "ㅠ", "wa": "ㅘ", "wi": "ㅟ", "wo": "ㅝ",
	}
	for _, latin := range slices.Sorted(maps.Keys(latinJamo)) { // in order, for the same result each time
		for _, to := range latinJamo[latin] {
			add(latin, string(to), Romanised, 12)
			if !consonant(to) {
				add(latin, "ㅇ"+string(to), Romanised, 12)
			}
		}
	}
	eachCharacter(hanjaData, func(c rune, readings string) {
		for syllable := range strings.FieldsSeq(readings) {
			add(string(c), syllable, Transliterated, 12)
		}
	})
	return m
})

// resembles reports whether the symbol may be something of Hangul.
func (w *nativeWalker) resembles(y *fold.Symbol) bool {
	return y.Rune > ' ' && (len(hangulLike()[y.Rune]) > 0 || y.Text != y.Rune && len(hangulLike()[y.Text]) > 0)
}

// resemblances takes the symbol for what it looks or sounds like.
func (w *nativeWalker) resemblances(s nstate, u *piece) {
	y := &w.l.symbols[u.symbol]
	w.resemble(s, u, hangulLike()[y.Rune])
	if y.Text != y.Rune && y.Text != 0 {
		w.resemble(s, u, hangulLike()[y.Text])
	}
}

func (w *nativeWalker) resemble(s nstate, u *piece, as []likeness) {
	for i := range as {
		a, n := &as[i], 1
		if a.second != 0 {
			if n = 2; int(u.symbol)+1 >= len(w.l.symbols) || w.l.symbols[u.symbol+1].Rune != a.second {
				continue
			}
		}
		w.takeAll(s, a.keys, u.symbol, n, a.how, a.cost)
	}
}

// takeAll goes along several steps for n symbols.
func (w *nativeWalker) takeAll(s nstate, path []rune, symbol int32, n int, how How, cost int32) {
	syllable := false
	for _, key := range path {
		syllable = syllable || !consonant(key)
		next, found := w.n.kids[nativeStep{s.node, key}]
		if !found {
			return
		}
		s.node, s.key = next, key
	}
	s.how |= how
	s.cost += cost
	for i := range n {
		s.change(w, symbol+int32(i))
	}
	if syllable {
		s.strange++
	} else {
		s.partial++
	}
	s.at = w.after(symbol, n)
	w.letterDone(s, int(symbol)+n)
}
