package match

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// compile is the bank of terms that are only texts.
func compile(t testing.TB, texts ...string) *Bank {
	t.Helper()
	var terms []Term
	for _, text := range texts {
		terms = append(terms, Term{Text: text})
	}
	b, err := Compile(terms)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDisguises(t *testing.T) {
	bank := compile(t, "viagra", "free money", "kill yourself", "casino", "bonk", "cheap meds", "dick", "anal", "whore", "scatterbrain")
	for _, tc := range []struct {
		name, text, term, surface string
		how                       How
	}{
		{"as listed", "buy viagra now", "viagra", "viagra", 0},
		{"in capitals", "FREE MONEY here", "free money", "FREE MONEY", 0},
		{"with an ending", "two casinos", "casino", "casinos", Inflected},
		{"accents", "vïägrá", "viagra", "vïägrá", Accents},
		{"mathematical", "𝓿𝓲𝓪𝓰𝓻𝓪", "viagra", "𝓿𝓲𝓪𝓰𝓻𝓪", Fonts},
		{"regional indicators", "🇻🇮🇦🇬🇷🇦", "viagra", "🇻🇮🇦🇬🇷🇦", Fonts},
		{"Cyrillic look-alikes", "get саsinо today", "casino", "саsinо", Homoglyphs},
		{"leet", "fr33 m0n3y", "free money", "fr33 m0n3y", Leet},
		{"emoji letters", "c🅰️s♓ no, c🅰️💲ℹ️n⭕ yes", "casino", "c🅰️💲ℹ️n⭕", Fonts | Emojis},
		{"zero width", "via\u200bg\u2060ra", "viagra", "via\u200bg\u2060ra", Invisibles},
		{"stacked marks", "v̷̛ì̵a̸g̶r̴a̷", "viagra", "v̷̛ì̵a̸g̶r̴a̷", Marks | Accents},
		{"override", "see \u202eargaiv\u202c", "viagra", "argaiv", Override},
		{"entities", "&#118;&#x69;agra", "viagra", "&#118;&#x69;agra", Escapes},
		{"entities in entities", "&amp;#118;iagra", "viagra", "&amp;#118;iagra", Escapes},
		{"percent", "%76%69%61%67%72%61", "viagra", "%76%69%61%67%72%61", Escapes},
		{"backslash", `\u0076iagra`, "viagra", `\u0076iagra`, Escapes},
		{"markup", "via**g**ra", "viagra", "via**g**ra", Markup},
		{"tags", "vi<b>ag</b>ra", "viagra", "vi<b>ag</b>ra", Markup},
		{"drawn", `\/i/-\gra`, "viagra", `\/i/-\gra`, Drawn},
		{"drawn by letters", "meet the click", "", "", 0},
		{"dots", "v.i.a.g.r.a", "viagra", "v.i.a.g.r.a", Separated},
		{"spaces", "some v i a g r a please", "viagra", "v i a g r a", Separated},
		{"one sign", "via-gra", "viagra", "via-gra", Separated},
		{"emoji between", "v💀i✨a🔥g👏r💀a", "viagra", "v💀i✨a🔥g👏r💀a", Separated},
		{"repeats", "viaaagrrra", "viagra", "viaaagrrra", Repeats},
		{"vowels starred", "v**gr*", "viagra", "v**gr*", Stars},
		{"all but the ends starred", "the c****o", "casino", "c****o", Stars},
		{"starred before an ending", "the b**ked one", "bonk", "b**ked", Stars | Inflected},
		{"all but the first letter and the ending starred", "the b***ing one", "bonk", "b***ing", Stars | Inflected},
		{"the end of a long word starred", "a scatter***** person", "scatterbrain", "scatter*****", Stars},
		{"in a tag", "#FreeMoney now", "free money", "FreeMoney", Joined},
		{"between words", "thecasinos", "casino", "casinos", Joined | Inflected},
		{"in reverse", "the onisac there", "casino", "onisac", Reversed},
		{"upside down", "ouısɐɔ", "casino", "ouısɐɔ", Flipped},
		{"letter missing", "the viagr pill", "viagra", "viagr", Edited},
		{"letters swapped", "the csaino is here", "casino", "csaino", Edited},
		{"next key", "the casimo is here", "casino", "casimo", Edited},
		{"vowels left out", "go kll yrslf now", "kill yourself", "kll yrslf", Vowels},
		{"by sound", "the qazino is open", "casino", "qazino", Sound},
		{"transliterated", "go to the касино and play there", "casino", "касино", Homoglyphs | Transliterated},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var f Finder
			found := f.Find(bank, tc.text)
			if tc.term == "" {
				if len(found) > 0 {
					t.Errorf("found %+v in %q, want nothing", found, tc.text)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("found %+v in %q, want %q alone", found, tc.text, tc.term)
			}
			m := found[0]
			if got := bank.terms[m.Term].Text; got != tc.term {
				t.Errorf("found %q, want %q", got, tc.term)
			}
			if got := tc.text[m.Start:m.End]; got != tc.surface {
				t.Errorf("it is %q, want %q", got, tc.surface)
			}
			if m.How != tc.how {
				t.Errorf("how: %s, want %s", m.How, tc.how)
			}
			if (m.Cost == 0) != (tc.how == 0) {
				t.Errorf("cost %d for %s", m.Cost, m.How)
			}
		})
	}
}

// TestInnocentWords holds that what a plain reading explains is no disguise.
func TestInnocentWords(t *testing.T) {
	bank := compile(t, "bonk", "cunt", "dick", "anal", "spic", "meat", "rape", "penis", "shit", "ass", "cock", "tit", "muff", "god")
	for _, text := range []string{
		"BNK48 is a band", "I am from Scunthorpe", "p!nk sings", "a$ap rocky", "click here", "spicy food, spiced and spicier", "Anna! Come here",
		"see me at noon", "an al dente dish", "therapist", "grape and drapes", "analysis of analogues", "the pen is mine", "#PenIsland",
		"#MeetMeAtTheCafe", "assassin in the class", "cocktail", "title", "a muffin", "good", "it costs 455", "at 5:4 or 8008",
		"his hit song", "peacock", "s. hit", "#yesterdays", "what's up", "Ça va? Où est-il?", "Привет как дела", "สวัสดีครับ",
	} {
		var f Finder
		for _, m := range f.Find(bank, text) {
			t.Errorf("%q: found %s in %q (%s)", text, bank.terms[m.Term].Text, text[m.Start:m.End], m.How)
		}
	}
}

func TestScripts(t *testing.T) {
	bank := compile(t, "法轮功", "시발", "كلب", "сука", "🍆🍑", "cool 🌉", "1488", "σκύλος")
	for _, tc := range []struct{ text, surface string }{
		{"我知道法*轮*功", "法*轮*功"},
		{"ㅅㅣㅂㅏㄹ 이야", "ㅅㅣㅂㅏㄹ"},
		{"시발놈", "시발"},
		{"الكلب هنا", "كلب"},
		{"كـــلب", "كـــلب"},
		{"ك ل ب", "ك ل ب"},
		{"كْلْب", "كْلْب"},
		{"вот с у к а", "с у к а"},
		{"вот сuкa", "сuкa"},
		{"вот суууука", "суууука"},
		{"вот cyka блять", "cyka"},
		{"так 🍆 🍑", "🍆 🍑"},
		{"COOL 🌉", "COOL 🌉"},
		{"14/88", "14/88"},
		{"ο ΣΚΎΛΟΣ", "ΣΚΎΛΟΣ"},
		{"барсука нет", ""},
	} {
		var f Finder
		var got []string
		for _, m := range f.Find(bank, tc.text) {
			got = append(got, tc.text[m.Start:m.End])
		}
		if want := slices.DeleteFunc([]string{tc.surface}, func(s string) bool { return s == "" }); !cmp.Equal(got, want, equateEmpty) {
			t.Errorf("%q: found %q, want %q", tc.text, got, want)
		}
	}
}

var equateEmpty = cmp.Transformer("", func(s []string) string { return strings.Join(s, "|") })

func TestConditions(t *testing.T) {
	none := []string{}
	own := []string{"eroo"}
	for _, tc := range []struct {
		name string
		term Term
		text string
		want int
	}{
		{"exception", Term{Text: "nut", Except: []string{"nut butter"}}, "nut butter", 0},
		{"beside the exception", Term{Text: "nut", Except: []string{"nut butter"}}, "a nut, a butter", 1},
		{"near", Term{Text: "white", Near: []string{"powder"}}, "white powder", 1},
		{"not near", Term{Text: "white", Near: []string{"powder"}}, "white horse", 0},
		{"far", Term{Text: "white", Near: []string{"powder"}}, "white" + strings.Repeat(" so", 60) + " powder", 0},
		{"unless", Term{Text: "white", Unless: []string{"horse"}}, "a HORSE, white", 0},
		{"no inflections", Term{Text: "troll", Inflections: &none}, "trolls", 0},
		{"own inflections", Term{Text: "troll", Inflections: &own}, "trolleroo", 1},
		{"both boundaries", Term{Text: "troll"}, "ztrollz", 0},
		{"no boundaries", Term{Text: "troll", Boundary: "none"}, "qtrollq", 1},
		{"start only", Term{Text: "troll", Boundary: "start"}, "trollq", 1},
		{"start only, within", Term{Text: "troll", Boundary: "start"}, "qtroll", 0},
		{"end only", Term{Text: "troll", Boundary: "end"}, "qtroll", 1},
		{"other language", Term{Text: "trolle", Lang: "de"}, "the trole is here", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b, err := Compile([]Term{tc.term})
			if err != nil {
				t.Fatal(err)
			}
			var f Finder
			if got := f.Find(b, tc.text); len(got) != tc.want {
				t.Errorf("found %+v, want %d", got, tc.want)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, term := range []Term{{}, {Text: " "}, {Text: strings.Repeat("a", 201)}, {Text: "a", Boundary: "left"}, {Text: "a", Near: make([]string, 101)}, {Text: "c++"}, {Text: "a$$"}, {Text: "c#"}} {
		if _, err := Compile([]Term{{Text: "good"}, term}); !errors.Is(err, errTerm) || !strings.HasPrefix(err.Error(), "term 2: ") {
			t.Errorf("Compile(%+v): %v, want a bad term 2", term, err)
		}
	}
	if _, err := Compile(make([]Term, maxTerms+1)); err == nil {
		t.Error("a list beyond the limit compiles")
	}
}

func TestVersionIsOfTheContent(t *testing.T) {
	a, b, c := compile(t, "one", "two"), compile(t, "one", "two"), compile(t, "one", "three")
	if a.Version() != b.Version() || a.Version() == c.Version() {
		t.Errorf("versions %s, %s of the same list and %s of another", a.Version(), b.Version(), c.Version())
	}
}

func TestReadTerms(t *testing.T) {
	got, err := ReadTerms(strings.NewReader("# list\n\n one two \n#hashtag\n"), "a.txt")
	if want := []Term{{Text: "one two"}, {Text: "#hashtag"}}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	got, err = ReadTerms(strings.NewReader("- term: x\n  policy: p\n  severity: 2\n  lang: en\n  except: [a, b]\n"), "a.yaml")
	if want := []Term{{Text: "x", Policy: "p", Severity: 2, Lang: "en", Except: []string{"a", "b"}}}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []string{"- term: [x", "- trem: x", "a: b"} {
		if got, err := ReadTerms(strings.NewReader(bad), "a.yaml"); err == nil {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
}

// pieces are what disguises are made of.
var pieces = strings.Fields(`f u c k free money viagra v i a g r a . - * ** _ | / \ < > <b> ( ) [] @ $ 0 1 3 7 é е о ᴋ ｖ 𝐚 🅰 💀 ❤️ ㅅㅣ 한 시 빨 쉬 法 轮 功 伦 輪 fa lun 氵 去 ك ل ٮ ى ں ح م ر 7 5 ya ば カ ー ゛ ﾞ っ 水
	&#118; &amp; %76%69%61 \u0076 ` + "\u202e \u202c \u200b \u0301\u0302 \xff")

func drawText(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.Just(" "), rapid.String()), 0, 60).Draw(t, "pieces"), "")
}

var oddBank = func() *Bank {
	b, err := Compile([]Term{{Text: "viagra"}, {Text: "free money"}, {Text: "法轮功"}, {Text: "시발"}, {Text: "كلب"}, {Text: "сука"}, {Text: "a", Boundary: "none"}, {Text: "🍆"}, {Text: "ばか"}, {Text: "حمار"}, {Text: "خنزير"}, {Text: "한국인"}, {Text: "가法a ل"}})
	if err != nil {
		panic(err)
	}
	return b
}()

// checkMatches holds what is always true of matches.
func checkMatches(t interface {
	Helper()
	Fatalf(string, ...any)
}, b *Bank, text string, found []Match) {
	t.Helper()
	boundaries := map[int]bool{len(text): true}
	for i := range text {
		boundaries[i] = true
	}
	for i, m := range found {
		if m.Start >= m.End || !boundaries[m.Start] || !boundaries[m.End] {
			t.Fatalf("%q: %+v is not on rune boundaries", text, m)
		}
		if m.Cost < 0 || m.Term < 0 || m.Term >= len(b.terms) || m.How == 0 && m.Cost > 0 {
			t.Fatalf("%q: %+v", text, m)
		}
		if i > 0 && found[i-1].Start > m.Start {
			t.Fatalf("%q: %+v is out of order", text, m)
		}
	}
}

func TestMatchesOfAnyText(t *testing.T) {
	var used Finder
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t)
		found := slices.Clone(used.Find(oddBank, text))
		checkMatches(t, oddBank, text, found)
		var fresh Finder
		if again := fresh.Find(oddBank, text); !slices.Equal(found, again) {
			t.Fatalf("%q: a used finder finds %+v, a fresh one %+v", text, found, again)
		}
	})
}

// TestPlainIsAmongAll holds that what is found as listed is found in any case.
func TestPlainIsAmongAll(t *testing.T) {
	var f Finder
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t)
		if !utf8.ValidString(text) || strings.ContainsAny(text, "&%\\\u202e") || strings.IndexFunc(text, func(r rune) bool { return r >= 127 || r < ' ' && r != '\n' && r != '\t' }) >= 0 {
			t.Skip("FindPlain knows no escapes, sees characters without width, and takes what it cannot read for letters")
		}
		plain := slices.Clone(f.FindPlain(oddBank, text))
		checkMatches(t, oddBank, text, plain)
		all := f.Find(oddBank, text)
		for _, m := range plain {
			if !slices.ContainsFunc(all, func(x Match) bool { return x.Term == m.Term && x.Start < m.End && m.Start < x.End }) {
				t.Fatalf("%q: %+v is not among %+v", text, m, all)
			}
		}
	})
}

// TestPlainIsWhatCostsNothing holds that Find says of the same places as FindPlain that the term is there as listed.
func TestPlainIsWhatCostsNothing(t *testing.T) {
	bank := compile(t, listed...)
	rapid.Check(t, func(t *rapid.T) {
		pieces := append([]string{" ", ".", ", ", "  ", "\n", "!", " - ", ". ", "🔥", "s", "的", "ㄹ"}, listed...)
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 8).Draw(t, "pieces"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		var f Finder
		free := map[Match]bool{}
		for _, m := range f.Find(bank, text) {
			if m.Cost == 0 {
				free[m] = true
			}
		}
		for _, m := range f.FindPlain(bank, text) {
			if !free[m] {
				t.Fatalf("%q: FindPlain has %+v, which Find has not", text, m)
			}
			delete(free, m)
		}
		for m := range free {
			if !strings.ContainsAny(bank.terms[m.Term].Text, "-'") { // not as bytes
				t.Fatalf("%q: Find has %+v, which FindPlain has not", text, m)
			}
		}
	})
}

// TestSpacesWithinWords holds that where a space parts a term into words of the language it is no disguise, and that it costs much
// where one cannot tell.
func TestSpacesWithinWords(t *testing.T) {
	bank := compile(t, "casino", "viagra", "наркотики", "сука", "씨발", "자살", "自杀")
	const nothing = -1
	for text, cost := range map[string]int{
		"casi no puedo":                costSplit,
		"casi no":                      costSplit,
		"you should buy vi agra today": costGap,
		"casi-no puedo":                costGap,
		"수박 씨 발라":                      nothing,
		"씨 발라내기":                       nothing,
		"씨 발":                          costSplit,
		"자 살았다":                        costSplit,
		"нар, котики мои":              nothing,
		"нар котики":                   nothing,
		"наркот ики":                   costSplit,
		"нар-котики":                   costGap,
		"自 杀":                          costGap,
	} {
		var f Finder
		got := nothing
		for _, m := range f.Find(bank, text) {
			got = m.Cost
		}
		if got != cost {
			t.Errorf("%q: cost %d, want %d (-1 for no match)", text, got, cost)
		}
	}
}

// TestSignsBetweenWordsCost holds that a term whose words are parted by more than spaces is not as listed, unless it is listed so.
func TestSignsBetweenWordsCost(t *testing.T) {
	bank := compile(t, "kill yourself", "a-okay", "café crème", "don't tell", "🍆 🍑", "自 杀")
	for _, tc := range []struct {
		text string
		cost int
	}{
		{"kill yourself", 0},
		{"KILL \t yourself", 0},
		{"to kill. Yourself is fine", costGap},
		{"kill, yourself", costGap},
		{"kill) (yourself", costGap},
		{"kill 🔥 yourself", costGap},
		{"kill-yourself", costGap},
		{"A-Okay", 0},
		{"a okay", 0},
		{"CAFÉ crème", 0},
		{"don't tell", 0},
		{"🍆 🍑", 0},
		{"🍆!🍑", costGap},
		{"自 杀", 0},
		{"自。杀", costGap},
	} {
		var f Finder
		found := f.Find(bank, tc.text)
		if len(found) != 1 || found[0].Cost != tc.cost || (found[0].How == 0) != (tc.cost == 0) {
			t.Errorf("%q: found %+v, want one match at cost %d", tc.text, found, tc.cost)
		}
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	bank := compile(t, "viagra", "free money", "kill yourself", "法轮功", "حمار", "خنزير", "ばか", "시발", "망했어", "수상해", "мошенник")
	texts := []string{"an ordinary post with nothing in it, 10/10 #fun @ home", "get v1agra and fr33 m.o.n.e.y, kll yrslf", "Größe, naïve façade, привет", "他练发轮功，法lun功，氵去轮功", "ya 7mar, حںرىر يا 7مار", "ﾊﾞｶ ばーか", "씨빨 시1발 mang했어 水상해", "он точно мошеник"}
	var f Finder
	for _, text := range texts {
		f.Find(bank, text)
		f.FindPlain(bank, text)
	}
	for _, text := range texts {
		if n := testing.AllocsPerRun(50, func() { f.Find(bank, text) }); n > 0 {
			t.Errorf("Find(%q): %v allocations", text, n)
		}
		if n := testing.AllocsPerRun(50, func() { f.FindPlain(bank, text) }); n > 0 {
			t.Errorf("FindPlain(%q): %v allocations", text, n)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, seed := range []string{"", "v1agra", "\u202evi\u202e\u202c", "&#118;%76\\u0076", strings.Repeat("a", 300), "f*** m***y", "v\xffi", strings.Repeat("v.i ", 50), "fa轮功 水去轮工", "7مار حںرىر", "ばー゛か", "한구긴 핝굮읹"} {
		f.Add(seed)
	}
	var finder Finder
	f.Fuzz(func(t *testing.T, text string) {
		checkMatches(t, oddBank, text, finder.Find(oddBank, text))
		if left := finder.walker.total; left < 0 {
			t.Fatalf("the walk went %d steps over its budget", -left)
		}
		checkMatches(t, oddBank, text, finder.FindPlain(oddBank, text))
	})
}

func FuzzReadTerms(f *testing.F) {
	f.Add("- term: x\n  boundary: none\n", "a.yaml")
	f.Add("one\ntwo\n", "a.txt")
	f.Add("- {term: 法, inflections: []}", "a.yml")
	f.Fuzz(func(t *testing.T, text, name string) {
		terms, err := ReadTerms(strings.NewReader(text), name)
		if err != nil || len(terms) > 100 {
			return
		}
		b, err := Compile(terms)
		if err != nil {
			return
		}
		var finder Finder
		for _, term := range terms {
			checkMatches(t, b, term.Text, finder.Find(b, term.Text))
		}
	})
}
