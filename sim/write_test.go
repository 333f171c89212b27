package sim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/ringfence/ringfence/event"
)

func TestWriteHoldsWhatGenerateGives(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := Write(dir, 1, small); err != nil {
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
	if err := Write(dir, 1, small); err == nil || !strings.Contains(err.Error(), TruthFile) {
		t.Errorf("error %v, want one that names %s", err, TruthFile)
	}
}
