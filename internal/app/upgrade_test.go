package app_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/pressly/goose/v3"

	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/journal/pebblelog"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/state"
)

// used is a data folder that was in use, and its decisions.
func used(t *testing.T) (dir string, decisions []byte) {
	t.Helper()
	decisions, dir = live(t, 2, "testdata/rules", stream(t, 7)[:3000])
	return dir, decisions
}

// TestNewerFormats: a data folder that a newer build wrote is refused, with an error that names the part.
func TestNewerFormats(t *testing.T) {
	tests := []struct {
		store string
		age   func(t *testing.T, dir string)
		want  error
	}{
		{"store", func(t *testing.T, dir string) {
			setKey(t, dir, []byte{0x00}, func([]byte) []byte { return []byte("99") })
		}, pebblelog.ErrNewer},
		{"hot state", func(t *testing.T, dir string) {
			setKey(t, dir, []byte{0x20}, func(b []byte) []byte { b[0] = 99; return b })
		}, state.ErrVersion},
		{"records.db", func(t *testing.T, dir string) {
			execute(t, dir, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
		}, record.ErrFormat},
	}
	for _, tt := range tests {
		t.Run(tt.store, func(t *testing.T) {
			dir, _ := used(t)
			tt.age(t, dir)
			a, err := app.New(t.Context(), options(dir, "", clock{}))
			if err == nil {
				must(t, a.Stop())
			}
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.store) {
				t.Errorf("a newer %s: %v, want %v", tt.store, err, tt.want)
			}
		})
	}
}

// TestJournalInTheStore starts on a folder of the first layout, in which the store held the journal as well. Then it reads such a
// folder without a start, after a move that a crash cut short.
func TestJournalInTheStore(t *testing.T) {
	dir, want := used(t)
	aged := func() {
		t.Helper()
		store, records := openStore(t, dir, "store"), openStore(t, dir, "journal")
		must(t, pebblelog.Move(records, store))
		must(t, errors.Join(store.Set([]byte{0x00}, []byte("1"), pebble.Sync), store.Delete([]byte{0x13}, pebble.Sync)))
		must(t, errors.Join(records.Close(), store.Close()))
	}
	aged()
	must(t, os.RemoveAll(filepath.Join(dir, "journal")))
	p := startProduct(t, options(dir, "", clock{}))
	p.settle(t)
	same(t, "what is stored", want, p.decisions(t))
	p.stop(t)
	aged()
	records := openStore(t, dir, "journal")
	must(t, errors.Join(records.Set([]byte{0x11, 0, 0, 0, 0, 0, 0, 0, 1}, []byte("half a move"), pebble.Sync), records.Close()))
	same(t, "replay of the data folder", want, replayFolder(t, dir, 2, nil))
}

// TestOlderRecords starts on records of the first format, which the start brings up to date. The hot state is still in its first.
func TestOlderRecords(t *testing.T) {
	dir, want := used(t)
	path := filepath.Join(dir, "records.db")
	must(t, os.Remove(path))
	db, err := sql.Open("sqlite", path)
	must(t, err)
	old, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("../record/sqlite/migrations"), goose.WithDisableGlobalRegistry(true))
	must(t, err)
	if _, err := old.UpTo(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	must(t, db.Close())
	execute(t, dir, `INSERT INTO effects (id, kind, target, value, state, why, rule, rule_version, policy, severity, reason, source, event_id, time, expires,
		position, receiver, due) VALUES ('11', 'label', 'account:a1', 'spammer', 'queued', '', 'old', '1', 'spam', 2, 'because', 'events', 'e1', 1000, 0, 1, 'platform', 0)`)

	p := startProduct(t, options(dir, "", clock{}))
	p.settle(t)
	same(t, "what is stored", want, p.decisions(t))
	if got := p.effects(t, "delivered"); len(got) != 1 || got[0].ID != "11" {
		t.Errorf("effects %+v, want the old one, delivered", got)
	}
	if changes, err := pages[struct{ ID string }](p.client, "/v1/changes?limit=10"); err != nil || len(changes) != 1 {
		t.Errorf("changes %v, %v: want the push of the rules", changes, err)
	}
}

// setKey changes what is stored under a key of the Pebble store.
func setKey(t *testing.T, dir string, key []byte, change func([]byte) []byte) {
	t.Helper()
	store := openStore(t, dir, "store")
	value, closer, err := store.Get(key)
	must(t, err)
	changed := change(append([]byte(nil), value...))
	must(t, closer.Close())
	must(t, store.Set(key, changed, pebble.Sync))
	must(t, store.Close())
}

func execute(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "records.db"))
	must(t, err)
	_, err = db.Exec(statement)
	must(t, errors.Join(err, db.Close()))
}
