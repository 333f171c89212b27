package record

import (
	"context"
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
)

// GroupActions is the decisions to act on a whole group, each with the members that it was made about. The store is where they are decided: of two people who
// move an action at the same time one is first, and a batch is sent only of an action that goes on.
type GroupActions interface {
	// PutGroupAction stores a new action with its members, and an audit entry. The same again under its id changes nothing; another is ErrConflict.
	PutGroupAction(ctx context.Context, a GroupAction, members []GroupMember) error

	// GroupAction gives an action with its counts.
	GroupAction(ctx context.Context, id string) (GroupAction, error)

	// ListGroupActions lists the actions on a group, or with "" all, newest first.
	ListGroupActions(ctx context.Context, group string, p Page) ([]GroupAction, error)

	// GroupMembers gives up to limit members of an action, from the one at a place on.
	GroupMembers(ctx context.Context, id string, from, limit int) ([]GroupMember, error)

	// MoveGroupAction lets somebody move an action (see [GroupAction.Move]), with an audit entry, and gives what it is then.
	MoveGroupAction(ctx context.Context, id string, m ActionMove) (GroupAction, error)

	// GroupActionsUnderWay gives the actions that something is to be done for: in canary, running or undoing.
	GroupActionsUnderWay(ctx context.Context) ([]GroupAction, error)

	// SendBatch takes up to limit members that are next and stores the change that do makes of them, in one transaction; do must do nothing else. In canary only its
	// members are taken. When an undo has no more members, do is called once with none. Nothing is sent of an action that is in another state by now, nor
	// while members that were sent are not decided yet.
	SendBatch(ctx context.Context, id string, in ActionState, limit int, do func(a *GroupAction, members []string) (Change, error)) (Batch, error)
}

// Batch is what came of sending one.
type Batch uint8

// What can come of sending a batch.
const (
	BatchBusy Batch = iota // not its time
	BatchSent
	BatchNone // there is nothing left to send
)

// ActionState is how far a group action got.
type ActionState string

// The states of a group action.
const (
	ActionWaiting ActionState = "waiting" // for another person's approval
	ActionCanary  ActionState = "canary"  // a share of the members is acted on, and then watched
	ActionRunning ActionState = "running"
	ActionDone    ActionState = "done"
	ActionStopped ActionState = "stopped" // by a person, or by what became of the canary; goes on where it was when it is resumed
	ActionUndoing ActionState = "undoing"
	ActionUndone  ActionState = "undone"
)

// GroupAction is one decision to act on a group.
type GroupAction struct {
	Seq        int64 // given by the store
	ID         string
	Group      string
	Version    uint64  // of the group's set of members
	Score      float64 // of the group, at that time
	Step       string
	Policy     string
	Code       string // of the reason
	Reason     string // the proposer's
	Notice     string // what the platform is to tell the members; empty for none
	Label      string // put on the members that are acted on; empty for none
	Lasts      int64  // nanoseconds of event time; 0 for good
	Watch      int64  // nanoseconds of event time after which a canary goes on by itself; 0: when a person says so
	Preview    string // what was foreseen, in words; for the audit trail
	Needs      string // why another person has to approve; empty if nobody has to
	State      ActionState
	StoppedIn  ActionState // of a stopped one
	By         string
	At         int64
	ApprovedBy string // of one that had to wait: not By
	ApprovedAt int64
	UndoneBy   string
	UndoReason string
	CanaryAt   int64 // event time since which the canary is watched; 0 until it is complete
	Batches    int64 // sent, of undos too

	Counts ActionCounts // given by the store
}

// ActionCounts is how many members there are of each kind.
type ActionCounts struct {
	Taken, LeftOut, Canary        int64 // when it was proposed; the canary is among those taken
	Sent                          int64 // to the journal, and not decided yet
	Enforced, Absorbed, Prevented int64 // as it was decided
	Lifting, Lifted               int64 // of an undo: sent, and decided
}

// GroupMember is an account as an action has it.
type GroupMember struct {
	Account    string
	Confidence float64 // 0 to 1: how likely the account is one of those that do harm here
	LeftOut    string  // why nothing is done to it; empty for one that is taken
	Canary     bool
	State      MemberState // of one that is taken
	Why        string      // it was absorbed or suppressed
	Undo       MemberState
}

// MemberState is how far an action got with a member: empty before its batch was sent, and then what decide made of it.
type MemberState string

// MemberSent is the state of a member whose batch decide has yet to take; the others are those that decide gives an effect: queued, absorbed, suppressed.
const MemberSent MemberState = "sent"

// ActionMove is somebody's word on an action.
type ActionMove struct {
	Do     ActionDo
	By     string
	At     int64
	Reason string
	Clock  int64 // event time, of a watch
}

// ActionDo is what can be done to an action.
type ActionDo string

// What people do to an action, and what follows from how far it got.
const (
	ActionApprove  ActionDo = "approve"
	ActionContinue ActionDo = "continue" // after the canary
	ActionStop     ActionDo = "stop"
	ActionResume   ActionDo = "resume"
	ActionUndo     ActionDo = "undo"

	ActionWatch  ActionDo = "watch"  // the canary is complete
	ActionFinish ActionDo = "finish" // nothing is left to do
)

// Bounds of a group action.
const (
	MaxActionMembers = 1 << 16
	MaxNotice        = 1000 // bytes
)

// Check reports, as ErrInvalid, why an action cannot be stored.
func (a *GroupAction) Check() error {
	for _, s := range []string{a.ID, a.Group, a.Policy, a.Code, a.By} {
		if s == "" || len(s) > MaxName {
			return fmt.Errorf("%w: a group action needs an id, a group, a policy, a reason code and who made it, each at most %d bytes", ErrInvalid, MaxName)
		}
	}
	switch {
	case !effect.IsStep(a.Step):
		return fmt.Errorf("%w: group action %s: %.64q is no step of enforcement", ErrInvalid, a.ID, a.Step)
	case len(a.Label) > MaxName || len(a.Notice) > MaxNotice || len(a.Reason) > MaxReason || len(a.Preview) > MaxReason:
		return fmt.Errorf("%w: group action %s: its label, notice or reason is too long", ErrInvalid, a.ID)
	case a.Lasts < 0 || a.Watch < 0:
		return fmt.Errorf("%w: group action %s: lasts and watch must not be negative", ErrInvalid, a.ID)
	case !slices.Contains([]ActionState{ActionWaiting, ActionCanary, ActionRunning}, a.State), (a.State == ActionWaiting) != (a.Needs != ""):
		return fmt.Errorf("%w: group action %s does not begin in state %q with %q to approve", ErrInvalid, a.ID, a.State, a.Needs)
	}
	return nil
}

// Check reports, as ErrInvalid, why a member cannot be stored.
func (m *GroupMember) Check() error {
	e := event.Entity{Kind: event.AccountEntity, ID: m.Account}
	if _, ok := event.ParseEntity(e.String()); !ok || !(m.Confidence >= 0 && m.Confidence <= 1) || m.State != "" || m.Undo != "" {
		return fmt.Errorf("%w: member %.64q with a confidence of %g is none that a group action begins with", ErrInvalid, m.Account, m.Confidence)
	}
	return nil
}

// Move does something to an action. Where that is done already nothing changes, and moved is false. What cannot be done in its state is ErrConflict, and so is an approval by
// the person who proposed it.
func (a *GroupAction) Move(m ActionMove) (moved bool, err error) {
	was := *a
	switch {
	case m.Do == ActionApprove && a.State == ActionWaiting:
		if m.By == a.By {
			return false, fmt.Errorf("group action %s was proposed by %s, and somebody else has to approve it: %w", a.ID, a.By, ErrConflict)
		}
		a.ApprovedBy, a.ApprovedAt, a.State = m.By, m.At, a.begin()
	case m.Do == ActionApprove && a.ApprovedBy == m.By:
	case m.Do == ActionContinue && (a.State == ActionCanary || a.StoppedIn == ActionCanary && a.CanaryAt > 0):
		a.State, a.StoppedIn = ActionRunning, ""
	case m.Do == ActionContinue && a.State == ActionRunning:
	case m.Do == ActionStop && slices.Contains([]ActionState{ActionWaiting, ActionCanary, ActionRunning, ActionUndoing}, a.State):
		a.State, a.StoppedIn = ActionStopped, a.State
	case m.Do == ActionStop && a.State == ActionStopped:
	case m.Do == ActionResume && a.State == ActionStopped:
		a.State, a.StoppedIn = a.StoppedIn, ""
		if a.CanaryAt > 0 { // it is watched anew
			a.CanaryAt = m.Clock
		}
	case m.Do == ActionResume && slices.Contains([]ActionState{ActionCanary, ActionRunning, ActionUndoing}, a.State):
	case m.Do == ActionUndo && a.Batches > 0 && a.StoppedIn != ActionUndoing && slices.Contains([]ActionState{ActionCanary, ActionRunning, ActionStopped, ActionDone}, a.State):
		a.State, a.StoppedIn, a.UndoneBy, a.UndoReason = ActionUndoing, "", m.By, m.Reason
	case m.Do == ActionUndo && slices.Contains([]ActionState{ActionUndoing, ActionUndone}, a.State):
	case m.Do == ActionUndo && a.Batches == 0:
		return false, fmt.Errorf("group action %s has done nothing yet that could be undone; stop it: %w", a.ID, ErrConflict)
	case m.Do == ActionWatch && a.State == ActionCanary:
		a.CanaryAt = max(m.Clock, 1)
	case m.Do == ActionFinish && a.State == ActionRunning:
		a.State = ActionDone
	case m.Do == ActionFinish && a.State == ActionUndoing:
		a.State = ActionUndone
	default:
		return false, fmt.Errorf("group action %s is %s, and one cannot %s that: %w", a.ID, a.State, m.Do, ErrConflict)
	}
	return *a != was, nil
}

// begin is the state in which an action starts to act.
func (a *GroupAction) begin() ActionState {
	if a.Counts.Canary > 0 {
		return ActionCanary
	}
	return ActionRunning
}
