// Package app is the whole product in one process: [New] opens the stores and puts the parts together, Start runs them, Stop
// ends them in the opposite order. The command line and the tests use it alike. It is the one place that is given the
// time of day; everything below gets it from here.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringfence/ringfence/internal/auth"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/casework"
	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/discovery"
	"github.com/ringfence/ringfence/internal/enforce"
	"github.com/ringfence/ringfence/internal/gallery"
	"github.com/ringfence/ringfence/internal/groupaction"
	"github.com/ringfence/ringfence/internal/ingest"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/known"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/recent"
	"github.com/ringfence/ringfence/internal/recognise"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/record/sqlite"
	"github.com/ringfence/ringfence/internal/scorer"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// What lies in a data folder.
const (
	journalDir   = "journal"    // the journal's records
	storeDir     = "store"      // hot state's image, decisions, timelines
	recordsFile  = "records.db" // outbox, cases, changes, rule sets, keys
	mediaDir     = "media"      // pictures that are kept
	archiveDir   = "archive"    // unless the configuration names another place
	emailKeyFile = "email.key"
)

// Options of an app.
type Options struct {
	Config  config.Config
	Workers int                         // extract workers; 0 is one a core
	Rules   []rule.File                 // the rule set to start with where the configuration names none
	Now     func() int64                // wall clock in nanoseconds since 1970; nil is the real one
	Lookup  func(string) (string, bool) // environment for secrets; nil is the real one
	Log     *slog.Logger
	Crash   func(point string) // fault harness: called at named points; nil for none
	Open    bool               // no API keys asked for; only on a loopback address
}

// App is the running product.
type App struct {
	opts     Options
	cleanups []cleanup

	stores     *stores
	journal    journal.Log
	records    record.Store
	engine     *pipeline.Engine
	repeats    int64 // how long after its receipt an event may come again and be a duplicate, in nanoseconds
	ingest     *ingest.Ingest
	control    *control.Control
	banks      *bank.Compiler
	discovery  *discovery.Finder
	desk       *casework.Desk
	actions    *groupaction.Runner
	metrics    *prometheus.Registry
	dispatcher *enforce.Dispatcher
	keys       *auth.Keyring
	listener   net.Listener
	server     *http.Server
	served     chan struct{}     // closed when no more requests are answered
	pictures   *recognise.Worker // nil where pictures are not fetched
	scorers    []*scorer.HTTP
	recent     *recent.Uploads
	gallery    *gallery.Gallery // nil likewise
	known      *known.Pictures  // nil likewise
	followed   atomic.Int64     // time of the Jetstream's latest event in the journal; 0 for none yet

	stop    context.CancelCauseFunc
	running chan struct{} // closed when the parts have ended
	failed  error
}

// cleanup undoes a step of New or Start; the last step is undone first.
type cleanup struct {
	name string
	run  func() error
}

func (a *App) later(name string, run func() error) {
	a.cleanups = append(a.cleanups, cleanup{name, run})
}

// New opens what the configuration names. Close what New opened with Stop, also when Start was never called.
func New(ctx context.Context, opts Options) (_ *App, err error) {
	if opts.Now == nil {
		opts.Now = func() int64 { return time.Now().UnixNano() }
	}
	if opts.Lookup == nil {
		opts.Lookup = os.LookupEnv
	}
	a := &App{opts: opts, metrics: prometheus.NewRegistry(), running: make(chan struct{}), served: make(chan struct{})}
	close(a.running)
	defer func() {
		if err != nil {
			err = errors.Join(err, a.cleanUp())
		}
	}()
	for _, open := range []func(context.Context) error{a.openStores, a.openSources, a.openEngine, a.openPictures, a.openRecent, a.openEffects, a.openAPI} {
		if err := open(ctx); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *App) openStores(ctx context.Context) error {
	dir := a.opts.Config.DataDir
	stores, err := openStores(dir, a.opts.Log, a.opts.Crash)
	if err != nil {
		return err
	}
	a.stores, a.journal = stores, stores.log
	a.later("journal and store", stores.close)
	records, err := sqlite.Open(ctx, filepath.Join(dir, recordsFile))
	if err != nil {
		return err
	}
	a.records = records
	a.later("records", records.Close)
	return nil
}

func (a *App) openEngine(context.Context) error {
	cfg := &a.opts.Config
	key, err := newSecret(filepath.Join(cfg.DataDir, emailKeyFile))
	if err != nil {
		return err
	}
	hot, err := state.New(state.Options{
		Lateness: max(1, int64(cfg.Decide.Lateness)), // 0 would be the default
		Budget:   int64(cfg.Decide.Memory), Horizon: int64(cfg.Decide.DedupeHorizon),
		MaxIDs: cfg.Decide.DedupeIDs, DB: a.stores.main.DB, Commit: a.stores.main.Commit, Crash: a.opts.Crash,
	})
	if err != nil {
		return err
	}
	stored, err := state.StoredBounds(a.stores.main.DB)
	if err != nil {
		return fmt.Errorf("restore the hot state: %w", err)
	}
	a.repeats = cmp.Or(stored.Horizon, int64(cfg.Decide.DedupeHorizon)) + int64(cfg.Ingest.ClockSkew)
	asked := hot.Bounds()
	a.banks = &bank.Compiler{}
	a.engine = pipeline.New(pipeline.Options{
		Workers: workers(a.opts.Workers), EmailKey: key, Decide: decide.Options{Compiler: a.banks},
		Now: a.opts.Now, Stored: func() { a.dispatcher.Wake(); a.desk.Wake(); a.actions.Wake() }, Crash: a.opts.Crash, Log: a.opts.Log, Letters: a.records,
	}, a.journal, hot, a.records, pipeline.OpenDecisions(a.stores.main.DB, a.stores.main.Apply, a.repeats))
	began := a.opts.Now()
	through, err := hot.Restore()
	if err != nil {
		return fmt.Errorf("restore the hot state: %w", err)
	}
	if got := hot.Bounds(); got != asked {
		a.opts.Log.Warn("lateness, memory and the memory of ids stay as they were when the data folder was first used: a change would change decisions",
			"in_force", fmt.Sprintf("%+v", got), "configured", fmt.Sprintf("%+v", asked))
	}
	switch first, last := a.journal.Bounds(0); {
	case journal.Position(through) > last:
		return fmt.Errorf("the hot state stands at position %d but the journal ends at %d: the journal lost records; restore both from one backup", through, last)
	case journal.Position(through)+1 < first:
		return fmt.Errorf("the hot state stands at position %d but the journal begins at %d: what lies between was never decided; restore both from one backup", through, first)
	}
	if err := a.engine.Resume(journal.Position(through)); err != nil {
		return err
	}
	if through > 0 {
		a.opts.Log.Info("hot state restored", "position", through, "took", time.Duration(a.opts.Now()-began))
	}
	a.ingest = ingest.New(ingest.Options{Now: a.opts.Now, Clock: hot.Clock(), Skew: int64(cfg.Ingest.ClockSkew), Backlog: backlog, Limits: limits(cfg)}, a.journal, a.engine)
	a.discovery = discovery.New(discovery.Options{
		Every: time.Duration(cfg.Discovery.Every), Window: time.Duration(cfg.Discovery.Window), Labels: cfg.Discovery.Labels, Most: cfg.Discovery.Candidates,
		FS: vfs.Default, Archive: a.archived(), Now: a.opts.Now, Log: a.opts.Log,
	}, a.journal, a.engine, a.records)
	a.control = control.New(a.records, a.ingest, a.engine, a.banks, a.opts.Now, a.opts.Log)
	desk := casework.DefaultOptions()
	desk.Now, desk.Log = a.opts.Now, a.opts.Log
	a.desk = casework.New(desk, a.records, a.journal, a.control, a.engine, a.engine)
	acting := groupaction.DefaultOptions()
	acting.Store, acting.Engine, acting.Relay = a.records, a.engine, a.control.Wake
	acting.Now, acting.Log, acting.Crash = a.opts.Now, a.opts.Log, a.opts.Crash
	a.actions = groupaction.New(acting)
	return nil
}

// backlog is how many records bulk may be ahead of the loop where no synchronous calls come: so few that the first of them waits only
// some milliseconds behind them.
const backlog = 1024

// Start runs everything. It returns when requests are answered; failures after that end the app, see Wait.
func (a *App) Start(ctx context.Context) error {
	if err := a.startRules(ctx); err != nil {
		return err
	}
	parts := a.parts()
	ctx, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	a.stop = stop
	a.running = make(chan struct{})
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func() {
			err := part.run(ctx)
			if err != nil {
				err = fmt.Errorf("%s: %w", part.name, err)
				stop(err)
			}
			ended <- err
		}()
	}
	go func() {
		defer close(a.running)
		lost := a.lost()
		for range parts {
			select {
			case err := <-ended:
				a.failed = errors.Join(a.failed, err)
			case <-lost:
				a.failed = errors.Join(a.failed, errors.New("parts that the failed store holds were left behind"))
				return
			}
		}
	}()
	return nil
}

// lost is closed some time after a store failed a write: what waits for the store then may wait for ever.
func (a *App) lost() <-chan struct{} {
	lost := make(chan struct{})
	go func() {
		select {
		case <-a.stores.main.Failed():
		case <-a.stores.records.Failed():
		case <-a.running:
			return
		}
		time.AfterFunc(shutdown, func() { close(lost) })
	}()
	return lost
}

// part is something that runs until its context is done.
type part struct {
	name string
	run  func(context.Context) error
}

// Addr is the address that the API listens on.
func (a *App) Addr() string { return a.listener.Addr().String() }

// Wait returns when the app has ended: after Stop, or because a part failed.
func (a *App) Wait() error {
	<-a.running
	return a.failed
}

// Ended is closed when the app has ended.
func (a *App) Ended() <-chan struct{} { return a.running }

// Stop ends the app: no new requests, what was accepted is decided, the hot state is saved, the stores are closed. It is called
// once.
func (a *App) Stop() error {
	if a.stop != nil {
		a.stop(nil)
	}
	<-a.running
	return errors.Join(a.failed, a.cleanUp())
}

func (a *App) cleanUp() error {
	var errs []error
	for _, c := range slices.Backward(a.cleanups) {
		if err := c.run(); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", c.name, err))
		}
	}
	a.cleanups = nil
	return errors.Join(errs...)
}
