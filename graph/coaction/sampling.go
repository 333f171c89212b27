package coaction

import (
	"fmt"
	"math"

	"github.com/zeebo/xxh3"
)

// Sampling bounds the work on popular objects, on which pairs grow with the square of the acts: those of which some window holds more than
// Popular acts. On such an object an act is paired with all others only if its account is in a sample, which is chosen by hash, is the same
// on every object, and is the smaller the more popular the object, so that a window holds about Popular acts of it. All others are paired with accounts that
// they acted together with on an object that is not popular. So a group that also meets elsewhere is found whole; one that meets only on popular
// objects is found in part. The order of an edge's ends may then be another. The zero value takes all pairs.
type Sampling struct {
	Popular int    // acts; 0 is no limit
	Seed    uint64 // of the choice of accounts
}

func (s Sampling) check() error {
	if s.Popular < 0 {
		return fmt.Errorf("objects with more than %d acts in a window are popular: want 0 or more", s.Popular)
	}
	return nil
}

// Share is the part of all accounts that is in the sample on an object of which a window holds so many acts.
func (s Sampling) Share(acts int) float64 {
	if s.Popular == 0 || acts <= s.Popular {
		return 1
	}
	return float64(s.Popular) / float64(acts)
}

// in says whether an account is in a sample of a share of all, by a hash of it: those of a smaller share are among those of a greater.
func in(hash uint64, share float64) bool { return float64(hash) < share*math.MaxUint64 }

// sample is what a join needs to know to sample.
type sample struct {
	popular []float64 // of each object: the share of accounts in the sample, 0 where it is not popular
	hash    []uint64  // of each account
	starts  []int     // the accounts that account a is known to act with are known[starts[a]:starts[a+1]]
	known   []uint32

	// Of the object that is searched:
	last   []uint32 // the last row of each account
	lastIn []uint32 // and the round in which that was: one is one search of one object
	round  uint32
	before []uint32 // of each row: the one of the same account before it
}

// sampled makes the join one that samples popular objects, if there are any.
func (j *join) sampled(by Sampling, accounts []string) {
	if by.Popular == 0 {
		return
	}
	popular := make([]float64, len(j.ends))
	some := false
	from := 0
	for object, to := range j.ends {
		if peak := j.peak(j.order[from:to]); peak > by.Popular {
			popular[object] = by.Share(peak)
			some = true
		}
		from = to
	}
	if !some {
		return
	}
	s := &sample{popular: popular, hash: make([]uint64, len(accounts)), starts: make([]int, len(accounts)+1),
		last: make([]uint32, len(accounts)), lastIn: make([]uint32, len(accounts)), before: make([]uint32, len(j.rows))}
	for a, name := range accounts {
		s.hash[a] = xxh3.HashStringSeed(name, by.Seed)
	}
	s.learn(j)
	j.sample = s
}

// peak is the greatest number of rows within one window.
func (j *join) peak(on []uint32) int {
	peak, from := 0, 0
	for i, n := range on {
		for j.rows[on[from]].at < j.rows[n].at-j.window {
			from++
		}
		peak = max(peak, i-from+1)
	}
	return peak
}

// learn finds who acts with whom on objects that are not popular.
func (s *sample) learn(j *join) {
	each := func(visit func(older, newer uint32)) {
		from := 0
		for object, to := range j.ends {
			if s.popular[object] == 0 {
				j.exact(j.order[from:to], visit)
			}
			from = to
		}
	}
	each(func(older, newer uint32) {
		s.starts[j.rows[older].account+1]++
		s.starts[j.rows[newer].account+1]++
	})
	for a := 1; a < len(s.starts); a++ {
		s.starts[a] += s.starts[a-1]
	}
	s.known = make([]uint32, s.starts[len(s.starts)-1])
	at := append([]int(nil), s.starts...)
	each(func(older, newer uint32) {
		a, b := j.rows[older].account, j.rows[newer].account
		s.known[at[a]], s.known[at[b]] = b, a
		at[a]++
		at[b]++
	})
	seen := distinct{seen: s.last, list: 1}
	kept := s.known[:0]
	from := 0
	for a := range s.last {
		to := s.starts[a+1]
		s.starts[a] = len(kept)
		seen.reset()
		for _, b := range s.known[from:to] {
			if seen.add(b) {
				kept = append(kept, b)
			}
		}
		from = to
	}
	s.starts[len(s.last)] = len(kept)
	s.known = kept
}

// pairs visits the sampled pairs among the rows on one popular object, which are in order of time.
func (s *sample) pairs(j *join, object int, on []uint32, line *Timeline, visit func(older, newer uint32)) {
	line.Reset()
	s.round++
	share := s.popular[object]
	for _, n := range on {
		newer := &j.rows[n]
		a := newer.account
		sampled := in(s.hash[a], share)
		if sampled {
			for _, act := range line.Near(newer.at, j.window) {
				if older := &j.rows[act.Who]; older.account != a && older.content != newer.content {
					visit(uint32(act.Who), n)
				}
			}
			line.Insert(Act{newer.at, uint64(n)})
		}
		for _, b := range s.known[s.starts[a]:s.starts[a+1]] {
			if s.lastIn[b] != s.round || sampled && in(s.hash[b], share) {
				continue
			}
			for o := s.last[b]; o != nothing && j.rows[o].at >= newer.at-j.window; o = s.before[o] {
				if j.rows[o].content != newer.content {
					visit(o, n)
				}
			}
		}
		s.before[n] = nothing
		if s.lastIn[a] == s.round {
			s.before[n] = s.last[a]
		}
		s.last[a], s.lastIn[a] = n, s.round
	}
}
