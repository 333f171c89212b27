package app_test

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/journal/pebblelog"
)

// forget truncates the journal of a data folder.
func forget(t *testing.T, dir string, before journal.Position, also ...func(*pebblelog.Store) error) {
	t.Helper()
	store, err := pebblelog.OpenStore(filepath.Join(dir, "store"), vfs.Default, pebblelog.StoreOptions{Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	log, err := pebblelog.New(store, pebblelog.Options{})
	must(t, err)
	must(t, log.Truncate(0, before))
	for _, do := range also {
		must(t, do(store))
	}
	must(t, log.Close())
	must(t, store.Close())
}

// TestJournalBehindTheState: a journal that begins after what the hot state still has to decide is refused, rather than decided
// with a hole in it.
func TestJournalBehindTheState(t *testing.T) {
	dir, _ := used(t)
	forget(t, dir, 100, func(s *pebblelog.Store) error {
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
