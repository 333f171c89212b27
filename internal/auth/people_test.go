package auth_test

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/auth"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/record/sqlite"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestRolesOverRoutes holds who may call what in a file, so that nobody opens a route by accident.
func TestRolesOverRoutes(t *testing.T) {
	var b strings.Builder
	for _, route := range auth.Routes() {
		scope, _ := auth.ScopeOf(route)
		var may []string
		for _, role := range auth.Roles() {
			p := auth.Principal{Scopes: role.Scopes()}
			if p.May(scope) {
				may = append(may, string(role))
			}
		}
		fmt.Fprintf(&b, "%-55s %s\n", route, strings.Join(may, " "))
	}
	const golden = "testdata/roles.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("who may call what (-want +got; go test -update writes it anew):\n%s", diff)
	}
}

// door is the people of a server with a clock of its own.
type door struct {
	*auth.People
	store *sqlite.Store
	now   int64
}

func newDoor(t *testing.T) *door {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	d := &door{store: store, now: int64(1e18)}
	d.People = auth.NewPeople(store, func() int64 { return d.now })
	return d
}

func (d *door) login(t *testing.T, name, password string) (*http.Cookie, error) {
	t.Helper()
	return d.Login(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/session", nil), name, password)
}

func (d *door) identify(t *testing.T, c *http.Cookie, headers ...string) (*auth.Principal, error) {
	t.Helper()
	return d.Identify(request(t, c, headers...))
}

func request(t *testing.T, c *http.Cookie, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/labels", nil)
	r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// enter makes a user with a password of their own, and logs them in.
func (d *door) enter(t *testing.T, name string, role auth.Role) *http.Cookie {
	t.Helper()
	first, err := d.Create(t.Context(), name, role, "command line")
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.login(t, name, first)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetPassword(request(t, c), first, "a sentence of "+name); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFirstLogin(t *testing.T) {
	d := newDoor(t)
	first, err := d.Create(t.Context(), "ada", auth.Manager, "command line")
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.login(t, "ada", first)
	if err != nil {
		t.Fatal(err)
	}
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure {
		t.Errorf("cookie %+v", c)
	}
	p, err := d.identify(t, c)
	if err != nil || p.By != "person:ada" || len(p.Scopes) > 0 || !p.Temporary || p.May(auth.Read) || !p.May(auth.Self) {
		t.Fatalf("with the first password: %+v, %v", p, err)
	}
	for name, change := range map[string]struct {
		old, password string
		want          error
	}{
		"wrong old one": {"nonsense", "a sentence of ada", record.ErrInvalid},
		"short":         {first, "hunter2", record.ErrInvalid},
		"the same":      {first, first, record.ErrInvalid},
		"long":          {first, strings.Repeat("x", 1025), record.ErrInvalid},
	} {
		if err := d.SetPassword(request(t, c), change.old, change.password); !errors.Is(err, change.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other, err := d.login(t, "ada", first)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetPassword(request(t, c), first, "a sentence of ada"); err != nil {
		t.Fatal(err)
	}
	if p, err := d.identify(t, c); err != nil || p.Temporary || !p.May(auth.Admin) || p.Role != auth.Manager {
		t.Errorf("with a password of her own: %+v, %v", p, err)
	}
	if _, err := d.identify(t, other); !errors.Is(err, auth.ErrUnknown) {
		t.Errorf("the other session goes on: %v", err)
	}
	if _, err := d.login(t, "ada", first); !errors.Is(err, auth.ErrPassword) {
		t.Errorf("the first password again: %v", err)
	}
}

func TestLoginRefuses(t *testing.T) {
	d := newDoor(t)
	d.enter(t, "ada", auth.Viewer)
	off := true
	d.enter(t, "bob", auth.Viewer)
	if err := d.Change(t.Context(), "bob", nil, &off, "person:ada"); err != nil {
		t.Fatal(err)
	}
	for _, try := range [][2]string{{"ada", "wrong"}, {"ada", ""}, {"eve", "a sentence of eve"}, {"bob", "a sentence of bob"}, {"", ""},
		{"ada", strings.Repeat("a", 2000)}} {
		if _, err := d.login(t, try[0], try[1]); !errors.Is(err, auth.ErrPassword) || err.Error() != auth.ErrPassword.Error() {
			t.Errorf("%.20q: %v", try, err)
		}
	}
}

func TestGuessingIsSlow(t *testing.T) {
	d := newDoor(t)
	d.enter(t, "ada", auth.Viewer)
	tries := 0
	for ; tries < 100; tries++ {
		if _, err := d.login(t, "ada", "wrong"); errors.Is(err, auth.ErrTooMany) {
			break
		}
	}
	if tries != 10 {
		t.Errorf("%d guesses at once", tries)
	}
	if _, err := d.login(t, "ada", "a sentence of ada"); !errors.Is(err, auth.ErrTooMany) {
		t.Errorf("the right password after them: %v", err)
	}
	d.now += int64(30 * time.Second)
	if _, err := d.login(t, "ada", "a sentence of ada"); err != nil {
		t.Errorf("after a while: %v", err)
	}
	if _, err := d.login(t, "ada", "wrong"); !errors.Is(err, auth.ErrPassword) {
		t.Errorf("a success forgives what was before: %v", err)
	}
}

// TestGuessesAreNotForgotten floods the counts with made-up names, from one address and from many.
func TestGuessesAreNotForgotten(t *testing.T) {
	d := newDoor(t)
	d.enter(t, "ada", auth.Viewer)
	login := func(name, from string) error {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/session", nil)
		r.RemoteAddr = from
		_, err := d.Login(r, name, "wrong")
		return err
	}
	for !errors.Is(login("ada", "192.0.2.1:9"), auth.ErrTooMany) {
		d.now++
	}
	refused := 0
	for i := range 200 {
		if errors.Is(login(fmt.Sprint("eve", i), "192.0.2.1:9"), auth.ErrTooMany) {
			refused++
		}
	}
	if refused < 140 {
		t.Errorf("%d of 200 guesses of one address are refused", refused)
	}
	if !errors.Is(login("ada", "192.0.2.1:10"), auth.ErrTooMany) {
		t.Error("ada may be guessed again")
	}
	if err := login("ada", "198.51.100.7:9"); !errors.Is(err, auth.ErrPassword) {
		t.Errorf("from another address: %v", err)
	}
	first := login("bob", "[2001:db8::1]:9")
	for i := range 20 {
		if i == 19 && (!errors.Is(first, auth.ErrPassword) || !errors.Is(login("bob", "[2001:db8::ffff:1]:9"), auth.ErrTooMany)) {
			t.Error("addresses of one household are counted apart")
		}
		_ = login("bob", fmt.Sprintf("[2001:db8::%x]:9", i))
	}
}

func TestSessionsEnd(t *testing.T) {
	d := newDoor(t)
	alive := func(c *http.Cookie) bool {
		t.Helper()
		_, err := d.identify(t, c)
		if err != nil && !errors.Is(err, auth.ErrUnknown) {
			t.Fatal(err)
		}
		return err == nil
	}
	c := d.enter(t, "ada", auth.Viewer)
	for range 11 { // kept awake
		d.now += int64(time.Hour)
		if !alive(c) {
			t.Fatal("a session in use ended")
		}
	}
	d.now += int64(time.Hour)
	if alive(c) {
		t.Error("a session went on after twelve hours")
	}
	login := func() *http.Cookie {
		t.Helper()
		c, err := d.login(t, "ada", "a sentence of ada")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	idle := login()
	d.now += int64(2 * time.Hour)
	if alive(idle) {
		t.Error("an idle session went on")
	}
	out := login()
	if _, err := d.Logout(request(t, out)); err != nil || alive(out) {
		t.Errorf("after the logout: %v", err)
	}
	role, changed := auth.Senior, login()
	if err := d.Change(t.Context(), "ada", &role, nil, "person:root"); err != nil || alive(changed) {
		t.Errorf("with another role: %v", err)
	}
	reset := login()
	if _, err := d.Reset(t.Context(), "ada", "person:root"); err != nil || alive(reset) {
		t.Errorf("with a new password: %v", err)
	}
	if alive(&http.Cookie{Name: c.Name, Value: strings.Repeat("a", len(c.Value))}) {
		t.Error("an invented session is alive")
	}
}

func TestSessionsOfOtherOrigins(t *testing.T) {
	d := newDoor(t)
	c := d.enter(t, "ada", auth.Viewer)
	if _, err := d.identify(t, c, "Sec-Fetch-Site", "same-origin"); err != nil {
		t.Errorf("of this origin: %v", err)
	}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if _, err := d.identify(t, c, headers...); !errors.Is(err, auth.ErrUnknown) {
			t.Errorf("%v: %v", headers, err)
		}
	}
}

func TestPeopleRefuse(t *testing.T) {
	d := newDoor(t)
	d.enter(t, "ada", auth.Viewer)
	for _, test := range []struct {
		name string
		role auth.Role
		want error
	}{{"ada", auth.Viewer, record.ErrConflict}, {"Upper", auth.Viewer, record.ErrInvalid}, {"", auth.Viewer, record.ErrInvalid}, {"bob", "root", record.ErrInvalid}} {
		if password, err := d.Create(t.Context(), test.name, test.role, "person:ada"); !errors.Is(err, test.want) || password != "" {
			t.Errorf("%q %q: %v", test.name, test.role, err)
		}
	}
	bad := auth.Role("root")
	if err := d.Change(t.Context(), "ada", &bad, nil, "person:ada"); !errors.Is(err, record.ErrInvalid) {
		t.Errorf("an unknown role: %v", err)
	}
	if _, err := d.Reset(t.Context(), "eve", "person:ada"); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("an unknown user: %v", err)
	}
}

// TestPasswordsAreHashed looks at what is stored.
func TestPasswordsAreHashed(t *testing.T) {
	d := newDoor(t)
	d.enter(t, "ada", auth.Viewer)
	u, err := d.store.User(t.Context(), "ada")
	if err != nil || !strings.HasPrefix(u.Password, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(u.Password, "sentence") {
		t.Errorf("stored %q, %v", u.Password, err)
	}
}
