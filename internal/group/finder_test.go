package group

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/sim"
)

var update = flag.Bool("update", false, "write the golden files anew")

func finder(t testing.TB) *Finder {
	t.Helper()
	s, err := NewScorer()
	if err != nil {
		t.Fatal(err)
	}
	o := DefaultOptions()
	o.MaxPairs = 1 << 18
	f, err := NewFinder(o, s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// small is a small simulation. In much smaller ones the campaigns are most of what happens, and so what is expected by chance.
var small = sim.Scale{Accounts: 2_000, Events: 24_000, Days: 6, Campaigns: 1}

func simulated(t testing.TB, seed uint64) ([]event.Event, []sim.Truth) {
	t.Helper()
	var all []event.Event
	truth, err := sim.Generate(seed, small, func(e *event.Event) error {
		all = append(all, e.Clone())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, truth
}

func groupsOf(t testing.TB, events []event.Event) []*Group {
	t.Helper()
	f := finder(t)
	for i := range events {
		if err := f.Add(&events[i]); err != nil {
			t.Fatal(err)
		}
	}
	groups, err := f.Groups()
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

// TestCampaignsOfASimulationAreFound holds the least that a change must not lose: the campaigns that are plain to see, among 34 kinds of campaign and
// look-alike. A quarter of the accounts are of campaigns here, so that those are much of what chance is taken to explain. docs/networks.md has figures of a platform.
func TestCampaignsOfASimulationAreFound(t *testing.T) {
	events, truth := simulated(t, 3)
	var found []Found
	for _, g := range groupsOf(t, events) {
		found = append(found, Found{Accounts: g.Accounts, Score: g.Score, Flagged: g.Flagged})
	}
	r := Measure([]Run{{truth, found}})
	plain := []string{"co-share", "boost", "bridge", "sleeper-cell", "shared-infrastructure", "signup-batch"}
	for _, k := range r.Archetypes {
		if slices.Contains(plain, k.Name) && float64(k.Grouped) < .4*float64(k.Accounts) {
			t.Errorf("%s: %d of %d accounts are in groups", k.Name, k.Grouped, k.Accounts)
		}
	}
	for _, k := range r.Classes {
		if k.Name == "organic" && k.Grouped > k.Accounts/100 {
			t.Errorf("%d of %d organic accounts are in groups", k.Grouped, k.Accounts)
		}
	}
	if r.Accounts.Recall.Value < .33 || r.Accounts.Precision.Value < .5 {
		t.Errorf("precision %v, recall %v", r.Accounts.Precision, r.Accounts.Recall)
	}
}

// TestOnlyThePastCounts: when a group was found does not depend on what came after, and the same events give the same groups.
func TestOnlyThePastCounts(t *testing.T) {
	events := squad()
	whole := groupsOf(t, events)
	if diff := cmp.Diff(printedOf(whole), printedOf(groupsOf(t, events))); diff != "" {
		t.Error("two runs differ:", diff)
	}
	for cut := 100; cut < len(events); cut += 100 {
		until := events[cut-1].Time
		var got, want []string
		for _, g := range groupsOf(t, events[:cut]) {
			if g.Found <= until { // the last tick is early
				got = append(got, g.ID)
			}
		}
		for _, g := range whole {
			if g.Found <= until {
				want = append(want, g.ID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("groups found by %s, as of the whole and of %d events: %s", event.FormatTime(until), cut, diff)
		}
	}
}

func printedOf(groups []*Group) string {
	b, err := json.MarshalIndent(groups, "", " ")
	if err != nil {
		panic(err)
	}
	return string(b)
}

// squad is a newsless town: people who share links of their own, and six accounts that share ten links together.
func squad() []event.Event {
	rng := rand.New(rand.NewPCG(9, 9))
	var all []event.Event
	post := func(who, url string, at int64) {
		e := event.Event{ID: fmt.Sprintf("e%04d", len(all)), Time: sim.Start + at*1_000_000_000, Kind: "post", Actor: who, URLs: []string{url}}
		e.Fields.Add(event.FieldURLs)
		all = append(all, e)
	}
	for i := range int64(900) {
		post(fmt.Sprintf("person%02d", rng.IntN(60)), fmt.Sprintf("https://site.example/%d", rng.IntN(400)), i*300+rng.Int64N(300))
	}
	for k := range int64(10) {
		for j := range 6 {
			if rng.IntN(5) > 0 {
				post(fmt.Sprintf("squad%d", j), fmt.Sprintf("https://lnk.example/%d?utm_source=x%d", k, j), 20_000+k*20_000+rng.Int64N(60))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b event.Event) int {
		return strings.Compare(fmt.Sprintf("%020d", a.Time), fmt.Sprintf("%020d", b.Time))
	})
	return all
}

func TestGolden(t *testing.T) {
	type line struct {
		Accounts []string
		Found    string
		Evidence []Evidence
		Ties     []Tie
	}
	var got []line
	for _, g := range groupsOf(t, squad()) {
		got = append(got, line{g.Accounts, event.FormatTime(g.Found), g.Evidence, g.Ties})
	}
	b, err := json.MarshalIndent(got, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, '\n')
	const path = "testdata/squad.json"
	if *update {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(b)); diff != "" {
		t.Errorf("run with -update and look at the difference (-want +got):\n%s", diff)
	}
}

func TestShape(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"sunnyfox1234", "a0000"}, {"ada_1990", "a_0000"}, {"", ""}, {"дом7", "a0"}, {strings.Repeat("1", 99), strings.Repeat("0", 32)},
	} {
		if got := shape(c.in); got != c.want {
			t.Errorf("shape of %q is %q, want %q", c.in, got, c.want)
		}
	}
}

func TestDecodeScorerRefuses(t *testing.T) {
	for _, b := range [][]byte{nil, harm[:len(harm)-1], append(slices.Clone(harm), 0), []byte("model")} {
		if _, err := DecodeScorer(b); err == nil {
			t.Errorf("%d bytes are a model", len(b))
		}
	}
}
