package casework

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/review"
)

// preventable is the share of the views to come that acting would still prevent, by the step that is in force already.
var preventable = map[string]float64{"": 1, "inform": 1, "friction": .9, "limit": .5, "lock": .1, "suspend": .02, "remove": .02}

// shared is how much of the evidence against the members of a group is the same.
const shared = .5

// unknownSeverity is that of a policy of which no rule speaks, and of one that only reports name on a case, whatever rules say of it: who
// reports does not choose how much the case weighs.
const unknownSeverity = 1

// rank computes where a case stands and puts it in its place. d.mu is held.
func (d *Desk) rank(e *entry) {
	now := d.opts.Now()
	e.chances = d.chances(e.chances[:0], e)
	top := e.chances[0]
	c := review.Case{ID: e.ID, Policy: top.policy, Opened: time.Unix(0, e.Opened), Shared: shared, Lift: e.lift, Preventable: preventable[e.inForce]}
	weight := review.Weight(top.severity)
	if e.Target.Kind != event.GroupEntity {
		c.Members = []review.Member{{P: top.p, Severity: weight, Views: d.views.of(e.Target)}}
	} else {
		silent := 0
		for _, m := range d.members[e.ID] {
			seen := d.views.of(event.Entity{Kind: event.AccountEntity, ID: m})
			if len(seen) == 0 {
				silent++
				continue
			}
			c.Members = append(c.Members, review.Member{P: top.p, Severity: weight, Views: seen})
		}
		if silent > 0 || len(c.Members) == 0 {
			c.Members = append(c.Members, review.Member{P: top.p, Severity: weight, Number: max(1, silent)})
		}
		for _, h := range d.held[e.ID] { // a member whom its own case speaks against counts by that
			c.Members = append(c.Members, review.Member{P: h.chances[0].p, Severity: review.Weight(h.chances[0].severity), Views: d.views.of(h.Target)})
		}
	}
	e.priority = review.Of(&c, &d.reach, time.Unix(0, now))
	if top.reported { // which policy is asked of the model is the reporters' word, too
		without := d.p(e.features, "")
		for i := range c.Members {
			c.Members[i].P = without
		}
		e.priority.Unreported = review.Of(&c, &d.reach, time.Unix(0, now)).Unreported
	}
	d.ranked = false
	d.place(e)
}

// chances gives how likely a case is to violate each of its policies; there is always one. The first is what the case is ranked by: the
// dearest of those that rules, people or models name, so that no report can put another in its place. Those that only reports name follow.
func (d *Desk) chances(dst []chance, e *entry) []chance {
	for _, p := range e.Policies {
		severity, reported := p.Severity, p.Severity == 0 && p.Effects == 0
		if severity == 0 && !reported {
			severity = d.severity[p.Policy]
		}
		if severity == 0 {
			severity = unknownSeverity
		}
		dst = append(dst, chance{p.Policy, severity, d.p(e.features, p.Policy), reported})
	}
	if len(dst) == 0 {
		dst = append(dst, chance{"", unknownSeverity, prior, false})
	}
	slices.SortStableFunc(dst, func(a, b chance) int {
		if a.reported != b.reported {
			if b.reported {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.p*review.Weight(b.severity), a.p*review.Weight(a.severity))
	})
	return dst
}

// place puts a case into the queue, or takes it out while somebody has it or a group's case holds it. d.mu is held.
func (d *Desk) place(e *entry) {
	now := d.opts.Now()
	if e.Lease.Until > now {
		d.leased[e.ID] = e
	} else {
		delete(d.leased, e.ID)
	}
	e.waits = e.Parent == "" && e.Lease.Until <= now
	if !e.waits {
		d.queue.Remove(e.ID)
		return
	}
	q := review.Entry[string]{Key: e.ID, Lane: review.Harm, Value: e.priority.Value, Views: e.priority.Reach, Since: time.Unix(0, e.Opened)}
	switch {
	case e.Kind == record.Appeal:
		q.Lane = review.Appeal
	case e.Deadline > 0:
		q.Lane = review.Deadline
	case e.Kind == record.SecondLook, e.Draws > 0 && e.Effects == 0 && e.CaseSummary.Case.Reports == 0:
		q.Lane = review.Quality // in the order in which they came, so that what is drawn is not chosen again
	}
	if e.Deadline > 0 {
		q.Deadline = time.Unix(0, e.Deadline)
	}
	if e.NotBy != "" {
		q.Not = []string{e.NotBy}
	}
	if old := e.lane; old != q.Lane {
		d.queue.Remove(e.ID)
	}
	e.lane = q.Lane
	d.queue.Put(q)
}

// rankAll ranks all cases anew, some at a time.
func (d *Desk) rankAll(ctx context.Context) {
	d.mu.Lock()
	ids := make([]string, 0, len(d.cases))
	for id := range d.cases {
		ids = append(ids, id)
	}
	d.mu.Unlock()
	for part := range slices.Chunk(ids, rankBatch) {
		if ctx.Err() != nil {
			return
		}
		d.mu.Lock()
		for _, id := range part {
			if e := d.cases[id]; e != nil {
				d.rank(e)
			}
		}
		d.mu.Unlock()
	}
}

// Place is an open case and where it stands.
type Place struct {
	Case       record.Case
	Priority   review.Priority
	Lane       review.Lane
	Rank       int // from 1, among all that wait, by harm averted a minute
	Unreported int // rank that it would have if nobody had reported it
	Waiting    int // how many wait
	Chances    []Chance
}

// Chance is how likely a case is to violate a policy, before and with reports.
type Chance struct {
	Policy   string
	Severity int
	P        float64
	Because  []Because // the strongest reasons, in log odds
}

// Because is what one feature says.
type Because struct {
	Feature string
	Value   float64
	By      float64 // log odds; up if positive
}

// sorted gives all that wait, best first. d.mu is held.
func (d *Desk) sorted() []*entry {
	if d.ranked {
		return d.order
	}
	d.order = d.order[:0]
	for _, e := range d.cases {
		if e.Parent == "" {
			d.order = append(d.order, e)
		}
	}
	slices.SortFunc(d.order, func(a, b *entry) int {
		if byValue := cmp.Compare(b.priority.Value, a.priority.Value); byValue != 0 {
			return byValue
		}
		return cmp.Or(cmp.Compare(a.Opened, b.Opened), cmp.Compare(a.ID, b.ID))
	})
	d.ranked = true
	return d.order
}

func (d *Desk) placeOf(e *entry) Place {
	order := d.sorted()
	rank := func(value float64) int {
		at, _ := slices.BinarySearchFunc(order, value, func(o *entry, v float64) int { return cmp.Compare(v, o.priority.Value) })
		return at + 1
	}
	p := Place{Case: e.Case, Priority: e.priority, Lane: e.lane, Rank: rank(e.priority.Value), Unreported: rank(e.priority.Unreported), Waiting: len(order)}
	if e.lift == 0 || p.Unreported < p.Rank {
		p.Unreported = p.Rank
	} else if p.Unreported > p.Rank {
		p.Unreported-- // it is itself among those before
	}
	for _, c := range e.chances {
		p.Chances = append(p.Chances, Chance{c.policy, c.severity, c.p, nil})
	}
	return p
}

// Queue gives the cases that wait, best first, from the one at an offset on. The first call after cases changed sorts them all: some 50 ms
// for 100,000.
func (d *Desk) Queue(offset, limit int) (places []Place, waiting int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	order := d.sorted()
	for _, e := range order[min(offset, len(order)):min(offset+limit, len(order))] {
		places = append(places, d.placeOf(e))
	}
	return places, len(order)
}

// Place says where an open case stands, and why; false if it is not open, or not known yet.
func (d *Desk) Place(id string) (Place, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.cases[id]
	if e == nil {
		return Place{}, false
	}
	p := d.placeOf(e)
	for i := range p.Chances {
		p.Chances[i].Because = d.explain(e.features, p.Chances[i].Policy)
	}
	return p, true
}
