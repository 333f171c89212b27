package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ringfence/ringfence/internal/review"
	"github.com/ringfence/ringfence/internal/review/reviewbench"
)

// reviews measures the order of review: what it prevents in simulated months, and what it costs with many open cases.
func reviews(ctx context.Context, opts Options) (Section, error) {
	s := Section{
		Title: "The order of review: harm prevented in simulated months (severity × views that no violating case got), and its cost",
		Input: fmt.Sprintf("internal/review/reviewbench, base cell at load 1.5, seeds 101 to %d; %d open cases with 25 readings of views each", 100+opts.Size.Months, opts.Size.Cases),
	}
	seeds := make([]uint64, opts.Size.Months)
	for i := range seeds {
		seeds[i] = 101 + uint64(i)
	}
	src := reviewbench.Source{Accounts: reviewbench.NewGenerated(), Spread: reviewbench.GenerateSpread(rand.New(rand.NewPCG(1, 1)))}
	rows, err := reviewbench.Run(ctx, src, []reviewbench.Job{{Cell: reviewbench.Base(), Policies: reviewbench.Few(), Seeds: seeds}})
	if err != nil {
		return s, err
	}
	h := reviewbench.Report{Rows: rows}.Headline(reviewbench.Base().Name)
	s.add(h.Ours, "%", "harm prevented, Ringfence", "")
	s.add(max(h.Reports, h.Views), "%", fmt.Sprintf("harm prevented, %s (better than %.1f %% and %.1f %% of the other two)", h.Better, min(h.Reports, h.Views), h.Oldest), "")
	s.note("Ringfence prevents %+.1f ±%.1f points more than %s (goal: 1.5), with %.0f %% fewer actions on benign cases (goal: 30)", h.Gain, h.Half, h.Better, 100*h.FewerFalse)
	s.note("calibration error of P(violating) in the random lane %.3f (goal: .03); `ringfence review bench --all --seeds 20` has all cells", h.ECE)
	rerank, call := openCases(opts.Size.Cases)
	s.add(1000*rerank.Seconds(), "ms", "priorities of all open cases computed and put in order", "1,000")
	s.add(float64(call.Nanoseconds())/1000, "µs", "call for the next case, 99th percentile", "")
	return s, nil
}

// openCases measures a queue of so many cases: all ranked anew, and the 99th percentile of calls for the next.
func openCases(n int) (rerank, call time.Duration) {
	now := time.Date(2026, 1, 8, 0, 0, 0, 0, time.UTC)
	cases := make([]review.Case, n)
	for i := range cases {
		m := review.Member{P: float64(i%97) / 97, Severity: float64(1 + i%3)}
		for h := range 25 {
			m.Views = append(m.Views, review.Reading{At: now.Add(time.Duration(h-24) * time.Hour), Views: float64(h * (i * 31 % 1009))})
		}
		cases[i] = review.Case{Opened: now.Add(-24 * time.Hour), Preventable: 1, Members: []review.Member{m}}
	}
	queue, reach := review.NewQueue[int](review.DefaultShares(), 1), new(review.Reach)
	rank := func(now time.Time) {
		for i := range cases {
			p := review.Of(&cases[i], reach, now)
			queue.Put(review.Entry[int]{Key: i, Lane: review.Harm, Value: p.Value, Views: p.PerHour, Since: cases[i].Opened})
		}
	}
	rank(now)
	begun := time.Now()
	rank(now.Add(time.Minute))
	rerank = time.Since(begun)
	calls := make([]time.Duration, 0, n/10)
	for range n / 10 {
		begun := time.Now()
		queue.Next("", now)
		calls = append(calls, time.Since(begun))
	}
	slices.Sort(calls)
	return rerank, calls[len(calls)*99/100]
}
