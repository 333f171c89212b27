package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/record"
)

// Change is something that a person changed.
type Change struct {
	ID        string `json:"id"`
	Kind      string `json:"kind" enum:"rules,label,allow,approve,lift,close,breaker,act,verdict,undo,bank,model"`
	By        string `json:"by"`
	At        Time   `json:"at"`
	Reason    string `json:"reason"`
	Journaled bool   `json:"journaled" doc:"The change is in the journal: the loop has met it or is about to."`
	Body      Raw    `json:"body,omitempty" doc:"What was changed. Left out for rules, banks and models, whose versions have routes of their own."`
}

// AuditEntry is one thing that somebody did.
type AuditEntry struct {
	At      Time   `json:"at"`
	By      string `json:"by"`
	Action  string `json:"action"`
	Subject string `json:"subject" doc:"The id of what it was done to."`
	Reason  string `json:"reason"`
}

// DeadLetter is an input line that was refused.
type DeadLetter struct {
	Source string `json:"source"`
	Line   int64  `json:"line,omitzero"`
	Error  string `json:"error"`
	Raw    string `json:"raw" doc:"The line, cut to its first 4096 bytes."`
	At     Time   `json:"at"`
}

func (a *API) routeTrails() {
	register(a, huma.Operation{
		OperationID: "list-changes", Method: http.MethodGet, Path: "/v1/changes", Tags: []string{"trails"}, Summary: "List what people changed",
	}, a.listChanges)
	register(a, huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: "/v1/audit", Tags: []string{"trails"}, Summary: "List who did what",
	}, a.listAudit)
	register(a, huma.Operation{
		OperationID: "list-dead-letters", Method: http.MethodGet, Path: "/v1/dead-letters", Tags: []string{"trails"}, Summary: "List refused input",
		Description: "The last ten thousand lines are kept.",
	}, a.listDeadLetters)
}

// listChanges lists fewer at a time than other lists may: a change of the rules weighs up to a mebibyte.
func (a *API) listChanges(ctx context.Context, in *struct {
	Kind   string `query:"kind" enum:"rules,label,allow,approve,lift,close,breaker,act,verdict,undo,bank,model" doc:"Only changes of this kind."`
	Before int64  `query:"before" minimum:"0" doc:"Only what is older than this; take it from the last answer's next."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"How many at most."`
}) (*listOutput[Change], error) {
	rows, err := a.Store.ListChanges(ctx, in.Kind, record.Page{Before: in.Before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return listOf(rows, in.Limit, changeOf, func(c *record.Change) int64 { return c.Seq }), nil
}

func changeOf(c *record.Change) Change {
	out := Change{ID: c.ID, Kind: c.Kind, By: c.By, At: Time(c.At), Reason: c.Reason, Journaled: c.Journaled}
	if c.Kind != "rules" && c.Kind != "bank" && c.Kind != "model" {
		out.Body = c.Body
	}
	return out
}

func (a *API) listAudit(ctx context.Context, in *PageQuery) (*listOutput[AuditEntry], error) {
	rows, err := a.Store.AuditTrail(ctx, in.page())
	if err != nil {
		return nil, err
	}
	return listOf(rows, in.Limit, func(e *record.AuditEntry) AuditEntry {
		return AuditEntry{At: Time(e.At), By: e.By, Action: e.Action, Subject: e.Subject, Reason: e.Reason}
	}, func(e *record.AuditEntry) int64 { return e.Seq }), nil
}

func (a *API) listDeadLetters(ctx context.Context, in *PageQuery) (*listOutput[DeadLetter], error) {
	rows, err := a.Store.ListRejections(ctx, in.page())
	if err != nil {
		return nil, err
	}
	return listOf(rows, in.Limit, func(r *record.Rejection) DeadLetter {
		return DeadLetter{Source: r.Source, Line: r.Line, Error: r.Error, Raw: string(r.Raw), At: Time(r.At)}
	}, func(r *record.Rejection) int64 { return r.Seq }), nil
}
