package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

// A queued effect has its turn if its line is empty.
const putEffect = `
INSERT INTO effects (id, kind, target, value, state, why, rule, rule_version, policy, severity, reason, source, event_id, time, expires, position, receiver, version, members, due)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?19, ?20,
    CASE WHEN ?5 = 'queued' AND NOT EXISTS (SELECT 1 FROM effects WHERE receiver = ?17 AND target = ?3 AND state = 'queued') THEN ?18 END)
ON CONFLICT (id) DO NOTHING`

// PutEffects implements record.Outbox.
func (s *Store) PutEffects(ctx context.Context, effects []effect.Effect, through uint64, now int64) ([]bool, error) {
	if through > math.MaxInt64 {
		return nil, fmt.Errorf("put effects: %w: position %d is out of range", record.ErrInvalid, through)
	}
	for i := range effects {
		if err := record.CheckEffect(&effects[i], through); err != nil {
			return nil, fmt.Errorf("put effects: %w", err)
		}
	}
	fresh := make([]bool, len(effects))
	err := s.update(ctx, "put effects", func(tx *sql.Tx) error {
		mark, err := watermark(ctx, tx)
		if err != nil {
			return err
		}
		put := tx.StmtContext(ctx, s.putEffect)
		days := map[record.DayCount]int64{}
		var acts []record.AuditEntry
		done := outcomes{}
		for i := range effects {
			e := &effects[i]
			if fresh[i], err = putOne(ctx, put, e, mark, now); err != nil {
				return fmt.Errorf("effect %s: %w", e.ID, err)
			}
			if err := done.settleMember(ctx, tx, e); err != nil {
				return fmt.Errorf("effect %s: %w", e.ID, err)
			}
			if !fresh[i] {
				continue
			}
			if e.State == effect.Queued {
				acts = append(acts, record.AuditEntry{At: now, By: causeOf(e), Action: "effect." + string(e.Kind), Subject: e.ID, Reason: e.Policy})
			}
			days[record.DayCount{Day: record.DayOf(e.Time), Rule: e.Rule, State: e.State}]++
			if e.Kind == effect.Review && (e.State == effect.Queued || e.State == effect.Absorbed) {
				if err := addToCase(ctx, tx, e); err != nil {
					return fmt.Errorf("effect %s: case: %w", e.ID, err)
				}
			}
		}
		for d, n := range days {
			if _, err := tx.ExecContext(ctx, `INSERT INTO effect_days (day, rule, state, count) VALUES (?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET count = count + excluded.count`, d.Day, d.Rule, string(d.State), n); err != nil {
				return fmt.Errorf("count by day: %w", err)
			}
		}
		if err := audit(ctx, tx, append(acts, done.entries(now)...)...); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE watermark SET position = ?1 WHERE position < ?1`, int64(through))
		return err
	})
	if err != nil {
		return nil, err
	}
	return fresh, nil
}

// causeOf says in the audit trail by what an effect came about: a rule, a person's change or a group action.
func causeOf(e *effect.Effect) string {
	if e.Rule == "" {
		return e.Source + ":" + e.EventID
	}
	return "rule:" + e.Rule + "@" + e.RuleVersion
}

// putOne keeps an effect, if it is of a state that is kept, and reports whether it is new.
func putOne(ctx context.Context, put *sql.Stmt, e *effect.Effect, mark uint64, now int64) (bool, error) {
	if !record.Kept(e.State) {
		return e.Position > mark, nil
	}
	res, err := put.ExecContext(ctx, e.ID, string(e.Kind), e.Target.String(), e.Value, string(e.State), e.Why, e.Rule, e.RuleVersion,
		e.Policy, e.Severity, e.Reason, e.Source, e.EventID, e.Time, e.Expires, int64(e.Position), record.ReceiverOf(e), now,
		int64(e.Version), membersText(e.Members))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// membersText is the stored form of the accounts that an effect on a group is about.
func membersText(members []string) string {
	if len(members) == 0 {
		return ""
	}
	b, _ := json.Marshal(members) // strings always encode
	return string(b)
}

// Watermark implements record.Outbox.
func (s *Store) Watermark(ctx context.Context) (uint64, error) { return watermark(ctx, s.read) }

func watermark(ctx context.Context, q querier) (uint64, error) {
	var p int64
	if err := q.QueryRowContext(ctx, `SELECT position FROM watermark`).Scan(&p); err != nil {
		return 0, fmt.Errorf("watermark: %w", err)
	}
	return uint64(p), nil
}

// effectColumns are what scanEffect reads, in its order.
const effectColumns = `seq, id, kind, target, value, state, why, rule, rule_version, policy, severity, reason, source, event_id,
	time, expires, position, receiver, attempts, coalesce(due, -1), done, status, note, version, members`

func scanEffect(row scanner, d *record.Delivery) error {
	var kind, target, state string
	var position, version int64
	var members string
	err := row.Scan(&d.Seq, &d.ID, &kind, &target, &d.Value, &state, &d.Why, &d.Rule, &d.RuleVersion, &d.Policy, &d.Severity, &d.Reason,
		&d.Source, &d.EventID, &d.Time, &d.Expires, &position, &d.Receiver, &d.Attempts, &d.Due, &d.Done, &d.Status, &d.Note, &version, &members)
	if err != nil {
		return err
	}
	d.Kind, d.State, d.Position = effect.Kind(kind), effect.State(state), uint64(position)
	d.Version = uint64(version)
	if members != "" {
		if err := json.Unmarshal([]byte(members), &d.Members); err != nil {
			return fmt.Errorf("effect %s: its members: %w", d.ID, err)
		}
	}
	var ok bool
	if d.Target, ok = event.ParseEntity(target); !ok {
		return fmt.Errorf("effect %s: target %q is no entity", d.ID, target)
	}
	return nil
}
