package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/learn"
	"github.com/ringfence/ringfence/sim"
)

type accountsCmd struct {
	Train accountsTrainCmd `cmd:"" help:"Learn to tell accounts that are automated or part of a campaign from labelled ones."`
	Score accountsScoreCmd `cmd:"" help:"Say of each account how likely it is automated or part of a campaign, and why."`
}

// accountEvents are the files that the verbs on accounts read.
type accountEvents struct {
	In      []string `required:"" placeholder:"EVENTS" sep:"none" help:"Event file (.gz and .zst too), - for standard input; several are read as one."`
	Format  string   `default:"" enum:",native,jetstream,csv" placeholder:"FORMAT" help:"native, jetstream or csv; by the file's name if not given."`
	Columns string   `placeholder:"MAPPING" help:"Columns of a CSV file: a preset or field=column,…; field==value sets a constant."`
}

// watch follows the accounts of the events.
func (c accountEvents) watch(looks bool) (*account.Watch, error) {
	var refused refusals
	in, err := sortedEvents(c.In, c.Format, c.Columns, &refused)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var (
		w      = &account.Watch{Looks: looks}
		e      event.Event
		events int64
		last   string
	)
	for {
		if err := in.Next(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if e.ID == last { // sorted by time and id, duplicates follow one another
			continue
		}
		last = strings.Clone(e.ID)
		events++
		if err := w.Add(&e); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(os.Stderr, "%d events, %d refused\n", events, refused.n)
	return w, refused.fault(events)
}

type accountsTrainCmd struct {
	accountEvents
	Truth   string `required:"" placeholder:"FILE" help:"File of {\"account\",\"harmful\"} lines, such as sim writes; an account with several is harmful if one says so."`
	Profile bool   `help:"Read the profile alone, as rules do, and not what accounts do."`
	Out     string `required:"" type:"path" help:"File for the model."`
}

func (accountsTrainCmd) Help() string {
	return `Prints how well the model does on accounts that it was not trained on: each fifth of them, scored by a model of the others. bands are
the benign accounts by their followers, with the share that would be flagged from a probability of .5 and its 95 % interval.

Example:

	ringfence accounts train --in week/events.ndjson.gz --truth week/truth.ndjson --profile --out account.model`
}

// trainedAccounts is what accounts train prints.
type trainedAccounts struct {
	Model            string        `json:"model"`
	Positive         int           `json:"positive"`
	Negative         int           `json:"negative"`
	AUC              float64       `json:"auc"`
	AveragePrecision float64       `json:"average_precision"`
	Brier            float64       `json:"brier"`
	CalibrationError float64       `json:"calibration_error"`
	At               []operation   `json:"at"`
	Bands            []accountBand `json:"bands"`
}

type accountBand struct {
	Followers string     `json:"followers"`
	Accounts  int        `json:"accounts"`
	FalseRate [3]float64 `json:"false_rate"`
}

func (c accountsTrainCmd) Run() error {
	truth, err := readAll[sim.Truth](c.Truth)
	if err != nil {
		return err
	}
	harmful := map[string]bool{}
	for _, t := range truth {
		harmful[t.Account] = harmful[t.Account] || t.Harmful
	}
	watch, err := c.watch(true)
	if err != nil {
		return err
	}
	kind := account.Behaviour
	if c.Profile {
		kind = account.Profile
	}
	model, report, err := account.Train(kind, watch.Examples(kind, harmful))
	if err != nil {
		return err
	}
	encoded := model.Append(nil)
	if err := os.WriteFile(c.Out, encoded, 0o644); err != nil {
		return err
	}
	out := trainedAccounts{Model: learn.ID(encoded), Positive: report.Positive, Negative: report.Negative, AUC: report.AUC,
		AveragePrecision: report.AveragePrecision, Brier: report.Brier, CalibrationError: report.CalibrationError}
	for _, threshold := range []float64{0.5, 0.75, 0.9, 0.97} {
		at := learn.At(report.Scored, threshold)
		out.At = append(out.At, operation{threshold, triple(at.Precision()), triple(at.Recall()), triple(at.FalseRate())})
	}
	for _, b := range report.Bands {
		out.Bands = append(out.Bands, accountBand{b.Followers, len(b.Scored), triple(b.FalseRate(0.5))})
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

type accountsScoreCmd struct {
	accountEvents
	Model    string `type:"existingfile" help:"File that accounts train wrote; the program's own, which was trained on simulations, if not given."`
	Features int    `default:"4" help:"How many of the features that decided are shown, at most."`
}

func (accountsScoreCmd) Help() string {
	return `by is what a feature added to the logit, before calibration; a value of null is one that is not known.

Example:

	ringfence accounts score --in week/events.ndjson.gz`
}

// accountFeature is a feature that decided.
type accountFeature struct {
	Feature string   `json:"feature"`
	Value   *float64 `json:"value"`
	By      float64  `json:"by"`
}

func (c accountsScoreCmd) Run() error {
	model, err := c.model()
	if err != nil {
		return err
	}
	watch, err := c.watch(false)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	err = watch.Each(model.Kind(), func(name string, row []float64) error {
		line := struct {
			Account  string           `json:"account"`
			P        float64          `json:"p"`
			Features []accountFeature `json:"features"`
		}{name, rounded(model.Score(row)), []accountFeature{}}
		for _, effect := range model.Explain(row, c.Features) {
			f := accountFeature{Feature: effect.Name, By: rounded(effect.By)}
			if !math.IsNaN(effect.Value) {
				value := rounded(effect.Value)
				f.Value = &value
			}
			line.Features = append(line.Features, f)
		}
		return out.Encode(line)
	})
	return errors.Join(err, w.Flush())
}

func rounded(v float64) float64 { return math.Round(v*1e4) / 1e4 }

func (c accountsScoreCmd) model() (*account.Model, error) {
	if c.Model == "" {
		return account.Default(account.Behaviour)
	}
	encoded, err := os.ReadFile(c.Model)
	if err != nil {
		return nil, err
	}
	model, err := account.Decode(encoded)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Model, err)
	}
	return model, nil
}
