package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/group"
)

// Group is a group of accounts in short.
type Group struct {
	ID        string   `json:"id"`
	State     string   `json:"state" enum:"active,dormant,merged,dead"`
	Size      int      `json:"size" doc:"Members, those on probation included."`
	Probation int      `json:"probation" doc:"Members on probation, whom no action on the group is about."`
	Score     float64  `json:"score" doc:"How likely it does harm, 0 to 1."`
	Flagged   bool     `json:"flagged" doc:"At the operating point that ships with the model."`
	Found     Time     `json:"found"`
	Last      Time     `json:"last" doc:"The latest act of a member."`
	Version   uint64   `json:"version" doc:"Of the set of members."`
	Traces    []string `json:"traces" nullable:"false" doc:"The kinds of co-action that tie it."`
}

// GroupDetail is a group with all that is known of it.
type GroupDetail struct {
	Group
	Into         string          `json:"into,omitempty" doc:"Of a merged group: the one that has its accounts now."`
	Parents      []string        `json:"parents" nullable:"false" doc:"Groups that it split from, or that merged into it."`
	Children     []string        `json:"children" nullable:"false" doc:"Groups that have it for a parent."`
	FirstFlagged Time            `json:"first_flagged,omitzero"`
	Reasons      []string        `json:"reasons" nullable:"false" doc:"What speaks for harm most."`
	Features     []GroupFeature  `json:"features" nullable:"false" doc:"What the score is made of; those of 0 are left out."`
	Evidence     []GroupEvidence `json:"evidence" nullable:"false" doc:"Keys that brought the most members together."`
	Ties         []GroupTie      `json:"ties" nullable:"false"`
	Timeline     []GroupChange   `json:"timeline" nullable:"false" doc:"What happened to it, oldest first; the latest 64."`
	Members      []GroupMember   `json:"members" nullable:"false" doc:"By confidence; the first thousand."`
}

// GroupFeature is an input of the model of harm.
type GroupFeature struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// GroupEvidence is a key that brought members together.
type GroupEvidence struct {
	Trace    string `json:"trace"`
	Key      string `json:"key"`
	Accounts int    `json:"accounts"`
	From     Time   `json:"from"`
	To       Time   `json:"to"`
}

// GroupTie is what one trace says of a group.
type GroupTie struct {
	Trace  string  `json:"trace"`
	Edges  int     `json:"edges"`
	Log10P float64 `json:"log10_p" doc:"Of the strongest edge: how unlikely it is by chance."`
}

// GroupChange is something that happened to a group.
type GroupChange struct {
	Kind    string   `json:"kind" enum:"formed,grew,merged,split,returned"`
	At      Time     `json:"at"`
	Version uint64   `json:"version"`
	Size    int      `json:"size"`
	Gained  int      `json:"gained"`
	Others  []string `json:"others" nullable:"false" doc:"Groups that merged into it, or that it split from."`
}

// GroupMember is an account of a group.
type GroupMember struct {
	Account    string       `json:"account"`
	Confidence float64      `json:"confidence" doc:"That it belongs there: one minus a half for each tie to another member, of one that joined by a key a tenth of the doubt, of one that is away half of the confidence. It is not calibrated."`
	Joined     Time         `json:"joined"`
	By         string       `json:"by" enum:"community,ties,key"`
	Via        string       `json:"via,omitempty" doc:"Of one that joined by a key: the trace and the key."`
	Probation  bool         `json:"probation"`
	Away       Time         `json:"away,omitzero" doc:"Since when the group's community is without it."`
	Last       Time         `json:"last"`
	Ties       int          `json:"ties" doc:"Other members that it is tied to."`
	Strongest  []MemberEdge `json:"strongest" nullable:"false" doc:"At most five of these ties."`
}

// MemberEdge is a tie of a member.
type MemberEdge struct {
	Account string  `json:"account"`
	Log10P  float64 `json:"log10_p"`
}

// GroupGraph is a group's accounts, who is tied to them, and why.
type GroupGraph struct {
	Nodes []GraphNode `json:"nodes" nullable:"false"`
	Edges []GraphEdge `json:"edges" nullable:"false"`
	Cut   bool        `json:"cut" doc:"There is more: 500 accounts and 2,000 edges are shown at most."`
}

// GraphNode is an account of a graph.
type GraphNode struct {
	Account string `json:"account"`
	Group   string `json:"group,omitempty" doc:"Absent for one in no group."`
	Depth   int    `json:"depth" doc:"0 for a member of the group."`
}

// GraphEdge is an edge and why it stands.
type GraphEdge struct {
	A      string      `json:"a"`
	B      string      `json:"b"`
	Log10P float64     `json:"log10_p"`
	Batch  string      `json:"batch,omitempty" doc:"The trace and the key that bind all accounts there."`
	Why    []EdgeTrace `json:"why" nullable:"false"`
	Where  []EdgePlace `json:"where" nullable:"false" doc:"The rarest keys at which they met, at most five."`
}

// EdgeTrace is what one trace says of two accounts.
type EdgeTrace struct {
	Trace    string  `json:"trace"`
	Together int     `json:"together" doc:"Times they co-acted."`
	Expected float64 `json:"expected" doc:"Times that chance explains."`
	Log10P   float64 `json:"log10_p"`
}

// EdgePlace is a key at which two accounts met.
type EdgePlace struct {
	Trace  string  `json:"trace"`
	Key    string  `json:"key"`
	At     Time    `json:"at"`
	Apart  float64 `json:"apart" doc:"Seconds between their acts."`
	Others int     `json:"others" doc:"Accounts that were there before, within the widest window."`
}

// AccountGroup is the group of an account.
type AccountGroup struct {
	Group string `json:"group" doc:"Empty for an account in no group."`
}

type groupsInput struct {
	State    string  `query:"state" enum:"active,dormant,merged,dead,any" default:"active"`
	MinScore float64 `query:"min_score" minimum:"0" maximum:"1" default:"0"`
	MinSize  int     `query:"min_size" minimum:"0" default:"0"`
	Offset   int     `query:"offset" minimum:"0" default:"0" doc:"How many to pass over. Scores change while you read on."`
	Limit    int     `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// GroupPath names a group. Its name is exported because huma passes over fields of an unexported type.
type GroupPath struct {
	ID string `path:"id" maxLength:"64"`
}

type graphInput struct {
	GroupPath
	Depth int `query:"depth" minimum:"0" maximum:"3" default:"0" doc:"0 for the members alone, 1 with who is tied to them, and so on."`
}

type groupsOutput struct {
	Body struct {
		Items []Group `json:"items" nullable:"false"`
		Total int     `json:"total" doc:"Groups that match."`
	}
}

func (a *API) routeGroups() {
	tags := []string{"groups"}
	register(a, huma.Operation{
		OperationID: "list-groups", Method: http.MethodGet, Path: "/v1/groups", Tags: tags,
		Summary: "List groups, the likeliest to do harm first", Description: "Groups are kept while a rule of the active set reads them.",
	}, a.listGroups)
	register(a, huma.Operation{
		OperationID: "get-group", Method: http.MethodGet, Path: "/v1/groups/{id}", Tags: tags,
		Summary: "See a group", Description: "Its members with confidence and evidence, features with reasons, what happened to it, and where it came from.",
		Errors: []int{http.StatusNotFound},
	}, a.getGroup)
	register(a, huma.Operation{
		OperationID: "get-group-graph", Method: http.MethodGet, Path: "/v1/groups/{id}/graph", Tags: tags,
		Summary: "See who is tied to whom in a group, and why", Errors: []int{http.StatusNotFound},
	}, a.getGroupGraph)
	register(a, huma.Operation{
		OperationID: "get-account-group", Method: http.MethodGet, Path: "/v1/accounts/{id}/group", Tags: tags,
		Summary: "See which group an account is in",
	}, a.getAccountGroup)
}

func (a *API) listGroups(ctx context.Context, in *groupsInput) (*groupsOutput, error) {
	all, err := a.Engine.Groups(ctx, func(g *group.Group) bool {
		return (in.State == "any" || string(g.State) == in.State) && g.Score >= in.MinScore && g.Size() >= in.MinSize
	})
	if err != nil {
		return nil, err
	}
	out := &groupsOutput{}
	out.Body.Items, out.Body.Total = []Group{}, len(all)
	for i := min(in.Offset, len(all)); i < len(all) && len(out.Body.Items) < in.Limit; i++ {
		out.Body.Items = append(out.Body.Items, groupOf(&all[i]))
	}
	return out, nil
}

func groupOf(s *group.Summary) Group {
	return Group{ID: s.ID, State: string(s.State), Size: s.Size, Probation: s.Probation, Score: s.Score, Flagged: s.Flagged, Found: Time(s.Found),
		Last: Time(s.Last), Version: s.Version, Traces: append([]string{}, s.Traces...)}
}

var errNoGroup = huma.Error404NotFound("there is no group of that id, or not any more")

func (a *API) getGroup(ctx context.Context, in *GroupPath) (*struct{ Body GroupDetail }, error) {
	v, err := a.Engine.Group(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, errNoGroup
	}
	d := GroupDetail{Group: groupOf(&v.Summary), Into: v.Into, Parents: append([]string{}, v.Parents...), Children: append([]string{}, v.Children...),
		FirstFlagged: Time(v.FirstFlagged), Reasons: append([]string{}, v.Reasons...), Features: []GroupFeature{}, Evidence: []GroupEvidence{}, Ties: []GroupTie{},
		Timeline: []GroupChange{}, Members: []GroupMember{}}
	for _, x := range v.Features {
		d.Features = append(d.Features, GroupFeature(x))
	}
	for _, x := range v.Evidence {
		d.Evidence = append(d.Evidence, GroupEvidence{x.Trace, x.Key, x.Accounts, Time(x.From), Time(x.To)})
	}
	for _, x := range v.Ties {
		d.Ties = append(d.Ties, GroupTie(x))
	}
	for _, x := range v.History {
		d.Timeline = append(d.Timeline, GroupChange{strings.TrimPrefix(string(x.Kind), "group."), Time(x.At), x.Version, x.Size, x.Gained, append([]string{}, x.Others...)})
	}
	for i := range v.Members {
		x := &v.Members[i]
		m := GroupMember{Account: x.Account, Confidence: x.Confidence, Joined: Time(x.Joined), By: x.By, Via: x.Via, Probation: x.Probation, Away: Time(x.Away),
			Last: Time(x.Last), Ties: x.Ties, Strongest: []MemberEdge{}}
		for _, t := range x.Strongest {
			m.Strongest = append(m.Strongest, MemberEdge(t))
		}
		d.Members = append(d.Members, m)
	}
	return &struct{ Body GroupDetail }{d}, nil
}

func (a *API) getGroupGraph(ctx context.Context, in *graphInput) (*struct{ Body GroupGraph }, error) {
	g, err := a.Engine.GroupGraph(ctx, in.ID, in.Depth)
	if err != nil {
		return nil, err
	}
	if g == nil {
		return nil, errNoGroup
	}
	out := GroupGraph{Nodes: []GraphNode{}, Edges: []GraphEdge{}, Cut: g.Cut}
	for _, n := range g.Nodes {
		out.Nodes = append(out.Nodes, GraphNode(n))
	}
	for i := range g.Edges {
		x := &g.Edges[i]
		e := GraphEdge{A: x.A, B: x.B, Log10P: x.Log10P, Batch: x.Batch, Why: []EdgeTrace{}, Where: []EdgePlace{}}
		for _, w := range x.Why {
			e.Why = append(e.Why, EdgeTrace{w.Trace, w.Times, w.Expected, w.Log10P})
		}
		for _, w := range x.Where {
			e.Where = append(e.Where, EdgePlace{w.Trace, w.Key, Time(w.At), float64(w.Apart) / 1e9, w.Others})
		}
		out.Edges = append(out.Edges, e)
	}
	return &struct{ Body GroupGraph }{out}, nil
}

func (a *API) getAccountGroup(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"4096"`
}) (*struct{ Body AccountGroup }, error) {
	id, err := a.Engine.GroupOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body AccountGroup }{AccountGroup{id}}, nil
}
