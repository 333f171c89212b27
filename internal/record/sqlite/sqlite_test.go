package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/record/recordtest"
)

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	recordtest.Run(t, func(t *testing.T) record.Store { return open(t, filepath.Join(t.TempDir(), "records.db")) })
}

func TestOpenKeepsWhatWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "with space?and#marks%.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	e := recordtest.Effect(1, "a")
	if _, err := s.PutEffects(t.Context(), []effect.Effect{e}, 9, 5); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode().Perm(), os.FileMode(0o600); got != want {
		t.Errorf("the file has mode %v, want %v", got, want)
	}
	s = open(t, path)
	if mark, err := s.Watermark(t.Context()); err != nil || mark != 9 {
		t.Errorf("watermark: got %d, %v, want 9", mark, err)
	}
	if d, err := s.Effect(t.Context(), e.ID); err != nil || !reflect.DeepEqual(d.Effect, e) {
		t.Errorf("effect: got %+v, %v, want %+v", d.Effect, err, e)
	}
}

func TestPragmas(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "records.db"))
	for _, c := range []struct {
		db     *sql.DB
		pragma string
		want   string
	}{
		{s.write, "synchronous", "2"}, {s.write, "journal_mode", "wal"}, {s.write, "busy_timeout", "10000"},
		{s.read, "query_only", "1"}, {s.read, "busy_timeout", "10000"},
	} {
		var got string
		if err := c.db.QueryRow("PRAGMA " + c.pragma).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.pragma, got, err, c.want)
		}
	}
}

// TestUpgrade opens files as each older build left them, filled with testdata/v<format>.sql.
func TestUpgrade(t *testing.T) {
	files, err := filepath.Glob("testdata/v*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata: got %v, %v", files, err)
	}
	for i, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			path := older(t, int64(i+1), file)
			s := open(t, path)
			if mark, err := s.Watermark(t.Context()); err != nil || mark != 41 {
				t.Errorf("watermark: got %d, %v, want 41", mark, err)
			}
			ds, err := s.Claim(t.Context(), record.PlatformReceiver, 1, 9, 1)
			if err != nil || len(ds) != 1 || ds[0].EventID != "e1" || ds[0].Target != (event.Entity{Kind: event.AccountEntity, ID: "a1"}) {
				t.Errorf("claim: got %+v, %v, want the first effect on a1", ds, err)
			}
			if f, err := s.CaseFile(t.Context(), "case1"); err != nil || len(f.Evidence) != 1 || f.Policies[0].Policy != "spam" {
				t.Errorf("case: got %+v, %v, want one row of evidence on spam", f, err)
			}
			if err := s.PutChanges(t.Context(), record.Change{ID: "c1", Kind: "label", By: "person:ada"}); err != nil {
				t.Errorf("a change after the upgrade: %v", err)
			}
		})
	}
}

// older makes a file of an older format.
func older(t *testing.T, format int64, fill string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "records.db")
	db, err := sql.Open("sqlite", dsn(path, "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := provider(db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), format); err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile(fill)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(rows)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	newer := filepath.Join(dir, "newer.db")
	s, err := Open(t.Context(), newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("no database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, want string
		is               error
	}{
		{"newer format", newer, "newer.db: store was written by a newer build: the file has format 9999, this build knows formats up to", record.ErrFormat},
		{"not a database", garbage, "file is not a database", nil},
		{"no folder", filepath.Join(dir, "none", "records.db"), "no such file or directory", nil},
		{"a folder", dir, "is a directory", nil},
	} {
		s, err := Open(t.Context(), c.path)
		if err == nil {
			s.Close()
			t.Errorf("%s: opened", c.name)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || (c.is != nil && !errors.Is(err, c.is)) {
			t.Errorf("%s: got %q, want %q", c.name, err, c.want)
		}
	}
}

// TestClaimReadsOneIndex guards the plans on which the cost of delivery rests: no scan of the backlog, no sort.
func TestClaimReadsOneIndex(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "records.db"))
	for _, c := range []struct{ query, want string }{
		{`SELECT * FROM effects WHERE receiver = 'platform' AND due <= 9 ORDER BY due, seq LIMIT 5`,
			"SEARCH effects USING INDEX effects_due (receiver=? AND due<?)"},
		{`SELECT min(seq) FROM effects WHERE receiver = 'platform' AND target = 'account:a' AND state = 'queued'`,
			"SEARCH effects USING COVERING INDEX effects_line (receiver=? AND target=?)"},
		{`SELECT count(*) FROM effects WHERE state = 'waiting'`, "SEARCH effects USING COVERING INDEX effects_state (state=?)"},
		{`SELECT id FROM cases WHERE (change = '') = 1 AND seq < 9 ORDER BY seq DESC`, "SEARCH cases USING INDEX cases_listed (<expr>=? AND seq<?)"},
		{`SELECT id FROM discoveries WHERE state = 'open' AND seq < 9 ORDER BY seq DESC`, "SEARCH discoveries USING INDEX discoveries_state (state=? AND seq<?)"},
		{`SELECT id FROM effects WHERE +seq < 9 AND target = 'account:a' AND state = 'queued' ORDER BY seq DESC`, "SEARCH effects USING INDEX effects_target (target=?)"},
	} {
		if d := cmp.Diff(c.want, plan(t, s.write, c.query)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.query, d)
		}
	}
}

func plan(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	steps, err := list(t.Context(), db, "plan", func(r *sql.Rows, s *string) error {
		var id, parent, unused int
		return r.Scan(&id, &parent, &unused, s)
	}, "EXPLAIN QUERY PLAN "+query)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "; ")
}

func BenchmarkPutEffects(b *testing.B) {
	for _, size := range []int{1, 500} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "records.db"))
			batch := make([]effect.Effect, size)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				for i := range batch {
					n++
					batch[i] = recordtest.Effect(n, fmt.Sprint("a", n%100_000))
					batch[i].ID = fmt.Sprintf("%032x", uint64(n)*0x9e3779b97f4a7c15) // spread as real ids are
				}
				if _, err := s.PutEffects(context.Background(), batch, uint64(n), 0); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "effects/s")
		})
	}
}

func BenchmarkClaimAndSettle(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "records.db"))
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		batch := make([]effect.Effect, 16)
		for i := range batch {
			n++
			batch[i] = recordtest.Effect(n, fmt.Sprint("a", n))
		}
		if _, err := s.PutEffects(context.Background(), batch, uint64(n), 0); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		ds, err := s.Claim(context.Background(), record.PlatformReceiver, 1, 16, 1e9)
		if err != nil || len(ds) != 16 {
			b.Fatalf("claimed %d: %v", len(ds), err)
		}
		outcomes := make([]record.Outcome, len(ds))
		for i, d := range ds {
			outcomes[i] = record.Outcome{ID: d.ID, State: effect.Delivered, Status: 200}
		}
		if err := s.Settle(context.Background(), 2, outcomes); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "effects/s")
}

// TestAuditShowsWhatWasDoneToTheFile changes the file as somebody with access to it could.
func TestAuditShowsWhatWasDoneToTheFile(t *testing.T) {
	for harm, want := range map[string]string{
		`UPDATE audit SET reason = 'other' WHERE seq = 2`: "entry 2 (key.create by person:ada) was changed, or put where it does not belong",
		`DELETE FROM audit WHERE seq = 2`:                 "entry 2 is missing",
		`DELETE FROM audit WHERE seq = 3`:                 "entries from 3 on are missing: the trail had a head at 3",
		`UPDATE audit SET hash = x''`:                     "entry 1 (key.create by person:ada) was changed, or put where it does not belong",
	} {
		path := filepath.Join(t.TempDir(), "records.db")
		s := open(t, path)
		for i := range 3 {
			k := record.Key{ID: fmt.Sprint("k", i), Name: fmt.Sprint("n", i), Hash: [32]byte{byte(i + 1)}, Created: 5}
			if err := s.PutKey(t.Context(), k, "person:ada"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.write.Exec(harm); err != nil {
			t.Fatal(err)
		}
		faults, _, err := record.VerifyAudit(t.Context(), s)
		if err != nil || len(faults) == 0 || faults[0].What != want {
			t.Errorf("%s: %v, %v, want %q", harm, faults, err, want)
		}
	}
}

// TestOldTrailBecomesAChain upgrades a trail without hashes. Hashes that are missing later are not made up for.
func TestOldTrailBecomesAChain(t *testing.T) {
	path := older(t, 4, filepath.Join("testdata", "audit-of-v4.sql"))
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	faults, n, err := record.VerifyAudit(t.Context(), s)
	if err != nil || len(faults) > 0 || n != 2 {
		t.Errorf("%d entries, %v, %v", n, faults, err)
	}
	if _, err := s.write.Exec(`UPDATE audit SET hash = x''; DELETE FROM audit_head`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if faults, _, err := record.VerifyAudit(t.Context(), s); err != nil || len(faults) != 3 {
		t.Errorf("after the hashes were taken away: %v, %v", faults, err)
	}
}

// TestUpgradeMergesCases: before there was one case for each subject, there was one for each of its policies.
func TestUpgradeMergesCases(t *testing.T) {
	s := open(t, older(t, 7, "testdata/cases-of-v7.sql"))
	f, err := s.CaseFile(t.Context(), "first")
	if err != nil {
		t.Fatal(err)
	}
	want := record.Case{Seq: 1, ID: "first", Target: event.Entity{Kind: event.AccountEntity, ID: "a1"}, Origin: record.ByRule, Severity: 4, Opened: 1000, Updated: 3000, Effects: 4,
		Policies: []record.CasePolicy{{Policy: "fraud", Severity: 4, Effects: 3}, {Policy: "spam", Severity: 2, Effects: 1}}}
	if d := cmp.Diff(want, f.Case); d != "" {
		t.Errorf("merged case (-want +got):\n%s", d)
	}
	if len(f.Evidence) != 2 || f.Evidence[0].Policy != "spam" || f.Evidence[1].Policy != "fraud" {
		t.Errorf("its evidence %+v", f.Evidence)
	}
	closed, err := s.Case(t.Context(), "closed")
	if err != nil || closed.Verdict != "harmful" || closed.Policies[0].Policy != "spam" {
		t.Errorf("a closed case on the same subject: %+v, %v", closed, err)
	}
	if open, err := s.ListCases(t.Context(), record.CaseFilter{}, record.Page{}); err != nil || len(open) != 2 {
		t.Errorf("open cases: %+v, %v", open, err)
	}
}
