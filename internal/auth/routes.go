package auth

import "slices"

// ScopeOf gives the scope that a route needs. A route is a method and a path pattern, as in "GET /v1/cases/{id}". A route that
// the table does not have is not known and must not be served.
func ScopeOf(route string) (s Scope, known bool) {
	for _, group := range table {
		if slices.Contains(group.routes, route) {
			return group.scope, true
		}
	}
	return "", false
}

// Routes lists the routes of the table.
func Routes() []string {
	var all []string
	for _, group := range table {
		all = append(all, group.routes...)
	}
	return all
}

// table is who may call what, all of it.
var table = [...]struct {
	scope  Scope
	routes []string
}{
	{Public, []string{
		"GET /{$}",
		"GET /healthz",
		"GET /readyz",
		"GET /openapi.json",
		"GET /openapi.yaml",
		"POST /v1/session",
	}},
	{Self, []string{
		"GET /v1/session",
		"DELETE /v1/session",
		"POST /v1/session/password",
	}},
	{Ingest, []string{
		"POST /v1/events",
		"POST /v1/reports",
	}},
	{Decide, []string{
		"POST /v1/decide",
	}},
	{Read, []string{
		"GET /metrics",
		"GET /v1/decisions",
		"GET /v1/entities/{kind}/{id}",
		"GET /v1/groups",
		"GET /v1/groups/{id}",
		"GET /v1/groups/{id}/graph",
		"GET /v1/accounts/{id}/group",
		"GET /v1/banks",
		"GET /v1/banks/{name}/entries",
		"GET /v1/banks/{name}/versions",
		"GET /v1/banks/{name}/quarantine",
		"GET /v1/banks/{name}/lookbacks",
		"GET /v1/preview",
		"POST /h/hash",
		"GET /m/raw_lookup",
		"GET /m/lookup",
		"POST /m/lookup",
		"GET /m/index/status",
		"GET /c/banks",
		"GET /c/bank/{name}",
		"GET /c/bank/{name}/content/{id}",
		"GET /c/signal_type",
		"GET /v1/discoveries",
		"GET /v1/models",
		"GET /v1/rules",
		"GET /v1/rules/versions",
		"GET /v1/effects",
		"GET /v1/actions",
		"GET /v1/actions/{id}",
		"GET /v1/actions/{id}/members",
		"GET /v1/cases",
		"GET /v1/cases/{id}",
		"GET /v1/verdicts",
		"GET /v1/review/queue",
		"GET /v1/review/models",
		"GET /v1/review/prevalence",
		"GET /v1/changes",
		"GET /v1/dead-letters",
		"GET /v1/media/{digest}",
		"GET /v1/media/{digest}/preview",
	}},
	{Rules, []string{
		"PUT /v1/banks/{name}",
		"PATCH /v1/banks/{name}",
		"POST /v1/banks/{name}/pictures",
		"POST /v1/banks/{name}/drop",
		"POST /v1/banks/{name}/rollback",
		"POST /v1/banks/{name}/quarantine",
		"POST /v1/banks/{name}/release",
		"POST /c/bank/{name}/signal",
		"POST /v1/discoveries/run",
		"POST /v1/discoveries/{id}/accept",
		"POST /v1/discoveries/{id}/refuse",
		"PUT /v1/models/{name}",
		"POST /v1/models/{name}/rollback",
		"POST /v1/models/{name}/drop",
		"POST /v1/review/models/train",
		"POST /v1/review/models/{id}/serve",
		"PUT /v1/rules",
		"POST /v1/rules/rollback",
		"POST /v1/rules/{id}/reset",
	}},
	{Review, []string{
		"GET /v1/media/{digest}/original",
		"POST /v1/cases",
		"POST /v1/cases/{id}/verdict",
		"POST /v1/cases/{id}/notes",
		"POST /v1/cases/{id}/release",
		"POST /v1/appeals",
		"POST /v1/review/next",
		"POST /v1/verdicts/{id}/undo",
		"POST /v1/banks/{name}/feedback",
	}},
	{Act, []string{
		"POST /v1/labels",
		"POST /v1/allows",
		"POST /v1/effects/requeue",
		"POST /v1/enforcements/lift",
		"POST /v1/groups/{id}/actions",
		"POST /v1/actions/{id}/continue",
		"POST /v1/actions/{id}/stop",
		"POST /v1/actions/{id}/resume",
		"POST /v1/actions/{id}/undo",
	}},
	{Approve, []string{
		"POST /v1/effects/approve",
		"POST /v1/effects/refuse",
		"POST /v1/actions/{id}/approve",
	}},
	{Audit, []string{
		"GET /v1/audit",
	}},
	{Admin, []string{
		"GET /v1/keys",
		"POST /v1/keys",
		"DELETE /v1/keys/{id}",
		"POST /v1/media/erase",
		"GET /v1/users",
		"POST /v1/users",
		"PATCH /v1/users/{name}",
		"POST /v1/users/{name}/reset",
	}},
}
