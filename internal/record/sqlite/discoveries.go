package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/internal/record"
)

const discoveryColumns = `seq, id, term, kind, score, accounts, evidence, examples, first, last, state, decided, decided_by, reason, change`

func scanDiscovery(row scanner, d *record.Discovery) error {
	return row.Scan(&d.Seq, &d.ID, &d.Term, &d.Kind, &d.Score, &d.Accounts, &d.Evidence, &d.Examples, &d.First, &d.Last, &d.State,
		&d.Decided, &d.DecidedBy, &d.Reason, &d.Change)
}

// propose opens a discovery, or brings it up to date and to the end of the order.
const propose = `INSERT INTO discoveries (seq, id, term, kind, score, accounts, evidence, examples, first, last, state)
	VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM discoveries), ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')
	ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, term = excluded.term, kind = excluded.kind, score = excluded.score,
		accounts = excluded.accounts, evidence = excluded.evidence, examples = excluded.examples, last = excluded.last, state = 'open'`

// PutDiscoveries implements record.Discoveries.
func (s *Store) PutDiscoveries(ctx context.Context, ds []record.Discovery, most int, at int64) (taken int, err error) {
	for i := range ds {
		if err := ds[i].Check(); err != nil {
			return 0, err
		}
	}
	err = s.update(ctx, "put discoveries", func(tx *sql.Tx) error {
		var proposed []*record.Discovery
		for i := range ds {
			if len(proposed) >= most {
				break
			}
			switch ok, err := proposable(ctx, tx, &ds[i]); {
			case err != nil:
				return err
			case ok:
				proposed = append(proposed, &ds[i])
			}
		}
		for _, d := range slices.Backward(proposed) { // the best gets the highest seq
			if _, err := tx.ExecContext(ctx, propose, d.ID, d.Term, d.Kind, d.Score, d.Accounts, blob(d.Evidence), blob(d.Examples), at, at); err != nil {
				return fmt.Errorf("discovery %s: %w", d.ID, err)
			}
		}
		taken = len(proposed)
		_, err := tx.ExecContext(ctx, `DELETE FROM discoveries WHERE state = 'open' AND seq <=
			(SELECT seq FROM discoveries WHERE state = 'open' ORDER BY seq DESC LIMIT 1 OFFSET ?)`, record.MaxDiscoveries)
		return err
	})
	return taken, err
}

// proposable says whether a discovery is new, open, or grown since it was decided on.
func proposable(ctx context.Context, tx *sql.Tx, d *record.Discovery) (bool, error) {
	var state record.DiscoveryState
	var then int
	err := found(tx.QueryRowContext(ctx, `SELECT state, accounts FROM discoveries WHERE id = ?`, d.ID).Scan(&state, &then))
	if errors.Is(err, record.ErrNotFound) {
		return true, nil
	}
	return err == nil && (state == record.DiscoveryOpen || record.Regrown(then, d.Accounts)), err
}

// blob is never NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Discovery implements record.Discoveries.
func (s *Store) Discovery(ctx context.Context, id string) (record.Discovery, error) {
	return discovery(ctx, s.read, id)
}

func discovery(ctx context.Context, q querier, id string) (d record.Discovery, err error) {
	err = found(scanDiscovery(q.QueryRowContext(ctx, `SELECT `+discoveryColumns+` FROM discoveries WHERE id = ?`, id), &d))
	if err != nil {
		return d, fmt.Errorf("discovery %.64q: %w", id, err)
	}
	return d, nil
}

// ListDiscoveries implements record.Discoveries.
func (s *Store) ListDiscoveries(ctx context.Context, state record.DiscoveryState, p record.Page) ([]record.Discovery, error) {
	return list(ctx, s.read, "list discoveries", func(r *sql.Rows, d *record.Discovery) error { return scanDiscovery(r, d) },
		`SELECT `+discoveryColumns+` FROM discoveries WHERE state = ? AND seq < ? ORDER BY seq DESC LIMIT ?`, state, before(p), p.Size())
}

// AcceptDiscovery implements record.Discoveries.
func (s *Store) AcceptDiscovery(ctx context.Context, id string, cs ...record.Change) error {
	if len(cs) == 0 {
		return fmt.Errorf("accept discovery %.64q: %w: no change puts it into a bank", id, record.ErrInvalid)
	}
	for i := range cs {
		if err := cs[i].Check(); err != nil {
			return err
		}
	}
	return s.update(ctx, "accept discovery", func(tx *sql.Tx) error {
		d, err := discovery(ctx, tx, id)
		if err != nil {
			return err
		}
		last := &cs[len(cs)-1]
		again := d.State == record.DiscoveryAccepted
		if again && d.Change != last.ID {
			return decidedBefore(&d)
		}
		for i := range cs {
			isNew, err := putChange(ctx, tx, &cs[i])
			if err == nil && isNew == again {
				err = record.ErrConflict // the id is that of a change of something else
			}
			if err != nil {
				return fmt.Errorf("change %s: %w", cs[i].ID, err)
			}
		}
		if again {
			return nil
		}
		return decideOn(ctx, tx, id, record.DiscoveryAccepted, last.At, last.By, last.Reason, last.ID)
	})
}

// RefuseDiscovery implements record.Discoveries.
func (s *Store) RefuseDiscovery(ctx context.Context, id, by, reason string, at int64) error {
	if by == "" || len(by) > record.MaxName || len(reason) > record.MaxReason {
		return fmt.Errorf("refuse discovery %.64q: %w: it needs who refuses, in at most %d bytes, and a reason of at most %d",
			id, record.ErrInvalid, record.MaxName, record.MaxReason)
	}
	return s.update(ctx, "refuse discovery", func(tx *sql.Tx) error {
		d, err := discovery(ctx, tx, id)
		switch {
		case err != nil:
			return err
		case d.State == record.DiscoveryRefused && d.DecidedBy == by && d.Reason == reason:
			return nil
		case d.State != record.DiscoveryOpen:
			return decidedBefore(&d)
		}
		if err := decideOn(ctx, tx, id, record.DiscoveryRefused, at, by, reason, ""); err != nil {
			return err
		}
		return audit(ctx, tx, record.AuditEntry{At: at, By: by, Action: "discovery.refuse", Subject: id, Reason: reason})
	})
}

func decidedBefore(d *record.Discovery) error {
	return fmt.Errorf("discovery %s is %s by %s: %w", d.ID, d.State, d.DecidedBy, record.ErrConflict)
}

func decideOn(ctx context.Context, tx *sql.Tx, id string, state record.DiscoveryState, at int64, by, reason, change string) error {
	_, err := tx.ExecContext(ctx, `UPDATE discoveries SET state = ?, decided = ?, decided_by = ?, reason = ?, change = ? WHERE id = ?`,
		state, at, by, reason, change, id)
	return err
}

// ForgetDiscoveries implements record.Discoveries.
func (s *Store) ForgetDiscoveries(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return s.update(ctx, "forget discoveries", func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `DELETE FROM discoveries WHERE id = ? AND state = 'open'`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// PruneDiscoveries implements record.Discoveries.
func (s *Store) PruneDiscoveries(ctx context.Context, before int64) error {
	return s.update(ctx, "prune discoveries", func(tx *sql.Tx) error {
		_, dropped := tx.ExecContext(ctx, `DELETE FROM discoveries WHERE state = 'open' AND last < ?`, before)
		_, emptied := tx.ExecContext(ctx, `UPDATE discoveries SET examples = x'' WHERE last < ? AND examples <> x''`, before)
		return errors.Join(dropped, emptied)
	})
}
