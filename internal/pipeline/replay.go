package pipeline

import (
	"context"
	"errors"
	"io"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/ingest"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// FileSource is the source of events that come without one, from files and over HTTP alike, so that both decide alike.
const FileSource = "events"

// Summary counts what a replay met.
type Summary struct {
	Outcomes map[decide.Outcome]int64
	Refused  int64 // lines that could not be read
	Fired    int64 // events on which a rule fired
	Rules    map[string]decide.RuleStats
	State    state.Stats
}

// Replay decides what r gives, from an empty state, by the code that decides live. use gets every decision that has a line, in
// order; refused gets every line that could not be read, and the rest goes on.
func Replay(ctx context.Context, opts Options, s *state.State, set *rule.Set, r ingest.Reader, use func(*decide.Output, *extract.Item) error, refused func(error)) (Summary, error) {
	loop := decide.New(s, opts.Decide)
	sum := Summary{Outcomes: map[decide.Outcome]int64{}}
	if err := loop.Use(set); err != nil {
		return sum, err
	}
	var e event.Event
	pos := journal.Position(0)
	feed := func(ctx context.Context, max int, dst []journal.Record) ([]journal.Record, error) {
		for range max {
			switch err := r.Next(&e); {
			case err == nil:
				pos++
				rec := ingest.Record(FileSource, journal.Event, e.Time, &e, r.Raw())
				rec.Position = pos
				dst = append(dst, rec)
			case isLine(err):
				sum.Refused++
				refused(err)
			default:
				return dst, err
			}
		}
		return dst, ctx.Err()
	}
	pool := extract.Pool{Workers: opts.Workers, Size: batchSize,
		New: func() *extract.Extractor { return extract.New(opts.Limits, opts.EmailKey) }}
	var output decide.Output
	err := pool.Run(ctx, feed, func(b *extract.Batch) error {
		for i := range b.Items {
			loop.Step(&b.Items[i], &output)
			sum.Outcomes[output.Outcome]++
			if output.Decision.Fired {
				sum.Fired++
			}
			if output.Decision.Line == nil {
				continue
			}
			if err := use(&output, &b.Items[i]); err != nil {
				return err
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

func isLine(err error) bool {
	var line interface{ Bad() (int64, []byte) }
	return errors.As(err, &line)
}
