package app

import (
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/journal/pebblelog"
)

// stores are the two Pebble databases of a data folder, and the journal over them. The journal's records have a store of their own, so
// that no synchronous decision waits for what the other one writes and sorts.
type stores struct {
	main    *pebblelog.Store // hot state's image, decisions, timelines, cursors
	records *pebblelog.Store // the journal's
	log     *pebblelog.Log
}

// Memory of the journal's store. Most reads are near the journal's end and need no cache. Appends stand still while one memtable is
// exchanged for the next, which takes the longer the larger it is: 40 ms were seen at 64 MiB.
const (
	recordCache    = 32 << 20
	recordMemTable = 16 << 20
)

// openStores opens both, and moves the records where a folder of the former layout has them in the main store.
func openStores(dir string, log *slog.Logger, crash func(string)) (s *stores, err error) {
	s = &stores{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.main, err = pebblelog.OpenStore(filepath.Join(dir, storeDir), vfs.Default, pebblelog.StoreOptions{Logger: log}); err != nil {
		return s, err
	}
	s.records, err = pebblelog.OpenStore(filepath.Join(dir, journalDir), vfs.Default,
		pebblelog.StoreOptions{Logger: log, CacheSize: recordCache, MemTableSize: recordMemTable})
	if err != nil {
		return s, err
	}
	if err = pebblelog.Move(s.main, s.records); err != nil {
		return s, err
	}
	s.log, err = pebblelog.New(s.records, pebblelog.Options{Timelines: s.main, Crash: crash})
	return s, err
}

// close closes what is open, the journal first.
func (s *stores) close() error {
	var errs []error
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	if s.records != nil {
		errs = append(errs, s.records.Close())
	}
	if s.main != nil {
		errs = append(errs, s.main.Close())
	}
	return errors.Join(errs...)
}
