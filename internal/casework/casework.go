// Package casework is the reviewers' desk: it keeps the open cases in the order of package review, hands them out, takes verdicts in,
// and learns from each.
//
// The records are the truth, the [Desk] is an index over them: it reads what changed since a revision, so that a restart, or a second
// process beside it, sees the same cases. From the journal it takes what reaches review on other ways than rules: reports on the
// platform, views (how far content spreads), and views drawn at random for the estimate of prevalence. It never decides on anything by
// itself: reports and models move cases in the queue and nothing else.
//
// A verdict goes through package control into the records and the journal in one transaction. The models here only order the queue, so
// they may learn at once; the decision loop never reads them.
package casework

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/review"
	"github.com/ringfence/ringfence/rule"
)

// Options of a desk.
type Options struct {
	Lease   time.Duration // how long a reviewer has a case
	Shares  review.Shares // of the lanes
	Drawn   int           // contents a day that are wanted for the estimate of prevalence; 0 draws none
	Second  float64       // share of benign verdicts, those dearest if wrong, that another reviewer looks at; 0 to 1
	Retrain time.Duration // between two trainings of trees; 0 only when asked
	Seed    uint64        // of the random lane and of training
	Now     func() int64  // nanoseconds since 1970
	Log     *slog.Logger
}

// DefaultOptions is what the product uses. Now and Log are left to the caller.
func DefaultOptions() Options {
	return Options{Lease: 15 * time.Minute, Shares: review.DefaultShares(), Drawn: 100, Second: .02, Retrain: time.Hour, Seed: 1}
}

// Store is the part of [record.Store] that the desk uses.
type Store interface {
	record.Cases
	record.Intake
	record.ReviewModels
}

// Journal is the part of [journal.Log] that is read.
type Journal interface {
	Bounds(p journal.Partition) (first, last journal.Position)
	Read(ctx context.Context, p journal.Partition, from journal.Position, max int, dst []journal.Record) ([]journal.Record, error)
	Wait(ctx context.Context, p journal.Partition, after journal.Position) error
}

// Control is the part of [control.Control] that verdicts go through.
type Control interface {
	Decide(ctx context.Context, a control.Author, id string, j control.Judgement) error
	UndoVerdict(ctx context.Context, a control.Author, id string) error
}

// Loop is what is asked of the decision loop.
type Loop interface {
	// Set is the rules in force; nil before the first.
	Set() *rule.Set
	// InForce says for each entity which step of enforcement is in force on it; empty for none.
	InForce(ctx context.Context, entities []event.Entity) ([]string, error)
}

// Groups says who is in a group.
type Groups interface {
	// Members are the accounts of a group now, none if it is not known.
	Members(ctx context.Context, group string) ([]string, error)
}

// Desk holds the open cases. Its methods are safe for concurrent use, but for Run, which is called once. It takes about 2 kB for each.
type Desk struct {
	opts    Options
	store   Store
	journal Journal
	control Control
	loop    Loop
	groups  Groups
	wake    chan struct{}

	deciding sync.Mutex // held while a verdict is written and learnt
	syncing  sync.Mutex // held while cases are read that changed
	rev      int64

	mu       sync.Mutex // of what follows
	cases    map[string]*entry
	targets  map[event.Entity]*entry
	leased   map[string]*entry   // that somebody has
	held     map[string][]*entry // by the group's case
	members  map[string][]string // of a group's case, by its id
	queue    *review.Queue[string]
	order    []*entry // all that wait, best first, as of the last ranking
	ranked   bool     // order is up to date
	views    *views
	reach    review.Reach
	learner  *learner
	rules    map[string]record.RuleVerdict // by rule and version
	severity map[string]int                // of policies, by the rules in force
	dearest  dearest
	shadows  []*trees // the versions that are tried beside the one that serves
	serving  *trees   // nil while the learner serves
	names    map[string]string
}

// entry is an open case.
type entry struct {
	record.CaseSummary
	lift     float64
	features []feature
	chances  []chance // by policy, the dearest first
	inForce  string   // step of enforcement
	priority review.Priority
	lane     review.Lane
	waits    bool // in the queue
	waiting  int  // cases that it was chosen from when it was handed out
}

// chance is how likely a case is to violate a policy, before reports.
type chance struct {
	policy   string
	severity int
	p        float64
	reported bool // only reports name the policy
}

// New makes a desk. Load or Run fill it.
func New(o Options, s Store, j Journal, c Control, l Loop, g Groups) *Desk {
	d := &Desk{opts: o, store: s, journal: j, control: c, loop: l, groups: g, wake: make(chan struct{}, 1), names: map[string]string{}}
	d.reset()
	return d
}

func (d *Desk) reset() {
	d.cases, d.leased, d.targets = map[string]*entry{}, map[string]*entry{}, map[event.Entity]*entry{}
	d.held, d.members = map[string][]*entry{}, map[string][]string{}
	d.queue = review.NewQueue[string](d.opts.Shares, d.opts.Seed)
	d.views = newViews()
	d.learner = newLearner()
	d.rules, d.severity = map[string]record.RuleVerdict{}, map[string]int{}
	d.dearest.share = d.opts.Second
}

func (d *Desk) wall(ns int64) time.Time { return time.Unix(0, ns) }

// Wake makes Run look for cases that changed.
func (d *Desk) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

const (
	tick      = 10 * time.Second // between looks at leases, groups, rules, and at what was learnt
	rerank    = time.Minute      // views come and cases age: all are ranked anew
	rankBatch = 1000             // cases ranked while others wait for the desk
)

// Run keeps the desk until ctx is done. What fails is logged and tried again; the cases are in the records all the while.
func (d *Desk) Run(ctx context.Context) error {
	var done sync.WaitGroup
	done.Go(func() { d.follow(ctx) })
	defer done.Wait()
	if err := d.Load(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	every := time.NewTicker(tick)
	defer every.Stop()
	last := struct {
		ranked, trained int64
		learnt          int
	}{d.opts.Now(), d.opts.Now(), d.learnt()}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.wake:
			d.try(ctx, "cases that changed cannot be read", d.Sync)
			continue
		case <-every.C:
		}
		d.try(ctx, "cases that changed cannot be read", d.Sync)
		d.try(ctx, "the desk cannot be brought up to date", d.refresh)
		if now, learnt := d.opts.Now(), d.learnt(); time.Duration(now-last.ranked) >= rerank || learnt != last.learnt {
			d.rankAll(ctx)
			last.ranked, last.learnt = now, learnt
		}
		if now := d.opts.Now(); d.opts.Retrain > 0 && time.Duration(now-last.trained) >= d.opts.Retrain {
			d.try(ctx, "trees cannot be trained", func(ctx context.Context) error {
				if _, err := d.Train(ctx); !errors.Is(err, ErrFew) {
					return err
				}
				return nil
			})
			last.trained = now
		}
	}
}

// learnt counts what the learner was told.
func (d *Desk) learnt() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.learner.told
}

func (d *Desk) try(ctx context.Context, what string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		d.opts.Log.Error("a part of review failed; it is tried again", "part", what, "error", err)
	}
}

// Load learns from all verdicts there are and then reads the open cases. Run calls it.
func (d *Desk) Load(ctx context.Context) error {
	if err := d.relearn(ctx); err != nil {
		return err
	}
	if err := d.loadModels(ctx); err != nil {
		return err
	}
	if err := d.refreshRules(ctx); err != nil {
		return err
	}
	d.rankAll(ctx)
	return d.Sync(ctx)
}

// Sync brings the desk up to date with the records. It returns when everything is in it that was stored before the call.
func (d *Desk) Sync(ctx context.Context) error {
	d.syncing.Lock()
	defer d.syncing.Unlock()
	var changed []record.CaseSummary
	if err := d.store.CasesSince(ctx, d.rev, func(c record.CaseSummary) error {
		changed = append(changed, c)
		return nil
	}); err != nil {
		return err
	}
	for part := range slices.Chunk(changed, rankBatch) {
		if err := d.take(ctx, part); err != nil {
			return err
		}
		d.rev = part[len(part)-1].Rev
	}
	return nil
}

// take puts cases that changed into their places.
func (d *Desk) take(ctx context.Context, changed []record.CaseSummary) error {
	targets := make([]event.Entity, len(changed))
	for i := range changed {
		targets[i] = changed[i].Target
	}
	inForce, err := d.loop.InForce(ctx, targets)
	if err != nil {
		return err
	}
	var groups []string
	d.mu.Lock()
	for i := range changed {
		c := &changed[i]
		d.drop(c.ID)
		if c.Change != "" {
			continue
		}
		d.put(c, inForce[i])
		if c.Target.Kind == event.GroupEntity {
			groups = append(groups, c.ID)
		}
	}
	d.mu.Unlock()
	for _, id := range groups {
		if err := d.hold(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// put takes an open case in. d.mu is held.
func (d *Desk) put(c *record.CaseSummary, inForce string) {
	e := &entry{CaseSummary: *c, inForce: inForce}
	reports := make([]review.Report, len(c.Reports))
	for i, r := range c.Reports {
		reports[i] = review.Report{At: time.Unix(0, r.Time), Reporter: r.Reporter, Upheld: int(r.Record.Agreed), Overturned: int(r.Record.Disagreed)}
	}
	e.lift = review.Lift(reports)
	e.features = d.featuresOf(c)
	e.Reports, e.Rules = nil, nil // the case says how many; memory is for many cases
	d.cases[c.ID], d.targets[c.Target] = e, e
	if c.Parent != "" {
		d.held[c.Parent] = append(d.held[c.Parent], e)
	}
	d.rank(e)
	if group := d.cases[c.Parent]; group != nil {
		d.rank(group)
	}
}

// drop takes a case out. d.mu is held.
func (d *Desk) drop(id string) {
	e := d.cases[id]
	if e == nil {
		return
	}
	d.queue.Remove(id)
	delete(d.cases, id)
	delete(d.leased, id)
	delete(d.members, id)
	if d.targets[e.Target] == e {
		delete(d.targets, e.Target)
	}
	if e.Parent != "" {
		d.held[e.Parent] = slices.DeleteFunc(d.held[e.Parent], func(o *entry) bool { return o == e })
		if len(d.held[e.Parent]) == 0 {
			delete(d.held, e.Parent)
		}
	}
	d.ranked = false
}

// hold puts the cases of a group's members under its case.
func (d *Desk) hold(ctx context.Context, id string) error {
	d.mu.Lock()
	e := d.cases[id]
	d.mu.Unlock()
	if e == nil {
		return nil
	}
	members, err := d.groups.Members(ctx, e.Target.ID)
	if err != nil {
		return err
	}
	members = slices.Clone(members)
	slices.Sort(members)
	d.mu.Lock()
	same := slices.Equal(members, d.members[id])
	var free bool // a member has an open case that is not held and could be
	entities := make([]event.Entity, len(members))
	for i, m := range members {
		entities[i] = event.Entity{Kind: event.AccountEntity, ID: m}
		if o := d.targets[entities[i]]; o != nil && o.Parent == "" && o.Kind == record.FirstLook && o.Deadline == 0 {
			free = true
		}
	}
	if d.cases[id] == e {
		d.members[id] = members
		d.rank(e)
	}
	d.mu.Unlock()
	if same && !free {
		return nil
	}
	if _, err := d.store.HoldCases(ctx, id, entities); err != nil {
		return fmt.Errorf("cases of the members of group %s: %w", e.Target.ID, err)
	}
	d.Wake()
	return nil
}

// refresh looks at what changes without a case being touched: leases that end, groups that grow, rules that prove right or wrong.
func (d *Desk) refresh(ctx context.Context) error {
	now := d.opts.Now()
	var groups []string
	d.mu.Lock()
	for _, e := range d.leased {
		if e.Lease.Until <= now {
			d.place(e)
		}
	}
	for id, e := range d.cases {
		if e.Target.Kind == event.GroupEntity {
			groups = append(groups, id)
		}
	}
	d.mu.Unlock()
	for _, id := range groups {
		if err := d.hold(ctx, id); err != nil {
			return err
		}
	}
	return d.refreshRules(ctx)
}

// refreshRules counts what people said of each rule's cases, and reads how severe policies are.
func (d *Desk) refreshRules(ctx context.Context) error {
	const back = 90 * 24 * time.Hour
	verdicts, err := d.store.RuleVerdicts(ctx, d.opts.Now()-int64(back))
	if err != nil {
		return err
	}
	set := d.loop.Set()
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.rules)
	for _, v := range verdicts {
		d.rules[v.Rule+"@"+v.Version] = v
	}
	if set != nil {
		clear(d.severity)
		for _, r := range set.Rules {
			d.severity[r.Policy] = max(d.severity[r.Policy], r.Severity)
		}
	}
	return nil
}

// RuleVerdicts is what people said, within the last 90 days, of the cases for which rules spoke, by rule and version.
func (d *Desk) RuleVerdicts() map[string]record.RuleVerdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make(map[string]record.RuleVerdict, len(d.rules))
	for key, v := range d.rules {
		id, _, _ := strings.Cut(key, "@")
		sum := all[id]
		all[id] = record.RuleVerdict{Rule: id, Judged: sum.Judged + v.Judged, Violating: sum.Violating + v.Violating}
		all[key] = v
	}
	return all
}
