package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/group"
)

type groupsFindCmd struct {
	In     []string `required:"" placeholder:"EVENTS" sep:"none" help:"Event file (.gz and .zst too), - for standard input; several are read as one."`
	Format string   `default:"" enum:",native,jetstream,csv" placeholder:"FORMAT" help:"native, jetstream or csv; by the file's name if not given."`

	Columns string  `placeholder:"MAPPING" help:"Columns of a CSV file: a preset or field=column,…; field==value sets a constant."`
	Alpha   float64 `default:"0.001" help:"The share of the edges that may be due to chance, above 0 and below 1."`
}

func (groupsFindCmd) Help() string {
	return `Example:

	ringfence groups find --in week/events.ndjson.gz

A group is one line. traces says how many of its edges each kind of co-action ties, and the p-value (as a power of ten) of the strongest; evidence names
what the most members met at. score is the probability that it does harm, of a model that was trained on simulations; flagged, that it is at the shipped
operating point; first_flagged, since when.`
}

// foundGroup is a group as it is printed.
type foundGroup struct {
	Group        string              `json:"group"`
	Accounts     []string            `json:"accounts"`
	Score        float64             `json:"score"`
	Flagged      bool                `json:"flagged"`
	Reasons      []string            `json:"reasons"`
	Evidence     []foundEvidence     `json:"evidence"`
	Found        string              `json:"found"`
	FirstFlagged *string             `json:"first_flagged"`
	Traces       map[string]foundTie `json:"traces"`
}

type foundEvidence struct {
	Trace    string `json:"trace"`
	Key      string `json:"key"`
	Accounts int    `json:"accounts"`
	From     string `json:"from"`
	To       string `json:"to"`
}

type foundTie struct {
	Edges  int     `json:"edges"`
	Log10P float64 `json:"log10_p"`
}

func (c groupsFindCmd) Run() error {
	scorer, err := group.NewScorer()
	if err != nil {
		return err
	}
	opts := group.DefaultOptions()
	opts.Alpha = c.Alpha
	finder, err := group.NewFinder(opts, scorer)
	if err != nil {
		return err
	}
	var refused refusals
	in, err := sortedEvents(c.In, c.Format, c.Columns, &refused)
	if err != nil {
		return err
	}
	defer in.Close()
	var (
		e      event.Event
		events int64
		last   string
	)
	for {
		if err := in.Next(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if e.ID == last { // sorted by time and id, duplicates follow one another
			continue
		}
		last = strings.Clone(e.ID)
		events++
		if err := finder.Add(&e); err != nil {
			return err
		}
	}
	groups, err := finder.Groups()
	if err != nil {
		return err
	}
	w := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for _, g := range groups {
		if err := out.Encode(printed(g)); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "%d events, %d refused: %d groups, %d of them flagged\n", events, refused.n, len(groups), flagged(groups))
	return errors.Join(refused.fault(events), w.Flush())
}

func printed(g *group.Group) foundGroup {
	line := foundGroup{Group: g.ID, Accounts: g.Accounts, Score: g.Score, Flagged: g.Flagged, Reasons: g.Reasons, Evidence: []foundEvidence{},
		Found: event.FormatTime(g.Found), Traces: map[string]foundTie{}}
	for _, e := range g.Evidence {
		line.Evidence = append(line.Evidence, foundEvidence{e.Trace, e.Key, e.Accounts, event.FormatTime(e.From), event.FormatTime(e.To)})
	}
	for _, t := range g.Ties {
		line.Traces[t.Trace] = foundTie{t.Edges, t.Log10P}
	}
	if g.FirstFlagged != 0 {
		at := event.FormatTime(g.FirstFlagged)
		line.FirstFlagged = &at
	}
	return line
}

func flagged(groups []*group.Group) int {
	n := 0
	for _, g := range groups {
		if g.Flagged {
			n++
		}
	}
	return n
}
