package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ringfence/ringfence/text/fold"
	"github.com/ringfence/ringfence/text/lang"
	"github.com/ringfence/ringfence/text/match"
)

type textCmd struct {
	Fold     textFoldCmd     `cmd:"" help:"The canonical form of texts: two texts that look alike fold alike."`
	Match    textMatchCmd    `cmd:"" help:"Listed terms in texts, however they are disguised."`
	Families textFamiliesCmd `cmd:"" help:"Texts that are copies of one another, and the template that they share."`
	Links    textLinksCmd    `cmd:"" help:"The links in texts, also those written so that software does not see them."`
	Habits   textHabitsCmd   `cmd:"" help:"How texts are obfuscated, and which accounts share the habit."`
	Discover textDiscoverCmd `cmd:"" help:"Terms and disguises that nobody listed, with what speaks for them."`
	Train    textTrainCmd    `cmd:"" help:"A model that says how likely a text is of a kind, from labelled texts."`
	Score    textScoreCmd    `cmd:"" help:"How likely texts are of a model's kind, and what decided."`
}

// text is a line of the input of text verbs.
type text struct {
	ID      string `json:"id"`
	Text    string `json:"text"`
	Label   string `json:"label"`   // for text train
	Account string `json:"account"` // for text habits and text discover
}

// readTexts calls do for each text of a file, in their order. T is text, or what a verb reads in its place.
func readTexts[T any](path string, do func(T) error) error {
	in := os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	dec := json.NewDecoder(bufio.NewReaderSize(in, 1<<16))
	for n := 1; ; n++ {
		var t T
		if err := dec.Decode(&t); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: text %d: %w", path, n, err)
		}
		if err := do(t); err != nil {
			return err
		}
	}
}

// eachText writes what do makes of each text of a file, a line each. What was made before a bad line stays.
func eachText(path string, do func(text) any) error {
	w := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	err := readTexts(path, func(t text) error { return out.Encode(do(t)) })
	return errors.Join(err, w.Flush())
}

type textFoldCmd struct {
	In string `required:"" help:"File of {\"id\",\"text\"} lines, - for standard input."`
}

func (textFoldCmd) Help() string {
	return `Example:

	echo '{"id":"1","text":"Ｆｒｅｅ  Money"}' | ringfence text fold --in -`
}

func (c textFoldCmd) Run() error {
	var reader fold.Reader
	return eachText(c.In, func(t text) any {
		reader.Read(t.Text)
		return struct {
			ID     string `json:"id"`
			Fold   string `json:"fold"`
			Script string `json:"script"`
			Lang   string `json:"lang"`
		}{t.ID, fold.String(t.Text), reader.Script.String(), lang.Detect(t.Text).Lang}
	})
}

type textMatchCmd struct {
	Terms   string `required:"" help:"File of terms: .txt with a term a line, or .yaml with their fields."`
	In      string `required:"" help:"File of {\"id\",\"text\"} lines, - for standard input."`
	MaxCost int    `default:"-1" help:"Leave out matches that cost more hundredths; 0 finds terms only as they are listed, up to case. No limit by default."`
}

func (textMatchCmd) Help() string {
	return `Example:

	echo '{"id":"1","text":"f.r.3.3 m0ney"}' | ringfence text match --terms terms.txt --in -`
}

// textMatch is one match as it is printed.
type textMatch struct {
	Term    string   `json:"term"`
	Start   int      `json:"start"`
	End     int      `json:"end"`
	Surface string   `json:"surface"`
	Cost    float64  `json:"cost"`
	How     []string `json:"how"`
}

func (c textMatchCmd) Run() error {
	bank, err := compileTerms(c.Terms)
	if err != nil {
		return err
	}
	var finder match.Finder
	find := finder.Find
	if c.MaxCost == 0 {
		find = finder.FindPlain
	}
	return eachText(c.In, func(t text) any {
		return struct {
			ID      string      `json:"id"`
			Matches []textMatch `json:"matches"`
		}{t.ID, matched(bank, find(bank, t.Text), t.Text, c.MaxCost)}
	})
}

// matched is what was found in a text, as it is printed, without what costs more; -1 is no limit.
func matched(bank *match.Bank, found []match.Match, text string, maxCost int) []textMatch {
	out := []textMatch{}
	for _, m := range found {
		if maxCost < 0 || m.Cost <= maxCost {
			out = append(out, textMatch{bank.Terms()[m.Term].Text, m.Start, m.End, text[m.Start:m.End], float64(m.Cost) / 100, m.How.Names()})
		}
	}
	return out
}

// compileTerms compiles the terms of a file.
func compileTerms(path string) (*match.Bank, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	terms, err := match.ReadTerms(f, path)
	if err != nil {
		return nil, err
	}
	bank, err := match.Compile(terms)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return bank, nil
}
