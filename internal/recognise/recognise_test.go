package recognise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/fetch"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/rule"
)

// drawn is a picture with some structure, as PNG.
func drawn(t testing.TB, w, h int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{uint8(255 * x / w), uint8((x*y/64 + y) % 256), uint8(255 * (x / 16 % 2)), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// server is one that does what no server of pictures should, beside what it should.
func server(t *testing.T) *httptest.Server {
	good := drawn(t, 200, 150)
	fails := 0
	stop := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good.png", "/also.png":
			w.Header().Set("Content-Type", "image/png")
			w.Write(good)
		case "/page":
			w.Header().Set("Content-Type", "text/html")
			w.Write(good)
		case "/text.png":
			w.Header().Set("Content-Type", "image/png")
			fmt.Fprint(w, "<html>")
		case "/cut.png":
			w.Header().Set("Content-Type", "image/png")
			w.Write(good[:len(good)/2])
		case "/huge.png":
			w.Header().Set("Content-Type", "image/png")
			w.(http.Flusher).Flush()
			w.Write(make([]byte, 1<<20))
		case "/inside":
			http.Redirect(w, r, "http://127.0.0.2/good.png", http.StatusFound)
		case "/metadata":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/slow":
			w.(http.Flusher).Flush()
			select {
			case <-stop:
			case <-r.Context().Done():
			}
		case "/late.png":
			if fails++; fails < 3 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.Write(good)
		case "/down":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(stop) })
	return s
}

func always(wanted bool) func(context.Context, journal.Position) (rule.MediaWants, error) {
	return func(context.Context, journal.Position) (rule.MediaWants, error) {
		return rule.MediaWants{Fetched: wanted}, nil
	}
}

func options(t *testing.T) Options {
	client := fetch.NewClient(fetch.Options{Timeout: time.Minute, MaxBody: 256 << 10, Redirects: 3,
		Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	t.Cleanup(client.CloseIdleConnections)
	return Options{Client: client, Hashers: 2, Examiners: 1, Decoder: picture.Decoder{MaxPixels: 1 << 20}, Limits: event.DefaultLimits(),
		Log: slog.New(slog.DiscardHandler), Now: func() int64 { return 0 }, Wanted: always(true), Save: func(journal.Position) error { return nil }}
}

// TestLook: of a hostile server nothing comes but the reason.
func TestLook(t *testing.T) {
	s := server(t)
	w := New(options(t))
	w.pauses = []time.Duration{0, 0}
	for path, want := range map[string]string{
		"/page": notPicture, "/text.png": notPicture, "/cut.png": malformed, "/huge.png": tooLarge, "/inside": refused, "/metadata": refused,
		"/round": refused, "/down": unreachable, "/none": missing, "/late.png": "",
	} {
		if got, _, _ := w.look(t.Context(), &job{}, s.URL+path, eventTime); got.Failure != want {
			t.Errorf("%s: got %q, want %q", path, got.Failure, want)
		}
	}
	for url, want := range map[string]string{
		"file:///etc/passwd": refused, "http://user:secret@127.0.0.1/": refused, "http://10.0.0.1/x.png": refused, "http://[::1]/": refused,
		strings.Replace(s.URL, "127.0.0.1", "localhost", 1) + "/none": missing, "ftp://127.0.0.1/": refused, "http://127.0.0.1:1/": unreachable,
	} {
		if got, _, _ := w.look(t.Context(), &job{}, url, eventTime); got.Failure != want {
			t.Errorf("%s: got %q, want %q", url, got.Failure, want)
		}
	}
	hasty := options(t)
	hasty.Client.Timeout = 50 * time.Millisecond
	if got, _, _ := New(hasty).look(t.Context(), &job{}, s.URL+"/slow", eventTime); got.Failure != timeout {
		t.Errorf("/slow: got %q, want %q", got.Failure, timeout)
	}
	got, _, _ := w.look(t.Context(), &job{}, s.URL+"/good.png", eventTime)
	decoded, err := picture.Decoder{}.Decode(t.Context(), drawn(t, 200, 150))
	if err != nil {
		t.Fatal(err)
	}
	spectrum := pdq.NewHasher().Full(decoded.Pix, 200, 150)
	want := spectrum.Dihedral()
	if got.Failure != "" || got.Width != 200 || got.Height != 150 || got.Quality != spectrum.Quality || !slices.Equal(got.PDQ, want[:]) || len(got.SHA256) != 64 {
		t.Errorf("got %+v, want the hashes %v", got, want)
	}
}

// log is a journal in memory, of which the worker needs reading alone.
type log struct {
	journal.Log
	mu    sync.Mutex
	recs  []journal.Record
	first journal.Position // that is kept
	more  chan struct{}
}

func (l *log) add(_ context.Context, recs []journal.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range recs {
		r.Position = journal.Position(len(l.recs) + 1)
		l.recs = append(l.recs, r)
	}
	close(l.more)
	l.more = make(chan struct{})
	return nil
}

func (l *log) Read(_ context.Context, _ journal.Partition, from journal.Position, max int, dst []journal.Record) ([]journal.Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from < l.first {
		return dst, journal.ErrTruncated
	}
	rest := l.recs[min(int(from-1), len(l.recs)):]
	return append(dst, rest[:min(max, len(rest))]...), nil
}

func (l *log) Bounds(journal.Partition) (first, last journal.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first, journal.Position(len(l.recs))
}

func (l *log) Wait(ctx context.Context, _ journal.Partition, after journal.Position) error {
	l.mu.Lock()
	n, more := len(l.recs), l.more
	l.mu.Unlock()
	if n > int(after) {
		return nil
	}
	select {
	case <-more:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// found are the signals records, as id:failure or id:hashed for each picture.
func (l *log) found(t *testing.T) (list []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, rec := range l.recs {
		if rec.Kind != journal.Signals {
			continue
		}
		r, err := signals.Decode(rec.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Pictures {
			what := p.Failure
			if what == "" {
				what = "hashed"
			}
			list = append(list, fmt.Sprintf("%s %s/%s %d:%s", rec.Actor, rec.Source, rec.ID, p.At, what))
		}
	}
	slices.Sort(list)
	return list
}

func newLog(bodies ...string) *log {
	l := &log{first: 1, more: make(chan struct{})}
	for i, body := range bodies {
		_ = l.add(context.Background(), []journal.Record{{Kind: journal.Event, Source: "s", ID: fmt.Sprint("e", i), Actor: "a", Body: []byte(body)}})
	}
	return l
}

func post(id string, media ...string) string {
	return fmt.Sprintf(`{"id":%q,"time":"2026-03-01T12:00:00Z","kind":"post","actor":"a","media":[%s]}`, id, strings.Join(media, ","))
}

// run lets a worker run until the journal has as many records and all is done, and gives the position that it saved last.
func run(t *testing.T, l *log, opts Options, records int) (saved journal.Position) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	opts.Journal, opts.Append = l, l.add
	opts.Save = func(pos journal.Position) error {
		if pos < saved {
			t.Errorf("saved %d after %d", pos, saved)
		}
		if saved = pos; int(pos) >= records {
			stop()
		}
		return nil
	}
	w := New(opts)
	w.pauses = nil
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return saved
}

func TestRun(t *testing.T) {
	s := server(t)
	at := func(path string) string { return `{"url":"` + s.URL + path + `"}` }
	l := newLog(
		post("e0", at("/good.png"), `{"url":"x","pdq":"`+strings.Repeat("0f", 32)+`"}`, at("/none")),
		`{"id":"e1","time":"2026-03-01T12:00:00Z","kind":"post","actor":"a","text":"no picture"}`,
		post("e2", `{"url":"`+s.URL+`/film","type":"video/mp4"}`),
		"{broken \"media\"",
		post("e4", at("/also.png")),
	)
	run(t, l, options(t), 7)
	want := []string{"a s/e0 0:hashed", "a s/e0 2:missing", "a s/e4 0:hashed"}
	if diff := cmp.Diff(want, l.found(t)); diff != "" {
		t.Errorf("want- got+\n%s", diff)
	}
	// A worker that begins again where it ended finds nothing to do; one that lost its place does it again.
	opts := options(t)
	opts.After = 7
	l.add(t.Context(), []journal.Record{{Kind: journal.Tick}})
	run(t, l, opts, 8)
	if got := l.found(t); len(got) != len(want) {
		t.Errorf("done twice: %q", got)
	}
	opts.After = 4
	run(t, l, opts, 9)
	if got := l.found(t); len(got) != len(want)+1 {
		t.Errorf("after a place that was lost: %q", got)
	}
}

// TestUnwantedAndOld: nothing is fetched while no rule reads of pictures, nor for events that waited too long, nor what the journal
// does not keep.
func TestUnwantedAndOld(t *testing.T) {
	s := server(t)
	body := post("e0", `{"url":"`+s.URL+`/good.png"}`)
	opts := options(t)
	opts.Wanted = always(false)
	l := newLog(body)
	run(t, l, opts, 1)
	old := options(t)
	old.Now = func() int64 { return int64(maxAge) + 1 }
	run(t, l, old, 1)
	if got := l.found(t); got != nil {
		t.Errorf("fetched %q", got)
	}
	l.first = 2
	l.add(t.Context(), []journal.Record{{Kind: journal.Event, Source: "s", ID: "e9", Actor: "a", Body: []byte(post("e9", `{"url":"`+s.URL+`/none"}`))}})
	run(t, l, options(t), 3)
	if diff := cmp.Diff([]string{"a s/e9 0:missing"}, l.found(t)); diff != "" {
		t.Errorf("want- got+\n%s", diff)
	}
}

// TestSlowHost: a host that does not answer holds up only what is on it, and keeps its place until it is done.
func TestSlowHost(t *testing.T) {
	s := server(t)
	slow := strings.Replace(s.URL, "127.0.0.1", "localhost", 1) // another host by name
	var bodies []string
	for i := range 2 * fetchers {
		bodies = append(bodies, post(fmt.Sprint("e", i), `{"url":"`+slow+`/slow"}`))
	}
	bodies = append(bodies, post("good", `{"url":"`+s.URL+`/good.png"}`))
	l := newLog(bodies...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	opts := options(t)
	opts.Client.Timeout = time.Hour
	opts.Journal = l
	opts.Append = func(_ context.Context, recs []journal.Record) error {
		if err := l.add(ctx, recs); err != nil {
			return err
		}
		stop()
		return nil
	}
	opts.Save = func(pos journal.Position) error {
		if pos > 0 {
			t.Errorf("saved %d while the first event is under way", pos)
		}
		return nil
	}
	if err := New(opts).Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := l.found(t); len(got) != 1 || !strings.HasSuffix(got[0], ":hashed") {
		t.Errorf("found %q, want the good picture alone", got)
	}
}

// TestAppendFails: what cannot be stored is tried again, unless the journal is closed.
func TestAppendFails(t *testing.T) {
	s := server(t)
	opts := options(t)
	opts.Journal = newLog(post("e0", `{"url":"`+s.URL+`/good.png"}`))
	opts.Append = func(context.Context, []journal.Record) error { return journal.ErrClosed }
	if err := New(opts).Run(t.Context()); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("got %v, want %v", err, journal.ErrClosed)
	}
}
