package group

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/ringfence/ringfence/learn"
	"github.com/ringfence/ringfence/sim"
)

// Found is a group as a file of groups has it.
type Found struct {
	Accounts     []string `json:"accounts"`
	Score        float64  `json:"score"`
	Flagged      bool     `json:"flagged"`
	FirstFlagged string   `json:"first_flagged"` // RFC 3339; empty: never
}

// Report says how well groups agree with the truth. An account is flagged if a group that is flagged has it, and harmful if it is in any harmful
// group of the truth. Accounts that the truth does not name are counted apart and nowhere else.
type Report struct {
	Accounts struct {
		Harmful          int     `json:"harmful"`
		All              int     `json:"all"`
		Flagged          int     `json:"flagged"`
		Unknown          int     `json:"unknown"`
		Precision        Rate    `json:"precision"`
		Recall           Rate    `json:"recall"`
		F1               float64 `json:"f1"`
		AveragePrecision float64 `json:"average_precision"` // of the accounts, by the best score of their groups, 0 for those in none
		BaseRate         float64 `json:"base_rate"`         // the share of harmful accounts: the average precision of chance
		PrecisionAt100   float64 `json:"precision_at_100"`  // of the hundred accounts of the best scores in each run
		WorstClass       string  `json:"worst_class"`       // of which the largest share is flagged
	} `json:"accounts"`

	Archetypes []Kind `json:"archetypes"` // of harmful accounts
	Classes    []Kind `json:"classes"`    // of all others

	Groups Clusters `json:"groups"`

	// Harm is of the scores of found groups, harmful where half of the accounts are; null without groups of both kinds.
	Harm *Harm `json:"harm"`

	// Seeds is how the figures vary from run to run; null for fewer than two.
	Seeds *Seeds `json:"seeds"`
}

// Rate is a share with its 95% interval (Wilson).
type Rate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func rateOf(k, n int) Rate {
	r := learn.RateOf(k, n)
	return Rate{r.Value, r.Low, r.High}
}

// Kind is the accounts and groups of one archetype or class.
type Kind struct {
	Name     string `json:"name"`
	Accounts int    `json:"accounts"`
	Grouped  int    `json:"grouped"` // in a found group
	Flagged  int    `json:"flagged"`
	Rate     Rate   `json:"rate"`

	Groups        int  `json:"groups"`         // of the truth
	GroupsFlagged int  `json:"groups_flagged"` // of which a tenth is flagged, and two accounts at least
	GroupRate     Rate `json:"group_rate"`

	// How long it took until the first flag of a group that is still flagged and has three of the accounts, for those groups of the truth that have one.
	FromStart *Delay `json:"from_start,omitempty"` // from the first act
	FromThird *Delay `json:"from_third,omitempty"` // from the third member's first act

	starts, thirds []float64
}

// Delay is times in seconds.
type Delay struct {
	Groups int     `json:"groups"`
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
}

func delayOf(seconds []float64) *Delay {
	if len(seconds) == 0 {
		return nil
	}
	slices.Sort(seconds)
	at := func(q float64) float64 { return seconds[int(math.Ceil(q*float64(len(seconds))))-1] }
	return &Delay{len(seconds), at(.5), at(.9)}
}

// Harm is how good scores are.
type Harm struct {
	AUC              float64 `json:"auc"`
	AveragePrecision float64 `json:"average_precision"`
	ECE              float64 `json:"ece"` // expected calibration error in ten bins of equally many groups
	Brier            float64 `json:"brier"`
}

// Run is a simulation's truth and what was found in it.
type Run struct {
	Truth []sim.Truth
	Found []Found
}

// Measure compares what was found in one or more simulations with the truth. Accounts of one name in two runs are two accounts.
func Measure(runs []Run) Report {
	m := measuring{archetypes: map[string]*Kind{}, classes: map[string]*Kind{}}
	for _, r := range runs {
		m.add(r)
	}
	return m.report()
}

type measuring struct {
	r                   Report
	archetypes, classes map[string]*Kind
	flaggedHarmful      int
	accounts            []learn.Scored
	best                []learn.Scored // the hundred best of each run
	groups              []learn.Scored
	clusters            clustering
	seeds               [3][]float64 // precision, recall and F1 by run
}

// known is what the truth says of one run's accounts.
type known struct {
	kinds   map[string]*Kind
	harmful map[string]bool
	groups  map[string][]sim.Truth // by name
}

func (m *measuring) know(truth []sim.Truth) known {
	k := known{map[string]*Kind{}, map[string]bool{}, map[string][]sim.Truth{}}
	for _, t := range truth {
		if t.Group != "" {
			k.groups[t.Group] = append(k.groups[t.Group], t)
		}
		if t.Harmful {
			k.harmful[t.Account] = true
			k.kinds[t.Account] = kind(m.archetypes, t.Archetype)
		} else if k.kinds[t.Account] == nil {
			k.kinds[t.Account] = kind(m.classes, t.Class)
		}
	}
	for _, of := range k.kinds {
		of.Accounts++
	}
	return k
}

func kind(of map[string]*Kind, name string) *Kind {
	if of[name] == nil {
		of[name] = &Kind{Name: name}
	}
	return of[name]
}

func (m *measuring) add(run Run) {
	k := m.know(run.Truth)
	scores, flagged := map[string]float64{}, map[string]bool{}
	in := map[string][]int{} // found groups by account
	for i, g := range run.Found {
		bad, named := 0, 0
		for _, account := range g.Accounts {
			in[account] = append(in[account], i)
			if k.kinds[account] == nil {
				continue
			}
			scores[account] = max(scores[account], g.Score)
			flagged[account] = flagged[account] || g.Flagged
			named++
			if k.harmful[account] {
				bad++
			}
		}
		if named > 0 {
			m.groups = append(m.groups, learn.Scored{Score: g.Score, Positive: 2*bad >= named})
			m.clusters.found(g, bad, named)
		}
	}
	m.countAccounts(k, in, scores, flagged)
	for _, name := range slices.Sorted(maps.Keys(k.groups)) {
		m.countGroup(k.groups[name], in, flagged, run.Found)
	}
	m.clusters.add(k, in, run.Found)
}

// countAccounts adds one run's accounts.
func (m *measuring) countAccounts(k known, in map[string][]int, scores map[string]float64, flagged map[string]bool) {
	m.r.Accounts.Harmful += len(k.harmful)
	m.r.Accounts.All += len(k.kinds)
	var all []learn.Scored
	var hits, right int
	for account, of := range k.kinds {
		all = append(all, learn.Scored{Score: scores[account], Positive: k.harmful[account]})
		if len(in[account]) > 0 {
			of.Grouped++
		}
		if flagged[account] {
			of.Flagged++
			hits++
			if k.harmful[account] {
				right++
			}
		}
	}
	for account := range in {
		if k.kinds[account] == nil {
			m.r.Accounts.Unknown++
		}
	}
	m.r.Accounts.Flagged += hits
	m.flaggedHarmful += right
	// Equal scores are ordered as is worst for us, so that the order of the file does not matter.
	slices.SortFunc(all, func(a, b learn.Scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), compare(a.Positive, b.Positive))
	})
	m.accounts = append(m.accounts, all...)
	m.best = append(m.best, all[:min(100, len(all))]...)
	for i, x := range []float64{ratio(float64(right), float64(hits)), ratio(float64(right), float64(len(k.harmful))),
		ratio(2*float64(right), float64(hits+len(k.harmful)))} {
		m.seeds[i] = append(m.seeds[i], x)
	}
}

func compare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// countGroup adds a group of the truth to its kind.
func (m *measuring) countGroup(group []sim.Truth, in map[string][]int, flagged map[string]bool, found []Found) {
	kinds, name := m.classes, group[0].Class
	if group[0].Harmful {
		kinds, name = m.archetypes, group[0].Archetype
	}
	of := kind(kinds, name)
	of.Groups++
	hit := 0
	share := map[int]int{}
	for _, t := range group {
		if flagged[t.Account] {
			hit++
		}
		for _, g := range in[t.Account] {
			share[g]++
		}
	}
	if hit >= 2 && 10*hit >= len(group) {
		of.GroupsFlagged++
	}
	var first time.Time
	for g, n := range share {
		at, err := time.Parse(time.RFC3339Nano, found[g].FirstFlagged)
		if found[g].Flagged && n >= min(3, len(group)) && err == nil && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if first.IsZero() {
		return
	}
	since := func(when string, to *[]float64) {
		if from, err := time.Parse(time.RFC3339Nano, when); err == nil {
			*to = append(*to, max(0, first.Sub(from).Seconds()))
		}
	}
	since(group[0].Started, &of.starts)
	since(group[0].Third, &of.thirds)
}

func (m *measuring) report() Report {
	r := m.r
	a := &r.Accounts
	a.Precision = rateOf(m.flaggedHarmful, a.Flagged)
	a.Recall = rateOf(m.flaggedHarmful, a.Harmful)
	a.F1 = ratio(2*float64(m.flaggedHarmful), float64(a.Flagged+a.Harmful))
	a.BaseRate = ratio(float64(a.Harmful), float64(a.All))
	a.AveragePrecision, _ = learn.AveragePrecision(m.accounts) // 0 without both kinds
	a.PrecisionAt100 = learn.At(m.best, 0).Precision().Value
	r.Archetypes, r.Classes = listed(m.archetypes), listed(m.classes)
	worst := 0.0
	for _, k := range r.Classes {
		if k.Rate.Value > worst {
			worst, a.WorstClass = k.Rate.Value, k.Name
		}
	}
	r.Groups = m.clusters.report()
	if auc, err := learn.AUC(m.groups); err == nil {
		ap, _ := learn.AveragePrecision(m.groups) // there are both kinds, as AUC says
		r.Harm = &Harm{AUC: auc, AveragePrecision: ap, ECE: learn.CalibrationError(m.groups, 10), Brier: learn.Brier(m.groups)}
	}
	r.Seeds = seedsOf(m.seeds)
	return r
}

func listed(of map[string]*Kind) []Kind {
	list := []Kind{}
	for _, k := range of {
		k.Rate, k.GroupRate = rateOf(k.Flagged, k.Accounts), rateOf(k.GroupsFlagged, k.Groups)
		k.FromStart, k.FromThird = delayOf(k.starts), delayOf(k.thirds)
		list = append(list, *k)
	}
	slices.SortFunc(list, func(a, b Kind) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
