package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/ringfence/ringfence/internal/auth"
)

type usersCmd struct {
	Create usersCreateCmd `cmd:"" help:"Make a user and print the password for the first login, once."`
	List   usersListCmd   `cmd:"" help:"List users."`
	Change usersChangeCmd `cmd:"" help:"Give a user another role, or keep the user out."`
	Reset  usersResetCmd  `cmd:"" help:"Give a user a password for one login."`
}

// people opens the users of a data folder, also beside a running server. A folder that is not there is made if create says so.
func (p place) people(ctx context.Context, create bool) (*auth.People, func() error, error) {
	if create {
		if err := p.make(); err != nil {
			return nil, nil, err
		}
	}
	store, err := p.records(ctx)
	if err != nil {
		return nil, nil, err
	}
	return auth.NewPeople(store, func() int64 { return time.Now().UnixNano() }), store.Close, nil
}

type usersCreateCmd struct {
	place
	Name string `arg:"" help:"As the user logs in and as the audit trail names the user: a-z, 0-9, '.', '_' and '-'."`
	Role string `required:"" enum:"viewer,moderator,senior,analyst,engineer,admin,auditor" placeholder:"ROLE" help:"viewer, moderator, senior, analyst, engineer, admin or auditor."`
}

func (usersCreateCmd) Help() string {
	return `The password goes to standard output, everything else to standard error. It opens nothing but the change of the password, at the first login.

There is no user at first, and no password that everybody knows: make an admin here, who can make the others.

Examples:

	ringfence users create ada --role admin --data ringfence-data
	ringfence users create bob --role moderator --data ringfence-data`
}

func (c usersCreateCmd) Run(ctx context.Context) error {
	people, done, err := c.people(ctx, true)
	if err != nil {
		return err
	}
	defer func() { _ = done() }() // what was written is durable
	password, err := people.Create(ctx, c.Name, auth.Role(c.Role), "command line")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "user %s is there; this is the only time the password for the first login is shown:\n", c.Name)
	fmt.Println(password)
	return nil
}

type usersListCmd struct{ place }

func (usersListCmd) Help() string {
	return `Example:

	ringfence users list --data ringfence-data`
}

func (c usersListCmd) Run(ctx context.Context) error {
	people, done, err := c.people(ctx, false)
	if err != nil {
		return err
	}
	defer func() { _ = done() }()
	all, err := people.List(ctx)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "name\trole\tcreated\tlast login\tdisabled")
	for _, u := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", u.Name, u.Role, when(u.Created), when(u.LastLogin), when(u.Disabled))
	}
	return t.Flush()
}

type usersChangeCmd struct {
	place
	Name    string `arg:"" help:"The user."`
	Role    string `enum:",viewer,moderator,senior,analyst,engineer,admin,auditor" default:"" placeholder:"ROLE" help:"The new role."`
	Disable bool   `xor:"state" help:"Keep the user out."`
	Enable  bool   `xor:"state" help:"Let the user in again."`
}

func (usersChangeCmd) Help() string {
	return `All sessions of the user end; a running server notices within seconds.

Examples:

	ringfence users change bob --role senior --data ringfence-data
	ringfence users change bob --disable --data ringfence-data`
}

func (c usersChangeCmd) Run(ctx context.Context) error {
	var role *auth.Role
	var disabled *bool
	if c.Role != "" {
		r := auth.Role(c.Role)
		role = &r
	}
	if c.Disable || c.Enable {
		disabled = &c.Disable
	}
	if role == nil && disabled == nil {
		return fmt.Errorf("%w: say --role, --disable or --enable", errUsage)
	}
	people, done, err := c.people(ctx, false)
	if err != nil {
		return err
	}
	defer func() { _ = done() }()
	return people.Change(ctx, c.Name, role, disabled, "command line")
}

type usersResetCmd struct {
	place
	Name string `arg:"" help:"The user."`
}

func (usersResetCmd) Help() string {
	return `Example:

	ringfence users reset bob --data ringfence-data`
}

func (c usersResetCmd) Run(ctx context.Context) error {
	people, done, err := c.people(ctx, false)
	if err != nil {
		return err
	}
	defer func() { _ = done() }()
	password, err := people.Reset(ctx, c.Name, "command line")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "this is the only time the password for the next login of %s is shown:\n", c.Name)
	fmt.Println(password)
	return nil
}
