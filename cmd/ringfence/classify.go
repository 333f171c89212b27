package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/ringfence/ringfence/learn"
	"github.com/ringfence/ringfence/text/classify"
)

type textTrainCmd struct {
	In       string   `required:"" help:"File of {\"id\",\"text\",\"label\"} lines, - for standard input."`
	Positive []string `required:"" placeholder:"LABEL" help:"The labels that the model is to find; all others are what it is to leave."`
	Out      string   `required:"" type:"path" help:"File for the model."`
}

func (textTrainCmd) Help() string {
	return `Prints how well the model does on texts that it was not trained on: each fifth of them, scored by a model of the others.

Example:

	ringfence text train --in labelled.ndjson --positive hate,threat --out abuse.model`
}

// trained is what text train prints.
type trained struct {
	Model            string      `json:"model"`
	Positive         int         `json:"positive"`
	Negative         int         `json:"negative"`
	AUC              float64     `json:"auc"`
	LogLoss          float64     `json:"log_loss"`
	CalibrationError float64     `json:"calibration_error"`
	At               []operation `json:"at"`
}

// operation is how the model does at a threshold; each rate is followed by its 95 % interval.
type operation struct {
	Threshold float64    `json:"threshold"`
	Precision [3]float64 `json:"precision"`
	Recall    [3]float64 `json:"recall"`
	FalseRate [3]float64 `json:"false_rate"`
}

func (c textTrainCmd) Run() error {
	var examples []classify.Example
	found := map[string]bool{}
	err := readTexts(c.In, func(t text) error {
		if len(examples) == classify.MaxExamples {
			return fmt.Errorf("%s: more than %d texts: draw some at random", c.In, classify.MaxExamples)
		}
		positive := slices.Contains(c.Positive, t.Label)
		found[t.Label] = true
		examples = append(examples, classify.Example{Text: t.Text, Positive: positive})
		return nil
	})
	if err != nil {
		return err
	}
	for _, label := range c.Positive {
		if !found[label] {
			return fmt.Errorf("%s: no text is labelled %q", c.In, label)
		}
	}
	model, report, err := classify.Train(examples)
	if err != nil {
		return err
	}
	encoded := model.Append(nil)
	if err := os.WriteFile(c.Out, encoded, 0o644); err != nil {
		return err
	}
	out := trained{Model: learn.ID(encoded), Positive: report.Positive, Negative: report.Negative, AUC: report.AUC, LogLoss: report.LogLoss, CalibrationError: report.CalibrationError}
	for _, threshold := range []float64{0.1, 0.25, 0.5, 0.75, 0.9} {
		at := learn.At(report.Scored, threshold)
		out.At = append(out.At, operation{threshold, triple(at.Precision()), triple(at.Recall()), triple(at.FalseRate())})
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func triple(r learn.Rate) [3]float64 { return [3]float64{r.Value, r.Low, r.High} }

type textScoreCmd struct {
	Model string `required:"" type:"existingfile" help:"File that text train wrote."`
	In    string `required:"" help:"File of {\"id\",\"text\"} lines, - for standard input."`
	Grams int    `default:"5" help:"How many of the n-grams that decided are shown, at most."`
}

func (textScoreCmd) Help() string {
	return `A space in an n-gram stands for the edge of a word, "http" for a link, "@" for a mention. Its weight is what it added to the logit.

Example:

	ringfence text score --model abuse.model --in texts.ndjson`
}

func (c textScoreCmd) Run() error {
	encoded, err := os.ReadFile(c.Model)
	if err != nil {
		return err
	}
	model, err := classify.Decode(encoded)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Model, err)
	}
	return eachText(c.In, func(t text) any {
		score := model.Score(t.Text)
		return struct {
			ID    string          `json:"id"`
			P     float64         `json:"p"`
			Logit float64         `json:"logit"`
			Grams []classify.Gram `json:"grams"`
		}{t.ID, score.Probability, score.Logit, append([]classify.Gram{}, model.Explain(t.Text, c.Grams)...)}
	})
}
