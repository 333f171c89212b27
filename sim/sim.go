// Package sim is a simulated social platform: a stream of events in which campaigns are hidden among ordinary people and among
// benign look-alikes that resemble campaigns, with the truth of who is who beside it.
//
// It feeds the demo, the examples and the tests. One seed and one [Scale] give the same bytes on every machine and build: all
// arithmetic is on integers and every random choice comes from one seeded generator.
//
// Ordinary people follow the hours of their time zone, act with a Zipf-like activity and react to recent content. The campaigns
// are a copy-paste spam ring, a sign-up batch that sleeps before it spams, a reply brigade and a follow train; the look-alikes
// are breaking news, a newsroom behind one address, sign-ups behind a campus's address and a giveaway. Every person, handle,
// address and text is invented.
package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/ringfence/ringfence/event"
)

// Start is the time at which every simulation starts, 2026-01-05T00:00:00Z (a Monday), in nanoseconds since 1970.
const Start int64 = 1_767_571_200 * second

// Durations in nanoseconds; all times of the simulation are whole milliseconds.
const (
	millisecond int64 = 1_000_000
	second            = 1000 * millisecond
	minute            = 60 * second
	hour              = 60 * minute
	day               = 24 * hour
)

// Scale says how much is simulated.
type Scale struct {
	Accounts  int // ordinary accounts, at least 1,000
	Events    int // acts of ordinary accounts, within 2%; campaigns and look-alikes come on top
	Days      int // length of the stream, at least 6
	Campaigns int // times that each campaign and look-alike happens, other than the sign-up batch, which happens once
}

// ScaleOf is the scale that a word names: S is about 100,000 events, M a million and L ten million.
func ScaleOf(word string) (Scale, error) {
	switch word {
	case "S":
		return Scale{Accounts: 5_000, Events: 96_000, Days: 7, Campaigns: 1}, nil
	case "M":
		return Scale{Accounts: 50_000, Events: 960_000, Days: 7, Campaigns: 10}, nil
	case "L":
		return Scale{Accounts: 500_000, Events: 9_600_000, Days: 14, Campaigns: 50}, nil
	}
	return Scale{}, fmt.Errorf("sim: unknown scale %q: give S, M or L", word)
}

func (s Scale) check() error {
	switch {
	case s.Accounts < 1_000 || s.Accounts > 10_000_000:
		return fmt.Errorf("sim: scale has %d accounts: give 1,000 to 10,000,000", s.Accounts)
	case s.Events < 0 || s.Events > 1_000_000_000:
		return fmt.Errorf("sim: scale has %d events: give 0 to 1,000,000,000", s.Events)
	case s.Days < 6 || s.Days > 366:
		return fmt.Errorf("sim: scale has %d days: give 6 to 366", s.Days)
	case s.Campaigns < 0 || s.Campaigns > 1_000:
		return fmt.Errorf("sim: scale has %d campaigns: give 0 to 1,000", s.Campaigns)
	}
	return nil
}

// Truth says what one account is. An account that takes part in several groups has a Truth for each, and every account that
// takes part in none has one with an empty Group.
type Truth struct {
	Account   string `json:"account"`
	Group     string `json:"group"`
	Harmful   bool   `json:"harmful"`
	Archetype string `json:"archetype"` // of a harmful group: copypasta, sleeper-batch, reply-brigade or follow-train
	Class     string `json:"class"`     // of others: breaking-news, newsroom, campus-signup, giveaway or organic
}

// Generate calls emit with each event in time order and returns the truth about every account. The event is valid until emit
// returns; an error of emit stops the simulation and is returned.
//
// Memory is bounded by the number of accounts and of campaigns, not by the number of events.
func Generate(seed uint64, scale Scale, emit func(*event.Event) error) ([]Truth, error) {
	if err := scale.check(); err != nil {
		return nil, err
	}
	w := newWorld(seed, scale)
	w.stageSignups()
	w.stageSleeperBatch()
	for i := range scale.Campaigns {
		w.stageSpamRing(i)
		w.stageBrigade(i)
		w.stageFollowTrain(i)
		w.stageBreakingNews(i)
		w.stageNewsroom(i)
		w.stageCampus(i)
		w.stageGiveaway(i)
	}
	slices.SortStableFunc(w.staged, func(a, b event.Event) int { return cmp.Compare(a.Time, b.Time) })
	return w.truths(), w.play(emit)
}

// play merges the staged acts with those of the crowd, numbers them and hands them out.
func (w *world) play(emit func(*event.Event) error) error {
	crowd := newCrowd(w)
	next, more := crowd.act()
	made := make(map[string]tally, w.scale.Accounts)
	for n := 1; more || len(w.staged) > 0; n++ {
		var e event.Event
		if len(w.staged) > 0 && (!more || w.staged[0].Time <= next.Time) {
			e, w.staged = w.staged[0], w.staged[1:]
		} else {
			e = next
			next, more = crowd.act()
		}
		e.ID = "e" + pad(uint64(n), 8)
		t := made[e.Actor]
		e.Account.Posts += int64(t.posts)
		e.Account.Following += int64(t.follows)
		switch e.Kind {
		case "post", "reply", "quote":
			t.posts++
		case "follow":
			t.follows++
		}
		made[e.Actor] = t
		if err := emit(&e); err != nil {
			return err
		}
	}
	return nil
}

// tally is what an account did so far in the stream.
type tally struct{ posts, follows int32 }

// pad writes n in decimal with at least width digits.
func pad(n uint64, width int) string {
	s := strconv.FormatUint(n, 10)
	for len(s) < width {
		s = "0" + s
	}
	return s
}

// skewed picks 0..n-1 with Zipf-like odds: the first sixteen are as likely as the next sixteen, the next thirty-two, and so on.
func skewed(rng *rand.Rand, n int) int {
	low, high := 0, min(16, n)
	octaves := 1
	for size := 16; size < n; size *= 2 {
		octaves++
	}
	for range rng.IntN(octaves) {
		low, high = high, min(2*high, n)
	}
	return low + rng.IntN(high-low)
}

// pick is one of the choices, all equally likely.
func pick[T any](rng *rand.Rand, choices []T) T { return choices[rng.IntN(len(choices))] }

// between is a time in [from, to), on a whole millisecond.
func between(rng *rand.Rand, from, to int64) int64 {
	return from + rng.Int64N((to-from)/millisecond)*millisecond
}
