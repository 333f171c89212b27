package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"github.com/ringfence/ringfence/event"
)

// jetstream is a server in the test's own process and time. Each connection gets the next of its scripts.
type jetstream struct {
	scripts []func(ctx context.Context, c *websocket.Conn)
	mu      sync.Mutex
	cursors []string
	at      []time.Duration
	start   time.Time
	conns   chan net.Conn
}

func newJetstream(t *testing.T, scripts ...func(context.Context, *websocket.Conn)) *jetstream {
	s := &jetstream{scripts: scripts, start: time.Now(), conns: make(chan net.Conn)}
	server := &http.Server{Handler: s}
	go server.Serve(s)
	t.Cleanup(func() { server.Close() })
	return s
}

func (s *jetstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := len(s.cursors)
	s.cursors = append(s.cursors, r.URL.Query().Get("cursor"))
	s.at = append(s.at, time.Since(s.start).Round(time.Second))
	s.mu.Unlock()
	if n >= len(s.scripts) || s.scripts[n] == nil {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	s.scripts[n](r.Context(), c)
}

// The server's listener hands it one end of a pipe for each dial.
func (s *jetstream) Accept() (net.Conn, error) {
	c, ok := <-s.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (s *jetstream) Close() error   { close(s.conns); return nil }
func (s *jetstream) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (s *jetstream) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		s.conns <- theirs
		return ours, nil
	}}}
}

// sends is a script that sends messages and ends the connection.
func sends(messages ...string) func(context.Context, *websocket.Conn) {
	return func(ctx context.Context, c *websocket.Conn) {
		for _, m := range messages {
			if c.Write(ctx, websocket.MessageText, []byte(m)) != nil {
				return
			}
		}
	}
}

// like is a message with a like at a second after 1970.
func like(rkey string, second int) string {
	return fmt.Sprintf(`{"did":"did:plc:a","time_us":%d,"kind":"commit","commit":{"rev":"r","operation":"create","collection":"app.bsky.feed.like",`+
		`"rkey":%q,"record":{"subject":{"uri":"at://did:plc:b/app.bsky.feed.post/1"}},"cid":"c"}}`, second*1_000_000, rkey)
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := event.DefaultLimits()
		limits.Line = 1000
		stop := errors.New("stop")
		server := newJetstream(t,
			sends(like("1", 100), `{"kind":"identity","did":"did:plc:a","time_us":101000000}`, `{"kind":`, strings.Repeat("x", 5000), like("2", 102)),
			nil, // 503
			nil,
			func(ctx context.Context, c *websocket.Conn) { <-c.CloseRead(ctx).Done() }, // says nothing
			sends(like("2", 102), like("3", 103), like("4", 104)),
		)
		var got, bad []string
		err := Follow(t.Context(), FollowOptions{
			URL: "ws://jetstream/subscribe?compress=false", Limits: limits, Client: server.client(), Log: slog.New(slog.DiscardHandler),
			OnError: func(message []byte, err error) { bad = append(bad, fmt.Sprint(len(message), " ", err)) },
		}, func(e *event.Event, raw []byte) error {
			got = append(got, e.Content)
			if string(raw) != string(e.AppendNative(nil)) {
				t.Errorf("raw is %s", raw)
			}
			if strings.HasSuffix(e.Content, "/4") {
				return stop
			}
			return nil
		})
		if !errors.Is(err, stop) {
			t.Errorf("Follow = %v, want the handler's error", err)
		}
		uri := func(n string) string { return "at://did:plc:a/app.bsky.feed.like/" + n }
		if diff := cmp.Diff([]string{uri("1"), uri("2"), uri("2"), uri("3"), uri("4")}, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if len(bad) != 2 || !strings.HasPrefix(bad[1], "1001 the message has 1001 bytes") {
			t.Errorf("refused messages: %q, want half a message and one over the limit", bad)
		}
		if want := []string{"", "100000000", "100000000", "100000000", "100000000"}; !slices.Equal(server.cursors, want) {
			t.Errorf("cursors %q, want %q", server.cursors, want)
		}
		// The waits are 1 s after a good connection, 1 s doubled after each refusal, and a minute of silence.
		if want := []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, (7 + 60 + 8) * time.Second}; !slices.Equal(server.at, want) {
			t.Errorf("connected at %v, want %v", server.at, want)
		}
	})
}

func TestFollowEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newJetstream(t) // refuses all
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := Follow(ctx, FollowOptions{
			URL: "ws://jetstream/", Since: 50e9, Limits: event.DefaultLimits(), Client: server.client(), Log: slog.New(slog.DiscardHandler),
		}, func(*event.Event, []byte) error { return nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Follow = %v, want the context's error", err)
		}
		if n := len(server.at); n < 60 || n > 70 {
			t.Errorf("%d attempts in an hour, want about one a minute", n)
		}
		if got := server.cursors[0]; got != "48000000" {
			t.Errorf("cursor %s, want 2 s before the last stored event", got)
		}
	})
}

// TestFollowLogsNoQuery: a token in the address goes nowhere but to the server.
func TestFollowLogsNoQuery(t *testing.T) {
	var log strings.Builder
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			time.AfterFunc(firstDelay/2, stop)
			return nil, errors.New("no route")
		}}}
		_ = Follow(ctx, FollowOptions{URL: "ws://jetstream.example/subscribe?token=secret", Limits: event.DefaultLimits(), Client: client,
			Log: slog.New(slog.NewTextHandler(&log, nil))}, nil)
	})
	if text := log.String(); strings.Contains(text, "secret") || !strings.Contains(text, "jetstream.example/subscribe") || !strings.Contains(text, "no route") {
		t.Errorf("logged: %s", text)
	}
}
