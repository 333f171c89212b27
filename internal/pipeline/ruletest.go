package pipeline

import (
	"context"
	"io"
	"runtime"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// RunTest decides the events of a rule's test, in their order, and gives what the rules said of each that was decided.
func RunTest(ctx context.Context, set *rule.Set, t rule.Test) ([]rule.Outcome, error) {
	s, err := state.New(state.Options{})
	if err != nil {
		return nil, err
	}
	d := event.NewDecoder(event.DefaultLimits())
	next := 0
	feed := func(_ context.Context, max int, dst []journal.Record) ([]journal.Record, error) {
		var e event.Event
		for ; len(dst) < max; next++ {
			if next == len(t.Events) {
				return dst, io.EOF
			}
			if err := d.Decode(t.Events[next], &e); err != nil {
				return dst, err
			}
			dst = append(dst, journal.Record{Position: journal.Position(next + 1), Kind: journal.Event, Source: FileSource, ID: e.ID,
				Time: e.Time, Actor: e.Actor, Body: t.Events[next]})
		}
		return dst, nil
	}
	banks, err := testBanks(t)
	if err != nil {
		return nil, err
	}
	opts := Options{Workers: runtime.GOMAXPROCS(0), EmailKey: make([]byte, 32), Banks: banks,
		Decide: decide.Options{Every: true}}
	var outcomes []rule.Outcome
	opts.Decide.Inspect = func(it *extract.Item, ev *rule.Evaluation) {
		o := rule.Outcome{Event: named(it), Unevaluated: map[string]string{}}
		for _, res := range ev.Rules() {
			if res.Unevaluated != "" {
				o.Unevaluated[res.Rule.ID] = res.Unevaluated
			}
		}
		outcomes = append(outcomes, o)
	}
	_, err = Replay(ctx, opts, s, set, feed, func(out *decide.Output, it *extract.Item) error {
		i := len(outcomes) - 1
		for i >= 0 && outcomes[i].Event != named(it) {
			i-- // what was raised at a record comes after it
		}
		if i < 0 {
			return nil
		}
		o := &outcomes[i]
		o.Rules = append(o.Rules, out.Rules...)
		for _, e := range out.Effects {
			o.Effects = append(o.Effects, rule.ExpectedEffect{Do: string(e.Kind), On: e.Target.String(), Value: e.Value})
		}
		return nil
	})
	return outcomes, err
}

// named is the name by which a test speaks of an event: its id, and of what happened to a group, whose id is a hash, the kind. Of several
// of one kind a test sees the last.
func named(it *extract.Item) string {
	if it.Record.Source == decide.GroupSource {
		return it.Event.Kind
	}
	return it.Event.ID
}

// testBanks are the banks that a test brings; nil for none.
func testBanks(t rule.Test) (*bank.Set, error) {
	if len(t.Banks) == 0 {
		return nil, nil
	}
	var list []bank.Stored
	for _, b := range t.Banks {
		f := bank.File{Name: b.Name, Header: bank.Header{Kind: bank.Kind(b.Kind), Good: b.Good, Policy: b.Policy, Severity: b.Severity}}
		for _, value := range b.Entries {
			f.Entries = append(f.Entries, bank.Entry{Value: value})
		}
		if err := f.Check(); err != nil {
			return nil, err
		}
		list = append(list, f.Stored())
	}
	return bank.NewSet(&bank.Compiler{}, list)
}
