package recognise

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestCache: what an address brought is fetched once in a while, and as long as the server says it is the same it is not sent again; what
// the server forbids to keep, what is large, and failures are asked for each time.
func TestCache(t *testing.T) {
	for _, tt := range []struct {
		name    string
		header  http.Header
		size    int
		code    int
		later   time.Duration // between the two times
		changed bool
		sent    int // bodies
		asked   int
	}{
		{name: "again", size: 100, code: 200, sent: 1, asked: 1},
		{name: "at the last moment", size: 100, code: 200, later: freshFor - 1, sent: 1, asked: 1},
		{name: "later", size: 100, code: 200, later: freshFor, sent: 2, asked: 2},
		{name: "later, and the same", header: http.Header{"Etag": {`"1"`}}, size: 100, code: 200, later: freshFor, sent: 1, asked: 2},
		{name: "later, and another", header: http.Header{"Etag": {`"1"`}}, size: 100, code: 200, later: freshFor, changed: true, sent: 2, asked: 2},
		{name: "not to be kept", header: http.Header{"Cache-Control": {"max-age=9, No-Store"}}, size: 100, code: 200, sent: 2, asked: 2},
		{name: "large", size: smallFile, code: 200, sent: 2, asked: 2},
		{name: "missing", size: 10, code: 404, sent: 2, asked: 2},
	} {
		sent, asked := 0, 0
		opts := options(t)
		opts.Client = &http.Client{Transport: roundTrip(func(r *http.Request) *http.Response {
			asked++
			rec := httptest.NewRecorder()
			maps.Copy(rec.Header(), tt.header)
			if r.Header.Get("If-None-Match") == `"1"` && !tt.changed {
				rec.WriteHeader(http.StatusNotModified)
			} else {
				sent++
				rec.WriteHeader(tt.code)
				rec.Write(bytes.Repeat([]byte{byte(sent)}, tt.size))
			}
			return rec.Result()
		})}
		now := int64(1)
		opts.Now = func() int64 { return now }
		w := New(opts)
		var files [2][]byte
		for i := range files {
			var failure string
			if files[i], failure, _ = w.fetch(t.Context(), "http://p.example/1"); (failure == "") != (tt.code == 200) {
				t.Errorf("%s: %q", tt.name, failure)
			}
			if len(files[i]) >= smallFile {
				<-w.large
			}
			now += int64(tt.later)
		}
		if sent != tt.sent || asked != tt.asked || tt.code == 200 && bytes.Equal(files[0], files[1]) != (tt.sent == 1) {
			t.Errorf("%s: the server was asked %d times and sent %d files, want %d and %d", tt.name, asked, sent, tt.asked, tt.sent)
		}
	}
}

// roundTrip answers requests.
type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// TestCacheBounds: the oldest files go first, and what is remembered stays within the bounds.
func TestCacheBounds(t *testing.T) {
	c := newCache()
	for i := range 3 * cacheFiles {
		c.put(fmt.Sprint(i), nil, make([]byte, i%smallFile*3), 0)
		total := 0
		if i%1000 == 0 {
			for url, f := range c.files {
				total += len(url) + len(f.file)
			}
			if total != c.bytes || total > cacheBytes || len(c.files) > cacheFiles || len(c.files) != len(c.order) {
				t.Fatalf("after %d: %d bytes, counted as %d, in %d files", i, total, c.bytes, len(c.files))
			}
		}
	}
	if _, ok := c.get("0"); ok {
		t.Error("the oldest is still there")
	}
	if _, ok := c.get(fmt.Sprint(3*cacheFiles - 1)); !ok {
		t.Error("the latest is not there")
	}
}

// TestFetchedAtOnce: of many that want one address at a time one asks for it; where that fails each asks, and who is stopped waits no longer.
func TestFetchedAtOnce(t *testing.T) {
	for code, want := range map[int]int64{200: 1, 404: 5} {
		synctest.Test(t, func(t *testing.T) {
			var asked atomic.Int64
			opts := options(t)
			opts.Client = &http.Client{Transport: roundTrip(func(r *http.Request) *http.Response {
				asked.Add(1)
				time.Sleep(time.Second)
				return &http.Response{StatusCode: code, Body: io.NopCloser(bytes.NewReader([]byte("x"))), Request: r}
			})}
			w := New(opts)
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() { w.fetch(t.Context(), "http://p.example/1") })
			}
			synctest.Wait()
			stopped, stop := context.WithCancel(t.Context())
			stop()
			if _, failure, _ := w.fetch(stopped, "http://p.example/1"); failure != timeout {
				t.Errorf("got %q, want %q", failure, timeout)
			}
			all.Wait()
			if asked.Load() != want {
				t.Errorf("status %d: asked %d times, want %d", code, asked.Load(), want)
			}
		})
	}
}
