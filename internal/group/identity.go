package group

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"
)

// What a group was goes on in what is found at a tick. A community goes on with the group with which it has the most accounts in common, the older one among
// equals, if these are half of either.
//
//   - A group whose accounts went over to the community of another is merged into that one.
//   - An account that the group's community is without any more stays a member for the leave, so that groups do not flap. Then it goes: a community of
//     accounts that have gone from one group is a split of it, and has it for a parent.
//   - A community that goes on with no group, and most of which is in none, is a new one.
//   - A group of whose members none acts for dormantAfter is dormant, and after deadAfter dead. If a community goes on with one that is dormant, it returns.

const (
	leave        = 24 * hour
	dormantAfter = 3 * day
	deadAfter    = 30 * day
	forgetAfter  = 90 * day
	maxMembers   = 1 << 16 // of a group; who comes later is not taken in
)

// joined says by what an account became a member.
type joined uint8

const (
	byCommunity joined = iota // it was found in the group's community at a tick
	byTies                    // at once, by ties to two members or more: on probation
	byKey                     // at once, by a key that few have: on probation
	byKeys                    // by one that two members had, since a tick
)

// Change is something that happened to a group.
type Change struct {
	Kind    ChangeKind
	At      int64 // the tick
	Group   string
	Version uint64
	Size    int
	Gained  int      // members, of grew and merged
	Others  []string // the groups that merged into it, or from which it split

	Came [][]string // the accounts that came from each of Others; told once, and not kept in the history
}

// ChangeKind is what happened to a group. It is the kind of the event that rules listen to.
type ChangeKind string

// The kinds of changes.
const (
	Formed   ChangeKind = "group.formed"
	Grew     ChangeKind = "group.grew" // by a quarter of what it was at the last such change, and three accounts
	Joined   ChangeKind = "group.merged"
	Split    ChangeKind = "group.split"
	Returned ChangeKind = "group.returned"
)

// inherit takes in the communities of components that were refined at the tick before.
func (f *Finder) inherit(refined []component, found [][][]uint32, at int64) {
	type claim struct {
		group           *Group
		community, size int
	}
	var communities [][]uint32
	for _, some := range found {
		communities = append(communities, some...)
	}
	elsewhere := f.elsewhere(refined)
	inside := map[uint32]int{} // by account: its community
	var claims []claim
	for c, members := range communities {
		common := map[*Group]int{}
		for _, a := range members {
			inside[a] = c
			if g := f.accounts[a].group; g != nil {
				common[g]++
			}
		}
		for g, n := range common {
			if 2*n >= min(len(members), len(g.members)) && n >= elsewhere[g] {
				claims = append(claims, claim{g, c, n})
			}
		}
	}
	slices.SortFunc(claims, func(a, b claim) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.group.Found, b.group.Found), cmp.Compare(a.group.ID, b.group.ID),
			cmp.Compare(a.community, b.community))
	})
	heir := make([]*Group, len(communities))
	goesOn := map[*Group]int{} // the community that a group goes on in, + 1
	for _, x := range claims {
		if heir[x.community] == nil && goesOn[x.group] == 0 {
			heir[x.community], goesOn[x.group] = x.group, x.community+1
		}
	}
	joins := make([][]*Group, len(communities)) // groups that merge, by the community that has their accounts
	for _, x := range claims {
		if goesOn[x.group] == 0 && 2*x.size >= len(x.group.members) {
			joins[x.community] = append(joins[x.community], x.group)
			goesOn[x.group] = -1
		}
	}
	touched := map[*Group]bool{}
	var gone []uint32
	for i := range refined {
		for _, a := range refined[i].nodes {
			x := &f.accounts[a]
			if x.group == nil {
				continue
			}
			f.ofAccounts.Touch(a)
			touched[x.group] = true
			c, in := inside[a]
			goes := goesOn[x.group]
			switch stays := goes == 0 && elsewhere[x.group] > 0; {
			case in && goes == c+1:
				x.away = 0
			case x.away == 0 && (goes > 0 || stays):
				x.away = at
			case stays && at-x.away >= leave:
				gone = append(gone, a)
			}
		}
	}
	for _, a := range gone {
		f.drop(a)
		f.stir(a)
	}
	for c, members := range communities {
		if heir[c] != nil {
			f.goOn(heir[c], members, joins[c], at)
			touched[heir[c]] = true
		} else if g := f.found(members, at); g != nil {
			touched[g] = true
		}
	}
	slices.SortFunc(f.groups, compareGroups)
	for _, g := range f.groups {
		if touched[g] && g.live() {
			f.describe(g)
			f.rate(g, at)
		}
	}
}

// elsewhere is how many members each group has in components that were not refined, without those that are away: it lives there, if they are more than it has here.
func (f *Finder) elsewhere(refined []component) map[*Group]int {
	here := map[*Group]int{}
	for i := range refined {
		for _, a := range refined[i].nodes {
			if x := &f.accounts[a]; x.group != nil {
				here[x.group]++
			}
		}
	}
	out := map[*Group]int{}
	for g, n := range here {
		if n == len(g.members) {
			continue
		}
		in := map[uint32]bool{}
		for i := range refined {
			for _, a := range refined[i].nodes {
				in[a] = f.accounts[a].group == g
			}
		}
		for _, a := range g.members {
			if x := &f.accounts[a]; !in[a] && x.away == 0 && len(x.ties) > 0 {
				out[g]++
			}
		}
	}
	return out
}

// goOn brings a group to its community, into which others may have merged.
func (f *Finder) goOn(g *Group, members []uint32, merged []*Group, at int64) {
	f.touchGroup(g)
	before, returns := len(g.members), g.State == Dormant
	var others []string
	var came [][]string
	g.State = Active
	for _, old := range merged {
		f.touchGroup(old)
		for _, a := range old.members {
			f.ofAccounts.Touch(a)
			f.accounts[a].group, f.accounts[a].away = g, 0
			if _, in := slices.BinarySearch(members, a); !in {
				f.accounts[a].away = at
			}
		}
		g.members = append(g.members, old.members...)
		g.Parents = addParent(g.Parents, old.ID)
		g.Found, g.Last = min(g.Found, old.Found), max(g.Last, old.Last)
		if old.FirstFlagged != 0 && (g.FirstFlagged == 0 || old.FirstFlagged < g.FirstFlagged) {
			g.FirstFlagged = old.FirstFlagged
		}
		others, came = append(others, old.ID), append(came, f.namesOf(old.members))
		old.State, old.Into, old.members, old.Accounts = Merged, g.ID, nil, nil
	}
	changed := len(merged) > 0
	for _, a := range members {
		f.ofAccounts.Touch(a)
		x := &f.accounts[a]
		switch {
		case x.group == nil && len(g.members) < maxMembers:
			x.group, x.joined, x.by, x.away = g, at, byCommunity, 0
			g.members = append(g.members, a)
			changed = true
		case x.group == g && x.by != byCommunity:
			x.by, x.via, x.away, changed = byCommunity, "", 0, true
		}
	}
	gained := len(g.members) - before
	stay := g.members[:0]
	for _, a := range g.members {
		if x := &f.accounts[a]; x.away != 0 && at-x.away >= leave {
			f.ofAccounts.Touch(a)
			x.group, x.from, x.away = nil, g.ID, 0
			f.stir(a)
			changed = true
			continue
		}
		stay = append(stay, a)
	}
	g.members = stay
	if changed {
		f.renamed(g)
	}
	switch {
	case len(merged) > 0:
		f.change(g, Change{Kind: Joined, At: at, Gained: gained, Others: others, Came: came})
	case returns:
		f.change(g, Change{Kind: Returned, At: at, Gained: gained})
	case len(g.members) >= g.reached+max(3, g.reached/4):
		f.change(g, Change{Kind: Grew, At: at, Gained: len(g.members) - g.reached})
	}
}

// found makes a group of a community, unless most of it are members of others.
func (f *Finder) found(members []uint32, at int64) *Group {
	var free []uint32
	from := map[string]int{}
	for _, a := range members {
		if x := &f.accounts[a]; x.group == nil && len(free) < maxMembers {
			free = append(free, a)
			from[x.from]++
		}
	}
	if len(free) < leastSize || 2*len(free) < len(members) {
		return nil
	}
	if g := f.known(free, at); g != nil {
		f.comeBack(g, free, at)
		return g
	}
	g := &Group{ID: f.newID(free, at), State: Active, Found: at, members: free}
	for _, a := range free {
		f.ofAccounts.Touch(a)
		x := &f.accounts[a]
		x.group, x.joined, x.by, x.away = g, at, byCommunity, 0
		g.Last = max(g.Last, x.last)
	}
	f.keep(g)
	f.renamed(g)
	change := Change{Kind: Formed, At: at, Gained: len(free)}
	delete(from, "")
	for id, n := range from {
		if 2*n >= len(free) {
			change.Kind, change.Others, g.Parents = Split, []string{id}, []string{id}
		}
	}
	if change.Kind == Split {
		left := slices.DeleteFunc(slices.Clone(free), func(a uint32) bool { return f.accounts[a].from != change.Others[0] })
		change.Came = [][]string{f.namesOf(left)}
	}
	f.change(g, change)
	return g
}

// comeBack lets a group go on in other accounts. Those that it had stay.
func (f *Finder) comeBack(g *Group, members []uint32, at int64) {
	f.touchGroup(g)
	if g.State == Dead {
		g.members = nil // they are members no more
	}
	g.State = Active
	for _, a := range members {
		f.ofAccounts.Touch(a)
		x := &f.accounts[a]
		x.group, x.joined, x.by, x.away = g, at, byCommunity, 0
		g.Last = max(g.Last, x.last)
	}
	g.members = append(g.members, members...)
	f.renamed(g)
	f.change(g, Change{Kind: Returned, At: at, Gained: len(members)})
}

// renamed puts a group's accounts in order, and gives their set a new version.
func (f *Finder) renamed(g *Group) {
	g.Version++
	slices.Sort(g.members)
	g.Accounts = f.namesOf(g.members)
}

// change notes what happened to a group, and tells of it.
func (f *Finder) change(g *Group, c Change) {
	c.Group, c.Version, c.Size = g.ID, g.Version, len(g.members)
	g.reached = c.Size
	kept := c
	kept.Came = nil
	if g.History = append(g.History, kept); len(g.History) > maxHistory {
		g.History = append(g.History[:0:0], g.History[1:]...)
	}
	f.changes = append(f.changes, c)
}

func addParent(parents []string, id string) []string {
	if slices.Contains(parents, id) || len(parents) == maxParents {
		return parents
	}
	return append(parents, id)
}

// newID is the name of a group that is found with these members at a time.
func (f *Finder) newID(members []uint32, at int64) string {
	hash := xxh3.New()
	fmt.Fprintf(hash, "%d", at)
	for _, account := range members {
		fmt.Fprintf(hash, " %s", f.model.Name(account))
	}
	return "g" + hex.EncodeToString(hash.Sum(nil))
}

// age lets groups fall asleep and die, and accounts go whose leave has ended. What was dead or merged for forgetAfter is forgotten.
func (f *Finder) age(at int64) {
	var gone []uint32 // who was on probation for the leave
	for _, g := range f.groups {
		f.touchGroup(g)
		switch {
		case g.State == Active && at-g.Last >= dormantAfter:
			g.State = Dormant
		case g.State == Dormant && at-g.Last < dormantAfter:
			g.State = Active
			f.change(g, Change{Kind: Returned, At: at})
		case g.State == Dormant && at-g.Last >= deadAfter:
			g.State = Dead
			for _, a := range g.members {
				f.ofAccounts.Touch(a)
				f.accounts[a].group, f.accounts[a].from, f.accounts[a].away = nil, g.ID, 0
			}
		}
		if g.State != Active {
			continue
		}
		for _, a := range g.members {
			switch x := &f.accounts[a]; {
			case x.away == 0 || at-x.away < leave:
			case x.by == byCommunity:
				f.stir(a)
			default:
				gone = append(gone, a)
			}
		}
	}
	for _, a := range gone {
		f.drop(a)
	}
	if at/day != (at-wholeTick)/day {
		f.unbind()
	}
	f.groups = slices.DeleteFunc(f.groups, func(g *Group) bool {
		if g.live() || at-g.Last < forgetAfter {
			return false
		}
		delete(f.byID, g.ID)
		f.kept[g.place] = nil
		return true
	})
}

// keep takes a new group in.
func (f *Finder) keep(g *Group) {
	n := slices.Index(f.kept, nil)
	if n < 0 {
		n = len(f.kept)
		f.ofGroups.Touch(uint32(n))
		f.kept = append(f.kept, nil)
	}
	g.place = uint32(n)
	f.touchGroup(g)
	f.kept[n] = g
	f.groups = append(f.groups, g)
	f.byID[g.ID] = g
}

// touchGroup is called before a group changes.
func (f *Finder) touchGroup(g *Group) { f.ofGroups.Touch(g.place) }
