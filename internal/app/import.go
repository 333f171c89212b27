package app

import (
	"context"
	"errors"

	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/ingest"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/source"
)

// Import lets history warm the windows, without effects, and says what became of its events once all of them are through.
func (a *App) Import(ctx context.Context, r source.Reader) (map[decide.Outcome]uint64, error) {
	ctx, stop := a.whileRunning(ctx)
	defer stop()
	before := a.engine.Status().Outcomes
	report, err := a.ingest.Events(ctx, pipeline.FileSource, journal.Import, r, func(int) error { return nil }, func(ingest.Refusal) {})
	if err != nil {
		return nil, err
	}
	if err := a.engine.WaitDecided(ctx, report.Last); err != nil {
		return nil, err
	}
	after := a.engine.Status().Outcomes
	for o := range after {
		after[o] -= before[o]
	}
	return after, nil
}

// Feed takes in events as if they had come over HTTP, and returns how many there were once all of them are decided.
func (a *App) Feed(ctx context.Context, r source.Reader) (int64, error) {
	ctx, stop := a.whileRunning(ctx)
	defer stop()
	report, err := a.ingest.Events(ctx, pipeline.FileSource, journal.Event, r, func(int) error { return nil }, func(ingest.Refusal) {})
	if err != nil {
		return report.Accepted, err
	}
	if err := a.engine.WaitDecided(ctx, report.Last); err != nil {
		return report.Accepted, err
	}
	return report.Accepted, a.engine.Settle(ctx)
}

var errEnded = errors.New("the app ended meanwhile; what it said tells why")

// whileRunning is a context that is also done when the app has ended, since nothing is decided after that.
func (a *App) whileRunning(ctx context.Context) (context.Context, func()) {
	ctx, stop := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-a.running:
			stop(errEnded)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { stop(nil) }
}

// Status is what the engine says of itself.
func (a *App) Status() pipeline.Status { return a.engine.Status() }
