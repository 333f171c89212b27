package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

type replayCmd struct {
	eventFiles
	Rules string `type:"existingdir" help:"Folder of rules. May be left out for a data folder, whose journal knows which rules were active when."`
	All   bool   `help:"A line for every event, not only for those on which a rule fired."`
}

func (replayCmd) Help() string {
	return `Sorts the events by (time, id) and decides them as the live system would, one decision a line.

Examples:

	ringfence replay --rules rules events.ndjson.gz
	ringfence replay --rules examples/coshare --columns coshare shares.csv.gz
	ringfence replay ringfence-data`
}

func (c *replayCmd) Run(ctx context.Context) error {
	var set *rule.Set
	if c.Rules != "" {
		var err error
		if set, err = loadRules(c.Rules); err != nil {
			return err
		}
	}
	var bad refusals
	in, err := c.open(ctx, set == nil, bad.add)
	if err != nil {
		return err
	}
	defer in.Close()
	hot, err := state.New(in.bounds)
	if err != nil {
		return err
	}
	in.opts.Decide.Every = c.All
	out := newLines()
	began := time.Now()
	progress := newProgress("replay", c.Quiet)
	sum, err := pipeline.Replay(ctx, in.opts, hot, set, counted(in.feed, progress), func(o *decide.Output, _ *extract.Item) error {
		return out.write(o.Decision.Line)
	})
	if err = errors.Join(err, out.w.Flush()); err != nil {
		return err
	}
	if !c.Quiet {
		fmt.Fprintf(os.Stderr, "%s; %d lines refused; a rule fired on %d events; %s\n", outcomes(sum), bad.n, sum.Fired, time.Since(began).Round(time.Millisecond))
		for _, w := range sum.State.Windows {
			if w.Evicted > 0 {
				fmt.Fprintf(os.Stderr, "window %s: %d keys were dropped for the memory budget; what it says is too little for them\n", w.ID, w.Evicted)
			}
		}
	}
	return bad.fault(progress.n)
}

func outcomes(sum pipeline.Summary) string {
	var parts []string
	for _, o := range decide.Outcomes() {
		if n := sum.Outcomes[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	if len(parts) == 0 {
		return "no events"
	}
	return strings.Join(parts, ", ")
}

// counted tells the progress of every record a feed gives.
func counted(feed extract.Feed, p *progress) extract.Feed {
	return func(ctx context.Context, max int, dst []journal.Record) ([]journal.Record, error) {
		recs, err := feed(ctx, max, dst)
		p.add(len(recs) - len(dst))
		return recs, err
	}
}
