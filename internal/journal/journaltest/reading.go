package journaltest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/journal"
)

func wakes(t *testing.T, d Driver) {
	l := open(t, d)
	fill(t, l, 3)
	if err := l.Wait(t.Context(), 0, 2); err != nil {
		t.Errorf("Wait for what is there: %v", err)
	}
	const waiters = 8
	woken := make(chan error)
	for i := range waiters {
		go func() {
			after := journal.Position(3 + i%2)
			err := l.Wait(context.Background(), 0, after)
			if _, last := l.Bounds(0); err == nil && last <= after {
				err = fmt.Errorf("woken at %d while waiting for more than %d", last, after)
			}
			woken <- err
		}()
	}
	mustAppend(t, l, journal.Record{Kind: journal.Tick, Received: 1 << 60})
	mustAppend(t, l, journal.Record{Kind: journal.Tick, Received: 1 << 60})
	for range waiters {
		if err := <-woken; err != nil {
			t.Error(err)
		}
	}
}

func stopsWaiting(t *testing.T, d Driver) {
	l := open(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() { waiting <- l.Wait(ctx, 0, 0) }()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: error %v, want context.Canceled", err)
	}
}

func honoursContext(t *testing.T, d Driver) {
	l := open(t, d)
	want := numbered(1, fill(t, l, 3))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(ctx, 0, []journal.Record{{Kind: journal.Tick, ID: "maybe"}}); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Append: error %v, want none or context.Canceled", err)
	}
	if _, err := l.Read(ctx, 0, 1, 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Read: error %v, want context.Canceled", err)
	}
	// The cancelled append may have been added, but only whole and at the end.
	mustAppend(t, l, journal.Record{Kind: journal.Tick, ID: "after", Received: 1 << 60})
	got := readAll(t, l, 1, 10)
	if diff := cmp.Diff(want, got[:3]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if ids := idsOf(got[3:]); !cmp.Equal(ids, []string{"after"}) && !cmp.Equal(ids, []string{"maybe", "after"}) {
		t.Errorf("ids after the cancelled append: %v", ids)
	}
}

func findsPositions(t *testing.T, d Driver) {
	l := open(t, d)
	for _, received := range []int64{10, 20, 20, 20, 30, 40} {
		mustAppend(t, l, journal.Record{Kind: journal.Tick, Received: received})
	}
	check := func(first journal.Position) {
		t.Helper()
		for received, want := range map[int64]journal.Position{-1: 1, 0: 1, 10: 1, 11: 2, 20: 2, 21: 5, 30: 5, 40: 6, 41: 7, 1 << 62: 7} {
			if got, err := l.PositionAt(0, received); got != max(want, first) || err != nil {
				t.Errorf("PositionAt(%d) = %d, %v; want %d", received, got, err, max(want, first))
			}
		}
	}
	check(1)
	if err := l.Truncate(0, 4); err != nil {
		t.Fatal(err)
	}
	check(4)
	l = reopen(t, d, l)
	check(4)
}

func showsTimelines(t *testing.T, d Driver) {
	l := open(t, d)
	// Days 0, 0, 1, 1, 5 and 100 of the account between those of others, on the same days and on days of their own.
	for i, r := range []struct {
		actor string
		at    int64
	}{
		{"a1", 1}, {"a2", 2}, {"a1", day - 1}, {"a1", day}, {"", day + 1}, {"a1", day + 2}, {"a3", 3 * day},
		{"a1", 5 * day}, {"a2", 5*day + 1}, {"a2", 99 * day}, {"a1", 100 * day}, {"a3", 100*day + 1}, {"a3", 300 * day},
	} {
		mustAppend(t, l, journal.Record{Kind: journal.Event, Received: r.at, ID: fmt.Sprint(i), Actor: r.actor, Body: []byte(r.actor)})
	}
	check := func(actor string, max int, want ...string) {
		t.Helper()
		got, err := l.Timeline(0, actor, max, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, idsOf(got)); diff != "" {
			t.Errorf("timeline of %q, at most %d (-want +got):\n%s", actor, max, diff)
		}
		for _, r := range got {
			if string(r.Body) != actor {
				t.Errorf("timeline of %q shows a record of %q", actor, r.Body)
			}
		}
	}
	all := func() {
		t.Helper()
		check("a1", 100, "10", "7", "5", "3", "2", "0")
		check("a1", 3, "10", "7", "5")
		check("a1", 0)
		check("a2", 100, "9", "8", "1")
		check("a3", 1, "12")
		check("nobody", 100)
		check("", 100)
	}
	all()
	l = reopen(t, d, l)
	all()
	// In the middle of day 1, so that some of the day's records are forgotten and some are not.
	if err := l.Truncate(0, 5); err != nil {
		t.Fatal(err)
	}
	check("a1", 100, "10", "7", "5")
	check("a2", 100, "9", "8")
	l = reopen(t, d, l)
	check("a1", 100, "10", "7", "5")
}

func truncates(t *testing.T, d Driver) {
	l := open(t, d)
	want := numbered(1, fill(t, l, 100))
	for _, before := range []journal.Position{0, 1, 40, 30, 41} {
		if err := l.Truncate(0, before); err != nil {
			t.Fatalf("Truncate(%d): %v", before, err)
		}
	}
	for range 2 {
		wantBounds(t, l, 41, 100)
		wantRecords(t, l, 41, want[40:])
		for _, from := range []journal.Position{0, 1, 40} {
			if _, err := l.Read(t.Context(), 0, from, 1, nil); !errors.Is(err, journal.ErrTruncated) {
				t.Errorf("Read from %d: error %v, want ErrTruncated", from, err)
			}
		}
		l = reopen(t, d, l)
	}
}

func truncatesAll(t *testing.T, d Driver) {
	l := open(t, d)
	fill(t, l, 10)
	newest := readAll(t, l, 10, 1)[0].Received
	if err := l.Truncate(0, 11); err != nil {
		t.Fatal(err)
	}
	wantBounds(t, l, 11, 10)
	l = reopen(t, d, l)
	wantBounds(t, l, 11, 10)
	wantRecords(t, l, 11, nil)
	if got, err := l.PositionAt(0, 0); got != 11 || err != nil {
		t.Errorf("PositionAt = %d, %v; want 11", got, err)
	}
	if first := mustAppend(t, l, journal.Record{Kind: journal.Tick, Received: 1}); first != 11 {
		t.Errorf("the next position is %d, want 11", first)
	}
	if got := readAll(t, l, 11, 1)[0].Received; got != newest {
		t.Errorf("received is %d, want that of the newest forgotten one, %d", got, newest)
	}
}
