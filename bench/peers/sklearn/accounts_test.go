package sklearn

import (
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/learn"
	"github.com/ringfence/ringfence/text/classify"
)

// records reads a CSV file of the development data: each row by the names of its columns.
func records(t *testing.T, path string) []map[string]string {
	t.Helper()
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		t.Skip("RINGFENCE_SHARED does not name the folder of development data")
	}
	file, err := os.Open(filepath.Join(shared, "data/review", path))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, name := range rows[0] {
			record[name] = row[i]
		}
		all = append(all, record)
	}
	return all
}

// profiled is a record as an event, with the counts and lengths that these sets have; names are hashed away, so that letters stand in for them.
func profiled(t *testing.T, r map[string]string, columns map[event.Field]string, handle, bio string) account.Example {
	t.Helper()
	number := func(column string) int64 {
		n, err := strconv.ParseInt(r[column], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	e := event.Event{}
	for field, column := range columns {
		e.Fields.Add(field)
		switch field {
		case event.FieldAccountFollowers:
			e.Account.Followers = number(column)
		case event.FieldAccountFollowing:
			e.Account.Following = number(column)
		case event.FieldAccountPosts:
			e.Account.Posts = number(column)
		}
	}
	e.Attrs = []event.Attr{
		{Key: "bio", Value: event.Value{Kind: event.String, Str: strings.Repeat("x", int(number(bio)))}},
		{Key: "name", Value: event.Value{Kind: event.String, Str: strings.Repeat("x", int(number(handle)))}},
	}
	return account.Example{Account: r["id_hash"], Row: account.AppendProfile(nil, &e)}
}

// report prints how a model of the package account does where it was not trained.
func report(t *testing.T, r *account.Report) {
	t.Helper()
	t.Logf("%d and %d accounts: AUC %.4f  AP %.4f  Brier %.4f  debiased calibration error %.4f", r.Positive, r.Negative, r.AUC, r.AveragePrecision, r.Brier, r.CalibrationError)
	for _, b := range r.Bands {
		positive, sum := 0, 0.0
		for _, s := range b.Scored {
			sum += s.Score
			if s.Positive {
				positive++
			}
		}
		n := float64(len(b.Scored))
		t.Logf("followers %-9s %6d accounts, %.3f positive, mean probability %.3f, calibration error %.4f, flagged of the benign at .5: %v",
			b.Followers, len(b.Scored), float64(positive)/n, sum/n, learn.DebiasedCalibrationError(b.Scored, 15), b.FalseRate(0.5))
	}
}

// TestAccountsOfHoneypot trains the account model as `accounts train` does, on counts and lengths alone.
func TestAccountsOfHoneypot(t *testing.T) {
	var examples []account.Example
	var own []learn.Scored
	simulated, err := account.Default(account.Profile)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range records(t, "social-honeypot/accounts.csv") {
		x := profiled(t, r, map[event.Field]string{event.FieldAccountFollowers: "followers", event.FieldAccountFollowing: "followings", event.FieldAccountPosts: "tweets"},
			"screen_name_len", "description_len")
		x.Positive = r["label_polluter"] == "1"
		x.Account += fmt.Sprint(" ", i) // some are in both classes
		examples = append(examples, x)
		own = append(own, learn.Scored{Score: simulated.Score(x.Row), Positive: x.Positive})
	}
	model, r, err := account.Train(account.Profile, examples)
	if err != nil {
		t.Fatal(err)
	}
	report(t, r)
	t.Logf("the model is %d bytes", len(model.Append(nil)))
	t.Logf("the program's own model, which was trained on the simulation: %v", judge(t, own))
	if r.AUC < 0.96 || r.Brier > 0.075 || r.CalibrationError > 0.015 {
		t.Error("worse than it was")
	}
}

// TestFakeProfiles is a smoke test: the two kinds of this set can nearly be told apart by one column.
func TestFakeProfiles(t *testing.T) {
	var examples []account.Example
	for _, r := range records(t, "mib-fake-profiles/accounts.csv") {
		x := profiled(t, r, map[event.Field]string{event.FieldAccountFollowers: "followers_count", event.FieldAccountFollowing: "friends_count", event.FieldAccountPosts: "statuses_count"},
			"name_len", "desc_len")
		x.Positive = r["label_fake"] == "1"
		examples = append(examples, x)
	}
	_, r, err := account.Train(account.Profile, examples)
	if err != nil {
		t.Fatal(err)
	}
	report(t, r)
	if r.AUC < 0.98 {
		t.Error("worse than it was")
	}
}

// TestSpamOfOtherVideos trains the text classifier on the comments of four videos and tests on the fifth, each in turn.
func TestSpamOfOtherVideos(t *testing.T) {
	byVideo := map[string][]classify.Example{}
	for _, r := range records(t, "youtube-spam/comments.csv") {
		byVideo[r["video"]] = append(byVideo[r["video"]], classify.Example{Text: r["content"], Positive: r["label_spam"] == "1"})
	}
	var all []learn.Scored
	videos := slices.Sorted(maps.Keys(byVideo))
	for _, test := range videos {
		var train []classify.Example
		for _, other := range videos {
			if other != test {
				train = append(train, byVideo[other]...)
			}
		}
		m, _, err := classify.Train(train)
		if err != nil {
			t.Fatal(err)
		}
		var scored []learn.Scored
		for _, x := range byVideo[test] {
			scored = append(scored, learn.Scored{Score: m.Score(x.Text).Probability, Positive: x.Positive})
		}
		t.Logf("video %s, %d comments: %v", test, len(scored), judge(t, scored))
		all = append(all, scored...)
	}
	f := judge(t, all)
	t.Logf("all: %v", f)
	if f.auc < 0.95 {
		t.Error("worse than it was")
	}
}

// TestFewToCalibrateBy says which calibration is best for how many examples, on the scores of trees that were not trained on them.
func TestFewToCalibrateBy(t *testing.T) {
	train, validate, test := split(honeypot(t), 0)
	m, err := learn.Boost(train, nil, learn.DefaultBoost(learn.LogisticLoss))
	if err != nil {
		t.Fatal(err)
	}
	scores := func(part *learn.Table) []learn.Scored {
		scored := make([]learn.Scored, len(part.Rows))
		for i, row := range part.Rows {
			scored[i] = learn.Scored{Score: 2 * m.Score(row), Positive: part.Targets[i] == 1} // twice too certain, so that there is something to mend
		}
		return scored
	}
	held, tested := scores(validate), scores(test)
	for _, n := range []int{100, 200, 500, 1000, 2000, 8000} {
		sum := map[string]float64{}
		const times = 5
		runs := min(times, len(held)/n)
		for run := range runs {
			part := held[run*n : (run+1)*n]
			platt, err := learn.FitPlatt(part)
			if err != nil {
				t.Fatal(err)
			}
			isotonic, err := learn.FitIsotonic(part)
			if err != nil {
				t.Fatal(err)
			}
			for name, c := range map[string]learn.Calibration{"platt": platt, "isotonic": isotonic} {
				var out []learn.Scored
				for _, s := range tested {
					out = append(out, learn.Scored{Score: c.Probability(s.Score), Positive: s.Positive})
				}
				sum[name] += learn.Brier(out) / float64(runs)
			}
			beta := fitBeta(t, part)
			var out []learn.Scored
			for _, s := range tested {
				out = append(out, learn.Scored{Score: beta(s.Score), Positive: s.Positive})
			}
			sum["beta"] += learn.Brier(out) / float64(runs)
		}
		t.Logf("%5d examples: Brier %.5f by Platt, %.5f by beta, %.5f isotonic", n, sum["platt"], sum["beta"], sum["isotonic"])
	}
}

// fitBeta is the calibration of Kull, Silva Filho and Flach (2017), by gradient descent with backtracking: the logit is a·ln p − b·ln(1−p) + c.
func fitBeta(t *testing.T, scored []learn.Scored) func(logit float64) float64 {
	t.Helper()
	inputs := func(logit float64) [3]float64 {
		return [3]float64{-math.Log1p(math.Exp(-logit)), math.Log1p(math.Exp(logit)), 1}
	}
	w := [3]float64{0.5, 0.5, 0}
	predict := func(w [3]float64, logit float64) float64 {
		x := inputs(logit)
		return learn.Sigmoid(w[0]*x[0] + w[1]*x[1] + w[2])
	}
	loss := func(w [3]float64) float64 {
		out := make([]learn.Scored, len(scored))
		for i, s := range scored {
			out[i] = learn.Scored{Score: predict(w, s.Score), Positive: s.Positive}
		}
		return learn.LogLoss(out)
	}
	step := 1.0
	for range 3000 {
		var g [3]float64
		for _, s := range scored {
			miss := predict(w, s.Score)
			if s.Positive {
				miss--
			}
			for i, x := range inputs(s.Score) {
				g[i] += miss * x / float64(len(scored))
			}
		}
		before := loss(w)
		for step *= 2; step > 1e-9; step /= 2 {
			next := [3]float64{max(0, w[0]-step*g[0]), max(0, w[1]-step*g[1]), w[2] - step*g[2]}
			if loss(next) < before {
				w = next
				break
			}
		}
		if step <= 1e-9 || before-loss(w) < 1e-10 {
			break
		}
	}
	return func(logit float64) float64 { return predict(w, logit) }
}
