package pipeline

import (
	"context"
	"errors"
	"io"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/ingest"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/source"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// FileSource is the source of events that come without one, from files and over HTTP alike, so that both decide alike.
const FileSource = "events"

// Span is the part of a stream that a replay is about, in event time; zero bounds are open. What comes before From warms the
// windows and decides nothing.
type Span struct {
	From, To int64
}

// Summary counts what a replay met.
type Summary struct {
	Outcomes map[decide.Outcome]int64
	First    int64 // time of the first event, nanoseconds; with Span.From it says which windows stayed cold
	Fired    int64 // events on which a rule fired
	Rules    map[string]decide.RuleStats
	State    state.Stats
}

// Replay decides what a feed gives, from an empty state, by the code that decides live. use gets the output of every record
// that has a decision line, in order, and of the events about groups that were raised at it.
func Replay(ctx context.Context, opts Options, s *state.State, set *rule.Set, feed extract.Feed, use func(*decide.Output, *extract.Item) error) (Summary, error) {
	loop := decide.New(s, opts.Decide)
	sum := Summary{Outcomes: map[decide.Outcome]int64{}}
	if set != nil {
		if err := loop.Use(set); err != nil {
			return sum, err
		}
	}
	var output decide.Output
	err := opts.pool(opts.Banks, opts.Models, set).Run(ctx, feed, func(b *extract.Batch) error {
		for i := range b.Items {
			if err := loop.Step(&b.Items[i], &output); err != nil {
				return err
			}
			sum.Outcomes[output.Outcome]++
			if sum.First == 0 {
				sum.First = b.Items[i].Record.Time
			}
			if output.Decision.Fired {
				sum.Fired++
			}
			if output.Decision.Line != nil {
				if err := use(&output, &b.Items[i]); err != nil {
					return err
				}
			}
			for j := range output.Raised {
				if err := use(&output.Raised[j].Output, output.Raised[j].Item); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if errors.Is(err, io.EOF) {
		err = nil
	}
	sum.Rules, sum.State = loop.Stats(), s.Stats()
	return sum, err
}

// Events feeds a replay from a reader of events in order. refused gets every line that cannot be read; the rest goes on.
func Events(r source.Reader, span Span, refused func(error)) extract.Feed {
	var e event.Event
	pos := journal.Position(0)
	return func(ctx context.Context, max int, dst []journal.Record) ([]journal.Record, error) {
		for len(dst) < max {
			err := r.Next(&e)
			var line *source.LineError
			switch {
			case err == nil:
			case errors.As(err, &line):
				refused(err)
				continue
			default:
				return dst, err
			}
			pos++
			rec := ingest.Record(FileSource, journal.Event, e.Time, &e, r.Raw())
			rec.Position = pos
			if span.place(&rec) {
				dst = append(dst, rec)
			}
		}
		return dst, ctx.Err()
	}
}

// Keep says which changes of a journal a replay takes from it; the others it brings itself.
type Keep struct {
	Rules bool // which rule sets were active when, and their breakers
	Banks bool
}

// Records feeds a replay from the records of a journal or an archive, in their order.
func Records(next func() (journal.Record, error), span Span, keep Keep) extract.Feed {
	return func(ctx context.Context, max int, dst []journal.Record) ([]journal.Record, error) {
		for len(dst) < max {
			rec, err := next()
			if err != nil {
				return dst, err
			}
			if rec.Kind == journal.Change && !(keep.Rules && keep.Banks) {
				c, err := change.Decode(rec.Body)
				if err != nil || !keep.Rules && (c.Rules != nil || c.Breaker != nil) || !keep.Banks && c.Bank != nil {
					continue
				}
			}
			if span.place(&rec) {
				dst = append(dst, rec)
			}
		}
		return dst, ctx.Err()
	}
}

// place makes an event before the span history, and says whether the record belongs to the replay at all. What was fetched of history
// does not: windows over it are colder than they were live.
func (s Span) place(rec *journal.Record) bool {
	if rec.Kind != journal.Event && rec.Kind != journal.Signals {
		return true
	}
	if s.To > 0 && rec.Time >= s.To {
		return false
	}
	if rec.Time < s.From {
		if rec.Kind == journal.Signals {
			return false
		}
		rec.Kind = journal.Import
	}
	return true
}
