package app_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/rule"
)

// TestJetstream follows a Jetstream on loopback: what it sends is decided, a bad message is kept as a dead letter, and after a
// restart the cursor is behind its last event, wherever in the journal that is.
func TestJetstream(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	cursors := make(chan string, 8)
	hold := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		cursors <- r.URL.Query().Get("cursor")
		for i := range 3 {
			us := start.Add(time.Duration(i) * time.Second).UnixMicro()
			msg := fmt.Sprintf(`{"did":"did:plc:a","time_us":%d,"kind":"commit","commit":{"rev":"r%d","operation":"create","collection":"app.bsky.feed.post","rkey":"k%d","record":{"$type":"app.bsky.feed.post","text":"hello","createdAt":"2026-03-01T12:00:00Z"},"cid":"c"}}`, us, i, i)
			if conn.Write(r.Context(), websocket.MessageText, []byte(msg)) != nil {
				return
			}
		}
		_ = conn.Write(r.Context(), websocket.MessageText, []byte(`{"did":"did:plc:a","time_us":"soon"}`))
		<-hold
	}))
	defer server.Close()
	defer close(hold)

	cfg := config.Defaults()
	cfg.DataDir, cfg.Listen, cfg.Ingest.IdleTick = t.TempDir(), "127.0.0.1:0", 0
	cfg.Sources.Jetstream = config.Jetstream{URL: "ws" + strings.TrimPrefix(server.URL, "http"), AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	rules := []rule.File{{Name: "r.yaml", Data: []byte("rules:\n  - id: third\n    on: [post]\n    when: count(by(actor), \"1h\") >= 3\n    because: third\n    then: [{label: third, on: actor}]\n")}}
	opts := app.Options{Config: cfg, Rules: rules, Log: slog.New(slog.DiscardHandler), Open: true}
	wants := []string{"", fmt.Sprint(start.UnixMicro())} // the second: two seconds, the overlap, before the last event
	for i, want := range wants {
		ctx := context.Background()
		a, err := app.New(ctx, opts)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if got := <-cursors; got != want {
			t.Errorf("start %d: cursor %q, want %q", i, got, want)
		}
		outcome, n := decide.Decided, uint64(3)
		if i > 0 {
			outcome = decide.Duplicate
		}
		for a.Status().Outcomes[outcome] < n {
			select {
			case <-a.Ended():
				t.Fatal(a.Wait())
			case <-time.After(5 * time.Millisecond):
			}
		}
		body := fetchBody(t, "http://"+a.Addr()+"/v1/dead-letters")
		for !strings.Contains(body, "time_us") {
			body = fetchBody(t, "http://"+a.Addr()+"/v1/dead-letters")
		}
		if err := a.Stop(); err != nil {
			t.Fatal(err)
		}
		forget(t, cfg.DataDir, a.Status().Decided+1) // bulk of other sources drove its events out
	}
}

func fetchBody(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
