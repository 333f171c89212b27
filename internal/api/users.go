package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/ringfence/ringfence/internal/auth"
	"github.com/ringfence/ringfence/internal/record"
)

// User is a person who works with the server.
type User struct {
	Name      string `json:"name"`
	Role      string `json:"role"`
	Temporary bool   `json:"temporary,omitzero" doc:"The password is one that the server made, and has to be changed at the next login."`
	Created   Time   `json:"created"`
	LastLogin Time   `json:"last_login,omitzero"`
	Disabled  Time   `json:"disabled,omitzero"`
}

// NewPassword is a password that the server made, as it is shown once.
type NewPassword struct {
	Name     string `json:"name"`
	Password string `json:"password" doc:"Shown now and never again. It opens nothing but the change of the password."`
}

// Self is who sends a request.
type Self struct {
	By        string       `json:"by" doc:"As changes and the audit trail name it."`
	User      string       `json:"user,omitzero" doc:"Of a session; keys have none."`
	Role      auth.Role    `json:"role,omitzero"`
	Scopes    []auth.Scope `json:"scopes" nullable:"false"`
	Temporary bool         `json:"temporary,omitzero" doc:"Nothing opens until the password is changed."`
}

type loginBody struct {
	Name     string `json:"name" minLength:"1" maxLength:"64"`
	Password string `json:"password" minLength:"1" maxLength:"1024"`
}

type passwordBody struct {
	Old string `json:"old" minLength:"1" maxLength:"1024"`
	New string `json:"new" minLength:"12" maxLength:"1024" doc:"Twelve characters at least."`
}

type userBody struct {
	Name string    `json:"name" minLength:"1" maxLength:"64" pattern:"^[a-z0-9][a-z0-9._-]*$"`
	Role auth.Role `json:"role" enum:"viewer,moderator,senior,analyst,engineer,admin,auditor"`
}

type userChangeBody struct {
	Role     *auth.Role `json:"role,omitempty" enum:"viewer,moderator,senior,analyst,engineer,admin,auditor"`
	Disabled *bool      `json:"disabled,omitempty" doc:"The user may log in no more, or again."`
}

func (a *API) routeUsers() {
	tags := []string{"users"}
	register(a, huma.Operation{
		OperationID: "login", Method: http.MethodPost, Path: "/v1/session", Tags: tags, Summary: "Log in",
		Description: "Begins a session, which the answer's cookie carries. It ends after twelve hours, or two without a request.",
		Errors:      []int{http.StatusUnauthorized, http.StatusTooManyRequests}, DefaultStatus: http.StatusNoContent,
	}, a.login)
	register(a, huma.Operation{
		OperationID: "self", Method: http.MethodGet, Path: "/v1/session", Tags: tags, Summary: "Who am I, and what may I do?",
	}, a.self)
	register(a, huma.Operation{
		OperationID: "logout", Method: http.MethodDelete, Path: "/v1/session", Tags: tags, Summary: "Log out",
		DefaultStatus: http.StatusNoContent,
	}, a.logout)
	register(a, huma.Operation{
		OperationID: "set-password", Method: http.MethodPost, Path: "/v1/session/password", Tags: tags, Summary: "Change one's password",
		Description: "Other sessions of the user end.",
		Errors:      []int{http.StatusTooManyRequests}, DefaultStatus: http.StatusNoContent,
	}, a.setPassword)
	register(a, huma.Operation{
		OperationID: "list-users", Method: http.MethodGet, Path: "/v1/users", Tags: tags, Summary: "List users",
	}, a.listUsers)
	register(a, huma.Operation{
		OperationID: "create-user", Method: http.MethodPost, Path: "/v1/users", Tags: tags, Summary: "Make a user",
		Errors: []int{http.StatusConflict}, DefaultStatus: http.StatusCreated,
	}, a.createUser)
	register(a, huma.Operation{
		OperationID: "change-user", Method: http.MethodPatch, Path: "/v1/users/{name}", Tags: tags, Summary: "Change a user's role, or keep the user out",
		Description: "All sessions of the user end.",
		Errors:      []int{http.StatusNotFound}, DefaultStatus: http.StatusNoContent,
	}, a.changeUser)
	register(a, huma.Operation{
		OperationID: "reset-user", Method: http.MethodPost, Path: "/v1/users/{name}/reset", Tags: tags, Summary: "Give a user a password for one login",
		Errors: []int{http.StatusNotFound},
	}, a.resetUser)
}

// requestOf is the request behind a typed route.
type requestOf struct{ *http.Request }

// Resolve implements [huma.Resolver].
func (r *requestOf) Resolve(ctx huma.Context) []error {
	r.Request, _ = humago.Unwrap(ctx)
	return nil
}

type cookieOutput struct {
	Cookie http.Cookie `header:"Set-Cookie"`
}

// loginProblem turns refusals of logins into answers.
func loginProblem(err error) error {
	switch {
	case errors.Is(err, auth.ErrTooMany):
		return huma.Error429TooManyRequests(err.Error())
	case errors.Is(err, auth.ErrUnknown):
		return huma.Error401Unauthorized(err.Error())
	}
	return err
}

func (a *API) login(_ context.Context, in *struct {
	requestOf
	Body loginBody
}) (*cookieOutput, error) {
	if err := http.NewCrossOriginProtection().Check(in.Request); err != nil {
		return nil, huma.Error403Forbidden("a login comes from a page of this server, or from no page")
	}
	c, err := a.People.Login(in.Request, in.Body.Name, in.Body.Password)
	if err != nil {
		return nil, loginProblem(err)
	}
	return &cookieOutput{*c}, nil
}

func (a *API) self(ctx context.Context, _ *struct{}) (*struct{ Body Self }, error) {
	p := exchangeOf(ctx).principal
	return &struct{ Body Self }{Self{By: p.By, User: p.User, Role: p.Role, Scopes: append([]auth.Scope{}, p.Scopes...), Temporary: p.Temporary}}, nil
}

func (a *API) logout(_ context.Context, in *struct{ requestOf }) (*cookieOutput, error) {
	c, err := a.People.Logout(in.Request)
	if err != nil {
		return nil, err
	}
	return &cookieOutput{*c}, nil
}

func (a *API) setPassword(_ context.Context, in *struct {
	requestOf
	Body passwordBody
}) (*struct{}, error) {
	return nil, loginProblem(a.People.SetPassword(in.Request, in.Body.Old, in.Body.New))
}

func userOf(u *record.User) User {
	return User{Name: u.Name, Role: u.Role, Temporary: u.Temporary, Created: Time(u.Created), LastLogin: Time(u.LastLogin), Disabled: Time(u.Disabled)}
}

func (a *API) listUsers(ctx context.Context, _ *struct{}) (*listOutput[User], error) {
	users, err := a.People.List(ctx)
	if err != nil {
		return nil, err
	}
	return listOf(users, -1, userOf, nil), nil
}

func (a *API) createUser(ctx context.Context, in *struct{ Body userBody }) (*struct{ Body NewPassword }, error) {
	password, err := a.People.Create(ctx, in.Body.Name, in.Body.Role, exchangeOf(ctx).principal.By)
	if err != nil {
		return nil, err
	}
	return &struct{ Body NewPassword }{NewPassword{in.Body.Name, password}}, nil
}

func (a *API) changeUser(ctx context.Context, in *struct {
	Name string `path:"name" maxLength:"64"`
	Body userChangeBody
}) (*struct{}, error) {
	return nil, a.People.Change(ctx, in.Name, in.Body.Role, in.Body.Disabled, exchangeOf(ctx).principal.By)
}

func (a *API) resetUser(ctx context.Context, in *struct {
	Name string `path:"name" maxLength:"64"`
}) (*struct{ Body NewPassword }, error) {
	password, err := a.People.Reset(ctx, in.Name, exchangeOf(ctx).principal.By)
	if err != nil {
		return nil, err
	}
	return &struct{ Body NewPassword }{NewPassword{in.Name, password}}, nil
}
