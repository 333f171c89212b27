package record

import (
	"context"
	"fmt"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
)

// Outbox is where decide leaves its effects.
type Outbox interface {
	// PutEffects stores what the records up to position through caused, and that position. It says for each effect whether it
	// was new: putting the same again changes nothing. What is queued is due from now on.
	//
	// Queued and waiting effects are kept and known by their id. Absorbed, shadow and suppressed ones are counted by day and
	// not kept; they are new if their position is above the watermark. A new review effect that is queued opens or joins the
	// case of its policy and target, an absorbed one adds its evidence, a waiting one does so when it is approved.
	//
	// One caller puts effects, in journal order. An effect whose Position is above through is ErrInvalid.
	PutEffects(ctx context.Context, effects []effect.Effect, through uint64, now int64) (fresh []bool, err error)

	// Watermark is the highest position that PutEffects was called with.
	Watermark(ctx context.Context) (uint64, error)
}

// PlatformReceiver is the receiver of every effect that is not a notification.
const PlatformReceiver = "platform"

// ReceiverOf names the receiver of an effect: the platform itself, or a notification channel as "notify:<channel>".
func ReceiverOf(e *effect.Effect) string {
	if e.Kind == effect.Notify {
		return "notify:" + e.Value
	}
	return PlatformReceiver
}

// Delivery is a kept effect and how far its delivery got.
type Delivery struct {
	effect.Effect
	Seq      int64  // order of arrival in the outbox
	Receiver string // see ReceiverOf
	Attempts int    // failures that counted
	Due      int64  // since or from when the next attempt is due; -1 not its turn or nothing left to do
	Done     int64  // when it became delivered, dead or refused
	Status   int    // the receiver's last HTTP status; 0 for none
	Note     string // the last error, or what there is to say of the delivery
}

// Deliveries is the outbox as the delivery sees it.
//
// The queued effects of one receiver on one target form a line: only the first is ever claimed, and the next has its turn once
// the first is delivered or dead. Lines do not wait for each other, so one dead channel stops no other receiver.
type Deliveries interface {
	// DueReceivers names the receivers that have an effect due, in order of name.
	DueReceivers(ctx context.Context, now int64) ([]string, error)

	// Claim gives up to limit due effects of a receiver, those first that are due the longest, and keeps them from other claims for lease nanoseconds.
	// What is not settled by then is due again, which is how work survives a crash.
	Claim(ctx context.Context, receiver string, now int64, limit int, lease int64) ([]Delivery, error)

	// Settle stores what came of claimed effects. Outcomes of effects that are no longer queued change nothing.
	Settle(ctx context.Context, now int64, outcomes []Outcome) error
}

// Outcome is what came of an attempt to deliver an effect.
type Outcome struct {
	ID     string
	State  effect.State // Delivered, Dead, or Queued to try again
	Next   int64        // when to try again, for Queued
	Counts bool         // whether a failure counts as an attempt
	Status int          // the receiver's HTTP status; 0 for none
	Note   string       // kept up to MaxNote bytes
}

// MaxNote is how many bytes of an outcome's note are kept.
const MaxNote = 1024

// Effects is the outbox as people see it.
type Effects interface {
	// Effect gives a kept effect.
	Effect(ctx context.Context, id string) (Delivery, error)

	// ListEffects lists kept effects, newest first.
	ListEffects(ctx context.Context, f EffectFilter, p Page) ([]Delivery, error)

	// Backlog counts what is not finished.
	Backlog(ctx context.Context) (Backlog, error)

	// EffectDays gives, per UTC day of event time, rule and state, how many effects decide made, from day from up to and
	// without day to, in that order.
	EffectDays(ctx context.Context, from, to int64) ([]DayCount, error)

	// Approve queues waiting effects, due from c.At on, and stores the change that says so. By the event clock, which is given
	// since effects have times of events, one that expires lasts as long as it was meant to from now on, and one that waited for
	// more than effect.WaitsFor is ErrInvalid. It returns those that it moved: an effect that does not wait is left as it is.
	// Spared are, by effect, members of a group whom it is not to be about any more; nil for none.
	Approve(ctx context.Context, c Change, clock int64, ids []string, spared map[string][]string) (moved []string, err error)

	// Refuse ends waiting effects and stores the change that says so, else like Approve.
	Refuse(ctx context.Context, c Change, ids []string) (moved []string, err error)

	// Requeue gives dead effects a new life with no attempts counted, and an audit entry each. They keep their place in the
	// outbox but may reach a receiver after later effects on the same target. Decide sees nothing of it.
	Requeue(ctx context.Context, by string, at int64, ids []string) (moved []string, err error)

	// PruneEffects forgets up to limit delivered and refused effects that were done before a time, and returns how many. Their
	// ids are forgotten too, so the time must be further back than any replay and the dedupe horizon reach.
	PruneEffects(ctx context.Context, before int64, limit int) (int, error)
}

// EffectFilter selects effects; empty fields select all.
type EffectFilter struct {
	State  effect.State
	Target event.Entity
}

// Backlog is what the outbox still holds for somebody to do.
type Backlog struct {
	Queued  int64 // on their way
	Waiting int64 // for a person's approval
	Dead    int64 // given up
}

// DayCount is how many effects a rule had on a day, by the state that decide gave them.
type DayCount struct {
	Day   int64 // days since 1970-01-01 UTC
	Rule  string
	State effect.State
	Count int64
}

// DayOf is the UTC day of a time.
func DayOf(ns int64) int64 {
	const day = 24 * 3600 * 1e9
	if ns < 0 {
		return (ns+1)/day - 1
	}
	return ns / day
}

// CheckEffect reports, as ErrInvalid, an effect that PutEffects cannot store.
func CheckEffect(e *effect.Effect, through uint64) error {
	switch e.State {
	case effect.Queued, effect.Waiting, effect.Absorbed, effect.Shadow, effect.Suppressed:
	default:
		return fmt.Errorf("%w: effect %q: state %q is not one that decide gives", ErrInvalid, e.ID, e.State)
	}
	switch {
	case e.ID == "":
		return fmt.Errorf("%w: effect of rule %q on event %q has no id", ErrInvalid, e.Rule, e.EventID)
	case e.Kind == "" || e.Target.Kind == event.NoEntity || e.Target.ID == "":
		return fmt.Errorf("%w: effect %q has no kind or no target", ErrInvalid, e.ID)
	case e.Position > through:
		return fmt.Errorf("%w: effect %q is of position %d, after %d", ErrInvalid, e.ID, e.Position, through)
	}
	return nil
}

// Kept reports whether the outbox keeps effects that decide gave this state, rather than count them.
func Kept(s effect.State) bool { return s == effect.Queued || s == effect.Waiting }
