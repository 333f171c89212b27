package app_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// patience is how long a test waits for what must come. Only a failure takes that long.
const patience = time.Minute

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// clock runs from Base on at Rate times the speed of time, alike in every process, so that the waits of deliveries are short.
type clock struct {
	Base int64 // nanoseconds since 1970
	Rate int64 // 0 is the wall clock
}

func fastClock() clock { return clock{Base: time.Now().UnixNano(), Rate: 40} }

func (c clock) now() int64 {
	now := time.Now().UnixNano()
	if c.Rate == 0 {
		return now
	}
	return c.Base + c.Rate*(now-c.Base)
}

// options are those of every test: images as often as can be, events with times of their own, and every secret the same.
func options(dir, receiver string, c clock) app.Options {
	cfg := config.Defaults()
	cfg.DataDir, cfg.Listen = dir, "127.0.0.1:0"
	cfg.Rules.Dir = "testdata/rules"
	cfg.Ingest.IdleTick = 0
	cfg.Ingest.Quota = config.Quota{EventsPerSecond: 10_000_000, Burst: 100_000_000}
	cfg.Decide.Memory = 64 << 20
	cfg.Decide.Deadline = config.Duration(10 * time.Second)
	cfg.Image.Every = config.Duration(20 * time.Millisecond)
	if receiver != "" {
		for _, name := range []string{"platform", "ops"} {
			cfg.Webhooks = append(cfg.Webhooks, config.Webhook{Name: name, URL: receiver + "/" + name, SecretEnv: "SECRET",
				AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
		}
	}
	return app.Options{Config: cfg, Workers: 2, Now: c.now, Lookup: func(string) (string, bool) { return hookSecret, true },
		Log: slog.New(slog.DiscardHandler), Open: true}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// product is the product in this process, until the test ends or stop.
type product struct {
	*app.App
	client
	stopped bool
}

func startProduct(t *testing.T, opts app.Options) *product {
	t.Helper()
	a, err := app.New(t.Context(), opts)
	must(t, err)
	p := &product{App: a}
	t.Cleanup(func() { p.stop(t) })
	must(t, a.Start(t.Context()))
	p.base = "http://" + a.Addr()
	return p
}

func (p *product) stop(t *testing.T) {
	t.Helper()
	if p.stopped {
		return
	}
	p.stopped = true
	must(t, p.Stop())
}

// client speaks to the product over HTTP.
type client struct{ base string }

// answer is what the product answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes a request; headers are "Name: value". The error says that there was no answer.
func (c client) call(method, path, body string, headers ...string) (answer, error) {
	req, err := http.NewRequest(method, c.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if strings.HasPrefix(body, "{") && path != "/v1/events" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, got}, err
}

// do makes a request that must succeed and decodes its answer into a T.
func do[T any](t testing.TB, c client, method, path, body string, headers ...string) T {
	t.Helper()
	a, err := c.call(method, path, body, headers...)
	must(t, err)
	if a.status >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return decode[T](t, a.body)
}

func decode[T any](t testing.TB, body []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v in %.500s", err, body)
	}
	return v
}

// eventually polls until done. It is for what a test cannot be woken by, such as another process.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// accepted is the answer to events.
type accepted struct {
	Accepted, Refused int64
	Position          uint64
	Errors            []struct {
		Line  int
		Error string
	}
}

func (c client) send(t testing.TB, lines ...string) accepted {
	t.Helper()
	return do[accepted](t, c, http.MethodPost, "/v1/events", strings.Join(lines, "\n"))
}

// settle returns when everything that was accepted so far is decided, stored and delivered.
func (p *product) settle(t testing.TB) {
	t.Helper()
	last := p.send(t, marker)
	eventually(t, "everything is decided and stored", func() bool { return uint64(p.Status().Stored) >= last.Position })
	eventually(t, "the outbox is empty", func() bool { return len(p.effects(t, "queued")) == 0 })
}

// marker is an event that comes again and again; only its first time counts. It is older than every other event.
const marker = `{"id":"marker","time":"2025-01-01T00:00:00Z","kind":"metrics","actor":"marker"}`

// line is one decision.
type line struct {
	Event   string
	Actor   string
	Rules   []struct{ ID, Version, Mode string }
	Effects []struct{ ID, Rule, Do, On, Value, State string }
}

func parseLines(t testing.TB, dump []byte) []line {
	t.Helper()
	var all []line
	for text := range bytes.Lines(dump) {
		var l line
		must(t, json.Unmarshal(text, &l))
		all = append(all, l)
	}
	return all
}

// decisions is the dump of all decision lines.
func (c client) decisions(t testing.TB) []byte {
	t.Helper()
	a, err := c.call(http.MethodGet, "/v1/decisions", "", "Accept: application/x-ndjson")
	must(t, err)
	if a.status != http.StatusOK {
		t.Fatalf("decisions: %d %s", a.status, a.body)
	}
	return a.body
}

// sent is an effect in the outbox, without what differs between two runs of the same events: when and how often it was sent, and
// the position, which duplicates move.
type sent struct {
	ID, Do, On, Value, State, Why, Rule, Version, Policy, Reason, Source, Event, Time, Expires, Receiver string
	Severity                                                                                             int
}

// effects lists the effects in a state, or all of them, by id.
func (c client) effects(t testing.TB, state string) []sent {
	t.Helper()
	query := "?limit=500"
	if state != "" {
		query += "&state=" + state
	}
	all, err := pages[sent](c, "/v1/effects"+query)
	must(t, err)
	slices.SortFunc(all, func(a, b sent) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// pages reads a list to its end.
func pages[T any](c client, path string) ([]T, error) {
	var all []T
	for before := ""; ; {
		a, err := c.call(http.MethodGet, path+before, "")
		if err != nil {
			return nil, err
		}
		var page struct {
			Items []T
			Next  int64
		}
		if a.status != http.StatusOK {
			return nil, fmt.Errorf("%s: %d %s", path, a.status, a.body)
		}
		if err := json.Unmarshal(a.body, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == 0 {
			return all, nil
		}
		before = fmt.Sprint("&before=", page.Next)
	}
}

// known is what the loop knows of an entity, but for its timeline.
func (c client) known(t testing.TB, entity string) string {
	t.Helper()
	kind, id, _ := strings.Cut(entity, ":")
	a, err := c.call(http.MethodGet, "/v1/entities/"+kind+"/"+id+"?timeline=0", "")
	must(t, err)
	if a.status != http.StatusOK {
		t.Fatalf("%s: %d %s", entity, a.status, a.body)
	}
	return string(a.body)
}

// replayFolder decides a data folder again, by the rules that its journal names or by others.
func replayFolder(t testing.TB, dir string, workers int, set *rule.Set) []byte {
	t.Helper()
	f, err := app.OpenFolder(t.Context(), dir, "")
	must(t, err)
	defer func() { must(t, f.Close()) }()
	return replay(t, pipeline.Records(f.Next, pipeline.Span{}, pipeline.Keep{Rules: set == nil, Banks: true}), f.EmailKey, f.Bounds(), workers, set)
}

func replay(t testing.TB, feed extract.Feed, key []byte, bounds state.Options, workers int, set *rule.Set) []byte {
	t.Helper()
	hot, err := state.New(bounds)
	must(t, err)
	var out bytes.Buffer
	_, err = pipeline.Replay(t.Context(), pipeline.Options{Workers: workers, EmailKey: key}, hot, set, feed, func(o *decide.Output, _ *extract.Item) error {
		out.Write(o.Decision.Line)
		return out.WriteByte('\n')
	})
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return out.Bytes()
}
