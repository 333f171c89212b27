package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/change"
)

type labelBody struct {
	Entity  string `json:"entity" maxLength:"4200" example:"account:a17"`
	Name    string `json:"name" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"The label, as rules name it."`
	Remove  bool   `json:"remove,omitempty" doc:"Take the label off. No rule puts it back until expires."`
	Expires Time   `json:"expires,omitzero" doc:"Until when the word stands, in event time; for good unless given."`
	Reason  string `json:"reason" minLength:"1" maxLength:"1000"`
}

type allowBody struct {
	Entity  string `json:"entity" maxLength:"4200" example:"account:a17"`
	Policy  string `json:"policy,omitempty" maxLength:"64" doc:"Of which rules; of all unless given."`
	Remove  bool   `json:"remove,omitempty" doc:"Let rules act again."`
	Expires Time   `json:"expires,omitzero" doc:"In event time; never unless given."`
	Reason  string `json:"reason" minLength:"1" maxLength:"1000"`
}

func (a *API) routePeople() {
	tags := []string{"entities"}
	register(a, huma.Operation{
		OperationID: "label-entity", Method: http.MethodPost, Path: "/v1/labels", Tags: tags,
		Summary:     "Put a label on an entity, or take it off",
		Description: "A person's word beats every rule's.",
		Errors:      []int{http.StatusConflict}, DefaultStatus: http.StatusAccepted,
	}, a.label)
	register(a, huma.Operation{
		OperationID: "allow-entity", Method: http.MethodPost, Path: "/v1/allows", Tags: tags,
		Summary:     "Keep rules from acting on an entity, or let them again",
		Description: "Rules neither label it nor open cases on it nor enforce.",
		Errors:      []int{http.StatusConflict}, DefaultStatus: http.StatusAccepted,
	}, a.allow)
}

func (a *API) label(ctx context.Context, in *struct {
	Once
	Body labelBody
}) (*changedOutput, error) {
	e, err := entity(in.Body.Entity)
	if err != nil {
		return nil, err
	}
	author := in.author(ctx, in.Body.Reason)
	return changed(author), a.Control.Label(ctx, author,
		change.Label{Entity: e.String(), Name: in.Body.Name, Remove: in.Body.Remove, Expires: int64(in.Body.Expires)})
}

func (a *API) allow(ctx context.Context, in *struct {
	Once
	Body allowBody
}) (*changedOutput, error) {
	e, err := entity(in.Body.Entity)
	if err != nil {
		return nil, err
	}
	author := in.author(ctx, in.Body.Reason)
	return changed(author), a.Control.Allow(ctx, author,
		change.Allow{Entity: e.String(), Policy: in.Body.Policy, Remove: in.Body.Remove, Expires: int64(in.Body.Expires)})
}
