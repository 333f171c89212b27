// Package control is what people change while the system runs: rules, banks, labels, allow-lists, approvals, enforcement, cases. Each
// change is checked, written to the records store in one transaction with a to-journal row, and then relayed to the journal;
// only there does decide learn of it.
package control

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/rule"
)

// Journal is where changes go.
type Journal interface {
	// Changes appends bodies under their ids and returns when they are durable.
	Changes(ctx context.Context, ids []string, bodies [][]byte) error
}

// Loop is what is asked of the decision loop.
type Loop interface {
	// Clock is the event clock.
	Clock(ctx context.Context) (int64, error)
	// Standings says what stands against a step of enforcement on each of some accounts.
	Standings(ctx context.Context, accounts []string, policy, step string) ([]decide.Standing, error)
}

// Control makes changes. It is safe for concurrent use.
type Control struct {
	store   record.Store
	journal Journal
	events  Loop
	now     func() int64
	log     *slog.Logger
	wake    chan struct{}
	banks   banks
	models  models
}

// New makes a control. Run must be running for changes to reach the journal. The compiler is the one that the engine compiles banks
// with, so that what an edit was checked with is not compiled again.
func New(store record.Store, journal Journal, events Loop, compiler *bank.Compiler, now func() int64, log *slog.Logger) *Control {
	return &Control{store: store, journal: journal, events: events, now: now, log: log, wake: make(chan struct{}, 1), banks: banks{compiler: compiler}}
}

// Errors of what people ask for.
var (
	ErrRules   = errors.New("the rule set has errors") // see RuleErrors
	ErrNoOther = errors.New("there is no earlier rule set to roll back to")
)

// RuleErrors is a rule set that does not compile. It unwraps to ErrRules.
type RuleErrors struct{ Problems []rule.Problem }

func (e *RuleErrors) Error() string {
	n := 0
	first := ""
	for _, p := range e.Problems {
		if p.Severity == rule.Error {
			if n++; n == 1 {
				first = p.String()
			}
		}
	}
	return fmt.Sprintf("%v: %s (%d in all); the active one stays", ErrRules, first, n)
}

func (e *RuleErrors) Unwrap() error { return ErrRules }

// NewID is an id for a change whose maker gave none: 128 random bits.
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Author is who makes a change, and why. ID, if given, makes a repeated request one change.
type Author struct {
	ID     string
	By     string
	Reason string
}

func (c *Control) make(a Author, fill func(*change.Change)) (record.Change, error) {
	if a.ID == "" {
		a.ID = NewID()
	}
	ch := change.Change{ID: a.ID, By: a.By, Reason: a.Reason}
	fill(&ch)
	body, err := ch.Encode()
	if err != nil {
		return record.Change{}, fmt.Errorf("%w: %w", record.ErrInvalid, err)
	}
	return record.Change{ID: ch.ID, Kind: ch.Kind(), By: ch.By, At: c.now(), Reason: ch.Reason, Body: body}, nil
}

func (c *Control) put(ctx context.Context, a Author, fill func(*change.Change)) error {
	row, err := c.make(a, fill)
	if err != nil {
		return err
	}
	if err := c.store.PutChanges(ctx, row); err != nil {
		return err
	}
	c.Wake()
	return nil
}

// Label puts a label on an entity or takes it off, in a person's name.
func (c *Control) Label(ctx context.Context, a Author, l change.Label) error {
	return c.put(ctx, a, func(ch *change.Change) { ch.Label = &l })
}

// Allow keeps rules from acting on an entity, or lets them again.
func (c *Control) Allow(ctx context.Context, a Author, l change.Allow) error {
	return c.put(ctx, a, func(ch *change.Change) { ch.Allow = &l })
}

// Lift ends the enforcement in force on an entity; the platform is told to undo it.
func (c *Control) Lift(ctx context.Context, a Author, e event.Entity) error {
	return c.put(ctx, a, func(ch *change.Change) { ch.Lift = &change.Lift{Entity: e.String()} })
}

// ResetBreaker puts a rule that went into shadow by itself back to the mode its file states.
func (c *Control) ResetBreaker(ctx context.Context, a Author, ruleID string) error {
	return c.put(ctx, a, func(ch *change.Change) { ch.Breaker = &change.Breaker{Rule: ruleID} })
}

// Approve lets waiting effects out, or refuses them. It returns those that were still waiting.
func (c *Control) Approve(ctx context.Context, a Author, ids []string, refuse bool) ([]string, error) {
	row, err := c.make(a, func(ch *change.Change) { ch.Approve = &change.Approve{Effects: ids, Refuse: refuse} })
	if err != nil {
		return nil, err
	}
	defer c.Wake()
	if refuse {
		return c.store.Refuse(ctx, row, ids)
	}
	clock, err := c.events.Clock(ctx)
	if err != nil {
		return nil, err
	}
	spared, err := c.spared(ctx, ids)
	if err != nil {
		return nil, err
	}
	return c.store.Approve(ctx, row, clock, ids, spared)
}

// spared gives, by effect, the members of waiting enforcements on groups whom people allowed or said no for since. The loop leaves them out as well, as of the
// approval's place in the journal: what is said between this look and that place is not in the message to the platform.
func (c *Control) spared(ctx context.Context, ids []string) (map[string][]string, error) {
	spared := map[string][]string{}
	for _, id := range ids {
		d, err := c.store.Effect(ctx, id)
		if err != nil {
			return nil, err
		}
		if d.State != effect.Waiting || d.Kind != effect.Enforce || len(d.Members) == 0 {
			continue
		}
		standings, err := c.events.Standings(ctx, d.Members, d.Policy, d.Value)
		if err != nil {
			return nil, err
		}
		for i, s := range standings {
			if s.Allowed || s.Reversed {
				spared[id] = append(spared[id], d.Members[i])
			}
		}
		if len(spared[id]) == len(d.Members) {
			return nil, fmt.Errorf("effect %s: people have allowed or said no for all of its members since; refuse it: %w", id, record.ErrConflict)
		}
	}
	return spared, nil
}

// PushRules checks a rule set and makes it the active one. A set with errors changes nothing and comes back as *RuleErrors. It
// returns the version's number, which is the earlier one where the set was there before, and what the compiler warned of.
func (c *Control) PushRules(ctx context.Context, a Author, files []rule.File) (int64, []rule.Problem, error) {
	set, problems := rule.Compile(files)
	if set == nil {
		return 0, problems, &RuleErrors{Problems: problems}
	}
	rs := record.RuleSet{Hash: set.Hash, By: a.By, At: c.now(), Note: a.Reason}
	for _, f := range files {
		rs.Files = append(rs.Files, record.RuleFile{Name: f.Name, Body: f.Data})
	}
	number, err := c.store.PutRuleSet(ctx, rs)
	if err != nil {
		return 0, problems, err
	}
	return number, problems, c.activate(ctx, a, change.Rules{Version: int(number), Files: files})
}

// LastRules is the rule set that the given author made active last, whether or not it still is; record.ErrNotFound if there is
// none.
func (c *Control) LastRules(ctx context.Context, by string) (record.RuleSet, error) {
	for page := (record.Page{Limit: 100}); ; {
		changes, err := c.store.ListChanges(ctx, "rules", page)
		if err != nil {
			return record.RuleSet{}, err
		}
		if len(changes) == 0 {
			return record.RuleSet{}, record.ErrNotFound
		}
		for _, row := range changes {
			page.Before = row.Seq
			if row.By != by {
				continue
			}
			ch, err := change.Decode(row.Body)
			if err != nil {
				return record.RuleSet{}, fmt.Errorf("change %s: %w", row.ID, err)
			}
			return c.store.RuleSet(ctx, int64(ch.Rules.Version))
		}
	}
}

// Rollback makes an earlier version the active one: the given one, or with 0 the one that was active before the active one and
// was not itself rolled back.
func (c *Control) Rollback(ctx context.Context, a Author, number int64) (int64, error) {
	if number == 0 {
		stack, err := c.activations(ctx)
		if err != nil {
			return 0, err
		}
		switch len(stack) {
		case 0:
			return 0, fmt.Errorf("rule set: %w", record.ErrNotFound)
		case 1:
			return 0, ErrNoOther
		}
		number = stack[len(stack)-2]
	}
	rs, err := c.store.RuleSet(ctx, number)
	if err != nil {
		return 0, err
	}
	files := make([]rule.File, len(rs.Files))
	for i, f := range rs.Files {
		files[i] = rule.File{Name: f.Name, Data: f.Body}
	}
	if set, problems := rule.Compile(files); set == nil {
		return 0, &RuleErrors{Problems: problems} // an older build's set that this one does not take
	}
	return number, c.activate(ctx, a, change.Rules{Version: int(number), Files: files, Back: true})
}

// activations is the versions that led to the active one, which is the last of them, without those that were rolled back.
func (c *Control) activations(ctx context.Context) ([]int64, error) {
	var made []*change.Rules // newest first
	for page := (record.Page{Limit: 100}); ; {
		changes, err := c.store.ListChanges(ctx, "rules", page)
		if err != nil {
			return nil, err
		}
		if len(changes) == 0 {
			break
		}
		for _, row := range changes {
			page.Before = row.Seq
			ch, err := change.Decode(row.Body)
			if err != nil {
				return nil, fmt.Errorf("change %s: %w", row.ID, err)
			}
			ch.Rules.Files = nil // may be large, and only the numbers matter
			made = append(made, ch.Rules)
		}
	}
	var stack []int64
	for _, r := range slices.Backward(made) {
		number := int64(r.Version)
		if at := slices.Index(stack, number); r.Back && at >= 0 {
			stack = stack[:at+1]
		} else if len(stack) == 0 || stack[len(stack)-1] != number {
			stack = append(stack, number)
		}
	}
	return stack, nil
}

func (c *Control) activate(ctx context.Context, a Author, rules change.Rules) error {
	row, err := c.make(a, func(ch *change.Change) { ch.Rules = &rules })
	if err != nil {
		return err
	}
	if err := c.store.ActivateRuleSet(ctx, row, int64(rules.Version)); err != nil {
		return err
	}
	c.Wake()
	return nil
}

// Wake makes Run look for changes now.
func (c *Control) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run relays changes to the journal, in order, until ctx is done. A crash between the two steps relays a change again; decide
// drops an id it has seen.
func (c *Control) Run(ctx context.Context) error {
	for {
		n, err := c.Relay(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // being stopped is no failure; what is left is relayed at the next start
		}
		if err != nil {
			c.log.Error("changes cannot be relayed to the journal; trying again", "error", err)
			select {
			case <-time.After(time.Second):
				continue
			case <-ctx.Done():
				return nil
			}
		}
		if n > 0 {
			continue
		}
		select {
		case <-c.wake:
		case <-ctx.Done():
			return nil
		}
	}
}

// Relay appends some of the changes that are not in the journal yet and returns how many.
func (c *Control) Relay(ctx context.Context) (int, error) {
	const (
		some = 16      // a change may be a whole rule set
		room = 8 << 20 // bytes, well below what the journal takes at once; one change always fits
	)
	pending, err := c.store.PendingChanges(ctx, some)
	if err != nil || len(pending) == 0 {
		return 0, err
	}
	var ids []string
	var bodies [][]byte
	size := 0
	for _, p := range pending {
		if size += len(p.Body); size > room && len(ids) > 0 {
			break
		}
		ids, bodies = append(ids, p.ID), append(bodies, p.Body)
	}
	if err := c.journal.Changes(ctx, ids, bodies); err != nil {
		return 0, err
	}
	return len(ids), c.store.MarkJournaled(ctx, ids)
}
