package pebblelog

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Errors of the store, to be tested with errors.Is.
var (
	// ErrLocked says that another process, or another part of this one, has the store open.
	ErrLocked = errors.New("store is in use")
	// ErrNewer says that a later version of the program wrote the store.
	ErrNewer = errors.New("store has a newer format")
	// ErrFailed says that the disk failed a write or a sync: what was in flight may or may not be stored, and the store takes
	// no more writes until the process has been restarted.
	ErrFailed = errors.New("store failed and takes no more writes; restart the process once the disk is sound")
)

// StoreOptions are how a store is opened. The zero value is the default.
type StoreOptions struct {
	CacheSize    int64        // bytes of memory for blocks that are read; 0 is 128 MiB
	MemTableSize uint64       // bytes of writes that are held in memory before they are sorted to disk; 0 is 64 MiB
	Logger       *slog.Logger // nil is slog.Default()
}

// Store is a Pebble database. A process has two: one holds the journal's records, the other the hot state's image, the decisions
// and the timelines, under key prefixes of their own.
//
// Reads go to the embedded database. Writes go through Commit: where Pebble would end the process because the disk failed a
// write or a sync, Commit gives ErrFailed and the channel Failed is closed.
type Store struct {
	*pebble.DB
	dir   string
	lock  *pebble.Lock
	fuse  *fuse
	close func() error
}

// OpenStore opens the store in dir and creates it if there is none. The caller closes it after all that use it.
func OpenStore(dir string, fs vfs.FS, opts StoreOptions) (*Store, error) {
	return openStore(dir, fs, opts, migrations)
}

func openStore(dir string, fs vfs.FS, opts StoreOptions, migrations []migration) (*Store, error) {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if err := fs.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("create store %s: %w", dir, err)
	}
	lock, err := pebble.LockDirectory(dir, fs)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w: another process has it, stop that first (%w)", dir, ErrLocked, err)
	}
	s := &Store{dir: dir, lock: lock, fuse: newFuse(opts.Logger)}
	s.close = sync.OnceValue(s.shut)
	s.fuse.waiting.Store(true)
	err = s.fuse.run(func() (err error) {
		s.DB, err = pebble.Open(dir, pebbleOptions(fs, lock, s.fuse, opts))
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", dir, err), lock.Close())
	}
	if err := s.migrate(migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", dir, err), s.Close())
	}
	s.fuse.waiting.Store(false)
	return s, nil
}

// pebbleOptions suits one writer that appends and syncs, readers near the tail, and two cores.
func pebbleOptions(fs vfs.FS, lock *pebble.Lock, f *fuse, opts StoreOptions) *pebble.Options {
	o := &pebble.Options{
		FS:                          &guard{fs, f},
		Lock:                        lock,
		FormatMajorVersion:          pebble.FormatValueSeparation, // pinned: a newer Pebble must not change stores unasked
		CacheSize:                   opts.CacheSize,
		MemTableSize:                opts.MemTableSize,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               256 << 20,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 2 },
		Logger:                      f,
		EventListener: &pebble.EventListener{
			BackgroundError: f.retried,
			// Whoever reads what is damaged gets the error; the default would end the process.
			DataCorruption: func(info pebble.DataCorruptionInfo) { f.log.Error("store is damaged", "where", info.String()) },
		},
	}
	if o.CacheSize == 0 {
		o.CacheSize = 128 << 20
	}
	if o.MemTableSize == 0 {
		o.MemTableSize = 64 << 20
	}
	o.TargetFileSizes[0] = 16 << 20
	for i := range o.Levels {
		// Lookups of ids that were never seen are the common ones among decisions; a scan pays nothing for the filter.
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return o
}

// Commit applies the batch, and returns once it is durable. After an error the batch may or may not be in the store: reads of
// this process must not rely on either. The caller closes the batch only if there was no error.
func (s *Store) Commit(b *pebble.Batch) error {
	return s.fuse.run(func() error { return b.Commit(pebble.Sync) })
}

// Apply is Commit without the wait for the disk: the batch is durable once a later Commit is.
func (s *Store) Apply(b *pebble.Batch) error {
	return s.fuse.run(func() error { return b.Commit(pebble.NoSync) })
}

// Failed is closed once the store takes no more writes. The process should end then: only a restart recovers.
func (s *Store) Failed() <-chan struct{} { return s.fuse.blown }

// Close sorts what is in memory to disk, so that the next process need not trust the end of a write-ahead log, and closes the
// store. Calling it again has no effect. A store that failed keeps its lock until the process ends, because
// Pebble's own goroutines may still hold its files.
func (s *Store) Close() error { return s.close() }

func (s *Store) shut() error {
	s.fuse.waiting.Store(true)
	err := s.fuse.run(func() error { return errors.Join(s.Flush(), s.DB.Close()) })
	if err != nil {
		return fmt.Errorf("close store %s: %w", s.dir, err)
	}
	return s.lock.Close()
}
