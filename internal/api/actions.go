package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/groupaction"
	"github.com/ringfence/ringfence/internal/record"
)

// GroupAction is one decision to act on a whole group.
type GroupAction struct {
	ID         string  `json:"id"`
	Group      string  `json:"group"`
	Version    uint64  `json:"version" doc:"Of the group's set of members, which was fixed when the action was proposed."`
	Score      float64 `json:"score" doc:"Of the group, at that time."`
	Step       string  `json:"step" enum:"inform,friction,limit,lock,suspend,remove"`
	Policy     string  `json:"policy"`
	Code       string  `json:"code"`
	Reason     string  `json:"reason"`
	Notice     string  `json:"notice,omitempty"`
	Label      string  `json:"label,omitempty"`
	Lasts      int64   `json:"lasts,omitzero" doc:"Seconds of event time; for good if absent."`
	Watch      int64   `json:"watch,omitzero" doc:"Seconds of event time after which the canary goes on by itself."`
	Foreseen   string  `json:"foreseen" doc:"The preview at the time of the proposal, in words."`
	Needs      string  `json:"needs,omitempty" doc:"Why another person has to approve."`
	State      string  `json:"state" enum:"waiting,canary,running,done,stopped,undoing,undone"`
	StoppedIn  string  `json:"stopped_in,omitempty" doc:"Where a stopped one goes on when it is resumed."`
	By         string  `json:"by"`
	At         Time    `json:"at"`
	ApprovedBy string  `json:"approved_by,omitempty"`
	ApprovedAt Time    `json:"approved_at,omitzero"`
	UndoneBy   string  `json:"undone_by,omitempty"`
	CanaryAt   Time    `json:"canary_at,omitzero" doc:"Event time since which the canary is watched."`

	Counts ActionCounts `json:"counts"`
}

// ActionCounts is how many members there are of each kind.
type ActionCounts struct {
	Taken     int64 `json:"taken" doc:"Members that the action is about."`
	LeftOut   int64 `json:"left_out"`
	Canary    int64 `json:"canary" doc:"Of those taken."`
	Sent      int64 `json:"sent" doc:"On their way to the decision loop."`
	Enforced  int64 `json:"enforced" doc:"Of these, some may be lifted since."`
	Absorbed  int64 `json:"absorbed" doc:"As much was in force already."`
	Prevented int64 `json:"prevented" doc:"A person had allowed the account, or reversed it, by the time of its batch."`
	Lifting   int64 `json:"lifting"`
	Lifted    int64 `json:"lifted"`
}

// ActionMember is an account as an action has it.
type ActionMember struct {
	Account    string  `json:"account"`
	Confidence float64 `json:"confidence" doc:"How likely the account is one of those that do harm: the group's score by how likely the account belongs there."`
	LeftOut    string  `json:"left_out,omitempty" doc:"Why nothing is done to it."`
	Canary     bool    `json:"canary,omitempty"`
	State      string  `json:"state,omitempty" enum:"sent,queued,absorbed,suppressed" doc:"What the decision loop made of it; absent before its batch. queued: enforced."`
	Why        string  `json:"why,omitempty" doc:"What absorbed or suppressed it."`
	Undo       string  `json:"undo,omitempty" enum:"sent,queued,absorbed" doc:"Likewise of the undo. queued: lifted."`
	Verified   bool    `json:"verified,omitempty" doc:"In a preview."`
	Large      bool    `json:"large,omitempty" doc:"In a preview: ten thousand followers or more."`
	Old        bool    `json:"old,omitempty" doc:"In a preview: two years or more."`
}

// ActionPreview is what an action would do.
type ActionPreview struct {
	Group    string         `json:"group"`
	Version  uint64         `json:"version" doc:"Name it in the proposal."`
	Score    float64        `json:"score"`
	Taken    int            `json:"taken"`
	Expected float64        `json:"expected_false" doc:"How many of those taken are wrong, if the confidences are right."`
	Verified int            `json:"verified" doc:"Of those taken."`
	Large    int            `json:"large"`
	Old      int            `json:"old"`
	LeftOut  map[string]int `json:"left_out" doc:"How many, by why."`
	Needs    string         `json:"needs,omitempty" doc:"Why another person would have to approve."`
	Members  []ActionMember `json:"members" nullable:"false" doc:"All of them, by name."`
}

// Proposed is the answer to a proposal: the preview of a dry run, else the action.
type Proposed struct {
	Preview *ActionPreview `json:"preview,omitempty"`
	Action  *GroupAction   `json:"action,omitempty"`
}

type proposalBody struct {
	DryRun  bool     `json:"dry_run,omitempty" doc:"Only say what would happen."`
	Version uint64   `json:"version,omitempty" doc:"Of the group, from the dry run. An action on another than the present one is refused."`
	Step    string   `json:"step" enum:"inform,friction,limit,lock,suspend,remove"`
	Policy  string   `json:"policy" minLength:"1" maxLength:"64"`
	Code    string   `json:"code" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$" example:"coordinated"`
	Reason  string   `json:"reason" minLength:"1" maxLength:"1000"`
	Notice  string   `json:"notice,omitempty" maxLength:"1000" doc:"What the platform is to tell each account: the reason of its message."`
	Label   string   `json:"label,omitempty" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"To put on each account that is acted on, for as long."`
	Lasts   int64    `json:"lasts,omitempty" minimum:"0" maximum:"315360000" doc:"Seconds of event time; for good unless given."`
	Except  []string `json:"except,omitempty" maxItems:"10000" doc:"Accounts that are left alone."`
	Canary  float64  `json:"canary,omitempty" minimum:"0" maximum:"1" doc:"The share of accounts to begin with."`
	Watch   int64    `json:"watch,omitempty" minimum:"0" maximum:"31536000" doc:"Seconds of event time for which the canary is watched, before the action goes on by itself unless people reversed any of it. Without, a person lets it go on."`
}

type actionOutput struct{ Body GroupAction }

func (a *API) routeActions() {
	tags := []string{"group actions"}
	register(a, huma.Operation{
		OperationID: "act-on-group", Method: http.MethodPost, Path: "/v1/groups/{id}/actions", Tags: tags, Summary: "Act on a whole group, or see what that would do",
		Description: "The members are fixed as they are now. Above a hundred accounts, or five that are expected to be wrong, another person has to approve it.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict},
	}, a.propose)
	register(a, huma.Operation{
		OperationID: "list-actions", Method: http.MethodGet, Path: "/v1/actions", Tags: tags, Summary: "List the actions on groups",
	}, a.listActions)
	register(a, huma.Operation{
		OperationID: "get-action", Method: http.MethodGet, Path: "/v1/actions/{id}", Tags: tags, Summary: "See how far an action on a group got",
		Errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *struct {
		ID string `path:"id" maxLength:"256"`
	}) (*actionOutput, error) {
		return actionOf(a.Store.GroupAction(ctx, in.ID))
	})
	register(a, huma.Operation{
		OperationID: "list-action-members", Method: http.MethodGet, Path: "/v1/actions/{id}/members", Tags: tags, Summary: "List the members of an action on a group",
		Errors: []int{http.StatusNotFound},
	}, a.listActionMembers)
	for _, m := range []struct {
		do   record.ActionDo
		path string // written out, since the table of scopes is searched for it
		what string
	}{
		{record.ActionApprove, "/v1/actions/{id}/approve", "Let an action begin that somebody else proposed"},
		{record.ActionContinue, "/v1/actions/{id}/continue", "Let an action go on after its canary"},
		{record.ActionStop, "/v1/actions/{id}/stop", "Stop an action after the batch that is under way"},
		{record.ActionResume, "/v1/actions/{id}/resume", "Let a stopped action go on where it was"},
		{record.ActionUndo, "/v1/actions/{id}/undo", "Undo an action as a whole"},
	} {
		register(a, huma.Operation{
			OperationID: string(m.do) + "-action", Method: http.MethodPost, Path: m.path, Tags: tags, Summary: m.what,
			Description: "Where that is done already, nothing changes.", Errors: []int{http.StatusNotFound, http.StatusConflict}, DefaultStatus: http.StatusAccepted,
		}, func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"256"`
			Body struct {
				Reason string `json:"reason" minLength:"1" maxLength:"1000"`
			}
		}) (*actionOutput, error) {
			return actionOf(a.Actions.Move(ctx, Once{}.author(ctx, in.Body.Reason), in.ID, m.do))
		})
	}
}

func (a *API) propose(ctx context.Context, in *struct {
	Once
	ID   string `path:"id" maxLength:"256"`
	Body proposalBody
}) (*struct{ Body Proposed }, error) {
	b := &in.Body
	p := groupaction.Proposal{Group: in.ID, Version: b.Version, Step: b.Step, Policy: b.Policy, Code: b.Code, Notice: b.Notice, Label: b.Label,
		Lasts: time.Duration(b.Lasts) * time.Second, Except: b.Except, Canary: b.Canary, Watch: time.Duration(b.Watch) * time.Second}
	out := &struct{ Body Proposed }{}
	if b.DryRun {
		pre, err := a.Actions.Preview(ctx, p)
		if err != nil {
			return nil, err
		}
		out.Body.Preview = previewOf(pre)
		return out, nil
	}
	made, err := a.Actions.Propose(ctx, in.author(ctx, b.Reason), p)
	if err != nil {
		return nil, err
	}
	action := actionForm(&made)
	out.Body.Action = &action
	return out, nil
}

func (a *API) listActions(ctx context.Context, in *struct {
	PageQuery
	Group string `query:"group" maxLength:"256" doc:"Only those on this group."`
}) (*listOutput[GroupAction], error) {
	rows, err := a.Store.ListGroupActions(ctx, in.Group, in.page())
	if err != nil {
		return nil, err
	}
	return listOf(rows, in.Limit, actionForm, func(g *record.GroupAction) int64 { return g.Seq }), nil
}

func (a *API) listActionMembers(ctx context.Context, in *struct {
	ID    string `path:"id" maxLength:"256"`
	From  int    `query:"from" minimum:"0" doc:"The place of the first one."`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"1000" doc:"How many at most."`
}) (*struct {
	Body struct {
		Items []ActionMember `json:"items" nullable:"false" doc:"By name."`
	}
}, error,
) {
	if _, err := a.Store.GroupAction(ctx, in.ID); err != nil {
		return nil, err
	}
	rows, err := a.Store.GroupMembers(ctx, in.ID, in.From, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &struct {
		Body struct {
			Items []ActionMember `json:"items" nullable:"false" doc:"By name."`
		}
	}{}
	out.Body.Items = make([]ActionMember, len(rows))
	for i := range rows {
		out.Body.Items[i] = memberForm(&rows[i])
	}
	return out, nil
}

func actionOf(g record.GroupAction, err error) (*actionOutput, error) {
	if err != nil {
		return nil, err
	}
	return &actionOutput{Body: actionForm(&g)}, nil
}

func actionForm(g *record.GroupAction) GroupAction {
	return GroupAction{ID: g.ID, Group: g.Group, Version: g.Version, Score: g.Score, Step: g.Step, Policy: g.Policy, Code: g.Code, Reason: g.Reason, Notice: g.Notice,
		Label: g.Label, Lasts: g.Lasts / int64(time.Second), Watch: g.Watch / int64(time.Second), Foreseen: g.Preview, Needs: g.Needs, State: string(g.State), StoppedIn: string(g.StoppedIn),
		By: g.By, At: Time(g.At), ApprovedBy: g.ApprovedBy, ApprovedAt: Time(g.ApprovedAt), UndoneBy: g.UndoneBy, CanaryAt: Time(g.CanaryAt), Counts: ActionCounts(g.Counts)}
}

func memberForm(m *record.GroupMember) ActionMember {
	return ActionMember{Account: m.Account, Confidence: m.Confidence, LeftOut: m.LeftOut, Canary: m.Canary, State: string(m.State), Why: m.Why, Undo: string(m.Undo)}
}

func previewOf(p *groupaction.Preview) *ActionPreview {
	out := &ActionPreview{Group: p.Group, Version: p.Version, Score: p.Score, Taken: p.Taken, Expected: p.Expected, Verified: p.Verified, Large: p.Large, Old: p.Old,
		LeftOut: p.LeftOut, Needs: p.Needs, Members: make([]ActionMember, len(p.Members))}
	for i := range p.Members {
		m := &p.Members[i]
		out.Members[i] = memberForm(&m.GroupMember)
		out.Members[i].Verified, out.Members[i].Large, out.Members[i].Old = m.Verified, m.Large, m.Old
	}
	return out
}
