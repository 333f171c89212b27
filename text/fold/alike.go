package fold

import (
	_ "embed"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"
)

//go:generate go run ./gen

// alikeData is the table of characters that can stand for a letter; gen/main.go names its sources and their licences.
//
//go:embed alike.bin
var alikeData []byte

// A Script is the writing system of a character.
type Script uint8

// scriptNames are those of Unicode, in order of name; a Script is an index into them.
var scriptNames = slices.Sorted(maps.Keys(unicode.Scripts))

func script(name string) Script { return Script(slices.Index(scriptNames, name)) }

var (
	scriptCommon   = script("Common")
	scriptLatin    = script("Latin")
	scriptCyrillic = script("Cyrillic")

	scriptInherited = script("Inherited")
)

// String is the name of the script by Unicode.
func (s Script) String() string { return scriptNames[s] }

// folding are the scripts whose letters are taken for Latin ones where Latin is written. Words in other scripts (Arabic, Thai,
// Han…) look like no Latin word.
var folding = func() (f [256]bool) {
	for _, name := range []string{"Latin", "Common", "Inherited", "Cyrillic", "Greek", "Armenian", "Georgian", "Cherokee", "Coptic", "Lisu",
		"Canadian_Aboriginal", "Deseret", "Osage", "Tifinagh", "Old_Italic", "Runic", "Gothic", "Carian", "Lycian", "Lydian", "Ogham", "Glagolitic", "Vai", "Bamum", "Warang_Citi", "Elbasan", "Old_Permic"} {
		f[script(name)] = true
	}
	return f
}()

// marked are the scripts in which combining marks are letters: a word without them is another word.
var marked = func() (m [256]bool) {
	for _, name := range []string{"Bengali", "Devanagari", "Gujarati", "Gurmukhi", "Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thai", "Tibetan"} {
		m[script(name)] = true
	}
	return m
}()

// info is what the tables know of a character.
type info struct {
	own, alike Set
	kind       Kind
	script     Script
	way        Way
	cost       uint8
	drop       Hidden // not 0: the character is no symbol
}

// infoTable has the same info for most characters of a page, so pages hold indices.
type infoTable struct {
	pages [(unicode.MaxRune + 1) / pageSize]*[pageSize]uint16
	infos []info
}

func (t *infoTable) lookup(r rune) *info { return &t.infos[t.pages[r/pageSize][r%pageSize]] }

// infoOf is that of any character. ASCII does without the large table.
func infoOf(c rune) *info {
	if c < utf8.RuneSelf {
		return &ascii[c]
	}
	return symbolTable().lookup(c)
}

// symbolTable is built at the first use, in about 30 ms.
var symbolTable = sync.OnceValue(func() *infoTable {
	all := make([]info, unicode.MaxRune+1)
	for i := range all {
		all[i].script = scriptCommon
	}
	each := func(t *unicode.RangeTable, do func(*info)) {
		for _, r := range t.R16 {
			for c := int(r.Lo); c <= int(r.Hi); c += int(r.Stride) {
				do(&all[c])
			}
		}
		for _, r := range t.R32 {
			for c := int(r.Lo); c <= int(r.Hi); c += int(r.Stride) {
				do(&all[c])
			}
		}
	}
	for i, name := range scriptNames {
		each(unicode.Scripts[name], func(n *info) { n.script = Script(i) })
	}
	each(unicode.L, func(n *info) { n.kind = Letter })
	each(unicode.N, func(n *info) { n.kind = Digit })
	each(unicode.So, func(n *info) { n.kind = Picture })
	each(unicode.Sk, func(n *info) { n.kind = Sign })
	each(unicode.M, func(n *info) {
		if n.kind = Letter; !marked[n.script] {
			n.drop = Stacked
		}
	})
	each(unicode.White_Space, func(n *info) { n.kind = Space })
	for r := range unicode.MaxRune + 1 {
		if ignorable(r) {
			all[r].drop = Invisible
		}
	}
	all[0x640].drop = Invisible               // the Arabic tatweel only draws a word out
	all[0x3099].drop, all[0x309A].drop = 0, 0 // kana are other letters with these
	for r := rune(0x1F3FB); r <= 0x1F3FF; r++ {
		all[r].drop = Invisible // the colour of another picture
	}
	decodeAlike(all)
	copy(all, ascii[:])
	for r := rune(0x400); r < 0x530; r++ {
		all[r].own = Of(unicode.ToLower(r))
	}
	return pack(all)
})

func decodeAlike(all []info) {
	r := 0
	for b := alikeData; len(b) > 0; {
		step, n := binary.Uvarint(b)
		mask, m := binary.Uvarint(b[n:])
		r += int(step)
		e := &all[r]
		e.alike, e.way, e.cost = Set(mask), Way(b[n+m]), b[n+m+1]
		b = b[n+m+2:]
		if e.alike&Digits != 0 {
			for d := e.alike & Digits; d != 0; d &= d - 1 {
				e.alike |= ascii[d.First()].alike
			}
			if e.cost = min(e.cost+leetCost, 50); e.kind == Picture {
				e.kind = Digit
			}
		}
		if e.way < Lookalike && e.kind == Picture {
			e.kind = Letter
		}
	}
}

func pack(all []info) *infoTable {
	t := &infoTable{}
	index := map[info]uint16{}
	pages := map[[pageSize]uint16]*[pageSize]uint16{}
	for i := range t.pages {
		var p [pageSize]uint16
		for j, n := range all[i*pageSize : (i+1)*pageSize] {
			at, found := index[n]
			if !found {
				at = uint16(len(t.infos))
				index[n] = at
				t.infos = append(t.infos, n)
			}
			p[j] = at
		}
		if pages[p] == nil {
			pages[p] = &p
		}
		t.pages[i] = pages[p]
	}
	return t
}

const leetCost = 15

// leet is what ASCII characters stand for in place of a letter.
var leet = map[rune]string{
	'0': "o", '1': "il", '2': "z", '3': "e", '4': "a", '5': "s", '6': "gb", '7': "tl", '8': "b", '9': "gq",
	'@': "a", '^': "a", '&': "e", '!': "il", '|': "il", '$': "s", '+': "t", '(': "c", '<': "c", '[': "c", '{': "c", '#': "h", '%': "x",
}

var ascii = func() (t [128]info) {
	for r := range t {
		n := &t[r]
		n.script = scriptCommon
		switch c := rune(r); {
		case unicode.IsLetter(c):
			n.own, n.kind, n.script = Of(unicode.ToLower(c)), Letter, scriptLatin
		case '0' <= c && c <= '9':
			n.own, n.kind = Of(c), Digit
		case unicode.IsSpace(c):
			n.kind = Space
		case unicode.IsControl(c):
			n.drop = Invisible
		}
		for _, l := range leet[rune(r)] {
			n.alike, n.way, n.cost = n.alike|Of(l), Leet, leetCost
		}
	}
	return t
}()

// latinAsCyrillic is what Latin letters and digits stand for among Cyrillic ones.
var latinAsCyrillic = func() (t [128]Set) {
	for c, to := range map[rune]string{
		'a': "а", 'b': "вьб", 'c': "с", 'd': "д", 'e': "е", 'f': "ф", 'g': "г", 'h': "нх", 'i': "и", 'k': "к", 'l': "л", 'm': "м", 'n': "пн", 'o': "о",
		'p': "рп", 'r': "гр", 's': "с", 't': "т", 'u': "иу", 'v': "в", 'x': "х", 'y': "у", 'z': "з", '0': "о", '3': "з", '4': "ч", '6': "б", '@': "а",
	} {
		for _, l := range to {
			t[c] |= Of(l)
			t[unicode.ToUpper(c)] |= Of(l)
		}
	}
	return t
}()
