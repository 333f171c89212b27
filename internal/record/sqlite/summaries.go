package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ringfence/ringfence/internal/record"
)

// CasesSince implements record.Cases.
func (s *Store) CasesSince(ctx context.Context, rev int64, use func(record.CaseSummary) error) error {
	where := `cases.rev > ?`
	if rev == 0 {
		where += ` AND cases.change = ''`
	}
	all, err := s.summaries(ctx, where, rev)
	if err != nil {
		return err
	}
	for i := range all {
		if err := use(all[i]); err != nil {
			return err
		}
	}
	return nil
}

// CaseSummary implements record.Cases.
func (s *Store) CaseSummary(ctx context.Context, id string) (c record.CaseSummary, err error) {
	all, err := s.summaries(ctx, `cases.id = ?`, id)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("case %.64s: %w", id, record.ErrNotFound)
	}
	if err != nil {
		return c, err
	}
	return all[0], nil
}

// summaries reads the cases that a condition selects with a handful of queries, however many they are.
func (s *Store) summaries(ctx context.Context, where string, arg any) ([]record.CaseSummary, error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("cases: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	all, err := list(ctx, tx, "cases", func(r *sql.Rows, c *record.CaseSummary) error {
		return scanCase(also{r, []any{&c.Rev}}, &c.Case)
	}, `SELECT `+caseColumns+`, rev FROM cases WHERE `+where+` ORDER BY rev`, arg)
	if err != nil {
		return nil, err
	}
	at := make(map[string]*record.CaseSummary, len(all))
	for i := range all {
		at[all[i].ID] = &all[i]
	}
	each := func(what, query string, scan func(r *sql.Rows, id *string) error) error {
		rows, err := tx.QueryContext(ctx, strings.ReplaceAll(query, "WHERE ?", "WHERE "+where), arg)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := scan(rows, &id); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		return rows.Err()
	}
	err = each("rules of cases", `SELECT case_id, e.kind, rule, version, policy, count(*), readings, max(e.seq) FROM cases JOIN evidence e ON case_id = cases.id
		WHERE ? GROUP BY case_id, e.kind, rule, version, policy ORDER BY case_id, rule, version, policy`, func(r *sql.Rows, id *string) error {
		var c record.CaseRule
		var readings []byte
		var last int64
		if err := r.Scan(id, &c.Kind, &c.Rule, &c.Version, &c.Policy, &c.Times, &readings, &last); err != nil {
			return err
		}
		if len(readings) > 0 {
			if err := json.Unmarshal(readings, &c.Readings); err != nil {
				return err
			}
		}
		at[*id].Rules = append(at[*id].Rules, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = each("accounts behind cases", `SELECT case_id, min(entity) FROM cases JOIN case_links ON case_id = cases.id
		WHERE ? AND cases.target GLOB 'content:*' AND entity GLOB 'account:*' GROUP BY case_id`, func(r *sql.Rows, id *string) error {
		var account string
		if err := r.Scan(id, &account); err != nil {
			return err
		}
		e, err := entity(account)
		at[*id].Account = e.ID
		return err
	})
	if err != nil {
		return nil, err
	}
	err = each("reports on cases", `SELECT case_id, reports.policy, reporter, time, outcome, coalesce(agreed, 0), coalesce(disagreed, 0)
		FROM cases JOIN reports ON case_id = cases.id AND case_id <> '' LEFT JOIN reporters USING (reporter) WHERE ? ORDER BY reports.seq`, func(rows *sql.Rows, id *string) error {
		var r record.Report
		if err := rows.Scan(id, &r.Policy, &r.Reporter, &r.Time, &r.Outcome, &r.Record.Agreed, &r.Record.Disagreed); err != nil {
			return err
		}
		at[*id].Reports = append(at[*id].Reports, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	past := func(r *sql.Rows, id *string) error {
		var p record.PastVerdicts
		if err := r.Scan(id, &p.Violating, &p.Benign); err != nil {
			return err
		}
		at[*id].Past.Violating += p.Violating
		at[*id].Past.Benign += p.Benign
		return nil
	}
	const counts = `SELECT cases.id, coalesce(sum(v.decision = 'violating'), 0), coalesce(sum(v.decision = 'benign'), 0) `
	err = each("past verdicts", counts+`FROM cases JOIN verdicts v ON v.target = cases.target AND v.case_id <> cases.id AND v.undone = 0 WHERE ? GROUP BY cases.id`, past)
	if err != nil {
		return nil, err
	}
	err = each("past verdicts on accounts behind cases", counts+`FROM cases JOIN case_links l ON l.case_id = cases.id
		JOIN verdicts v ON v.target = l.entity AND v.undone = 0
		WHERE ? AND cases.target GLOB 'content:*' AND l.entity GLOB 'account:*' GROUP BY cases.id`, past)
	return all, err
}

// also scans some columns more than the caller asks for.
type also struct {
	row  scanner
	more []any
}

// Scan implements scanner.
func (a also) Scan(dest ...any) error { return a.row.Scan(append(dest, a.more...)...) }
