// Command ringfence is the one binary: the whole system (serve, demo) and each of its parts alone on files. Every verb has a
// file of its own here and does no more than read its flags and call the package that does the work.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the whole system."`
	Demo     demoCmd     `cmd:"" help:"Run the whole system on a simulated stream, or live on Bluesky's, and say where to look."`
	Replay   replayCmd   `cmd:"" help:"Decide the events of files, as the live system would."`
	Backtest backtestCmd `cmd:"" help:"Compare two rule sets on the same events."`
	Import   importCmd   `cmd:"" help:"Let history warm the windows of a data folder, without effects."`
	Export   exportCmd   `cmd:"" help:"Write the records of a data folder, archive and journal, as JSON lines."`
	Rules    rulesCmd    `cmd:"" help:"Check, test, explain, push and roll back rules."`
	Text     textCmd     `cmd:"" help:"Text tools."`
	Sim      simCmd      `cmd:"" help:"Write a simulated stream with hidden campaigns, and the truth about it."`
	Config   configCmd   `cmd:"" help:"Check a configuration file."`
	Keys     keysCmd     `cmd:"" help:"Make, list and revoke API keys."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// errUsage marks a wrong use of the command line that kong cannot see.
var errUsage = errors.New("usage")

func main() { os.Exit(run()) }

func run() int {
	var c cli
	parser, err := kong.New(&c, kong.Name("ringfence"), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Description("Ringfence finds groups of accounts that act in concert to do harm, and acts on them with evidence, caps and undo."))
	if err != nil {
		panic(err) // the struct above is wrong
	}
	parsed, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "Error: %v\nTry: ringfence %s --help\n", err, verb(os.Args))
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	switch err := parsed.Run(); {
	case errors.Is(err, errUsage):
		fmt.Fprintf(os.Stderr, "Error: %v\nTry: ringfence %s --help\n", err, verb(os.Args))
		return 2
	case err != nil:
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		return 1
	}
	return 0
}

func verb(args []string) string {
	if len(args) > 1 && args[1] != "" && args[1][0] != '-' {
		return args[1]
	}
	return ""
}
