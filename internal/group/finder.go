package group

import (
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/graph/evidence"
	"github.com/ringfence/ringfence/graph/paged"
	"github.com/ringfence/ringfence/text/family"
	"github.com/ringfence/ringfence/text/fold"
	"github.com/ringfence/ringfence/text/habit"
)

// Options bounds a [Finder].
type Options struct {
	Alpha       float64 // the share of edges that may be due to chance, in (0, 1)
	MaxAccounts int     // beyond, those that acted the longest ago are forgotten
	MaxPairs    int     // pairs that met; beyond, those that met the longest ago are forgotten
	MaxKeys     int     // of each trace; likewise
	MaxActs     int     // of each trace; likewise

	// Suspended, if set, says whether a group's accounts have been put out of action, so that what is like it may be its return. It is a function of what came
	// before.
	Suspended func(id string) bool
}

// DefaultOptions hold some three million pairs in a gigabyte and a half.
func DefaultOptions() Options {
	return Options{Alpha: 1e-3, MaxAccounts: 4 << 20, MaxPairs: 3 << 20, MaxKeys: 3 << 19, MaxActs: 3 << 19}
}

// OptionsWithin are those of a finder that takes about so many bytes at most.
func OptionsWithin(bytes int64) Options {
	o := DefaultOptions()
	share := func(each int64) int { return int(min(max(1024, bytes/each), 16<<20)) }
	o.MaxAccounts, o.MaxPairs, o.MaxKeys, o.MaxActs = share(4096), share(512), share(16384), share(4096)
	return o
}

const (
	tick           = 10 * second // of event time
	wholeTick      = 10 * minute // when all pairs are looked at again, and thresholds made anew
	familiesBudget = 256 << 20   // bytes, of Add
)

// Finder finds groups in events that come in order of time, and keeps them. It is not safe for concurrent use. What it says is a function of the events
// and options alone.
//
// Event time is cut into ticks of ten seconds. At a tick the finder copies what is tied to accounts that were newly tied since the one before, and has
// another goroutine look for communities there, while it goes on. What that finds takes effect at the next tick exactly, for which the finder waits if
// need be. Between ticks an account can join a group at once, on probation: see [Finder.Observe].
type Finder struct {
	model     *evidence.Model
	scorer    *Scorer
	suspended func(id string) bool // see Options

	accounts []account // by number in the model
	standing []evidence.Edge
	batches  []*batch
	batchOf  map[place]uint32
	groups   []*Group // by the time at which they were found, and id
	kept     []*Group // the same, each at its place
	byID     map[string]*Group
	dirty    []uint32 // accounts whose components are to be refined
	changes  []Change // that Advance has yet to give

	begun     bool
	clock     int64 // the latest time of an event
	next      int64 // the tick to come
	whole     int64 // the next at which all pairs are looked at
	squads    int64 // and at which squads are looked for
	refining  *refining
	stale     bool     // an account was forgotten while the refiner worked, so that its result is of no use
	waits     int      // ticks at which the refiner was not ready
	gone      []uint32 // accounts that the model has just forgotten
	probation []uint32 // accounts that are confirmed at the next tick

	book       paged.Book
	ofAccounts *paged.Table[account]
	ofGroups   *paged.Table[*Group]
	ofBatches  *paged.Table[*batch]

	families *family.Index // of Add; nil before
	sketcher family.Sketcher
	sketch   family.Sketch
	reader   fold.Reader
	acting   []Act
}

// refining is a refinement that takes effect at the next tick.
type refining struct {
	components []component
	result     chan refined
}

type refined struct {
	communities [][][]uint32 // by component
	err         error
}

// NewFinder makes a finder that has seen nothing.
func NewFinder(o Options, s *Scorer) (*Finder, error) {
	if o.Suspended == nil {
		o.Suspended = func(string) bool { return false }
	}
	f := &Finder{scorer: s, suspended: o.Suspended, batchOf: map[place]uint32{}, byID: map[string]*Group{}}
	var err error
	f.model, err = evidence.New(evidence.Options{Forgotten: func(account uint32) { f.gone = append(f.gone, account) },
		Traces: traces[:], Alpha: o.Alpha, MaxAccounts: o.MaxAccounts, MaxPairs: o.MaxPairs,
		MaxKeys: o.MaxKeys, MaxActs: o.MaxActs})
	if err != nil {
		return nil, err
	}
	f.bind()
	return f, nil
}

// Seen is what else is known of an event.
type Seen struct {
	Copied bool // others have written its text
	Hit    bool // a known-bad bank holds something of it
}

// Advance moves the time on, to that of the next event or later, and gives what happened to groups at the ticks on the way, in order. The changes are valid
// until the next call.
func (f *Finder) Advance(now int64) ([]Change, error) {
	f.changes = f.changes[:0]
	if !f.begun {
		f.begun = true
		f.next = now - now%tick + tick
		f.whole = f.next
	}
	for f.next <= now {
		if err := f.tick(f.next, false); err != nil {
			return nil, err
		}
		if f.next += tick; f.refining == nil && f.next < f.whole {
			f.next = max(f.next, min(f.whole, now-now%tick+tick)) // nothing happens until then
		}
	}
	return f.changes, nil
}

// tick is all that happens at one.
func (f *Finder) tick(at int64, all bool) error {
	whole := at >= f.whole
	if whole {
		f.whole = at - at%wholeTick + wholeTick
	}
	if err := f.settle(at); err != nil {
		return fmt.Errorf("groups at %d: %w", at, err)
	}
	f.confirm()
	f.tieUp(at, whole)
	if whole {
		f.age(at)
		if err := f.tieSquads(at); err != nil {
			return fmt.Errorf("squads at %d: %w", at, err)
		}
	}
	f.rerate(at)
	if components := f.components(at, all); len(components) > 0 {
		f.refine(components)
	}
	return nil
}

// refine begins a refinement.
func (f *Finder) refine(components []component) {
	r := &refining{components, make(chan refined, 1)}
	go func() {
		found, err := refine(r.components)
		r.result <- refined{found, err}
	}()
	f.refining = r
}

// forget lets accounts go that the model has forgotten, whose numbers others get.
func (f *Finder) forget() {
	dead := map[uint32]bool{}
	for _, a := range f.gone {
		dead[a] = true
	}
	slices.Sort(f.gone)
	for _, a := range f.gone {
		if int(a) >= len(f.accounts) {
			continue
		}
		f.ofAccounts.Touch(a)
		x := &f.accounts[a]
		for _, t := range x.ties {
			f.ofAccounts.Touch(t.other)
			y := &f.accounts[t.other]
			y.ties = slices.DeleteFunc(y.ties, func(t tie) bool { return t.other == a })
			f.stir(t.other)
		}
		if g := x.group; g != nil {
			f.touchGroup(g)
			g.members = slices.DeleteFunc(g.members, func(m uint32) bool { return m == a })
			f.renamed(g)
		}
		*x = account{}
	}
	f.gone = f.gone[:0]
	f.standing = slices.DeleteFunc(f.standing, func(e evidence.Edge) bool { return dead[e.A] || dead[e.B] })
	f.dirty = slices.DeleteFunc(f.dirty, func(a uint32) bool { return dead[a] })
	for n, b := range f.batches {
		if b != nil {
			f.ofBatches.Touch(uint32(n))
			b.visits = slices.DeleteFunc(b.visits, func(v evidence.Visit) bool { return dead[v.Account] })
		}
	}
	f.probation = slices.DeleteFunc(f.probation, func(a uint32) bool { return dead[a] })
	f.unbind()
	f.stale = f.refining != nil
}

// settle lets what the refiner found take effect.
func (f *Finder) settle(at int64) error {
	r := f.refining
	if r == nil {
		return nil
	}
	f.refining = nil
	if len(r.result) == 0 {
		f.waits++
	}
	result := <-r.result
	if result.err != nil {
		return result.err
	}
	if f.stale {
		f.stale = false
		for i := range r.components {
			for _, a := range r.components[i].nodes {
				f.stir(a)
			}
		}
		return nil
	}
	f.inherit(r.components, result.communities, at)
	return nil
}

// tiesATick is how many ties of a group are looked at at a tick to describe it, one with another.
const tiesATick = 64

// rerate gives groups whose members acted their score anew, larger ones more seldom.
func (f *Finder) rerate(at int64) {
	for _, g := range f.groups {
		if g.stirred && g.live() && at-g.rated > tick*int64(g.edges/tiesATick) {
			f.describe(g)
			f.rate(g, at)
		}
	}
}

// Observe takes in an event with what it does at which keys, and lets its actor join a group at once if it has to. Its time, or a later one, was given to Advance
// before; one that is older than the latest counts as of that time.
func (f *Finder) Observe(e *event.Event, acts []Act, seen Seen) error {
	f.clock = max(f.clock, e.Time)
	met := f.model.Met()
	for _, a := range acts {
		if err := f.model.Add(a.trace, a.key, e.Actor, f.clock); err != nil {
			return fmt.Errorf("event %q: %w", e.ID, err)
		}
		if len(f.gone) > 0 {
			f.forget()
		}
	}
	who, known := f.model.Account(e.Actor)
	if !known {
		return nil // it did nothing that groups are about
	}
	f.grow()
	f.ofAccounts.Touch(who)
	x := &f.accounts[who]
	x.note(e, seen.Copied)
	if together, ok := x.inStep(f.clock); ok {
		if err := f.model.Add(together.trace, together.key, e.Actor, f.clock); err != nil {
			return fmt.Errorf("event %q: %w", e.ID, err)
		}
	}
	x.last = f.clock
	if seen.Hit {
		x.hits++
	}
	if x.group == nil && f.model.Met() > met {
		f.bindTies(who)
	}
	f.bindKeys(who, acts)
	x.leaveMarks(acts)
	if g := x.group; g != nil {
		f.touchGroup(g)
		g.Last, g.stirred = f.clock, true
	}
	return nil
}

// Of is the group that an account is a member of; nil for none. It is valid until the next call of Advance or Observe.
func (f *Finder) Of(account string) *Group {
	who, known := f.model.Account(account)
	if !known || int(who) >= len(f.accounts) {
		return nil
	}
	return f.accounts[who].group
}

// Group is that of an id; nil if there is none, or not any more.
func (f *Finder) Group(id string) *Group { return f.byID[id] }

// Confirmed are the accounts of a group that are not on probation, in order of name.
func (f *Finder) Confirmed(g *Group) []string {
	var names []string
	for _, a := range g.members {
		if f.accounts[a].confirmed() {
			names = append(names, f.model.Name(a))
		}
	}
	slices.Sort(names)
	return names
}

// Stats is what the finder holds.
type Stats struct {
	Groups, Members int // of groups that are active or dormant
	Accounts, Edges int
	Waits           int // ticks that had to wait for the refiner, since this process began
}

// Stats counts in time proportional to the groups.
func (f *Finder) Stats() Stats {
	st := Stats{Accounts: len(f.accounts), Edges: len(f.standing), Waits: f.waits}
	for _, g := range f.groups {
		if g.live() {
			st.Groups++
			st.Members += len(g.members)
		}
	}
	return st
}

// Add takes in an event of a file: it advances to its time, and finds the family of its text among those of the finder's own.
func (f *Finder) Add(e *event.Event) error {
	if _, err := f.Advance(e.Time); err != nil {
		return err
	}
	f.acting = Acts(f.acting[:0], e)
	var seen Seen
	if id := f.familyOf(e); id != 0 {
		f.acting = append(f.acting, TextAct(id))
		known, _ := f.families.Family(id)
		seen.Copied = known.Accounts > 1
	}
	if Authored(e) {
		if h, obfuscated := habit.Of(f.reader.Read(e.Text), e.Text); obfuscated {
			f.acting = append(f.acting, HabitAct(h.Fingerprint()))
		}
	}
	return f.Observe(e, f.acting, seen)
}

// familyOf is the family of an event's own text; 0 where there is none, or too little of it.
func (f *Finder) familyOf(e *event.Event) family.ID {
	if !Authored(e) {
		return 0
	}
	if f.families == nil {
		f.families = family.NewIndex(familiesBudget)
	}
	f.sketcher.Into(&f.sketch, e.Text)
	return f.families.Assign(&f.sketch, e.Actor, e.Time)
}

// Groups are the groups after the last event, by the time at which they were found, with what is known by then: as if the next tick were now.
func (f *Finder) Groups() ([]*Group, error) {
	if !f.begun {
		return nil, nil
	}
	f.whole = f.next
	for range 2 { // what is tied at one tick is in groups at the next
		if err := f.tick(f.next, true); err != nil {
			return nil, err
		}
	}
	return f.groups, f.settle(f.next)
}
