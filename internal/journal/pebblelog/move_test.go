package pebblelog

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/journal"
)

// contents is all that a log gives: its bounds, its records, and the timelines of accounts a1 to a9.
func contents(t *testing.T, l *Log) []string {
	t.Helper()
	first, last := l.Bounds(0)
	all := []string{fmt.Sprint(first, last)}
	add := func(what string, recs []journal.Record, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recs {
			all = append(all, fmt.Sprintf("%s %d %s %s %s", what, r.Position, r.ID, r.Actor, r.Body))
		}
	}
	for from := first; from <= last; from += 100 {
		recs, err := l.Read(t.Context(), 0, from, 100, nil)
		add("record", recs, err)
	}
	for i := 1; i < 10; i++ {
		recs, err := l.Timeline(0, fmt.Sprintf("a%d", i), 1000, nil)
		add("timeline", recs, err)
	}
	return all
}

// TestMove takes the journal of a store that held everything apart, as a crash in the midst of it would leave it, and twice.
func TestMove(t *testing.T) {
	for _, kept := range []journal.Position{1, 150, 301} {
		t.Run(fmt.Sprint("from position ", kept), func(t *testing.T) {
			disk := vfs.NewMem()
			from, to := mustOpenStore(t, "store", disk), mustOpenStore(t, "journal", disk)
			defer mustClose(t, from)
			defer mustClose(t, to)
			l := mustNew(t, from, Options{})
			for i := range 3 {
				if _, err := l.Append(t.Context(), 0, numberedRecords(i*100+1, 100)); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Truncate(0, kept); err != nil {
				t.Fatal(err)
			}
			want := contents(t, l)
			mustClose(t, l)
			if err := from.Delete([]byte{prefixIndexed}, pebble.Sync); err != nil { // as the former format was
				t.Fatal(err)
			}
			if _, err := copyRecords(from, to); err != nil { // and then a crash
				t.Fatal(err)
			}
			for range 2 {
				if err := Move(from, to); err != nil {
					t.Fatal(err)
				}
				l = mustNew(t, to, Options{Timelines: from})
				if diff := cmp.Diff(want, contents(t, l)); diff != "" {
					t.Errorf("the moved journal (-want +got):\n%s", diff)
				}
				mustClose(t, l)
			}
			if first, last := mustLog(t, from); first != 1 || last != 0 {
				t.Errorf("the old store still holds positions %d to %d", first, last)
			}
		})
	}
}

// mustLog is the bounds of the records in a store.
func mustLog(t *testing.T, s *Store) (first, last journal.Position) {
	t.Helper()
	l := &Log{store: s}
	if err := l.load(); err != nil {
		t.Fatal(err)
	}
	return l.floor.first, l.last
}
