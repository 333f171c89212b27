package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// feedback is what a person says of a match.
type feedback struct {
	server
	Name     string `arg:"" help:"The bank."`
	Value    string `arg:"" help:"The entry that was matched."`
	Event    string `help:"Id of the event that matched. One person has one word on each."`
	Distance *int   `help:"How far the match was: bits of a PDQ hash, hundredths of a term's disguise."`
}

func (c feedback) judge(ctx context.Context, verdict string) error {
	return c.edit(ctx, http.MethodPost, c.Name, "/feedback", struct {
		Value    string `json:"value"`
		Verdict  string `json:"verdict"`
		Event    string `json:"event,omitempty"`
		Distance *int   `json:"distance,omitempty"`
		Reason   string `json:"reason"`
	}{c.Value, verdict, c.Event, c.Distance, c.Reason})
}

type banksConfirmCmd struct{ feedback }

func (banksConfirmCmd) Help() string {
	return `The key needs the scope review.

Example:

	ringfence banks confirm scam-words "free crypto" --event p2 --reason "a scam indeed"`
}

func (c banksConfirmCmd) Run(ctx context.Context) error { return c.judge(ctx, "confirm") }

type banksDisputeCmd struct{ feedback }

func (banksDisputeCmd) Help() string {
	return `A dispute with --distance makes the entry stricter than the match was. Three disputes, and more than there are confirmations,
put it into quarantine. The key needs the scope review.

Example:

	ringfence banks dispute scam-words "free crypto" --event p2 --distance 40 --reason "a course on crypto"`
}

func (c banksDisputeCmd) Run(ctx context.Context) error { return c.judge(ctx, "dispute") }

// entryValues are entries of a bank.
type entryValues struct {
	server
	Name   string   `arg:"" help:"The bank."`
	Values []string `arg:"" help:"The entries."`
}

func (c entryValues) send(ctx context.Context, what string) error {
	return c.edit(ctx, http.MethodPost, c.Name, what, struct {
		Values []string `json:"values"`
		Reason string   `json:"reason"`
	}{c.Values, c.Reason})
}

type banksQuarantineCmd struct{ entryValues }

func (banksQuarantineCmd) Help() string {
	return `The entries stay in the bank and are found in nothing until they are released.

Example:

	ringfence banks quarantine scam-words giveaway --reason "matches half of the platform"`
}

func (c banksQuarantineCmd) Run(ctx context.Context) error {
	return c.entryValues.send(ctx, "/quarantine")
}

type banksReleaseCmd struct{ entryValues }

func (banksReleaseCmd) Help() string {
	return `No flood of matches puts them there again for a week.

Example:

	ringfence banks release scam-words giveaway --reason "it was a real wave"`
}

func (c banksReleaseCmd) Run(ctx context.Context) error { return c.entryValues.send(ctx, "/release") }

type banksQuarantinedCmd struct {
	reader
	Name string `arg:"" help:"The bank."`
}

func (banksQuarantinedCmd) Help() string {
	return `Prints a line for each entry that is in quarantine, and why.

Example:

	ringfence banks quarantined scam-words`
}

func (c banksQuarantinedCmd) Run(ctx context.Context) error {
	var list struct{ Items []json.RawMessage }
	if err := c.send(ctx, http.MethodGet, "/v1/banks/"+url.PathEscape(c.Name)+"/quarantine", nil, &list); err != nil {
		return err
	}
	for _, q := range list.Items {
		fmt.Println(string(q))
	}
	return nil
}
