package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/record"
)

// Case is one question to a reviewer.
type Case struct {
	ID       string `json:"id"`
	Policy   string `json:"policy"`
	Entity   string `json:"entity" example:"account:a17"`
	Severity int    `json:"severity" doc:"The highest among its effects."`
	Opened   Time   `json:"opened" doc:"Event time."`
	Updated  Time   `json:"updated" doc:"Event time."`
	Effects  int64  `json:"effects" doc:"How many review effects it holds."`
	Closed   Time   `json:"closed,omitzero"`
	ClosedBy string `json:"closed_by,omitempty"`
	Verdict  string `json:"verdict,omitempty"`
}

// CaseDetail is a case with its evidence.
type CaseDetail struct {
	Case
	Evidence []Evidence `json:"evidence" nullable:"false" doc:"Oldest first; the first thousand."`
}

// Evidence is what one effect says for a case.
type Evidence struct {
	Effect string `json:"effect"`
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
	Source string `json:"source"`
	Event  string `json:"event"`
	Time   Time   `json:"time"`
}

type verdictBody struct {
	Verdict string `json:"verdict" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$" example:"harmful"`
	Reason  string `json:"reason,omitempty" maxLength:"1000"`
}

func (a *API) routeCases() {
	tags := []string{"cases"}
	register(a, huma.Operation{
		OperationID: "list-cases", Method: http.MethodGet, Path: "/v1/cases", Tags: tags, Summary: "List cases",
	}, a.listCases)
	register(a, huma.Operation{
		OperationID: "get-case", Method: http.MethodGet, Path: "/v1/cases/{id}", Tags: tags, Summary: "See a case and its evidence",
		Errors: []int{http.StatusNotFound},
	}, a.getCase)
	register(a, huma.Operation{
		OperationID: "close-case", Method: http.MethodPost, Path: "/v1/cases/{id}/close", Tags: tags,
		Summary: "Close a case with a verdict", Description: "A rule may open another on the same entity once the loop meets the change.",
		Errors: []int{http.StatusNotFound, http.StatusConflict}, DefaultStatus: http.StatusAccepted,
	}, a.closeCase)
}

func (a *API) listCases(ctx context.Context, in *struct {
	PageQuery
	State string `query:"state" enum:"open,closed" default:"open"`
}) (*listOutput[Case], error) {
	rows, err := a.Store.ListCases(ctx, in.State == "open", in.page())
	if err != nil {
		return nil, err
	}
	return listOf(rows, in.Limit, caseOf, func(c *record.Case) int64 { return c.Seq }), nil
}

func caseOf(c *record.Case) Case {
	return Case{ID: c.ID, Policy: c.Policy, Entity: c.Target.String(), Severity: c.Severity, Opened: Time(c.Opened), Updated: Time(c.Updated),
		Effects: c.Effects, Closed: Time(c.Closed), ClosedBy: c.ClosedBy, Verdict: c.Verdict}
}

func (a *API) getCase(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"256"`
}) (*struct{ Body CaseDetail }, error) {
	c, evidence, err := a.Store.Case(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body CaseDetail }{Body: CaseDetail{Case: caseOf(&c), Evidence: []Evidence{}}}
	for _, e := range evidence {
		out.Body.Evidence = append(out.Body.Evidence, Evidence{Effect: e.EffectID, Rule: e.Rule, Reason: e.Reason, Source: e.Source, Event: e.EventID, Time: Time(e.Time)})
	}
	return out, nil
}

func (a *API) closeCase(ctx context.Context, in *struct {
	Once
	ID   string `path:"id" maxLength:"256"`
	Body verdictBody
}) (*changedOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	return changed(author), a.Control.CloseCase(ctx, author, in.ID, in.Body.Verdict)
}
