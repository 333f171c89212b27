package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ringfence/ringfence/internal/record"
)

// PutChanges implements record.Changes.
func (s *Store) PutChanges(ctx context.Context, cs ...record.Change) error {
	for i := range cs {
		if err := cs[i].Check(); err != nil {
			return err
		}
	}
	return s.update(ctx, "put changes", func(tx *sql.Tx) error {
		for i := range cs {
			if _, err := putChange(ctx, tx, &cs[i]); err != nil {
				return fmt.Errorf("change %s: %w", cs[i].ID, err)
			}
		}
		return nil
	})
}

// change stores a change and, if it is new, does in the same transaction what it stands for.
func (s *Store) change(ctx context.Context, c record.Change, do func(tx *sql.Tx) error) error {
	if err := c.Check(); err != nil {
		return err
	}
	return s.update(ctx, "change "+c.ID, func(tx *sql.Tx) error {
		if isNew, err := putChange(ctx, tx, &c); err != nil || !isNew {
			return err
		}
		return do(tx)
	})
}

// putChange stores a change, unless it is there.
func putChange(ctx context.Context, tx *sql.Tx, c *record.Change) (isNew bool, err error) {
	if c.Body == nil {
		c.Body = []byte{}
	}
	var had record.Change
	err = scanChange(tx.QueryRowContext(ctx, `SELECT `+changeColumns+` FROM changes WHERE id = ?`, c.ID), &had)
	switch {
	case err == nil:
		if had.Kind != c.Kind || had.By != c.By || had.Reason != c.Reason || !bytes.Equal(had.Body, c.Body) {
			return false, record.ErrConflict
		}
		return false, nil
	case !errors.Is(found(err), record.ErrNotFound):
		return false, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO changes (id, kind, by, at, reason, body) VALUES (?, ?, ?, ?, ?, ?)`,
		c.ID, c.Kind, c.By, c.At, c.Reason, c.Body); err != nil {
		return false, err
	}
	return true, audit(ctx, tx, record.AuditEntry{At: c.At, By: c.By, Action: c.Kind, Subject: c.ID, Reason: c.Reason, Digest: c.Digest()})
}

// Change implements record.Changes.
func (s *Store) Change(ctx context.Context, id string) (c record.Change, err error) {
	err = found(scanChange(s.read.QueryRowContext(ctx, `SELECT `+changeColumns+` FROM changes WHERE id = ?`, id), &c))
	if err != nil {
		return c, fmt.Errorf("change %.64q: %w", id, err)
	}
	return c, nil
}

const changeColumns = `seq, id, kind, by, at, reason, body, journaled`

func scanChange(row scanner, c *record.Change) error {
	return row.Scan(&c.Seq, &c.ID, &c.Kind, &c.By, &c.At, &c.Reason, &c.Body, &c.Journaled)
}

// PendingChanges implements record.Changes.
func (s *Store) PendingChanges(ctx context.Context, limit int) ([]record.Change, error) {
	return list(ctx, s.read, "pending changes", func(r *sql.Rows, c *record.Change) error { return scanChange(r, c) },
		`SELECT `+changeColumns+` FROM changes WHERE journaled = 0 ORDER BY seq LIMIT ?`, limit)
}

// MarkJournaled implements record.Changes.
func (s *Store) MarkJournaled(ctx context.Context, ids []string) error {
	return s.update(ctx, "mark journaled", func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `UPDATE changes SET journaled = 1 WHERE id = ?`, id); err != nil {
				return fmt.Errorf("change %s: %w", id, err)
			}
		}
		return nil
	})
}

// ListChanges implements record.Changes.
func (s *Store) ListChanges(ctx context.Context, kind string, p record.Page) ([]record.Change, error) {
	scan := func(r *sql.Rows, c *record.Change) error { return scanChange(r, c) }
	if kind == "" {
		return list(ctx, s.read, "list changes", scan, `SELECT `+changeColumns+` FROM changes WHERE seq < ? ORDER BY seq DESC LIMIT ?`, before(p), p.Size())
	}
	return list(ctx, s.read, "list changes", scan, `SELECT `+changeColumns+` FROM changes WHERE kind = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
		kind, before(p), p.Size())
}

// PutRuleSet implements record.RuleSets.
func (s *Store) PutRuleSet(ctx context.Context, r record.RuleSet) (number int64, err error) {
	if err := r.Check(); err != nil {
		return 0, err
	}
	files, err := json.Marshal(r.Files)
	if err != nil {
		return 0, fmt.Errorf("put rule set: %w", err)
	}
	err = s.update(ctx, "put rule set", func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT number FROM rule_sets WHERE hash = ?`, r.Hash).Scan(&number)
		if !errors.Is(found(err), record.ErrNotFound) {
			return err
		}
		if err := tx.QueryRowContext(ctx, `INSERT INTO rule_sets (hash, files, by, at, note) VALUES (?, ?, ?, ?, ?) RETURNING number`,
			r.Hash, files, r.By, r.At, r.Note).Scan(&number); err != nil {
			return err
		}
		return audit(ctx, tx, record.AuditEntry{At: r.At, By: r.By, Action: "ruleset.create", Subject: r.Hash, Reason: r.Note})
	})
	return number, err
}

// RuleSet implements record.RuleSets.
func (s *Store) RuleSet(ctx context.Context, number int64) (record.RuleSet, error) {
	r, err := s.ruleSet(ctx, `number = ?`, number)
	if err != nil {
		return r, fmt.Errorf("rule set %d: %w", number, err)
	}
	return r, nil
}

// ActiveRuleSet implements record.RuleSets.
func (s *Store) ActiveRuleSet(ctx context.Context) (record.RuleSet, error) {
	r, err := s.ruleSet(ctx, `number = (SELECT number FROM active_rule_set)`)
	if err != nil {
		return r, fmt.Errorf("active rule set: %w", err)
	}
	return r, nil
}

func (s *Store) ruleSet(ctx context.Context, where string, args ...any) (record.RuleSet, error) {
	var r record.RuleSet
	var files []byte
	err := s.read.QueryRowContext(ctx, `SELECT number, hash, files, by, at, note FROM rule_sets WHERE `+where, args...).
		Scan(&r.Number, &r.Hash, &files, &r.By, &r.At, &r.Note)
	if err != nil {
		return r, found(err)
	}
	return r, json.Unmarshal(files, &r.Files)
}

// ListRuleSets implements record.RuleSets.
func (s *Store) ListRuleSets(ctx context.Context, p record.Page) ([]record.RuleSet, error) {
	return list(ctx, s.read, "list rule sets", func(rows *sql.Rows, r *record.RuleSet) error {
		return rows.Scan(&r.Number, &r.Hash, &r.By, &r.At, &r.Note)
	}, `SELECT number, hash, by, at, note FROM rule_sets WHERE number < ? ORDER BY number DESC LIMIT ?`, before(p), p.Size())
}

// ActivateRuleSet implements record.RuleSets.
func (s *Store) ActivateRuleSet(ctx context.Context, c record.Change, number int64) error {
	return s.change(ctx, c, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO active_rule_set (one, number) SELECT 1, number FROM rule_sets WHERE number = ?
			ON CONFLICT DO UPDATE SET number = excluded.number`, number)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return fmt.Errorf("rule set %d: %w", number, record.ErrNotFound)
	})
}
