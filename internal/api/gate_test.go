package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/auth"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/pipeline"
)

func TestNoRoute(t *testing.T) {
	r := newRig(t)
	for _, test := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/nowhere", 404, ""},
		{"POST", "/v1/rules", 405, "GET, HEAD, PUT"},
		{"DELETE", "/healthz", 405, "GET, HEAD"},
		{"GET", "/docs", 404, ""},
		{"GET", "/schemas/Rule.json", 404, ""},
	} {
		w := r.do(test.method, test.path, "")
		if w.Code != test.status || w.Header().Get("Allow") != test.allow || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d, Allow %q, %s", test.method, test.path, w.Code, w.Header().Get("Allow"), w.Body)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"/", "/v1/rules", "/nowhere"} {
		h := r.do("GET", path, "").Header()
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") {
			t.Errorf("%s: Content-Security-Policy %q", path, csp)
		}
	}
}

func TestWrongKeys(t *testing.T) {
	r := newRig(t)
	for _, header := range []string{"", "Bearer", "Bearer x", "Basic dXNlcjpwYXNz", r.token, "Bearer " + r.token[:len(r.token)-1] + "!"} {
		req := r.request("GET", "/v1/rules", "")
		req.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		if w.Code != 401 || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") || !strings.Contains(w.Body.String(), "rf_") && !strings.Contains(w.Body.String(), "not valid") {
			t.Errorf("%q: %d %s", header, w.Code, w.Body)
		}
	}
	_, token, err := r.Keys.Create(t.Context(), "reader", []auth.Scope{auth.Read}, 0, "person:test")
	r.must(err)
	if w := r.do("POST", "/v1/events", "", "Authorization: Bearer "+token); w.Code != 403 || !strings.Contains(w.Body.String(), `lacks the scope \"ingest\"`) {
		t.Errorf("no scope: %d %s", w.Code, w.Body)
	}
}

// broken is an engine with a fault.
type broken struct{ Engine }

func (broken) Entity(_ context.Context, e event.Entity) (decide.EntityView, error) {
	if e.ID == "panic" {
		panic("the engine fell apart")
	}
	return decide.EntityView{}, errors.New("the secret place is /var/lib/x")
}

func TestFaultsAreTheServersSecret(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, func(d *Deps) {
		d.Engine = broken{d.Engine}
		d.Log = slog.New(slog.NewJSONHandler(&log, nil))
	})
	for id, secret := range map[string]string{"panic": "fell apart", "error": "/var/lib/x"} {
		log.Reset()
		w := r.do("GET", "/v1/entities/account/"+id, "")
		request := w.Header().Get("X-Request-Id")
		if w.Code != 500 || strings.Contains(w.Body.String(), secret) || !strings.Contains(w.Body.String(), "under request "+request) {
			t.Errorf("%s: %d %s", id, w.Code, w.Body)
		}
		if !strings.Contains(log.String(), secret) || !strings.Contains(log.String(), `"request":"`+request+`"`) {
			t.Errorf("%s: the log says %s", id, log.String())
		}
	}
}

func TestLogHoldsNoSecret(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, func(d *Deps) {
		d.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	made := get[NewKey](r, "POST", "/v1/keys", `{"name":"ci","scopes":["read"]}`)
	r.do("GET", "/v1/rules", "", "Authorization: Bearer "+made.Token)
	r.do("GET", "/v1/rules", "", "Authorization: Bearer "+made.Token+"x")
	r.do("POST", "/v1/decide", "{", "Authorization: Bearer "+made.Token)
	_, secret, _ := strings.Cut(strings.TrimPrefix(made.Token, "rf_"), "_")
	if strings.Contains(log.String(), secret) {
		t.Errorf("the log holds a key's secret: %s", log.String())
	}
	if got := strings.Count(log.String(), `"msg":"request"`); got != 4 {
		t.Errorf("%d lines for 4 requests: %s", got, log.String())
	}
}

func TestLocalMode(t *testing.T) {
	r := newRig(t, func(d *Deps) { d.Auth = auth.Loopback{} })
	ask := func(change func(*http.Request)) int {
		req := httptest.NewRequest(http.MethodPost, "http://localhost:8080/v1/labels", strings.NewReader(`{"entity":"account:a","name":"x","reason":"r"}`))
		req.RemoteAddr = "127.0.0.1:5000"
		change(req)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		return w.Code
	}
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"this machine":    {func(*http.Request) {}, 202},
		"by address":      {func(r *http.Request) { r.Host = "[::1]:8080" }, 202},
		"the own page":    {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, 202},
		"another machine": {func(r *http.Request) { r.RemoteAddr = "203.0.113.9:5000" }, 401},
		"a rebound name":  {func(r *http.Request) { r.Host = "evil.example:8080" }, 401},
		"another page":    {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 401},
		"an old browser":  {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 401},
	} {
		if got := ask(test.change); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

func TestMetrics(t *testing.T) {
	r := newRig(t)
	r.pushRules(rulesYAML)
	r.shouts(0, 2)
	r.do("POST", "/v1/events", "{\n"+post("e9", "a", "x", 0))
	r.settle()
	r.do("GET", "/metrics", "") // asks the loop for its counts
	get[Entity](r, "GET", "/v1/entities/account/a0", "")
	metrics := r.do("GET", "/metrics", "").Body.String()
	for _, want := range []string{
		`ringfence_records_total{outcome="decided"} 3`,
		`ringfence_ingest_accepted_total 3`, // with the change of the rules
		`ringfence_ingest_refused_total 1`,
		`ringfence_dead_letters 1`,
		`ringfence_rule_fired_total{mode="live",rule="shout"} 2`,
		`ringfence_rule_effects_total{rule="shout",state="queued"} 6`,
		`ringfence_rule_tripped{rule="shout"} 0`,
		`ringfence_decide_position 4`,
		`ringfence_journal_last_position 4`,
		`ringfence_outbox_effects{state="queued"} 6`,
		`ringfence_image_failed 0`,
		`ringfence_http_request_seconds_count{route="POST /v1/decide",status="200"} 2`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}
}

func TestReadiness(t *testing.T) {
	r := newRig(t)
	ready := func() string { return r.do("GET", "/readyz", "").Body.String() }
	if got, want := ready(), `{"ready":true}`+"\n"; got != want {
		t.Errorf("at first: %s", got)
	}
	sick := errors.New("no space left on device")
	r.sick.Store(&sick)
	if w := r.do("GET", "/readyz", ""); w.Code != 503 || !strings.Contains(w.Body.String(), "no space left on device") {
		t.Errorf("with a sick store: %d %s", w.Code, w.Body)
	}
	r.sick.Store(nil)
	if got := r.do("GET", "/healthz", ""); got.Code != 200 {
		t.Errorf("the process is up, but: %d", got.Code)
	}
}

// stuck is an engine whose loop stands still.
type stuck struct {
	Engine
	at journal.Position
}

func (s *stuck) Status() pipeline.Status { return pipeline.Status{Decided: s.at} }

// long is a journal that ends at a position.
type long struct {
	Journal
	last journal.Position
}

func (l *long) Bounds(journal.Partition) (first, last journal.Position) { return 1, l.last }

func TestStandingLoopIsNotReady(t *testing.T) {
	engine, log := &stuck{at: 5}, &long{last: 5}
	r := newRig(t, func(d *Deps) {
		d.Engine, d.Journal = engine, log
		d.Limits.Behind = 100
	})
	for _, step := range []struct {
		name          string
		decided, last journal.Position
		after         time.Duration
		want          string
	}{
		{"idle", 5, 5, 0, `{"ready":true}`},
		{"idle for long", 5, 5, time.Hour, `{"ready":true}`},
		{"at work", 6, 9, time.Second, `{"ready":true}`},
		{"slow", 6, 9, 9 * time.Second, `{"ready":true}`},
		{"stands", 6, 9, time.Second, `the loop has stood at position 6 for 10s`},
		{"moves again", 7, 9, time.Second, `{"ready":true}`},
		{"far behind", 8, 109, time.Second, `the loop is 101 records behind`},
	} {
		engine.at, log.last = step.decided, step.last
		r.clock.Add(int64(step.after))
		if got := r.do("GET", "/readyz", "").Body.String(); !strings.Contains(got, step.want) {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
}
