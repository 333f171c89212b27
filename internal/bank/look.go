package bank

import (
	"cmp"
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
	kept   []match.Match
	at     map[int]int // place in kept, by term

	matches []hamming.Match
	near    map[ref]met // the entries that were met
}

// maxFound bounds what is found in one event: of links and devices together, and of terms.
const maxFound = 256

// Look appends to dst what the event holds of the set's banks: of links those in canonical form. What a bad bank finds within what
// a good one finds is left out.
func (r *Reader) Look(dst []rule.Found, s *Set, e *event.Event, links []rule.Link) []rule.Found {
	if s == nil {
		return dst
	}
	at := Occasion{Actor: e.Actor, Time: e.Time}
	if len(s.links) > 0 {
		for i := range links {
			dst = s.link(dst, &links[i], at)
		}
	}
	if len(s.devices) > 0 && e.Fields.Has(event.FieldDevice) {
		dst = s.add(dst, s.devices[e.Device], e.Device, at)
	}
	if s.terms != nil && e.Fields.Has(event.FieldText) {
		dst = r.terms(dst, s, e.Text, at)
	}
	return dst
}

// LookIn appends to dst the set's terms in a text that is not the event's own, such as what a picture says.
func (r *Reader) LookIn(dst []rule.Found, s *Set, text string, at Occasion) []rule.Found {
	if s == nil || s.terms == nil || text == "" {
		return dst
	}
	return r.terms(dst, s, text, at)
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

// terms notes each term once, where it is disguised least. Of more than there is room for the most severe are kept.
func (r *Reader) terms(dst []rule.Found, s *Set, text string, at Occasion) []rule.Found {
	matches := r.finder.Find(s.terms, text)
	if len(matches) == 0 {
		return dst
	}
	if r.kept = r.kept[:0]; r.at == nil {
		r.at = map[int]int{}
	}
	clear(r.at)
	next, covered := 0, 0 // good matches that begin up to here, and where the last of them ends
	for _, m := range matches {
		for ; s.anyGood && next < len(matches) && matches[next].Start <= m.Start; next++ {
			if g := matches[next]; s.termOf[g.Term].bank.Header.Good && !s.refuses(&s.termOf[g.Term], g.Cost, at) {
				covered = max(covered, g.End)
			}
		}
		if s.refuses(&s.termOf[m.Term], m.Cost, at) || !s.termOf[m.Term].bank.Header.Good && m.End <= covered {
			continue
		}
		if place, known := r.at[m.Term]; !known {
			r.at[m.Term] = len(r.kept)
			r.kept = append(r.kept, m)
		} else if m.Cost < r.kept[place].Cost {
			r.kept[place] = m
		}
	}
	if len(r.kept) > maxFound {
		slices.SortStableFunc(r.kept, func(a, b match.Match) int {
			return cmp.Compare(s.termOf[b.Term].entry.Severity, s.termOf[a.Term].entry.Severity)
		})
		r.kept = r.kept[:maxFound]
	}
	slices.SortFunc(r.kept, func(a, b match.Match) int { return cmp.Or(a.Start-b.Start, a.End-b.End, a.Term-b.Term) })
	for _, m := range r.kept {
		f := &s.termOf[m.Term]
		dst = append(dst, rule.Found{Kind: string(Terms), Bank: f.bank.Name, Entry: f.entry.Value, Policy: f.entry.Policy,
			Severity: int64(f.entry.Severity), Good: f.bank.Header.Good, Surface: text[m.Start:m.End], Start: m.Start, Cost: m.Cost, How: m.How})
	}
	return dst
}

// link looks a link up: as a page, then its host and every domain above it.
func (s *Set) link(dst []rule.Found, l *rule.Link, at Occasion) []rule.Found {
	first := len(dst)
	dst = s.add(dst, s.links[l.Canonical], l.Canonical, at)
	for host := l.Host; host != ""; {
		dst = s.add(dst, s.links[host], l.Canonical, at)
		_, host, _ = strings.Cut(host, ".")
	}
	if found := dst[first:]; slices.ContainsFunc(found, func(f rule.Found) bool { return f.Good }) {
		dst = dst[:first+len(slices.DeleteFunc(found, func(f rule.Found) bool { return !f.Good }))]
	}
	return dst
}

func (s *Set) add(dst []rule.Found, list []found, surface string, at Occasion) []rule.Found {
	for i := range list {
		f := &list[i]
		if len(dst) < maxFound && !s.refuses(f, 0, at) {
			dst = append(dst, rule.Found{Kind: string(f.bank.Header.Kind), Bank: f.bank.Name, Entry: f.entry.Value, Policy: f.entry.Policy,
				Severity: int64(f.entry.Severity), Good: f.bank.Header.Good, Surface: surface})
		}
	}
	return dst
}
