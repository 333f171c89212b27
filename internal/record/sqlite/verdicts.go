package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/ringfence/ringfence/internal/record"
)

const verdictColumns = `seq, id, case_id, target, kind, decision, policies, asked, code, note, by, at, lane, propensity, example, undone, undo`

func scanVerdict(row scanner, v *record.Verdict) error {
	var target string
	var policies, asked []byte
	err := row.Scan(&v.Seq, &v.ID, &v.Case, &target, &v.Kind, &v.Decision, &policies, &asked, &v.Code, &v.Note, &v.By, &v.At, &v.Lane, &v.Chance,
		&v.Example, &v.Undone, &v.Undo)
	if err != nil {
		return err
	}
	if v.Target, err = entity(target); err != nil {
		return fmt.Errorf("verdict %s: %w", v.ID, err)
	}
	if v.Policies, err = parseTexts(policies); err != nil {
		return err
	}
	v.Asked, err = parseTexts(asked)
	return err
}

// Verdict implements record.Cases.
func (s *Store) Verdict(ctx context.Context, id string) (record.Verdict, error) {
	return verdictByID(ctx, s.read, id)
}

func verdictByID(ctx context.Context, q querier, id string) (v record.Verdict, err error) {
	if err := scanVerdict(q.QueryRowContext(ctx, `SELECT `+verdictColumns+` FROM verdicts WHERE id = ?`, id), &v); err != nil {
		return v, fmt.Errorf("verdict %.64s: %w", id, found(err))
	}
	return v, nil
}

// ListVerdicts implements record.Cases.
func (s *Store) ListVerdicts(ctx context.Context, p record.Page) ([]record.Verdict, error) {
	return list(ctx, s.read, "list verdicts", func(r *sql.Rows, v *record.Verdict) error { return scanVerdict(r, v) },
		`SELECT `+verdictColumns+` FROM verdicts WHERE seq < ? ORDER BY seq DESC LIMIT ?`, before(p), p.Size())
}

// DecideCase implements record.Cases.
func (s *Store) DecideCase(ctx context.Context, c record.Change, v record.Verdict) error {
	if err := v.Check(); err != nil {
		return err
	}
	return s.change(ctx, c, func(tx *sql.Tx) error {
		decided, err := caseByID(ctx, tx, v.Case)
		if err != nil {
			return err
		}
		if err := mayDecide(&decided, c.By, c.At); err != nil {
			return err
		}
		var lease record.Lease
		if decided.Lease.By == c.By && decided.Lease.Until > c.At {
			lease = decided.Lease
		}
		asked := []string{}
		for _, p := range decided.Policies {
			asked = append(asked, p.Policy)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO verdicts (id, case_id, target, kind, decision, policies, asked, code, note, by, at, lane, propensity, example)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.ID, v.Case, decided.Target.String(), string(decided.Kind), string(v.Decision), texts(v.Policies),
			texts(asked), v.Code, v.Note, c.By, c.At, lease.Lane, lease.Propensity, blob(v.Example)); err != nil {
			return err
		}
		for _, id := range append([]string{v.Case}, v.Held...) {
			if err := closeCase(ctx, tx, &c, v.Case, id, v.Decision); err != nil {
				return err
			}
		}
		for _, id := range v.Held {
			if err := prove(ctx, tx, id, v.Decision); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE cases SET parent = '', rev = `+nextRev+` WHERE parent = ? AND change = ''`, v.Case); err != nil {
			return err // what it held and does not close comes back into the queue
		}
		if err := followUp(ctx, tx, &decided, v.Decision); err != nil || !v.Second {
			return err
		}
		second := question{id: c.ID, target: decided.Target.String(), kind: record.SecondLook, of: v.Case, notBy: c.By, origin: decided.Origin, time: decided.Updated}
		id, err := ask(ctx, tx, &second)
		if err != nil {
			return err
		}
		for _, p := range decided.Policies {
			if err := under(ctx, tx, id, p.Policy, p.Severity, 0); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO case_links (entity, case_id) SELECT entity, ? FROM case_links WHERE case_id = ? ON CONFLICT DO NOTHING`, id, v.Case)
		return err
	})
}

// texts is a list of words as the store keeps it.
func texts(list []string) string {
	if list == nil {
		list = []string{}
	}
	b, _ := json.Marshal(list) // plain data
	return string(b)
}

func parseTexts(stored []byte) (list []string, err error) {
	err = json.Unmarshal(stored, &list)
	return list, err
}

// closeCase closes the case of a verdict, or one that it holds.
func closeCase(ctx context.Context, tx *sql.Tx, c *record.Change, of, id string, d record.Decision) error {
	res, err := tx.ExecContext(ctx, `UPDATE cases SET rev = `+nextRev+`, closed = ?, closed_by = ?, change = ?, verdict = ? WHERE id = ? AND change = '' AND (id = ? OR parent = ?)`,
		c.At, c.By, c.ID, string(d), id, of, of)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return fmt.Errorf("case %s is closed, or case %s does not hold it: %w", id, of, record.ErrConflict)
}

// prove notes whether the reports on a case were right; what is neither violating nor benign takes back what was noted.
func prove(ctx context.Context, tx *sql.Tx, id string, d record.Decision) error {
	const count = `INSERT INTO reporters (reporter, agreed, disagreed)
		SELECT reporter, ?2 * sum(outcome = 1), ?2 * sum(outcome = -1) FROM reports WHERE case_id = ?1 AND outcome <> 0 GROUP BY reporter
		ON CONFLICT DO UPDATE SET agreed = agreed + excluded.agreed, disagreed = disagreed + excluded.disagreed`
	if _, err := tx.ExecContext(ctx, count, id, -1); err != nil {
		return err
	}
	outcome := map[record.Decision]record.ReportOutcome{record.Violating: record.Agreed, record.Benign: record.Disagreed}[d]
	if _, err := tx.ExecContext(ctx, `UPDATE reports SET outcome = ? WHERE case_id = ?`, outcome, id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, count, id, 1)
	return err
}

// UndoVerdict implements record.Cases.
func (s *Store) UndoVerdict(ctx context.Context, c record.Change, id string) error {
	return s.change(ctx, c, func(tx *sql.Tx) error {
		v, err := verdictByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if v.Undo != "" {
			return fmt.Errorf("verdict %s was taken back by change %s: %w", id, v.Undo, record.ErrConflict)
		}
		// The second look that it asked for asks nothing any more, unless it was decided.
		if _, err := tx.ExecContext(ctx, `UPDATE reports SET case_id = ?2 WHERE case_id IN (SELECT id FROM cases WHERE id = ?1 AND kind = 'second' AND change = '')`, id, v.Case); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE cases SET rev = `+nextRev+`, closed = ?2, closed_by = ?3, change = ?4, verdict = 'unclear'
			WHERE id = ?1 AND kind = 'second' AND change = ''`, id, c.At, c.By, c.ID); err != nil {
			return err
		}
		var again string
		err = found(tx.QueryRowContext(ctx, `SELECT o.id FROM cases o JOIN cases c ON c.target = o.target WHERE c.change = ? AND o.change = '' LIMIT 1`, id).Scan(&again))
		if err == nil {
			return fmt.Errorf("case %s was opened since verdict %s; decide that one: %w", again, id, record.ErrConflict)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE verdicts SET undone = ?, undo = ? WHERE id = ?`, c.At, c.ID, id); err != nil {
			return err
		}
		held, err := list(ctx, tx, "cases of verdict "+id, func(r *sql.Rows, one *string) error { return r.Scan(one) },
			`SELECT id FROM cases WHERE change = ? AND id <> ?`, id, v.Case)
		if err != nil {
			return err
		}
		for _, one := range held {
			if err := prove(ctx, tx, one, ""); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE cases SET rev = `+nextRev+`, closed = 0, closed_by = '', change = '', verdict = '', lease_by = '', lease_until = 0, lane = '', propensity = 0
			WHERE change = ?`, id); err != nil {
			return err
		}
		open, err := caseByID(ctx, tx, v.Case)
		if err != nil {
			return err
		}
		return followUp(ctx, tx, &open, "")
	})
}

// followUp brings what hangs on a decision up to date: whether reports were right, and what views drawn at random showed. A second look
// or an appeal that comes to a decision stands for the case that it is about; one that is taken back no more.
func followUp(ctx context.Context, tx *sql.Tx, c *record.Case, d record.Decision) error {
	if err := prove(ctx, tx, c.ID, d); err != nil || c.Of == "" {
		return err
	}
	from, to := c.Of, c.ID
	if d != record.Violating && d != record.Benign {
		from, to = c.ID, c.Of
		if err := tx.QueryRowContext(ctx, `SELECT verdict FROM cases WHERE id = ?`, c.Of).Scan(&d); err != nil {
			return found(err)
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE draws SET case_id = ? WHERE case_id = ?`, to, from); err != nil {
		return err
	}
	return prove(ctx, tx, c.Of, d)
}

// RuleVerdicts implements record.Cases.
func (s *Store) RuleVerdicts(ctx context.Context, since int64) ([]record.RuleVerdict, error) {
	return list(ctx, s.read, "verdicts by rule", func(r *sql.Rows, v *record.RuleVerdict) error {
		return r.Scan(&v.Rule, &v.Version, &v.Judged, &v.Violating)
	}, `SELECT rule, version, count(DISTINCT case_id), count(DISTINCT CASE WHEN right THEN case_id END) FROM (
			SELECT e.rule, e.version, e.case_id, EXISTS (SELECT 1 FROM json_each(v.policies) WHERE value = e.policy) AS right
			FROM verdicts v JOIN evidence e ON e.case_id = v.case_id
			WHERE v.at >= ? AND v.undone = 0 AND v.decision <> 'unclear' AND e.kind = 'rule')
		GROUP BY rule, version ORDER BY rule, version`, since)
}
