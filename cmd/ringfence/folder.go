package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/archive"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/journal/pebblelog"
)

// folder reads every record of a data folder in order: the archive first, then what only the journal holds. The server that
// owns the folder must be stopped.
type folder struct {
	recs  chan journal.Record
	stop  context.CancelFunc
	ended chan error
	err   error
}

func openFolder(ctx context.Context, dir string) (*folder, error) {
	store, err := pebblelog.OpenStore(filepath.Join(dir, "store"), vfs.Default, pebblelog.StoreOptions{})
	if err != nil {
		return nil, err
	}
	log, err := pebblelog.New(store, pebblelog.Options{})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	f := &folder{recs: make(chan journal.Record, 1024), stop: stop, ended: make(chan error, 1)}
	go func() {
		err := f.scan(ctx, filepath.Join(dir, "archive"), log)
		close(f.recs)
		f.ended <- errors.Join(err, log.Close(), store.Close())
	}()
	return f, nil
}

func (f *folder) scan(ctx context.Context, dir string, log journal.Log) error {
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

// Next gives the next record, or io.EOF.
func (f *folder) Next() (journal.Record, error) {
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
func (f *folder) Close() error {
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
