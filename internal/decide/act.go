package decide

import (
	"fmt"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/rule"
)

const (
	dayLength  = 24 * 3600 * 1e9
	changesFor = 30 * dayLength // a change's id is remembered for this long of event time
	waitingFor = 30 * dayLength // an effect waits for a person for this long
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
			e.State, e.Why = l.judge(r, &e, out.Effects)
			if !live {
				e.State, e.Why = effect.Shadow, ""
			}
			if e.State == effect.Queued && e.Kind == effect.Enforce {
				l.spend(r, e.Time)
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
	case effect.Enforce:
		if have, ok := l.facts.enforcements.Get(target); ok && steps[have.Step] >= steps[e.Value] {
			return effect.Absorbed, have.Step + " is in force"
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
		if why := l.capped(r, e.Time); why != "" {
			return effect.Waiting, why
		}
	}
	return effect.Queued, ""
}

func waitKey(e *effect.Effect) string { return e.Target.String() + "\x00" + e.Value }

// capped says which cap keeps an enforcement of the rule from going out by itself; empty if none. Days are UTC days of event
// time.
func (l *Loop) capped(r *rule.Rule, at int64) string {
	if n, _ := l.facts.caps.Get("rule:" + r.ID + ":" + day(at)); n >= int64(r.Cap) {
		return fmt.Sprintf("rule %s enforced %d times today, its cap", r.ID, n)
	}
	limit, stated := l.set.Caps[r.Policy]
	if !stated {
		limit = policyCap
	}
	if n, _ := l.facts.caps.Get("policy:" + r.Policy + ":" + day(at)); n >= int64(limit) {
		return fmt.Sprintf("policy %s enforced %d times today, its cap", r.Policy, n)
	}
	return ""
}

func (l *Loop) spend(r *rule.Rule, at int64) {
	for _, key := range [...]string{"rule:" + r.ID + ":" + day(at), "policy:" + r.Policy + ":" + day(at)} {
		n, _ := l.facts.caps.Get(key)
		l.facts.caps.Put(key, n+1, (at/dayLength+3)*dayLength)
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
			until := l.state.Clock() + waitingFor
			l.facts.waiting.Put(e.ID, waiting{Effect: *e, Lasts: lasts}, until)
			l.facts.waits.Put(waitKey(e), e.ID, until)
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

func (l *Loop) enforced(e *effect.Effect) {
	l.facts.enforcements.Put(e.Target.String(), enforcement{Step: e.Value, Effect: e.ID, Rule: e.Rule, Since: e.Time, Expires: e.Expires}, e.Expires)
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

// lift ends the enforcement in force on an entity and tells the platform to undo it.
func (l *Loop) lift(c *change.Change, out *Output) {
	target, _ := event.ParseEntity(c.Lift.Entity)
	have, ok := l.facts.enforcements.Get(target.String())
	if !ok {
		return
	}
	l.facts.enforcements.Delete(target.String())
	l.byPerson(c, effect.Undo, target, have.Step, 0, out)
}

func (l *Loop) byPerson(c *change.Change, kind effect.Kind, target event.Entity, value string, expires int64, out *Output) {
	e := effect.Effect{
		Kind: kind, Target: target, Value: value, State: effect.Queued, Reason: c.Reason, Source: "change", EventID: c.ID, Time: l.state.Clock(),
		Expires: expires, Position: out.Decision.Position,
	}
	e.ID, l.scratch = effectID(l.scratch, &e, 0)
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
		l.facts.waits.Delete(waitKey(&w.Effect))
		if c.Approve.Refuse {
			continue
		}
		e := w.Effect
		if w.Lasts > 0 {
			e.Expires = l.state.Clock() + w.Lasts
		}
		if have, ok := l.facts.enforcements.Get(e.Target.String()); !ok || steps[have.Step] < steps[e.Value] {
			l.enforced(&e)
		}
	}
}

// breaker counts a fire and says whether the rule is out of live mode because it fires on too large a share of recent events.
// Recent is the block of admitted events at hand and the one before. note is for the reviewer, on the event that tripped it.
func (l *Loop) breaker(r *rule.Rule, at int64) (tripped bool, note string) {
	b, _ := l.facts.breakers.Get(r.ID)
	if b.Version != r.Version {
		b = breaker{Version: r.Version}
	}
	switch block := l.admitted / blockSize; {
	case block == b.Block+1:
		b.Block, b.Before, b.Current = block, b.Current, 0
	case block != b.Block:
		b.Block, b.Before, b.Current = block, 0, 0
	}
	b.Current++
	recent := min(l.admitted, blockSize+l.admitted%blockSize)
	if share := float64(b.Before+b.Current) / float64(recent); b.Tripped == 0 && recent >= blockSize && share > r.Share {
		b.Tripped = at
		note = fmt.Sprintf(" (rule %s fired on %.1f%% of the last %d events, above its share of %.1f%%: in shadow until a person resets it)",
			r.ID, 100*share, recent, 100*r.Share)
		l.stats[r.ID].Tripped = at
	}
	l.facts.breakers.Put(r.ID, b, 0)
	return b.Tripped != 0, note
}
