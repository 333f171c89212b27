package recognise

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/journal"
)

// servers answers for hosts below slow.example and slowN.example never, for others at once, with nothing.
type servers struct{}

func (servers) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Host, "slow") {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Request: r}, nil
}

// TestSlowDomains: however many posts name a few slow domains, a picture of another is asked for within two events' time.
func TestSlowDomains(t *testing.T) {
	for _, c := range []struct {
		name string
		url  func(i int) string
	}{
		{"one", func(int) string { return "http://slow.example/" }},
		{"names below it", func(i int) string { return fmt.Sprintf("http://%d.slow.example/", i) }},
		{"ports of it", func(i int) string { return fmt.Sprintf("http://slow.example:%d/", 1000+i) }},
		{"fifteen", func(i int) string { return fmt.Sprintf("http://slow%d.example/", i%15) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var bodies []string
				for i := range 3 * maxQueue {
					bodies = append(bodies, post(fmt.Sprint("e", i), `{"url":"`+c.url(i)+`"}`))
				}
				l := newLog(append(bodies, post("good", `{"url":"http://good.example/"}`))...)
				begin := time.Now()
				opts := options(t)
				opts.Client = &http.Client{Transport: servers{}}
				opts.Now = func() int64 { return int64(time.Since(begin)) }
				opts.Journal = l
				ctx, stop := context.WithCancel(t.Context())
				var took time.Duration
				opts.Append = func(_ context.Context, recs []journal.Record) error {
					if recs[0].ID == fmt.Sprint("e", len(bodies)) {
						took = time.Since(begin)
						stop()
					}
					return nil
				}
				w := New(opts)
				if err := w.Run(ctx); err != nil {
					t.Fatal(err)
				}
				if took > 2*eventTime || w.Stats().Skipped == 0 {
					t.Errorf("the good picture was asked for after %s, %d events were passed over", took, w.Stats().Skipped)
				}
			})
		})
	}
}

// TestEventTime: the pictures of an event have a time together, and one who names a slow server first does not make the next one slow.
func TestEventTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		l := newLog(post("e0", `{"url":"http://good.example/"}`, `{"url":"http://slow.example/"}`, `{"url":"http://late.example/"}`))
		opts := options(t)
		opts.Client = &http.Client{Transport: servers{}}
		opts.Now = func() int64 { return int64(time.Since(begin)) }
		run(t, l, opts, 2)
		if diff := cmp.Diff([]string{"a s/e0 0:missing", "a s/e0 1:timeout", "a s/e0 2:timeout"}, l.found(t)); diff != "" {
			t.Errorf("want- got+\n%s", diff)
		}
		if took := time.Since(begin); took != eventTime {
			t.Errorf("it took %s, want %s", took, eventTime)
		}
	})
}

// TestPassedOver: of what is not fetched rules are told, but for what is declared to be no picture.
func TestPassedOver(t *testing.T) {
	media := []string{
		`{"url":"http://a.example/","type":"IMAGE/PNG"}`, `{"url":"http://a.example/","type":"application/x-new"}`, `{"url":"http://a.example/","type":"photo"}`,
		`{"url":"http://a.example/","type":"Video/mp4"}`, `{"url":"http://%zz/"}`,
	}
	want := []string{"a s/e0 0:missing", "a s/e0 1:missing", "a s/e0 2:missing", "a s/e0 4:refused"}
	for i := len(media); i < maxEach+1; i++ {
		media = append(media, `{"url":"http://a.example/"}`)
		want = append(want, fmt.Sprintf("a s/e0 %d:missing", i))
	}
	media = append(media, `{"url":"http://a.example/"}`)
	want = append(want, fmt.Sprintf("a s/e0 %d:skipped", maxEach+1))
	l := newLog(post("e0", media...))
	opts := options(t)
	opts.Client = &http.Client{Transport: servers{}}
	run(t, l, opts, 2)
	got := l.found(t)
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), got); diff != "" {
		t.Errorf("want- got+\n%s", diff)
	}
}

func TestDomainOf(t *testing.T) {
	for address, want := range map[string]string{
		"https://A.cdn.Example.co.uk.:8443/x": "example.co.uk", "http://me.github.io/": "me.github.io", "http://127.0.0.1:80/": "127.0.0.1",
		"http://[2001:db8::1]:80/": "2001:db8::1", "http://localhost/": "localhost", "http://com/": "com", "http://%zz/": "", "x": "",
	} {
		if got := domainOf(address); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}

// TestLargeFiles: the places of large files are given back, whether the file comes whole or not.
func TestLargeFiles(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := smallFile + 1
		w.Header().Set("Content-Length", fmt.Sprint(n))
		w.Header().Set("Content-Type", "image/png")
		if r.URL.Path == "/cut" {
			w.(http.Flusher).Flush()
			n--
		}
		w.Write(make([]byte, n))
	}))
	defer s.Close()
	opts := options(t)
	opts.Client = s.Client()
	w := New(opts)
	w.pauses = nil
	for range maxLarge {
		for path, want := range map[string]string{"/whole": notPicture, "/cut": unreachable} {
			if got, _, _ := w.look(t.Context(), &job{}, s.URL+path, eventTime); got.Failure != want {
				t.Errorf("%s: got %q, want %q", path, got.Failure, want)
			}
		}
	}
	if len(w.large) != 0 {
		t.Errorf("%d places are not given back", len(w.large))
	}
}
