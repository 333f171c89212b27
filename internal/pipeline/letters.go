package pipeline

import (
	"context"
	"fmt"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/record"
)

// lettersMost is how many dead letters a batch of records leaves. A stream of nothing but conflicts must not drown the letters of
// others: the rest of it is counted only.
const lettersMost = 20

// letter is the dead letter of an event that was acknowledged when it was durable, and that the loop then would not take.
func letter(it *extract.Item, became decide.Outcome) (r record.Rejection, ok bool) {
	rec := &it.Record
	if rec.Kind != journal.Event && rec.Kind != journal.Import {
		return r, false
	}
	why := ""
	switch became {
	case decide.Conflict:
		why = "another event came before under this id; the first one stands, give this one an id of its own"
	case decide.TooOld:
		why = "its time " + event.FormatTime(rec.Time) + " is older than duplicates are remembered; it was not decided"
	case decide.Malformed:
		why = it.Err.Error()
	default:
		return r, false
	}
	return record.Rejection{Source: rec.Source, Error: fmt.Sprintf("event %q at position %d: %s", rec.ID, rec.Position, why),
		Raw: rec.Body[:min(len(rec.Body), record.MaxRaw)], At: rec.Received}, true
}

// bury stores dead letters. A store that fails does not fail the events. What is decided again after a crash leaves its letters twice.
func (e *Engine) bury(ctx context.Context, letters []record.Rejection) {
	if len(letters) == 0 || e.opts.Letters == nil {
		return
	}
	if err := e.opts.Letters.PutRejections(ctx, letters); err != nil {
		e.opts.Log.Error("events that were not decided cannot be kept as dead letters", "events", len(letters), "error", err)
	}
}
