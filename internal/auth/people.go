package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/ringfence/ringfence/internal/record"
)

// People is the users of the server: it makes them, lets them in by a password, and recognises their sessions by a cookie.
//
// A session's secret is 256 random bits, stored as its SHA-256 only. It ends after twelve hours, or after two without a request. A user who is new, or whose password was reset, gets a
// password from the server that opens nothing but the change of the password.
//
// It is safe for concurrent use.
type People struct {
	store record.Users
	now   func() int64
	decoy string        // hash of a password that nobody has
	busy  chan struct{} // at most so many passwords are checked at a time, at 19 MiB each

	mu    sync.Mutex
	tries map[string]*rate.Limiter // of names and addresses
	known map[[sha256.Size]byte]session
	ended int // how often sessions were ended
}

type session struct {
	record.Session
	principal *Principal
	read      int64
}

const (
	sessionLife = int64(12 * time.Hour)
	sessionIdle = int64(2 * time.Hour)
	checks      = 2
	maxTries    = 20_000 // counts of names and addresses that are remembered
	maxSessions = 10_000 // that are remembered beside the store

	cookie = "ringfence_session"
)

// ErrTooMany is a login that is refused for the number of failures before it, whatever its password.
var ErrTooMany = errors.New("too many logins that failed; wait some minutes")

// ErrPassword is a login with a wrong name or password, or of a user who may not log in. It does not say which.
var ErrPassword = fmt.Errorf("%w: name or password is wrong", ErrUnknown)

// NewPeople makes it over the stored users. now is nanoseconds since 1970.
func NewPeople(store record.Users, now func() int64) *People {
	return &People{store: store, now: now, decoy: hashPassword(random(32)), busy: make(chan struct{}, checks),
		tries: map[string]*rate.Limiter{}, known: map[[sha256.Size]byte]session{}}
}

// Create makes a user and gives the password for the first login, which is kept nowhere.
func (p *People) Create(ctx context.Context, name string, role Role, by string) (password string, err error) {
	if !namePattern.MatchString(name) {
		return "", fmt.Errorf("%w: user name %.64q: use 1 to 64 of a-z, 0-9, '.', '_' and '-'", record.ErrInvalid, name)
	}
	if role.Scopes() == nil {
		return "", fmt.Errorf("%w: user %q: no role %.64q; choose from %v", record.ErrInvalid, name, role, Roles())
	}
	password = random(15)
	u := record.User{Name: name, Role: string(role), Password: hashPassword(password), Temporary: true, Created: p.now()}
	if err := p.store.PutUser(ctx, u, by); err != nil {
		return "", err
	}
	return password, nil
}

// Change gives a user another role, or lets the user in no more, or again. All sessions of the user end.
func (p *People) Change(ctx context.Context, name string, role *Role, disabled *bool, by string) error {
	c := record.UserChange{Disabled: disabled}
	if role != nil {
		if role.Scopes() == nil {
			return fmt.Errorf("%w: user %q: no role %.64q; choose from %v", record.ErrInvalid, name, *role, Roles())
		}
		word := string(*role)
		c.Role = &word
	}
	return p.change(ctx, name, c, [sha256.Size]byte{}, by)
}

// Reset gives a user a password for one login, which has to set another.
func (p *People) Reset(ctx context.Context, name, by string) (password string, err error) {
	password = random(15)
	hash := hashPassword(password)
	return password, p.change(ctx, name, record.UserChange{Password: &hash, Temporary: true}, [sha256.Size]byte{}, by)
}

func (p *People) change(ctx context.Context, name string, c record.UserChange, keep [sha256.Size]byte, by string) error {
	if err := p.store.ChangeUser(ctx, name, c, keep, by, p.now()); err != nil {
		return err
	}
	p.forget()
	return nil
}

// forget makes the store be asked for every session again.
func (p *People) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended++
	clear(p.known)
}

// List gives all users by name.
func (p *People) List(ctx context.Context) ([]record.User, error) { return p.store.ListUsers(ctx) }

// Login checks a name and a password and begins a session, whose cookie it gives. A wrong name takes as long as a wrong password, and both count against the name and the address: see
// [ErrTooMany]. Behind a proxy all logins are from its address.
func (p *People) Login(r *http.Request, name, password string) (*http.Cookie, error) {
	ctx := r.Context()
	from := network(r.RemoteAddr)
	if !p.mayTry("from "+from, 60, 2*time.Second) || !p.mayTry(name+" from "+from, 10, 30*time.Second) || !p.mayTry("name "+name, 100, 5*time.Second) {
		return nil, ErrTooMany
	}
	select {
	case p.busy <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-p.busy }()
	u, err := p.store.User(ctx, name)
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return nil, err
	}
	hashed := u.Password
	if err != nil || len(password) > mostPassword {
		hashed, password = p.decoy, ""
	}
	if !passwordMatches(hashed, password) || u.Disabled != 0 || u.Name == "" {
		return nil, ErrPassword
	}
	p.forgive(name + " from " + from)
	secret, now := random(32), p.now()
	n := record.Session{Hash: sha256.Sum256([]byte(secret)), User: u.Name, Created: now, Used: now, Expires: now + sessionLife}
	if err := p.store.PutSession(ctx, n); err != nil {
		return nil, err
	}
	if now, err := p.store.User(ctx, u.Name); err != nil || now.Password != u.Password || now.Disabled != 0 { // changed while we looked
		return nil, errors.Join(err, p.store.EndSession(ctx, n.Hash), ErrPassword)
	}
	return cookieFor(r, secret, int(sessionLife/int64(time.Second))), nil
}

// cookieFor is what a browser keeps: not for scripts, sent by pages of this server only, and over https only if that is how the request came to us or to the proxy before us.
func cookieFor(r *http.Request, secret string, age int) *http.Cookie {
	return &http.Cookie{Name: cookie, Value: secret, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"}
}

// network is whom an address is counted with: an IPv4 address alone, an IPv6 address with those of its /64, which one household has.
func network(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	addr := at.Addr().Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, _ := addr.Prefix(64) // never fails for IPv6
	return prefix.String()
}

// mayTry counts a login against a key, of which so many may come at once and then one each so often. Keys that are not as good as new are never let go: while there is
// no room, new ones are refused.
func (p *People) mayTry(key string, burst int, each time.Duration) bool {
	at := time.Unix(0, p.now())
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.tries[key]
	if l == nil {
		if len(p.tries) >= maxTries {
			maps.DeleteFunc(p.tries, func(_ string, l *rate.Limiter) bool { return l.TokensAt(at) >= float64(l.Burst()) })
		}
		if len(p.tries) >= maxTries {
			return false
		}
		l = rate.NewLimiter(rate.Every(each), burst)
		p.tries[key] = l
	}
	return l.AllowN(at, 1)
}

func (p *People) forgive(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.tries, key)
}

// Identify implements [Identifier] by the session's cookie.
func (p *People) Identify(r *http.Request) (*Principal, error) {
	n, err := p.find(r)
	if err != nil {
		return nil, err
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil { // beside the cookie's SameSite
		return nil, fmt.Errorf("%w: a session takes no request of another origin", ErrUnknown)
	}
	return n.principal, nil
}

var errNoSession = fmt.Errorf("%w: log in", ErrUnknown)

// find gives the session of a request's cookie.
func (p *People) find(r *http.Request) (session, error) {
	c, err := r.Cookie(cookie)
	if err != nil || len(c.Value) != secretLength {
		return session{}, errNoSession
	}
	hash, now := sha256.Sum256([]byte(c.Value)), p.now()
	p.mu.Lock()
	n, ok := p.known[hash]
	before := p.ended
	p.mu.Unlock()
	if !ok || now-n.read >= fresh {
		stored, u, err := p.store.SessionByHash(r.Context(), hash)
		switch {
		case errors.Is(err, record.ErrNotFound):
			return session{}, errNoSession
		case err != nil:
			return session{}, fmt.Errorf("look up the session: %w", err)
		case u.Disabled != 0:
			return session{}, errNoSession
		}
		principal := &Principal{By: "person:" + u.Name, User: u.Name, Role: Role(u.Role), Temporary: u.Temporary}
		if !u.Temporary {
			principal.Scopes = Role(u.Role).Scopes()
		}
		n = session{stored, principal, now}
		p.remember(hash, n, before)
	}
	if now >= n.Expires || now-n.Used >= sessionIdle {
		return session{}, errNoSession
	}
	if now-n.Used >= touchEvery {
		if err := p.store.TouchSession(r.Context(), hash, now); err != nil {
			return session{}, fmt.Errorf("record the use of the session: %w", err)
		}
		n.Used = now
		p.remember(hash, n, before)
	}
	return n, nil
}

// remember keeps a session, unless sessions were ended since the store was asked.
func (p *People) remember(hash [sha256.Size]byte, n session, before int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended != before {
		return
	}
	if len(p.known) >= maxSessions {
		clear(p.known)
	}
	p.known[hash] = n
}

// SetPassword changes the password of a session's user. Other sessions of the user end.
func (p *People) SetPassword(r *http.Request, old, password string) error {
	n, err := p.find(r)
	if err != nil {
		return err
	}
	if err := checkPassword(password); err != nil {
		return err
	}
	own := "own " + n.User
	if !p.mayTry(own, 10, 30*time.Second) {
		return ErrTooMany
	}
	p.busy <- struct{}{}
	defer func() { <-p.busy }()
	u, err := p.store.User(r.Context(), n.User)
	if err != nil {
		return err
	}
	if len(old) > mostPassword || !passwordMatches(u.Password, old) {
		return fmt.Errorf("%w: the old password is wrong", record.ErrInvalid)
	}
	if old == password {
		return fmt.Errorf("%w: the new password is the old one", record.ErrInvalid)
	}
	p.forgive(own)
	hash := hashPassword(password)
	return p.change(r.Context(), n.User, record.UserChange{Password: &hash}, n.Hash, "person:"+n.User)
}

// Logout ends the session of a request, if there is one, and gives the cookie that takes the place of the session's.
func (p *People) Logout(r *http.Request) (*http.Cookie, error) {
	if c, err := r.Cookie(cookie); err == nil {
		if err := p.store.EndSession(r.Context(), sha256.Sum256([]byte(c.Value))); err != nil {
			return nil, err
		}
		p.forget()
	}
	return cookieFor(r, "", -1), nil
}

// Either identifies by an API key where the request has the header Authorization, and by a session elsewhere.
type Either struct {
	Keys   *Keyring
	People *People
}

// Identify implements [Identifier].
func (e Either) Identify(r *http.Request) (*Principal, error) {
	if r.Header.Get("Authorization") == "" {
		if _, err := r.Cookie(cookie); err == nil {
			return e.People.Identify(r)
		}
	}
	return e.Keys.Identify(r)
}
