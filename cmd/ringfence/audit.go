package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/ringfence/ringfence/internal/record"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check that no entry of the audit trail was changed, removed or moved."`
	Head   auditHeadCmd   `cmd:"" help:"Print the head of the audit trail, to be kept elsewhere."`
}

type auditVerifyCmd struct {
	place
	Heads []string `name:"head" placeholder:"SEQ:HASH" help:"A head that audit head printed earlier: the trail must still hold it. May be given several times."`
}

func (auditVerifyCmd) Help() string {
	return `Each entry's hash covers the entry and the hash before it, so an entry that was changed, removed or moved breaks the chain there and is named. Who can write to the
records can also write all of the trail anew: give a head that was kept elsewhere, and that is found, too. A running server may go on meanwhile.

Exit status 1 says that something was found.

Examples:

	ringfence audit verify --data ringfence-data
	ringfence audit verify --data ringfence-data --head 3:9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab`
}

func (c auditVerifyCmd) Run(ctx context.Context) error {
	heads := make([]record.AuditHead, len(c.Heads))
	for i, text := range c.Heads {
		var err error
		if heads[i], err = record.ParseAuditHead(text); err != nil {
			return err
		}
	}
	store, err := c.records(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	faults, entries, err := record.VerifyAudit(ctx, store, heads...)
	if err != nil {
		return err
	}
	for _, f := range faults {
		fmt.Println(f.What)
	}
	if len(faults) > 0 {
		return errors.New("the audit trail is not what was written")
	}
	fmt.Fprintf(os.Stderr, "%d entries, each as it was written\n", entries)
	return nil
}

type auditHeadCmd struct{ place }

func (auditHeadCmd) Help() string {
	return `Example:

	ringfence audit head --data ringfence-data`
}

func (c auditHeadCmd) Run(ctx context.Context) error {
	store, err := c.records(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	h, err := store.AuditHead(ctx)
	if err == nil {
		fmt.Println(h)
	}
	return err
}
