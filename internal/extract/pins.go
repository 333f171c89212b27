package extract

import (
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/model"
	"github.com/ringfence/ringfence/rule"
)

// Pins follows what the journal says of banks and rules, ahead of the workers, so that each record is extracted by what was so at
// its own position. It is used by one goroutine.
type Pins struct {
	banks  *bank.Set
	models *model.Set
	wants  wants
	scores []string // models that rules ask for
	all    bool
}

// NewPins begins with the banks, the models and the rule sets as of the first record; banks and models may be nil. With all, every signal is
// extracted, also those that no rule reads.
func NewPins(banks *bank.Set, models *model.Set, all bool, sets ...*rule.Set) *Pins {
	p := &Pins{banks: banks, models: models, all: all}
	for _, set := range sets {
		p.follow(set)
	}
	return p
}

// Pin is what a record is extracted by.
type Pin struct {
	Banks  *bank.Set
	Models *model.Set
	Change *Change // of a record that is one
	wants  wants
	scores []string // models to ask
}

// Change is a change that was read, with what it makes. Whether it counts is decide's to say.
type Change struct {
	change.Change
	Rules  *rule.Set  // of a change of rules
	Banks  *bank.Set  // of a change of banks: all of them
	Models *model.Set // of a change of models, likewise
	Err    error      // why it cannot be applied
}

// wants is a set of signals that cost something, of which a rule reads one at least.
type wants uint8

const (
	wantFold wants = 1 << iota
	wantLang
	wantLinks
	wantHabit
	wantSketch
	wantAccount
	wantAll  wants = 1<<iota - 1 // of what is read of a single event
	wantActs wants = 1 << 7      // for groups
)

// follow adds what a rule set reads. Nothing is ever taken away: a change that comes twice is dropped by decide, not here, and a
// signal too many does no harm.
func (p *Pins) follow(set *rule.Set) {
	for name, want := range map[string]wants{
		"text.fold": wantFold, "text.lang": wantLang, "text.habit": wantHabit, "text.habit.features": wantHabit,
		"text.family": wantSketch, "text.family.accounts": wantSketch, "text.family.posts": wantSketch, "text.template": wantSketch,
		"url.domains": wantLinks, "url.canonical": wantLinks, "url.shortened": wantLinks, "url.disguised": wantLinks, "url.looks": wantLinks,
		"account.score": wantAccount,
	} {
		if p.wants&want == 0 && set.Reads(name) {
			p.wants |= want
		}
	}
	if set.ReadsGroups() {
		p.wants |= wantActs | wantSketch
	}
	for _, name := range set.Models() {
		if !slices.Contains(p.scores, name) {
			p.scores = append(slices.Clone(p.scores), name) // workers read the list as it was
		}
	}
}

// At is the pin of the next record. A change of rules is compiled here, and one of banks, so that the loop need not stop for it.
func (p *Pins) At(rec *journal.Record) Pin {
	var c *Change
	if rec.Kind == journal.Change {
		c = p.change(rec)
	}
	pin := Pin{Banks: p.banks, Models: p.models, Change: c, wants: p.wants, scores: p.scores}
	if p.all {
		pin.wants |= wantAll
	}
	if p.banks.Needs(bank.Links) {
		pin.wants |= wantLinks
	}
	return pin
}

func (p *Pins) change(rec *journal.Record) *Change {
	decoded, err := change.Decode(rec.Body)
	if err != nil {
		return &Change{Err: err}
	}
	c := &Change{Change: *decoded}
	switch {
	case c.Change.Rules != nil:
		set, problems := rule.Compile(c.Change.Rules.Files)
		if set == nil {
			c.Err = fmt.Errorf("change %s: the rule set does not compile in this build: %s", c.ID, problems[0])
			break
		}
		c.Rules = set
		p.follow(set)
	case c.Model != nil:
		if c.Models, c.Err = p.models.Apply(c.Model); c.Err == nil {
			p.models = c.Models
		}
	case c.Bank != nil:
		if c.Banks, c.Err = p.banks.Apply(c.Bank); c.Err == nil {
			p.banks = c.Banks
		}
	}
	return c
}
