package record

import (
	"context"
	"fmt"
)

// Users is the people who work with the server, and their sessions.
type Users interface {
	// PutUser stores a new user; a name that is there is ErrConflict. by is audited, as of all changes here.
	PutUser(ctx context.Context, u User, by string) error

	// ChangeUser changes what the change names. Sessions of the user end with it, but for the one of keep, which may be zero.
	ChangeUser(ctx context.Context, name string, c UserChange, keep [32]byte, by string, at int64) error

	// User gives a user by name.
	User(ctx context.Context, name string) (User, error)

	// ListUsers lists all users by name, disabled ones too.
	ListUsers(ctx context.Context) ([]User, error)

	// PutSession stores a new session and the time of the login. Sessions that had expired by then are forgotten.
	PutSession(ctx context.Context, s Session) error

	// SessionByHash gives a session and its user, also where the session has expired or the user is disabled.
	SessionByHash(ctx context.Context, hash [32]byte) (Session, User, error)

	// TouchSession records a use. It is a write: call it at most once a minute for a session.
	TouchSession(ctx context.Context, hash [32]byte, at int64) error

	// EndSession forgets a session. One that is not there is no error.
	EndSession(ctx context.Context, hash [32]byte) error
}

// User is a person who works with the server.
type User struct {
	Name      string
	Role      string
	Password  string // as package auth hashed it
	Temporary bool   // the password was made by the server and only serves to set another
	Created   int64
	LastLogin int64 // 0 never
	Disabled  int64 // 0 while the user may log in
}

// UserChange is what to change of a user; nil leaves as it is.
type UserChange struct {
	Role      *string
	Password  *string
	Temporary bool // of the password
	Disabled  *bool
}

// Session is one login.
type Session struct {
	Hash    [32]byte // SHA-256 of the secret
	User    string
	Created int64
	Used    int64 // to the minute
	Expires int64
}

// MaxUsers is how many users a store takes.
const MaxUsers = 10_000

// Check reports, as ErrInvalid, why a user cannot be stored.
func (u *User) Check() error {
	switch {
	case u.Name == "" || u.Role == "" || len(u.Name) > MaxName || len(u.Role) > MaxName:
		return fmt.Errorf("%w: user %.64q needs a name and a role, each at most %d bytes", ErrInvalid, u.Name, MaxName)
	case u.Password == "" || len(u.Password) > MaxName:
		return fmt.Errorf("%w: user %q needs the hash of a password", ErrInvalid, u.Name)
	}
	return nil
}
