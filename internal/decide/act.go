package decide

import (
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/rule"
)

const (
	dayLength  = 24 * 3600 * 1e9
	changesFor = 30 * dayLength // a change's id is remembered for this long of event time
	vetoFor    = 30 * dayLength // a person's no to an enforcement stands for this long
	maxWaiting = 10_000         // effects of one rule that wait at most; what comes then is suppressed and counted
	blockSize  = 1000           // admitted events a block of the share breaker
	policyCap  = 1000           // automatic enforcements of a policy a day where the rule set states none
)

// steps orders the enforcement ladder by strength.
var steps = map[string]int{"inform": 1, "friction": 2, "limit": 3, "lock": 4, "suspend": 5, "remove": 6}

// fire turns a rule that fired into effects, each with its state. It reads the facts as they were before the event.
func (l *Loop) fire(r *rule.Rule, it *extract.Item, out *Output) {
	live := r.Mode == rule.Live && l.eval.Live(r)
	note := ""
	if r.Mode == rule.Live {
		tripped, now := l.breaker(r, it.Event.Time)
		if tripped {
			live = false
		}
		note = now
	}
	mode := rule.Shadow
	if live {
		mode = rule.Live
	}
	reason := l.eval.Reason(r)
	l.fired = append(l.fired, verdict{rule: r.ID, version: r.Version, mode: string(mode), reason: reason + note})
	l.stats[r.ID].fire(live, it.Event.Time)

	for ordinal := range r.Effects {
		spec := &r.Effects[ordinal]
		for _, target := range l.eval.Targets(*spec) {
			e := effect.Effect{
				Kind: effect.Kind(spec.Kind), Target: target, Value: spec.Value, Rule: r.ID, RuleVersion: r.Version, Policy: r.Policy,
				Severity: r.Severity, Reason: reason, Source: it.Record.Source, EventID: it.Event.ID, Time: it.Event.Time,
				Position: uint64(it.Record.Position),
			}
			if spec.Expires > 0 {
				e.Expires = it.Event.Time + int64(spec.Expires)
			}
			e.ID, l.scratch = effectID(l.scratch, &e, ordinal)
			if target.Kind == event.GroupEntity && l.groups != nil {
				l.aim(&e)
			}
			e.State, e.Why = l.judge(r, &e, out.Effects)
			if !live {
				e.State, e.Why = effect.Shadow, ""
			}
			if e.Kind == effect.Review && (e.State == effect.Queued || e.State == effect.Absorbed) {
				e.Context = l.context(r, it)
			}
			if e.State == effect.Queued && e.Kind == effect.Enforce {
				l.spend(r, &e)
			}
			l.stats[r.ID].effect(e.State)
			out.Effects = append(out.Effects, e)
		}
	}
}

// judge says what becomes of an effect of a live rule, given the facts and the effects of this event that come before it.
func (l *Loop) judge(r *rule.Rule, e *effect.Effect, before []effect.Effect) (effect.State, string) {
	target := e.Target.String()
	if e.Kind != effect.Notify && l.facts.allowed(target, e.Policy) {
		return effect.Suppressed, "a person allowed the " + e.Target.Kind.String()
	}
	switch e.Kind {
	case effect.Label:
		if have, ok := l.facts.label(target, e.Value); ok {
			if have.Status == personRemoved {
				return effect.Suppressed, "a person removed the label"
			}
			return effect.Absorbed, "the label is there"
		}
	case effect.Review:
		if open, _ := l.facts.cases.Get(target); open[e.Policy].Effect != "" {
			return effect.Absorbed, "its case is open"
		}
		if why := l.facts.isCleared(target, e.Policy, e.Severity); why != "" {
			return effect.Suppressed, why
		}
	case effect.Enforce:
		if step, _ := l.facts.inForce(target); steps[step] >= steps[e.Value] && (e.Target.Kind != event.GroupEntity || len(e.Members) == 0) {
			return effect.Absorbed, step + " is in force"
		}
		if e.Target.Kind == event.GroupEntity && len(e.Members) == 0 {
			return effect.Absorbed, "it is in force on its members, or ruled out by people"
		}
		vetoes, _ := l.facts.vetoes.Get(target)
		if v, ok := vetoes[e.Policy]; ok && l.facts.lasts(v.Expires) && steps[e.Value] >= steps[v.Step] {
			return effect.Suppressed, "a person said no to " + v.Step
		}
	}
	for i := range before {
		b := &before[i]
		if b.Kind != e.Kind || b.Target != e.Target || (b.State != effect.Queued && b.State != effect.Waiting) {
			continue
		}
		switch {
		case e.Kind == effect.Label && b.Value == e.Value,
			e.Kind == effect.Review && b.Policy == e.Policy,
			e.Kind == effect.Notify && b.Value == e.Value,
			e.Kind == effect.Enforce && steps[b.Value] >= steps[e.Value]:
			return effect.Absorbed, "rule " + b.Rule + " does it on this event"
		}
	}
	if e.Kind == effect.Enforce {
		if _, waits := l.facts.waits.Get(waitKey(e)); waits {
			return effect.Absorbed, "the same waits for approval"
		}
		if why := l.capped(r, e); why != "" {
			if n, _ := l.facts.caps.Get(waitCount(r.ID)); n >= maxWaiting {
				return effect.Suppressed, "too many effects of the rule wait for approval"
			}
			return effect.Waiting, why
		}
	}
	return effect.Queued, ""
}

// waitKey names an effect that waits: of one rule on one target one of each step waits at a time.
func waitKey(e *effect.Effect) string { return e.Target.String() + "\x00" + e.Value + "\x00" + e.Rule }

func waitCount(ruleID string) string { return "wait:" + ruleID }

// waitsNoMore is called when an effect was approved or refused, or waited too long.
func (l *Loop) waitsNoMore(e *effect.Effect) {
	l.facts.waits.Delete(waitKey(e))
	if n, _ := l.facts.caps.Get(waitCount(e.Rule)); n > 1 {
		l.facts.caps.Put(waitCount(e.Rule), n-1, 0)
	} else {
		l.facts.caps.Delete(waitCount(e.Rule))
	}
}

// reach is how many accounts or things an enforcement is about: what caps count.
func reach(e *effect.Effect) int64 {
	if e.Target.Kind == event.GroupEntity {
		return int64(len(e.Members))
	}
	return 1
}

// capped says which cap keeps an enforcement of the rule from going out by itself; empty if none. Days are UTC days of event
// time.
func (l *Loop) capped(r *rule.Rule, e *effect.Effect) string {
	at, more := e.Time, reach(e)
	if e.Target.Kind == event.GroupEntity {
		if had := l.struck(e); had+more > int64(r.Blast) {
			return fmt.Sprintf("it is about %d members%s, above the blast radius of rule %s, %d", more, besides(had), r.ID, r.Blast)
		}
	}
	if n, _ := l.facts.caps.Get("rule:" + r.ID + ":" + day(at)); n+more > int64(r.Cap) {
		return fmt.Sprintf("rule %s enforced %d times today, %s", r.ID, n, limited(more, int64(r.Cap)))
	}
	limit, stated := l.set.Caps[r.Policy]
	if !stated {
		limit = policyCap
	}
	if n, _ := l.facts.caps.Get("policy:" + r.Policy + ":" + day(at)); n+more > int64(limit) {
		return fmt.Sprintf("policy %s enforced %d times today, %s", r.Policy, n, limited(more, int64(limit)))
	}
	return ""
}

// struck counts the accounts on which as much as an enforcement on their group would do is in force for a group's sake: its members, and those that have left
// it. So a group that grows is bounded as a whole.
func (l *Loop) struck(e *effect.Effect) (n int64) {
	all, _ := l.facts.enforcements.Get(e.Target.String())
	var accounts []string
	for step, have := range all {
		if steps[step] >= steps[e.Value] {
			accounts = append(accounts, have.Members...)
		}
	}
	if l.groups != nil {
		if g := l.groups.Group(e.Target.ID); g != nil {
			accounts = append(accounts, g.Accounts...)
		}
	}
	slices.Sort(accounts)
	for _, account := range slices.Compact(accounts) {
		if step, have := l.facts.inForce(event.Entity{Kind: event.AccountEntity, ID: account}.String()); have.Group != "" && steps[step] >= steps[e.Value] {
			n++
		}
	}
	return n
}

func besides(had int64) string {
	if had == 0 {
		return ""
	}
	return fmt.Sprintf(" besides %d on whom it is in force", had)
}

// limited says in words what stands against so many enforcements more.
func limited(more, limit int64) string {
	if more == 1 {
		return "its cap"
	}
	return fmt.Sprintf("and %d more accounts are above its cap of %d", more, limit)
}

func (l *Loop) spend(r *rule.Rule, e *effect.Effect) {
	at := e.Time
	for _, key := range [...]string{"rule:" + r.ID + ":" + day(at), "policy:" + r.Policy + ":" + day(at)} {
		n, _ := l.facts.caps.Get(key)
		l.facts.caps.Put(key, n+reach(e), (at/dayLength+3)*dayLength)
	}
}

// apply makes the effects facts, visible from the next record on.
func (l *Loop) apply(effects []effect.Effect) {
	for i := range effects {
		e := &effects[i]
		switch {
		case e.State == effect.Waiting:
			lasts := int64(0)
			if e.Expires > 0 {
				lasts = e.Expires - e.Time
			}
			l.facts.waiting.Put(e.ID, waiting{Effect: *e, Lasts: lasts}, e.Time+effect.WaitsFor)
			l.facts.waits.Put(waitKey(e), e.ID, 0)
			n, _ := l.facts.caps.Get(waitCount(e.Rule))
			l.facts.caps.Put(waitCount(e.Rule), n+1, 0)
		case e.State != effect.Queued:
		case e.Kind == effect.Label:
			edit(l.facts, l.facts.labels, e.Target.String(), e.Value,
				&label{Status: ruleAdded, By: e.Rule, Reason: e.Reason, Since: e.Time, Expires: e.Expires})
		case e.Kind == effect.Review:
			edit(l.facts, l.facts.cases, e.Target.String(), e.Policy, &openCase{Since: e.Time, Effect: e.ID})
		case e.Kind == effect.Enforce:
			l.enforced(e)
		}
	}
}

// enforced puts an enforcement in force on its target; of a group on the members that it is about, too.
func (l *Loop) enforced(e *effect.Effect) {
	put := enforcement{Effect: e.ID, Policy: e.Policy, Rule: e.Rule, Since: e.Time, Expires: e.Expires}
	for _, account := range e.Members {
		of := put
		of.Group = e.Target.ID
		edit(l.facts, l.facts.enforcements, event.Entity{Kind: event.AccountEntity, ID: account}.String(), e.Value, &of)
	}
	if e.Target.Kind == event.GroupEntity {
		all, _ := l.facts.enforcements.Get(e.Target.String())
		put.Members = mergeSorted(all[e.Value].Members, e.Members)
	}
	edit(l.facts, l.facts.enforcements, e.Target.String(), e.Value, &put)
}

// mergeSorted is the union of two ascending lists.
func mergeSorted(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// changeLabel lets a person's word on a label stand until it expires, whatever rules say.
func (l *Loop) changeLabel(c *change.Change, out *Output) {
	target, _ := event.ParseEntity(c.Label.Entity) // checked by Decode
	status, kind := personAdded, effect.Label
	if c.Label.Remove {
		status, kind = personRemoved, effect.Unlabel
	}
	edit(l.facts, l.facts.labels, target.String(), c.Label.Name,
		&label{Status: status, By: c.By, Reason: c.Reason, Since: l.state.Clock(), Expires: c.Label.Expires})
	l.byPerson(c, kind, target, c.Label.Name, c.Label.Expires, out)
}

// lift ends every enforcement in force on an entity, tells the platform to undo them, the strongest first, and keeps rules from
// doing the same again.
func (l *Loop) lift(c *change.Change, out *Output) {
	target, _ := event.ParseEntity(c.Lift.Entity)
	key := target.String()
	for {
		step, have := l.facts.inForce(key)
		if step == "" {
			return
		}
		edit(l.facts, l.facts.enforcements, key, step, nil)
		l.veto(key, have.Policy, step, c.By)
		l.byPerson(c, effect.Undo, target, step, 0, out)
		out.Effects[len(out.Effects)-1].Members = l.release(target.ID, step, have.Members)
	}
}

// release ends a step on the members of a group as far as it is in force for the group's sake, and gives these.
func (l *Loop) release(group, step string, members []string) (released []string) {
	for _, account := range members {
		key := event.Entity{Kind: event.AccountEntity, ID: account}.String()
		all, _ := l.facts.enforcements.Get(key)
		if have, ok := all[step]; ok && have.Group == group && l.facts.lasts(have.Expires) {
			edit(l.facts, l.facts.enforcements, key, step, nil)
			released = append(released, account)
		}
	}
	return released
}

// veto keeps a person's no to an enforcement; the mildest step that was said no to stands.
func (l *Loop) veto(entity, policy, step, by string) {
	l.vetoUntil(entity, policy, step, by, l.state.Clock()+vetoFor)
}

func (l *Loop) vetoUntil(entity, policy, step, by string, expires int64) {
	all, _ := l.facts.vetoes.Get(entity)
	if v, ok := all[policy]; ok && l.facts.lasts(v.Expires) {
		expires = max(expires, v.Expires)
		if steps[v.Step] < steps[step] {
			step = v.Step
		}
	}
	edit(l.facts, l.facts.vetoes, entity, policy, &veto{Step: step, By: by, Expires: expires})
}

func (l *Loop) byPerson(c *change.Change, kind effect.Kind, target event.Entity, value string, expires int64, out *Output) {
	l.nthByPerson(steps[value], c, kind, target, value, expires, out) // one change may lift several steps
}

// nthByPerson is for a change with several effects of a kind on a target, each of which has an ordinal of its own.
func (l *Loop) nthByPerson(ordinal int, c *change.Change, kind effect.Kind, target event.Entity, value string, expires int64, out *Output) {
	e := effect.Effect{
		Kind: kind, Target: target, Value: value, State: effect.Queued, Reason: c.Reason, Source: "change", EventID: c.ID, Time: l.state.Clock(),
		Expires: expires, Position: out.Decision.Position,
	}
	e.ID, l.scratch = effectID(l.scratch, &e, ordinal)
	out.Effects = append(out.Effects, e)
}

// approve puts approved enforcements in force. The outbox let them out, or ended them, in the transaction that wrote the change.
func (l *Loop) approve(c *change.Change) {
	for _, id := range c.Approve.Effects {
		w, ok := l.facts.waiting.Get(id)
		if !ok {
			continue // decided before, or waited too long
		}
		l.facts.waiting.Delete(id)
		l.waitsNoMore(&w.Effect)
		if c.Approve.Refuse {
			l.veto(w.Effect.Target.String(), w.Effect.Policy, w.Effect.Value, c.By)
			continue
		}
		e := w.Effect
		if e.Target.Kind == event.GroupEntity {
			if e.Members = l.unspared(&e); len(e.Members) == 0 {
				continue
			}
		}
		if w.Lasts > 0 {
			e.Expires = l.state.Clock() + w.Lasts
		}
		l.enforced(&e)
	}
}

// unspared are the members that an enforcement is about without those that a person allowed, or said no for, while it waited.
func (l *Loop) unspared(e *effect.Effect) (members []string) {
	for i, s := range l.Standings(e.Members, e.Policy, e.Value) {
		if !s.Allowed && !s.Reversed {
			members = append(members, e.Members[i])
		}
	}
	return members
}

// breaker counts a fire and says whether the rule is out of live mode because it fires on too large a share of recent events.
// Recent is the block of admitted events at hand and the one before. note is for the reviewer, on the event that tripped it.
func (l *Loop) breaker(r *rule.Rule, at int64) (tripped bool, note string) {
	b, _ := l.facts.breakers.Get(r.ID)
	if b.Version != r.Version {
		b = breaker{Version: r.Version}
	}
	switch block := (l.admitted - 1) / blockSize; { // the event at hand is counted
	case block == b.Block+1:
		b.Block, b.Before, b.Current = block, b.Current, 0
	case block != b.Block:
		b.Block, b.Before, b.Current = block, 0, 0
	}
	b.Current++
	recent := min(l.admitted, blockSize+(l.admitted-1)%blockSize+1)
	if share := float64(b.Before+b.Current) / float64(recent); b.Tripped == 0 && recent >= blockSize && share > r.Share {
		b.Tripped = at
		note = fmt.Sprintf(" (rule %s fired on %.1f%% of the last %d events, above its share of %.1f%%: in shadow until a person resets it)",
			r.ID, 100*share, recent, 100*r.Share)
	}
	l.facts.breakers.Put(r.ID, b, 0)
	return b.Tripped != 0, note
}
