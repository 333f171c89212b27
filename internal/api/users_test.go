package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/auth"
)

// browser sends requests with the cookie that it was given last.
type browser struct {
	*rig
	cookie *http.Cookie
}

func (b *browser) send(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := b.request(method, path, body, headers...)
	r.Header.Del("Authorization")
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	if set := w.Result().Cookies(); len(set) > 0 {
		b.cookie = set[0]
	}
	return w
}

func (b *browser) want(status int, method, path, body string, headers ...string) string {
	b.t.Helper()
	w := b.send(method, path, body, headers...)
	if w.Code != status {
		b.t.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, status)
	}
	return w.Body.String()
}

// TestUserWorks makes a user and walks through a day's session.
func TestUserWorks(t *testing.T) {
	r := newRig(t)
	first := get[NewPassword](r, "POST", "/v1/users", `{"name":"ada","role":"moderator"}`)
	b := &browser{rig: r}
	b.want(401, "GET", "/v1/cases", "")
	b.want(401, "POST", "/v1/session", `{"name":"ada","password":"wrong"}`)
	b.want(204, "POST", "/v1/session", `{"name":"ada","password":"`+first.Password+`"}`)
	if got := b.want(403, "GET", "/v1/cases", ""); !strings.Contains(got, "set a password of your own first") {
		t.Errorf("told %s", got)
	}
	b.want(422, "POST", "/v1/session/password", `{"old":"`+first.Password+`","new":"short"}`)
	b.want(204, "POST", "/v1/session/password", `{"old":"`+first.Password+`","new":"a sentence of ada"}`)
	b.want(200, "GET", "/v1/cases", "")
	if got := b.want(403, "POST", "/v1/users", `{"name":"bob","role":"admin"}`); !strings.Contains(got, `person:ada lacks the scope \"admin\"`) {
		t.Errorf("told %s", got)
	}
	b.want(401, "POST", "/v1/cases/c1/verdict", `{"verdict":"x","reason":"y"}`, "Sec-Fetch-Site: cross-site")
	b.want(204, "DELETE", "/v1/session", "")
	b.want(401, "GET", "/v1/session", "")

	b.want(403, "POST", "/v1/session", `{"name":"ada","password":"a sentence of ada"}`, "Sec-Fetch-Site: cross-site")
	b.want(204, "POST", "/v1/session", `{"name":"ada","password":"a sentence of ada"}`)
	self := get[Self](r, "GET", "/v1/session", "")
	if diff := cmp.Diff(Self{By: "key:tester", Scopes: auth.Scopes()}, self); diff != "" {
		t.Errorf("a key's self (-want +got):\n%s", diff)
	}
	if w := r.do("PATCH", "/v1/users/ada", `{"disabled":true}`); w.Code != 204 {
		t.Fatalf("disable: %d %s", w.Code, w.Body)
	}
	b.want(401, "GET", "/v1/session", "")
	users := get[List[User]](r, "GET", "/v1/users", "").Items
	if len(users) != 1 || users[0].Disabled == 0 || users[0].Role != "moderator" {
		t.Errorf("users %+v", users)
	}
	for _, w := range []*httptest.ResponseRecorder{r.do("PATCH", "/v1/users/eve", `{"disabled":true}`), r.do("POST", "/v1/users/eve/reset", "")} {
		if w.Code != 404 {
			t.Errorf("an unknown user: %d %s", w.Code, w.Body)
		}
	}
	if w := r.do("POST", "/v1/users", `{"name":"ada","role":"viewer"}`); w.Code != 409 {
		t.Errorf("a name again: %d %s", w.Code, w.Body)
	}
	entries := get[List[AuditEntry]](r, "GET", "/v1/audit", "").Items
	var acts []string
	for _, e := range entries {
		acts = append(acts, e.By+" "+e.Action+" "+e.Reason)
	}
	if diff := cmp.Diff([]string{"key:tester user.change disabled", "person:ada user.login ", "person:ada user.change password", "person:ada user.login ",
		"key:tester user.create moderator", "person:test key.create tester"}, acts); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
}
