package family

import (
	"cmp"
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
// family is not known. A part is fixed if three in four of them have it. It takes some 30 ms at worst.
func (x *Index) Template(id ID) (Template, bool) {
	f := x.family(id)
	if f == nil {
		return Template{}, false
	}
	texts := make([]string, len(f.samples))
	for i, s := range f.samples {
		texts[i] = s.text
	}
	return mine(texts), true
}

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
	base := middle(coded)
	a := alignment{base: tokens[base], texts: tokens}
	for i := range texts {
		a.places = append(a.places, align(coded[base], coded[i]))
	}
	return Template{Parts: a.parts(), Texts: len(texts)}
}

// middle is the one of several texts that has most in common with the others, the first of equal ones.
func middle(coded [][]int) (best int) {
	totals := make([]int, len(coded))
	for i := range coded {
		for j := range i {
			for _, at := range align(coded[i], coded[j]) {
				if at >= 0 {
					totals[i]++
					totals[j]++
				}
			}
		}
	}
	for i, total := range totals {
		if total > totals[best] {
			best = i
		}
	}
	return best
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
