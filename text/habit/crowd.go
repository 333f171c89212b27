package habit

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// A Crowd is the profiles of many accounts, and how many of those that obfuscate have each feature. It never changes and is safe
// for concurrent use.
//
// What all do says nothing, and in a crowd of a few accounts nothing is rare: a likeness of 1 in 100 cannot be seen among ten.
type Crowd struct {
	groups   []equals
	of       map[string]int32    // each account's group
	accounts float64             // that obfuscate
	have     map[Feature]float64 // shares of the accounts' texts, added up; for a slot, accounts with a choice
	holders  map[Feature]*holders
}

// equals are the accounts whose profiles say the same, in order of name: what is like one is as like the others.
type equals struct {
	profile  *Profile
	accounts []string
}

// holders are the groups that have a feature, and how many accounts that is.
type holders struct {
	groups   []int32
	accounts int
}

// NewCrowd makes a crowd. The profiles must not change any more. It takes time and memory linear in their features.
func NewCrowd(profiles map[string]*Profile) *Crowd {
	c := &Crowd{of: map[string]int32{}, have: map[Feature]float64{}, holders: map[Feature]*holders{}}
	groups := map[string]int32{}
	var key []byte
	for _, account := range slices.Sorted(maps.Keys(profiles)) {
		p := profiles[account]
		if p.obfuscated <= 0 {
			continue
		}
		c.accounts++
		same := Profile{texts: p.obfuscated, obfuscated: p.obfuscated, counts: p.counts} // as far as Similarity goes
		key = same.Append(key[:0])
		id, found := groups[string(key)]
		if !found {
			id = int32(len(c.groups))
			groups[string(key)] = id
			c.groups = append(c.groups, equals{profile: p})
		}
		c.of[account] = id
		c.groups[id].accounts = append(c.groups[id].accounts, account)
		for i := 0; i < len(p.counts); {
			slot := p.counts[i].feature.slot()
			end, all := i+1, p.obfuscated
			if !slot.manner() {
				end = after(p.counts, i, slot)
				all = total(p.counts[i:end])
				c.have[slotKey(slot)]++
			}
			for _, n := range p.counts[i:end] {
				c.have[n.feature] += min(n.texts/all, 1)
				h := c.holders[n.feature]
				if h == nil {
					h = &holders{}
					c.holders[n.feature] = h
				}
				if h.accounts++; !found {
					h.groups = append(h.groups, id)
				}
			}
			i = end
		}
	}
	return c
}

// slotKey is a slot as a key beside features; none of a feature is the same, since no character is beyond Unicode.
func slotKey(slot Feature) Feature { return slot | 0xFFFFFF }

// usual is how likely a text of an account of the crowd has the feature: a manner among the obfuscated ones, a choice among those
// with a choice for the same slot. It is never 0 or 1: half an account is added to either side.
func (c *Crowd) usual(f Feature) float64 {
	all := c.accounts
	if !f.manner() {
		all = c.have[slotKey(f.slot())]
	}
	return (c.have[f] + 0.5) / (all + 1)
}

// Rarity is how many bits a feature says: −log₂ of the share of texts that have it, every account weighing the same; of the
// obfuscated texts for a manner, of those with a choice for the same letter or place for a choice.
func (c *Crowd) Rarity(f Feature) float64 { return -math.Log2(c.usual(f)) }

// prior is how many texts of the usual kind each account is held to have written beside its own, so that few texts say little.
const prior = 0.5

// maxEvidence bounds what one manner or slot can say, in nats, for or against.
const maxEvidence = 6

// Similarity is by how much likelier two profiles are if both are of one hand than if they are of two that have nothing to do
// with one another: the natural logarithm of the ratio, 0 if nothing speaks for either, and always 0 for a profile without
// obfuscated texts. It takes the manners as independent of one another, and choices as independent given the manner, which
// they are not quite: read it as an order, and set a threshold by what pairs of unrelated accounts reach.
//
// For a manner with share a and b of the texts, and p in the crowd, it adds ln(ab/p + (1−a)(1−b)/(1−p)); for a slot
// for which both chose, ln Σ ab/p over the choices. Shares are smoothed towards p.
func (c *Crowd) Similarity(a, b *Profile) float64 {
	if a.obfuscated <= 0 || b.obfuscated <= 0 {
		return 0
	}
	sum, sharesManner := 0.0, false
	for i, j := 0, 0; i < len(a.counts) || j < len(b.counts); {
		f := next(a.counts, b.counts, i, j)
		if !f.manner() {
			if sharesManner {
				sum += c.choices(a, b, i, j)
			}
			break
		}
		x, y := at(a.counts, &i, f), at(b.counts, &j, f)
		sharesManner = sharesManner || x > 0 && y > 0
		p := c.usual(f)
		s, t := smooth(x, a.obfuscated, p), smooth(y, b.obfuscated, p)
		sum += bounded(math.Log(s*t/p + (1-s)*(1-t)/(1-p)))
	}
	return sum
}

// choices is what the slots say, from the counts on at which they begin.
func (c *Crowd) choices(a, b *Profile, i, j int) float64 {
	sum := 0.0
	for i < len(a.counts) && j < len(b.counts) {
		slot, other := a.counts[i].feature.slot(), b.counts[j].feature.slot()
		if slot < other {
			i = after(a.counts, i, slot)
			continue
		} else if slot > other {
			j = after(b.counts, j, other)
			continue
		}
		iEnd, jEnd := after(a.counts, i, slot), after(b.counts, j, slot)
		ratio := c.ratio(a.counts[i:iEnd], b.counts[j:jEnd])
		sum += bounded(math.Log(ratio))
		i, j = iEnd, jEnd
	}
	return sum
}

// ratio is Σ ab/p over the choices of one slot; for those that neither made, all smoothed, it is their p.
func (c *Crowd) ratio(a, b []count) float64 {
	nA, nB := total(a), total(b)
	sum, rest := 0.0, 1.0
	for i, j := 0, 0; i < len(a) || j < len(b); {
		f := next(a, b, i, j)
		x, y := at(a, &i, f), at(b, &j, f)
		p := c.usual(f)
		sum += smooth(x, nA, p) * smooth(y, nB, p) / p
		rest -= p
	}
	return sum + max(rest, 0)*prior/(nA+prior)*prior/(nB+prior)
}

// smooth is a share of n, as estimated with the prior.
func smooth(x, n, p float64) float64 { return min((x+prior*p)/(n+prior), 1) }

func bounded(x float64) float64 { return max(-maxEvidence, min(x, maxEvidence)) }

// next is the lower of the features at i of a and j of b, of which there is one.
func next(a, b []count, i, j int) Feature {
	switch {
	case i == len(a):
		return b[j].feature
	case j == len(b):
		return a[i].feature
	}
	return min(a[i].feature, b[j].feature)
}

// at is the count of a feature at i, and moves i past it; 0 if it is not there.
func at(counts []count, i *int, f Feature) float64 {
	if *i < len(counts) && counts[*i].feature == f {
		*i++
		return counts[*i-1].texts
	}
	return 0
}

// after is where the choices for a slot end.
func after(counts []count, i int, slot Feature) int {
	for i < len(counts) && counts[i].feature.slot() == slot {
		i++
	}
	return i
}

func total(counts []count) float64 {
	sum := 0.0
	for _, c := range counts {
		sum += c.texts
	}
	return sum
}

// A Neighbour is an account with a like habit.
type Neighbour struct {
	Account    string
	Similarity float64
	Shared     []Feature // what both have, rarest first, at most 5
}

// maxCandidates bounds the different profiles that Nearest compares with.
const maxCandidates = 1024

// Nearest are the n accounts most similar to one, the most similar first, none with a similarity of 0 or below. It compares with
// profiles that share a feature, those with the rarest feature first, each once however many accounts have the same, and with no
// more than 1,024 different ones: where a habit is common, it misses some. It takes some ten milliseconds at most.
func (c *Crowd) Nearest(account string, n int) []Neighbour {
	id, found := c.of[account]
	if !found || n <= 0 {
		return nil
	}
	p := c.groups[id].profile
	type like struct {
		group      int32
		similarity float64
	}
	var alike []like
	for _, id := range c.candidates(p) {
		if s := c.Similarity(p, c.groups[id].profile); s > 0 {
			alike = append(alike, like{id, s})
		}
	}
	slices.SortFunc(alike, func(a, b like) int { return cmp.Compare(b.similarity, a.similarity) })
	var near []Neighbour
	for i, a := range alike {
		if len(near) >= n && a.similarity < alike[i-1].similarity {
			break
		}
		accounts := c.groups[a.group].accounts
		for _, other := range accounts[:min(n+1, len(accounts))] { // one may be the account itself
			if other != account {
				near = append(near, Neighbour{Account: other, Similarity: a.similarity})
			}
		}
	}
	slices.SortFunc(near, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.Account, b.Account))
	})
	near = near[:min(n, len(near))]
	for i := range near {
		near[i].Shared = c.shared(p, c.groups[c.of[near[i].Account]].profile)
	}
	return near
}

// candidates are the groups that share a feature with the profile, those with the rarest first.
func (c *Crowd) candidates(p *Profile) []int32 {
	var of []*holders
	for _, n := range p.counts {
		if !n.feature.isKept() {
			of = append(of, c.holders[n.feature])
		}
	}
	slices.SortStableFunc(of, func(a, b *holders) int { return a.accounts - b.accounts })
	var all []int32
	seen := map[int32]bool{}
	for _, h := range of {
		for _, id := range h.groups {
			if seen[id] {
				continue
			}
			if len(all) == maxCandidates {
				return all
			}
			seen[id] = true
			all = append(all, id)
		}
	}
	return all
}

// shared are the rarest features that both have.
func (c *Crowd) shared(a, b *Profile) []Feature {
	var both []Feature
	for _, n := range a.counts {
		if _, found := b.find(n.feature); found && !n.feature.isKept() {
			both = append(both, n.feature)
		}
	}
	slices.SortStableFunc(both, func(x, y Feature) int { return cmp.Compare(c.usual(x), c.usual(y)) })
	return both[:min(len(both), 5)]
}
