package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

type modelsCmd struct {
	List     modelsListCmd     `cmd:"" help:"List the models of a server and their versions."`
	Push     modelsPushCmd     `cmd:"" help:"Make a model the active one of its name."`
	Rollback modelsRollbackCmd `cmd:"" help:"Make an earlier version of a model active."`
	Drop     modelsDropCmd     `cmd:"" help:"Take a model away."`
}

type modelsListCmd struct{ reader }

func (modelsListCmd) Help() string {
	return `Example:

	ringfence models list`
}

func (c modelsListCmd) Run(ctx context.Context) error {
	var models struct{ Items []json.RawMessage }
	if err := c.send(ctx, http.MethodGet, "/v1/models", nil, &models); err != nil {
		return err
	}
	for _, m := range models.Items {
		fmt.Println(string(m))
	}
	return nil
}

type modelsPushCmd struct {
	server
	Name string `arg:"" help:"The name by which rules ask for it: score(\"NAME\")."`
	File string `arg:"" type:"existingfile" help:"File that text train wrote."`
}

func (modelsPushCmd) Help() string {
	return `To try a model beside another, push it under a name of its own and read it in a rule in shadow mode. The key needs the scope rules.

Example:

	ringfence models push abuse abuse.model --reason "trained on the verdicts of October"`
}

func (c modelsPushCmd) Run(ctx context.Context) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	return c.model(ctx, http.MethodPut, c.Name, "", struct {
		Data   []byte `json:"data"`
		Reason string `json:"reason"`
	}{data, c.Reason})
}

// model sends a change of a model and says which version it made.
func (s server) model(ctx context.Context, method, name, what string, body any) error {
	var made struct{ Version int }
	if err := s.send(ctx, method, "/v1/models/"+url.PathEscape(name)+what, body, &made); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "model %s is at version %d\n", name, made.Version)
	return nil
}

type modelsRollbackCmd struct {
	server
	Name    string `arg:"" help:"The model."`
	Version int    `arg:"" help:"The version whose content it is to have."`
}

func (modelsRollbackCmd) Help() string {
	return `Example:

	ringfence models rollback abuse 3 --reason "the new one flags too much"`
}

func (c modelsRollbackCmd) Run(ctx context.Context) error {
	return c.model(ctx, http.MethodPost, c.Name, "/rollback", struct {
		Version int    `json:"version"`
		Reason  string `json:"reason"`
	}{c.Version, c.Reason})
}

type modelsDropCmd struct {
	server
	Name string `arg:"" help:"The model."`
}

func (modelsDropCmd) Help() string {
	return `Rules that ask for the model are not evaluable from then on.

Example:

	ringfence models drop abuse-next --reason "tried"`
}

func (c modelsDropCmd) Run(ctx context.Context) error {
	return c.model(ctx, http.MethodPost, c.Name, "/drop", struct {
		Reason string `json:"reason"`
	}{c.Reason})
}
