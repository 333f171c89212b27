package ingest

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

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/journal/pebblelog"
	"github.com/ringfence/ringfence/internal/source"
)

// loop is a loop that has decided up to a position.
type loop struct {
	decided journal.Position
	waited  []journal.Position
}

func (l *loop) WaitDecided(_ context.Context, pos journal.Position) error {
	l.waited = append(l.waited, pos)
	if pos > l.decided {
		return context.DeadlineExceeded // it never gets there
	}
	return nil
}

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newIngest(t *testing.T, l *loop, adjust ...func(*Options)) (*Ingest, journal.Log) {
	t.Helper()
	store, err := pebblelog.OpenStore("", vfs.NewMem(), pebblelog.StoreOptions{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	log, err := pebblelog.New(store, pebblelog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close(); store.Close() })
	opts := Options{Now: func() int64 { return now.UnixNano() }, Skew: int64(5 * time.Minute), Backlog: 300, Limits: event.DefaultLimits()}
	for _, a := range adjust {
		a(&opts)
	}
	return New(opts, log, l), log
}

func lines(n int, more string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id":"e%d","time":"2026-03-01T12:00:00Z","kind":"post","actor":"a"%s}`+"\n", i, more)
	}
	return b.String()
}

func reader(t *testing.T, text string) source.Reader {
	t.Helper()
	r, err := source.NewReader("body", io.NopCloser(strings.NewReader(text)), source.Options{Limits: event.DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func yes(int) error { return nil }

func TestEvents(t *testing.T) {
	in, log := newIngest(t, &loop{decided: 1 << 40})
	text := lines(2, "") + "{\n" + `{"id":"f","time":"2099-01-01T00:00:00Z","kind":"post","actor":"a"}` + "\n" + strings.Replace(lines(1, ""), "e0", "last", 1)
	var refusals []Refusal
	report, err := in.Events(t.Context(), "s", journal.Event, reader(t, text), yes, func(r Refusal) { refusals = append(refusals, r) })
	if err != nil || report.Accepted != 3 || report.Refused != 2 || report.Last != 3 {
		t.Fatalf("got %+v, %v", report, err)
	}
	if len(refusals) != 2 || refusals[0].Line != 3 || string(refusals[0].Raw) != "{" || refusals[1].Line != 4 || !errors.Is(refusals[1].Err, ErrFuture) {
		t.Errorf("refusals %+v", refusals)
	}
	recs, err := log.Read(t.Context(), 0, 1, 10, nil)
	if err != nil || len(recs) != 3 || recs[2].ID != "last" || recs[2].Source != "s" || recs[2].Actor != "a" || recs[2].Time != now.UnixNano() {
		t.Errorf("records %+v, %v", recs, err)
	}
	if accepted, refused := in.Counts(); accepted != 3 || refused != 2 {
		t.Errorf("counted %d and %d", accepted, refused)
	}
}

// TestLargeEvents holds that a run of events near the limit is cut into appends that the journal takes.
func TestLargeEvents(t *testing.T) {
	in, _ := newIngest(t, &loop{decided: 1 << 40})
	const n = 60
	text := lines(n, `,"media":[`+strings.Repeat(`{"url":"`+strings.Repeat("x", 4000)+`"},`, 200)+`{"id":"m"}]`)
	report, err := in.Events(t.Context(), "s", journal.Event, reader(t, text), yes, func(r Refusal) { t.Error(r.Err) })
	if err != nil || report.Accepted != n {
		t.Errorf("got %d accepted, %v", report.Accepted, err)
	}
}

func TestBulkWaitsForTheLoopAndUrgentDoesNot(t *testing.T) {
	l := &loop{}
	in, log := newIngest(t, l)
	report, err := in.Events(t.Context(), "s", journal.Event, reader(t, lines(1000, "")), yes, func(r Refusal) { t.Error(r.Err) })
	if !errors.Is(err, context.DeadlineExceeded) || report.Accepted != 512 || len(l.waited) != 1 || l.waited[0] != 212 {
		t.Errorf("got %d accepted, %v, waited for %v", report.Accepted, err, l.waited)
	}
	e := event.Event{ID: "now", Time: now.UnixNano(), Kind: "post", Actor: "a"}
	if err := in.Urgent(t.Context(), "s", &e, e.AppendNative(nil)); err != nil {
		t.Error(err)
	}
	if _, last := log.Bounds(0); last != 513 || len(l.waited) != 1 {
		t.Errorf("the journal ends at %d, waited for %v", last, l.waited)
	}
}

// TestBulkComesInPiecesWhileCallsDo: a synchronous call finds few records before it, as long as such calls go on.
func TestBulkComesInPiecesWhileCallsDo(t *testing.T) {
	clock := now.UnixNano()
	l := &loop{decided: 1 << 40}
	in, _ := newIngest(t, l, func(o *Options) { o.Now = func() int64 { return clock } })
	e := event.Event{ID: "now", Time: now.UnixNano(), Kind: "post", Actor: "a"}
	if err := in.Urgent(t.Context(), "s", &e, e.AppendNative(nil)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		after  int64
		waited []journal.Position // 1 is the call
	}{
		{0, []journal.Position{1, 129, 257}},
		{calm, []journal.Position{101, 357}}, // 401 - 300 and 657 - 300
	} {
		clock += tt.after
		l.waited = nil
		report, err := in.Events(t.Context(), "s", journal.Event, reader(t, lines(400, "")), yes, func(r Refusal) { t.Error(r.Err) })
		if err != nil || report.Accepted != 400 {
			t.Errorf("%d accepted, %v", report.Accepted, err)
		}
		if diff := cmp.Diff(tt.waited, l.waited); diff != "" {
			t.Errorf("%ds after the call bulk waited for (-want +got):\n%s", tt.after/1e9, diff)
		}
	}
}

func TestQuotaEndsTheStream(t *testing.T) {
	in, _ := newIngest(t, &loop{decided: 1 << 40})
	full := errors.New("quota")
	left := chunk + chunk/2
	report, err := in.Events(t.Context(), "s", journal.Event, reader(t, lines(1000, "")), func(n int) error {
		if left -= n; left < 0 {
			return full
		}
		return nil
	}, func(r Refusal) { t.Error(r.Err) })
	if !errors.Is(err, full) || report.Accepted != chunk {
		t.Errorf("got %d accepted, %v", report.Accepted, err)
	}
}

func TestTick(t *testing.T) {
	clock := now.UnixNano()
	in, log := newIngest(t, &loop{}, func(o *Options) { o.Now = func() int64 { return clock } })
	const second, hour = int64(time.Second), int64(time.Hour)
	tick := func(after int64, want error) {
		t.Helper()
		clock += after
		if err := in.Tick(t.Context(), second); !errors.Is(err, want) {
			t.Errorf("at %s: got %v, want %v", event.FormatTime(clock), err, want)
		}
	}
	post := func(at int64) {
		t.Helper()
		e := event.Event{ID: "e", Time: at, Kind: "post", Actor: "a"}
		if err := in.Urgent(t.Context(), "s", &e, e.AppendNative(nil)); err != nil {
			t.Fatal(err)
		}
	}
	tick(hour, nil) // nothing happened yet
	post(clock)
	tick(second-1, nil) // not idle
	tick(1, nil)        // 1
	want := []int64{clock}
	tick(24*hour, nil) // 2
	want = append(want, clock)
	tick(24*hour+1, ErrClock)
	tick(hour, nil) // said once
	post(clock - 2*hour)
	tick(hour, nil) // 3: an event came from as far
	want = append(want, clock)
	tick(25*hour, ErrClock)

	recs, err := log.Read(t.Context(), 0, 1, 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for _, rec := range recs {
		if rec.Kind == journal.Tick {
			got = append(got, rec.Time)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("ticks at %v, want %v", got, want)
	}
}

// TestTickBesideFindings: what the program finds out itself is no sign of a sender.
func TestTickBesideFindings(t *testing.T) {
	clock := now.UnixNano()
	in, log := newIngest(t, &loop{decided: 1 << 40}, func(o *Options) { o.Clock, o.Now = clock, func() int64 { return clock } })
	clock += int64(time.Second)
	if err := in.Append(t.Context(), []journal.Record{{Kind: journal.Signals, Time: now.UnixNano()}}); err != nil {
		t.Fatal(err)
	}
	if err := in.Tick(t.Context(), int64(time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, last := log.Bounds(0); last != 2 {
		t.Errorf("the journal has %d records, want the findings and a tick", last)
	}
}

// TestFirstTick: after a restart senders have the idle time to bring what waited for it, and a clock in 2099 moves nothing.
func TestFirstTick(t *testing.T) {
	for _, c := range []struct {
		name  string
		clock int64 // before the restart
		after time.Duration
		want  error
		ticks int
	}{
		{"at once", now.Add(-time.Hour).UnixNano(), 0, nil, 0},
		{"idle since", now.Add(-time.Hour).UnixNano(), time.Second, nil, 1},
		{"2099", now.AddDate(-73, 0, 0).UnixNano(), time.Second, ErrClock, 0},
	} {
		clock := now.UnixNano()
		in, log := newIngest(t, &loop{}, func(o *Options) { o.Clock, o.Now = c.clock, func() int64 { return clock } })
		clock += int64(c.after)
		err := in.Tick(t.Context(), int64(time.Second))
		if _, last := log.Bounds(0); !errors.Is(err, c.want) || int(last) != c.ticks {
			t.Errorf("%s: got %d ticks, %v", c.name, last, err)
		}
	}
}
