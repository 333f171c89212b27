package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/ringfence/ringfence/internal/group"
	"github.com/ringfence/ringfence/internal/source"
	"github.com/ringfence/ringfence/sim"
)

type evalCmd struct {
	Groups evalGroupsCmd `cmd:"" help:"How well groups that were found agree with the truth."`
}

type evalGroupsCmd struct {
	Truth  []string `required:"" placeholder:"FILE" sep:"none" help:"File of the truth as sim writes it. Given several times, runs are counted together."`
	Groups []string `required:"" placeholder:"FILE" sep:"none" help:"File of groups as groups find writes it, one for each truth."`
	Table  bool     `help:"Print tables to read instead of JSON."`
}

func (evalGroupsCmd) Help() string {
	return `Example:

	ringfence eval groups --table --truth week/truth.ndjson --groups groups.ndjson

Rates come with their 95% interval by Wilson, which takes accounts for independent; those of one group are not. Given several runs, the intervals
from run to run are those to go by.`
}

// Validate is called by the command line's parser.
func (c evalGroupsCmd) Validate() error {
	if len(c.Truth) != len(c.Groups) {
		return fmt.Errorf("--truth is given %d times and --groups %d times: want one for each", len(c.Truth), len(c.Groups))
	}
	return nil
}

func (c evalGroupsCmd) Run() error {
	runs := make([]group.Run, len(c.Truth))
	for i := range runs {
		var err error
		if runs[i].Truth, err = readAll[sim.Truth](c.Truth[i]); err != nil {
			return err
		}
		if runs[i].Found, err = readAll[group.Found](c.Groups[i]); err != nil {
			return err
		}
	}
	if c.Table {
		return printReport(os.Stdout, group.Measure(runs))
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(group.Measure(runs))
}

// printReport writes a report as tables.
func printReport(to io.Writer, r group.Report) error {
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	rate := func(r group.Rate) string { return fmt.Sprintf("%.3f [%.3f, %.3f]", r.Value, r.Low, r.High) }
	a, g := r.Accounts, r.Groups
	fmt.Fprintf(t, "accounts\tprecision %s\trecall %s\tF1 %.3f\tAP %.3f (by chance %.3f)\t\n", rate(a.Precision), rate(a.Recall), a.F1, a.AveragePrecision, a.BaseRate)
	if s := r.Seeds; s != nil {
		over := func(v group.Variable) string {
			return fmt.Sprintf("%.3f [%.3f, %.3f], worst %.3f", v.Mean, v.Low, v.High, v.Worst)
		}
		fmt.Fprintf(t, "%d runs\tprecision %s\trecall %s\tF1 %s\t\n", s.Runs, over(s.Precision), over(s.Recall), over(s.F1))
	}
	fmt.Fprintf(t, "groups\tfound %d, flagged %d\tright %s\tmost innocent %d\tfragments %.2f\t\n", g.Found, g.Flagged, rate(g.Precision), g.MostInnocent, g.Fragments)
	fmt.Fprintf(t, "clusters\tpair F1 %.3f\tB-cubed %.3f\tARI %.3f, NMI %.3f\tbest match F1 %.3f\t\n", g.PairF1, g.BCubed, g.AdjustedRand, g.NormalizedInfo, g.BestMatchF1)
	if h := r.Harm; h != nil {
		fmt.Fprintf(t, "harm\tAUC %.3f\tAP %.3f\tECE %.3f\tBrier %.3f\t\n", h.AUC, h.AveragePrecision, h.ECE, h.Brier)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, kinds := range [][]group.Kind{r.Archetypes, r.Classes} {
		fmt.Fprintln(t, "\n\taccounts\tin a group\tflagged\trate\tgroups\tflagged\tat most\tmin. from start\tfrom third, median\tp90\t")
		for _, k := range kinds {
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%d\t%d\t%.3f\t", k.Name, k.Accounts, k.Grouped, k.Flagged, rate(k.Rate), k.Groups, k.GroupsFlagged, k.GroupRate.High)
			if k.FromStart != nil && k.FromThird != nil {
				fmt.Fprintf(t, "%.1f\t%.1f\t%.1f\t", k.FromStart.Median/60, k.FromThird.Median/60, k.FromThird.P90/60)
			} else {
				fmt.Fprint(t, "\t\t\t")
			}
			fmt.Fprintln(t)
		}
	}
	return t.Flush()
}

// readAll reads a file of JSON values.
func readAll[T any](path string) ([]T, error) {
	in, err := source.OpenPlain(path, os.Stdin)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var all []T
	for d := json.NewDecoder(in); ; {
		var v T
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: value %d: %w", path, len(all)+1, err)
		}
		all = append(all, v)
	}
}
