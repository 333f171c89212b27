// Package sim is a simulated social platform: a stream of events in which campaigns are hidden among ordinary people and among
// benign look-alikes that resemble campaigns, with the truth of who is who beside it. It is what the detection of groups is
// measured on, and what feeds the demo, the examples and the tests.
//
// Ordinary people belong to communities, follow the hours of their time zone and pass on what others made; how large and how fast
// that grows is fitted to two published data sets. Eighteen kinds of campaign and twenty of look-alikes are staged among them;
// how hard each is to see follows from its [Dials], which every simulation draws from a fixed table. After an enforcement a further
// [Round] plays on with what is left of the campaigns. docs/simulation.md has the tables and says where all this is unlike life.
//
// One seed and one [Scale] give the same bytes on every machine and build, with any number of workers: all arithmetic is on
// integers, and every choice is drawn from a stream that the seed and its purpose name. Every person, handle, address and text
// is invented.
package sim

import (
	"cmp"
	"fmt"
	"slices"

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
	Accounts  int // ordinary accounts, 1,000 to 10,000,000
	Events    int // acts of ordinary accounts, about; campaigns and look-alikes come on top
	Days      int // length of the stream, at least 6
	Campaigns int // times that each kind of campaign and look-alike happens

	// Incident adds a batch of 693 sign-ups on a small host, which sleep before they spam, as it happened on a real platform.
	Incident bool
}

// ScaleOf is the scale that a word names: tiny (for tests), demo, or the S, M and L of the benchmark.
func ScaleOf(word string) (Scale, error) {
	switch word {
	case "tiny":
		return Scale{Accounts: 1_000, Events: 10_000, Days: 7, Campaigns: 1}, nil
	case "demo":
		return Scale{Accounts: 5_000, Events: 90_000, Days: 7, Campaigns: 1, Incident: true}, nil
	case "S":
		return Scale{Accounts: 20_000, Events: 460_000, Days: 7, Campaigns: 1}, nil
	case "M":
		return Scale{Accounts: 200_000, Events: 4_600_000, Days: 14, Campaigns: 10}, nil
	case "L":
		return Scale{Accounts: 2_000_000, Events: 46_000_000, Days: 14, Campaigns: 20}, nil
	}
	return Scale{}, fmt.Errorf("sim: unknown scale %q: give tiny, demo, S, M or L", word)
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
	Archetype string `json:"archetype"` // of a harmful group, see Archetypes
	Class     string `json:"class"`     // of others: a look-alike, see LookAlikes, or organic

	// When the account first acted for its group, and of the group when its first and its third member did, as RFC 3339; empty where
	// that did not happen. Signing up counts where the group signs up together; what members do as anybody would does not.
	Joined  string `json:"joined,omitempty"`
	Started string `json:"started,omitempty"`
	Third   string `json:"third,omitempty"`
}

// Generate simulates the first round of a seed. It calls emit with each event in order of time and returns the truth about every
// account. The event is valid until emit returns; an error of emit stops the simulation and is returned.
//
// Memory is bounded by the accounts, by what campaigns do, and by what people do in some hours; not by the number of events.
func Generate(seed uint64, scale Scale, emit func(*event.Event) error) ([]Truth, error) {
	return Round{Seed: seed, Scale: scale}.Generate(emit)
}

// Round is one round of a simulation.
type Round struct {
	Seed  uint64
	Scale Scale

	// Number is 0 for the first round. Each follows the one before in time and is as long. Ordinary people are the same in each.
	Number int

	// Suspended are accounts that were enforced upon in any round before. They are silent. A campaign puts new accounts in the place of those it lost,
	// which share nothing with the lost ones but their purpose, and each time it lost any it does one of two things, by lot: it doubles its
	// jitter, or it moves everybody to new addresses and devices. It meets what people see, not thresholds or scores.
	Suspended []string

	Delivery Delivery
}

const maxRounds = 100

func (r Round) check() error {
	if r.Number < 0 || r.Number >= maxRounds {
		return fmt.Errorf("sim: round %d: give 0 to %d", r.Number, maxRounds-1)
	}
	if err := r.Delivery.check(); err != nil {
		return err
	}
	return r.Scale.check()
}

// Generate simulates the round, as the function of this name does the first.
func (r Round) Generate(emit func(*event.Event) error) ([]Truth, error) {
	w, err := r.stage()
	if err != nil {
		return nil, err
	}
	p := newPen(w)
	err = w.play(func(acts []act) error {
		for i := range acts {
			if err := emit(p.write(&acts[i])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w.truths(), nil
}

// stage makes the world with everything in it that does not depend on what ordinary people do.
func (r Round) stage() (*world, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	w := newWorld(r)
	w.stageSignups()
	for i := range r.Scale.Campaigns {
		w.stageAll(i)
	}
	if r.Scale.Incident {
		w.stageIncident()
	}
	return w, nil
}

// play lets the crowd act and hands out all acts, some at a time, in the order in which they arrive. The acts are the receiver's.
func (w *world) play(do func([]act) error) error {
	c := newCrowd(w)
	net := network{Delivery: w.round.Delivery, seed: w.seed}
	serial := uint64(0)
	for h := range w.hours {
		c.hour(h)
		acts := w.hours[h]
		w.hours[h] = nil
		slices.SortStableFunc(acts, func(a, b act) int { return cmp.Compare(a.at, b.at) })
		acts = c.settle(acts)
		for i := range acts {
			serial++
			acts[i].serial = serial
		}
		until := w.start + int64(h+1)*hour
		if h == len(w.hours)-1 {
			until += 2 * hour // later than anything arrives
		}
		if err := do(net.deliver(acts, until)); err != nil {
			return err
		}
	}
	return nil
}
