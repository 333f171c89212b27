package casework

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/learn"
)

// treesKind is the kind of the versions that are stored.
const treesKind = "trees"

// Bounds of training.
const (
	leastLessons = 200 // under all policies, and leastOfEach of either kind
	leastOfEach  = 20
	maxColumns   = 200
	policyColumn = "policy " // begins the columns that say under which policy it is asked
)

// ErrFew says that there are too few verdicts.
var ErrFew = errors.New("there are too few verdicts")

// trees is a version of boosted trees with its calibration. It never changes.
type trees struct {
	id      string
	model   *learn.Trees
	fit     learn.Calibration // nil for none
	columns map[string]int
}

func newTrees(id string, data []byte) (*trees, error) {
	t := &trees{id: id, columns: map[string]int{}}
	model, rest, err := learn.DecodeTrees(data)
	if err == nil && len(rest) > 0 {
		t.fit, rest, err = learn.DecodeCalibration(rest)
	}
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes follow it", len(rest))
	}
	if err != nil {
		return nil, fmt.Errorf("review model %s: %w", id, err)
	}
	t.model = model
	for i, name := range model.Names() {
		t.columns[name] = i
	}
	return t, nil
}

// row is what the trees read of a case under a policy. What a case does not have is 0, as in training.
func row(columns map[string]int, fs []feature, policy string) []float64 {
	r := make([]float64, len(columns))
	for _, f := range fs {
		if i, ok := columns[f.name]; ok {
			r[i] = float64(f.value)
		}
	}
	if i, ok := columns[policyColumn+policy]; ok {
		r[i] = 1
	}
	return r
}

func (t *trees) p(fs []feature, policy string) float64 {
	score := t.model.Score(row(t.columns, fs, policy))
	if t.fit != nil {
		return t.fit.Probability(score)
	}
	return learn.Sigmoid(score)
}

func (t *trees) explain(fs []feature, policy string) []Because {
	var all []Because
	for _, e := range t.model.Explain(row(t.columns, fs, policy), maxBecause) {
		all = append(all, Because{e.Name, e.Value, e.By})
	}
	return all
}

// trained is what is kept of a training.
type trained struct {
	Lessons  int   `json:"lessons"`  // that the trees grew from
	HeldOut  int   `json:"held_out"` // the latest, that they were calibrated on
	Through  int64 `json:"through"`  // Seq of the latest verdict
	Features int   `json:"features"`
}

// line is a lesson with what there was to see.
type line struct {
	lesson
	fs     []feature
	weight float64
}

// lines are the lessons of verdicts, in their order, and how often each column occurs in them.
func lines(all []record.Verdict) (ls []line, columns map[string]int) {
	columns = map[string]int{}
	for i := range all {
		var x example
		if json.Unmarshal(all[i].Example, &x) != nil || len(x.Features) == 0 {
			continue
		}
		fs := x.list()
		for _, say := range lessons(&all[i]) {
			ls = append(ls, line{say, fs, cmp.Or(x.Weight, 1)})
			columns[policyColumn+say.policy]++
			for _, f := range fs {
				columns[f.name]++
			}
		}
	}
	return ls, columns
}

// Train grows trees from the verdicts there are, as a version that is tried beside the one that serves, and gives its id. The latest
// fifth of the lessons calibrates it. It gives ErrFew where there is too little to learn from.
func (d *Desk) Train(ctx context.Context) (id string, err error) {
	all, err := d.verdicts(ctx, maxLearnt)
	if err != nil {
		return "", err
	}
	ls, counts := lines(all)
	violating := 0
	for _, l := range ls {
		if l.violates {
			violating++
		}
	}
	if len(ls) < leastLessons || violating < leastOfEach || len(ls)-violating < leastOfEach {
		return "", fmt.Errorf("%w: trees need %d lessons, %d of them of a violation and %d not; there are %d, %d of a violation",
			ErrFew, leastLessons, leastOfEach, leastOfEach, len(ls), violating)
	}
	data, about, err := d.grow(ls, columnsOf(counts))
	if err != nil {
		return "", err
	}
	about.Through = all[len(all)-1].Seq
	told, err := json.Marshal(about)
	if err != nil {
		return "", err
	}
	id = learn.ID(data)
	if err := d.store.PutReviewModel(ctx, record.ReviewModel{ID: id, Kind: treesKind, Data: data, At: d.opts.Now(), Trained: told}); err != nil {
		return "", err
	}
	return id, d.loadModels(ctx)
}

// columnsOf are the most frequent columns, by name.
func columnsOf(counts map[string]int) []string {
	const longest = 64 // bytes of a feature's name
	var names []string
	for name := range counts {
		if len(name) <= longest {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	names = names[:min(len(names), maxColumns)]
	slices.Sort(names)
	return names
}

// grow trains on all lessons but the latest fifth, and calibrates on those.
func (d *Desk) grow(ls []line, names []string) (data []byte, about trained, err error) {
	columns := map[string]int{}
	for i, name := range names {
		columns[name] = i
	}
	n := len(ls) * 4 / 5
	table := learn.Table{Names: names}
	for _, l := range ls[:n] {
		target := 0.0
		if l.violates {
			target = 1
		}
		table.Rows, table.Targets, table.Weights = append(table.Rows, row(columns, l.fs, l.policy)), append(table.Targets, target), append(table.Weights, l.weight)
	}
	opts := learn.DefaultBoost(learn.LogisticLoss)
	opts.Trees, opts.Leaves, opts.MinRows, opts.Seed = 60, 15, 10, d.opts.Seed // verdicts are few
	model, err := learn.Boost(&table, nil, opts)
	if err != nil {
		return nil, about, err
	}
	var late []learn.Scored
	for _, l := range ls[n:] {
		late = append(late, learn.Scored{Score: model.Score(row(columns, l.fs, l.policy)), Positive: l.violates})
	}
	data = model.Append(nil)
	if fit := fitted(late); fit != nil {
		data = fit.Append(data)
	}
	return data, trained{Lessons: n, HeldOut: len(late), Features: len(names)}, nil
}
