package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

type rulesCmd struct {
	Check    rulesCheckCmd    `cmd:"" help:"Compile a folder of rules; every mistake is named by file, line and column."`
	Test     rulesTestCmd     `cmd:"" help:"Run the tests that lie beside the rules."`
	Explain  rulesExplainCmd  `cmd:"" help:"Show how the rules came to what they say of one event."`
	Registry rulesRegistryCmd `cmd:"" help:"Show which rules read and write which signals, windows, labels and lists."`
	Push     rulesPushCmd     `cmd:"" help:"Make a folder of rules the active set of a running server."`
	Rollback rulesRollbackCmd `cmd:"" help:"Make an earlier rule set of a running server the active one."`
}

type rulesCheckCmd struct {
	Dir string `arg:"" type:"existingdir" help:"Folder of rules."`
}

func (rulesCheckCmd) Help() string {
	return `Example:

	ringfence rules check rules`
}

func (c rulesCheckCmd) Run() error {
	set, err := loadRules(c.Dir)
	if err != nil {
		return err
	}
	fmt.Printf("%s: ok, %d rules, %d windows, set %s\n", c.Dir, len(set.Rules), len(set.Windows), set.Hash)
	return nil
}

type rulesTestCmd struct {
	Dir string `arg:"" type:"existingdir" help:"Folder of rules and their tests (*_test.yaml)."`
}

func (rulesTestCmd) Help() string {
	return `Example:

	ringfence rules test rules`
}

func (c rulesTestCmd) Run(ctx context.Context) error {
	set, err := loadRules(c.Dir)
	if err != nil {
		return err
	}
	files, err := rule.LoadTests(c.Dir)
	if err != nil {
		return err
	}
	tests, problems := rule.ParseTests(files)
	for _, p := range problems {
		p.File = filepath.Join(c.Dir, p.File)
		fmt.Fprintln(os.Stderr, p)
	}
	if tests == nil && rule.HasErrors(problems) {
		return fmt.Errorf("the tests in %s have errors", c.Dir)
	}
	failed := 0
	tested := map[string]bool{}
	for _, t := range tests {
		outcomes, err := pipeline.RunTest(ctx, set, t)
		if err != nil {
			return err
		}
		for _, o := range outcomes {
			for _, id := range o.Rules {
				tested[id] = true
			}
		}
		wrong := t.Check(outcomes)
		if len(wrong) > 0 {
			failed++
			fmt.Printf("FAIL %s:%d %s\n", filepath.Join(c.Dir, t.File), t.Line, t.Name)
			for _, w := range wrong {
				fmt.Printf("     %s\n", w)
			}
		}
	}
	for _, r := range set.Rules {
		if !tested[r.ID] && r.Mode != rule.Off {
			fmt.Printf("note %s:%d: rule %s fires in no test\n", filepath.Join(c.Dir, r.File), r.Line, r.ID)
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(tests)-failed, failed)
	if failed > 0 {
		return fmt.Errorf("%d of %d rule tests failed", failed, len(tests))
	}
	return nil
}

type rulesExplainCmd struct {
	eventFiles
	Rules string `required:"" type:"existingdir" help:"Folder of rules."`
	Event string `required:"" help:"Id of the event."`
	Rule  string `placeholder:"ID" help:"Only this rule."`
}

func (rulesExplainCmd) Help() string {
	return `Replays the events up to the one asked for, and shows every signal, window and condition of its rules.

Examples:

	ringfence rules explain --rules rules --event e42 events.ndjson
	ringfence rules explain --rules rules --event e42 --rule same-text-again events.ndjson.gz`
}

func (c *rulesExplainCmd) Run(ctx context.Context) error {
	set, err := loadRules(c.Rules)
	if err != nil {
		return err
	}
	if c.Rule != "" && !slices.ContainsFunc(set.Rules, func(r *rule.Rule) bool { return r.ID == c.Rule }) {
		return fmt.Errorf("%s holds no rule %q", c.Rules, c.Rule)
	}
	var bad refusals
	in, err := c.open(ctx, false, bad.add)
	if err != nil {
		return err
	}
	defer in.Close()
	hot, err := state.New(in.bounds)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	found := false
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	in.opts.Decide.Inspect = func(it *extract.Item, ev *rule.Evaluation) {
		if it.Event.ID != c.Event || found {
			return
		}
		found = true
		for _, r := range set.Rules {
			if r.Mode != rule.Off && (c.Rule == "" || c.Rule == r.ID) && (r.On[0] == "*" || slices.Contains(r.On, it.Event.Kind)) {
				err = errors.Join(err, out.Encode(explained(ev.Explain(r))))
			}
		}
		stop()
	}
	_, replayed := pipeline.Replay(ctx, in.opts, hot, set, in.feed, func(*decide.Output, *extract.Item) error { return nil })
	switch {
	case found:
		return err
	case replayed != nil:
		return replayed
	}
	return fmt.Errorf("event %q is not among the events", c.Event)
}

type rulesRegistryCmd struct {
	Dir string `arg:"" type:"existingdir" help:"Folder of rules."`
}

func (rulesRegistryCmd) Help() string {
	return `Example:

	ringfence rules registry rules`
}

func (c rulesRegistryCmd) Run() error {
	set, err := loadRules(c.Dir)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(registered(set.Registry()))
}
