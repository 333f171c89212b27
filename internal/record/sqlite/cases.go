package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/record"
)

const caseColumns = `seq, id, policy, target, severity, opened, updated, effects, closed, closed_by, change, verdict`

func scanCase(row scanner, c *record.Case) error {
	var target string
	err := row.Scan(&c.Seq, &c.ID, &c.Policy, &target, &c.Severity, &c.Opened, &c.Updated, &c.Effects, &c.Closed, &c.ClosedBy, &c.Change, &c.Verdict)
	if err != nil {
		return err
	}
	var ok bool
	if c.Target, ok = event.ParseEntity(target); !ok {
		return fmt.Errorf("case %s: target %q is no entity", c.ID, target)
	}
	return nil
}

// Case implements record.Cases.
func (s *Store) Case(ctx context.Context, id string) (c record.Case, evidence []record.Evidence, err error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // the evidence is of the same moment as the case
	if err != nil {
		return c, nil, fmt.Errorf("case %s: %w", id, err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	if err := scanCase(tx.QueryRowContext(ctx, `SELECT `+caseColumns+` FROM cases WHERE id = ?`, id), &c); err != nil {
		return c, nil, fmt.Errorf("case %s: %w", id, found(err))
	}
	evidence, err = list(ctx, tx, "evidence of case "+id, func(r *sql.Rows, e *record.Evidence) error {
		return r.Scan(&e.EffectID, &e.Rule, &e.Reason, &e.Source, &e.EventID, &e.Time)
	}, `SELECT effect_id, rule, reason, source, event_id, time FROM evidence WHERE case_id = ? ORDER BY seq`, id)
	return c, evidence, err
}

// ListCases implements record.Cases.
func (s *Store) ListCases(ctx context.Context, open bool, p record.Page) ([]record.Case, error) {
	return list(ctx, s.read, "list cases", func(r *sql.Rows, c *record.Case) error { return scanCase(r, c) },
		`SELECT `+caseColumns+` FROM cases WHERE (change = '') = ? AND seq < ? ORDER BY seq DESC LIMIT ?`, open, before(p), p.Size())
}

// CloseCase implements record.Cases.
func (s *Store) CloseCase(ctx context.Context, c record.Change, id, verdict string) error {
	if verdict == "" || len(verdict) > record.MaxName {
		return fmt.Errorf("close case %s: %w: a verdict has 1 to %d bytes", id, record.ErrInvalid, record.MaxName)
	}
	return s.change(ctx, c, func(tx *sql.Tx) error {
		var by string
		switch err := found(tx.QueryRowContext(ctx, `SELECT change FROM cases WHERE id = ?`, id).Scan(&by)); {
		case err != nil:
			return fmt.Errorf("case %s: %w", id, err)
		case by != "":
			return fmt.Errorf("case %s is closed by change %s: %w", id, by, record.ErrConflict)
		}
		_, err := tx.ExecContext(ctx, `UPDATE cases SET closed = ?, closed_by = ?, change = ?, verdict = ? WHERE id = ?`, c.At, c.By, c.ID, verdict, id)
		return err
	})
}
