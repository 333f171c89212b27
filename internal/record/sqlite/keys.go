package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/ringfence/ringfence/internal/record"
)

// PutKey implements record.Keys.
func (s *Store) PutKey(ctx context.Context, k record.Key, by string) error {
	if err := k.Check(); err != nil {
		return err
	}
	return s.update(ctx, "put key "+k.ID, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM keys`).Scan(&n); err != nil {
			return err
		}
		if n >= record.MaxKeys {
			return fmt.Errorf("%w: there are %d keys, no more fit", record.ErrInvalid, n)
		}
		res, err := tx.ExecContext(ctx, `INSERT INTO keys (id, name, scopes, hash, per_second, created) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`, k.ID, k.Name, strings.Join(k.Scopes, " "), k.Hash[:], k.PerSecond, k.Created)
		if err != nil {
			return err
		}
		switch n, err := res.RowsAffected(); {
		case err != nil:
			return err
		case n == 0:
			return record.ErrConflict
		}
		return audit(ctx, tx, record.AuditEntry{At: k.Created, By: by, Action: "key.create", Subject: k.ID, Reason: k.Name})
	})
}

const keyColumns = `id, name, scopes, hash, per_second, created, last_used, revoked`

func scanKey(row scanner, k *record.Key) error {
	var scopes string
	var hash []byte
	if err := row.Scan(&k.ID, &k.Name, &scopes, &hash, &k.PerSecond, &k.Created, &k.LastUsed, &k.Revoked); err != nil {
		return err
	}
	if len(hash) != len(k.Hash) {
		return fmt.Errorf("key %s: hash has %d bytes", k.ID, len(hash))
	}
	k.Scopes, k.Hash = strings.Fields(scopes), [32]byte(hash)
	return nil
}

// KeyByHash implements record.Keys.
func (s *Store) KeyByHash(ctx context.Context, hash [32]byte) (k record.Key, err error) {
	if err := scanKey(s.read.QueryRowContext(ctx, `SELECT `+keyColumns+` FROM keys WHERE hash = ?`, hash[:]), &k); err != nil {
		return k, fmt.Errorf("key by hash: %w", found(err))
	}
	return k, nil
}

// ListKeys implements record.Keys.
func (s *Store) ListKeys(ctx context.Context) ([]record.Key, error) {
	return list(ctx, s.read, "list keys", func(r *sql.Rows, k *record.Key) error { return scanKey(r, k) },
		`SELECT `+keyColumns+` FROM keys ORDER BY name, id`)
}

// RevokeKey implements record.Keys.
func (s *Store) RevokeKey(ctx context.Context, id, by string, at int64) error {
	return s.update(ctx, "revoke key "+id, func(tx *sql.Tx) error {
		var revoked int64
		if err := tx.QueryRowContext(ctx, `SELECT revoked FROM keys WHERE id = ?`, id).Scan(&revoked); err != nil || revoked != 0 {
			return found(err)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE keys SET revoked = ? WHERE id = ?`, max(at, 1), id); err != nil {
			return err
		}
		return audit(ctx, tx, record.AuditEntry{At: at, By: by, Action: "key.revoke", Subject: id})
	})
}

// TouchKey implements record.Keys.
func (s *Store) TouchKey(ctx context.Context, id string, at int64) error {
	return s.update(ctx, "touch key "+id, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE keys SET last_used = max(last_used, ?) WHERE id = ?`, at, id)
		return err
	})
}
