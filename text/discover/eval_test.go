package discover

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/text/fold"
	"github.com/ringfence/ringfence/text/match"
)

// data reads a file of the development data.
func data(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("RINGFENCE_SHARED")
	if dir == "" {
		t.Skip("RINGFENCE_SHARED does not name the folder with the evaluation's data")
	}
	b, err := os.ReadFile(filepath.Join(dir, "data/text", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// world is a platform on which accounts use codes for words that are not listed: each code stands where tweets that people labelled
// as abusive had the word, or, for half of the codes, just anywhere.
type world struct {
	posts  []Post
	listed []match.Term
	codes  []string // folded
}

// sources are what worlds are made of.
type sources struct {
	abusive, ordinary []string
	words             []string // that are in abusive tweets eight times as often as in others
	codes             []string
}

var mention = regexp.MustCompile(`@[\w_]+:?|&#?\w+;|https?://\S+|\bRT\b`)

func readSources(t *testing.T) *sources {
	s := &sources{}
	rows, err := csv.NewReader(strings.NewReader(data(t, "davidson/labeled_data.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]*[2]int{}
	sizes := [2]int{}
	for _, row := range rows[1:] {
		text := strings.TrimSpace(mention.ReplaceAllString(row[6], ""))
		part := 0
		if row[5] != "2" {
			part = 1
			s.abusive = append(s.abusive, text)
		} else {
			s.ordinary = append(s.ordinary, text)
		}
		sizes[part]++
		seen := map[string]bool{}
		for _, w := range tokenize(nil, text) {
			if w.kind == Word && len(w.text) > 2 && !seen[w.text] {
				seen[w.text] = true
				if counts[w.text] == nil {
					counts[w.text] = &[2]int{}
				}
				counts[w.text][part]++
			}
		}
	}
	for w, n := range counts {
		if n[1] >= 15 && float64(n[1])/float64(sizes[1]) > 8*float64(n[0]+1)/float64(sizes[0]) {
			s.words = append(s.words, w)
		}
	}
	slices.Sort(s.words)
	for _, name := range []string{"emoji/train_text.txt", "irony/train_text.txt", "emotion/train_text.txt"} {
		lines := strings.Split(data(t, "tweeteval/datasets/"+name), "\n")
		s.ordinary = append(s.ordinary, lines[:min(len(lines), 25000)]...)
	}
	for line := range strings.Lines(data(t, "derived/algospeak_pairs.tsv")) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 && f[2] != "kind" {
			s.codes = append(s.codes, f[0])
		}
	}
	for line := range strings.Lines(data(t, "dogwhistles/data/glossary.tsv")) {
		if f := strings.Split(line, "\t"); len(f) > 2 && len(strings.Fields(f[0])) <= 3 {
			s.codes = append(s.codes, f[0])
		}
	}
	return s
}

// newWorld draws a world: 60 codes in 5 to 40 posts each, half of them in noisy company; 2,000 accounts of which 500 are abusive;
// three in five of these labelled, and 3% of the others, wrongly. Innocent words rise, too: 30 events in the last fifth of the time,
// which suspects write of twice as often; 20 hobbies that suspects happen to share; and 20 phrases that one account repeats.
func newWorld(s *sources, seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 7))
	w := &world{}
	words, codes := slices.Clone(s.words), slices.Clone(s.codes)
	r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	r.Shuffle(len(codes), func(i, j int) { codes[i], codes[j] = codes[j], codes[i] })
	hidden, listed := map[string]bool{}, map[string]bool{}
	for i, word := range words {
		if i%2 == 0 {
			hidden[word] = true
		} else {
			listed[word] = true
			w.listed = append(w.listed, match.Term{Text: word, Inflections: &[]string{}})
		}
	}
	const abusers, accounts = 500, 2000
	labelled := func(account int) bool {
		if account < abusers {
			return account%5 < 3
		}
		return account%33 == 0
	}
	post := func(account int, text string, at int64) {
		w.posts = append(w.posts, Post{ID: fmt.Sprint(len(w.posts)), Account: fmt.Sprint(account), Text: text, At: at, Suspect: labelled(account)})
	}
	ordinary := func() string { return s.ordinary[r.IntN(len(s.ordinary))] }
	insert := func(text, word string) string {
		f := strings.Fields(text)
		return strings.Join(slices.Insert(f, r.IntN(len(f)+1), word), " ")
	}

	// What abusers write: tweets without hidden words, and, with a code in its place, some of those with one.
	byWord := map[string][]string{}
	for _, text := range s.abusive {
		found, known := "", false
		for _, tok := range tokenize(nil, text) {
			if hidden[tok.text] {
				found = tok.text
			}
			known = known || listed[tok.text]
		}
		if found == "" {
			switch {
			case known:
				post(r.IntN(abusers), text, r.Int64N(1000))
			case r.IntN(2) == 0: // many ordinary accounts talk like that, too
				post(abusers+r.IntN(accounts-abusers), text, r.Int64N(1000))
			default:
				post(r.IntN(abusers), text, r.Int64N(1000))
			}
			continue
		}
		byWord[found] = append(byWord[found], text)
	}
	var places []string // hidden words with enough tweets
	for word, texts := range byWord {
		if len(texts) >= 5 {
			places = append(places, word)
		}
	}
	slices.Sort(places)
	for i := range 60 {
		code := codes[i]
		w.codes = append(w.codes, foldedCode(code))
		since := int64(0)
		if i%3 > 0 { // most are new
			since = r.Int64N(700)
		}
		for range int(5 * math.Pow(8, r.Float64())) {
			text := insert(ordinary(), code)
			if i%2 == 0 {
				word := places[i/2%len(places)]
				texts := byWord[word]
				text = replaceWord(texts[r.IntN(len(texts))], word, code)
			}
			post(r.IntN(abusers), text, since+r.Int64N(1000-since))
		}
	}
	for range 8000 {
		post(r.IntN(abusers), ordinary(), r.Int64N(1000))
	}
	for range 40000 {
		post(abusers+r.IntN(accounts-abusers), ordinary(), r.Int64N(1000))
	}
	invented := func(i int, what string) string { return fmt.Sprintf("%s%c%cel", what, 'a'+i%26, 'a'+i/3%26) }
	for i := range 30 { // events
		for range 30 + r.IntN(170) {
			account := abusers + r.IntN(accounts-abusers)
			if r.IntN(5) < 2 {
				account = r.IntN(abusers)
			}
			post(account, insert(ordinary(), invented(i, "storm")), 800+r.Int64N(200))
		}
	}
	for i := range 20 { // hobbies
		for range 20 + r.IntN(40) {
			account := abusers + r.IntN(accounts-abusers)
			if r.IntN(2) == 0 {
				account = r.IntN(abusers)
			}
			post(account, insert(ordinary(), invented(i, "vinyl")), r.Int64N(1000))
		}
	}
	for i := range 20 { // one account's spam
		account := r.IntN(abusers)
		for range 50 {
			post(account, insert(ordinary(), invented(i, "promo")+" now"), r.Int64N(1000))
		}
	}
	r.Shuffle(len(w.posts), func(i, j int) { w.posts[i], w.posts[j] = w.posts[j], w.posts[i] })
	slices.SortStableFunc(w.posts, func(a, b Post) int { return cmp.Compare(a.At, b.At) })
	return w
}

// decoy is an event, a hobby or spam of newWorld.
var decoy = regexp.MustCompile(`^(storm|vinyl|promo)[a-z]{2}el`)

// foldedCode is a code as a candidate would name it.
func foldedCode(code string) string {
	key := ""
	for _, t := range tokenize(nil, code) {
		key = join(key, &t)
	}
	if key == "" {
		return fold.String(code)
	}
	return key
}

func replaceWord(text, word, with string) string {
	for _, t := range tokenize(nil, text) {
		if t.text == word {
			return text[:t.start] + with + text[t.end:]
		}
	}
	return text
}

// TestCodesAreFound gives how many of the hidden codes are among the best k candidates, beside ranking the same terms by the ratio
// of their frequencies, and by log-odds alone.
func TestCodesAreFound(t *testing.T) {
	s := readSources(t)
	t.Logf("%d abusive and %d ordinary posts, %d words, %d codes", len(s.abusive), len(s.ordinary), len(s.words), len(s.codes))
	ks := []int{30, 60, 100, 200}
	var sums [3][4]float64
	seeds := []uint64{1, 2, 3}
	for _, seed := range seeds {
		w := newWorld(s, seed)
		bank, err := match.Compile(w.listed)
		if err != nil {
			t.Fatal(err)
		}
		m := NewMiner(bank, DefaultCapacity)
		for _, p := range w.posts {
			m.Add(p)
		}
		var base, odds []Candidate
		for key, term := range m.terms {
			if term.posts >= minAccounts {
				n, k := float64(term.posts)+.5, float64(m.background.count(key))+.5
				base = append(base, Candidate{Term: key, Score: n / k, Z: n})
			}
			if c, ok := m.candidate(key, term); ok {
				c.Score = c.Z
				odds = append(odds, c)
			}
		}
		for _, list := range [][]Candidate{base, odds} {
			slices.SortFunc(list, func(a, b Candidate) int {
				return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Z, a.Z), strings.Compare(a.Term, b.Term))
			})
		}
		for i, list := range [][]Candidate{m.Candidates(200), m.withoutFragments(odds, 200), m.withoutFragments(base, 200)} {
			for j, k := range ks {
				sums[i][j] += recall(w.codes, list[:min(k, len(list))]) / float64(len(seeds))
			}
		}
		decoys := 0
		for _, c := range m.Candidates(100) {
			if decoy.MatchString(c.Term) {
				decoys++
			}
		}
		t.Logf("seed %d: %d posts, %+v; %d of the 70 decoys are among the best 100", seed, len(w.posts), m.Stats(), decoys)
	}
	for i, name := range []string{"candidates", "log-odds alone", "frequency ratio"} {
		t.Logf("%-16s recall at %v: %.2f", name, ks, sums[i])
	}
	if got, base := sums[0][2], sums[2][2]; got < 0.25 || got < 2*base {
		t.Errorf("recall %.2f among the best 100, by the ratio of frequencies %.2f; want 0.25, and twice that", got, base)
	}
}

// recall is the share of the codes that are among the candidates, up to a fragment.
func recall(codes []string, list []Candidate) float64 {
	n := 0
	for _, code := range codes {
		if slices.ContainsFunc(list, func(c Candidate) bool {
			return c.Term == code || overlap(c.Term, code) && 5*min(len(c.Term), len(code)) >= 3*max(len(c.Term), len(code))
		}) {
			n++
		}
	}
	return float64(n) / float64(len(codes))
}
