package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/bench/input"
)

// small is a size at which every section is measured in about a second. Its figures say nothing.
var small = Size{Events: 2_000, Pairs: 1, Durable: 2_000, Decide: 200 * time.Millisecond, Keys: 100, Sizes: []int{5, 10}, Texts: 200, Months: 1, Cases: 1000}

func TestEverySectionMeasures(t *testing.T) {
	var begun []string
	report, err := Run(t.Context(), Options{Dir: t.TempDir(), Peers: t.TempDir(), Size: small, Begin: func(name string) { begun = append(begun, name) }})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Names(), begun); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
	for _, s := range report.Sections {
		if s.Name == "" || s.Title == "" || s.Input == "" || len(s.Rows) == 0 {
			t.Errorf("section %+v lacks something", s)
		}
		for _, r := range s.Rows {
			if math.IsNaN(r.Value) || math.IsInf(r.Value, 0) || r.Value < 0 || r.Unit == "" || r.What == "" {
				t.Errorf("%s: %+v is no figure", s.Name, r)
			}
		}
	}
	var text bytes.Buffer
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); !strings.Contains(got, "automod was not run: there is no ") || !strings.Contains(got, report.Machine.Go) {
		t.Errorf("the text does not say that the peer was not run, or on what machine:\n%s", got)
	}
}

func TestRunNamesTheSections(t *testing.T) {
	_, err := Run(t.Context(), Options{Only: []string{"compare", "speed"}, Size: small})
	if err == nil || !strings.Contains(err.Error(), `no section "speed"; there are compare, text, http`) {
		t.Errorf("error %v, want one that lists the sections", err)
	}
}

// On this input the rules fire exactly so often, whatever the number of workers. Four of the counts are automod's, too; for the
// fifth see compare.
func TestFires(t *testing.T) {
	set, err := compile(fiveRules)
	if err != nil {
		t.Fatal(err)
	}
	lines := nativeLines(100_000)
	want := map[string]int{"keyword": 2034, "velocity": 27810, "same-text-many-users": 2951, "ip-rate": 2227, "new-account-links": 2055}
	for _, workers := range []int{1, 3} {
		got, err := decideLines(t.Context(), lines, set, workers)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.fires); diff != "" {
			t.Errorf("fires with %d workers (-want +got):\n%s", workers, diff)
		}
		if got.decisions != 30811 {
			t.Errorf("%d decision lines with %d workers, want 30811", got.decisions, workers)
		}
	}
}

// TestPeer builds and runs a peer that prints a result of its own.
func TestPeer(t *testing.T) {
	source := filepath.Join(t.TempDir(), "automod")
	for name, text := range map[string]string{
		"go.mod": "module peer\n\ngo 1.26\n",
		"main.go": `package main

import (
	"bytes"
	"fmt"
	"os"
)

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	fmt.Printf("{\"events\":%d,\"cpu_seconds\":0.5,\"fires\":{\"Velocity\":7}}\n", bytes.Count(data, []byte("\n")))
}
`} {
		if err := os.MkdirAll(source, 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(source, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := compare(t.Context(), Options{Dir: t.TempDir(), Peers: filepath.Dir(source), Size: small})
	if err != nil {
		t.Fatal(err)
	}
	theirs := slices.IndexFunc(s.Rows, func(r Row) bool { return strings.HasPrefix(r.What, "automod") })
	if theirs < 0 || s.Rows[theirs].Value != 4_000 {
		t.Errorf("rows %+v, want 4000 events a CPU-second for the peer", s.Rows)
	}
	if !slices.ContainsFunc(s.Notes, func(n string) bool { return strings.HasSuffix(n, "automod's 7") }) {
		t.Errorf("notes %q do not set its fires beside ours", s.Notes)
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 7: "7", 2.5: "2.50", 12.34: "12.3", 143.2: "143", 999: "999", 1000: "1,000", 143199.4: "143,199", 1e6: "1,000,000"} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %s, want %s", v, got, want)
		}
	}
}

func BenchmarkFiveRules(b *testing.B) {
	lines := nativeLines(100_000)
	set, err := compile(fiveRules)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := decideLines(b.Context(), lines, set, 1)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.events)/r.usage.cpu.Seconds(), "events/CPU-s")
	}
}

// BenchmarkPost is all the work on the text of a post, and its parts: the section text, on real posts where there are any.
func BenchmarkPost(b *testing.B) {
	w, err := newTextWork()
	if err != nil {
		b.Fatal(err)
	}
	posts := realPosts(b)
	if posts == nil {
		posts = input.Chatter(5_000)
	}
	measure := func(name string, do func(*textWork, string)) {
		b.Run(name, func(b *testing.B) {
			for _, text := range posts {
				do(w, text)
			}
			b.ReportAllocs()
			m := startMeter()
			for b.Loop() {
				for _, text := range posts {
					do(w, text)
				}
			}
			b.ReportMetric(micros(m.stop().cpu)/float64(b.N*len(posts)), "CPU-µs/post")
		})
	}
	measure("all", (*textWork).all)
	for _, part := range textParts {
		measure(part.name, part.do)
	}
}

// realPosts are English tweets of the evaluation's data; nil without it.
func realPosts(b *testing.B) (texts []string) {
	b.Helper()
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		return nil
	}
	f, err := os.Open(filepath.Join(shared, "data/text/obf-bench-dev/clean.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var post struct{ Pool, Text string }
		if err := json.Unmarshal(lines.Bytes(), &post); err != nil {
			b.Fatal(err)
		}
		if post.Pool == "en_emoji" {
			texts = append(texts, post.Text)
		}
	}
	return texts
}

func TestChatterIsTheSame(t *testing.T) {
	posts, size := input.Chatter(2000), 0
	for _, text := range posts {
		size += len(text)
	}
	if got := size / len(posts); got < 80 || got > 90 {
		t.Errorf("posts have %d bytes on average, want about 85", got)
	}
	if !slices.Equal(posts, input.Chatter(2000)) || !slices.Equal(input.Terms(50), input.Terms(100)[:50]) {
		t.Error("another draw is another")
	}
}
