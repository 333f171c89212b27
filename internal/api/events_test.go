package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/auth"
	"github.com/ringfence/ringfence/internal/ingest"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/source"
)

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(b, nil)
}

func TestSendEvents(t *testing.T) {
	good := post("e1", "a1", "hello", 0) + "\n" + post("e2", "a2", "hello", 1)
	jetstream := `{"did":"did:plc:abc","time_us":1763868000000000,"kind":"commit","commit":{"rev":"r1","operation":"create","collection":"app.bsky.feed.like","rkey":"k1","cid":"c","record":{"$type":"app.bsky.feed.like","createdAt":"2026-11-23T03:00:00Z","subject":{"cid":"c","uri":"at://did:plc:x/app.bsky.feed.post/1"}}}}`
	bomb := gzipped(t, bytes.Repeat([]byte("\n"), 8<<20))
	tests := map[string]struct {
		query   string
		headers []string
		body    string
		status  int
		want    string // in the answer
	}{
		"two events":            {body: good, status: 200, want: `{"accepted":2,"refused":0,"position":2}`},
		"gzip":                  {body: string(gzipped(t, []byte(good))), headers: []string{"Content-Encoding: gzip"}, status: 200, want: `"accepted":2`},
		"zstd":                  {body: string(zstandard(t, []byte(good))), headers: []string{"Content-Encoding: zstd"}, status: 200, want: `"accepted":2`},
		"jetstream":             {query: "?format=jetstream&source=bluesky", body: jetstream, status: 200, want: `"accepted":1`},
		"one bad among good":    {body: good + "\n{\"id\":3}\n" + post("e3", "a1", "x", 2), status: 200, want: `"accepted":3,"refused":1,"errors":[{"line":3,"error":"id: `},
		"blank lines":           {body: "\n\n" + good + "\n\n", status: 200, want: `"accepted":2`},
		"a huge line":           {body: strings.Repeat("x", 1<<20+1) + "\n" + good, status: 200, want: `"accepted":2,"refused":1,"errors":[{"line":1,"error":"the line has 1048578 bytes`},
		"invalid UTF-8":         {body: good + "\n" + post("e\xff", "a", "x", 0), status: 200, want: `"refused":1`},
		"a clock in 2099":       {body: good + "\n" + strings.Replace(post("e9", "a", "x", 0), "2026", "2099", 1), status: 200, want: "check the clock of its source"},
		"only a clock in 2099":  {body: strings.Replace(post("e9", "a", "x", 0), "2026", "2099", 1), status: 400, want: "check the clock of its source"},
		"bad JSON":              {body: "hello", status: 400, want: "no line of the body could be read"},
		"nothing":               {body: "", status: 400, want: "the body holds no event"},
		"unknown format":        {query: "?format=xml", body: good, status: 400, want: `format \"xml\"`},
		"unknown parameter":     {query: "?sorce=x", body: good, status: 400, want: `unknown query parameter \"sorce\"`},
		"parameter twice":       {query: "?source=x&source=y", body: good, status: 400, want: "given twice"},
		"source too long":       {query: "?source=" + strings.Repeat("x", 257), body: good, status: 400, want: "257 bytes"},
		"source with a newline": {query: "?source=a%0Ab", body: good, status: 400, want: "control characters"},
		"unknown encoding":      {body: good, headers: []string{"Content-Encoding: br"}, status: 415, want: "send gzip, zstd or none"},
		"not gzip":              {body: good, headers: []string{"Content-Encoding: gzip"}, status: 400, want: "gzip"},
		"not zstd":              {body: good, headers: []string{"Content-Encoding: zstd"}, status: 400, want: "cannot be read"},
		"gzip cut short":        {body: string(gzipped(t, []byte(good))[:40]), headers: []string{"Content-Encoding: gzip"}, status: 400, want: "cannot be read"},
		"a bomb":                {body: string(bomb), headers: []string{"Content-Encoding: gzip"}, status: 413, want: "at most 4194304 bytes"},
		"a bomb in a bomb":      {body: string(gzipped(t, bomb)), headers: []string{"Content-Encoding: gzip"}, status: 415, want: "does not say"},
		"packed without saying": {body: string(gzipped(t, []byte(good))), status: 415, want: "does not say"},
		"too large":             {body: strings.Repeat(" ", 4<<20+1), status: 413, want: "at most 4194304 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(d *Deps) { d.Limits.Body = 4 << 20 })
			w := r.do("POST", "/v1/events"+test.query, test.body, test.headers...)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("got %d %.600s, want %d with %q", w.Code, w.Body, test.status, test.want)
			}
			if media := w.Header().Get("Content-Type"); (w.Code < 300) != (media == "application/json") {
				t.Errorf("%d comes as %s", w.Code, media)
			}
		})
	}
}

func TestRefusedLinesBecomeDeadLetters(t *testing.T) {
	r := newRig(t)
	body := post("e1", "a1", "x", 0) + "\n" + strings.Repeat("{\n", lettersMost+50)
	got := get[EventsAnswer](r, "POST", "/v1/events?source=feed", body)
	if got.Refused != lettersMost+50 || len(got.Errors) != 100 {
		t.Errorf("refused %d with %d errors, want %d with 100", got.Refused, len(got.Errors), lettersMost+50)
	}
	kept, dropped, err := r.store.RejectionCounts(t.Context())
	if err != nil || kept != lettersMost || dropped != 0 {
		t.Errorf("%d letters kept, %d dropped, %v; want %d kept", kept, dropped, err, lettersMost)
	}
	list := get[List[DeadLetter]](r, "GET", "/v1/dead-letters?limit=2", "")
	if len(list.Items) != 2 || list.Items[0].Source != "feed" || list.Items[0].Line != lettersMost+1 || list.Next == 0 {
		t.Errorf("dead letters %+v", list)
	}
	if _, refused := r.Ingest.Counts(); refused != lettersMost+50 {
		t.Errorf("counted %d", refused)
	}
}

// TestQuota sends more than the key may: the answer says how many were taken, and the rest is taken later.
func TestQuota(t *testing.T) {
	r := newRig(t)
	_, token, err := r.Keys.Create(t.Context(), "slow", []auth.Scope{auth.Ingest, auth.Decide}, 300, "person:test")
	r.must(err)
	r.token = token
	var body strings.Builder
	for i := range 600 {
		body.WriteString(post(fmt.Sprint("e", i), "a", "x", 0) + "\n")
	}
	w := r.do("POST", "/v1/events", body.String())
	if w.Code != 429 || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), `"accepted":256,`) {
		t.Fatalf("got %d, Retry-After %q, %s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	for i := range 44 {
		if w := r.do("POST", "/v1/decide", post(fmt.Sprint("d", i), "a", "x", 0)); w.Code != 200 {
			t.Fatalf("decide %d: %d %s", i, w.Code, w.Body)
		}
	}
	if w := r.do("POST", "/v1/decide", post("d44", "a", "x", 0)); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("decide above the quota: %d %s", w.Code, w.Body)
	}
	r.clock.Add(int64(time.Second))
	if w := r.do("POST", "/v1/decide", post("d44", "a", "x", 0)); w.Code != 200 {
		t.Errorf("a second later: %d %s", w.Code, w.Body)
	}
}

func TestBatchLimit(t *testing.T) {
	r := newRig(t, func(d *Deps) { d.Limits.Batch = 300 })
	var body strings.Builder
	for i := range 400 {
		body.WriteString(post(fmt.Sprint("e", i), "a", "x", 0) + "\n")
	}
	w := r.do("POST", "/v1/events", body.String())
	if w.Code != 413 || !strings.Contains(w.Body.String(), `"accepted":256,`) || !strings.Contains(w.Body.String(), "at most 300 events") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// door is an ingest that does what a test says.
type door struct {
	Ingest
	events func(ctx context.Context, r source.Reader, allow func(int) error) (ingest.Report, error)
	urgent func(ctx context.Context) error
}

func (d *door) Events(ctx context.Context, _ string, _ journal.Kind, r source.Reader, allow func(int) error, _ func(ingest.Refusal)) (ingest.Report, error) {
	return d.events(ctx, r, allow)
}

func (d *door) Urgent(ctx context.Context, _ string, _ *event.Event, _ []byte) error {
	return d.urgent(ctx)
}

func TestJournalFailures(t *testing.T) {
	tests := map[string]struct {
		err    error
		status int
		retry  string
		want   string
	}{
		"disk full":       {fmt.Errorf("ingest: %w", syscall.ENOSPC), 503, "60", "the disk is full"},
		"closed":          {fmt.Errorf("ingest: %w", journal.ErrClosed), 503, "10", "the journal cannot be written"},
		"too large":       {fmt.Errorf("ingest: %w", journal.ErrTooLarge), 413, "", "larger"},
		"behind for long": {errBehind, 429, "10", "behind with deciding"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(d *Deps) {
				d.Ingest = &door{Ingest: d.Ingest,
					events: func(context.Context, source.Reader, func(int) error) (ingest.Report, error) {
						return ingest.Report{Accepted: 7}, test.err
					},
					urgent: func(context.Context) error { return test.err }}
			})
			w := r.do("POST", "/v1/events", post("e1", "a", "x", 0))
			if w.Code != test.status || w.Header().Get("Retry-After") != test.retry || !strings.Contains(w.Body.String(), test.want) ||
				!strings.Contains(w.Body.String(), `"accepted":7`) {
				t.Errorf("events: got %d, Retry-After %q, %s", w.Code, w.Header().Get("Retry-After"), w.Body)
			}
			w = r.do("POST", "/v1/decide", post("e1", "a", "x", 0))
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("decide: got %d %s", w.Code, w.Body)
			}
		})
	}
}

// TestBehind lets the loop stand still: the sender is told to come back, and what was appended before is counted.
func TestBehind(t *testing.T) {
	r := newRig(t, func(d *Deps) {
		d.Limits.Wait = time.Millisecond
		d.Ingest = &door{Ingest: d.Ingest, events: func(ctx context.Context, _ source.Reader, allow func(int) error) (ingest.Report, error) {
			if err := allow(1); err != nil {
				return ingest.Report{}, err
			}
			<-ctx.Done()
			return ingest.Report{Accepted: 3}, context.Cause(ctx)
		}}
	})
	w := r.do("POST", "/v1/events", post("e1", "a", "x", 0))
	if w.Code != 429 || !strings.Contains(w.Body.String(), `"accepted":3`) || !strings.Contains(w.Body.String(), "behind") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestStalledSender pauses in the middle of its body. What it sent before is taken.
func TestStalledSender(t *testing.T) {
	r := newRig(t, func(d *Deps) { d.Limits.Stall = 20 * time.Millisecond })
	server := httptest.NewServer(r)
	defer server.Close()
	body, pause := io.Pipe()
	defer body.Close()
	go func() { _, _ = io.WriteString(pause, post("e1", "a", "x", 0)+"\n") }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/events", body)
	r.must(err)
	req.Header.Set("Authorization", "Bearer "+r.token)
	resp, err := server.Client().Do(req)
	r.must(err)
	defer resp.Body.Close()
	if got := bodyOf(t, resp.Body); resp.StatusCode != http.StatusRequestTimeout || !strings.Contains(got, `"accepted":1,`) {
		t.Errorf("got %d %s", resp.StatusCode, got)
	}
}

// trickle is a connection that brings a byte a second until its deadline.
type trickle struct {
	*httptest.ResponseRecorder
	over atomic.Bool
}

func (c *trickle) SetReadDeadline(time.Time) error {
	c.over.Store(true)
	return nil
}

func (c *trickle) Read(to []byte) (int, error) {
	time.Sleep(time.Second)
	if c.over.Load() {
		return 0, os.ErrDeadlineExceeded
	}
	return copy(to, "\n"), nil
}

// TestTricklingSender never pauses for long and never comes to an end. It is cut off all the same.
func TestTricklingSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits, began := DefaultLimits(), time.Now()
		c := &trickle{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequest(http.MethodPost, "/", c)
		p, ctx := newPace(c, r, &limits)
		defer p.end()
		b, err := openBody(c, r, limits.Body, p)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, b)
		if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took > limits.Upload+time.Second {
			t.Errorf("ended with %v after %s", err, took)
		}
		var a API
		if got := a.refusalOf(err, b, p); got.status != 408 || ctx.Err() != nil {
			t.Errorf("got %+v, want 408; what was read is still taken: %v", got, ctx.Err())
		}
	})
}

func TestSlots(t *testing.T) {
	s := newSlots(5)
	var got []bool
	for _, sender := range []string{"a", "a", "a", "b", "b", "b", "c", "d"} {
		got = append(got, s.take(sender))
	}
	s.giveBack("a")
	got = append(got, s.take("b"), s.take("d"), s.take("a"))
	want := []bool{true, true, false, true, true, false, true, false, false, true, false}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, sender := range []string{"a", "b", "b", "c", "d"} {
		s.giveBack(sender)
	}
	if s.free != 5 || len(s.taken) != 0 {
		t.Errorf("%d of 5 are free, taken %v", s.free, s.taken)
	}
}

func TestUploadsAreBounded(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	r := newRig(t, func(d *Deps) {
		d.Limits.Uploads = 1
		d.Ingest = &door{Ingest: d.Ingest, events: func(context.Context, source.Reader, func(int) error) (ingest.Report, error) {
			entered <- true
			<-leave
			return ingest.Report{Accepted: 1}, nil
		}}
	})
	first := make(chan int)
	go func() { first <- r.do("POST", "/v1/events", post("e1", "a", "x", 0)).Code }()
	<-entered
	if w := r.do("POST", "/v1/events", post("e2", "a", "x", 0)); w.Code != 429 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("a second upload: %d %s", w.Code, w.Body)
	}
	leave <- true
	if code := <-first; code != 200 {
		t.Errorf("the first upload: %d", code)
	}
}

func TestBodyLimit(t *testing.T) {
	for _, size := range []int{0, 1, 99, 100, 101, 5000} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", size)))
		w := httptest.NewRecorder()
		p, _ := newPace(w, r, &Limits{Stall: time.Minute, Wait: time.Minute, Upload: time.Minute})
		b, err := openBody(w, r, 100, p)
		var got []byte
		if err == nil {
			got, err = io.ReadAll(b)
		}
		p.end()
		var tooLarge *http.MaxBytesError
		if over := size > 100; over != (errors.As(err, &tooLarge) || errors.Is(err, errUnpacked)) {
			t.Errorf("%d bytes: %v", size, err)
		}
		if want := min(size, 100); len(got) != want && !(size > 4096) {
			t.Errorf("%d bytes: read %d, want %d", size, len(got), want)
		}
		if diff := cmp.Diff(strings.Repeat("x", len(got)), string(got)); diff != "" {
			t.Errorf("%d bytes: %s", size, diff)
		}
	}
}

// BenchmarkSendEvents sends bodies of ten thousand events, durable in a journal in memory when answered.
func BenchmarkSendEvents(b *testing.B) {
	r := newRig(b)
	const events = 10_000
	next := 0
	var body strings.Builder
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		body.Reset()
		for range events {
			body.WriteString(post(fmt.Sprint("e", next), "a1", "hello", next/1000) + "\n")
			next++
		}
		b.StartTimer()
		if w := r.do("POST", "/v1/events", body.String()); w.Code != 200 {
			b.Fatal(w.Code, w.Body)
		}
	}
	b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "events/s")
}
