package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/auth"
)

func TestOpenAPIDocument(t *testing.T) {
	r := newRig(t)
	w := r.do("GET", "/openapi.yaml", "")
	golden(t, "../../docs/openapi.yaml", w.Body.Bytes())
	if got := r.do("GET", "/openapi.json", ""); !json.Valid(got.Body.Bytes()) {
		t.Errorf("/openapi.json is no JSON: %.200s", got.Body)
	}
}

// operations lists the routes of the OpenAPI document.
func operations(t *testing.T, r *rig) []string {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]any
	}
	r.must(json.Unmarshal(r.do("GET", "/openapi.json", "").Body.Bytes(), &doc))
	var routes []string
	for path, methods := range doc.Paths {
		for method := range methods {
			routes = append(routes, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(routes)
	return routes
}

func TestEveryRouteIsDocumented(t *testing.T) {
	r := newRig(t)
	var served []string
	for route := range r.scopes {
		served = append(served, strings.TrimSuffix(route, "{$}"))
	}
	slices.Sort(served)
	if got := operations(t, r); !slices.Equal(got, served) {
		t.Errorf("documented %v\nserved %v", got, served)
	}
	for _, route := range auth.Routes() {
		if _, ok := r.scopes[route]; !ok {
			t.Errorf("the table of scopes has %s, which is not served", route)
		}
	}
}

// TestAccess asks every route with every kind of key and keeps who may do what.
func TestAccess(t *testing.T) {
	r := newRig(t)
	tokens := map[auth.Scope]string{}
	for _, s := range auth.Scopes() {
		_, token, err := r.Keys.Create(t.Context(), "only-"+string(s), []auth.Scope{s}, 0, "person:test")
		r.must(err)
		tokens[s] = token
	}
	var matrix bytes.Buffer
	fmt.Fprintf(&matrix, "%-36s%-8s", "", "no key")
	for _, s := range auth.Scopes() {
		fmt.Fprintf(&matrix, "%-8s", s)
	}
	matrix.WriteString("\n")
	for _, route := range operations(t, r) {
		fmt.Fprintf(&matrix, "%-36s%-8s", route, passes(r, route, ""))
		for _, s := range auth.Scopes() {
			fmt.Fprintf(&matrix, "%-8s", passes(r, route, tokens[s]))
		}
		matrix.WriteString("\n")
	}
	lines := strings.Split(matrix.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	golden(t, "testdata/access.golden", []byte(strings.Join(lines, "\n")))
}

func passes(r *rig, route, token string) string {
	method, path, _ := strings.Cut(route, " ")
	path = strings.NewReplacer("{kind}", "account", "{id}", "a1").Replace(path)
	if path == "/v1/decisions" {
		path += "?follow=false"
	}
	w := r.do(method, path, "", "Authorization: Bearer "+token)
	switch w.Code {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Sprint(w.Code)
	}
	return "yes"
}
