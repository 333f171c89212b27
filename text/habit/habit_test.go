package habit

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/text/fold"
)

// of is the habit of a text.
func of(text string) (Habit, bool) {
	var reader fold.Reader
	return Of(reader.Read(text), text)
}

// words are the features of a text in words.
func words(text string) []string {
	h, _ := of(text)
	var got []string
	for _, f := range h.Features() {
		got = append(got, f.String())
	}
	return got
}

func TestFeatures(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{"frее mоney here", []string{"Cyrillic letters among others", "e as е U+0435", "o as о U+043E"}},
		{"mοnеу", []string{"Cyrillic letters among others", "Greek letters among others", "e as е U+0435", "o as ο U+03BF", "y as у U+0443"}},
		{"ᴍᴏɴᴇʏ", []string{"small capitals letters"}},
		{"Вceгда гoвоpи", []string{"Latin letters among others", "е as e", "о as o", "п as p", "с as c"}},
		{"w0rld of h3ll0 and m0ney", []string{"digits and signs for letters", "e as 3", "o as 0"}},
		{"f⭕rget m📧ney", []string{"emoji for letters", "e as 📧 U+1F4E7", "o as ⭕ U+2B55"}},
		{"𝐛𝐮𝐲 now", []string{"bold letters"}},
		{"ｂｕｙ　ｎｏｗ", []string{"full width letters"}},
		{"🇧 🇺 🇾", []string{"regional indicators letters"}},
		{"m\u200bo\u200bn\u200be\u200by, now", []string{"invisible U+200B", "U+200B within words", "U+200B every 1 letters", "no space before punctuation"}},
		{"mo\u2060ne\u2060ys\u2060 an\u2060d m\u2060or\u2060e", []string{"invisible U+2060", "U+2060 within words", "U+2060 at the edges of words", "U+2060 every 2 letters"}},
		{"buy\u200b\u200c\u200b\u200c now", []string{"invisible U+200C", "U+200C at the edges of words", "U+200C several in a row"}},
		{"buy now\u200b\u200c\u200b", []string{"invisible U+200B", "U+200B several in a row"}},
		{"buy m.o.n.e.y", []string{"letters parted by .", "no space before punctuation"}},
		{"m🔥o✨n🔥e💀y", []string{"letters parted by emoji"}},
		{"m\u0334o\u0334n\u0334ey", []string{"letters struck through"}},
		{"m\u0301\u0302\u0303\u0304o\u0301\u0302\u0303\u0304", []string{"marks stacked on letters", "3 marks or more on a letter"}},
		{"pay \u202eyenom\u202c", []string{"shown in reverse"}},
		{"&#109;&#111;ney", []string{"letters escaped as &#101;"}},
		{"&#x6d;&#x6F;ney ,", []string{"letters escaped as &#x65;", "space before punctuation"}},
		{"%6d%6f%6e", []string{"letters escaped as %65"}},
		{`\u006d\u006fney`, []string{`letters escaped as \u0065`}},
	} {
		if diff := cmp.Diff(tc.want, words(tc.text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.text, diff)
		}
	}
}

func TestOrdinaryTexts(t *testing.T) {
	for _, text := range []string{
		"", " ", "Hello, world!", "ALL CAPS ARE FINE", "naïve café, Žižek & Ångström, tiếng Việt đấy", "Straße øl łódź ısı æthere",
		"I love мир и дружбу", "iPhoneом доволен, PDFка", "μTorrent and TNFα at 5 μm", "I ❤️ you 🇩🇪🇫🇷 👨‍👩‍👧‍👦 👍🏽 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🅱️ Ⓜ️ ℹ️",
		"gr8 2nite b4 l8r COVID19 mp3 se7en", "a$ap and p!nk", "see https://ex4mpl3.com/a1b2c3 @h3ll0_w0rld #m0n3y", "U.S.A. N.W.A. R-E-S-P-E-C-T h i !",
		"می\u200cخواهم کـــتاب", "क्\u200dष", "\ufeffhello\u200b", "AT&amp;T &lt;3 100%", "co\u00adoperation anti\u00adestablishment", "ＡＢＣで日本語", "今日はMicrosoftとか",
		"1ª vez, 2º nº m² CO₂ 1ˢᵗ", "F*CK s**t wtf", "n\u0303 e\u0301 decomposed", "wow!!! so...good?yes", "uncle!Love it!All of it!Now", "kakak@nabila", `\n\t\t\tone`,
		"مرحبا hello عالم", "ni-ni-ni a-a-a-a-a", strings.Repeat("ha", 500),
	} {
		if h, ok := of(text); ok {
			t.Errorf("%q has the habit %v", text, h.Features())
		}
	}
}

// TestFingerprintsAreThoseOfDevices: which letters a device met does not matter. The values are kept where this package is used.
func TestFingerprintsAreThoseOfDevices(t *testing.T) {
	print := func(text string) string {
		h, _ := of(text)
		return h.String()
	}
	if got, want := print("frее mоney"), print("сhеар wоrds, mоrе"); got != want || got == "" {
		t.Errorf("%q and %q are of one device", got, want)
	}
	if a, b := print("frее mоney"), print("m.o.n.e.y"); a == b {
		t.Errorf("%q is of two devices", a)
	}
	if got, want := print("frее mоney"), "4584191021be48e4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := print("free money"); got != "" {
		t.Errorf("plain text has the fingerprint %q", got)
	}
}

func TestPlainTextsAllocateNothing(t *testing.T) {
	var reader fold.Reader
	for _, text := range []string{plainPost, "Привет, как дела?", "frее mоney"} {
		symbols := reader.Read(text)
		if n := testing.AllocsPerRun(100, func() { Of(symbols, text) }); n != 0 {
			t.Errorf("%q: %v allocations", text, n)
		}
	}
}

const plainPost = "Photo booth fabulousness, 2 of us & all that! See you there on friday? #prebirthday #photobooth https://t.co/abc"

func BenchmarkOf(b *testing.B) {
	var reader fold.Reader
	for _, tc := range []struct{ name, text string }{{"plain", plainPost}, {"obfuscated", "frее mоney аnd more tо соme, h3ll0 w0rld m0ney"}} {
		b.Run(tc.name, func(b *testing.B) {
			symbols := reader.Read(tc.text)
			b.ReportAllocs()
			b.SetBytes(int64(len(tc.text)))
			for b.Loop() {
				Of(symbols, tc.text)
			}
		})
	}
}

// devices are bits of text that take every path.
var devices = []string{"frее", "mοney", "ᴍᴏɴ", "гoвоp", "w0rld", "m⭕n", "𝐛𝐮", "ｂｕ", "🇧", "\u200b", "\u2060", "\u00ad", "a.b.c.d", "a\u0334", "\u0301\u0302\u0303", "\u202e", "\u202c",
	"&#109;", "%6d", `\u006d`, " ", "plain", "日本", "سلام", "ไทย", "@", "#", "://", "!", ",", "🔥", "\xff", "\n", "\ufe0f", "🏴\U000e0067"}

func TestHabitsAreWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkHabit(t, strings.Join(rapid.SliceOfN(rapid.SampledFrom(devices), 0, 60).Draw(t, "text"), ""))
	})
}

func FuzzOf(f *testing.F) {
	for _, text := range devices {
		f.Add(text + plainPost)
	}
	f.Add(strings.Join(devices, ""))
	f.Add(strings.Join(devices, " "))
	f.Fuzz(func(t *testing.T, text string) { checkHabit(t, text) })
}

type failer interface{ Errorf(string, ...any) }

// checkHabit holds what is true of every text.
func checkHabit(t failer, text string) {
	var reader fold.Reader
	symbols := reader.Read(text)
	h, ok := Of(symbols, fold.Cut(text))
	if !ok != (h.Fingerprint() == 0) || !ok != (len(h.Features()) == 0) {
		t.Errorf("%q: %t with %d features and the fingerprint %x", text, ok, len(h.Features()), h.Fingerprint())
	}
	if full, found := scanned(symbols, fold.Cut(text)); found != ok || full != h {
		t.Errorf("%q: the quick look misses %v", text, full.Features())
	}
	manners := 0
	for i, f := range h.Features() {
		if i > 0 && h.Features()[i-1] >= f {
			t.Errorf("%q: %v is out of order", text, f)
		}
		if s := f.String(); !utf8.ValidString(s) || strings.HasPrefix(s, "feature") {
			t.Errorf("%q: a feature without words: %q", text, s)
		}
		if f.manner() {
			manners++
		}
	}
	if ok && manners == 0 {
		t.Errorf("%q: choices without a manner: %v", text, h.Features())
	}
	var p Profile
	p.Add(&h, 1, 0)
	if q, err := Decode(p.Append(nil)); err != nil || !cmp.Equal(p, *q, cmp.AllowUnexported(Profile{}, count{})) {
		t.Errorf("%q: the profile does not come back: %v", text, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	var p Profile
	h, _ := of("frее mоney")
	p.Add(&h, 5, 0)
	good := p.Append(nil)
	for i := range good {
		if _, err := Decode(good[:i]); !errors.Is(err, ErrFormat) {
			t.Errorf("%d of %d bytes: error %v, want ErrFormat", i, len(good), err)
		}
	}
	if _, err := Decode(append(good, 0)); !errors.Is(err, ErrFormat) {
		t.Errorf("a byte too many: error %v, want ErrFormat", err)
	}
}
