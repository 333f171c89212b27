package main

import (
	"fmt"
	"math"
	"os"
	"time"

	"github.com/ringfence/ringfence/internal/review"
	"github.com/ringfence/ringfence/internal/source"
)

type reviewCmd struct {
	Queue      reviewQueueCmd      `cmd:"" help:"List the open cases of a server, in order."`
	Next       reviewNextCmd       `cmd:"" help:"Take the case of a server that should be decided now."`
	Show       reviewShowCmd       `cmd:"" help:"See a case of a server, with its evidence and its place."`
	Decide     reviewDecideCmd     `cmd:"" help:"Decide a case of a server."`
	Undo       reviewUndoCmd       `cmd:"" help:"Take a verdict back."`
	Verdicts   reviewVerdictsCmd   `cmd:"" help:"List verdicts of a server, or write them as backtest reads them."`
	Models     reviewModelsCmd     `cmd:"" help:"Compare the models that order a server's queue, train another, let one serve."`
	Prevalence reviewPrevalenceCmd `cmd:"" help:"Estimate the share of views of violating content."`
	Rank       reviewRankCmd       `cmd:"" help:"Put cases in the order that prevents most harm, with the reasons."`
	Bench      reviewBenchCmd      `cmd:"" help:"How much harm orders of the queue prevent, in simulated months."`
}

type reviewRankCmd struct {
	In  string    `required:"" help:"File of cases, a JSON line each, - for standard input."`
	Now time.Time `placeholder:"TIME" help:"When the order is to hold (RFC 3339); the latest time in the file if not given."`
}

func (reviewRankCmd) Help() string {
	return `Example:

	echo '{"id":"c1","opened":"2026-11-23T09:00:00Z","policy":"scam","severity":3,"p":0.8,"views":[["2026-11-23T08:00:00Z",0],["2026-11-23T09:00:00Z",240]]}' | ringfence review rank --in -

views are totals so far, severity is a number by which harm is multiplied, and p is calibrated and does not count the reports, which are
weighed here. The order is that of the harm-ranked lane: deadlines, random checks and appeals have lanes of their own in a server.`
}

// rankedCase is a case as it is printed.
type rankedCase struct {
	ID         string   `json:"id"`
	Rank       int      `json:"rank"`
	Priority   float64  `json:"priority"`
	Band       string   `json:"band"`
	P          float64  `json:"p"`
	Severity   float64  `json:"severity"`
	Reach      float64  `json:"reach"`
	PerHour    float64  `json:"per_hour"`
	Prevents   float64  `json:"preventable"`
	Minutes    float64  `json:"minutes"`
	Members    int      `json:"members"`
	Unreported int      `json:"rank_without_reports"`
	Reasons    []string `json:"reasons"`
}

func (c reviewRankCmd) Run() error {
	in, err := source.OpenPlain(c.In, os.Stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	cases, now, err := review.ReadCases(in)
	if err != nil {
		return fmt.Errorf("%s: %w", c.In, err)
	}
	if !c.Now.IsZero() {
		now = c.Now
	}
	out := newLines()
	for _, r := range review.Rank(cases, &review.Reach{}, now) {
		p := r.Priority
		reasons := p.Words()
		if r.Unreported != r.Rank {
			reasons = append(reasons, fmt.Sprintf("would rank #%d without reports", r.Unreported))
		}
		if err := out.json(rankedCase{r.Case.ID, r.Rank, figures(p.Value), p.Band(), figures(p.P), figures(p.Severity), figures(p.Reach),
			figures(p.PerHour), figures(p.Preventable), figures(p.Minutes), p.Members, r.Unreported, reasons}); err != nil {
			return err
		}
	}
	return out.w.Flush()
}

// figures rounds to six figures, more than any of the factors is known to.
func figures(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	scale := math.Pow(10, 5-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}
