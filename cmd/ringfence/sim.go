package main

import (
	"fmt"
	"os"

	"github.com/ringfence/ringfence/sim"
)

type simCmd struct {
	Seed  uint64 `default:"7" help:"The same seed and scale give the same bytes."`
	Scale string `default:"S" enum:"tiny,demo,S,M,L" help:"S is half a million events of 20,000 accounts, M five million, L fifty million; demo 100,000, tiny 10,000."`
	Out   string `required:"" type:"path" help:"Folder for events.ndjson.gz and truth.ndjson."`
}

func (simCmd) Help() string {
	return `Example:

	ringfence sim --seed 7 --scale S --out week`
}

func (c simCmd) Run() error {
	scale, err := sim.ScaleOf(c.Scale)
	if err != nil {
		return err
	}
	if err := sim.Write(c.Out, c.Seed, scale); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "wrote %s and %s to %s\n", sim.EventsFile, sim.TruthFile, c.Out)
	return nil
}
