package casework

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/learn"
)

// feature is one thing that models read of a case. Reports are not among them: they count beside the models, within a limit that no
// model can lift (review.Lift).
type feature struct {
	name  string
	value float32
}

const maxFeatures = 120 // of a case; what rules read comes last

// featuresOf is what models read of a case, by name. d.mu is held.
func (d *Desk) featuresOf(c *record.CaseSummary) []feature {
	fs := make([]feature, 0, 12+2*len(c.Rules))
	add := func(name string, value float64) {
		if len(fs) >= maxFeatures || value == 0 || math.IsNaN(value) || math.IsInf(value, 0) {
			return
		}
		fs = append(fs, feature{d.intern(name), float32(value)})
	}
	add("about "+c.Target.Kind.String(), 1)
	add("opened by "+string(c.Origin), 1)
	add("severity", float64(c.Severity))
	add("effects", math.Log1p(float64(c.Effects)))
	add("past violating", math.Log1p(float64(c.Past.Violating)))
	add("past benign", math.Log1p(float64(c.Past.Benign)))
	add("drawn", min(1, float64(c.Draws)))
	best, rules := math.Inf(-1), 0
	for _, r := range c.Rules {
		if r.Kind != record.RuleSays {
			add("opened by "+string(r.Kind)+" "+r.Rule, 1)
			continue
		}
		rules++
		add("rule "+r.Rule, 1)
		v := d.rules[r.Rule+"@"+r.Version]
		best = max(best, logit((float64(v.Violating)+1)/(float64(v.Judged)+2)))
	}
	if rules > 0 {
		add("rules", math.Log1p(float64(rules)))
		add("best rule's record", best)
	}
	for _, r := range c.Rules {
		for _, read := range r.Readings {
			switch v, err := strconv.ParseFloat(read.Value, 64); {
			case err == nil:
				add("read "+read.Name, math.Copysign(math.Log1p(math.Abs(v)), v))
			case read.Value == "true":
				add("read "+read.Name, 1)
			}
		}
	}
	slices.SortStableFunc(fs, func(a, b feature) int { return cmp.Compare(a.name, b.name) })
	return slices.Clip(slices.CompactFunc(fs, func(a, b feature) bool { return a.name == b.name }))
}

// intern keeps one copy of each name: many cases have the same.
func (d *Desk) intern(name string) string {
	if known, ok := d.names[name]; ok {
		return known
	}
	if len(d.names) > 100_000 {
		clear(d.names)
	}
	d.names[name] = name
	return name
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

const tableBits = 18

// vector is what the learner reads of a case under a policy: each feature on its own, and joined with the policy.
func vector(dst []learn.Feature, fs []feature, policy string) learn.Vector {
	dst = dst[:0]
	own := hash(learn.HashSeed, policy).Add(0)
	dst = append(dst, learn.Feature{Index: own.Index(tableBits), Value: 1})
	for _, f := range fs {
		shared, joined := hash(learn.HashSeed, f.name).Index(tableBits), hash(own, f.name).Index(tableBits)
		dst = append(dst, learn.Feature{Index: shared, Value: f.value}, learn.Feature{Index: joined, Value: f.value})
	}
	return learn.Sort(dst)
}

func hash(h learn.Hash, s string) learn.Hash {
	for i := range len(s) {
		h = h.Add(s[i])
	}
	return h
}
