package record

import (
	"context"
	"fmt"

	"github.com/ringfence/ringfence/event"
)

// Cases is what waits for a reviewer. While a case is open there is one for each subject: rules, reports, people and samples that
// speak of the same target add to it, under as many policies as they name. The case of a group holds those of its members.
type Cases interface {
	// Case gives a case.
	Case(ctx context.Context, id string) (Case, error)

	// CaseFile gives a case with all that is kept of it, as of one moment.
	CaseFile(ctx context.Context, id string) (CaseFile, error)

	// ListCases lists cases, newest first.
	ListCases(ctx context.Context, f CaseFilter, p Page) ([]Case, error)

	// CasesSince calls use with the cases that changed after a revision, in the order of their last change; from 0 on, with those that
	// are open only. It reads what happened before the call.
	CasesSince(ctx context.Context, rev int64, use func(CaseSummary) error) error

	// CaseSummary gives one of them.
	CaseSummary(ctx context.Context, id string) (CaseSummary, error)

	// SimilarCases gives past cases on the same target or with a link to the same entity, those with most in common first.
	SimilarCases(ctx context.Context, id string, limit int) ([]Similar, error)

	// OpenCase opens a case in somebody's name, or adds what they say to the one that is open on the target, and gives its id.
	// It is audited. Doing so again under the opening's id changes nothing.
	OpenCase(ctx context.Context, o Opening) (id string, err error)

	// NoteCase adds a note to a case. Only the first MaxNotes are taken; more are ErrInvalid.
	NoteCase(ctx context.Context, id string, n Note) error

	// HoldCases puts the open cases of some accounts under the open case of their group, and lets go of those it held and that are
	// not named. The case of a group, a second look, an appeal and a case with a deadline are none to be held. It returns how many
	// it holds.
	HoldCases(ctx context.Context, group string, members []event.Entity) (held int, err error)

	// LeaseCase gives an open case to a reviewer until a time. It is ErrConflict while another has it, if a verdict on it is not
	// theirs to give (Case.NotBy), or once it is decided.
	LeaseCase(ctx context.Context, id string, l Lease, now int64) (Case, error)

	// ReleaseCase gives a leased case back. It changes nothing if it is not theirs.
	ReleaseCase(ctx context.Context, id, by string) error

	// DecideCase closes a case with a verdict, and the cases that it holds where the verdict says so, and stores the change that
	// says it. Doing so again by the same change changes nothing; by another it is ErrConflict, as is a verdict while another
	// reviewer has the case, or by whom it must not be decided. Reports on the case are now known to be right or wrong.
	DecideCase(ctx context.Context, c Change, v Verdict) error

	// UndoVerdict takes a verdict back, stores the change that says so, and opens the cases that it closed again. It is ErrConflict
	// if it was taken back by another change, or another case was opened on the target since.
	UndoVerdict(ctx context.Context, c Change, verdict string) error

	// Verdict gives a verdict.
	Verdict(ctx context.Context, id string) (Verdict, error)

	// ListVerdicts lists verdicts, newest first, also those that were taken back.
	ListVerdicts(ctx context.Context, p Page) ([]Verdict, error)

	// RuleVerdicts counts the verdicts on cases for which a rule speaks, by rule and version, under the policy it speaks of; those of
	// cases decided from a time on.
	RuleVerdicts(ctx context.Context, since int64) ([]RuleVerdict, error)
}

// Case is one question to a reviewer.
type Case struct {
	Seq      int64
	ID       string // of the effect, report or opening that opened it
	Target   event.Entity
	Origin   Origin // what opened it
	Kind     CaseKind
	Of       string       // the case that a second look or an appeal is about
	NotBy    string       // who must not decide it: whose verdict a second look or an appeal is about
	Policies []CasePolicy // by policy
	Severity int          // the highest among them
	Opened   int64        // event time of what opened it
	Updated  int64        // event time of the latest
	Effects  int64        // how many review effects it holds; the first MaxEvidence of them are kept
	Reports  int64        // how many reports; the first MaxReports of them are kept
	Draws    int64        // how many of its views were drawn for the estimate of prevalence
	Parent   string       // the group's case that holds it
	Deadline int64        // by when it has to be decided; 0 for none
	Lease    Lease        // who has it; of the last one also when it ended
	Closed   int64        // when it was closed; 0 while open
	ClosedBy string
	Change   string // id of the change that closed it
	Verdict  Decision
}

// Policy gives what a case says under a policy.
func (c *Case) Policy(name string) (CasePolicy, bool) {
	for _, p := range c.Policies {
		if p.Policy == name {
			return p, true
		}
	}
	return CasePolicy{}, false
}

// CaseSummary is what a case is ranked by.
type CaseSummary struct {
	Case
	Rev     int64        // given by the store, higher with each change of a case
	Rules   []CaseRule   // that speak for it, by name
	Account string       // behind a content, if it is known
	Reports []Report     // without their reasons
	Past    PastVerdicts // on the same target, and on the account behind it
}

// CaseRule is what a rule, or a person or model who opened the case, says in it.
type CaseRule struct {
	Kind     EvidenceKind
	Rule     string
	Version  string
	Policy   string
	Times    int64
	Readings []Reading // of the last time
}

// PastVerdicts counts earlier verdicts that stand.
type PastVerdicts struct{ Violating, Benign int64 }

// CasePolicy is a policy under which a case asks.
type CasePolicy struct {
	Policy   string `json:"policy"`
	Severity int    `json:"severity"` // the highest, 0 to 5
	Effects  int64  `json:"effects"`
}

// Origin is what opened a case.
type Origin string

// The origins.
const (
	ByRule   Origin = "rule"
	ByReport Origin = "report"
	ByPerson Origin = "person"
	ByModel  Origin = "model"
	BySample Origin = "sample" // one of its views was drawn
)

// CaseKind is what a case asks.
type CaseKind string

// The kinds of case.
const (
	FirstLook  CaseKind = ""
	SecondLook CaseKind = "second" // of another reviewer, at a verdict that would be dear if it were wrong
	Appeal     CaseKind = "appeal" // of whom a verdict was about
)

// Decision is what a verdict says.
type Decision string

// The decisions.
const (
	Violating Decision = "violating"
	Benign    Decision = "benign"
	Unclear   Decision = "unclear" // nothing can be said, as of what is deleted; nothing is learnt of it
)

// Lease is a reviewer's claim on a case, and how the case was chosen for them.
type Lease struct {
	By         string
	Until      int64
	Lane       string
	Propensity float64 // the chance with which this case was chosen; 0 where it was picked by hand
}

// Bounds of a case.
const (
	MaxEvidence = 1000 // rows; further effects are counted only
	MaxReports  = 1000 // likewise
	MaxPolicies = 32   // what comes under further ones adds its evidence, and no policy
	MaxLinks    = 64   // entities
	MaxNotes    = 200
	MaxHeld     = 10_000 // cases under that of a group
)

// CaseFile is a case with what is kept of it, each list oldest first.
type CaseFile struct {
	Case
	Evidence []Evidence
	Reports  []Report
	Links    []event.Entity // what it is also about, in order of their text form
	Notes    []Note
	Verdicts []Verdict // on this case, and on others on its target; the last MaxPage of them
	Held     []Case    // of a group's case; the first MaxPage
}

// EvidenceKind is who says it.
type EvidenceKind string

// The kinds of evidence.
const (
	RuleSays   EvidenceKind = "rule"
	PersonSays EvidenceKind = "person"
	ModelSays  EvidenceKind = "model"
)

// Evidence is what one review effect, or somebody who opened the case, says.
type Evidence struct {
	Kind     EvidenceKind
	EffectID string
	Rule     string // or who
	Version  string // of the rule
	Policy   string
	Severity int
	Reason   string
	Readings []Reading // what the rule read
	Source   string    // of the event
	EventID  string
	Time     int64
}

// Reading is a signal or a window that a rule read, and what it said.
type Reading struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Note is what a person wrote on a case.
type Note struct {
	By   string
	At   int64
	Text string
}

// CaseFilter selects cases; empty fields select all.
type CaseFilter struct {
	Closed bool // closed ones instead of open ones
	Target event.Entity
	Parent string
}

// Similar is a past case and what it has in common with another.
type Similar struct {
	Case
	Shares []event.Entity // the target itself, or linked entities; the first MaxLinks
}

// Opening is somebody's word that a subject is to be looked at.
type Opening struct {
	ID       string
	Kind     CaseKind
	Of       string // the decided case that an appeal is about
	Target   event.Entity
	Policy   string
	Severity int // 0 to 5
	Origin   Origin
	By       string
	Reason   string
	Deadline int64
	Links    []event.Entity
	At       int64
	Time     int64 // event time
}

// Check reports, as ErrInvalid, why a case cannot be opened.
func (o *Opening) Check() error {
	switch {
	case o.ID == "" || o.By == "" || o.Target.Kind == event.NoEntity || o.Target.ID == "":
		return fmt.Errorf("%w: an opening needs an id, a target and who opens it", ErrInvalid)
	case len(o.ID) > MaxName || len(o.By) > MaxName || len(o.Policy) > MaxName || o.Policy == "" && o.Kind == FirstLook:
		return fmt.Errorf("%w: opening %.64q: it needs a policy; id, policy and by take at most %d bytes", ErrInvalid, o.ID, MaxName)
	case len(o.Reason) > MaxReason:
		return fmt.Errorf("%w: opening %q: the reason takes at most %d bytes", ErrInvalid, o.ID, MaxReason)
	case o.Severity < 0 || o.Severity > 5:
		return fmt.Errorf("%w: opening %q: severity %d is not 0 to 5", ErrInvalid, o.ID, o.Severity)
	case (o.Kind == Appeal) != (o.Of != "") || o.Kind == SecondLook:
		return fmt.Errorf("%w: opening %q: an appeal names the case that it is about, and nothing else does", ErrInvalid, o.ID)
	}
	return nil
}

// Verdict is what a person said of a case.
type Verdict struct {
	Seq      int64
	ID       string // of the change that says so
	Case     string
	Target   event.Entity // given by the store, as is Kind
	Kind     CaseKind
	Decision Decision
	Policies []string // those that are violated; of a violating verdict at least one
	Asked    []string // those of the case; given by the store
	Code     string   // the reason's code
	Note     string
	By       string
	At       int64
	Lane     string  // of the lease; empty where the case was picked by hand
	Chance   float64 // the lease's propensity
	Example  []byte  // JSON, opaque here: what the models saw and said
	Undone   int64   // when it was taken back; 0 if it stands
	Undo     string  // id of the change that took it back

	// What DecideCase does beside it; not stored.
	Held   []string // cases that the case holds and that are closed with it
	Second bool     // another reviewer is to look at it: a case of its own is opened for that
}

// MaxExample is how many bytes a verdict's example takes.
const MaxExample = 64 << 10

// Check reports, as ErrInvalid, why a verdict cannot be stored.
func (v *Verdict) Check() error {
	switch {
	case v.Decision != Violating && v.Decision != Benign && v.Decision != Unclear:
		return fmt.Errorf("%w: verdict %.64q is not violating, benign or unclear", ErrInvalid, v.Decision)
	case (v.Decision == Violating) != (len(v.Policies) > 0) || len(v.Policies) > MaxPolicies:
		return fmt.Errorf("%w: a violating verdict names one to %d policies that are violated, others name none", ErrInvalid, MaxPolicies)
	case len(v.Code) > MaxName || len(v.Note) > MaxReason || len(v.Example) > MaxExample:
		return fmt.Errorf("%w: a verdict's code takes at most %d bytes, its note %d, its example %d", ErrInvalid, MaxName, MaxReason, MaxExample)
	case len(v.Held) > MaxHeld:
		return fmt.Errorf("%w: a verdict closes at most %d cases with its own", ErrInvalid, MaxHeld)
	}
	for _, p := range v.Policies {
		if p == "" || len(p) > MaxName {
			return fmt.Errorf("%w: policy %.64q is empty or longer than %d bytes", ErrInvalid, p, MaxName)
		}
	}
	return nil
}

// RuleVerdict is what people said of the cases for which a rule spoke.
type RuleVerdict struct {
	Rule      string
	Version   string
	Judged    int64 // cases with a violating or benign verdict that stands
	Violating int64 // of them, in violation of the policy that the rule spoke of
}
