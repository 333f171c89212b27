package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/record"
)

// PutIntake implements record.Intake.
func (s *Store) PutIntake(ctx context.Context, reports []record.Report, draws []record.Draw, through uint64) (cases []string, err error) {
	if through > math.MaxInt64 {
		return nil, fmt.Errorf("put intake: %w: position %d is out of range", record.ErrInvalid, through)
	}
	err = s.update(ctx, "put intake", func(tx *sql.Tx) error {
		mark, err := intakeThrough(ctx, tx)
		if err != nil || through <= mark {
			return err
		}
		for i := range reports {
			if err := putReport(ctx, tx, &reports[i], &cases); err != nil {
				return fmt.Errorf("report %s: %w", reports[i].ID, err)
			}
		}
		for i := range draws {
			if err := putDraw(ctx, tx, &draws[i], &cases); err != nil {
				return fmt.Errorf("draw of %s: %w", draws[i].Target, err)
			}
		}
		if len(reports) > 0 {
			if _, err := tx.ExecContext(ctx, `DELETE FROM reports WHERE case_id = '' AND time < ?`, reports[len(reports)-1].Time-record.LooseReports); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE intake_through SET position = ?`, int64(through))
		return err
	})
	slices.Sort(cases)
	return slices.Compact(cases), err
}

func putReport(ctx context.Context, tx *sql.Tx, r *record.Report, cases *[]string) error {
	target := r.Target.String()
	res, err := tx.ExecContext(ctx, `INSERT INTO reports (id, case_id, target, policy, reporter, reason, time) VALUES (?, '', ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		r.ID, target, r.Policy, r.Reporter, r.Reason, r.Time)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	var id string
	err = found(tx.QueryRowContext(ctx, `SELECT id FROM cases WHERE target = ? AND change = ''`, target).Scan(&id))
	switch {
	case err == nil:
		if err := joinReports(ctx, tx, id, target); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE cases SET rev = `+nextRev+`, updated = max(updated, ?) WHERE id = ?`, r.Time, id); err != nil {
			return err
		}
	case !errors.Is(err, record.ErrNotFound):
		return err
	case !r.Opens:
		return nil
	default: // its own id may be that of an earlier case, which was opened by a report that is forgotten by now
		if id, err = ask(ctx, tx, &question{id: "r" + r.ID, target: target, origin: record.ByReport, time: r.Time}); err != nil {
			return err
		}
	}
	*cases = append(*cases, id)
	return nil
}

// joinReports lets the reports that wait for a case on a target join it: the first of them are kept, all are counted.
func joinReports(ctx context.Context, tx *sql.Tx, id, target string) error {
	policies, err := list(ctx, tx, "policies of reports", func(r *sql.Rows, p *string) error { return r.Scan(p) },
		`SELECT DISTINCT policy FROM reports WHERE target = ? AND case_id = '' LIMIT ?`, target, record.MaxPolicies)
	if err != nil || len(policies) == 0 {
		return err
	}
	for _, p := range policies {
		if err := under(ctx, tx, id, p, 0, 0); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE cases SET reports = reports + (SELECT count(*) FROM reports WHERE target = ?2 AND case_id = '') WHERE id = ?1`, id, target); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE reports SET case_id = ?1 WHERE seq IN (SELECT seq FROM reports WHERE target = ?2 AND case_id = '' ORDER BY seq
		LIMIT max(0, ?3 - (SELECT count(*) FROM reports WHERE case_id = ?1)))`, id, target, record.MaxReports); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM reports WHERE target = ? AND case_id = ''`, target)
	return err
}

// putDraw stores a draw unless the content's views were drawn so far before.
func putDraw(ctx context.Context, tx *sql.Tx, d *record.Draw, cases *[]string) error {
	target := d.Target.String()
	had, err := drawnThrough(ctx, tx, target)
	if err != nil || d.Through <= had {
		return err
	}
	name := sha256.Sum256(fmt.Appendf(nil, "%d %s", d.Through, target)) // a target may hold what no path should
	id, err := ask(ctx, tx, &question{id: "s" + hex.EncodeToString(name[:16]), target: target, origin: record.BySample, time: d.Time})
	if err != nil {
		return err
	}
	*cases = append(*cases, id)
	if _, err := tx.ExecContext(ctx, `UPDATE cases SET draws = draws + ? WHERE id = ?`, d.N, id); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO draws (case_id, target, at, weight, n, through) VALUES (?, ?, ?, ?, ?, ?)`, id, target, d.Time, d.Weight, d.N, d.Through)
	return err
}

// IntakeThrough implements record.Intake.
func (s *Store) IntakeThrough(ctx context.Context) (uint64, error) { return intakeThrough(ctx, s.read) }

func intakeThrough(ctx context.Context, q querier) (uint64, error) {
	var p int64
	if err := q.QueryRowContext(ctx, `SELECT position FROM intake_through`).Scan(&p); err != nil {
		return 0, fmt.Errorf("position of the intake: %w", err)
	}
	return uint64(p), nil
}

// Reporters implements record.Intake.
func (s *Store) Reporters(ctx context.Context, names []string) (map[string]record.Reporter, error) {
	known := map[string]record.Reporter{}
	for _, name := range names {
		var r record.Reporter
		switch err := found(s.read.QueryRowContext(ctx, `SELECT agreed, disagreed FROM reporters WHERE reporter = ?`, name).Scan(&r.Agreed, &r.Disagreed)); {
		case err == nil:
			known[name] = r
		case !errors.Is(err, record.ErrNotFound):
			return nil, fmt.Errorf("reporter %.64q: %w", name, err)
		}
	}
	return known, nil
}

// ReportsOn implements record.Intake.
func (s *Store) ReportsOn(ctx context.Context, id string) ([]record.Report, error) {
	return reportsOn(ctx, s.read, id)
}

func reportsOn(ctx context.Context, q querier, id string) ([]record.Report, error) {
	return list(ctx, q, "reports on case "+id, func(rows *sql.Rows, r *record.Report) (err error) {
		var target string
		if err := rows.Scan(&r.ID, &r.Case, &target, &r.Policy, &r.Reporter, &r.Reason, &r.Time, &r.Outcome, &r.Record.Agreed, &r.Record.Disagreed); err != nil {
			return err
		}
		r.Target, err = entity(target)
		return err
	}, `SELECT id, case_id, target, policy, reporter, reason, time, outcome, coalesce(agreed, 0), coalesce(disagreed, 0)
		FROM reports LEFT JOIN reporters USING (reporter) WHERE case_id = ? ORDER BY seq`, id)
}

// DrawnThrough implements record.Intake.
func (s *Store) DrawnThrough(ctx context.Context, target event.Entity) (int64, error) {
	return drawnThrough(ctx, s.read, target.String())
}

func drawnThrough(ctx context.Context, q querier, target string) (through int64, err error) {
	if err := q.QueryRowContext(ctx, `SELECT coalesce(max(through), 0) FROM draws WHERE target = ?`, target).Scan(&through); err != nil {
		return 0, fmt.Errorf("draws of %.64s: %w", target, err)
	}
	return through, nil
}

// Draws implements record.Intake.
func (s *Store) Draws(ctx context.Context, from, to int64, use func(record.Drawn) error) error {
	rows, err := s.read.QueryContext(ctx, `SELECT d.target, d.at, d.weight, d.n, d.through, c.verdict, coalesce(v.policies, '[]')
		FROM draws d JOIN cases c ON c.id = d.case_id LEFT JOIN verdicts v ON v.id = c.change AND v.case_id = c.id
		WHERE d.at >= ? AND d.at < ? ORDER BY d.at, d.seq`, from, to)
	if err != nil {
		return fmt.Errorf("draws: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var d record.Drawn
		var target string
		var policies []byte
		if err := rows.Scan(&target, &d.Time, &d.Weight, &d.N, &d.Through, &d.Verdict, &policies); err != nil {
			return fmt.Errorf("draws: %w", err)
		}
		if d.Target, err = entity(target); err != nil {
			return fmt.Errorf("draws: %w", err)
		}
		if d.Policies, err = parseTexts(policies); err != nil {
			return fmt.Errorf("draws: %w", err)
		}
		if err := use(d); err != nil {
			return err
		}
	}
	return rows.Err()
}
