package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ringfence/ringfence/internal/record"
)

// audit appends entries to the trail; their Seq and Hash follow from it. Transactions that write come one after the other, so the head that this one reads is the last.
func audit(ctx context.Context, tx *sql.Tx, entries ...record.AuditEntry) error {
	if len(entries) == 0 {
		return nil
	}
	head, err := auditHead(ctx, tx)
	if err == nil && head.Seq == 0 { // the first entry; or somebody removed the head, which must not stop the work and is for VerifyAudit to say
		err = tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM audit`).Scan(&head.Seq)
	}
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	put, err := tx.PrepareContext(ctx, `INSERT INTO audit (seq, at, by, action, subject, reason, digest, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	defer put.Close()
	for i := range entries {
		e := &entries[i]
		e.Seq = head.Seq + 1
		e.Hash = e.Link(head.Hash)
		if _, err := put.ExecContext(ctx, e.Seq, e.At, e.By, e.Action, e.Subject, e.Reason, digestOf(e), e.Hash[:]); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		head = record.AuditHead{Seq: e.Seq, Hash: e.Hash}
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit_head (one, seq, hash) VALUES (1, ?, ?)
		ON CONFLICT DO UPDATE SET seq = excluded.seq, hash = excluded.hash`, head.Seq, head.Hash[:]); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

func digestOf(e *record.AuditEntry) []byte {
	if e.Digest == [sha256.Size]byte{} {
		return []byte{}
	}
	return e.Digest[:]
}

func auditHead(ctx context.Context, q querier) (h record.AuditHead, err error) {
	var hash []byte
	err = found(q.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head`).Scan(&h.Seq, &hash))
	if errors.Is(err, record.ErrNotFound) {
		return h, nil
	}
	if err == nil && copy(h.Hash[:], hash) != sha256.Size {
		err = fmt.Errorf("the head of the audit trail has %d bytes", len(hash))
	}
	return h, err
}

// AuditHead implements record.Audit.
func (s *Store) AuditHead(ctx context.Context) (record.AuditHead, error) {
	return auditHead(ctx, s.read)
}

const auditColumns = `seq, at, by, action, subject, reason, digest, hash`

func scanAudit(r *sql.Rows, a *record.AuditEntry) error {
	var digest, hash []byte
	if err := r.Scan(&a.Seq, &a.At, &a.By, &a.Action, &a.Subject, &a.Reason, &digest, &hash); err != nil {
		return err
	}
	copy(a.Digest[:], digest)
	copy(a.Hash[:], hash) // one of another length is not that of the entry either
	return nil
}

// PutAudit implements record.Audit.
func (s *Store) PutAudit(ctx context.Context, e record.AuditEntry) error {
	return s.update(ctx, "put audit entry "+e.Action, func(tx *sql.Tx) error { return audit(ctx, tx, e) })
}

// AuditTrail implements record.Audit.
func (s *Store) AuditTrail(ctx context.Context, p record.Page) ([]record.AuditEntry, error) {
	return list(ctx, s.read, "audit trail", scanAudit, `SELECT `+auditColumns+` FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?`, before(p), p.Size())
}

// AuditFrom implements record.Audit.
func (s *Store) AuditFrom(ctx context.Context, after int64, limit int) ([]record.AuditEntry, error) {
	return list(ctx, s.read, "audit trail", scanAudit, `SELECT `+auditColumns+` FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`, after, limit)
}

// sealAudit makes a chain of a trail that an earlier format left without one. It must not run later: it would hide what was changed.
func sealAudit(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	entries, err := list(ctx, tx, "audit trail", scanAudit, `SELECT `+auditColumns+` FROM audit ORDER BY seq`)
	if err != nil || len(entries) == 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM audit`); err != nil {
		return err
	}
	if err := audit(ctx, tx, entries...); err != nil {
		return err
	}
	return tx.Commit()
}
