package fold

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", "already folded, 42!", "already folded, 42!"},
		{"case", "Hello WORLD", "hello world"},
		{"white space", " \t a\n\r\n b\v\fc  ", "a b c"},
		{"only white space", " \u00a0\u2003\u3000\n", ""},
		{"wide white space", "a\u00a0\u2003b\u2028c\u0085d", "a b c d"},
		{"sharp s", "Straße STRASSE ẞ", "strasse strasse ss"},
		{"full width", "ＦＲＥＥ　ｍｏｎｅｙ", "free money"},
		{"mathematical", "𝐅𝓻𝖾𝕖 𝟙𝟚", "free 12"},
		{"circled and squared", "Ⓕⓡ⑤ 🄰🅰", "fr5 a🅰"},
		{"ligatures", "ﬁne oﬀer Ĳ ŉ", "fine offer ij ʼn"},
		{"zero width", "v\u200bi\u200da\u2060g\ufeffr\u00ada", "viagra"},
		{"bidirectional controls", "\u202eabc\u202c \u2066x\u2069", "abc x"},
		{"tags and variation selectors", "a\U000e0061b❤\ufe0f", "ab❤"},
		{"hangul filler", "a\u3164b\uffa0c\u115fd", "abcd"},
		{"composed and decomposed", "é e\u0301 E\u0301 É", "é é é é"},
		{"mark order", "a\u0323\u0301 a\u0301\u0323", "ạ́ ạ́"},
		{"an ignorable between letter and mark", "e\u200d\u0301", "é"},
		{"hangul from jamo", "\u1112\u1161\u11ab\u1100\u1173\u11af 한글", "한글 한글"},
		{"hangul from half width", "ﾡￂ", "가"},
		{"kana", "ｶﾞ ガ カ\u3099", "ガ ガ ガ"},
		{"greek final sigma", "ΣΑΣ σας", "σασ σασ"},
		{"cyrillic stays cyrillic", "ПРИВЕТ ёЙ сука", "привет ёй сука"},
		{"letters of another script", "pаypаl сlіck-hеrе frее сrурtо αpple", "paypal click-here free crypto apple"},
		{"latin letters in another script", "привeт cвoбoдa", "привет свобода"},
		{"scripts side by side", "IT-шник smsка αβγ naïve Δt Яndex мойtext 5μm πr²", "it-шник smsка αβγ naïve δt яndex мойtext 5μm πr2"},
		{"letters of other scripts in Japanese and Chinese", "ソニーαとCanonの口コミじかん β版アプリLINE口座 半径rのとき面積πr2で口座", "ソニーαとcanonの口コミじかん β版アプリline口座 半径rのとき面積πr2で口座"},
		{"marks on letters of another script", "о\u0301ff о\u0301", "óff о\u0301"},
		{"a word of one script and digits", "ак47 win32 h2o", "ак47 win32 h2o"},
		{"entities", "&#102;ree &lt;b&gt; &amp; R&B; caf&eacute;", "free <b> & r&b; café"},
		{"percent escapes", "%66%72%65%65", "free"},
		{"percents", "100% 50%25 5%", "100% 50%25 5%"},
		{"unicode escapes", `\u0066\u{72}ee C:\users`, `free c:\users`},
		{"escapes within escapes", "&amp;#102;&amp;amp;amp;#114;ee", "free"},
		{"escapes that come out of folding", "＆＃１０２；ree", "free"},
		{"letters of another script out of escapes", "p&#x430;yp&#x430;l", "paypal"},
		{"escapes deeper than anybody writes", "&" + strings.Repeat("amp;", 40) + "#102;", strings.Repeat("amp;", 24) + "#102;"},
		{"arabic presentation forms", "ﷺ ﻻ", "صلى الله عليه وسلم لا"},
		{"thai stays", "น้ำ สวัสดี", "น้\u0e4d\u0e32 สวัสดี"},
		{"emoji", "😀👍🏽👨\u200d👩\u200d👧", "😀👍🏽👨👩👧"},
		{"spacing accent", "x´y ´", "x \u0301y \u0301"},
		{"leading mark", "\u0301a", "\u0301a"},
		{"invalid UTF-8", "a\xffb\xc3", "a\ufffdb\ufffd"},
		{"surrogate bytes", "\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
		{"turkish", "İ I ı i", "i\u0307 i ı i"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(Fold(nil, tc.in)); got != tc.want {
				t.Errorf("Fold(%+q) = %+q, want %+q", tc.in, got, tc.want)
			}
			if got := String(tc.in); got != tc.want {
				t.Errorf("String(%+q) = %+q, want %+q", tc.in, got, tc.want)
			}
			if got := string(Fold([]byte("e "), tc.in)); got != "e "+tc.want {
				t.Errorf("after other text: %+q, want it untouched before %+q", got, tc.want)
			}
		})
	}
}

// reference is the canonical form by its definition, slowly, for text without stacks of marks.
func reference(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	for range 2 { // the second time for what the first brought out
		s = strings.Map(func(r rune) rune {
			if ignorable(r) {
				return -1
			}
			return r
		}, s)
		s = norm.NFKC.String(caseless(norm.NFKD.String(s)))
	}
	return norm.NFC.String(strings.Join(strings.FieldsFunc(s, unicode.IsSpace), " "))
}

func caseless(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.Is(unicode.Cherokee, r) {
			b.WriteRune(unicode.ToUpper(r))
		} else {
			b.WriteString(cases.Fold().String(string(r)))
		}
	}
	return b.String()
}

// TestEveryCharacter folds each character alone and between letters, and compares with the definition, which knows nothing of
// escapes and look-alikes.
func TestEveryCharacter(t *testing.T) {
	var got []byte
	var f Folder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		for _, s := range [...]string{string(r), "a" + string(r) + "b"} {
			if got, _ = f.fold(got[:0], s, false); string(got) != reference(s) {
				t.Errorf("Fold(%+q) = %+q, want %+q", s, got, reference(s))
			}
		}
		if got = Fold(got[:0], string(r)); String(string(got)) != string(got) {
			t.Errorf("%U folds to %+q, which folds to %+q", r, got, String(string(got)))
		}
	}
}

// characters are those that are most likely to meet badly.
var characters = []rune("aAbB  \t\n.,éÉñßſİıŉﬁＡａ①㎏´¨ʼn\u0345\u1fb4ΐΣς\u0301\u0300\u0323\u0327\u0344\u3099ｶﾞ" +
	"가각각ￂﾡ\u09c7\u09be\u0bc6\u0dd9\u0dcf\u0dca\u1025\u102e\u200b\u200d\u034f\ufe0f\u3164\U000e0001\u00a0\u2028\ufffd😀🏽𝐀ﷺ\u0f73\u0f81\u0f71\U000110a5\U000110ba")

func drawText(t *rapid.T) string {
	return string(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(characters), rapid.Rune()), 0, 60).Draw(t, "text"))
}

func TestFoldIsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawText(t)
		if stacked(s) {
			t.Skip("a stack of marks is cut on purpose")
		}
		got, _ := new(Folder).fold(nil, s, false)
		if want := reference(s); string(got) != want {
			t.Fatalf("fold(%+q)\n got %+q\nwant %+q", s, got, want)
		}
	})
}

// stacked reports whether the text has many marks in a row, or one that moves behind others as a letter (U+0345), for which the
// result depends on what was cut or moved.
func stacked(s string) bool {
	marks := 0
	for _, r := range norm.NFKD.String(s) {
		switch {
		case r == '\u0345':
			return true
		case combines(r):
			if marks++; marks > maxMarks {
				return true
			}
		case !ignorable(r):
			marks = 0
		}
	}
	return false
}

func TestZalgoIsBounded(t *testing.T) {
	for _, mark := range []string{"\u0301", "\u0344", "\u0327\u0301\u0323", "\u0301\u034f", "\uff9e"} {
		got := Fold(nil, "e"+strings.Repeat(mark, 10_000)+"x")
		if n := utf8.RuneCount(got); n > maxMarks+2 {
			t.Errorf("e with 10,000 times %+q folds to %d characters, want at most %d", mark, n, maxMarks+2)
		}
		if again := Fold(nil, string(got)); string(again) != string(got) {
			t.Errorf("%+q folds again to %+q", got, again)
		}
	}
}

func TestStringReturnsFoldedTextItself(t *testing.T) {
	for _, s := range []string{"plain ascii text", "привет как дела", ""} {
		n := testing.AllocsPerRun(100, func() {
			if String(s) != s {
				t.Fatalf("%q is not folded", s)
			}
		})
		if max := 1.0; n > max || isASCII(s) && n > 0 {
			t.Errorf("String(%q): %v allocations", s, n)
		}
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func TestFoldAllocatesNothing(t *testing.T) {
	var f Folder
	for name, s := range samples {
		dst := f.Fold(nil, s)
		dst = append(dst, make([]byte, 1000)...)
		if n := testing.AllocsPerRun(20, func() { dst = f.Fold(dst[:0], s) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

var samples = map[string]string{
	"ascii":     strings.Repeat("The quick brown fox jumps over the LAZY dog, again and again. https://example.org/Path?q=1 ", 40),
	"accents":   strings.Repeat("Größe, naïve façade, ¿Qué pasó? Ærøskøbing, Łódź, cafe\u0301. ", 40),
	"cyrillic":  strings.Repeat("Съешь ещё этих мягких французских булок, да выпей чаю. ", 40),
	"cjk":       strings.Repeat("敏捷的棕色狐狸跳过了懒狗。カタカナとひらがな。한국어 문장입니다. ", 40),
	"emoji":     strings.Repeat("so good 😀😀 👍🏽 ❤️ 👨‍👩‍👧 ", 40),
	"disguised": strings.Repeat("𝐅𝐫𝐞𝐞 ＭＯＮＥＹ v\u200bi\u200ba ⓖⓡⓐ c\u0334\u0321h\u0335\u0322e\u0336a\u0337p ", 40),
}

func BenchmarkFold(b *testing.B) {
	for _, name := range []string{"ascii", "accents", "cyrillic", "cjk", "emoji", "disguised"} {
		b.Run(name, func(b *testing.B) {
			s := samples[name]
			var dst []byte
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				dst = Fold(dst[:0], s)
			}
		})
	}
}

func BenchmarkTable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		buildTable()
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range samples {
		f.Add(s[:min(len(s), 100)])
	}
	f.Add(string(characters))
	f.Add("к口?utm_source=%6bﾞ…自殺…ガ… оﾞa aоﾞ")
	f.Add("ソニーαとCanonの口コミじかん β版アプリLINE口座")
	f.Add("e" + strings.Repeat("\u0301\u0323", 40))
	f.Add("\xff\xc3\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(nil, s)
		if !utf8.Valid(once) {
			t.Fatalf("Fold(%+q) = %+q, not valid UTF-8", s, once)
		}
		if twice := Fold(nil, string(once)); string(twice) != string(once) {
			t.Fatalf("Fold(%+q)\n  once %+q\n twice %+q", s, once, twice)
		}
		if got := String(s); got != string(once) {
			t.Fatalf("String(%+q) = %+q, Fold gives %+q", s, got, once)
		}
		if !norm.NFC.IsNormal(once) {
			t.Fatalf("Fold(%+q) = %+q, not in NFC", s, once)
		}
		for i, r := range string(once) {
			if ignorable(r) || r != ' ' && unicode.IsSpace(r) {
				t.Fatalf("Fold(%+q) = %+q holds %U at %d", s, once, r, i)
			}
		}
		if len(once) > 12*len(s)+8 {
			t.Fatalf("Fold grew %d bytes to %d", len(s), len(once))
		}
	})
}
