package match

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/text/fold"
)

// hostile are texts that make a reader, a walk or a lookup as slow as it gets, by what is repeated in them.
var hostile = map[string]string{
	"zalgo":           "e" + strings.Repeat("\u0301\u0327\u0489", 50),
	"stars":           "*",
	"letters":         "a",
	"two letters":     "as",
	"spaced letters":  "a ",
	"dotted letters":  "a.s.",
	"dots":            ".",
	"words":           "f-u ",
	"starred words":   "f**k ",
	"overrides":       "\u202eab",
	"entities":        "&amp;",
	"percents":        "%25",
	"open tags":       "<",
	"drawings":        `|-|`,
	"bars":            "|",
	"emoji":           "🅰️💲",
	"jamo":            "ㅋ",
	"joined":          "theassthe",
	"humps":           "aB",
	"ones":            "1",
	"term":            "assassin ",
	"misspelt":        "asasin ",
	"Cyrillic":        "асс ",
	"mixed":           "аs",
	"invisible":       "a\u200b",
	"consonants":      "ktrn ",
	"bytes":           "\xff",
	"one long word":   "abcdefghij",
	"flipped":         "ɐs",
	"exes":            "x",
	"letters, spaces": "a  ",
	"syllables":       "각",
	"homophones":      "法",
	"characters":      "行的",
	"parts":           "口",
	"pinyin":          "fa轮",
	"kana":            "ばー",
	"small kana":      "つ",
	"dotless":         "ٮ",
	"bare":            "حر",
	"Arabizi":         "7amar ",
	"one Arabizi":     "7a",
	"Latin in Korean": "가a",
	"Hanja":           "가水",
	"liaisons":        "국인",
	"clusters":        "핝",
	"Russian":         "мошеник ",

	// The worst that two searches among 2,175 combinations of these and others found.
	"a drawing, a jamo":           "|-|ㅋ",
	"a dotless letter, signs":     ",ٮ!",
	"a syllable, a bracket":       "가)",
	"a syllable, a star, a smile": "가*)!",
}

// hostileBank has terms that begin alike, repeat themselves and are of many short words.
func hostileBank(tb testing.TB) *Bank {
	tb.Helper()
	texts := []string{"ass", "assassin", "a s s", "as as as as as", "ㅋㅋ", "ㅋㅋㅋㅋㅋㅋㅋㅋ", "f u f u f u", "aaaaaaaaaaaaaaaaaaaa", "hhhhhh", "xxx", "kotoran", "1111111111",
		"각각각각각각각각", "한국인", "국인국인국인", "가가가가", "法法法法法法法法", "法轮功", "行行行行", "的行的行", "品", "回回回回", "ばばばば", "つつつつつ", "ばかばか", "بتبتبتبت", "جزجزجزجز", "حمار", "حححح", "мошенник"}
	for _, a := range "aeiourstln" {
		for _, b := range "aeiourstln" {
			for _, c := range "aeiourstln" {
				texts = append(texts, string([]rune{'a', a, b, c}), string([]rune{a, b, c, 's'}), string([]rune{'a', ' ', a, ' ', b, c}))
			}
		}
	}
	return compile(tb, texts...)
}

// TestHostileTexts holds the work on each text to its budget, and matches to what is always true of them.
func TestHostileTexts(t *testing.T) {
	bank := hostileBank(t)
	var f Finder
	for name, what := range hostile {
		const size = 1 << 14
		text := strings.Repeat(what, size/len(what))
		checkMatches(t, bank, text, f.Find(bank, text))
		if f.walker.total < 0 {
			t.Errorf("%s: the walk went over its budget", name)
		}
		if f.native.total < 0 {
			t.Errorf("%s: the walk of native terms went over its budget", name)
		}
	}
}

// TestNothingIsHiddenBehindHostileTexts holds that a term is found behind a text that takes all the steps that a text has.
func TestNothingIsHiddenBehindHostileTexts(t *testing.T) {
	var f Finder
	bank := hostileBank(t)
	found := f.Find(bank, strings.Repeat("1", 1<<15)+" assassin")
	if f.walker.total > 0 {
		t.Errorf("the text leaves %d steps; it is not hostile enough", f.walker.total)
	}
	if n := len(found); n == 0 || bank.terms[found[n-1].Term].Text != "assassin" {
		t.Errorf("%d matches, and assassin is not the last", n)
	}
	if n := cap(f.found.list); n > 2*maxOfText {
		t.Errorf("memory for %d matches, want that for %d at most", n, maxOfText)
	}
}

// TestMegabyteOfMarks holds a letter under a megabyte of marks to one symbol.
func TestMegabyteOfMarks(t *testing.T) {
	text := "v" + strings.Repeat("\u0301\u0327", 1<<18-8) + "iagra"
	var f Finder
	found := f.Find(compile(t, "viagra"), text)
	if len(found) != 1 || found[0].Start != 0 || found[0].How != Marks {
		t.Errorf("found %+v, want one match from the start", found)
	}
	if got := len(f.lattice.symbols); got != 6 {
		t.Errorf("%d symbols, want 6", got)
	}
}

// BenchmarkHostile gives what a byte of each text costs, and how many times as much a text twice as long does: 2 where time is linear.
func BenchmarkHostile(b *testing.B) {
	bank := hostileBank(b)
	for _, name := range slices.Sorted(keysOf(hostile)) {
		b.Run(name, func(b *testing.B) {
			var f Finder
			cost := func(size int) float64 {
				text := strings.Repeat(hostile[name], size/len(hostile[name]))
				f.Find(bank, text)
				least := math.Inf(1)
				for range 3 {
					start := processorTime(b)
					f.Find(bank, text)
					least = min(least, processorTime(b)-start)
				}
				return least
			}
			var once, twice float64
			for b.Loop() {
				once, twice = cost(1<<13), cost(1<<14)
			}
			b.ReportMetric(twice*1e9/(1<<14), "cpu-ns/byte")
			b.ReportMetric(twice/max(once, 1e-9), "×")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkMegabyte is the largest text there is, of what is slowest and of marks.
func BenchmarkMegabyte(b *testing.B) {
	bank := hostileBank(b)
	for _, name := range []string{"zalgo", "ones", "bars", "a drawing, a jamo", "spaced letters"} {
		b.Run(name, func(b *testing.B) {
			text := strings.Repeat(hostile[name], fold.MaxText/len(hostile[name]))
			var f Finder
			took := 0.0
			for b.Loop() {
				start := processorTime(b)
				f.Find(bank, text)
				took = processorTime(b) - start
			}
			b.ReportMetric(took, "cpu-s")
			b.ReportMetric(float64(cap(f.lattice.symbols)*40+cap(f.lattice.run)*5+cap(f.found.list)*40)/(1<<20), "MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
}
