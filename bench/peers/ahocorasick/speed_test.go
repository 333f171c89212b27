package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/coregx/ahocorasick"
	"github.com/ringfence/ringfence/text/match"
)

// posts are English posts in lower case, since the automaton knows nothing of case.
func posts(tb testing.TB) (texts []string, size int64) {
	tb.Helper()
	dir := os.Getenv("RINGFENCE_SHARED")
	if dir == "" {
		for range 2000 {
			texts = append(texts, "good morning everyone, this is the 2nd day of our trip! #travel @ somewhere",
				"so proud of these kids 😍 they worked all year for this… https://example.org/x?y=1",
				"anna said: \"nothing to see here\", and left. typical monday, isn't it?")
		}
	} else {
		f, err := os.Open(filepath.Join(dir, "data/text/obf-bench-dev/clean.jsonl"))
		if err != nil {
			tb.Fatal(err)
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var post struct{ Pool, Text string }
			if err := json.Unmarshal(lines.Bytes(), &post); err != nil {
				tb.Fatal(err)
			}
			if post.Pool == "en_emoji" {
				texts = append(texts, strings.ToLower(post.Text))
			}
		}
	}
	for _, text := range texts {
		size += int64(len(text))
	}
	return texts, size
}

// terms are n made-up words and phrases, each once.
func terms(n int) []string {
	syllables := strings.Fields("ba ker dol min tas ru pel vo gan shi tor lem ach und fri ost ex qua jin wib")
	seed := uint32(1)
	next := func(n int) int {
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	made := map[string]bool{}
	var list []string
	for len(list) < n {
		var words []string
		for range 1 + next(3) {
			word := ""
			for range 2 + next(3) {
				word += syllables[next(len(syllables))]
			}
			words = append(words, word)
		}
		if term := strings.Join(words, " "); !made[term] {
			made[term] = true
			list = append(list, term)
		}
	}
	slices.Sort(list)
	return list
}

func processorTime(tb testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func BenchmarkAgainstAutomaton(b *testing.B) {
	texts, size := posts(b)
	for _, n := range []int{200, 10_000} {
		list := terms(n)
		automaton, err := ahocorasick.NewBuilder().AddStrings(list).Build()
		if err != nil {
			b.Fatal(err)
		}
		var of []match.Term
		for _, text := range list {
			of = append(of, match.Term{Text: text})
		}
		bank, err := match.Compile(of)
		if err != nil {
			b.Fatal(err)
		}
		var finder match.Finder
		for _, engine := range []struct {
			name string
			find func(string) int
		}{
			{"coregx FindAll", func(s string) int { return len(automaton.FindAll([]byte(s), -1)) }},
			{"FindPlain", func(s string) int { return len(finder.FindPlain(bank, s)) }},
			{"Find", func(s string) int { return len(finder.Find(bank, s)) }},
		} {
			b.Run(fmt.Sprintf("%s/%d", engine.name, n), func(b *testing.B) {
				for _, text := range texts {
					engine.find(text)
				}
				b.ReportAllocs()
				b.SetBytes(size)
				start := processorTime(b)
				for b.Loop() {
					for _, text := range texts {
						engine.find(text)
					}
				}
				b.ReportMetric(float64(size)*float64(b.N)/1e6/(processorTime(b)-start), "MB/cpu-s")
			})
		}
	}
}

// TestSameLiterals holds both to the same answer where both mean the same: words between spaces.
func TestSameLiterals(t *testing.T) {
	list := terms(300)
	automaton, err := ahocorasick.NewBuilder().AddStrings(list).Build()
	if err != nil {
		t.Fatal(err)
	}
	for _, term := range list {
		bank, err := match.Compile([]match.Term{{Text: term}})
		if err != nil {
			t.Fatal(err)
		}
		text := "so " + term + " then"
		var finder match.Finder
		if ours, theirs := len(finder.FindPlain(bank, text)), automaton.IsMatch([]byte(text)); ours != 1 || !theirs {
			t.Errorf("%q: found %d times, by the automaton %t", term, ours, theirs)
		}
	}
}
