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

// workers is n, or one a core: there may be more threads than cores, so that who has slept is served at once.
func workers(n int) int {
	if n > 0 {
		return n
	}
	return min(runtime.GOMAXPROCS(0), runtime.NumCPU())
}

func limits(cfg *config.Config) event.Limits {
	l := event.DefaultLimits()
	l.Line = int(cfg.Ingest.MaxEvent)
	l.Text = min(l.Text, l.Line)
	return l
}

// secret reads a random key.
func secret(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil && len(key) != 32 {
		err = fmt.Errorf("%s holds %d bytes, not 32: put the file back from a backup", path, len(key))
	}
	return key, err
}

// newSecret reads a random key, or makes it if it is not there. It is written whole or not at all.
func newSecret(path string) ([]byte, error) {
	key, err := secret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
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

// author is the name under which changes of the configuration are made.
const author = "server"

// startRules makes the rules of the configured folder the active set, as a change in the server's name, if they are not what the
// server made active last: what a person pushed or rolled back to since then outlives a restart, until the folder changes.
// Without a folder the rules that come with the program are no more than what to begin with.
func (a *App) startRules(ctx context.Context) error {
	files, err := a.newRules(ctx)
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	if files != nil {
		number, problems, err := a.control.PushRules(ctx, control.Author{By: author, Reason: "rules of the configuration"}, files)
		for _, p := range problems {
			a.opts.Log.Warn("rule set", "problem", p.String())
		}
		if err != nil {
			return fmt.Errorf("rules: %w", err)
		}
		a.opts.Log.Info("rules active", "version", number)
	}
	// What was changed before a crash, these rules among it, must be in the journal before the first event of this run.
	for n := 1; n > 0; {
		if n, err = a.control.Relay(ctx); err != nil {
			return err
		}
	}
	return nil
}

// newRules is the set that the server has to make active; nil for none.
func (a *App) newRules(ctx context.Context) ([]rule.File, error) {
	dir := a.opts.Config.Rules.Dir
	if dir == "" {
		_, err := a.records.ActiveRuleSet(ctx)
		if errors.Is(err, record.ErrNotFound) {
			return a.opts.Rules, nil
		}
		return nil, err
	}
	files, err := rule.Load(dir)
	if err != nil {
		return nil, err
	}
	last, err := a.control.LastRules(ctx, author)
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return nil, err
	}
	if set, _ := rule.Compile(files); err == nil && set != nil && set.Hash == last.Hash {
		return nil, nil
	}
	return files, nil
}
