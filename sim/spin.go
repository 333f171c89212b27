package sim

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// appendSpun appends a text given in the form of spin: a {slot} becomes a word of its table, {n} a number below 1,000 and {code} a short random
// code; of {a|b|c} the first alternative is taken, or another in that many of a hundred cases.
func appendSpun(to []byte, d dice, spin string, percent int) []byte {
	for {
		before, rest, found := strings.Cut(spin, "{")
		to = append(to, before...)
		if !found {
			return to
		}
		var slot string
		slot, spin, _ = strings.Cut(rest, "}")
		if first, others, several := strings.Cut(slot, "|"); several {
			if d.chance(percent) {
				n := d.IntN(strings.Count(others, "|") + 1)
				for ; n > 0; n-- {
					_, others, _ = strings.Cut(others, "|")
				}
				first, _, _ = strings.Cut(others, "|")
			}
			to = append(to, first...)
			continue
		}
		switch slot {
		case "n":
			to = strconv.AppendInt(to, int64(d.IntN(1000)), 10)
		case "code":
			to = append(to, hex8(d.Uint32())[:6]...)
		case "topic":
			to = append(to, pick(d, topics)...)
		case "adj":
			to = append(to, pick(d, adjectives)...)
		case "noun":
			to = append(to, pick(d, nouns)...)
		case "name":
			to = append(to, pick(d, firstNames)...)
		case "place":
			to = append(to, pick(d, places)...)
		case "time":
			to = append(to, pick(d, times)...)
		case "verb":
			to = append(to, pick(d, verbs)...)
		}
	}
}

// disguise is how a text is hidden from lists of words.
type disguise uint8

const (
	plain     disguise = iota
	lookalike          // letters of other scripts that look alike
	leet               // digits and signs for letters
	spaced             // characters put between letters
	stretched          // letters doubled
	nDisguises
)

// alike are letters of other scripts, by the Latin letter that they look like.
var alike = map[byte]string{'a': "а", 'c': "с", 'e': "е", 'i': "і", 'o': "о", 'p': "р", 's': "ѕ", 'x': "х", 'y': "у", 'j': "ј", 'h': "һ"}

var signs = map[byte]string{'a': "@", 'e': "3", 'i': "1", 'o': "0", 's': "$", 't': "7", 'b': "8", 'g': "9"}

var separators = [...]string{".", "\u200b", "_", "*", "\u00ad"}

// apply disguises about every second word of four letters or more. Links and hashtags come later and stay as they are.
func (k disguise) apply(d dice, text []byte) []byte {
	if k == plain {
		return text
	}
	var b strings.Builder
	for i, word := range strings.Split(string(text), " ") {
		if i > 0 {
			b.WriteByte(' ')
		}
		if utf8.RuneCountInString(word) < 4 || d.chance(50) {
			b.WriteString(word)
			continue
		}
		k.word(d, &b, word)
	}
	return append(text[:0], b.String()...)
}

func (k disguise) word(d dice, b *strings.Builder, word string) {
	mark := pick(d, separators[:])
	for i := range len(word) {
		c := word[i]
		lower := c | 0x20
		letter := lower >= 'a' && lower <= 'z'
		switch {
		case k == lookalike && alike[c] != "" && d.chance(60):
			b.WriteString(alike[c])
		case k == leet && signs[lower] != "" && d.chance(60):
			b.WriteString(signs[lower])
		default:
			b.WriteByte(c)
		}
		switch {
		case k == spaced && letter && i+1 < len(word) && word[i+1]|0x20 >= 'a' && word[i+1]|0x20 <= 'z':
			b.WriteString(mark)
		case k == stretched && letter && d.chance(25):
			b.WriteByte(c)
		}
	}
}
