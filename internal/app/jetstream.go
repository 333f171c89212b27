package app

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/fetch"
	"github.com/ringfence/ringfence/internal/ingest"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/source"
)

const (
	jetstream = "jetstream" // the source's name in the journal
	held      = 4096        // events between the connection and the journal
)

// runJetstream follows a Jetstream into the journal. After a restart it goes on behind the last event that is in the journal; what
// comes twice is dropped as a duplicate.
func (a *App) runJetstream(ctx context.Context) error {
	cfg := &a.opts.Config.Sources.Jetstream
	since := a.followed.Load()
	if since == 0 {
		a.opts.Log.Info("the Jetstream is followed from now on: none of its events was stored before")
	}
	recs := make(chan journal.Record, held)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(recs)
		return source.Follow(ctx, source.FollowOptions{
			URL: cfg.URL, Since: since, Limits: limits(&a.opts.Config), Log: a.opts.Log,
			Client:  fetch.NewClient(fetch.Options{MaxBody: answerLimit, Networks: cfg.AllowPrivate}),
			OnError: func(message []byte, err error) { a.reject(ctx, message, err) },
		}, func(e *event.Event, raw []byte) error {
			rec, err := a.ingest.Accept(jetstream, e, raw)
			if errors.Is(err, ingest.ErrFuture) {
				a.reject(ctx, raw, err)
				return nil
			}
			if err != nil {
				return err
			}
			select {
			case recs <- rec:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	group.Go(func() error {
		const chunk = 256
		some := make([]journal.Record, 0, chunk)
		for rec := range recs {
			some = append(some[:0], rec)
			for more := true; more && len(some) < chunk; { // what else is there goes with it, and nothing waits for more
				select {
				case next, open := <-recs:
					if more = open; open {
						some = append(some, next)
					}
				default:
					more = false
				}
			}
			for err := a.ingest.Append(ctx, some); err != nil; err = a.ingest.Append(ctx, some) {
				a.opts.Log.Error("events of the Jetstream cannot be stored; trying again", "error", err)
				select {
				case <-time.After(time.Second):
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			at := a.followed.Load()
			for i := range some {
				at = max(at, some[i].Time)
			}
			if err := a.setCursor(jetstream, at); err != nil {
				return err
			}
			a.followed.Store(at)
		}
		return nil
	})
	if err := group.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// openSources takes up how far the sources were read.
func (a *App) openSources(context.Context) error {
	if a.opts.Config.Sources.Jetstream.URL == "" {
		return nil
	}
	at, _, err := a.cursor(jetstream)
	if err != nil {
		return err
	}
	a.followed.Store(at)
	return nil
}

// behind reports whether a source is being caught up on, or cannot be reached: its events are older than the lateness, and would be
// late for every window if the clock went on without them.
func (a *App) behind() bool {
	at := a.followed.Load()
	return at > 0 && a.opts.Now()-at > int64(a.opts.Config.Decide.Lateness)
}

// reject keeps a refused message among the dead letters of ingest.
func (a *App) reject(ctx context.Context, message []byte, cause error) {
	r := record.Rejection{Source: jetstream, Error: cause.Error(), Raw: message[:min(len(message), record.MaxRaw)], At: a.opts.Now()}
	if err := a.records.PutRejections(ctx, []record.Rejection{r}); err != nil && ctx.Err() == nil {
		a.opts.Log.Error("a refused message cannot be kept", "error", err)
	}
}
