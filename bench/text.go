package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ringfence/ringfence/bench/input"
	"github.com/ringfence/ringfence/text/family"
	"github.com/ringfence/ringfence/text/fold"
	"github.com/ringfence/ringfence/text/lang"
	"github.com/ringfence/ringfence/text/link"
	"github.com/ringfence/ringfence/text/match"
)

// textBanks are the numbers of terms of the two banks that texts are searched for.
var textBanks = [...]int{200, 10_000}

// textWork is everything that extract does with the text of a post, with the memory that it keeps.
type textWork struct {
	banks    [len(textBanks)]*match.Bank
	finder   match.Finder
	sketcher family.Sketcher
	sketch   family.Sketch
	folded   []byte
	links    []link.Link
}

func newTextWork() (*textWork, error) {
	w := &textWork{}
	for i, n := range textBanks {
		var terms []match.Term
		for _, text := range input.Terms(n) {
			terms = append(terms, match.Term{Text: text})
		}
		var err error
		if w.banks[i], err = match.Compile(terms); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// textPart is a part of the work.
type textPart struct {
	name string
	do   func(*textWork, string)
}

// textParts are all that a post passes through, one after the other.
var textParts = []textPart{
	{"fold", func(w *textWork, text string) { w.folded = fold.Fold(w.folded[:0], text) }},
	{"terms in disguise", func(w *textWork, text string) { w.finder.Find(w.banks[1], text) }},
	{"sketch of a family", func(w *textWork, text string) { w.sketcher.Into(&w.sketch, text) }},
	{"language", func(_ *textWork, text string) { lang.Detect(text) }},
	{"links", func(w *textWork, text string) { w.links = link.Find(w.links[:0], text) }},
}

// all does the whole of it.
func (w *textWork) all(text string) {
	for i := range textParts {
		textParts[i].do(w, text)
	}
}

// texts measures the work on the text of posts, and the search for terms beside an automaton that finds them as they are listed.
func texts(ctx context.Context, opts Options) (Section, error) {
	posts := input.Chatter(opts.Size.Texts)
	size := 0
	for _, text := range posts {
		size += len(text)
	}
	s := Section{
		Title: "The text of a post: what each thing costs that is made of it, on one thread",
		Input: fmt.Sprintf("%d made-up posts of %d bytes on average; 10,000 made-up terms, of which hardly any is in them, or 200", len(posts), size/len(posts)),
	}
	w, err := newTextWork()
	if err != nil {
		return s, err
	}
	perPost := func(do func(*textWork, string)) float64 {
		return micros(bestOf(opts.Size.Pairs, func() {
			for _, text := range posts {
				do(w, text)
			}
		})) / float64(len(posts))
	}
	s.add(perPost((*textWork).all), "CPU-µs/post", "all of it", "15")
	for _, part := range textParts {
		s.add(perPost(part.do), "CPU-µs/post", part.name, "")
	}
	for i, n := range textBanks {
		r, err := w.searchRates(ctx, opts, i, posts, size)
		if err != nil && !errors.Is(err, errNoPeer) {
			return s, err
		}
		s.add(r.disguised, "MB/CPU-s", fmt.Sprintf("search for %d terms in any disguise", n), [...]string{"30", "15"}[i])
		s.add(r.listed, "MB/CPU-s", fmt.Sprintf("search for %d terms as they are listed", n), "")
		if err != nil {
			s.note("the automaton was %v", err)
			continue
		}
		s.add(r.automaton, "MB/CPU-s", fmt.Sprintf("the same by coregx/ahocorasick, FindAll, %d terms, in alternation", n), "")
		s.add(r.listed/r.automaton, "×", "Ringfence over the automaton", "1")
	}
	s.note("each figure is the best of %d rounds, since what else the machine does only ever adds", opts.Size.Pairs)
	return s, nil
}

// bestOf is the least processor time that one of some rounds takes. A first round, to reach the steady state, does not count.
func bestOf(rounds int, do func()) time.Duration {
	do()
	runtime.GC()
	took := make([]time.Duration, rounds)
	for i := range took {
		m := startMeter()
		do()
		took[i] = m.stop().cpu
	}
	return slices.Min(took)
}

// searchRates are MB a second of processor time: ours in any disguise and as listed, and the automaton's.
type searchRates struct{ disguised, listed, automaton float64 }

// searchRates measures one of the banks in alternation with the automaton, which has the posts in lower case: it knows nothing of case.
func (w *textWork) searchRates(ctx context.Context, opts Options, bank int, posts []string, size int) (best searchRates, err error) {
	rate := func(find func(*match.Finder, *match.Bank, string) []match.Match) float64 {
		took := bestOf(1, func() {
			for _, text := range posts {
				find(&w.finder, w.banks[bank], text)
			}
		})
		return float64(size) / micros(took)
	}
	err = opts.inFolder(func(dir string) error {
		terms, texts := filepath.Join(dir, "terms"), filepath.Join(dir, "texts")
		program, noPeer := buildPeer(ctx, filepath.Join(opts.Peers, "ahocorasick"), dir)
		if noPeer == nil {
			if err := errors.Join(writeLines(terms, lowerLines(input.Terms(textBanks[bank]))), writeLines(texts, lowerLines(posts))); err != nil {
				return err
			}
		}
		for range opts.Size.Pairs {
			best.disguised = max(best.disguised, rate((*match.Finder).Find))
			best.listed = max(best.listed, rate((*match.Finder).FindPlain))
			if noPeer != nil {
				continue
			}
			r, err := runPeer(ctx, program, terms, texts)
			if err != nil {
				return err
			}
			best.automaton = max(best.automaton, float64(r.Bytes)/1e6/r.CPUSeconds)
		}
		return noPeer
	})
	return best, err
}

// lowerLines are strings as lines, in lower case.
func lowerLines(list []string) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for _, s := range list {
			if !yield([]byte(strings.ToLower(s))) {
				return
			}
		}
	}
}
