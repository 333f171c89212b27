package api

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/auth"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/casework"
	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/discovery"
	"github.com/ringfence/ringfence/internal/groupaction"
	"github.com/ringfence/ringfence/internal/ingest"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/journal/pebblelog"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/recent"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/record/sqlite"
	"github.com/ringfence/ringfence/internal/state"
)

var update = flag.Bool("update", false, "write the golden files")

// start is the rig's clock at the beginning.
var start = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC).UnixNano()

// jpos is a position of the journal, whose package the rig hides behind a variable.
type jpos = journal.Position

// rig is the API on the real parts below it: a journal in memory, records in a file and the engine running. settle relays changes.
type rig struct {
	*API
	t       testing.TB
	clock   atomic.Int64
	store   record.Store
	journal journal.Log
	engine  *pipeline.Engine
	relay   *control.Control
	finder  *discovery.Finder
	recent  *recent.Uploads
	desk    *casework.Desk
	sick    atomic.Pointer[error]
	token   string // holds every scope
}

const rulesYAML = `rules:
  - id: shout
    on: [post]
    policy: spam
    severity: 3
    when: text.contains("BUY")
    because: "the text says BUY"
    then:
      - {label: shouter, on: actor}
      - {review: actor}
      - {enforce: limit, on: actor, expires: 24h}
  - id: whisper
    on: [post]
    when: text.contains("psst")
    because: "the text says psst"
    then:
      - {review: actor}
`

// newRig makes a rig; adjust may change what the API is given.
func newRig(t testing.TB, adjust ...func(*Deps)) *rig {
	t.Helper()
	r := &rig{t: t}
	r.clock.Store(start)
	now := func() int64 { return r.clock.Load() }
	log := slog.New(slog.DiscardHandler)
	ctx := t.Context()

	store, err := pebblelog.OpenStore("store", vfs.NewMem(), pebblelog.StoreOptions{Logger: log})
	r.must(err)
	journal, err := pebblelog.New(store, pebblelog.Options{})
	r.must(err)
	r.journal = journal
	records, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "records.db"))
	r.must(err)
	r.store = records
	const lateness = int64(2 * time.Minute)
	hot, err := state.New(state.Options{Lateness: lateness, Budget: 64 << 20, Horizon: int64(24 * time.Hour), MaxIDs: 1_000_000, DB: store.DB})
	r.must(err)
	r.engine = pipeline.New(pipeline.Options{Workers: 1, EmailKey: make([]byte, 32),
		Now: now, Log: log}, journal, hot, records, pipeline.OpenDecisions(store.DB, store.Apply, int64(25*time.Hour)))
	in := ingest.New(ingest.Options{Now: now, Skew: int64(5 * time.Minute), Backlog: 10_000, Limits: event.DefaultLimits()}, journal, r.engine)
	r.relay = control.New(records, in, r.engine, &bank.Compiler{}, now, log)
	r.finder = discovery.New(discovery.Options{Window: time.Hour, Labels: []string{"shouter"}, Most: 100, Now: now, Log: log}, journal, r.engine, records)
	r.recent = recent.New(recent.Options{Journal: journal, Append: in.Append, Now: now, Limits: event.DefaultLimits(), Log: log,
		Banks: func(ctx context.Context, through jpos) (*bank.Set, error) {
			err := r.engine.WaitDecided(ctx, through)
			return r.engine.Banks(), err
		},
		Save: func(jpos) error { return nil }})
	review := casework.DefaultOptions()
	review.Now, review.Log = now, log
	r.desk = casework.New(review, records, journal, r.relay, r.engine, r.engine)
	acting := groupaction.DefaultOptions()
	acting.Store, acting.Engine, acting.Relay, acting.Now, acting.Log = records, r.engine, r.relay.Wake, now, log
	keys := auth.NewKeyring(records, auth.Quota{}, now, log)
	people := auth.NewPeople(records, now)
	_, r.token, err = keys.Create(ctx, "tester", auth.Scopes(), 0, "person:test")
	r.must(err)

	limits := DefaultLimits()
	limits.Deadline = 10 * time.Second // the tests' machine may be busy
	deps := Deps{
		Engine: r.engine, Decisions: r.engine.Decisions(), Ingest: in, Control: r.relay, Store: records, Journal: journal, Auth: auth.Either{Keys: keys, People: people}, Keys: keys, People: people,
		Actions: groupaction.New(acting),
		Finder:  r.finder, Recent: r.recent, Review: r.desk,
		Health: func() error {
			if err := r.sick.Load(); err != nil {
				return *err
			}
			return nil
		},
		Now: now, Log: log, Registry: prometheus.NewRegistry(), Limits: limits, Default: "allow",
	}
	for _, a := range adjust {
		a(&deps)
	}
	r.API = New(deps)

	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- r.engine.Run(run) }()
	followed := make(chan error, 1)
	go func() { followed <- r.recent.Run(run) }()
	t.Cleanup(func() {
		stop()
		if err := <-followed; err != nil {
			t.Errorf("what follows the pictures of late ended with %v", err)
		}
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the engine ended with %v", err)
		}
		for _, close := range []func() error{records.Close, journal.Close, store.Close} {
			if err := close(); err != nil {
				t.Error(err)
			}
		}
	})
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// request makes a request with the rig's key. Headers are "Name: value".
func (r *rig) request(method, path, body string, headers ...string) *http.Request {
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+r.token)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	return req
}

func (r *rig) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.ServeHTTP(w, r.request(method, path, body, headers...))
	return w
}

// get does a request that must succeed and decodes its answer.
func get[T any](r *rig, method, path, body string, headers ...string) T {
	r.t.Helper()
	w := r.do(method, path, body, headers...)
	if w.Code >= 300 {
		r.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	var v T
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			r.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return v
}

// settle relays what was changed and waits until everything in the journal is decided.
func (r *rig) settle() {
	r.t.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = r.relay.Relay(r.t.Context())
		r.must(err)
	}
	_, last := r.journal.Bounds(0)
	r.must(r.engine.WaitDecided(r.t.Context(), last))
}

// decisions waits for n stored decisions, by when their effects are in the outbox, and gives them.
func (r *rig) decisions(n int) []pipeline.Stored {
	r.t.Helper()
	var got []pipeline.Stored
	for from := journal.Position(1); len(got) < n; from = got[len(got)-1].Position + 1 {
		var err error
		got, err = r.engine.Decisions().Next(r.t.Context(), from, n-len(got), got)
		r.must(err)
	}
	return got
}

// pushRules makes rules the active set and waits until they are decided by.
func (r *rig) pushRules(yaml string) {
	r.t.Helper()
	body, err := json.Marshal(rulesBody{Files: []ruleFile{{Name: "rules.yaml", Data: yaml}}, Reason: "test"})
	r.must(err)
	get[Pushed](r, "PUT", "/v1/rules", string(body))
	r.settle()
}

// post is a native event: a post at so many seconds after the start.
func post(id, actor, text string, second int) string {
	at := event.FormatTime(start + int64(second)*int64(time.Second))
	return fmt.Sprintf(`{"id":%q,"time":%q,"kind":"post","actor":%q,"text":%q}`, id, at, actor, text)
}

// golden compares got with a file and writes it under -update.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what the code gives; go test -update writes it (-want +got):\n%s", file, diff)
	}
}

func bodyOf(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
