package match

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// findAll is Find without what rules out starts and texts beforehand: it walks from wherever a walk may begin, and takes every text
// apart for misspelt words.
func (f *Finder) findAll(b *Bank, text string) []Match {
	f.found.reset()
	f.text = text
	l, w := &f.lattice, &f.walker
	l.read(f.reader.Read(text))
	w.b, w.l, w.found = b, l, &f.found
	w.total = stepsOf(len(l.symbols), stepsPerSymbol, stepsPerText)
	for i, flags := range l.flags {
		if flags&inner == 0 {
			if w.starts(i) {
				w.from(i)
			}
			continue
		}
		r := &l.runs[l.run[i]]
		h, xs := noHash, true
		for j := int(r.start); j < i; j++ {
			h = h.with(l.symbols[j].Letter())
			xs = xs && l.symbols[j].Letter() == 'x'
		}
		n := i - int(r.start)
		capital := upper(l.symbols[i].Rune) && !upper(l.symbols[i-1].Rune)
		if r.mayJoin() && i < int(r.end)-2 && (capital || n >= 2 && xs || n >= 3 && english().rank(h) == common) {
			l.flags[i] |= joint
		}
		if b.plain.inside || l.flags[i]&joint != 0 {
			w.from(i)
		}
	}
	w.backwards()
	f.native.find(b, l, &f.found)
	f.fuzzy.b, f.fuzzy.l, f.fuzzy.found = b, l, &f.found
	if len(b.words.texts) > 0 && l.suspect {
		f.fuzzy.lookups()
	}
	return f.settle(b)
}

// siftedBank has terms of which made-up texts hold parts, in disguise.
func siftedBank(tb testing.TB) *Bank {
	tb.Helper()
	terms := []Term{{Text: "soft", Boundary: "none"}, {Text: "hill", Boundary: "start"}, {Text: "fully", Boundary: "end"}}
	for text := range strings.FieldsSeq("free_money casino a_s_s ass assassin kill_yourself phil ill lol cool vivid wow rn clue dick f_u 4chan 420 i_am_so how_to_steal go_away " +
		"тайна секс lily x_ray see_me hood boobs viagra to_be_or_not") {
		terms = append(terms, Term{Text: strings.ReplaceAll(text, "_", " ")})
	}
	bank, err := Compile(terms)
	if err != nil {
		tb.Fatal(err)
	}
	return bank
}

// piecesOfText make texts in which walks get far.
var piecesOfText = strings.Split("free|money|fr|ee|mon|ey|casino|cas|ino|a|s|ass|as|sin|kill|your|self|i|l|1|0|@|$|!|(|)|[|]|/|\\|-|_|.|…|*|**|<b>|</b>|#|'|’|,| |  |\n|\u200b|\u0301|"+
	"\u202e|\u202c|c|k|x|xx|ph|f|v|V|vv|lo|li|cl|rn|the|to|be|or|not|how|steal|with|good|morning|Good|ABC|а|с|секс|тайна|сасино|é|😀|❌|🅰|ɐ|ʞ|&amp;|&#97;|%61%62%63|4|2|20|chan|viagra|vaigra|onisac|boo|bs|z|hood", "|")

func TestSiftedWalksFindNothing(t *testing.T) {
	banks := []*Bank{siftedBank(t), hostileBank(t), madeUpBank(t, 300)}
	var sifted, all Finder
	check := func(fatalf func(string, ...any), bank *Bank, text string) {
		got, want := sifted.Find(bank, text), all.findAll(bank, text)
		if sifted.walker.total > 0 && all.walker.total > 0 && !slices.Equal(got, want) {
			fatalf("%+q: found %+v, want %+v", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(piecesOfText), 0, 30).Draw(t, "pieces"), "")
		for _, bank := range banks {
			check(t.Fatalf, bank, text)
		}
	})
	texts := slices.Sorted(keysOf(hostile))
	for i := range texts {
		texts[i] = strings.Repeat(hostile[texts[i]], 20)
	}
	for _, text := range texts {
		for _, bank := range banks {
			check(t.Errorf, bank, text)
		}
	}
}
