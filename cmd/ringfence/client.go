package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/ringfence/ringfence/rule"
)

// reader says which running server a verb reads from.
type reader struct {
	Server string `default:"http://127.0.0.1:8080" help:"Address of the server."`
	Key    string `env:"RINGFENCE_KEY" help:"Token of an API key; better given in the environment variable RINGFENCE_KEY."`
}

// server says which running server a verb changes.
type server struct {
	reader
	Reason string `required:"" help:"Why, for the history."`
}

// send makes a request and decodes its answer, unless that is nil; an answer that is a problem becomes an error with all it says.
func (s reader) send(ctx context.Context, method, path string, body, answer any) error {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return err
		}
	}
	kind := "application/json"
	if body == nil {
		kind = ""
	}
	return s.sendBytes(ctx, method, path, kind, data, answer)
}

// sendBytes is send for a body of another type; none if that is empty.
func (s reader) sendBytes(ctx context.Context, method, path, kind string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(s.Server, "/")+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if s.Key != "" {
		req.Header.Set("Authorization", "Bearer "+s.Key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		if u := (*url.Error)(nil); errors.As(err, &u) {
			err = u.Err
		}
		return fmt.Errorf("%s does not answer: %w; --server says where the server is", s.Server, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 256<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode < 300 {
		if answer == nil {
			return nil
		}
		return json.Unmarshal(data, answer)
	}
	var problem struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Errors []struct {
			Message  string `json:"message"`
			Location string `json:"location"`
		} `json:"errors"`
	}
	if json.Unmarshal(data, &problem) != nil || problem.Title == "" {
		return fmt.Errorf("%s answered %s", s.Server, resp.Status)
	}
	errs := []error{fmt.Errorf("%s: %s", problem.Title, problem.Detail)}
	for _, e := range problem.Errors {
		errs = append(errs, fmt.Errorf("%s: %s", e.Location, e.Message))
	}
	return errors.Join(errs...)
}

type rulesPushCmd struct {
	server
	Dir string `arg:"" type:"existingdir" help:"Folder of rules."`
}

func (rulesPushCmd) Help() string {
	return `The set is checked here and by the server; with any error the active one stays. The key needs the scope rules.

Examples:

	ringfence rules push --reason "new shortener" rules
	RINGFENCE_KEY=rf_… ringfence rules push --server https://ringfence.example --reason "new shortener" rules`
}

func (c rulesPushCmd) Run(ctx context.Context) error {
	if _, err := loadRules(c.Dir); err != nil {
		return err
	}
	files, err := rule.Load(c.Dir)
	if err != nil {
		return err
	}
	type file struct {
		Name string `json:"name"`
		Data string `json:"data"`
	}
	body := struct {
		Files  []file `json:"files"`
		Reason string `json:"reason"`
	}{Reason: c.Reason}
	for _, f := range files {
		body.Files = append(body.Files, file{f.Name, string(f.Data)})
	}
	var pushed struct{ Version int64 }
	if err := c.send(ctx, http.MethodPut, "/v1/rules", body, &pushed); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "version %d is active\n", pushed.Version)
	return nil
}

type rulesRollbackCmd struct {
	server
	Version int64 `arg:"" optional:"" help:"Version to go back to; the one before the active one if not given."`
}

func (rulesRollbackCmd) Help() string {
	return `Without a number it goes back to the version before the active one. GET /v1/rules/versions lists them all.

Examples:

	ringfence rules rollback --reason "too many false alarms"
	ringfence rules rollback 3 --reason "too many false alarms"`
}

func (c rulesRollbackCmd) Run(ctx context.Context) error {
	body := struct {
		Version int64  `json:"version,omitempty"`
		Reason  string `json:"reason"`
	}{c.Version, c.Reason}
	var pushed struct{ Version int64 }
	if err := c.send(ctx, http.MethodPost, "/v1/rules/rollback", body, &pushed); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "version %d is active\n", pushed.Version)
	return nil
}
