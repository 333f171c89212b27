package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"

	"github.com/ringfence/ringfence/text/fold"
	"github.com/ringfence/ringfence/text/habit"
)

type textHabitsCmd struct {
	In   string `required:"" help:"File of {\"id\",\"text\",\"account\"} lines, - for standard input; account is optional."`
	Near int    `default:"5" help:"How many of the nearest accounts to print for each."`
}

func (textHabitsCmd) Help() string {
	return `Example:

	echo '{"id":"1","text":"frее mоney"}' | ringfence text habits --in -

A text that is not obfuscated has the habit "". After the texts comes a line for each account that obfuscates, in order of name:
what share of its texts, with which features, and which accounts have the most similar habit. similarity is a log-likelihood
ratio: what rare habits share counts more than what usual ones do, among the accounts of the input.`
}

// Validate is called by the command line's parser.
func (c textHabitsCmd) Validate() error {
	if c.Near < 0 {
		return fmt.Errorf("--near is %d: want 0 at least", c.Near)
	}
	return nil
}

// textHabit is one text as it is printed, accountHabit one account.
type (
	textHabit struct {
		ID       string   `json:"id"`
		Habit    string   `json:"habit"`
		Features []string `json:"features"`
	}
	accountHabit struct {
		Account    string       `json:"account"`
		Texts      float64      `json:"texts"`
		Obfuscated float64      `json:"obfuscated"`
		Traits     []habitTrait `json:"traits"`
		Near       []habitNear  `json:"near"`
	}
	habitTrait struct {
		Feature string  `json:"feature"`
		Share   float64 `json:"share"`
		Bits    float64 `json:"bits"`
	}
	habitNear struct {
		Account    string   `json:"account"`
		Similarity float64  `json:"similarity"`
		Shared     []string `json:"shared"`
	}
)

func (c textHabitsCmd) Run(ctx context.Context) error {
	w := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	var reader fold.Reader
	profiles := map[string]*habit.Profile{}
	if err := readTexts(c.In, func(t text) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, _ := habit.Of(reader.Read(t.Text), t.Text)
		if t.Account != "" {
			p := profiles[t.Account]
			if p == nil {
				p = &habit.Profile{}
				profiles[t.Account] = p
			}
			p.Add(&h, 0, 0)
		}
		return out.Encode(textHabit{t.ID, h.String(), inWords(h.Features())})
	}); err != nil {
		w.Flush()
		return err
	}
	crowd := habit.NewCrowd(profiles)
	for _, account := range slices.Sorted(maps.Keys(profiles)) {
		if err := ctx.Err(); err != nil {
			w.Flush()
			return err
		}
		if _, obfuscated := profiles[account].Texts(); obfuscated > 0 {
			if err := out.Encode(c.describe(crowd, account, profiles[account])); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}

func (c textHabitsCmd) describe(crowd *habit.Crowd, account string, p *habit.Profile) accountHabit {
	all, obfuscated := p.Texts()
	line := accountHabit{Account: account, Texts: all, Obfuscated: obfuscated, Traits: []habitTrait{}, Near: []habitNear{}}
	for _, t := range p.Traits() {
		line.Traits = append(line.Traits, habitTrait{t.Feature.String(), hundredths(t.Share), hundredths(crowd.Rarity(t.Feature))})
	}
	for _, n := range crowd.Nearest(account, c.Near) {
		line.Near = append(line.Near, habitNear{n.Account, hundredths(n.Similarity), inWords(n.Shared)})
	}
	return line
}

func inWords(features []habit.Feature) []string {
	words := make([]string, len(features))
	for i, f := range features {
		words[i] = f.String()
	}
	return words
}

// hundredths rounds a figure for printing; the sum makes 0 of −0.
func hundredths(x float64) float64 { return math.Round(100*x)/100 + 0 }
