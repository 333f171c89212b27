package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/ringfence/ringfence/bench"
)

type benchCmd struct {
	Only  []string `placeholder:"NAME" help:"Sections to measure, instead of all: compare, text, http, keys, rules, image, review."`
	Peers string   `default:"bench/peers" type:"path" help:"Folder with the peers' modules, which the go tool builds."`
	Dir   string   `type:"existingdir" help:"Folder for the stores that are measured, on the disk that is meant; the system's temporary one if not given."`
	JSON  bool     `name:"json" help:"One JSON document instead of tables."`
}

func (benchCmd) Help() string {
	return `Takes some minutes; whatever else the machine does meanwhile spoils the figures.

Examples:

	ringfence bench
	ringfence bench --only compare,http --dir /var/lib/ringfence`
}

func (c *benchCmd) Run(ctx context.Context) error {
	threads() // as serve does
	report, err := bench.Run(ctx, bench.Options{Only: c.Only, Peers: c.Peers, Dir: c.Dir, Size: bench.Full(),
		Begin: func(name string) { fmt.Fprintf(os.Stderr, "measuring %s…\n", name) }})
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(&report)
	}
	return report.WriteText(os.Stdout)
}
