package recordtest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

func account(id string) event.Entity { return event.Entity{Kind: event.AccountEntity, ID: id} }

func evidence(ns ...int) (es []record.Evidence) {
	for _, n := range ns {
		e := Effect(n, "")
		es = append(es, record.Evidence{Kind: record.RuleSays, EffectID: e.ID, Rule: e.Rule, Version: e.RuleVersion, Policy: e.Policy, Severity: e.Severity,
			Reason: e.Reason, Source: e.Source, EventID: e.EventID, Time: e.Time})
	}
	return es
}

func file(t *testing.T, s record.Store, id string) record.CaseFile {
	t.Helper()
	f, err := s.CaseFile(t.Context(), id)
	ok(t, err)
	return f
}

func openIDs(t *testing.T, s record.Store) (ids []string) {
	t.Helper()
	cs, err := s.ListCases(t.Context(), record.CaseFilter{}, record.Page{})
	ok(t, err)
	for _, c := range cs {
		ids = append(ids, c.ID)
	}
	return ids
}

// decideCase closes a case as person:ada does, who also made the change.
func decideCase(t *testing.T, s record.Store, changeID, id string, d record.Decision) {
	t.Helper()
	v := record.Verdict{Case: id, Decision: d}
	if d == record.Violating {
		v.Policies = []string{"spam"}
	}
	ok(t, s.DecideCase(t.Context(), change(changeID, "verdict"), v))
}

func casesJoin(t *testing.T, s record.Store) {
	other := with(review(6, "a", effect.Queued), func(e *effect.Effect) { e.Policy, e.Severity = "fraud", 1 })
	batch := []effect.Effect{
		review(1, "a", effect.Queued),
		with(review(2, "a", effect.Absorbed), func(e *effect.Effect) { e.Severity = 4 }),
		review(3, "a", effect.Waiting), review(4, "a", effect.Shadow), review(5, "a", effect.Suppressed),
		other, review(7, "b", effect.Queued), Effect(8, "c"),
	}
	batch[0].Context = `{"entities":["account:a","content:p1","text_family:01"],"readings":[["text.length","12"]]}`
	put(t, s, batch...)
	put(t, s, batch...) // a replay adds nothing
	first := record.Case{Seq: 1, ID: batch[0].ID, Origin: record.ByRule, Target: batch[0].Target, Severity: 4, Opened: 1e9, Updated: 6e9, Effects: 3,
		Policies: []record.CasePolicy{{Policy: "fraud", Severity: 1, Effects: 1}, {Policy: "spam", Severity: 4, Effects: 2}}}
	f := file(t, s, first.ID)
	diff(t, "case", f.Case, first)
	says := evidence(1, 2, 6)
	says[0].Readings = []record.Reading{{Name: "text.length", Value: "12"}}
	says[1].Severity, says[2].Policy, says[2].Severity = 4, "fraud", 1
	diff(t, "evidence", f.Evidence, says)
	diff(t, "links", f.Links, []event.Entity{{Kind: event.ContentEntity, ID: "p1"}, {Kind: event.TextFamilyEntity, ID: "01"}})
	diff(t, "open cases", openIDs(t, s), []string{batch[6].ID, first.ID})
	_, err := s.Approve(t.Context(), change("c1", "approve"), 1, []string{batch[2].ID}, nil)
	ok(t, err)
	diff(t, "evidence of the approved one", len(file(t, s, first.ID).Evidence), 4)
	_, err = s.Case(t.Context(), "none")
	is(t, "unknown case", err, record.ErrNotFound)
	_, err = s.CaseFile(t.Context(), "none")
	is(t, "unknown file", err, record.ErrNotFound)
	on, err := s.ListCases(t.Context(), record.CaseFilter{Target: account("b")}, record.Page{})
	ok(t, err)
	diff(t, "cases on b", len(on), 1)
}

func casesVerdict(t *testing.T, s record.Store) {
	put(t, s, review(1, "a", effect.Queued))
	id := Effect(1, "").ID
	c := change("c1", "verdict")
	v := record.Verdict{Case: id, Decision: record.Violating, Policies: []string{"fraud"}, Code: "wave", Note: "one hand", Example: []byte(`{}`)}
	for name, bad := range map[string]record.Verdict{
		"no decision": {Case: id}, "no policy": {Case: id, Decision: record.Violating},
		"benign with policy": {Case: id, Decision: record.Benign, Policies: []string{"spam"}},
		"large example":      {Case: id, Decision: record.Benign, Example: make([]byte, record.MaxExample+1)},
	} {
		is(t, name, s.DecideCase(t.Context(), c, bad), record.ErrInvalid)
	}
	for range 2 { // the second is a repeated request
		ok(t, s.DecideCase(t.Context(), c, v))
	}
	is(t, "closed by another", s.DecideCase(t.Context(), change("c2", "verdict"), record.Verdict{Case: id, Decision: record.Benign}), record.ErrConflict)
	is(t, "unknown", s.DecideCase(t.Context(), change("c3", "verdict"), record.Verdict{Case: "none", Decision: record.Benign}), record.ErrNotFound)
	pending, err := s.PendingChanges(t.Context(), 9)
	ok(t, err)
	diff(t, "changes", len(pending), 1)

	// Decide learns of the verdict only now: what it absorbed until then belongs to the closed case, what it queues opens another.
	put(t, s, review(2, "a", effect.Absorbed), review(3, "a", effect.Queued), review(4, "a", effect.Absorbed))
	f := file(t, s, id)
	diff(t, "closed case", f.Case, record.Case{Seq: 1, ID: id, Origin: record.ByRule, Target: Effect(1, "a").Target, Severity: 2, Opened: 1e9, Updated: 2e9,
		Effects: 2, Policies: []record.CasePolicy{{Policy: "spam", Severity: 2, Effects: 2}}, Closed: c.At, ClosedBy: c.By, Change: c.ID, Verdict: record.Violating})
	diff(t, "its evidence", f.Evidence, evidence(1, 2))
	want := v
	want.Seq, want.ID, want.Target, want.Asked, want.By, want.At = 1, "c1", f.Target, []string{"spam"}, c.By, c.At
	diff(t, "verdicts", f.Verdicts, []record.Verdict{want})
	second := file(t, s, Effect(3, "").ID)
	diff(t, "new case", second.Evidence, evidence(3, 4))
	diff(t, "history of the new case", len(second.Verdicts), 1)
	diff(t, "open", openIDs(t, s), []string{second.ID})
	closed, err := s.ListCases(t.Context(), record.CaseFilter{Closed: true}, record.Page{})
	ok(t, err)
	diff(t, "closed", len(closed), 1)
}

// verdictOnce lets many people decide one case at once: one verdict stands, and one change.
func verdictOnce(t *testing.T, s record.Store) {
	put(t, s, review(1, "a", effect.Queued))
	id := Effect(1, "").ID
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i := range 8 {
		wg.Go(func() {
			c := change(fmt.Sprint("c", i), "verdict")
			c.By = fmt.Sprint("person:", i)
			err := s.DecideCase(t.Context(), c, record.Verdict{Case: id, Decision: record.Benign})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, record.ErrConflict) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	pending, err := s.PendingChanges(t.Context(), 99)
	ok(t, err)
	diff(t, "verdicts and changes", [2]int{won, len(pending)}, [2]int{1, 1})
}

func verdictUndone(t *testing.T, s record.Store) {
	put(t, s, review(1, "a", effect.Queued))
	id := Effect(1, "").ID
	v := record.Verdict{Case: id, Decision: record.Benign, Second: true}
	ok(t, s.DecideCase(t.Context(), change("c1", "verdict"), v))
	diff(t, "the second look", openIDs(t, s), []string{"c1"})
	for range 2 {
		ok(t, s.UndoVerdict(t.Context(), change("u1", "undo"), "c1"))
	}
	is(t, "undone by another", s.UndoVerdict(t.Context(), change("u2", "undo"), "c1"), record.ErrConflict)
	is(t, "unknown", s.UndoVerdict(t.Context(), change("u3", "undo"), "none"), record.ErrNotFound)
	f := file(t, s, id)
	diff(t, "the case", f.Case, record.Case{Seq: 1, ID: id, Origin: record.ByRule, Target: account("a"), Severity: 2, Opened: 1e9, Updated: 1e9, Effects: 1,
		Policies: []record.CasePolicy{{Policy: "spam", Severity: 2, Effects: 1}}})
	diff(t, "the verdict", [2]any{f.Verdicts[0].Undone, f.Verdicts[0].Undo}, [2]any{int64(1), "u1"})
	diff(t, "open", openIDs(t, s), []string{id})

	decideCase(t, s, "c4", id, record.Violating)
	put(t, s, review(2, "a", effect.Queued))
	is(t, "another case was opened", s.UndoVerdict(t.Context(), change("u4", "undo"), "c4"), record.ErrConflict)
}

func secondLook(t *testing.T, s record.Store) {
	put(t, s, review(1, "a", effect.Queued))
	id := Effect(1, "").ID
	ok(t, s.DecideCase(t.Context(), change("c1", "verdict"), record.Verdict{Case: id, Decision: record.Benign, Second: true}))
	second := file(t, s, "c1")
	diff(t, "second look", second.Case, record.Case{Seq: 2, ID: "c1", Origin: record.ByRule, Kind: record.SecondLook, Of: id, NotBy: "person:ada", Target: account("a"),
		Severity: 2, Opened: 1e9, Updated: 1e9, Policies: []record.CasePolicy{{Policy: "spam", Severity: 2}}})
	is(t, "by the same person", s.DecideCase(t.Context(), change("c2", "verdict"), record.Verdict{Case: "c1", Decision: record.Benign}), record.ErrConflict)
	_, err := s.LeaseCase(t.Context(), "c1", record.Lease{By: "person:ada", Until: 9}, 1)
	is(t, "leased to the same person", err, record.ErrConflict)
	by := change("c3", "verdict")
	by.By = "person:bob"
	ok(t, s.DecideCase(t.Context(), by, record.Verdict{Case: "c1", Decision: record.Violating, Policies: []string{"spam"}}))

	o := record.Opening{ID: "o1", Kind: record.Appeal, Of: "c1", Target: account("a"), Origin: record.ByPerson, By: "key:platform", Reason: "it was not me", Deadline: 99, At: 5, Time: 7e9}
	appeal, err := s.OpenCase(t.Context(), o)
	ok(t, err)
	f := file(t, s, appeal)
	diff(t, "appeal", [5]any{f.Kind, f.Of, f.NotBy, f.Deadline, f.Policies[0].Policy}, [5]any{record.Appeal, "c1", "person:bob", int64(99), "spam"})
	for name, bad := range map[string]func(*record.Opening){
		"open case": func(o *record.Opening) { o.Of = appeal }, "another subject": func(o *record.Opening) { o.Target = account("b") },
	} {
		wrong := o
		wrong.ID = name
		bad(&wrong)
		_, err := s.OpenCase(t.Context(), wrong)
		is(t, name, err, record.ErrConflict)
	}
}

func groupHolds(t *testing.T, s record.Store) {
	group := with(review(1, "", effect.Queued), func(e *effect.Effect) { e.Target = event.Entity{Kind: event.GroupEntity, ID: "g1"} })
	put(t, s, group, review(2, "a", effect.Queued), review(3, "b", effect.Queued), review(4, "c", effect.Queued))
	members := []event.Entity{group.Target, account("a"), account("b"), account("none")}
	hold := func(want int, members ...event.Entity) {
		t.Helper()
		n, err := s.HoldCases(t.Context(), group.ID, members)
		ok(t, err)
		diff(t, "held", [2]int{n, len(file(t, s, group.ID).Held)}, [2]int{want, want})
	}
	hold(2, members...)
	hold(1, account("b"))
	hold(2, members...)
	_, err := s.OpenCase(t.Context(), record.Opening{ID: "due", Target: account("c"), Policy: "court", Origin: record.ByPerson, By: "x", Reason: "y", Deadline: 9})
	ok(t, err)
	hold(2, append(members, account("c"))...)
	_, err = s.HoldCases(t.Context(), Effect(2, "").ID, members)
	is(t, "an account holds nothing", err, record.ErrConflict)
	v := record.Verdict{Case: group.ID, Decision: record.Violating, Policies: []string{"spam"}}
	v.Held = []string{Effect(4, "").ID}
	is(t, "not held", s.DecideCase(t.Context(), change("c1", "verdict"), v), record.ErrConflict)
	putReports(t, s, 1, report(1, "a", "x"), report(2, "b", "x"))
	proved := func(want int64) {
		t.Helper()
		got, err := s.Reporters(t.Context(), []string{"x"})
		ok(t, err)
		diff(t, "reports on held cases that proved right", got["x"], record.Reporter{Agreed: want})
	}
	v.Held = []string{Effect(2, "").ID} // b is an exception
	ok(t, s.DecideCase(t.Context(), change("c1", "verdict"), v))
	proved(1)
	diff(t, "open", openIDs(t, s), []string{Effect(4, "").ID, Effect(3, "").ID})
	b, err := s.Case(t.Context(), Effect(3, "").ID)
	ok(t, err)
	diff(t, "the exception is on its own", b.Parent, "")
	ok(t, s.UndoVerdict(t.Context(), change("u1", "undo"), "c1"))
	diff(t, "open after the undo", len(openIDs(t, s)), 4)
	proved(0)
}

func casesLease(t *testing.T, s record.Store) {
	put(t, s, review(1, "a", effect.Queued))
	id := Effect(1, "").ID
	lease := func(by string, now int64) error {
		_, err := s.LeaseCase(t.Context(), id, record.Lease{By: by, Until: now + 10, Lane: "random", Propensity: .25}, now)
		return err
	}
	ok(t, lease("person:bob", 1))
	is(t, "with another", lease("person:cyd", 5), record.ErrConflict)
	ok(t, lease("person:bob", 5))
	is(t, "verdict of another", s.DecideCase(t.Context(), change("c1", "verdict"), record.Verdict{Case: id, Decision: record.Benign}), record.ErrConflict)
	ok(t, s.ReleaseCase(t.Context(), id, "person:cyd"))
	is(t, "released by another", lease("person:cyd", 6), record.ErrConflict)
	ok(t, s.ReleaseCase(t.Context(), id, "person:bob"))
	ok(t, lease("person:cyd", 6))
	ok(t, lease("person:ada", 16)) // the lease of cyd has ended
	c := change("c2", "verdict")
	c.At = 20
	ok(t, s.DecideCase(t.Context(), c, record.Verdict{Case: id, Decision: record.Benign}))
	v, err := s.Verdict(t.Context(), "c2")
	ok(t, err)
	diff(t, "how it was chosen", [2]any{v.Lane, v.Chance}, [2]any{"random", .25})
	is(t, "closed", lease("person:ada", 21), record.ErrConflict)
	for name, bad := range map[string]record.Lease{"nobody": {Until: 9}, "over": {By: "x", Until: 1}, "chance": {By: "x", Until: 9, Propensity: 2}} {
		_, err := s.LeaseCase(t.Context(), id, bad, 1)
		is(t, name, err, record.ErrInvalid)
	}
}

func casesOpened(t *testing.T, s record.Store) {
	o := record.Opening{ID: "o1", Target: account("a"), Policy: "fraud", Severity: 3, Origin: record.ByPerson, By: "person:ada", Reason: "a tip", At: 5, Time: 2e9,
		Deadline: 50, Links: []event.Entity{{Kind: event.GroupEntity, ID: "g1"}}}
	for range 2 {
		id, err := s.OpenCase(t.Context(), o)
		ok(t, err)
		diff(t, "id", id, "o1")
	}
	o.ID, o.Origin, o.By, o.Deadline, o.Policy = "o2", record.ByModel, "model:x", 40, "spam"
	id, err := s.OpenCase(t.Context(), o)
	ok(t, err)
	diff(t, "it joins", id, "o1")
	f := file(t, s, "o1")
	diff(t, "case", [4]any{f.Origin, f.Deadline, len(f.Policies), f.Severity}, [4]any{record.ByPerson, int64(40), 2, 3})
	diff(t, "evidence", [2]any{f.Evidence[0].Kind, f.Evidence[1].Kind}, [2]any{record.PersonSays, record.ModelSays})
	diff(t, "links", f.Links, o.Links)
	for name, bad := range map[string]func(*record.Opening){
		"no id": func(o *record.Opening) { o.ID = "" }, "no target": func(o *record.Opening) { o.Target = event.Entity{} },
		"no policy": func(o *record.Opening) { o.Policy = "" }, "severity": func(o *record.Opening) { o.Severity = 6 },
		"appeal of nothing": func(o *record.Opening) { o.Kind = record.Appeal }, "second look": func(o *record.Opening) { o.Kind, o.Of = record.SecondLook, "x" },
	} {
		wrong := o
		bad(&wrong)
		_, err := s.OpenCase(t.Context(), wrong)
		is(t, name, err, record.ErrInvalid)
	}
}

func casesSimilar(t *testing.T, s record.Store) {
	about := func(n int, target, context string) effect.Effect {
		return with(review(n, target, effect.Queued), func(e *effect.Effect) { e.Context = context })
	}
	put(t, s,
		about(1, "a", `{"entities":["text_family:01","device:d1"]}`),
		about(2, "b", `{"entities":["text_family:01"]}`),
		about(3, "c", `{"entities":["text_family:02"]}`),
		about(4, "d", `{"entities":["text_family:01"]}`)) // stays open
	for i, n := range []int{1, 2, 3} {
		decideCase(t, s, fmt.Sprint("c", i), Effect(n, "").ID, record.Benign)
	}
	put(t, s, about(5, "a", `{"entities":["text_family:01","device:d1"]}`))
	got, err := s.SimilarCases(t.Context(), Effect(5, "").ID, 10)
	ok(t, err)
	var ids []string
	for _, c := range got {
		ids = append(ids, c.ID)
	}
	diff(t, "similar", ids, []string{Effect(1, "").ID, Effect(2, "").ID})
	diff(t, "how", got[0].Shares, []event.Entity{account("a"), {Kind: event.DeviceEntity, ID: "d1"}, {Kind: event.TextFamilyEntity, ID: "01"}})
	got, err = s.SimilarCases(t.Context(), Effect(5, "").ID, 1)
	ok(t, err)
	diff(t, "limit", len(got), 1)
}

func casesSince(t *testing.T, s record.Store) {
	since := func(rev int64) (ids []string, last int64) {
		t.Helper()
		last = rev
		ok(t, s.CasesSince(t.Context(), rev, func(c record.CaseSummary) error {
			ids, last = append(ids, c.Target.String()), c.Rev
			return nil
		}))
		return ids, last
	}
	none, _ := since(0)
	diff(t, "none", len(none), 0)
	content := with(review(1, "", effect.Queued), func(e *effect.Effect) {
		e.Target, e.Context = event.Entity{Kind: event.ContentEntity, ID: "p"}, `{"entities":["account:a","content:p"],"readings":[["x","1"]]}`
	})
	put(t, s, content, review(2, "a", effect.Queued))
	all, rev := since(0)
	diff(t, "all", all, []string{"content:p", "account:a"})
	put(t, s, with(content, func(e *effect.Effect) { e.ID, e.Position, e.State = "x", 3, effect.Absorbed }))
	changed, rev := since(rev)
	diff(t, "changed", changed, []string{"content:p"})
	decideCase(t, s, "c1", Effect(2, "").ID, record.Violating)
	changed, _ = since(rev)
	diff(t, "decided", changed, []string{"account:a"})
	all, _ = since(0)
	diff(t, "open", all, []string{"content:p"})
	got, err := s.CaseSummary(t.Context(), content.ID)
	ok(t, err)
	diff(t, "account behind it", got.Account, "a")
	diff(t, "past verdicts on it", got.Past, record.PastVerdicts{Violating: 1})
	diff(t, "rules", got.Rules, []record.CaseRule{{Kind: record.RuleSays, Rule: "burst", Version: "3", Policy: "spam", Times: 2, Readings: []record.Reading{{Name: "x", Value: "1"}}}})
	_, err = s.CaseSummary(t.Context(), "none")
	is(t, "unknown", err, record.ErrNotFound)
}

// casesMerge: whatever the order in which rules, people and reports speak of a subject, one case gathers all of it.
func casesMerge(t *testing.T, s record.Store) {
	round, position := 0, uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		round++
		target := fmt.Sprint("m", round)
		said := rapid.SliceOfN(rapid.SampledFrom([]string{"rule", "person", "report"}), 1, 8).Draw(rt, "said")
		policies := map[string]bool{}
		for i, who := range said {
			position++
			id := fmt.Sprintf("%s-%d", target, i)
			policy := rapid.SampledFrom([]string{"spam", "fraud", "abuse"}).Draw(rt, "policy")
			policies[policy] = true
			var err error
			switch who {
			case "rule":
				e := with(review(1, target, effect.Queued), func(e *effect.Effect) { e.ID, e.Policy, e.Position = id, policy, position })
				_, err = s.PutEffects(t.Context(), []effect.Effect{e}, position, 0)
			case "person":
				_, err = s.OpenCase(t.Context(), record.Opening{ID: id, Target: account(target), Policy: policy, Origin: record.ByPerson, By: "x"})
			case "report":
				_, err = s.PutIntake(t.Context(), []record.Report{{ID: id, Target: account(target), Policy: policy, Reporter: id, Opens: true}}, nil, position)
			}
			if err != nil {
				rt.Fatal(err)
			}
		}
		cs, err := s.ListCases(t.Context(), record.CaseFilter{Target: account(target)}, record.Page{})
		if err != nil || len(cs) != 1 {
			rt.Fatalf("%d open cases on %s, %v", len(cs), target, err)
		}
		f, err := s.CaseFile(t.Context(), cs[0].ID)
		if err != nil || len(f.Policies) != len(policies) || len(f.Evidence)+len(f.Reports) != len(said) || int(f.Effects+f.Case.Reports) != len(said) {
			rt.Fatalf("%v of %v: case %+v with %d rows of evidence and %d reports, %v", said, policies, f.Case, len(f.Evidence), len(f.Reports), err)
		}
	})
}

func casesBounded(t *testing.T, s record.Store) {
	batch := make([]effect.Effect, record.MaxEvidence+5)
	for i := range batch {
		batch[i] = review(i+1, "a", effect.Absorbed)
		batch[i].Context = fmt.Sprintf(`{"entities":["device:%d"]}`, i)
		batch[i].Policy = fmt.Sprint("p", i%100)
	}
	put(t, s, batch...)
	f := file(t, s, batch[0].ID)
	diff(t, "effects, evidence, links, policies", [4]int{int(f.Effects), len(f.Evidence), len(f.Links), len(f.Policies)},
		[4]int{len(batch), record.MaxEvidence, record.MaxLinks, record.MaxPolicies})
}

func casesNotes(t *testing.T, s record.Store) {
	put(t, s, review(1, "a", effect.Queued))
	id := Effect(1, "").ID
	n := record.Note{By: "person:ada", At: 5, Text: "seen elsewhere"}
	ok(t, s.NoteCase(t.Context(), id, n))
	diff(t, "notes", file(t, s, id).Notes, []record.Note{n})
	is(t, "unknown case", s.NoteCase(t.Context(), "none", n), record.ErrNotFound)
	is(t, "empty", s.NoteCase(t.Context(), id, record.Note{By: "x"}), record.ErrInvalid)
	for range record.MaxNotes - 1 {
		ok(t, s.NoteCase(t.Context(), id, n))
	}
	is(t, "too many", s.NoteCase(t.Context(), id, n), record.ErrInvalid)
}

func rulesJudged(t *testing.T, s record.Store) {
	put(t, s, review(1, "a", effect.Queued), review(2, "b", effect.Queued), review(3, "c", effect.Queued), review(4, "a", effect.Absorbed),
		with(review(5, "a", effect.Queued), func(e *effect.Effect) { e.Rule, e.Policy = "other", "fraud" }))
	decideCase(t, s, "c1", Effect(1, "").ID, record.Violating)
	decideCase(t, s, "c2", Effect(2, "").ID, record.Benign)
	decideCase(t, s, "c3", Effect(3, "").ID, record.Unclear)
	judged := func() []record.RuleVerdict {
		t.Helper()
		got, err := s.RuleVerdicts(t.Context(), 0)
		ok(t, err)
		return got
	}
	diff(t, "judged", judged(), []record.RuleVerdict{{Rule: "burst", Version: "3", Judged: 2, Violating: 1}, {Rule: "other", Version: "3", Judged: 1}})
	ok(t, s.UndoVerdict(t.Context(), change("u1", "undo"), "c1"))
	diff(t, "after an undo", judged(), []record.RuleVerdict{{Rule: "burst", Version: "3", Judged: 1}})
}

func report(n int, target, reporter string) record.Report {
	return record.Report{ID: fmt.Sprint("report", n), Target: account(target), Policy: "spam", Reporter: reporter, Reason: "spam", Time: int64(n)}
}

func putReports(t *testing.T, s record.Store, through uint64, rs ...record.Report) []string {
	t.Helper()
	cases, err := s.PutIntake(t.Context(), rs, nil, through)
	ok(t, err)
	return cases
}

func reportsJoin(t *testing.T, s record.Store) {
	weak, strong := report(1, "a", "x"), report(2, "a", "y")
	strong.Opens = true
	diff(t, "a weak report waits", len(putReports(t, s, 1, weak)), 0)
	diff(t, "a strong one opens", putReports(t, s, 2, strong), []string{"rreport2"})
	diff(t, "further ones join", putReports(t, s, 3, report(3, "a", "z"), report(1, "a", "x")), []string{"rreport2"})
	f := file(t, s, "rreport2")
	diff(t, "case", [4]any{f.Origin, f.Case.Reports, f.Severity, f.Policies[0].Policy}, [4]any{record.ByReport, int64(3), 0, "spam"})
	var reporters []string
	for _, r := range f.Reports {
		reporters = append(reporters, r.Reporter)
	}
	diff(t, "reporters", reporters, []string{"x", "y", "z"})
	putReports(t, s, 4, report(4, "b", "x"))
	put(t, s, review(1, "b", effect.Queued))
	diff(t, "a waiting report joins a rule's case", len(file(t, s, Effect(1, "").ID).Reports), 1)
	many := make([]record.Report, record.MaxReports+3)
	for i := range many {
		many[i] = report(10+i, "b", "x")
	}
	putReports(t, s, 5, many...)
	f = file(t, s, Effect(1, "").ID)
	diff(t, "counted and kept", [2]int{int(f.Case.Reports), len(f.Reports)}, [2]int{len(many) + 1, record.MaxReports})
	putReports(t, s, 6, report(2000, "loose", "x"))
	old := report(2001, "late", "x")
	old.Time = record.LooseReports + 2001
	putReports(t, s, 7, old)
	put(t, s, review(2, "loose", effect.Queued))
	diff(t, "one that waited too long", len(file(t, s, Effect(2, "").ID).Reports), 0)
}

func reportsProve(t *testing.T, s record.Store) {
	put(t, s, review(1, "a", effect.Queued), review(2, "b", effect.Queued))
	putReports(t, s, 1, report(1, "a", "x"), report(2, "b", "x"), report(3, "b", "y"))
	a, b := Effect(1, "").ID, Effect(2, "").ID
	records := func(want map[string]record.Reporter) {
		t.Helper()
		got, err := s.Reporters(t.Context(), []string{"x", "y", "nobody"})
		ok(t, err)
		for name, r := range got {
			if r == (record.Reporter{}) {
				delete(got, name)
			}
		}
		diff(t, "records", got, want)
	}
	records(map[string]record.Reporter{})
	decideCase(t, s, "c1", a, record.Violating)
	decideCase(t, s, "c2", b, record.Benign)
	records(map[string]record.Reporter{"x": {Agreed: 1, Disagreed: 1}, "y": {Disagreed: 1}})
	on, err := s.ReportsOn(t.Context(), b)
	ok(t, err)
	diff(t, "outcome and record", [2]any{on[0].Outcome, on[0].Record}, [2]any{record.Disagreed, record.Reporter{Agreed: 1, Disagreed: 1}})
	ok(t, s.UndoVerdict(t.Context(), change("u1", "undo"), "c2"))
	records(map[string]record.Reporter{"x": {Agreed: 1}})
	ok(t, s.DecideCase(t.Context(), change("c3", "verdict"), record.Verdict{Case: b, Decision: record.Benign, Second: true}))
	by := change("c4", "verdict")
	by.By = "person:bob"
	ok(t, s.DecideCase(t.Context(), by, record.Verdict{Case: "c3", Decision: record.Violating, Policies: []string{"spam"}}))
	records(map[string]record.Reporter{"x": {Agreed: 2}, "y": {Agreed: 1}}) // the second look stands for the first
	ok(t, s.UndoVerdict(t.Context(), change("u2", "undo"), "c4"))
	records(map[string]record.Reporter{"x": {Agreed: 1, Disagreed: 1}, "y": {Disagreed: 1}})
}

func intakeOnce(t *testing.T, s record.Store) {
	r := report(1, "a", "x")
	r.Opens = true
	d := record.Draw{Target: event.Entity{Kind: event.ContentEntity, ID: "p"}, Time: 5, Weight: 8, N: 2, Through: 20}
	for range 2 { // a crash makes the caller read the same records again
		_, err := s.PutIntake(t.Context(), []record.Report{r}, []record.Draw{d}, 9)
		ok(t, err)
	}
	_, err := s.PutIntake(t.Context(), nil, []record.Draw{d}, 10) // of a content whose views were drawn so far
	ok(t, err)
	through, err := s.IntakeThrough(t.Context())
	ok(t, err)
	diff(t, "through", through, uint64(10))
	diff(t, "open cases", len(openIDs(t, s)), 2)
	var n int64
	ok(t, s.Draws(t.Context(), 0, 10, func(d record.Drawn) error { n += d.N; return nil }))
	diff(t, "draws", n, int64(2))
	_, err = s.PutIntake(t.Context(), nil, nil, 1<<63)
	is(t, "position", err, record.ErrInvalid)
}

func drawsJudged(t *testing.T, s record.Store) {
	content := func(id string) event.Entity { return event.Entity{Kind: event.ContentEntity, ID: id} }
	cases, err := s.PutIntake(t.Context(), nil, []record.Draw{
		{Target: content("p"), Time: 5, Weight: 8, N: 2, Through: 20}, {Target: content("q"), Time: 6, Weight: 8, N: 1, Through: 7}, {Target: content("p"), Time: 9, Weight: 8, N: 1, Through: 30},
	}, 1)
	ok(t, err)
	diff(t, "cases", len(cases), 2)
	through, err := s.DrawnThrough(t.Context(), content("p"))
	ok(t, err)
	diff(t, "drawn through", through, int64(30))
	p := cases[slices.IndexFunc(cases, func(id string) bool { return file(t, s, id).Target.ID == "p" })]
	ok(t, s.DecideCase(t.Context(), change("c1", "verdict"), record.Verdict{Case: p, Decision: record.Benign, Second: true}))
	drawn := func() (got []record.Drawn) {
		t.Helper()
		ok(t, s.Draws(t.Context(), 5, 9, func(d record.Drawn) error { got = append(got, d); return nil }))
		return got
	}
	want := []record.Drawn{
		{Draw: record.Draw{Target: content("p"), Time: 5, Weight: 8, N: 2, Through: 20}, Verdict: record.Benign},
		{Draw: record.Draw{Target: content("q"), Time: 6, Weight: 8, N: 1, Through: 7}},
	}
	diff(t, "draws", drawn(), want)
	by := change("c2", "verdict")
	by.By = "person:bob"
	ok(t, s.DecideCase(t.Context(), by, record.Verdict{Case: "c1", Decision: record.Violating, Policies: []string{"spam"}}))
	want[0].Verdict, want[0].Policies = record.Violating, []string{"spam"}
	diff(t, "after the second look", drawn(), want)
	ok(t, s.UndoVerdict(t.Context(), change("u1", "undo"), "c2"))
	want[0].Verdict, want[0].Policies = record.Benign, nil
	diff(t, "after its undo", drawn(), want)
}

func reviewModels(t *testing.T, s record.Store) {
	m := record.ReviewModel{ID: "m1", Kind: "trees", Data: []byte{1}, At: 5, Trained: []byte(`{"n":9}`)}
	for range 2 {
		ok(t, s.PutReviewModel(t.Context(), m))
	}
	got, err := s.ReviewModel(t.Context(), "m1")
	ok(t, err)
	diff(t, "model", got, m)
	is(t, "nothing in it", s.PutReviewModel(t.Context(), record.ReviewModel{ID: "x", Kind: "trees"}), record.ErrInvalid)
	serving := func(want string) {
		t.Helper()
		got, err := s.ServingReviewModel(t.Context())
		ok(t, err)
		diff(t, "serving", got, want)
	}
	serving("")
	is(t, "unknown", s.ServeReviewModel(t.Context(), "none", "person:ada", "", 1), record.ErrNotFound)
	ok(t, s.ServeReviewModel(t.Context(), "m1", "person:ada", "better", 1))
	serving("m1")
	for i := range record.MaxReviewModels + 5 {
		m.ID = fmt.Sprint("n", i)
		ok(t, s.PutReviewModel(t.Context(), m))
	}
	all, err := s.ListReviewModels(t.Context())
	ok(t, err)
	diff(t, "kept", [2]any{len(all), all[len(all)-1].ID}, [2]any{record.MaxReviewModels + 1, "m1"})
	ok(t, s.ServeReviewModel(t.Context(), "", "person:ada", "back", 2))
	serving("")
	trail, err := s.AuditTrail(t.Context(), record.Page{})
	ok(t, err)
	diff(t, "audited", len(trail), 2)
}
