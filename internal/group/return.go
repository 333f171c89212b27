package group

import (
	"cmp"
	"math"
	"slices"

	"github.com/zeebo/xxh3"
)

// A group that people or rules have suspended, or that fell asleep, can come back with other accounts. It is known again by what they have in common with it: keys of
// several families, each weighed by how rare it is. A value v that n of N accounts have speaks for it by ln(N/n) (Fellegi and Sunter 1969, with agreement taken for certain); of a
// family the rarest value counts alone, two families must speak, and all together must make it likely, against as many groups as could come back, that it is this one.

// mark is a key that an account acted at.
type mark struct {
	trace uint8
	hash  uint64
}

const (
	maxMarks     = 24  // of an account: the latest
	maxSignature = 48  // of a group
	sure         = .99 // how likely it has to be that a group has come back
	leastWeight  = 3   // of a family, for it to speak: one account in twenty has the value
	returnsFor   = 90 * day
)

// The families of keys.
const (
	infrastructure = iota
	wording
	links
	contacts
	nFamilies
)

// familyOfTrace says of what family the keys of a trace are.
func familyOfTrace(trace uint8) int {
	switch trace {
	case ip, device, signup, pattern:
		return infrastructure
	case share, tags:
		return links
	case reply, repost, like, follow:
		return contacts
	}
	return wording // texts, and how they are written
}

// leaveMarks notes at which keys an account acted.
func (x *account) leaveMarks(acts []Act) {
	for _, a := range acts {
		m := mark{uint8(a.trace), xxh3.HashString(a.key)}
		if slices.Contains(x.marks, m) {
			continue
		}
		if len(x.marks) == maxMarks {
			x.marks = append(x.marks[:0], x.marks[1:]...)
		}
		x.marks = append(x.marks, m)
	}
}

// marksOf are the marks that two or more of some accounts have, those of the most accounts first.
func (f *Finder) marksOf(members []uint32) []mark {
	count := map[mark]int{}
	for _, a := range members {
		for _, m := range f.accounts[a].marks {
			count[m]++
		}
	}
	var shared []mark
	for m, n := range count {
		if n > 1 {
			shared = append(shared, m)
		}
	}
	slices.SortFunc(shared, func(a, b mark) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.trace, b.trace), cmp.Compare(a.hash, b.hash))
	})
	return shared[:min(maxSignature, len(shared))]
}

// sign keeps by what a group would be known again.
func (f *Finder) sign(g *Group) {
	if shared := f.marksOf(g.members); len(shared) > 0 {
		g.signature = shared
	}
}

// known is the group that has come back in accounts that are in none; nil if none has.
func (f *Finder) known(members []uint32, at int64) *Group {
	var asleep []*Group
	for _, g := range f.groups {
		if len(g.signature) > 0 && at-g.Last < returnsFor && (g.State == Dormant || g.State == Dead || g.State == Active && f.suspended(g.ID)) {
			asleep = append(asleep, g)
		}
	}
	if len(asleep) == 0 {
		return nil
	}
	marks := f.marksOf(members)
	all := float64(max(1, f.model.Accounts()))
	least := math.Log(sure/(1-sure)) + math.Log(float64(len(asleep)))
	var best *Group
	most := 0.0
	for _, g := range asleep {
		var weight [nFamilies]float64
		for _, m := range marks {
			if slices.Contains(g.signature, m) {
				w := math.Log(all / max(1, f.model.Prevalence(int(m.trace), m.hash)))
				family := familyOfTrace(m.trace)
				weight[family] = max(weight[family], w)
			}
		}
		sum, speak := 0.0, 0
		for _, w := range weight {
			if w >= leastWeight {
				sum += w
				speak++
			}
		}
		if speak >= 2 && sum >= least && sum > most {
			best, most = g, sum
		}
	}
	return best
}
