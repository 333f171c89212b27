// Package guilt says how near accounts stand to known-bad ones, compared with how near they stand to known-good ones. It stands alone.
//
// It is association and nothing more: who is near did nothing yet that is known. Membership of a group rests on what an account did itself; keep the two apart, and let
// nearness put accounts into the order in which they are looked at, not enforce anything.
//
// Both are short random walks from seeds, as in SybilRank (Cao, Sirivianos, Yang, Pregueiro: Aiding the Detection of Fake Accounts in Large Scale Online Social
// Services, NSDI 2012): about log n steps, after which a walk has spread over the region that it began in but little beyond it, and mass divided by degree, so that
// many ties alone make nobody near. The attack on such walks are ties between the regions: bad accounts that tie themselves to good ones (which spreads guilt to
// the innocent), or buy ties (which brings trust to the guilty). Two things bound what they do. A tie carries at most 1/Least of an account's mass, so that a new account
// with one tie to a bad one is not its twin. And what counts is the ratio of both walks: who has ties to the bad region and many to the good one stays near the good.
// With twice as many such ties as the bad region has inside the two become one, and with four times as many no walk tells them apart (TestTiesBetween: of 200 bad
// and 2,000 good accounts with 10 seeds each, a bad one is nearer than a good one in 100% of cases with 1,000 ties between, the number that the bad region has inside, in 92% with
// 2,000, in 48% with 4,000).
package guilt

import (
	"fmt"
	"math"
	"math/bits"
)

// Options are those of [Near].
type Options struct {
	Steps int // of the walks; 0: the logarithm to base 2 of the number of accounts
	Least int // as so many ties an account counts that has fewer; 0: 4
}

// maxSteps bounds Steps: longer walks forget where they began.
const maxSteps = 64

// Near says for each account, numbered from 0, how near it is to bad seeds: from 0, all near the good, to 1; ½ where neither walk came, or both alike. Ties are pairs of
// accounts, undirected; one to itself is nothing. The walks from bad and from good seeds begin with a mass of 1 each, in equal parts: so seeds may be few of many. Without good
// seeds the walk from the bad ones is held against where an endless walk would be. It takes time for ties × steps.
func Near(accounts int, ties [][2]uint32, bad, good []uint32, o Options) ([]float64, error) {
	if o.Steps == 0 {
		o.Steps = bits.Len(uint(accounts))
	}
	if o.Least == 0 {
		o.Least = 4
	}
	if o.Steps < 1 || o.Steps > maxSteps || o.Least < 1 {
		return nil, fmt.Errorf("guilt: %d steps and at least %d ties: want 1 to %d, and 1 or more", o.Steps, o.Least, maxSteps)
	}
	degree := make([]float64, accounts)
	for _, t := range ties {
		if int64(max(t[0], t[1])) >= int64(accounts) {
			return nil, fmt.Errorf("guilt: a tie of %d and %d among %d accounts", t[0], t[1], accounts)
		}
		if t[0] != t[1] {
			degree[t[0]]++
			degree[t[1]]++
		}
	}
	for _, seeds := range [][]uint32{bad, good} {
		for _, s := range seeds {
			if int64(s) >= int64(accounts) {
				return nil, fmt.Errorf("guilt: a seed %d among %d accounts", s, accounts)
			}
		}
	}
	near := make([]float64, accounts)
	guilt := walk(degree, ties, bad, o)
	trust := walk(degree, ties, good, o)
	all := 0.0
	for _, d := range degree {
		all += max(d, float64(o.Least))
	}
	for i, d := range degree {
		d = max(d, float64(o.Least))
		g, t := guilt[i]/d, trust[i]/d
		if len(good) == 0 {
			t = 1 / all
		}
		near[i] = .5
		if g+t > 0 {
			near[i] = g / (g + t)
		}
	}
	return near, nil
}

// walk is the mass at each account after a walk from seeds. An account keeps what its ties cannot carry.
func walk(degree []float64, ties [][2]uint32, seeds []uint32, o Options) []float64 {
	mass, next := make([]float64, len(degree)), make([]float64, len(degree))
	for _, s := range seeds {
		mass[s] += 1 / float64(len(seeds))
	}
	least := float64(o.Least)
	for range o.Steps {
		for i, d := range degree {
			next[i] = mass[i] * (1 - math.Min(1, d/least))
		}
		for _, t := range ties {
			if a, b := t[0], t[1]; a != b {
				next[b] += mass[a] / max(degree[a], least)
				next[a] += mass[b] / max(degree[b], least)
			}
		}
		mass, next = next, mass
	}
	return mass
}
