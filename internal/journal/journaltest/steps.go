package journaltest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/journal"
)

// open is a fresh log that is closed at the end of the test.
func open(t *testing.T, d Driver) journal.Log {
	t.Helper()
	l := d.Fresh(t)
	t.Cleanup(func() { l.Close() })
	return l
}

func reopen(t *testing.T, d Driver, l journal.Log) journal.Log {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	l = d.Reopen(t, l)
	t.Cleanup(func() { l.Close() })
	return l
}

func mustAppend(t *testing.T, l journal.Log, recs ...journal.Record) journal.Position {
	t.Helper()
	first, err := l.Append(t.Context(), 0, recs)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return first
}

// fill appends n events of ten accounts, ten seconds apart, and returns them.
func fill(t *testing.T, l journal.Log, n int) []journal.Record {
	t.Helper()
	recs := make([]journal.Record, n)
	for i := range recs {
		at := int64(i) * 10 * second
		recs[i] = journal.Record{
			Kind: journal.Event, Received: at, Time: at - second, Source: "http",
			ID: fmt.Sprintf("e%d", i), Actor: fmt.Sprintf("a%d", i%10), Body: fmt.Appendf(nil, `{"id":"e%d"}`, i),
		}
	}
	for start := 0; start < n; start += 7 {
		mustAppend(t, l, recs[start:min(start+7, n)]...)
	}
	return recs
}

// numbered is a copy of the records with the positions that they have in the log.
func numbered(first journal.Position, recs []journal.Record) []journal.Record {
	out := append([]journal.Record(nil), recs...)
	for i := range out {
		out[i].Position = first + journal.Position(i)
	}
	return out
}

// readAll reads to the end of the log in chunks.
func readAll(t *testing.T, l journal.Log, from journal.Position, chunk int) []journal.Record {
	t.Helper()
	var all []journal.Record
	for {
		got, err := l.Read(t.Context(), 0, from, chunk, nil)
		if err != nil {
			t.Fatalf("Read from %d: %v", from, err)
		}
		if len(got) > chunk {
			t.Fatalf("Read of at most %d gave %d records", chunk, len(got))
		}
		if len(got) == 0 {
			return all
		}
		all = append(all, got...)
		from += journal.Position(len(got))
	}
}

func wantRecords(t *testing.T, l journal.Log, from journal.Position, want []journal.Record) {
	t.Helper()
	if diff := cmp.Diff(want, readAll(t, l, from, 1000)); diff != "" {
		t.Errorf("records from %d on (-want +got):\n%s", from, diff)
	}
}

func wantBounds(t *testing.T, l journal.Log, first, last journal.Position) {
	t.Helper()
	if gotFirst, gotLast := l.Bounds(0); gotFirst != first || gotLast != last {
		t.Errorf("Bounds = %d, %d; want %d, %d", gotFirst, gotLast, first, last)
	}
}

func idsOf(recs []journal.Record) []string {
	var ids []string
	for _, r := range recs {
		ids = append(ids, r.ID)
	}
	return ids
}
