package main

import "github.com/ringfence/ringfence/rule"

// explanation is how rules explain shows what a rule did.
type explanation struct {
	Rule        string      `json:"rule"`
	Version     string      `json:"version"`
	Fired       bool        `json:"fired"`
	Unevaluated string      `json:"unevaluated,omitempty"`
	Reason      string      `json:"reason,omitempty"`
	Conditions  []condition `json:"conditions"`
	Signals     []reading   `json:"signals"`
	Windows     []reading   `json:"windows"`
}

type condition struct {
	Text  string `json:"text"`
	Depth int    `json:"depth"`
	Value string `json:"value"`
	Why   string `json:"why,omitempty"`
}

type reading struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Why   string `json:"why,omitempty"`
}

func explained(e rule.Explanation) explanation {
	return explanation{
		Rule: e.Rule, Version: e.Version, Fired: e.Fired, Unevaluated: e.Unevaluated, Reason: e.Reason,
		Conditions: each(e.Conditions, func(c rule.Condition) condition { return condition(c) }),
		Signals:    each(e.Signals, func(r rule.Reading) reading { return reading(r) }),
		Windows:    each(e.Windows, func(r rule.Reading) reading { return reading(r) }),
	}
}

// registry is how rules registry shows who reads and writes what.
type registry struct {
	Signals []use         `json:"signals"`
	Windows []windowEntry `json:"windows"`
	Labels  []labelEntry  `json:"labels"`
	Lists   []use         `json:"lists"`
	Banks   []use         `json:"banks"`
	Models  []use         `json:"models"`
}

type use struct {
	Name  string   `json:"name"`
	Rules []string `json:"rules"`
}

type windowEntry struct {
	ID    string   `json:"id"`
	Text  string   `json:"text"`
	Rules []string `json:"rules"`
}

type labelEntry struct {
	Name    string   `json:"name"`
	Readers []string `json:"readers,omitempty"`
	Writers []string `json:"writers,omitempty"`
}

func registered(r rule.Registry) registry {
	return registry{
		Signals: each(r.Signals, func(u rule.Use) use { return use(u) }),
		Windows: each(r.Windows, func(w rule.WindowEntry) windowEntry { return windowEntry(w) }),
		Labels:  each(r.Labels, func(l rule.LabelEntry) labelEntry { return labelEntry(l) }),
		Lists:   each(r.Lists, func(u rule.Use) use { return use(u) }),
		Banks:   each(r.Banks, func(u rule.Use) use { return use(u) }),
		Models:  each(r.Models, func(u rule.Use) use { return use(u) }),
	}
}

// each is the list in another form; an empty one is [] in JSON.
func each[A, B any](list []A, form func(A) B) []B {
	formed := make([]B, len(list))
	for i, a := range list {
		formed[i] = form(a)
	}
	return formed
}
