package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"

	"github.com/ringfence/ringfence/graph/leiden"
	"github.com/ringfence/ringfence/internal/source"
)

type graphCmd struct {
	Leiden graphLeidenCmd `cmd:"" help:"Communities in a graph."`
}

type graphLeidenCmd struct {
	Objective string   `required:"" enum:"modularity,cpm" help:"modularity, or cpm: the constant Potts model, for small dense groups."`
	Gamma     *float64 `placeholder:"G" help:"Resolution: 1 by default for modularity; for cpm the least density inside a community, in weight a pair."`
	In        string   `required:"" help:"List of edges, a line each: two nodes and perhaps a weight, parted by tabs or spaces; .gz and .zst too, - for standard input."`
	Passes    int      `default:"2" help:"How many times the whole is done at most, each from the result of the one before."`
	Seed      uint64   `default:"0" help:"Of the order in which nodes are visited."`
}

func (graphLeidenCmd) Help() string {
	return `Example:

	printf 'a b\nb c\na c\nc d\nd e\ne f\nd f\n' | ringfence graph leiden --objective cpm --gamma 0.5 --in -

Each node is printed with its community, in the order in which nodes first stand in the input. Communities are numbered from 0 by
size, and among equals by their first node. The value of the objective goes to standard error: for cpm the sum of e - G*n(n-1)/2.`
}

// Validate is called by the command line's parser.
func (c graphLeidenCmd) Validate() error {
	switch {
	case c.Objective == "cpm" && c.Gamma == nil:
		return fmt.Errorf("--objective cpm needs --gamma")
	case c.Gamma != nil && !(*c.Gamma >= 0):
		return fmt.Errorf("--gamma is %v: want 0 or more", *c.Gamma)
	case c.Passes < 1:
		return fmt.Errorf("--passes is %d: want 1 or more", c.Passes)
	}
	return nil
}

func (c graphLeidenCmd) Run() error {
	o := leiden.Options{Objective: leiden.Modularity, Gamma: 1, Seed: c.Seed, Passes: c.Passes}
	if c.Objective == "cpm" {
		o.Objective = leiden.CPM
	}
	if c.Gamma != nil {
		o.Gamma = *c.Gamma
	}
	in, err := source.OpenPlain(c.In, os.Stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	var refused refusals
	names, edges, err := leiden.ReadEdges(in, func(e *leiden.LineError) error {
		refused.add(fmt.Errorf("%s: %w", c.In, e))
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", c.In, err)
	}
	if err := refused.fault(int64(len(edges))); err != nil {
		return err
	}
	g, err := leiden.NewGraph(len(names), edges)
	if err != nil {
		return err
	}
	result, err := leiden.Run(g, o)
	if err != nil {
		return err
	}
	quality, err := leiden.Quality(g, result.Community, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d nodes, %d edges, %d lines refused: %d communities, %s %.6g\n", g.Nodes(), g.Edges(), refused.n, result.Communities, c.Objective, quality)
	w := bufio.NewWriterSize(os.Stdout, 1<<16)
	var line []byte
	for v, name := range names {
		line = append(append(line[:0], name...), '\t')
		line = append(strconv.AppendUint(line, uint64(result.Community[v]), 10), '\n')
		w.Write(line)
	}
	return w.Flush()
}
