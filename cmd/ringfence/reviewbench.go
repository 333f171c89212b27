package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/ringfence/ringfence/internal/review/reviewbench"
	"github.com/ringfence/ringfence/internal/source"
)

type reviewBenchCmd struct {
	Seeds    int    `default:"5" help:"Simulated months of each setting."`
	First    uint64 `default:"101" help:"Seed of the first month. 1 to 20 are those that constants were chosen on."`
	All      bool   `help:"Vary each factor of the world, too."`
	Accounts string `placeholder:"FILE" help:"CSV file of labelled accounts to draw from (label_polluter, followings, followers, tweets, screen_name_len, description_len), in place of generated ones."`
	Cascades string `placeholder:"FILE" help:"CSV file of cascades (label, delays_min) by which views are spread, in place of generated ones."`
	Rows     string `type:"path" placeholder:"FILE" help:"CSV file for every single figure."`
}

func (reviewBenchCmd) Help() string {
	return `Simulates months of a review team whose queue is ordered in different ways, and compares the harm that each prevents.

Examples:

	ringfence review bench
	ringfence review bench --all --seeds 20 --rows rows.csv`
}

// Validate is called by the command line's parser.
func (c reviewBenchCmd) Validate() error {
	if c.Seeds < 1 || c.Seeds > 1000 {
		return fmt.Errorf("--seeds is %d: want 1 to 1000", c.Seeds)
	}
	return nil
}

func (c reviewBenchCmd) Run(ctx context.Context) error {
	src, err := c.world()
	if err != nil {
		return err
	}
	seeds := make([]uint64, c.Seeds)
	for i := range seeds {
		seeds[i] = c.First + uint64(i)
	}
	rows, err := reviewbench.Run(ctx, src, reviewbench.Jobs(seeds, c.All))
	if err != nil {
		return err
	}
	report := reviewbench.Report{Rows: rows}
	if c.Rows != "" {
		f, err := os.Create(c.Rows)
		if err != nil {
			return err
		}
		if err := report.WriteCSV(f); err != nil {
			return fmt.Errorf("%s: %w", c.Rows, err)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return report.WriteText(os.Stdout)
}

// world is what months are drawn from: files where they are named.
func (c reviewBenchCmd) world() (reviewbench.Source, error) {
	src := reviewbench.Source{Accounts: reviewbench.NewGenerated(), Spread: reviewbench.GenerateSpread(rand.New(rand.NewPCG(1, 1)))}
	if c.Accounts != "" {
		f, err := source.OpenPlain(c.Accounts, os.Stdin)
		if err != nil {
			return src, err
		}
		defer f.Close()
		if src.Accounts, err = reviewbench.ReadTable(f); err != nil {
			return src, fmt.Errorf("%s: %w", c.Accounts, err)
		}
	}
	if c.Cascades != "" {
		f, err := source.OpenPlain(c.Cascades, os.Stdin)
		if err != nil {
			return src, err
		}
		defer f.Close()
		if src.Spread, err = reviewbench.ReadSpread(f); err != nil {
			return src, fmt.Errorf("%s: %w", c.Cascades, err)
		}
	}
	return src, nil
}
