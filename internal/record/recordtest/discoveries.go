package recordtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/record"
)

// found is a discovery of a term that so many accounts used.
func found(term string, accounts int) record.Discovery {
	return record.Discovery{ID: "id-" + term, Term: term, Kind: "word", Score: float64(accounts) / 4, Accounts: accounts,
		Evidence: []byte(`{"z":2.5}`), Examples: []byte(`[{"id":"p1","text":"` + term + `"}]`)}
}

func propose(t *testing.T, s record.Store, at int64, ds ...record.Discovery) int {
	t.Helper()
	n, err := s.PutDiscoveries(t.Context(), ds, 100, at)
	ok(t, err)
	return n
}

// listed gives the terms of a state in their order.
func listed(t *testing.T, s record.Store, state record.DiscoveryState, p record.Page) (terms []string) {
	t.Helper()
	ds, err := s.ListDiscoveries(t.Context(), state, p)
	ok(t, err)
	for _, d := range ds {
		terms = append(terms, d.Term)
	}
	return terms
}

func discoveriesProposed(t *testing.T, s record.Store) {
	propose(t, s, 5, found("best", 9), found("good", 8), found("fair", 7))
	diff(t, "best first", listed(t, s, record.DiscoveryOpen, record.Page{}), []string{"best", "good", "fair"})
	propose(t, s, 6, found("new", 4), found("fair", 12))
	diff(t, "latest first", listed(t, s, record.DiscoveryOpen, record.Page{}), []string{"new", "fair", "best", "good"})

	d, err := s.Discovery(t.Context(), "id-fair")
	ok(t, err)
	want := found("fair", 12)
	want.Seq, want.First, want.Last, want.State = d.Seq, 5, 6, record.DiscoveryOpen
	diff(t, "brought up to date", d, want)
	diff(t, "second page", listed(t, s, record.DiscoveryOpen, record.Page{Before: d.Seq, Limit: 1}), []string{"best"})
	diff(t, "refused", listed(t, s, record.DiscoveryRefused, record.Page{}), []string(nil))
	_, err = s.Discovery(t.Context(), "none")
	is(t, "unknown", err, record.ErrNotFound)

	n, err := s.PutDiscoveries(t.Context(), []record.Discovery{found("a", 5), found("b", 5), found("c", 5)}, 2, 7)
	ok(t, err)
	diff(t, "no more than asked for", n, 2)
	_, err = s.Discovery(t.Context(), "id-c")
	is(t, "the third", err, record.ErrNotFound)
}

func discoveryAccepted(t *testing.T, s record.Store) {
	propose(t, s, 5, found("word", 5), found("other", 5))
	first, last := change("c1", "bank"), change("c2", "bank")
	for range 2 { // the second is a repeated request
		ok(t, s.AcceptDiscovery(t.Context(), "id-word", first, last))
	}
	d, err := s.Discovery(t.Context(), "id-word")
	ok(t, err)
	want := found("word", 5)
	want.Seq, want.First, want.Last, want.State = d.Seq, 5, 5, record.DiscoveryAccepted
	want.Decided, want.DecidedBy, want.Reason, want.Change = last.At, last.By, last.Reason, last.ID
	diff(t, "accepted", d, want)
	pending, err := s.PendingChanges(t.Context(), 9)
	ok(t, err)
	diff(t, "changes", len(pending), 2)

	is(t, "by another change", s.AcceptDiscovery(t.Context(), "id-word", change("c3", "bank")), record.ErrConflict)
	is(t, "refused then", s.RefuseDiscovery(t.Context(), "id-word", "person:bob", "no", 9), record.ErrConflict)
	is(t, "by the change of another", s.AcceptDiscovery(t.Context(), "id-other", last), record.ErrConflict)
	is(t, "unknown", s.AcceptDiscovery(t.Context(), "none", change("c4", "bank")), record.ErrNotFound)
	is(t, "by no change", s.AcceptDiscovery(t.Context(), "id-other"), record.ErrInvalid)
	is(t, "by a change of nobody", s.AcceptDiscovery(t.Context(), "id-other", record.Change{ID: "c5", Kind: "bank"}), record.ErrInvalid)
	// Of what failed nothing is left.
	diff(t, "still open", listed(t, s, record.DiscoveryOpen, record.Page{}), []string{"other"})
	all, err := s.ListChanges(t.Context(), "", record.Page{})
	ok(t, err)
	diff(t, "changes", len(all), 2)
	diff(t, "not proposed again", propose(t, s, 6, found("word", 19)), 0)
}

func discoveryRefused(t *testing.T, s record.Store) {
	propose(t, s, 5, found("word", 5))
	for at := int64(7); at < 9; at++ { // the second is a repeated request
		ok(t, s.RefuseDiscovery(t.Context(), "id-word", "person:ada", "a team", at))
	}
	is(t, "for another reason", s.RefuseDiscovery(t.Context(), "id-word", "person:ada", "a town", 9), record.ErrConflict)
	is(t, "by another", s.RefuseDiscovery(t.Context(), "id-word", "person:bob", "a team", 9), record.ErrConflict)
	is(t, "unknown", s.RefuseDiscovery(t.Context(), "none", "person:ada", "a team", 9), record.ErrNotFound)
	is(t, "by nobody", s.RefuseDiscovery(t.Context(), "id-word", "", "a team", 9), record.ErrInvalid)
	diff(t, "audit", newestAudit(t, s, 0), []record.AuditEntry{{Seq: 1, At: 7, By: "person:ada", Action: "discovery.refuse", Subject: "id-word", Reason: "a team"}})

	diff(t, "not proposed again", propose(t, s, 10, found("word", 19)), 0)
	d, err := s.Discovery(t.Context(), "id-word")
	ok(t, err)
	want := found("word", 5)
	want.Seq, want.First, want.Last, want.State = d.Seq, 5, 5, record.DiscoveryRefused
	want.Decided, want.DecidedBy, want.Reason = 7, "person:ada", "a team"
	diff(t, "as it was when it was refused", d, want)

	diff(t, "proposed again once it has grown", propose(t, s, 11, found("word", 20)), 1)
	d, err = s.Discovery(t.Context(), "id-word")
	ok(t, err)
	diff(t, "open, and still says who refused it", []any{d.State, d.Accounts, d.Last, d.DecidedBy}, []any{record.DiscoveryOpen, 20, int64(11), "person:ada"})
	ok(t, s.RefuseDiscovery(t.Context(), "id-word", "person:ada", "a team", 12))
	ok(t, s.AcceptDiscovery(t.Context(), "id-word", change("c1", "bank"))) // people change their minds
	diff(t, "accepted", listed(t, s, record.DiscoveryAccepted, record.Page{}), []string{"word"})
}

func discoveriesPruned(t *testing.T, s record.Store) {
	propose(t, s, 5, found("old", 5), found("refused", 5), found("listed", 5))
	ok(t, s.RefuseDiscovery(t.Context(), "id-refused", "person:ada", "a team", 6))
	propose(t, s, 9, found("young", 5))
	ok(t, s.ForgetDiscoveries(t.Context(), []string{"id-listed", "id-refused", "none"}))
	diff(t, "open", listed(t, s, record.DiscoveryOpen, record.Page{}), []string{"young", "old"})
	ok(t, s.PruneDiscoveries(t.Context(), 9))
	diff(t, "still open", listed(t, s, record.DiscoveryOpen, record.Page{}), []string{"young"})
	for id, want := range map[string]int{"id-young": len(found("young", 5).Examples), "id-refused": 0} {
		d, err := s.Discovery(t.Context(), id)
		ok(t, err)
		diff(t, "bytes of examples of "+id, len(d.Examples), want)
	}
}

func discoveriesBounded(t *testing.T, s record.Store) {
	for name, spoil := range map[string]func(d *record.Discovery){
		"no id":         func(d *record.Discovery) { d.ID = "" },
		"no term":       func(d *record.Discovery) { d.Term = "" },
		"no kind":       func(d *record.Discovery) { d.Kind = "" },
		"long term":     func(d *record.Discovery) { d.Term = strings.Repeat("x", record.MaxName+1) },
		"much evidence": func(d *record.Discovery) { d.Evidence = make([]byte, record.MaxDiscoveryEvidence+1) },
		"much text":     func(d *record.Discovery) { d.Examples = make([]byte, record.MaxDiscoveryEvidence+1) },
	} {
		d := found("word", 5)
		spoil(&d)
		_, err := s.PutDiscoveries(t.Context(), []record.Discovery{found("first", 5), d}, 9, 5)
		is(t, name, err, record.ErrInvalid)
	}
	diff(t, "stored", listed(t, s, record.DiscoveryOpen, record.Page{}), []string(nil))

	propose(t, s, 5, found("kept", 5), found("oldest", 5))
	ok(t, s.RefuseDiscovery(t.Context(), "id-kept", "person:ada", "a team", 6))
	many := make([]record.Discovery, record.MaxDiscoveries)
	for i := range many {
		many[i] = found(fmt.Sprint("w", i), 5)
	}
	n, err := s.PutDiscoveries(t.Context(), many, len(many), 7)
	ok(t, err)
	diff(t, "taken", n, len(many))
	_, err = s.Discovery(t.Context(), "id-oldest")
	is(t, "the oldest", err, record.ErrNotFound)
	for _, id := range []string{"id-kept", many[0].ID, many[len(many)-1].ID} {
		_, err = s.Discovery(t.Context(), id)
		ok(t, err)
	}
}
