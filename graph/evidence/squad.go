package evidence

import (
	"cmp"
	"math"
	"slices"

	"github.com/ringfence/ringfence/graph/leiden"
)

// Squads that take turns leave no pair that repeats: five of thirty share each link, another five the next. What repeats is that those who gather come from one set of
// accounts. Such sets are looked for in one half of all gatherings, and tested on the other half, which had no part in choosing them.

// gathering is who was at one key with no pause longer than a window, for no longer than two windows.
type gathering struct {
	who  []uint32
	hour int32 // since the first act
	odd  bool  // of the half that tests
}

// Squad is a set of accounts of which more gather than chance explains.
type Squad struct {
	Trace    int
	Members  []uint32 // ascending; each gathered with two others of the set three times or more
	Within   int64    // the pause that a gathering has at most
	Seen     int      // gatherings of the half that tests with Least of the set or more
	Least    int
	Expected float64
	Log10P   float64
}

const (
	fewest         = 4  // members of a squad
	discoveryCrowd = 48 // who gathered with more others shows little by it
	longest        = 2  // windows
	leastTurns     = 3  // gatherings that a member has with two others
	hourly         = 3600
	leastExpected  = 1e-9 // gatherings: what is smaller is rounding
)

// seen is an account at a key.
type seen struct {
	key uint64
	at  int64
	who uint32
}

// Squads looks for squads in all acts that are remembered; second is the caller's second. It takes time for these acts, about a second for a million.
func (m *Model) Squads(second int64) ([]Squad, error) {
	var all []Squad
	tests := 0
	for i := range m.traces {
		t := &m.traces[i]
		if t.Batch || len(t.visits) == 0 {
			continue
		}
		acts := make([]seen, 0, len(t.visits))
		for _, v := range t.visits {
			if v.account != nobody {
				acts = append(acts, seen{v.hash, v.at, v.account})
			}
		}
		slices.SortFunc(acts, func(a, b seen) int {
			return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.at, b.at), cmp.Compare(a.who, b.who))
		})
		for s, window := range t.Windows {
			if window > 2*hourly*second {
				break
			}
			spread := max(1, t.levels[s*crowds].spread, t.levels[s*crowds+1].spread)
			y := newSquads(acts, window, hourly*second, spread, len(m.accounts.items))
			found, n, err := y.find()
			if err != nil {
				return nil, err
			}
			tests += n
			for _, x := range found {
				x.Trace, x.Within = i, window
				all = append(all, x)
			}
		}
	}
	limit := math.Log10(m.opts.Alpha / float64(max(1, tests)))
	all = slices.DeleteFunc(all, func(x Squad) bool { return x.Log10P > limit })
	return all, nil
}

// squads is one search.
type squads struct {
	gatherings []gathering
	spread     float64
	acts       []float64   // of all, by hour
	hours      [][]int32   // of each account's acts
	at         [][]int32   // the gatherings of each account
	tests      [][]float64 // gatherings of the half that tests, by hour and size

	x []int32 // of test: how many of the set are in each gathering; zero outside of it
}

// maxGathering is how many accounts of a gathering are looked at.
const maxGathering = 512

// newSquads cuts acts, which are sorted by key and time, into gatherings.
func newSquads(acts []seen, window, hour int64, spread float64, accounts int) *squads {
	y := &squads{spread: spread, hours: make([][]int32, accounts), at: make([][]int32, accounts)}
	if len(acts) == 0 {
		return y
	}
	first, last := acts[0].at, acts[0].at
	for _, a := range acts {
		first, last = min(first, a.at), max(last, a.at)
	}
	y.acts, y.tests = make([]float64, (last-first)/hour+1), make([][]float64, (last-first)/hour+1)
	members := make([]uint32, len(acts))
	for from := 0; from < len(acts); {
		to := from + 1
		for to < len(acts) && acts[to].key == acts[from].key && acts[to].at-acts[to-1].at <= window && acts[to].at-acts[from].at <= longest*window {
			to++
		}
		for i := from; i < to; i++ {
			a, h := acts[i].who, int32((acts[i].at-first)/hour)
			members[i] = a
			y.acts[h]++
			y.hours[a] = append(y.hours[a], h)
		}
		who := members[from:min(to, from+maxGathering)]
		slices.Sort(who)
		if who = slices.Compact(who); len(who) > 1 {
			y.gather(gathering{who, int32((acts[from].at - first) / hour), mix(acts[from].key^uint64(acts[from].at))&1 == 1})
		}
		from = to
	}
	y.x = make([]int32, len(y.gatherings))
	return y
}

func (y *squads) gather(g gathering) {
	for _, a := range g.who {
		y.at[a] = append(y.at[a], int32(len(y.gatherings)))
	}
	y.gatherings = append(y.gatherings, g)
	if g.odd {
		sizes := &y.tests[g.hour]
		for len(*sizes) <= len(g.who) {
			*sizes = append(*sizes, 0)
		}
		(*sizes)[len(g.who)]++
	}
}

// densities are the least densities that candidates are looked for with.
var densities = [...]float64{.02, .08}

// find looks for candidates and tests them. It returns those that are less likely than one in a hundred, and how many were tested.
func (y *squads) find() (found []Squad, tests int, err error) {
	edges, nodes := y.edges()
	if len(edges) == 0 {
		return nil, 0, nil
	}
	graph, err := leiden.NewGraph(len(nodes), edges)
	if err != nil {
		return nil, 0, err
	}
	for _, gamma := range densities {
		result, err := leiden.Run(graph, leiden.Options{Objective: leiden.CPM, Gamma: gamma, Seed: 1})
		if err != nil {
			return nil, 0, err
		}
		candidates := make([][]uint32, result.Communities)
		for n, c := range result.Community {
			candidates[c] = append(candidates[c], nodes[n])
		}
		for _, set := range candidates {
			if len(set) < fewest {
				continue
			}
			tests++
			if x := y.test(set); x.Log10P <= -2 {
				if x.Members = y.members(set); len(x.Members) >= fewest {
					found = append(found, x)
				}
			}
		}
	}
	return found, tests, nil
}

// edges are the pairs that gathered in the half that candidates come from, each gathering of k giving 1/(k−1) (Newman 2001), and the accounts of the nodes.
func (y *squads) edges() ([]leiden.Edge, []uint32) {
	node := make([]uint32, len(y.at))
	var nodes []uint32
	var edges []leiden.Edge
	number := func(a uint32) uint32 {
		if node[a] == 0 {
			nodes = append(nodes, a)
			node[a] = uint32(len(nodes))
		}
		return node[a] - 1
	}
	for _, g := range y.gatherings {
		if g.odd || len(g.who) > discoveryCrowd {
			continue
		}
		weight := 1 / float64(len(g.who)-1)
		for i, a := range g.who {
			for _, b := range g.who[:i] {
				edges = append(edges, leiden.Edge{A: number(a), B: number(b), Weight: weight})
			}
		}
	}
	return edges, nodes
}

// turns are the sizes of the part of a gathering that is of the set which are tested.
var turns = [...]int{2, 3, 4, 6}

// test says how unlikely it is that so many gatherings of the half that tests have so many of the set. By chance each account of a gathering is of the set with the share
// that the set has of all acts of that hour, times spread, as those who have something in common are where it is: with few of the others. Gatherings with j of the set or more are then
// a sum of independent chances, of which the Poisson bounds the tail (Hoeffding 1956).
func (y *squads) test(set []uint32) Squad {
	met := y.meet(set)
	var count [len(turns)]int
	for _, g := range met {
		if y.gatherings[g].odd {
			for i, j := range turns {
				if int(y.x[g]) >= j {
					count[i]++
				}
			}
		}
		y.x[g] = 0
	}
	own := make([]float64, len(y.acts))
	for _, a := range set {
		for _, h := range y.hours[a] {
			own[h]++
		}
	}
	var expected [len(turns)]float64
	for h, acts := range own {
		if acts == 0 {
			continue
		}
		share := min(1, y.spread*acts/y.acts[h])
		for k, n := range y.tests[h] {
			if n > 0 {
				addTails(&expected, n, k, share)
			}
		}
	}
	best := Squad{}
	for i, j := range turns {
		if log10P := (logTail(max(expected[i], leastExpected), count[i]) + math.Log(float64(len(turns)))) / math.Ln10; log10P < best.Log10P {
			best = Squad{Seen: count[i], Least: j, Expected: expected[i], Log10P: log10P}
		}
	}
	return best
}

// meet counts how many of a set are in each gathering, in x, and gives the gatherings with any.
func (y *squads) meet(set []uint32) []int32 {
	var met []int32
	for _, a := range set {
		for _, g := range y.at[a] {
			if y.x[g] == 0 {
				met = append(met, g)
			}
			y.x[g]++
		}
	}
	return met
}

// addTails adds n times the chances that of k, each of the set with a chance of p, there are as many as turns says.
func addTails(to *[len(turns)]float64, n float64, k int, p float64) {
	mass := math.Pow(1-p, float64(k))
	below, x := 0.0, 0
	for i, j := range turns {
		for ; x < j; x++ {
			below += mass
			if p < 1 {
				mass *= float64(k-x) / float64(x+1) * p / (1 - p)
			}
		}
		switch {
		case k < j:
		case p == 1:
			to[i] += n
		default:
			to[i] += n * max(0, 1-below)
		}
	}
}

// members are those of a set that gathered with two others of it often enough, until none is left that did not.
func (y *squads) members(set []uint32) []uint32 {
	for {
		met := y.meet(set)
		kept := make([]uint32, 0, len(set))
		for _, a := range set {
			n := 0
			for _, g := range y.at[a] {
				if y.x[g] > 2 {
					n++
				}
			}
			if n >= leastTurns {
				kept = append(kept, a)
			}
		}
		for _, g := range met {
			y.x[g] = 0
		}
		if len(kept) == len(set) {
			slices.Sort(kept)
			return kept
		}
		set = kept
	}
}
