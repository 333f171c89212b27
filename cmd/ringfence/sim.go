package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/source"
	"github.com/ringfence/ringfence/sim"
)

type simCmd struct {
	Seed      uint64        `default:"7" help:"The same seed and scale give the same bytes."`
	Scale     string        `default:"S" enum:"tiny,demo,S,M,L" help:"S is half a million events of 20,000 accounts, M five million, L fifty million; demo 120,000, tiny 19,000."`
	Round     int           `help:"Round, from 0; each follows the one before in time."`
	Suspended string        `placeholder:"FILE" help:"Accounts that were enforced upon in earlier rounds, one a line: they are silent, and campaigns adapt."`
	Lost      int           `placeholder:"N" help:"Of 1,000 events, how many never arrive."`
	Late      time.Duration `help:"Events arrive up to this long after they happened, and the file is in the order of arrival."`
	Skew      time.Duration `help:"The clocks of one account in ten are off by up to this."`
	Out       string        `required:"" type:"path" help:"Folder for events.ndjson.gz, truth.ndjson and campaigns.ndjson."`
}

func (simCmd) Help() string {
	return `Examples:

	ringfence sim --seed 7 --scale S --out week
	ringfence sim --seed 7 --scale S --round 1 --suspended suspended.txt --out next-week
	ringfence sim --seed 7 --scale S --lost 50 --late 2m --skew 30s --out bad-week`
}

func (c simCmd) Run() error {
	scale, err := sim.ScaleOf(c.Scale)
	if err != nil {
		return err
	}
	r := sim.Round{Seed: c.Seed, Scale: scale, Number: c.Round, Delivery: sim.Delivery{Lost: c.Lost, Late: c.Late, Skew: c.Skew}}
	if c.Suspended != "" {
		if r.Suspended, err = accounts(c.Suspended); err != nil {
			return err
		}
	}
	if err := r.Write(c.Out, runtime.GOMAXPROCS(0)); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "wrote %s, %s and %s to %s\n", sim.EventsFile, sim.TruthFile, sim.CampaignsFile, c.Out)
	return nil
}

// accounts reads a file of accounts, one a line.
func accounts(path string) ([]string, error) {
	in, err := source.OpenPlain(path, os.Stdin)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var all []string
	for lines := bufio.NewScanner(in); ; {
		if !lines.Scan() {
			if err := lines.Err(); err != nil {
				return nil, fmt.Errorf("%s: line %d: %w", path, len(all)+1, err)
			}
			return all, nil
		}
		if account := strings.TrimSpace(lines.Text()); account != "" {
			all = append(all, account)
		}
	}
}
