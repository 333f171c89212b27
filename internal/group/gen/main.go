// Command gen trains the model of harm on simulations, prints how good it is, and writes harm.model. It takes some minutes.
//
// Seeds 1001 to 1006 train, 2001 and 2002 stop and calibrate; 7 was looked at while the features were made. Figures of the whole are measured on others.
package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/group"
	"github.com/ringfence/ringfence/learn"
	"github.com/ringfence/ringfence/sim"
)

var (
	training    = []uint64{1001, 1002, 1003, 1004, 1005, 1006}
	calibrating = []uint64{2001, 2002, 2003}
	scale       = sim.Scale{Accounts: 6_000, Events: 90_000, Days: 7, Campaigns: 1}
)

const every = 12 * 3600 * 1_000_000_000 // nanoseconds of event time after which groups are looked at

// example is a group as it stood at a time. weight is less the more often the group is there.
type example struct {
	row       []float64
	harmful   bool
	archetype string // or class, of most of its accounts
	weight    float64
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() error {
	seeds := slices.Concat(training, calibrating)
	found := make([][]example, len(seeds))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, seed := range seeds {
		work.Go(func() (err error) {
			found[i], err = examples(seed)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	train, rest := slices.Concat(found[:len(training)]...), slices.Concat(found[len(training):]...)
	model, calibration, err := fit(train, rest)
	if err != nil {
		return err
	}
	scored := score(model, calibration, rest)
	auc, err := learn.AUC(scored)
	if err != nil {
		return err
	}
	fmt.Printf("%d examples, %d to calibrate: %d trees, AUC %.4f, Brier %.4f, calibration error %.4f\n", len(train), len(rest), model.Len(), auc,
		learn.Brier(scored), learn.DebiasedCalibrationError(scored, 10))
	if err := leaveOut(train, rest); err != nil {
		return err
	}
	return os.WriteFile("harm.model", calibration.Append(model.Append(nil)), 0o644)
}

// fit trains trees and calibrates their scores. What can only speak for harm, or against it, may do nothing else.
func fit(train, rest []example) (*learn.Trees, learn.Calibration, error) {
	opts := learn.DefaultBoost(learn.LogisticLoss)
	opts.Trees, opts.Leaves, opts.Rate, opts.MinRows, opts.L2 = 150, 6, .1, 8, 2
	opts.RowShare, opts.ColumnShare, opts.Patience, opts.Seed = .8, .5, 30, 1
	names := group.FeatureNames()
	opts.Monotone = make([]int8, len(names))
	for name, sign := range map[string]int8{"unconfirmed": 1, "verified": -1, "age": -1, "born_together": 1, "changed_together": 1,
		"same_pattern": 1, "followers": -1, "bots": -1, "hits": 1, "deletes": 1} {
		opts.Monotone[slices.Index(names, name)] = sign
	}
	model, err := learn.Boost(table(train), table(rest), opts)
	if err != nil {
		return nil, nil, err
	}
	var scored []learn.Scored
	for _, x := range rest {
		scored = append(scored, learn.Scored{Score: model.Score(x.row), Positive: x.harmful})
	}
	calibration, err := learn.FitPlatt(scored)
	return model, calibration, err
}

func table(of []example) *learn.Table {
	t := &learn.Table{Names: group.FeatureNames()}
	for _, x := range of {
		y := 0.0
		if x.harmful {
			y = 1
		}
		t.Rows, t.Targets, t.Weights = append(t.Rows, x.row), append(t.Targets, y), append(t.Weights, x.weight)
	}
	return t
}

func score(model *learn.Trees, calibration learn.Calibration, of []example) []learn.Scored {
	var scored []learn.Scored
	for _, x := range of {
		scored = append(scored, learn.Scored{Score: calibration.Probability(model.Score(x.row)), Positive: x.harmful})
	}
	return scored
}

// leaveOut prints, for each kind of group, how many of its examples are on the right side of .9 with and without it in training.
func leaveOut(train, rest []example) error {
	kinds := map[string]int{}
	for _, x := range rest {
		kinds[x.archetype]++
	}
	whole, calibration, err := fit(train, rest)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(kinds))
	for name := range kinds {
		names = append(names, name)
	}
	slices.SortFunc(names, cmp.Compare)
	for _, name := range names {
		is := func(x example) bool { return x.archetype == name }
		less, calibrated, err := fit(slices.DeleteFunc(slices.Clone(train), is), slices.DeleteFunc(slices.Clone(rest), is))
		if err != nil {
			return err
		}
		with, without, harmful := 0, 0, false
		for _, x := range rest {
			if is(x) {
				harmful = x.harmful
				if calibration.Probability(whole.Score(x.row)) >= .9 {
					with++
				}
				if calibrated.Probability(less.Score(x.row)) >= .9 {
					without++
				}
			}
		}
		fmt.Printf("%-24s harmful %-5t %4d examples, %4d flagged, %4d when left out of training\n", name, harmful, kinds[name], with, without)
	}
	return nil
}

// examples are the groups of one simulation at several times.
func examples(seed uint64) ([]example, error) {
	scorer, err := group.NewScorer() // its scores are not used
	if err != nil {
		return nil, err
	}
	finder, err := group.NewFinder(group.DefaultOptions(), scorer)
	if err != nil {
		return nil, err
	}
	type look struct {
		row      []float64
		accounts []string
	}
	seen := map[string][]look{}
	var order []string
	next := sim.Start + every
	observe := func() error {
		groups, err := finder.Groups()
		if err != nil {
			return err
		}
		for _, g := range groups {
			if len(g.Accounts) == 0 {
				continue
			}
			if seen[g.ID] == nil {
				order = append(order, g.ID)
			}
			seen[g.ID] = append(seen[g.ID], look{slices.Clone(g.Features), slices.Clone(g.Accounts)})
		}
		return nil
	}
	truth, err := sim.Generate(seed, scale, func(e *event.Event) error {
		if e.Time >= next {
			next += every
			if err := observe(); err != nil {
				return err
			}
		}
		return finder.Add(e)
	})
	if err != nil {
		return nil, err
	}
	if err := observe(); err != nil {
		return nil, err
	}
	harmful, kind := map[string]bool{}, map[string]string{}
	for _, t := range truth {
		harmful[t.Account] = harmful[t.Account] || t.Harmful
		if t.Harmful {
			kind[t.Account] = t.Archetype
		} else if kind[t.Account] == "" {
			kind[t.Account] = t.Class
		}
	}
	var out []example
	for _, id := range order {
		for _, l := range seen[id] {
			n := 0
			kinds := map[string]int{}
			for _, account := range l.accounts {
				if harmful[account] {
					n++
				}
				kinds[kind[account]]++
			}
			most := ""
			for k, n := range kinds {
				if n > kinds[most] || n == kinds[most] && k < most {
					most = k
				}
			}
			out = append(out, example{l.row, 2*n >= len(l.accounts), most, 1 / float64(len(seen[id]))})
		}
	}
	return out, nil
}
