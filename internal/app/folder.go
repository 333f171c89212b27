package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/archive"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/journal/pebblelog"
	"github.com/ringfence/ringfence/internal/state"
)

// Folder reads every record of a data folder in order: the archive first, then what only the journal holds. The app that owns
// the folder must be stopped.
type Folder struct {
	EmailKey []byte // by which the app hashed e-mail addresses: a replay that is to decide alike needs the same

	bounds state.Bounds
	recs   chan journal.Record
	stop   context.CancelFunc
	ended  chan error
	err    error
}

// OpenFolder opens the data folder dir, whose archive lies in its default place.
func OpenFolder(ctx context.Context, dir string) (*Folder, error) {
	if _, err := os.Stat(filepath.Join(dir, storeDir)); err != nil {
		return nil, fmt.Errorf("%s is not a data folder: %w", dir, err)
	}
	key, err := secret(filepath.Join(dir, emailKeyFile))
	if err != nil {
		return nil, err
	}
	store, err := pebblelog.OpenStore(filepath.Join(dir, storeDir), vfs.Default, pebblelog.StoreOptions{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	log, err := pebblelog.New(store, pebblelog.Options{})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	bounds, err := state.StoredBounds(store.DB)
	if err != nil {
		return nil, errors.Join(err, log.Close(), store.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	f := &Folder{EmailKey: key, bounds: bounds, recs: make(chan journal.Record, 1024), stop: stop, ended: make(chan error, 1)}
	go func() {
		err := f.scan(ctx, filepath.Join(dir, archiveDir), log)
		close(f.recs)
		f.ended <- errors.Join(err, log.Close(), store.Close())
	}()
	return f, nil
}

func (f *Folder) scan(ctx context.Context, dir string, log journal.Log) error {
	hand := func(rec journal.Record) error {
		select {
		case f.recs <- rec:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	first, last := log.Bounds(0)
	segments, err := archive.List(vfs.Default, dir)
	if err == nil && len(segments) > 0 && segments[0].First < first {
		if err := archive.Scan(ctx, vfs.Default, dir, segments[0].First, first-1, hand); err != nil {
			return err
		}
	}
	var recs []journal.Record
	for next := first; next <= last; {
		if recs, err = log.Read(ctx, 0, next, 1024, recs[:0]); err != nil {
			return err
		}
		for _, rec := range recs {
			if err := hand(rec); err != nil {
				return err
			}
		}
		next += journal.Position(len(recs))
	}
	return nil
}

// Bounds makes a state that decides as the app's did.
func (f *Folder) Bounds() state.Options {
	return state.Options{Lateness: f.bounds.Lateness, Budget: f.bounds.Budget, Horizon: f.bounds.Horizon, MaxIDs: f.bounds.MaxIDs}
}

// Next gives the next record, or io.EOF.
func (f *Folder) Next() (journal.Record, error) {
	rec, ok := <-f.recs
	if ok {
		return rec, nil
	}
	if f.err == nil {
		if f.err = <-f.ended; f.err == nil {
			f.err = io.EOF
		}
	}
	return journal.Record{}, f.err
}

// Close ends the reading and closes the folder.
func (f *Folder) Close() error {
	f.stop()
	for range f.recs {
	}
	if f.err == nil {
		f.err = <-f.ended
	}
	if errors.Is(f.err, io.EOF) || errors.Is(f.err, context.Canceled) {
		return nil
	}
	return f.err
}
