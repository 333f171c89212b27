package pebblelog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/journal"
)

// numberedRecords makes n small records that say which ones they are, so that what a damaged log gives back can be judged.
func numberedRecords(first, n int) []journal.Record {
	recs := make([]journal.Record, n)
	for i := range recs {
		id := fmt.Sprint(first + i)
		recs[i] = journal.Record{
			Kind: journal.Event, Received: int64(first + i), ID: id, Actor: "a" + id[:1], Body: []byte(strings.Repeat(id, 20)),
		}
	}
	return recs
}

// checkPrefix reads the whole log and checks that each record is as it was appended; it returns the position of the last.
func checkPrefix(l *Log) (int, error) {
	from, _ := l.Bounds(0)
	for {
		recs, err := l.Read(context.Background(), 0, from, 1000, nil)
		for _, r := range recs {
			want := numberedRecords(int(from), 1)[0]
			if r.Position != from || r.ID != want.ID || string(r.Body) != string(want.Body) {
				return int(from - 1), fmt.Errorf("record %q of position %d is where %d should be", r.ID, r.Position, from)
			}
			from++
		}
		if err != nil || len(recs) == 0 {
			return int(from - 1), err
		}
	}
}

// TestCrashKeepsWhatWasAcknowledged takes the disk as a crash would leave it before and after every sync of appends and
// truncations, with none, some or all of what was not synced, and opens a log on each.
func TestCrashKeepsWhatWasAcknowledged(t *testing.T) {
	disk := vfs.NewCrashableMem()
	random := rand.New(rand.NewPCG(1, 2))
	type crash struct {
		disk        *vfs.MemFS
		acked, kept journal.Position
	}
	var crashes []crash
	var acked, kept journal.Position // appended to the one, truncated before the other
	snap := func(string) {
		for _, unsynced := range []int{0, 50, 100} {
			left := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: random})
			crashes = append(crashes, crash{left, acked, kept})
		}
	}
	store, timelines := mustOpenStore(t, "store", disk), mustOpenStore(t, "timelines", disk)
	l := mustNew(t, store, Options{Timelines: timelines, Crash: snap})
	for i := range 60 {
		n := 1 + random.IntN(20)
		first, err := l.Append(t.Context(), 0, numberedRecords(int(acked)+1, n))
		if err != nil || first != acked+1 {
			t.Fatalf("Append = %d, %v; want %d", first, err, acked+1)
		}
		acked += journal.Position(n)
		if i%3 == 0 {
			if err := l.writeIndex(); err != nil {
				t.Fatal(err)
			}
		}
		if i%10 == 9 {
			kept = acked - 20
			if err := l.Truncate(0, kept); err != nil {
				t.Fatal(err)
			}
			snap("after a truncation")
		}
	}
	mustClose(t, l)
	mustClose(t, store)
	mustClose(t, timelines)

	for i, c := range crashes {
		store, timelines := mustOpenStore(t, "store", c.disk), mustOpenStore(t, "timelines", c.disk)
		l := mustNew(t, store, Options{Timelines: timelines})
		n, err := checkPrefix(l)
		if err != nil {
			t.Fatalf("crash %d: %v", i, err)
		}
		if n < int(c.acked) {
			t.Fatalf("crash %d: the log ends at %d, and %d was acknowledged", i, n, c.acked)
		}
		if first, _ := l.Bounds(0); first != max(c.kept, 1) {
			t.Fatalf("crash %d: the log begins at %d, want %d", i, first, max(c.kept, 1))
		}
		if got, want := onTimelines(t, l), n+1-int(max(c.kept, 1)); got != want {
			t.Fatalf("crash %d: %d records are on timelines, want %d", i, got, want)
		}
		if first, err := l.Append(t.Context(), 0, numberedRecords(n+1, 1)); err != nil || first != journal.Position(n+1) {
			t.Fatalf("crash %d: Append = %d, %v; want %d", i, first, err, n+1)
		}
		mustClose(t, l)
		mustClose(t, store)
		mustClose(t, timelines)
	}
}

// onTimelines counts the records on the timelines of numberedRecords' accounts.
func onTimelines(t *testing.T, l *Log) (n int) {
	t.Helper()
	for i := 1; i < 10; i++ {
		recs, err := l.Timeline(0, fmt.Sprint("a", i), 1<<20, nil)
		if err != nil {
			t.Fatal(err)
		}
		n += len(recs)
	}
	return n
}

// stored is a disk as a process left it that ended without closing its store, and the paths of its files with the suffix.
func stored(t *testing.T, appends int, suffix string) (*vfs.MemFS, []string) {
	t.Helper()
	disk := vfs.NewCrashableMem()
	store := mustOpenStore(t, "store", disk)
	l := mustNew(t, store, Options{})
	for i := range appends {
		if _, err := l.Append(t.Context(), 0, numberedRecords(i*10+1, 10)); err != nil {
			t.Fatal(err)
		}
	}
	if suffix == ".sst" {
		if err := store.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	left := disk.CrashClone(vfs.CrashCloneCfg{})
	mustClose(t, l)
	mustClose(t, store)
	names, err := left.List("store")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, name := range names {
		if strings.HasSuffix(name, suffix) {
			paths = append(paths, left.PathJoin("store", name))
		}
	}
	slices.Sort(paths)
	return left, paths
}

func readFile(t *testing.T, disk vfs.FS, path string) []byte {
	t.Helper()
	f, err := disk.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, info.Size())
	if n, err := f.ReadAt(data, 0); n < len(data) {
		t.Fatal(err)
	}
	return data
}

func writeFile(t *testing.T, disk vfs.FS, path string, data []byte) {
	t.Helper()
	f, err := disk.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(slices.Clone(data)); err != nil { // a vfs.File may change what it is given
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// openDamaged opens the log, reads all of it, and returns how many sound records it gave, and the error that ended it.
func openDamaged(disk vfs.FS) (int, error) {
	store, err := openTestStore("store", disk)
	if err != nil {
		return 0, err
	}
	defer store.Close()
	l, err := New(store, Options{})
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return checkPrefix(l)
}

// TestDamagedWAL flips bits in the write-ahead log and cuts it. A log that opens nevertheless gives whole appends from the
// first on; and it opens only if the damage is within the last block, where it looks like a write that a crash tore.
func TestDamagedWAL(t *testing.T) {
	const block = 32 << 10
	const appends = 130
	disk, paths := stored(t, appends, ".log")
	path := paths[len(paths)-1]
	sound := readFile(t, disk, path)
	if len(sound) < 3*block {
		t.Fatalf("%s has only %d bytes: no test of its inner blocks", path, len(sound))
	}
	check := func(name string, data []byte, tolerated bool) {
		t.Helper()
		writeFile(t, disk, path, data)
		n, err := openDamaged(cloneOf(t, disk))
		if err == nil && !tolerated {
			t.Errorf("%s: %d of %d records and no error", name, n, appends*10)
		}
		if err == nil && n%10 != 0 {
			t.Errorf("%s: %d records: part of an append", name, n)
		}
	}
	if check("nothing", sound, true); t.Failed() {
		return
	}
	for at := 0; at < len(sound); at += 797 {
		flipped := slices.Clone(sound)
		flipped[at] ^= 1 << (at % 8)
		check(fmt.Sprintf("bit flipped at %d of %d", at, len(sound)), flipped, at/block == (len(sound)-1)/block)
	}
	for at := 0; at < len(sound); at += 1009 {
		check(fmt.Sprintf("cut at %d of %d", at, len(sound)), sound[:at], true)
	}
}

// cloneOf copies the store's files to a new disk, so that opening them does not change the old one.
func cloneOf(t *testing.T, disk vfs.FS) *vfs.MemFS {
	t.Helper()
	names, err := disk.List("store")
	if err != nil {
		t.Fatal(err)
	}
	clone := vfs.NewMem()
	if err := clone.MkdirAll("store", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if filepath.Base(name) != "LOCK" {
			path := disk.PathJoin("store", name)
			writeFile(t, clone, path, readFile(t, disk, path))
		}
	}
	return clone
}

// TestDamagedTable flips bits in the sorted files: whatever is given is as it was appended, and the rest is ErrCorrupt.
func TestDamagedTable(t *testing.T) {
	disk, paths := stored(t, 200, ".sst")
	if len(paths) == 0 {
		t.Fatal("no sorted files")
	}
	for _, path := range paths {
		sound := readFile(t, disk, path)
		for at := 0; at < len(sound); at += len(sound)/60 + 1 {
			flipped := slices.Clone(sound)
			flipped[at] ^= 0x10
			writeFile(t, disk, path, flipped)
			n, err := openDamaged(cloneOf(t, disk))
			if err == nil && n != 2000 {
				t.Fatalf("bit flipped at %d of %s: %d of 2000 records and no error", at, path, n)
			}
		}
		writeFile(t, disk, path, sound)
	}
}

// TestDamagedRecord changes records behind the log's back: the log names the position of each.
func TestDamagedRecord(t *testing.T) {
	for _, c := range []struct {
		name   string
		at     journal.Position
		damage func(*Store, journal.Position) error
		opens  bool
	}{
		{"flipped near the end", 2950, flip, false},
		{"missing near the end", 2950, remove, false},
		{"the last one moved one up", 3000, move, false},
		{"flipped far from the end", 100, flip, true},
		{"missing far from the end", 100, remove, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := vfs.NewMem()
			store := mustOpenStore(t, "store", disk)
			l := mustNew(t, store, Options{})
			if _, err := l.Append(t.Context(), 0, numberedRecords(1, 3000)); err != nil {
				t.Fatal(err)
			}
			mustClose(t, l)
			if err := c.damage(store, c.at); err != nil {
				t.Fatal(err)
			}
			mustClose(t, store)
			n, err := openDamaged(disk)
			if !errors.Is(err, journal.ErrCorrupt) || !strings.Contains(err.Error(), fmt.Sprintf("position %d", c.at)) {
				t.Errorf("error %v, want ErrCorrupt that names position %d", err, c.at)
			}
			if c.opens && n == 0 {
				t.Error("the log did not open, though its end is sound")
			}
		})
	}
}

func flip(s *Store, at journal.Position) error {
	key := recordKey(at)
	value, closer, err := s.Get(key[:])
	if err != nil {
		return err
	}
	flipped := slices.Clone(value)
	flipped[len(flipped)/2] ^= 4
	b := s.NewBatch()
	return errors.Join(closer.Close(), b.Set(key[:], flipped, nil), s.Commit(b))
}

func remove(s *Store, at journal.Position) error {
	key := recordKey(at)
	b := s.NewBatch()
	return errors.Join(b.Delete(key[:], nil), s.Commit(b))
}

// move stores the record one position further up, where its checksum does not hold.
func move(s *Store, at journal.Position) error {
	from, to := recordKey(at-1), recordKey(at)
	value, closer, err := s.Get(from[:])
	if err != nil {
		return err
	}
	b := s.NewBatch()
	return errors.Join(b.Set(to[:], value, nil), s.Commit(b), closer.Close())
}
