package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

// Effect implements record.Effects.
func (s *Store) Effect(ctx context.Context, id string) (record.Delivery, error) {
	d, err := effectByID(ctx, s.read, id)
	if err != nil {
		return d, fmt.Errorf("effect %s: %w", id, found(err))
	}
	return d, nil
}

func effectByID(ctx context.Context, q querier, id string) (d record.Delivery, err error) {
	return d, scanEffect(q.QueryRowContext(ctx, `SELECT `+effectColumns+` FROM effects WHERE id = ?`, id), &d)
}

// ListEffects implements record.Effects.
func (s *Store) ListEffects(ctx context.Context, f record.EffectFilter, p record.Page) ([]record.Delivery, error) {
	where, args := "seq < ?", []any{before(p)}
	if f.State != "" {
		where, args = where+" AND state = ?", append(args, string(f.State))
	}
	if f.Target.ID != "" {
		// The unary plus keeps SQLite from taking the index on state: a target has few effects, a state has many.
		where, args = "+"+where+" AND target = ?", append(args, f.Target.String())
	}
	return list(ctx, s.read, "list effects", func(r *sql.Rows, d *record.Delivery) error { return scanEffect(r, d) },
		`SELECT `+effectColumns+` FROM effects WHERE `+where+` ORDER BY seq DESC LIMIT ?`, append(args, p.Size())...)
}

// Backlog implements record.Effects.
func (s *Store) Backlog(ctx context.Context) (b record.Backlog, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM effects WHERE state = 'queued'),
		(SELECT count(*) FROM effects WHERE state = 'waiting'), (SELECT count(*) FROM effects WHERE state = 'dead')`).
		Scan(&b.Queued, &b.Waiting, &b.Dead)
	if err != nil {
		return b, fmt.Errorf("backlog: %w", err)
	}
	return b, nil
}

// EffectDays implements record.Effects.
func (s *Store) EffectDays(ctx context.Context, from, to int64) ([]record.DayCount, error) {
	return list(ctx, s.read, "effect days", func(r *sql.Rows, d *record.DayCount) error {
		return r.Scan(&d.Day, &d.Rule, (*string)(&d.State), &d.Count)
	}, `SELECT day, rule, state, count FROM effect_days WHERE day >= ? AND day < ? ORDER BY day, rule, state`, from, to)
}

// Approve implements record.Effects.
func (s *Store) Approve(ctx context.Context, c record.Change, clock int64, ids []string, spared map[string][]string) (moved []string, err error) {
	err = s.change(ctx, c, func(tx *sql.Tx) error {
		moved, err = move(ctx, tx, ids, effect.Waiting, func(d *record.Delivery) error {
			if clock-d.Time > effect.WaitsFor {
				return fmt.Errorf("%w: it waited for more than 30 days and can only be refused", record.ErrInvalid)
			}
			if err := queue(ctx, tx, d, c.At); err != nil {
				return err
			}
			if out := spared[d.ID]; len(out) > 0 {
				left := slices.DeleteFunc(d.Members, func(m string) bool { return slices.Contains(out, m) })
				if _, err := tx.ExecContext(ctx, `UPDATE effects SET members = ? WHERE seq = ?`, membersText(left), d.Seq); err != nil {
					return err
				}
			}
			if d.Expires > 0 { // it lasts as long as it was meant to, from now on
				lasts := d.Expires - d.Time
				until := min(clock, math.MaxInt64-lasts) + lasts
				if _, err := tx.ExecContext(ctx, `UPDATE effects SET expires = ? WHERE seq = ?`, until, d.Seq); err != nil {
					return err
				}
			}
			if d.Kind != effect.Review {
				return nil
			}
			e := d.Effect
			e.State = effect.Queued
			return addToCase(ctx, tx, &e)
		})
		return err
	})
	return moved, err
}

// Refuse implements record.Effects.
func (s *Store) Refuse(ctx context.Context, c record.Change, ids []string) (moved []string, err error) {
	err = s.change(ctx, c, func(tx *sql.Tx) error {
		moved, err = move(ctx, tx, ids, effect.Waiting, func(d *record.Delivery) error {
			_, err := tx.ExecContext(ctx, `UPDATE effects SET state = 'refused', done = ? WHERE seq = ?`, c.At, d.Seq)
			return err
		})
		return err
	})
	return moved, err
}

// Requeue implements record.Effects.
func (s *Store) Requeue(ctx context.Context, by string, at int64, ids []string) (moved []string, err error) {
	err = s.update(ctx, "requeue effects", func(tx *sql.Tx) error {
		moved, err = move(ctx, tx, ids, effect.Dead, func(d *record.Delivery) error {
			if err := queue(ctx, tx, d, at); err != nil {
				return err
			}
			return audit(ctx, tx, record.AuditEntry{At: at, By: by, Action: "effect.requeue", Subject: d.ID})
		})
		return err
	})
	return moved, err
}

// move does something to each of the effects that is in a state, and returns the ids of those.
func move(ctx context.Context, tx *sql.Tx, ids []string, from effect.State, do func(d *record.Delivery) error) ([]string, error) {
	var moved []string
	for _, id := range ids {
		d, err := effectByID(ctx, tx, id)
		if err != nil {
			return nil, fmt.Errorf("effect %s: %w", id, found(err))
		}
		if d.State != from {
			continue
		}
		if err := do(&d); err != nil {
			return nil, fmt.Errorf("effect %s: %w", id, err)
		}
		moved = append(moved, id)
	}
	return moved, nil
}

// queue puts an effect into its line; it has its turn if the line is empty.
func queue(ctx context.Context, tx *sql.Tx, d *record.Delivery, at int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE effects SET state = 'queued', done = 0, attempts = 0, due =
		CASE WHEN NOT EXISTS (SELECT 1 FROM effects WHERE receiver = ?2 AND target = ?3 AND state = 'queued') THEN ?4 END
		WHERE seq = ?1`, d.Seq, d.Receiver, d.Target.String(), at)
	return err
}

// PruneEffects implements record.Effects.
func (s *Store) PruneEffects(ctx context.Context, before int64, limit int) (n int, err error) {
	err = s.update(ctx, "prune effects", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM effects WHERE seq IN (SELECT seq FROM effects
			WHERE done > 0 AND done < ? AND state IN ('delivered', 'refused') ORDER BY done LIMIT ?)`, before, limit)
		if err != nil {
			return err
		}
		deleted, err := res.RowsAffected()
		n = int(deleted)
		return err
	})
	return n, err
}
