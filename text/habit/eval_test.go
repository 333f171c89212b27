package habit

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/text/fold"
)

// posts are the development posts of a file, by pool or class.
func posts(t *testing.T, name string) map[string][]string {
	t.Helper()
	dir := os.Getenv("RINGFENCE_SHARED")
	if dir == "" {
		t.Skip("RINGFENCE_SHARED does not name the folder with the evaluation's data")
	}
	f, err := os.Open(filepath.Join(dir, "data/text/obf-bench-dev", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string][]string{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p struct{ Pool, Class, Text string }
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		all[p.Pool+p.Class] = append(all[p.Pool+p.Class], p.Text)
	}
	return all
}

// TestOrdinaryPostsHaveNoHabit counts the clean posts with a habit, most of which are obfuscated after all: somebody wrote in
// superscript or in full width, or mixed scripts.
func TestOrdinaryPostsHaveNoHabit(t *testing.T) {
	var reader fold.Reader
	found, all := 0, 0
	for pool, texts := range posts(t, "clean.jsonl") {
		here := 0
		for _, text := range texts {
			if h, ok := Of(reader.Read(text), text); ok {
				here++
				t.Logf("%s: %q %v", pool, text, h.Features())
			}
		}
		if share := float64(here) / float64(len(texts)); share > 0.005 {
			t.Errorf("%s: %.4f of the posts have a habit, want at most 0.005", pool, share)
		}
		found, all = found+here, all+len(texts)
	}
	t.Logf("%d of %d posts have a habit", found, all)
	if found > all/1000 {
		t.Errorf("%d of %d posts have a habit, want at most one in 1,000", found, all)
	}
}

// TestObfuscatedPostsHaveAHabit says in how many posts with one phrase obfuscated the device is seen.
func TestObfuscatedPostsHaveAHabit(t *testing.T) {
	want := map[string]float64{"02_homoglyph": .85, "05_zero_width": .9, "06_zalgo": .95, "08_punct_sep": .95, "10_fullwidth": .95, "11_math_alnum": .95,
		"12_enclosed": .95, "13_regional_ind": .8, "16_rlo_reversed": .95, "30_entity_markup": .8}
	var reader fold.Reader
	for class, texts := range posts(t, "obf.jsonl") {
		n := 0
		for _, text := range texts {
			if _, ok := Of(reader.Read(text), text); ok {
				n++
			}
		}
		got := float64(n) / float64(len(texts))
		t.Logf("%s %.3f", class, got)
		if got < want[class] {
			t.Errorf("%s: a habit in %.3f of the posts, want %.2f", class, got, want[class])
		}
	}
}

// doubles are what hands choose from for each letter, the usual choice first.
var doubles = map[rune][]rune{
	'a': []rune("аɑα"), 'b': []rune("Ьƅ"), 'c': []rune("сϲᴄ"), 'd': []rune("ԁժ"), 'e': []rune("еҽε"), 'g': []rune("ɡց"), 'h': []rune("һհ"), 'i': []rune("іιɩ"),
	'j': []rune("јϳ"), 'k': []rune("кκ"), 'l': []rune("ӏⅼ"), 'm': []rune("мⅿ"), 'n': []rune("ոпη"), 'o': []rune("оοօσ"), 'p': []rune("рρ"), 'q': []rune("ԛգ"),
	'r': []rune("гꭇ"), 's': []rune("ѕꜱ"), 't': []rune("тτ"), 'u': []rune("υս"), 'v': []rune("νѵ"), 'w': []rune("ѡԝ"), 'x': []rune("хҳ"), 'y': []rune("уγү"), 'z': []rune("ᴢʐ"),
}

// hand obfuscates texts in its own way.
type hand struct {
	table  map[rune]rune
	rate   float64 // of the letters in the table that it replaces
	unseen rune    // put after every period-th letter
	period int
	parted rune // put between the letters of every third word
}

// drawHand draws a hand: a table for 30% of the letters, in half of the cases only, since others use other devices, and what is
// usual with most.
func drawHand(r *rand.Rand, tableOnly bool) hand {
	usual := func(n int) int { // the first most often
		k := 0
		for k < n-1 && r.IntN(5) >= 3 {
			k++
		}
		return k
	}
	h := hand{table: map[rune]rune{}, rate: 0.5 + r.Float64()/2}
	device := r.IntN(10)
	if tableOnly || device < 5 {
		for c := 'a'; c <= 'z'; c++ {
			if d := doubles[c]; d != nil && r.IntN(10) < 3 {
				h.table[c] = d[usual(len(d))]
			}
		}
	} else if device < 7 {
		for i, c := range "aeiost" {
			if r.IntN(2) == 0 {
				h.table[c] = rune("431057"[i])
			}
		}
	}
	if tableOnly {
		return h
	}
	if device >= 6 && device < 9 {
		h.unseen, h.period = []rune("\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f")[usual(7)], 1+usual(4)
	}
	if device >= 8 {
		h.parted = []rune(".*-_|/~")[usual(7)]
	}
	return h
}

func (h hand) write(r *rand.Rand, text string) string {
	var b strings.Builder
	letters := 0
	for i, word := range strings.Fields(text) {
		if i > 0 {
			b.WriteByte(' ')
		}
		if strings.HasPrefix(word, "@") || strings.HasPrefix(word, "http") {
			b.WriteString(word)
			continue
		}
		for j, c := range word {
			if j > 0 && h.parted != 0 && i%3 == 0 {
				b.WriteRune(h.parted)
			}
			if to := h.table[c]; to != 0 && r.Float64() < h.rate {
				b.WriteRune(to)
			} else {
				b.WriteRune(c)
			}
			if letters++; h.period > 0 && letters%h.period == 0 {
				b.WriteRune(h.unseen)
			}
		}
	}
	return b.String()
}

// TestAccountsOfOneHandAreAlike draws 150 hands with 1 to 5 accounts each and looks at all pairs of accounts: how well similarity
// tells pairs of one hand from others, beside equal fingerprints. Among many devices some hands are drawn alike (dots between
// letters, and nothing else); such pairs count as false.
func TestAccountsOfOneHandAreAlike(t *testing.T) {
	texts := posts(t, "clean.jsonl")["en_emoji"]
	for _, tc := range []struct {
		name      string
		tableOnly bool
		posts     int
		auc, hit  float64
	}{
		{"many devices", false, 1, .93, .12},
		{"many devices", false, 3, .96, .3},
		{"many devices", false, 10, .97, .4},
		{"tables only", true, 1, .95, .3},
		{"tables only", true, 3, .98, .7},
		{"tables only", true, 10, .99, .9},
	} {
		t.Run(fmt.Sprintf("%s, %d posts", tc.name, tc.posts), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var reader fold.Reader
			profiles, owner, prints := map[string]*Profile{}, map[string]int{}, map[string]uint64{}
			plain := 0
			for k := range 150 {
				h := drawHand(r, tc.tableOnly)
				for a := range 1 + r.IntN(5) {
					name, p := fmt.Sprintf("%03d.%d", k, a), &Profile{}
					for i := range tc.posts {
						text := h.write(r, texts[r.IntN(len(texts))])
						found, ok := Of(reader.Read(text), text)
						if !ok {
							plain++
						}
						p.Add(&found, int64(i), 0)
						prints[name] = max(prints[name], found.Fingerprint())
					}
					profiles[name], owner[name] = p, k
				}
			}
			crowd := NewCrowd(profiles)
			names := slices.Sorted(maps.Keys(profiles))
			var same, other []float64
			equal := [2]int{}
			for i, a := range names {
				for _, b := range names[i+1:] {
					s := crowd.Similarity(profiles[a], profiles[b])
					if owner[a] == owner[b] {
						same = append(same, s)
						if prints[a] != 0 && prints[a] == prints[b] {
							equal[0]++
						}
					} else {
						other = append(other, s)
						if prints[a] != 0 && prints[a] == prints[b] {
							equal[1]++
						}
					}
				}
			}
			slices.Sort(other)
			auc, hit := 0.0, 0.0
			limit := other[len(other)-1-len(other)/10000]
			for _, s := range same {
				below, _ := slices.BinarySearch(other, s)
				above, _ := slices.BinarySearch(other, s+1e-12)
				auc += (float64(below) + float64(above)) / 2 / float64(len(other)) / float64(len(same))
				if s > limit {
					hit += 1 / float64(len(same))
				}
			}
			t.Logf("%d accounts, %.2f of the posts without a habit; AUC %.3f; recall %.3f at 1e-4 false pairs (above %.1f); equal fingerprints: recall %.3f at %.4f",
				len(names), float64(plain)/float64(tc.posts*len(names)), auc, hit, limit, float64(equal[0])/float64(len(same)), float64(equal[1])/float64(len(other)))
			if auc < tc.auc || hit < tc.hit {
				t.Errorf("AUC %.3f, recall %.3f; want at least %.2f and %.2f", auc, hit, tc.auc, tc.hit)
			}
		})
	}
}
