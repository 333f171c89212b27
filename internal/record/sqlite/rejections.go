package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/ringfence/ringfence/internal/record"
)

// PutRejections implements record.Rejections.
func (s *Store) PutRejections(ctx context.Context, rs []record.Rejection) error {
	return s.update(ctx, "put rejections", func(tx *sql.Tx) error {
		for _, r := range rs {
			raw := r.Raw[:min(len(r.Raw), record.MaxRaw)]
			if raw == nil {
				raw = []byte{}
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO rejections (source, line, error, raw, at) VALUES (?, ?, ?, ?, ?)`,
				cut(r.Source, record.MaxName), r.Line, cut(r.Error, record.MaxNote), raw, r.At); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM rejections WHERE seq <= (SELECT max(seq) FROM rejections) - ?`, record.MaxRejections)
		return err
	})
}

// cut shortens text to n bytes and drops what is not UTF-8.
func cut(s string, n int) string { return strings.ToValidUTF8(s[:min(len(s), n)], "") }

// ListRejections implements record.Rejections.
func (s *Store) ListRejections(ctx context.Context, p record.Page) ([]record.Rejection, error) {
	return list(ctx, s.read, "list rejections", func(rows *sql.Rows, r *record.Rejection) error {
		return rows.Scan(&r.Seq, &r.Source, &r.Line, &r.Error, &r.Raw, &r.At)
	}, `SELECT seq, source, line, error, raw, at FROM rejections WHERE seq < ? ORDER BY seq DESC LIMIT ?`, before(p), p.Size())
}

// RejectionCounts implements record.Rejections.
func (s *Store) RejectionCounts(ctx context.Context) (kept, dropped int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*), coalesce(min(seq), 1) - 1 FROM rejections`).Scan(&kept, &dropped)
	if err != nil {
		return 0, 0, fmt.Errorf("rejection counts: %w", err)
	}
	return kept, dropped, nil
}
