package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

type reviewQueueCmd struct {
	reader
	Top int `default:"20" help:"How many to print, 1 to 500."`
}

func (reviewQueueCmd) Help() string {
	return `Example:

	ringfence review queue --top 5 | jq -r '[.standing.rank, .entity, .standing.why[]] | @tsv'`
}

func (c reviewQueueCmd) Run(ctx context.Context) error {
	var part struct {
		Items   []json.RawMessage
		Waiting int
	}
	if err := c.send(ctx, http.MethodGet, "/v1/review/queue?limit="+strconv.Itoa(c.Top), nil, &part); err != nil {
		return err
	}
	for _, item := range part.Items {
		fmt.Println(string(item))
	}
	fmt.Fprintf(os.Stderr, "%d wait\n", part.Waiting)
	return nil
}

type reviewNextCmd struct{ reader }

func (reviewNextCmd) Help() string {
	return `Nobody else gets the case for 15 minutes. Prints nothing if none waits. The key needs the scope review.

Example:

	ringfence review next`
}

func (c reviewNextCmd) Run(ctx context.Context) error {
	var next json.RawMessage
	err := c.send(ctx, http.MethodPost, "/v1/review/next", nil, &next)
	if err == nil && len(next) > 0 {
		fmt.Println(string(next))
	}
	return err
}

type reviewShowCmd struct {
	reader
	ID string `arg:"" help:"The case."`
}

func (reviewShowCmd) Help() string {
	return `Example:

	ringfence review show 1b766a9d56fbdc385227cece465fe261`
}

func (c reviewShowCmd) Run(ctx context.Context) error {
	var detail json.RawMessage
	err := c.send(ctx, http.MethodGet, "/v1/cases/"+url.PathEscape(c.ID), nil, &detail)
	if err == nil {
		fmt.Println(string(detail))
	}
	return err
}

type reviewDecideCmd struct {
	server
	ID      string        `arg:"" help:"The case."`
	Verdict string        `arg:"" enum:"violating,benign,unclear" help:"violating, benign or unclear."`
	Policy  []string      `help:"A policy that is violated; once for each."`
	Code    string        `help:"Code of the reason."`
	Enforce string        `enum:",inform,friction,limit,lock,suspend,remove" default:"" help:"Step of enforcement on the subject."`
	Lasts   time.Duration `help:"How long the enforcement lasts; for good if not given."`
}

func (reviewDecideCmd) Help() string {
	return `The key needs the scope review.

Example:

	ringfence review decide 1b766a9d56fbdc385227cece465fe261 violating --policy spam --enforce suspend --lasts 168h --reason "one hand"`
}

func (c reviewDecideCmd) Run(ctx context.Context) error {
	body := map[string]any{"verdict": c.Verdict, "reason": c.Reason, "code": c.Code, "enforce": c.Enforce, "lasts": int64(c.Lasts / time.Second)}
	if len(c.Policy) > 0 {
		body["policies"] = c.Policy
	}
	var made struct{ Change string }
	if err := c.send(ctx, http.MethodPost, "/v1/cases/"+url.PathEscape(c.ID)+"/verdict", body, &made); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "verdict %s\n", made.Change)
	return nil
}

type reviewUndoCmd struct {
	server
	ID string `arg:"" help:"The verdict."`
}

func (reviewUndoCmd) Help() string {
	return `Within an hour: the case is open again, and what the verdict put on its subject goes. The key needs the scope review.

Example:

	ringfence review undo 5e1f0a4b9c3d27e8f6a1b2c3d4e5f607 --reason "the wrong one"`
}

func (c reviewUndoCmd) Run(ctx context.Context) error {
	return c.send(ctx, http.MethodPost, "/v1/verdicts/"+url.PathEscape(c.ID)+"/undo", map[string]string{"reason": c.Reason}, nil)
}

type reviewVerdictsCmd struct {
	reader
	Accounts bool `help:"Write {account, violating} for each account's latest verdict, as backtest reads with --verdicts."`
}

func (reviewVerdictsCmd) Help() string {
	return `Newest first.

Example:

	ringfence review verdicts --accounts > verdicts.ndjson`
}

func (c reviewVerdictsCmd) Run(ctx context.Context) error {
	out := bufio.NewWriter(os.Stdout)
	said := map[string]bool{} // accounts with a verdict
	for before := int64(0); ; {
		var part struct {
			Items []json.RawMessage
			Next  int64
		}
		if err := c.send(ctx, http.MethodGet, "/v1/verdicts?limit=500&before="+strconv.FormatInt(before, 10), nil, &part); err != nil {
			return err
		}
		for _, item := range part.Items {
			if !c.Accounts {
				fmt.Fprintln(out, string(item))
				continue
			}
			var v struct{ Entity, Verdict, Undone string }
			if err := json.Unmarshal(item, &v); err != nil {
				return err
			}
			account, is := strings.CutPrefix(v.Entity, "account:")
			if !is || said[account] || v.Undone != "" || v.Verdict == "unclear" {
				continue
			}
			said[account] = true
			line, err := json.Marshal(struct {
				Account   string `json:"account"`
				Violating bool   `json:"violating"`
			}{account, v.Verdict == "violating"})
			if err != nil {
				return err
			}
			fmt.Fprintln(out, string(line))
		}
		if before = part.Next; before == 0 {
			return out.Flush()
		}
	}
}

type reviewModelsCmd struct {
	reader
	Train  bool   `xor:"do" help:"Train trees on the verdicts there are, as a version that is tried."`
	Serve  string `xor:"do" placeholder:"ID" help:"Order the queue by this model from now on; online is the one that learns at each verdict."`
	Reason string `help:"Why another is to serve."`
}

func (reviewModelsCmd) Help() string {
	return `Without a flag it lists the models, with how good they were on verdicts that they had not seen. A version serves after it was tried on 50.
To train, or to let one serve, the key needs the scope rules.

Examples:

	ringfence review models
	ringfence review models --train
	ringfence review models --serve 41b12f3915e6cd04ff3f66b805ff7629 --reason "better on the random lane"
	ringfence review models --serve online --reason "roll back"`
}

// Validate is called by the command line's parser.
func (c reviewModelsCmd) Validate() error {
	if (c.Serve != "") != (c.Reason != "") {
		return errors.New("--serve and --reason go together")
	}
	return nil
}

func (c reviewModelsCmd) Run(ctx context.Context) error {
	switch {
	case c.Train:
		var made struct{ ID string }
		if err := c.send(ctx, http.MethodPost, "/v1/review/models/train", nil, &made); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "version %s is tried from now on\n", made.ID)
		return nil
	case c.Serve != "":
		return c.send(ctx, http.MethodPost, "/v1/review/models/"+url.PathEscape(c.Serve)+"/serve", map[string]string{"reason": c.Reason}, nil)
	}
	return c.items(ctx, "/v1/review/models")
}

// items prints what a list holds that comes whole.
func (s reader) items(ctx context.Context, path string) error {
	var all struct{ Items []json.RawMessage }
	if err := s.send(ctx, http.MethodGet, path, nil, &all); err != nil {
		return err
	}
	for _, item := range all.Items {
		fmt.Println(string(item))
	}
	return nil
}

type reviewPrevalenceCmd struct {
	reader
	From time.Time `placeholder:"TIME" help:"Event time (RFC 3339); 30 days ago if not given."`
	To   time.Time `placeholder:"TIME" help:"Now if not given."`
	Step int       `default:"1" help:"Days of each estimate."`
}

func (reviewPrevalenceCmd) Help() string {
	return `By policy (empty for any) and step, with 95 % intervals, from views drawn at random and what people said of them.

Example:

	ringfence review prevalence --step 7 | jq -r '[.from, .policy, .rate, .low, .high] | @tsv'`
}

func (c reviewPrevalenceCmd) Run(ctx context.Context) error {
	query := url.Values{"step": {strconv.Itoa(c.Step)}}
	for name, at := range map[string]time.Time{"from": c.From, "to": c.To} {
		if !at.IsZero() {
			query.Set(name, at.Format(time.RFC3339))
		}
	}
	return c.items(ctx, "/v1/review/prevalence?"+query.Encode())
}
