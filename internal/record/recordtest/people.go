package recordtest

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

func review(n int, target string, st effect.State) effect.Effect {
	return with(Effect(n, target), func(e *effect.Effect) { e.Kind, e.Value, e.State = effect.Review, "", st })
}

func changes(t *testing.T, s record.Store) {
	a, b := change("c1", "label"), change("c2", "allow")
	b.Body = nil
	ok(t, s.PutChanges(t.Context(), a))
	ok(t, s.PutChanges(t.Context(), b))
	again := a
	again.At++ // a repeated request is later
	ok(t, s.PutChanges(t.Context(), again))
	again.Body = []byte("{}")
	is(t, "other content", s.PutChanges(t.Context(), again), record.ErrConflict)

	a.Seq, b.Seq = 1, 2
	pending, err := s.PendingChanges(t.Context(), 9)
	ok(t, err)
	diff(t, "pending", pending, []record.Change{a, b})
	pending, err = s.PendingChanges(t.Context(), 1)
	ok(t, err)
	diff(t, "limit", pending, []record.Change{a})
	for range 2 {
		ok(t, s.MarkJournaled(t.Context(), []string{a.ID}))
	}
	pending, err = s.PendingChanges(t.Context(), 9)
	ok(t, err)
	diff(t, "still pending", pending, []record.Change{b})
	a.Journaled = true
	all, err := s.ListChanges(t.Context(), "", record.Page{})
	ok(t, err)
	diff(t, "all", all, []record.Change{b, a})
	all, err = s.ListChanges(t.Context(), "", record.Page{Before: 2})
	ok(t, err)
	diff(t, "second page", all, []record.Change{a})
	all, err = s.ListChanges(t.Context(), "allow", record.Page{})
	ok(t, err)
	diff(t, "of a kind", all, []record.Change{b})
	one, err := s.Change(t.Context(), a.ID)
	ok(t, err)
	diff(t, "by id", one, a)
	_, err = s.Change(t.Context(), "c9")
	is(t, "no such id", err, record.ErrNotFound)

	// Several are stored together or not at all.
	c, spoilt := change("c3", "bank"), again
	is(t, "one of two conflicts", s.PutChanges(t.Context(), c, spoilt), record.ErrConflict)
	_, err = s.Change(t.Context(), c.ID)
	is(t, "the other", err, record.ErrNotFound)
	ok(t, s.PutChanges(t.Context(), c, change("c4", "bank")))
	all, err = s.ListChanges(t.Context(), "bank", record.Page{})
	ok(t, err)
	diff(t, "both", []string{all[0].ID, all[1].ID}, []string{"c4", "c3"})
}

func changesInvalid(t *testing.T, s record.Store) {
	for name, spoil := range map[string]func(c *record.Change){
		"no id":       func(c *record.Change) { c.ID = "" },
		"no kind":     func(c *record.Change) { c.Kind = "" },
		"nobody":      func(c *record.Change) { c.By = "" },
		"long id":     func(c *record.Change) { c.ID = strings.Repeat("x", record.MaxName+1) },
		"long reason": func(c *record.Change) { c.Reason = strings.Repeat("x", record.MaxReason+1) },
		"big body":    func(c *record.Change) { c.Body = make([]byte, record.MaxChangeBody+1) },
	} {
		c := change("c1", "label")
		spoil(&c)
		is(t, name, s.PutChanges(t.Context(), c), record.ErrInvalid)
	}
	all, err := s.ListChanges(t.Context(), "", record.Page{})
	ok(t, err)
	diff(t, "stored", len(all), 0)
}

func ruleSets(t *testing.T, s record.Store) {
	_, err := s.ActiveRuleSet(t.Context())
	is(t, "none active", err, record.ErrNotFound)
	one := record.RuleSet{Hash: "h1", Files: []record.RuleFile{{Name: "spam/burst.yaml", Body: []byte("id: burst\n")}, {Name: "empty.yaml", Body: []byte{}}},
		By: "person:ada", At: 5, Note: "first"}
	two := record.RuleSet{Hash: "h2", By: "key:ci", At: 6}
	for i, r := range []record.RuleSet{one, two, one} {
		n, err := s.PutRuleSet(t.Context(), r)
		ok(t, err)
		diff(t, "number", n, []int64{1, 2, 1}[i])
	}
	one.Number, two.Number = 1, 2
	got, err := s.RuleSet(t.Context(), 1)
	ok(t, err)
	diff(t, "version 1", got, one)
	_, err = s.RuleSet(t.Context(), 3)
	is(t, "unknown version", err, record.ErrNotFound)

	ok(t, s.ActivateRuleSet(t.Context(), change("c1", "rules"), 1))
	is(t, "activate unknown", s.ActivateRuleSet(t.Context(), change("c2", "rules"), 3), record.ErrNotFound)
	got, err = s.ActiveRuleSet(t.Context())
	ok(t, err)
	diff(t, "active", got, one)
	ok(t, s.ActivateRuleSet(t.Context(), change("c3", "rules"), 2))
	ok(t, s.ActivateRuleSet(t.Context(), change("c1", "rules"), 1)) // a repeated request does not undo a later one
	got, err = s.ActiveRuleSet(t.Context())
	ok(t, err)
	diff(t, "active number", got.Number, int64(2))
	pending, err := s.PendingChanges(t.Context(), 9)
	ok(t, err)
	diff(t, "changes", len(pending), 2)

	one.Files = nil
	list, err := s.ListRuleSets(t.Context(), record.Page{})
	ok(t, err)
	diff(t, "list", list, []record.RuleSet{two, one})
	for name, bad := range map[string]record.RuleSet{
		"no hash":   {By: "x"},
		"nobody":    {Hash: "h3"},
		"file name": {Hash: "h3", By: "x", Files: []record.RuleFile{{}}},
		"too big":   {Hash: "h3", By: "x", Files: []record.RuleFile{{Name: "a", Body: make([]byte, record.MaxRuleSetSize+1)}}},
	} {
		_, err := s.PutRuleSet(t.Context(), bad)
		is(t, name, err, record.ErrInvalid)
	}
}

func keys(t *testing.T, s record.Store) {
	a := record.Key{ID: "k1", Name: "ingest", Scopes: []string{"events:write", "read"}, Hash: [32]byte{1}, PerSecond: 100, Created: 5}
	b := record.Key{ID: "k2", Name: "ci", Scopes: []string{}, Hash: [32]byte{2}, Created: 6}
	ok(t, s.PutKey(t.Context(), a, "person:ada"))
	ok(t, s.PutKey(t.Context(), b, "person:ada"))
	is(t, "same id", s.PutKey(t.Context(), record.Key{ID: "k1", Name: "x", Hash: [32]byte{3}}, "x"), record.ErrConflict)
	is(t, "same hash", s.PutKey(t.Context(), record.Key{ID: "k3", Name: "x", Hash: [32]byte{1}}, "x"), record.ErrConflict)
	for name, bad := range map[string]record.Key{
		"no id":    {Name: "x", Hash: [32]byte{3}},
		"no hash":  {ID: "k3", Name: "x"},
		"negative": {ID: "k3", Name: "x", Hash: [32]byte{3}, PerSecond: -1},
		"scope":    {ID: "k3", Name: "x", Hash: [32]byte{3}, Scopes: []string{"a b"}},
	} {
		is(t, name, s.PutKey(t.Context(), bad, "x"), record.ErrInvalid)
	}
	got, err := s.KeyByHash(t.Context(), a.Hash)
	ok(t, err)
	diff(t, "by hash", got, a)
	_, err = s.KeyByHash(t.Context(), [32]byte{9})
	is(t, "unknown hash", err, record.ErrNotFound)
	for _, at := range []int64{50, 40} {
		ok(t, s.TouchKey(t.Context(), a.ID, at))
		ok(t, s.RevokeKey(t.Context(), a.ID, "person:ada", at))
	}
	is(t, "revoke unknown", s.RevokeKey(t.Context(), "none", "x", 1), record.ErrNotFound)
	a.LastUsed, a.Revoked = 50, 50
	all, err := s.ListKeys(t.Context())
	ok(t, err)
	diff(t, "all", all, []record.Key{b, a})
	diff(t, "audit", newestAudit(t, s, 0), []record.AuditEntry{
		{Seq: 3, At: 50, By: "person:ada", Action: "key.revoke", Subject: "k1"},
		{Seq: 2, At: 6, By: "person:ada", Action: "key.create", Subject: "k2", Reason: "ci"},
		{Seq: 1, At: 5, By: "person:ada", Action: "key.create", Subject: "k1", Reason: "ingest"},
	})
}

func rejections(t *testing.T, s record.Store) {
	counts := func(wantKept, wantDropped int64) {
		t.Helper()
		kept, dropped, err := s.RejectionCounts(t.Context())
		ok(t, err)
		diff(t, "kept and dropped", [2]int64{kept, dropped}, [2]int64{wantKept, wantDropped})
	}
	counts(0, 0)
	long := record.Rejection{Source: "http", Line: 7, Error: "kind is missing", Raw: bytes.Repeat([]byte{0xff}, record.MaxRaw+1), At: 5}
	ok(t, s.PutRejections(t.Context(), []record.Rejection{long, {Source: "\xff", Error: "é\xff"}}))
	got, err := s.ListRejections(t.Context(), record.Page{})
	ok(t, err)
	long.Seq, long.Raw = 1, long.Raw[:record.MaxRaw]
	diff(t, "list", got, []record.Rejection{{Seq: 2, Error: "é"}, long})

	many := make([]record.Rejection, record.MaxRejections)
	ok(t, s.PutRejections(t.Context(), many))
	counts(record.MaxRejections, 2)
	ok(t, s.PutRejections(t.Context(), many[:3]))
	counts(record.MaxRejections, 5)
	got, err = s.ListRejections(t.Context(), record.Page{Before: 7})
	ok(t, err)
	diff(t, "the oldest kept", len(got), 1)
}

// concurrent lets decide, two deliveries, people and readers at the store at once: nothing fails, nothing is sent twice.
func concurrent(t *testing.T, s record.Store) {
	const n = 300
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 1; i <= n; i++ {
			if _, err := s.PutEffects(t.Context(), []effect.Effect{Effect(i, fmt.Sprint("a", i%7))}, uint64(i), 0); err != nil {
				t.Error(err)
			}
		}
	})
	var mu sync.Mutex
	seen := map[string]int{}
	for range 2 {
		wg.Go(func() {
			for i := 0; ; i++ {
				ds, err := s.Claim(t.Context(), "platform", 1, 5, 1e9)
				if err != nil {
					t.Error(err)
					return
				}
				var outcomes []record.Outcome
				mu.Lock()
				for _, d := range ds {
					seen[d.ID]++
					outcomes = append(outcomes, record.Outcome{ID: d.ID, State: effect.Delivered})
				}
				all := len(seen) == n
				mu.Unlock()
				if err := s.Settle(t.Context(), 1, outcomes); err != nil { // what is next in line is due from then on
					t.Error(err)
				}
				if all || t.Failed() {
					return
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 30 {
			if err := s.PutChanges(t.Context(), change(fmt.Sprint("c", i), "label")); err != nil {
				t.Error(err)
			}
			if _, err := s.ListEffects(t.Context(), record.EffectFilter{}, record.Page{Limit: 10}); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	for id, times := range seen {
		if times != 1 {
			t.Errorf("effect %s was claimed %d times within its lease", id, times)
		}
	}
}
