package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/record"
)

// vault is keys in memory that count how they are used.
type vault struct {
	mu      sync.Mutex
	keys    []record.Key
	lookups int
	touches []int64
	err     error
	onRead  func()
}

func (v *vault) PutKey(_ context.Context, k record.Key, _ string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys = append(v.keys, k)
	return k.Check()
}

func (v *vault) KeyByHash(_ context.Context, hash [32]byte) (record.Key, error) {
	v.mu.Lock()
	v.lookups++
	i := slices.IndexFunc(v.keys, func(k record.Key) bool { return k.Hash == hash })
	var k record.Key
	if i >= 0 {
		k = v.keys[i]
	}
	err, onRead := v.err, v.onRead
	v.onRead = nil
	v.mu.Unlock()
	if onRead != nil {
		onRead()
	}
	if err == nil && i < 0 {
		err = fmt.Errorf("key by hash: %w", record.ErrNotFound)
	}
	return k, err
}

func (v *vault) ListKeys(context.Context) ([]record.Key, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.keys), nil
}

func (v *vault) RevokeKey(_ context.Context, id, _ string, at int64) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range v.keys {
		if v.keys[i].ID == id {
			v.keys[i].Revoked = at
			return nil
		}
	}
	return record.ErrNotFound
}

func (v *vault) TouchKey(_ context.Context, _ string, at int64) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.touches = append(v.touches, at)
	return nil
}

// ring is a keyring over a vault with a clock of its own.
type ring struct {
	*Keyring
	vault vault
	now   int64
	log   bytes.Buffer
}

func newRing(quota Quota) *ring {
	r := &ring{now: int64(1e18)}
	r.Keyring = NewKeyring(&r.vault, quota, func() int64 { return r.now }, slog.New(slog.NewTextHandler(&r.log, nil)))
	return r
}

func (r *ring) create(t *testing.T, name string, perSecond int, scopes ...Scope) (record.Key, string) {
	t.Helper()
	key, token, err := r.Create(t.Context(), name, scopes, perSecond, "person:test")
	if err != nil {
		t.Fatal(err)
	}
	return key, token
}

func (r *ring) identify(header string) (*Principal, error) {
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set("Authorization", header)
	return r.Identify(req)
}

func TestIdentify(t *testing.T) {
	r := newRing(Quota{})
	key, token := r.create(t, "ci", 0, Read, Ingest)
	other, otherToken := r.create(t, "other", 0, Read)
	secret := token[len("rf_")+idLength+1:]

	p, err := r.identify("Bearer " + token)
	if err != nil || p.By != "key:ci" || !slices.Equal(p.Scopes, []Scope{Ingest, Read}) {
		t.Fatalf("identified %+v, %v", p, err)
	}
	if p, err := r.identify("bearer " + token); err != nil || p.By != "key:ci" {
		t.Errorf("the scheme's case matters: %v", err)
	}
	for name, header := range map[string]string{
		"nothing":           "",
		"another scheme":    "Basic " + token,
		"no scheme":         token,
		"not a key":         "Bearer hello",
		"no prefix":         "Bearer " + strings.TrimPrefix(token, "rf_"),
		"too long":          "Bearer " + token + "a",
		"another secret":    "Bearer rf_" + key.ID + "_" + strings.Repeat("a", secretLength),
		"another's id":      "Bearer rf_" + other.ID + "_" + secret,
		"upper case":        "Bearer rf_" + key.ID + "_" + strings.ToUpper(secret),
		"two keys":          "Bearer " + token + " " + otherToken,
		"the hash, not all": "Bearer rf_" + fmt.Sprintf("%x", key.Hash),
	} {
		if p, err := r.identify(header); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: identified %+v, %v", name, p, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error holds the secret: %v", name, err)
		}
	}
	if strings.Contains(r.log.String(), secret) {
		t.Errorf("the log holds the secret: %s", &r.log)
	}
}

func TestTokensDiffer(t *testing.T) {
	r := newRing(Quota{})
	seen := map[string]bool{}
	for i := range 100 {
		key, token := r.create(t, fmt.Sprint("k", i), 0, Read)
		id, secret, ok := split(token)
		if !ok || id != key.ID || seen[id] || seen[secret] {
			t.Fatalf("token %d: id %q of %q", i, id, key.ID)
		}
		seen[id], seen[secret] = true, true
	}
}

func TestCreateRefuses(t *testing.T) {
	r := newRing(Quota{})
	r.create(t, "ci", 0, Read)
	for _, test := range []struct {
		name      string
		scopes    []Scope
		perSecond int
		want      error
	}{
		{"ci", []Scope{Read}, 0, record.ErrConflict},
		{"", []Scope{Read}, 0, record.ErrInvalid},
		{"Upper", []Scope{Read}, 0, record.ErrInvalid},
		{"a b", []Scope{Read}, 0, record.ErrInvalid},
		{strings.Repeat("x", 65), []Scope{Read}, 0, record.ErrInvalid},
		{"none", nil, 0, record.ErrInvalid},
		{"root", []Scope{Read, "root"}, 0, record.ErrInvalid},
		{"public", []Scope{Public}, 0, record.ErrInvalid},
		{"negative", []Scope{Read}, -1, record.ErrInvalid},
	} {
		if _, token, err := r.Create(t.Context(), test.name, test.scopes, test.perSecond, "person:test"); !errors.Is(err, test.want) || token != "" {
			t.Errorf("%q %v: %v, want %v", test.name, test.scopes, err, test.want)
		}
	}
}

// TestCache counts the queries: one until the entry is stale, then one again.
func TestCache(t *testing.T) {
	r := newRing(Quota{})
	_, token := r.create(t, "ci", 0, Read)
	for range 100 {
		if _, err := r.identify("Bearer " + token); err != nil {
			t.Fatal(err)
		}
	}
	if r.vault.lookups != 1 {
		t.Errorf("%d queries for 100 requests", r.vault.lookups)
	}
	r.now += fresh
	r.vault.err = errors.New("database is locked")
	if _, err := r.identify("Bearer " + token); err == nil || errors.Is(err, ErrUnknown) {
		t.Errorf("a store that fails: %v, want its error and not a wrong key", err)
	}
	r.vault.err = nil
	if _, err := r.identify("Bearer " + token); err != nil || r.vault.lookups != 3 {
		t.Errorf("%v after %d queries", err, r.vault.lookups)
	}
}

func TestRevoke(t *testing.T) {
	r := newRing(Quota{})
	here, token := r.create(t, "here", 0, Read)
	there, token2 := r.create(t, "there", 0, Read)
	for _, tok := range []string{token, token2} {
		if _, err := r.identify("Bearer " + tok); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Revoke(t.Context(), here.ID, "person:test"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.identify("Bearer " + token); !errors.Is(err, ErrUnknown) {
		t.Errorf("revoked here: %v", err)
	}
	if err := r.vault.RevokeKey(t.Context(), there.ID, "", r.now); err != nil { // by another process
		t.Fatal(err)
	}
	r.now += fresh
	if _, err := r.identify("Bearer " + token2); !errors.Is(err, ErrUnknown) {
		t.Errorf("revoked elsewhere, some time ago: %v", err)
	}
	if err := r.Revoke(t.Context(), "nobody", "person:test"); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("revoke what is not there: %v", err)
	}
}

// TestRevokeWhileLookedUp revokes a key between the query for it and the use of its answer.
func TestRevokeWhileLookedUp(t *testing.T) {
	r := newRing(Quota{})
	key, token := r.create(t, "ci", 0, Read)
	r.vault.onRead = func() {
		if err := r.Revoke(t.Context(), key.ID, "person:test"); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.identify("Bearer " + token); !errors.Is(err, ErrUnknown) {
		t.Errorf("identified by a revoked key: %v", err)
	}
}

func TestUsesAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRing(Quota{})
		_, token := r.create(t, "ci", 0, Read)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.Run(ctx) }()
		began := r.now
		for range 130 { // a request a second
			if _, err := r.identify("Bearer " + token); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			r.now += int64(time.Second)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		want := []int64{began, began + touchEvery, began + 2*touchEvery}
		if diff := cmp.Diff(want, r.vault.touches); diff != "" {
			t.Errorf("uses (-want +got):\n%s", diff)
		}
	})
}

func TestQuota(t *testing.T) {
	r := newRing(Quota{EventsPerSecond: 1000, Burst: 2000})
	_, own := r.create(t, "own", 10, Ingest)
	_, usual := r.create(t, "usual", 0, Ingest)
	for _, step := range []struct {
		name  string
		token string
		n     int
		after time.Duration
		wait  time.Duration
		ok    bool
	}{
		{"the burst", usual, 2000, 0, 0, true},
		{"above it", usual, 500, 0, 500 * time.Millisecond, false},
		{"after the wait", usual, 500, 500 * time.Millisecond, 0, true},
		{"one more", usual, 1, 0, time.Millisecond, false},
		{"a chunk passes whatever the quota", own, 256, 0, 0, true},
		{"then its own quota holds", own, 1, 0, 100 * time.Millisecond, false},
		{"what ten seconds give, although the key is read anew", own, 101, 10 * time.Second, 100 * time.Millisecond, false},
		{"no more than that", own, 100, 0, 0, true},
		{"more than ever passes at once", own, 257, time.Hour, time.Second, false},
	} {
		r.now += int64(step.after)
		p, err := r.identify("Bearer " + step.token)
		if err != nil {
			t.Fatal(err)
		}
		if wait, ok := p.Take(step.n, r.now); wait != step.wait || ok != step.ok {
			t.Errorf("%s: wait %s, %v; want %s, %v", step.name, wait, ok, step.wait, step.ok)
		}
	}
	var unlimited Principal
	if _, ok := unlimited.Take(1e9, 0); !ok {
		t.Error("without a quota a take failed")
	}
}

func TestScopeTable(t *testing.T) {
	seen := map[string]bool{}
	for _, route := range Routes() {
		s, known := ScopeOf(route)
		if !known || seen[route] {
			t.Errorf("%s: known %v, there before %v", route, known, seen[route])
		}
		if s != Public && s != Self && !slices.Contains(Scopes(), s) {
			t.Errorf("%s needs %q, which no key can hold", route, s)
		}
		seen[route] = true
	}
	if s, known := ScopeOf("GET /v1/nowhere"); known || s != "" {
		t.Errorf("an unknown route has the scope %q", s)
	}
}

func TestLoopback(t *testing.T) {
	for name, test := range map[string]struct {
		remote, host string
		headers      http.Header
		ok           bool
	}{
		"IPv4":                {"127.0.0.1:1", "127.0.0.1:8080", nil, true},
		"IPv6":                {"[::1]:1", "[::1]:8080", nil, true},
		"mapped":              {"[::ffff:127.0.0.1]:1", "localhost", nil, true},
		"elsewhere":           {"192.0.2.1:1", "localhost:8080", nil, false},
		"unreadable":          {"@", "localhost:8080", nil, false},
		"name that points us": {"127.0.0.1:1", "evil.example", nil, false},
		"localhost's cousin":  {"127.0.0.1:1", "localhost.evil.example", nil, false},
		"a page elsewhere":    {"127.0.0.1:1", "localhost:8080", http.Header{"Sec-Fetch-Site": {"cross-site"}}, false},
	} {
		req := httptest.NewRequest(http.MethodPost, "/", nil)
		req.RemoteAddr, req.Host = test.remote, test.host
		maps.Copy(req.Header, test.headers)
		p, err := Loopback{}.Identify(req)
		if (err == nil) != test.ok || err != nil && !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && !p.May(Admin) {
			t.Errorf("%s: may not do all: %+v", name, p)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("rf_" + strings.Repeat("a", idLength) + "_" + strings.Repeat("b", secretLength))
	f.Add("rf__")
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		if id, secret, ok := split(token); ok && "rf_"+id+"_"+secret != token {
			t.Errorf("%q split into %q and %q", token, id, secret)
		}
	})
}

func BenchmarkIdentify(b *testing.B) {
	r := newRing(Quota{})
	_, token, err := r.Create(b.Context(), "ci", []Scope{Decide}, 0, "person:test")
	if err != nil {
		b.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, "/v1/decide", nil)
	req.Header.Set("Authorization", "Bearer "+token)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Identify(req); err != nil {
			b.Fatal(err)
		}
	}
}
