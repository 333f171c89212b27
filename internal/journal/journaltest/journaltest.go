// Package journaltest is the contract suite of the journal port. A driver that passes it can take the place of any other.
package journaltest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/journal"
)

// Driver makes the logs that the suite runs on.
type Driver struct {
	// Fresh is a new, empty log.
	Fresh func(t *testing.T) journal.Log
	// Reopen opens again what l stored. The suite has closed l.
	Reopen func(t *testing.T, l journal.Log) journal.Log
}

// Run runs the suite.
func Run(t *testing.T, d Driver) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(*testing.T, Driver)
	}{
		{"starts empty", startsEmpty},
		{"gives back what was appended", givesBack},
		{"keeps the records of a call together and positions dense", staysDense},
		{"reads from any position in any chunk", readsAnywhere},
		{"never lets received decrease", receivedRises},
		{"does not share memory with the appender", copiesInput},
		{"survives reopening", survivesReopening},
		{"takes records up to the limit", takesLarge},
		{"refuses what it cannot keep", refuses},
		{"wakes waiters", wakes},
		{"stops waiting when told", stopsWaiting},
		{"does nothing for a cancelled caller", honoursContext},
		{"finds positions by received time", findsPositions},
		{"shows timelines newest first", showsTimelines},
		{"truncates", truncates},
		{"goes on after everything was truncated", truncatesAll},
		{"answers ErrClosed after Close", answersClosed},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, d) })
	}
}

const (
	second = int64(time.Second)
	day    = 24 * 60 * 60 * second
)

func startsEmpty(t *testing.T, d Driver) {
	l := open(t, d)
	wantBounds(t, l, 1, 0)
	wantRecords(t, l, 1, nil)
	if got, err := l.PositionAt(0, 0); got != 1 || err != nil {
		t.Errorf("PositionAt = %d, %v; want 1", got, err)
	}
	if got, err := l.Timeline(0, "a1", 10, nil); len(got) != 0 || err != nil {
		t.Errorf("Timeline = %v, %v; want none", got, err)
	}
}

func givesBack(t *testing.T, d Driver) {
	l := open(t, d)
	want := []journal.Record{
		{Kind: journal.Event, Received: 10, Time: -5, Source: "http", ID: "e1", Actor: "a1", Body: []byte(`{"id":"e1"}`)},
		{Kind: journal.Import, Received: 10, Time: 1 << 62, Source: "söurce", ID: "\x00\xff", Actor: "a1", Body: []byte{0}},
		{Kind: journal.Tick, Received: 11, Time: 11},
		{Kind: journal.Change, Received: 12, ID: "c1", Body: []byte("{}")},
		{Kind: journal.Signals, Received: 12, Source: strings.Repeat("s", 300), ID: "s1", Actor: strings.Repeat("a", 70_000)},
	}
	mustAppend(t, l, want...)
	wantRecords(t, l, 1, numbered(1, want))
}

func staysDense(t *testing.T, d Driver) {
	l := open(t, d)
	const callers, calls = 16, 30
	firsts := make([][]journal.Position, callers)
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for call := range calls {
				recs := make([]journal.Record, 1+(caller+call)%5)
				for i := range recs {
					recs[i] = journal.Record{Kind: journal.Event, ID: fmt.Sprintf("%d/%d/%d", caller, call, i)}
				}
				first, err := l.Append(context.Background(), 0, recs)
				if err != nil {
					t.Errorf("Append: %v", err)
					return
				}
				firsts[caller] = append(firsts[caller], first)
			}
		})
	}
	wg.Wait()
	all := readAll(t, l, 1, 64)
	for i, r := range all {
		if r.Position != journal.Position(i+1) {
			t.Fatalf("record %d has position %d", i, r.Position)
		}
	}
	total := 0
	for caller := range callers {
		for call, first := range firsts[caller] {
			if call > 0 && first <= firsts[caller][call-1] {
				t.Errorf("caller %d: call %d came before the one that preceded it", caller, call)
			}
			for i := range 1 + (caller+call)%5 {
				want := fmt.Sprintf("%d/%d/%d", caller, call, i)
				if at := int(first) - 1 + i; at >= len(all) || all[at].ID != want {
					t.Fatalf("record %s is not at position %d", want, at+1)
				}
				total++
			}
		}
	}
	if len(all) != total {
		t.Errorf("the log holds %d records, want %d", len(all), total)
	}
}

func readsAnywhere(t *testing.T, d Driver) {
	l := open(t, d)
	want := numbered(1, fill(t, l, 100))
	for _, from := range []journal.Position{1, 2, 50, 100} {
		for _, chunk := range []int{1, 7, 99, 1000} {
			if diff := cmp.Diff(want[from-1:], readAll(t, l, from, chunk)); diff != "" {
				t.Fatalf("from %d by %d (-want +got):\n%s", from, chunk, diff)
			}
		}
	}
	for _, from := range []journal.Position{101, 102, 1 << 40} {
		wantRecords(t, l, from, nil)
	}
	if got, err := l.Read(t.Context(), 0, 1, 0, nil); len(got) != 0 || err != nil {
		t.Errorf("Read of at most 0 = %d records, %v", len(got), err)
	}
	before := []journal.Record{{ID: "before"}}
	got, err := l.Read(t.Context(), 0, 5, 2, before)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(before[:1:1], want[4:6]...), got); diff != "" {
		t.Errorf("Read does not append to dst (-want +got):\n%s", diff)
	}
}

func receivedRises(t *testing.T, d Driver) {
	l := open(t, d)
	for _, received := range []int64{50, 20, 60} {
		mustAppend(t, l, journal.Record{Kind: journal.Tick, Received: received}, journal.Record{Kind: journal.Tick, Received: received - 5})
	}
	l = reopen(t, d, l)
	mustAppend(t, l, journal.Record{Kind: journal.Tick, Received: -1})
	var got []int64
	for _, r := range readAll(t, l, 1, 10) {
		got = append(got, r.Received)
	}
	if diff := cmp.Diff([]int64{50, 50, 50, 50, 60, 60, 60}, got); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func copiesInput(t *testing.T, d Driver) {
	l := open(t, d)
	body := []byte("first")
	recs := []journal.Record{{Kind: journal.Event, ID: "e1", Body: body}}
	mustAppend(t, l, recs...)
	copy(body, "XXXXX")
	recs[0].ID = "X"
	got := readAll(t, l, 1, 10)
	if len(got) != 1 || got[0].ID != "e1" || string(got[0].Body) != "first" {
		t.Errorf("the log changed with the appender's memory: %+v", got)
	}
}

func survivesReopening(t *testing.T, d Driver) {
	l := open(t, d)
	want := numbered(1, fill(t, l, 50))
	for range 3 {
		l = reopen(t, d, l)
		wantBounds(t, l, 1, journal.Position(len(want)))
		wantRecords(t, l, 1, want)
		more := journal.Record{Kind: journal.Event, Received: 1 << 60, ID: fmt.Sprint(len(want)), Actor: "a0"}
		first := mustAppend(t, l, more)
		want = append(want, numbered(first, []journal.Record{more})...)
	}
	wantRecords(t, l, 1, want)
	got, err := l.Timeline(0, "a0", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[len(want)-1:], got); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

func takesLarge(t *testing.T, d Driver) {
	l := open(t, d)
	large := func(id string) journal.Record {
		return journal.Record{Kind: journal.Event, ID: id, Body: make([]byte, journal.MaxRecordSize-len(id))}
	}
	var call []journal.Record
	for i := range journal.MaxAppendSize / journal.MaxRecordSize {
		call = append(call, large(fmt.Sprintf("e%d", i)))
	}
	mustAppend(t, l, call...)
	mustAppend(t, l, journal.Record{Kind: journal.Event, ID: "small"})
	got := readAll(t, l, 1, 1000)
	if len(got) != len(call)+1 {
		t.Fatalf("the log holds %d records, want %d", len(got), len(call)+1)
	}
	for i, r := range got[:len(call)] {
		if r.ID != call[i].ID || len(r.Body) != len(call[i].Body) {
			t.Errorf("record %d is %s with %d bytes", i, r.ID, len(r.Body))
		}
	}
}

func refuses(t *testing.T, d Driver) {
	l := open(t, d)
	body := make([]byte, journal.MaxRecordSize)
	many := make([]journal.Record, journal.MaxAppendSize/journal.MaxRecordSize+1)
	for i := range many {
		many[i] = journal.Record{Kind: journal.Event, Body: body}
	}
	for _, c := range []struct {
		name string
		recs []journal.Record
		want error
	}{
		{"a record over the limit", []journal.Record{{Kind: journal.Event, ID: "x", Body: body}}, journal.ErrTooLarge},
		{"a good and a large one", []journal.Record{{Kind: journal.Tick}, {Kind: journal.Event, ID: "x", Body: body}}, journal.ErrTooLarge},
		{"a call over the limit", many, journal.ErrTooLarge},
		{"an unknown kind", []journal.Record{{Kind: 0}}, nil},
		{"no records", nil, nil},
	} {
		_, err := l.Append(t.Context(), 0, c.recs)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
	}
	wantBounds(t, l, 1, 0)
	fill(t, l, 3)
	if err := l.Truncate(0, 5); err == nil {
		t.Error("Truncate beyond the end gave no error")
	}
	wantBounds(t, l, 1, 3)
}

func answersClosed(t *testing.T, d Driver) {
	l := open(t, d)
	fill(t, l, 3)
	waiting := make(chan error)
	go func() { waiting <- l.Wait(context.Background(), 0, 3) }()
	if err := l.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	_, appendErr := l.Append(t.Context(), 0, []journal.Record{{Kind: journal.Tick}})
	_, readErr := l.Read(t.Context(), 0, 1, 10, nil)
	_, positionErr := l.PositionAt(0, 0)
	_, timelineErr := l.Timeline(0, "a1", 1, nil)
	for name, err := range map[string]error{
		"a Wait under way": <-waiting, "Append": appendErr, "Read": readErr, "PositionAt": positionErr, "Timeline": timelineErr,
		"Truncate": l.Truncate(0, 2), "Wait": l.Wait(t.Context(), 0, 0),
	} {
		if !errors.Is(err, journal.ErrClosed) {
			t.Errorf("%s: error %v, want ErrClosed", name, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}
