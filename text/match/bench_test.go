package match

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shared is a file of the data that evaluations need and the project does not hold.
func shared(t testing.TB, path string) string {
	t.Helper()
	dir := os.Getenv("RINGFENCE_SHARED")
	if dir == "" {
		t.Skip("RINGFENCE_SHARED does not name the folder with the evaluation's data")
	}
	return filepath.Join(dir, "data/text", path)
}

// eachLine decodes every line of a file of JSON lines.
func eachLine[T any](t testing.TB, path string, do func(T)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var v T
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		do(v)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
}

func sharedBank(t testing.TB) *Bank {
	t.Helper()
	f, err := os.Open(shared(t, "obf-bench-dev/phrases.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	terms, err := ReadTerms(f, "phrases.txt")
	if err != nil {
		t.Fatal(err)
	}
	for i := range terms {
		terms[i].Text, _, _ = strings.Cut(terms[i].Text, "\t")
	}
	b, err := Compile(terms)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestObfBench measures recall over the classes of the shared benchmark and the share of clean posts with a match.
func TestObfBench(t *testing.T) {
	b := sharedBank(t)
	show := os.Getenv("RINGFENCE_SHOW") // a class or pool whose misses or flags are listed
	var f Finder
	type tally struct{ hits, all int }
	classes, pools := map[string]*tally{}, map[string]*tally{}
	of := func(m map[string]*tally, key string) *tally {
		if m[key] == nil {
			m[key] = &tally{}
		}
		return m[key]
	}
	type labelled struct {
		Class, Phrase, Obf, Text string
		Start, End               int
	}
	eachLine(t, shared(t, "obf-bench-dev/obf.jsonl"), func(c labelled) {
		runes := []rune(c.Text)
		start := len(string(runes[:c.Start]))
		end := start + len(string(runes[c.Start:c.End]))
		hit := slices.ContainsFunc(f.Find(b, c.Text), func(m Match) bool {
			return b.terms[m.Term].Text == c.Phrase && m.Start < end && start < m.End
		})
		n := of(classes, c.Class)
		n.all++
		if hit {
			n.hits++
		} else if show != "" && strings.HasPrefix(c.Class, show) {
			t.Logf("missed %q in %q", c.Phrase, c.Obf)
		}
	})
	list, err := os.ReadFile("testdata/adjudicated.txt")
	if err != nil {
		t.Fatal(err)
	}
	adjudicated := map[string]bool{}
	for line := range strings.Lines(string(list)) {
		adjudicated[strings.TrimSuffix(line, "\n")] = true
	}
	eachLine(t, shared(t, "obf-bench-dev/clean.jsonl"), func(c struct{ Pool, Text string }) {
		found := f.Find(b, c.Text)
		if n := of(pools, "all, none left out"); len(found) > 0 {
			n.hits++
		}
		of(pools, "all, none left out").all++
		found = slices.DeleteFunc(slices.Clone(found), func(m Match) bool {
			return adjudicated[b.terms[m.Term].Text+"\t"+strings.ToLower(c.Text[m.Start:m.End])]
		})
		for _, pool := range []string{c.Pool, "all"} {
			n := of(pools, pool)
			n.all++
			if len(found) > 0 {
				n.hits++
			}
		}
		if len(found) > 0 && show != "" && strings.HasPrefix("clean_"+c.Pool, show) {
			m := found[0]
			from, to := max(m.Start-20, 0), min(m.End+20, len(c.Text))
			t.Logf("%s: %s %q %s in %q", c.Pool, b.terms[m.Term].Text, c.Text[m.Start:m.End], m.How, c.Text[from:to])
		}
	})
	var table strings.Builder
	macro := 0.0
	for _, class := range slices.Sorted(keysOf(classes)) {
		n := classes[class]
		recall := float64(n.hits) / float64(n.all)
		if class != "00_clean" {
			macro += recall / float64(len(classes)-1)
		}
		fmt.Fprintf(&table, "%-24s %.3f\n", class, recall)
	}
	fmt.Fprintf(&table, "%-24s %.3f\n", "macro", macro)
	for _, pool := range slices.Sorted(keysOf(pools)) {
		n := pools[pool]
		fmt.Fprintf(&table, "%-24s %5d of %5d %.2f%%\n", "flagged of "+pool, n.hits, n.all, 100*float64(n.hits)/float64(n.all))
	}
	t.Logf("\n%s", table.String())
	if macro < 0.88 {
		t.Errorf("macro recall %.3f, want at least 0.88", macro)
	}
	for pool, n := range pools {
		most := 0.01
		if strings.HasPrefix(pool, "all") {
			most = 0.005
		}
		if float64(n.hits) > most*float64(n.all) {
			t.Errorf("%d of %d clean posts flagged in %s, want at most %.1f%%", n.hits, n.all, pool, 100*most)
		}
	}
}

func keysOf[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// TestAlgospeak measures what is found of the spellings that people use to evade moderation, by kind: what is meant must be found
// in what is written. Codes and emoji that mean something else than they say need a list, not a matcher.
func TestAlgospeak(t *testing.T) {
	data, err := os.ReadFile(shared(t, "derived/algospeak_pairs.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	show := os.Getenv("RINGFENCE_SHOW")
	found, all := map[string]int{}, map[string]int{}
	var f Finder
	for line := range strings.Lines(string(data)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 3 || fields[2] == "kind" {
			continue
		}
		b, err := Compile([]Term{{Text: fields[1]}})
		if err != nil {
			t.Fatal(err)
		}
		all[fields[2]]++
		if len(f.Find(b, fields[0])) > 0 {
			found[fields[2]]++
		} else if show == "algospeak" && fields[2] == "char" {
			t.Logf("missed %q in %q", fields[1], fields[0])
		}
	}
	for _, kind := range slices.Sorted(keysOf(all)) {
		t.Logf("%-10s %3d of %3d, %.2f", kind, found[kind], all[kind], float64(found[kind])/float64(all[kind]))
	}
	if float64(found["char"]) < 0.65*float64(all["char"]) {
		t.Error("less than .65 of the spellings by character are found")
	}
}
