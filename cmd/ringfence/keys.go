package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/auth"
)

type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Make a key and print its token, once."`
	List   keysListCmd   `cmd:"" help:"List keys."`
	Revoke keysRevokeCmd `cmd:"" help:"Revoke a key. A running server notices within seconds."`
}

// keyring opens the keys of a data folder, also beside a running server. A folder that is not there is made if create says so.
func keyring(ctx context.Context, p place, create bool) (*auth.Keyring, func() error, error) {
	cfg, err := p.load()
	if err != nil {
		return nil, nil, err
	}
	if create {
		if err := p.make(); err != nil {
			return nil, nil, err
		}
	}
	store, err := p.records(ctx)
	if err != nil {
		return nil, nil, err
	}
	now := func() int64 { return time.Now().UnixNano() }
	return auth.NewKeyring(store, auth.Quota{}, now, logger(cfg)), store.Close, nil
}

type keysCreateCmd struct {
	place
	Name   string   `arg:"" help:"Who uses it, such as platform-ingest."`
	Scopes []string `required:"" enum:"ingest,decide,read,rules,review,act,approve,audit,admin" placeholder:"SCOPE,…" help:"What it may do: ingest, decide, read, rules, review, act, approve, audit, admin."`
	Quota  int      `help:"Events a second; 0 is the configuration's."`
}

func (keysCreateCmd) Help() string {
	return `The token goes to standard output, everything else to standard error. It can also be made while the server runs.

Examples:

	ringfence keys create platform --scopes ingest,decide
	ringfence keys create ada --scopes read,act --data ringfence-data`
}

func (c keysCreateCmd) Run(ctx context.Context) error {
	keys, done, err := keyring(ctx, c.place, true)
	if err != nil {
		return err
	}
	defer func() { _ = done() }() // what was written is durable
	scopes := make([]auth.Scope, len(c.Scopes))
	for i, s := range c.Scopes {
		scopes[i] = auth.Scope(s)
	}
	key, token, err := keys.Create(ctx, c.Name, scopes, c.Quota, "command line")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "key %s for %s; this is the only time its token is shown:\n", key.ID, key.Name)
	fmt.Println(token)
	return nil
}

type keysListCmd struct{ place }

func (keysListCmd) Help() string {
	return `Example:

	ringfence keys list --data ringfence-data`
}

func (c keysListCmd) Run(ctx context.Context) error {
	keys, done, err := keyring(ctx, c.place, false)
	if err != nil {
		return err
	}
	defer func() { _ = done() }() // what was written is durable
	all, err := keys.List(ctx)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "id\tname\tscopes\tcreated\tlast used\trevoked")
	for _, k := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Name, strings.Join(k.Scopes, ","), when(k.Created), when(k.LastUsed), when(k.Revoked))
	}
	return t.Flush()
}

func when(ns int64) string {
	if ns == 0 {
		return "–"
	}
	return event.FormatTime(ns / 1e9 * 1e9)
}

type keysRevokeCmd struct {
	place
	ID string `arg:"" help:"The key's id, as keys list shows it."`
}

func (keysRevokeCmd) Help() string {
	return `Example:

	ringfence keys revoke lx353dd54lzsa --data ringfence-data`
}

func (c keysRevokeCmd) Run(ctx context.Context) error {
	keys, done, err := keyring(ctx, c.place, false)
	if err != nil {
		return err
	}
	defer func() { _ = done() }() // what was written is durable
	if err := keys.Revoke(ctx, c.ID, "command line"); err != nil {
		return fmt.Errorf("%w; keys list shows the ids", err)
	}
	fmt.Fprintf(os.Stderr, "key %s is revoked; a running server refuses it within seconds\n", c.ID)
	return nil
}
