package decide

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/group"
	"github.com/ringfence/ringfence/rule"
	"github.com/ringfence/ringfence/text/family"
)

// GroupSource is the source of events about groups.
const GroupSource = "groups"

// Raised is what the rules said of an event about a group, which the loop raised at a record. It raises none itself.
type Raised struct {
	Output
	Item *extract.Item // the event
}

// keepGroups begins to look for groups, or ends it: like windows, they are there for the rules that read them.
func (l *Loop) keepGroups(wanted bool) error {
	if !wanted {
		l.groups = nil
		l.state.Detach()
		return nil
	}
	if l.groups != nil {
		return nil
	}
	scorer, err := group.NewScorer()
	if err != nil {
		return fmt.Errorf("decide: %w", err)
	}
	o := group.OptionsWithin(l.state.Bounds().Budget / 2)
	o.Suspended = l.suspended
	if l.groups, err = group.NewFinder(o, scorer); err != nil {
		return fmt.Errorf("decide: groups: %w", err)
	}
	if err := l.state.Attach(l.groups, group.ImageVersion()); err != nil {
		return fmt.Errorf("decide: the image's groups: %w", err)
	}
	return nil
}

// suspended says whether a step that puts accounts out of action is in force on a group, or, whoever took it there, on most of its members.
func (l *Loop) suspended(id string) bool {
	step, _ := l.facts.inForce(event.Entity{Kind: event.GroupEntity, ID: id}.String())
	if steps[step] >= steps["lock"] {
		return true
	}
	g := l.groups.Group(id)
	if g == nil {
		return false
	}
	out := 0
	for _, account := range g.Accounts {
		if step, _ := l.facts.inForce(event.Entity{Kind: event.AccountEntity, ID: account}.String()); steps[step] >= steps["lock"] {
			out++
		}
	}
	return 2*out > len(g.Accounts)
}

// tickGroups lets the ticks of groups pass that are due at the clock.
func (l *Loop) tickGroups() []group.Change {
	if l.groups == nil {
		return nil
	}
	changes, err := l.groups.Advance(l.state.Clock())
	if err != nil {
		l.failed = fmt.Errorf("decide: %w", err)
	}
	for i := range changes {
		for n, from := range changes[i].Others {
			l.spare(from, changes[i].Came[n])
		}
	}
	return changes
}

// spare lets what people said for a group stand for those of its accounts that go over to another: each is allowed as the group was, and what was said no to
// on the group is said no to on each. What stands for an account itself stays. It takes some microseconds an account, if anything was said.
func (l *Loop) spare(from string, accounts []string) {
	was := event.Entity{Kind: event.GroupEntity, ID: from}.String()
	allows, _ := l.facts.allows.Get(was)
	vetoes, _ := l.facts.vetoes.Get(was)
	for _, account := range accounts {
		key := event.Entity{Kind: event.AccountEntity, ID: account}.String()
		own, _ := l.facts.allows.Get(key)
		for _, policy := range slices.Sorted(maps.Keys(allows)) {
			a := allows[policy]
			if have, ok := own[policy]; l.facts.lasts(a.Expires) && !(ok && outlasts(have.Expires, a.Expires)) {
				edit(l.facts, l.facts.allows, key, policy, &a)
			}
		}
		for _, policy := range slices.Sorted(maps.Keys(vetoes)) {
			if v := vetoes[policy]; l.facts.lasts(v.Expires) {
				l.vetoUntil(key, policy, v.Step, v.By, v.Expires)
			}
		}
	}
}

// outlasts says whether something that expires then stands at least as long as another; 0 is never.
func outlasts(expires, other int64) bool { return expires == 0 || other != 0 && expires >= other }

// group lets an event that is not late count for groups, and says which the actor is in. A late one learns what is known.
func (l *Loop) group(it *extract.Item, in *rule.Input) {
	if l.groups == nil {
		return
	}
	e := &it.Event
	if !in.Late {
		seen := group.Seen{Hit: false}
		for i := range it.Signals.Found {
			seen.Hit = seen.Hit || !it.Signals.Found[i].Good
		}
		if in.Family.ID != 0 && group.Authored(e) {
			it.Acts = append(it.Acts, group.TextAct(family.ID(in.Family.ID)))
			seen.Copied = in.Family.Accounts > 1
		}
		if err := l.groups.Observe(e, it.Acts, seen); err != nil {
			l.failed = fmt.Errorf("decide: groups: %w", err)
		}
	}
	in.Group = l.groupOf(e.Actor)
}

// groupOf is what rules read of an account's group; nil if it is in none.
func (l *Loop) groupOf(account string) *rule.Group {
	if l.groups == nil {
		return nil
	}
	return l.readable(l.groups.Of(account))
}

func (l *Loop) readable(g *group.Group) *rule.Group {
	if g == nil {
		return nil
	}
	l.inGroup = rule.Group{ID: g.ID, Size: int64(g.Size()), Score: g.Score, Found: g.Found, Traces: g.Traces(), Hits: int64(g.Hits())}
	return &l.inGroup
}

// raise evaluates the rules that listen to what happened to groups at a record.
func (l *Loop) raise(at *extract.Item, changes []group.Change, out *Output) {
	if l.set == nil || l.failed != nil || len(changes) == 0 {
		return
	}
	out.Decision.Line = bytes.Clone(out.Decision.Line) // what follows is made in the same memory
	for i := range changes {
		c := &changes[i]
		g := l.groups.Group(c.Group)
		if g == nil {
			continue
		}
		it := &extract.Item{Record: at.Record}
		it.Record.Source, it.Record.ID = GroupSource, fmt.Sprintf("%s %s %d %d", c.Kind, c.Group, c.Version, c.At) // a return leaves the version
		it.Identity = extract.Identity(GroupSource, it.Record.ID)
		it.Event = event.Event{ID: it.Record.ID, Time: l.state.Clock(), Kind: string(c.Kind), Attrs: []event.Attr{
			{Key: "gained", Value: event.Value{Kind: event.Number, Num: float64(c.Gained)}},
			{Key: "size", Value: event.Value{Kind: event.Number, Num: float64(c.Size)}},
			{Key: "version", Value: event.Value{Kind: event.Number, Num: float64(c.Version)}},
		}}
		raised := Raised{Item: it}
		raised.Decision = Decision{Identity: it.Identity, Position: out.Decision.Position, Ordinal: uint16(min(i+1, math.MaxUint16))}
		l.in = rule.Input{Event: &it.Event, Source: GroupSource, Signals: &it.Signals, Raised: true, Group: l.readable(g)}
		l.eval.Begin(&l.in)
		l.windows(&it.Event)
		l.rules(it, &raised.Output)
		if l.opts.Every && !raised.Decision.Fired {
			l.decision(&it.Event, &raised.Output)
		}
		if raised.Decision.Line == nil {
			continue
		}
		raised.Decision.Line = bytes.Clone(raised.Decision.Line) // the next one is made in the same memory
		out.Raised = append(out.Raised, raised)
	}
}

// aim gives an effect on a group the version of the set of members that it is about, and an enforcement these members: those that are not on probation, and on
// whom it changes something that no person has ruled out.
func (l *Loop) aim(e *effect.Effect) {
	g := l.groups.Group(e.Target.ID)
	if g == nil {
		return
	}
	e.Version = g.Version
	if e.Kind != effect.Enforce {
		return
	}
	for _, account := range l.groups.Confirmed(g) {
		key := event.Entity{Kind: event.AccountEntity, ID: account}.String()
		if l.facts.allowed(key, e.Policy) {
			continue
		}
		if step, _ := l.facts.inForce(key); steps[step] >= steps[e.Value] {
			continue
		}
		vetoes, _ := l.facts.vetoes.Get(key)
		if v, ok := vetoes[e.Policy]; ok && l.facts.lasts(v.Expires) && steps[e.Value] >= steps[v.Step] {
			continue
		}
		e.Members = append(e.Members, account)
	}
}

// Groups calls ask with the groups; with nil while no rule reads any. What it is given must not be kept.
func (l *Loop) Groups(ask func(*group.Finder)) { ask(l.groups) }
