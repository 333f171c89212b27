package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

// nextInLine gives the turn to the first queued effect of a line.
const nextInLine = `UPDATE effects SET due = ? WHERE seq =
	(SELECT min(seq) FROM effects WHERE receiver = ? AND target = ? AND state = 'queued')`

// DueReceivers implements record.Deliveries. It steps from one receiver to the next in the index, whatever the backlog.
func (s *Store) DueReceivers(ctx context.Context, now int64) ([]string, error) {
	return list(ctx, s.read, "due receivers", func(r *sql.Rows, name *string) error { return r.Scan(name) }, `
		WITH RECURSIVE names (name) AS (
			SELECT (SELECT min(receiver) FROM effects WHERE due IS NOT NULL)
			UNION ALL
			SELECT (SELECT min(receiver) FROM effects WHERE due IS NOT NULL AND receiver > name) FROM names WHERE name IS NOT NULL
		)
		SELECT name FROM names WHERE name IS NOT NULL
			AND EXISTS (SELECT 1 FROM effects WHERE receiver = name AND due IS NOT NULL AND due <= ?)`, now)
}

// Claim implements record.Deliveries.
func (s *Store) Claim(ctx context.Context, receiver string, now int64, limit int, lease int64) (ds []record.Delivery, err error) {
	err = s.update(ctx, "claim effects", func(tx *sql.Tx) error {
		ds, err = list(ctx, tx, "list", func(r *sql.Rows, d *record.Delivery) error { return scanEffect(r, d) },
			`SELECT `+effectColumns+` FROM effects WHERE receiver = ? AND due <= ? ORDER BY due, seq LIMIT ?`, receiver, now, limit)
		if err != nil {
			return err
		}
		for i := range ds {
			ds[i].Due = now + lease
			if _, err := tx.ExecContext(ctx, `UPDATE effects SET due = ? WHERE seq = ?`, now+lease, ds[i].Seq); err != nil {
				return err
			}
		}
		return nil
	})
	return ds, err
}

// Settle implements record.Deliveries.
func (s *Store) Settle(ctx context.Context, now int64, outcomes []record.Outcome) error {
	for _, o := range outcomes {
		if o.State != effect.Delivered && o.State != effect.Dead && o.State != effect.Queued {
			return fmt.Errorf("settle effect %s: %w: %q is not an outcome", o.ID, record.ErrInvalid, o.State)
		}
	}
	return s.update(ctx, "settle effects", func(tx *sql.Tx) error {
		next := tx.StmtContext(ctx, s.nextInLine)
		for _, o := range outcomes {
			if err := settle(ctx, tx, next, now, o); err != nil {
				return fmt.Errorf("effect %s: %w", o.ID, err)
			}
		}
		return nil
	})
}

func settle(ctx context.Context, tx *sql.Tx, next *sql.Stmt, now int64, o record.Outcome) error {
	done, due, counts := now, sql.NullInt64{}, 0
	if o.State == effect.Queued {
		done, due = 0, sql.NullInt64{Int64: o.Next, Valid: true}
	}
	if o.Counts {
		counts = 1
	}
	note := cut(o.Note, record.MaxNote)
	var receiver, target string
	err := tx.QueryRowContext(ctx, `UPDATE effects SET state = ?, done = ?, due = ?, attempts = attempts + ?, status = ?, note = ?
		WHERE id = ? AND state = 'queued' AND due IS NOT NULL RETURNING receiver, target`,
		string(o.State), done, due, counts, o.Status, note, o.ID).Scan(&receiver, &target)
	switch {
	case errors.Is(found(err), record.ErrNotFound):
		return nil // settled by another claim, or by a person
	case err != nil || o.State == effect.Queued:
		return err
	}
	_, err = next.ExecContext(ctx, now, receiver, target)
	return err
}
