package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/auth"
	"github.com/ringfence/ringfence/internal/record"
)

// Key is an API key without its secret.
type Key struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes" nullable:"false"`
	PerSecond int      `json:"per_second" doc:"Events a second; 0 is the server's own quota."`
	Created   Time     `json:"created"`
	LastUsed  Time     `json:"last_used,omitzero" doc:"To the minute."`
	Revoked   Time     `json:"revoked,omitzero"`
}

// NewKey is a key as it is shown once.
type NewKey struct {
	Key
	Token string `json:"token" doc:"Shown now and never again. Send it as \"Authorization: Bearer …\"."`
}

type keyBody struct {
	Name      string       `json:"name" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9._-]*$" doc:"What it is for. Changes are signed with it, so a name is never used twice."`
	Scopes    []auth.Scope `json:"scopes" minItems:"1" maxItems:"16" nullable:"false" enum:"ingest,decide,read,rules,review,act,approve,audit,admin"`
	PerSecond int          `json:"per_second,omitempty" minimum:"0" maximum:"10000000" doc:"Events a second; the server's own quota unless given."`
}

func (a *API) routeKeys() {
	tags := []string{"keys"}
	register(a, huma.Operation{
		OperationID: "list-keys", Method: http.MethodGet, Path: "/v1/keys", Tags: tags, Summary: "List API keys",
	}, a.listKeys)
	register(a, huma.Operation{
		OperationID: "create-key", Method: http.MethodPost, Path: "/v1/keys", Tags: tags, Summary: "Make an API key",
		Errors: []int{http.StatusConflict}, DefaultStatus: http.StatusCreated,
	}, a.createKey)
	register(a, huma.Operation{
		OperationID: "revoke-key", Method: http.MethodDelete, Path: "/v1/keys/{id}", Tags: tags, Summary: "Revoke an API key",
		Description: "It opens nothing from now on. Revoking it again changes nothing.",
		Errors:      []int{http.StatusNotFound}, DefaultStatus: http.StatusNoContent,
	}, a.revokeKey)
}

func keyOf(k *record.Key) Key {
	return Key{ID: k.ID, Name: k.Name, Scopes: append([]string{}, k.Scopes...), PerSecond: k.PerSecond, Created: Time(k.Created),
		LastUsed: Time(k.LastUsed), Revoked: Time(k.Revoked)}
}

func (a *API) listKeys(ctx context.Context, _ *struct{}) (*listOutput[Key], error) {
	keys, err := a.Keys.List(ctx)
	if err != nil {
		return nil, err
	}
	return listOf(keys, -1, keyOf, nil), nil
}

func (a *API) createKey(ctx context.Context, in *struct{ Body keyBody }) (*struct{ Body NewKey }, error) {
	k, token, err := a.Keys.Create(ctx, in.Body.Name, in.Body.Scopes, in.Body.PerSecond, exchangeOf(ctx).principal.By)
	if err != nil {
		return nil, err
	}
	return &struct{ Body NewKey }{Body: NewKey{Key: keyOf(&k), Token: token}}, nil
}

func (a *API) revokeKey(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"64"`
}) (*struct{}, error) {
	return nil, a.Keys.Revoke(ctx, in.ID, exchangeOf(ctx).principal.By)
}
