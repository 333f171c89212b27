package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// Comparison is what a new rule set would change for one rule, over the same events. The JSON form is the output of backtest.
type Comparison struct {
	Rule   string `json:"rule"`
	Change string `json:"change"` // added, removed, changed, same
	Old    Fires  `json:"old"`
	New    Fires  `json:"new"`

	Both    int64   `json:"both"`     // events on which both fire
	OnlyOld int64   `json:"only_old"` // events on which only the old one fires
	OnlyNew int64   `json:"only_new"`
	Jaccard float64 `json:"jaccard"` // of the two sets of events; 1 where both are empty

	Verdicts *Verdicts `json:"verdicts,omitempty"` // of the new rule's accounts; nil where none of them has a verdict
	Cold     []string  `json:"cold,omitempty"`     // windows that the history before the span does not fill
}

// Fires is how often a rule fired.
type Fires struct {
	Events      int64 `json:"events"`
	Accounts    int64 `json:"accounts"`
	Unevaluated int64 `json:"unevaluated"` // events on which it could not say anything
}

// Verdicts is what people said of the accounts a rule fired on.
type Verdicts struct {
	Judged    int64   `json:"judged"`
	Violating int64   `json:"violating"`
	Precision float64 `json:"precision"`
}

// side is one of the two rule sets of a backtest.
type side struct {
	set   *rule.Set
	loop  *decide.Loop
	fired map[string]bool // rules that fired on the event at hand

	raised map[raisedFire]bool // and on events about groups at its record
	rules  map[string]*fires
}

type fires struct {
	events      int64
	unevaluated int64
	accounts    map[uint64]bool // hashes: a backtest over a month holds millions
	names       map[string]bool // those with a verdict
}

// Backtest runs two rule sets over the same feed, each with a state of its own, in one pass. verdicts says of an account
// whether people found it violating; it may be nil.
func Backtest(ctx context.Context, opts Options, hot state.Options, old, new *rule.Set, feed extract.Feed, span Span, verdicts map[string]bool) ([]Comparison, error) {
	var sides [2]*side
	for i, set := range []*rule.Set{old, new} {
		s, err := state.New(hot)
		if err != nil {
			return nil, err
		}
		sd := &side{set: set, loop: decide.New(s, opts.Decide), fired: map[string]bool{}, raised: map[raisedFire]bool{}, rules: map[string]*fires{}}
		if err := sd.loop.Use(set); err != nil {
			return nil, err
		}
		for _, r := range set.Rules {
			sd.rules[r.ID] = &fires{accounts: map[uint64]bool{}, names: map[string]bool{}}
		}
		sides[i] = sd
	}
	both := map[string]int64{}
	first := int64(0)
	var output decide.Output
	err := opts.pool(opts.Banks, opts.Models, old, new).Run(ctx, feed, func(b *extract.Batch) error {
		for i := range b.Items {
			it := &b.Items[i]
			if first == 0 {
				first = it.Record.Time
			}
			for _, sd := range sides {
				if err := sd.loop.Step(it, &output); err != nil {
					return err
				}
				sd.count(it, &output, verdicts)
				sd.countRaised(output.Raised)
			}
			for id := range sides[1].fired {
				if sides[0].fired[id] {
					both[id]++
				}
			}
			for on := range sides[1].raised {
				if sides[0].raised[on] {
					both[on.rule]++
				}
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return compare(sides, both, span, first, verdicts), nil
}

func (s *side) count(it *extract.Item, out *decide.Output, verdicts map[string]bool) {
	clear(s.fired)
	if !out.Decision.Fired {
		return
	}
	for _, id := range out.Rules {
		f := s.rules[id]
		s.fired[id] = true
		f.events++
		f.accounts[xxh3.HashString(it.Event.Actor)] = true
		if _, judged := verdicts[it.Event.Actor]; judged {
			f.names[strings.Clone(it.Event.Actor)] = true
		}
	}
}

// raisedFire is a rule that fired on an event about a group.
type raisedFire struct{ rule, event string }

// countRaised counts what the rules said of events about groups.
func (s *side) countRaised(all []decide.Raised) {
	clear(s.raised)
	for i := range all {
		for _, id := range all[i].Rules {
			s.rules[id].events++
			s.raised[raisedFire{id, all[i].Item.Event.ID}] = true
		}
	}
}

func compare(sides [2]*side, both map[string]int64, span Span, first int64, verdicts map[string]bool) []Comparison {
	versions := [2]map[string]*rule.Rule{{}, {}}
	var ids []string
	for i, sd := range sides {
		for _, r := range sd.set.Rules {
			versions[i][r.ID] = r
			ids = append(ids, r.ID)
		}
		for id, st := range sd.loop.Stats() {
			for _, n := range st.Unevaluated {
				sd.rules[id].unevaluated += int64(n)
			}
		}
	}
	slices.Sort(ids)
	colds := cold(sides[1].set, span, first)
	var all []Comparison
	for _, id := range slices.Compact(ids) {
		c := Comparison{Rule: id, Both: both[id], Jaccard: 1}
		was, is := versions[0][id], versions[1][id]
		switch {
		case was == nil:
			c.Change = "added"
		case is == nil:
			c.Change = "removed"
		case was.Version != is.Version:
			c.Change = "changed"
		default:
			c.Change = "same"
		}
		for i, into := range []*Fires{&c.Old, &c.New} {
			if f := sides[i].rules[id]; f != nil {
				*into = Fires{Events: f.events, Accounts: int64(len(f.accounts)), Unevaluated: f.unevaluated}
			}
		}
		c.OnlyOld, c.OnlyNew = c.Old.Events-c.Both, c.New.Events-c.Both
		if union := c.Both + c.OnlyOld + c.OnlyNew; union > 0 {
			c.Jaccard = float64(c.Both) / float64(union)
		}
		if f := sides[1].rules[id]; f != nil && len(f.names) > 0 {
			v := Verdicts{Judged: int64(len(f.names))}
			for name := range f.names {
				if verdicts[name] {
					v.Violating++
				}
			}
			v.Precision = float64(v.Violating) / float64(v.Judged)
			c.Verdicts = &v
		}
		c.Cold = colds[id]
		all = append(all, c)
	}
	return all
}

// cold names, by rule, the windows that the history before the span does not fill: what they say soon after its start is too
// little. first is the time of the first event of the history.
func cold(set *rule.Set, span Span, first int64) map[string][]string {
	names := map[string][]string{}
	if span.From == 0 {
		return names
	}
	reach := map[string]int64{}
	for _, w := range set.Windows {
		reach[w.ID] = int64(w.Duration)
	}
	for _, w := range set.Registry().Windows {
		if first > span.From-reach[w.ID] {
			for _, id := range w.Rules {
				names[id] = append(names[id], w.Text)
			}
		}
	}
	return names
}

// ReadVerdicts reads what people said of accounts: a JSON object a line with "account" and either "violating" or, as the
// simulator's truth has it, "harmful".
func ReadVerdicts(r io.Reader) (map[string]bool, error) {
	verdicts := map[string]bool{}
	dec := json.NewDecoder(r)
	for {
		var v struct {
			Account   string `json:"account"`
			Violating *bool  `json:"violating"`
			Harmful   *bool  `json:"harmful"`
		}
		err := dec.Decode(&v)
		if errors.Is(err, io.EOF) {
			return verdicts, nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case v.Violating != nil:
			verdicts[v.Account] = *v.Violating
		case v.Harmful != nil:
			verdicts[v.Account] = *v.Harmful
		}
	}
}
