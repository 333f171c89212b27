package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/signals"
)

// Entity is what is known of one entity.
type Entity struct {
	Entity      string       `json:"entity" example:"account:a17"`
	Labels      []Label      `json:"labels" nullable:"false"`
	Allows      []Allow      `json:"allows" nullable:"false"`
	Enforcement *Enforcement `json:"enforcement,omitempty" doc:"The strongest step in force; absent if none is."`
	OpenCases   []string     `json:"open_cases" nullable:"false" doc:"Policies under which a case is open."`
	Timeline    []Moment     `json:"timeline" nullable:"false" doc:"Of an account: its latest records, newest first."`
}

// Label is a label on an entity.
type Label struct {
	Name    string `json:"name"`
	Status  string `json:"status" enum:"rule,person,removed by person"`
	By      string `json:"by"`
	Reason  string `json:"reason"`
	Since   Time   `json:"since"`
	Expires Time   `json:"expires,omitzero"`
}

// Allow keeps rules from acting on an entity.
type Allow struct {
	Policy  string `json:"policy" doc:"Empty for all policies."`
	By      string `json:"by"`
	Reason  string `json:"reason"`
	Expires Time   `json:"expires,omitzero"`
}

// Enforcement is a step in force.
type Enforcement struct {
	Step    string `json:"step" enum:"inform,friction,limit,lock,suspend,remove"`
	Effect  string `json:"effect"`
	Rule    string `json:"rule"`
	Since   Time   `json:"since"`
	Expires Time   `json:"expires,omitzero"`
}

// Moment is a record in an account's timeline.
type Moment struct {
	Position uint64 `json:"position"`
	Kind     string `json:"kind" enum:"event,import,change,signals" doc:"Of the record."`
	Received Time   `json:"received"`
	Time     Time   `json:"time,omitzero" doc:"When it happened."`
	Source   string `json:"source"`
	ID       string `json:"id"`
	Body     Raw    `json:"body" doc:"The event in its native form, without account.email and account.phone_hash; else as it was received. null where it cannot be read."`
}

var recordKinds = map[journal.Kind]string{
	journal.Event: "event", journal.Import: "import", journal.Change: "change", journal.Signals: "signals",
}

type entityInput struct {
	Kind     string `path:"kind" enum:"account,content,ip,device,url,domain,text_family,media_family,group"`
	ID       string `path:"id" maxLength:"4096"`
	Timeline int    `query:"timeline" minimum:"0" maximum:"500" default:"50" doc:"How many records of an account's timeline at most."`
}

type entityOutput struct{ Body Entity }

func (a *API) routeEntities() {
	register(a, huma.Operation{
		OperationID: "get-entity", Method: http.MethodGet, Path: "/v1/entities/{kind}/{id}", Tags: []string{"entities"},
		Summary:     "See an entity",
		Description: "Labels, allows, enforcement and open cases as the decision loop knows them now. Nothing known is no error: the lists are empty.",
		Errors:      []int{http.StatusServiceUnavailable},
	}, a.getEntity)
}

func (a *API) getEntity(ctx context.Context, in *entityInput) (*entityOutput, error) {
	e := event.Entity{Kind: event.EntityKindOf(in.Kind), ID: in.ID}
	known, err := a.Engine.Entity(ctx, e)
	if err != nil {
		return nil, err
	}
	out := &entityOutput{Body: entityOf(e, &known)}
	if e.Kind != event.AccountEntity || in.Timeline == 0 {
		return out, nil
	}
	recs, err := a.Journal.Timeline(partition, e.ID, in.Timeline, nil)
	if err != nil {
		return nil, err
	}
	decoder := event.NewDecoder(extract.Limits())
	for i := range recs {
		rec := &recs[i]
		out.Body.Timeline = append(out.Body.Timeline, Moment{Position: uint64(rec.Position), Kind: recordKinds[rec.Kind],
			Received: Time(rec.Received), Time: Time(rec.Time), Source: rec.Source, ID: rec.ID, Body: shown(decoder, rec)})
	}
	return out, nil
}

// shown is the body of a record for everybody who may read: of an event, without what tells who a person is elsewhere; of signals,
// without their event.
func shown(d *event.Decoder, rec *journal.Record) Raw {
	if rec.Kind == journal.Signals {
		found, err := signals.Decode(rec.Body)
		if err != nil {
			return nil
		}
		found.Event = nil
		body, _ := found.Encode() // it was decoded
		return body
	}
	if rec.Kind != journal.Event && rec.Kind != journal.Import {
		return rec.Body
	}
	var e event.Event
	if d.Decode(rec.Body, &e) != nil {
		return nil
	}
	if !e.Fields.Has(event.FieldAccountEmail) && !e.Fields.Has(event.FieldAccountPhoneHash) {
		return rec.Body
	}
	e.Account.Email, e.Account.PhoneHash = "", ""
	return e.AppendNative(nil)
}

func entityOf(e event.Entity, v *decide.EntityView) Entity {
	out := Entity{Entity: e.String(), Labels: []Label{}, Allows: []Allow{}, OpenCases: append([]string{}, v.OpenCases...), Timeline: []Moment{}}
	for _, l := range v.Labels {
		out.Labels = append(out.Labels, Label{Name: l.Name, Status: l.Status, By: l.By, Reason: l.Reason, Since: Time(l.Since), Expires: Time(l.Expires)})
	}
	for _, l := range v.Allows {
		out.Allows = append(out.Allows, Allow{Policy: l.Policy, By: l.By, Reason: l.Reason, Expires: Time(l.Expires)})
	}
	if f := v.Enforcement; f != nil {
		out.Enforcement = &Enforcement{Step: f.Step, Effect: f.Effect, Rule: f.Rule, Since: Time(f.Since), Expires: Time(f.Expires)}
	}
	return out
}
