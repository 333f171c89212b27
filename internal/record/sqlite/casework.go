package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

// question is what opens a case, or adds to the one that is open on its target.
type question struct {
	id       string // of a case that it opens
	target   string
	kind     record.CaseKind
	of       string
	notBy    string
	origin   record.Origin
	deadline int64
	late     bool // said before the last case was closed: it adds to that one if none is open
	time     int64
}

// nextRev marks a case as changed. Writes are one after the other, so revisions never go back.
const nextRev = `(SELECT max(rev) + 1 FROM cases)`

// ask finds the case that a question belongs to, or opens one. Reports that waited for a case on the target join a new one.
func ask(ctx context.Context, tx *sql.Tx, q *question) (id string, err error) {
	err = found(tx.QueryRowContext(ctx, `SELECT id FROM cases WHERE target = ? AND (change = '' OR ?) ORDER BY change = '' DESC, seq DESC LIMIT 1`, q.target, q.late).Scan(&id))
	switch {
	case err == nil:
		_, err = tx.ExecContext(ctx, `UPDATE cases SET rev = `+nextRev+`, updated = max(updated, ?2), deadline = CASE WHEN deadline = 0 OR ?3 > 0 AND ?3 < deadline THEN ?3 ELSE deadline END,
			parent = CASE WHEN ?3 > 0 THEN '' ELSE parent END WHERE id = ?1`, id, q.time, q.deadline)
		return id, err
	case !errors.Is(err, record.ErrNotFound):
		return "", err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO cases (id, target, origin, kind, of, not_by, severity, opened, updated, effects, deadline, rev)
		VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, 0, ?, coalesce(`+nextRev+`, 1))`, q.id, q.target, string(q.origin), string(q.kind), q.of, q.notBy, q.time, q.time, q.deadline); err != nil {
		return "", err
	}
	return q.id, joinReports(ctx, tx, q.id, q.target)
}

// under adds a policy to a case, with how many effects speak of it. What only reports name takes half of the room: it leaves the rest to rules.
func under(ctx context.Context, tx *sql.Tx, id, policy string, severity int, effects int64) error {
	room := record.MaxPolicies
	if severity == 0 && effects == 0 {
		room /= 2
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO case_policies (case_id, policy, severity, effects)
		SELECT ?1, ?2, ?3, ?4 WHERE (SELECT count(*) FROM case_policies WHERE case_id = ?1 AND policy <> ?2) < ?5
		ON CONFLICT DO UPDATE SET severity = max(severity, excluded.severity), effects = effects + excluded.effects`,
		id, policy, severity, effects, room)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE cases SET severity = max(severity, ?2), effects = effects + ?3 WHERE id = ?1`, id, severity, effects)
	return err
}

func putEvidence(ctx context.Context, tx *sql.Tx, id string, e *record.Evidence) error {
	readings := []byte{}
	if len(e.Readings) > 0 {
		readings, _ = json.Marshal(e.Readings) // plain data
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO evidence (case_id, kind, effect_id, rule, version, policy, severity, reason, readings, source, event_id, time)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, string(e.Kind), e.EffectID, e.Rule, e.Version, e.Policy, e.Severity, e.Reason, string(readings), e.Source, e.EventID, e.Time)
	return err
}

// link notes what a case is also about.
func link(ctx context.Context, tx *sql.Tx, id, target string, entities []string) error {
	for _, e := range entities {
		if e == target {
			continue
		}
		if _, err := entity(e); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO case_links (entity, case_id) SELECT ?1, ?2
			WHERE (SELECT count(*) FROM case_links WHERE case_id = ?2) < ?3 ON CONFLICT DO NOTHING`, e, id, record.MaxLinks); err != nil {
			return err
		}
	}
	return nil
}

// addToCase lets a review effect open or join the case of its target. An absorbed effect whose case a person closed before decide
// learned of it adds to that closed case: it is evidence from before the verdict, not a new question.
func addToCase(ctx context.Context, tx *sql.Tx, e *effect.Effect) error {
	target := e.Target.String()
	id, err := ask(ctx, tx, &question{id: e.ID, target: target, origin: record.ByRule, late: e.State == effect.Absorbed, time: e.Time})
	if err != nil {
		return err
	}
	var had int64
	if err := tx.QueryRowContext(ctx, `SELECT effects FROM cases WHERE id = ?`, id).Scan(&had); err != nil {
		return err
	}
	if err := under(ctx, tx, id, e.Policy, e.Severity, 1); err != nil || had >= record.MaxEvidence {
		return err
	}
	var said effect.Context
	if e.Context != "" {
		if err := json.Unmarshal([]byte(e.Context), &said); err != nil {
			return fmt.Errorf("context: %w", err)
		}
	}
	ev := record.Evidence{Kind: record.RuleSays, EffectID: e.ID, Rule: e.Rule, Version: e.RuleVersion, Policy: e.Policy, Severity: e.Severity, Reason: e.Reason,
		Source: e.Source, EventID: e.EventID, Time: e.Time}
	for _, r := range said.Readings {
		ev.Readings = append(ev.Readings, record.Reading{Name: r[0], Value: r[1]})
	}
	if err := putEvidence(ctx, tx, id, &ev); err != nil {
		return err
	}
	return link(ctx, tx, id, target, said.Entities)
}

// OpenCase implements record.Cases.
func (s *Store) OpenCase(ctx context.Context, o record.Opening) (id string, err error) {
	if err := o.Check(); err != nil {
		return "", err
	}
	err = s.update(ctx, "open case", func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT case_id FROM evidence WHERE effect_id = ? AND kind <> 'rule'`, o.ID).Scan(&id)
		if !errors.Is(found(err), record.ErrNotFound) {
			return err // it is there
		}
		q := question{id: o.ID, target: o.Target.String(), kind: o.Kind, of: o.Of, origin: o.Origin, deadline: o.Deadline, time: o.Time}
		if o.Kind == record.Appeal {
			decided, err := caseByID(ctx, tx, o.Of)
			if err != nil {
				return err
			}
			if decided.Change == "" || decided.Target != o.Target {
				return fmt.Errorf("case %s is open, or about another subject: %w", o.Of, record.ErrConflict)
			}
			q.notBy = decided.ClosedBy
			for _, p := range decided.Policies {
				if o.Policy == "" || p.Severity > o.Severity {
					o.Policy, o.Severity = p.Policy, p.Severity
				}
			}
		}
		if id, err = ask(ctx, tx, &q); err != nil {
			return err
		}
		if o.Kind == record.Appeal { // a case that was open becomes one that another person has to decide
			if _, err := tx.ExecContext(ctx, `UPDATE cases SET kind = ?, of = ?, not_by = ?, parent = '' WHERE id = ? AND kind = ''`, string(o.Kind), o.Of, q.notBy, id); err != nil {
				return err
			}
		}
		if o.Policy != "" {
			if err := under(ctx, tx, id, o.Policy, o.Severity, 1); err != nil {
				return err
			}
		}
		says := record.PersonSays
		if o.Origin == record.ByModel {
			says = record.ModelSays
		}
		if err := putEvidence(ctx, tx, id, &record.Evidence{Kind: says, EffectID: o.ID, Rule: o.By, Policy: o.Policy, Severity: o.Severity, Reason: o.Reason, Time: o.Time}); err != nil {
			return err
		}
		var links []string
		for _, e := range o.Links {
			links = append(links, e.String())
		}
		if err := link(ctx, tx, id, q.target, links); err != nil {
			return err
		}
		return audit(ctx, tx, record.AuditEntry{At: o.At, By: o.By, Action: "case.open", Subject: id, Reason: o.Reason})
	})
	return id, err
}

// NoteCase implements record.Cases.
func (s *Store) NoteCase(ctx context.Context, id string, n record.Note) error {
	if n.Text == "" || len(n.Text) > record.MaxReason || n.By == "" || len(n.By) > record.MaxName {
		return fmt.Errorf("note on case %.64s: %w: it has 1 to %d bytes, and says who wrote it", id, record.ErrInvalid, record.MaxReason)
	}
	return s.update(ctx, "note on case", func(tx *sql.Tx) error {
		if _, err := caseByID(ctx, tx, id); err != nil {
			return err
		}
		var had int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM notes WHERE case_id = ?`, id).Scan(&had); err != nil {
			return err
		}
		if had >= record.MaxNotes {
			return fmt.Errorf("case %s has %d notes: %w: it takes no more", id, had, record.ErrInvalid)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO notes (case_id, by, at, text) VALUES (?, ?, ?, ?)`, id, n.By, n.At, n.Text)
		return err
	})
}

// HoldCases implements record.Cases.
func (s *Store) HoldCases(ctx context.Context, group string, members []event.Entity) (held int, err error) {
	err = s.update(ctx, "hold cases", func(tx *sql.Tx) error {
		c, err := caseByID(ctx, tx, group)
		if err != nil {
			return err
		}
		if c.Change != "" || c.Target.Kind != event.GroupEntity {
			return fmt.Errorf("case %s is closed, or is about %s: %w", group, c.Target, record.ErrConflict)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE cases SET parent = '', rev = `+nextRev+` WHERE parent = ? AND change = ''`, group); err != nil {
			return err
		}
		for _, m := range members {
			if held == record.MaxHeld {
				break
			}
			if m.Kind == event.GroupEntity {
				continue
			}
			// A second look and an appeal are for another person than the first, and a deadline waits for no group.
			res, err := tx.ExecContext(ctx, `UPDATE cases SET parent = ?, rev = `+nextRev+`
				WHERE target = ? AND change = '' AND parent = '' AND kind = '' AND deadline = 0`, group, m.String())
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			held += int(n)
		}
		return nil
	})
	return held, err
}

// LeaseCase implements record.Cases.
func (s *Store) LeaseCase(ctx context.Context, id string, l record.Lease, now int64) (c record.Case, err error) {
	if l.By == "" || len(l.By) > record.MaxName || l.Until <= now || l.Propensity < 0 || l.Propensity > 1 {
		return c, fmt.Errorf("lease of case %.64s: %w: it names who, ends after now, and has a propensity from 0 to 1", id, record.ErrInvalid)
	}
	err = s.update(ctx, "lease case", func(tx *sql.Tx) error {
		if c, err = caseByID(ctx, tx, id); err != nil {
			return err
		}
		if err := mayDecide(&c, l.By, now); err != nil {
			return err
		}
		if c.Lease.By == l.By && c.Lease.Until > now { // asked for again: how it was chosen stays
			l.Lane, l.Propensity = c.Lease.Lane, c.Lease.Propensity
		}
		c.Lease = l
		_, err := tx.ExecContext(ctx, `UPDATE cases SET rev = `+nextRev+`, lease_by = ?, lease_until = ?, lane = ?, propensity = ? WHERE id = ?`, l.By, l.Until, l.Lane, l.Propensity, id)
		return err
	})
	return c, err
}

// mayDecide says, as record.ErrConflict, why somebody cannot have a case now.
func mayDecide(c *record.Case, by string, now int64) error {
	switch {
	case c.Change != "":
		return fmt.Errorf("case %s is closed by %s: %w", c.ID, c.ClosedBy, record.ErrConflict)
	case c.NotBy == by:
		return fmt.Errorf("case %s is about a verdict of %s, so another has to decide it: %w", c.ID, by, record.ErrConflict)
	case c.Lease.By != "" && c.Lease.By != by && c.Lease.Until > now:
		return fmt.Errorf("case %s is with %s: %w", c.ID, c.Lease.By, record.ErrConflict)
	}
	return nil
}

// ReleaseCase implements record.Cases.
func (s *Store) ReleaseCase(ctx context.Context, id, by string) error {
	return s.update(ctx, "release case", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE cases SET rev = `+nextRev+`, lease_by = '', lease_until = 0, lane = '', propensity = 0 WHERE id = ? AND lease_by = ? AND change = ''`, id, by)
		return err
	})
}
