package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/discovery"
	"github.com/ringfence/ringfence/internal/record"
)

// Discovery is a term that no bank lists, with what speaks for it.
type Discovery struct {
	ID         string             `json:"id"`
	Term       string             `json:"term" doc:"Folded: as it is compared."`
	Kind       string             `json:"kind" enum:"word,phrase,hashtag,emoji,odd"`
	Score      float64            `json:"score" doc:"The higher the better; the other figures come into it."`
	LogOdds    float64            `json:"log_odds" doc:"Natural logarithm of how much more often suspect accounts write it."`
	Z          float64            `json:"z" doc:"By how many standard errors that is above 0."`
	Company    float64            `json:"company" doc:"From -1 to 1: how alike the words beside it are to those beside listed terms."`
	Rise       float64            `json:"rise" doc:"By how many standard errors its uses are later than suspect posts are."`
	Suspect    int                `json:"suspect" doc:"Posts of suspect accounts with it."`
	Background int                `json:"background" doc:"Other posts with it, at most."`
	Accounts   int                `json:"accounts" doc:"Suspect accounts that used it; once it is decided on, as of then."`
	First      Time               `json:"first,omitzero" doc:"When a suspect account first used it within the window, in event time."`
	Like       string             `json:"like,omitempty" doc:"A listed term that it resembles in writing."`
	Beside     []string           `json:"beside,omitempty" nullable:"false" doc:"Listed terms in the same posts."`
	Examples   []DiscoveryExample `json:"examples" nullable:"false" doc:"Up to three posts of different accounts. They are dropped 30 days after the term was last proposed."`
	Proposed   Time               `json:"proposed" doc:"When it was first proposed."`
	Updated    Time               `json:"updated" doc:"When it was last proposed."`
	State      string             `json:"state" enum:"open,accepted,refused"`
	Decided    Time               `json:"decided,omitzero" doc:"When a person last decided on it, also while it is open again."`
	DecidedBy  string             `json:"decided_by,omitempty"`
	Reason     string             `json:"reason,omitempty"`
	Change     string             `json:"change,omitempty" doc:"The id under which /v1/changes lists what put it into a bank."`
}

// DiscoveryExample is a post with a term, its text cut to 200 bytes.
type DiscoveryExample struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// DiscoveryList is a part of a list of discoveries.
type DiscoveryList struct {
	List[Discovery]
	Run *DiscoveryRun `json:"run,omitempty" doc:"The last run since the server started."`
}

// DiscoveryRun is what a run did.
type DiscoveryRun struct {
	Began      Time   `json:"began"`
	Ended      Time   `json:"ended"`
	Records    int    `json:"records" doc:"Of the journal that were read."`
	Shortened  bool   `json:"shortened,omitzero" doc:"The window holds more records than a run reads; the oldest were left out."`
	Suspect    int    `json:"suspect" doc:"Posts of suspect accounts, or with a listed term."`
	Background int    `json:"background" doc:"Other posts."`
	Proposed   int    `json:"proposed"`
	Failed     string `json:"failed,omitempty" doc:"Why it did nothing, or did not end."`
}

type acceptBody struct {
	Bank     string `json:"bank" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"A bank of terms, which is there."`
	Policy   string `json:"policy,omitempty" maxLength:"64" doc:"Of the entry, if not the bank's."`
	Severity int    `json:"severity,omitempty" minimum:"0" maximum:"5" doc:"Likewise."`
	Reason   string `json:"reason" minLength:"1" maxLength:"1000"`
}

type refuseBody struct {
	Reason string `json:"reason" minLength:"1" maxLength:"1000"`
}

func (a *API) routeDiscoveries() {
	tags := []string{"discoveries"}
	register(a, huma.Operation{
		OperationID: "list-discoveries", Method: http.MethodGet, Path: "/v1/discoveries", Tags: tags,
		Summary:     "List terms that no bank lists and suspect accounts write",
		Description: "Those of the last run come first, best first. The order changes with each run.",
	}, a.listDiscoveries)
	register(a, huma.Operation{
		OperationID: "run-discovery", Method: http.MethodPost, Path: "/v1/discoveries/run", Tags: tags, Summary: "Look for such terms now",
		Description:   "The run begins at once, or when the one under way has ended; the list says what the last one did.",
		DefaultStatus: http.StatusAccepted,
	}, func(context.Context, *struct{}) (*struct{}, error) {
		a.Finder.Ask()
		return nil, nil
	})
	register(a, huma.Operation{
		OperationID: "accept-discovery", Method: http.MethodPost, Path: "/v1/discoveries/{id}/accept", Tags: tags, Summary: "Put a term that was found into a bank",
		Description: "The bank and the discovery change together or not at all.", Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.acceptDiscovery)
	register(a, huma.Operation{
		OperationID: "refuse-discovery", Method: http.MethodPost, Path: "/v1/discoveries/{id}/refuse", Tags: tags, Summary: "Say that a term is not to be listed",
		Description: "It is not proposed again unless four times as many suspect accounts use it.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, DefaultStatus: http.StatusNoContent,
	}, a.refuseDiscovery)
}

func (a *API) listDiscoveries(ctx context.Context, in *struct {
	PageQuery
	State string `query:"state" enum:"open,accepted,refused" default:"open"`
}) (*struct{ Body DiscoveryList }, error) {
	rows, err := a.Store.ListDiscoveries(ctx, record.DiscoveryState(in.State), in.page())
	if err != nil {
		return nil, err
	}
	out := &struct{ Body DiscoveryList }{}
	out.Body.List = listOf(rows, in.Limit, discoveryOf, func(d *record.Discovery) int64 { return d.Seq }).Body
	if r := a.Finder.Last(); r != nil {
		out.Body.Run = &DiscoveryRun{Began: Time(r.Began), Ended: Time(r.Ended), Records: r.Records, Shortened: r.Shortened, Suspect: r.Suspect,
			Background: r.Background, Proposed: r.Proposed, Failed: r.Failed}
	}
	return out, nil
}

// discoveryOf shows a discovery; of evidence that another build wrote, what this one can read.
func discoveryOf(d *record.Discovery) Discovery {
	var e discovery.Evidence
	_ = json.Unmarshal(d.Evidence, &e)
	out := Discovery{ID: d.ID, Term: d.Term, Kind: d.Kind, Score: d.Score, LogOdds: e.LogOdds, Z: e.Z, Company: e.Company, Rise: e.Rise,
		Suspect: e.Suspect, Background: e.Background, Accounts: d.Accounts, First: Time(e.First), Like: e.Like, Beside: e.Beside,
		Proposed: Time(d.First), Updated: Time(d.Last), State: string(d.State), Decided: Time(d.Decided), DecidedBy: d.DecidedBy,
		Reason: d.Reason, Change: d.Change}
	_ = json.Unmarshal(d.Examples, &out.Examples)
	if out.Examples == nil {
		out.Examples = []DiscoveryExample{}
	}
	return out
}

func (a *API) acceptDiscovery(ctx context.Context, in *struct {
	Once
	ID   string `path:"id" maxLength:"256"`
	Body acceptBody
}) (*bankMadeOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	version, err := a.Control.AcceptDiscovery(ctx, author, in.ID, in.Body.Bank,
		bank.Entry{Policy: in.Body.Policy, Severity: in.Body.Severity, Source: "discovery " + in.ID})
	return bankMade(author, version, err)
}

func (a *API) refuseDiscovery(ctx context.Context, in *struct {
	ID   string `path:"id" maxLength:"256"`
	Body refuseBody
}) (*struct{}, error) {
	author := Once{}.author(ctx, in.Body.Reason)
	return nil, a.Control.RefuseDiscovery(ctx, author, in.ID)
}
