package fold

import (
	"slices"
	"unicode/utf8"
)

// A Reader reads texts as symbols. It keeps its memory from text to text and is for one goroutine at a time; the zero Reader is
// ready.
type Reader struct {
	// Script is what most letters of the text last read belong to; Common if it has none.
	Script Script

	symbols []Symbol
	decoder decoder
	scripts [256]int32
}

// MaxText is the number of bytes of a text that Read looks at; what is beyond them is left out.
const MaxText = 1 << 20

// Cut is the part of a text that Read looks at. It ends on a rune boundary.
func Cut(s string) string {
	if len(s) <= MaxText {
		return s
	}
	end := MaxText
	for end > MaxText-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// Read is the text as symbols, in the order in which they are shown. The slice is valid until the next call.
//
// Escapes (HTML entities, three or more %65, \u0065) are decoded as often as there are any, up to four times. Invisible
// characters and marks are left out, but counted to the symbol that they stand at; text between a right-to-left override and its
// end is reversed. A letter of a script other than Latin keeps its Latin readings only where it is among Latin letters: in a
// word with both, or alone in a text that is mostly Latin; and Latin letters have Cyrillic readings likewise.
//
// It costs time and memory linear in the text, 40 bytes a character, and allocates only to grow.
func (r *Reader) Read(s string) []Symbol {
	s = Cut(s)
	r.Script = scriptCommon
	foreign, whole := r.scan(s, false)
	escaped := false
	if !whole {
		var text string
		text, escaped = r.decoder.decode(s)
		foreign, _ = r.scan(text, true)
	}
	if escaped {
		for i := range r.symbols {
			y := &r.symbols[i]
			y.Hidden |= r.decoder.escaped(int(y.Start))
			y.Start, y.End = r.decoder.start(int(y.Start)), r.decoder.end(int(y.End))
		}
	}
	if foreign {
		r.chooseReadings()
	} else if slices.ContainsFunc(r.symbols, func(y Symbol) bool { return y.Kind == Letter }) {
		r.Script = scriptLatin
	}
	return r.symbols
}

// plain are the symbols of the ASCII characters but for their places.
var plain = func() (t [utf8.RuneSelf]Symbol) {
	for c := range t {
		n := &ascii[c]
		t[c] = n.symbol(rune(c))
	}
	return t
}()

// simple marks the bytes that are a symbol whatever is around them.
var simple = func() (t [256]bool) {
	for c := range utf8.RuneSelf {
		t[c] = ascii[c].drop == 0 && c != '\n' && c != '&' && c != '%' && c != '\\'
	}
	return t
}()

func (n *info) symbol(c rune) Symbol {
	y := Symbol{Own: n.own, Alike: n.alike, Rune: c, Kind: n.kind, Script: n.script, Way: n.way, Cost: n.cost}
	if n.kind == Letter || n.kind == Digit {
		y.Text = native(c)
	}
	return y
}

// scan fills the symbols and reports whether there are letters other than ASCII. It breaks off, and is not whole, where an escape
// may begin that was not decoded yet.
func (r *Reader) scan(s string, decoded bool) (foreign, whole bool) {
	var hidden Hidden
	override := -1 // the symbol from which on the order is reversed
	r.symbols = slices.Grow(r.symbols[:0], len(s))
	symbols, count := r.symbols[:len(s)], 0
	for i := 0; i < len(s) && count < len(symbols); {
		if c := s[i]; simple[c] {
			y := &symbols[count]
			*y = plain[c&(utf8.RuneSelf-1)]
			y.Start, y.End, y.Hidden = int32(i), int32(i+1), hidden
			hidden = 0
			count++
			i++
			continue
		}
		if !decoded && (s[i] == '&' || s[i] == '%' || s[i] == '\\') {
			return false, false
		}
		c, size := utf8.DecodeRuneInString(s[i:])
		n := infoOf(c)
		start := i
		i += size
		if override >= 0 && (c == 0x202C || c == '\n' || c == 0x202E) {
			reverse(symbols[override:count])
			override = -1
		}
		switch {
		case n.drop == Stacked && count > 0:
			last := &symbols[count-1]
			last.End = int32(i)
			last.Hidden |= Stacked
		case n.drop != 0:
			if c == 0x202E {
				override = count
			}
			if c != 0xFE0F && c != 0xFE0E && c != 0x202E && c != 0x202C {
				hidden |= Invisible
			}
		default:
			foreign = foreign || n.kind == Letter
			y := &symbols[count]
			*y = n.symbol(c)
			y.Start, y.End, y.Hidden = int32(start), int32(i), hidden
			hidden = 0
			count++
		}
	}
	if override >= 0 {
		reverse(symbols[override:count])
	}
	r.symbols = symbols[:count]
	return foreign, true
}

func reverse(symbols []Symbol) {
	for i, j := 0, len(symbols)-1; i <= j; i, j = i+1, j-1 {
		symbols[i], symbols[j] = symbols[j], symbols[i]
		symbols[i].Hidden |= Overridden
		symbols[j].Hidden |= Overridden
	}
}

// chooseReadings takes from letters the readings that their neighbours speak against.
func (r *Reader) chooseReadings() {
	for i := range r.symbols {
		if y := &r.symbols[i]; y.Kind == Letter && y.Way != Font {
			r.scripts[y.Script]++
		}
	}
	var most, all int32
	latin := r.scripts[scriptLatin]
	for i := range r.scripts {
		n := r.scripts[i]
		all += n
		if n > most {
			most, r.Script = n, Script(i)
		}
		r.scripts[i] = 0
	}
	for i := 0; i < len(r.symbols); {
		if r.symbols[i].Kind != Letter {
			i++
			continue
		}
		j := i
		for j < len(r.symbols) && (r.symbols[j].Kind == Letter || r.symbols[j].Kind == Digit) {
			j++
		}
		readWord(r.symbols[i:j], latin >= 2*(all-latin), r.Script == scriptCyrillic)
		i = j
	}
}

// readWord settles the readings of the letters of one word.
func readWord(word []Symbol, latinText, cyrillicText bool) {
	var latin, foldable, closed, cyrillic int
	for i := range word {
		switch y := &word[i]; {
		case y.Kind != Letter:
		case y.Script == scriptLatin || y.Way == Font:
			latin++
		case y.Script == scriptCyrillic:
			cyrillic++
			foldable++
		case folding[y.Script]:
			foldable++
		default:
			closed++
		}
	}
	if cyrillic > 0 && (latin > 0 || !latinText) || cyrillicText {
		for i := range word {
			y := &word[i]
			if y.Rune >= utf8.RuneSelf {
				continue
			}
			if as := latinAsCyrillic[y.Rune]; as != 0 {
				if y.Alike == 0 {
					y.Way, y.Cost = Lookalike, 12
				}
				y.Alike |= as
			}
		}
	}
	if latin >= closed && (latin > 0 || latinText) && (closed < 2 || latin > 0) {
		return
	}
	for i := range word {
		if y := &word[i]; y.Script != scriptLatin && y.Way != Font && y.Kind == Letter {
			y.Alike &^= Latin | Digits
		}
	}
}
