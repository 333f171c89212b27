package family

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// Template is what the texts of a family have in common.
type Template struct {
	Parts []Part
	Texts int // how many different texts it was mined from, at most 16
}

// Part is fixed, or a slot.
type Part struct {
	Text  string // of a fixed part, as one of the texts has it
	Kind  Kind   // of a slot: what all that filled it is, Text if it is not all the same; empty for a fixed part
	Fills []Fill // of a slot: what filled it, most frequent first
}

// Fill is what filled a slot, "" where nothing did, and in how many of the texts.
type Fill struct {
	Text  string
	Texts int
}

// String writes a template with its slots in braces: "win {number} at {link}"; a slot for any text is {…}.
func (t Template) String() string {
	var b strings.Builder
	for i, p := range t.Parts {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch p.Kind {
		case "":
			b.WriteString(p.Text)
		case Text:
			b.WriteString("{…}")
		default:
			b.WriteString("{" + string(p.Kind) + "}")
		}
	}
	return b.String()
}

// Template mines the template of a family from the first 16 of its different texts, of each of which 200 words count; false if the
// family is not known. A part is fixed if three in four of them have it. It takes some 5 ms at worst, and next to nothing where it
// was asked for lately and the family has no new text. The template must not be changed.
func (x *Index) Template(id ID) (Template, bool) {
	f := x.family(id)
	if f == nil {
		return Template{}, false
	}
	m := &x.mined[uint64(id)%lately]
	if m.family != f || m.samples != len(f.samples) {
		texts := make([]string, len(f.samples))
		for i, s := range f.samples {
			texts[i] = s.text
		}
		*m = mined{f, len(texts), mine(texts)}
	}
	return m.template, true
}

// mined is a template that was asked for lately. It follows from the samples, so that it does not matter which are kept.
type mined struct {
	family   *family
	samples  int // of which it was mined
	template Template
}

const lately = 256 // templates that are kept

// mine aligns texts with the one that has most in common with the others.
func mine(texts []string) Template {
	if len(texts) == 0 {
		return Template{}
	}
	var c canon
	keys := map[string]int{}
	tokens := make([][]token, len(texts))
	coded := make([][]int, len(texts)) // the tokens' keys, numbered
	for i, text := range texts {
		tokens[i] = c.tokens(text)
		for _, t := range tokens[i] {
			n, ok := keys[t.key]
			if !ok {
				n = len(keys)
				keys[t.key] = n
			}
			coded[i] = append(coded[i], n)
		}
	}
	base := middle(coded, len(keys))
	a := alignment{base: tokens[base], texts: tokens}
	for i := range texts {
		a.places = append(a.places, align(coded[base], coded[i]))
	}
	return Template{Parts: a.parts(), Texts: len(texts)}
}

// middle is the one of several texts that has most in common with the others, the first of equal ones. Of codes there are so many.
func middle(coded [][]int, codes int) (best int) {
	totals := make([]int, len(coded))
	places := make([]bitset, codes)
	for i, a := range coded {
		for at, code := range a {
			places[code][at/64] |= 1 << (at % 64)
		}
		for j := range i {
			n := common(places, coded[j])
			totals[i] += n
			totals[j] += n
		}
		for _, code := range a {
			places[code] = bitset{}
		}
	}
	for i, total := range totals {
		if total > totals[best] {
			best = i
		}
	}
	return best
}

// bitset is a set of places in a text.
type bitset [(maxTokens + 63) / 64]uint64

// common is the length of a longest common subsequence of a text, given by the places of each code in it, and b. It takes a few
// operations for each of b: bit-parallel as by Crochemore et al., "A fast and practical bit-vector algorithm for the longest common
// subsequence problem", 2001.
func common(places []bitset, b []int) (n int) {
	var v bitset // a bit for each place; those that are set count
	for _, code := range b {
		m := &places[code]
		carry := uint64(0)
		for i := range v {
			// On the complement, u = ^v & m: ^v becomes (^v + u) | (^v & ^m).
			w := ^v[i]
			sum, c := bits.Add64(w, w&m[i], carry)
			carry = c
			v[i] = ^(sum | w&^m[i])
		}
	}
	for _, w := range v {
		n += bits.OnesCount64(w)
	}
	return n
}

// align gives for each token of a where it is in b, -1 where it is not, in a longest common subsequence.
func align(a, b []int) []int {
	width := len(b) + 1
	longest := make([]uint16, (len(a)+1)*width) // of what remains from i and j on
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	places := make([]int, len(a))
	j := 0
	for i := range a {
		places[i] = -1
		for j < len(b) && a[i] != b[j] && longest[i*width+j+1] >= longest[(i+1)*width+j] {
			j++
		}
		if j < len(b) && a[i] == b[j] {
			places[i] = j
			j++
		}
	}
	return places
}

// alignment is several texts, and where the tokens of one of them are in each.
type alignment struct {
	base   []token
	texts  [][]token
	places [][]int
}

// parts are the fixed parts, which are those of the base that three in four texts have, and the slots between.
func (a *alignment) parts() (parts []Part) {
	last := -1 // the last fixed token
	start := 0 // where its part begins
	for i := 0; i <= len(a.base); i++ {
		if i < len(a.base) && !a.fixed(i) {
			continue
		}
		if slot, ok := a.slot(last, i); ok {
			if last >= start {
				parts = append(parts, Part{Text: written(a.base[start : last+1])})
			}
			parts = append(parts, slot)
			start = i
		}
		last = i
	}
	if start < len(a.base) {
		parts = append(parts, Part{Text: written(a.base[start:])})
	}
	return parts
}

func (a *alignment) fixed(i int) bool {
	n := 0
	for _, places := range a.places {
		if places[i] >= 0 {
			n++
		}
	}
	return 4*n >= 3*len(a.texts)
}

// slot is what stands between two fixed tokens, before the first or after the last. It is none if hardly any text has something
// there.
func (a *alignment) slot(from, to int) (Part, bool) {
	counts := map[string]int{}
	kinds := map[Kind]bool{}
	filled, known := 0, 0
	for i, text := range a.texts {
		start, end := 0, len(text)
		if from >= 0 {
			start = a.places[i][from] + 1
		}
		if to < len(a.base) {
			end = a.places[i][to]
		}
		if from >= 0 && start == 0 || end < 0 {
			continue // this text lacks the fixed part beside it
		}
		known++
		fill := text[start:end]
		counts[written(fill)]++
		if len(fill) > 0 {
			filled++
		}
		for _, t := range fill {
			kinds[t.kind] = true
		}
	}
	if filled == 0 || 4*filled < known {
		return Part{}, false
	}
	slot := Part{Kind: Text}
	if len(kinds) == 1 {
		for kind := range kinds {
			slot.Kind = kind
		}
	}
	for text, n := range counts {
		slot.Fills = append(slot.Fills, Fill{text, n})
	}
	slices.SortFunc(slot.Fills, func(a, b Fill) int {
		return cmp.Or(cmp.Compare(b.Texts, a.Texts), cmp.Compare(a.Text, b.Text))
	})
	return slot, true
}
