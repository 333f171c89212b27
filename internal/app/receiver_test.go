package app_test

import (
	"encoding/json"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/webhook"
)

// receiver is a platform that applies each effect once, by its key, and whose connection is bad: of every ten attempts one is
// answered with an error, one is cut off before it is applied, one after, and one is slow. Which one, the seed says.
type receiver struct {
	*httptest.Server
	t     *testing.T
	seed  uint64
	bad   bool
	clock clock

	mu       sync.Mutex
	attempts map[string]int
	bodies   map[string]string
	applied  map[string]bool
	order    map[string][]string // ids by address and target, as they were applied
	failed   int
	doubled  int // messages whose effect was applied before
}

func startReceiver(t *testing.T, c clock, seed uint64, bad bool) *receiver {
	r := &receiver{t: t, seed: seed, bad: bad, clock: c, attempts: map[string]int{}, bodies: map[string]string{}, applied: map[string]bool{},
		order: map[string][]string{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP implements [http.Handler].
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	secret, err := webhook.ParseSecret(hookSecret)
	if err != nil {
		panic(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // its sender was killed
	}
	// Half an hour of a clock that runs fast is little time.
	if err := webhook.Verify(secret, req.Header, body, time.Unix(0, r.clock.now()), 30*time.Minute); err != nil {
		r.t.Errorf("a message cannot be verified: %v", err)
	}
	var m webhook.Message
	if err := json.Unmarshal(body, &m); err != nil || m.ID == "" || m.ID != req.Header.Get(webhook.HeaderIdempotencyKey) {
		r.t.Errorf("message %q under key %q: %v", body, req.Header.Get(webhook.HeaderIdempotencyKey), err)
	}
	switch fate := r.fate(m.ID); {
	case !r.bad:
	case fate == 0:
		http.Error(w, "not now", http.StatusInternalServerError)
		return
	case fate == 1:
		cut(w)
		return
	case fate == 2:
		defer cut(w)
	case fate == 3:
		time.Sleep(20 * time.Millisecond)
	}
	r.apply(&m, req.URL.Path+" "+m.Target, string(body))
}

// fate draws what becomes of the next attempt at an effect.
func (r *receiver) fate(id string) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts[id]++
	h := fnv.New64a()
	io.WriteString(h, id+"/"+strconv.Itoa(r.attempts[id])+"/"+strconv.FormatUint(r.seed, 10))
	fate := h.Sum64() >> 8 % 10
	if r.bad && fate < 3 {
		r.failed++
	}
	return fate
}

func (r *receiver) apply(m *webhook.Message, line, body string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.applied[m.ID] {
		r.doubled++
		if r.bodies[m.ID] != body {
			r.t.Errorf("effect %s came with two bodies:\n%s\n%s", m.ID, r.bodies[m.ID], body)
		}
		return
	}
	r.applied[m.ID], r.bodies[m.ID] = true, body
	r.order[line] = append(r.order[line], m.ID)
}

// count is how many effects were applied.
func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.applied)
}

// cut ends a connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		conn.Close()
	}
}
