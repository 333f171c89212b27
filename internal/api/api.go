// Package api is Ringfence over HTTP: events in, decisions out, and everything that people see and change.
//
// Every request passes one gate (gate.go): it finds the route, who asks, and whether their scope allows it. Most routes are
// typed functions that huma decodes, checks and documents; the ones that stream or must be quick (events, decide, decisions) are
// plain handlers with a description beside them. The OpenAPI document is made from both, so that no route lacks one.
//
// Errors are RFC 9457 problems that say what is wrong, where, and what to do.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/auth"
	"github.com/ringfence/ringfence/internal/journal"
)

// Deps is what the API stands on.
type Deps struct {
	Engine    Engine
	Decisions Decisions
	Ingest    Ingest
	Control   Control
	Store     Store
	Journal   Journal
	Finder    Finder
	Recent    Recent
	Actions   Actions
	Gallery   Gallery // nil where no pictures are fetched
	Known     Known   // likewise
	Review    Review
	Auth      auth.Identifier
	Keys      *auth.Keyring
	People    *auth.People
	Health    func() error // an error says why the stores can no longer be written
	Now       func() int64 // nanoseconds since 1970
	Log       *slog.Logger
	Registry  *prometheus.Registry // gets the API's metrics and those of the engine; served at /metrics
	Limits    Limits
	Default   string // verdict that goes with an undecided answer
}

// Limits bounds what a caller can ask of the API. None may be zero.
type Limits struct {
	Event     event.Limits
	Body      int64         // bytes of a body of events, packed and unpacked alike
	Batch     int           // events of one request
	Uploads   int           // requests with events that are worked on at a time, a half of them for one key at most
	Streams   int64         // followers of decisions at a time
	Stall     time.Duration // how long a sender or a reader may keep a stream waiting
	Upload    time.Duration // how long a body of events may take as a whole
	Wait      time.Duration // how long events wait for a loop that is behind, before the sender is told to come back
	Deadline  time.Duration // of a synchronous decision, from the moment its event is read
	Heartbeat time.Duration // of a stream with nothing to say
	Behind    uint64        // records the loop may be behind and the server still be called ready
}

// DefaultLimits is what the product uses unless told otherwise.
func DefaultLimits() Limits {
	return Limits{
		Event: event.DefaultLimits(), Body: 64 << 20, Batch: 10_000, Uploads: 32, Streams: 64,
		Stall: 30 * time.Second, Upload: 2 * time.Minute, Wait: 10 * time.Second, Deadline: 50 * time.Millisecond, Heartbeat: 15 * time.Second,
		Behind: 200_000,
	}
}

const partition journal.Partition = 0

// API serves HTTP. It is safe for concurrent use.
type API struct {
	Deps
	mux     *http.ServeMux
	scopes  map[string]auth.Scope // by route; nothing else is served
	huma    huma.API
	metrics *metrics
	uploads *slots
	streams *semaphore.Weighted
	hashing chan struct{} // has one for each uploaded picture that is being hashed
	files   chan struct{} // has one for each that is in memory to be
	scratch sync.Pool     // *scratch
	served  atomic.Uint64
	pulse   pulse
	closing context.Context
	close   context.CancelFunc
}

// New makes an API and registers its metrics. It panics if a route has no scope: a mistake that no run gets past.
func New(d Deps) *API {
	a := &API{
		Deps: d, mux: http.NewServeMux(), scopes: map[string]auth.Scope{},
		uploads: newSlots(d.Limits.Uploads), streams: semaphore.NewWeighted(d.Limits.Streams),
	}
	a.scratch.New = func() any { return newScratch(d.Limits.Event) }
	a.closing, a.close = context.WithCancel(context.Background())
	a.metrics = newMetrics(a, d.Registry)
	a.huma = humago.New(routes{a}, document())
	a.routeEvents()
	a.routeDecide()
	a.routeDecisions()
	a.routeEntities()
	a.routeGroups()
	a.routeRules()
	a.routeEffects()
	a.routeActions()
	a.routePeople()
	a.routeBanks()
	a.routeFeedback()
	a.routeRecent()
	a.routeHMA()
	a.routeBankPictures()
	a.routeDiscoveries()
	a.routeModels()
	a.routeCases()
	a.routeMedia()
	a.routeReports()
	a.routeReview()
	a.routeTrails()
	a.routeKeys()
	a.routeUsers()
	a.routeOperations()
	a.routeDocument() // last: it renders what the others registered
	return a
}

// Server is an HTTP server for the API. Shutting it down ends the streams of decisions and lets other requests finish.
func (a *API) Server() *http.Server {
	s := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug),
	}
	s.RegisterOnShutdown(a.close)
	return s
}

// register adds a typed route.
func register[I, O any](a *API, op huma.Operation, serve func(context.Context, *I) (*O, error)) {
	a.describe(&op)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := serve(ctx, in)
		if err != nil {
			return nil, a.problemOf(ctx, err)
		}
		return out, nil
	})
}

// handle adds a plain route. The operation describes it in full.
func (a *API) handle(op huma.Operation, serve http.HandlerFunc) {
	a.describe(&op)
	documented := op
	documented.Path = strings.TrimSuffix(op.Path, "{$}") // the mux's word for "and nothing behind it"
	a.huma.OpenAPI().AddOperation(&documented)
	a.huma.Adapter().Handle(&op, func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		serve(w, r)
	})
}
