package reviewbench

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func generated() Source { return Source{NewGenerated(), GenerateSpread(rand.New(rand.NewPCG(1, 1)))} }

func named(t *testing.T, names ...string) (found []Policy) {
	t.Helper()
	for _, p := range Policies() {
		if slices.Contains(names, p.Name) {
			found = append(found, p)
		}
	}
	if len(found) != len(names) {
		t.Fatalf("%d policies of %q", len(found), names)
	}
	return found
}

// TestSeedsDecideEverything: a month comes out the same whatever ran beside it.
func TestSeedsDecideEverything(t *testing.T) {
	src := generated()
	two, err := Run(context.Background(), src, []Job{{Base(), named(t, ByViews, OursName), []uint64{1, 2}}})
	if err != nil {
		t.Fatal(err)
	}
	one, err := Run(context.Background(), generated(), []Job{{Base(), named(t, OursName), []uint64{2}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(two[3], one[0], cmp.AllowUnexported(Row{}), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("the same seed gives another month:\n%s", diff)
	}
	if two[1].Prevented == two[3].Prevented {
		t.Error("two seeds give the same month")
	}
	for _, row := range two {
		if !(row.Prevented > 0 && row.Prevented < 1) || !(row.Precision > .5 && row.Precision <= 1) || row.Benign[0] == 0 {
			t.Errorf("impossible figures: %+v", row)
		}
	}
	if views, ours := two[2], two[3]; ours.Prevented <= views.Prevented || ours.False >= views.False {
		t.Errorf("ours prevents %.3f with %.1f false actions, views %.3f with %.1f", ours.Prevented, ours.False, views.Prevented, views.False)
	}
}

// TestWithoutErrorsOrLoadAllIsPrevented: with capacity to spare and reviewers who are right, only the wait does harm, and nobody is wronged.
func TestWithoutErrorsOrLoadAllIsPrevented(t *testing.T) {
	cell := Base()
	cell.Load, cell.Perfect = .1, true
	rows, err := Run(context.Background(), generated(), []Job{{cell, named(t, FIFO, ByReports), []uint64{3}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row.Prevented < .99 || row.False != 0 || row.NeverSeen > .001 || row.Starved != 0 {
			t.Errorf("%s: %.3f prevented, %.1f false, %.3f never seen, %.3f starved", row.Policy, row.Prevented, row.False, row.NeverSeen, row.Starved)
		}
	}
}

// TestWorld holds what a world is drawn from to what it says.
func TestWorld(t *testing.T) {
	cell := Base()
	cell.Tags = .9
	w := newWorld(cell, generated(), 5)
	violating, groups, right, benignReports, badReports, benignViews, badViews := 0., 0., 0., 0., 0., 0., 0.
	for i := range w.subjects {
		s := &w.subjects[i]
		if !slices.IsSorted(s.views) || !slices.IsSorted(s.reports) || s.seen(s.arrive-before*60-60) != 0 {
			t.Fatalf("case %d: views or reports are not in order", i)
		}
		total := float64(s.views[steps-1])
		if s.violating {
			violating++
			badReports, badViews = badReports+float64(len(s.reports)), badViews+total
		} else {
			benignReports, benignViews = benignReports+float64(len(s.reports)), benignViews+total
		}
		if s.members > 1 {
			groups++
		}
		if severities[s.tag] == s.severity {
			right++
		}
	}
	n := float64(len(w.subjects))
	for _, test := range []struct {
		what             string
		got, least, most float64
	}{
		{"cases", n, 9000, 11000},
		{"violating", violating / n, .24, .31}, // with the day of the incident
		{"groups", groups / n, .13, .17},
		{"tags that are right", right / n, .92, .97}, // the wrong ones are right by chance at times
		{"reports a view of violating against benign ones", badReports / badViews * benignViews / benignReports, 1.5, 5.5},
		{"load", w.stretch * func() (work float64) {
			for i := range w.subjects {
				work += w.subjects[i].minutes
			}
			return work
		}() / days / atOnce, 1.499, 1.501},
	} {
		if !(test.got >= test.least && test.got <= test.most) {
			t.Errorf("%s: %.3f, not from %v to %v", test.what, test.got, test.least, test.most)
		}
	}
}

func TestCellsVaryOneFactor(t *testing.T) {
	cells := Cells()
	if len(cells) > 20 {
		t.Errorf("%d cells: at most 20", len(cells))
	}
	for _, c := range cells[1:] {
		varied := 0
		for _, same := range []bool{c.Load == Base().Load, c.Reports == Base().Reports, c.Brigading == Base().Brigading, c.Tags == Base().Tags, c.Crowd == Base().Crowd,
			c.Drift == Base().Drift, c.Family == Base().Family, c.Clusters == Base().Clusters, c.Cold == Base().Cold, c.Perfect == Base().Perfect} {
			if !same {
				varied++
			}
		}
		if varied != 1 {
			t.Errorf("%s varies %d factors", c.Name, varied)
		}
	}
}

// TestOpportunity: what pauses is worth less than what stays, and more views are never worth less.
func TestOpportunity(t *testing.T) {
	o := newOpportunity()
	for i := 1; i < paces; i++ {
		if o.index[i] < o.index[i-1] {
			t.Errorf("the index falls from %v to %v at pace %d", o.index[i-1], o.index[i], i)
		}
	}
	before := o.of(100)
	for range 5000 {
		o.learn(100, 0)
	}
	o.solve()
	if after := o.of(100); after >= before || math.IsNaN(after) {
		t.Errorf("of what always ends at once the index is %v, before %v", after, before)
	}
}

func TestReport(t *testing.T) {
	var rows []Row
	for seed := range uint64(3) {
		for _, p := range Policies() {
			row := Row{Cell: "base", Policy: p.Name, Seed: seed, Prevented: .7 + .01*float64(seed), False: 10, Benign: [Bands]int{600, 600, 600, 10}, FalseIn: [Bands]int{6, 6, 6, 9}}
			if p.Name == OursName {
				row.Prevented, row.False, row.FalseIn = row.Prevented+.02, 5, [Bands]int{3, 6, 9, 9}
			}
			rows = append(rows, row)
		}
	}
	var text, table strings.Builder
	report := Report{rows}
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"≥ 1.5 points more harm prevented than \"most views first\"", "+2.0 ±0.0", "50 %", "3.0 [3.0, 3.0]", "NOT MET"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	if err := report.WriteCSV(&table); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Count(table.String(), "\n"), len(rows)+1; got != want {
		t.Errorf("%d lines of CSV, want %d", got, want)
	}
}

func TestReadTables(t *testing.T) {
	const head = "label_polluter,followings,followers,tweets,screen_name_len,description_len\n"
	for _, test := range []struct{ in, want string }{
		{"", "the table of accounts has no head: EOF"},
		{"a,b\n", "the table of accounts has no column label_polluter"},
		{head + "1,2,3,4,5,x\n", `account 1: description_len is "x", not a number from 0 on`},
		{head + "1,2,3,4,5,-1\n", `account 1: description_len is "-1", not a number from 0 on`},
		{head + "1,2,3,4,5,6\n", "the table of accounts needs 200 accounts of either label"},
	} {
		if _, err := ReadTable(strings.NewReader(test.in)); err == nil || err.Error() != test.want {
			t.Errorf("ReadTable(%q) = %v, want %s", test.in, err, test.want)
		}
	}
	table, err := ReadTable(strings.NewReader(head + strings.Repeat("1,2,3,4,5,6\n0,20,30,40,50,60\n", 200)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := table.Draw(rand.New(rand.NewPCG(1, 1)), true, false), (Account{2, 3, 4, 5, 6}); got != want {
		t.Errorf("Draw = %+v, want %+v", got, want)
	}
	for _, test := range []struct{ in, want string }{
		{"", "the table of cascades has no head: EOF"},
		{"a,b\n", "the table of cascades needs the columns label and delays_min"},
		{"label,delays_min\ntrue,1 x\n", `cascade 1: delay "x" is not a number of minutes`},
		{"label,delays_min\ntrue,0 1 2 3 4 5\n", "the table of cascades needs 20 of either family with five delays at least"},
	} {
		if _, err := ReadSpread(strings.NewReader(test.in)); err == nil || err.Error() != test.want {
			t.Errorf("ReadSpread(%q) = %v, want %s", test.in, err, test.want)
		}
	}
	spread, err := ReadSpread(strings.NewReader("label,delays_min\n" + strings.Repeat("true,0 1 2 3 70 1e6 4\nfalse,1 2 3 4 5\n", 20)))
	if err != nil {
		t.Fatal(err)
	}
	if c := spread.Fast[0]; c[0] != 0 || c[1] != .8 || c[2] != 1 {
		t.Errorf("curve starts %v, want 0 0.8 1", c[:3])
	}
}

func FuzzReadTables(f *testing.F) {
	f.Add("label_polluter,followings,followers,tweets,screen_name_len,description_len\n1,2,3,4,5,6\n")
	f.Add("label,delays_min\ntrue,0 1.5 2\n")
	f.Fuzz(func(t *testing.T, in string) {
		if table, err := ReadTable(strings.NewReader(in)); (table == nil) == (err == nil) {
			t.Errorf("ReadTable gives %v and %v", table, err)
		}
		if spread, err := ReadSpread(strings.NewReader(in)); (spread == nil) == (err == nil) {
			t.Errorf("ReadSpread gives %v and %v", spread, err)
		}
	})
}
