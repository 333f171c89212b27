package discover

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/text/match"
)

func bankOf(t testing.TB, terms ...string) *match.Bank {
	t.Helper()
	var list []match.Term
	for _, text := range terms {
		list = append(list, match.Term{Text: text})
	}
	bank, err := match.Compile(list)
	if err != nil {
		t.Fatal(err)
	}
	return bank
}

func TestTokens(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"", ""},
		{"The cat, it's here", "word:the word:cat |word:it's word:here"},
		{"see https://a.example/b @ann now RT x", "word:see |word:now |word:x"},
		{"#GenderWooWoo #a-b", "hashtag:#genderwoowoo hashtag:#a word:b"},
		{"p0rn le$bian l.i.k.e gr8 2nd mp3 h3ll0", "odd:p0rn odd:le$bian odd:l.i.k.e word:gr8 word:2nd word:mp3 odd:h3ll0"},
		{"and/or end.But (x)", "word:and word:or word:end |word:but |word:x"},
		{"k*ll unal!ve", "odd:k*ll odd:unal!ve"},
		{"hi🍉🍑 👍🏽❤️🇮🇱", "word:hi emoji:🍉 emoji:🍑 emoji:👍 emoji:❤ emoji:🇮🇱"},
		{"日本 go", "word:日 word:本 word:go"},
		{"ＦＲＥＥ\u200b", "word:free"},
		{"one\ntwo", "word:one |word:two"},
		{"$100 \xff#", "word:$100"},
	} {
		var got []string
		for _, tok := range tokenize(nil, tc.text) {
			s := string(tok.kind) + ":" + tok.text
			if tok.apart {
				s = "|" + s
			}
			got = append(got, s)
		}
		if got := strings.TrimPrefix(strings.Join(got, " "), "|"); got != tc.want {
			t.Errorf("%q:\n got %s\nwant %s", tc.text, got, tc.want)
		}
	}
}

func TestKindOf(t *testing.T) {
	for word, want := range map[string]Kind{"sex": Word, "sеx": Odd, "s3x": Odd, "covid19": Word, "it's": Word, "naïve": Word, "дом": Word, "a*b": Odd, "2": Word} {
		if got := kindOf(word); got != want {
			t.Errorf("%q is of kind %s, want %s", word, got, want)
		}
	}
}

func FuzzTokenize(f *testing.F) {
	for _, text := range []string{"The cat, #tag-x p0rn 🇮🇱🍉\u200d🔥 日本 $a \xff\xfe l.i.k.e", "#", "##a", "-a-", "a\u0301.b", "🇦", "http://x y"} {
		f.Add(text)
	}
	bank := bankOf(f, "free money", "badword")
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, tok := range tokenize(nil, text) {
			if tok.start < last || tok.end <= tok.start || tok.end > len(text) || tok.text == "" {
				t.Errorf("%q: token %q at %d to %d, after %d", text, tok.text, tok.start, tok.end, last)
			}
			last = tok.end
		}
		m := NewMiner(bank, 16)
		for i := range 5 {
			m.Add(Post{ID: fmt.Sprint(i), Text: text, Suspect: true})
		}
		for _, c := range m.Candidates(10) {
			if utf8.ValidString(text) && !utf8.ValidString(c.Term) || len(c.Term) > maxTerm {
				t.Errorf("%q: candidate %q", text, c.Term)
			}
		}
	})
}

// filler is background about nothing, in which no word stands out.
func filler(m *Miner, n int) {
	words := strings.Fields("the weather is fine today and we go out for a walk with our dog in this lovely park near that old river")
	for i := range n {
		text := strings.Join([]string{words[i%22], words[i*7%22], words[i*5%22], words[i*3%22]}, " ")
		m.Add(Post{ID: fmt.Sprint("b", i), Account: fmt.Sprint("b", i%50), Text: text, At: int64(i)})
	}
}

func TestCandidates(t *testing.T) {
	m := NewMiner(bankOf(t, "badword", "wickedness"), 1000)
	filler(m, 500)
	for i := range 20 {
		account := fmt.Sprint("s", i)
		m.Add(Post{ID: fmt.Sprint("k", i), Account: account, Text: "we want some badword for our park", At: int64(400 + i)})
		m.Add(Post{ID: fmt.Sprint("c", i), Account: account, Text: "we want some 🍉 zesty corn for our park", At: int64(450 + i), Suspect: true})
		m.Add(Post{ID: fmt.Sprint("w", i), Account: account, Text: []string{"wikedniss today", "the wikedniss", "a walk wikedniss"}[i%3], At: int64(i), Suspect: true})
		m.Add(Post{ID: fmt.Sprint("p", i), Account: "one", Text: "promocode today", Suspect: true})
	}
	candidates := map[string]Candidate{}
	for _, c := range m.Candidates(20) {
		candidates[c.Term] = c
	}
	for _, term := range []string{"badword", "promocode", "park", "today"} {
		if c, ok := candidates[term]; ok {
			t.Errorf("%q is a candidate: %+v", term, c)
		}
	}
	corn, ok := candidates["zesty corn"]
	if !ok {
		t.Fatalf("zesty corn is no candidate of %v", candidates)
	}
	if corn.Suspect != 18 || corn.Background != 0 || corn.Accounts < 16 || corn.First != 452 || len(corn.Examples) != 3 || corn.Rise < 1 {
		t.Errorf("zesty corn: %+v", corn)
	}
	melon := candidates["🍉"]
	if melon.Kind != Emoji || melon.Company < 0.3 {
		t.Errorf("🍉 stands where badword does: %+v", melon)
	}
	if got := candidates["wikedniss"].Like; got != "wickedness" {
		t.Errorf("wikedniss is like %q, want wickedness", got)
	}
	if got := (Stats{Suspect: 80, Background: 500, Terms: m.Stats().Terms}); m.Stats() != got {
		t.Errorf("got %+v, want %+v", m.Stats(), got)
	}
}

func TestListedTermsMakePostsSuspect(t *testing.T) {
	m := NewMiner(bankOf(t, "badword"), 1000)
	filler(m, 500)
	for i := range 10 {
		m.Add(Post{ID: fmt.Sprint("k", i), Text: "b4dw0rd and yummicorn"})
	}
	got := m.Candidates(1)
	if len(got) != 1 || got[0].Term != "yummicorn" || !cmp.Equal(got[0].Beside, []string{"badword"}) {
		t.Errorf("got %+v, want yummicorn beside badword", got)
	}
}

// TestMemoryIsBounded: what is not held was in no more posts than the floor says.
func TestMemoryIsBounded(t *testing.T) {
	m := NewMiner(bankOf(t, "badword"), 200)
	truth := map[string]int{}
	for i := range 3000 {
		rare, usual := fmt.Sprintf("rare%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676), fmt.Sprintf("usual%c", 'a'+i%7)
		truth[rare]++
		truth[usual]++
		m.Add(Post{ID: fmt.Sprint(i), Text: rare + ". " + usual, Suspect: true})
		if len(m.terms) > 200+maxTokens*maxWords {
			t.Fatalf("%d terms are held", len(m.terms))
		}
	}
	for word, posts := range truth {
		if held := m.terms[word]; held == nil && posts > m.floor {
			t.Errorf("%s was in %d posts and is not held; the floor is %d", word, posts, m.floor)
		} else if held != nil && (held.posts > posts || held.posts+held.missed < posts) {
			t.Errorf("%s was in %d posts; counted %d and missed at most %d", word, posts, held.posts, held.missed)
		}
	}
}

func TestTheSketchNeverSaysTooLittle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, truth := newSketch(16), map[string]int{}
		for _, key := range rapid.SliceOfN(rapid.StringN(0, 3, 6), 0, 200).Draw(t, "keys") {
			s.add(key)
			truth[key]++
		}
		for key, n := range truth {
			if got := s.count(key); got < n {
				t.Fatalf("%q: %d, want at least %d", key, got, n)
			}
		}
	})
}

func TestDistinct(t *testing.T) {
	for _, n := range []int{0, 1, 5, 50, 200, 400} {
		var d distinct
		for range 3 {
			for i := range n {
				d.add(hash(fmt.Sprint("account ", i)))
			}
		}
		if got := d.count(); got < n*85/100 || got > n*115/100 {
			t.Errorf("%d hashes count as %d", n, got)
		}
	}
}

// TestTheSamePostsGiveTheSame holds for any posts, also where memory runs out.
func TestTheSamePostsGiveTheSame(t *testing.T) {
	bank := bankOf(t, "badword")
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"badword", "corn", "zesty", "🍉", "the", "#x", "p0rn", "日", ".", "@a", "walk"}), 0, 12)
		var posts []Post
		for i := range rapid.IntRange(0, 60).Draw(t, "posts") {
			posts = append(posts, Post{ID: fmt.Sprint(i), Text: strings.Join(words.Draw(t, "words"), " "), At: int64(i), Suspect: rapid.Bool().Draw(t, "suspect")})
		}
		capacity := rapid.IntRange(16, 100).Draw(t, "capacity")
		run := func() []Candidate {
			m := NewMiner(bank, capacity)
			for _, p := range posts {
				m.Add(p)
			}
			return m.Candidates(20)
		}
		if diff := cmp.Diff(run(), run()); diff != "" {
			t.Fatalf("two runs differ:\n%s", diff)
		}
	})
}

func TestEdits(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "ab", 1}, {"", "ab", 2}, {"kitten", "sitting", 3}} {
		if got := edits([]rune(tc.a), []rune(tc.b)); got != tc.want {
			t.Errorf("edits(%q, %q) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	for _, tc := range []struct {
		name    string
		suspect bool
	}{{"background", false}, {"suspect", true}} {
		b.Run(tc.name, func(b *testing.B) {
			m := NewMiner(bankOf(b, "badword", "free money"), DefaultCapacity)
			filler(m, 1000)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				m.Add(Post{ID: "1", Account: fmt.Sprint(i % 1000), Text: "Photo booth fabulousness, see you there on friday #photobooth at the park near the river", Suspect: tc.suspect})
			}
		})
	}
}
