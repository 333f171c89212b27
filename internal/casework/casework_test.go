package casework

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/record/sqlite"
	"github.com/ringfence/ringfence/internal/review"
	"github.com/ringfence/ringfence/rule"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixNano()

// fixture is a desk on real records, with a journal, a loop and groups that tests fill.
type fixture struct {
	*Desk
	t       testing.TB
	store   record.Store
	records []journal.Record
	members map[string][]string
	now     int64
	n       int
}

func (f *fixture) Bounds(journal.Partition) (first, last journal.Position) {
	return 1, journal.Position(len(f.records))
}

func (f *fixture) Read(_ context.Context, _ journal.Partition, from journal.Position, max int, dst []journal.Record) ([]journal.Record, error) {
	return append(dst, f.records[from-1:min(len(f.records), int(from)-1+max)]...), nil
}

func (f *fixture) Wait(context.Context, journal.Partition, journal.Position) error { return nil }

func (f *fixture) Set() *rule.Set { return nil }

func (f *fixture) InForce(_ context.Context, entities []event.Entity) ([]string, error) {
	return make([]string, len(entities)), nil
}

func (f *fixture) Members(_ context.Context, group string) ([]string, error) {
	return f.members[group], nil
}

func (f *fixture) Clock(context.Context) (int64, error) { return f.now, nil }

func (f *fixture) Standings(_ context.Context, accounts []string, _, _ string) ([]decide.Standing, error) {
	return make([]decide.Standing, len(accounts)), nil
}

func (f *fixture) Changes(context.Context, []string, [][]byte) error { return nil }

func newFixture(t testing.TB, adjust ...func(*Options)) *fixture {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	f := &fixture{t: t, store: store, members: map[string][]string{}, now: start}
	f.Desk = f.another(adjust...)
	return f
}

// another is a further desk on the same records, as after a restart.
func (f *fixture) another(adjust ...func(*Options)) *Desk {
	o := DefaultOptions()
	o.Now, o.Log = func() int64 { return f.now }, slog.New(slog.DiscardHandler)
	for _, a := range adjust {
		a(&o)
	}
	return New(o, f.store, f, control.New(f.store, f, f, &bank.Compiler{}, o.Now, o.Log), f, f)
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// ask lets rules open cases.
func (f *fixture) ask(effects ...effect.Effect) {
	f.t.Helper()
	for i := range effects {
		f.n++
		e := &effects[i]
		e.ID, e.Kind, e.State, e.Source, e.EventID, e.Position = fmt.Sprintf("%032x", f.n), effect.Review, effect.Queued, "test", fmt.Sprint("e", f.n), uint64(f.n)
		if e.Policy == "" {
			e.Policy = "spam"
		}
		if e.Time == 0 {
			e.Time = f.now
		}
	}
	_, err := f.store.PutEffects(f.t.Context(), effects, uint64(f.n), f.now)
	f.must(err)
}

func on(account, ruleID string) effect.Effect {
	return effect.Effect{Target: event.Entity{Kind: event.AccountEntity, ID: account}, Rule: ruleID, RuleVersion: "1", Severity: 2}
}

// tell appends events to the journal and lets the desk read them.
func (f *fixture) tell(events ...string) {
	f.t.Helper()
	for _, body := range events {
		f.n++
		f.records = append(f.records, journal.Record{Position: journal.Position(len(f.records) + 1), Kind: journal.Event, Source: "test", ID: fmt.Sprint(f.n),
			Body: fmt.Appendf(nil, `{"id":"t%d","time":%q,%s}`, f.n, event.FormatTime(f.now), body)})
	}
	f.must(f.Intake(f.t.Context()))
	f.must(f.Sync(f.t.Context()))
}

func (f *fixture) decide(id string, d record.Decision) {
	f.t.Helper()
	j := control.Judgement{Decision: d}
	if d == record.Violating {
		j.Policies = []string{"spam"}
	}
	f.n++
	f.must(f.Decide(f.t.Context(), control.Author{ID: fmt.Sprint("v", f.n), By: "person:ada", Reason: "test"}, id, j))
}

func (f *fixture) of(account string) Place {
	f.t.Helper()
	f.must(f.Sync(f.t.Context()))
	cs, err := f.store.ListCases(f.t.Context(), record.CaseFilter{Target: event.Entity{Kind: event.AccountEntity, ID: account}}, record.Page{})
	f.must(err)
	if len(cs) != 1 {
		f.t.Fatalf("%d open cases on %s", len(cs), account)
	}
	p, ok := f.Place(cs[0].ID)
	if !ok {
		f.t.Fatalf("case %s is not on the desk", cs[0].ID)
	}
	return p
}

// TestBrigadeHasALimit: however many reporters without a good record collude, they raise the odds of a case no more than the cap says,
// and so its priority, whichever policies they name; who reports after being wrong moves nothing.
func TestBrigadeHasALimit(t *testing.T) {
	f := newFixture(t)
	f.severity["harm"] = 5
	for i := range 200 { // a policy under which cases mostly violate
		f.learner.learn([]feature{{"about account", 1}}, "harm", i%10 > 0, 1, false)
	}
	const cap = 7.3891 // e^2
	rapid.Check(t, func(rt *rapid.T) {
		f.n++
		c := record.CaseSummary{Case: record.Case{ID: fmt.Sprint("c", f.n), Target: event.Entity{Kind: event.AccountEntity, ID: "a"}, Opened: f.now,
			Policies: []record.CasePolicy{{Policy: "spam", Severity: 3}}}}
		k := rapid.IntRange(1, 400).Draw(rt, "reporters")
		spread := rapid.Int64Range(0, int64(24*time.Hour)).Draw(rt, "spread")
		wrong := rapid.Int64Range(0, 30).Draw(rt, "wrong before")
		for i := range k {
			c.Reports = append(c.Reports, record.Report{Reporter: fmt.Sprint("r", i), Policy: "spam", Time: f.now + int64(i)*spread, Record: record.Reporter{Disagreed: wrong}})
		}
		if rapid.Bool().Draw(rt, "they name another policy") {
			c.Policies = append(c.Policies, record.CasePolicy{Policy: "harm"})
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.put(&c, "")
		e := f.cases[c.ID]
		if e.chances[0].policy != "spam" {
			rt.Errorf("the case is ranked by %+v, which only reports name", e.chances[0])
		}
		before := e.chances[0].p
		odds := e.priority.P / (1 - e.priority.P) / (before / (1 - before))
		if odds > cap || e.priority.Value > cap*e.priority.Unreported || odds < 1-1e-9 {
			rt.Errorf("%d reporters raise the odds %.3f-fold and the priority %.3f-fold, more than %.3f", k, odds, e.priority.Value/e.priority.Unreported, cap)
		}
		if wrong >= 4 && odds > 1+1e-9 {
			rt.Errorf("%d reporters who were wrong %d times raise the odds %.3f-fold", k, wrong, odds)
		}
		for _, feature := range e.features {
			if feature.name == "reports" {
				rt.Error("models read reports: they could learn to lift the limit")
			}
		}
	})
}

// TestReportsChooseNoPolicy: which policy a report names changes neither the severity of a case nor, where others name one, its priority, but for
// the lift of any report.
func TestReportsChooseNoPolicy(t *testing.T) {
	f := newFixture(t)
	f.severity["spam"], f.severity["harm"] = 2, 5
	f.ask(on("a", "r"), on("b", "r"))
	report := func(target, policy string) string {
		return fmt.Sprintf(`"kind":"report","actor":"u","target":%q,"reason":%q`, target, policy)
	}
	f.tell(report("a", "spam"), report("b", "harm"), report("c", "spam"), report("d", "harm"))
	for _, pair := range [][2]string{{"a", "b"}, {"c", "d"}} {
		mild, severe := f.of(pair[0]).Priority, f.of(pair[1]).Priority
		if mild.Value != severe.Value || mild.Unreported != severe.Unreported || severe.Value <= severe.Unreported {
			t.Errorf("on %s %.3g, without reports %.3g; on %s %.3g, %.3g", pair[0], mild.Value, mild.Unreported, pair[1], severe.Value, severe.Unreported)
		}
	}
	if p := f.of("b"); p.Case.Policies[0].Policy != "harm" || p.Chances[0].Policy != "spam" || p.Chances[1].Severity != unknownSeverity {
		t.Errorf("policies %+v, chances %+v", p.Case.Policies, p.Chances)
	}
	// Reports fill no case with their policies: there is room for those of rules.
	var many []string
	for i := range 2 * record.MaxPolicies {
		many = append(many, report("e", fmt.Sprint("p", i)))
	}
	f.tell(many...)
	f.ask(on("e", "r"))
	if p := f.of("e"); p.Chances[0].Policy != "spam" || p.Chances[0].Severity != 2 {
		t.Errorf("after many reports: chances %+v", p.Chances)
	}
}

func TestReportsOnTheDesk(t *testing.T) {
	f := newFixture(t)
	report := func(reporter, target string) string {
		return fmt.Sprintf(`"kind":"report","actor":%q,"target":%q,"reason":"com.example#reasonSpam"`, reporter, target)
	}
	f.tell(report("u1", "a1"))
	if p := f.of("a1"); p.Case.Reports != 1 || p.Case.Policies[0].Policy != "spam" || p.Unreported < p.Rank {
		t.Errorf("after a report: %+v", p)
	}
	f.must(f.another().Intake(t.Context())) // a restart reads it again
	if p := f.of("a1"); p.Case.Reports != 1 {
		t.Errorf("%d reports after a restart", p.Case.Reports)
	}
	// A reporter who floods opens some cases a day; one whose reports proved wrong opens none.
	var flood []string
	for i := range maxOpened + 10 {
		flood = append(flood, report("flood", fmt.Sprint("b", i)))
	}
	f.tell(flood...)
	if _, waiting := f.Queue(0, 1); waiting != 1+maxOpened {
		t.Errorf("%d cases wait, want %d", waiting, 1+maxOpened)
	}
	for i := range 8 {
		f.tell(report("wrong", fmt.Sprint("c", i)))
		if i < 5 {
			f.decide(f.of(fmt.Sprint("c", i)).Case.ID, record.Benign)
		}
	}
	if _, waiting := f.Queue(0, 1); waiting != 1+maxOpened {
		t.Errorf("%d cases wait, want those of a reporter who is always wrong left out", waiting)
	}
}

func TestReachMovesTheQueue(t *testing.T) {
	f := newFixture(t)
	f.ask(on("quiet", "r"), on("loud", "r"))
	f.tell(`"kind":"post","actor":"loud","object":"p1","text":"x"`)
	for range 5 {
		f.now += int64(20 * time.Minute)
		f.tell(fmt.Sprintf(`"kind":"metrics","actor":"platform","object":"p1","views":%d`, 1000*(f.now-start)/int64(time.Minute)))
	}
	f.rankAll(t.Context())
	loud, quiet := f.of("loud"), f.of("quiet")
	if loud.Rank != 1 || quiet.Rank < 2 || loud.Priority.PerHour < 10_000 {
		t.Errorf("loud is #%d with %.0f views an hour, quiet #%d", loud.Rank, loud.Priority.PerHour, quiet.Rank)
	}
}

// places is all that the desk says of its cases, for comparison.
func places(d *Desk) map[string]float64 {
	got := map[string]float64{}
	all, _ := d.Queue(0, 1000)
	for _, p := range all {
		got[p.Case.ID] = p.Priority.P
	}
	return got
}

// TestUndoUnlearns and a restart: the desk is a function of the records.
// TestRepeatedVerdictsAreLearntOnce: also where others were given in between.
func TestRepeatedVerdictsAreLearntOnce(t *testing.T) {
	f := newFixture(t)
	f.ask(on("a", "r"), on("b", "r"))
	cases := map[string]string{"v1": f.of("a").Case.ID, "v2": f.of("b").Case.ID}
	for _, id := range []string{"v1", "v1", "v2", "v1", "v2"} {
		f.must(f.Decide(t.Context(), control.Author{ID: id, By: "person:ada", Reason: "t"}, cases[id], control.Judgement{Decision: record.Violating, Policies: []string{"spam"}}))
	}
	if f.learner.told != 2 {
		t.Errorf("two verdicts taught %d times", f.learner.told)
	}
}

func TestUndoUnlearns(t *testing.T) {
	f := newFixture(t)
	for i := range 8 {
		f.ask(on(fmt.Sprint("a", i), "good"), on(fmt.Sprint("b", i), "bad"))
	}
	f.must(f.Load(t.Context()))
	for i := range 5 {
		f.decide(f.of(fmt.Sprint("a", i)).Case.ID, record.Violating)
		f.decide(f.of(fmt.Sprint("b", i)).Case.ID, record.Benign)
	}
	f.rankAll(t.Context())
	if good, bad := f.of("a6").Priority.P, f.of("b6").Priority.P; good < bad+.03 {
		t.Errorf("after ten verdicts P is %.2f for the good rule, %.2f for the bad one", good, bad)
	}
	before := places(f.Desk)
	f.decide(f.of("a6").Case.ID, record.Benign)
	f.rankAll(t.Context())
	if cmp.Equal(before, places(f.Desk)) {
		t.Error("a verdict taught nothing")
	}
	f.must(f.Undo(t.Context(), control.Author{By: "person:ada", Reason: "wrong"}, fmt.Sprint("v", f.n)))
	f.rankAll(t.Context())
	fresh := f.another()
	f.must(fresh.Load(t.Context()))
	f.must(f.relearn(t.Context()))
	f.rankAll(t.Context())
	if d := cmp.Diff(before, places(f.Desk), approximately); d != "" {
		t.Errorf("after the undo (-want +got):\n%s", d)
	}
	if d := cmp.Diff(places(fresh), places(f.Desk), approximately); d != "" {
		t.Errorf("after a restart (-fresh +running):\n%s", d)
	}
}

// approximately allows for a calibration that was fitted at another verdict.
var approximately = cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < .02 })

func TestLeases(t *testing.T) {
	f := newFixture(t)
	f.ask(on("a", "r"))
	f.must(f.Load(t.Context()))
	got, err := f.Next(t.Context(), "person:ada")
	f.must(err)
	if _, err := f.Next(t.Context(), "person:bob"); !errors.Is(err, ErrNothing) {
		t.Errorf("a case that ada has: %v", err)
	}
	f.now += int64(DefaultOptions().Lease) + 1
	f.must(f.refresh(t.Context()))
	again, err := f.Next(t.Context(), "person:bob")
	f.must(err)
	if again.Case.ID != got.Case.ID {
		t.Errorf("got %s, want %s", again.Case.ID, got.Case.ID)
	}
	f.must(f.Release(t.Context(), got.Case.ID, "person:bob"))
	for i := range MaxLeases + 1 {
		f.ask(on(fmt.Sprint("b", i), "r"))
	}
	f.must(f.Sync(t.Context()))
	for range MaxLeases {
		_, err := f.Next(t.Context(), "person:cyd")
		f.must(err)
	}
	if _, err := f.Next(t.Context(), "person:cyd"); !errors.Is(err, ErrMany) {
		t.Errorf("more cases than one can have: %v", err)
	}
}

func TestGroupHoldsItsMembers(t *testing.T) {
	f := newFixture(t)
	f.members["g1"] = []string{"a", "b", "silent"}
	f.ask(on("a", "r"), on("b", "r"), on("other", "r"))
	group := on("", "ring")
	group.Target = event.Entity{Kind: event.GroupEntity, ID: "g1"}
	f.ask(group)
	f.must(f.Load(t.Context()))
	f.must(f.Sync(t.Context())) // what is held now
	if _, waiting := f.Queue(0, 10); waiting != 2 {
		t.Fatalf("%d cases wait, want the group's and that of who is not in it", waiting)
	}
	id := fmt.Sprintf("%032x", 4)
	p, _ := f.Place(id)
	if p.Rank != 1 || p.Priority.Members < 3 {
		t.Errorf("the group's place %+v", p)
	}
	f.ask(on("silent", "r")) // a member's case that opens later
	f.must(f.Sync(t.Context()))
	f.must(f.refresh(t.Context()))
	f.must(f.Sync(t.Context()))
	if _, waiting := f.Queue(0, 10); waiting != 2 {
		t.Errorf("%d cases wait after another member's opened", waiting)
	}
	f.must(f.Decide(t.Context(), control.Author{By: "person:ada", Reason: "one hand"}, id,
		control.Judgement{Decision: record.Violating, Policies: []string{"spam"}, Except: []string{fmt.Sprintf("%032x", 2)}}))
	all, _ := f.Queue(0, 10)
	var left []string
	for _, p := range all {
		left = append(left, p.Case.Target.ID)
	}
	slices.Sort(left)
	if d := cmp.Diff([]string{"b", "other"}, left); d != "" {
		t.Errorf("open after the verdict (-want +got):\n%s", d)
	}
}

// TestTreesAreTriedBeforeTheyServe goes the way of a version: trained, tried on verdicts it has not seen, let serve, rolled back.
func TestTreesAreTriedBeforeTheyServe(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Second = 0 })
	ada := control.Author{By: "person:ada", Reason: "test"}
	if _, err := f.Train(t.Context()); !errors.Is(err, ErrFew) {
		t.Fatalf("trained on nothing: %v", err)
	}
	n := 0
	judge := func(rounds int) {
		for range rounds {
			var batch []effect.Effect
			for range 10 {
				n++
				e := on(fmt.Sprint("a", n), []string{"good", "bad"}[n%2])
				e.Context = fmt.Sprintf(`{"readings":[["size","%d"]]}`, n%7)
				batch = append(batch, e)
			}
			f.ask(batch...)
			f.must(f.Sync(t.Context()))
			for i := n - 9; i <= n; i++ {
				d := record.Benign
				if i%2 == 0 && i%7 > 2 { // the good rule is right where what it read is large
					d = record.Violating
				}
				f.decide(f.of(fmt.Sprint("a", i)).Case.ID, d)
			}
		}
	}
	judge(25)
	id, err := f.Train(t.Context())
	f.must(err)
	if err := f.Serve(t.Context(), ada, id); !errors.Is(err, record.ErrInvalid) {
		t.Errorf("a version serves untried: %v", err)
	}
	if err := f.Serve(t.Context(), ada, "none"); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("an unknown version: %v", err)
	}
	judge(6)
	models, err := f.Models(t.Context())
	f.must(err)
	trees := models[slices.IndexFunc(models, func(m ModelReport) bool { return m.ID == id })]
	if !trees.Tried || trees.Serves || trees.Recent.Lessons != 60 || trees.Recent.AUC < .95 || !models[0].Serves || models[0].Recent.Lessons != n {
		t.Errorf("models %+v", models)
	}
	f.must(f.Serve(t.Context(), ada, id))
	e := on("likely", "good")
	e.Context = `{"readings":[["size","6"]]}`
	f.ask(e, on("unlikely", "bad"))
	likely, unlikely := f.of("likely"), f.of("unlikely")
	if likely.Priority.P < .7 || unlikely.Priority.P > .3 || len(likely.Chances[0].Because) == 0 {
		t.Errorf("by trees: likely %.2f (%v), unlikely %.2f", likely.Priority.P, likely.Chances[0].Because, unlikely.Priority.P)
	}
	restarted := f.another()
	f.must(restarted.Load(t.Context()))
	if restarted.serving == nil || restarted.serving.id != id {
		t.Error("the version that serves does not outlive a restart")
	}
	f.must(f.Serve(t.Context(), ada, Online))
	if f.serving != nil {
		t.Error("online does not serve after the roll-back")
	}
}

func TestSecondLookAtTheDearest(t *testing.T) {
	d := dearest{share: .02}
	asked := 0
	for i := range 500 {
		if d.is(float64(i * 37 % 101)) {
			asked++
		}
	}
	if asked < 8 || asked > 20 {
		t.Errorf("%d of 500 verdicts get a second look, want about 10", asked)
	}
	if (&dearest{}).is(1e9) {
		t.Error("none are wanted")
	}
}

func TestImportance(t *testing.T) {
	for _, c := range []struct {
		lane    string
		chance  float64
		waiting int
		want    float64
	}{{"harm", 1, 100, 1}, {"random", .01, 100, 1}, {"random", .5, 100, .2}, {"random", 1e-9, 100, 5}, {"", 0, 0, 1}} {
		if got := importance(c.lane, c.chance, c.waiting); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v: got %g", c, got)
		}
	}
}

func TestViewsAreBounded(t *testing.T) {
	v := newViews()
	at := time.Unix(0, start)
	for i := range 100 {
		v.told("p", at.Add(time.Duration(i)*time.Minute), float64(100*i))
	}
	got := v.of(event.Entity{Kind: event.ContentEntity, ID: "p"})
	if len(got) > maxReadings || got[len(got)-1].Views != 9900 || !slices.IsSortedFunc(got, func(a, b review.Reading) int { return a.At.Compare(b.At) }) {
		t.Errorf("readings %v", got)
	}
	if fresh := v.told("p", at.Add(3*time.Hour), 50); fresh != 0 {
		t.Errorf("a total that falls brings %g views", fresh)
	}
}

func TestPolicyOf(t *testing.T) {
	for _, c := range []struct{ reason, attr, want string }{
		{"spam", "", "spam"}, {"com.atproto.moderation.defs#reasonSpam", "", "spam"}, {"he is rude", "", "reported"}, {"", "", "reported"},
		{"x", "abuse", "abuse"}, {"x", "Not A Word", "x"},
	} {
		e := event.Event{Reason: c.reason}
		if c.attr != "" {
			e.Attrs = []event.Attr{{Key: "policy", Value: event.Value{Kind: event.String, Str: c.attr}}}
		}
		if got := policyOf(&e); got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

// BenchmarkDesk has 100,000 open cases: how long it takes to read them at a start, to rank them all, and to hand one out.
func BenchmarkDesk(b *testing.B) {
	f := newFixture(b)
	const n = 100_000
	for range n / 1000 {
		batch := make([]effect.Effect, 1000)
		for i := range batch {
			batch[i] = on(fmt.Sprint("a", f.n+i), fmt.Sprint("rule-", i%20))
			batch[i].Context = `{"entities":["device:d1"],"readings":[["text.length","12"],["account.age","3600"]]}`
		}
		f.ask(batch...)
	}
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f.must(f.another().Load(context.Background()))
		}
	})
	f.must(f.Load(context.Background()))
	b.Run("rank", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f.rankAll(context.Background())
		}
	})
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			f.ranked = false
			f.Queue(0, 50)
		}
	})
	b.Run("next", func(b *testing.B) {
		i := 0
		for b.Loop() {
			i++
			if _, err := f.Next(context.Background(), fmt.Sprint("person:", i/MaxLeases)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestGroupHoldsOnlyFirstLooks: who gave a verdict does not decide the appeal against it by way of the case of the account's group, and a
// case with a deadline stays in its lane.
func TestGroupHoldsOnlyFirstLooks(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.must(f.Load(ctx))
	f.ask(on("a", "r"), on("b", "r"), on("c", "r"))
	decided := f.of("a").Case.ID
	f.decide(decided, record.Violating)
	appeal, err := f.store.OpenCase(ctx, record.Opening{ID: "appeal", Kind: record.Appeal, Of: decided, Target: account("a"), Origin: record.ByPerson, By: "api",
		Reason: "not me", At: f.now, Time: f.now})
	f.must(err)
	due := func(target string) string {
		t.Helper()
		id, err := f.store.OpenCase(ctx, record.Opening{ID: "due " + target, Target: account(target), Policy: "court", Severity: 3, Origin: record.ByPerson, By: "person:x",
			Reason: "order", At: f.now, Time: f.now, Deadline: f.now + int64(time.Hour)})
		f.must(err)
		f.must(f.Sync(ctx))
		return id
	}
	before := due("d")
	f.members["g1"] = []string{"a", "b", "c", "d"}
	group := on("", "ring")
	group.Target = event.Entity{Kind: event.GroupEntity, ID: "g1"}
	f.ask(group)
	f.must(f.Sync(ctx))
	f.must(f.Sync(ctx)) // what is held now
	if p := f.of("b"); p.Case.Parent == "" {
		t.Error("the group's case does not hold a member's first look")
	}
	since := due("c") // held when the deadline came
	id := fmt.Sprintf("%032x", f.n)
	f.must(f.refresh(ctx))
	f.must(f.Sync(ctx))
	f.decide(id, record.Violating)
	for name, id := range map[string]string{"appeal": appeal, "deadline before": before, "deadline since": since} {
		p, ok := f.Place(id)
		if !ok || p.Case.Parent != "" || p.Case.Change != "" {
			t.Errorf("%s: on the desk %v, %+v", name, ok, p.Case)
		}
		if p.Lane == review.Harm {
			t.Errorf("%s: it is in the lane of harm", name)
		}
	}
}

func account(id string) event.Entity { return event.Entity{Kind: event.AccountEntity, ID: id} }

// TestUpheldAppealSaysWhatItOverturns: the change of a benign verdict on an appeal names the verdict that it is against, and one before that.
func TestUpheldAppealSaysWhatItOverturns(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.ask(on("a", "r"))
	of := f.of("a").Case.ID
	var want []string
	for i, by := range []string{"person:ada", "person:bob", "person:cyd"} {
		v := control.Author{ID: fmt.Sprint("appeal-v", i), By: by, Reason: "t"}
		if i == 2 {
			f.must(f.Decide(ctx, v, of, control.Judgement{Decision: record.Benign}))
			break
		}
		f.must(f.Decide(ctx, v, of, control.Judgement{Decision: record.Violating, Policies: []string{"spam"}, Enforce: "suspend"}))
		want = append([]string{v.ID}, want...)
		var err error
		of, err = f.store.OpenCase(ctx, record.Opening{ID: fmt.Sprint("appeal", i), Kind: record.Appeal, Of: of, Target: account("a"), Origin: record.ByPerson, By: "api",
			Reason: "not me", At: f.now, Time: f.now})
		f.must(err)
	}
	row, err := f.store.Change(ctx, "appeal-v2")
	f.must(err)
	c, err := change.Decode(row.Body)
	f.must(err)
	var got []string
	for _, o := range c.Verdict.Overturns {
		got = append(got, o.Change)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("verdicts overturned (-want +got):\n%s", d)
	}
}
