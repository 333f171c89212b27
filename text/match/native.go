package match

import (
	"unicode"

	"github.com/ringfence/ringfence/text/fold"
)

// native finds terms with letters that fold.Set has no place for, and emoji: a trie over the canonical letters of their own
// script, Hangul by its jamo. Such terms are found with signs between the letters, letters repeated and in other typefaces; not
// misspelt.
type native struct {
	kids map[nativeStep]int32
	outs map[int32][]int32
	size int32
	edge map[rune]bool // first letters
}

type nativeStep struct {
	node int32
	key  rune
}

// keys appends what the trie goes by at a symbol: nothing for what may stand between letters.
func keys(dst []rune, y *fold.Symbol) []rune {
	switch c := y.Text; {
	case 0xAC00 <= c && c <= 0xD7A3:
		c -= 0xAC00
		dst = append(dst, initials[c/588], vowels[c%588/28])
		return append(dst, finals[c%28]...)
	case 0x1100 <= c && c <= 0x1112:
		return append(dst, initials[c-0x1100])
	case 0x1161 <= c && c <= 0x1175:
		return append(dst, vowels[c-0x1161])
	case 0x11A8 <= c && c <= 0x11C2:
		return append(dst, finals[c-0x11A7]...)
	case c != 0:
		return append(dst, c)
	case y.Kind == fold.Picture:
		return append(dst, y.Rune)
	}
	return dst
}

// The jamo of a syllable, as letters by themselves. A final of two consonants is both.
var (
	initials = []rune("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ")
	vowels   = []rune("ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ")
	finals   = func() (f [28][]rune) {
		for i, jamo := range [...]string{"", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ",
			"ㄹㅍ", "ㄹㅎ", "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ", "ㅎ"} {
			f[i] = []rune(jamo)
		}
		return f
	}()
)

func (n *native) add(symbols []fold.Symbol, term int) {
	if n.kids == nil {
		n.kids, n.outs, n.edge, n.size = map[nativeStep]int32{}, map[int32][]int32{}, map[rune]bool{}, 1
	}
	at, gap := int32(0), false
	step := func(k rune) {
		next, found := n.kids[nativeStep{at, k}]
		if !found {
			next = n.size
			n.size++
			n.kids[nativeStep{at, k}] = next
		}
		if at == 0 {
			n.edge[k] = true
		}
		at = next
	}
	for i := range symbols {
		ks := keys(nil, &symbols[i])
		if len(ks) == 0 {
			gap = at != 0
			continue
		}
		if gap {
			step(' ')
			gap = false
		}
		for _, k := range ks {
			step(k)
		}
	}
	if at != 0 {
		n.outs[at] = append(n.outs[at], int32(term))
	}
}

// find walks from each letter that a term begins with.
func (n *native) find(l *lattice, found *[]Match) {
	if n.size == 0 {
		return
	}
	var buf [4]rune
	for i := range l.symbols {
		if ks := keys(buf[:0], &l.symbols[i]); len(ks) > 0 && n.edge[ks[0]] {
			n.from(l, i, found)
		}
	}
}

// maxNative bounds the symbols of one match, so that repeats without end take linear time.
const maxNative = 2 * maxTermText

// from goes as far as the trie does; there is one way only.
func (n *native) from(l *lattice, from int, found *[]Match) {
	if !starts(l, from) {
		return
	}
	var buf [4]rune
	at, how, cost := int32(0), How(0), 0
	letters, gaps, spaces := 0, 0, 0
	last := -1
	for i, steps := from, 0; i < len(l.symbols) && steps < maxNative; steps++ {
		y := &l.symbols[i]
		next, ok := at, true
		for _, k := range keys(buf[:0], y) {
			if next, ok = n.kids[nativeStep{next, k}]; !ok {
				break
			}
		}
		if !ok {
			if last < 0 || l.symbols[last].Text != y.Text || y.Text == 0 {
				return
			}
			next, how, cost = at, how|Repeats, cost+costRepeat
			letters--
		}
		if y.Text != 0 && y.Text != y.Rune && y.Text != unicode.ToLower(y.Rune) {
			how, cost = how|Fonts, cost+costHidden
		}
		if y.Hidden&fold.Invisible != 0 && last >= 0 {
			how, cost = how|Invisibles, cost+costHidden
		}
		at, last = next, i
		letters++
		i++
		if terms := n.outs[at]; len(terms) > 0 && (spaces == 0 || gaps == letters-1) && ends(l, i) {
			for _, term := range terms {
				*found = append(*found, l.match(int(term), from, i, how, cost))
			}
		}
		gap, space := 0, false
		for ; i < len(l.symbols) && gap <= maxGap && l.symbols[i].Text == 0 && l.symbols[i].Kind != fold.Picture; i++ {
			gap++
			space = space || l.symbols[i].Kind == fold.Space
		}
		switch next, ok := n.kids[nativeStep{at, ' '}]; {
		case gap > maxGap:
			return
		case gap == 0:
		case ok:
			at = next
		default:
			gaps++
			how, cost = how|Separated, cost+costGap
			if space {
				spaces++
			}
		}
	}
}

// spaceless are the scripts that do not part words.
var spaceless = map[string]bool{"Han": true, "Hiragana": true, "Katakana": true, "Thai": true, "Lao": true, "Khmer": true, "Myanmar": true, "Tibetan": true, "Common": true}

// prefixes are what Arabic writes as one with the next word, suffixes as one with the word before.
var prefixes = map[string]bool{"ال": true, "و": true, "ب": true, "ل": true, "ف": true, "ك": true, "وال": true, "بال": true, "لل": true, "فال": true, "كال": true, "يا": true}

// starts reports whether a word may begin at i.
func starts(l *lattice, i int) bool {
	script := l.symbols[i].Script.String()
	if spaceless[script] {
		return true
	}
	j := i
	for j > 0 && i-j <= 4 && l.symbols[j-1].Kind == fold.Letter && l.symbols[j-1].Script == l.symbols[i].Script {
		j--
	}
	if i == j {
		return true
	}
	var before []rune
	for ; j < i; j++ {
		before = append(before, l.symbols[j].Text)
	}
	return script == "Arabic" && prefixes[string(before)]
}

// ends reports whether a word may end before i. Korean and Arabic words have endings.
func ends(l *lattice, i int) bool {
	if i == len(l.symbols) || l.symbols[i].Kind != fold.Letter || l.symbols[i].Script != l.symbols[i-1].Script {
		return true
	}
	script := l.symbols[i].Script.String()
	j := i
	for j < len(l.symbols) && j-i <= 3 && l.symbols[j].Kind == fold.Letter && l.symbols[j].Script == l.symbols[i].Script {
		j++
	}
	return spaceless[script] || script == "Hangul" || script == "Arabic" && j-i <= 3
}
