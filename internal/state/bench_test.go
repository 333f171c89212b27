package state

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/window"
)

var counting = []window.Spec{{ID: "count", Func: window.Count, Duration: 3600 * second}}

// mixed gives keys in an order that no cache can foresee, the same every time.
func mixed(i, n uint64) (key window.Key) {
	i = i * 0x9e3779b97f4a7c15 >> 20 % n
	binary.LittleEndian.PutUint64(key[:], i*0xff51afd7ed558ccd)
	binary.LittleEndian.PutUint64(key[8:], i)
	return key
}

func newCounting(b testing.TB, db *pebble.DB) (*State, Slot) {
	b.Helper()
	s, err := New(Options{DB: db, Budget: 16 << 30})
	if err != nil {
		b.Fatal(err)
	}
	slots, err := s.SetWindows(counting)
	if err != nil {
		b.Fatal(err)
	}
	s.Advance(start)
	return s, slots[0]
}

// BenchmarkUpdate is an update with its read: of the same keys again and again, each with some events in the window.
func BenchmarkUpdate(b *testing.B) {
	for _, n := range []uint64{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, slot := newCounting(b, nil)
			i := uint64(0)
			step := func() {
				i++
				s.Advance(start + int64(i)*int64(4*time.Hour)/int64(20*n)) // five events a key in the window
				s.Update(slot, mixed(i, n), s.Clock(), window.Arg{})
			}
			for range 10 * n {
				step()
			}
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}

// BenchmarkMemory reports what a key takes of the runtime's memory, beside its stated cost.
func BenchmarkMemory(b *testing.B) {
	const keys = 200_000
	for _, events := range []int{1, 5, 50} {
		b.Run(fmt.Sprint(events), func(b *testing.B) {
			var before, after runtime.MemStats
			for b.Loop() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				s, slot := newCounting(b, nil)
				for e := range events {
					s.Advance(start + int64(e)*10*second)
					for i := range uint64(keys) {
						s.Update(slot, mixed(i, 1<<40), s.Clock(), window.Arg{})
					}
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				n := float64(len(s.windows[slot].index))
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "bytes/key")
				b.ReportMetric(float64(s.Stats().Bytes)/n, "stated-bytes/key")
			}
		})
	}
}

// BenchmarkImage is an image of all keys dirty: how long the loop stands still, how long the commit takes beside it, and how
// long a restore does.
func BenchmarkImage(b *testing.B) {
	for _, n := range []uint64{100_000, 1_000_000} {
		if n > 100_000 && os.Getenv("RINGFENCE_FULL") == "" {
			continue
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db, err := pebble.Open(b.TempDir(), &pebble.Options{FS: vfs.Default, Logger: quiet{}, MemTableSize: 64 << 20})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			s, slot := newCounting(b, db)
			var begin, step, steps, finish, commit, restore time.Duration
			for b.Loop() {
				for i := range n {
					s.Update(slot, mixed(i, 1<<40), s.Clock(), window.Arg{})
				}
				timed := func(f func()) time.Duration {
					t := time.Now()
					f()
					return time.Since(t)
				}
				begin = timed(func() { err = s.BeginImage(1) })
				if err != nil {
					b.Fatal(err)
				}
				step, steps = 0, 0
				for more := true; more; {
					d := timed(func() { more = s.ImageStep(64) })
					step = max(step, d)
					steps += d
				}
				var img *Image
				finish = timed(func() { img = s.FinishImage() })
				commit = timed(func() { err = img.Commit() })
				if err != nil {
					b.Fatal(err)
				}
				again, err := New(Options{DB: db})
				if err != nil {
					b.Fatal(err)
				}
				restore = timed(func() { _, err = again.Restore() })
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(begin.Microseconds()), "begin-µs")
			b.ReportMetric(float64(step.Microseconds()), "worst-step-µs")
			b.ReportMetric(float64(steps.Nanoseconds())/float64(n), "step-ns/key")
			b.ReportMetric(float64(finish.Microseconds()), "finish-µs")
			b.ReportMetric(float64(commit.Milliseconds()), "commit-ms")
			b.ReportMetric(float64(restore.Milliseconds()), "restore-ms")
		})
	}
}
