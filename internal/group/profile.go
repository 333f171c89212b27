package group

import (
	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/event"
)

// profile is what an account was seen to be and to do. It is of fixed size.
type profile struct {
	created     int64 // 0: unknown
	first       int64 // its first event
	followers   int64
	following   int64
	known       uint8 // of the flags below
	confirmed   bool
	verified    bool
	declared    bool   // it says that it is automatic
	device, ip  uint64 // the latest
	pattern     uint64 // of its registration
	acts, posts int
	copied      int // posts whose text others have too
	links       int // posts with a link
	reactions   int
	follows     int
	replies     int
	deletes     int
	reports     int
	changed     int64     // when it last came from another device than before
	active      int64     // the minute of its latest event
	hours       [24]uint8 // events by hour of the day, all halved when one is full
	target      majority  // of replies
	domain      majority  // of links
}

const (
	knowsConfirmed = 1 << iota
	knowsVerified
	knowsFollowers
)

// majority is the most frequent of a sequence of values if that is more than half of it (Boyer and Moore 1981).
type majority struct {
	value uint64
	lead  int
}

func (m *majority) add(value uint64) {
	switch {
	case m.lead == 0:
		m.value, m.lead = value, 1
	case m.value == value:
		m.lead++
	default:
		m.lead--
	}
}

// note notes an event of the account.
func (p *profile) note(e *event.Event, copied bool) {
	if p.acts == 0 {
		p.first = e.Time
	}
	p.acts++
	a := &e.Account
	if e.Fields.Has(event.FieldAccountCreated) {
		p.created = a.Created
	}
	if e.Fields.Has(event.FieldAccountConfirmed) {
		p.confirmed, p.known = a.Confirmed, p.known|knowsConfirmed
	}
	if e.Fields.Has(event.FieldAccountVerified) {
		p.verified, p.known = a.Verified, p.known|knowsVerified
	}
	if e.Fields.Has(event.FieldAccountFollowers) {
		p.followers, p.following, p.known = a.Followers, a.Following, p.known|knowsFollowers
	}
	if e.IP != "" {
		p.ip = xxh3.HashString(e.IP)
	}
	if e.Device != "" {
		now := xxh3.HashString(e.Device)
		if p.device != 0 && p.device != now {
			p.changed = e.Time
		}
		p.device = now
	}
	if form := registration(e); form != "" {
		p.pattern = xxh3.HashString(form)
	}
	p.declared = p.declared || declares(e.Client, a.Handle)
	switch e.Kind {
	case "post", "quote", "reply", "comment":
		p.posts++
		if copied {
			p.copied++
		}
		if len(e.URLs) > 0 {
			p.links++
			p.domain.add(xxh3.HashString(domainOf(e.URLs[0])))
		}
		if e.Parent != "" && e.Target != "" {
			p.replies++
			p.target.add(xxh3.HashString(e.Target))
		}
	case "repost", "share", "like":
		p.reactions++
	case "follow":
		p.follows++
	case "delete":
		p.deletes++
	case "report":
		p.reports++
	}
	p.awake(e.Time)
}

// awake notes the hour of an event.
func (p *profile) awake(at int64) {
	h := &p.hours[(at%day+day)%day/hour]
	if *h == 255 {
		for i := range p.hours {
			p.hours[i] /= 2
		}
	}
	*h++
}
