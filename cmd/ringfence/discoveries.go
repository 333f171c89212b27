package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
)

type discoveriesCmd struct {
	List   discoveriesListCmd   `cmd:"" help:"List terms that no bank lists and suspect accounts write."`
	Run    discoveriesRunCmd    `cmd:"" help:"Let the server look for such terms now."`
	Accept discoveriesAcceptCmd `cmd:"" help:"Put such a term into a bank."`
	Refuse discoveriesRefuseCmd `cmd:"" help:"Say that such a term is not to be listed."`
}

type discoveriesListCmd struct {
	reader
	State string `enum:"open,accepted,refused" default:"open" help:"open, accepted or refused."`
	Top   int    `default:"100" help:"How many to print."`
}

func (discoveriesListCmd) Help() string {
	return `The latest proposed come first, best first. On standard error it says what the last run did.

Example:

	ringfence discoveries list --top 20 | jq -r '[.id, .term, .accounts, .examples[0].text] | @tsv'`
}

// Validate is called by the command line's parser.
func (c discoveriesListCmd) Validate() error {
	if c.Top < 1 {
		return fmt.Errorf("--top is %d: want 1 at least", c.Top)
	}
	return nil
}

func (c discoveriesListCmd) Run(ctx context.Context) error {
	const most = 500 // of one request
	for before, left := int64(0), c.Top; left > 0; {
		var part struct {
			Items []json.RawMessage
			Next  int64
			Run   json.RawMessage
		}
		query := url.Values{"state": {c.State}, "limit": {strconv.Itoa(min(left, most))}, "before": {strconv.FormatInt(before, 10)}}
		if err := c.send(ctx, http.MethodGet, "/v1/discoveries?"+query.Encode(), nil, &part); err != nil {
			return err
		}
		if before == 0 && part.Run != nil {
			fmt.Fprintf(os.Stderr, "last run: %s\n", part.Run)
		}
		for _, item := range part.Items {
			fmt.Println(string(item))
		}
		left -= len(part.Items)
		if before = part.Next; before == 0 {
			return nil
		}
	}
	return nil
}

type discoveriesRunCmd struct{ reader }

func (discoveriesRunCmd) Help() string {
	return `Returns at once; the list says what the last run did. The key needs the scope rules.

Example:

	ringfence discoveries run`
}

func (c discoveriesRunCmd) Run(ctx context.Context) error {
	return c.send(ctx, http.MethodPost, "/v1/discoveries/run", nil, nil)
}

type discoveriesAcceptCmd struct {
	server
	ID       string `arg:"" help:"The discovery's id."`
	Bank     string `required:"" help:"The bank of terms, which must be there."`
	Policy   string `help:"Policy of the entry, if not the bank's."`
	Severity int    `help:"Severity of the entry, 1 to 5, if not the bank's."`
}

func (discoveriesAcceptCmd) Help() string {
	return `The key needs the scope rules.

Example:

	ringfence discoveries accept 5e1f0a4b9c3d27e8f6a1b2c3d4e5f607 --bank scam-words --reason "their word for coins"`
}

func (c discoveriesAcceptCmd) Run(ctx context.Context) error {
	body := struct {
		Bank     string `json:"bank"`
		Policy   string `json:"policy,omitempty"`
		Severity int    `json:"severity,omitempty"`
		Reason   string `json:"reason"`
	}{c.Bank, c.Policy, c.Severity, c.Reason}
	var made struct{ Version int }
	if err := c.send(ctx, http.MethodPost, "/v1/discoveries/"+url.PathEscape(c.ID)+"/accept", body, &made); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "bank %s is at version %d\n", c.Bank, made.Version)
	return nil
}

type discoveriesRefuseCmd struct {
	server
	ID string `arg:"" help:"The discovery's id."`
}

func (discoveriesRefuseCmd) Help() string {
	return `It is not proposed again unless four times as many suspect accounts use it. The key needs the scope rules.

Example:

	ringfence discoveries refuse 5e1f0a4b9c3d27e8f6a1b2c3d4e5f607 --reason "the name of their town"`
}

func (c discoveriesRefuseCmd) Run(ctx context.Context) error {
	body := struct {
		Reason string `json:"reason"`
	}{c.Reason}
	return c.send(ctx, http.MethodPost, "/v1/discoveries/"+url.PathEscape(c.ID)+"/refuse", body, nil)
}
