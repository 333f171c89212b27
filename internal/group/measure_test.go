package group

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/sim"
)

func TestMeasure(t *testing.T) {
	truth := []sim.Truth{
		{Account: "a", Group: "ring", Harmful: true, Archetype: "copypasta"},
		{Account: "b", Group: "ring", Harmful: true, Archetype: "copypasta"},
		{Account: "c", Group: "ring", Harmful: true, Archetype: "copypasta"},
		{Account: "c", Group: "fans", Class: "fan"}, // harmful beats benign
		{Account: "d", Group: "fans", Class: "fan"},
		{Account: "e", Class: "organic"},
		{Account: "f", Class: "organic"},
	}
	found := []Found{
		{Accounts: []string{"a", "b", "e"}, Score: .9, Flagged: true},
		{Accounts: []string{"d", "f", "stranger"}, Score: .2},
	}
	got := Measure([]Run{{truth, found}})
	if got.Accounts.Harmful != 3 || got.Accounts.Flagged != 3 || got.Accounts.Unknown != 1 {
		t.Errorf("accounts %+v", got.Accounts)
	}
	close := func(what string, got, want float64) {
		t.Helper()
		if got < want-1e-9 || got > want+1e-9 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	close("precision", got.Accounts.Precision.Value, 2./3)
	close("recall", got.Accounts.Recall.Value, 2./3)
	close("group precision", got.Groups.Precision.Value, 1)
	close("weighted precision", got.Groups.Weighted, 2./3)
	close("fragments", got.Groups.Fragments, 1)
	close("pair recall", got.Groups.PairRecall, 1./3)
	close("best match", got.Groups.BestMatchF1, 2./3)
	close("AUC", got.Harm.AUC, 1)
	close("Brier", got.Harm.Brier, (.01+.04)/2)
	if got.Groups.MostInnocent != 1 || got.Groups.Found != 2 || got.Groups.Flagged != 1 {
		t.Errorf("groups %+v", got.Groups)
	}
	type counts struct {
		Name                       string
		Accounts, Grouped, Flagged int
	}
	var kinds []counts
	for _, k := range append(got.Archetypes, got.Classes...) {
		kinds = append(kinds, counts{k.Name, k.Accounts, k.Grouped, k.Flagged})
	}
	want := []counts{{"copypasta", 3, 2, 2}, {"fan", 1, 1, 0}, {"organic", 2, 2, 1}}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	close("F1", got.Accounts.F1, 2./3)
	close("base rate", got.Accounts.BaseRate, .5)
	// By score: a, b and e at .9, d and f at .2, c at 0.
	close("average precision", got.Accounts.AveragePrecision, (2*2./3+3./6)/3)
	close("pair precision", got.Groups.PairPrecision, 1)
	close("pair F1", got.Groups.PairF1, 1./2)
	close("B-cubed", got.Groups.BCubed, 2*1*(5./9)/(1+5./9))
	close("purity", got.Groups.Purity, 1)
	close("innocent", got.Groups.Innocent, 1)
	close("adjusted Rand", got.Groups.AdjustedRand, 0) // one campaign only: no better than chance
	if got.Accounts.WorstClass != "organic" || got.Seeds != nil {
		t.Errorf("worst class %q, seeds %v", got.Accounts.WorstClass, got.Seeds)
	}
	if twice := Measure([]Run{{truth, found}, {truth, found}}); twice.Accounts.Harmful != 6 || twice.Accounts.Precision.Value != got.Accounts.Precision.Value {
		t.Errorf("two runs: %+v", twice.Accounts)
	}
	if none := Measure(nil); none.Harm != nil || none.Accounts.Recall.Value != 0 {
		t.Errorf("of nothing: %+v", none)
	}
}

// TestMeasureTime: the clock of a campaign stops with the first flag of a group that has three of its accounts.
func TestMeasureTime(t *testing.T) {
	member := func(account, group, archetype, class string) sim.Truth {
		return sim.Truth{Account: account, Group: group, Harmful: archetype != "", Archetype: archetype, Class: class,
			Started: "2026-01-05T00:00:00Z", Third: "2026-01-05T00:02:00Z"}
	}
	var truth []sim.Truth
	for _, account := range []string{"a", "b", "c", "d"} {
		truth = append(truth, member(account, "ring", "copypasta", ""))
		truth = append(truth, member("fan-"+account, "fans", "", "fan"))
	}
	found := []Found{
		{Accounts: []string{"a", "b", "x"}, Flagged: true, FirstFlagged: "2026-01-05T00:01:00Z"},
		{Accounts: []string{"a", "b", "c"}, Flagged: true, FirstFlagged: "2026-01-05T00:10:00.5Z"},
		{Accounts: []string{"a", "b", "c", "d"}, Flagged: true, FirstFlagged: "2026-01-05T00:20:00Z"},
		{Accounts: []string{"fan-a", "fan-b", "fan-c", "fan-d"}},
	}
	r := Measure([]Run{{truth, found}, {truth, nil}})
	ring, fans := r.Archetypes[0], r.Classes[0]
	if diff := cmp.Diff(&Delay{1, 600.5, 600.5}, ring.FromStart); diff != "" {
		t.Error("from the start:", diff)
	}
	if diff := cmp.Diff(&Delay{1, 480.5, 480.5}, ring.FromThird); diff != "" {
		t.Error("from the third:", diff)
	}
	if fans.FromStart != nil || fans.Groups != 2 || fans.GroupsFlagged != 0 || fans.GroupRate.High < .5 {
		t.Errorf("fans %+v", fans)
	}
	if ring.Groups != 2 || ring.GroupsFlagged != 1 {
		t.Errorf("ring %+v", ring)
	}
	if r.Seeds == nil || r.Seeds.Recall.Mean != .5 || r.Seeds.Recall.Worst != 0 || r.Seeds.Recall.High != 1 {
		t.Errorf("seeds %+v", r.Seeds)
	}
}

// TestMeasurePartitions compares with values computed by hand: two campaigns of two, found as three and one, and as they are.
func TestMeasurePartitions(t *testing.T) {
	var truth []sim.Truth
	for account, group := range map[string]string{"a": "one", "b": "one", "c": "two", "d": "two"} {
		truth = append(truth, sim.Truth{Account: account, Group: group, Harmful: true, Archetype: "copypasta"})
	}
	for _, c := range []struct {
		name                                   string
		found                                  []Found
		pairs, cubed, rand, information, match float64
	}{
		{"as they are", []Found{{Accounts: []string{"a", "b"}}, {Accounts: []string{"c", "d"}}}, 1, 1, 1, 1, 1},
		{"three and one", []Found{{Accounts: []string{"a", "b", "c"}}}, .4, 2 * (2. / 3) * .75 / (2./3 + .75), 0, .34371, (.8 + .4) / 2},
		{"none", nil, 0, 2 * 1 * .5 / 1.5, 0, 2. / 3, 0},
	} {
		g := Measure([]Run{{truth, c.found}}).Groups
		got := []float64{g.PairF1, g.BCubed, g.AdjustedRand, g.NormalizedInfo, g.BestMatchF1}
		for i, want := range []float64{c.pairs, c.cubed, c.rand, c.information, c.match} {
			if got[i] < want-1e-4 || got[i] > want+1e-4 {
				t.Errorf("%s: figure %d is %v, want %v", c.name, i, got[i], want)
			}
		}
	}
}
