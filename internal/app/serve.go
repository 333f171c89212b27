package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/ringfence/ringfence/internal/api"
	"github.com/ringfence/ringfence/internal/archive"
	"github.com/ringfence/ringfence/internal/auth"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/enforce"
	"github.com/ringfence/ringfence/internal/fetch"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/webhook"
)

const (
	webhookWorkers = 8                // messages under way to one receiver
	answerLimit    = 1 << 20          // bytes of a receiver's answer
	shutdown       = 10 * time.Second // for requests under way when the app stops
	pruneAfter     = 7 * 24 * time.Hour
	redeliver      = time.Second
)

func (a *App) openEffects(context.Context) error {
	var receivers []enforce.Receiver
	for i := range a.opts.Config.Webhooks {
		w := &a.opts.Config.Webhooks[i]
		text, err := w.Secret(a.opts.Lookup)
		if err != nil {
			return err
		}
		key, err := webhook.ParseSecret(text)
		if err != nil {
			return fmt.Errorf("secret of webhook %s: %w", w.Name, err)
		}
		r := enforce.Receiver{Name: "notify:" + w.Name, URL: w.URL, Secrets: []webhook.Secret{key}, Workers: webhookWorkers,
			Client: fetch.NewClient(fetch.Options{Timeout: 15 * time.Second, MaxBody: answerLimit, Networks: w.AllowPrivate})}
		a.later("connections to receiver "+w.Name, func() error { r.Client.CloseIdleConnections(); return nil })
		if w.Name == record.PlatformReceiver {
			r.Name = record.PlatformReceiver
		}
		for _, kind := range w.Kinds {
			r.Kinds = append(r.Kinds, effect.Kind(kind))
		}
		receivers = append(receivers, r)
	}
	d, err := enforce.New(enforce.Options{Store: a.records, Receivers: receivers, Now: a.wall, Log: a.opts.Log, Crash: a.opts.Crash})
	if err != nil {
		return err
	}
	a.dispatcher = d
	return nil
}

// wall is the clock as a time.
func (a *App) wall() time.Time { return time.Unix(0, a.opts.Now()) }

func (a *App) openAPI(context.Context) error {
	cfg := &a.opts.Config
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.keys = auth.NewKeyring(a.records, auth.Quota{EventsPerSecond: cfg.Ingest.Quota.EventsPerSecond, Burst: cfg.Ingest.Quota.Burst}, a.opts.Now, a.opts.Log)
	people := auth.NewPeople(a.records, a.opts.Now)
	var who auth.Identifier = auth.Either{Keys: a.keys, People: people}
	if a.opts.Open {
		who = auth.Loopback{}
	}
	bounds := api.DefaultLimits()
	bounds.Event, bounds.Body, bounds.Batch, bounds.Deadline = limits(cfg), int64(cfg.Ingest.MaxBody), cfg.Ingest.MaxBatch, time.Duration(cfg.Decide.Deadline)
	deps := api.Deps{
		Engine: a.engine, Decisions: a.engine.Decisions(), Ingest: a.ingest, Control: a.control, Actions: a.actions, Store: a.records, Journal: a.journal, Finder: a.discovery, Recent: a.recent, Review: a.desk,
		Auth: who, Keys: a.keys, People: people, Health: a.health, Now: a.opts.Now, Log: a.opts.Log, Registry: a.metrics, Limits: bounds,
		Default: cfg.Decide.DefaultVerdict,
	}
	if a.gallery != nil {
		deps.Gallery, deps.Known = a.gallery, a.known
	}
	handler := api.New(deps)
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; choose another address with --listen, or listen: in the configuration", cfg.Listen, err)
	}
	a.later("listener", func() error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	if host, _, _ := net.SplitHostPort(listener.Addr().String()); a.opts.Open && !net.ParseIP(host).IsLoopback() {
		return fmt.Errorf("listen on %s: without API keys the address must be a loopback one", cfg.Listen)
	}
	a.listener, a.server = listener, handler.Server()
	return nil
}

// health says why nothing more can be stored, if so.
func (a *App) health() error {
	select {
	case <-a.stores.main.Failed():
	case <-a.stores.records.Failed():
	default:
		return nil
	}
	return errors.New("the store failed a write and takes no more until the process is restarted")
}

// parts are what runs while the app runs.
func (a *App) parts() []part {
	cfg := &a.opts.Config
	parts := []part{
		{"decide", a.runEngine},
		{"relay of changes", a.control.Run},
		{"delivery", a.deliver},
		{"api", a.serve},
		{"keys", a.keys.Run},
		{"archive", a.runArchive},
		{"store", a.watchStores},
		{"group actions", a.actions.Run},
		{"discovery", a.discovery.Run},
		{"recent pictures", a.recent.Run},
		{"review", a.desk.Run},
		{"image", a.every(time.Duration(cfg.Image.Every), func(context.Context) error { a.engine.TakeImage(); return nil })},
		{"clock", a.every(time.Second, func(ctx context.Context) error {
			a.engine.Refresh()
			if cfg.Ingest.IdleTick == 0 || a.behind() {
				return nil
			}
			return a.ingest.Tick(ctx, int64(cfg.Ingest.IdleTick))
		})},
		{"outbox", a.every(time.Minute, func(ctx context.Context) error {
			_, err := a.records.PruneEffects(ctx, a.opts.Now()-max(int64(pruneAfter), a.repeats), 10_000)
			return err
		})},
	}
	if a.pictures != nil {
		parts = append(parts, part{"pictures", a.pictures.Run}, part{"gallery", a.every(time.Hour, a.gallery.Sweep)})
	}
	for _, s := range a.scorers {
		parts = append(parts, part{"scorer " + s.Name(), s.Run})
	}
	if cfg.Sources.Jetstream.URL != "" {
		parts = append(parts, part{"Jetstream", a.runJetstream})
	}
	return parts
}

// every runs a chore again and again. A chore that fails is tried again at its next turn.
func (a *App) every(pause time.Duration, chore func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		ticker := time.NewTicker(pause)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return nil
			}
			if err := chore(ctx); err != nil && ctx.Err() == nil {
				a.opts.Log.Error("a regular chore failed; it is tried again", "error", err)
			}
		}
	}
}

// deliver sends effects. Where the outbox cannot be written (a full disk) it begins again after a pause; what was under way then is
// sent again.
func (a *App) deliver(ctx context.Context) error {
	for {
		err := a.dispatcher.Run(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		a.opts.Log.Error("delivery stopped; it begins again", "error", err, "in", redeliver)
		select {
		case <-time.After(redeliver):
		case <-ctx.Done():
			return nil
		}
	}
}

// runEngine ends last of what feeds on requests: it decides what was accepted and saves the hot state.
func (a *App) runEngine(ctx context.Context) error {
	engine, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	context.AfterFunc(ctx, func() {
		<-a.served // no more requests
		wait, cancel := context.WithTimeout(engine, shutdown)
		defer cancel()
		_, last := a.journal.Bounds(0)
		_ = a.engine.WaitDecided(wait, last) // what is not decided by then is after the restart
		stop()
	})
	return a.engine.Run(engine)
}

func (a *App) serve(ctx context.Context) error {
	defer close(a.served)
	ended := make(chan error, 1)
	go func() { ended <- a.server.Serve(a.listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
	defer cancel()
	if err := a.server.Shutdown(grace); err != nil {
		a.opts.Log.Warn("requests were cut off at the stop", "error", err)
		_ = a.server.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// archived is the archive's folder.
func (a *App) archived() string {
	return cmp.Or(a.opts.Config.Archive.Dir, filepath.Join(a.opts.Config.DataDir, archiveDir))
}

// runArchive moves the journal's older part to the archive. A step that fails (a full disk) is tried again: meanwhile the
// journal keeps what it has.
func (a *App) runArchive(ctx context.Context) error {
	cfg := &a.opts.Config.Archive
	sealer, err := archive.NewSealer(vfs.Default, a.archived(), a.journal, archive.Options{
		Bytes: int64(cfg.SegmentSize), Age: time.Duration(cfg.SegmentAge), Retention: max(time.Duration(cfg.JournalRetention), time.Duration(a.repeats)),
		Saved: a.engine.Saved, Pause: time.Millisecond,
	})
	if err != nil {
		return err
	}
	step := a.every(10*time.Second, func(ctx context.Context) error {
		if err := sealer.Step(ctx, a.wall()); err != nil {
			return err
		}
		first, _ := a.journal.Bounds(0)
		return a.engine.Decisions().Truncate(first)
	})
	return errors.Join(step(ctx), sealer.Close())
}

// watchStores ends the app when a store failed a write: only a restart recovers from that.
func (a *App) watchStores(ctx context.Context) error {
	select {
	case <-a.stores.main.Failed():
	case <-a.stores.records.Failed():
	case <-ctx.Done():
	}
	return a.health()
}
