package sklearn

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/ringfence/ringfence/learn"
)

// honeypot are the accounts of Lee, Eoff and Caverlee (2011) by seven features. Dates and ids tell how an account was collected, and with that
// its class: they are left out.
func honeypot(t *testing.T) *learn.Table {
	t.Helper()
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		t.Skip("RINGFENCE_SHARED does not name the folder of development data")
	}
	file, err := os.Open(filepath.Join(shared, "data/review/social-honeypot/accounts.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(bufio.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	table := &learn.Table{Names: []string{"following", "followers", "posts", "name_length", "bio_length", "following_per_follower", "posts_per_follower"}}
	for _, row := range rows[1:] {
		var v [7]float64
		for i := range v[1:] {
			if v[i+1], err = strconv.ParseFloat(row[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		following, followers, posts := math.Log1p(v[2]), math.Log1p(v[3]), math.Log1p(v[4])
		table.Rows = append(table.Rows, []float64{following, followers, posts, v[5], v[6], following - followers, posts - followers})
		table.Targets = append(table.Targets, v[1])
	}
	return table
}

// split is a random 60/20/20 split.
func split(t *learn.Table, seed uint64) (train, validate, test *learn.Table) {
	order := rand.New(rand.NewPCG(seed, 0)).Perm(len(t.Rows))
	part := func(from, to int) *learn.Table {
		p := &learn.Table{Names: t.Names}
		for _, i := range order[len(order)*from/10 : len(order)*to/10] {
			p.Rows, p.Targets = append(p.Rows, t.Rows[i]), append(p.Targets, t.Targets[i])
		}
		return p
	}
	return part(0, 6), part(6, 8), part(8, 10)
}

// write gives the peer the split.
func write(t *testing.T, path string, train, validate, test *learn.Table) {
	t.Helper()
	var b bytes.Buffer
	for i, part := range []*learn.Table{train, validate, test} {
		for r, row := range part.Rows {
			fmt.Fprintf(&b, "%s,%g", []string{"train", "validate", "test"}[i], part.Targets[r])
			for _, v := range row {
				if math.IsNaN(v) {
					b.WriteByte(',')
					continue
				}
				fmt.Fprintf(&b, ",%s", strconv.FormatFloat(v, 'g', -1, 64))
			}
			b.WriteByte('\n')
		}
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// seconds are what the peer says of its own cost; scoring is for one row, in one call for all of them.
type seconds struct {
	Version           string
	Training, Scoring float64
}

// peer trains scikit-learn on each split and gives its probabilities of the test rows.
func peer(t *testing.T, paths []string, tests []*learn.Table) ([][]learn.Scored, seconds) {
	t.Helper()
	python := "/usr/bin/python3" // where Debian's package is found, whatever comes first in PATH
	if exec.CommandContext(t.Context(), python, "-c", "import sklearn").Run() != nil {
		python = "python3"
		if exec.CommandContext(t.Context(), python, "-c", "import sklearn").Run() != nil {
			t.Skip("python3 has no scikit-learn: apt-get install python3-sklearn")
		}
	}
	out, err := exec.CommandContext(t.Context(), python, append([]string{"peer.py"}, paths...)...).Output()
	if err != nil {
		t.Fatalf("scikit-learn: %v", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	scored := make([][]learn.Scored, len(tests))
	for i, test := range tests {
		for _, y := range test.Targets {
			lines.Scan()
			p, err := strconv.ParseFloat(lines.Text(), 64)
			if err != nil {
				t.Fatal(err)
			}
			scored[i] = append(scored[i], learn.Scored{Score: p, Positive: y == 1})
		}
	}
	var cost seconds
	lines.Scan()
	if err := json.Unmarshal(lines.Bytes(), &cost); err != nil {
		t.Fatal(err)
	}
	return scored, cost
}

// cpu are the seconds that this process has computed.
func cpu(t *testing.T) float64 {
	t.Helper()
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		t.Fatal(err)
	}
	return float64(use.Utime.Nano()) / 1e9
}

// figures are those of one model on one test part.
type figures struct{ auc, ap, brier, ece float64 }

func judge(t *testing.T, scored []learn.Scored) figures {
	t.Helper()
	auc, err := learn.AUC(scored)
	if err != nil {
		t.Fatal(err)
	}
	ap, err := learn.AveragePrecision(scored)
	if err != nil {
		t.Fatal(err)
	}
	return figures{auc, ap, learn.Brier(scored), learn.CalibrationError(scored, 15)}
}

func (f figures) plus(o figures, share float64) figures {
	return figures{f.auc + o.auc*share, f.ap + o.ap*share, f.brier + o.brier*share, f.ece + o.ece*share}
}

func (f figures) String() string {
	return fmt.Sprintf("AUC %.4f  AP %.4f  Brier %.4f  ECE %.4f", f.auc, f.ap, f.brier, f.ece)
}

// score predicts a part.
func score(m *learn.Trees, part *learn.Table) []learn.Scored {
	scored := make([]learn.Scored, len(part.Rows))
	for i, row := range part.Rows {
		scored[i] = learn.Scored{Score: m.Predict(row), Positive: part.Targets[i] == 1}
	}
	return scored
}

// TestHoneypot holds the trees to the peer's figures on five splits: AUC within .001, Brier within .0005. What it costs is only said.
func TestHoneypot(t *testing.T) {
	table := honeypot(t)
	const splits = 5
	var paths []string
	var tests []*learn.Table
	var ours figures
	for seed := range uint64(splits) {
		train, validate, test := split(table, seed)
		path := filepath.Join(t.TempDir(), "split.csv")
		write(t, path, train, validate, test)
		paths, tests = append(paths, path), append(tests, test)
		m, err := learn.Boost(train, nil, learn.DefaultBoost(learn.LogisticLoss))
		if err != nil {
			t.Fatal(err)
		}
		ours = ours.plus(judge(t, score(m, test)), 1./splits)
	}
	predicted, cost := peer(t, paths, tests)
	var theirs figures
	for _, scored := range predicted {
		theirs = theirs.plus(judge(t, scored), 1./splits)
	}
	before := cpu(t)
	m, err := learn.Boost(table, nil, learn.DefaultBoost(learn.LogisticLoss))
	if err != nil {
		t.Fatal(err)
	}
	training := cpu(t) - before
	before = cpu(t)
	for _, row := range table.Rows {
		m.Score(row)
	}
	scoring := (cpu(t) - before) / float64(len(table.Rows))
	t.Logf("ringfence            %v", ours)
	t.Logf("scikit-learn %s   %v", cost.Version, theirs)
	t.Logf("ringfence: %.2f s of CPU to train on %d rows, %.2f µs a score, one at a time, %d bytes; scikit-learn: %.2f s for five times %d rows, %.2f µs in one call for all",
		training, len(table.Rows), scoring*1e6, len(m.Append(nil)), cost.Training, len(table.Rows)*6/10, cost.Scoring*1e6)
	if ours.auc < theirs.auc-0.001 || ours.brier > theirs.brier+0.0005 {
		t.Error("AUC or Brier is worse than the peer's by more than .001 or .0005")
	}
}
