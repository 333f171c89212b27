package group

import (
	"cmp"
	"maps"
	"slices"

	"github.com/ringfence/ringfence/learn"
	"github.com/ringfence/ringfence/sim"
)

// Found is a group as a file of groups has it.
type Found struct {
	Accounts []string `json:"accounts"`
	Score    float64  `json:"score"`
	Flagged  bool     `json:"flagged"`
}

// Report says how well groups agree with the truth. An account is flagged if a group that is flagged has it, and harmful if it is in any harmful
// group of the truth. Accounts that the truth does not name are counted apart and nowhere else.
type Report struct {
	Accounts struct {
		Harmful   int  `json:"harmful"`
		Flagged   int  `json:"flagged"`
		Unknown   int  `json:"unknown"`
		Precision Rate `json:"precision"`
		Recall    Rate `json:"recall"`
	} `json:"accounts"`

	Archetypes []Kind `json:"archetypes"` // of harmful accounts
	Classes    []Kind `json:"classes"`    // of all others

	Groups struct {
		Found        int     `json:"found"`
		Flagged      int     `json:"flagged"`
		Precision    Rate    `json:"precision"`     // of the flagged ones, those of which half of the accounts are harmful
		Weighted     float64 `json:"weighted"`      // Σ n·p² / Σ n·p over flagged groups, n accounts of which the share p is harmful
		MostInnocent int     `json:"most_innocent"` // in one flagged group
		Fragments    float64 `json:"fragments"`     // flagged groups for each harmful group of which any account is flagged
		PairRecall   float64 `json:"pair_recall"`   // pairs of one harmful group that are in one found group
		BestMatchF1  float64 `json:"best_match_f1"` // mean over harmful groups
	} `json:"groups"`

	// Harm is of the scores of found groups, harmful where half of the accounts are; null without groups of both kinds.
	Harm *Harm `json:"harm"`
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

// Kind is the accounts of one archetype or class.
type Kind struct {
	Name     string `json:"name"`
	Accounts int    `json:"accounts"`
	Grouped  int    `json:"grouped"` // in a found group
	Flagged  int    `json:"flagged"`
	Rate     Rate   `json:"rate"`
}

// Harm is how good scores are.
type Harm struct {
	AUC   float64 `json:"auc"`
	ECE   float64 `json:"ece"` // expected calibration error in ten bins of equally many groups
	Brier float64 `json:"brier"`
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
	r                          Report
	archetypes, classes        map[string]*Kind
	flaggedHarmful, goodGroups int
	squares, sums              float64
	fragments, touched         int
	pairs, pairsTogether       int
	campaigns                  int
	f1, brier                  float64
	scored                     []learn.Scored
}

func (m *measuring) add(run Run) {
	kinds := map[string]*Kind{}
	harmful := map[string]bool{}
	campaigns := map[string][]string{}
	for _, t := range run.Truth {
		if t.Harmful {
			campaigns[t.Group] = append(campaigns[t.Group], t.Account)
			harmful[t.Account] = true
			kinds[t.Account] = kind(m.archetypes, t.Archetype)
		} else if kinds[t.Account] == nil {
			kinds[t.Account] = kind(m.classes, t.Class)
		}
	}
	for _, k := range kinds {
		k.Accounts++
	}
	m.r.Accounts.Harmful += len(harmful)
	grouped, flagged := map[string]bool{}, map[string]bool{}
	in := map[string][]int{} // found groups by account
	for i, g := range run.Found {
		bad, known := 0, 0
		for _, account := range g.Accounts {
			in[account] = append(in[account], i)
			grouped[account] = true
			if g.Flagged {
				flagged[account] = true
			}
			if kinds[account] != nil {
				known++
			}
			if harmful[account] {
				bad++
			}
		}
		m.group(g, bad, known)
	}
	for account := range grouped {
		k := kinds[account]
		if k == nil {
			m.r.Accounts.Unknown++
			continue
		}
		k.Grouped++
		if flagged[account] {
			k.Flagged++
			m.r.Accounts.Flagged++
			if harmful[account] {
				m.flaggedHarmful++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(campaigns)) {
		m.campaign(campaigns[name], in, run.Found)
	}
}

func kind(of map[string]*Kind, name string) *Kind {
	if of[name] == nil {
		of[name] = &Kind{Name: name}
	}
	return of[name]
}

func (m *measuring) group(g Found, bad, known int) {
	if known == 0 {
		return
	}
	m.r.Groups.Found++
	good := 2*bad >= known
	m.scored = append(m.scored, learn.Scored{Score: g.Score, Positive: good})
	miss := g.Score
	if good {
		miss--
	}
	m.brier += miss * miss
	if !g.Flagged {
		return
	}
	m.r.Groups.Flagged++
	if good {
		m.goodGroups++
	}
	p := float64(bad) / float64(known)
	m.squares += float64(known) * p * p
	m.sums += float64(known) * p
	m.r.Groups.MostInnocent = max(m.r.Groups.MostInnocent, known-bad)
}

func (m *measuring) campaign(accounts []string, in map[string][]int, found []Found) {
	m.campaigns++
	share := map[int]int{}
	for _, account := range accounts {
		for _, g := range in[account] {
			share[g]++
		}
	}
	best, fragments := 0.0, 0
	for g, n := range share {
		best = max(best, 2*float64(n)/float64(len(accounts)+len(found[g].Accounts)))
		m.pairsTogether += n * (n - 1) / 2
		if found[g].Flagged {
			fragments++
		}
	}
	m.f1 += best
	m.pairs += len(accounts) * (len(accounts) - 1) / 2
	if fragments > 0 {
		m.fragments += fragments
		m.touched++
	}
}

func (m *measuring) report() Report {
	r := m.r
	r.Accounts.Precision = rateOf(m.flaggedHarmful, r.Accounts.Flagged)
	r.Accounts.Recall = rateOf(m.flaggedHarmful, r.Accounts.Harmful)
	r.Archetypes, r.Classes = listed(m.archetypes), listed(m.classes)
	r.Groups.Precision = rateOf(m.goodGroups, r.Groups.Flagged)
	r.Groups.Weighted = ratio(m.squares, m.sums)
	r.Groups.Fragments = ratio(float64(m.fragments), float64(m.touched))
	r.Groups.PairRecall = ratio(float64(m.pairsTogether), float64(m.pairs))
	r.Groups.BestMatchF1 = ratio(m.f1, float64(m.campaigns))
	if auc, err := learn.AUC(m.scored); err == nil {
		r.Harm = &Harm{AUC: auc, ECE: learn.CalibrationError(m.scored, 10), Brier: m.brier / float64(len(m.scored))}
	}
	return r
}

func listed(of map[string]*Kind) []Kind {
	list := []Kind{}
	for _, k := range of {
		k.Rate = rateOf(k.Flagged, k.Accounts)
		list = append(list, *k)
	}
	slices.SortFunc(list, func(a, b Kind) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
