package api

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/control"
)

// Model is a model that rules can read.
type Model struct {
	Name     string         `json:"name"`
	Active   int            `json:"active" doc:"The version that events are read with now; 0 if none is."`
	Versions []ModelVersion `json:"versions" nullable:"false" doc:"Newest first, the last 100."`
}

// ModelVersion is one change of a model.
type ModelVersion struct {
	Version int    `json:"version"`
	ID      string `json:"id" doc:"Hash of the content; empty where the model was taken away."`
	By      string `json:"by"`
	At      Time   `json:"at"`
	Reason  string `json:"reason"`
}

// ModelName is which model a request is about. Its name is exported because huma passes over fields of an unexported type.
type ModelName struct {
	Name string `path:"name" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$"`
}

type modelBody struct {
	Data   []byte `json:"data" doc:"What text train writes, in base64."`
	Reason string `json:"reason" minLength:"1" maxLength:"1000"`
}

type modelRollbackBody struct {
	Version int    `json:"version" minimum:"1"`
	Reason  string `json:"reason" minLength:"1" maxLength:"1000"`
}

// ModelMade is what became of a change of a model.
type ModelMade struct {
	Version int    `json:"version"`
	Change  string `json:"change" doc:"The id under which /v1/changes lists it."`
}

type modelMadeOutput struct{ Body ModelMade }

func (a *API) routeModels() {
	tags := []string{"models"}
	register(a, huma.Operation{
		OperationID: "list-models", Method: http.MethodGet, Path: "/v1/models", Tags: tags, Summary: "List the models that rules can read",
		Description: "A rule reads a model's probability as `score(\"name\")`.",
	}, a.listModels)
	register(a, huma.Operation{
		OperationID: "push-model", Method: http.MethodPut, Path: "/v1/models/{name}", Tags: tags, Summary: "Make a model the active one of its name",
		Description:  "To try a model beside another, push it under a name of its own and read it in a rule in shadow mode.",
		MaxBodyBytes: 4 << 20, Errors: []int{http.StatusConflict},
	}, a.pushModel)
	register(a, huma.Operation{
		OperationID: "roll-back-model", Method: http.MethodPost, Path: "/v1/models/{name}/rollback", Tags: tags, Summary: "Make an earlier version of a model active",
		Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.rollBackModel)
	register(a, huma.Operation{
		OperationID: "drop-model", Method: http.MethodPost, Path: "/v1/models/{name}/drop", Tags: tags, Summary: "Take a model away",
		Description: "Rules that ask for it are not evaluable from then on.", Errors: []int{http.StatusNotFound, http.StatusConflict},
	}, a.dropModel)
}

func (a *API) listModels(ctx context.Context, _ *struct{}) (*struct {
	Body struct {
		Items []Model `json:"items" nullable:"false"`
	}
}, error) {
	all, err := a.Control.ModelVersions(ctx)
	if err != nil {
		return nil, err
	}
	out := &struct {
		Body struct {
			Items []Model `json:"items" nullable:"false"`
		}
	}{}
	out.Body.Items = []Model{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		m := Model{Name: name, Active: a.Engine.Status().Models.Version(name)}
		for _, v := range all[name] {
			m.Versions = append(m.Versions, ModelVersion{Version: v.Version, ID: v.ID, By: v.By, At: Time(v.At), Reason: v.Reason})
		}
		out.Body.Items = append(out.Body.Items, m)
	}
	return out, nil
}

func modelMade(author control.Author, version int, err error) (*modelMadeOutput, error) {
	if err != nil {
		return nil, err
	}
	return &modelMadeOutput{Body: ModelMade{Version: version, Change: author.ID}}, nil
}

func (a *API) pushModel(ctx context.Context, in *struct {
	Once
	ModelName
	Body modelBody
}) (*modelMadeOutput, error) {
	if len(in.Body.Data) == 0 {
		return nil, huma.Error422UnprocessableEntity("data is empty; it is what text train writes, in base64")
	}
	author := in.author(ctx, in.Body.Reason)
	version, err := a.Control.PushModel(ctx, author, in.Name, in.Body.Data)
	return modelMade(author, version, err)
}

func (a *API) rollBackModel(ctx context.Context, in *struct {
	Once
	ModelName
	Body modelRollbackBody
}) (*modelMadeOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	version, err := a.Control.RollbackModel(ctx, author, in.Name, in.Body.Version)
	return modelMade(author, version, err)
}

func (a *API) dropModel(ctx context.Context, in *struct {
	Once
	ModelName
	Body reasonBody
}) (*modelMadeOutput, error) {
	author := in.author(ctx, in.Body.Reason)
	version, err := a.Control.PushModel(ctx, author, in.Name, nil)
	return modelMade(author, version, err)
}
