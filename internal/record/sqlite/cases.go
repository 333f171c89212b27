package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/record"
)

const caseColumns = `seq, id, target, origin, kind, of, not_by, severity, opened, updated, effects, reports, draws, parent, deadline, lease_by, lease_until,
	lane, propensity, closed, closed_by, change, verdict,
	(SELECT json_group_array(json_object('policy', policy, 'severity', severity, 'effects', effects)) FROM case_policies WHERE case_id = cases.id)`

func scanCase(row scanner, c *record.Case) error {
	var target string
	var policies []byte
	err := row.Scan(&c.Seq, &c.ID, &target, &c.Origin, &c.Kind, &c.Of, &c.NotBy, &c.Severity, &c.Opened, &c.Updated, &c.Effects, &c.Reports, &c.Draws,
		&c.Parent, &c.Deadline, &c.Lease.By, &c.Lease.Until, &c.Lease.Lane, &c.Lease.Propensity, &c.Closed, &c.ClosedBy, &c.Change, &c.Verdict, &policies)
	if err != nil {
		return err
	}
	if c.Target, err = entity(target); err != nil {
		return fmt.Errorf("case %s: %w", c.ID, err)
	}
	return json.Unmarshal(policies, &c.Policies)
}

// entity reads an entity that the store wrote.
func entity(text string) (event.Entity, error) {
	e, ok := event.ParseEntity(text)
	if !ok {
		return e, fmt.Errorf("%q is no entity", text)
	}
	return e, nil
}

// Case implements record.Cases.
func (s *Store) Case(ctx context.Context, id string) (record.Case, error) {
	return caseByID(ctx, s.read, id)
}

func caseByID(ctx context.Context, q querier, id string) (c record.Case, err error) {
	if err := scanCase(q.QueryRowContext(ctx, `SELECT `+caseColumns+` FROM cases WHERE id = ?`, id), &c); err != nil {
		return c, fmt.Errorf("case %.64s: %w", id, found(err))
	}
	return c, nil
}

// CaseFile implements record.Cases.
func (s *Store) CaseFile(ctx context.Context, id string) (f record.CaseFile, err error) {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // all of it is of the same moment
	if err != nil {
		return f, fmt.Errorf("case %s: %w", id, err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	if f.Case, err = caseByID(ctx, tx, id); err != nil {
		return f, err
	}
	of := " of case " + id
	if f.Evidence, err = list(ctx, tx, "evidence"+of, scanEvidence,
		`SELECT kind, effect_id, rule, version, policy, severity, reason, readings, source, event_id, time FROM evidence WHERE case_id = ? ORDER BY seq`, id); err != nil {
		return f, err
	}
	if f.Reports, err = reportsOn(ctx, tx, id); err != nil {
		return f, err
	}
	if f.Links, err = list(ctx, tx, "links"+of, scanEntity, `SELECT entity FROM case_links WHERE case_id = ? ORDER BY entity`, id); err != nil {
		return f, err
	}
	if f.Notes, err = list(ctx, tx, "notes"+of, func(r *sql.Rows, n *record.Note) error {
		return r.Scan(&n.By, &n.At, &n.Text)
	}, `SELECT by, at, text FROM notes WHERE case_id = ? ORDER BY seq`, id); err != nil {
		return f, err
	}
	if f.Verdicts, err = list(ctx, tx, "verdicts"+of, func(r *sql.Rows, v *record.Verdict) error { return scanVerdict(r, v) },
		`SELECT * FROM (SELECT `+verdictColumns+` FROM verdicts WHERE target = ? ORDER BY seq DESC LIMIT ?) ORDER BY seq`,
		f.Target.String(), record.MaxPage); err != nil {
		return f, err
	}
	f.Held, err = list(ctx, tx, "cases held by case "+id, func(r *sql.Rows, c *record.Case) error { return scanCase(r, c) },
		`SELECT `+caseColumns+` FROM cases WHERE parent = ? ORDER BY seq LIMIT ?`, id, record.MaxPage)
	return f, err
}

func scanEntity(r *sql.Rows, e *event.Entity) (err error) {
	var text string
	if err := r.Scan(&text); err != nil {
		return err
	}
	*e, err = entity(text)
	return err
}

func scanEvidence(r *sql.Rows, e *record.Evidence) error {
	var readings []byte
	err := r.Scan(&e.Kind, &e.EffectID, &e.Rule, &e.Version, &e.Policy, &e.Severity, &e.Reason, &readings, &e.Source, &e.EventID, &e.Time)
	if err != nil || len(readings) == 0 {
		return err
	}
	return json.Unmarshal(readings, &e.Readings)
}

// ListCases implements record.Cases.
func (s *Store) ListCases(ctx context.Context, f record.CaseFilter, p record.Page) ([]record.Case, error) {
	where, args := `(change = '') = ?`, []any{!f.Closed}
	if f.Target.Kind != event.NoEntity {
		where, args = where+` AND target = ?`, append(args, f.Target.String())
	}
	if f.Parent != "" {
		where, args = where+` AND parent = ?`, append(args, f.Parent)
	}
	return list(ctx, s.read, "list cases", func(r *sql.Rows, c *record.Case) error { return scanCase(r, c) },
		`SELECT `+caseColumns+` FROM cases WHERE `+where+` AND seq < ? ORDER BY seq DESC LIMIT ?`, append(args, before(p), p.Size())...)
}

// SimilarCases implements record.Cases. It looks at no more than the latest cases of each entity, so that one that everybody links to
// costs no more than others.
func (s *Store) SimilarCases(ctx context.Context, id string, limit int) ([]record.Similar, error) {
	const each = 200
	c, err := s.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	links, err := list(ctx, s.read, "links of case "+id, scanEntity, `SELECT entity FROM case_links WHERE case_id = ? ORDER BY entity`, id)
	if err != nil {
		return nil, err
	}
	type past struct {
		id     string
		shares []event.Entity
	}
	var order []*past
	byID := map[string]*past{}
	for _, e := range append([]event.Entity{c.Target}, links...) {
		if e.Kind == event.NoEntity {
			continue
		}
		ids, err := list(ctx, s.read, "cases about "+e.String(), func(r *sql.Rows, id *string) error { return r.Scan(id) }, `
			SELECT id FROM (SELECT id, seq FROM cases WHERE target = ?1 AND change <> '' AND id <> ?2
				UNION SELECT id, seq FROM case_links JOIN cases ON id = case_id WHERE entity = ?1 AND change <> '' AND id <> ?2)
			ORDER BY seq DESC LIMIT ?3`, e.String(), id, each)
		if err != nil {
			return nil, err
		}
		for _, other := range ids {
			if byID[other] == nil {
				byID[other] = &past{id: other}
				order = append(order, byID[other])
			}
			byID[other].shares = append(byID[other].shares, e)
		}
	}
	// The target comes first of the entities, so among equals those about the same subject stay in front.
	slices.SortStableFunc(order, func(a, b *past) int { return cmp.Compare(len(b.shares), len(a.shares)) })
	var similar []record.Similar
	for _, p := range order[:min(len(order), limit)] {
		other, err := s.Case(ctx, p.id)
		if err != nil {
			return nil, err
		}
		similar = append(similar, record.Similar{Case: other, Shares: p.shares})
	}
	return similar, nil
}
