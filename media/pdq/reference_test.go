package pdq

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/media/picture"
)

// reference is the folder of the reference's test pictures; the test is skipped where there is none.
func reference(t *testing.T) string {
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		t.Skip("RINGFENCE_SHARED is not set: it names the folder with the reference's test pictures")
	}
	return filepath.Join(shared, "data", "media", "pdq")
}

// load decodes a picture to RGB; alpha is dropped, not multiplied in.
func load(path string) ([]byte, int, int, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, 0, err
	}
	p, err := picture.Decoder{}.Decode(context.Background(), data)
	if err != nil {
		return nil, 0, 0, err
	}
	return p.Pix, p.W, p.H, nil
}

// TestReferenceVectors compares every hash and quality that the reference gave for its test pictures: lossless ones must be equal,
// JPEGs within 4 bits and 1 of quality, since the decoders differ.
func TestReferenceVectors(t *testing.T) {
	dir := reference(t)
	table, err := os.ReadFile(filepath.Join(dir, "expected_pdq.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	h := NewHasher()
	var lossless, jpegs, exact, hashes, most int
	for line := range strings.Lines(string(table)) {
		field := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		name, file, wantFull := field[0], field[3], strings.Split(field[5], ",")
		pix, w, height, err := load(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		tolerance, off := 0, 0 // in bits and in quality
		if strings.HasSuffix(name, ".jpg") {
			tolerance, off = 4, 1
		}
		sameQuality := func(variant string, got int, want string) {
			if w, err := strconv.Atoi(want); err != nil || got < w-off || got > w+off {
				t.Errorf("%s: %s: got quality %d, want %s within %d", name, variant, got, want, off)
			}
		}
		full, squashed := h.Full(pix, w, height), h.Squashed(pix, w, height)
		got, want := []Hash{}, []string{}
		for d, hash := range full.Dihedral() {
			got, want = append(got, hash), append(want, wantFull[d])
		}
		if hash, quality, ok := strings.Cut(file, ","); ok && hash != "" {
			got, want = append(got, squashed.Hash()), append(want, hash)
			sameQuality("squashed", squashed.Quality, quality)
		}
		sameQuality("full", full.Quality, field[4])
		same := true
		for i := range got {
			want, err := Parse(want[i])
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			dist := got[i].Distance(want)
			if dist > tolerance {
				t.Errorf("%s: hash %d: got %s, want %s: %d bits", name, i, got[i], want, dist)
			}
			most, same, hashes = max(most, dist), same && dist == 0, hashes+1
		}
		switch {
		case tolerance == 0:
			lossless++
		case same:
			jpegs, exact = jpegs+1, exact+1
		default:
			jpegs++
		}
	}
	t.Logf("%d hashes: %d lossless pictures, %d of %d JPEGs exact in all of theirs, at most %d bits off", hashes, lossless, exact, jpegs, most)
	if lossless < 20 {
		t.Errorf("got %d lossless pictures, want more: is the table whole?", lossless)
	}
}

// TestReferenceRegressionOutput compares what the reference's own regression run printed: hashes of files, their dihedral hashes, norms and
// distances. The pictures are JPEGs.
func TestReferenceRegressionOutput(t *testing.T) {
	dir := reference(t)
	f, err := os.Open(filepath.Join(dir, "cpp-reg-test-expected-out.txt.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(zr); err != nil {
		t.Fatal(err)
	}
	h := NewHasher()
	squashed := map[string]Spectrum{}
	spectrum := func(path string) Spectrum {
		name := path[strings.LastIndex(path, "reg-test-input/"):]
		s, ok := squashed[name]
		if !ok {
			pix, w, height, err := load(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			s = h.Squashed(pix, w, height)
			squashed[name] = s
		}
		return s
	}
	near := func(what string, got Hash, want string) {
		if w, err := Parse(want); err != nil || got.Distance(w) > 4 {
			t.Errorf("%s: got %s, want %s (%v)", what, got, want, err)
		}
	}
	detail := regexp.MustCompile(`^hash=([0-9a-f]{64}),(?:xform=(\w+),)?.*filename=(\S+)$`)
	plain := regexp.MustCompile(`^([0-9a-f]{64}),100,(\S+)$`)
	across := regexp.MustCompile(`^((?:[0-9a-f]{64},){8})100,(\S+)$`)
	pair := regexp.MustCompile(`^([0-9a-f]{64}) +(\d+)$`)
	var seen [4]int
	var command, before string
	place := 0
	for line := range strings.Lines(text.String()) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "pdq-photo-hasher") || strings.HasPrefix(line, "hashtool256") {
			command, before, place = line, "", 0
			continue
		}
		switch {
		case strings.HasPrefix(command, "pdq-photo-hasher"):
			if m := detail.FindStringSubmatch(line); m != nil {
				s := spectrum(m[3])
				got := s.Hash()
				for d := range dihedrals {
					if d.String() == m[2] {
						got = s.Dihedral()[d]
					}
				}
				near(command, got, m[1])
				seen[0]++
			} else if m := plain.FindStringSubmatch(line); m != nil {
				s := spectrum(m[2])
				got := s.Hash()
				if strings.Contains(command, "--pdqdih") {
					got = s.Dihedral()[place]
				}
				place++
				near(fmt.Sprint(command, " line ", place), got, m[1])
				seen[1]++
			} else if m := across.FindStringSubmatch(line); m != nil {
				s := spectrum(m[2])
				for d, got := range s.Dihedral() {
					near(command, got, strings.Split(m[1], ",")[d])
				}
				seen[2]++
			}
		case strings.HasPrefix(command, "hashtool256 norms"), strings.HasPrefix(command, "hashtool256 deltas"):
			deltas := strings.HasPrefix(command, "hashtool256 deltas")
			if m := pair.FindStringSubmatch(line); m != nil {
				hash, err := Parse(m[1])
				if err != nil {
					t.Fatal(err)
				}
				var to Hash
				if deltas {
					if to, err = Parse(before); err != nil {
						t.Fatal(err)
					}
				}
				if got := strconv.Itoa(hash.Distance(to)); got != m[2] {
					t.Errorf("%s: %s: got %s, want %s", command, hash, got, m[2])
				}
				seen[3]++
			}
			if len(line) >= 64 {
				before = line[:64]
			}
		}
	}
	t.Logf("compared %d detailed, %d plain and %d one-line results, %d norms and distances", seen[0], seen[1], seen[2], seen[3])
	for i, n := range seen {
		if n == 0 {
			t.Errorf("no result of kind %d was found in the output", i)
		}
	}
}
