package match

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// posts are English posts of the shared data, or, without it, some of our own.
func posts(b *testing.B) (texts []string, bytes int64) {
	b.Helper()
	if os.Getenv("RINGFENCE_SHARED") != "" {
		eachLine(b, shared(b, "obf-bench-dev/clean.jsonl"), func(c struct{ Pool, Text string }) {
			if c.Pool == "en_emoji" {
				texts = append(texts, c.Text)
			}
		})
	} else {
		for range 1000 {
			texts = append(texts, "Good morning everyone, this is the 2nd day of our trip! #travel @ Somewhere", "I can't believe what they've done with the place :( 10/10 would not go again",
				"so proud of these kids 😍 they worked all year for this… https://example.org/x?y=1", "Anna said: \"nothing to see here\", and left. Typical Monday, isn't it?")
		}
	}
	for _, t := range texts {
		bytes += int64(len(t))
	}
	return texts, bytes
}

// bank of n terms of one to three words, none of which is likely in a text.
func madeUpBank(b testing.TB, n int) *Bank {
	b.Helper()
	syllables := strings.Fields("ba ker dol min tas ru pel vo gan shi tor lem ach und fri ost ex qua jin wib")
	terms := make([]Term, n)
	seed := uint32(1)
	next := func(n int) int {
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	for i := range terms {
		var words []string
		for range 1 + next(3) {
			word := ""
			for range 2 + next(3) {
				word += syllables[next(len(syllables))]
			}
			words = append(words, word)
		}
		terms[i].Text = strings.Join(words, " ")
	}
	bank, err := Compile(terms)
	if err != nil {
		b.Fatal(err)
	}
	return bank
}

func BenchmarkFind(b *testing.B) {
	benchmark(b, (*Finder).Find)
}

func BenchmarkFindPlain(b *testing.B) {
	benchmark(b, (*Finder).FindPlain)
}

func benchmark(b *testing.B, find func(*Finder, *Bank, string) []Match) {
	b.Helper()
	texts, size := posts(b)
	for _, bm := range []struct {
		name string
		bank func() *Bank
	}{
		{"200 terms", func() *Bank { return madeUpBank(b, 200) }},
		{"10000 terms", func() *Bank { return madeUpBank(b, 10_000) }},
		{"100000 terms", func() *Bank { return madeUpBank(b, 100_000) }},
		{"shared 200 terms", func() *Bank { return sharedBank(b) }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			bank := bm.bank()
			var f Finder
			for _, t := range texts {
				find(&f, bank, t)
			}
			b.SetBytes(size)
			b.ReportAllocs()
			start := processorTime(b)
			for b.Loop() {
				for _, t := range texts {
					find(&f, bank, t)
				}
			}
			b.ReportMetric(float64(size)*float64(b.N)/1e6/(processorTime(b)-start), "MB/cpu-s")
		})
	}
}

// processorTime is what the process has used so far, in seconds: unlike the time by the clock, it means something on a busy
// machine.
func processorTime(tb testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
