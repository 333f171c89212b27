// Package auth says who sends a request and what they may do. Every route needs one scope ([ScopeOf]); an API key holds some, and a user has those
// of a [Role].
//
// Keys come from a [Keyring], users from [People]. [Loopback] is the open mode of a demo: everybody on this machine may do everything, nobody else
// anything.
package auth

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// Scope is a set of routes that a key may open.
type Scope string

// The scopes. None implies another.
const (
	Public  Scope = ""        // needs nobody
	Self    Scope = "self"    // needs somebody, and is about them
	Ingest  Scope = "ingest"  // send events
	Decide  Scope = "decide"  // ask for the decision on an event
	Read    Scope = "read"    // see decisions, entities, rules, effects, cases, changes, metrics
	Rules   Scope = "rules"   // change the rules, banks and models
	Review  Scope = "review"  // decide cases
	Act     Scope = "act"     // label, allow, lift
	Approve Scope = "approve" // let go what waits above a cap
	Audit   Scope = "audit"   // read the audit trail
	Admin   Scope = "admin"   // manage keys and users
)

// Scopes lists the scopes that a key can hold.
func Scopes() []Scope {
	return []Scope{Ingest, Decide, Read, Rules, Review, Act, Approve, Audit, Admin}
}

// Principal is who sends a request.
type Principal struct {
	By     string // as changes and the audit trail name it: "key:ci", "person:ada"
	Scopes []Scope

	User      string // of a session; empty for keys
	Role      Role   // of the user
	Temporary bool   // the user has to set a password before anything else

	quota *rate.Limiter // nil for none
}

// May reports whether the principal holds the scope.
func (p *Principal) May(s Scope) bool {
	return s == Public || s == Self || slices.Contains(p.Scopes, s)
}

// Take counts n events against the principal's quota. If they are too many now, it counts none and says when to try again.
// now is nanoseconds since 1970.
func (p *Principal) Take(n int, now int64) (wait time.Duration, ok bool) {
	if p.quota == nil {
		return 0, true
	}
	at := time.Unix(0, now)
	r := p.quota.ReserveN(at, n)
	if !r.OK() {
		return time.Second, false
	}
	if wait = r.DelayFrom(at); wait > 0 {
		r.CancelAt(at)
		return wait, false
	}
	return 0, true
}

// Identifier finds out who sends a request.
type Identifier interface {
	// Identify gives ErrUnknown where nobody is known by what the request shows; any other error is the server's.
	Identify(r *http.Request) (*Principal, error)
}

// ErrUnknown is a request that no valid key came with. Its message may be shown to the sender: it does not say whether a key
// was ever valid.
var ErrUnknown = errors.New("not authenticated")
