package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/record"
)

// UndoFor is how long a verdict can be taken back. After that, a second look or an appeal is the way.
const UndoFor = time.Hour

// Judgement is a person's word on a case.
type Judgement struct {
	Decision record.Decision
	Policies []string      // that are violated
	Code     string        // of the reason; the author's reason is the note
	Label    bool          // put violates-<policy> on the subject for each of the policies
	Enforce  string        // step of enforcement on the subject; empty for none
	Lasts    time.Duration // how long the enforcement does; 0 for good
	Except   []string      // of a group's case: cases that it holds and that are not decided with it

	// Given by review.
	Example []byte // what the models saw and said
	Second  bool   // another reviewer is to look at it
}

// Decide closes a case with a verdict, and tells the journal; decide does what follows from it. A violating verdict on a group closes the
// cases of its members that it holds, but for the exceptions; after any other they come back on their own.
func (c *Control) Decide(ctx context.Context, a Author, id string, j Judgement) error {
	if a.ID == "" {
		a.ID = NewID()
	}
	if had, err := c.store.Change(ctx, a.ID); err == nil {
		return repeated(&had, a, id, &j)
	} else if !errors.Is(err, record.ErrNotFound) {
		return err
	}
	f, err := c.store.CaseFile(ctx, id)
	if err != nil {
		return err
	}
	v := change.Verdict{Case: id, Entity: f.Target.String(), Decision: string(j.Decision), Policies: j.Policies, Code: j.Code, Severity: f.Severity,
		Closes: closes(nil, &f.Case), Enforce: j.Enforce, Lasts: int64(j.Lasts)}
	for i := range f.Evidence {
		if e := &f.Evidence[i]; e.Kind == record.RuleSays && !slices.Contains(v.Rules, e.Rule+"@"+e.Version) {
			v.Rules = append(v.Rules, e.Rule+"@"+e.Version)
		}
	}
	if f.Kind == record.Appeal && j.Decision == record.Benign {
		if v.Overturns, err = c.overturns(ctx, &f.Case); err != nil {
			return err
		}
	}
	if j.Label {
		for _, p := range j.Policies {
			v.Labels = append(v.Labels, "violates-"+p)
		}
	}
	verdict := record.Verdict{Case: id, Decision: j.Decision, Policies: j.Policies, Code: j.Code, Note: a.Reason, Example: j.Example, Second: j.Second}
	if err := verdict.Check(); err != nil {
		return err
	}
	switch {
	case j.Enforce != "" && j.Decision != record.Violating:
		return fmt.Errorf("%w: only a violating verdict enforces", record.ErrInvalid)
	case j.Enforce != "" && f.Target.Kind == event.GroupEntity:
		return fmt.Errorf("%w: a verdict does not enforce on a whole group: it decides its case", record.ErrInvalid)
	case j.Enforce != "" && f.Target.Kind != event.AccountEntity && f.Target.Kind != event.ContentEntity:
		return fmt.Errorf("%w: nothing can be enforced on %s", record.ErrInvalid, f.Target)
	}
	if j.Decision == record.Violating && f.Target.Kind == event.GroupEntity {
		held, err := c.held(ctx, id)
		if err != nil {
			return err
		}
		for i := range held {
			if !slices.Contains(j.Except, held[i].ID) {
				verdict.Held = append(verdict.Held, held[i].ID)
				v.Closes = closes(v.Closes, &held[i])
			}
		}
	}
	row, err := c.make(a, func(ch *change.Change) { ch.Verdict = &v })
	if err != nil {
		return err
	}
	if err := c.store.DecideCase(ctx, row, verdict); err != nil {
		return err
	}
	c.Wake()
	return nil
}

// overturns are the verdicts on the subject of an appeal that the appeal is against: the one on the case that it names, and where that was an
// appeal itself, the one before it.
func (c *Control) overturns(ctx context.Context, appeal *record.Case) (all []change.Undo, err error) {
	for of := appeal.Of; of != ""; {
		decided, err := c.store.CaseFile(ctx, of)
		if err != nil {
			return nil, err
		}
		had, err := c.store.Change(ctx, decided.Change)
		if err != nil {
			return nil, err
		}
		ch, err := change.Decode(had.Body)
		if err != nil {
			return nil, fmt.Errorf("change %.64q: %w", had.ID, err)
		}
		if v := ch.Verdict; v != nil && v.Entity == appeal.Target.String() { // not where the case of a group was decided, which puts nothing on members
			v.Overturns = nil
			all = append(all, change.Undo{Change: had.ID, Verdict: *v})
		}
		of = decided.Of
	}
	return all, nil
}

// repeated says whether a change is the same request made before.
func repeated(had *record.Change, a Author, id string, j *Judgement) error {
	ch, err := change.Decode(had.Body)
	if err != nil || ch.Verdict == nil || ch.By != a.By || ch.Reason != a.Reason || ch.Verdict.Case != id || ch.Verdict.Decision != string(j.Decision) ||
		!slices.Equal(ch.Verdict.Policies, j.Policies) || ch.Verdict.Code != j.Code || ch.Verdict.Enforce != j.Enforce || ch.Verdict.Lasts != int64(j.Lasts) {
		return fmt.Errorf("change %.64q: %w", a.ID, record.ErrConflict)
	}
	return nil
}

// closes adds what decide may have open of a case.
func closes(to []change.Close, c *record.Case) []change.Close {
	for _, p := range c.Policies {
		to = append(to, change.Close{Policy: p.Policy, Entity: c.Target.String()})
	}
	return to
}

// held are the open cases that a group's case holds.
func (c *Control) held(ctx context.Context, id string) (all []record.Case, err error) {
	for page := (record.Page{}); ; {
		cs, err := c.store.ListCases(ctx, record.CaseFilter{Parent: id}, page)
		if err != nil || len(cs) == 0 {
			return all, err
		}
		all = append(all, cs...)
		page.Before = cs[len(cs)-1].Seq
	}
}

// UndoVerdict takes a verdict back while that can be done: its case is open again, reports on it prove nothing any more, and the loop
// takes back the label and the enforcement that it put on the subject.
func (c *Control) UndoVerdict(ctx context.Context, a Author, id string) error {
	had, err := c.store.Change(ctx, id)
	if err != nil {
		return err
	}
	ch, err := change.Decode(had.Body)
	if err != nil {
		return fmt.Errorf("change %.64q: %w", id, err)
	}
	if ch.Verdict == nil {
		return fmt.Errorf("change %.64q is no verdict: %w", id, record.ErrNotFound)
	}
	if age := time.Duration(c.now() - had.At); age > UndoFor {
		return fmt.Errorf("verdict %s was given %s ago and cannot be taken back after %s; open the case again instead: %w", id, age.Round(time.Minute), UndoFor, record.ErrConflict)
	}
	row, err := c.make(a, func(ch2 *change.Change) { ch2.Undo = &change.Undo{Change: id, Verdict: *ch.Verdict} })
	if err != nil {
		return err
	}
	if err := c.store.UndoVerdict(ctx, row, id); err != nil {
		return err
	}
	c.Wake()
	return nil
}

// OpenCase opens a case by hand, or adds to the one that is open on the subject, and gives its id. The loop does not know of it: a rule
// that asks about the same subject joins it.
func (c *Control) OpenCase(ctx context.Context, a Author, o record.Opening) (string, error) {
	if a.ID == "" {
		a.ID = NewID()
	}
	clock, err := c.events.Clock(ctx)
	if err != nil {
		return "", err
	}
	if clock == 0 { // there was no event yet
		clock = c.now()
	}
	o.ID, o.By, o.Reason, o.At, o.Time = a.ID, a.By, a.Reason, c.now(), clock
	return c.store.OpenCase(ctx, o)
}
