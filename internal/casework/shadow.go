package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/review"
	"github.com/ringfence/ringfence/learn"
)

// Online is the name of the model that learns at each verdict. It serves until a person lets a version of trees serve.
const Online = "online"

const (
	shadowed    = 2  // versions that are tried beside the one that serves, the newest
	leastTried  = 50 // lessons that a version has to have been tried on before it may serve
	maxCompared = 5000
)

// ModelReport is a model and how good it was on verdicts that it had not seen.
type ModelReport struct {
	ID      string // Online, or the hash of its data
	Kind    string
	Serves  bool
	Tried   bool // its word is logged with each verdict
	At      int64
	Trained json.RawMessage // of trees: on what
	Recent  Quality         // on all lanes
	Random  Quality         // on cases drawn by chance: only they speak for what waits
}

// Quality is how good probabilities were. The figures are 0 where there were not lessons of Both kinds.
type Quality struct {
	Lessons int
	Both    bool
	AUC     float64
	Brier   float64
	ECE     float64 // over 15 bins of equally many
}

// loadModels reads the version that serves and the newest others.
func (d *Desk) loadModels(ctx context.Context) error {
	serving, err := d.store.ServingReviewModel(ctx)
	if err != nil {
		return err
	}
	list, err := d.store.ListReviewModels(ctx)
	if err != nil {
		return err
	}
	load := func(id string) (*trees, error) {
		m, err := d.store.ReviewModel(ctx, id)
		if err != nil {
			return nil, err
		}
		return newTrees(id, m.Data)
	}
	var serves *trees
	if serving != "" {
		if serves, err = load(serving); err != nil {
			return err
		}
	}
	var others []*trees
	for _, m := range list {
		if m.ID == serving || m.Kind != treesKind || len(others) == shadowed {
			continue
		}
		t, err := load(m.ID)
		if err != nil {
			return err
		}
		others = append(others, t)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.serving, d.shadows = serves, others
	return nil
}

// Serve makes a version the one that the queue is ordered by, or Online. A version has to have been tried on verdicts before, so that
// Models can say how good it is.
func (d *Desk) Serve(ctx context.Context, a control.Author, id string) error {
	if id != Online {
		reports, err := d.Models(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(reports, func(m ModelReport) bool { return m.ID == id })
		if i < 0 {
			return fmt.Errorf("review model %.64q: %w", id, record.ErrNotFound)
		}
		if t := reports[i].Recent; t.Lessons < leastTried || !t.Both {
			return fmt.Errorf("%w: review model %s was tried on %d lessons; before it serves it has to be tried on %d, of either kind", record.ErrInvalid, id, t.Lessons, leastTried)
		}
	}
	if err := d.store.ServeReviewModel(ctx, strings.TrimPrefix(id, Online), a.By, a.Reason, d.opts.Now()); err != nil {
		return err
	}
	if err := d.loadModels(ctx); err != nil {
		return err
	}
	d.rankAll(ctx)
	return nil
}

// Models compares the models on the latest verdicts, by what each said before it was told.
func (d *Desk) Models(ctx context.Context) ([]ModelReport, error) {
	list, err := d.store.ListReviewModels(ctx)
	if err != nil {
		return nil, err
	}
	all, err := d.verdicts(ctx, maxCompared)
	if err != nil {
		return nil, err
	}
	said := map[string][]scored{}
	for i := range all {
		var x example
		if json.Unmarshal(all[i].Example, &x) != nil {
			continue
		}
		for _, say := range lessons(&all[i]) {
			for model, by := range x.Said {
				if p, ok := by[say.policy]; ok {
					said[model] = append(said[model], scored{learn.Scored{Score: p, Positive: say.violates}, all[i].Lane == review.Random.String()})
				}
			}
		}
	}
	tried, serving := map[string]bool{Online: true}, Online
	d.mu.Lock()
	for _, t := range d.shadows {
		tried[t.id] = true
	}
	if d.serving != nil {
		serving = d.serving.id
		tried[serving] = true
	}
	d.mu.Unlock()
	list = append([]record.ReviewModel{{ID: Online, Kind: "ftrl"}}, list...)
	reports := make([]ModelReport, len(list))
	for i, m := range list {
		reports[i] = ModelReport{ID: m.ID, Kind: m.Kind, Serves: m.ID == serving, Tried: tried[m.ID], At: m.At, Trained: m.Trained,
			Recent: quality(said[m.ID], false), Random: quality(said[m.ID], true)}
	}
	return reports, nil
}

func quality(said []scored, randomOnly bool) Quality {
	var s []learn.Scored
	brier := 0.0
	for _, x := range said {
		if randomOnly && !x.random {
			continue
		}
		s = append(s, x.Scored)
		miss := x.Score
		if x.Positive {
			miss = 1 - x.Score
		}
		brier += miss * miss
	}
	auc, err := learn.AUC(s)
	if err != nil {
		return Quality{Lessons: len(s)}
	}
	return Quality{Lessons: len(s), Both: true, AUC: auc, Brier: brier / float64(len(s)), ECE: learn.CalibrationError(s, 15)}
}
