package prevalence

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestGridIsAdditive: views are drawn alike however their counts come in, and what a grid draws a finer one draws, too.
func TestGridIsAdditive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.String().Draw(t, "content")
		g := Grid{uint(rapid.IntRange(0, 12).Draw(t, "shift"))}
		a := rapid.Int64Range(0, 1e6).Draw(t, "a")
		b := a + rapid.Int64Range(0, 1e6).Draw(t, "b")
		c := b + rapid.Int64Range(0, 1e6).Draw(t, "c")
		if got, want := g.Drawn(id, a, b)+g.Drawn(id, b, c), g.Drawn(id, a, c); got != want {
			t.Errorf("in two parts %d, at once %d", got, want)
		}
		if n := g.Drawn(id, a, c); n < (c-a)/g.Weight() || n > (c-a)/g.Weight()+1 {
			t.Errorf("drew %d of %d views, one in %d", n, c-a, g.Weight())
		}
		if g.Shift > 0 && g.Drawn(id, a, a+1) > (Grid{g.Shift - 1}).Drawn(id, a, a+1) {
			t.Error("a finer grid does not draw what a coarser one does")
		}
	})
}

// TestGridIsFair: over many contents, each view has the chance that the grid says.
func TestGridIsFair(t *testing.T) {
	g := Grid{6}
	var drawn, views int64
	for i := range 20_000 {
		n := int64(i % 40)
		drawn += g.Drawn(fmt.Sprint("p", i), 0, n)
		views += n
	}
	want := float64(views) / 64
	if math.Abs(float64(drawn)-want) > 4*math.Sqrt(want) {
		t.Errorf("drew %d of %d views, want about %.0f", drawn, views, want)
	}
}

func TestAdjusted(t *testing.T) {
	for _, c := range []struct {
		shift         uint
		drawn, wanted int
		want          uint
	}{{5, 500, 200, 6}, {5, 300, 200, 5}, {5, 99, 200, 4}, {0, 0, 200, 0}, {MaxShift, 1000, 200, MaxShift}} {
		if got := (Grid{c.shift}).Adjusted(c.drawn, c.wanted).Shift; got != c.want {
			t.Errorf("1 in 2^%d with %d drawn: got 2^%d, want 2^%d", c.shift, c.drawn, got, c.want)
		}
	}
}

func TestEstimates(t *testing.T) {
	var e Estimator
	e.Add("a", 1, 8, []string{"spam"})
	e.Add("a", 2, 8, []string{"spam"})
	e.Add("b", 1, 16, []string{"fraud", "spam"})
	for i := range 60 {
		e.Add(fmt.Sprint("c", i), 1, 8, nil)
	}
	e.AddOpen(4)
	type row struct {
		Policy              string
		Value               float64
		Contents, Violating int
		Open                int64
	}
	var got []row
	for _, x := range e.Estimates() {
		got = append(got, row{x.Policy, x.Rate.Value, x.Contents, x.Violating, x.Open})
		if !(x.Rate.Low < x.Rate.Value && x.Rate.Value < x.Rate.High) {
			t.Errorf("%s: interval %v", x.Policy, x.Rate)
		}
	}
	want := []row{{"", 40. / 520, 62, 2, 4}, {"fraud", 16. / 520, 62, 1, 4}, {"spam", 40. / 520, 62, 2, 4}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	var none Estimator
	if got := none.Estimates(); len(got) != 1 || got[0].Rate.Low != 0 || got[0].Rate.High != 1 {
		t.Errorf("of nothing: %v", got)
	}
	var clean Estimator
	for i := range 100 {
		clean.Add(fmt.Sprint(i), 1, 4, nil)
	}
	if r := clean.Estimates()[0].Rate; r.Value != 0 || r.Low != 0 || r.High < .02 || r.High > .05 {
		t.Errorf("of 100 contents without a violation: %v", r)
	}
}

// TestCoverage draws from platforms with a known share of violating views: the interval holds it about as often as it says, also where
// few contents have most of the views.
func TestCoverage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rate  float64 // of contents
		sigma float64 // of the logarithm of views
		least float64
	}{
		{"even views", .05, .3, .92},
		{"skewed views", .1, 1.2, .90},
		{"rare", .01, .5, .92},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 7))
			const rounds = 400
			covered, bias := 0, 0.0
			for r := range rounds {
				var e Estimator
				g := Grid{8}
				var bad, all int64
				for i := range 4000 {
					id := fmt.Sprint(r, "/", i)
					views := int64(math.Exp(4 + tt.sigma*rng.NormFloat64()))
					var policies []string
					all += views
					if rng.Float64() < tt.rate {
						policies = []string{"spam"}
						bad += views
					}
					if n := g.Drawn(id, 0, views); n > 0 {
						e.Add(id, n, g.Weight(), policies)
					}
				}
				truth := float64(bad) / float64(all)
				got := e.Estimates()[0].Rate
				bias += (got.Value - truth) / truth / rounds
				if got.Low <= truth && truth <= got.High {
					covered++
				}
			}
			if share := float64(covered) / rounds; share < tt.least {
				t.Errorf("the interval holds the truth in %.1f%% of %d rounds, want at least %.0f%%", 100*share, rounds, 100*tt.least)
			}
			if math.Abs(bias) > .05 {
				t.Errorf("the estimate is off by %.1f%% on average", 100*bias)
			}
		})
	}
}
