package coaction

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Trace is a kind of co-action, such as sharing one link or following one account. Traces know nothing of one another.
type Trace uint8

// StreamOptions bounds a [Stream]. Times are in one unit of the caller's.
type StreamOptions struct {
	// Windows are the scales at which acts are close: 1 to 8 of them, ascending, above 0. Acts on one object are kept for the greatest.
	Windows []int64

	// HalfLife is the time in which what a pair did together loses half of its weight.
	HalfLife int64

	// Late is by how much an act may be older than the latest before it.
	Late int64

	// Popular is how many acts a timeline may hold before its object is popular: then it keeps those of a sample of the accounts, half of
	// them, a quarter and so on, and a co-action counts for as much less. The sample is chosen by hash and the same on all objects, and accounts that
	// already have a pair are paired whether in it or not.
	Popular int

	// Seed is of the choice of that sample.
	Seed uint64

	// MaxActs and MaxPairs are how many are held, at about 40 and 150 bytes. When there are more, an eighth goes: the timelines, or pairs, that were
	// touched longest ago, and among those of one time the ones of the least numbers.
	MaxActs, MaxPairs int
}

func (o *StreamOptions) check() error {
	switch {
	case len(o.Windows) < 1 || len(o.Windows) > 8:
		return fmt.Errorf("%d windows: want 1 to 8", len(o.Windows))
	case o.Windows[0] <= 0 || !slices.IsSorted(o.Windows) || o.Windows[len(o.Windows)-1] > MaxTime/2:
		return fmt.Errorf("windows %v: want them ascending, above 0 and at most %d", o.Windows, int64(MaxTime/2))
	case o.HalfLife <= 0 || o.HalfLife > MaxTime:
		return fmt.Errorf("half-life %d: want 1 to %d", o.HalfLife, int64(MaxTime))
	case o.Late < 0 || o.Late > MaxTime/2:
		return fmt.Errorf("lateness %d: want 0 to %d", o.Late, int64(MaxTime/2))
	case o.Popular < 2:
		return fmt.Errorf("objects with more than %d acts are popular: want 2 or more", o.Popular)
	case o.MaxActs < 8 || o.MaxPairs < 8 || o.MaxPairs > math.MaxInt32:
		return fmt.Errorf("at most %d acts and %d pairs: want 8 or more, and at most %d pairs", o.MaxActs, o.MaxPairs, math.MaxInt32)
	}
	return nil
}

// Stream finds pairs of accounts that act together as their acts come in. It is not safe for concurrent use. Accounts and objects are numbers, such as
// 64-bit hashes of their names.
//
// Two accounts count once for each object, by the least distance in time of their acts on it, at every window that holds that distance; what an account
// does again on the object adds nothing unless it comes closer. They count again once the object's timeline has forgotten them. The order in which acts
// come, within Late, makes no difference but where an account acts more than once on one object.
type Stream struct {
	opts  StreamOptions
	clock int64 // the latest time of an act
	begun bool
	acts  int
	lines map[lineKey]*line
	pairs pairs

	near []Act // of Add: acts of others, by account
	mine []int64
	met  []Meeting
}

type lineKey struct {
	trace  Trace
	object uint64
}

// line is the acts on one object.
type line struct {
	Timeline
	last   int64
	halved int              // how often the sample was halved
	others map[uint64]int64 // when halved: the latest act of each account, in the sample or not
	full   int              // how many of these there may be until those that are too old are dropped
}

// Meeting is what an act adds to a pair.
type Meeting struct {
	Other  uint64  // the other account
	Apart  int64   // the distance of the closest acts of the two on the object
	Scale  int     // the index of the least window that holds it
	Weight float64 // what was added at that scale
}

// NewStream makes an empty stream.
func NewStream(o StreamOptions) (*Stream, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.Windows = slices.Clone(o.Windows)
	s := &Stream{opts: o, lines: map[lineKey]*line{}}
	s.pairs.reset(len(o.Windows))
	return s, nil
}

// ErrLate is the error of an act that is older than the latest by more than the greatest lateness.
var ErrLate = errors.New("the act is too late")

// Add adds an act and returns what it adds to which pairs, in the order of the others' numbers; the list is valid until the next call. The weight is that of
// a co-action on the object, above 0: less for one that says less. It takes time for the acts on the object, of which there are about Popular, or
// for the pairs of the account where the object is popular.
func (s *Stream) Add(trace Trace, object, account uint64, at int64, weight float64) ([]Meeting, error) {
	switch {
	case at > MaxTime || at < -MaxTime:
		return nil, fmt.Errorf("time %d is out of range", at)
	case !(weight > 0) || math.IsInf(weight, 1):
		return nil, fmt.Errorf("weight %v: want one above 0 and finite", weight)
	case s.begun && at < s.clock-s.opts.Late:
		return nil, fmt.Errorf("%w: %d, and the latest is %d", ErrLate, at, s.clock)
	}
	if !s.begun || at > s.clock {
		s.clock, s.begun = at, true
	}
	key := lineKey{trace, object}
	on := s.lines[key]
	if on == nil {
		on = &line{last: at}
		s.lines[key] = on
	}
	on.last = max(on.last, at)
	s.trim(on)
	s.met = s.met[:0]
	sampled := s.in(account, on)
	if sampled {
		s.meet(trace, on, account, at, weight)
		on.Insert(Act{at, account})
		s.acts++
	}
	if on.halved > 0 {
		s.meetKnown(trace, on, account, sampled, at, weight)
		s.noteOther(on, account, at)
	}
	for on.Len() > s.opts.Popular {
		s.halve(on)
	}
	if s.acts > s.opts.MaxActs {
		s.forgetLines()
	}
	if s.pairs.len() > s.opts.MaxPairs {
		s.pairs.forget(s.opts.MaxPairs - s.opts.MaxPairs/8)
	}
	slices.SortFunc(s.met, func(a, b Meeting) int { return cmp.Compare(a.Other, b.Other) })
	return s.met, nil
}

// horizon is the time before which acts are forgotten.
func (s *Stream) horizon() int64 {
	return s.clock - s.opts.Windows[len(s.opts.Windows)-1] - s.opts.Late
}

func (s *Stream) trim(on *line) {
	before := on.Len()
	on.Forget(s.horizon())
	s.acts -= before - on.Len()
	if len(on.others) > on.full {
		before := len(on.others)
		maps.DeleteFunc(on.others, func(_ uint64, at int64) bool { return at < s.horizon() })
		s.acts -= before - len(on.others)
		on.full = 2*len(on.others) + s.opts.Popular
	}
}

// in says whether an account is in the sample on an object.
func (s *Stream) in(account uint64, on *line) bool {
	return on.halved == 0 || in(mix(account^s.opts.Seed), math.Ldexp(1, -on.halved))
}

// mix spreads the bits of a number over all of it (the finaliser of SplitMix64; Steele, Lea and Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// meet pairs an act with those on the timeline.
func (s *Stream) meet(trace Trace, on *line, account uint64, at int64, weight float64) {
	greatest := s.opts.Windows[len(s.opts.Windows)-1]
	s.mine, s.near = s.mine[:0], s.near[:0]
	for _, a := range on.acts {
		if a.Who == account {
			s.mine = append(s.mine, a.At)
		}
	}
	for _, a := range on.Near(at, greatest) {
		if a.Who != account {
			s.near = append(s.near, a)
		}
	}
	slices.SortFunc(s.near, func(a, b Act) int { return cmp.Or(cmp.Compare(a.Who, b.Who), cmp.Compare(a.At, b.At)) })
	weight = math.Ldexp(weight, -on.halved)
	for i := 0; i < len(s.near); {
		other := s.near[i].Who
		apart, when := int64(math.MaxInt64), at
		for ; i < len(s.near) && s.near[i].Who == other; i++ {
			if d := distance(at, s.near[i].At); d < apart {
				apart, when = d, max(at, s.near[i].At)
			}
		}
		before := int64(math.MaxInt64)
		if len(s.mine) > 0 {
			for _, a := range on.acts {
				if a.Who == other {
					for _, m := range s.mine {
						before = min(before, distance(a.At, m))
					}
				}
			}
		}
		s.count(trace, account, other, apart, before, when, weight)
	}
}

// meetKnown pairs an act on a popular object with the latest of each account that this one has a pair with, but those that the sample has.
func (s *Stream) meetKnown(trace Trace, on *line, account uint64, sampled bool, at int64, weight float64) {
	weight = math.Ldexp(weight, -on.halved)
	own, again := on.others[account]
	s.near = s.near[:0]
	for p := range s.pairs.of(account) {
		other := p.other(account)
		if then, ok := on.others[other]; ok && then >= s.horizon() && !(sampled && s.in(other, on)) {
			s.near = append(s.near, Act{then, other})
		}
	}
	slices.SortFunc(s.near, func(a, b Act) int { return cmp.Compare(a.Who, b.Who) })
	s.near = slices.Compact(s.near) // pairs of several traces
	for _, a := range s.near {
		before := int64(math.MaxInt64)
		if again {
			before = distance(own, a.At)
		}
		s.count(trace, account, a.Who, distance(at, a.At), before, max(at, a.At), weight)
	}
}

// count adds a co-action to a pair that acted on the object at a distance of before until now.
func (s *Stream) count(trace Trace, account, other uint64, apart, before, when int64, weight float64) {
	from, to := s.scale(apart), s.scale(before)
	if from >= to {
		return
	}
	p := s.pairs.get(trace, account, other, when)
	s.pairs.add(p, from, to, when, weight, s.opts.HalfLife)
	s.met = append(s.met, Meeting{other, apart, from, weight})
}

// scale is the index of the least window that holds a distance; the number of windows if none does.
func (s *Stream) scale(apart int64) int {
	i := 0
	for i < len(s.opts.Windows) && s.opts.Windows[i] < apart {
		i++
	}
	return i
}

func distance(a, b int64) int64 { return max(a, b) - min(a, b) }

// halve makes the sample on an object half of what it was.
func (s *Stream) halve(on *line) {
	if on.others == nil {
		on.others = map[uint64]int64{}
	}
	on.halved++
	kept := on.acts[:0]
	for _, a := range on.acts {
		if on.halved == 1 {
			s.noteOther(on, a.Who, a.At)
		}
		if s.in(a.Who, on) {
			kept = append(kept, a)
		}
	}
	s.acts -= len(on.acts) - len(kept)
	on.acts = kept
}

// noteOther notes an act on a popular object.
func (s *Stream) noteOther(on *line, account uint64, at int64) {
	then, known := on.others[account]
	if !known {
		s.acts++
	}
	if !known || then < at {
		on.others[account] = at
	}
}

// forgetLines forgets timelines until an eighth of the acts is free: those whose acts are too old, then those that were touched longest ago.
func (s *Stream) forgetLines() {
	keys := make([]lineKey, 0, len(s.lines))
	for key := range s.lines {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b lineKey) int {
		return cmp.Or(cmp.Compare(s.lines[a].last, s.lines[b].last), cmp.Compare(a.trace, b.trace), cmp.Compare(a.object, b.object))
	})
	room := s.opts.MaxActs - s.opts.MaxActs/8
	for _, key := range keys {
		on := s.lines[key]
		if s.acts <= room && on.last >= s.horizon() {
			break
		}
		s.acts -= on.Len() + len(on.others)
		delete(s.lines, key)
	}
}

// Pair is two accounts and how much they acted together.
type Pair struct {
	A, B  uint64 // A < B
	Trace Trace
	Last  int64 // the time of their latest co-action

	// Weight is, for each window, the sum of the weights of their co-actions at most that far apart, each halved with each half-life that went by.
	Weight []float64
}

// PairsOf calls do with the pairs of an account, of all traces, as of a time, until do returns false. The pair is valid until do returns.
func (s *Stream) PairsOf(account uint64, now int64, do func(Pair) bool) {
	for p := range s.pairs.of(account) {
		if !do(s.pairs.at(p, now, s.opts.HalfLife)) {
			return
		}
	}
}

// Pairs calls do with all pairs, in an order that is the same for the same acts.
func (s *Stream) Pairs(now int64, do func(Pair) bool) {
	for i := range s.pairs.all {
		if !do(s.pairs.at(&s.pairs.all[i], now, s.opts.HalfLife)) {
			return
		}
	}
}

// Acts and Len are how many acts and pairs are held.
func (s *Stream) Acts() int { return s.acts }

// Len is how many pairs are held.
func (s *Stream) Len() int { return s.pairs.len() }
