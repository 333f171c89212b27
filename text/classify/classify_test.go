package classify

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/ringfence/ringfence/learn"
)

// posts are invented: offers of money against talk of the day, each with words in any order.
func posts(n int) []Example {
	r := rand.New(rand.NewPCG(1, 1))
	offers := strings.Fields("free money crypto double your wallet now airdrop claim bonus instant profit guaranteed send deposit https://x.example/a @you")
	talk := strings.Fields("rain today bus late coffee with my sister walked the dog nice film tonight school exam football match https://y.example/b @you the your now")
	examples := make([]Example, n)
	for i := range examples {
		words := talk
		if i%3 == 0 {
			words = offers
		}
		var text []string
		for range 5 + r.IntN(8) {
			text = append(text, words[r.IntN(len(words))])
		}
		examples[i] = Example{strings.Join(text, " "), i%3 == 0}
	}
	return examples
}

func trained(t testing.TB, n int) (*Model, *Report) {
	t.Helper()
	m, report, err := Train(posts(n))
	if err != nil {
		t.Fatal(err)
	}
	return m, report
}

func TestAModelTellsKindsApart(t *testing.T) {
	m, report := trained(t, 600)
	if report.Positive != 200 || report.Negative != 400 || report.AUC < 0.99 || report.LogLoss > 0.1 || len(report.Scored) != 600 {
		t.Errorf("report: %d positive, %d negative, AUC %.3f, log loss %.3f, %d scored", report.Positive, report.Negative, report.AUC, report.LogLoss, len(report.Scored))
	}
	for text, want := range map[string]bool{
		"claim your free crypto bonus":           true,
		"ＣＬＡＩＭ your fr\u200bee crypto bonus":     true,
		"claiim ur freee cryptoo bonuss":         true,
		"the bus was late today, rain":           false,
		"walked my dog to the football match :)": false,
	} {
		if got := m.Score(text); got.Probability > 0.5 != want {
			t.Errorf("%q: probability %.3f, want above a half: %t", text, got.Probability, want)
		}
	}
}

func TestExplain(t *testing.T) {
	m, _ := trained(t, 600)
	grams := m.Explain("Claim your free crypto @somebody, the rain https://x.example/q", 4)
	if len(grams) != 4 {
		t.Fatalf("%d n-grams, want 4: %v", len(grams), grams)
	}
	for i, g := range grams {
		if i > 0 && math.Abs(g.Weight) > math.Abs(grams[i-1].Weight) {
			t.Errorf("%v is weightier than the one before it", g)
		}
		if strings.Contains(g.Text, "some") || strings.Contains(g.Text, "exam") {
			t.Errorf("%q is of a name or a link", g.Text)
		}
		for _, other := range grams[:i] {
			if strings.Contains(other.Text, g.Text) && (other.Weight > 0) == (g.Weight > 0) {
				t.Errorf("%q says what %q says", g.Text, other.Text)
			}
		}
	}
	if got := m.Explain("", 3); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
	if diff := cmp.Diff(grams[:2], m.Explain("Claim your free crypto @somebody, the rain https://x.example/q", 2)); diff != "" {
		t.Errorf("fewer n-grams are not the first of more: %s", diff)
	}
}

func TestTheOrderOfExamplesDoesNotMatter(t *testing.T) {
	examples := posts(90)
	a, _, err := Train(examples)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(examples)
	b, _, err := Train(examples)
	if err != nil {
		t.Fatal(err)
	}
	id := learn.ID(a.Append(nil))
	if id != learn.ID(b.Append(nil)) {
		t.Error("another order of the same examples gave another model")
	}
	if want := "bf3b9b21d1f488948447a10add2b13ee"; id != want { // so that another architecture or release that computes differently is found out
		t.Errorf("id = %s, want %s", id, want)
	}
}

func TestTooFewExamples(t *testing.T) {
	for name, examples := range map[string][]Example{
		"none": nil, "one kind": make([]Example, 100), "few": posts(30),
		"equal": slices.Concat(slices.Repeat([]Example{{"a", true}}, 30), slices.Repeat([]Example{{"b", false}}, 30)),
	} {
		if _, _, err := Train(examples); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestModelsSurviveTheirEncoding(t *testing.T) {
	m, _ := trained(t, 90)
	encoded := m.Append(nil)
	got, err := Decode(encoded)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range posts(50) {
		if got.Score(e.Text) != m.Score(e.Text) {
			t.Fatalf("%q scores differently", e.Text)
		}
	}
	small := learnt(t, 4)
	for name, b := range map[string][]byte{
		"empty": nil, "another version": []byte("RFTEXT\x02"), "cut": encoded[:len(encoded)-1], "longer": append(slices.Clone(encoded), 0),
		"without a model": []byte(magic), "another table": append([]byte(magic), small...),
		"without calibration": m.weights.Append([]byte(magic)),
	} {
		if _, err := Decode(b); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: error %v, want ErrFormat", name, err)
		}
	}
}

func learnt(t *testing.T, bits uint8) []byte {
	t.Helper()
	f, err := learn.NewFTRL(learn.Options{Bits: bits, Alpha: 1, Beta: 1})
	if err != nil {
		t.Fatal(err)
	}
	return f.Model().Append(nil)
}

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "  ",
		"Hi @Some_Body99, see":              " hi @, see ",
		"look HTTPS://EXAMPLE.com/A?b  now": " look http now ",
		"www.example.com":                   " http ",
		"a@b.example":                       " a@.example ",
		strings.Repeat("x", maxFolded+9):    " " + strings.Repeat("x", maxFolded) + " ",
	} {
		var folded []byte
		if got := string(canonical(nil, &folded, text)); got != want {
			t.Errorf("canonical(%.40q) = %.60q, want %.60q", text, got, want)
		}
	}
}

func TestGrams(t *testing.T) {
	var got []string
	places := map[string]uint32{}
	grams([]byte(" éa "), func(start, end int, index uint32) {
		got = append(got, " éa "[start:end])
		places[" éa "[start:end]] = index
	})
	if diff := cmp.Diff([]string{" é", " éa", " éa ", "éa", "éa ", "a "}, got); diff != "" {
		t.Error(diff)
	}
	grams([]byte("xéa"), func(start, end int, index uint32) {
		if gram := "xéa"[start:end]; gram == "éa" && index != places[gram] {
			t.Error("the same n-gram has two places")
		}
	})
}

func TestScoringDoesNotAllocate(t *testing.T) {
	m, _ := trained(t, 60)
	text := "Wohin geht @niemand heute? 日本語 https://x.example/y " + strings.Repeat("ab ", 40)
	var w work // the pool's memory does not last under the race detector
	m.score(&w, text)
	if got := testing.AllocsPerRun(100, func() { m.score(&w, text) }); got != 0 {
		t.Errorf("%g allocations, want 0", got)
	}
}

func FuzzDecode(f *testing.F) {
	m, _ := trained(f, 60)
	f.Add(m.Append(nil))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("error %v is not ErrFormat", err)
			}
			return
		}
		if !bytes.Equal(m.Append(nil), b) {
			t.Fatal("there are two encodings of one model")
		}
	})
}

func FuzzScore(f *testing.F) {
	m, _ := trained(f, 60)
	for _, text := range []string{"", "free money", "\xff@\x80", "https://", strings.Repeat("a\u0301", 300), "@@@ www. ＠ａ"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := m.Score(text)
		if !(s.Probability >= 0 && s.Probability <= 1) {
			t.Fatalf("probability %g", s.Probability)
		}
		for _, g := range m.Explain(text, 5) {
			if !utf8.ValidString(g.Text) {
				t.Fatalf("n-gram %q is cut within a character", g.Text)
			}
		}
	})
}

func BenchmarkScore(b *testing.B) {
	m, _ := trained(b, 60)
	for _, n := range []int{140, 10000} {
		text := strings.Repeat("so i told her the bus is late again, and she said ", n/50+1)[:n]
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(n))
			for b.Loop() {
				m.Score(text)
			}
		})
	}
}
