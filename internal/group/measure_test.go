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
	if twice := Measure([]Run{{truth, found}, {truth, found}}); twice.Accounts.Harmful != 6 || twice.Accounts.Precision.Value != got.Accounts.Precision.Value {
		t.Errorf("two runs: %+v", twice.Accounts)
	}
	if none := Measure(nil); none.Harm != nil || none.Accounts.Recall.Value != 0 {
		t.Errorf("of nothing: %+v", none)
	}
}
