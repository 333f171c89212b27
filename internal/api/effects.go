package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

// Effect is an effect that is or was on its way, and how far it got.
type Effect struct {
	ID       string `json:"id"`
	Do       string `json:"do" enum:"label,review,enforce,notify,unlabel,undo"`
	On       string `json:"on" example:"account:a17"`
	Value    string `json:"value" doc:"The label, the step of enforcement or the channel."`
	State    string `json:"state" enum:"queued,waiting,delivered,dead,refused"`
	Why      string `json:"why" doc:"Of one that waits: the cap that it is above."`
	Rule     string `json:"rule"`
	Version  string `json:"version" doc:"Of the rule."`
	Policy   string `json:"policy"`
	Severity int    `json:"severity"`
	Reason   string `json:"reason"`
	Source   string `json:"source" doc:"Of the event."`
	Event    string `json:"event"`
	Time     Time   `json:"time" doc:"Of the event."`
	Expires  Time   `json:"expires,omitzero"`
	Position uint64 `json:"position"`
	Receiver string `json:"receiver"`
	Attempts int    `json:"attempts" doc:"Failed deliveries."`
	Done     Time   `json:"done,omitzero" doc:"When it was delivered, given up or refused."`
	Status   int    `json:"status,omitzero" doc:"The receiver's last HTTP status."`
	Note     string `json:"note" doc:"The last error of delivery."`
}

// Moved says which effects a request moved. The others were no longer in the state to be moved from.
type Moved struct {
	Change string   `json:"change,omitempty" doc:"The id under which /v1/changes lists it."`
	Moved  []string `json:"moved" nullable:"false"`
}

type movedOutput struct{ Body Moved }

type effectsBody struct {
	Effects []string `json:"effects" minItems:"1" maxItems:"1000" nullable:"false" doc:"Ids."`
	Reason  string   `json:"reason" minLength:"1" maxLength:"1000"`
}

type requeueBody struct {
	Effects []string `json:"effects" minItems:"1" maxItems:"1000" nullable:"false" doc:"Ids."`
}

type effectsInput struct {
	Once
	Body effectsBody
}

func (a *API) routeEffects() {
	tags := []string{"effects"}
	register(a, huma.Operation{
		OperationID: "list-effects", Method: http.MethodGet, Path: "/v1/effects", Tags: tags,
		Summary: "List effects", Description: "Absorbed, shadow and suppressed effects are not kept: they are in the decisions and in the rules' counts.",
	}, a.listEffects)
	register(a, huma.Operation{
		OperationID: "approve-effects", Method: http.MethodPost, Path: "/v1/effects/approve", Tags: tags,
		Summary: "Let effects out that wait above a cap", Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, func(ctx context.Context, in *effectsInput) (*movedOutput, error) { return a.approve(ctx, in, false) })
	register(a, huma.Operation{
		OperationID: "refuse-effects", Method: http.MethodPost, Path: "/v1/effects/refuse", Tags: tags,
		Summary: "Refuse effects that wait above a cap", Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, func(ctx context.Context, in *effectsInput) (*movedOutput, error) { return a.approve(ctx, in, true) })
	register(a, huma.Operation{
		OperationID: "requeue-effects", Method: http.MethodPost, Path: "/v1/effects/requeue", Tags: tags,
		Summary: "Deliver dead effects again", Description: "A receiver that honours the idempotency key applies each once.",
		Errors: []int{http.StatusNotFound},
	}, a.requeue)
	register(a, huma.Operation{
		OperationID: "lift-enforcement", Method: http.MethodPost, Path: "/v1/enforcements/lift", Tags: tags,
		Summary: "Lift the enforcement in force on an entity", Description: "The platform is told to undo it.",
		Errors: []int{http.StatusConflict}, DefaultStatus: http.StatusAccepted,
	}, a.lift)
}

func (a *API) listEffects(ctx context.Context, in *struct {
	PageQuery
	State string `query:"state" enum:"queued,waiting,delivered,dead,refused"`
	On    string `query:"on" maxLength:"4200" doc:"Only those on this entity, as kind:id."`
}) (*listOutput[Effect], error) {
	f := record.EffectFilter{State: effect.State(in.State)}
	if in.On != "" {
		e, err := entity(in.On)
		if err != nil {
			return nil, err
		}
		f.Target = e
	}
	rows, err := a.Store.ListEffects(ctx, f, in.page())
	if err != nil {
		return nil, err
	}
	return listOf(rows, in.Limit, effectOfRow, func(d *record.Delivery) int64 { return d.Seq }), nil
}

func effectOfRow(d *record.Delivery) Effect {
	return Effect{ID: d.ID, Do: string(d.Kind), On: d.Target.String(), Value: d.Value, State: string(d.State), Why: d.Why, Rule: d.Rule,
		Version: d.RuleVersion, Policy: d.Policy, Severity: d.Severity, Reason: d.Reason, Source: d.Source, Event: d.EventID, Time: Time(d.Time),
		Expires: Time(d.Expires), Position: d.Position, Receiver: d.Receiver, Attempts: d.Attempts, Done: Time(d.Done), Status: d.Status, Note: d.Note}
}

func (a *API) approve(ctx context.Context, in *effectsInput, refuse bool) (*movedOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	moved, err := a.Control.Approve(ctx, author, in.Body.Effects, refuse)
	if err != nil {
		return nil, err
	}
	return &movedOutput{Body: Moved{Change: author.ID, Moved: append([]string{}, moved...)}}, nil
}

func (a *API) requeue(ctx context.Context, in *struct{ Body requeueBody }) (*movedOutput, error) {
	moved, err := a.Store.Requeue(ctx, exchangeOf(ctx).principal.By, a.Now(), in.Body.Effects)
	if err != nil {
		return nil, err
	}
	return &movedOutput{Body: Moved{Moved: append([]string{}, moved...)}}, nil
}

func (a *API) lift(ctx context.Context, in *struct {
	Once
	Body struct {
		Entity string `json:"entity" maxLength:"4200" example:"account:a17"`
		Reason string `json:"reason" minLength:"1" maxLength:"1000"`
	}
}) (*changedOutput, error) {
	e, err := entity(in.Body.Entity)
	if err != nil {
		return nil, err
	}
	author := in.author(ctx, in.Body.Reason)
	return changed(author), a.Control.Lift(ctx, author, e)
}
