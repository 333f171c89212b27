package extract

import (
	"slices"
	"strings"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/rule"
	"github.com/ringfence/ringfence/text/link"
)

// links gives the links of urls, and remembers them, since the same few come again and again. It forgets all of them when it is full.
type links map[string]rule.Link

const (
	maxLinks = 4096
	maxURL   = 512 // a longer one is not kept
)

func (m links) of(raw string) rule.Link {
	l, known := m[raw]
	if known {
		return l
	}
	if len(raw) > maxURL {
		return parse(raw)
	}
	if len(m) == maxLinks {
		clear(m)
	}
	raw = strings.Clone(raw) // it shares memory with a record
	l = parse(raw)
	m[raw] = l
	return l
}

// parse gives the link of a url; of what is none, the url as it is.
func parse(raw string) rule.Link {
	if l, ok := link.Parse(raw); ok {
		return linkOf(&l)
	}
	return rule.Link{Canonical: raw}
}

func linkOf(l *link.Link) rule.Link {
	return rule.Link{Canonical: l.Canonical, Host: l.Host, Domain: l.Domain, Looks: l.Looks, Disguised: l.Disguised, Shortener: l.Shortener}
}

// linksOf notes the links of an event: of its urls, and of its text as far as they are not of a host that the urls name, since
// platforms show links cut short.
func (x *Extractor) linksOf(e *event.Event, s *rule.Signals) {
	for _, u := range e.URLs {
		appendLink(s, x.links.of(u))
	}
	named := len(s.Links)
	if e.Fields.Has(event.FieldText) {
		x.inText = link.Find(x.inText[:0], e.Text)
		for i := range x.inText {
			l := &x.inText[i]
			if !slices.ContainsFunc(s.Links[:named], func(n rule.Link) bool { return n.Host == l.Host }) {
				appendLink(s, linkOf(l))
			}
		}
	}
	s.HasLinks = len(s.Links) > 0 || e.Fields.Has(event.FieldURLs)
}

// appendLink keeps the lists free of repeats; they are short.
func appendLink(s *rule.Signals, l rule.Link) {
	if slices.Contains(s.Canonical, l.Canonical) {
		return
	}
	s.Links = append(s.Links, l)
	s.Canonical = append(s.Canonical, l.Canonical)
	if l.Domain != "" && !slices.Contains(s.Domains, l.Domain) {
		s.Domains = append(s.Domains, l.Domain)
	}
}
