// Command gen trains the model of harm on simulations and writes harm.model. It takes some minutes.
//
// Seeds 1001 to 1006 train, 1007 to 1010 calibrate; 7 was looked at while the features were made. Figures are measured on others.
package main

import (
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

const (
	firstSeed = 1001
	trained   = 6
	seeds     = 10
	every     = 12 * 3600 * 1_000_000_000 // nanoseconds of event time after which groups are looked at
	passes    = 60
)

// example is a group as it stood at a time. weight is less the more often the group is there.
type example struct {
	vector  learn.Vector
	harmful bool
	weight  float64
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() error {
	var found [seeds][]example
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range found {
		work.Go(func() (err error) {
			found[i], err = examples(firstSeed + uint64(i))
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	sets := [2][]example{slices.Concat(found[:trained]...), slices.Concat(found[trained:]...)}
	trainer, err := learn.NewFTRL(learn.Options{Bits: group.ModelBits, Alpha: .1, Beta: 1, L2: 1})
	if err != nil {
		return err
	}
	for range passes {
		for _, x := range sets[0] {
			trainer.Learn(x.vector, x.harmful, x.weight)
		}
	}
	model := trainer.Model()
	var scored []learn.Scored
	for _, x := range sets[1] {
		scored = append(scored, learn.Scored{Score: model.Logit(x.vector), Positive: x.harmful})
	}
	calibration, err := learn.FitPlatt(scored)
	if err != nil {
		return err
	}
	for i := range scored {
		scored[i].Score = calibration.Probability(scored[i].Score)
	}
	auc, err := learn.AUC(scored)
	if err != nil {
		return err
	}
	fmt.Printf("%d examples, %d to calibrate: AUC %.4f, calibration error %.4f\n", len(sets[0]), len(scored), auc, learn.CalibrationError(scored, 10))
	for i, name := range group.FeatureNames() {
		fmt.Printf("%-14s %+.2f\n", name, model.Weight(uint32(i)))
	}
	return os.WriteFile("harm.model", calibration.Append(model.Append(nil)), 0o644)
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
		vector   learn.Vector
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
			if seen[g.ID] == nil {
				order = append(order, g.ID)
			}
			seen[g.ID] = append(seen[g.ID], look{g.Vector, append([]string(nil), g.Accounts...)})
		}
		return nil
	}
	scale := sim.Scale{Accounts: 4_000, Events: 50_000, Days: 7, Campaigns: 2}
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
	harmful := map[string]bool{}
	for _, t := range truth {
		harmful[t.Account] = harmful[t.Account] || t.Harmful
	}
	var out []example
	for _, id := range order {
		for _, l := range seen[id] {
			n := 0
			for _, account := range l.accounts {
				if harmful[account] {
					n++
				}
			}
			out = append(out, example{l.vector, 2*n >= len(l.accounts), 1 / float64(len(seen[id]))})
		}
	}
	return out, nil
}
