package pebblelog

import (
	"io"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/journal/journaltest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func openTestStore(dir string, fs vfs.FS) (*Store, error) {
	return OpenStore(dir, fs, StoreOptions{Logger: quiet(), CacheSize: 8 << 20, MemTableSize: 4 << 20})
}

func mustOpenStore(t testing.TB, dir string, fs vfs.FS) *Store {
	t.Helper()
	s, err := openTestStore(dir, fs)
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

func mustClose(t testing.TB, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestContract runs the suite with all readers served from memory, with next to none, and with the timelines in another store.
func TestContract(t *testing.T) {
	for _, c := range []struct {
		name string
		opts Options
		two  bool
	}{
		{"tail", Options{}, false},
		{"store", Options{TailRecords: 2, TailBytes: 64}, false},
		{"two stores", Options{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			disks := map[journal.Log]vfs.FS{} // the suite's tests run one after the other
			open := func(t *testing.T, fs vfs.FS) journal.Log {
				store := mustOpenStore(t, "store", fs)
				t.Cleanup(func() { store.Close() })
				opts := c.opts
				if c.two {
					opts.Timelines = mustOpenStore(t, "timelines", fs)
					t.Cleanup(func() { opts.Timelines.Close() })
				}
				l := mustNew(t, store, opts)
				disks[l] = fs
				return l
			}
			journaltest.Run(t, journaltest.Driver{
				Fresh: func(t *testing.T) journal.Log { return open(t, vfs.NewMem()) },
				Reopen: func(t *testing.T, l journal.Log) journal.Log {
					mustClose(t, l.(*Log).store)
					mustClose(t, l.(*Log).index)
					return open(t, disks[l])
				},
			})
		})
	}
}
