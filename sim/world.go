package sim

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/ringfence/ringfence/event"
)

// Topics of the streams of chance, so that none is drawn from twice. Another number gives another simulation.
const (
	aboutCrowd    uint64 = 1
	aboutPerson   uint64 = 2
	aboutHome     uint64 = 3
	aboutAct      uint64 = 5
	aboutPicture  uint64 = 7
	aboutLink     uint64 = 8
	aboutCampaign uint64 = 9 // and one for each kind
)

// world is the state of one simulation: who exists, and the acts that wait for their time.
type world struct {
	round     Round
	scale     Scale
	seed      uint64
	start     int64
	span      int64    // nanoseconds
	old       uint32   // ordinary accounts below this number exist before the first round; the others sign up during it
	cast      []person // accounts of campaigns and look-alikes, in slots
	altered   map[uint32][]alteration
	hours     [][]act
	lines     []line
	items     uint32 // content made so far
	truth     []told
	drawn     []Drawn
	grouped   map[uint32]bool
	suspended map[string]bool
}

func newWorld(r Round) *world {
	w := &world{
		round: r, scale: r.Scale, seed: r.Seed,
		span:      int64(r.Scale.Days) * day,
		old:       uint32(r.Scale.Accounts - r.Scale.Accounts/25),
		altered:   map[uint32][]alteration{},
		hours:     make([][]act, r.Scale.Days*24),
		lines:     make([]line, 1),
		grouped:   map[uint32]bool{},
		suspended: make(map[string]bool, len(r.Suspended)),
	}
	w.start = Start + int64(r.Number)*w.span
	for _, account := range r.Suspended {
		w.suspended[account] = true
	}
	return w
}

// dice are those of a topic in this round.
func (w *world) dice(topic, n uint64) dice {
	return newDice(w.seed, topic+uint64(w.round.Number)<<16, n)
}

// accountID is the name of an account. Numbers are scrambled one to one, so that a name tells nothing about its bearer.
func (w *world) accountID(n uint32) string { return "u" + hex8(n*2654435761+uint32(w.seed)*40503) }

// contentID is the name of content.
func (w *world) contentID(n uint32) string { return "p" + hex8(n*2246822519+uint32(w.seed)) }

// item is the number of a new piece of content.
func (w *world) item() uint32 {
	w.items++
	return w.items
}

// say adds what somebody says and gives its index.
func (w *world) say(l line) uint32 {
	w.lines = append(w.lines, l)
	return uint32(len(w.lines) - 1)
}

// add lets acts wait for their time. Those outside the round, of the silent and of people not there yet are dropped.
func (w *world) add(a act) bool {
	a.at -= a.at % millisecond
	if a.at < w.start || a.at >= w.start+w.span || w.silenced(a.actor) || w.createdAt(a.actor) > a.at {
		return false
	}
	h := (a.at - w.start) / hour
	w.hours[h] = append(w.hours[h], a)
	return true
}

func (w *world) silenced(n uint32) bool {
	if len(w.suspended) == 0 {
		return false
	}
	return w.suspended[w.accountID(n)]
}

// told is the truth about a member of a group.
type told struct {
	account        uint32
	group, what    string
	harmful        bool
	joined         int64
	started, third int64
}

// truths is the truth about every account that is not silent: first of groups, then of all others.
func (w *world) truths() []Truth {
	all := make([]Truth, 0, len(w.truth)+w.scale.Accounts)
	for _, t := range w.truth {
		one := Truth{Account: w.accountID(t.account), Group: t.group, Harmful: t.harmful, Joined: written(t.joined), Started: written(t.started), Third: written(t.third)}
		if t.harmful {
			one.Archetype = t.what
		} else {
			one.Class = t.what
		}
		all = append(all, one)
	}
	for n := range uint32(w.scale.Accounts) {
		if !w.grouped[n] && !w.silenced(n) {
			all = append(all, Truth{Account: w.accountID(n), Class: "organic"})
		}
	}
	return all
}

func written(at int64) string {
	if at == 0 {
		return ""
	}
	return event.FormatTime(at)
}

func hex8(n uint32) string {
	const digits = "0123456789abcdef"
	var b [8]byte
	for i := range b {
		b[i] = digits[n>>(28-4*i)&15]
	}
	return string(b[:])
}

// pad writes n in decimal with at least width digits.
func pad(n uint64, width int) string {
	s := strconv.FormatUint(n, 10)
	for len(s) < width {
		s = "0" + s
	}
	return s
}

// firsts are the earliest times at which different accounts acted, ascending.
func firsts(of map[uint32]int64) []int64 {
	times := make([]int64, 0, len(of))
	for _, at := range of {
		times = append(times, at)
	}
	slices.SortFunc(times, cmp.Compare)
	return times
}
