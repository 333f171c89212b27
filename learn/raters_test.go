package learn

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The intervals are those of scipy.stats.beta.ppf 1.10.1.
func TestBetaIntervals(t *testing.T) {
	for _, tc := range []struct{ yes, no, low, high float64 }{
		{1, 1, .025, .975}, {4, 1, .3976353643835253, .9936905367902902}, {81, 182, .25373663205532543, .3649990524634854},
		{.5, .5, .001541333133436012, .9984586668665639}, {1000, 3, .9928085065022489, .999382136649986},
		{2, 5, .043271868292741676, .6412345789976748}, {30000, 20000, .5957022077026082, .6042902150667915},
	} {
		low, high := Beta{tc.yes, tc.no}.Interval()
		if math.Abs(low-tc.low) > 1e-9 || math.Abs(high-tc.high) > 1e-9 {
			t.Errorf("Beta(%g, %g): %.12f to %.12f, want %.12f to %.12f", tc.yes, tc.no, low, high, tc.low, tc.high)
		}
	}
}

func TestBetaIntervalsAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Beta{rapid.Float64Range(0.01, 1e7).Draw(t, "yes"), rapid.Float64Range(0.01, 1e7).Draw(t, "no")}
		low, high := b.Interval()
		if !(0 <= low && low < high && high <= 1) || min(b.Yes, b.No) >= 1 && !(low < b.Mean() && b.Mean() < high) {
			t.Fatalf("%+v: %g to %g, mean %g", b, low, high, b.Mean())
		}
	})
}

// crowd draws votes of raters of known quality on items of a known truth.
func crowd(seed uint64, items, raters, each int) (votes []Vote, truth []bool, sensitivity, specificity []float64) {
	r := rand.New(rand.NewPCG(seed, 4))
	for range raters {
		sensitivity, specificity = append(sensitivity, 0.5+0.5*r.Float64()), append(specificity, 0.7+0.3*r.Float64())
	}
	for i := range items {
		yes := r.Float64() < 0.2
		truth = append(truth, yes)
		for _, who := range r.Perm(raters)[:each] {
			chance := 1 - specificity[who]
			if yes {
				chance = sensitivity[who]
			}
			votes = append(votes, Vote{uint32(i), uint32(who), r.Float64() < chance})
		}
	}
	return votes, truth, sensitivity, specificity
}

func TestAgreeVotesFindsWhoIsRight(t *testing.T) {
	votes, truth, sensitivity, specificity := crowd(1, 6000, 30, 5)
	c, err := AgreeVotes(votes)
	if err != nil || !c.Settled {
		t.Fatalf("settled: %v, error %v", c.Settled, err)
	}
	held := 0
	for r, got := range c.Raters {
		if math.Abs(got.Sensitivity.Mean()-sensitivity[r]) > 0.1 || math.Abs(got.Specificity.Mean()-specificity[r]) > 0.05 {
			t.Errorf("rater %d: %.2f and %.2f, want %.2f and %.2f", r, got.Sensitivity.Mean(), got.Specificity.Mean(), sensitivity[r], specificity[r])
		}
		if low, high := got.Specificity.Interval(); low <= specificity[r] && specificity[r] <= high {
			held++
		}
	}
	if held < 24 {
		t.Errorf("%d of 30 intervals hold the specificity", held)
	}
	majority := make([]int, len(truth))
	for _, v := range votes {
		if v.Positive {
			majority[v.Item]++
		}
	}
	right, rightMajority, scored := 0, 0, []Scored(nil)
	for i, yes := range truth {
		scored = append(scored, Scored{c.Items[i], yes})
		if c.Items[i] >= 0.5 == yes {
			right++
		}
		if majority[i] >= 3 == yes {
			rightMajority++
		}
	}
	if right < rightMajority+20 {
		t.Errorf("%d of 6000 items are right, %d by majority: want 20 more", right, rightMajority)
	}
	if got := CalibrationError(scored, 10); got > 0.02 {
		t.Errorf("calibration error = %.3f, want at most .02", got)
	}
	if math.Abs(c.Positive-0.2) > 0.02 {
		t.Errorf("share of positives = %.3f, want .2", c.Positive)
	}
}

func TestAgreeVotesAtTheEdges(t *testing.T) {
	if c, err := AgreeVotes(nil); err != nil || len(c.Items) != 0 {
		t.Errorf("of no votes: %+v, %v", c, err)
	}
	c, err := AgreeVotes([]Vote{{0, 0, true}, {2, 0, true}, {2, 1, true}})
	if err != nil {
		t.Fatal(err)
	}
	if !(c.Items[2] > c.Items[0] && c.Items[0] > 0.5) || math.Abs(c.Items[1]-c.Positive) > 1e-4 {
		t.Errorf("items = %v with a share of %.2f: want more with more votes, and the share without", c.Items, c.Positive)
	}
	if _, err := AgreeVotes([]Vote{{maxItems, 0, true}}); err == nil {
		t.Error("an item far off: no error")
	}
}

// TestAgreementOfPeople measures on the votes of people in three sets of SemEval-2023 task 11. Of each item one vote in
// four is withheld; a model of the others predicts it, beside the plain share of yes.
func TestAgreementOfPeople(t *testing.T) {
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		t.Skip("RINGFENCE_SHARED does not name the folder of development data")
	}
	for _, tc := range []struct {
		set                            string
		votes                          int
		sensitivity, specificity, same float64 // of the notes' own run
	}{
		{"MD-Agreement", 53765, .72, .91, .939}, {"ConvAbuse", 12168, .89, .99, .979}, {"HS-Brexit", 6720, .61, .99, .833},
	} {
		votes := peopleVotes(t, filepath.Join(shared, "data/review/lewidi-annotators"), tc.set)
		if len(votes) != tc.votes {
			t.Errorf("%s: %d votes, want %d", tc.set, len(votes), tc.votes)
		}
		c, err := AgreeVotes(votes)
		if err != nil {
			t.Fatal(err)
		}
		n, yes, each := make([]int, len(c.Items)), make([]int, len(c.Items)), make([]int, len(c.Raters))
		for _, v := range votes {
			n[v.Item]++
			each[v.Rater]++
			if v.Positive {
				yes[v.Item]++
			}
		}
		same, clear := 0, 0
		for i := range n {
			if 2*yes[i] != n[i] {
				clear++
				if 2*yes[i] > n[i] == (c.Items[i] >= 0.5) {
					same++
				}
			}
		}
		var sensitivity, specificity []float64
		for r, who := range c.Raters {
			if each[r] >= 30 {
				sensitivity, specificity = append(sensitivity, who.Sensitivity.Mean()), append(specificity, who.Specificity.Mean())
			}
		}
		slices.Sort(sensitivity)
		slices.Sort(specificity)
		model, share := withheld(t, votes)
		middle := len(sensitivity) / 2
		t.Logf("%-12s sensitivity %.2f, specificity %.2f (medians of %d), as the majority %.3f; Brier of withheld votes %.4f, by the share of yes %.4f",
			tc.set, sensitivity[middle], specificity[middle], len(sensitivity), float64(same)/float64(clear), model, share)
		if math.Abs(sensitivity[middle]-tc.sensitivity) > 0.08 || math.Abs(specificity[middle]-tc.specificity) > 0.03 || model > share {
			t.Errorf("%s: want sensitivity %.2f, specificity %.2f and a better prediction than the share's", tc.set, tc.sensitivity, tc.specificity)
		}
	}
}

// withheld is how well votes are predicted by the others: the Brier score of the model, and of the share of yes, smoothed.
func withheld(t *testing.T, votes []Vote) (model, share float64) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	var kept, held []Vote
	for _, v := range votes {
		if r.IntN(4) == 0 {
			held = append(held, v)
		} else {
			kept = append(kept, v)
		}
	}
	c, err := AgreeVotes(kept)
	if err != nil {
		t.Fatal(err)
	}
	n, yes := make([]float64, len(c.Items)), make([]float64, len(c.Items))
	all := 0.0
	for _, v := range kept {
		n[v.Item]++
		if v.Positive {
			yes[v.Item]++
			all += 1 / float64(len(kept))
		}
	}
	var predicted, plain []Scored
	for _, v := range held {
		if int(v.Item) >= len(c.Items) || int(v.Rater) >= len(c.Raters) {
			continue
		}
		q, who := c.Items[v.Item], c.Raters[v.Rater]
		predicted = append(predicted, Scored{q*who.Sensitivity.Mean() + (1-q)*(1-who.Specificity.Mean()), v.Positive})
		plain = append(plain, Scored{(yes[v.Item] + all) / (n[v.Item] + 1), v.Positive})
	}
	return Brier(predicted), Brier(plain)
}

func peopleVotes(t *testing.T, dir, set string) (votes []Vote) {
	t.Helper()
	raters := map[string]uint32{}
	items := uint32(0)
	for _, part := range []string{"train", "dev", "test"} {
		b, err := os.ReadFile(filepath.Join(dir, set+"_"+part+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var read map[string]struct{ Annotations, Annotators string }
		if err := json.Unmarshal(b, &read); err != nil {
			t.Fatal(err)
		}
		keys := make([]string, 0, len(read))
		for key := range read {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			said := strings.Split(read[key].Annotations, ",")
			for i, who := range strings.Split(read[key].Annotators, ",") {
				who = strings.TrimSpace(who)
				if _, known := raters[who]; !known {
					raters[who] = uint32(len(raters))
				}
				positive := strings.TrimSpace(said[i]) == "1"
				if set == "ConvAbuse" { // a severity from -3 to 1, below 0 for abuse
					positive = strings.HasPrefix(strings.TrimSpace(said[i]), "-")
				}
				votes = append(votes, Vote{items, raters[who], positive})
			}
			items++
		}
	}
	return votes
}
