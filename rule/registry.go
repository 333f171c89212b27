package rule

import (
	"slices"

	"github.com/ringfence/ringfence/event"
)

// Registry says which rules read and write what.
type Registry struct {
	Signals []Use
	Windows []WindowEntry
	Labels  []LabelEntry
	Lists   []Use
	Banks   []Use
	Models  []Use
}

// Use is a name and the ids of the rules that read it.
type Use struct {
	Name  string
	Rules []string
}

// WindowEntry is a window and the ids of the rules that read it.
type WindowEntry struct {
	ID    string
	Text  string
	Rules []string
}

// LabelEntry is a label and the ids of the rules that read and put it.
type LabelEntry struct {
	Name    string
	Readers []string
	Writers []string
}

// SignalInfo documents a signal.
type SignalInfo struct {
	Name   string
	Type   string
	Entity event.EntityKind // of what it, or each of its elements, names
	Doc    string
}

// SignalCatalog lists every signal that rules can read.
func SignalCatalog() []SignalInfo {
	var infos []SignalInfo
	for _, s := range allSignals() {
		infos = append(infos, SignalInfo{s.name, s.node.kind.String(), s.entity, s.doc})
	}
	return infos
}

// FunctionCatalog lists the functions that the language adds to CEL.
func FunctionCatalog() []Function { return slices.Clone(functions) }

// Registry lists what the set's rules read and write, by name.
func (s *Set) Registry() Registry {
	var reg Registry
	signals, lists, banks, models := map[string][]string{}, map[string][]string{}, map[string][]string{}, map[string][]string{}
	windows := map[*Window][]string{}
	readers, writers := map[string][]string{}, map[string][]string{}
	for _, r := range s.Rules {
		for name := range r.uses.signals {
			signals[name] = append(signals[name], r.ID)
		}
		for w := range r.uses.windows {
			windows[w] = append(windows[w], r.ID)
		}
		for label := range r.uses.labels {
			readers[label] = append(readers[label], r.ID)
		}
		for l := range r.uses.lists {
			lists[l.name] = append(lists[l.name], r.ID)
		}
		for name := range r.uses.models {
			models[name] = append(models[name], r.ID)
		}
		for name := range r.uses.banks {
			banks[name] = append(banks[name], r.ID)
		}
		for _, label := range r.writes() {
			writers[label] = append(writers[label], r.ID)
		}
	}
	for _, name := range sortedKeys(signals) {
		reg.Signals = append(reg.Signals, Use{name, signals[name]})
	}
	for _, w := range s.Windows {
		reg.Windows = append(reg.Windows, WindowEntry{w.ID, w.Text, windows[w]})
	}
	for _, l := range s.lists {
		reg.Lists = append(reg.Lists, Use{l.name, lists[l.name]})
	}
	for _, name := range sortedKeys(models) {
		reg.Models = append(reg.Models, Use{name, models[name]})
	}
	for _, name := range sortedKeys(banks) {
		reg.Banks = append(reg.Banks, Use{name, banks[name]})
	}
	for _, name := range sortedSet(append(sortedKeys(readers), sortedKeys(writers)...)) {
		reg.Labels = append(reg.Labels, LabelEntry{name, readers[name], writers[name]})
	}
	return reg
}

// writes are the labels that a rule puts, each once.
func (r *Rule) writes() []string {
	var labels []string
	for _, e := range r.Effects {
		if e.Kind == Label {
			labels = append(labels, e.Value)
		}
	}
	return sortedSet(labels)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// warnings reports what is probably not meant: lists nobody reads, labels nobody puts, and conditions written twice.
func (c *compiler) warnings() {
	for _, name := range c.listNames() {
		if l := c.lists[name]; !l.used {
			c.warnf(l.at, "", "no rule reads list %q", name)
		}
	}
	written := map[string]bool{}
	for _, r := range c.set.Rules {
		for _, label := range r.writes() {
			written[label] = true
		}
	}
	first := map[string]*Rule{}
	for _, r := range c.set.Rules {
		at := place{r.File, r.Line, 1}
		for _, label := range sortedKeys(r.uses.labels) {
			if !written[label] {
				c.warnf(at, didYouMean(label, sortedKeys(written), "fine if people or another system put it"),
					"rule %q reads label %q, which no rule puts", r.ID, label)
			}
		}
		same := r.canonical
		for _, kind := range r.On {
			same += " " + kind
		}
		if other, ok := first[same]; ok && same != "" {
			c.warnf(at, "put the effects of both into one", "rule %q has the same condition as %q (%s:%d)", r.ID, other.ID, other.File, other.Line)
		} else {
			first[same] = r
		}
	}
}
