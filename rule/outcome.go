package rule

import (
	"fmt"
	"slices"
	"strings"
)

// Check compares what the rules said with what the test expects. Each string is one difference; none means the test passes.
func (t Test) Check(outcomes []Outcome) []string {
	byEvent := make(map[string]*Outcome, len(outcomes))
	for i := range outcomes {
		byEvent[outcomes[i].Event] = &outcomes[i]
	}
	var diffs []string
	for _, x := range t.Expect {
		o := byEvent[x.Event]
		if o == nil {
			o = &Outcome{Event: x.Event} // nothing was said of it
		}
		for _, d := range x.compare(t.about(o)) {
			diffs = append(diffs, fmt.Sprintf("event %s: %s", x.Event, d))
		}
	}
	return diffs
}

// about is an outcome with only the rules that the test is about.
func (t Test) about(o *Outcome) *Outcome {
	if t.Rules == nil {
		return o
	}
	c := *o
	c.Rules = slices.DeleteFunc(slices.Clone(o.Rules), func(id string) bool { return !slices.Contains(t.Rules, id) })
	return &c
}

func (x *Expectation) compare(o *Outcome) (diffs []string) {
	for _, id := range x.Rules {
		if slices.Contains(o.Rules, id) {
			continue
		}
		d := fmt.Sprintf("rule %s did not fire", id)
		if why := o.Unevaluated[id]; why != "" {
			d += ": not evaluable, " + why
		}
		diffs = append(diffs, d)
	}
	for _, id := range o.Rules {
		if slices.Contains(x.Not, id) || x.Rules != nil && !slices.Contains(x.Rules, id) {
			diffs = append(diffs, fmt.Sprintf("rule %s fired and should not", id))
		}
	}
	for _, want := range x.Effects {
		if !slices.ContainsFunc(o.Effects, want.met) {
			got := "none"
			if len(o.Effects) > 0 {
				all := make([]string, len(o.Effects))
				for i, e := range o.Effects {
					all[i] = e.String()
				}
				got = strings.Join(all, "; ")
			}
			diffs = append(diffs, fmt.Sprintf("want effect %s, got %s", want, got))
		}
	}
	return diffs
}

func (want ExpectedEffect) met(got ExpectedEffect) bool {
	on := want.On == "" || want.On == got.On || want.On == groupTarget && strings.HasPrefix(got.On, groupTarget+":")
	return want.Do == got.Do && on && (want.Value == "" || want.Value == got.Value)
}

// String is the effect in words: label suspect on account:a1.
func (want ExpectedEffect) String() string {
	s := want.Do
	if want.Value != "" {
		s += " " + want.Value
	}
	if want.On != "" {
		s += " on " + want.On
	}
	return s
}
