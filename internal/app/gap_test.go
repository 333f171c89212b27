package app_test

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/archive"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/journal/pebblelog"
)

// openStore opens one of the stores of a data folder.
func openStore(t *testing.T, dir, name string) *pebblelog.Store {
	t.Helper()
	store, err := pebblelog.OpenStore(filepath.Join(dir, name), vfs.Default, pebblelog.StoreOptions{Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	return store
}

// forget truncates the journal of a data folder.
func forget(t *testing.T, dir string, before journal.Position, also ...func(*pebblelog.Store, journal.Log) error) {
	t.Helper()
	store, records := openStore(t, dir, "store"), openStore(t, dir, "journal")
	log, err := pebblelog.New(records, pebblelog.Options{Timelines: store})
	must(t, err)
	must(t, log.Truncate(0, before))
	for _, do := range also {
		must(t, do(store, log))
	}
	must(t, log.Close())
	must(t, records.Close())
	must(t, store.Close())
}

// TestJournalBehindTheState: a journal that begins after what the hot state still has to decide is refused, rather than decided
// with a hole in it.
func TestJournalBehindTheState(t *testing.T) {
	dir, _ := used(t)
	forget(t, dir, 100, func(s *pebblelog.Store, _ journal.Log) error {
		return s.DeleteRange([]byte{0x20}, []byte{0x3f}, pebble.Sync) // the image
	})
	a, err := app.New(t.Context(), options(dir, "", clock{}))
	if err == nil {
		must(t, a.Stop())
	}
	if err == nil || !strings.Contains(err.Error(), "the journal begins at 100") {
		t.Errorf("got %v, want that the journal begins too late", err)
	}
}

// TestFolderWithItsArchiveElsewhere: what a data folder lacks is an error that says how to find it, and is read where it is named.
func TestFolderWithItsArchiveElsewhere(t *testing.T) {
	dir, _ := used(t)
	count := func(archived string) (n int, err error) {
		f, err := app.OpenFolder(t.Context(), dir, archived)
		must(t, err)
		defer f.Close()
		for ; err == nil; n++ {
			_, err = f.Next()
		}
		return n - 1, err
	}
	whole, _ := count("")
	elsewhere := filepath.Join(t.TempDir(), "archive")
	forget(t, dir, 1, func(_ *pebblelog.Store, log journal.Log) error {
		sealer, err := archive.NewSealer(vfs.Default, elsewhere, log, archive.Options{Records: 1000, Retention: 1})
		must(t, err)
		must(t, sealer.Seal(t.Context()))
		return sealer.Step(t.Context(), time.Now().Add(time.Hour))
	})
	if n, err := count(""); n != 0 || !errors.Is(err, archive.ErrGap) || !strings.Contains(err.Error(), "--archive") {
		t.Errorf("without its archive: %d records, %v", n, err)
	}
	if n, err := count(elsewhere); n != whole || whole < 2000 || !errors.Is(err, io.EOF) {
		t.Errorf("with its archive: %d records, %v", n, err)
	}
	must(t, os.Remove(filepath.Join(elsewhere, "00000000000000000001-00000000000000001000.parquet")))
	if n, err := count(elsewhere); n != 0 || !errors.Is(err, archive.ErrGap) {
		t.Errorf("with the archive's later part: %d records, %v", n, err)
	}
	if _, err := app.OpenFolder(t.Context(), dir, elsewhere+"-not"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("with an archive that is not there: %v", err)
	}
}

// TestFolderWithoutItsKey: reading a data folder makes no key, since another one would hash e-mail addresses otherwise.
func TestFolderWithoutItsKey(t *testing.T) {
	dir, _ := used(t)
	key := filepath.Join(dir, "email.key")
	must(t, os.Remove(key))
	if _, err := app.OpenFolder(t.Context(), dir, ""); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "backup") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key was made: %v", err)
	}
}
