package enforce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/record/sqlite"
	"github.com/ringfence/ringfence/webhook"
)

func secret(t testing.TB) webhook.Secret {
	t.Helper()
	s, err := webhook.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// transport answers requests in place of a network.
type transport func(req *http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func answer(status int, body string, header ...string) (*http.Response, error) {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// bench is a store, a dispatcher and a clock inside a synctest bubble.
type bench struct {
	*testing.T
	store *sqlite.Store
	d     *Dispatcher
	n     int
}

// run gives test a running dispatcher and stops it at the end.
func run(t *testing.T, receive transport, receivers []Receiver, test func(b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		for i := range receivers {
			receivers[i].URL, receivers[i].Secrets = "https://platform.example/"+receivers[i].Name, []webhook.Secret{secret(t)}
			receivers[i].Client = &http.Client{Transport: receive}
		}
		d, err := New(Options{
			Store: store, Receivers: receivers, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		test(&bench{T: t, store: store, d: d})
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// put queues an enforcement on the account and gives its id.
func (b *bench) put(account string, change ...func(e *effect.Effect)) string {
	b.Helper()
	b.n++
	e := effect.Effect{
		ID: fmt.Sprintf("%032x", b.n), Kind: effect.Enforce, Target: event.Entity{Kind: event.AccountEntity, ID: account}, Value: "lock",
		State: effect.Queued, Rule: "burst", RuleVersion: "3", Policy: "spam", Severity: 2, Reason: "12 posts in a minute",
		Source: "http", EventID: fmt.Sprint("e", b.n), Time: 1_700_000_000e9, Position: uint64(b.n),
	}
	for _, f := range change {
		f(&e)
	}
	if _, err := b.store.PutEffects(context.Background(), []effect.Effect{e}, e.Position, time.Now().UnixNano()); err != nil {
		b.Fatal(err)
	}
	b.d.Wake()
	return e.ID
}

func (b *bench) get(id string) record.Delivery {
	b.Helper()
	d, err := b.store.Effect(context.Background(), id)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// settled lets time pass until nothing is queued, for so long at most.
func (b *bench) settled(atMost time.Duration) {
	b.Helper()
	for end := time.Now().Add(atMost); ; time.Sleep(time.Second) {
		backlog, err := b.store.Backlog(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if backlog.Queued == 0 {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("after %v the backlog is %+v", atMost, backlog)
		}
	}
}

func platform(workers int) []Receiver { return []Receiver{{Name: "platform", Workers: workers}} }

func TestMessage(t *testing.T) {
	var got []string
	receive := func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		if err := webhook.Verify(secret(t), req.Header, body, time.Now(), time.Second); err != nil {
			t.Error(err)
		}
		got = append(got, req.Method+" "+req.URL.String()+" "+req.Header.Get("Content-Type")+" "+req.Header.Get(webhook.HeaderIdempotencyKey)+"\n"+string(body))
		if len(got) == 1 {
			return answer(500, "later")
		}
		return answer(204, "")
	}
	run(t, receive, platform(1), func(b *bench) {
		id := b.put("a17", func(e *effect.Effect) { e.Expires = 1_700_003_600e9 })
		b.settled(time.Minute)
		want := "POST https://platform.example/platform application/json " + id + "\n" +
			`{"type":"enforce","id":"` + id + `","time":"2023-11-14T22:13:20Z","target":"account:a17","value":"lock","policy":"spam","severity":2,` +
			`"reason":"12 posts in a minute","rule":"burst","rule_version":"3","source":"http","event":"e1","expires":"2023-11-14T23:13:20Z"}`
		if d := cmp.Diff([]string{want, want}, got); d != "" {
			t.Errorf("attempts (-want +got):\n%s", d)
		}
		if e := b.get(id); e.State != effect.Delivered || e.Attempts != 1 || e.Status != 204 {
			t.Errorf("got %s after %d failures with status %d, want delivered after 1 with 204", e.State, e.Attempts, e.Status)
		}
	})
}

// TestAnswers says for each kind of answer to the first attempt what becomes of the effect within ten minutes.
func TestAnswers(t *testing.T) {
	reset := errors.New("connection reset by peer")
	for _, c := range []struct {
		name   string
		first  func() (*http.Response, error)
		state  effect.State
		counts int
		after  time.Duration // of the second attempt, at least
	}{
		{"200", func() (*http.Response, error) { return answer(200, "ok") }, effect.Delivered, 0, -1},
		{"202", func() (*http.Response, error) { return answer(202, "") }, effect.Delivered, 0, -1},
		{"400", func() (*http.Response, error) { return answer(400, "no such account") }, effect.Dead, 1, -1},
		{"413", func() (*http.Response, error) { return answer(413, "") }, effect.Dead, 1, -1},
		{"415", func() (*http.Response, error) { return answer(415, "") }, effect.Dead, 1, -1},
		{"422", func() (*http.Response, error) { return answer(422, "") }, effect.Dead, 1, -1},
		{"301", func() (*http.Response, error) { return answer(301, "", "Location", "https://elsewhere.example/") }, effect.Delivered, 1, firstRetry / 2},
		{"401", func() (*http.Response, error) { return answer(401, "") }, effect.Delivered, 1, firstRetry / 2},
		{"404", func() (*http.Response, error) { return answer(404, "") }, effect.Delivered, 1, firstRetry / 2},
		{"408", func() (*http.Response, error) { return answer(408, "") }, effect.Delivered, 1, firstRetry / 2},
		{"409", func() (*http.Response, error) { return answer(409, "") }, effect.Delivered, 1, firstRetry / 2},
		{"425", func() (*http.Response, error) { return answer(425, "") }, effect.Delivered, 1, firstRetry / 2},
		{"429", func() (*http.Response, error) { return answer(429, "") }, effect.Delivered, 1, firstRetry / 2},
		{"429 in 30 s", func() (*http.Response, error) { return answer(429, "", "Retry-After", "30") }, effect.Delivered, 0, 30 * time.Second},
		{"503 in 90 s", func() (*http.Response, error) { return answer(503, "", "Retry-After", "90") }, effect.Delivered, 0, 90 * time.Second},
		{"500 in 90 s", func() (*http.Response, error) { return answer(500, "", "Retry-After", "90") }, effect.Delivered, 1, firstRetry / 2},
		{"500", func() (*http.Response, error) { return answer(500, strings.Repeat("x", 1<<20)) }, effect.Delivered, 1, firstRetry / 2},
		{"cut off", func() (*http.Response, error) { return nil, reset }, effect.Delivered, 1, firstRetry / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var at []time.Time
			receive := func(*http.Request) (*http.Response, error) {
				if at = append(at, time.Now()); len(at) == 1 {
					return c.first()
				}
				return answer(200, "")
			}
			run(t, receive, platform(1), func(b *bench) {
				id := b.put("a")
				b.settled(10 * time.Minute)
				e := b.get(id)
				if e.State != c.state || e.Attempts != c.counts || strings.Contains(e.Note, "platform.example") {
					t.Errorf("got %s after %d counted failures, note %q; want %s after %d", e.State, e.Attempts, e.Note, c.state, c.counts)
				}
				again := time.Duration(-1)
				if len(at) == 2 {
					again = at[1].Sub(at[0])
				}
				if again < c.after || (again >= 0) != (c.after >= 0) || again > c.after+2*poll {
					t.Errorf("the second attempt came after %v, want %v", again, c.after)
				}
			})
		})
	}
}

func TestTimeout(t *testing.T) {
	receive := func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	run(t, receive, platform(1), func(b *bench) {
		id := b.put("a")
		time.Sleep(sendTimeout + time.Millisecond)
		synctest.Wait()
		if e := b.get(id); e.Attempts != 1 || !strings.Contains(e.Note, "deadline exceeded") {
			t.Errorf("after %v: got %d attempts, note %q, want 1 that ran out of time", sendTimeout, e.Attempts, e.Note)
		}
	})
}

func TestPoisonDiesAmongOthers(t *testing.T) {
	poison := fmt.Sprintf("%032x", 1)
	tries := 0
	receive := func(req *http.Request) (*http.Response, error) {
		if req.Header.Get(webhook.HeaderID) == poison {
			tries++
			return answer(500, "cannot parse this")
		}
		return answer(200, "")
	}
	run(t, receive, platform(2), func(b *bench) {
		b.put("a")
		behind := b.put("a")
		for range 3 * 60 { // others arrive all the time
			b.put("b")
			time.Sleep(time.Minute)
		}
		b.settled(time.Minute)
		e := b.get(poison)
		if e.State != effect.Dead || e.Attempts != MaxAttempts || tries != MaxAttempts || !strings.Contains(e.Note, `answered 500: "cannot parse this"`) {
			t.Errorf("got %s after %d attempts (%d seen), note %q; want dead after %d", e.State, e.Attempts, tries, e.Note, MaxAttempts)
		}
		if e := b.get(behind); e.State != effect.Delivered {
			t.Errorf("the effect behind it is %s, want delivered", e.State)
		}
	})
}

// TestOutage has a receiver that is away for hours: nothing dies, it is left alone meanwhile, and gets everything afterwards.
func TestOutage(t *testing.T) {
	const outage = 3 * time.Hour
	up, tries := false, 0
	receive := func(*http.Request) (*http.Response, error) {
		if tries++; !up {
			return nil, errors.New("connection refused")
		}
		return answer(200, "")
	}
	run(t, receive, platform(4), func(b *bench) {
		const effects = 5 // so few that each is tried more than MaxAttempts times
		for i := range effects {
			b.put(fmt.Sprint("a", i))
		}
		time.Sleep(outage)
		if stats, _ := b.d.Stats(); !stats[0].Open || stats[0].Dead != 0 {
			t.Errorf("during the outage: got %+v, want an open circuit and nothing dead", stats[0])
		}
		if most := int(outage/lastCooling) + 50; tries > most {
			t.Errorf("a receiver that was away was tried %d times in %v, want at most %d", tries, outage, most)
		}
		up = true
		b.settled(20 * time.Minute)
		if stats, _ := b.d.Stats(); stats[0].Delivered != effects || stats[0].Dead != 0 || stats[0].Open {
			t.Errorf("afterwards: got %+v, want %d delivered and a closed circuit", stats[0], effects)
		}
	})
}

// TestFailingOnesDoNotStarveOthers opens the circuit with effects that always fail; a good one must still get through.
func TestFailingOnesDoNotStarveOthers(t *testing.T) {
	receive := func(req *http.Request) (*http.Response, error) {
		var m webhook.Message
		if err := json.NewDecoder(req.Body).Decode(&m); err != nil {
			return nil, err
		}
		if strings.HasPrefix(m.Target, "account:bad") {
			return answer(500, "")
		}
		return answer(200, "")
	}
	run(t, receive, platform(4), func(b *bench) {
		for i := range 40 {
			b.put(fmt.Sprint("bad", i))
		}
		time.Sleep(time.Hour)
		id := b.put("good")
		time.Sleep(45 * time.Minute)
		if e := b.get(id); e.State != effect.Delivered {
			t.Errorf("got %s (%+v), want delivered", e.State, e)
		}
	})
}

func TestReceivers(t *testing.T) {
	var got []string
	receive := func(req *http.Request) (*http.Response, error) {
		if got = append(got, req.URL.Path); req.URL.Path == "/notify:dead" {
			return nil, errors.New("no route to host")
		}
		return answer(200, "")
	}
	notify := func(channel string) func(e *effect.Effect) {
		return func(e *effect.Effect) { e.Kind, e.Value = effect.Notify, channel }
	}
	receivers := []Receiver{
		{Name: "platform", Workers: 1, Kinds: []effect.Kind{effect.Enforce, effect.Label}},
		{Name: "notify:slack", Workers: 1}, {Name: "notify:dead", Workers: 1},
	}
	run(t, receive, receivers, func(b *bench) {
		stuck := b.put("a", notify("dead"))
		reviewed := b.put("a", func(e *effect.Effect) { e.Kind = effect.Review })
		unrouted := b.put("a", notify("nowhere"))
		ids := []string{b.put("a"), b.put("a", notify("slack")), b.put("a")}
		time.Sleep(3 * poll)
		for _, id := range ids {
			if e := b.get(id); e.State != effect.Delivered || e.Note != "" {
				t.Errorf("%s to %s: got %s, %q, want delivered", e.Kind, e.Receiver, e.State, e.Note)
			}
		}
		for _, id := range []string{reviewed, unrouted} {
			if e := b.get(id); e.State != effect.Delivered || e.Note != "recorded only" {
				t.Errorf("%s to %s: got %s, %q, want recorded only", e.Kind, e.Receiver, e.State, e.Note)
			}
		}
		if e := b.get(stuck); e.State != effect.Queued {
			t.Errorf("to a dead channel: got %s, want queued", e.State)
		}
		stats, none := b.d.Stats()
		for i, s := range stats {
			stats[i].Retried = min(s.Retried, 1)
		}
		want := []Stats{{Receiver: "notify:dead", Retried: 1}, {Receiver: "notify:slack", Delivered: 1}, {Receiver: "platform", Delivered: 2, Recorded: 1}}
		if d := cmp.Diff(want, stats); d != "" || none != 1 {
			t.Errorf("stats, %d unrouted (-want +got):\n%s", none, d)
		}
	})
}

// TestStop ends Run while messages are under way: they are waited for, and what came of them is stored.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		started := make(chan struct{}, 9)
		d, err := New(Options{Store: store, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Receivers: []Receiver{{Name: "platform", URL: "https://platform.example", Secrets: []webhook.Secret{secret(t)}, Workers: 2,
				Client: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
					started <- struct{}{}
					time.Sleep(5 * time.Second)
					return answer(200, "")
				})}}}})
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{T: t, store: store, d: d}
		ids := []string{b.put("a"), b.put("b"), b.put("c")}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := d.Run(ctx); err != nil {
			t.Fatal(err)
		}
		var got []effect.State
		for _, id := range ids {
			got = append(got, b.get(id).State)
		}
		if want := []effect.State{effect.Delivered, effect.Delivered, effect.Queued}; !slices.Equal(got, want) || len(started) != 2 {
			t.Errorf("got %v with %d started, want %v with 2", got, len(started), want)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	good := Receiver{Name: "platform", URL: "https://platform.example/hook?token=hidden", Secrets: []webhook.Secret{secret(t)}, Workers: 1, Client: &http.Client{}}
	for want, spoil := range map[string]func(r *Receiver){
		"has no name":            func(r *Receiver) { r.Name = "" },
		"its url must be http":   func(r *Receiver) { r.URL = "ftp://platform.example/hidden" },
		"url must be":            func(r *Receiver) { r.URL = "https:///hidden" },
		"must be":                func(r *Receiver) { r.URL = "https://%zz/hidden" },
		"has no client":          func(r *Receiver) { r.Client = nil },
		"has no secret":          func(r *Receiver) { r.Secrets = nil },
		"has 0 workers":          func(r *Receiver) { r.Workers = 0 },
		"workers, must have 1":   func(r *Receiver) { r.Workers = MaxWorkers + 1 },
		`"platform": is there t`: nil,
	} {
		receivers := []Receiver{good}
		if spoil == nil {
			receivers = append(receivers, good)
		} else {
			spoil(&receivers[0])
		}
		_, err := New(Options{Receivers: receivers, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("got %v, want %q, without the url", err, want)
		}
	}
}

func TestBackoff(t *testing.T) {
	var total time.Duration
	for n := 1; n < MaxAttempts; n++ {
		whole := min(firstRetry<<min(n-1, 20), lastRetry)
		spread := map[time.Duration]bool{}
		for i := range 50 {
			got := backoff(fmt.Sprint(i), n)
			if got < whole/2 || got >= whole {
				t.Errorf("backoff(%d, %d): got %v, want %v to %v", i, n, got, whole/2, whole)
			}
			if got != backoff(fmt.Sprint(i), n) {
				t.Errorf("backoff(%d, %d) is not a function", i, n)
			}
			spread[got.Truncate(whole/100)] = true
		}
		if len(spread) < 20 {
			t.Errorf("backoff(%d): 50 ids fall on %d different waits", n, len(spread))
		}
		total += backoff("e", n)
	}
	if total < time.Hour || total > 3*time.Hour {
		t.Errorf("an effect is given up after %v, want about two hours", total)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 23, 3, 22, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "30": 30 * time.Second, "3601": time.Hour, "9223372036854775807": time.Hour, "99999999999999999999": 0, "soon": 0, "1.5": 0,
		"Mon, 23 Nov 2026 03:23:00 GMT": time.Minute, "Mon, 23 Nov 2026 03:00:00 GMT": 0, "Mon, 23 Nov 2099 03:00:00 GMT": time.Hour,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "30", "-1", "Mon, 23 Nov 2026 03:23:00 GMT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := retryAfter(header, time.Unix(1, 0)); got < 0 || got > maxRetryAfter {
			t.Errorf("%q: got %v", header, got)
		}
	})
}

// TestMessageIsValidJSON: whatever an event's strings hold.
func TestMessageIsValidJSON(t *testing.T) {
	b, err := json.Marshal(message(&effect.Effect{Reason: "\xff\x00\"</script>\u2028", Target: event.Entity{Kind: event.AccountEntity, ID: "\xff"}}))
	if err != nil || !json.Valid(b) || bytes.ContainsRune(b, 0xff) {
		t.Errorf("got %s, %v", b, err)
	}
}
