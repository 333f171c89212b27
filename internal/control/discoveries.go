package control

import (
	"context"
	"fmt"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/record"
)

// AcceptDiscovery puts a term that was found into a bank of terms, and closes the discovery, both or neither. The entry says what else
// is to be listed with the term. It returns the version of the bank that it made.
func (c *Control) AcceptDiscovery(ctx context.Context, a Author, id, name string, e bank.Entry) (int, error) {
	if a.ID == "" {
		a.ID = NewID()
	}
	d, err := c.store.Discovery(ctx, id)
	if err != nil {
		return 0, err
	}
	if d.State == record.DiscoveryAccepted && d.Change != a.ID {
		return 0, fmt.Errorf("discovery %s was accepted by %s: %w", id, d.DecidedBy, record.ErrConflict)
	}
	e.Value = d.Term
	version, err := c.editBank(ctx, a, name, request("accept", []any{id, e}), func(old *bank.Bank) (bank.Edit, error) {
		switch {
		case old.Version == 0:
			return bank.Edit{}, fmt.Errorf("bank %.64q: %w", name, record.ErrNotFound)
		case old.Header.Kind != bank.Terms:
			return bank.Edit{}, fmt.Errorf("%w: bank %s is of %s, not of terms", record.ErrInvalid, name, old.Header.Kind)
		}
		return bank.Edit{Bank: name, Add: []bank.Entry{e}}, nil
	}, func(ctx context.Context, rows ...record.Change) error {
		return c.store.AcceptDiscovery(ctx, id, rows...)
	})
	if err != nil {
		return 0, err
	}
	// A change that was there before came of this discovery, or its id was used for something else.
	if d, err = c.store.Discovery(ctx, id); err == nil && d.Change != a.ID {
		err = fmt.Errorf("change %.64q: %w", a.ID, record.ErrConflict)
	}
	return version, err
}

// RefuseDiscovery closes a discovery: its term is not to be listed.
func (c *Control) RefuseDiscovery(ctx context.Context, a Author, id string) error {
	return c.store.RefuseDiscovery(ctx, id, a.By, a.Reason, c.now())
}
