package fold

import (
	"unicode"
	"unicode/utf8"
)

// unmix appends canonical text to dst with every word in one script: a word that mixes Latin letters with those of a script that
// looks like Latin is written in the one that more of its letters can only be of. сlick with a Cyrillic с becomes click, and привeт
// with a Latin e привет. Letters without a twin stay.
func unmix(dst, b []byte) (_ []byte, changed bool) {
	done := 0 // what of b is in dst
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r < utf8.RuneSelf || infoOf(r).kind != Letter {
			i += size
			continue
		}
		start := i
		for start > done && isAlnum(b[start-1]) {
			start--
		}
		var w word
		for i = start; i < len(b); i += size {
			if r, size = utf8.DecodeRune(b[i:]); !w.add(r) {
				break
			}
		}
		if w.latin > 0 && w.other > 0 {
			dst = w.write(append(dst, b[done:start]...), b[start:i])
			done, changed = i, true
		}
	}
	return append(dst, b[done:]...), changed
}

// word counts the letters of a word.
type word struct {
	latin, other         int // of Latin, and of other scripts that look like it
	onlyLatin, onlyOther int // those that look like no letter of the other
	cyrillic             bool
}

// add takes in the next character; false if it is of no word.
func (w *word) add(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z':
		w.latin++
		if cyrillicTwin(r) == 0 {
			w.onlyLatin++
		}
		return true
	case r < utf8.RuneSelf:
		return '0' <= r && r <= '9'
	}
	switch in := infoOf(r); {
	case in.kind != Letter:
		return unicode.IsMark(r)
	case in.script == scriptLatin:
		w.latin++
		w.onlyLatin++
	case folding[in.script] && in.script != scriptCommon:
		w.other++
		w.cyrillic = w.cyrillic || in.script == scriptCyrillic
		if in.alike == 0 || in.cost > twinCost {
			w.onlyOther++
		}
	}
	return true
}

// twinCost is the most that the likeness of letters costs which look the same in most typefaces.
const twinCost = 12

// write appends the word in one script.
func (w *word) write(dst, b []byte) []byte {
	toLatin := w.onlyLatin > w.onlyOther || w.onlyLatin == w.onlyOther && w.latin >= w.other
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		b = b[size:]
		switch in := infoOf(r); {
		case toLatin && r >= utf8.RuneSelf && in.script != scriptLatin && in.way == Lookalike && in.alike&Latin != 0:
			r = (in.alike & Latin).First()
		case !toLatin && w.cyrillic && r < utf8.RuneSelf && cyrillicTwin(r) != 0:
			r = cyrillicTwin(r)
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// cyrillicTwin is the Cyrillic letter that looks the same as a small Latin one; 0 if there is none.
func cyrillicTwin(r rune) rune {
	switch r {
	case 'a':
		return 'а'
	case 'c':
		return 'с'
	case 'e':
		return 'е'
	case 'i':
		return 'і'
	case 'j':
		return 'ј'
	case 'o':
		return 'о'
	case 'p':
		return 'р'
	case 's':
		return 'ѕ'
	case 'x':
		return 'х'
	case 'y':
		return 'у'
	}
	return 0
}
