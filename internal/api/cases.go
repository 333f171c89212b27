package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/record"
)

// Case is one question to a reviewer: all that is said against one subject.
type Case struct {
	ID       string       `json:"id"`
	Entity   string       `json:"entity" example:"account:a17"`
	Origin   string       `json:"origin" enum:"rule,report,person,model,sample" doc:"What opened it; sample: one of its views was drawn at random."`
	Kind     string       `json:"kind" enum:",second,appeal" doc:"second: another reviewer looks at a verdict that would be dear if it were wrong."`
	Of       string       `json:"of,omitempty" doc:"The case that a second look or an appeal is about."`
	NotBy    string       `json:"not_by,omitempty" doc:"Who must not decide it."`
	Policies []CasePolicy `json:"policies" nullable:"false" doc:"By name."`
	Severity int          `json:"severity" doc:"The highest among its policies."`
	Opened   Time         `json:"opened" doc:"Event time."`
	Updated  Time         `json:"updated" doc:"Event time."`
	Deadline Time         `json:"deadline,omitzero"`
	Effects  int64        `json:"effects" doc:"How many review effects it holds."`
	Reports  int64        `json:"reports" doc:"How many reports."`
	Draws    int64        `json:"draws" doc:"How many of its views were drawn for the estimate of prevalence."`
	Held     string       `json:"held_by,omitempty" doc:"The case of its group, which is decided first."`
	Leased   Time         `json:"leased_until,omitzero"`
	LeasedBy string       `json:"leased_by,omitempty"`
	Closed   Time         `json:"closed,omitzero"`
	ClosedBy string       `json:"closed_by,omitempty"`
	Verdict  string       `json:"verdict,omitempty"`
	Change   string       `json:"change,omitempty" doc:"The change that closed it: the id of the verdict."`
}

// CasePolicy is a policy under which a case asks.
type CasePolicy struct {
	Policy   string `json:"policy"`
	Severity int    `json:"severity"`
	Effects  int64  `json:"effects"`
}

// CaseDetail is a case with all that is kept of it, each list oldest first.
type CaseDetail struct {
	Case
	Standing *Standing    `json:"standing,omitempty" doc:"Of an open case: where it stands in the queue, and why."`
	Evidence []Evidence   `json:"evidence" nullable:"false" doc:"The first thousand."`
	Told     []CaseReport `json:"told" nullable:"false" doc:"Reports, the first thousand."`
	About    []string     `json:"about" nullable:"false" doc:"Entities that it is also about."`
	Notes    []CaseNote   `json:"notes" nullable:"false"`
	History  []Verdict    `json:"history" nullable:"false" doc:"Verdicts on this subject."`
	Members  []Case       `json:"members" nullable:"false" doc:"Of a group's case: the cases that it holds, the first thousand."`
	Similar  []Similar    `json:"similar" nullable:"false" doc:"Decided cases that have something in common with it, most first."`
}

// Evidence is what one rule, or somebody who opened the case, says.
type Evidence struct {
	Kind     string    `json:"kind" enum:"rule,person,model"`
	Effect   string    `json:"effect"`
	Rule     string    `json:"rule" doc:"Or who."`
	Version  string    `json:"version,omitempty" doc:"Of the rule."`
	Policy   string    `json:"policy"`
	Severity int       `json:"severity"`
	Reason   string    `json:"reason"`
	Readings []Reading `json:"readings,omitempty" nullable:"false" doc:"Signals and windows that the rule read."`
	Source   string    `json:"source,omitempty" doc:"Of the event."`
	Event    string    `json:"event,omitempty"`
	Time     Time      `json:"time"`
}

// Reading is what a rule read.
type Reading struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// CaseReport is somebody's word against a subject.
type CaseReport struct {
	Reporter  string `json:"reporter"`
	Policy    string `json:"policy"`
	Reason    string `json:"reason"`
	Time      Time   `json:"time"`
	Agreed    int64  `json:"agreed" doc:"Earlier reports of this reporter that proved right."`
	Disagreed int64  `json:"disagreed" doc:"And wrong."`
}

// CaseNote is what a person wrote on a case.
type CaseNote struct {
	By   string `json:"by"`
	At   Time   `json:"at"`
	Text string `json:"text"`
}

// Similar is a decided case and what it has in common with another.
type Similar struct {
	Case
	Shares []string `json:"shares" nullable:"false" doc:"Entities that both are about."`
}

type openCaseBody struct {
	Entity   string   `json:"entity" maxLength:"4200" example:"account:a17"`
	Policy   string   `json:"policy" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$"`
	Severity int      `json:"severity,omitempty" minimum:"0" maximum:"5"`
	Deadline Time     `json:"deadline,omitzero" doc:"By when it has to be decided: it goes into the lane of deadlines."`
	About    []string `json:"about,omitempty" maxItems:"64" nullable:"false" doc:"Entities that it is also about."`
	Reason   string   `json:"reason" minLength:"1" maxLength:"1000"`
}

type appealBody struct {
	Case     string `json:"case" minLength:"1" maxLength:"256" doc:"The decided case."`
	Deadline Time   `json:"deadline,omitzero"`
	Reason   string `json:"reason" minLength:"1" maxLength:"1000" doc:"In the words of whom the verdict was about."`
}

type noteBody struct {
	Text string `json:"text" minLength:"1" maxLength:"4096"`
}

// CaseID is which case a request is about. Its name is exported because huma passes over fields of an unexported type.
type CaseID struct {
	ID string `path:"id" maxLength:"256"`
}

// Opened says which case somebody's word opened, or joined.
type Opened struct {
	Case string `json:"case"`
}

func (a *API) routeCases() {
	tags := []string{"cases"}
	register(a, huma.Operation{
		OperationID: "list-cases", Method: http.MethodGet, Path: "/v1/cases", Tags: tags, Summary: "List cases",
		Description: "By when they were opened. /v1/review/queue has them in the order of their priority.",
	}, a.listCases)
	register(a, huma.Operation{
		OperationID: "get-case", Method: http.MethodGet, Path: "/v1/cases/{id}", Tags: tags, Summary: "See a case: its evidence, where it stands and why",
		Errors: []int{http.StatusNotFound},
	}, a.getCase)
	register(a, huma.Operation{
		OperationID: "open-case", Method: http.MethodPost, Path: "/v1/cases", Tags: tags, Summary: "Open a case by hand",
		Description: "Where a case on the entity is open, the word is added to it.", Errors: []int{http.StatusConflict},
	}, a.openCase)
	register(a, huma.Operation{
		OperationID: "appeal", Method: http.MethodPost, Path: "/v1/appeals", Tags: tags, Summary: "Ask for a decided case to be looked at again",
		Description: "Another reviewer than the first has to decide it.", Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.appeal)
	register(a, huma.Operation{
		OperationID: "note-case", Method: http.MethodPost, Path: "/v1/cases/{id}/notes", Tags: tags, Summary: "Write a note on a case",
		Errors: []int{http.StatusNotFound}, DefaultStatus: http.StatusNoContent,
	}, a.noteCase)
}

func (a *API) listCases(ctx context.Context, in *struct {
	PageQuery
	State string `query:"state" enum:"open,closed" default:"open"`
	On    string `query:"on" maxLength:"4200" doc:"Only those on this entity, as kind:id."`
}) (*listOutput[Case], error) {
	f := record.CaseFilter{Closed: in.State == "closed"}
	if in.On != "" {
		e, err := entity(in.On)
		if err != nil {
			return nil, err
		}
		f.Target = e
	}
	rows, err := a.Store.ListCases(ctx, f, in.page())
	if err != nil {
		return nil, err
	}
	return listOf(rows, in.Limit, caseOf, func(c *record.Case) int64 { return c.Seq }), nil
}

func caseOf(c *record.Case) Case {
	out := Case{ID: c.ID, Entity: c.Target.String(), Origin: string(c.Origin), Kind: string(c.Kind), Of: c.Of, NotBy: c.NotBy, Policies: []CasePolicy{},
		Severity: c.Severity, Opened: Time(c.Opened), Updated: Time(c.Updated), Deadline: Time(c.Deadline), Effects: c.Effects, Reports: c.Reports, Draws: c.Draws,
		Held: c.Parent, Closed: Time(c.Closed), ClosedBy: c.ClosedBy, Verdict: string(c.Verdict), Change: c.Change}
	if c.Closed == 0 {
		out.Leased, out.LeasedBy = Time(c.Lease.Until), c.Lease.By
	}
	for _, p := range c.Policies {
		out.Policies = append(out.Policies, CasePolicy(p))
	}
	return out
}

func (a *API) getCase(ctx context.Context, in *CaseID) (*struct{ Body CaseDetail }, error) {
	f, err := a.Store.CaseFile(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	const most = 20
	similar, err := a.Store.SimilarCases(ctx, in.ID, most)
	if err != nil {
		return nil, err
	}
	out := CaseDetail{Case: caseOf(&f.Case), Evidence: []Evidence{}, Told: []CaseReport{}, About: texts(f.Links), Notes: []CaseNote{}, History: []Verdict{},
		Members: []Case{}, Similar: []Similar{}}
	if p, ok := a.Review.Place(in.ID); ok {
		s := standingOf(&p)
		out.Standing = &s
	}
	for _, e := range f.Evidence {
		ev := Evidence{Kind: string(e.Kind), Effect: e.EffectID, Rule: e.Rule, Version: e.Version, Policy: e.Policy, Severity: e.Severity, Reason: e.Reason,
			Source: e.Source, Event: e.EventID, Time: Time(e.Time)}
		for _, r := range e.Readings {
			ev.Readings = append(ev.Readings, Reading(r))
		}
		out.Evidence = append(out.Evidence, ev)
	}
	for _, r := range f.Reports {
		out.Told = append(out.Told, CaseReport{r.Reporter, r.Policy, r.Reason, Time(r.Time), r.Record.Agreed, r.Record.Disagreed})
	}
	for _, n := range f.Notes {
		out.Notes = append(out.Notes, CaseNote{n.By, Time(n.At), n.Text})
	}
	for i := range f.Verdicts {
		out.History = append(out.History, verdictOfRow(&f.Verdicts[i]))
	}
	for i := range f.Held {
		out.Members = append(out.Members, caseOf(&f.Held[i]))
	}
	for i := range similar {
		out.Similar = append(out.Similar, Similar{caseOf(&similar[i].Case), texts(similar[i].Shares)})
	}
	return &struct{ Body CaseDetail }{out}, nil
}

// texts are entities as callers name them.
func texts(entities []event.Entity) []string {
	out := make([]string, len(entities))
	for i, e := range entities {
		out[i] = e.String()
	}
	return out
}

func (a *API) openCase(ctx context.Context, in *struct {
	Once
	Body openCaseBody
}) (*struct{ Body Opened }, error) {
	e, err := entity(in.Body.Entity)
	if err != nil {
		return nil, err
	}
	o := record.Opening{Target: e, Policy: in.Body.Policy, Severity: in.Body.Severity, Deadline: int64(in.Body.Deadline), Origin: record.ByPerson}
	for _, text := range in.Body.About {
		e, err := entity(text)
		if err != nil {
			return nil, err
		}
		o.Links = append(o.Links, e)
	}
	return a.opened(ctx, in.author(ctx, in.Body.Reason), o)
}

func (a *API) opened(ctx context.Context, author control.Author, o record.Opening) (*struct{ Body Opened }, error) {
	id, err := a.Control.OpenCase(ctx, author, o)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Opened }{Opened{Case: id}}, a.Review.Sync(ctx)
}

func (a *API) appeal(ctx context.Context, in *struct {
	Once
	Body appealBody
}) (*struct{ Body Opened }, error) {
	f, err := a.Store.CaseFile(ctx, in.Body.Case)
	if err != nil {
		return nil, err
	}
	return a.opened(ctx, in.author(ctx, in.Body.Reason),
		record.Opening{Kind: record.Appeal, Of: f.ID, Target: f.Target, Deadline: int64(in.Body.Deadline), Origin: record.ByPerson})
}

func (a *API) noteCase(ctx context.Context, in *struct {
	CaseID
	Body noteBody
}) (*struct{}, error) {
	by := Once{}.author(ctx, "").By
	return nil, a.Store.NoteCase(ctx, in.ID, record.Note{By: by, At: a.Now(), Text: in.Body.Text})
}

type reportBody struct {
	ID       string `json:"id,omitempty" maxLength:"128" doc:"The platform's id of the report. The same again changes nothing. Made up if absent."`
	Entity   string `json:"entity" maxLength:"4200" doc:"An account or a piece of content." example:"content:p987"`
	Reporter string `json:"reporter" minLength:"1" maxLength:"256" doc:"The account that reports."`
	Policy   string `json:"policy,omitempty" maxLength:"64" pattern:"^([a-z0-9][a-z0-9-]*)?$"`
	Reason   string `json:"reason,omitempty" maxLength:"1000"`
	Time     Time   `json:"time,omitzero" doc:"When it was made; now unless given."`
}

// Reported says under which id a report is known.
type Reported struct {
	Event string `json:"event" doc:"The id of the report's event, of the source reports."`
}

const reportSource = "reports"

func (a *API) routeReports() {
	register(a, huma.Operation{
		OperationID: "report", Method: http.MethodPost, Path: "/v1/reports", Tags: []string{"cases"}, Summary: "Report an account or a piece of content",
		Description:   "The report is an event of the kind report: rules can read it, and it reaches the cases with the others, some moments later.",
		DefaultStatus: http.StatusAccepted,
	}, a.report)
}

func (a *API) report(ctx context.Context, in *struct{ Body reportBody }) (*struct{ Body Reported }, error) {
	target, err := entity(in.Body.Entity)
	if err != nil {
		return nil, err
	}
	e := event.Event{ID: in.Body.ID, Time: int64(in.Body.Time), Kind: "report", Actor: in.Body.Reporter, Reason: in.Body.Reason}
	if e.ID == "" {
		e.ID = control.NewID()
	}
	if e.Time == 0 {
		e.Time = a.Now()
	}
	if e.Reason != "" {
		e.Fields.Add(event.FieldReason)
	}
	switch target.Kind {
	case event.AccountEntity:
		e.Target = target.ID
		e.Fields.Add(event.FieldTarget)
	case event.ContentEntity:
		e.Object = target.ID
		e.Fields.Add(event.FieldObject)
	default:
		return nil, huma.Error422UnprocessableEntity("reports are about accounts and content")
	}
	if in.Body.Policy != "" {
		e.Attrs = []event.Attr{{Key: "policy", Value: event.Value{Kind: event.String, Str: in.Body.Policy}}}
	}
	wait, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := a.Ingest.Urgent(wait, reportSource, &e, e.AppendNative(nil)); err != nil {
		return nil, huma.Error422UnprocessableEntity("the report is not taken: " + err.Error())
	}
	return &struct{ Body Reported }{Reported{Event: e.ID}}, nil
}
