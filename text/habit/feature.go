package habit

import (
	"fmt"
	"strings"
)

// A Feature is one trait of a habit, packed so that it can be compared, counted and kept: from the top 8 bits of kind, 32 of
// what it is about, 24 of what is done there. The numbers are part of what profiles are encoded as: none may change its meaning.
type Feature uint64

// kind says what a feature tells.
type kind uint8

// The manners: the device, by itself.
const (
	lookalikes kind = 1 + iota // by: the group of the letters
	digits                     // digits and signs for letters
	pictures                   // emoji for letters
	typeface                   // by: the first character of the typeface
	invisible                  // by: the character
	separator                  // by: the character
	marks                      // by: 1 for strokes through letters, 0 for others
	override
	escape // by: the form
)

// The choices: what the device does to a letter, or in a place. Features of the same kind about the same thing exclude one
// another in so far as one was chosen.
const (
	insteadOf kind = 64 + iota // about: the letter; by: the character that stands for it, itself if it was left as it is
	placeOf                    // about: the invisible character; by: the place
	periodOf                   // about: the invisible character; by: letters from one to the next
	depthOf                    // of marks; by: how many on a letter, roughly
	spacing                    // by: 1 if there are spaces before punctuation, else 0
)

// Places of invisible characters.
const (
	within  = 1 + iota // between letters of a word
	between            // at the edges of words
	runs               // several in a row
)

// Forms of escapes.
const (
	named = 1 + iota
	decimal
	hexadecimal
	percent
	backslash
)

func newFeature(k kind, about uint32, by rune) Feature {
	return Feature(k)<<56 | Feature(about)<<24 | Feature(by)
}

func (f Feature) kind() kind    { return kind(f >> 56) }
func (f Feature) about() uint32 { return uint32(f >> 24) }
func (f Feature) by() rune      { return rune(f & 0xFFFFFF) }

// manner reports whether the feature is a device by itself.
func (f Feature) manner() bool { return f.kind() < insteadOf }

// slot is what was chosen for, the same for all choices that exclude one another.
func (f Feature) slot() Feature { return f &^ 0xFFFFFF }

// kept is the feature of a letter that was left as it is in words in which others were not.
func kept(letter rune) Feature { return newFeature(insteadOf, uint32(letter), letter) }

// isKept reports whether the feature is one of those.
func (f Feature) isKept() bool { return f.kind() == insteadOf && rune(f.about()) == f.by() }

// A group is where look-alike letters come from.
type group uint8

// The groups. Their numbers are part of features.
const (
	cyrillicGroup group = 1 + iota
	greekGroup
	phoneticGroup
	armenianGroup
	cherokeeGroup
	lisuGroup
	copticGroup
	georgianGroup
	hebrewGroup
	syllabicsGroup
	latinGroup // Latin among Cyrillic letters
	otherGroup
)

var groupNames = [...]string{
	cyrillicGroup: "Cyrillic", greekGroup: "Greek", phoneticGroup: "phonetic", armenianGroup: "Armenian", cherokeeGroup: "Cherokee",
	lisuGroup: "Lisu", copticGroup: "Coptic", georgianGroup: "Georgian", hebrewGroup: "Hebrew", syllabicsGroup: "Canadian syllabic",
	latinGroup: "Latin", otherGroup: "other look-alike",
}

// groups are ranges of characters, in ascending order of their ends.
var groups = []struct {
	end   rune
	group group
}{
	{0x7F, latinGroup}, {0x24F, otherGroup}, {0x2AF, phoneticGroup}, {0x36F, otherGroup}, {0x3FF, greekGroup}, {0x52F, cyrillicGroup},
	{0x58F, armenianGroup}, {0x5FF, hebrewGroup}, {0x109F, otherGroup}, {0x10FF, georgianGroup}, {0x139F, otherGroup}, {0x13FF, cherokeeGroup},
	{0x167F, syllabicsGroup}, {0x1CFF, otherGroup}, {0x1DBF, phoneticGroup}, {0x1EFF, otherGroup}, {0x1FFF, greekGroup}, {0x2C7F, otherGroup},
	{0x2CFF, copticGroup}, {0x2D2F, georgianGroup}, {0xA4CF, otherGroup}, {0xA4FF, lisuGroup}, {0xA63F, otherGroup}, {0xA69F, cyrillicGroup},
	{0xAB6F, otherGroup}, {0xABBF, cherokeeGroup},
}

func groupOf(r rune) group {
	for _, g := range groups {
		if r <= g.end {
			return g.group
		}
	}
	return otherGroup
}

// typefaces are ranges of letters in a typeface, in ascending order.
var typefaces = []struct {
	first, last rune
	name        string
}{
	{0x1D00, 0x1D22, "small capitals"}, {0x1D2C, 0x1D6A, "superscript"}, {0x1D78, 0x1DBF, "superscript"}, {0x2071, 0x207F, "superscript"}, {0x2090, 0x209C, "subscript"},
	{0x249C, 0x24B5, "parenthesised"}, {0x24B6, 0x24E9, "circled"}, {0xFF21, 0xFF5A, "full width"},
	{0x1D400, 0x1D433, "bold"}, {0x1D434, 0x1D467, "italic"}, {0x1D468, 0x1D49B, "bold italic"}, {0x1D49C, 0x1D4CF, "script"}, {0x1D4D0, 0x1D503, "bold script"},
	{0x1D504, 0x1D537, "fraktur"}, {0x1D538, 0x1D56B, "double-struck"}, {0x1D56C, 0x1D59F, "bold fraktur"}, {0x1D5A0, 0x1D5D3, "sans-serif"},
	{0x1D5D4, 0x1D607, "sans-serif bold"}, {0x1D608, 0x1D63B, "sans-serif italic"}, {0x1D63C, 0x1D66F, "sans-serif bold italic"}, {0x1D670, 0x1D6A3, "monospace"},
	{0x1F110, 0x1F129, "parenthesised capitals"}, {0x1F130, 0x1F149, "squared"}, {0x1F150, 0x1F169, "negative circled"}, {0x1F170, 0x1F189, "negative squared"},
	{firstRegional, lastRegional, "regional indicators"},
}

// The typefaces that ordinary posts use, too.
const (
	firstRegional, lastRegional = 0x1F1E6, 0x1F1FF
	firstFullWidth              = 0xFF21
)

// typefaceOf is the index of the typeface, of ranges with one name the first; -1 if there is none.
func typefaceOf(r rune) int {
	switch r {
	case 'ʙ', 'ɢ', 'ʜ', 'ɪ', 'ɴ', 'ʀ', 'ʏ', 'ʟ', 'ꜰ', 'ꜱ': // small capitals outside the range of most
		return 0
	}
	if r < typefaces[0].first {
		return -1
	}
	for i := range typefaces {
		if t := &typefaces[i]; r <= t.last {
			if r < t.first {
				return -1
			}
			for typefaces[i].name == t.name && i > 0 && typefaces[i-1].name == t.name {
				i--
			}
			return i
		}
	}
	return -1
}

// String says what the feature is.
func (f Feature) String() string {
	switch by := f.by(); f.kind() {
	case lookalikes:
		return groupNames[min(by, rune(otherGroup))] + " letters among others"
	case digits:
		return "digits and signs for letters"
	case pictures:
		return "emoji for letters"
	case typeface:
		if i := typefaceOf(by); i >= 0 {
			return typefaces[i].name + " letters"
		}
	case invisible:
		return fmt.Sprintf("invisible %U", by)
	case separator:
		if by == emoji {
			return "letters parted by emoji"
		}
		return "letters parted by " + shown(by)
	case marks:
		return [...]string{"marks stacked on letters", "letters struck through"}[by&1]
	case override:
		return "shown in reverse"
	case escape:
		return "letters escaped as " + [...]string{"?", "&eacute;", "&#101;", "&#x65;", "%65", `\u0065`}[min(by, backslash)]
	case insteadOf:
		return string(rune(f.about())) + " as " + shown(by)
	case placeOf:
		return fmt.Sprintf("%U %s", f.about(), [...]string{"?", "within words", "at the edges of words", "several in a row"}[min(by, runs)])
	case periodOf:
		return fmt.Sprintf("%U every %d letters", f.about(), by)
	case depthOf:
		return fmt.Sprintf("%d marks or more on a letter", by)
	case spacing:
		return [...]string{"no space before punctuation", "space before punctuation"}[by&1]
	}
	return fmt.Sprintf("feature %x", uint64(f))
}

// shown is a character as it can be told from others.
func shown(r rune) string {
	switch {
	case r == ' ':
		return "spaces"
	case r < 0x80:
		return string(r)
	}
	return strings.TrimSpace(fmt.Sprintf("%c %U", r, r))
}
