package fold

import (
	"unicode"
	"unicode/utf8"
)

// unmix appends canonical text to dst with every word in one script, as far as that can be told: a word that mixes Latin letters
// with those of a script that looks like Latin is written in the one of which every letter of the other has a twin. сlick with a
// Cyrillic с becomes click, and привeт with a Latin e привет; Яndex, Δt and мойtext stay what they are.
func unmix(dst, b []byte) (_ []byte, changed bool) {
	done := 0 // what of b is in dst
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r < utf8.RuneSelf || infoOf(r).kind != Letter {
			i += size
			continue
		}
		start, end := i, i+size
		for start > done && isAlnum(b[start-1]) {
			start--
		}
		var w word
		for i = start; i < len(b); i += size {
			if r, size = utf8.DecodeRune(b[i:]); !w.add(r) {
				break
			}
		}
		if w.mixed() {
			dst = w.write(append(dst, b[done:start]...), b[start:i])
			done, changed = i, true
		}
		i = max(i, end) // a letter that is of no such word is passed over
	}
	return append(dst, b[done:]...), changed
}

// word counts the letters of a word.
type word struct {
	latin, other         int // of Latin, and of other scripts that look like it
	onlyLatin, onlyOther int // those without a twin
	cyrillic             bool
}

// add takes in the next character; false if it is of no word that could be mixed: in Japanese and Chinese, which know no spaces,
// words of other scripts stand beside theirs.
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
	case in.script == scriptInherited:
		return unicode.IsMark(r)
	case in.kind != Letter:
		return false
	case in.script == scriptLatin:
		w.latin++
		w.onlyLatin++
	case folding[in.script] && in.script != scriptCommon:
		w.other++
		w.cyrillic = w.cyrillic || in.script == scriptCyrillic
		if latinTwin(r) == 0 {
			w.onlyOther++
		}
	default:
		return false
	}
	return true
}

// mixed reports whether the word is to be written in one script.
func (w *word) mixed() bool {
	return w.latin > 0 && w.other > 0 && (w.onlyOther == 0 || w.onlyLatin == 0 && w.cyrillic)
}

// write appends the word in one script.
func (w *word) write(dst, b []byte) []byte {
	twin := cyrillicTwin
	if w.onlyOther == 0 {
		twin = latinTwin
	}
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		b = b[size:]
		if to := twin(r); to != 0 {
			r = to
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// latinTwin is the Latin letter that looks the same in most typefaces as a letter of another script; 0 if there is none.
func latinTwin(r rune) rune {
	const most = 12 // hundredths
	in := infoOf(r)
	if in.kind != Letter || in.script == scriptLatin || !folding[in.script] || in.way != Lookalike || in.cost > most {
		return 0
	}
	return (in.alike & Latin).First()
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
