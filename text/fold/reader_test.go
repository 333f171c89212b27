package fold

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// reading is the symbols as text: for each the letters that it may be, and a dot for what is none.
func reading(symbols []Symbol) string {
	var b strings.Builder
	for _, y := range symbols {
		switch letters := (y.Own | y.Alike).String(); {
		case len([]rune(letters)) > 1:
			b.WriteString("[" + letters + "]")
		case letters != "":
			b.WriteString(letters)
		case y.Kind == Space:
			b.WriteByte(' ')
		case y.Text != 0:
			b.WriteRune(y.Text)
		default:
			b.WriteByte('.')
		}
	}
	return b.String()
}

func TestReader(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"plain", "Hello you", "hello you"},
		{"leet", "h3!|0 @5", "h[e3][il][il][o0] a[s5]"},
		{"accents", "façade ÀÉ", "facade ae"},
		{"full width", "ｆｕｒ", "fur"},
		{"mathematical", "𝐛𝖔𝕝𝚍", "bo[il]d"},
		{"enclosed", "ⓐ🄱🅒🅳⒠", "abcde"},
		{"regional indicators", "🇦🇧", "ab"},
		{"emoji", "x❌😀", "xx."},
		{"zero width", "a\u200bb\u00adc\u2060", "abc"},
		{"stacked marks", "a\u0301\u0327\u0489b", "ab"},
		{"override", "a \u202ecba\u202c d", "a abc d"},
		{"override to the end of the line", "\u202eba\nc", "ab c"},
		{"entity", "&lt;&#97;&#x62;&amp;", "cab[e]"},
		{"entity without its end", "&#97b &am", "ab [e]am"},
		{"nested entities", "&amp;#97;", "a"},
		{"percents", "%61%62%63", "abc"},
		{"a percentage or two", "5%61 %62", "[s5]x[bg6][il1] x[bg6][z2]"},
		{"backslashes", `\u0061\x62\u{63}\U00000064`, "abcd"},
		{"a surrogate pair", `\ud835\udc1a`, "a"},
		{"tatweel and vowel signs", "كـــَلب", "كلب"},
		{"forms of alef, ya and ha", "أإآا ىي ةه", "اااا يي هه"},
		{"Hangul", "한글", "한글"},
		{"half-width kana", "ｶﾅ ｶﾞ", "かな か\u3099"},
		{"katakana and hiragana", "カなヴ", "かなゔ"},
		{"voiced by a mark", "か\u3099", "か\u3099"},
		{"traditional and simplified", "法輪功 發髮发 麵面", "法轮功 发发发 面面"},
		{"compatibility ideographs", "\uf90a", "金"},
		{"Persian and Urdu letters", "کلب ہو ی", "كلب هو ي"},
		{"Arabic presentation forms", "ﻛﻠﺐ ﺓ", "كلب ه"},
		{"Thai keeps its marks", "น้ำ", "น้ํ"},
		{"Russian stays Russian", "как дела", "как дела"},
		{"Greek stays Greek", "καλά νέα", "καλά νέα"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var r Reader
			got := reading(r.Read(tc.text))
			got = strings.NewReplacer("[e]", "e", "[a]", "a").Replace(got)
			want := strings.NewReplacer("[e]", "e").Replace(tc.want)
			if got != want {
				t.Errorf("Read(%+q) is %s, want %s", tc.text, got, want)
			}
		})
	}
}

// TestReadingsByScript holds that letters keep the readings of another script only among its letters.
func TestReadingsByScript(t *testing.T) {
	for _, tc := range []struct {
		text, word string
		latin      bool // whether all letters of the word can be Latin
	}{
		{"the саsе is lost", "саsе", true},
		{"саsе", "саsе", true},
		{"we sell сосо here today", "сосо", true},
		{"сосо и нора, как они есть", "сосо", false},
		{"ρορ", "ρορ", false},
		{"this is ρορ music as we like it", "ρορ", true},
		{"the word بيتسا is here for you", "بيتسا", false},
		{"we say สวัสดี to you all of us", "สวัสดี", false},
	} {
		var r Reader
		from := strings.Index(tc.text, tc.word)
		latin := true
		for _, y := range r.Read(tc.text) {
			if int(y.Start) >= from && int(y.Start) < from+len(tc.word) && (y.Own|y.Alike)&Latin == 0 {
				latin = false
			}
		}
		if latin != tc.latin {
			t.Errorf("%q: %s reads as Latin: %t, want %t", tc.text, tc.word, latin, tc.latin)
		}
	}
}

func TestScript(t *testing.T) {
	for text, want := range map[string]string{"": "Common", "123": "Common", "hello": "Latin", "привет, you": "Cyrillic", "你好": "Han", "مرحبا": "Arabic", "สวัสดี": "Thai", "😀": "Common"} {
		var r Reader
		if r.Read(text); r.Script.String() != want {
			t.Errorf("script of %q: %s, want %s", text, r.Script, want)
		}
	}
}

// checkSymbols holds what is always true of symbols.
func checkSymbols(t interface {
	Helper()
	Fatalf(string, ...any)
}, text string, symbols []Symbol) {
	t.Helper()
	boundaries := map[int32]bool{int32(len(text)): true}
	for i := range text {
		boundaries[int32(i)] = true
	}
	turned := strings.ContainsRune(text, 0x202E) || strings.ContainsAny(text, `&%\`)
	for i, y := range symbols {
		if y.Start >= y.End || !boundaries[y.Start] || !boundaries[y.End] {
			t.Fatalf("%+q: symbol %d is %d to %d, not on rune boundaries", text, i, y.Start, y.End)
		}
		if i > 0 && !turned && y.Start < symbols[i-1].End {
			t.Fatalf("%+q: symbols %d and %d overlap", text, i-1, i)
		}
		if (y.Own|y.Alike)>>63 != 0 || y.Cost > 100 || y.Alike != 0 && y.Cost == 0 {
			t.Fatalf("%+q: symbol %+v", text, y)
		}
	}
}

func TestSymbolsOfAnyText(t *testing.T) {
	var used Reader
	parts := rapid.SampledFrom([]string{"a", " ", "é", "\u0301", "\u200b", "\u202e", "\u202c", "\n", "&#97;", "&amp;", "%61%62%63", `\u0061`, `\`, "%", "&", "ж", "한", "\xff", "❤️", "🇦", "ـ"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.OneOf(parts, rapid.String()), 0, 40).Draw(t, "parts"), "")
		symbols := slices.Clone(used.Read(text))
		checkSymbols(t, text, symbols)
		var fresh Reader
		if again := fresh.Read(text); !slices.Equal(symbols, again) {
			t.Fatalf("%+q: a used reader reads %s, a fresh one %s", text, reading(symbols), reading(again))
		}
	})
}

// TestEveryCharacterIsRead reads each character alone.
func TestEveryCharacterIsRead(t *testing.T) {
	var r Reader
	for c := rune(0); c <= utf8.MaxRune; c++ {
		if utf8.ValidRune(c) {
			symbols := r.Read(string(c))
			if len(symbols) > 1 || len(symbols) == 1 && (symbols[0].Start != 0 || int(symbols[0].End) != utf8.RuneLen(c)) {
				t.Errorf("%U is read as %+v", c, symbols)
			}
		}
	}
}

func TestReadIsBounded(t *testing.T) {
	var r Reader
	text := strings.Repeat("é", MaxText)
	symbols := r.Read(text)
	if n := len(symbols); n != MaxText/2 {
		t.Errorf("%d symbols of a text beyond the limit, want %d", n, MaxText/2)
	}
	checkSymbols(t, Cut("a"+text), r.Read("a"+text))
}

func TestReadAllocatesNothing(t *testing.T) {
	var r Reader
	for name, text := range samples {
		r.Read(text)
		if n := testing.AllocsPerRun(20, func() { r.Read(text) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"", "a\u202eb", "&#x1F600;&amp;amp;", "%e2%82%ac%61", `\ud83d\ude00\u{1f600}`, "\xe2\x82", "é\u0301\u0301", "&\xff;"} {
		f.Add(seed)
	}
	var r Reader
	f.Fuzz(func(t *testing.T, text string) {
		checkSymbols(t, text, r.Read(text))
	})
}

func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"ascii", "accents", "cyrillic", "cjk", "emoji", "disguised"} {
		b.Run(name, func(b *testing.B) {
			var r Reader
			r.Read(samples[name])
			b.SetBytes(int64(len(samples[name])))
			b.ReportAllocs()
			for b.Loop() {
				r.Read(samples[name])
			}
		})
	}
}
