package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/source"
	"github.com/ringfence/ringfence/sim"
)

type demoCmd struct {
	Source string `default:"sim" enum:"sim,jetstream" help:"sim: a simulated week with hidden campaigns. jetstream: Bluesky's public stream, live."`
	URL    string `default:"wss://jetstream2.us-east.bsky.network/subscribe" help:"Jetstream endpoint."`
	Listen string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address of the API; a loopback one, since the demo asks for no keys."`
	Data   string `type:"path" help:"Data folder; a temporary one, removed at the end, if not given."`
	Seed   uint64 `default:"7" help:"Seed of the simulation."`
	Scale  string `default:"demo" enum:"tiny,demo,S,M,L" help:"Scale of the simulation."`
}

func (demoCmd) Help() string {
	return `Examples:

	ringfence demo
	ringfence demo --source jetstream
	ringfence demo --scale M --listen 127.0.0.1:9000`
}

func (c *demoCmd) Run(ctx context.Context) error {
	cfg := config.Defaults()
	cfg.Listen, cfg.DataDir = c.Listen, c.Data
	cfg.Log.Level = "warn"
	if cfg.DataDir == "" {
		dir, err := os.MkdirTemp("", "ringfence-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		cfg.DataDir = dir
	}
	if c.Source == "jetstream" {
		cfg.Sources.Jetstream.URL = c.URL
	} else {
		cfg.Ingest.IdleTick = 0 // the week that is played has its own time
	}
	a, err := start(ctx, cfg, 0, true)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "Ringfence is running on http://%s with the shipped rules; data in %s\n", a.Addr(), cfg.DataDir)
	if c.Source == "sim" {
		if err := c.play(ctx, a); err != nil && ctx.Err() == nil {
			_ = a.Stop()
			return err
		}
	} else {
		fmt.Fprintf(os.Stderr, "Following %s\n", c.URL)
	}
	base := "http://" + a.Addr()
	fmt.Fprintf(os.Stderr, `
Where to look:
  %[1]s/                                       what there is
  %[1]s/v1/rules                               the rules and what they did
  %[1]s/v1/cases                               what waits for a reviewer
  %[1]s/v1/effects?state=waiting               what waits above a cap for approval
  curl -N '%[1]s/v1/decisions'                 decisions as they are made
  curl -H 'Accept: application/x-ndjson' '%[1]s/v1/decisions?follow=false' | head
  %[1]s/metrics                                figures for Prometheus
  %[1]s/openapi.yaml                           the whole API
Stop it with Ctrl-C.
`, base)
	return finish(ctx, a)
}

// play simulates a week that ends now and sends it through the whole way of the data.
func (c *demoCmd) play(ctx context.Context, a *app.App) error {
	scale, err := sim.ScaleOf(c.Scale)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "ringfence-sim-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintf(os.Stderr, "Simulating %d days of a platform: %d accounts, hidden campaigns, benign look-alikes (seed %d)…\n", scale.Days, scale.Accounts, c.Seed)
	end := time.Now().Truncate(time.Minute)
	shift := end.AddDate(0, 0, -scale.Days).UnixNano() - sim.Start
	if err := (sim.Round{Seed: c.Seed, Scale: scale}).Write(dir, runtime.GOMAXPROCS(0)); err != nil {
		return err
	}
	r, err := source.Open(filepath.Join(dir, sim.EventsFile), source.Options{Limits: event.DefaultLimits()})
	if err != nil {
		return err
	}
	defer r.Close()
	began := time.Now()
	n, err := a.Feed(ctx, source.Shifted(r, shift))
	if err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Fprintf(os.Stderr, "%d events decided in %s (%.0f a second, each on disk before it was decided).\n\n", n, took.Round(time.Millisecond), float64(n)/took.Seconds())
	return report(a.Status().Rules)
}

// report prints what the rules did, the busiest first.
func report(stats map[string]decide.RuleStats) error {
	ids := slices.SortedFunc(maps.Keys(stats), func(a, b string) int {
		return cmp.Or(cmp.Compare(stats[b].Fired, stats[a].Fired), cmp.Compare(a, b))
	})
	t := tabwriter.NewWriter(os.Stderr, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "rule\tfired\tqueued\twaiting\tabsorbed\tshadow\t")
	for _, id := range ids {
		if s := stats[id]; s.Fired > 0 {
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t\n", id, s.Fired, s.Effects["queued"], s.Effects["waiting"], s.Effects["absorbed"], s.Effects["shadow"])
		}
	}
	return t.Flush()
}
