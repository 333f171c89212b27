// Package decide is the ordered loop: one goroutine takes records in journal order, keeps the hot state and evaluates the
// rules. It is an event-sourced business processor: what it decides follows from the records alone. It reads no wall clock, no
// random source, no network and no SQL, so the same journal gives the same decisions, byte for byte.
//
// Within one event: duplicate and lateness check → the event clock moves and due expiries run → windows → every rule sees
// this one state → conflicts and caps in order of (rule id, ordinal) → labels apply, visible from the next record.
package decide

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/group"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/model"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/internal/state/ids"
	"github.com/ringfence/ringfence/internal/window"
	"github.com/ringfence/ringfence/rule"
)

// Options of a loop. None of them changes a decision: what can is in the state and in the journal.
type Options struct {
	// Every asks for a decision line for every admitted event, not only for those on which a rule fired.
	Every bool

	// Inspect, if set, is called after an event's rules were evaluated and before its effects apply.
	Inspect func(*extract.Item, *rule.Evaluation)

	// Compiler compiles the banks of a restored state; nil for one of the loop's own.
	Compiler *bank.Compiler
}

// Output is what one record led to. It and the decision's line are reused: copy what must outlive the next Step.
type Output struct {
	Outcome   Outcome
	Decision  Decision        // its Line is nil unless a rule fired or Options.Every
	Rules     []string        // ids of the rules that fired
	Effects   []effect.Effect // all of them, in order, also those that go nowhere (absorbed, shadow, suppressed)
	Activated *rule.Set       // the rule set that became active at this record
	Raised    []Raised        // what the rules said of what happened to groups at this record, in order
}

// Outcome says what became of a record.
type Outcome uint8

// The outcomes.
const (
	Decided   Outcome = iota // an event: decided
	Late                     // an event: decided, but behind the clock by more than the lateness
	Duplicate                // an event or a change that was there before: nothing happened
	Conflict                 // an event with the id of another: nothing happened
	TooOld                   // an event older than the dedupe horizon: refused
	Malformed                // a record this build cannot read: refused
	Imported                 // history: warmed the windows
	Changed                  // a person's change: applied
	Ticked
	Erased  // what is left of an event whose account was erased: a replay decides without it
	Fetched // what was fetched of an event: the rules that waited for it were evaluated
	outcomes
)

var outcomeWords = [...]string{"decided", "late", "duplicate", "conflict", "too_old", "malformed", "imported", "changed", "ticked", "erased", "fetched"}

func (o Outcome) String() string { return outcomeWords[o] }

// Outcomes lists all outcomes, for counters.
func Outcomes() []Outcome {
	all := make([]Outcome, outcomes)
	for i := range all {
		all[i] = Outcome(i)
	}
	return all
}

// Loop decides. All its methods are called from one goroutine.
type Loop struct {
	opts  Options
	state *state.State
	facts *facts

	set      *rule.Set
	families bool          // the rules read them
	groups   *group.Finder // nil while no rule reads groups
	pictures *pictures
	banks    *bank.Set
	models   *model.Set
	eval     *rule.Evaluation
	slots    []state.Slot
	admitted int64
	inGroup  rule.Group // what is read of the group at hand
	stats    map[string]*RuleStats
	failed   error

	in      rule.Input // the event at hand
	fired   []verdict
	hits    []*rule.Rule
	not     []unevaluated
	line    []byte
	scratch []byte
}

// New makes a loop on an empty state. Call Resume after the state was restored from an image.
func New(s *state.State, opts Options) *Loop {
	l := &Loop{opts: opts, state: s, facts: newFacts(s), stats: map[string]*RuleStats{}}
	l.pictures = newPictures(s, l.facts.pictures)
	l.facts.waiting.OnExpire(func(_ string, w waiting) { l.waitsNoMore(&w.Effect) })
	return l
}

// Resume takes up what the restored state knows: the active rule set and the count of events.
func (l *Loop) Resume() error {
	l.admitted, _ = l.facts.counters.Get("admitted")
	err := l.pictures.restore()
	if err != nil {
		return err
	}
	if l.banks, err = l.facts.bankSet(l.opts.Compiler); err != nil {
		return fmt.Errorf("decide: the image's banks: %w", err)
	}
	if l.models, err = l.facts.modelSet(); err != nil {
		return fmt.Errorf("decide: the image's models: %w", err)
	}
	body, ok := l.facts.rules.Get("active")
	if !ok {
		return nil
	}
	c, err := change.Decode(body)
	if err != nil {
		return fmt.Errorf("decide: the image's rule set: %w", err)
	}
	set, problems := rule.Compile(c.Rules.Files)
	if set == nil {
		return fmt.Errorf("decide: the image's rule set does not compile in this build: %s", problems[0])
	}
	return l.use(set)
}

// BeginImage marks the state as of the record at pos for an image; see [state.State.BeginImage].
func (l *Loop) BeginImage(pos journal.Position) error {
	if l.admitted > 0 {
		l.facts.counters.Put("admitted", l.admitted, 0)
	}
	return l.state.BeginImage(uint64(pos))
}

// Set is the active rule set, nil before the first.
func (l *Loop) Set() *rule.Set { return l.set }

// Banks are the banks as of the last record; nil for none. What an event holds of them, extract has found.
func (l *Loop) Banks() *bank.Set { return l.banks }

// Models are the models as of the last record; nil for none.
func (l *Loop) Models() *model.Set { return l.models }

// Use makes a rule set the active one outside any journal, as file verbs and tests do.
func (l *Loop) Use(set *rule.Set) error { return l.use(set) }

func (l *Loop) use(set *rule.Set) error {
	specs := make([]window.Spec, len(set.Windows))
	for i, w := range set.Windows {
		specs[i] = windowSpec(w)
	}
	slots, err := l.state.SetWindows(specs)
	if err != nil {
		return fmt.Errorf("decide: windows of the rule set: %w", err)
	}
	l.set, l.slots, l.eval = set, slots, set.NewEvaluation(l.facts)
	l.families, l.pictures.wanted = slices.ContainsFunc(familySignals, set.Reads), set.Reads(pictureSignal)
	if err := l.keepGroups(set.ReadsGroups()); err != nil {
		return err
	}
	stats := make(map[string]*RuleStats, len(set.Rules))
	for _, r := range set.Rules {
		stats[r.ID] = &RuleStats{}
		if old := l.stats[r.ID]; old != nil && old.Version == r.Version {
			stats[r.ID] = old
		}
		stats[r.ID].Version = r.Version
	}
	l.stats = stats
	return nil
}

// Step decides one record. out is overwritten. An error is one of the store behind the ids: the loop must not go on, since
// nothing it decided after that could be trusted.
func (l *Loop) Step(it *extract.Item, out *Output) error {
	out.Rules, out.Effects, out.Activated, out.Raised = out.Rules[:0], out.Effects[:0], nil, nil
	out.Decision = Decision{Identity: it.Identity, Position: uint64(it.Record.Position)}
	switch it.Record.Kind {
	case journal.Tick:
		l.state.Advance(it.Record.Time)
		l.raise(it, l.tickGroups(), out)
		out.Outcome = Ticked
	case journal.Change:
		out.Outcome = l.change(it, out)
	case journal.Event, journal.Import:
		out.Outcome = l.event(it, out)
	case journal.Signals:
		out.Outcome = l.fetched(it, out)
	case journal.Erased:
		out.Outcome = Erased
	default:
		out.Outcome = Malformed
	}
	return l.failed
}

func (l *Loop) event(it *extract.Item, out *Output) Outcome {
	if it.Err != nil {
		return Malformed
	}
	e := &it.Event
	verdict, err := l.state.Admit(it.Identity, it.Content, e.Time)
	if err != nil {
		l.failed = fmt.Errorf("decide: ids: %w", err)
		return Malformed
	}
	switch verdict {
	case ids.Duplicate:
		return Duplicate
	case ids.Conflict:
		return Conflict
	case ids.TooOld:
		return TooOld
	}
	late := e.Time < l.state.Clock()-l.state.Bounds().Lateness
	if !late {
		l.state.Advance(e.Time)
	}
	var happened []group.Change
	if !late {
		happened = l.tickGroups()
	}
	outcome := Decided
	if late {
		outcome = Late
	}
	if it.Record.Kind == journal.Import {
		outcome = Imported
	} else if l.admitted++; l.admitted == 1 {
		// The entry is there from the first event on, and always costs the same, so that whether and when images are taken
		// changes nothing that the memory budget decides.
		l.facts.counters.Put("admitted", 1, 0)
	}
	l.sift(&it.Signals)
	l.in = rule.Input{Event: e, Source: it.Record.Source, Signals: &it.Signals, Late: late}
	l.in.Family, l.in.MediaFamily = l.family(it, late), l.pictures.family(it, late)
	l.group(it, &l.in)
	if l.set == nil {
		if l.opts.Every && outcome != Imported {
			l.decision(e, out)
		}
		return outcome
	}
	l.eval.Begin(&l.in)
	l.windows(e)
	if outcome == Imported {
		return outcome
	}
	l.rules(it, out)
	if l.opts.Every && !out.Decision.Fired {
		l.decision(e, out)
	}
	if !late {
		l.watch(it, out)
	}
	l.raise(it, happened, out)
	return outcome
}

// fetched decides anew on an event of which something was fetched since: the rules that read of it are evaluated, and the windows
// that do take the event now. Others have had it. What is of an event that was not decided is passed over, as is what comes twice.
// The clock stays: the event is behind it. Of what a new entry of a bank matched in an earlier event the windows know already: it is late.
func (l *Loop) fetched(it *extract.Item, out *Output) Outcome {
	if it.Err != nil {
		return Malformed
	}
	e := &it.Event
	event, err := l.state.Admitted(it.Of.Identity, it.Of.Content, e.Time)
	if err == nil && event == ids.Duplicate {
		event, err = l.state.Admit(it.Identity, it.Content, e.Time)
		if err == nil && event == ids.Conflict {
			event = ids.Duplicate // fetched twice, and found otherwise: the first counts
		}
	} else if event == ids.New {
		event = ids.TooOld // it was never here, or so long ago that it is not known any more
	}
	switch {
	case err != nil:
		l.failed = fmt.Errorf("decide: ids: %w", err)
		return Malformed
	case event == ids.Duplicate:
		return Duplicate
	case event == ids.Conflict:
		return Conflict
	case event == ids.TooOld:
		return TooOld
	}
	late := it.Of.Again != "" || e.Time < l.state.Clock()-l.state.Bounds().Lateness
	l.sift(&it.Signals)
	l.in = rule.Input{Event: e, Source: it.Record.Source, Signals: &it.Signals, Late: late, Stage: it.Stage}
	l.in.Family, l.in.MediaFamily = l.family(it, true), l.pictures.family(it, late)
	l.in.Group = l.groupOf(e.Actor)
	if l.set == nil {
		return Fetched
	}
	l.eval.Begin(&l.in)
	l.windows(e)
	l.rules(it, out)
	if !late {
		l.watch(it, out)
	}
	return Fetched
}

// rules evaluates the rules, and turns those that fire into effects and a decision.
func (l *Loop) rules(it *extract.Item, out *Output) {
	l.fired, l.hits, l.not = l.fired[:0], l.hits[:0], l.not[:0]
	for _, res := range l.eval.Rules() {
		switch {
		case res.Unevaluated != "":
			l.not = append(l.not, unevaluated{rule: res.Rule.ID, why: res.Unevaluated})
			l.stats[res.Rule.ID].unevaluated(res.Unevaluated)
		case res.Fired:
			l.hits = append(l.hits, res.Rule)
		}
	}
	if l.opts.Inspect != nil {
		l.opts.Inspect(it, l.eval)
	}
	if len(l.hits) == 0 {
		return
	}
	for _, r := range l.hits {
		out.Rules = append(out.Rules, r.ID)
		l.fire(r, it, out)
	}
	l.apply(out.Effects)
	out.Decision.Fired = true
	l.decision(&it.Event, out)
}

// windows lets the event into the windows it feeds and hands every window's value to the rules. There are none to do for a late
// event, nor any whose key the event lacks; the evaluation knows why they are unknown.
func (l *Loop) windows(e *event.Event) {
	for _, op := range l.eval.Windows() {
		if !op.Known {
			continue
		}
		var res window.Result
		if op.Update {
			res = l.state.Update(l.slots[op.Index], window.Key(op.Key), e.Time, window.Arg{Hash: op.ArgHash, Num: op.ArgNum})
		} else {
			res = l.state.Read(l.slots[op.Index], window.Key(op.Key), e.Time)
		}
		l.eval.SetWindow(op.Index, rule.Value{V: res.V, Known: res.OK})
	}
}

func (l *Loop) decision(e *event.Event, out *Output) {
	if !out.Decision.Fired {
		l.fired = l.fired[:0]
		if l.set == nil {
			l.not = l.not[:0]
		}
	}
	l.line = appendDecision(l.line[:0], e, l.fired, out.Effects, l.not)
	out.Decision.Line = l.line
}

// change applies a person's change.
func (l *Loop) change(it *extract.Item, out *Output) Outcome {
	made := it.Change
	if made == nil || made.ID == "" {
		return Malformed
	}
	c := &made.Change
	if _, seen := l.facts.changes.Get(c.ID); seen {
		return Duplicate
	}
	l.facts.changes.Put(c.ID, struct{}{}, l.state.Clock()+changesFor)
	if made.Err != nil {
		return Malformed // checked before it was written: only another build's change gets here. What was stays.
	}
	switch {
	case c.Rules != nil:
		if l.use(made.Rules) != nil {
			return Malformed
		}
		l.facts.rules.Put("active", json.RawMessage(it.Record.Body), 0)
		out.Activated = made.Rules
	case c.Model != nil:
		l.facts.models.Put(c.Model.Name, *c.Model, 0)
		l.models = made.Models
	case c.Bank != nil:
		l.facts.editBank(c.Bank, l.banks, made.Banks)
		l.settleCrowds(c)
		l.banks = made.Banks
	case c.Label != nil:
		l.changeLabel(c, out)
	case c.Allow != nil:
		put := &allow{By: c.By, Reason: c.Reason, Expires: c.Allow.Expires}
		if c.Allow.Remove {
			put = nil
			edit(l.facts, l.facts.vetoes, c.Allow.Entity, c.Allow.Policy, nil)
		}
		edit(l.facts, l.facts.allows, c.Allow.Entity, c.Allow.Policy, put)
	case c.Approve != nil:
		l.approve(c)
	case c.Lift != nil:
		l.lift(c, out)
	case c.Close != nil:
		edit(l.facts, l.facts.cases, c.Close.Entity, c.Close.Policy, nil)
	case c.Verdict != nil:
		l.judged(c, out)
	case c.Undo != nil:
		l.unjudged(c, out)
	case c.Breaker != nil:
		l.facts.breakers.Delete(c.Breaker.Rule)
	case c.Act != nil:
		l.act(c, out)
	}
	return Changed
}

func windowSpec(w *rule.Window) window.Spec {
	return window.Spec{
		ID: w.ID, Func: windowFuncs[w.Func], Duration: int64(w.Duration), Max: w.Max, Refill: w.Refill, Every: int64(w.Every),
		Take: w.Take, Min: w.Min, Strict: w.Strict,
	}
}

// day is a UTC day of event time.
func day(ns int64) string { return strconv.FormatInt(ns/dayLength, 10) }
