package hamming

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// hashesOf reads a list of hashes, one a line.
func hashesOf(t *testing.T, path string) (list []Hash) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		h, err := Parse(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, h)
	}
	return list
}

// TestReference repeats what the C++ reference's regression tests ask of its indexes, and compares with what they print: the distances of its
// sample hashes, and how many of a haystack are within 32 bits of needles. Its total adds up, after each needle, the matches of all
// needles so far (250 in the end), and so does this one.
func TestReference(t *testing.T) {
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		t.Skip("the reference's data are in the folder that RINGFENCE_SHARED names")
	}
	dir := filepath.Join(shared, "data", "media", "pdq")
	file, err := os.Open(filepath.Join(dir, "cpp-reg-test-expected-out.txt.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	pair := regexp.MustCompile(`^ci=([0-9a-f]{64}),cj=([0-9a-f]{64}),i=\d+,j=\d+,d=(\d+)$`)
	total := regexp.MustCompile(`^TOTAL MATCH COUNT: +(\d+)$`)
	needles, haystack := hashesOf(t, filepath.Join(dir, "reg-test-input", "needles.txt")), hashesOf(t, filepath.Join(dir, "reg-test-input", "haystack.txt"))
	entries := make([]Entry, len(haystack))
	for i, h := range haystack {
		entries[i] = Entry{h, uint64(i)}
	}
	built, grown := Build(entries), Build(nil)
	for i, h := range haystack {
		grown.Add(h, uint64(i))
	}
	const radius = 32
	pairs, totals := 0, 0
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if m := pair.FindStringSubmatch(lines.Text()); m != nil {
			pairs++
			a, errA := Parse(m[1])
			b, errB := Parse(m[2])
			if errA != nil || errB != nil || fmt.Sprint(Distance(a, b)) != m[3] {
				t.Errorf("%s: distance %d", lines.Text(), Distance(a, b))
			}
			for _, r := range []int{Distance(a, b) - 1, Distance(a, b)} {
				if found := len(Build([]Entry{{b, 1}}).Search(nil, a, r)) == 1; found != (r == Distance(a, b)) {
					t.Errorf("%s: found within %d: %v", lines.Text(), r, found)
				}
			}
		}
		if m := total.FindStringSubmatch(lines.Text()); m != nil {
			totals++
			for name, x := range map[string]*Index{"built": built, "grown": grown} {
				n := 0
				var found []Match
				for _, h := range needles {
					found = x.Search(found, h, radius)
					n += len(found)
				}
				if fmt.Sprint(n) != m[1] {
					t.Errorf("%s: %d matches of %d needles in %d hashes, the reference has %s", name, n, len(needles), len(haystack), m[1])
				}
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if pairs == 0 || totals != 2 {
		t.Errorf("%d distances and %d counts compared", pairs, totals)
	}
	t.Logf("%d distances, and %d counts of %d needles in %d hashes, are the reference's", pairs, totals, len(needles), len(haystack))
}
