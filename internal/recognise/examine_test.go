package recognise

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/scorer"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/ocr"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/media/vpdq"
	"github.com/ringfence/ringfence/rule"
)

// fakeModel scores by its function.
type fakeModel struct {
	name, policy string
	score        func(context.Context, scorer.Picture) (scorer.Answer, error)
}

func (m fakeModel) Name() string       { return m.name }
func (m fakeModel) Policies() []string { return []string{m.policy} }
func (m fakeModel) Score(ctx context.Context, p scorer.Picture) (scorer.Answer, error) {
	return m.score(ctx, p)
}

func fixed(policy string, p float64) func(context.Context, scorer.Picture) (scorer.Answer, error) {
	return func(context.Context, scorer.Picture) (scorer.Answer, error) {
		return scorer.Answer{Version: "v1", Scores: map[string]float64{policy: p}}, nil
	}
}

func wanting(w rule.MediaWants) func(context.Context, journal.Position) (rule.MediaWants, error) {
	return func(context.Context, journal.Position) (rule.MediaWants, error) { return w, nil }
}

// pictures serves one picture for every address, but nothing below /none.
type pictures struct{ file []byte }

func (p pictures) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/none" {
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Request: r}, nil
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(p.file)), Request: r}, nil
}

// records are the signals records of an extractor.
func (l *log) records(t *testing.T, extractor string) (list []*signals.Record) {
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
		if r.Extractor == extractor {
			list = append(list, r)
		}
	}
	return list
}

// TestScores: pictures are hashed first and told of, and scored then, by the scorers that rules read of, each with its version or why
// there is no score; also those that the source hashed.
func TestScores(t *testing.T) {
	opts := options(t)
	opts.Client = &http.Client{Transport: pictures{drawn(t, 800, 600)}}
	opts.Wanted = wanting(rule.MediaWants{Fetched: true, Scores: []string{"gore", "nudity"}})
	opts.Scorers = []scorer.Scorer{
		fakeModel{"a", "nudity", func(_ context.Context, p scorer.Picture) (scorer.Answer, error) {
			if m, err := jpeg.Decode(bytes.NewReader(p.JPEG)); err != nil || m.Bounds().Dx() != scorer.MaxSide || len(p.SHA256) != 64 {
				t.Errorf("the model was shown %v of %s: %v", m, p.SHA256, err)
			}
			return scorer.Answer{Version: "v1", Scores: map[string]float64{"nudity": 0.25}}, nil
		}},
		fakeModel{"b", "gore", func(context.Context, scorer.Picture) (scorer.Answer, error) {
			return scorer.Answer{}, fmt.Errorf("model b: %w", scorer.ErrOpen)
		}},
		fakeModel{"c", "hate", fixed("hate", 1)},
	}
	l := newLog(post("e0", `{"url":"http://p.example/1"}`, `{"url":"http://p.example/none"}`, `{"url":"http://p.example/2","pdq":"`+strings.Repeat("0f", 32)+`"}`))
	run(t, l, opts, 3)
	if diff := cmp.Diff([]string{"a s/e0 0:hashed", "a s/e0 0:hashed", "a s/e0 1:missing", "a s/e0 1:missing", "a s/e0 2:hashed"}, l.found(t)); diff != "" {
		t.Errorf("want- got+\n%s", diff)
	}
	scored := []signals.Scored{{Scorer: "a", Version: "v1", Policies: []signals.Score{{Policy: "nudity", P: 0.25}}}, {Scorer: "b", Failure: "open"}}
	got := l.records(t, signals.Examiner)
	if len(got) != 1 || len(got[0].Pictures) != 3 {
		t.Fatalf("examined: %+v", got)
	}
	for i, want := range [][]signals.Scored{scored, nil, scored} {
		if diff := cmp.Diff(want, got[0].Pictures[i].Scores); diff != "" {
			t.Errorf("picture %d: want- got+\n%s", i, diff)
		}
	}
}

// TestSlowScorer: however many pictures wait for a model that does not answer, each is hashed and told of at once, and told of as
// busy or late in the end.
func TestSlowScorer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options(t)
		opts.Client = &http.Client{Transport: pictures{drawn(t, 64, 64)}}
		opts.Wanted = wanting(rule.MediaWants{Fetched: true, Scores: []string{"nudity"}})
		opts.Scorers = []scorer.Scorer{fakeModel{"a", "nudity", func(ctx context.Context, _ scorer.Picture) (scorer.Answer, error) {
			<-ctx.Done()
			return scorer.Answer{}, ctx.Err()
		}}}
		const events = 4 * maxStudies
		var bodies []string
		for i := range events {
			bodies = append(bodies, post(fmt.Sprint("e", i), fmt.Sprintf(`{"url":"http://p%d.example/"}`, i)))
		}
		l := newLog(bodies...)
		begin := time.Now()
		opts.Now = func() int64 { return int64(time.Since(begin)) }
		ctx, stop := context.WithCancel(t.Context())
		hashed := 0
		var last time.Duration
		opts.Journal = l
		opts.Append = func(ctx context.Context, recs []journal.Record) error {
			if r, err := signals.Decode(recs[0].Body); err == nil && r.Extractor == signals.Extractor {
				l.mu.Lock()
				hashed++
				last = time.Since(begin)
				l.mu.Unlock()
			}
			return l.add(ctx, recs)
		}
		opts.Save = func(pos journal.Position) error {
			if pos == 3*events {
				stop()
			}
			return nil
		}
		if err := New(opts).Run(ctx); err != nil {
			t.Fatal(err)
		}
		if hashed != events || last > time.Second {
			t.Errorf("%d of %d were hashed, the last after %s", hashed, events, last)
		}
		failures := map[string]int{}
		for _, r := range l.records(t, signals.Examiner) {
			if len(r.Pictures[0].Scores) != 1 {
				t.Fatalf("it was not examined: %+v", r.Pictures[0])
			}
			failures[r.Pictures[0].Scores[0].Failure]++
		}
		if failures[busy] == 0 || failures[timeout] == 0 || failures[busy]+failures[timeout] != events {
			t.Errorf("failures: %v", failures)
		}
	})
}

// reads gives a text for every picture, or an error.
type reads struct {
	text ocr.Text
	err  error
}

func (r reads) Read(context.Context, *picture.Picture) (ocr.Text, error) { return r.text, r.err }

// TestRead: what a picture says is told of in the second record, and if it cannot be read why.
func TestRead(t *testing.T) {
	for _, tt := range []struct {
		reader reads
		want   signals.Read
	}{
		{reads{text: ocr.Text{Words: []ocr.Word{{Text: "FREE"}, {Text: "MONEY"}}}}, signals.Read{Text: "FREE MONEY"}},
		{reads{text: ocr.Text{Words: []ocr.Word{{Text: strings.Repeat("é", signals.MaxText)}}}}, signals.Read{Text: strings.Repeat("é", (signals.MaxText-8)/2)}},
		{reads{err: ocr.ErrNoTesseract}, signals.Read{Failure: notInstalled}},
		{reads{err: ocr.ErrFailed}, signals.Read{Failure: failed}},
		{reads{err: fmt.Errorf("%w: %w", ocr.ErrFailed, context.DeadlineExceeded)}, signals.Read{Failure: timeout}},
	} {
		opts := options(t)
		opts.Client = &http.Client{Transport: pictures{drawn(t, 64, 64)}}
		opts.Wanted = wanting(rule.MediaWants{Fetched: true, Text: true})
		opts.Reader = tt.reader
		l := newLog(post("e0", `{"url":"http://p.example/1"}`))
		run(t, l, opts, 3)
		got := l.records(t, signals.Examiner)
		if len(got) != 1 {
			t.Fatalf("%d records", len(got))
		}
		if diff := cmp.Diff(&tt.want, got[0].Pictures[0].Read); diff != "" {
			t.Errorf("want- got+\n%s", diff)
		}
	}
}

// films hashes as its function does.
type films func(ctx context.Context, path string) (*vpdq.Video, error)

func (f films) Hash(ctx context.Context, path string) (*vpdq.Video, error) { return f(ctx, path) }

// TestFilm: a video's frames are told of, no more than a record has room for, in order; and why there are none.
func TestFilm(t *testing.T) {
	long := &vpdq.Video{Duration: 1000 * time.Second}
	for i := range 1000 {
		long.Frames = append(long.Frames, vpdq.Frame{Time: time.Duration(i) * time.Second, Quality: 80})
	}
	for _, tt := range []struct {
		url     string
		err     error
		failure string
		frames  int
	}{
		{"http://v.example/1", nil, "", 250},
		{"http://v.example/none", nil, missing, 0},
		{"file:///etc/passwd", nil, refused, 0},
		{"http://v.example/2", vpdq.ErrMalformed, notVideo, 0},
		{"http://v.example/3", vpdq.ErrTooLarge, tooLarge, 0},
		{"http://v.example/4", vpdq.ErrNoFFmpeg, notInstalled, 0},
	} {
		opts := options(t)
		opts.Videos = &http.Client{Transport: pictures{[]byte("film")}}
		opts.Wanted = wanting(rule.MediaWants{Fetched: true, Video: true})
		opts.Films = films(func(_ context.Context, path string) (*vpdq.Video, error) {
			if data, err := os.ReadFile(path); err != nil || string(data) != "film" {
				t.Errorf("the hasher got %q, %v", data, err)
			}
			if tt.err != nil {
				return nil, tt.err
			}
			return long, nil
		})
		l := newLog(post("e0", `{"url":"`+tt.url+`","type":"video/mp4"}`))
		run(t, l, opts, 2)
		got := l.records(t, signals.Examiner)
		if len(got) != 1 || len(got[0].Videos) != 1 || got[0].Videos[0].Failure != tt.failure || len(got[0].Videos[0].Frames) != tt.frames {
			t.Errorf("%s: %+v", tt.url, got)
		}
	}
}

// TestFloodOfVideos: however many videos come that take for ever, pictures are hashed and examined at once, also of events that come after.
func TestFloodOfVideos(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options(t)
		opts.Client = &http.Client{Transport: pictures{drawn(t, 64, 64)}}
		opts.Videos = &http.Client{Transport: pictures{[]byte("film")}}
		opts.Wanted = wanting(rule.MediaWants{Fetched: true, Video: true, Text: true})
		opts.Reader = reads{}
		opts.Films = films(func(ctx context.Context, _ string) (*vpdq.Video, error) { <-ctx.Done(); return nil, ctx.Err() })
		const floods = 3 * maxQueue
		var bodies []string
		for i := range floods {
			bodies = append(bodies, post(fmt.Sprint("e", i), fmt.Sprintf(`{"url":"http://v%d.example/","type":"video/mp4"}`, i)))
		}
		l := newLog(append(bodies, post("last", `{"url":"http://p.example/1"}`))...)
		begin := time.Now()
		opts.Now = func() int64 { return int64(time.Since(begin)) }
		opts.Journal = l
		ctx, stop := context.WithCancel(t.Context())
		var took time.Duration
		opts.Append = func(ctx context.Context, recs []journal.Record) error {
			if r, err := signals.Decode(recs[0].Body); err == nil && r.Extractor == signals.Examiner && recs[0].ID == fmt.Sprint("e", floods) {
				took = time.Since(begin)
				stop()
			}
			return l.add(ctx, recs)
		}
		w := New(opts)
		if err := w.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if s := w.Stats(); took > time.Second || s.Examined["read"] != 1 || s.Examined[busy] < floods/2 {
			t.Errorf("the picture was read after %s; %+v", took, s)
		}
	})
}
