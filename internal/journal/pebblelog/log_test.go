package pebblelog

import (
	"io"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/journal"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func mustOpenStore(t testing.TB, dir string, fs vfs.FS) *Store {
	t.Helper()
	s, err := OpenStore(dir, fs, StoreOptions{Logger: quiet(), CacheSize: 8 << 20, MemTableSize: 4 << 20})
	if err != nil {
		t.Fatalf("OpenStore: %v", err)
	}
	return s
}

func mustNew(t testing.TB, s *Store, opts Options) *Log {
	t.Helper()
	l, err := New(s, opts)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return l
}

func TestSmoke(t *testing.T) {
	s := mustOpenStore(t, "s", vfs.NewMem())
	l := mustNew(t, s, Options{})
	for i := range 10 {
		first, err := l.Append(t.Context(), 0, []journal.Record{{Kind: journal.Event, Received: int64(i), ID: "a", Actor: "x", Body: []byte("b")}})
		if err != nil || first != journal.Position(i+1) {
			t.Fatal(first, err)
		}
	}
	l.Close()
	l = mustNew(t, s, Options{})
	recs, err := l.Read(t.Context(), 0, 1, 100, nil)
	if err != nil || len(recs) != 10 {
		t.Fatal(len(recs), err)
	}
	tl, err := l.Timeline(0, "x", 3, nil)
	if err != nil || len(tl) != 3 || tl[0].Position != 10 {
		t.Fatal(tl, err)
	}
	if err := l.Truncate(0, 11); err != nil {
		t.Fatal(err)
	}
	l.Close()
	l = mustNew(t, s, Options{})
	first, last := l.Bounds(0)
	if first != 11 || last != 10 {
		t.Fatal(first, last)
	}
	l.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
