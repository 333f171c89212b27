package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ringfence/ringfence/internal/record"
)

// PutReviewModel implements record.ReviewModels.
func (s *Store) PutReviewModel(ctx context.Context, m record.ReviewModel) error {
	if m.ID == "" || len(m.ID) > record.MaxName || m.Kind == "" || len(m.Data) == 0 || len(m.Data) > record.MaxChangeBody {
		return fmt.Errorf("review model %.64q: %w: it has an id, a kind and 1 to %d bytes of data", m.ID, record.ErrInvalid, record.MaxChangeBody)
	}
	return s.update(ctx, "put review model", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO review_models (id, kind, data, at, trained) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			m.ID, m.Kind, m.Data, m.At, string(m.Trained)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM review_models WHERE id NOT IN (SELECT model FROM review_serving) AND seq <=
			(SELECT seq FROM review_models WHERE id NOT IN (SELECT model FROM review_serving) ORDER BY seq DESC LIMIT 1 OFFSET ?)`, record.MaxReviewModels)
		return err
	})
}

// ReviewModel implements record.ReviewModels.
func (s *Store) ReviewModel(ctx context.Context, id string) (m record.ReviewModel, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT id, kind, data, at, trained FROM review_models WHERE id = ?`, id).Scan(&m.ID, &m.Kind, &m.Data, &m.At, &m.Trained)
	if err != nil {
		return m, fmt.Errorf("review model %.64q: %w", id, found(err))
	}
	return m, nil
}

// ListReviewModels implements record.ReviewModels.
func (s *Store) ListReviewModels(ctx context.Context) ([]record.ReviewModel, error) {
	return list(ctx, s.read, "list review models", func(r *sql.Rows, m *record.ReviewModel) error {
		return r.Scan(&m.ID, &m.Kind, &m.At, &m.Trained)
	}, `SELECT id, kind, at, trained FROM review_models ORDER BY seq DESC`)
}

// ServeReviewModel implements record.ReviewModels.
func (s *Store) ServeReviewModel(ctx context.Context, id, by, reason string, at int64) error {
	if by == "" || len(by) > record.MaxName || len(reason) > record.MaxReason {
		return fmt.Errorf("serve review model %.64q: %w: it needs who says so, in at most %d bytes, and a reason of at most %d", id, record.ErrInvalid, record.MaxName, record.MaxReason)
	}
	return s.update(ctx, "serve review model", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE review_serving SET model = ?1 WHERE ?1 = '' OR EXISTS (SELECT 1 FROM review_models WHERE id = ?1)`, id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("review model %.64q: %w", id, orNotFound(err))
		}
		return audit(ctx, tx, record.AuditEntry{At: at, By: by, Action: "reviewmodel.serve", Subject: id, Reason: reason})
	})
}

func orNotFound(err error) error {
	if err == nil {
		return record.ErrNotFound
	}
	return err
}

// ServingReviewModel implements record.ReviewModels.
func (s *Store) ServingReviewModel(ctx context.Context) (id string, err error) {
	if err := s.read.QueryRowContext(ctx, `SELECT model FROM review_serving`).Scan(&id); err != nil {
		return "", fmt.Errorf("serving review model: %w", err)
	}
	return id, nil
}
