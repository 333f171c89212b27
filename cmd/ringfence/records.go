package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ringfence/ringfence/internal/record/sqlite"
)

// make makes the data folder.
func (p place) make() error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.DataDir, 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(cfg.DataDir, "records.db"), os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// records opens the records of a data folder, also beside a running server.
func (p place) records(ctx context.Context) (*sqlite.Store, error) {
	cfg, err := p.load()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(cfg.DataDir, "records.db")
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("%s holds no records: %w; --data or --config says where the server's data folder is", cfg.DataDir, err)
	}
	return sqlite.Open(ctx, path)
}
