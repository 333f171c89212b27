package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/archive"
	"github.com/ringfence/ringfence/internal/journal"
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

// OpenFolder opens the data folder dir, with its archive in a folder of its own; empty is the default place. Reading gives
// [archive.ErrGap] where the two do not hold every record from the first on.
func OpenFolder(ctx context.Context, dir, archived string) (*Folder, error) {
	if _, err := os.Stat(filepath.Join(dir, storeDir)); err != nil {
		return nil, fmt.Errorf("%s is not a data folder: %w", dir, err)
	}
	if archived == "" {
		archived = filepath.Join(dir, archiveDir)
	} else if _, err := os.Stat(archived); err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	key, err := secret(filepath.Join(dir, emailKeyFile))
	if err != nil {
		return nil, fmt.Errorf("%s: the key of e-mail addresses, without which a replay decides otherwise: %w; put the file back from a backup", dir, err)
	}
	stores, err := openStores(dir, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return nil, err
	}
	bounds, err := state.StoredBounds(stores.main.DB)
	if err != nil {
		return nil, errors.Join(err, stores.close())
	}
	ctx, stop := context.WithCancel(ctx)
	f := &Folder{EmailKey: key, bounds: bounds, recs: make(chan journal.Record, 1024), stop: stop, ended: make(chan error, 1)}
	go func() {
		err := f.scan(ctx, archived, stores.log)
		close(f.recs)
		f.ended <- errors.Join(err, stores.close())
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
	if first > 1 {
		err := archive.Scan(ctx, vfs.Default, dir, 1, first-1, hand)
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: there is none in %s", archive.ErrGap, dir)
		}
		if errors.Is(err, archive.ErrGap) {
			err = fmt.Errorf("the journal begins at %d: %w; if the archive lies elsewhere, name its folder with --archive", first, err)
		}
		if err != nil {
			return err
		}
	}
	var recs []journal.Record
	for next := first; next <= last; {
		var err error
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
