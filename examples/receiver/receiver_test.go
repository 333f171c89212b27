package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/webhook"
)

var now = time.Unix(1_700_000_000, 0)

func newReceiver(t *testing.T, path string) (*receiver, *bytes.Buffer) {
	t.Helper()
	secret, err := webhook.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	s, err := openSeen(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close() })
	out := &bytes.Buffer{}
	return &receiver{secret: secret, seen: s, now: func() time.Time { return now }, out: out}, out
}

func post(rc *receiver, body string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	var m webhook.Message
	if json.Unmarshal([]byte(body), &m) != nil || m.ID == "" {
		m.ID = "none"
	}
	webhook.Sign(req.Header, []webhook.Secret{rc.secret}, m.ID, now, []byte(body))
	return req
}

func serve(rc *receiver, req *http.Request) int {
	w := httptest.NewRecorder()
	rc.ServeHTTP(w, req)
	return w.Code
}

const lock = `{"type":"enforce","id":"0a","time":"2026-11-23T03:22:00Z","target":"account:a17","value":"lock","severity":2,"reason":"burst\nof posts","rule":"burst","policy":"spam","expires":"2026-11-24T03:22:00Z"}`

const locked = `enforce "lock" on "account:a17" until 2026-11-24T03:22:00Z, because "burst\nof posts" (rule "burst", policy "spam")` + "\n"

func TestActsOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seen")
	rc, out := newReceiver(t, path)
	for range 2 {
		if got := serve(rc, post(rc, lock)); got != http.StatusOK {
			t.Errorf("got %d, want 200", got)
		}
	}
	if out.String() != locked {
		t.Errorf("got %q, want %q", out, locked)
	}
	// A crash cut off what was being remembered next; another process takes over.
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\n0"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	rc, out = newReceiver(t, path)
	other := strings.Replace(lock, `"0a"`, `"0b"`, 1)
	for _, body := range []string{lock, other, other} {
		if got := serve(rc, post(rc, body)); got != http.StatusOK {
			t.Errorf("got %d, want 200", got)
		}
	}
	if out.String() != locked {
		t.Errorf("after a restart: got %q, want the second effect once", out)
	}
	if rc, _ = newReceiver(t, path); !rc.seen.has("0a") || !rc.seen.has("0b") {
		t.Errorf("remembers %v, want both", rc.seen.ids)
	}
}

func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(rc *receiver, req *http.Request) *http.Request
		want  int
	}{
		"GET": {func(_ *receiver, req *http.Request) *http.Request { req.Method = http.MethodGet; return req }, 405},
		"forged": {func(_ *receiver, req *http.Request) *http.Request {
			req.Header.Set(webhook.HeaderSignature, "v1,AAAA")
			return req
		}, 401},
		"sent again later": {func(rc *receiver, req *http.Request) *http.Request {
			rc.now = func() time.Time { return now.Add(tolerance + time.Second) }
			return req
		}, 401},
		"no message": {func(rc *receiver, _ *http.Request) *http.Request { return post(rc, `{"type":`) }, 400},
		"no id":      {func(rc *receiver, _ *http.Request) *http.Request { return post(rc, `{"type":"enforce"}`) }, 400},
		"huge":       {func(rc *receiver, _ *http.Request) *http.Request { return post(rc, strings.Repeat(" ", maxBody+1)) }, 413},
	} {
		rc, out := newReceiver(t, filepath.Join(t.TempDir(), "seen"))
		if got := serve(rc, c.spoil(rc, post(rc, lock))); got != c.want || out.Len() > 0 {
			t.Errorf("%s: got %d and %q, want %d and nothing done", name, got, out, c.want)
		}
	}
}

// broken fails every write.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAsksAgainWhenItCannotAct(t *testing.T) {
	rc, out := newReceiver(t, filepath.Join(t.TempDir(), "seen"))
	rc.out = broken{}
	if got := serve(rc, post(rc, lock)); got != http.StatusInternalServerError {
		t.Errorf("got %d, want 500", got)
	}
	rc.out = out
	if got := serve(rc, post(rc, lock)); got != http.StatusOK || out.String() != locked {
		t.Errorf("the next attempt: got %d and %q, want it done", got, out)
	}
}
