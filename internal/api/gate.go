package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/ringfence/ringfence/internal/auth"
)

// routes is the mux as huma sees it. A route without a scope cannot be added.
type routes struct{ a *API }

func (m routes) HandleFunc(route string, serve func(http.ResponseWriter, *http.Request)) {
	scope, known := auth.ScopeOf(route)
	if !known {
		panic("api: the table of scopes does not have the route " + route)
	}
	m.a.scopes[route] = scope
	m.a.mux.HandleFunc(route, serve)
}

func (m routes) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.a.ServeHTTP(w, r) }

// exchange is one request on its way through the gate.
type exchange struct {
	http.ResponseWriter
	id        string
	route     string
	principal *auth.Principal // nil on public routes
	status    int             // 0 until the header is written
	bytes     int64
}

type exchangeKey struct{}

// exchangeOf gives the exchange that a request's context belongs to.
func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(b)
	x.bytes += int64(n)
	return n, err
}

// ServeHTTP is the gate.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := a.Now()
	x := &exchange{ResponseWriter: w, id: "r" + strconv.FormatUint(a.served.Add(1), 10), route: "none"}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	defer func() {
		begun := false
		p := recover()
		if p == http.ErrAbortHandler { //nolint:errorlint // a sentinel that is panicked, never wrapped
			begun = true
		} else if p != nil {
			a.Log.Error("a request failed", "request", x.id, "route", x.route, "panic", p, "stack", string(debug.Stack()))
			if begun = x.status != 0; !begun {
				a.refuse(x, r, http.StatusInternalServerError, "internal error; the server's log tells more under request "+x.id)
			}
		}
		a.finish(x, r, a.Now()-start)
		if begun {
			panic(http.ErrAbortHandler) // what was begun cannot be ended well: cut the connection
		}
	}()
	h := w.Header()
	h.Set("X-Request-Id", x.id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")

	other, route := a.mux.Handler(r)
	scope, known := a.scopes[route]
	if !known {
		a.noRoute(x, r, other)
		return
	}
	x.route = route
	if a.admit(x, r, scope) {
		a.mux.ServeHTTP(x, r)
	}
}

// admit says whether the request may go on, and answers it if not.
func (a *API) admit(x *exchange, r *http.Request, scope auth.Scope) bool {
	if scope == auth.Public {
		return true
	}
	p, err := a.Auth.Identify(r)
	switch {
	case errors.Is(err, auth.ErrUnknown):
		x.Header().Set("WWW-Authenticate", `Bearer realm="ringfence"`)
		a.refuse(x, r, http.StatusUnauthorized, err.Error())
		return false
	case err != nil:
		a.Log.Error("a request cannot be authenticated", "request", x.id, "error", err)
		x.Header().Set("Retry-After", "1")
		a.refuse(x, r, http.StatusServiceUnavailable, "keys and sessions cannot be looked up now; try again")
		return false
	}
	x.principal = p
	switch {
	case p.May(scope):
		return true
	case p.Temporary:
		a.refuse(x, r, http.StatusForbidden, "set a password of your own first: POST /v1/session/password")
	default:
		a.refuse(x, r, http.StatusForbidden, p.By+" lacks the scope "+strconv.Quote(string(scope))+", which "+x.route+" needs")
	}
	return false
}

// noRoute answers a path or a method that there is none of. other is what the mux would say.
func (a *API) noRoute(x *exchange, r *http.Request, other http.Handler) {
	said := &saying{header: http.Header{}}
	other.ServeHTTP(said, r)
	if said.status == http.StatusMethodNotAllowed {
		x.Header().Set("Allow", said.header.Get("Allow"))
		a.refuse(x, r, said.status, "this path takes "+said.header.Get("Allow"))
		return
	}
	a.refuse(x, r, http.StatusNotFound, "there is no such path; /openapi.yaml lists all")
}

// saying is a response that goes nowhere.
type saying struct {
	header http.Header
	status int
}

func (s *saying) Header() http.Header         { return s.header }
func (s *saying) Write(b []byte) (int, error) { return len(b), nil }
func (s *saying) WriteHeader(status int)      { s.status = status }

// finish counts and logs a request. What succeeds at high rates is logged at debug level only.
func (a *API) finish(x *exchange, r *http.Request, took int64) {
	status := x.status
	if status == 0 {
		status = http.StatusOK
	}
	a.metrics.request(x.route, status, took)
	level := slog.LevelInfo
	switch {
	case status >= 500:
		level = slog.LevelError
	case status < 400 && (x.route == "POST /v1/decide" || a.scopes[x.route] == auth.Public || x.route == "GET /metrics"):
		level = slog.LevelDebug
	}
	by := ""
	if x.principal != nil {
		by = x.principal.By
	}
	a.Log.LogAttrs(r.Context(), level, "request", slog.String("request", x.id), slog.String("method", r.Method),
		slog.String("path", r.URL.Path), slog.Int("status", status), slog.Duration("took", time.Duration(took)),
		slog.Int64("bytes", x.bytes), slog.String("by", by), slog.String("remote", r.RemoteAddr))
}
