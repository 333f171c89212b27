package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ringfence/ringfence/internal/group"
	"github.com/ringfence/ringfence/internal/source"
	"github.com/ringfence/ringfence/sim"
)

type evalCmd struct {
	Groups evalGroupsCmd `cmd:"" help:"How well groups that were found agree with the truth."`
}

type evalGroupsCmd struct {
	Truth  []string `required:"" placeholder:"FILE" sep:"none" help:"File of the truth as sim writes it. Given several times, runs are counted together."`
	Groups []string `required:"" placeholder:"FILE" sep:"none" help:"File of groups as groups find writes it, one for each truth."`
}

func (evalGroupsCmd) Help() string {
	return `Example:

	ringfence eval groups --truth week/truth.ndjson --groups groups.ndjson

Rates come with their 95% interval by Wilson, which takes accounts for independent; those of one group are not.`
}

// Validate is called by the command line's parser.
func (c evalGroupsCmd) Validate() error {
	if len(c.Truth) != len(c.Groups) {
		return fmt.Errorf("--truth is given %d times and --groups %d times: want one for each", len(c.Truth), len(c.Groups))
	}
	return nil
}

func (c evalGroupsCmd) Run() error {
	runs := make([]group.Run, len(c.Truth))
	for i := range runs {
		var err error
		if runs[i].Truth, err = readAll[sim.Truth](c.Truth[i]); err != nil {
			return err
		}
		if runs[i].Found, err = readAll[group.Found](c.Groups[i]); err != nil {
			return err
		}
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(group.Measure(runs))
}

// readAll reads a file of JSON values.
func readAll[T any](path string) ([]T, error) {
	in, err := source.OpenPlain(path, os.Stdin)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var all []T
	for d := json.NewDecoder(in); ; {
		var v T
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: value %d: %w", path, len(all)+1, err)
		}
		all = append(all, v)
	}
}
