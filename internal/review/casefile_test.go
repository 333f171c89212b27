package review

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestRankedFile compares the order and the words of a file of cases of every form with testdata/ranked.txt.
func TestRankedFile(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "cases.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cases, now, err := ReadCases(f)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range Rank(cases, new(Reach), now) {
		fmt.Fprintf(&b, "#%d %s, %s, #%d without reports\n", r.Rank, r.Case.ID, r.Priority.Band(), r.Unreported)
		for _, w := range r.Priority.Words() {
			fmt.Fprintf(&b, "\t%s\n", w)
		}
	}
	golden := filepath.Join("testdata", "ranked.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}

func TestBadCases(t *testing.T) {
	const good = `{"id":"a","opened":1795424400,"p":0.5}`
	for _, test := range []struct{ in, want string }{
		{`{`, "line 1: unexpected end of JSON input"},
		{good + "\n\n" + good, `line 3: there is a case "a" already`},
		{`{"opened":1795424400,"p":0.5}`, "line 1: a case without id"},
		{`{"id":"a","p":0.5}`, `line 1: case "a": opened is missing`},
		{`{"id":"a","opened":1795424400}`, `line 1: case "a": p is missing`},
		{`{"id":"a","opened":1795424400,"p":1.5}`, `line 1: case "a": p is 1.5, not from 0 to 1`},
		{`{"id":"a","opened":1795424400,"p":0.5,"severity":0}`, `line 1: case "a": severity is 0, not over 0 and at most a million`},
		{`{"id":"a","opened":1795424400,"p":0.5,"shared":2}`, `line 1: case "a": shared is 2, not from 0 to 1`},
		{`{"id":"a","opened":1795424400,"p":0.5,"preventable":-1}`, `line 1: case "a": preventable is -1, not from 0 to 1`},
		{`{"id":"a","opened":1795424400,"p":0.5,"minutes":-1}`, `line 1: case "a": minutes is -1, not from 0 to a million`},
		{`{"id":"a","opened":"yesterday","p":0.5}`, `line 1: time "yesterday": want RFC 3339 or seconds since 1970`},
		{`{"id":"a","opened":1e300,"p":0.5}`, `line 1: time 1e300: not seconds since 1970`},
		{`{"id":"a","opened":1795424400,"p":0.5,"views":[[1795424400]]}`, `line 1: views [1795424400]: want [time, views so far]`},
		{`{"id":"a","opened":1795424400,"p":0.5,"views":[[1795424400,-1]]}`, `line 1: views [1795424400,-1]: want a number of views from 0 to 10^15`},
		{`{"id":"a","opened":1795424400,"p":0.5,"reports":-1}`, `line 1: reports is -1, not from 0 to 100000`},
		{`{"id":"a","opened":1795424400,"p":0.5,"reports":"many"}`, `line 1: reports "many": want a list, or a number`},
		{`{"id":"a","opened":1795424400,"p":0.5,"members":1000000}`, `line 1: members is 1000000, not from 0 to 100000`},
		{`{"id":"a","opened":1795424400,"p":0.5,"members":"many"}`, `line 1: members "many": want a list of at most 100000, or a number`},
		{strings.Repeat(" ", maxLine+1), "line 1: longer than 16777216 bytes"},
	} {
		_, _, err := ReadCases(strings.NewReader(test.in))
		if err == nil || err.Error() != test.want {
			t.Errorf("ReadCases(%.80s) = %v, want %s", test.in, err, test.want)
		}
	}
}

func FuzzReadCases(f *testing.F) {
	seed, err := os.ReadFile(filepath.Join("testdata", "cases.ndjson"))
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(seed)) {
		f.Add([]byte(line))
	}
	f.Add([]byte(`{"id":"x","opened":-1e9,"p":1,"views":[[1e9,1e15],[-1e9,1]],"reports":[{"upheld":9223372036854775807}],"members":[{"p":1},{"p":0}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		cases, now, err := ReadCases(strings.NewReader(string(data)))
		if err != nil {
			return
		}
		for _, r := range Rank(cases, new(Reach), now) {
			p := r.Priority
			if !(p.Value >= 0) || p.Value != p.Value || !(p.P >= 0 && p.P <= 1) || r.Unreported < r.Rank || len(p.Words()) < 5 {
				t.Errorf("%s: %+v", r.Case.ID, r)
			}
		}
	})
}
