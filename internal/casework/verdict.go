package casework

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/review"
)

// MaxLeases is how many cases one reviewer has at a time.
const MaxLeases = 20

// Errors of handing out.
var (
	ErrNothing = errors.New("no case waits that this reviewer may have")
	ErrMany    = errors.New("this reviewer has as many cases as one can have at a time; decide or release some")
)

// Next hands the case that somebody should decide now to them, for as long as a lease lasts.
func (d *Desk) Next(ctx context.Context, by string) (Place, error) {
	for {
		now := d.opts.Now()
		d.mu.Lock()
		has := 0
		for _, e := range d.leased {
			if e.Lease.By == by && e.Lease.Until > now {
				has++
			}
		}
		if has >= MaxLeases {
			d.mu.Unlock()
			return Place{}, ErrMany
		}
		waiting := d.queue.Waiting(review.Harm)
		pick, ok := d.queue.Next(by, d.wall(now))
		d.mu.Unlock()
		if !ok {
			return Place{}, ErrNothing
		}
		lease := record.Lease{By: by, Until: now + int64(d.opts.Lease), Lane: pick.Lane.String(), Propensity: pick.Propensity}
		_, err := d.store.LeaseCase(ctx, pick.Key, lease, now)
		if errors.Is(err, record.ErrConflict) {
			d.Wake() // decided or taken meanwhile, by another process or by hand
			continue
		}
		d.mu.Lock()
		e := d.cases[pick.Key]
		if e == nil || err != nil {
			if e != nil {
				d.place(e)
			}
			d.mu.Unlock()
			if err != nil {
				return Place{}, err
			}
			continue
		}
		e.Lease, e.waiting = lease, waiting
		d.place(e)
		p := d.placeOf(e)
		for i := range p.Chances {
			p.Chances[i].Because = d.explain(e.features, p.Chances[i].Policy)
		}
		p.Lane = pick.Lane
		d.mu.Unlock()
		return p, nil
	}
}

// Release gives a case back.
func (d *Desk) Release(ctx context.Context, id, by string) error {
	if err := d.store.ReleaseCase(ctx, id, by); err != nil {
		return err
	}
	return d.Sync(ctx)
}

// Decide closes a case with a verdict and learns from it. Repeating it under the author's id changes nothing.
func (d *Desk) Decide(ctx context.Context, a control.Author, id string, j control.Judgement) error {
	if a.ID == "" {
		a.ID = control.NewID()
	}
	if err := d.Sync(ctx); err != nil { // what was said of the case until now counts
		return err
	}
	d.mu.Lock()
	if e := d.cases[id]; e != nil {
		x := d.exampleOf(e, j.Policies)
		j.Second = j.Decision == record.Benign && e.Kind == record.FirstLook && d.dearest.is(x.Harm)
		j.Example, _ = json.Marshal(x) // plain data, and small: features are bounded
	}
	d.mu.Unlock()
	if err := d.give(ctx, a, id, j); err != nil {
		return err
	}
	return d.Sync(ctx)
}

// give writes a verdict down and lets the learner have it, unless it was there: a repeated request is not learnt twice.
func (d *Desk) give(ctx context.Context, a control.Author, id string, j control.Judgement) error {
	d.deciding.Lock()
	defer d.deciding.Unlock()
	_, err := d.store.Verdict(ctx, a.ID)
	repeated := err == nil
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return err
	}
	if err := d.control.Decide(ctx, a, id, j); err != nil || repeated {
		return err
	}
	v, err := d.store.Verdict(ctx, a.ID)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.learner.teach(&v)
	return nil
}

// exampleOf is what is kept of a case with a verdict on it. d.mu is held.
func (d *Desk) exampleOf(e *entry, also []string) *example {
	x := &example{Features: make(map[string]float32, len(e.features)), Said: map[string]map[string]float64{}, Lift: e.lift, Harm: e.priority.Harm, Waiting: e.waiting,
		Weight: importance(e.Lease.Lane, e.Lease.Propensity, e.waiting)}
	for _, f := range e.features {
		x.Features[f.name] = f.value
	}
	asked := slices.Clone(also)
	for _, p := range e.Policies {
		asked = append(asked, p.Policy)
	}
	slices.Sort(asked)
	say := func(model string, p func([]feature, string) float64) {
		said := map[string]float64{}
		for _, policy := range slices.Compact(asked) {
			said[policy] = p(e.features, policy)
		}
		x.Said[model] = said
	}
	say(Online, d.learner.p)
	for _, m := range d.shadows {
		say(m.id, m.p)
	}
	if d.serving != nil {
		say(d.serving.id, d.serving.p)
	}
	return x
}

// Undo takes a verdict back, and unlearns it.
func (d *Desk) Undo(ctx context.Context, a control.Author, id string) error {
	if err := d.control.UndoVerdict(ctx, a, id); err != nil {
		return err
	}
	if err := d.relearn(ctx); err != nil {
		return err
	}
	return d.Sync(ctx)
}

// dearest tells the share of the latest benign verdicts that would be dearest if they were wrong.
type dearest struct {
	share  float64
	recent []float64 // expected harm of the cases, a ring
	next   int
}

const dearestOf = 500 // verdicts that are compared with

func (t *dearest) is(harm float64) bool {
	if t.share <= 0 {
		return false
	}
	if len(t.recent) < dearestOf {
		t.recent = append(t.recent, harm)
	} else {
		t.recent[t.next] = harm
		t.next = (t.next + 1) % dearestOf
	}
	most := int(t.share * float64(len(t.recent)))
	if most == 0 {
		return false // too few to tell
	}
	sorted := slices.SortedFunc(slices.Values(t.recent), func(a, b float64) int { return cmp.Compare(b, a) })
	return harm > 0 && harm >= sorted[most-1]
}
