package review

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// seen is a steady stream of views until now.
func seen(perHour float64, hours int) []Reading {
	var readings []Reading
	for h := 0; h <= hours; h++ {
		readings = append(readings, Reading{monday.Add(time.Duration(h-hours) * time.Hour), perHour * float64(h)})
	}
	return readings
}

func single(id string, p, severity, perHour float64) Case {
	return Case{ID: id, Opened: monday.Add(-24 * time.Hour), Preventable: 1, Members: []Member{{P: p, Severity: severity, Views: seen(perHour, 24)}}}
}

func TestPriorityIsTheProductOfItsFactors(t *testing.T) {
	c := single("c", .5, 3, 100)
	c.Policy, c.Preventable = "scam", .5
	got := Of(&c, new(Reach), monday)
	if want := got.P * got.Severity * got.Reach * got.Preventable / got.Minutes; math.Abs(got.Value/want-1) > 1e-9 {
		t.Errorf("Value = %v, want the product of the factors, %v", got.Value, want)
	}
	want := []string{
		"50 % likely to violate the policy on scam", "severity 3", "about 5.17 thousand more views in 14 days if nobody acts (100 an hour now)",
		"acting prevents 50 % of them", "about 3 min to decide",
	}
	if diff := cmp.Diff(want, got.Words()); diff != "" {
		t.Errorf("Words (-want +got):\n%s", diff)
	}
}

func TestGroupsCountTheirMembers(t *testing.T) {
	group := Case{Opened: monday, Preventable: 1}
	sum := 0.0
	for _, p := range []float64{.9, .2, .1} {
		c := single("", p, 3, 50)
		sum += Of(&c, new(Reach), monday).Harm
		group.Members = append(group.Members, c.Members[0])
	}
	group.Opened = monday.Add(-24 * time.Hour)
	got := Of(&group, new(Reach), monday)
	if math.Abs(got.Harm/sum-1) > 1e-9 {
		t.Errorf("Harm = %v, want the members' %v", got.Harm, sum)
	}
	if want := 1 - .1*.8*.9; math.Abs(got.P-want) > 1e-9 {
		t.Errorf("P = %v, want %v of members whose evidence is their own", got.P, want)
	}
	if want := 8 + 2*math.Log2(4); got.Minutes != want {
		t.Errorf("Minutes = %v, want %v", got.Minutes, want)
	}
	group.Shared = 1
	if got, want := Of(&group, new(Reach), monday).P, 1-math.Cbrt(.1*.8*.9); math.Abs(got-want) > 1e-9 {
		t.Errorf("P = %v, want %v of members who share all evidence", got, want)
	}
	group.Members = []Member{{P: .2, Severity: 1, Number: 500}}
	if got := Of(&group, new(Reach), monday); got.Members != 500 || math.Abs(got.P-.2) > 1e-9 {
		t.Errorf("500 in one: %d members, P = %v, want .2", got.Members, got.P)
	}
}

func genCase(t *rapid.T) Case {
	c := Case{ID: rapid.StringN(1, 4, -1).Draw(t, "id"), Opened: monday.Add(-time.Duration(rapid.IntRange(0, 240).Draw(t, "waited")) * time.Hour),
		Lift: rapid.Float64Range(0, MaxLift).Draw(t, "lift"), Shared: rapid.Float64Range(0, 1).Draw(t, "shared"), Preventable: rapid.Float64Range(.01, 1).Draw(t, "preventable")}
	for range rapid.IntRange(1, 4).Draw(t, "members") {
		c.Members = append(c.Members, Member{P: rapid.Float64Range(0, 1).Draw(t, "p"), Severity: rapid.Float64Range(.1, 10).Draw(t, "severity"),
			Views: seen(rapid.Float64Range(0, 1e5).Draw(t, "views"), rapid.IntRange(0, 100).Draw(t, "hours"))})
	}
	return c
}

func TestPriorityRisesWithItsFactors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genCase(t)
		i := rapid.IntRange(0, len(c.Members)-1).Draw(t, "member")
		before := Of(&c, new(Reach), monday)
		more := c
		more.Members = slices.Clone(c.Members)
		m := &more.Members[i]
		switch rapid.SampledFrom([]string{"p", "severity", "reach", "lift", "preventable", "minutes"}).Draw(t, "what") {
		case "p":
			m.P += (1 - m.P) * rapid.Float64Range(0, 1).Draw(t, "by")
		case "severity":
			m.Severity *= rapid.Float64Range(1, 10).Draw(t, "by")
		case "reach":
			by := rapid.Float64Range(1, 10).Draw(t, "by")
			m.Views = slices.Clone(m.Views)
			for j := range m.Views {
				m.Views[j].Views *= by
			}
		case "lift":
			more.Lift += rapid.Float64Range(0, 1).Draw(t, "by")
		case "preventable":
			more.Preventable += (1 - more.Preventable) * rapid.Float64Range(0, 1).Draw(t, "by")
		case "minutes":
			more.Minutes = before.Minutes * rapid.Float64Range(.1, 1).Draw(t, "by")
		}
		if after := Of(&more, new(Reach), monday); after.Value < before.Value*(1-1e-9) {
			t.Errorf("Value falls from %v to %v", before.Value, after.Value)
		}
		if before.Unreported > before.Value*(1+1e-9) {
			t.Errorf("Unreported %v is over Value %v", before.Unreported, before.Value)
		}
	})
}

func TestRankDoesNotDependOnTheOrderOfTheFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cases := rapid.SliceOfNDistinct(rapid.Custom(genCase), 1, 20, func(c Case) string { return c.ID }).Draw(t, "cases")
		order := func(cases []Case) []string {
			var ids []string
			for _, r := range Rank(cases, new(Reach), monday) {
				ids = append(ids, r.Case.ID)
			}
			return ids
		}
		want := order(slices.Clone(cases))
		if got := order(rapid.Permutation(cases).Draw(t, "permuted")); !slices.Equal(got, want) {
			t.Errorf("order = %q, want %q", got, want)
		}
	})
}

func TestRankWithoutReports(t *testing.T) {
	brigaded := single("brigaded", .1, 1, 100)
	brigaded.Lift = MaxLift
	cases := []Case{single("a", .9, 1, 100), brigaded, single("b", .3, 1, 100), single("c", .05, 1, 100)}
	var got []string
	for _, r := range Rank(cases, new(Reach), monday) {
		got = append(got, r.Case.ID)
		if want := map[string]int{"a": 1, "brigaded": 3, "b": 3, "c": 4}[r.Case.ID]; r.Unreported != want {
			t.Errorf("%s would rank #%d without reports, want #%d", r.Case.ID, r.Unreported, want)
		}
	}
	if want := "a brigaded b c"; strings.Join(got, " ") != want {
		t.Errorf("order = %q, want %q", got, want)
	}
}

func TestLift(t *testing.T) {
	report := func(minute int, reporter string, upheld, overturned int) Report {
		return Report{monday.Add(time.Duration(minute) * time.Minute), reporter, upheld, overturned}
	}
	for _, test := range []struct {
		name    string
		reports []Report
		want    float64
	}{
		{"nobody", nil, 0},
		{"a stranger", []Report{report(0, "a", 0, 0)}, .25},
		{"a stranger three times", []Report{report(0, "a", 0, 0), report(60, "a", 0, 0), report(600, "a", 0, 0)}, .25},
		{"two strangers an hour apart", []Report{report(0, "a", 0, 0), report(60, "b", 0, 0)}, .375},
		{"two strangers at once", []Report{report(0, "a", 0, 0), report(3, "b", 0, 0)}, .25},
		{"two strangers at no known time", []Report{{Reporter: "a"}, {Reporter: "b"}}, .375},
		{"one who is always wrong", []Report{report(0, "a", 0, 50)}, 0},
		{"one who is always right", []Report{report(0, "a", 500, 0)}, MaxLift},
		{"impossible records", []Report{report(0, "a", -5, -7)}, .25},
	} {
		if got := Lift(test.reports); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: Lift = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestBrigadesGainLittle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var reports []Report
		for i := range rapid.IntRange(0, 300).Draw(t, "reports") {
			reports = append(reports, Report{At: monday.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "minute")) * time.Minute), Reporter: string(rune('A' + i))})
		}
		if got := Lift(reports); got > .25+1e-9 {
			t.Errorf("%d friends at once add %v, want what one stranger adds at most", len(reports), got)
		}
		for i := range reports {
			reports[i].At = monday.Add(time.Duration(i) * time.Hour)
			reports[i].Upheld = rapid.IntRange(0, 100).Draw(t, "upheld")
		}
		if got := Lift(reports); got > MaxLift || got < 0 {
			t.Errorf("Lift = %v, not from 0 to %v", got, MaxLift)
		}
	})
}
