package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/auth"
)

// document is the part of the OpenAPI document that no route brings, and how huma is to behave.
func document() huma.Config {
	c := huma.DefaultConfig("Ringfence", "1")
	c.Info.Description = "Events in, decisions out, and everything that people see and change. Times are RFC 3339 in UTC. " +
		"Errors are RFC 9457 problems. Lists come newest first, in parts."
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", Description: "An API key, rf_<id>_<secret>. A route names the scope that the key must hold."},
	}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", "" // routeDocument serves the document; no page loads scripts from elsewhere
	c.CreateHooks = nil                                   // no $schema in answers
	c.RejectUnknownQueryParameters = true
	return c
}

// describe completes an operation by what the table of scopes says of its route.
func (a *API) describe(op *huma.Operation) {
	scope, known := auth.ScopeOf(op.Method + " " + op.Path)
	if !known || scope == auth.Public {
		op.Security = []map[string][]string{}
		return
	}
	op.Security = []map[string][]string{{"key": {string(scope)}}}
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		op.Errors = append(op.Errors, status)
		if op.Responses != nil {
			op.Responses[strconv.Itoa(status)] = errorResponse(http.StatusText(status))
		}
	}
}

// routeDocument renders the OpenAPI document and serves it.
func (a *API) routeDocument() {
	form := func(id, path, media string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{"operations"}, Summary: "This document",
			Responses: map[string]*huma.Response{"200": textResponse("The document.", media)},
		}
	}
	var asJSON, asYAML []byte
	serve := func(media string, body *[]byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			a.send(w, r, http.StatusOK, media, *body)
		}
	}
	const mediaJSON, mediaYAML = "application/openapi+json", "application/openapi+yaml"
	a.handle(form("openapi-json", "/openapi.json", mediaJSON), serve(mediaJSON, &asJSON))
	a.handle(form("openapi-yaml", "/openapi.yaml", mediaYAML), serve(mediaYAML, &asYAML))
	var err1, err2 error
	asJSON, err1 = json.Marshal(a.huma.OpenAPI())
	asYAML, err2 = a.huma.OpenAPI().YAML()
	if err1 != nil || err2 != nil {
		panic(fmt.Sprintf("api: render the OpenAPI document: %v %v", err1, err2)) // plain data always encodes
	}
}

// schemaOf is the schema of a type, listed among the document's components.
func schemaOf[T any](a *API) *huma.Schema {
	t := reflect.TypeFor[T]()
	return a.huma.OpenAPI().Components.Schemas.Schema(t, true, t.Name())
}

func jsonResponse(description string, schema *huma.Schema) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
}

func problemResponse(description string, schema *huma.Schema) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schema}}}
}

// errorResponse is a plain problem. huma lists its schema with the first typed route.
func errorResponse(description string) *huma.Response {
	return problemResponse(description, &huma.Schema{Ref: "#/components/schemas/ErrorModel"})
}

func textResponse(description, media string) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: huma.TypeString}}}}
}

// eventSchema is the native form of an event, as far as a caller must know it.
func eventSchema() *huma.Schema {
	text := func(doc string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: doc} }
	return &huma.Schema{
		Type: huma.TypeObject, Description: "An event in its native form. All other fields of the form are optional; unknown ones become attributes.",
		Required: []string{"id", "time", "kind", "actor"}, AdditionalProperties: true,
		Properties: map[string]*huma.Schema{
			"id":    text("Unique within its source."),
			"time":  {Type: huma.TypeString, Format: "date-time", Description: "When it happened."},
			"kind":  text("post, reply, repost, quote, like, share, follow, signup… or any other word."),
			"actor": text("The account that acted."),
		},
	}
}
