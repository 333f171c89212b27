package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/ringfence/ringfence/internal/record"
)

// PutUser implements record.Users.
func (s *Store) PutUser(ctx context.Context, u record.User, by string) error {
	if err := u.Check(); err != nil {
		return err
	}
	return s.update(ctx, "put user "+u.Name, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&n); err != nil {
			return err
		}
		if n >= record.MaxUsers {
			return fmt.Errorf("%w: there are %d users, no more fit", record.ErrInvalid, n)
		}
		res, err := tx.ExecContext(ctx, `INSERT INTO users (name, role, password, temporary, created) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			u.Name, u.Role, u.Password, u.Temporary, u.Created)
		if err != nil {
			return err
		}
		switch n, err := res.RowsAffected(); {
		case err != nil:
			return err
		case n == 0:
			return record.ErrConflict
		}
		return audit(ctx, tx, record.AuditEntry{At: u.Created, By: by, Action: "user.create", Subject: u.Name, Reason: u.Role})
	})
}

// ChangeUser implements record.Users.
func (s *Store) ChangeUser(ctx context.Context, name string, c record.UserChange, keep [32]byte, by string, at int64) error {
	return s.update(ctx, "change user "+name, func(tx *sql.Tx) error {
		u, err := user(ctx, tx, name)
		if err != nil {
			return err
		}
		var said []string
		if c.Role != nil && *c.Role != u.Role {
			said = append(said, "role "+*c.Role)
			u.Role = *c.Role
		}
		if c.Password != nil {
			said = append(said, "password")
			u.Password, u.Temporary = *c.Password, c.Temporary
		}
		switch {
		case c.Disabled == nil || *c.Disabled == (u.Disabled != 0):
		case *c.Disabled:
			said = append(said, "disabled")
			u.Disabled = max(at, 1)
		default:
			said = append(said, "enabled")
			u.Disabled = 0
		}
		if err := u.Check(); err != nil || len(said) == 0 {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE users SET role = ?, password = ?, temporary = ?, disabled = ? WHERE name = ?`,
			u.Role, u.Password, u.Temporary, u.Disabled, name); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE user = ? AND hash != ?`, name, keep[:]); err != nil {
			return err
		}
		return audit(ctx, tx, record.AuditEntry{At: at, By: by, Action: "user.change", Subject: name, Reason: strings.Join(said, ", ")})
	})
}

const userColumns = `name, role, password, temporary, users.created, last_login, disabled`

func userFields(u *record.User) []any {
	return []any{&u.Name, &u.Role, &u.Password, &u.Temporary, &u.Created, &u.LastLogin, &u.Disabled}
}

func user(ctx context.Context, q querier, name string) (u record.User, err error) {
	err = found(q.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users WHERE name = ?`, name).Scan(userFields(&u)...))
	if err != nil {
		err = fmt.Errorf("user %.64q: %w", name, err)
	}
	return u, err
}

// User implements record.Users.
func (s *Store) User(ctx context.Context, name string) (record.User, error) {
	return user(ctx, s.read, name)
}

// ListUsers implements record.Users.
func (s *Store) ListUsers(ctx context.Context) ([]record.User, error) {
	return list(ctx, s.read, "list users", func(r *sql.Rows, u *record.User) error { return r.Scan(userFields(u)...) },
		`SELECT `+userColumns+` FROM users ORDER BY name`)
}

// PutSession implements record.Users.
func (s *Store) PutSession(ctx context.Context, n record.Session) error {
	return s.update(ctx, "put session", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE users SET last_login = max(last_login, ?) WHERE name = ?`, n.Created, n.User)
		if err != nil {
			return err
		}
		switch rows, err := res.RowsAffected(); {
		case err != nil:
			return err
		case rows == 0:
			return fmt.Errorf("user %.64q: %w", n.User, record.ErrNotFound)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires <= ?`, n.Created); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO sessions (hash, user, created, used, expires) VALUES (?, ?, ?, ?, ?)`,
			n.Hash[:], n.User, n.Created, n.Used, n.Expires); err != nil {
			return err
		}
		return audit(ctx, tx, record.AuditEntry{At: n.Created, By: "person:" + n.User, Action: "user.login", Subject: n.User})
	})
}

// SessionByHash implements record.Users.
func (s *Store) SessionByHash(ctx context.Context, hash [32]byte) (n record.Session, u record.User, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT user, sessions.created, used, expires, `+userColumns+`
		FROM sessions JOIN users ON users.name = sessions.user WHERE hash = ?`, hash[:]).
		Scan(append([]any{&n.User, &n.Created, &n.Used, &n.Expires}, userFields(&u)...)...)
	if err != nil {
		return n, u, fmt.Errorf("session by hash: %w", found(err))
	}
	n.Hash = hash
	return n, u, nil
}

// TouchSession implements record.Users.
func (s *Store) TouchSession(ctx context.Context, hash [32]byte, at int64) error {
	return s.update(ctx, "touch session", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sessions SET used = max(used, ?) WHERE hash = ?`, at, hash[:])
		return err
	})
}

// EndSession implements record.Users.
func (s *Store) EndSession(ctx context.Context, hash [32]byte) error {
	return s.update(ctx, "end session", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash = ?`, hash[:])
		return err
	})
}
