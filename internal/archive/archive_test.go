package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/journal/pebblelog"
)

const dir = "archive"

// newLog is an empty journal in memory.
func newLog(t testing.TB) journal.Log {
	t.Helper()
	store, err := pebblelog.OpenStore("store", vfs.NewMem(), pebblelog.StoreOptions{
		CacheSize: 8 << 20, MemTableSize: 4 << 20, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	log, err := pebblelog.New(store, pebblelog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		log.Close()
		store.Close()
	})
	return log
}

// makeRecords makes n records, a second apart, of every kind and of ten accounts.
func makeRecords(first journal.Position, n int) []journal.Record {
	recs := make([]journal.Record, n)
	for i := range recs {
		pos := first + journal.Position(i)
		received := int64(pos) * int64(time.Second)
		recs[i] = journal.Record{
			Position: pos, Kind: journal.Event, Received: received, Time: received - 5, Source: "http",
			ID: fmt.Sprintf("e%d", pos), Actor: fmt.Sprintf("a%d", pos%10), Body: fmt.Appendf(nil, `{"id":"e%d"}`, pos),
		}
		switch pos % 7 {
		case 3:
			recs[i] = journal.Record{Position: pos, Kind: journal.Tick, Received: received, Time: -1}
		case 5:
			recs[i].Kind, recs[i].Body = journal.Signals, []byte("\x00\xff not UTF-8")
		}
	}
	return recs
}

func mustAppend(t testing.TB, log journal.Log, recs []journal.Record) {
	t.Helper()
	if len(recs) == 0 {
		return
	}
	if _, err := log.Append(context.Background(), 0, recs); err != nil {
		t.Fatal(err)
	}
}

func mustSealer(t testing.TB, fs vfs.FS, log journal.Log, opts Options) *Sealer {
	t.Helper()
	s, err := NewSealer(fs, dir, log, opts)
	if err != nil {
		t.Fatalf("NewSealer: %v", err)
	}
	return s
}

func at(pos journal.Position) time.Time { return time.Unix(int64(pos), 0) }

// collect scans the whole archive.
func collect(fs vfs.FS) ([]journal.Record, error) {
	segments, err := List(fs, dir)
	if err != nil || len(segments) == 0 {
		return nil, err
	}
	var recs []journal.Record
	err = Scan(context.Background(), fs, dir, segments[0].First, segments[len(segments)-1].Last, func(r journal.Record) error {
		recs = append(recs, r)
		return nil
	})
	return recs, err
}

func TestSealAndScan(t *testing.T) {
	fs, log := vfs.NewMem(), newLog(t)
	want := makeRecords(1, 2500)
	mustAppend(t, log, want)
	s := mustSealer(t, fs, log, Options{Records: 1000})
	if err := s.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	segments, err := List(fs, dir)
	if err != nil {
		t.Fatal(err)
	}
	wantSegments := []Segment{
		{1, 1000, "archive/00000000000000000001-00000000000000001000.parquet"},
		{1001, 2000, "archive/00000000000000001001-00000000000000002000.parquet"},
		{2001, 2500, "archive/00000000000000002001-00000000000000002500.parquet"},
	}
	if diff := cmp.Diff(wantSegments, segments); diff != "" {
		t.Errorf("segments (-want +got):\n%s", diff)
	}
	for _, c := range []struct{ first, last journal.Position }{
		{1, 2500}, {1, 1}, {2500, 2500}, {999, 1002}, {1000, 1000}, {1001, 2000}, {300, 2400}, {5, 4},
	} {
		var got []journal.Record
		err := Scan(t.Context(), fs, dir, c.first, c.last, func(r journal.Record) error {
			got = append(got, r)
			return nil
		})
		if err != nil {
			t.Fatalf("Scan %d to %d: %v", c.first, c.last, err)
		}
		if diff := cmp.Diff(want[c.first-1:c.last], got); diff != "" && c.first <= c.last {
			t.Fatalf("Scan %d to %d (-want +got):\n%s", c.first, c.last, diff)
		}
	}
	for _, c := range []struct{ first, last journal.Position }{{0, 5}, {1, 2501}, {3000, 3001}} {
		if err := Scan(t.Context(), fs, dir, c.first, c.last, nil); !errors.Is(err, ErrGap) {
			t.Errorf("Scan %d to %d: error %v, want ErrGap", c.first, c.last, err)
		}
	}
}

func TestScanStops(t *testing.T) {
	fs, log := vfs.NewMem(), newLog(t)
	mustAppend(t, log, makeRecords(1, 1000))
	if err := mustSealer(t, fs, log, Options{}).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop, calls := errors.New("enough"), 0
	err := Scan(t.Context(), fs, dir, 1, 1000, func(journal.Record) error {
		calls++
		if calls == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || calls != 3 {
		t.Errorf("error %v after %d calls, want that of the third", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = Scan(ctx, fs, dir, 1, 1000, func(journal.Record) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestStep(t *testing.T) {
	fs, log := vfs.NewMem(), newLog(t)
	s := mustSealer(t, fs, log, Options{Records: 100, Bytes: 1 << 20, Age: 60 * time.Second, Retention: 500 * time.Second})
	check := func(now journal.Position, archived, kept journal.Position) {
		t.Helper()
		if err := s.Step(t.Context(), at(now)); err != nil {
			t.Fatal(err)
		}
		segments, err := List(fs, dir)
		if err != nil {
			t.Fatal(err)
		}
		var last journal.Position
		if len(segments) > 0 {
			last = segments[len(segments)-1].Last
		}
		if first, _ := log.Bounds(0); last != archived || first != kept {
			t.Errorf("at %d: archived up to %d, want %d; journal from %d on, want %d", now, last, archived, first, kept)
		}
	}
	check(1, 0, 1)
	mustAppend(t, log, makeRecords(1, 50))
	check(50, 0, 1)  // neither many nor old
	check(60, 0, 1)  // the oldest is 59 s old
	check(61, 50, 1) // sealed by age
	mustAppend(t, log, makeRecords(51, 250))
	check(62, 250, 1) // sealed by count, twice
	mustAppend(t, log, makeRecords(301, 1))
	check(300, 250, 1)  // the oldest of the rest is 49 s old
	check(540, 301, 40) // what was received before 40 is forgotten
	check(5000, 301, 302)

	large := makeRecords(302, 4)
	for i := range large {
		large[i].Body = make([]byte, 600<<10)
	}
	mustAppend(t, log, large)
	check(305, 305, 302) // sealed by bytes, twice
}

func TestRun(t *testing.T) {
	fs, log := vfs.NewMem(), newLog(t)
	s := mustSealer(t, fs, log, Options{Records: 10})
	ctx, cancel := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan error)
	go func() { done <- s.Run(ctx, ticks) }()
	mustAppend(t, log, makeRecords(1, 10))
	ticks <- at(10)
	ticks <- at(11) // taken only after the step before
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Run: error %v, want context.Canceled", err)
	}
	if recs, err := collect(fs); len(recs) != 10 || err != nil {
		t.Errorf("%d records are archived, %v; want 10", len(recs), err)
	}
}

func TestNewSealerRefusesWhatDoesNotMeet(t *testing.T) {
	segment := func(t *testing.T, fs vfs.FS, first, last journal.Position) {
		t.Helper()
		if err := fs.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		w, err := newWriter(fs, dir, first)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range makeRecords(first, int(last-first)+1) {
			if err := w.add(&r); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.seal(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name     string
		segments [][2]journal.Position
		forget   journal.Position // records of the journal, which has 100
		want     error
	}{
		{"nothing", nil, 0, nil},
		{"an archive that meets the journal", [][2]journal.Position{{1, 50}, {51, 60}}, 60, nil},
		{"an archive of all", [][2]journal.Position{{1, 100}}, 100, nil},
		{"a journal without its archive", nil, 60, nil},
		{"a gap between archive and journal", [][2]journal.Position{{1, 50}}, 60, ErrGap},
		{"a gap between segments", [][2]journal.Position{{1, 50}, {52, 60}}, 0, ErrGap},
		{"an overlap", [][2]journal.Position{{1, 50}, {50, 60}}, 0, ErrOverlap},
		{"the same beginning twice", [][2]journal.Position{{1, 50}, {1, 60}}, 0, ErrOverlap},
		{"an archive ahead of the journal", [][2]journal.Position{{1, 101}}, 0, ErrGap},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs, log := vfs.NewMem(), newLog(t)
			mustAppend(t, log, makeRecords(1, 100))
			if err := log.Truncate(0, c.forget+1); err != nil {
				t.Fatal(err)
			}
			for _, s := range c.segments {
				segment(t, fs, s[0], s[1])
			}
			if _, err := NewSealer(fs, dir, log, Options{}); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func TestErase(t *testing.T) {
	fs, log := vfs.NewMem(), newLog(t)
	const account = "the-account-to-erase"
	recs := makeRecords(1, 550)
	for i := range recs[200:] { // the first two segments hold nothing of it
		if recs[200+i].Actor == "a4" {
			recs[200+i].Actor = account
		}
	}
	mustAppend(t, log, recs[:500])
	s := mustSealer(t, fs, log, Options{Records: 100})
	if err := s.Step(t.Context(), at(400)); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, log, recs[500:]) // not archived yet
	segments, records, err := s.Erase(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	want, wantCount := slices.Clone(recs), 0
	for i, r := range want {
		if r.Actor == account {
			want[i] = journal.Record{Position: r.Position, Kind: journal.Erased, Received: r.Received, Time: r.Time, Source: r.Source}
			wantCount++
		}
	}
	if segments != 4 || records != wantCount {
		t.Errorf("Erase = %d segments, %d records; want 4, %d", segments, records, wantCount)
	}
	got, err := collect(fs)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	for name, data := range files(t, fs) {
		if strings.Contains(string(data), account) {
			t.Errorf("%s still has the account's name", name)
		}
	}
	if segments, records, err := s.Erase(t.Context(), account); segments != 0 || records != 0 || err != nil {
		t.Errorf("second Erase = %d, %d, %v; want nothing", segments, records, err)
	}
	if _, _, err := s.Erase(t.Context(), ""); err == nil {
		t.Error("Erase of no account gave no error")
	}
	mustAppend(t, log, makeRecords(551, 10))
	if err := s.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := collect(fs); len(got) != 560 || err != nil {
		t.Errorf("%d records after going on, %v; want 560", len(got), err)
	}
}

// files is the content of the archive's directory.
func files(t testing.TB, fs vfs.FS) map[string][]byte {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		f, err := fs.Open(fs.PathJoin(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		all[name] = data
	}
	return all
}

// TestStepKeepsWhatARestartNeeds holds that age alone truncates nothing behind the last saved state.
func TestStepKeepsWhatARestartNeeds(t *testing.T) {
	fs, log := vfs.NewMem(), newLog(t)
	var saved journal.Position
	s := mustSealer(t, fs, log, Options{Records: 100, Retention: time.Second, Saved: func() journal.Position { return saved }})
	mustAppend(t, log, makeRecords(1, 300))
	for _, saved = range []journal.Position{0, 120, 300} {
		if err := s.Step(t.Context(), at(100_000)); err != nil {
			t.Fatal(err)
		}
		if first, _ := log.Bounds(0); first != saved+1 {
			t.Errorf("saved up to %d: the journal begins at %d, want %d", saved, first, saved+1)
		}
	}
}
