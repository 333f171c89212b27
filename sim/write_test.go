package sim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/ringfence/ringfence/event"
)

func TestWriteHoldsWhatGenerateGives(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := (Round{Seed: 1, Scale: small}).Write(dir, 2); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join(dir, EventsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzip, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(unzip)
	truth, err := Generate(1, small, func(e *event.Event) error {
		if !lines.Scan() {
			t.Fatalf("file ends before %s: %v", e.ID, lines.Err())
		}
		if want := e.AppendNative(nil); !bytes.Equal(lines.Bytes(), want) {
			t.Fatalf("line differs:\ngot  %s\nwant %s", lines.Bytes(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if lines.Scan() {
		t.Errorf("file goes on: %s", lines.Bytes())
	}

	written, err := os.ReadFile(filepath.Join(dir, TruthFile))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.SplitAfter(string(written), "\n")
	if len(got) != len(truth)+1 || got[len(truth)] != "" {
		t.Fatalf("%d lines of truth, want %d", len(got)-1, len(truth))
	}
	for i, want := range truth {
		var tr Truth
		if err := json.Unmarshal([]byte(got[i]), &tr); err != nil || tr != want {
			t.Fatalf("truth line %d is %s (%v), want %+v", i+1, got[i], err, want)
		}
	}
	if first, want := got[0], `{"account":"`; !strings.HasPrefix(first, want) {
		t.Errorf("truth starts %s, want %s", first, want)
	}
}

func TestWriteNamesTheFileItCannotMake(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, TruthFile), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := (Round{Seed: 1, Scale: small}).Write(dir, 2); err == nil || !strings.Contains(err.Error(), TruthFile) {
		t.Errorf("error %v, want one that names %s", err, TruthFile)
	}
}

// TestBytesDoNotDependOnTheWorkers also holds for events that arrive out of order, and for a round after an enforcement.
func TestBytesDoNotDependOnTheWorkers(t *testing.T) {
	r := Round{Seed: 5, Scale: small, Number: 1, Delivery: Delivery{Lost: 50, Late: 2 * time.Minute, Skew: 30 * time.Second}}
	for _, tr := range mustTruth(t, 5) {
		if tr.Harmful && len(r.Suspended) < 60 {
			r.Suspended = append(r.Suspended, tr.Account)
		}
	}
	files := func(workers int) (all [3]string) {
		dir := t.TempDir()
		if err := r.Write(dir, workers); err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{EventsFile, TruthFile, CampaignsFile} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			all[i] = string(b)
		}
		return all
	}
	one := files(1)
	for _, workers := range []int{2, 3, 8} {
		if files(workers) != one {
			t.Errorf("%d workers write other bytes than one", workers)
		}
	}
}

func mustTruth(t *testing.T, seed uint64) []Truth {
	t.Helper()
	_, truth := run(t, seed, small)
	return truth
}
