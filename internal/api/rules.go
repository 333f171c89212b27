package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/learn"
	"github.com/ringfence/ringfence/rule"
)

// ActiveRules is the rule set that is decided by, and the one that was last made active.
type ActiveRules struct {
	Active *RuleVersion `json:"active,omitempty" doc:"The version that was last made active; absent before the first."`
	Hash   string       `json:"hash" doc:"Of the set that the loop decides by. It differs from the active one's for the moment until the loop meets the change."`
	Rules  []Rule       `json:"rules" nullable:"false" doc:"By id."`
}

// RuleVersion is a version of the rule set.
type RuleVersion struct {
	Version int64  `json:"version"`
	Hash    string `json:"hash"`
	By      string `json:"by"`
	At      Time   `json:"at"`
	Reason  string `json:"reason"`
}

// Rule is a rule and what it did since the server started, or since the rule last changed.
type Rule struct {
	ID          string            `json:"id"`
	Version     string            `json:"version" doc:"Changes when what the rule means changes."`
	File        string            `json:"file"`
	Line        int               `json:"line"`
	On          []string          `json:"on" nullable:"false" doc:"Kinds of event."`
	Mode        string            `json:"mode" enum:"off,shadow,live" doc:"As its file states it."`
	Policy      string            `json:"policy"`
	Severity    int               `json:"severity"`
	Cap         int               `json:"cap" doc:"Automatic enforcements a day."`
	Share       float64           `json:"share" doc:"Above this share of recent events the rule goes into shadow by itself."`
	When        string            `json:"when"`
	Because     string            `json:"because"`
	Fired       uint64            `json:"fired"`
	FiredLive   uint64            `json:"fired_live"`
	LastFired   Time              `json:"last_fired,omitzero" doc:"Event time."`
	Tripped     Time              `json:"tripped,omitzero" doc:"When the rule went into shadow by itself, by event time. A reset puts it back."`
	Effects     map[string]uint64 `json:"effects" doc:"By the state that they were given."`
	Judged      int64             `json:"judged" doc:"Cases for which this version spoke, that were decided within the last 90 days."`
	Violating   int64             `json:"violating" doc:"Of them, those that violate its policy."`
	Precision   float64           `json:"precision" doc:"The share of them."`
	Low         float64           `json:"precision_low" doc:"Of its 95 % interval."`
	High        float64           `json:"precision_high"`
	Unevaluated map[string]uint64 `json:"unevaluated" doc:"Events on which the rule could say nothing, by cause."`
}

// Problem is something wrong in a rule file.
type Problem struct {
	At      string `json:"at" example:"spam.yaml:12:9"`
	Message string `json:"message"`
}

// Pushed is what became of a rule set.
type Pushed struct {
	Version  int64     `json:"version"`
	Change   string    `json:"change"`
	Warnings []Problem `json:"warnings" nullable:"false"`
}

type rulesBody struct {
	Files  []ruleFile `json:"files" minItems:"1" maxItems:"10000" nullable:"false" doc:"The whole set: rule files and the lists they name. Tests are left out."`
	Reason string     `json:"reason,omitempty" maxLength:"1000" doc:"Why, for the history."`
}

type ruleFile struct {
	Name string `json:"name" minLength:"1" maxLength:"256" doc:"Path within the set, with slashes." example:"spam.yaml"`
	Data string `json:"data" doc:"The file's text."`
}

type rollbackBody struct {
	Version int64  `json:"version,omitempty" minimum:"0" doc:"The version to make active; the one before the active one unless given."`
	Reason  string `json:"reason" minLength:"1" maxLength:"1000"`
}

type reasonBody struct {
	Reason string `json:"reason" minLength:"1" maxLength:"1000"`
}

type pushedOutput struct{ Body Pushed }

func (a *API) routeRules() {
	tags := []string{"rules"}
	register(a, huma.Operation{
		OperationID: "get-rules", Method: http.MethodGet, Path: "/v1/rules", Tags: tags,
		Summary: "See the rules and what they did", Description: "The counts are of this process, at most some moments old.",
	}, a.getRules)
	register(a, huma.Operation{
		OperationID: "push-rules", Method: http.MethodPut, Path: "/v1/rules", Tags: tags,
		Summary:      "Replace the rules",
		Description:  "The set is checked whole. With any error the active one stays and the errors are listed, each with its file, line and column.",
		MaxBodyBytes: 2 * record.MaxRuleSetSize,
		Errors:       []int{http.StatusConflict},
	}, a.pushRules)
	register(a, huma.Operation{
		OperationID: "list-rule-versions", Method: http.MethodGet, Path: "/v1/rules/versions", Tags: tags,
		Summary: "List the versions of the rules",
	}, a.listRuleVersions)
	register(a, huma.Operation{
		OperationID: "roll-back-rules", Method: http.MethodPost, Path: "/v1/rules/rollback", Tags: tags,
		Summary: "Make an earlier version active", Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.rollBack)
	register(a, huma.Operation{
		OperationID: "reset-rule", Method: http.MethodPost, Path: "/v1/rules/{id}/reset", Tags: tags,
		Summary:     "Put a rule back that went into shadow by itself",
		Description: "It is again in the mode that its file states, as soon as the loop meets the change.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, DefaultStatus: http.StatusAccepted,
	}, a.resetRule)
}

func (a *API) getRules(ctx context.Context, _ *struct{}) (*struct{ Body ActiveRules }, error) {
	a.Engine.Refresh()
	status := a.Engine.Status()
	out := &struct{ Body ActiveRules }{Body: ActiveRules{Rules: []Rule{}}}
	switch active, err := a.Store.ActiveRuleSet(ctx); {
	case err == nil:
		v := versionOf(&active)
		out.Body.Active = &v
	case !errors.Is(err, record.ErrNotFound):
		return nil, err
	}
	if status.Set != nil {
		out.Body.Hash = status.Set.Hash
		verdicts := a.Review.RuleVerdicts()
		for _, r := range status.Set.Rules {
			out.Body.Rules = append(out.Body.Rules, ruleOf(r, status.Rules[r.ID], verdicts[r.ID+"@"+r.Version]))
		}
	}
	return out, nil
}

func ruleOf(r *rule.Rule, did decide.RuleStats, v record.RuleVerdict) Rule {
	precision := learn.RateOf(int(v.Violating), int(v.Judged))
	return Rule{ID: r.ID, Version: r.Version, File: r.File, Line: r.Line, On: r.On, Mode: string(r.Mode), Policy: r.Policy, Severity: r.Severity,
		Cap: r.Cap, Share: r.Share, When: r.When, Because: r.Because, Fired: did.Fired, FiredLive: did.FiredLive,
		LastFired: Time(did.LastFired), Tripped: Time(did.Tripped), Effects: words(did.Effects), Unevaluated: words(did.Unevaluated),
		Judged: v.Judged, Violating: v.Violating, Precision: precision.Value, Low: precision.Low, High: precision.High}
}

func words[K ~string](counts map[K]uint64) map[string]uint64 {
	out := make(map[string]uint64, len(counts))
	for k, n := range counts {
		out[string(k)] = n
	}
	return out
}

func versionOf(r *record.RuleSet) RuleVersion {
	return RuleVersion{Version: r.Number, Hash: r.Hash, By: r.By, At: Time(r.At), Reason: r.Note}
}

func (a *API) pushRules(ctx context.Context, in *struct {
	Once
	Body rulesBody
}) (*pushedOutput, error) {
	files := make([]rule.File, len(in.Body.Files))
	for i, f := range in.Body.Files {
		files[i] = rule.File{Name: f.Name, Data: []byte(f.Data)}
	}
	author := in.author(ctx, in.Body.Reason)
	number, problems, err := a.Control.PushRules(ctx, author, files)
	if err != nil {
		return nil, err
	}
	return &pushedOutput{Body: Pushed{Version: number, Change: author.ID, Warnings: warnings(problems)}}, nil
}

func warnings(problems []rule.Problem) []Problem {
	list := []Problem{}
	for _, p := range problems {
		d := detail(p)
		list = append(list, Problem{At: d.Location, Message: d.Message})
	}
	return list
}

func (a *API) listRuleVersions(ctx context.Context, in *PageQuery) (*listOutput[RuleVersion], error) {
	sets, err := a.Store.ListRuleSets(ctx, in.page())
	if err != nil {
		return nil, err
	}
	return listOf(sets, in.Limit, versionOf, func(r *record.RuleSet) int64 { return r.Number }), nil
}

func (a *API) rollBack(ctx context.Context, in *struct {
	Once
	Body rollbackBody
}) (*pushedOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	number, err := a.Control.Rollback(ctx, author, in.Body.Version)
	if err != nil {
		return nil, err
	}
	return &pushedOutput{Body: Pushed{Version: number, Change: author.ID, Warnings: []Problem{}}}, nil
}

func (a *API) resetRule(ctx context.Context, in *struct {
	Once
	ID   string `path:"id" maxLength:"64"`
	Body reasonBody
}) (*changedOutput, error) {
	if set := a.Engine.Status().Set; set != nil {
		for _, r := range set.Rules {
			if r.ID == in.ID {
				author := in.author(ctx, in.Body.Reason)
				return changed(author), a.Control.ResetBreaker(ctx, author, in.ID)
			}
		}
	}
	return nil, huma.Error404NotFound("no rule " + strconv.Quote(in.ID) + " in the active set; /v1/rules lists them")
}
