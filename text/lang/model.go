package lang

import (
	_ "embed" // the lists of words
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/ringfence/ringfence/text/fold"
)

// The lists from which the models are made: "= code n" begins a language of n million speakers, its words follow, common ones first.
var (
	//go:embed words_latin.txt
	latinWords string
	//go:embed words_cyrillic.txt
	cyrillicWords string
	//go:embed words_arabic.txt
	arabicWords string
	//go:embed words_devanagari.txt
	devanagariWords string
)

// models are the models of the scripts that several languages share.
var models = map[script]func() *model{
	latin:      sync.OnceValue(func() *model { return newModel(latinWords) }),
	cyrillic:   sync.OnceValue(func() *model { return newModel(cyrillicWords) }),
	arabic:     sync.OnceValue(func() *model { return newModel(arabicWords) }),
	devanagari: sync.OnceValue(func() *model { return newModel(devanagariWords) }),
}

// known is how much of a text in a language is words of its list; the rest is spelt letter by letter.
const known = 0.6

// clip is how much less than the best a word may make a language likely, in nats: one borrowed word does not decide.
const clip = 8

// model tells the languages of one script apart. A word of a list has the probability that its place in the list gives it
// (Zipf's law); any other word that of its letters, each after the two before it, smoothed by Witten and Bell's method.
type model struct {
	langs   []string
	words   map[string][]float32 // log probabilities, one a language
	letters rows                 // log probabilities of a gram's last letter after the others, where a language has seen it
	backoff rows                 // log probabilities of anything new after a gram, where a language has seen it
	unseen  float32              // of a letter that no language has
	prior   []float32            // log probabilities of the languages before anything is read, but for a constant
	even    []float32            // zeros, one a language
}

// wordList is the list of one language.
type wordList struct {
	lang     string
	speakers float64 // in millions, roughly: how likely a post is in the language before it is read
	words    []string
}

// parseLists reads lists of words, folded as texts are.
func parseLists(source string) []wordList {
	var lists []wordList
	for line := range strings.Lines(source) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if head, ok := strings.CutPrefix(line, "= "); ok {
			var l wordList
			if _, err := fmt.Sscan(head, &l.lang, &l.speakers); err != nil {
				panic(fmt.Sprintf("lang: the embedded lists are broken at %q: %v", line, err))
			}
			lists = append(lists, l)
			continue
		}
		for word := range strings.FieldsSeq(line) {
			l := &lists[len(lists)-1]
			if word = fold.String(word); !slices.Contains(l.words, word) {
				l.words = append(l.words, word)
			}
		}
	}
	return lists
}

func newModel(source string) *model {
	lists := parseLists(source)
	m := &model{words: map[string][]float32{}}
	letters, backoff := map[gram][]float32{}, map[gram][]float32{}
	spellings := make([]*spelling, len(lists))
	alphabet := map[gram]bool{}
	for i, l := range lists {
		m.langs = append(m.langs, l.lang)
		m.prior = append(m.prior, float32(math.Log(l.speakers)))
		spellings[i] = newSpelling(l.words)
		for g := range spellings[i].counts {
			at(letters, g, len(lists))
			if g.length() == 1 {
				alphabet[g] = true
			}
		}
		for g := range spellings[i].after {
			at(backoff, g, len(lists))[i] = float32(math.Log(spellings[i].anew(g)))
		}
	}
	m.even = make([]float32, len(lists))
	unseen := 1 / float64(2*len(alphabet))
	m.unseen = float32(math.Log(unseen))
	for g, row := range letters {
		for i, s := range spellings {
			row[i] = float32(math.Log(s.probability(g, unseen)))
		}
	}
	m.letters, m.backoff = newRows(letters), newRows(backoff)
	for i, l := range lists {
		for rank, w := range l.words {
			at(m.words, w, len(lists))[i] = float32(zipf(rank)) // a probability as yet
		}
	}
	for w, row := range m.words {
		spelt := make([]float32, len(lists))
		m.spell(spelt, []rune(w))
		for i, p := range row {
			row[i] = float32(math.Log(known*float64(p) + (1-known)*math.Exp(float64(spelt[i]))))
		}
		clipRow(row)
	}
	return m
}

// zipf is the probability of the word of a rank, in any language, among words of a list. The lists are in order only roughly, so
// their heads are flat; the factor makes the first two hundred ranks a sum of one.
func zipf(rank int) float64 { return 0.33 / float64(rank+10) }

func at[K comparable](table map[K][]float32, key K, n int) []float32 {
	row := table[key]
	if row == nil {
		row = make([]float32, n)
		table[key] = row
	}
	return row
}

// clipRow keeps a row's values within clip of its best.
func clipRow(row []float32) {
	low := slices.Max(row) - clip
	for i, v := range row {
		row[i] = max(v, low)
	}
}

// spell adds to sum what the letters of a word make of each language.
func (m *model) spell(sum []float32, word []rune) {
	g := nothing.add(edge)
	for i := range len(word) + 1 {
		r := edge
		if i < len(word) {
			r = word[i]
		}
		g = g.add(r)
		m.letter(sum, g)
	}
}

// letter adds the log probabilities of a gram's last letter after those before it.
func (m *model) letter(sum []float32, g gram) {
	for ; g != nothing; g = g.withoutFirst() {
		if row := m.letters.of(g); row != nil {
			add(sum, row)
			return
		}
		if row := m.backoff.of(g.withoutLast()); row != nil {
			add(sum, row)
		}
	}
	for i := range sum {
		sum[i] += m.unseen
	}
}

func add(sum, row []float32) {
	sum = sum[:len(row)] // which spares a check of each index
	for i, v := range row {
		sum[i] += v
	}
}

// rows are values by gram, one a language: a hash table with linear probing, at most half full, that never changes.
type rows struct {
	keys   []gram // one more than the gram; 0 where none is
	values [][]float32
	shift  int
}

func newRows(from map[gram][]float32) rows {
	size := bits.Len(uint(2 * len(from)))
	t := rows{keys: make([]gram, 1<<size), values: make([][]float32, 1<<size), shift: 64 - size}
	for _, g := range slices.Sorted(maps.Keys(from)) {
		i := t.place(g + 1)
		t.keys[i], t.values[i] = g+1, from[g]
	}
	return t
}

// place is where the key is or would be.
func (t *rows) place(key gram) uint64 {
	i := uint64(key) * 0x9e3779b97f4a7c15 >> t.shift
	for t.keys[i] != key && t.keys[i] != 0 {
		i = (i + 1) & uint64(len(t.keys)-1)
	}
	return i
}

// of is nil for a gram that has no values.
func (t *rows) of(g gram) []float32 { return t.values[t.place(g+1)] }
