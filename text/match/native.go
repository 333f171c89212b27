package match

import (
	"unicode"

	"github.com/ringfence/ringfence/text/fold"
)

// native holds the terms with letters that fold.Set has no place for, and emoji: a trie over the canonical letters of their own
// script, Hangul by its jamo and kana with their voicing marks apart. Chinese terms are in it once more by their sound.
type native struct {
	kids  map[nativeStep]int32
	outs  map[int32][]nativeOut
	size  int32
	edge  map[rune]bool    // first letters
	terms map[int32][]rune // canonical letters of the Chinese terms
	has   scripts
	latin bool // one begins with a character of ASCII
}

type nativeStep struct {
	node int32
	key  rune
}

// nativeOut is a term that ends at a node, and what it cost to write it so.
type nativeOut struct {
	term int32
	how  How
	cost int32
	of   scripts
}

// scripts is a set of those that have rules of their own.
type scripts uint8

const (
	han scripts = 1 << iota
	hangul
	kana
	arabic
)

// scriptOf tells the script of a canonical letter.
func scriptOf(r rune) scripts {
	switch {
	case r < 0x621:
	case r <= 0x6FF:
		return arabic
	case 0x3041 <= r && r <= 0x30FF:
		return kana
	case 0x1100 <= r && r <= 0x11FF, 0x3131 <= r && r <= 0x3163, 0xAC00 <= r && r <= 0xD7A3:
		return hangul
	case 0x3400 <= r && r <= 0x9FFF:
		return han
	}
	return 0
}

// bySound is the step from the root to the terms by their sound; the steps from there are sounds, counted from it on. No character
// is so high.
const bySound rune = 0x200000

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
	case 0x3041 <= c && c <= 0x3096:
		return kanaKeys(dst, c)
	case 0xFEF5 <= y.Rune && y.Rune <= 0xFEFC:
		return append(dst, 'ل', 'ا') // one character for both
	case c != 0:
		return append(dst, c)
	case y.Rune == '゛' || y.Rune == '゜':
		return append(dst, voiced+y.Rune-'゛')
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

// add puts a term into the trie: as it is, turned upside down, with syllables swapped, and by its sound, as its script allows.
func (n *native) add(symbols []fold.Symbol, term int) {
	var path, letters []rune
	gap := false
	of := scripts(0)
	for i := range symbols {
		ks := keys(nil, &symbols[i])
		if len(ks) == 0 {
			gap = len(path) > 0
			continue
		}
		if gap {
			path = append(path, ' ')
			letters = append(letters, ' ')
			gap = false
		}
		path = append(path, ks...)
		letters = append(letters, symbols[i].Text)
		of |= scriptOf(symbols[i].Text)
	}
	n.put(path, nativeOut{term: int32(term), of: of})
	n.has |= of
	switch of {
	case hangul:
		for _, turned := range turnedHangul(letters) {
			n.put(turned.keys, nativeOut{int32(term), turned.how, turned.cost, of})
		}
	case han:
		n.addSounds(letters, term)
	}
}

func (n *native) put(path []rune, out nativeOut) {
	if len(path) == 0 {
		return
	}
	if n.kids == nil {
		n.kids, n.outs, n.edge, n.terms, n.size = map[nativeStep]int32{}, map[int32][]nativeOut{}, map[rune]bool{}, map[int32][]rune{}, 1
	}
	n.edge[path[0]] = true
	n.latin = n.latin || path[0] < 128
	at := int32(0)
	for _, k := range path {
		next, found := n.kids[nativeStep{at, k}]
		if !found {
			next = n.size
			n.size++
			n.kids[nativeStep{at, k}] = next
		}
		at = next
	}
	n.outs[at] = append(n.outs[at], out)
}

// compatible reports whether the character is a letter in another typeface or width.
func compatible(r rune) bool {
	return radical(r) || 0xF900 <= r && r < 0xFB00 || 0xFB50 <= r && r <= 0xFEFC || 0xFF00 < r && r < 0xFFF0 || 0x3200 <= r && r < 0x3400 || r > 0x1F000
}

// restyled reports whether the symbol is a letter that is not written as usual; other forms of one letter are usual.
func restyled(y *fold.Symbol) bool {
	switch {
	case y.Text == 0 || y.Text == y.Rune:
		return false
	case scriptOf(y.Text) != 0:
		return compatible(y.Rune)
	}
	return !greek(y.Rune) && y.Text != unicode.ToLower(y.Rune)
}

// spaceless are the scripts that do not part words.
var spaceless = map[string]bool{"Han": true, "Hiragana": true, "Katakana": true, "Thai": true, "Lao": true, "Khmer": true, "Myanmar": true, "Tibetan": true, "Common": true, "Inherited": true}

// longestPrefix is the number of letters of the longest of the prefixes.
const longestPrefix = 4

// prefixes are what Arabic writes as one with the next word.
var prefixes = func() map[[longestPrefix]rune]bool {
	m := map[[longestPrefix]rune]bool{}
	for _, prefix := range []string{"ال", "و", "ب", "ل", "ف", "ك", "وال", "بال", "لل", "فال", "كال", "يا"} {
		var p [longestPrefix]rune
		copy(p[:], []rune(prefix))
		m[p] = true
	}
	return m
}()

// starts reports whether a word may begin at i.
func starts(l *lattice, i int) bool {
	script := l.symbols[i].Script.String()
	if spaceless[script] {
		return true
	}
	first := i
	for first > 0 && l.symbols[first-1].Kind == fold.Letter && l.symbols[first-1].Script == l.symbols[i].Script {
		if first--; i-first > longestPrefix {
			return false
		}
	}
	if first == i || script != "Arabic" {
		return first == i
	}
	var before [longestPrefix]rune
	for k := range i - first {
		before[k] = l.symbols[first+k].Text
	}
	return prefixes[before]
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
