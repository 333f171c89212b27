package match

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/ringfence/ringfence/text/fold"
)

//go:generate go run -C gen/native .

// Tables of Chinese characters; gen/native names their sources and licences.
var (
	//go:embed han.gz
	hanData []byte
	//go:embed hanja.gz
	hanjaData []byte
	//go:embed forms.gz
	formsData []byte
	//go:embed parts.gz
	partsData []byte
)

// eachCharacter reads a table: a line for each character, and what is known of it.
func eachCharacter(data []byte, do func(c rune, what string)) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		panic(err) // the file is part of the program
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(text)) {
		c, size := utf8.DecodeRuneInString(line)
		do(c, strings.TrimSuffix(line[size:], "\n"))
	}
}

// mandarin holds the readings of characters, as syllables without tones.
type mandarin struct {
	readings map[rune][]syllable // the usual one first
	named    map[string]syllable
	names    []string
	class    []rune // of each syllable, the step of those that sound much the same
}

type syllable uint16

// pinyin is read at the first use, in about 20 ms.
var pinyin = sync.OnceValue(func() *mandarin {
	m := &mandarin{readings: map[rune][]syllable{}, named: map[string]syllable{}}
	classes := map[string]rune{}
	eachCharacter(hanData, func(c rune, readings string) {
		for name := range strings.FieldsSeq(readings) {
			id, found := m.named[name]
			if !found {
				id = syllable(len(m.names))
				m.named[name] = id
				m.names = append(m.names, name)
				rough := roughly(name)
				if classes[rough] == 0 {
					classes[rough] = bySound + 1 + rune(len(classes))
				}
				m.class = append(m.class, classes[rough])
			}
			m.readings[c] = append(m.readings[c], id)
		}
	})
	return m
})

// roughly is the syllable without what many speakers do not tell apart: zh and z, ch and c, sh and s, n and l, and ng and n at the
// end.
func roughly(syllable string) string {
	if len(syllable) > 1 && syllable[1] == 'h' {
		syllable = syllable[:1] + syllable[2:]
	}
	if syllable[0] == 'n' && len(syllable) > 1 {
		syllable = "l" + syllable[1:]
	}
	if strings.HasSuffix(syllable, "ng") && !strings.HasSuffix(syllable, "ong") {
		syllable = syllable[:len(syllable)-1]
	}
	return syllable
}

// maxSounds bounds the terms that are looked for by their sound, in syllables; of one syllable none is.
const maxSounds = 16

// maxReadings bounds the combinations of the readings of a term's characters.
const maxReadings = 6

// addSounds puts a Chinese term into the trie by its sound.
func (n *native) addSounds(letters []rune, term int) {
	if len(letters) < 2 || len(letters) > maxSounds {
		return
	}
	m := pinyin()
	paths := [][]rune{{bySound}}
	for _, c := range letters {
		var longer [][]rune
		var seen []rune
		for _, id := range m.readings[c] {
			class := m.class[id]
			if strings.ContainsRune(string(seen), class) {
				continue
			}
			seen = append(seen, class)
			for _, p := range paths {
				if len(longer) < maxReadings {
					longer = append(longer, append(p[:len(p):len(p)], class))
				}
			}
		}
		if paths = longer; len(paths) == 0 {
			return
		}
	}
	for _, p := range paths {
		n.put(p, nativeOut{term: int32(term), of: han})
	}
	n.terms[int32(term)] = letters
}

// sounds reports whether a term may begin at the symbol by its sound: at a character, and at Latin letters right before one.
func (w *nativeWalker) sounds(i int) bool {
	y := &w.l.symbols[i]
	if y.Rune >= 128 {
		return scriptOf(y.Text) == han
	}
	if w.l.run[i] < 0 || w.l.flags[i]&inner != 0 {
		return false
	}
	end := int(w.l.runs[w.l.run[i]].end)
	return end-i <= maxSyllable && end < len(w.l.symbols) && scriptOf(w.l.symbols[end].Text) == han
}

// maxSyllable is the length of the longest syllable in pinyin.
const maxSyllable = 6

// hear takes a character for any that sounds like it, and Latin letters for a syllable.
func (w *nativeWalker) hear(s nstate, u *piece) {
	if s.letters >= maxSounds {
		return
	}
	m := pinyin()
	w.taken[s.letters] = u.symbol
	var done [8]rune
	for k, id := range m.readings[u.key] {
		class := m.class[id]
		if k < len(done) {
			done[k] = class
		}
		if !strings.ContainsRune(string(done[:min(k, len(done))]), class) {
			w.take(s, class, 0, 0)
		}
	}
	y := &w.l.symbols[u.symbol]
	if y.Rune >= 128 || w.l.run[u.symbol] < 0 {
		return
	}
	var name [maxSyllable]byte
	end := w.l.runs[w.l.run[u.symbol]].end
	for n := 0; n < maxSyllable && u.symbol+int32(n) < end; n++ {
		letter := w.l.symbols[u.symbol+int32(n)].Text
		if letter < 'a' || letter > 'z' {
			return
		}
		name[n] = byte(letter)
		if id, found := m.named[string(name[:n+1])]; found {
			w.takeAll(s, []rune{m.class[id]}, u.symbol, n+1, Romanised, costLeet)
		}
	}
}

// sameSound reports whether what sounds like the term is meant to: it holds characters of the term, and no others that are words
// with their neighbours. What is the term itself was found already.
func (w *nativeWalker) sameSound(s *nstate, out *nativeOut, end int, how *How, cost *int32) bool {
	const exact, rough = 15, 25
	m := pinyin()
	letters := w.n.terms[out.term]
	if len(letters) != int(s.letters) {
		return false
	}
	same, near, latin := 0, 0, 0
	for i, want := range letters {
		c := w.l.symbols[w.taken[i]].Text
		switch {
		case c == want:
			same++
			continue
		case c < 128:
			latin++
			continue
		case share(m.readings[c], m.readings[want]):
			*cost += exact
		default:
			near++
			*cost += rough
		}
		*how |= Homophones
		if w.explained(int(w.taken[i])) {
			return false
		}
	}
	switch changed := len(letters) - same; {
	case changed == 0 || latin == len(letters):
		return false
	case len(letters) == 2:
		content := w.l.symbols[w.taken[0]].Text // what is left of the term
		if content != letters[0] {
			content = letters[1]
		}
		return near == 0 && (same > 0 && !strings.ContainsRune(particles, content) || latin == 0 && w.alone(end))
	case len(letters) == 3:
		return near+changed-latin <= 3 && (same > 0 || near == 0)
	}
	return 2*near <= len(letters)
}

// particles are characters so usual beside any other that one of them says nothing of a term.
const particles = "的了是在我你您他她它们人有无不没这那个上下大小来去就也和与说要会到得地过着吗呢吧啊一二三"

func share(a, b []syllable) bool {
	for _, x := range a {
		if slices.Contains(b, x) {
			return true
		}
	}
	return false
}

// alone reports whether the match up to the end stands without other characters beside it.
func (w *nativeWalker) alone(end int) bool {
	other := func(i int) bool {
		return i >= 0 && i < len(w.l.symbols) && w.l.symbols[i].Kind == fold.Letter && scriptOf(w.l.symbols[i].Text) == han
	}
	return !other(w.from-1) && !other(end)
}

// compound is a character that is written as its parts.
type compound struct {
	parts [2]rune // behind the first; the last may be 0
	whole rune
}

// compoundsOf are the characters by the first of their parts, and formsOf those that a character may be another form of. They are
// read at the first use, in about 30 ms.
var (
	compoundsOf = sync.OnceValue(func() map[rune][]compound {
		m := map[rune][]compound{}
		eachCharacter(partsData, func(c rune, lists string) {
			for list := range strings.FieldsSeq(lists) {
				parts := []rune(list)
				x := compound{whole: c}
				copy(x.parts[:], parts[1:])
				m[parts[0]] = append(m[parts[0]], x)
			}
		})
		return m
	})
	formsOf = sync.OnceValue(func() map[rune][]rune {
		m := map[rune][]rune{}
		eachCharacter(formsData, func(c rune, forms string) {
			for form := range strings.FieldsSeq(forms) {
				m[c] = append(m[c], []rune(form)...)
			}
		})
		return m
	})
)

// compounds takes a character for another form of it, and two or three for the one that they are the parts of.
func (w *nativeWalker) compounds(s nstate, u *piece) {
	const costForm, costParts = 10, 15
	for _, c := range formsOf()[u.key] {
		w.take(s, c, Variants, costForm)
	}
	text := func(n int32) rune {
		if int(u.symbol+n) >= len(w.l.symbols) {
			return 0
		}
		return w.l.symbols[u.symbol+n].Text
	}
	second := text(1)
	if second == 0 {
		return
	}
	for _, c := range compoundsOf()[u.key] {
		if c.parts[0] != second || w.n.kids[nativeStep{s.node, c.whole}] == 0 {
			continue
		}
		switch {
		case c.parts[1] == 0:
			w.takeAll(s, []rune{c.whole}, u.symbol, 2, Drawn, costParts)
		case c.parts[1] == text(2):
			w.takeAll(s, []rune{c.whole}, u.symbol, 3, Drawn, costParts)
		}
	}
}
