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
	here    []met       // what one hash of a picture met
	near    map[ref]met // what all of them met

	cut    rule.Cut
	severe []int64
}

// maxFound bounds what is found in one event: of each kind of bank, and of the bad and the known-good ones apart, so that nothing that is
// harmless takes the place of what is not.
const maxFound = 256

// Cut says of which kinds more was found than was kept since it was called last. What is kept is the most severe.
func (r *Reader) Cut() rule.Cut {
	cut := r.cut
	r.cut = 0
	return cut
}

// keep bounds what dst holds of a kind. What stays, stays in its order; of equally severe ones the first.
func (r *Reader) keep(dst []rule.Found, kind Kind) []rule.Found {
	for _, good := range [...]bool{false, true} {
		of := func(f *rule.Found) bool { return f.Kind == string(kind) && f.Good == good }
		r.severe = r.severe[:0]
		for i := range dst {
			if of(&dst[i]) {
				r.severe = append(r.severe, dst[i].Severity)
			}
		}
		if len(r.severe) <= maxFound {
			continue
		}
		r.cut |= rule.CutOf(string(kind), good)
		slices.SortFunc(r.severe, func(a, b int64) int { return cmp.Compare(b, a) })
		least := r.severe[maxFound-1]
		room := maxFound - slices.Index(r.severe, least) // for the least severe that stay
		dst = slices.DeleteFunc(dst, func(f rule.Found) bool {
			switch {
			case !of(&f) || f.Severity > least:
				return false
			case f.Severity == least && room > 0:
				room--
				return false
			}
			return true
		})
	}
	return dst
}

// Look appends to dst what the event holds of the set's banks: of links those in canonical form. What a bad bank finds within what
// a good one finds is left out.
func (r *Reader) Look(dst []rule.Found, s *Set, e *event.Event, links []rule.Link) []rule.Found {
	if s == nil {
		return dst
	}
	at := Occasion{Actor: e.Actor, Time: e.Time}
	if len(s.links) > 0 {
		for i := range links {
			dst = r.link(dst, s, &links[i], at)
		}
	}
	if len(s.devices) > 0 && e.Fields.Has(event.FieldDevice) {
		dst = r.keep(s.add(dst, s.devices[e.Device], e.Device, at), Devices)
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

// terms notes each term once, where it is disguised least.
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
	slices.SortFunc(r.kept, func(a, b match.Match) int { return cmp.Or(a.Start-b.Start, a.End-b.End, a.Term-b.Term) })
	for _, m := range r.kept {
		f := &s.termOf[m.Term]
		dst = append(dst, rule.Found{Kind: string(Terms), Bank: f.bank.Name, Entry: f.entry.Value, Policy: f.entry.Policy,
			Severity: int64(f.entry.Severity), Good: f.bank.Header.Good, Surface: text[m.Start:m.End], Start: m.Start, Cost: m.Cost, How: m.How})
	}
	return r.keep(dst, Terms)
}

// link looks a link up: as a page, then its host and every domain above it. Each entry is noted once, at the first link that it holds.
func (r *Reader) link(dst []rule.Found, s *Set, l *rule.Link, at Occasion) []rule.Found {
	first := len(dst)
	dst = s.add(dst, s.links[l.Canonical], l.Canonical, at)
	for host := l.Host; host != ""; {
		dst = s.add(dst, s.links[host], l.Canonical, at)
		_, host, _ = strings.Cut(host, ".")
	}
	if len(dst) == first {
		return dst
	}
	good := slices.ContainsFunc(dst[first:], func(f rule.Found) bool { return f.Good })
	known := dst[:first]
	here := slices.DeleteFunc(dst[first:], func(f rule.Found) bool {
		return good && !f.Good || slices.ContainsFunc(known, func(k rule.Found) bool { return k.Bank == f.Bank && k.Entry == f.Entry })
	})
	return r.keep(dst[:first+len(here)], Links)
}

func (s *Set) add(dst []rule.Found, list []found, surface string, at Occasion) []rule.Found {
	for i := range list {
		f := &list[i]
		if !s.refuses(f, 0, at) {
			dst = append(dst, rule.Found{Kind: string(f.bank.Header.Kind), Bank: f.bank.Name, Entry: f.entry.Value, Policy: f.entry.Policy,
				Severity: int64(f.entry.Severity), Good: f.bank.Header.Good, Surface: surface})
		}
	}
	return dst
}
