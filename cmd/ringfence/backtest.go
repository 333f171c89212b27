package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/ringfence/ringfence/internal/pipeline"
)

type backtestCmd struct {
	eventFiles
	Rules    string `required:"" type:"existingdir" help:"Folder of the new rules."`
	Against  string `required:"" type:"existingdir" help:"Folder of the rules to compare with."`
	Verdicts string `type:"existingfile" help:"What people said of accounts, for the precision: {\"account\",\"violating\"} a line."`
}

func (backtestCmd) Help() string {
	return `Runs both rule sets over the same events and says, rule by rule, what the new ones would change: fires, accounts, overlap, and
precision where there are verdicts. With --from, what comes before warms the windows; windows that it does not fill are named.

Example:

	ringfence backtest --rules new --against rules --verdicts truth.ndjson events.ndjson.gz`
}

func (c *backtestCmd) Run(ctx context.Context) error {
	oldSet, err := loadRules(c.Against)
	if err != nil {
		return err
	}
	newSet, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	var verdicts map[string]bool
	if c.Verdicts != "" {
		f, err := os.Open(c.Verdicts)
		if err != nil {
			return err
		}
		if verdicts, err = pipeline.ReadVerdicts(f); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", c.Verdicts, err), f.Close())
		}
		f.Close()
	}
	var bad refusals
	in, err := c.open(ctx, false, bad.add)
	if err != nil {
		return err
	}
	defer in.Close()
	progress := newProgress("backtest", c.Quiet)
	feed := counted(in.feed, progress)
	result, err := pipeline.Backtest(ctx, in.opts, in.bounds, oldSet, newSet, feed, c.span(), verdicts)
	if err != nil {
		return err
	}
	if err := bad.fault(progress.n); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, r := range result {
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	if c.Quiet {
		return nil
	}
	t := tabwriter.NewWriter(os.Stderr, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "rule\tchange\told events\tnew events\told accounts\tnew accounts\toverlap\tprecision\t")
	for _, r := range result {
		precision := "–"
		if r.Verdicts != nil {
			precision = fmt.Sprintf("%.3f of %d", r.Verdicts.Precision, r.Verdicts.Judged)
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%.3f\t%s\t\n", r.Rule, r.Change, r.Old.Events, r.New.Events, r.Old.Accounts, r.New.Accounts, r.Jaccard, precision)
	}
	if bad.n > 0 {
		fmt.Fprintf(os.Stderr, "%d lines refused\n", bad.n)
	}
	return t.Flush()
}
