package group

import (
	"slices"

	"github.com/ringfence/ringfence/graph/evidence"
)

// Between ticks an account that is in no group can join one at once, by what is near proof: a device or a sign-up batch that few accounts share, or edges that stand, by the
// limits of the last tick, to two members or more. It is on probation then: rules read the group, but no action on the group is about it. What is found at the next tick confirms
// who joined by edges; who joined by a key is confirmed by two members that were at it.
//
// Accounts that few keys hold together are united in sets, so that one of them in a group binds the others. A set grows to maxSet accounts and no further. Sets are made anew
// each day.

const (
	rare   = 20 // accounts that a key has at most to be near proof
	maxSet = 500
)

// nearProof are the traces whose keys bind accounts if few have them.
var nearProof = [nTraces]bool{device: true, signup: true}

// confirmed says whether actions on the group may be about the account.
func (x *account) confirmed() bool { return x.by == byCommunity || x.by == byKeys }

// bindKeys unites an account with others at keys that few have, and lets it join the group of one of them.
func (f *Finder) bindKeys(who uint32, acts []Act) {
	x := &f.accounts[who]
	for _, a := range acts {
		if !nearProof[a.trace] {
			continue
		}
		var others []uint32
		if !f.model.Visitors(a.trace, a.key, rare, func(account uint32) {
			if account != who && !slices.Contains(others, account) {
				others = append(others, account)
			}
		}) {
			continue
		}
		var g *Group
		members := 0
		for _, other := range others {
			f.unite(who, other)
			y := &f.accounts[other]
			switch {
			case y.group == nil || y.group.State != Active || !y.confirmed():
			case g == nil:
				g, members = y.group, 1
			case g == y.group:
				members++
			}
		}
		root := f.root(who)
		if g == nil {
			if bound := f.byID[f.accounts[root].bound]; bound != nil && bound.State == Active {
				g = bound
			}
		}
		if g != nil && x.group == nil {
			f.join(who, g, byKey, traces[a.trace].Name+" "+a.key)
			if x.group == g && members > 1 {
				x.firm = true
				f.probation = append(f.probation, who)
			}
		}
	}
	if x.group != nil {
		if root := f.root(who); f.accounts[root].linked > 0 || root != who {
			f.ofAccounts.Touch(root)
			f.accounts[root].bound = x.group.ID
		}
	}
}

// bindTies lets an account join a group that it has standing edges to two members of.
func (f *Finder) bindTies(who uint32) {
	var with []*Group
	f.model.EdgesOf(who, func(e evidence.Edge) {
		other := e.A
		if other == who {
			other = e.B
		}
		y := &f.accounts[other]
		if f.accounts[who].group != nil || y.group == nil || y.group.State != Active || !y.confirmed() {
			return
		}
		if slices.Contains(with, y.group) {
			f.join(who, y.group, byTies, "")
		}
		with = append(with, y.group)
	})
}

// join makes an account a member on probation.
func (f *Finder) join(who uint32, g *Group, by joined, via string) {
	if len(g.members) >= maxMembers {
		return
	}
	f.touchGroup(g)
	f.ofAccounts.Touch(who)
	x := &f.accounts[who]
	x.group, x.joined, x.by, x.via, x.away, x.firm = g, f.clock, by, via, 0, false
	if by == byKey {
		x.away = f.clock // its community has never had it
	}
	g.members = append(g.members, who)
	g.Last = f.clock
	f.renamed(g)
}

// confirm ends the probation of those who joined since the last tick by a key that two members had.
func (f *Finder) confirm() {
	for _, a := range f.probation {
		f.ofAccounts.Touch(a)
		x := &f.accounts[a]
		if x.firm && x.group != nil && x.by == byKey {
			x.by, x.away = byKeys, 0
			f.touchGroup(x.group)
			f.renamed(x.group)
		}
		x.firm = false
	}
	f.probation = f.probation[:0]
}

// drop takes an account out of its group.
func (f *Finder) drop(a uint32) {
	f.ofAccounts.Touch(a)
	x := &f.accounts[a]
	g := x.group
	f.touchGroup(g)
	g.members = slices.DeleteFunc(g.members, func(m uint32) bool { return m == a })
	x.group, x.from, x.away, x.via, x.firm = nil, g.ID, 0, "", false
	f.renamed(g)
}

// root is the account that stands for the set of another.
func (f *Finder) root(a uint32) uint32 {
	for f.accounts[a].link != 0 {
		up := f.accounts[a].link - 1
		if over := f.accounts[up].link; over != 0 {
			f.ofAccounts.Touch(a)
			f.accounts[a].link = over
		}
		a = up
	}
	return a
}

// unite puts the sets of two accounts together, unless they would be too large.
func (f *Finder) unite(a, b uint32) {
	a, b = f.root(a), f.root(b)
	if a == b {
		return
	}
	x, y := &f.accounts[a], &f.accounts[b]
	if x.linked < y.linked || x.linked == y.linked && b < a {
		a, b, x, y = b, a, y, x
	}
	if x.linked+y.linked+2 > maxSet {
		return
	}
	f.ofAccounts.Touch(a)
	f.ofAccounts.Touch(b)
	x.linked += y.linked + 1
	y.link = a + 1
	if x.bound == "" {
		x.bound = y.bound
	}
}

// unbind takes all sets apart.
func (f *Finder) unbind() {
	for a := range f.accounts {
		if x := &f.accounts[a]; x.link != 0 || x.linked != 0 {
			f.ofAccounts.Touch(uint32(a))
			x.link, x.linked, x.bound = 0, 0, ""
		}
	}
}
