package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

// PutGroupAction implements record.GroupActions.
func (s *Store) PutGroupAction(ctx context.Context, a record.GroupAction, members []record.GroupMember) error {
	if err := a.Check(); err != nil {
		return err
	}
	if len(members) > record.MaxActionMembers {
		return fmt.Errorf("%w: group action %s: it has %d members, more than %d", record.ErrInvalid, a.ID, len(members), record.MaxActionMembers)
	}
	for i := range members {
		if err := members[i].Check(); err != nil {
			return fmt.Errorf("group action %s: %w", a.ID, err)
		}
	}
	return s.update(ctx, "put group action "+a.ID, func(tx *sql.Tx) error {
		switch had, err := groupAction(ctx, tx, a.ID); {
		case err == nil:
			if had.Group != a.Group || had.Version != a.Version || had.Step != a.Step || had.Policy != a.Policy || had.Code != a.Code || had.Reason != a.Reason ||
				had.Notice != a.Notice || had.Label != a.Label || had.Lasts != a.Lasts || had.By != a.By {
				return record.ErrConflict
			}
			return nil
		case !errors.Is(err, record.ErrNotFound):
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO group_actions (id, grp, version, score, step, policy, code, reason, notice, label, lasts, watch, preview, needs, state, by, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, a.ID, a.Group, int64(a.Version), a.Score, a.Step, a.Policy, a.Code, a.Reason, a.Notice, a.Label, a.Lasts,
			a.Watch, a.Preview, a.Needs, string(a.State), a.By, a.At)
		if err != nil {
			return err
		}
		put, err := tx.PrepareContext(ctx, `INSERT INTO group_action_members (action, place, account, confidence, left_out, canary) VALUES (?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer put.Close()
		for i, m := range members {
			if _, err := put.ExecContext(ctx, a.ID, i, m.Account, m.Confidence, m.LeftOut, m.Canary && m.LeftOut == ""); err != nil {
				return fmt.Errorf("member %d: %w", i, err)
			}
		}
		return audit(ctx, tx, record.AuditEntry{At: a.At, By: a.By, Action: "group.propose", Subject: a.ID, Reason: said(a.Reason, a.Preview)})
	})
}

// said joins what somebody gave for a reason and what is to be known besides.
func said(reason, more string) string {
	if reason == "" || more == "" {
		return reason + more
	}
	return reason + " (" + more + ")"
}

const actionColumns = `seq, id, grp, version, score, step, policy, code, reason, notice, label, lasts, watch, preview, needs, state, stopped_in, by, at, approved_by,
	approved_at, undone_by, undo_reason, canary_at, batches`

func scanAction(row scanner, a *record.GroupAction) error {
	var version int64
	err := row.Scan(&a.Seq, &a.ID, &a.Group, &version, &a.Score, &a.Step, &a.Policy, &a.Code, &a.Reason, &a.Notice, &a.Label, &a.Lasts, &a.Watch, &a.Preview, &a.Needs,
		(*string)(&a.State), (*string)(&a.StoppedIn), &a.By, &a.At, &a.ApprovedBy, &a.ApprovedAt, &a.UndoneBy, &a.UndoReason, &a.CanaryAt, &a.Batches)
	a.Version = uint64(version)
	return err
}

func groupAction(ctx context.Context, q querier, id string) (a record.GroupAction, err error) {
	err = found(scanAction(q.QueryRowContext(ctx, `SELECT `+actionColumns+` FROM group_actions WHERE id = ?`, id), &a))
	if err == nil {
		err = countMembers(ctx, q, &a)
	}
	return a, err
}

func countMembers(ctx context.Context, q querier, a *record.GroupAction) error {
	c := &a.Counts
	return q.QueryRowContext(ctx, `SELECT count(*) FILTER (WHERE left_out = ''), count(*) FILTER (WHERE left_out <> ''), count(*) FILTER (WHERE canary),
		count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state = 'absorbed'), count(*) FILTER (WHERE state = 'suppressed'),
		count(*) FILTER (WHERE undo = 'sent'), count(*) FILTER (WHERE undo = 'queued') FROM group_action_members WHERE action = ?`, a.ID).
		Scan(&c.Taken, &c.LeftOut, &c.Canary, &c.Sent, &c.Enforced, &c.Absorbed, &c.Prevented, &c.Lifting, &c.Lifted)
}

// GroupAction implements record.GroupActions.
func (s *Store) GroupAction(ctx context.Context, id string) (record.GroupAction, error) {
	a, err := groupAction(ctx, s.read, id)
	if err != nil {
		return a, fmt.Errorf("group action %.64q: %w", id, err)
	}
	return a, nil
}

// ListGroupActions implements record.GroupActions.
func (s *Store) ListGroupActions(ctx context.Context, group string, p record.Page) ([]record.GroupAction, error) {
	return s.groupActions(ctx, `(grp = ?1 OR ?1 = '') AND seq < ?2 ORDER BY seq DESC LIMIT ?3`, group, before(p), p.Size())
}

// GroupActionsUnderWay implements record.GroupActions.
func (s *Store) GroupActionsUnderWay(ctx context.Context) ([]record.GroupAction, error) {
	return s.groupActions(ctx, `state IN ('canary', 'running', 'undoing') ORDER BY seq`)
}

func (s *Store) groupActions(ctx context.Context, where string, args ...any) ([]record.GroupAction, error) {
	actions, err := list(ctx, s.read, "group actions", func(r *sql.Rows, a *record.GroupAction) error { return scanAction(r, a) },
		`SELECT `+actionColumns+` FROM group_actions WHERE `+where, args...)
	for i := range actions {
		if err == nil {
			err = countMembers(ctx, s.read, &actions[i])
		}
	}
	return actions, err
}

// GroupMembers implements record.GroupActions.
func (s *Store) GroupMembers(ctx context.Context, id string, from, limit int) ([]record.GroupMember, error) {
	return list(ctx, s.read, "members of group action "+id, func(r *sql.Rows, m *record.GroupMember) error {
		return r.Scan(&m.Account, &m.Confidence, &m.LeftOut, &m.Canary, (*string)(&m.State), &m.Why, (*string)(&m.Undo))
	}, `SELECT account, confidence, left_out, canary, state, why, undo FROM group_action_members WHERE action = ? AND place >= ? ORDER BY place LIMIT ?`,
		id, from, record.Page{Limit: limit}.Size())
}

// MoveGroupAction implements record.GroupActions.
func (s *Store) MoveGroupAction(ctx context.Context, id string, m record.ActionMove) (a record.GroupAction, err error) {
	err = s.update(ctx, string(m.Do)+" group action "+id, func(tx *sql.Tx) error {
		if a, err = groupAction(ctx, tx, id); err != nil {
			return err
		}
		moved, err := a.Move(m)
		if err != nil || !moved {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE group_actions SET state = ?, stopped_in = ?, approved_by = ?, approved_at = ?, undone_by = ?, undo_reason = ?, canary_at = ? WHERE id = ?`,
			string(a.State), string(a.StoppedIn), a.ApprovedBy, a.ApprovedAt, a.UndoneBy, a.UndoReason, a.CanaryAt, id); err != nil {
			return err
		}
		c := &a.Counts
		more := fmt.Sprintf("%d of %d members enforced on, %d lifted", c.Enforced, c.Taken, c.Lifted)
		return audit(ctx, tx, record.AuditEntry{At: m.At, By: m.By, Action: "group." + string(m.Do), Subject: id, Reason: said(m.Reason, more)})
	})
	return a, err
}

// SendBatch implements record.GroupActions.
func (s *Store) SendBatch(ctx context.Context, id string, in record.ActionState, limit int,
	do func(a *record.GroupAction, members []string) (record.Change, error),
) (batch record.Batch, err error) {
	err = s.update(ctx, "batch of group action "+id, func(tx *sql.Tx) error {
		a, err := groupAction(ctx, tx, id)
		if err != nil || a.State != in || a.Counts.Sent+a.Counts.Lifting > 0 {
			return err
		}
		next, mark := `state = ''`, `state`
		switch in {
		case record.ActionCanary:
			next += ` AND canary`
		case record.ActionRunning:
		case record.ActionUndoing:
			next, mark = `state = 'queued' AND undo = ''`, `undo`
		default:
			return fmt.Errorf("%w: nothing is sent in state %q", record.ErrInvalid, in)
		}
		members, err := list(ctx, tx, "members", func(r *sql.Rows, account *string) error { return r.Scan(account) },
			`SELECT account FROM group_action_members WHERE action = ? AND left_out = '' AND `+next+` ORDER BY place LIMIT ?`, id, limit)
		if err != nil {
			return err
		}
		if batch = record.BatchNone; len(members) == 0 && in != record.ActionUndoing {
			return nil
		}
		c, err := do(&a, members)
		if err != nil {
			return err
		}
		if err := c.Check(); err != nil {
			return err
		}
		isNew, err := putChange(ctx, tx, &c)
		if err != nil || !isNew {
			return err
		}
		for _, account := range members {
			if _, err := tx.ExecContext(ctx, `UPDATE group_action_members SET `+mark+` = 'sent' WHERE action = ? AND account = ?`, id, account); err != nil {
				return err
			}
		}
		batch = record.BatchSent
		_, err = tx.ExecContext(ctx, `UPDATE group_actions SET batches = batches + 1 WHERE id = ?`, id)
		return err
	})
	return batch, err
}

// outcomes is what decide made of the members of group actions, for the audit trail: how many by action, and what in words.
type outcomes map[string]map[string]int

// settleMember notes what decide made of a member. The same effect again, after a crash, changes nothing.
func (o outcomes) settleMember(ctx context.Context, tx *sql.Tx, e *effect.Effect) error {
	if e.Source != effect.ActionSource {
		return nil
	}
	mark, what := "", ""
	switch {
	case e.Kind == effect.Enforce && e.State == effect.Queued:
		mark, what = `state = ?1, why = ?2 WHERE state = 'sent'`, "enforced"
	case e.Kind == effect.Enforce:
		mark, what = `state = ?1, why = ?2 WHERE state = 'sent'`, "not: "+e.Why
	case e.Kind == effect.Undo && e.State == effect.Queued:
		mark, what = `undo = ?1 WHERE undo = 'sent'`, "lifted"
	case e.Kind == effect.Undo:
		mark, what = `undo = ?1 WHERE undo = 'sent'`, "not lifted: "+e.Why
	default:
		return nil
	}
	res, err := tx.ExecContext(ctx, `UPDATE group_action_members SET `+mark+` AND action = ?3 AND account = ?4 AND ?2 IS NOT NULL`, string(e.State), e.Why, e.EventID, e.Target.ID)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if o[e.EventID] == nil {
		o[e.EventID] = map[string]int{}
	}
	o[e.EventID][what]++
	return nil
}

// entries are the audit entries of what decide made of members, one for each action.
func (o outcomes) entries(now int64) (all []record.AuditEntry) {
	for _, id := range slices.Sorted(maps.Keys(o)) {
		whats := slices.SortedFunc(maps.Keys(o[id]), func(a, b string) int { return cmp.Or(cmp.Compare(o[id][b], o[id][a]), cmp.Compare(a, b)) })
		for i, what := range whats {
			whats[i] = fmt.Sprintf("%d %s", o[id][what], what)
		}
		all = append(all, record.AuditEntry{At: now, By: "action:" + id, Action: "group.batch", Subject: id, Reason: strings.Join(whats, ", ")})
	}
	return all
}
