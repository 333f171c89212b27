package match

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ringfence/ringfence/text/fold"
)

// A Bank is a compiled list of terms. It never changes and is safe for concurrent use.
type Bank struct {
	terms   []Term
	version string
	trie    trie
	plain   plain
	native  native
	russian russian
	aliases []alias // of native terms, numbered on from the terms
	words   words
	letters []uint16 // of each term
	endings []endings
}

// endings are those that a term may have.
type endings struct {
	list     []string // nil for the usual ones
	boundary string
}

// usual are the endings that terms have by default; loose are those that only words in no dictionary have.
var (
	usual = []string{"s", "es", "ed", "ing"}
	loose = []string{"in", "er", "ers", "y", "z", "a", "az", "ings", "est"}
)

// Compile makes a bank. Terms that are the same but for case and signs stay terms of their own. It takes about 1 s and 65 MB for
// 100,000 terms.
func Compile(terms []Term) (*Bank, error) {
	if len(terms) > maxTerms {
		return nil, fmt.Errorf("%d terms; the most is %d", len(terms), maxTerms)
	}
	b := &Bank{terms: slices.Clone(terms), letters: make([]uint16, len(terms)), endings: make([]endings, len(terms))}
	var reader fold.Reader
	var build trieBuilder
	build.add(nil, -1)
	for i := range b.terms {
		t := &b.terms[i]
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("term %d: %w", i+1, err)
		}
		b.endings[i].boundary = t.Boundary
		if t.Inflections != nil {
			b.endings[i].list = *t.Inflections
		}
		symbols := reader.Read(t.Text)
		for i := range symbols {
			oneLetter(&symbols[i])
		}
		if path, ok := letterPath(symbols); ok {
			for _, l := range path {
				if l != space {
					b.letters[i]++
				}
			}
			if b.letters[i] < 3 && strings.ContainsAny(strings.TrimLeft(t.Text, "#@"), "$+*%^=~|<>@#") {
				return nil, fmt.Errorf("term %d: %w: %q: signs are not looked for, and without them too little is left; write the letters that they stand for", i+1, errTerm, t.Text)
			}
			build.add(path, i)
			b.plain.add(path, t.Boundary)
			b.plain.wide = b.plain.wide || strings.ContainsFunc(t.Text, func(r rune) bool { return r >= utf8.RuneSelf })
			if t.Lang == "" || t.Lang == "en" {
				b.words.add(path, i)
			}
			if t.Lang == "" || t.Lang == "ru" {
				b.russian.add(path, i)
			}
		} else {
			b.native.add(symbols, i)
			b.addAliases(&build, symbols, i)
		}
	}
	b.trie = build.finish()
	b.words.finish()
	b.version = version(b.terms)
	return b, nil
}

func version(terms []Term) string {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(terms); err != nil {
		panic(err) // terms are plain data
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Version names the content of the bank: equal lists have equal versions.
func (b *Bank) Version() string { return b.version }

// Terms is the list. The caller must not change it.
func (b *Bank) Terms() []Term { return b.terms }

// space is the step of a trie from word to word, the bit that a fold.Set leaves free.
const space = 63

// letterPath is the term as steps of the trie; false if it holds what is neither letter nor digit of fold.Set.
func letterPath(symbols []fold.Symbol) ([]uint8, bool) {
	var path []uint8
	gap := false
	for i := range symbols {
		y := &symbols[i]
		set := y.Own
		if y.Kind == fold.Letter && set == 0 && y.Script.String() == "Latin" {
			set = y.Alike & -y.Alike
		}
		switch {
		case set != 0:
			if gap && len(path) > 0 {
				path = append(path, space)
			}
			gap = false
			path = append(path, uint8(bits.TrailingZeros64(uint64(set))))
		case y.Kind == fold.Letter || y.Kind == fold.Picture || y.Kind == fold.Digit:
			return nil, false
		case !apostrophe(y.Rune):
			gap = true
		}
	}
	return path, len(path) > 0
}

// apostrophe reports whether a sign parts no letters of a term.
func apostrophe(r rune) bool { return r == '\'' || r == '’' }

// allowed says whether the conditions of the term hold around the match.
func (b *Bank) allowed(m Match, text string) bool {
	t := &b.terms[m.Term]
	if !t.conditional() {
		return true
	}
	const around = 100
	from, to := max(m.Start-around, 0), min(m.End+around, len(text))
	near := fold.String(strings.ToValidUTF8(text[from:to], ""))
	has := func(what string) bool { return strings.Contains(near, fold.String(what)) }
	if len(t.Near) > 0 && !slices.ContainsFunc(t.Near, has) || slices.ContainsFunc(t.Unless, has) {
		return false
	}
	for _, except := range t.Except {
		from, to := max(m.Start-len(except), 0), min(m.End+len(except), len(text))
		if strings.Contains(fold.String(strings.ToValidUTF8(text[from:to], "")), fold.String(except)) {
			return false
		}
	}
	return true
}
