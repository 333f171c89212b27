// Package ids remembers which events were seen, so that a duplicated event changes nothing.
//
// Ids are exact 128-bit hashes; with each goes a hash of the event's content. They are kept in eras, which follow each other as
// records arrive: an era ends when its filter is full, or when the event clock has moved on by a quarter of the horizon. The
// oldest era is forgotten as a whole, when all of it is older than the horizon or there are too many ids. What was forgotten
// leaves a floor: an event as old as that is TooOld, never new, so that its duplicate does not pass.
//
// A new id costs a look into the filter of each era, an append and a store. Memory for each id: 2 bytes in a filter, and while it
// is recent 24 bytes and 8 to 16 of index. Everything is a function of the sequence of calls, which one goroutine makes.
package ids

import (
	"fmt"
	"math/bits"
)

// Verdict is what Admit found.
type Verdict uint8

// The verdicts.
const (
	New       Verdict = iota // never seen; it is remembered from now on
	Duplicate                // seen, with the same content
	Conflict                 // seen, with other content: the first wins
	TooOld                   // too old to tell
)

func (v Verdict) String() string {
	if int(v) < len(verdicts) {
		return verdicts[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

var verdicts = [...]string{"new", "duplicate", "conflict", "too old"}

// Options bounds a Set and says where its older part lies.
type Options struct {
	Horizon int64 // nanoseconds of the event clock for which ids are kept, unless there are more than Max
	Max     int   // ids that are kept at most
	Recent  int   // ids that stay in memory after they were saved; it changes nothing but the speed

	// Stored looks an id up among those that Mark gave and Saved confirmed. Without it all ids stay in memory.
	Stored func(era uint32, id [16]byte) (content uint64, found bool, err error)
	// Forgotten is told of an era none of whose ids is asked for again. It may be nil.
	Forgotten func(era uint32)
}

// Set is the ids that were seen.
type Set struct {
	opts  Options
	eras  []*era // oldest first; ids are added to the last
	next  uint32 // the next era's number
	floor int64  // events as old as this were forgotten
	total int
}

// Stats is what a set holds.
type Stats struct {
	Memory int // ids whose exact form is in memory
	Disk   int // ids whose exact form is on disk alone
	Eras   int
}

// NewSet makes an empty set.
func NewSet(o Options) *Set { return &Set{opts: o, floor: -1} }

// Admit decides whether an event is new, by the clock before it, and remembers it if it is. At is the event's time.
func (s *Set) Admit(id [16]byte, content uint64, at, clock int64) (Verdict, error) {
	v, err := s.Look(id, content, at, clock)
	if v == New && err == nil {
		s.add(id, hash(id), content, at, clock)
	}
	return v, err
}

// Look is the verdict that Admit would give, without taking the id in.
func (s *Set) Look(id [16]byte, content uint64, at, clock int64) (Verdict, error) {
	if at <= s.floor || at < clock-s.opts.Horizon {
		return TooOld, nil
	}
	h := hash(id)
	for maybe := s.maybe(h); maybe != 0; {
		i := bits.Len64(maybe) - 1
		maybe &^= 1 << i
		e := s.eras[i]
		if !e.filter.has(h) {
			continue
		}
		was, found, err := s.find(e, id, h)
		if err != nil {
			return New, err
		}
		if found {
			if was == content {
				return Duplicate, nil
			}
			return Conflict, nil
		}
	}
	return New, nil
}

// maybe is the set of eras that the first word of their filters does not rule out. It does not branch, so that the processor
// waits for the words of all filters at once: with many ids they are in none of its caches.
func (s *Set) maybe(h uint64) (eras uint64) {
	bit := firstBit(h)
	for i, e := range s.eras {
		eras |= e.filter.block(h)[0] >> bit & 1 << i
	}
	return eras
}

func (s *Set) add(id [16]byte, h, content uint64, at, clock int64) {
	e := s.current(clock)
	e.add(id, h, content)
	e.latest = max(e.latest, at)
	s.total++
	for len(s.eras) > 1 && (s.total > s.opts.Max || len(s.eras) > maxEras || s.eras[0].latest < clock-s.opts.Horizon) {
		s.forget()
	}
}

// current is the era to add to. A new one has room for twice what the last one held.
func (s *Set) current(clock int64) *era {
	most := max(1, s.opts.Max/erasPerHorizon)
	capacity := min(most, minEra)
	if n := len(s.eras); n > 0 {
		last := s.eras[n-1]
		if last.count < last.capacity && clock-last.began < s.opts.Horizon/erasPerHorizon {
			return last
		}
		capacity = min(most, max(minEra, 2*last.count))
	}
	e := newEra(s.next, clock, capacity)
	s.next++
	s.eras = append(s.eras, e)
	return e
}

// forget drops the oldest era.
func (s *Set) forget() {
	e := s.eras[0]
	s.floor = max(s.floor, e.latest)
	s.total -= e.count
	s.eras[0] = nil
	s.eras = s.eras[1:]
	if s.opts.Forgotten != nil {
		s.opts.Forgotten(e.number)
	}
}

// find looks an id up in an era: in memory, and then on disk if some of the era is only there.
func (s *Set) find(e *era, id [16]byte, h uint64) (content uint64, found bool, err error) {
	for i := len(e.segments) - 1; i >= 0; i-- {
		if content, found := e.segments[i].find(id, h); found {
			return content, true, nil
		}
	}
	if e.onDisk == 0 {
		return 0, false, nil
	}
	return s.opts.Stored(e.number, id)
}

// Stats counts what is held.
func (s *Set) Stats() Stats {
	st := Stats{Eras: len(s.eras)}
	for _, e := range s.eras {
		st.Disk += e.onDisk
	}
	st.Memory = s.total - st.Disk
	return st
}
