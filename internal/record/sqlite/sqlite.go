// Package sqlite keeps the records of package record in one SQLite file, by a driver in pure Go.
//
// Writes go through one connection, each transaction fsynced (synchronous=FULL); reads go through a pool and see the last
// commit without waiting for the writer (WAL). The schema is a row of migrations; a file of an older format is brought up to
// date when it is opened, one of a newer format is refused.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/ringfence/ringfence/internal/record"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many reads run at a time; each connection holds a page cache of 2 MB.
const readers = 4

// Store is a record.Store over one SQLite file. Only one process may have it open for writing at a time; the journal beside it
// sees to that.
type Store struct {
	write *sql.DB // one connection, its transactions are BEGIN IMMEDIATE
	read  *sql.DB

	putEffect, nextInLine *sql.Stmt // on write
}

var _ record.Store = (*Store)(nil)

// Open opens the file, makes it if it is not there (readable by its owner only), and brings its format up to date. It gives
// record.ErrFormat if the file is of a newer format than this build knows.
func Open(ctx context.Context, path string) (_ *Store, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open records: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open records: %w", err)
	}
	s := &Store{}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open records %s: %w", path, err), s.Close())
		}
	}()
	if s.write, err = sql.Open("sqlite", dsn(path, "_txlock=immediate")); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if err = migrate(ctx, s.write); err != nil {
		return nil, err
	}
	if s.read, err = sql.Open("sqlite", dsn(path, "_pragma=query_only(1)")); err != nil {
		return nil, err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	if s.putEffect, err = s.write.PrepareContext(ctx, putEffect); err != nil {
		return nil, err
	}
	if s.nextInLine, err = s.write.PrepareContext(ctx, nextInLine); err != nil {
		return nil, err
	}
	return s, nil
}

func dsn(path, extra string) string {
	u := url.URL{Path: filepath.ToSlash(path)}
	return "file:" + u.EscapedPath() + "?" + extra +
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)" +
		"&_pragma=journal_size_limit(67108864)"
}

// chained is the first format in which the audit trail is a chain.
const chained = 5

func migrate(ctx context.Context, db *sql.DB) error {
	p, err := provider(db)
	if err != nil {
		return err
	}
	have, know, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > know {
		return fmt.Errorf("%w: the file has format %d, this build knows formats up to %d: run a newer build, or restore a copy from before the upgrade",
			record.ErrFormat, have, know)
	}
	if _, err = p.Up(ctx); err != nil || have >= chained {
		return err
	}
	return sealAudit(ctx, db)
}

func provider(db *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true))
}

// Close waits for running transactions and closes the file.
func (s *Store) Close() error {
	var errs []error
	for _, stmt := range []*sql.Stmt{s.putEffect, s.nextInLine} {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// update runs fn in a transaction and commits it, or rolls it back if fn fails.
func (s *Store) update(ctx context.Context, what string, fn func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := fn(tx); err != nil {
		rollback := tx.Rollback()
		if errors.Is(rollback, sql.ErrTxDone) {
			rollback = nil
		}
		return errors.Join(fmt.Errorf("%s: %w", what, err), rollback)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// querier is what reads run on: the pool, or a transaction that must see its own writes.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// list runs a query and scans each row into a T.
func list[T any](ctx context.Context, q querier, what string, scan func(rows *sql.Rows, t *T) error, query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer rows.Close()
	var ts []T
	for rows.Next() {
		var t T
		if err := scan(rows, &t); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		ts = append(ts, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return ts, nil
}

// before is the page's start as a bound on seq.
func before(p record.Page) int64 {
	if p.Before <= 0 {
		return 1<<63 - 1
	}
	return p.Before
}

// scanner is a row that can be read: of a list or alone.
type scanner interface{ Scan(dest ...any) error }

// found turns an empty result into record.ErrNotFound.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return record.ErrNotFound
	}
	return err
}
