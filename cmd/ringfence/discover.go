package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/ringfence/ringfence/text/discover"
)

type textDiscoverCmd struct {
	Terms    string `required:"" help:"File of the terms that are listed: .txt with a term a line, or .yaml with their fields."`
	In       string `required:"" help:"File of {\"id\",\"text\",\"account\",\"time\"} lines, - for standard input; account and time (RFC 3339) are optional."`
	Labelled string `placeholder:"FIELD" help:"Field of the input that marks the posts of accounts under suspicion: anything but false, 0, \"\" and null."`
	Top      int    `default:"100" help:"How many candidates to print."`
	Capacity int    `default:"65536" help:"How many terms of suspect posts to hold in memory, some 750 bytes each."`
}

func (textDiscoverCmd) Help() string {
	return `Example:

	ringfence text discover --terms terms.txt --in posts.ndjson --labelled spam | jq -r .term > candidates.txt

Posts are suspect if they are labelled, or hold a listed term. Candidates come best first, with what speaks for them; a person
decides which of them to list. The input should be in order of time.`
}

// Validate is called by the command line's parser.
func (c textDiscoverCmd) Validate() error {
	if c.Top < 1 {
		return fmt.Errorf("--top is %d: want 1 at least", c.Top)
	}
	if c.Capacity < 16 {
		return fmt.Errorf("--capacity is %d: want 16 at least", c.Capacity)
	}
	return nil
}

// datedText is a line of the input, with all its fields.
type datedText struct {
	text
	Time   time.Time `json:"time"`
	fields map[string]any
}

func (t *datedText) UnmarshalJSON(b []byte) error {
	type plain datedText
	if err := json.Unmarshal(b, (*plain)(t)); err != nil {
		return err
	}
	return json.Unmarshal(b, &t.fields)
}

// marked reports whether a field says yes.
func (t *datedText) marked(field string) bool {
	switch v := t.fields[field].(type) {
	case nil:
		return false
	case bool:
		return v
	case float64:
		return v != 0
	case string:
		return v != "" && v != "0" && v != "false"
	}
	return true
}

// candidate is one as it is printed.
type candidate struct {
	Term       string             `json:"term"`
	Kind       discover.Kind      `json:"kind"`
	Score      float64            `json:"score"`
	LogOdds    float64            `json:"log_odds"`
	Z          float64            `json:"z"`
	Company    float64            `json:"company"`
	Rise       float64            `json:"rise"`
	Suspect    int                `json:"suspect"`
	Background int                `json:"background"`
	Accounts   int                `json:"accounts"`
	First      *time.Time         `json:"first,omitempty"`
	Like       string             `json:"like,omitempty"`
	Beside     []string           `json:"beside,omitempty"`
	Examples   []discover.Example `json:"examples"`
}

func (c textDiscoverCmd) Run() error {
	bank, err := compileTerms(c.Terms)
	if err != nil {
		return err
	}
	miner := discover.NewMiner(bank, c.Capacity)
	if err := readTexts(c.In, func(t datedText) error {
		p := discover.Post{ID: t.ID, Account: t.Account, Text: t.Text, Suspect: c.Labelled != "" && t.marked(c.Labelled)}
		if !t.Time.IsZero() {
			p.At = t.Time.UnixNano()
		}
		miner.Add(p)
		return nil
	}); err != nil {
		return err
	}
	s := miner.Stats()
	fmt.Fprintf(os.Stderr, "%d suspect posts, %d others; what is not among the %d terms held was in at most %d suspect posts\n", s.Suspect, s.Background, s.Terms, s.Floor)
	w := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for _, f := range miner.Candidates(c.Top) {
		line := candidate{f.Term, f.Kind, hundredths(f.Score), hundredths(f.LogOdds), hundredths(f.Z), hundredths(f.Company), hundredths(f.Rise),
			f.Suspect, f.Background, f.Accounts, nil, f.Like, f.Beside, f.Examples}
		if f.First != 0 {
			first := time.Unix(0, f.First).UTC()
			line.First = &first
		}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return w.Flush()
}
