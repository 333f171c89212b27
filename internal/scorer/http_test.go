package scorer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// model is a server of a model, as a transport: what it answers is up to the test.
type model struct {
	mu     sync.Mutex
	sizes  []int // of the requests, in pictures
	answer func(ctx context.Context, r request) (status int, body string)
}

func (m *model) RoundTrip(req *http.Request) (*http.Response, error) {
	var r request
	if err := json.NewDecoder(req.Body).Decode(&r); err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.sizes = append(m.sizes, len(r.Pictures))
	m.mu.Unlock()
	status, body := m.answer(req.Context(), r)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Status: fmt.Sprint(status), Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

// scores answers each picture with the length of its JPEG in hundredths.
func scores(_ context.Context, r request) (int, string) {
	var b bytes.Buffer
	b.WriteString(`{"version":"v7","pictures":[`)
	for i, p := range r.Pictures {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"scores":{"nudity":%v,"other":1}}`, float64(len(p.JPEG))/100)
	}
	b.WriteString("]}")
	return http.StatusOK, b.String()
}

// run gives a scorer of the model that runs until the test's bubble ends it.
func run(t *testing.T, m *model, batch int) *HTTP {
	t.Helper()
	begin := time.Now()
	h := NewHTTP(HTTPOptions{Name: "m", Policies: []string{"nudity", "gore"}, URL: "http://model.example/score", Client: &http.Client{Transport: m},
		Timeout: 2 * time.Second, Batch: batch, Now: func() int64 { return int64(time.Since(begin)) }})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := h.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { stop(); <-ended })
	return h
}

func picture(n int) Picture { return Picture{SHA256: "ab", JPEG: make([]byte, n)} }

// TestBatches: pictures that are asked about together share requests, and each gets its own answer.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &model{answer: scores}
		h := run(t, m, 4)
		var group sync.WaitGroup
		for i := range 10 {
			group.Go(func() {
				got, err := h.Score(t.Context(), picture(i))
				if diff := cmp.Diff(Answer{"v7", map[string]float64{"nudity": float64(i) / 100}}, got); err != nil || diff != "" {
					t.Errorf("picture %d: %v, want- got+\n%s", i, err, diff)
				}
			})
		}
		group.Wait()
		if diff := cmp.Diff([]int{4, 4, 2}, m.sizes); diff != "" {
			t.Errorf("sizes of requests, want- got+\n%s", diff)
		}
		if got, want := h.Stats(), (Stats{Requests: 3, Scored: 10}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// TestHostile: whatever a server answers, a picture gets a score or a reason.
func TestHostile(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		want       error
	}{
		{"an error", "{}", 500, ErrUnreachable},
		{"a redirect", "", 302, ErrUnreachable},
		{"no JSON", "<html>", 200, ErrMalformed},
		{"too few", `{"pictures":[]}`, 200, ErrMalformed},
		{"too many", `{"pictures":[{},{}]}`, 200, ErrMalformed},
		{"a score over 1", `{"pictures":[{"scores":{"nudity":1.5}}]}`, 200, ErrMalformed},
		{"a negative score", `{"pictures":[{"scores":{"nudity":-0.1}}]}`, 200, ErrMalformed},
		{"a score that is no number", `{"pictures":[{"scores":{"nudity":"high"}}]}`, 200, ErrMalformed},
		{"a score too large to be one", `{"pictures":[{"scores":{"nudity":1e999}}]}`, 200, ErrMalformed},
		{"a long version", `{"version":"` + strings.Repeat("v", 65) + `","pictures":[{}]}`, 200, ErrMalformed},
		{"a picture that it cannot read", `{"pictures":[{"error":"corrupt"}]}`, 200, ErrUnreadable},
		{"nothing of the picture", `{"pictures":[{}]}`, 200, nil},
		{"null", `{"pictures":[null]}`, 200, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := run(t, &model{answer: func(context.Context, request) (int, string) { return tt.status, tt.body }}, 1)
				got, err := h.Score(t.Context(), picture(1))
				if !errors.Is(err, tt.want) || len(got.Scores) != 0 {
					t.Errorf("got %+v, %v, want %v", got, err, tt.want)
				}
			})
		})
	}
}

// TestOneBadPicture: a picture that makes the server fail, or answer with what is no score, costs the others nothing, and nobody the scorer.
func TestOneBadPicture(t *testing.T) {
	for name, bad := range map[string]func(context.Context, request) (int, string){
		"fails": func(ctx context.Context, r request) (int, string) {
			for _, p := range r.Pictures {
				if len(p.JPEG) == 0 {
					return 500, ""
				}
			}
			return scores(ctx, r)
		},
		"no score": func(ctx context.Context, r request) (int, string) {
			_, body := scores(ctx, r)
			return 200, strings.Replace(body, `"nudity":0,`, `"nudity":7,`, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := run(t, &model{answer: bad}, 4)
				for range 2 * tolerated {
					var group sync.WaitGroup
					for i := range 4 {
						group.Go(func() {
							if _, err := h.Score(t.Context(), picture(i)); (err == nil) != (i > 0) || errors.Is(err, ErrOpen) {
								t.Errorf("picture %d: %v", i, err)
							}
						})
					}
					group.Wait()
				}
				if h.Stats().Open {
					t.Error("the circuit is open")
				}
			})
		})
	}
}

// TestSlow: a server that does not answer costs a picture its time and no more, and those for whom there is no room nothing.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := run(t, &model{answer: func(ctx context.Context, _ request) (int, string) { <-ctx.Done(); return 0, "" }}, 1)
		begin := time.Now()
		failures := map[string]int{}
		var mu sync.Mutex
		var group sync.WaitGroup
		for range 30 {
			group.Go(func() {
				_, err := h.Score(t.Context(), picture(1))
				mu.Lock()
				defer mu.Unlock()
				failures[Failure(err)]++
			})
		}
		group.Wait()
		if took := time.Since(begin); took > 10*time.Second || failures["busy"] < 20 || failures["timeout"] < 2 {
			t.Errorf("it took %s: %v", took, failures)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		time.Sleep(2 * time.Minute) // the circuit may be open
		if _, err := h.Score(ctx, picture(1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a caller that waits less: %v", err)
		}
	})
}

// TestCircuit: failures in a row open it; then nothing is asked until it has cooled, and one request decides how it goes on.
func TestCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		works := false
		m := &model{answer: func(ctx context.Context, r request) (int, string) {
			if works {
				return scores(ctx, r)
			}
			return 503, ""
		}}
		h := run(t, m, 1)
		ask := func() string {
			_, err := h.Score(t.Context(), picture(1))
			if err == nil {
				return "ok"
			}
			return Failure(err)
		}
		for i := range tolerated {
			if got := ask(); got != "unreachable" {
				t.Errorf("failure %d: %s", i, got)
			}
		}
		if got := ask(); got != "open" || len(m.sizes) != tolerated || !h.Stats().Open {
			t.Errorf("after %d failures: %s, %d requests", tolerated, got, len(m.sizes))
		}
		time.Sleep(firstCooling)
		if got := ask(); got != "unreachable" {
			t.Errorf("half-open: %s", got)
		}
		time.Sleep(firstCooling)
		if got := ask(); got != "open" {
			t.Errorf("after the second failure it cools twice as long: %s", got)
		}
		time.Sleep(firstCooling)
		works = true
		for range 2 {
			if got := ask(); got != "ok" {
				t.Errorf("it works again: %s", got)
			}
		}
		works = false
		if got := ask(); got != "unreachable" || h.Stats().Open {
			t.Errorf("one failure opens nothing: %s", got)
		}
	})
}

// TestBreakerTriesOne: half-open, one call passes at a time.
func TestBreakerTriesOne(t *testing.T) {
	var b breaker
	for range tolerated {
		b.pass(0)
		b.done(false, 0)
	}
	now := int64(firstCooling)
	if !b.pass(now) || b.pass(now) {
		t.Error("half-open: want one call to pass, and no second")
	}
	b.done(true, now)
	for range 2 {
		if !b.pass(now) {
			t.Error("closed: want all to pass")
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"version":"1","pictures":[{"scores":{"nudity":0.5}}]}`))
	f.Add([]byte(`{"pictures":[{"error":"x","scores":{"nudity":-1}}]}`))
	f.Add([]byte(`{"pictures":[{"scores":{"nudity":1e400}}]}`))
	h := NewHTTP(HTTPOptions{Name: "m", Policies: []string{"nudity"}, Batch: 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		replies, err := h.read(data, 1)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		for policy, p := range replies[0].answer.Scores {
			if policy != "nudity" || !(p >= 0 && p <= 1) {
				t.Errorf("%s: %v", policy, p)
			}
		}
	})
}
