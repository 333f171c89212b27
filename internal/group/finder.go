package group

import (
	"fmt"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/graph/evidence"
	"github.com/ringfence/ringfence/text/family"
)

// Options bounds a [Finder].
type Options struct {
	Alpha       float64 // the share of edges that may be due to chance, in (0, 1)
	MaxAccounts int     // the finder fails beyond
	MaxPairs    int     // pairs that met; beyond, those that met the longest ago are forgotten
}

// DefaultOptions hold some three million pairs in a gigabyte and a half.
func DefaultOptions() Options {
	return Options{Alpha: 1e-3, MaxAccounts: 4 << 20, MaxPairs: 3 << 20}
}

const (
	tick           = 10 * minute // of event time: when groups are looked for
	familiesBudget = 256 << 20   // bytes
)

// Finder finds groups in events that come in order of time. It is not safe for concurrent use. Its result is a function of the events and options.
type Finder struct {
	model    *evidence.Model
	families *family.Index
	sketcher family.Sketcher
	sketch   family.Sketch
	profiles map[string]*profile
	scorer   *Scorer

	next   int64 // the tick to come
	begun  bool
	dirty  bool // an act was added since the last tick
	groups []*Group
	known  map[uint64][]community // of the last tick, by the ground of their component
	acting []act
}

// NewFinder makes a finder that has seen nothing.
func NewFinder(o Options, s *Scorer) (*Finder, error) {
	model, err := evidence.New(evidence.Options{Traces: traces[:], Alpha: o.Alpha, MaxAccounts: o.MaxAccounts, MaxPairs: o.MaxPairs,
		MaxKeys: max(64, o.MaxPairs/2), MaxActs: max(64, o.MaxPairs/2)})
	if err != nil {
		return nil, err
	}
	return &Finder{model: model, families: family.NewIndex(familiesBudget), profiles: map[string]*profile{}, scorer: s}, nil
}

// Add takes an event in, after the ticks that are due before it.
func (f *Finder) Add(e *event.Event) error {
	if !f.begun {
		f.begun = true
		f.next = e.Time - e.Time%tick + tick
	}
	if e.Time >= f.next {
		if f.dirty {
			if err := f.tick(f.next); err != nil {
				return err
			}
		}
		f.next = e.Time - e.Time%tick + tick
	}
	f.dirty = true
	f.acting = f.acts(f.acting[:0], e)
	copied := false
	if id := f.familyOf(e); id != 0 {
		f.acting = append(f.acting, act{text, id.String()})
		known, _ := f.families.Family(id)
		copied = known.Accounts > 1
	}
	f.profile(e, copied)
	for _, a := range f.acting {
		if err := f.model.Add(a.trace, a.key, e.Actor, e.Time); err != nil {
			return fmt.Errorf("event %q: %w", e.ID, err)
		}
	}
	return nil
}

// familyOf is the family of an event's own text; 0 where there is none, or too little of it.
func (f *Finder) familyOf(e *event.Event) family.ID {
	switch e.Kind {
	case "post", "quote", "reply", "comment":
	default:
		return 0
	}
	if len(e.Text) < leastText {
		return 0
	}
	f.sketcher.Into(&f.sketch, e.Text)
	return f.families.Assign(&f.sketch, e.Actor, e.Time)
}

// Groups are the groups after the last event, by the time at which they were found.
func (f *Finder) Groups() ([]*Group, error) {
	if f.dirty {
		f.known = nil // all that is said of groups is to be as of now
		for _, g := range f.groups {
			g.ground = 0
		}
		if err := f.tick(f.next); err != nil {
			return nil, err
		}
		f.dirty = false
	}
	return f.groups, nil
}
