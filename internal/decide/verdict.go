package decide

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/rule"
)

// How long rules of a policy open no other case on what a person found benign. Content stays what it is; others go on to act.
const (
	contentCleared = 30 * dayLength
	othersCleared  = 1 * dayLength
)

// cleared says that a person found nothing against a policy: rules of no higher severity than what was asked then open no case on
// the entity while it lasts.
type cleared struct {
	By       string
	Severity int
	Expires  int64
}

// isCleared says why a rule of a policy opens no case on an entity; empty if it may.
func (f *facts) isCleared(entity, policy string, severity int) string {
	all, _ := f.cleared.Get(entity)
	if c, ok := all[policy]; ok && f.lasts(c.Expires) && severity <= c.Severity {
		return "a person found it benign"
	}
	return ""
}

// judged applies a person's verdict on a case.
func (l *Loop) judged(c *change.Change, out *Output) {
	v := c.Verdict
	for _, closes := range v.Closes {
		edit(l.facts, l.facts.cases, closes.Entity, closes.Policy, nil)
		if v.Decision == "unclear" || closes.Entity != v.Entity {
			continue
		}
		put := &cleared{By: c.By, Severity: v.Severity, Expires: l.state.Clock() + othersCleared}
		if target, _ := event.ParseEntity(v.Entity); target.Kind == event.ContentEntity {
			put.Expires = l.state.Clock() + contentCleared
		}
		if slices.Contains(v.Policies, closes.Policy) {
			put = nil
		}
		edit(l.facts, l.facts.cleared, closes.Entity, closes.Policy, put)
	}
	target, _ := event.ParseEntity(v.Entity) // checked by Decode
	ordinal := 0
	for i := range v.Overturns {
		ordinal = l.overturn(&v.Overturns[i], c, ordinal, out)
	}
	for n, name := range v.Labels {
		edit(l.facts, l.facts.labels, v.Entity, name, &label{Status: personAdded, By: c.By, Reason: c.Reason, Since: l.state.Clock(), Verdict: c.ID})
		l.nthByPerson(n, c, effect.Label, target, name, 0, out)
	}
	if v.Enforce == "" {
		return
	}
	expires := int64(0)
	if v.Lasts > 0 {
		expires = l.state.Clock() + v.Lasts
	}
	in, have := l.facts.inForce(v.Entity)
	l.byPerson(c, effect.Enforce, target, v.Enforce, expires, out)
	e := &out.Effects[len(out.Effects)-1]
	e.Severity = v.Severity
	if len(v.Policies) > 0 {
		e.Policy = v.Policies[0]
	}
	if steps[in] < steps[v.Enforce] || in == v.Enforce && !outlasts(have.Expires, expires) {
		l.enforced(e)
		return
	}
	e.State, e.Why = effect.Absorbed, in+" is in force"
	if in == v.Enforce && (have.Rule == "" || have.Group != "") {
		// Somebody may take back what put it, which must not take away what this person said: from now on it is in force by this verdict.
		own := *e
		own.Expires = have.Expires
		l.enforced(&own)
	}
}

// unjudged takes a verdict back: what it put on the entity goes, unless somebody changed it since, and its cases are open again.
func (l *Loop) unjudged(c *change.Change, out *Output) {
	v := &c.Undo.Verdict
	for _, closed := range v.Closes {
		edit(l.facts, l.facts.cases, closed.Entity, closed.Policy, &openCase{Since: l.state.Clock(), Effect: v.Case})
		edit(l.facts, l.facts.cleared, closed.Entity, closed.Policy, nil)
	}
	l.overturn(c.Undo, c, 0, out)
}

// overturn takes off an entity what a verdict put there and nobody changed since. Its effects have ordinals of their own from the given one on; it
// returns the next.
func (l *Loop) overturn(u *change.Undo, c *change.Change, ordinal int, out *Output) int {
	v := &u.Verdict
	target, _ := event.ParseEntity(v.Entity) // checked by Decode
	for _, name := range v.Labels {
		if have, ok := l.facts.label(v.Entity, name); ok && have.Status == personAdded && have.Verdict == u.Change {
			edit(l.facts, l.facts.labels, v.Entity, name, nil)
			l.nthByPerson(ordinal, c, effect.Unlabel, target, name, 0, out)
		}
		ordinal++
	}
	if v.Enforce == "" {
		return ordinal
	}
	put := effect.Effect{Kind: effect.Enforce, Target: target, Source: "change", EventID: u.Change}
	put.ID, l.scratch = effectID(l.scratch, &put, steps[v.Enforce])
	all, _ := l.facts.enforcements.Get(v.Entity)
	if have, ok := all[v.Enforce]; ok && have.Effect == put.ID {
		edit(l.facts, l.facts.enforcements, v.Entity, v.Enforce, nil)
		l.byPerson(c, effect.Undo, target, v.Enforce, 0, out)
	}
	return ordinal
}

// context is what a review effect says beside its reason.
func (l *Loop) context(r *rule.Rule, it *extract.Item) string {
	const maxValue = 200 // bytes of a reading
	var c effect.Context
	add := func(kind event.EntityKind, id string) {
		if id != "" && len(id) <= maxValue {
			c.Entities = append(c.Entities, event.Entity{Kind: kind, ID: id}.String())
		}
	}
	e := &it.Event
	add(event.AccountEntity, e.Actor)
	add(event.ContentEntity, e.Object)
	add(event.ContentEntity, e.Content)
	add(event.DeviceEntity, e.Device)
	if l.in.Family.ID != 0 {
		add(event.TextFamilyEntity, fmt.Sprintf("%016x", l.in.Family.ID))
	}
	if l.in.MediaFamily != 0 {
		add(event.MediaFamilyEntity, fmt.Sprintf("%016x", l.in.MediaFamily))
	}
	if l.in.Group != nil {
		add(event.GroupEntity, l.in.Group.ID)
	}
	signals, windows := l.eval.Readings(r)
	for _, s := range append(signals, windows...) {
		if s.Why != "" {
			continue
		}
		if len(s.Value) > maxValue {
			s.Value = s.Value[:maxValue]
		}
		c.Readings = append(c.Readings, [2]string{s.Name, s.Value})
	}
	text, _ := json.Marshal(c) // plain data; what is cut within a letter is repaired
	return string(text)
}
