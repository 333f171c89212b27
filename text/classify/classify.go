// Package classify says how likely a text is of a kind that was shown to it by example: harassment, spam, a language's slang.
//
// A model is a logistic regression over hashed n-grams of the folded text's characters (package learn), so it reads any script,
// sees through small misspellings, and can show what decided: the n-grams with the most weight. Its probability is calibrated on
// texts that it was not trained on. It knows wordings, not meanings: a model of abuse learnt from tweets flags reclaimed words
// and misses polite cruelty.
//
// Train makes a model from labelled texts; Append and Decode carry it; Score and Explain use it. The same labelled texts, in any
// order, give the same bytes.
package classify

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/ringfence/ringfence/learn"
)

// Model is a trained classifier. It never changes and may be used from many goroutines.
type Model struct {
	weights     *learn.Logistic
	calibration learn.Calibration
}

// Score is what a model says of a text.
type Score struct {
	Logit       float64 // before calibration: the sum of what the n-grams weigh
	Probability float64
}

// work is the memory of a call.
type work struct{ folded, text []byte }

var works = sync.Pool{New: func() any { return new(work) }}

// Score rates a text by its first 16 KiB. It does not allocate.
func (m *Model) Score(text string) Score {
	w := works.Get().(*work)
	defer works.Put(w)
	return m.score(w, text)
}

func (m *Model) score(w *work, text string) Score {
	w.text = canonical(w.text[:0], &w.folded, text)
	score := logit(m.weights, w.text)
	return Score{score, m.calibration.Probability(score)}
}

// logit sums what the n-grams weigh, in the order of the text.
func logit(m *learn.Logistic, text []byte) float64 {
	sum, n := 0.0, 0
	grams(text, func(_, _ int, index uint32) {
		sum += m.Weight(index)
		n++
	})
	return m.Intercept() + float64(sum*scale(n))
}

// Gram is an n-gram of a folded text, and by how much its occurrences moved the logit: up if positive.
type Gram struct {
	Text   string  `json:"gram"`
	Weight float64 `json:"weight"`
}

// Explain gives at most n n-grams that decided, the weightiest first. A space in one stands for the edge of a word, "http" for a
// link, "@" for a mention. Of n-grams that lie within one another and say the same the longest is given.
func (m *Model) Explain(text string, n int) []Gram {
	var w work
	w.text = canonical(nil, &w.folded, text)
	seen := map[string]float64{}
	total := 0
	grams(w.text, func(start, end int, index uint32) {
		total++
		if weight := m.weights.Weight(index); weight != 0 {
			seen[string(w.text[start:end])] += weight
		}
	})
	all := make([]Gram, 0, len(seen))
	for gram, weight := range seen {
		all = append(all, Gram{gram, weight * scale(total)})
	}
	slices.SortFunc(all, func(a, b Gram) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)), cmp.Compare(len(b.Text), len(a.Text)), strings.Compare(a.Text, b.Text))
	})
	var chosen []Gram
	for _, g := range all {
		if len(chosen) >= n {
			break
		}
		within := slices.ContainsFunc(chosen, func(c Gram) bool {
			return (strings.Contains(c.Text, g.Text) || strings.Contains(g.Text, c.Text)) && (c.Weight > 0) == (g.Weight > 0)
		})
		if !within {
			chosen = append(chosen, g)
		}
	}
	return chosen
}

// magic begins an encoded model; its last byte is the version of the format and of the features.
const magic = "RFTEXT\x01"

// ErrFormat marks bytes that are no model of this version.
var ErrFormat = errors.New("not a text model of this version")

// Append writes the model to dst. learn.ID of what it writes names the model.
func (m *Model) Append(dst []byte) []byte {
	return m.calibration.Append(m.weights.Append(append(dst, magic...)))
}

// Decode reads a model, which is all of b.
func Decode(b []byte) (*Model, error) {
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return nil, fmt.Errorf("classify: %w: it does not begin as one", ErrFormat)
	}
	weights, after, err := learn.DecodeLogistic(rest)
	if err != nil {
		return nil, fmt.Errorf("classify: %w: %w", ErrFormat, err)
	}
	if weights.Bits() != bits {
		return nil, fmt.Errorf("classify: %w: a table of 2^%d weights, not 2^%d", ErrFormat, weights.Bits(), bits)
	}
	calibration, after, err := learn.DecodeCalibration(after)
	if err != nil {
		return nil, fmt.Errorf("classify: %w: %w", ErrFormat, err)
	}
	if len(after) > 0 {
		return nil, fmt.Errorf("classify: %w: %d bytes follow its end", ErrFormat, len(after))
	}
	return &Model{weights, calibration}, nil
}
