package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/internal/journal"
)

// whole checks that archive and journal together hold every record once, in order, and returns them.
func whole(fs vfs.FS, log journal.Log) ([]journal.Record, error) {
	recs, err := collect(fs)
	if err != nil {
		return nil, err
	}
	first, last := log.Bounds(0)
	next := first
	if len(recs) > 0 {
		if recs[0].Position != 1 {
			return nil, fmt.Errorf("the archive begins at %d", recs[0].Position)
		}
		next = recs[len(recs)-1].Position + 1
	} else if first != 1 {
		return nil, fmt.Errorf("nothing is archived and the journal begins at %d", first)
	}
	for next <= last {
		n := len(recs)
		if recs, err = log.Read(context.Background(), 0, next, 1000, recs); err != nil {
			return nil, err
		}
		next += journal.Position(len(recs) - n)
	}
	return recs, nil
}

// TestEveryRecordOnce seals, truncates, erases and crashes at random.
func TestEveryRecordOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		disk, log := vfs.NewCrashableMem(), newLog(t)
		opts := Options{
			Records: rapid.IntRange(20, 400).Draw(rt, "records"), Bytes: rapid.Int64Range(1000, 40_000).Draw(rt, "bytes"),
			Age: 50 * time.Second, Retention: 100 * time.Second,
		}
		s := mustSealer(t, disk, log, opts)
		var want []journal.Record
		now := journal.Position(0)
		erase := func(account string) error {
			if _, _, err := s.Erase(context.Background(), account); err != nil {
				return err
			}
			for i, r := range want {
				if r.Actor == account {
					want[i] = journal.Record{Position: r.Position, Kind: journal.Erased, Received: r.Received, Time: r.Time, Source: r.Source}
				}
			}
			return nil
		}
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			var err error
			switch rapid.SampledFrom([]string{"append", "step", "step", "seal", "erase", "crash"}).Draw(rt, "step") {
			case "append":
				recs := makeRecords(journal.Position(len(want)+1), rapid.IntRange(1, 200).Draw(rt, "n"))
				mustAppend(t, log, recs)
				want = append(want, recs...)
				now = max(now, journal.Position(len(want)))
			case "step":
				now += journal.Position(rapid.IntRange(0, 60).Draw(rt, "seconds"))
				err = s.Step(context.Background(), at(now))
			case "seal":
				err = s.Seal(context.Background())
			case "erase":
				err = erase(fmt.Sprintf("a%d", rapid.IntRange(0, 9).Draw(rt, "account")))
			case "crash":
				random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
				kept := rapid.SampledFrom([]int{0, 50, 100}).Draw(rt, "unsynced")
				disk = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: kept, RNG: random})
				s = mustSealer(t, disk, log, opts)
			}
			if err != nil {
				rt.Fatal(err)
			}
			got, err := whole(disk, log)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("(-want +got):\n%s", diff)
			}
		}
	})
}

// crashes is a disk that is copied before every operation that changes it, as a crash would leave it there.
func crashes(disk *vfs.MemFS, save func(op errorfs.Op, left *vfs.MemFS)) vfs.FS {
	random := rand.New(rand.NewPCG(1, 2))
	return errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			for _, unsynced := range []int{0, 50, 100} {
				save(op, disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: random}))
			}
		}
		return nil
	}))
}

// TestCrashWhileSealing crashes before every write of the disk while segments are sealed and the journal is truncated.
func TestCrashWhileSealing(t *testing.T) {
	disk, log := vfs.NewCrashableMem(), newLog(t)
	want := makeRecords(1, 500)
	mustAppend(t, log, want)
	type crash struct {
		op    string
		left  *vfs.MemFS
		first journal.Position // that the journal keeps at the time
	}
	var all []crash
	fs := crashes(disk, func(op errorfs.Op, left *vfs.MemFS) {
		first, _ := log.Bounds(0)
		all = append(all, crash{fmt.Sprint(op.Kind, " ", op.Path), left, first})
	})
	s := mustSealer(t, fs, log, Options{Records: 120, Age: time.Second, Retention: time.Second})
	for now := range journal.Position(3) {
		if err := s.Step(t.Context(), at(500+now)); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 50 {
		t.Fatalf("only %d crashes", len(all))
	}
	for _, c := range all {
		// The process that starts again meets the journal as it was, with what was not yet truncated.
		again := newLog(t)
		mustAppend(t, again, want)
		if err := again.Truncate(0, c.first); err != nil {
			t.Fatal(err)
		}
		if names, err := c.left.List(dir); err != nil || len(names) == 0 {
			continue // before the directory was durable
		}
		s := mustSealer(t, c.left, again, Options{Records: 120})
		if err := s.Seal(t.Context()); err != nil {
			t.Fatalf("crash before %s: %v", c.op, err)
		}
		got, err := whole(c.left, again)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("crash before %s: error %v (-want +got):\n%s", c.op, err, diff)
		}
		for name := range files(t, c.left) {
			if strings.HasSuffix(name, partSuffix) {
				t.Errorf("crash before %s: %s is left", c.op, name)
			}
		}
	}
}

// TestCrashWhileErasing crashes before every write of the disk: each segment is the old or the new one, and Erase can be called again.
func TestCrashWhileErasing(t *testing.T) {
	disk, log := vfs.NewCrashableMem(), newLog(t)
	mustAppend(t, log, makeRecords(1, 400))
	s := mustSealer(t, disk, log, Options{Records: 100})
	if err := s.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, err := collect(disk)
	if err != nil {
		t.Fatal(err)
	}
	var left []*vfs.MemFS
	s = mustSealer(t, crashes(disk, func(_ errorfs.Op, l *vfs.MemFS) { left = append(left, l) }), log, Options{})
	if _, _, err := s.Erase(t.Context(), "a4"); err != nil {
		t.Fatal(err)
	}
	after, err := collect(disk)
	if err != nil {
		t.Fatal(err)
	}
	for i, disk := range left {
		got, err := collect(disk)
		if err != nil {
			t.Fatalf("crash %d: %v", i, err)
		}
		for start := 0; start < len(before); start += 100 {
			if part := got[start : start+100]; !cmp.Equal(part, before[start:start+100]) && !cmp.Equal(part, after[start:start+100]) {
				t.Fatalf("crash %d: the segment from %d on is neither the old nor the new one", i, start+1)
			}
		}
		if _, _, err := mustSealer(t, disk, log, Options{}).Erase(t.Context(), "a4"); err != nil {
			t.Fatalf("crash %d: %v", i, err)
		}
		if got, err := collect(disk); !cmp.Equal(after, got) || err != nil {
			t.Fatalf("crash %d: after erasing again: %v\n%s", i, err, cmp.Diff(after, got))
		}
	}
}

// TestFullDisk fails every write in turn: the step gives the error, nothing is lost, and a later step goes on.
func TestFullDisk(t *testing.T) {
	want := makeRecords(1, 300)
	for fail := 0; ; fail++ {
		disk, log := vfs.NewMem(), newLog(t)
		mustAppend(t, log, want)
		writes, failed := 0, false
		fs := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && op.Kind != errorfs.OpMkdirAll && op.Kind != errorfs.OpFileClose {
				writes++
				if failed = failed || writes == fail+1; writes == fail+1 {
					return syscall.ENOSPC
				}
			}
			return nil
		}))
		s, err := NewSealer(fs, dir, log, Options{Records: 100, Retention: time.Second})
		if err == nil {
			err = s.Step(t.Context(), at(300))
			if failed && !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("write %d: error %v, want ENOSPC", fail, err)
			}
			if err := s.Step(t.Context(), at(301)); err != nil {
				t.Fatalf("write %d: the next step: %v", fail, err)
			}
		}
		got, err := whole(disk, log)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("write %d: error %v (-want +got):\n%s", fail, err, diff)
		}
		if !failed {
			return
		}
	}
}

// TestDamage flips bits in a segment, cuts it, and puts another in its place. Scan names the file and gives none of its records.
func TestDamage(t *testing.T) {
	fs, log := vfs.NewMem(), newLog(t)
	mustAppend(t, log, makeRecords(1, 300))
	if err := mustSealer(t, fs, log, Options{Records: 100}).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	segments, err := List(fs, dir)
	if err != nil {
		t.Fatal(err)
	}
	path := segments[1].Path
	all := files(t, fs)
	sound := all[fs.PathBase(path)]
	check := func(name string, data []byte) {
		t.Helper()
		write(t, fs, path, data)
		given := 0
		err := Scan(context.Background(), fs, dir, 1, 300, func(journal.Record) error { given++; return nil })
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), path) || given != 100 {
			t.Errorf("%s: error %v after %d records, want ErrCorrupt that names %s after 100", name, err, given, path)
		}
	}
	for at := 0; at < len(sound); at += 11 {
		flipped := slices.Clone(sound)
		flipped[at] ^= 1 << (at % 8)
		check(fmt.Sprintf("bit flipped at %d of %d", at, len(sound)), flipped)
	}
	for at := 0; at < len(sound); at += 101 {
		check(fmt.Sprintf("cut at %d of %d", at, len(sound)), sound[:at])
	}
	check("another segment", all[fs.PathBase(segments[0].Path)])
	check("trailing bytes", append(slices.Clone(sound), 0))
}

func write(t testing.TB, fs vfs.FS, path string, data []byte) {
	t.Helper()
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(bytes.Clone(data))
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}
