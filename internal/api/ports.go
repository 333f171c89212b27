package api

import (
	"context"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/casework"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/discovery"
	"github.com/ringfence/ringfence/internal/gallery"
	"github.com/ringfence/ringfence/internal/group"
	"github.com/ringfence/ringfence/internal/groupaction"
	"github.com/ringfence/ringfence/internal/ingest"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/known"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/recent"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/source"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/rule"
)

// Engine is the part of [pipeline.Engine] that the API uses.
type Engine interface {
	Status() pipeline.Status
	Refresh()
	Await(id [16]byte) (answer <-chan pipeline.Answer, stop func())
	Entity(ctx context.Context, e event.Entity) (decide.EntityView, error)
	Quarantines(ctx context.Context) ([]decide.Quarantine, error)
	Groups(ctx context.Context, matches func(*group.Group) bool) ([]group.Summary, error)
	Group(ctx context.Context, id string) (*group.View, error)
	GroupGraph(ctx context.Context, id string, depth int) (*group.Graph, error)
	GroupOf(ctx context.Context, account string) (string, error)
}

// Decisions is the part of [pipeline.Decisions] that the API uses.
type Decisions interface {
	From(from journal.Position, max int, dst []pipeline.Stored) ([]pipeline.Stored, error)
	Next(ctx context.Context, from journal.Position, max int, dst []pipeline.Stored) ([]pipeline.Stored, error)
	Find(id [16]byte, received int64) ([]byte, error)
}

// Ingest is the part of [ingest.Ingest] that the API uses.
type Ingest interface {
	Events(ctx context.Context, from string, kind journal.Kind, r source.Reader, allow func(n int) error, refused func(ingest.Refusal)) (ingest.Report, error)
	Urgent(ctx context.Context, from string, e *event.Event, raw []byte) error
	Counts() (accepted, refused uint64)
}

// Control is the part of [control.Control] that the API uses.
type Control interface {
	PushRules(ctx context.Context, a control.Author, files []rule.File) (int64, []rule.Problem, error)
	Rollback(ctx context.Context, a control.Author, number int64) (int64, error)
	ResetBreaker(ctx context.Context, a control.Author, ruleID string) error
	Label(ctx context.Context, a control.Author, l change.Label) error
	Allow(ctx context.Context, a control.Author, l change.Allow) error
	Lift(ctx context.Context, a control.Author, e event.Entity) error
	Approve(ctx context.Context, a control.Author, ids []string, refuse bool) ([]string, error)
	OpenCase(ctx context.Context, a control.Author, o record.Opening) (string, error)

	PushModel(ctx context.Context, a control.Author, name string, data []byte) (int, error)
	RollbackModel(ctx context.Context, a control.Author, name string, version int) (int, error)
	ModelVersions(ctx context.Context) (map[string][]control.ModelVersion, error)
	Bank(ctx context.Context, name string) (*bank.Bank, error)
	Banks(ctx context.Context) ([]*bank.Bank, error)
	BankVersions(ctx context.Context, name string) ([]control.BankVersion, error)
	PutBank(ctx context.Context, a control.Author, f *bank.File) (int, error)
	EditBank(ctx context.Context, a control.Author, e bank.Edit) (int, error)
	AcceptDiscovery(ctx context.Context, a control.Author, id, bank string, e bank.Entry) (int, error)
	RefuseDiscovery(ctx context.Context, a control.Author, id string) error
	RollbackBank(ctx context.Context, a control.Author, name string, version int) (int, error)
}

// Store is the part of [record.Store] that the API uses.
type Store interface {
	ListEffects(ctx context.Context, f record.EffectFilter, p record.Page) ([]record.Delivery, error)
	Backlog(ctx context.Context) (record.Backlog, error)
	Requeue(ctx context.Context, by string, at int64, ids []string) (moved []string, err error)
	CaseFile(ctx context.Context, id string) (record.CaseFile, error)
	ListCases(ctx context.Context, f record.CaseFilter, p record.Page) ([]record.Case, error)
	SimilarCases(ctx context.Context, id string, limit int) ([]record.Similar, error)
	NoteCase(ctx context.Context, id string, n record.Note) error
	ListVerdicts(ctx context.Context, p record.Page) ([]record.Verdict, error)
	Draws(ctx context.Context, from, to int64, use func(record.Drawn) error) error
	GroupAction(ctx context.Context, id string) (record.GroupAction, error)
	ListGroupActions(ctx context.Context, group string, p record.Page) ([]record.GroupAction, error)
	GroupMembers(ctx context.Context, id string, from, limit int) ([]record.GroupMember, error)
	ListChanges(ctx context.Context, kind string, p record.Page) ([]record.Change, error)
	ActiveRuleSet(ctx context.Context) (record.RuleSet, error)
	ListRuleSets(ctx context.Context, p record.Page) ([]record.RuleSet, error)
	ListDiscoveries(ctx context.Context, state record.DiscoveryState, p record.Page) ([]record.Discovery, error)
	PutAudit(ctx context.Context, e record.AuditEntry) error
	AuditTrail(ctx context.Context, p record.Page) ([]record.AuditEntry, error)
	record.Rejections
}

// Actions is the part of [groupaction.Runner] that the API uses.
type Actions interface {
	Preview(ctx context.Context, p groupaction.Proposal) (*groupaction.Preview, error)
	Propose(ctx context.Context, by control.Author, p groupaction.Proposal) (record.GroupAction, error)
	Move(ctx context.Context, by control.Author, id string, do record.ActionDo) (record.GroupAction, error)
}

// Gallery is the part of [gallery.Gallery] that the API uses.
type Gallery interface {
	Find(digest string) (gallery.Picture, error)
	Preview(ctx context.Context, digest string) ([]byte, error)
	Original(ctx context.Context, digest string) (file []byte, kind string, err error)
	Erase(ctx context.Context, account string) (pictures int, err error)
}

// Known is the part of [known.Pictures] that the API uses.
type Known interface {
	Keep(ctx context.Context, shown *picture.Picture) (known.Kept, error)
}

// Review is the part of [casework.Desk] that the API uses.
type Review interface {
	Sync(ctx context.Context) error
	Queue(offset, limit int) (places []casework.Place, waiting int)
	Place(id string) (casework.Place, bool)
	Next(ctx context.Context, by string) (casework.Place, error)
	Release(ctx context.Context, id, by string) error
	Decide(ctx context.Context, a control.Author, id string, j control.Judgement) error
	Undo(ctx context.Context, a control.Author, id string) error
	Models(ctx context.Context) ([]casework.ModelReport, error)
	Train(ctx context.Context) (id string, err error)
	Serve(ctx context.Context, a control.Author, id string) error
	RuleVerdicts() map[string]record.RuleVerdict
}

// Finder is the part of [discovery.Finder] that the API uses.
type Finder interface {
	Ask()
	Last() *discovery.Report
}

// Recent is the part of [recent.Uploads] that the API uses.
type Recent interface {
	Preview(h hamming.Hash, radius int) recent.Preview
	Reports(name string) []recent.Report
}

// Journal is the part of [journal.Log] that the API uses.
type Journal interface {
	Bounds(p journal.Partition) (first, last journal.Position)
	Timeline(p journal.Partition, actor string, max int, dst []journal.Record) ([]journal.Record, error)
}
