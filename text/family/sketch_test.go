package family

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/zeebo/xxh3"
	"pgregory.net/rapid"
)

// canonical is the form that texts are compared by; a second symbol of a character is left out.
func canonical(text string) string {
	var c canon
	c.read(text)
	var b strings.Builder
	for _, r := range c.symbols {
		if r < second {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func TestCanonical(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"case and punctuation", "  Hello, WORLD!!! ", "hello world"},
		{"apostrophes", "don't don’t", "dont dont"},
		{"digits", "call 0906-1701461 or ٣٤", "call 0000 0000000 or 00"},
		{"number signs", "#FreeMoney #now", "freemoney now"},
		{"mentions", "@ann hi @bob_2, @x.bsky.social! a@b", "hi a b"},
		{"a lone at", "me @ home", "me home"},
		{"links", "see https://ex.example/a?b=c now http://x.example", "see now"},
		{"links without scheme", "www.ex.example/x t.me/joinchat/abc ex.example is", "ex example is"},
		{"a link in text without spaces", "看https://ex.example/a吧", "看 吧"},
		{"neither link nor mention", "and/or 1.5/2 w.w a.b", "and or w w a b"},
		{"accents", "Crème brûlée Ångström", "creme brulee angstrom"},
		{"disguised letters", "frее mоnеу Ϝгее", "free money free"},
		{"styles", "𝐅𝓻𝖾𝕖 🄼🅾🅽🅴🆈 🇫🇷", "free money fr"},
		{"zero width and stacked marks", "f\u200br\u0301\u0302e\u2060e", "free"},
		{"cyrillic", "Привет, мир", "npиbet mиp"},
		{"vietnamese", "tiếng Việt", "tieng viet"},
		{"arabic, which is compared and never shown", "أَهْلًا", "loلl"},
		{"hangul", "한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"},
		{"emoji", "🔥🔥 win 🔥", "win"},
		{"invalid", "a\xffb", "a b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := canonical(tc.in); got != tc.want {
				t.Errorf("canonical(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

// TestSketchesAreOfThisVersion holds what sketches are. If it fails, then sketches are made in another way than before: count up
// Version, so that snapshots of before are refused, and state the new hash here.
func TestSketchesAreOfThisVersion(t *testing.T) {
	const version, want = 1, uint64(0x1cfc565b951f8ce0)
	src, h := newStream(3), xxh3.New()
	texts := make([]string, 0, 100+len(posts))
	for range 100 {
		texts = append(texts, src.next())
	}
	for _, name := range []string{"ascii", "cyrillic", "han", "disguise"} {
		texts = append(texts, posts[name])
	}
	texts = append(texts, strings.Join(texts, " "))
	for _, text := range texts {
		s := Of(text)
		if err := binary.Write(h, binary.LittleEndian, s.exact); err != nil {
			t.Fatal(err)
		}
		if err := binary.Write(h, binary.LittleEndian, slices.Concat(s.grams.hashes, s.keys)); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.Sum64(); got != want || Version != version {
		t.Errorf("version %d: sketches hash to %#x, want version %d and %#x", Version, got, version, want)
	}
}

func TestSketchIsPureAndLeavesNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var k Sketcher
		var s Sketch
		k.Into(&s, rapid.String().Draw(t, "before"))
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`([a-z]{1,6} ){0,30}`)).Draw(t, "text")
		k.Into(&s, text)
		if got, want := fmt.Sprint(s), fmt.Sprint(*Of(text)); got != want {
			t.Errorf("after another text the sketch of %q is %s, want %s", text, got, want)
		}
	})
}

func TestSketchesTakeNoMemory(t *testing.T) {
	var k Sketcher
	var s Sketch
	for name, text := range posts {
		k.Into(&s, text)
		if n := testing.AllocsPerRun(50, func() { k.Into(&s, text) }); n > 0 {
			t.Errorf("%s: %v allocations for a sketch, want 0", name, n)
		}
	}
}

func TestLongTextsHaveBoundedSketches(t *testing.T) {
	src := newStream(1)
	var b strings.Builder
	for b.Len() < 200_000 {
		b.WriteString(src.next() + " ")
	}
	for name, text := range map[string]string{
		"words": b.String(), "one letter": strings.Repeat("a", 200_000), "marks": "a" + strings.Repeat("\u0301", 200_000),
		"at signs": strings.Repeat("@", 200_000), "hosts": strings.Repeat("a.b.", 50_000), "no letters": strings.Repeat("🔥", 50_000),
	} {
		s := Of(text)
		if len(s.grams.hashes) > maxGrams || len(s.keys) > maxKeys || len(s.text) > maxText {
			t.Errorf("%s: %d grams, %d keys, %d bytes of text", name, len(s.grams.hashes), len(s.keys), len(s.text))
		}
	}
}

func TestSmallest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hashes := rapid.SliceOf(rapid.OneOf(rapid.Uint32Range(0, 200), rapid.Uint32())).Draw(t, "hashes")
		n := rapid.IntRange(1, 40).Draw(t, "n")
		want := slices.Clone(hashes)
		slices.Sort(want)
		want = slices.Compact(want)
		wantAll := len(want) <= n
		want = want[:min(n, len(want))]
		got, all := new(Sketcher).smallest(nil, hashes, n)
		if !slices.Equal(got, want) || all != wantAll {
			t.Errorf("got %v, %t, want %v, %t", got, all, want, wantAll)
		}
	})
}

// TestWinnow holds the guarantee of winnowing: a run of window hashes that two texts share gives a key that both have.
func TestWinnow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.Uint32(), 0, 30)
		run := rapid.SliceOfN(rapid.Uint32(), window, 20).Draw(t, "run")
		a := winnow(slices.Concat(some.Draw(t, "a"), run, some.Draw(t, "b")))
		b := winnow(slices.Concat(some.Draw(t, "c"), run, some.Draw(t, "d")))
		if !slices.ContainsFunc(a, func(h uint32) bool { return slices.Contains(run, h) && slices.Contains(b, h) }) {
			t.Errorf("%v and %v share nothing of %v", a, b, run)
		}
	})
	for n := range window + 2 {
		hashes := make([]uint32, n)
		for i := range hashes {
			hashes[i] = uint32(n - i)
		}
		if got := winnow(hashes); n > 0 && (len(got) == 0 || got[0] != uint32(max(n-window+1, 1))) {
			t.Errorf("of %d falling hashes %v are kept", n, got)
		}
	}
}

// TestPieces compares rolling with hashing each piece anew.
func TestPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	symbols := make([]rune, 100)
	for i := range symbols {
		symbols[i] = r.Int32N(1 << 25)
	}
	got := pieces(nil, symbols, 5)
	if len(got) != 96 {
		t.Fatalf("%d pieces of 5 in 100 symbols, want 96", len(got))
	}
	for i := range got {
		if want := pieces(nil, symbols[i:i+5], 5); got[i] != want[0] {
			t.Errorf("piece %d is %x, want %x", i, got[i], want[0])
		}
	}
}

// TestComparingLongTexts compares the estimate, by 512 grams, with what all the grams say.
func TestComparingLongTexts(t *testing.T) {
	src := newStream(1)
	long := func(n int) string {
		var words []string
		for len(words) < n {
			words = append(words, strings.Fields(src.next())...)
		}
		return strings.Join(words, " ")
	}
	exactly := func(text string) gramSet {
		var k Sketcher
		k.canon.read(text)
		hashes, all := k.smallest(nil, pieces(nil, k.canon.symbols, gramLen), 1<<20)
		return gramSet{hashes, all}
	}
	same := long(2000)
	for _, tc := range []struct{ name, a, b string }{
		{"equal", same, same},
		{"half", same + " " + long(1000), long(1000) + " " + same},
		{"quoted", same, long(3000) + " " + same},
		{"unrelated", same, long(2000)},
		{"short in long", same[:600], same},
	} {
		want, wantNear := compare(exactly(tc.a), exactly(tc.b))
		got, near := compare(Of(tc.a).grams, Of(tc.b).grams)
		if got < want-.08 || got > want+.08 || near != wantNear {
			t.Errorf("%s: %.3f, %t, want %.3f, %t", tc.name, got, near, want, wantNear)
		}
	}
}

func FuzzSketch(f *testing.F) {
	for _, text := range posts {
		f.Add(text)
	}
	f.Add("@ @a a@b http://x https:// www. a.b/c a.b./ \xff\xc3 한 漢 #'’")
	f.Fuzz(func(t *testing.T, text string) {
		s := Of(text)
		for name, list := range map[string][]uint32{"grams": s.grams.hashes, "keys": s.keys} {
			for i := 1; i < len(list); i++ {
				if list[i-1] >= list[i] {
					t.Errorf("%s of %q are not ascending", name, text)
				}
			}
		}
		if s.exact == 0 && (len(s.keys) > 0 || canonical(text) != "") {
			t.Errorf("%q has letters and no hash", text)
		}
		if again := canonical(canonical(text)); again != canonical(text) && !strings.ContainsAny(text, "@./:") {
			t.Errorf("canonical(%q) = %q, and of that %q", text, canonical(text), again)
		}
		mine([]string{text, text + " x", "x " + text})
	})
}
