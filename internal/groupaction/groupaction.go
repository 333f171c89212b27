// Package groupaction is one decision that acts on a whole group: it is foreseen, proposed, approved by a second person where it is large or doubtful, tried
// on a share of the members, carried out in batches, stopped and resumed between two of them, and undone as a whole.
//
// What is to be done to whom is fixed when the action is proposed and kept in the records; nobody who joins the group later is touched. Each batch is a change
// that is stored in the transaction that marks its members as sent. The relay brings it to the journal, the decision loop makes of it one effect for each
// member (or says what stopped it), and the outbox notes that in the transaction that takes the effects in. Nothing here is kept in memory: after a crash
// [Runner.Run] goes on from the records.
package groupaction

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/record"
)

// Engine is what a runner asks the decision loop.
type Engine interface {
	Roster(ctx context.Context, group, policy, step string) (decide.Roster, error)
	Standings(ctx context.Context, accounts []string, policy, step string) ([]decide.Standing, error)
	Clock(ctx context.Context) (int64, error)
}

// Options of a runner.
type Options struct {
	Store  record.GroupActions
	Engine Engine
	Relay  func()       // wakes the relay of changes to the journal
	Now    func() int64 // wall clock
	Batch  int          // members a batch, 1 to [change.MaxAct]: a stop takes effect between two
	Limits Limits
	Log    *slog.Logger
	Crash  func(point string) // fault harness: action.before-commit, action.after-commit; nil for none
}

// Limits is what one person may do alone.
type Limits struct {
	Members int     // that are acted on
	False   float64 // of them expected to be wrong
}

// DefaultOptions are those that need no wiring.
func DefaultOptions() Options {
	return Options{Batch: 250, Limits: Limits{Members: 100, False: 5}}
}

// Runner carries group actions out. Its methods are safe for concurrent use; Run is called once.
type Runner struct {
	Options
	wake chan struct{}
}

// New makes a runner.
func New(o Options) *Runner {
	if o.Crash == nil {
		o.Crash = func(string) {}
	}
	return &Runner{o, make(chan struct{}, 1)}
}

// Propose makes a group action, and starts it unless another person has to approve it. The same again under the author's id changes nothing. It is
// record.ErrConflict if the group's members are not those of the version that the proposal names.
func (r *Runner) Propose(ctx context.Context, by control.Author, p Proposal) (record.GroupAction, error) {
	had, err := r.Store.GroupAction(ctx, by.ID)
	if err == nil {
		if again := p.action(by); had.By != again.By || had.Reason != again.Reason || had.Group != again.Group || had.Version != again.Version ||
			had.Step != again.Step || had.Policy != again.Policy || had.Code != again.Code || had.Notice != again.Notice {
			return had, fmt.Errorf("group action %s: %w", by.ID, record.ErrConflict)
		}
		return had, nil
	}
	if !errors.Is(err, record.ErrNotFound) {
		return had, err
	}
	pre, err := r.Preview(ctx, p)
	if err != nil {
		return had, err
	}
	if pre.Version != p.Version {
		return had, fmt.Errorf("group %s is at version %d, not %d: see what it is now and propose again: %w", p.Group, pre.Version, p.Version, record.ErrConflict)
	}
	if pre.Taken == 0 {
		return had, fmt.Errorf("%w: there is nothing to do: %s", record.ErrInvalid, pre)
	}
	a := p.action(by)
	a.At, a.Score, a.Preview, a.Needs = r.Now(), pre.Score, pre.String(), pre.Needs
	members := make([]record.GroupMember, len(pre.Members))
	for i := range pre.Members {
		members[i] = pre.Members[i].GroupMember
	}
	switch canary := draw(by.ID, p.Canary, members); {
	case a.Needs != "":
		a.State = record.ActionWaiting
	case canary > 0:
		a.State = record.ActionCanary
	default:
		a.State = record.ActionRunning
	}
	if err := r.Store.PutGroupAction(ctx, a, members); err != nil {
		return had, err
	}
	r.Wake()
	return r.Store.GroupAction(ctx, by.ID)
}

// Move lets a person approve, continue, stop, resume or undo an action.
func (r *Runner) Move(ctx context.Context, by control.Author, id string, do record.ActionDo) (record.GroupAction, error) {
	clock, err := r.Engine.Clock(ctx)
	if err != nil {
		return record.GroupAction{}, err
	}
	a, err := r.Store.MoveGroupAction(ctx, id, record.ActionMove{Do: do, By: by.By, At: r.Now(), Reason: by.Reason, Clock: clock})
	r.Wake()
	return a, err
}

// Wake makes Run look for something to do now. It never waits. Call it when effects were taken into the outbox.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// poll is how often a runner looks for something to do when nobody wakes it: when a canary was watched for long enough, mostly.
const poll = time.Second

// Run carries out what is under way, until ctx is done. What fails is tried again.
func (r *Runner) Run(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		again, err := r.Step(ctx)
		if err != nil && ctx.Err() == nil {
			r.Log.Error("group actions do not go on; trying again", "error", err)
		}
		if again {
			continue
		}
		select {
		case <-r.wake:
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// Step does what can be done now for each action that is under way, and says whether there may be more.
func (r *Runner) Step(ctx context.Context) (again bool, err error) {
	actions, err := r.Store.GroupActionsUnderWay(ctx)
	for i := range actions {
		more, failed := r.step(ctx, &actions[i])
		again, err = again || more, errors.Join(err, failed)
	}
	return again && err == nil, err
}

func (r *Runner) step(ctx context.Context, a *record.GroupAction) (again bool, err error) {
	r.Crash("action.before-commit")
	sent, err := r.Store.SendBatch(ctx, a.ID, a.State, r.Batch, batch)
	if err != nil {
		return false, err
	}
	r.Crash("action.after-commit")
	switch {
	case sent == record.BatchSent:
		r.Relay()
		return false, nil // what is decided of it wakes us
	case sent == record.BatchBusy:
		return false, nil
	case a.State == record.ActionCanary:
		return r.watch(ctx, a)
	}
	_, err = r.Store.MoveGroupAction(ctx, a.ID, record.ActionMove{Do: record.ActionFinish, By: own(a), At: r.Now()})
	return false, err
}

// own is the name of what an action does by itself.
func own(a *record.GroupAction) string { return "action:" + a.ID }

// batch is the change that acts on some members, or that lifts what was done; without members, the end of an undo.
func batch(a *record.GroupAction, members []string) (record.Change, error) {
	act := change.Act{Action: a.ID, Group: a.Group, Version: a.Version, Step: a.Step, Policy: a.Policy, Label: a.Label, Lasts: a.Lasts, Members: members}
	c := change.Change{By: a.By, Reason: a.Reason, Act: &act}
	if a.Notice != "" {
		c.Reason = a.Notice
	}
	n := a.Batches
	if a.State == record.ActionUndoing {
		c.By, c.Reason, act.Undo, act.Last = a.UndoneBy, a.UndoReason, true, len(members) == 0
		if act.Last {
			n = -1 // there is one
		}
	}
	id := xxh3.HashString128(fmt.Sprintf("%s/%d", a.ID, n)).Bytes()
	c.ID = hex.EncodeToString(id[:])
	body, err := c.Encode()
	return record.Change{ID: c.ID, Kind: c.Kind(), By: c.By, At: max(a.At, a.ApprovedAt), Reason: c.Reason, Body: body}, err
}

// watch looks after a canary that is complete. Without a time for it, a person says whether the action goes on. With one it goes on by itself when that
// has passed, unless people reversed what was done to one of the canary.
func (r *Runner) watch(ctx context.Context, a *record.GroupAction) (again bool, err error) {
	clock, err := r.Engine.Clock(ctx)
	if err != nil {
		return false, err
	}
	m := record.ActionMove{By: own(a), At: r.Now(), Clock: clock}
	switch {
	case a.CanaryAt == 0:
		m.Do = record.ActionWatch
	case a.Watch == 0 || clock < a.CanaryAt+a.Watch:
		return false, nil
	default:
		reversed, all, err := r.reversed(ctx, a)
		if err != nil {
			return false, err
		}
		if m.Do = record.ActionContinue; reversed > 0 {
			m.Do, m.Reason = record.ActionStop, fmt.Sprintf("people reversed it for %d of the %d accounts of the canary", reversed, all)
		}
	}
	_, err = r.Store.MoveGroupAction(ctx, a.ID, m)
	return true, err
}

// reversed counts the canary's accounts on which it was enforced, and those of them for which people have said no since.
func (r *Runner) reversed(ctx context.Context, a *record.GroupAction) (reversed, all int, err error) {
	for from := 0; ; {
		members, err := r.Store.GroupMembers(ctx, a.ID, from, record.MaxPage)
		if err != nil || len(members) == 0 {
			return reversed, all, err
		}
		var accounts []string
		for _, m := range members {
			if m.Canary && m.State == "queued" {
				accounts = append(accounts, m.Account)
			}
		}
		standings, err := r.Engine.Standings(ctx, accounts, a.Policy, a.Step)
		if err != nil {
			return reversed, all, err
		}
		for _, s := range standings {
			if s.Reversed || s.Allowed {
				reversed++
			}
		}
		from, all = from+len(members), all+len(accounts)
	}
}
