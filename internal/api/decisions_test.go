package api

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/pipeline"
)

// shouts makes n decisions, each with a position of its own, and gives the last position.
func (r *rig) shouts(from, n int) journal.Position {
	r.t.Helper()
	for i := range n {
		get[struct{}](r, "POST", "/v1/decide", post(fmt.Sprint("e", from+i), fmt.Sprint("a", from+i), "BUY", from+i))
	}
	all := r.decisions(from + n)
	return all[len(all)-1].Position
}

func TestDumpDecisions(t *testing.T) {
	r := newRig(t)
	r.pushRules(rulesYAML)
	r.shouts(0, 3)
	stored := r.decisions(3)
	lines := func(from int) string {
		var b strings.Builder
		for _, d := range stored[from:] {
			b.Write(d.Line)
			b.WriteByte('\n')
		}
		return b.String()
	}
	middle := stored[1].Position
	for _, test := range []struct {
		name, query, want string
		headers           []string
	}{
		{"all", "", lines(0), nil},
		{"follow=false", "?follow=false", lines(0), nil},
		{"from", fmt.Sprintf("?from=%d", middle), lines(1), nil},
		{"behind", "", lines(2), []string{fmt.Sprintf("Last-Event-ID: %d", middle)}},
		{"Last-Event-ID beats from", "?from=0", lines(2), []string{fmt.Sprintf("Last-Event-ID: %d", middle)}},
		{"from behind the end", "?from=999", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := r.do("GET", "/v1/decisions"+test.query, "", append(test.headers, "Accept: application/x-ndjson")...)
			if w.Code != 200 || w.Body.String() != test.want || w.Header().Get("Content-Type") != "application/x-ndjson" {
				t.Errorf("got %d %s\n%s\nwant\n%s", w.Code, w.Header().Get("Content-Type"), w.Body, test.want)
			}
		})
	}
	for _, bad := range []string{"?from=-1", "?from=x", "?follow=maybe", "?form=1", "?from=1&from=2"} {
		if w := r.do("GET", "/v1/decisions"+bad, ""); w.Code != 400 {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
	if w := r.do("GET", "/v1/decisions", "", "Last-Event-ID: soon"); w.Code != 400 {
		t.Errorf("a bad Last-Event-ID: %d %s", w.Code, w.Body)
	}
}

// follower reads server-sent events off a connection.
type follower struct {
	t    *testing.T
	resp *http.Response
	scan *bufio.Scanner
}

func follow(t *testing.T, r *rig, server *httptest.Server, query, last string) *follower {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v1/decisions"+query, nil)
	r.must(err)
	req.Header.Set("Authorization", "Bearer "+r.token)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := server.Client().Do(req)
	r.must(err)
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	return &follower{t, resp, bufio.NewScanner(resp.Body)}
}

// next reads one event: its id and its data.
func (f *follower) next() (id, data string) {
	f.t.Helper()
	for f.scan.Scan() {
		name, value, _ := strings.Cut(f.scan.Text(), ": ")
		switch name {
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if id != "" {
				return id, data
			}
		}
	}
	f.t.Fatalf("the stream ended: %v", f.scan.Err())
	return "", ""
}

func TestFollowDecisions(t *testing.T) {
	r := newRig(t)
	r.pushRules(rulesYAML)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close) // after those of the streams
	r.shouts(0, 2)

	live := follow(t, r, server, "", "") // from now on
	old := follow(t, r, server, "?from=0", "")
	first, _ := old.next()
	r.shouts(2, 2)
	stored := r.decisions(4)
	for _, want := range stored[2:] {
		if id, data := live.next(); id != fmt.Sprint(want.Position) || data != string(want.Line) {
			t.Errorf("live got %s %s, want %d %s", id, data, want.Position, want.Line)
		}
	}
	old.resp.Body.Close()
	resumed := follow(t, r, server, "?from=0", first) // as a browser that lost its connection
	for _, want := range stored[1:] {
		if id, data := resumed.next(); id != fmt.Sprint(want.Position) || data != string(want.Line) {
			t.Errorf("resumed got %s %s, want %d %s", id, data, want.Position, want.Line)
		}
	}
}

func TestStreamsAreBounded(t *testing.T) {
	r := newRig(t, func(d *Deps) { d.Limits.Streams = 1 })
	server := httptest.NewServer(r)
	t.Cleanup(server.Close) // after those of the streams
	follow(t, r, server, "", "")
	if w := r.do("GET", "/v1/decisions?follow=false", ""); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("a second stream: %d %s", w.Code, w.Body)
	}
}

// TestShutdownEndsStreams holds that a follower does not keep the server from stopping.
func TestShutdownEndsStreams(t *testing.T) {
	r := newRig(t)
	server := httptest.NewUnstartedServer(r)
	server.Config = r.Server()
	server.Start()
	t.Cleanup(server.Close)
	f := follow(t, r, server, "", "")
	r.must(server.Config.Shutdown(t.Context()))
	if f.scan.Scan() || f.scan.Err() != nil {
		t.Errorf("the stream went on with %q, %v", f.scan.Text(), f.scan.Err())
	}
}

// quiet is decisions that never come.
type quiet struct{ Decisions }

func (quiet) Next(ctx context.Context, _ journal.Position, _ int, dst []pipeline.Stored) ([]pipeline.Stored, error) {
	<-ctx.Done()
	return dst, ctx.Err()
}

func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &API{Deps: Deps{Decisions: quiet{}, Limits: DefaultLimits()}}
		ctx, cancel := context.WithCancel(t.Context())
		w := httptest.NewRecorder()
		done := make(chan error)
		go func() { done <- a.stream(ctx, newStream(w, time.Minute), view{from: 1, follow: true}) }()
		time.Sleep(2*a.Limits.Heartbeat + time.Second)
		synctest.Wait()
		if got, want := w.Body.String(), strings.Repeat(": nothing new\n\n", 2); got != want {
			t.Errorf("after two heartbeats got %q, want %q", got, want)
		}
		cancel()
		if err := <-done; err == nil {
			t.Error("the stream ended as if the decisions had")
		}
	})
}
