package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/rule"
)

func workers(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

func limits(cfg *config.Config) event.Limits {
	l := event.DefaultLimits()
	l.Line = int(cfg.Ingest.MaxEvent)
	l.Text = min(l.Text, l.Line)
	return l
}

// secret reads a random key, or makes it if it is not there. It is written whole or not at all.
func secret(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil && len(key) == 32 {
		return key, nil
	}
	if err == nil {
		return nil, fmt.Errorf("%s holds %d bytes, not 32: put the file back from a backup", path, len(key))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key = make([]byte, 32)
	rand.Read(key) // never fails
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	if err := os.WriteFile(path+".new", key, 0o600); err != nil {
		return nil, err
	}
	return key, os.Rename(path+".new", path)
}

// startRules makes the configured rules the active set if they are not, as a change in the server's name. Where a person has
// pushed another set and the configuration names no folder, theirs stays.
func (a *App) startRules(ctx context.Context) error {
	files := a.opts.Rules
	if dir := a.opts.Config.Rules.Dir; dir != "" {
		var err error
		if files, err = rule.Load(dir); err != nil {
			return fmt.Errorf("rules: %w", err)
		}
	} else if _, err := a.records.ActiveRuleSet(ctx); !errors.Is(err, record.ErrNotFound) {
		return err
	}
	number, problems, err := a.control.PushRules(ctx, control.Author{By: "server", Reason: "rules of the configuration"}, files)
	for _, p := range problems {
		a.opts.Log.Warn("rule set", "problem", p.String())
	}
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	// The rules must be in the journal before the first event of this run.
	for n := 1; n > 0; {
		if n, err = a.control.Relay(ctx); err != nil {
			return fmt.Errorf("rules: %w", err)
		}
	}
	a.opts.Log.Info("rules active", "version", number)
	return nil
}
