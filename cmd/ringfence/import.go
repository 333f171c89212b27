package main

import (
	"context"
	"fmt"
	"os"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/source"
)

type importCmd struct {
	place
	Files   []string `arg:"" name:"events" help:"Event files, as replay reads them."`
	Format  string   `default:"" enum:",native,jetstream,csv" placeholder:"FORMAT" help:"native, jetstream or csv; by the file's name if not given."`
	Columns string   `placeholder:"MAPPING" help:"Columns of a CSV file; see replay."`
	Rules   string   `type:"existingdir" help:"Folder of rules, instead of the configuration's: their windows are what is warmed."`
}

func (importCmd) Help() string {
	return `History enters the windows of the rules and the memory of ids, in order of time, and decides nothing. Run it with the server stopped,
before the first live event: what is behind the event clock by more than the horizon of duplicates is refused as too old.

Examples:

	ringfence import --data ringfence-data last-month.ndjson.gz
	ringfence import --config ringfence.yaml --columns coshare shares.csv.gz`
}

func (c *importCmd) Run(ctx context.Context) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if c.Rules != "" {
		cfg.Rules.Dir = c.Rules
	}
	cfg.Listen, cfg.Ingest.IdleTick = "127.0.0.1:0", 0 // nobody calls, and the clock is that of the history
	opts := source.Options{Format: source.Format(c.Format), Limits: event.DefaultLimits(), Stdin: os.Stdin}
	if c.Columns != "" {
		if opts.Mapping, err = event.ParseMapping(c.Columns); err != nil {
			return fmt.Errorf("%w: --columns: %w", errUsage, err)
		}
	}
	var readers []source.Reader
	for _, path := range c.Files {
		r, err := source.Open(path, opts)
		if err != nil {
			return err
		}
		readers = append(readers, r)
	}
	var bad refusals
	sorted, err := source.Sorted(ctx, readers, source.SortOptions{Memory: 256 << 20, OnError: func(e *source.LineError) error {
		bad.add(e)
		return nil
	}})
	if err != nil {
		return err
	}
	defer sorted.Close()
	a, err := start(ctx, cfg, 0, false)
	if err != nil {
		return err
	}
	counts, err := a.Import(ctx, sorted)
	if stopped := a.Stop(); err == nil {
		err = stopped
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d events imported, %d were there before, %d too old, %d lines refused\n",
		counts[decide.Imported], counts[decide.Duplicate]+counts[decide.Conflict], counts[decide.TooOld], bad.n)
	if old := counts[decide.TooOld]; old > 0 && counts[decide.Imported] == 0 {
		return fmt.Errorf("all %d events are behind the event clock of %s by more than the horizon: import before the first live event, into a new data folder", old, cfg.DataDir)
	}
	return nil
}
