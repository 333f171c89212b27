package rule

import (
	"slices"

	"github.com/zeebo/xxh3"
)

// Set is a compiled rule set. It never changes and may be shared by any number of evaluations.
type Set struct {
	Rules   []*Rule        // by id
	Windows []*Window      // a window's place is its index in WindowOp and SetWindow
	Caps    map[string]int // automatic enforcements of a policy a day, as far as the set states them
	Hash    string         // 32 hex digits of the files' names and content

	lang    *language
	names   map[string]node // every name that a lifted expression may hold
	windows map[string]*Window
	keysets map[string]*keyset
	byKind  map[string]*kindPlan
	anyKind *kindPlan // of kinds that no rule names
	lists   []*list
	scratch scratch // places in Evaluation.scratch
}

// Reads reports whether a rule that is not off reads the signal, in whatever way. The nil set reads nothing.
func (s *Set) Reads(signal string) bool {
	return s != nil && slices.ContainsFunc(s.Rules, func(r *Rule) bool {
		return r.Mode != Off && (r.uses.signals[signal] || slices.ContainsFunc(r.Effects, func(e EffectSpec) bool { return e.On == signal }))
	})
}

// Rule is one compiled rule.
type Rule struct {
	ID       string
	Version  string // 8 hex digits: changes whenever what the rule means changes
	File     string
	Line     int
	On       []string // event kinds, sorted; "*" for all
	Mode     Mode
	Rollout  float64 // percent of actors it is live for; for others it is in shadow
	Policy   string
	Severity int
	When     string // the condition as written
	Because  string // the reason's template as written
	Effects  []EffectSpec
	Cap      int     // automatic enforcements a day (UTC, event time)
	Blast    int     // members of a group that one automatic enforcement may be about
	Share    float64 // share of recent events, 0 to 1, above which it goes into shadow

	when      node
	canonical string
	expr      *expression
	terms     []term
	because   []segment
	seed      uint64 // of the rollout's hash
	uses      uses
	waits     waiting
}

// uses is what a rule reads.
type uses struct {
	signals map[string]bool
	windows map[*Window]bool
	labels  map[string]bool
	lists   map[*list]bool
	banks   map[string]bool
	models  map[string]bool
	scored  map[string]bool // policies of media.score()
}

func (r *Rule) readsLabel(label string)    { r.uses.labels[label] = true }
func (r *Rule) readsList(l *list)          { r.uses.lists[l] = true }
func (r *Rule) readsWindow(window *Window) { r.uses.windows[window] = true }

func (r *Rule) reads(signal string) {
	r.uses.signals[signal] = true
	r.waits.reads(signal)
}

func (r *Rule) readsBank(name string) {
	r.uses.banks[name] = true
	r.waits.readsBank(name)
}

// live reports whether the rule's rollout takes in an actor. The same actors stay in as the percentage grows.
func (r *Rule) live(actor string) bool {
	if r.Rollout >= 100 {
		return true
	}
	return float64(xxh3.HashStringSeed(actor, r.seed)>>11)/(1<<53)*100 < r.Rollout
}

// kindPlan is what there is to do for an event of one kind.
type kindPlan struct {
	rules   []*Rule
	windows []windowUse
	keysets []*keyset // of those windows
}

// windowUse is a window that an event's kind feeds or that a rule on the kind reads.
type windowUse struct {
	*Window
	feeds bool
}

// plan is what there is to do for an event.
func (s *Set) plan(in *Input) *kindPlan {
	if p, ok := s.byKind[in.Event.Kind]; ok && in.Raised == aboutGroup(in.Event.Kind) {
		return p
	}
	if in.Raised {
		return &noPlan
	}
	return s.anyKind
}

var noPlan kindPlan

// define makes a name known to expressions, unless it is known.
func (s *Set) define(name string, make func() node) {
	if _, known := s.names[name]; !known {
		s.names[name] = make()
	}
}

// intern adds a window, or gives the equal one that is there; ok is false where the set has as many as it may.
func (s *Set) intern(w *Window) (_ *Window, ok bool) {
	if known, ok := s.windows[w.ID]; ok {
		return known, true
	}
	if len(s.Windows) == maxWindows {
		return nil, false
	}
	w.index = len(s.Windows)
	w.late = &fault{w.Text + " on a late event"}
	w.unset = &fault{w.Text + " has no value"}
	s.Windows = append(s.Windows, w)
	s.windows[w.ID] = w
	s.define("@window "+w.ID, w.read)
	return w, true
}

// keyset adds a list of keys, or gives the equal one that is there.
func (s *Set) keyset(text string, order []string, planned map[string]node) *keyset {
	if k, ok := s.keysets[text]; ok {
		return k
	}
	k := &keyset{index: len(s.keysets)}
	for _, t := range order {
		k.nodes = append(k.nodes, planned[t])
	}
	s.keysets[text] = k
	return k
}

// index sorts rules and windows by event kind, so that an event meets only what concerns it.
func (s *Set) index() {
	kinds := []string{anyKind}
	for _, r := range s.Rules {
		kinds = append(kinds, r.On...)
	}
	for _, w := range s.Windows {
		kinds = append(kinds, w.On...)
	}
	s.byKind = map[string]*kindPlan{}
	for _, kind := range sortedSet(kinds) {
		p := &kindPlan{}
		any := anyKind
		if aboutGroup(kind) {
			any = kind
		}
		read := map[*Window]bool{}
		for _, r := range s.Rules {
			if r.Mode != Off && (r.On[0] == any || slices.Contains(r.On, kind)) {
				p.rules = append(p.rules, r)
				for w := range r.uses.windows {
					read[w] = true
				}
			}
		}
		keysets := map[*keyset]bool{}
		for _, w := range s.Windows {
			feeds := w.On[0] == any || slices.Contains(w.On, kind)
			if !feeds && !read[w] {
				continue
			}
			p.windows = append(p.windows, windowUse{w, feeds})
			if !keysets[w.keys] {
				keysets[w.keys] = true
				p.keysets = append(p.keysets, w.keys)
			}
		}
		if kind == anyKind {
			s.anyKind = p
		} else {
			s.byKind[kind] = p
		}
	}
}
