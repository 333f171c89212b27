package reviewbench

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/ringfence/ringfence/learn"
)

// Jobs are the runs of the benchmark: every policy in the base cell, the simple ones and ours there also with reviewers who are never wrong,
// and, of all cells, [Few] in the others.
func Jobs(seeds []uint64, all bool) []Job {
	perfect := Base()
	perfect.Perfect = true
	var ceiling []Policy
	for _, p := range Policies() {
		if p.Kind != Variant || p.Name == Hasty {
			ceiling = append(ceiling, p)
		}
	}
	jobs := []Job{{Base(), Policies(), seeds}, {perfect, ceiling, seeds}}
	if all {
		for _, c := range Cells()[1:] {
			jobs = append(jobs, Job{c, Few(), seeds})
		}
	}
	return jobs
}

// estimate is a mean over seeds with the half of its 95 % interval.
type estimate struct{ mean, half float64 }

func (e estimate) String() string { return fmt.Sprintf("%+.1f ±%.1f", e.mean, e.half) }

// over is the mean of a figure over rows, by the normal approximation.
func over(rows []Row, figure func(*Row) float64) estimate {
	var sum, squares float64
	n := float64(len(rows))
	for i := range rows {
		v := figure(&rows[i])
		sum += v
		squares += v * v
	}
	e := estimate{mean: sum / max(n, 1)}
	if n > 1 {
		e.half = 1.96 * math.Sqrt(max(0, squares/n-e.mean*e.mean)/(n-1))
	}
	return e
}

// paired is the mean difference in points of harm prevented, seed by seed.
func paired(a, b []Row) estimate {
	i := -1
	return over(a, func(r *Row) float64 { i++; return 100 * (r.Prevented - b[i].Prevented) })
}

// Report is all rows of a run, to be read as tables.
type Report struct{ Rows []Row }

func (r Report) of(cell string, perfect bool, policy string) []Row {
	var rows []Row
	for _, row := range r.Rows {
		if row.Cell == cell && row.Perfect == perfect && row.Policy == policy {
			rows = append(rows, row)
		}
	}
	return rows
}

func prevented(r *Row) float64 { return 100 * r.Prevented }

// best is the better of most views and most reports in a cell, by the mean of harm prevented.
func (r Report) best(cell string, perfect bool) (string, []Row) {
	reports, views := r.of(cell, perfect, ByReports), r.of(cell, perfect, ByViews)
	if over(reports, prevented).mean > over(views, prevented).mean {
		return ByReports, reports
	}
	return ByViews, views
}

// WriteText writes the tables. All figures are of simulated months.
func (r Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	r.cells(t)
	r.policies(t)
	r.bands(t)
	r.beliefs(t)
	r.gates(t)
	return t.Flush()
}

// cells are the cells that ours ran in, those first in which it does worst against the best simple order.
func (r Report) cells(w io.Writer) {
	var names []string
	for _, row := range r.Rows {
		if !row.Perfect && !slices.Contains(names, row.Cell) {
			names = append(names, row.Cell)
		}
	}
	type line struct {
		cell, best string
		gain, fifo estimate
	}
	var lines []line
	for _, cell := range names {
		best, rows := r.best(cell, false)
		ours := r.of(cell, false, OursName)
		lines = append(lines, line{cell, best, paired(ours, rows), paired(ours, r.of(cell, false, FIFO))})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.gain.mean, b.gain.mean) })
	fmt.Fprintf(w, "Harm prevented in %% of what no review would let happen (simulated), worst cell of ours first\n\n")
	fmt.Fprintf(w, "cell\toldest\treports\tviews\tours\tknows all\tours against the better of reports and views\tagainst oldest first\tfalse actions\tfalse, ours\n")
	for _, l := range lines {
		mean := func(policy string) string {
			return fmt.Sprintf("%.1f", over(r.of(l.cell, false, policy), prevented).mean)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%v\t%v\t%.1f\t%.1f\n", l.cell, mean(FIFO), mean(ByReports), mean(ByViews), mean(OursName), mean(Clairvoyant),
			l.gain, l.fifo, over(r.of(l.cell, false, l.best), falseActions).mean, over(r.of(l.cell, false, OursName), falseActions).mean)
	}
}

func falseActions(r *Row) float64 { return r.False }

// policies are all policies in the base cell.
func (r Report) policies(w io.Writer) {
	base := Base().Name
	best, reference := r.best(base, false)
	fmt.Fprintf(w, "\nThe base cell: load 1.5. Gap closed is from %q to %q\n\n", best, Clairvoyant)
	fmt.Fprintf(w, "policy\tprevented %%\tagainst %q\tgap closed %%\twith perfect verdicts\tharm averted an hour\thours to act, all: median, 95 %%\tseverity 10: median, 95 %%\tnever looked at %%\tright %%\tfalse /1000\tbenign views lost %%\treversed %%\thours wrongly acted on\texposure\twaited 7 d %%\n", best)
	top := over(r.of(base, false, Clairvoyant), prevented).mean
	from := over(reference, prevented).mean
	for _, p := range Policies() {
		rows := r.of(base, false, p.Name)
		hp := over(rows, prevented)
		ceiling := "–"
		if perfect := r.of(base, true, p.Name); len(perfect) > 0 {
			ceiling = fmt.Sprintf("%.1f", over(perfect, prevented).mean)
		}
		mean := func(f func(*Row) float64) float64 { return over(rows, f).mean }
		fmt.Fprintf(w, "%s\t%.1f ±%.1f\t%v\t%.0f\t%s\t%.0f\t%s, %s\t%s, %s\t%.0f\t%.1f\t%.1f\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f\n", p.Name, hp.mean, hp.half, paired(rows, reference), 100*(hp.mean-from)/(top-from), ceiling,
			mean(func(r *Row) float64 { return r.PerHour }),
			middle(rows, func(r *Row) float64 { return r.Half }), middle(rows, func(r *Row) float64 { return r.Most }),
			middle(rows, func(r *Row) float64 { return r.HalfTen }), middle(rows, func(r *Row) float64 { return r.MostTen }),
			mean(func(r *Row) float64 { return 100 * r.NeverSeen }), mean(func(r *Row) float64 { return 100 * r.Precision }), mean(falseActions),
			mean(func(r *Row) float64 { return 100 * r.BenignLost }), mean(func(r *Row) float64 { return 100 * r.Reversed }),
			mean(func(r *Row) float64 { return r.WrongHours }), mean(func(r *Row) float64 { return r.Exposure }), mean(func(r *Row) float64 { return 100 * r.Starved }))
	}
}

// middle is the median over seeds of a time, which may be infinite.
func middle(rows []Row, figure func(*Row) float64) string {
	var all []float64
	for i := range rows {
		all = append(all, figure(&rows[i]))
	}
	if v := at(all, .5); !math.IsInf(v, 0) {
		return fmt.Sprintf("%.1f", v)
	}
	return "never"
}

// band sums a policy's bands over seeds.
func band(rows []Row) (rates [Bands]learn.Rate, benign [Bands]int) {
	for b := range Bands {
		wrong := 0
		for _, row := range rows {
			benign[b] += row.Benign[b]
			wrong += row.FalseIn[b]
		}
		rates[b] = learn.RateOf(wrong, benign[b])
	}
	return rates, benign
}

// ratio is the largest false-action rate of a band over the smallest, of bands of 500 benign cases or more, with an interval from the
// seeds drawn again and again (the bootstrap's 2.5 % and 97.5 %).
func ratio(rows []Row) (value, low, high float64) {
	of := func(rows []Row) float64 {
		rates, benign := band(rows)
		least, most := math.Inf(1), 0.0
		for b := range Bands {
			if benign[b] >= 500 {
				least, most = min(least, rates[b].Value), max(most, rates[b].Value)
			}
		}
		return most / least
	}
	state := uint64(1)
	var drawn []float64
	for range 1000 {
		again := make([]Row, len(rows))
		for i := range again {
			state = state*6364136223846793005 + 1442695040888963407 // Knuth's linear congruential generator
			again[i] = rows[state>>33%uint64(len(rows))]
		}
		drawn = append(drawn, of(again))
	}
	return of(rows), at(drawn, .025), at(drawn, .975)
}

func (r Report) bands(w io.Writer) {
	fmt.Fprintf(w, "\nActions on benign cases, of 1,000, by followers (base cell; intervals by Wilson and, of the ratio, by bootstrap over seeds)\n\n")
	fmt.Fprintf(w, "policy\tunder 100\tunder 1,000\tunder 10,000\tmore\tlargest / smallest\n")
	for _, policy := range []string{FIFO, ByReports, ByViews, OursName, Hasty} {
		rows := r.of(Base().Name, false, policy)
		rates, _ := band(rows)
		fmt.Fprintf(w, "%s", policy)
		for _, rate := range rates {
			fmt.Fprintf(w, "\t%.1f [%.1f, %.1f]", 1000*rate.Value, 1000*rate.Low, 1000*rate.High)
		}
		value, low, high := ratio(rows)
		fmt.Fprintf(w, "\t%.1f [%.1f, %.1f]\n", value, low, high)
	}
}

// pool puts the scores of all seeds together.
func pool(rows []Row, which func(*Row) []learn.Scored) (all []learn.Scored) {
	for i := range rows {
		all = append(all, which(&rows[i])...)
	}
	return all
}

func brier(scored []learn.Scored) float64 {
	sum := 0.0
	for _, s := range scored {
		y := 0.0
		if s.Positive {
			y = 1
		}
		sum += (s.Score - y) * (s.Score - y)
	}
	return sum / float64(max(1, len(scored)))
}

// slope is how much the truth rises with P, by least squares: 1 is right.
func slope(scored []learn.Scored) float64 {
	n, sx, sy, sxx, sxy := float64(len(scored)), 0.0, 0.0, 0.0, 0.0
	for _, s := range scored {
		y := 0.0
		if s.Positive {
			y = 1
		}
		sx, sy, sxx, sxy = sx+s.Score, sy+y, sxx+s.Score*s.Score, sxy+s.Score*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

func drawnCases(r *Row) []learn.Scored   { return r.random }
func decidedCases(r *Row) []learn.Scored { return r.reviewed }

// Headline is the comparison in a cell in a few numbers: harm prevented in per cent, and what ours gains over the better of
// reports and views.
type Headline struct {
	Oldest, Reports, Views, Ours float64
	Better                       string  // of the two
	Gain, Half                   float64 // points, and the half of their 95 % interval over seeds
	FewerFalse                   float64 // share of the false actions that ours does not take
	ECE                          float64 // of P in the random lane, over 15 bins of equally many cases
}

// Headline of a cell that ran with the policies of [Few] at least.
func (r Report) Headline(cell string) Headline {
	mean := func(policy string) float64 { return over(r.of(cell, false, policy), prevented).mean }
	better, reference := r.best(cell, false)
	ours := r.of(cell, false, OursName)
	gain := paired(ours, reference)
	return Headline{
		Oldest: mean(FIFO), Reports: mean(ByReports), Views: mean(ByViews), Ours: mean(OursName),
		Better: better, Gain: gain.mean, Half: gain.half,
		FewerFalse: 1 - over(ours, falseActions).mean/over(reference, falseActions).mean,
		ECE:        learn.CalibrationError(pool(ours, drawnCases), 15),
	}
}

func (r Report) beliefs(w io.Writer) {
	rows := r.of(Base().Name, false, OursName)
	fmt.Fprintf(w, "\nP(violating) of ours against the truth (base cell, all seeds together), and prevalence from the random lane\n\n")
	fmt.Fprintf(w, "cases\tnumber\tAUC\tECE\tBrier\tslope\n")
	for _, part := range []struct {
		name  string
		which func(*Row) []learn.Scored
	}{{"of the random lane", drawnCases}, {"all that were decided", decidedCases}} {
		scored := pool(rows, part.which)
		auc, err := learn.AUC(scored)
		if err != nil {
			auc = math.NaN()
		}
		fmt.Fprintf(w, "%s\t%d\t%.3f\t%.3f\t%.3f\t%.2f\n", part.name, len(scored), auc, learn.CalibrationError(scored, 15), brier(scored), slope(scored))
	}
	covered := 0
	for _, row := range rows {
		if row.ViewsLow <= row.ViewsTrue && row.ViewsTrue <= row.ViewsHigh {
			covered++
		}
	}
	fmt.Fprintf(w, "\nviolative view rate of what waits\testimated %.3f\ttruth %.3f\tinterval covers it in %d of %d months\n",
		over(rows, func(r *Row) float64 { return r.Views }).mean, over(rows, func(r *Row) float64 { return r.ViewsTrue }).mean, covered, len(rows))
	if spot := r.of(string(BlindSpot), false, OursName); len(spot) > 0 {
		fmt.Fprintf(w, "blind spot: cases of the new segment acted on\t%.0f %%\tdays until half of a day's are\t%s\n", 100*over(spot, func(r *Row) float64 { return r.Recall }).mean, middle(spot, func(r *Row) float64 { return r.RecallDays }))
	}
}

// gates are what the benchmark asks of ours.
func (r Report) gates(w io.Writer) {
	verdict := func(ok bool) string {
		if ok {
			return "met"
		}
		return "NOT MET"
	}
	fmt.Fprintf(w, "\nGates\n\n")
	h := r.Headline(Base().Name)
	ours := r.of(Base().Name, false, OursName)
	fmt.Fprintf(w, "%s\t≥ 1.5 points more harm prevented than %q\t%v\n", verdict(h.Gain >= 1.5), h.Better, estimate{h.Gain, h.Half})
	fmt.Fprintf(w, "%s\t≥ 30 %% fewer false actions\t%.0f %%\n", verdict(h.FewerFalse >= .3), 100*h.FewerFalse)
	fmt.Fprintf(w, "%s\tECE on the random lane ≤ .03\t%.3f\n", verdict(h.ECE <= .03), h.ECE)
	value, low, high := ratio(ours)
	fmt.Fprintf(w, "%s\tratio of false-action rates between bands ≤ 2\t%.1f [%.1f, %.1f]\n", verdict(value <= 2), value, low, high)
	worst, where := math.Inf(1), ""
	for _, c := range Cells() {
		if rows := r.of(c.Name, false, OursName); len(rows) > 0 {
			if d := paired(rows, r.of(c.Name, false, FIFO)).mean; d < worst {
				worst, where = d, c.Name
			}
		}
	}
	fmt.Fprintf(w, "%s\tnever over 1 point worse than oldest first\t%+.1f in %q\n", verdict(worst >= -1), worst, where)
}

// WriteCSV writes every row.
func (r Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	head := []string{"cell", "policy", "perfect", "seed", "prevented", "averted_per_hour", "hours_p50", "hours_p95", "hours10_p50", "hours10_p95", "never_seen", "precision",
		"false_per_1000", "benign_views_lost", "reversed", "wrong_hours", "exposure_p95", "starved", "recall", "recall_days", "vvr", "vvr_low", "vvr_high", "vvr_true", "sampled"}
	for b := range Bands {
		head = append(head, fmt.Sprintf("benign_%d", b), fmt.Sprintf("false_%d", b))
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for _, row := range r.Rows {
		line := []string{row.Cell, row.Policy, strconv.FormatBool(row.Perfect), strconv.FormatUint(row.Seed, 10)}
		for _, v := range []float64{row.Prevented, row.PerHour, row.Half, row.Most, row.HalfTen, row.MostTen, row.NeverSeen, row.Precision, row.False, row.BenignLost, row.Reversed,
			row.WrongHours, row.Exposure, row.Starved, row.Recall, row.RecallDays, row.Views, row.ViewsLow, row.ViewsHigh, row.ViewsTrue, float64(row.Sampled)} {
			line = append(line, strconv.FormatFloat(v, 'g', 6, 64))
		}
		for b := range Bands {
			line = append(line, strconv.Itoa(row.Benign[b]), strconv.Itoa(row.FalseIn[b]))
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
