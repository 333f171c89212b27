package api

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ringfence/ringfence/internal/journal"
)

// Readiness says whether events can be taken and decided.
type Readiness struct {
	Ready    bool     `json:"ready"`
	Problems []string `json:"problems,omitempty" nullable:"false"`
}

func (a *API) routeOperations() {
	tags := []string{"operations"}
	a.handle(huma.Operation{
		OperationID: "health", Method: http.MethodGet, Path: "/healthz", Tags: tags, Summary: "Is the process up?",
		Responses: map[string]*huma.Response{"200": textResponse("It is.", "text/plain")},
	}, func(w http.ResponseWriter, r *http.Request) {
		a.send(w, r, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
	})
	ready := jsonResponse("It can.", schemaOf[Readiness](a))
	not := *ready
	not.Description = "It cannot; the problems say why."
	a.handle(huma.Operation{
		OperationID: "readiness", Method: http.MethodGet, Path: "/readyz", Tags: tags, Summary: "Can the server take and decide events?",
		Responses: map[string]*huma.Response{"200": ready, "503": &not},
	}, a.readiness)
	metrics := promhttp.HandlerFor(a.Registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	a.handle(huma.Operation{
		OperationID: "metrics", Method: http.MethodGet, Path: "/metrics", Tags: tags, Summary: "Metrics for Prometheus",
		Responses: map[string]*huma.Response{"200": textResponse("In Prometheus' text form.", "text/plain")},
	}, metrics.ServeHTTP)
	a.handle(huma.Operation{
		OperationID: "index", Method: http.MethodGet, Path: "/{$}", Tags: tags, Summary: "Where to look",
		Responses: map[string]*huma.Response{"200": textResponse("A page.", "text/html")},
	}, func(w http.ResponseWriter, r *http.Request) {
		a.send(w, r, http.StatusOK, "text/html; charset=utf-8", []byte(index))
	})
}

func (a *API) readiness(w http.ResponseWriter, r *http.Request) {
	problems := a.unready()
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusServiceUnavailable
	}
	a.send(w, r, status, "application/json", encode(&Readiness{Ready: len(problems) == 0, Problems: problems}))
}

// pulse remembers when the loop was last seen to move.
type pulse struct {
	mu      sync.Mutex
	decided journal.Position
	moved   int64
}

// still gives how long the loop has stood at a position, as far as it was asked.
func (p *pulse) still(decided journal.Position, now int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if decided != p.decided || p.moved == 0 {
		p.decided, p.moved = decided, now
	}
	return time.Duration(now - p.moved)
}

// unready lists why events cannot be taken or decided now.
func (a *API) unready() []string {
	var problems []string
	if err := a.Health(); err != nil {
		problems = append(problems, "the store cannot be written: "+err.Error())
	}
	_, last := a.Journal.Bounds(partition)
	decided := a.Engine.Status().Decided
	still := a.pulse.still(decided, a.Now())
	if last <= decided {
		return problems
	}
	const dead = 10 * time.Second
	if still >= dead {
		problems = append(problems, fmt.Sprintf("the loop has stood at position %d for %s with records before it: it waits for the outbox, or has failed; see the log", decided, still))
	}
	if behind := uint64(last - decided); behind > a.Limits.Behind {
		problems = append(problems, fmt.Sprintf("the loop is %d records behind", behind))
	}
	return problems
}

const index = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Ringfence</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}code{background:#8882;padding:.1em .3em}</style></head>
<body>
<h1>Ringfence</h1>
<p>This server takes events, decides them by rules and acts on what it finds.</p>
<ul>
<li><a href="/openapi.yaml">/openapi.yaml</a>: every route, also as <a href="/openapi.json">JSON</a></li>
<li><a href="/v1/rules">/v1/rules</a>: the rules and what they did</li>
<li><a href="/v1/cases">/v1/cases</a>: what waits for a reviewer</li>
<li><a href="/v1/effects?state=waiting">/v1/effects?state=waiting</a>: what waits for an approval</li>
<li><a href="/v1/decisions">/v1/decisions</a>: decisions as they are made</li>
<li><a href="/readyz">/readyz</a>, <a href="/healthz">/healthz</a>, <a href="/metrics">/metrics</a></li>
</ul>
<p>Routes below <code>/v1</code> ask for a key: <code>Authorization: Bearer rf_…</code></p>
</body>
</html>
`
