package match

import (
	"strings"
	"testing"
)

// TestRepeatsOfATermHideNoOther holds that however often a text has one term, all others in it are found, in bounded memory.
func TestRepeatsOfATermHideNoOther(t *testing.T) {
	bank, err := Compile([]Term{{Text: "zq"}, {Text: "zr", Unless: []string{"nowhere"}}, {Text: "zq zq zr"}, {Text: "casino"}, {Text: "자살"}, {Text: "自杀"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, filler := range []string{"zq ", "zr ", "zq zq zr ", "자살 ", "自杀 "} {
		text := strings.Repeat(filler, 150_000/len(filler))
		for name, find := range map[string]func(*Finder, *Bank, string) []Match{"Find": (*Finder).Find, "FindPlain": (*Finder).FindPlain} {
			var f Finder
			found := find(&f, bank, text+"casino 自杀 . zq zr")
			seen, places := map[int]bool{}, map[int]int{}
			for _, m := range found {
				if m.Start >= len(text) {
					seen[m.Term] = true
				}
				places[m.Term]++
			}
			if !seen[3] || !seen[5] && filler != "自杀 " {
				t.Errorf("%s: behind %q: found %v", name, filler, seen)
			}
			for term, n := range places {
				if n > maxPlaces {
					t.Errorf("%s: %q: %d places of %q, want %d at most", name, filler, n, bank.terms[term].Text, maxPlaces)
				}
			}
			if n := cap(f.found.list); n > 2*maxOfText {
				t.Errorf("%s: %q: memory for %d matches, want that for %d at most", name, filler, n, 2*maxOfText)
			}
		}
	}
}

// TestManyTermsHideNone holds that a text with more different terms than a list has room for still has all of them.
func TestManyTermsHideNone(t *testing.T) {
	var terms []Term
	var text strings.Builder
	for n := range 20_000 {
		word := []byte{'q'}
		for ; n > 0; n /= 10 {
			word = append(word, 'a'+byte(n%10))
		}
		terms = append(terms, Term{Text: string(word) + "x"})
		text.WriteString(terms[len(terms)-1].Text + " ")
	}
	bank, err := Compile(terms)
	if err != nil {
		t.Fatal(err)
	}
	var f Finder
	once := text.String()
	if got := f.FindPlain(bank, strings.Repeat(once, 3)); len(got) != len(terms) || got[len(got)-1].End >= len(once) {
		t.Errorf("%d matches, want the first of each of %d terms", len(got), len(terms))
	}
}
