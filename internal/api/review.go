package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/auth"
	"github.com/ringfence/ringfence/internal/casework"
	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/prevalence"
	"github.com/ringfence/ringfence/internal/record"
)

// Standing is where an open case stands in the queue, and why.
type Standing struct {
	Rank        int      `json:"rank" doc:"From 1, by the harm that a minute of review is expected to avert."`
	Unreported  int      `json:"rank_without_reports" doc:"Where it would stand if nobody had reported it: a large difference may be a brigade."`
	Waiting     int      `json:"waiting" doc:"How many cases are open that no group's case holds."`
	Lane        string   `json:"lane" enum:"deadline,harm,random,quality,appeal"`
	Band        string   `json:"band" enum:"low,medium,high,very high"`
	Why         []string `json:"why" nullable:"false" doc:"The terms of the priority in words."`
	P           float64  `json:"p" doc:"Probability that it violates, reports counted."`
	Severity    float64  `json:"severity" doc:"Harm of a violating view."`
	Reach       float64  `json:"reach" doc:"Views expected within 14 days if nobody acts."`
	PerHour     float64  `json:"per_hour" doc:"Views an hour now."`
	Preventable float64  `json:"preventable" doc:"Share of them that acting prevents."`
	Minutes     float64  `json:"minutes" doc:"Expected to decide."`
	Harm        float64  `json:"harm" doc:"Expected to be averted, in views of severity 1."`
	Value       float64  `json:"value" doc:"Harm a minute."`
	Chances     []Chance `json:"chances" nullable:"false" doc:"By policy, before reports: the dearest first, those that only reports name last."`
}

// Chance is how likely a case is to violate a policy, before reports, and why.
type Chance struct {
	Policy   string    `json:"policy"`
	Severity int       `json:"severity"`
	P        float64   `json:"p"`
	Because  []Because `json:"because,omitempty" nullable:"false" doc:"The strongest reasons of the model that serves."`
}

// Because is what one feature says of a case.
type Because struct {
	Feature string  `json:"feature"`
	Value   float64 `json:"value"`
	By      float64 `json:"by" doc:"Log odds; up if positive."`
}

// Queued is a case in the queue.
type Queued struct {
	Case
	Standing Standing `json:"standing"`
}

// Verdict is what a person said of a case.
type Verdict struct {
	ID       string   `json:"id" doc:"Of the change that says so."`
	Case     string   `json:"case"`
	Entity   string   `json:"entity"`
	Verdict  string   `json:"verdict" enum:"violating,benign,unclear"`
	Policies []string `json:"policies" nullable:"false" doc:"That are violated."`
	Asked    []string `json:"asked" nullable:"false" doc:"Policies of the case."`
	Code     string   `json:"code,omitempty"`
	Note     string   `json:"note,omitempty"`
	By       string   `json:"by"`
	At       Time     `json:"at"`
	Lane     string   `json:"lane,omitempty" doc:"How the case was chosen; absent where it was picked by hand."`
	Chance   float64  `json:"chance,omitzero" doc:"With which it was drawn."`
	Undone   Time     `json:"undone,omitzero" doc:"When it was taken back."`
}

type verdictBody struct {
	Verdict  string   `json:"verdict" enum:"violating,benign,unclear" doc:"unclear: nothing can be said, and nothing is learnt of it."`
	Policies []string `json:"policies,omitempty" maxItems:"32" nullable:"false" doc:"Of a violating one: those that are violated. The case's other policies are not."`
	Code     string   `json:"code,omitempty" maxLength:"64" pattern:"^([a-z0-9][a-z0-9-]*)?$" doc:"Code of the reason."`
	Reason   string   `json:"reason" minLength:"1" maxLength:"1000"`
	Label    *bool    `json:"label,omitempty" doc:"Put violates-<policy> on the subject for each of the policies, so that rules know. True unless given."`
	Enforce  string   `json:"enforce,omitempty" enum:",inform,friction,limit,lock,suspend,remove" doc:"Step of enforcement on the subject, by the word of a person: no cap holds it. Needs the scope act, too."`
	Lasts    int64    `json:"lasts,omitempty" minimum:"0" maximum:"315360000" doc:"Seconds that the enforcement lasts; for good unless given."`
	Except   []string `json:"except,omitempty" maxItems:"10000" nullable:"false" doc:"Of a group's case: cases of members that are not decided with it."`
}

// ReviewModel is a model that cases are put in order by, and how good it was on verdicts that it had not seen.
type ReviewModel struct {
	ID      string       `json:"id" doc:"online, or the hash of its content."`
	Kind    string       `json:"kind" enum:"ftrl,trees"`
	Serves  bool         `json:"serves"`
	Tried   bool         `json:"tried" doc:"What it says is kept with each verdict."`
	At      Time         `json:"at,omitzero" doc:"When it was trained."`
	Trained Raw          `json:"trained,omitempty"`
	Recent  ModelQuality `json:"recent" doc:"On the latest verdicts."`
	Random  ModelQuality `json:"random" doc:"On those of them on cases drawn by chance."`
}

// ModelQuality is how good probabilities were. The figures are 0 where there were not lessons of both kinds.
type ModelQuality struct {
	Lessons int     `json:"lessons" doc:"Verdicts, one for each policy of a case."`
	AUC     float64 `json:"auc"`
	Brier   float64 `json:"brier"`
	ECE     float64 `json:"ece" doc:"Expected calibration error, over 15 bins of equally many."`
}

// Prevalence is the share of views of violating content within a span of time.
type Prevalence struct {
	From      Time    `json:"from"`
	To        Time    `json:"to"`
	Policy    string  `json:"policy" doc:"Empty for any."`
	Rate      float64 `json:"rate"`
	Low       float64 `json:"low" doc:"Of the 95 % interval."`
	High      float64 `json:"high"`
	Contents  int     `json:"contents" doc:"That were drawn and decided on."`
	Violating int     `json:"violating" doc:"Of them."`
	Open      int64   `json:"open" doc:"Drawn views of contents that are not decided on."`
}

func (a *API) routeReview() {
	tags := []string{"review"}
	register(a, huma.Operation{
		OperationID: "list-queue", Method: http.MethodGet, Path: "/v1/review/queue", Tags: tags, Summary: "List the open cases, those first of which a minute of review averts most harm",
	}, a.listQueue)
	register(a, huma.Operation{
		OperationID: "next-case", Method: http.MethodPost, Path: "/v1/review/next", Tags: tags, Summary: "Take the case that should be decided now",
		Description: "By lanes with shares of the capacity: deadlines, harm, random, quality, appeals. Nobody else gets it for 15 minutes. 204 means that nothing waits.",
		Errors:      []int{http.StatusConflict},
	}, a.nextCase)
	register(a, huma.Operation{
		OperationID: "release-case", Method: http.MethodPost, Path: "/v1/cases/{id}/release", Tags: tags, Summary: "Give a case back", DefaultStatus: http.StatusNoContent,
	}, a.releaseCase)
	register(a, huma.Operation{
		OperationID: "decide-case", Method: http.MethodPost, Path: "/v1/cases/{id}/verdict", Tags: tags, Summary: "Decide a case",
		Description: "One verdict stands. The models of the queue learn of it at once, rules once the loop meets the change.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, DefaultStatus: http.StatusAccepted,
	}, a.decideCase)
	register(a, huma.Operation{
		OperationID: "list-verdicts", Method: http.MethodGet, Path: "/v1/verdicts", Tags: tags, Summary: "List verdicts",
	}, a.listVerdicts)
	register(a, huma.Operation{
		OperationID: "undo-verdict", Method: http.MethodPost, Path: "/v1/verdicts/{id}/undo", Tags: tags, Summary: "Take a verdict back",
		Description: "Within an hour. Its case is open again, its label and enforcement go, and the models unlearn it.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, DefaultStatus: http.StatusAccepted,
	}, a.undoVerdict)
	register(a, huma.Operation{
		OperationID: "list-review-models", Method: http.MethodGet, Path: "/v1/review/models", Tags: tags, Summary: "Compare the models that cases are put in order by",
	}, a.listReviewModels)
	register(a, huma.Operation{
		OperationID: "train-review-model", Method: http.MethodPost, Path: "/v1/review/models/train", Tags: tags, Summary: "Train trees on the verdicts there are",
		Description: "The version is tried beside the one that serves until somebody lets it serve.", Errors: []int{http.StatusConflict},
	}, a.trainReviewModel)
	register(a, huma.Operation{
		OperationID: "serve-review-model", Method: http.MethodPost, Path: "/v1/review/models/{id}/serve", Tags: tags, Summary: "Put cases in order by a model from now on",
		Description: "online is the one that learns at each verdict; an earlier version rolls back.", Errors: []int{http.StatusNotFound}, DefaultStatus: http.StatusNoContent,
	}, a.serveReviewModel)
	register(a, huma.Operation{
		OperationID: "get-prevalence", Method: http.MethodGet, Path: "/v1/review/prevalence", Tags: tags, Summary: "Estimate the share of views of violating content",
		Description: "From views drawn at random, by policy, for each step of a span of event time.",
	}, a.getPrevalence)
}

func standingOf(p *casework.Place) Standing {
	s := Standing{Rank: p.Rank, Unreported: p.Unreported, Waiting: p.Waiting, Lane: p.Lane.String(), Band: p.Priority.Band(), Why: p.Priority.Words(), P: p.Priority.P,
		Severity: p.Priority.Severity, Reach: p.Priority.Reach, PerHour: p.Priority.PerHour, Preventable: p.Priority.Preventable, Minutes: p.Priority.Minutes,
		Harm: p.Priority.Harm, Value: p.Priority.Value, Chances: []Chance{}}
	for _, c := range p.Chances {
		chance := Chance{Policy: c.Policy, Severity: c.Severity, P: c.P}
		for _, b := range c.Because {
			chance.Because = append(chance.Because, Because(b))
		}
		s.Chances = append(s.Chances, chance)
	}
	return s
}

// QueueList is a part of the queue.
type QueueList struct {
	Items   []Queued `json:"items" nullable:"false"`
	Waiting int      `json:"waiting"`
}

func (a *API) listQueue(_ context.Context, in *struct {
	Offset int `query:"offset" minimum:"0" maximum:"10000000"`
	Limit  int `query:"limit" minimum:"1" maximum:"500" default:"100"`
}) (*struct{ Body QueueList }, error) {
	places, waiting := a.Review.Queue(in.Offset, in.Limit)
	out := &struct{ Body QueueList }{QueueList{Items: []Queued{}, Waiting: waiting}}
	for i := range places {
		out.Body.Items = append(out.Body.Items, Queued{caseOf(&places[i].Case), standingOf(&places[i])})
	}
	return out, nil
}

func (a *API) nextCase(ctx context.Context, _ *struct{}) (*struct {
	Status int
	Body   *Queued
}, error) {
	out := &struct {
		Status int
		Body   *Queued
	}{Status: http.StatusNoContent}
	p, err := a.Review.Next(ctx, Once{}.author(ctx, "").By)
	switch {
	case errors.Is(err, casework.ErrNothing):
		return out, nil
	case errors.Is(err, casework.ErrMany):
		return nil, huma.Error409Conflict(err.Error())
	case err != nil:
		return nil, err
	}
	out.Status, out.Body = http.StatusOK, &Queued{caseOf(&p.Case), standingOf(&p)}
	return out, nil
}

func (a *API) releaseCase(ctx context.Context, in *CaseID) (*struct{}, error) {
	return nil, a.Review.Release(ctx, in.ID, Once{}.author(ctx, "").By)
}

func (a *API) decideCase(ctx context.Context, in *struct {
	Once
	CaseID
	Body verdictBody
}) (*changedOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	b := &in.Body
	if b.Enforce != "" && !exchangeOf(ctx).principal.May(auth.Act) {
		return nil, huma.Error403Forbidden(author.By + " lacks the scope \"act\", which a verdict that enforces needs; leave out enforce to decide the case")
	}
	return changed(author), a.Review.Decide(ctx, author, in.ID, control.Judgement{Decision: record.Decision(b.Verdict), Policies: b.Policies, Code: b.Code,
		Label: b.Label == nil || *b.Label, Enforce: b.Enforce, Lasts: time.Duration(b.Lasts) * time.Second, Except: b.Except})
}

func (a *API) listVerdicts(ctx context.Context, in *PageQuery) (*listOutput[Verdict], error) {
	rows, err := a.Store.ListVerdicts(ctx, in.page())
	if err != nil {
		return nil, err
	}
	return listOf(rows, in.Limit, verdictOfRow, func(v *record.Verdict) int64 { return v.Seq }), nil
}

func verdictOfRow(v *record.Verdict) Verdict {
	return Verdict{ID: v.ID, Case: v.Case, Entity: v.Target.String(), Verdict: string(v.Decision), Policies: append([]string{}, v.Policies...),
		Asked: append([]string{}, v.Asked...), Code: v.Code, Note: v.Note, By: v.By, At: Time(v.At), Lane: v.Lane, Chance: v.Chance, Undone: Time(v.Undone)}
}

func (a *API) undoVerdict(ctx context.Context, in *struct {
	Once
	ID   string `path:"id" maxLength:"256"`
	Body reasonBody
}) (*changedOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	return changed(author), a.Review.Undo(ctx, author, in.ID)
}

func (a *API) listReviewModels(ctx context.Context, _ *struct{}) (*struct {
	Body struct {
		Items []ReviewModel `json:"items" nullable:"false"`
	}
}, error) {
	models, err := a.Review.Models(ctx)
	if err != nil {
		return nil, err
	}
	out := &struct {
		Body struct {
			Items []ReviewModel `json:"items" nullable:"false"`
		}
	}{}
	figures := func(q casework.Quality) ModelQuality { return ModelQuality{q.Lessons, q.AUC, q.Brier, q.ECE} }
	for _, m := range models {
		out.Body.Items = append(out.Body.Items, ReviewModel{ID: m.ID, Kind: m.Kind, Serves: m.Serves, Tried: m.Tried, At: Time(m.At), Trained: Raw(m.Trained),
			Recent: figures(m.Recent), Random: figures(m.Random)})
	}
	return out, nil
}

func (a *API) trainReviewModel(ctx context.Context, _ *struct{}) (*struct {
	Body struct {
		ID string `json:"id"`
	}
}, error) {
	id, err := a.Review.Train(ctx)
	if errors.Is(err, casework.ErrFew) {
		return nil, huma.Error409Conflict(err.Error())
	}
	out := &struct {
		Body struct {
			ID string `json:"id"`
		}
	}{}
	out.Body.ID = id
	return out, err
}

func (a *API) serveReviewModel(ctx context.Context, in *struct {
	ID   string `path:"id" maxLength:"64"`
	Body reasonBody
}) (*struct{}, error) {
	return nil, a.Review.Serve(ctx, Once{}.author(ctx, in.Body.Reason), in.ID)
}

func (a *API) getPrevalence(ctx context.Context, in *struct {
	From time.Time `query:"from" doc:"30 days ago unless given."`
	To   time.Time `query:"to" doc:"Now unless given."`
	Step int       `query:"step" minimum:"1" maximum:"366" default:"1" doc:"Days of each estimate."`
}) (*struct {
	Body struct {
		Items []Prevalence `json:"items" nullable:"false"`
	}
}, error) {
	const day = int64(24 * time.Hour)
	from, to := a.Now()-30*day, a.Now()
	if !in.From.IsZero() {
		from = in.From.UnixNano()
	}
	if !in.To.IsZero() {
		to = in.To.UnixNano()
	}
	step := int64(in.Step) * day
	if from = from / day * day; from >= to || (to-from)/step > 1000 {
		return nil, huma.Error422UnprocessableEntity("to has to be after from, and at most 1000 steps")
	}
	out := &struct {
		Body struct {
			Items []Prevalence `json:"items" nullable:"false"`
		}
	}{}
	out.Body.Items = []Prevalence{}
	spans := map[int64]*prevalence.Estimator{}
	err := a.Store.Draws(ctx, from, to, func(d record.Drawn) error {
		at := (d.Time - from) / step
		if spans[at] == nil {
			spans[at] = &prevalence.Estimator{}
		}
		if d.Verdict == record.Violating || d.Verdict == record.Benign {
			spans[at].Add(d.Target.ID, d.N, d.Weight, d.Policies)
		} else {
			spans[at].AddOpen(d.N)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for at := int64(0); from+at*step < to; at++ {
		if spans[at] == nil {
			continue
		}
		for _, e := range spans[at].Estimates() {
			out.Body.Items = append(out.Body.Items, prevalenceOf(e, from+at*step, min(from+(at+1)*step, to)))
		}
	}
	return out, nil
}

func prevalenceOf(e prevalence.Estimate, from, to int64) Prevalence {
	return Prevalence{From: Time(from), To: Time(to), Policy: e.Policy, Rate: e.Rate.Value, Low: e.Rate.Low, High: e.Rate.High,
		Contents: e.Contents, Violating: e.Violating, Open: e.Open}
}
