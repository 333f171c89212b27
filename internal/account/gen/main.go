// Command gen trains the models that are part of the program on simulations and writes profile.model and behaviour.model. It takes some
// minutes.
//
// Seeds 2001 to 2006 train. Figures are measured on others.
package main

import (
	"fmt"
	"os"

	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/sim"
)

const firstSeed, lastSeed = 2001, 2006

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() error {
	files := [...]string{account.Profile: "profile.model", account.Behaviour: "behaviour.model"}
	var examples [len(files)][]account.Example
	for seed := uint64(firstSeed); seed <= lastSeed; seed++ {
		watch := account.Watch{Looks: true}
		truth, err := sim.Generate(seed, sim.Scale{Accounts: 4_000, Events: 50_000, Days: 7, Campaigns: 2}, watch.Add)
		if err != nil {
			return err
		}
		harmful := map[string]bool{}
		for _, t := range truth {
			harmful[t.Account] = harmful[t.Account] || t.Harmful
		}
		for kind := range files {
			for _, x := range watch.Examples(account.Kind(kind), harmful) {
				x.Account = fmt.Sprintf("%d %s", seed, x.Account) // the same name in another simulation is another account
				examples[kind] = append(examples[kind], x)
			}
		}
	}
	for kind, file := range files {
		model, report, err := account.Train(account.Kind(kind), examples[kind])
		if err != nil {
			return err
		}
		encoded := model.Append(nil)
		fmt.Printf("%s: %d bytes, %d and %d accounts, %d looks, AUC %.4f, AP %.4f, Brier %.4f, calibration error %.4f\n", file, len(encoded),
			report.Positive, report.Negative, len(examples[kind]), report.AUC, report.AveragePrecision, report.Brier, report.CalibrationError)
		if err := os.WriteFile(file, encoded, 0o644); err != nil {
			return err
		}
	}
	return nil
}
