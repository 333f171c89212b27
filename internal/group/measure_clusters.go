package group

import (
	"maps"
	"math"
	"slices"
)

// Clusters says how well found groups agree with those of the truth as sets of accounts. An account that is in several found groups counts for the one of
// the best score, and in several harmful ones for the first by name; one in no found group is alone. Figures that compare partitions are of harmful accounts
// only, since all others are alone in the truth, and are the mean over the runs.
type Clusters struct {
	Found        int     `json:"found"`
	Flagged      int     `json:"flagged"`
	Precision    Rate    `json:"precision"`     // of the flagged ones, those of which half of the accounts are harmful
	Weighted     float64 `json:"weighted"`      // Σ n·p² / Σ n·p over flagged groups, n accounts of which the share p is harmful
	Purity       float64 `json:"purity"`        // the share of harmful accounts in flagged groups that are of their group's largest campaign
	Innocent     float64 `json:"innocent"`      // accounts that are not harmful, by flagged group
	MostInnocent int     `json:"most_innocent"` // in one flagged group
	Fragments    float64 `json:"fragments"`     // flagged groups for each harmful group of which any account is flagged

	PairPrecision  float64 `json:"pair_precision"`
	PairRecall     float64 `json:"pair_recall"`
	PairF1         float64 `json:"pair_f1"`
	BCubed         float64 `json:"b_cubed"` // F1 (Bagga and Baldwin 1998)
	AdjustedRand   float64 `json:"adjusted_rand"`
	NormalizedInfo float64 `json:"normalized_information"` // mutual information over the mean entropy

	BestMatchF1 float64      `json:"best_match_f1"` // mean over harmful groups
	BySize      []SizedMatch `json:"best_match_f1_by_size"`
}

// SizedMatch is the mean of the best F1 over harmful groups of some sizes.
type SizedMatch struct {
	From   int     `json:"from"` // accounts, included
	To     int     `json:"to"`   // not included; 0: no end
	Groups int     `json:"groups"`
	F1     float64 `json:"f1"`
}

var sizeSteps = []int{1, 10, 20, 40, 80}

type clustering struct {
	c             Clusters
	good          int
	innocents     int
	squares, sums float64
	fragments     int
	touched       int
	pure, inAny   int
	runs          int
	campaigns     int
	f1            float64
	sized         [5]SizedMatch
}

// found adds a found group, of whose accounts that the truth names some are harmful.
func (m *clustering) found(g Found, bad, named int) {
	m.c.Found++
	if !g.Flagged {
		return
	}
	m.c.Flagged++
	if 2*bad >= named {
		m.good++
	}
	p := float64(bad) / float64(named)
	m.squares += float64(named) * p * p
	m.sums += float64(named) * p
	m.innocents += named - bad
	m.c.MostInnocent = max(m.c.MostInnocent, named-bad)
}

// add compares one run's groups.
func (m *clustering) add(k known, in map[string][]int, found []Found) {
	truth, mine := map[string]int{}, map[string]int{}
	for i, name := range slices.Sorted(maps.Keys(k.groups)) {
		group := k.groups[name]
		if !group[0].Harmful {
			continue
		}
		var accounts []string
		for _, t := range group {
			accounts = append(accounts, t.Account)
			if _, other := truth[t.Account]; !other {
				truth[t.Account] = i
			}
		}
		m.match(accounts, in, found)
	}
	alone := len(found)
	for _, account := range slices.Sorted(maps.Keys(truth)) {
		best := -1
		for _, g := range in[account] {
			if best < 0 || found[g].Score > found[best].Score {
				best = g
			}
		}
		if best < 0 {
			best = alone
			alone++
		}
		mine[account] = best
	}
	m.partition(truth, mine, found)
}

// match finds the group that is most like a campaign.
func (m *clustering) match(accounts []string, in map[string][]int, found []Found) {
	share := map[int]int{}
	for _, account := range accounts {
		for _, g := range in[account] {
			share[g]++
		}
	}
	best, fragments := 0.0, 0
	for g, n := range share {
		best = max(best, 2*float64(n)/float64(len(accounts)+len(found[g].Accounts)))
		if found[g].Flagged {
			fragments++
		}
	}
	m.campaigns++
	m.f1 += best
	for i := len(sizeSteps) - 1; i >= 0; i-- {
		if len(accounts) >= sizeSteps[i] {
			m.sized[i].Groups++
			m.sized[i].F1 += best
			break
		}
	}
	if fragments > 0 {
		m.fragments += fragments
		m.touched++
	}
}

// partition compares two partitions of the harmful accounts, from the table of how many accounts are in a class of each.
func (m *clustering) partition(truth, mine map[string]int, found []Found) {
	if len(truth) == 0 {
		return
	}
	type cell struct{ truth, mine int }
	cells, rows, columns := map[cell]int{}, map[int]int{}, map[int]int{}
	for account, t := range truth {
		g := mine[account]
		cells[cell{t, g}]++
		rows[t]++
		columns[g]++
	}
	n := float64(len(truth))
	pairs := func(count int) float64 { return float64(count) * float64(count-1) / 2 }
	var both, inTruth, inMine, precision, recall, shared, entropies float64
	most := map[int]int{}
	for _, key := range slices.SortedFunc(maps.Keys(cells), func(a, b cell) int { return (a.truth-b.truth)*(len(found)+len(truth)+1) + a.mine - b.mine }) {
		count := cells[key]
		c, r, g := float64(count), float64(rows[key.truth]), float64(columns[key.mine])
		both += pairs(count)
		precision += c * c / g / n
		recall += c * c / r / n
		shared += c / n * math.Log(c*n/(r*g))
		if key.mine < len(found) && found[key.mine].Flagged {
			most[key.mine] = max(most[key.mine], count)
		}
	}
	for _, sums := range []map[int]int{rows, columns} {
		for _, key := range slices.Sorted(maps.Keys(sums)) {
			p := float64(sums[key]) / n
			entropies -= p * math.Log(p)
		}
	}
	for _, count := range rows {
		inTruth += pairs(count)
	}
	for g, count := range columns {
		inMine += pairs(count)
		if most[g] > 0 {
			m.pure += most[g]
			m.inAny += count
		}
	}
	m.runs++
	m.c.PairPrecision += ratio(both, inMine)
	m.c.PairRecall += ratio(both, inTruth)
	m.c.PairF1 += ratio(2*both, inMine+inTruth)
	m.c.BCubed += ratio(2*precision*recall, precision+recall)
	expected := ratio(inTruth*inMine, pairs(len(truth)))
	if limit := (inTruth + inMine) / 2; limit != expected {
		m.c.AdjustedRand += (both - expected) / (limit - expected)
	} else {
		m.c.AdjustedRand++ // both are trivial, and the same
	}
	if entropies > 0 {
		m.c.NormalizedInfo += 2 * shared / entropies
	} else {
		m.c.NormalizedInfo++
	}
}

func (m *clustering) report() Clusters {
	c := m.c
	c.Precision = rateOf(m.good, c.Flagged)
	c.Weighted = ratio(m.squares, m.sums)
	c.Purity = ratio(float64(m.pure), float64(m.inAny))
	c.Innocent = ratio(float64(m.innocents), float64(c.Flagged))
	c.Fragments = ratio(float64(m.fragments), float64(m.touched))
	c.BestMatchF1 = ratio(m.f1, float64(m.campaigns))
	for _, mean := range []*float64{&c.PairPrecision, &c.PairRecall, &c.PairF1, &c.BCubed, &c.AdjustedRand, &c.NormalizedInfo} {
		*mean = ratio(*mean, float64(m.runs))
	}
	c.BySize = []SizedMatch{}
	for i, s := range m.sized {
		if s.Groups == 0 {
			continue
		}
		s.From, s.F1 = sizeSteps[i], s.F1/float64(s.Groups)
		if i+1 < len(sizeSteps) {
			s.To = sizeSteps[i+1]
		}
		c.BySize = append(c.BySize, s)
	}
	return c
}
