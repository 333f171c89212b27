package casework

import (
	"slices"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/review"
)

// Bounds of what is remembered of views. The longest unseen subjects are forgotten first.
const (
	maxSeen     = 200_000 // contents and accounts of either generation
	maxReadings = 8       // of a subject
)

// views remembers how far contents spread, and the accounts behind them, in two generations: when the younger is full the older is
// forgotten.
type views struct {
	young, old map[event.Entity]*seen
}

type seen struct {
	author   string // of a content, if it is known
	total    float64
	readings []review.Reading // oldest first, with one a step of time at most
}

func newViews() *views { return &views{young: map[event.Entity]*seen{}} }

func (v *views) get(e event.Entity) *seen {
	if s := v.young[e]; s != nil {
		return s
	}
	s := v.old[e]
	if s == nil {
		s = &seen{}
	}
	if len(v.young) >= maxSeen {
		v.young, v.old = map[event.Entity]*seen{}, v.young
	}
	v.young[e] = s
	return s
}

// wrote remembers whose a content is.
func (v *views) wrote(content, author string) {
	v.get(event.Entity{Kind: event.ContentEntity, ID: content}).author = author
}

// told takes in how many views a content had in all at a time, and gives how many are new.
func (v *views) told(content string, at time.Time, total float64) (fresh float64) {
	s := v.get(event.Entity{Kind: event.ContentEntity, ID: content})
	fresh = max(0, total-s.total)
	s.add(at, fresh)
	if s.author != "" {
		v.get(event.Entity{Kind: event.AccountEntity, ID: s.author}).add(at, fresh)
	}
	return fresh
}

// add keeps readings spread over time: when there is no room, every other one goes.
func (s *seen) add(at time.Time, fresh float64) {
	s.total += fresh
	if n := len(s.readings); n > 0 && !at.After(s.readings[n-1].At) {
		s.readings[n-1].Views = s.total
		return
	}
	if len(s.readings) >= maxReadings {
		kept := s.readings[:1]
		for i := 2; i < len(s.readings); i += 2 {
			kept = append(kept, s.readings[i])
		}
		s.readings = kept
	}
	s.readings = append(s.readings, review.Reading{At: at, Views: s.total})
}

// of is a copy of what is known of a subject's views.
func (v *views) of(e event.Entity) []review.Reading {
	if s := v.young[e]; s != nil {
		return slices.Clone(s.readings)
	}
	if s := v.old[e]; s != nil {
		return slices.Clone(s.readings)
	}
	return nil
}
