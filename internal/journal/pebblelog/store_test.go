package pebblelog

import (
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/ringfence/ringfence/internal/journal"
)

func TestStoreIsLocked(t *testing.T) {
	for _, c := range []struct {
		name string
		fs   vfs.FS
		dir  string
	}{{"memory", vfs.NewMem(), "store"}, {"disk", vfs.Default, t.TempDir()}} {
		t.Run(c.name, func(t *testing.T) {
			store := mustOpenStore(t, c.dir, c.fs)
			if _, err := openTestStore(c.dir, c.fs); !errors.Is(err, ErrLocked) {
				t.Errorf("second OpenStore: error %v, want ErrLocked", err)
			}
			mustClose(t, store)
			mustClose(t, mustOpenStore(t, c.dir, c.fs))
		})
	}
}

func TestStoreFormat(t *testing.T) {
	key := []byte{0x40}
	add := func(word string) migration {
		return func(s *Store) error {
			value, closer, err := s.Get(key)
			if err != nil {
				return err
			}
			defer closer.Close()
			b := s.NewBatch()
			return errors.Join(b.Set(key, append([]byte(string(value)), word...), nil), s.Commit(b))
		}
	}
	fail := func(*Store) error { return errors.New("no room") }
	disk := vfs.NewMem()
	open := func(migrations ...migration) (*Store, error) {
		return openStore("store", disk, StoreOptions{Logger: quiet()}, migrations)
	}
	want := func(s *Store, word string, version int) {
		t.Helper()
		value, closer, err := s.Get(key)
		if err != nil {
			t.Fatal(err)
		}
		if string(value) != word {
			t.Errorf("the value is %q, want %q", value, word)
		}
		if got, err := s.formatVersion(); got != version || err != nil {
			t.Errorf("format version %d, %v; want %d", got, err, version)
		}
		mustClose(t, closer)
		mustClose(t, s)
	}
	must := func(s *Store, err error) *Store {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}

	s := must(open())
	b := s.NewBatch()
	if err := errors.Join(b.Set(key, []byte("one"), nil), s.Commit(b)); err != nil {
		t.Fatal(err)
	}
	want(s, "one", 1)
	if _, err := open(add(",two"), fail); err == nil || !strings.Contains(err.Error(), "from version 2 to 3: no room") {
		t.Errorf("error %v, want that of the second migration", err)
	}
	want(must(open(add(",two"))), "one,two", 2)
	want(must(open(add(",two"), add(",three"), add(",four"))), "one,two,three,four", 4)
	want(must(open(fail, fail, fail)), "one,two,three,four", 4)
	if _, err := open(add(",two")); !errors.Is(err, ErrNewer) {
		t.Errorf("error %v, want ErrNewer", err)
	}
}

func TestStoreRefusesForeignDatabase(t *testing.T) {
	disk := vfs.NewMem()
	db, err := pebble.Open("store", &pebble.Options{FS: disk, Logger: newFuse(quiet())})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Set([]byte("key"), nil, pebble.Sync), db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := openTestStore("store", disk); err == nil || !strings.Contains(err.Error(), "not a store of this program") {
		t.Errorf("error %v, want that it is not a store", err)
	}
}

// full fails operations as a full disk does, from when it is switched on.
func full(match func(errorfs.Op) bool) *errorfs.Toggle {
	return &errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
		if match(op) {
			return syscall.ENOSPC
		}
		return nil
	})}
}

// TestWriteErrors breaks the disk under concurrent appends. Every append that is under way gives an error, no reader sees any
// of them, further appends are refused, and a new process goes on from a sound prefix that has all that was acknowledged.
func TestWriteErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		match func(errorfs.Op) bool
	}{
		{"write of the write-ahead log", func(op errorfs.Op) bool {
			return op.Kind == errorfs.OpFileWrite && strings.HasSuffix(op.Path, ".log")
		}},
		{"sync of the write-ahead log", func(op errorfs.Op) bool {
			return (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) && strings.HasSuffix(op.Path, ".log")
		}},
		{"everything", func(op errorfs.Op) bool { return op.Kind.ReadOrWrite() == errorfs.OpIsWrite }},
		{"new write-ahead log", func(op errorfs.Op) bool {
			return (op.Kind == errorfs.OpCreate || op.Kind == errorfs.OpReuseForWrite) && strings.HasSuffix(op.Path, ".log")
		}},
		{"manifest", func(op errorfs.Op) bool {
			return op.Kind.ReadOrWrite() == errorfs.OpIsWrite && strings.Contains(op.Path, "MANIFEST")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := vfs.NewCrashableMem()
			broken := full(c.match)
			store := mustOpenStore(t, "store", errorfs.Wrap(disk, broken))
			l := mustNew(t, store, Options{})
			appendOne := func(n int) error {
				recs := numberedRecords(n, 1)
				_, err := l.Append(context.Background(), 0, recs)
				return err
			}
			for n := range 20 {
				if err := appendOne(n + 1); err != nil {
					t.Fatal(err)
				}
			}
			broken.On()
			// Many times the memtable, so that faults of rotation and flush are met too.
			acked, failed := 20, false
			filler := make([]byte, 1<<20)
			for range 64 {
				recs := numberedRecords(acked+1, 1)
				if _, err := l.Append(context.Background(), 0, recs); err != nil {
					failed = true
					break
				}
				acked++
				b := store.NewBatch()
				if err := errors.Join(b.Set([]byte{0x20, byte(acked)}, filler, nil), store.Commit(b)); err != nil {
					failed = true
					break
				}
			}
			if !failed {
				t.Fatal("no append failed")
			}
			<-store.Failed()
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if err := appendOne(1000); !errors.Is(err, ErrFailed) {
						t.Errorf("Append after the failure: error %v, want ErrFailed", err)
					}
				})
			}
			wg.Wait()
			if err := l.Wait(t.Context(), 0, journal.Position(acked)); !errors.Is(err, ErrFailed) {
				t.Errorf("Wait: error %v, want ErrFailed", err)
			}
			if _, last := l.Bounds(0); int(last) != acked {
				t.Errorf("the log ends at %d, want %d, the last that was acknowledged", last, acked)
			}
			if n, err := checkPrefix(l); n != acked || err != nil {
				t.Errorf("readers see %d records, %v; want %d", n, err, acked)
			}
			if got, err := l.Timeline(0, "a1", 1000, nil); err != nil || len(got) > 0 && int(got[0].Position) > acked {
				t.Errorf("the timeline begins with %v, %v", got[0], err)
			}
			mustClose(t, l)
			if err := store.Close(); !errors.Is(err, ErrFailed) {
				t.Errorf("Close: error %v, want ErrFailed", err)
			}

			n, err := openDamaged(disk.CrashClone(vfs.CrashCloneCfg{}))
			if err != nil || n < acked {
				t.Errorf("a new process finds %d records, %v; want at least %d", n, err, acked)
			}
		})
	}
}

// TestFlushErrors fills the disk for the sorted files only. Appends go on while there is memory for them, and the store
// recovers by itself once there is room.
func TestFlushErrors(t *testing.T) {
	broken := full(func(op errorfs.Op) bool {
		return op.Kind == errorfs.OpCreate && strings.HasSuffix(op.Path, ".sst")
	})
	store := mustOpenStore(t, "store", errorfs.Wrap(vfs.NewMem(), broken))
	l := mustNew(t, store, Options{})
	broken.On()
	for n := range 50 {
		if _, err := l.Append(t.Context(), 0, numberedRecords(n+1, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.AsyncFlush(); err != nil {
		t.Fatal(err)
	}
	broken.Off()
	if err := store.Flush(); err != nil {
		t.Errorf("Flush once there is room: %v", err)
	}
	if n, err := checkPrefix(l); n != 50 || err != nil {
		t.Errorf("the log holds %d records, %v; want 50", n, err)
	}
	mustClose(t, l)
	mustClose(t, store)
}
