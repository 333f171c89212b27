package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"

	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/rules"
)

// place says which configuration and data folder a verb works with.
type place struct {
	Config string `type:"existingfile" help:"Configuration file; docs/configuration.md lists what it can hold."`
	Data   string `type:"path" help:"Data folder, instead of the configuration's."`
}

func (p place) load() (config.Config, error) {
	cfg := config.Defaults()
	if p.Config != "" {
		var err error
		if cfg, err = config.Load(p.Config); err != nil {
			return cfg, err
		}
	}
	if p.Data != "" {
		cfg.DataDir = p.Data
	}
	return cfg, nil
}

type serveCmd struct {
	place
	Listen  string `placeholder:"HOST:PORT" help:"Address of the API, instead of the configuration's."`
	Rules   string `type:"existingdir" help:"Folder of rules, instead of the configuration's."`
	Workers int    `default:"0" help:"Extract workers; 0 is one a core."`
	Open    bool   `help:"Ask for no API keys; only on a loopback address."`
}

func (serveCmd) Help() string {
	return `Without a configuration everything has its default: data in ./ringfence-data, the shipped rules, the API on 127.0.0.1:8080.
SIGTERM or Ctrl-C stops it: what was accepted is decided and saved.

Examples:

	ringfence serve --config ringfence.yaml
	ringfence serve --open --rules my-rules`
}

func (c *serveCmd) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if c.Listen != "" {
		cfg.Listen = c.Listen
	}
	if c.Rules != "" {
		cfg.Rules.Dir = c.Rules
	}
	a, err := start(ctx, cfg, c.Workers, c.Open)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "listening on http://%s\n", a.Addr())
	return finish(ctx, a)
}

// minThreads are about as many as goroutines work at the same time: handlers, extract workers, the loop, journal, flush, archive.
const minThreads = 16

// threads lets the kernel share the cores among twice as many running goroutines as there are cores, and among minThreads at least,
// unless GOMAXPROCS is set. It does so in slices shorter than Go's own 10 ms, and at once for what has just slept, such as the wait
// for an fsync; a synchronous decision would else wait at each of its steps behind bulk.
func threads() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(2*runtime.GOMAXPROCS(0), minThreads))
	}
}

// start runs an app with the shipped rules as its fallback.
func start(ctx context.Context, cfg config.Config, workers int, open bool) (*app.App, error) {
	threads()
	shipped, err := rules.Shipped()
	if err != nil {
		return nil, err
	}
	a, err := app.New(ctx, app.Options{Config: cfg, Workers: workers, Rules: shipped, Log: logger(cfg), Open: open})
	if err != nil {
		return nil, err
	}
	if err := a.Start(ctx); err != nil {
		_ = a.Stop() // the first error is the one to tell
		return nil, err
	}
	return a, nil
}

// finish waits for a signal or a failure, then stops the app.
func finish(ctx context.Context, a *app.App) error {
	select {
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr, "stopping: what was accepted is decided and saved")
	case <-a.Ended():
	}
	return a.Stop()
}

func logger(cfg config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		level = slog.LevelInfo // the configuration was checked before
	}
	opts := &slog.HandlerOptions{Level: level}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}
