// Command ringfence is the one binary: the whole system (serve, demo) and each of its parts alone on files. Every verb has a
// file of its own here and does no more than read its flags and call the package that does the work.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Serve       serveCmd       `cmd:"" help:"Run the whole system."`
	Demo        demoCmd        `cmd:"" help:"Run the whole system on a simulated stream, or live on Bluesky's, and say where to look."`
	Replay      replayCmd      `cmd:"" help:"Decide the events of files, as the live system would."`
	Backtest    backtestCmd    `cmd:"" help:"Compare two rule sets on the same events."`
	Import      importCmd      `cmd:"" help:"Let history warm the windows of a data folder, without effects."`
	Export      exportCmd      `cmd:"" help:"Write the records of a data folder, archive and journal, as JSON lines."`
	Rules       rulesCmd       `cmd:"" help:"Check, test, explain, push and roll back rules."`
	Banks       banksCmd       `cmd:"" help:"Check, list, change and roll back banks of known-bad and known-good terms, links and devices."`
	Discoveries discoveriesCmd `cmd:"" help:"List, accept and refuse terms that a server found and no bank lists."`
	Models      modelsCmd      `cmd:"" help:"List, push and roll back the models that rules read."`
	Text        textCmd        `cmd:"" help:"Text tools."`
	Media       mediaCmd       `cmd:"" help:"Picture tools."`
	Accounts    accountsCmd    `cmd:"" help:"Tools for single accounts."`
	Groups      groupsCmd      `cmd:"" help:"Tools for groups of accounts."`
	Graph       graphCmd       `cmd:"" help:"Tools for graphs."`
	Review      reviewCmd      `cmd:"" help:"Tools for the order of review."`
	Sim         simCmd         `cmd:"" help:"Write a simulated stream with hidden campaigns, and the truth about it."`
	Eval        evalCmd        `cmd:"" help:"Measure what was found against the truth."`
	Bench       benchCmd       `cmd:"" help:"Measure every figure that the pages state, beside the peers that can be run here."`
	Config      configCmd      `cmd:"" help:"Check a configuration file."`
	Keys        keysCmd        `cmd:"" help:"Make, list and revoke API keys."`
	Users       usersCmd       `cmd:"" help:"Make, list and change the people who work with a server."`
	Audit       auditCmd       `cmd:"" help:"Check the audit trail."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

// errUsage marks a wrong use of the command line that kong cannot see.
var errUsage = errors.New("wrong usage")

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	parser := newParser()
	parsed, err := parser.Parse(args)
	if err != nil {
		return misparsed(parser, args, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	switch err := parsed.Run(); {
	case errors.Is(err, errUsage):
		return misused(parsed.Selected(), err)
	case err != nil:
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		return 1
	}
	return 0
}

func newParser(more ...kong.Option) *kong.Kong {
	options := []kong.Option{kong.Name("ringfence"), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.NamedMapper("path", as(anything)), kong.NamedMapper("existingfile", as(file)), kong.NamedMapper("existingdir", as(folder)),
		kong.Description("Ringfence finds groups of accounts that act in concert to do harm, and acts on them with evidence, caps and undo.")}
	parser, err := kong.New(&cli{}, append(options, more...)...)
	if err != nil {
		panic(err) // the struct above is wrong
	}
	return parser
}

// as reads a path and keeps it as it was typed, so that messages name files as the user does.
func as(check func(path string) error) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		if err := ctx.Scan.PopValueInto("path", target.Addr().Interface()); err != nil {
			return err
		}
		return check(target.String())
	}
}

func anything(string) error { return nil }

func file(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder, not a file", path)
	}
	return err
}

func folder(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is a file, not a folder", path)
	}
	return err
}

// misparsed says why a command line cannot be read. One that stops short of a verb is answered with the verbs there are.
func misparsed(parser *kong.Kong, args []string, err error) int {
	at := parser.Model.Node
	var parse *kong.ParseError
	if !errors.As(err, &parse) {
		return misused(at, err)
	}
	if selected := parse.Context.Selected(); selected != nil {
		at = selected
	}
	if !at.Leaf() && len(args) == len(strings.Fields(at.FullPath()))-1 {
		parser.Stdout = os.Stderr
		if parse.Context.PrintUsage(false) == nil {
			err = errors.New("a command is missing; they are listed above")
		}
	}
	return misused(at, err)
}

func misused(at *kong.Node, err error) int {
	fmt.Fprintf(os.Stderr, "Error: %v\nTry: %s --help\n", err, at.FullPath())
	return 2
}
