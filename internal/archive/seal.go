package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/journal"
)

// Options say when a segment ends and what the journal keeps. The zero value is the default.
type Options struct {
	Records   int           // of a segment; 0 is 500,000
	Bytes     int64         // of a segment's records before compression; 0 is 256 MiB
	Age       time.Duration // of a segment's oldest record when it is sealed although it is small; 0 is an hour
	Retention time.Duration // how long the journal keeps a record that is archived; 0 is 24 hours

	// Pause is how long to rest after each 256 records, so that a step leaves disk and cores to what somebody waits for. 0 is not at
	// all; a millisecond lets about 150,000 records a second pass.
	Pause time.Duration

	// Saved is the last position that a restart need not read again. What is behind it stays in the journal, however old it is.
	// nil lets age alone decide.
	Saved func() journal.Position
}

// Sealer moves the records of a journal's partition 0 to the archive. There is at most one for a directory. Its methods are
// safe for concurrent use.
type Sealer struct {
	fs   vfs.FS
	dir  string
	log  journal.Log
	opts Options

	mu     sync.Mutex
	loaded bool             // sealed and open can be relied on
	sealed journal.Position // the last position of the archive
	open   *writer          // holds the records after sealed that were read; nil for none
	recs   []journal.Record // kept for its memory
}

// NewSealer opens the directory, creates it in its parent if need be, and removes what a crash left unfinished. It gives ErrGap where the
// archive and the journal do not meet.
func NewSealer(fs vfs.FS, dir string, log journal.Log, opts Options) (*Sealer, error) {
	opts.Records = cmp.Or(opts.Records, 500_000)
	opts.Bytes = cmp.Or(opts.Bytes, 256<<20)
	opts.Age = cmp.Or(opts.Age, time.Hour)
	opts.Retention = cmp.Or(opts.Retention, 24*time.Hour)
	if err := errors.Join(fs.MkdirAll(dir, 0o750), syncDir(fs, fs.PathDir(dir))); err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	s := &Sealer{fs: fs, dir: dir, log: log, opts: opts}
	if err := s.load(); err != nil {
		return nil, err
	}
	return s, nil
}

// load finds the archive's end, after a start or an error. It makes durable what was renamed before, because the journal is
// truncated on the strength of what it finds.
func (s *Sealer) load() error {
	if err := errors.Join(removeParts(s.fs, s.dir), syncDir(s.fs, s.dir)); err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	segments, err := List(s.fs, s.dir)
	if err != nil {
		return err
	}
	first, last := s.log.Bounds(0)
	sealed := first - 1
	if len(segments) > 0 {
		sealed = segments[len(segments)-1].Last
	}
	switch {
	case sealed+1 < first:
		return fmt.Errorf("%w: it ends at %d and the journal begins at %d; restore the segments from a backup", ErrGap, sealed, first)
	case sealed > last:
		return fmt.Errorf("%w: it ends at %d and the journal at %d: the journal lost records; restore it from a backup", ErrGap, sealed, last)
	}
	s.sealed, s.loaded = sealed, true
	return nil
}

func removeParts(fs vfs.FS, dir string) error {
	names, err := fs.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, partSuffix) {
			if err := fs.Remove(fs.PathJoin(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Run calls Step at every tick until ctx is done or a step fails. A caller may run it again after an error.
func (s *Sealer) Run(ctx context.Context, ticks <-chan time.Time) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-ticks:
			if err := s.Step(ctx, now); err != nil {
				return err
			}
		}
	}
}

// Step archives what the journal holds, seals segments that are full or old, and truncates what the journal need not keep.
// After an error the next step begins again behind the last sealed segment.
func (s *Sealer) Step(ctx context.Context, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fill(ctx); err != nil {
		return s.giveUp(err)
	}
	if s.open != nil && now.UnixNano()-s.open.received >= int64(s.opts.Age) {
		if err := s.seal(); err != nil {
			return s.giveUp(err)
		}
	}
	return s.truncate(now)
}

// Seal archives all that the journal holds now.
func (s *Sealer) Seal(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sealAll(ctx)
}

// Close gives up the segment that is being written: its records are in the journal.
func (s *Sealer) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.giveUp(nil)
}

func (s *Sealer) sealAll(ctx context.Context) error {
	err := s.fill(ctx)
	if err == nil && s.open != nil {
		err = s.seal()
	}
	if err != nil {
		return s.giveUp(err)
	}
	return nil
}

// fill reads the journal to its present end into the open segment, and seals and begins segments on the way.
func (s *Sealer) fill(ctx context.Context) error {
	if !s.loaded {
		if err := s.load(); err != nil {
			return err
		}
	}
	_, last := s.log.Bounds(0)
	for {
		next := s.sealed + 1
		if s.open != nil {
			next = s.open.next
		}
		if next > last {
			return nil
		}
		var err error
		s.recs, err = s.log.Read(ctx, 0, next, min(chunkRows, int(last-next)+1), s.recs[:0])
		if err != nil {
			return fmt.Errorf("archive: %w", err)
		}
		if len(s.recs) == 0 {
			return fmt.Errorf("%w: the journal ends at %d and does not give %d", ErrGap, last, next)
		}
		for i := range s.recs {
			if err := s.add(&s.recs[i]); err != nil {
				return err
			}
		}
		clear(s.recs)
		if err := rest(ctx, s.opts.Pause); err != nil {
			return err
		}
	}
}

// rest returns after the pause, or with an error once ctx is done.
func rest(ctx context.Context, pause time.Duration) error {
	if pause <= 0 {
		return nil
	}
	select {
	case <-time.After(pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Sealer) add(r *journal.Record) (err error) {
	if s.open == nil {
		if s.open, err = newWriter(s.fs, s.dir, s.sealed+1); err != nil {
			return err
		}
	}
	if err := s.open.add(r); err != nil {
		return err
	}
	if s.open.count() >= s.opts.Records || s.open.bytes >= s.opts.Bytes {
		return s.seal()
	}
	return nil
}

// seal ends the open segment.
func (s *Sealer) seal() error {
	segment, err := s.open.seal()
	if err != nil {
		return err
	}
	s.sealed, s.open = segment.Last, nil
	return nil
}

// giveUp discards the open segment on the way out with err.
func (s *Sealer) giveUp(err error) error {
	s.loaded = false
	if s.open == nil {
		return err
	}
	w := s.open
	s.open = nil
	return errors.Join(err, w.discard())
}

// truncate forgets what is archived, older than the retention, and not needed by a restart.
func (s *Sealer) truncate(now time.Time) error {
	keep, err := s.log.PositionAt(0, now.Add(-s.opts.Retention).UnixNano())
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if s.opts.Saved != nil {
		keep = min(keep, s.opts.Saved()+1)
	}
	if err := s.log.Truncate(0, min(keep, s.sealed+1)); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}
