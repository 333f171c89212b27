package recordtest

import (
	"testing"

	"github.com/ringfence/ringfence/internal/record"
)

func users(t *testing.T, s record.Store) {
	ada := record.User{Name: "ada", Role: "admin", Password: "$h1", Temporary: true, Created: 5}
	bob := record.User{Name: "bob", Role: "viewer", Password: "$h2", Created: 6}
	ok(t, s.PutUser(t.Context(), bob, "person:ada"))
	ok(t, s.PutUser(t.Context(), ada, "command line"))
	is(t, "again", s.PutUser(t.Context(), bob, "person:ada"), record.ErrConflict)
	is(t, "no password", s.PutUser(t.Context(), record.User{Name: "x", Role: "viewer"}, "person:ada"), record.ErrInvalid)
	all, err := s.ListUsers(t.Context())
	ok(t, err)
	diff(t, "all", all, []record.User{ada, bob})

	role, password, off := "senior", "$h3", true
	ok(t, s.ChangeUser(t.Context(), "bob", record.UserChange{Role: &role, Password: &password, Temporary: true}, [32]byte{}, "person:ada", 7))
	ok(t, s.ChangeUser(t.Context(), "bob", record.UserChange{Disabled: &off}, [32]byte{}, "person:ada", 8))
	ok(t, s.ChangeUser(t.Context(), "bob", record.UserChange{Disabled: &off, Role: &role}, [32]byte{}, "person:ada", 9)) // nothing new
	is(t, "nobody", s.ChangeUser(t.Context(), "eve", record.UserChange{Disabled: &off}, [32]byte{}, "person:ada", 9), record.ErrNotFound)
	bob = record.User{Name: "bob", Role: "senior", Password: "$h3", Temporary: true, Created: 6, Disabled: 8}
	got, err := s.User(t.Context(), "bob")
	ok(t, err)
	diff(t, "changed", got, bob)
	_, err = s.User(t.Context(), "eve")
	is(t, "unknown", err, record.ErrNotFound)
	diff(t, "audit", newestAudit(t, s, 2), []record.AuditEntry{
		{Seq: 4, At: 8, By: "person:ada", Action: "user.change", Subject: "bob", Reason: "disabled"},
		{Seq: 3, At: 7, By: "person:ada", Action: "user.change", Subject: "bob", Reason: "role senior, password"},
	})
}

func sessions(t *testing.T, s record.Store) {
	ada := record.User{Name: "ada", Role: "admin", Password: "$h1", Created: 5}
	ok(t, s.PutUser(t.Context(), ada, "command line"))
	session := func(n byte, created, expires int64) record.Session {
		return record.Session{Hash: [32]byte{n}, User: "ada", Created: created, Used: created, Expires: expires}
	}
	first, second, third := session(1, 10, 20), session(2, 11, 40), session(3, 25, 50)
	ok(t, s.PutSession(t.Context(), first))
	ok(t, s.PutSession(t.Context(), second))
	is(t, "of nobody", s.PutSession(t.Context(), record.Session{Hash: [32]byte{9}, User: "eve", Expires: 9}), record.ErrNotFound)
	for _, at := range []int64{15, 14} {
		ok(t, s.TouchSession(t.Context(), first.Hash, at))
	}
	first.Used, ada.LastLogin = 15, 11
	n, u, err := s.SessionByHash(t.Context(), first.Hash)
	ok(t, err)
	diff(t, "session", n, first)
	diff(t, "its user", u, ada)
	ok(t, s.PutSession(t.Context(), third)) // the first has expired by then
	_, _, err = s.SessionByHash(t.Context(), first.Hash)
	is(t, "expired", err, record.ErrNotFound)

	password := "$h2"
	ok(t, s.ChangeUser(t.Context(), "ada", record.UserChange{Password: &password}, third.Hash, "person:ada", 30))
	_, _, err = s.SessionByHash(t.Context(), second.Hash)
	is(t, "another session, after the password changed", err, record.ErrNotFound)
	_, _, err = s.SessionByHash(t.Context(), third.Hash)
	ok(t, err)
	ok(t, s.EndSession(t.Context(), third.Hash))
	ok(t, s.EndSession(t.Context(), third.Hash))
	_, _, err = s.SessionByHash(t.Context(), third.Hash)
	is(t, "ended", err, record.ErrNotFound)
}
