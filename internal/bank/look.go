package bank

import (
	"slices"
	"strings"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/rule"
	"github.com/ringfence/ringfence/text/match"
)

// Reader says what of a set an event holds. It keeps its memory from event to event and is for one goroutine at a time; the zero
// Reader is ready.
type Reader struct {
	finder match.Finder
	good   []match.Match

	matches []hamming.Match
	near    map[ref]int // the distances of the entries that were met
}

// maxFound bounds what is found in one event.
const maxFound = 256

// Look appends to dst what the event holds of the set's banks: of links those in canonical form. What a bad bank finds within what
// a good one finds is left out.
func (r *Reader) Look(dst []rule.Found, s *Set, e *event.Event, links []rule.Link) []rule.Found {
	if s == nil {
		return dst
	}
	if s.terms != nil && e.Fields.Has(event.FieldText) {
		dst = r.terms(dst, s, e.Text)
	}
	if len(s.links) > 0 {
		for i := range links {
			dst = s.link(dst, &links[i])
		}
	}
	if len(s.devices) > 0 && e.Fields.Has(event.FieldDevice) {
		dst = add(dst, s.devices[e.Device], e.Device)
	}
	return dst
}

// Has says whether there is a bank of that name, and what it is about, for rules that ask for it.
func (s *Set) Has(name string) (kind string, ok bool) {
	b, ok := s.Bank(name)
	if !ok {
		return "", false
	}
	return string(b.Header.Kind), true
}

// Needs says whether there is any bank of a kind.
func (s *Set) Needs(kind Kind) bool { return s != nil && s.kinds[kind] }

// HasKind is Needs for rules that ask for it.
func (s *Set) HasKind(kind string) bool { return s.Needs(Kind(kind)) }

func (r *Reader) terms(dst []rule.Found, s *Set, text string) []rule.Found {
	matches := r.finder.Find(s.terms, text)
	if len(matches) == 0 {
		return dst
	}
	r.good = r.good[:0]
	if s.anyGood {
		for _, m := range matches {
			if s.termOf[m.Term].bank.Header.Good {
				r.good = append(r.good, m)
			}
		}
	}
	for _, m := range matches {
		f := &s.termOf[m.Term]
		if limit := s.limits[m.Term]; limit >= 0 && m.Cost > limit || len(dst) == maxFound {
			continue
		}
		if !f.bank.Header.Good && slices.ContainsFunc(r.good, func(g match.Match) bool { return g.Start <= m.Start && m.End <= g.End }) {
			continue
		}
		dst = append(dst, rule.Found{Kind: string(Terms), Bank: f.bank.Name, Entry: f.entry.Value, Policy: f.entry.Policy,
			Severity: int64(f.entry.Severity), Good: f.bank.Header.Good, Surface: text[m.Start:m.End], Start: m.Start, Cost: m.Cost, How: m.How})
	}
	return dst
}

// link looks a link up: as a page, then its host and every domain above it.
func (s *Set) link(dst []rule.Found, l *rule.Link) []rule.Found {
	first := len(dst)
	dst = add(dst, s.links[l.Canonical], l.Canonical)
	for host := l.Host; host != ""; {
		dst = add(dst, s.links[host], l.Canonical)
		_, host, _ = strings.Cut(host, ".")
	}
	if found := dst[first:]; slices.ContainsFunc(found, func(f rule.Found) bool { return f.Good }) {
		dst = dst[:first+len(slices.DeleteFunc(found, func(f rule.Found) bool { return !f.Good }))]
	}
	return dst
}

func add(dst []rule.Found, list []found, surface string) []rule.Found {
	for i := range list {
		f := &list[i]
		if len(dst) < maxFound {
			dst = append(dst, rule.Found{Kind: string(f.bank.Header.Kind), Bank: f.bank.Name, Entry: f.entry.Value, Policy: f.entry.Policy,
				Severity: int64(f.entry.Severity), Good: f.bank.Header.Good, Surface: surface})
		}
	}
	return dst
}
