package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/ringfence/ringfence/internal/record"
)

// Keyring makes API keys and recognises them. A key's token is "rf_<id>_<secret>": the id may be shown, the secret is 256 random
// bits, shown once and stored as its SHA-256 only. What it has recognised it remembers, so that a request costs no SQL.
//
// It is safe for concurrent use.
type Keyring struct {
	store record.Keys
	quota Quota
	now   func() int64
	log   *slog.Logger
	uses  chan use

	making sync.Mutex // held while a key is made, so that its name stays the only one

	mu      sync.Mutex
	known   map[[sha256.Size]byte]*entry // at most record.MaxKeys: only keys of the store get in
	revoked int                          // how often Revoke was called
}

// entry is a recognised key.
type entry struct {
	key       record.Key
	principal *Principal
	read      int64 // when the store was asked
	used      int64 // the last use that was reported
}

// Quota is how many events may be sent under a key.
type Quota struct {
	EventsPerSecond int // 0 sets no limit
	Burst           int // at once, after a pause
}

type use struct {
	id string
	at int64
}

const (
	fresh      = int64(10 * time.Second) // how long a revocation by another process may go unnoticed
	touchEvery = int64(time.Minute)
	leastBurst = 256 // events that any quota lets pass at once: a chunk of ingest

	idLength     = 13 // 64 bits in base32
	secretLength = 52 // 256 bits in base32
)

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewKeyring makes a keyring over the stored keys. The quota is that of keys which have none of their own; now is nanoseconds
// since 1970.
func NewKeyring(store record.Keys, quota Quota, now func() int64, log *slog.Logger) *Keyring {
	return &Keyring{store: store, quota: quota, now: now, log: log, uses: make(chan use, 64), known: map[[sha256.Size]byte]*entry{}}
}

// Identify implements [Identifier] by the header "Authorization: Bearer rf_…".
func (k *Keyring) Identify(r *http.Request) (*Principal, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, fmt.Errorf("%w: send an API key in the header \"Authorization: Bearer rf_…\"", ErrUnknown)
	}
	scheme, token, _ := strings.Cut(header, " ")
	id, secret, ok := split(token)
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return nil, fmt.Errorf("%w: the header Authorization holds no API key; it reads \"Bearer rf_<id>_<secret>\"", ErrUnknown)
	}
	hash := sha256.Sum256([]byte(secret))
	e, err := k.find(r.Context(), hash)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return nil, errNoKey
	case err != nil:
		return nil, fmt.Errorf("look up the API key: %w", err)
	}
	same := subtle.ConstantTimeCompare(e.key.Hash[:], hash[:]) & subtle.ConstantTimeCompare([]byte(e.key.ID), []byte(id))
	if same != 1 || e.key.Revoked != 0 {
		return nil, errNoKey
	}
	return e.principal, nil
}

var errNoKey = fmt.Errorf("%w: the API key is not valid: it does not exist or was revoked", ErrUnknown)

func split(token string) (id, secret string, ok bool) {
	rest, ok := strings.CutPrefix(token, "rf_")
	if !ok || len(rest) != idLength+1+secretLength || rest[idLength] != '_' {
		return "", "", false
	}
	return rest[:idLength], rest[idLength+1:], true
}

// find gives the key of a secret and reports its use. The entry is not changed afterwards but for its used.
func (k *Keyring) find(ctx context.Context, hash [sha256.Size]byte) (*entry, error) {
	now := k.now()
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.known[hash]
	if e == nil || now-e.read >= fresh {
		key, err := k.read(ctx, hash)
		if err != nil {
			return nil, err
		}
		e = k.entry(key, now, k.known[hash])
		k.known[hash] = e
	}
	if e.key.Revoked == 0 && now-e.used >= touchEvery {
		select {
		case k.uses <- use{e.key.ID, now}:
			e.used = now
		default: // the next request reports it
		}
	}
	return e, nil
}

// read asks the store for a key, without the lock that its caller holds, and again if one was revoked meanwhile.
func (k *Keyring) read(ctx context.Context, hash [sha256.Size]byte) (record.Key, error) {
	for {
		before := k.revoked
		k.mu.Unlock()
		key, err := k.store.KeyByHash(ctx, hash)
		k.mu.Lock()
		if before == k.revoked || err != nil {
			return key, err
		}
	}
}

// entry makes the entry of a key as the store has it. The quota goes on where the old entry had it.
func (k *Keyring) entry(key record.Key, now int64, old *entry) *entry {
	p := &Principal{By: "key:" + key.Name}
	for _, s := range key.Scopes {
		p.Scopes = append(p.Scopes, Scope(s))
	}
	e := &entry{key: key, principal: p, read: now, used: key.LastUsed}
	quota := k.quota
	if key.PerSecond > 0 {
		quota = Quota{EventsPerSecond: key.PerSecond, Burst: key.PerSecond}
	}
	switch {
	case quota.EventsPerSecond == 0:
	case old != nil && old.key.PerSecond == key.PerSecond:
		p.quota = old.principal.quota
	default:
		p.quota = rate.NewLimiter(rate.Limit(quota.EventsPerSecond), max(quota.Burst, leastBurst))
	}
	if old != nil {
		e.used = max(e.used, old.used)
	}
	return e
}

// Run records when keys were used, at most once a minute for each, until ctx is done. Requests do not wait for it.
func (k *Keyring) Run(ctx context.Context) error {
	for {
		select {
		case u := <-k.uses:
			if err := k.store.TouchKey(ctx, u.id, u.at); err != nil && ctx.Err() == nil {
				k.log.Warn("the use of an API key cannot be recorded", "key", u.id, "error", err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// Create makes a key and gives its token, which is kept nowhere. Names are never used twice, so that what "key:ci" did stays
// clear: a name that is there gives record.ErrConflict. What cannot be a key gives record.ErrInvalid. perSecond is in events; with 0
// the keyring's quota holds.
func (k *Keyring) Create(ctx context.Context, name string, scopes []Scope, perSecond int, by string) (key record.Key, token string, err error) {
	if !namePattern.MatchString(name) {
		return key, "", fmt.Errorf("%w: key name %.64q: use 1 to 64 of a-z, 0-9, '.', '_' and '-'", record.ErrInvalid, name)
	}
	if len(scopes) == 0 {
		return key, "", fmt.Errorf("%w: key %q has no scope; choose from %v", record.ErrInvalid, name, Scopes())
	}
	words := make([]string, 0, len(scopes))
	for _, s := range Scopes() { // in this order, none twice
		if slices.Contains(scopes, s) {
			words = append(words, string(s))
		}
	}
	for _, s := range scopes {
		if !slices.Contains(words, string(s)) {
			return key, "", fmt.Errorf("%w: key %q: no scope %.64q; choose from %v", record.ErrInvalid, name, s, Scopes())
		}
	}
	k.making.Lock()
	defer k.making.Unlock()
	have, err := k.store.ListKeys(ctx)
	if err != nil {
		return key, "", err
	}
	if slices.ContainsFunc(have, func(h record.Key) bool { return h.Name == name }) {
		return key, "", fmt.Errorf("key %q: %w; names are not used again, choose another", name, record.ErrConflict)
	}
	id, secret := random(8), random(32)
	key = record.Key{ID: id, Name: name, Scopes: words, Hash: sha256.Sum256([]byte(secret)), PerSecond: perSecond, Created: k.now()}
	if err := k.store.PutKey(ctx, key, by); err != nil {
		return record.Key{}, "", err
	}
	return key, "rf_" + id + "_" + secret, nil
}

func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return encoding.EncodeToString(b)
}

// Revoke ends a key, here at once.
func (k *Keyring) Revoke(ctx context.Context, id, by string) error {
	if err := k.store.RevokeKey(ctx, id, by, k.now()); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.revoked++
	for hash, e := range k.known {
		if e.key.ID == id {
			delete(k.known, hash)
		}
	}
	return nil
}

// List gives all keys by name, revoked ones too.
func (k *Keyring) List(ctx context.Context) ([]record.Key, error) { return k.store.ListKeys(ctx) }
