package fold

import (
	"math"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// What a character may become instead of one other character.
const (
	toNothing rune = math.MinInt32 + iota
	toSpace
	toSegment // several characters, or one that joins with its neighbours
)

// table says what each character becomes. Characters that become one other, which joins with nothing before it, are by far the
// most; they are written without further ado.
type table struct {
	pages [(unicode.MaxRune + 1) / pageSize]*page
	long  map[rune]string // decomposed, of those that become a segment; the others become themselves
}

const pageSize = 256

// page holds what to add to each of its characters, so that all the pages without any change are one.
type page [pageSize]rune

func (t *table) lookup(r rune) rune {
	to := t.pages[r/pageSize][r%pageSize]
	if to <= toSegment {
		return to
	}
	return r + to
}

// unicodeTable is built at the first use: it takes milliseconds, which a program that folds ASCII alone need not spend.
var unicodeTable = sync.OnceValue(buildTable)

func buildTable() *table {
	t := &table{long: map[rune]string{}}
	b := builder{table: t, fold: cases.Fold()}
	same := new(page)
	for i := range t.pages {
		t.pages[i] = same
		first := rune(i * pageSize)
		if first >= 0x30000 && first&^0xFFF != 0xE0000 {
			continue // nothing there changes: ideographs, private use and nothing
		}
		p := new(page)
		for j := range p {
			p[j] = b.classify(first + rune(j))
		}
		if *p != *same {
			t.pages[i] = p
		}
	}
	return t
}

type builder struct {
	table *table
	fold  cases.Caser
	buf   []byte
}

// classify is the entry of a page for the character.
func (b *builder) classify(r rune) rune {
	if !utf8.ValidRune(r) {
		return 0
	}
	if ignorable(r) {
		return toNothing
	}
	if unicode.IsSpace(r) {
		return toSpace
	}
	b.buf = utf8.AppendRune(b.buf[:0], r)
	if p := norm.NFKC.Properties(b.buf); p.Decomposition() == nil && p.BoundaryBefore() && p.CCC() == 0 && unicode.SimpleFold(r) == r {
		return 0
	}
	text := norm.NFKD.String(b.caseless(norm.NFKD.String(string(r))))
	composed := []rune(norm.NFC.String(text))
	if text == " " {
		return toSpace
	}
	if len(composed) == 1 && norm.NFC.PropertiesString(string(composed)).BoundaryBefore() && !combines(composed[0]) {
		return composed[0] - r
	}
	if text != string(r) {
		b.table.long[r] = text
	}
	return toSegment
}

// caseless is Unicode's full case folding.
func (b *builder) caseless(s string) string {
	if r, _ := utf8.DecodeRuneInString(s); 0x13A0 <= r && r <= 0x13F5 {
		return s // Cherokee folds to capitals, but cases.Fold swaps its capitals and small letters
	}
	return b.fold.String(s)
}

// combines reports whether the character is a mark that moves and joins in normalisation.
func combines(r rune) bool {
	var b [utf8.UTFMax]byte
	return norm.NFC.Properties(b[:utf8.EncodeRune(b[:], r)]).CCC() != 0
}

// ignorable reports whether the character is shown as nothing: Unicode's Default_Ignorable_Code_Point.
func ignorable(r rune) bool {
	return unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || unicode.Is(unicode.Variation_Selector, r) ||
		unicode.Is(unicode.Cf, r) && !visibleFormat(r)
}

// visibleFormat reports whether a format character is shown after all.
func visibleFormat(r rune) bool {
	switch {
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r), 0xFFF9 <= r && r <= 0xFFFB, 0x13430 <= r && r <= 0x1343F:
		return true
	}
	return unicode.IsSpace(r)
}
