package decide

import (
	"math"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/group"
)

// act takes a step on a batch of a group action's members, or takes it back. Each member gets one effect, whatever becomes of it, so that the action's record
// can say what was done and what stopped it.
func (l *Loop) act(c *change.Change, out *Output) {
	for _, account := range c.Act.Members {
		if c.Act.Undo {
			l.takeBack(c, account, out)
		} else {
			l.take(c, account, out)
		}
	}
	if !c.Act.Last {
		return
	}
	// People found the action wrong: rules leave the whole group alone for as long as they leave its members, and can read that.
	whole := event.Entity{Kind: event.GroupEntity, ID: c.Act.Group}
	l.veto(whole.String(), c.Act.Policy, c.Act.Step, c.By)
	edit(l.facts, l.facts.labels, whole.String(), Reversed,
		&label{Status: personAdded, By: c.By, Reason: c.Reason, Since: l.state.Clock(), Expires: l.state.Clock() + vetoFor})
}

// Reversed is the label of a group on which an action was undone, for as long as that stands.
const Reversed = "action-undone"

// byAction is an effect of a group action on a member. Its id follows from the action and the member alone, hence a member is acted on once.
func (l *Loop) byAction(c *change.Change, kind effect.Kind, account, value string, out *Output) effect.Effect {
	e := effect.Effect{
		Kind: kind, Target: event.Entity{Kind: event.AccountEntity, ID: account}, Value: value, State: effect.Queued, Policy: c.Act.Policy, Reason: c.Reason,
		Source: effect.ActionSource, EventID: c.Act.Action, Time: l.state.Clock(), Position: out.Decision.Position,
	}
	e.ID, l.scratch = effectID(l.scratch, &e, 0)
	return e
}

// take enforces on a member, unless people said otherwise or as much is in force.
func (l *Loop) take(c *change.Change, account string, out *Output) {
	e := l.byAction(c, effect.Enforce, account, c.Act.Step, out)
	if c.Act.Lasts > 0 {
		e.Expires = e.Time + c.Act.Lasts
	}
	target := e.Target.String()
	stands := l.standing(target, c.Act.Policy, c.Act.Step)
	switch {
	case stands.Allowed:
		e.State, e.Why = effect.Suppressed, "a person allowed the account"
	case stands.Reversed:
		e.State, e.Why = effect.Suppressed, "a person reversed it before"
	case stands.InForce != "":
		e.State, e.Why = effect.Absorbed, stands.InForce+" is in force"
	}
	out.Effects = append(out.Effects, e)
	if e.State != effect.Queued {
		return
	}
	l.enforced(&e)
	if _, there := l.facts.label(target, c.Act.Label); c.Act.Label == "" || there {
		return
	}
	put := l.byAction(c, effect.Label, account, c.Act.Label, out)
	put.Expires = e.Expires
	edit(l.facts, l.facts.labels, target, put.Value, &label{Status: personAdded, By: labelledBy(c), Reason: c.Reason, Since: put.Time, Expires: put.Expires})
	out.Effects = append(out.Effects, put)
}

func labelledBy(c *change.Change) string { return "action:" + c.Act.Action }

// takeBack ends what the action put on a member. What somebody lifted since, or what has expired, stays as it is.
func (l *Loop) takeBack(c *change.Change, account string, out *Output) {
	put := l.byAction(c, effect.Enforce, account, c.Act.Step, out)
	e := l.byAction(c, effect.Undo, account, c.Act.Step, out)
	target := e.Target.String()
	all, _ := l.facts.enforcements.Get(target)
	if have, ok := all[c.Act.Step]; ok && have.Effect == put.ID && l.facts.lasts(have.Expires) {
		edit(l.facts, l.facts.enforcements, target, c.Act.Step, nil)
	} else {
		e.State, e.Why = effect.Absorbed, "it was not in force for the action any more"
	}
	l.veto(target, c.Act.Policy, c.Act.Step, c.By)
	out.Effects = append(out.Effects, e)
	if have, ok := l.facts.label(target, c.Act.Label); ok && c.Act.Label != "" && have.By == labelledBy(c) {
		edit(l.facts, l.facts.labels, target, c.Act.Label,
			&label{Status: personRemoved, By: c.By, Reason: c.Reason, Since: e.Time, Expires: e.Time + vetoFor})
		out.Effects = append(out.Effects, l.byAction(c, effect.Unlabel, account, c.Act.Label, out))
	}
}

// Standing is what stands against an enforcement on an account.
type Standing struct {
	Allowed  bool   // a person said that it is to be left alone
	Reversed bool   // a person said no to that step, or to a milder one, and it still counts
	InForce  string // the strongest step in force, if it is at least as strong; else empty
}

func (l *Loop) standing(target, policy, step string) Standing {
	s := Standing{Allowed: l.facts.allowed(target, policy)}
	vetoes, _ := l.facts.vetoes.Get(target)
	if v, ok := vetoes[policy]; ok && l.facts.lasts(v.Expires) && steps[step] >= steps[v.Step] {
		s.Reversed = true
	}
	if in, _ := l.facts.inForce(target); in != "" && steps[in] >= steps[step] {
		s.InForce = in
	}
	return s
}

// Standings says what stands against an enforcement on each of the accounts. It takes about a microsecond an account.
func (l *Loop) Standings(accounts []string, policy, step string) []Standing {
	all := make([]Standing, len(accounts))
	for i, account := range accounts {
		all[i] = l.standing(event.Entity{Kind: event.AccountEntity, ID: account}.String(), policy, step)
	}
	return all
}

// Roster is a group as it is now, for somebody who is about to act on it.
type Roster struct {
	Group   string
	Version uint64 // of the set of members
	Score   float64
	Clock   int64 // event time
	Members []RosterMember
}

// RosterMember is a member, and what stands against the enforcement that was asked about.
type RosterMember struct {
	group.Member
	Standing
}

// Roster gives the members of a group, in order of name, with what stands against a step of enforcement; false if there is no such group. It takes some
// microseconds a member.
func (l *Loop) Roster(id, policy, step string) (Roster, bool) {
	if l.groups == nil {
		return Roster{}, false
	}
	g, ok := l.groups.View(id, math.MaxInt)
	if !ok || len(g.Members) == 0 {
		return Roster{}, false
	}
	r := Roster{Group: g.ID, Version: g.Version, Score: g.Score, Clock: l.state.Clock()}
	slices.SortFunc(g.Members, func(a, b group.Member) int { return strings.Compare(a.Account, b.Account) })
	for _, m := range g.Members {
		target := event.Entity{Kind: event.AccountEntity, ID: m.Account}.String()
		r.Members = append(r.Members, RosterMember{m, l.standing(target, policy, step)})
	}
	return r, true
}
