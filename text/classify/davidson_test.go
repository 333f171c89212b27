package classify

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"github.com/ringfence/ringfence/learn"
)

// TestDavidson measures the classifier on the labelled tweets of Davidson and others (2017), which are not part of this
// repository. The split: a tweet is in the test set if the FNV-1a hash of its row number is 0 modulo 5. The model is trained on
// the others, and the threshold chosen on them.
func TestDavidson(t *testing.T) {
	shared := os.Getenv("RINGFENCE_SHARED")
	if shared == "" {
		t.Skip("RINGFENCE_SHARED does not name the folder of development data")
	}
	rows := readDavidson(t, filepath.Join(shared, "data/text/davidson/labeled_data.csv"))
	for _, task := range []struct {
		name     string
		positive func(class string) bool
		auc, f1  float64 // what it has to reach
	}{
		{"hate or offensive against neither", func(c string) bool { return c != "2" }, .975, .96},
		{"hate against the rest", func(c string) bool { return c == "0" }, .85, .40},
	} {
		var examples, test []Example
		for _, r := range rows {
			h := learn.HashSeed
			for i := range len(r[0]) {
				h = h.Add(r[0][i])
			}
			e := Example{r[6], task.positive(r[5])}
			if h%5 == 0 {
				test = append(test, e)
			} else {
				examples = append(examples, e)
			}
		}
		m, report, err := Train(examples)
		if err != nil {
			t.Fatal(err)
		}
		var probabilities []learn.Scored
		for _, e := range test {
			probabilities = append(probabilities, learn.Scored{Score: m.Score(e.Text).Probability, Positive: e.Positive})
		}
		auc, err := learn.AUC(probabilities)
		if err != nil {
			t.Fatal(err)
		}
		threshold, best := 0.5, 0.0 // the best F1 on the training side
		for p := 0.05; p < 0.95; p += 0.05 {
			if f1 := learn.At(report.Scored, p).F1(); f1 > best {
				threshold, best = p, f1
			}
		}
		c := learn.At(probabilities, threshold)
		t.Logf("%s: trained on %d (AUC %.4f, log loss %.4f, calibration error %.4f across folds), %d bytes", task.name, len(examples),
			report.AUC, report.LogLoss, report.CalibrationError, len(m.Append(nil)))
		t.Logf("  test on %d: AUC %.4f, log loss %.4f, calibration error %.4f; at %.2f: precision %s, recall %s, F1 %.3f, false rate %s", len(test),
			auc, learn.LogLoss(probabilities), learn.CalibrationError(probabilities, 20), threshold, c.Precision(), c.Recall(), c.F1(), c.FalseRate())
		if auc < task.auc || c.F1() < task.f1 {
			t.Errorf("%s: AUC %.4f and F1 %.3f, want at least %.2f and %.2f", task.name, auc, c.F1(), task.auc, task.f1)
		}
	}
}

func readDavidson(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}
