// Package match finds listed terms in text however they are disguised, and says where and how.
//
// A Bank is a compiled list of terms, up to 100,000; it never changes, so a list is reloaded by taking another bank. A Finder
// looks for the terms of a bank in a text. The text becomes a lattice (see package fold): each character may be one of several
// letters, at a cost, or stand between letters. The finder walks the trie of the terms along it, from each place where a word may
// begin, with these moves: a letter, the last letter again, a drawing of a letter (|-| for h), a gap between letters, a star for
// a letter, and from word to word. Words that are in no dictionary are also read with a letter dropped, swapped or mistyped,
// without vowels, by sound, in reverse, upside down and transliterated.
//
// Words of the language are left alone: click is not d-ick, Scunthorpe and p!nk are what they are. What a plain reading explains
// is never taken for a disguise.
//
// Terms in Chinese, Arabic, kana and Hangul are found by rules of their own: other characters of the same sound, other forms of a
// letter, parts of a character, Latin letters, Arabic without dots. What those rules read into a text counts only where no
// vocabulary of the language explains it. Russian terms are also found with a letter missing or two swapped.
//
// The package stands alone. It embeds an English vocabulary made from SCOWL (words.LICENSE), and tables and vocabularies of other
// languages (vocabularies.LICENSE).
package match

import (
	"slices"
	"strings"

	"github.com/ringfence/ringfence/text/fold"
)

// A How is a set of ways in which a term was disguised; none for a term as it is listed, up to case.
type How uint32

// The ways.
const (
	Accents        How = 1 << iota // marked letters
	Fonts                          // letters of another typeface
	Homoglyphs                     // look-alike letters
	Leet                           // digits and signs for letters
	Emojis                         // emoji for letters
	Invisibles                     // characters without width
	Marks                          // stacks of marks
	Override                       // shown in reverse by bidirectional controls
	Escapes                        // &#101; %65 \u0065
	Markup                         // **, __ or tags within
	Drawn                          // several characters for a letter
	Separated                      // signs or spaces between letters
	Repeats                        // letters repeated
	Stars                          // letters starred out
	Joined                         // words without a space, or within a longer word
	Inflected                      // with an ending
	Reversed                       // written backwards
	Flipped                        // upside down
	Edited                         // a letter missing, swapped or mistyped
	Vowels                         // vowels left out
	Sound                          // spelt as it sounds
	Transliterated                 // in the letters of another script
	Variants                       // other forms of a letter
	Homophones                     // other characters of the same sound
	Romanised                      // a term of another script in Latin letters
	Dotless                        // Arabic without its dots
)

var howNames = [...]string{
	"accents", "fonts", "homoglyphs", "leet", "emoji", "invisible", "marks", "override", "escapes", "markup", "drawn", "separated",
	"repeats", "stars", "joined", "inflected", "reversed", "flipped", "edited", "vowels", "sound", "transliterated",
	"variant", "homophone", "romanised", "dotless",
}

// Names lists the ways.
func (h How) Names() []string { return h.AppendNames([]string{}) }

// AppendNames appends the ways to dst.
func (h How) AppendNames(dst []string) []string {
	for i, name := range howNames {
		if h&(1<<i) != 0 {
			dst = append(dst, name)
		}
	}
	return dst
}

func (h How) String() string { return strings.Join(h.Names(), ",") }

// A Match is a term found in a text.
type Match struct {
	Term       int // index into the bank
	Start, End int // bytes of the text, on rune boundaries
	Cost       int // in hundredths: 0 for the term as listed; 100 is about one letter guessed
	How        How
}

// A Finder finds terms. It keeps its memory from text to text and is for one goroutine at a time; the zero Finder is ready.
type Finder struct {
	reader  fold.Reader
	text    string
	lattice lattice
	walker  walker
	fuzzy   fuzzy
	native  nativeWalker
	strange []int32 // runs of Russian that no dictionary has
	found   finds
}

// Find is the terms of the bank in the text, in order of start, end and term; of one term in overlapping places only the cheapest
// match. In a text with more than 16,384 matches it is the first 1,024 places of each term, or as many fewer as it takes to have all
// terms. The slice is valid until the next call.
//
// It takes time linear in the text, at most some thousand steps a word. Text beyond fold.MaxText is not looked at.
func (f *Finder) Find(b *Bank, text string) []Match {
	f.found.reset()
	if len(b.terms) == 0 {
		return nil
	}
	f.text = text
	f.lattice.read(f.reader.Read(text))
	f.walker.walk(b, &f.lattice, &f.found)
	f.native.find(b, &f.lattice, &f.found)
	f.fuzzy.find(b, &f.lattice, &f.found)
	f.findRussian(b)
	if len(b.aliases) > 0 {
		f.found.list = b.resolve(f.found.list, f.native.has)
	}
	return f.settle(b)
}

// settle drops what the terms' conditions refuse, brings what is left in order and merges what overlaps. A term with signs or marks
// in it that stands there just so is as listed, though it was read like a disguise.
func (f *Finder) settle(b *Bank) []Match {
	if len(f.found.list) == 0 {
		return f.found.list
	}
	f.found.list = slices.DeleteFunc(f.found.list, func(m Match) bool { return !b.allowed(m, f.text) })
	for i := range f.found.list {
		if m := &f.found.list[i]; m.Cost > 0 && m.How&Joined == 0 && strings.EqualFold(f.text[m.Start:m.End], b.terms[m.Term].Text) {
			m.Cost, m.How = 0, 0
		}
	}
	return f.found.finish()
}
