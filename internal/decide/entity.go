package decide

import (
	"maps"
	"slices"

	"github.com/ringfence/ringfence/event"
)

// EntityView is what the loop knows of an entity, as of the event clock. Times are nanoseconds since 1970; 0 is never.
type EntityView struct {
	Labels      []LabelView
	Allows      []AllowView
	Enforcement *EnforcementView // nil while none is in force
	OpenCases   []string         // policies
}

// LabelView is a label, or a person's word that it is not to be there.
type LabelView struct {
	Name    string
	Status  string // "rule", "person" or "removed by person"
	By      string
	Reason  string
	Since   int64
	Expires int64
}

// AllowView is a person's word that rules leave the entity alone.
type AllowView struct {
	Policy  string // empty for all
	By      string
	Reason  string
	Expires int64
}

// EnforcementView is the strongest step in force.
type EnforcementView struct {
	Step    string
	Effect  string
	Rule    string
	Since   int64
	Expires int64
}

var labelStatusWords = map[labelStatus]string{ruleAdded: "rule", personAdded: "person", personRemoved: "removed by person"}

// Entity says what is known of an entity. Like every method, it is called from the loop's goroutine.
func (l *Loop) Entity(e event.Entity) EntityView {
	var v EntityView
	key := e.String()
	labels, _ := l.facts.labels.Get(key)
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if have := labels[name]; l.facts.lasts(have.Expires) {
			v.Labels = append(v.Labels, LabelView{Name: name, Status: labelStatusWords[have.Status], By: have.By, Reason: have.Reason,
				Since: have.Since, Expires: have.Expires})
		}
	}
	allows, _ := l.facts.allows.Get(key)
	for _, policy := range slices.Sorted(maps.Keys(allows)) {
		if have := allows[policy]; l.facts.lasts(have.Expires) {
			v.Allows = append(v.Allows, AllowView{Policy: policy, By: have.By, Reason: have.Reason, Expires: have.Expires})
		}
	}
	if step, have := l.facts.inForce(key); step != "" {
		v.Enforcement = &EnforcementView{Step: step, Effect: have.Effect, Rule: have.Rule, Since: have.Since, Expires: have.Expires}
	}
	cases, _ := l.facts.cases.Get(key)
	v.OpenCases = slices.Sorted(maps.Keys(cases))
	return v
}

// Labelled says of each entity whether it bears one of the labels. It takes a tenth of a microsecond an entity and label.
func (l *Loop) Labelled(entities []event.Entity, labels []string) []bool {
	bears := make([]bool, len(entities))
	for i, e := range entities {
		key := e.String()
		bears[i] = slices.ContainsFunc(labels, func(name string) bool {
			have, ok := l.facts.label(key, name)
			return ok && have.on()
		})
	}
	return bears
}

// Members are the accounts of a group that are not on probation, by name; none if there is no such group.
func (l *Loop) Members(id string) []string {
	if l.groups == nil {
		return nil
	}
	if g := l.groups.Group(id); g != nil {
		return l.groups.Confirmed(g)
	}
	return nil
}

// InForce says for each entity which step of enforcement is in force on it; empty for none. It takes a tenth of a microsecond an entity.
func (l *Loop) InForce(entities []event.Entity) []string {
	in := make([]string, len(entities))
	for i, e := range entities {
		in[i], _ = l.facts.inForce(e.String())
	}
	return in
}
