package rule

import (
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/text/match"
)

// Link is a link of an event, written in its urls or in its text.
type Link struct {
	Canonical string // as text/link gives it
	Host      string // empty for what is no link
	Domain    string // the registrable one; empty for an address
	Looks     string // the domain that the host looks like to a reader, if it looks like one in ASCII
	Disguised bool   // written so that software does not see it
	Shortener bool
}

// Found is something of a bank that an event holds.
type Found struct {
	Kind     string // of the bank: terms, links, devices, hashes
	Bank     string
	Entry    string // its value
	Policy   string
	Severity int64
	Good     bool   // of a bank of known-good
	Surface  string // as it stands in the event
	Start    int    // of a term, in bytes of the text
	Cost     int    // of a term's disguise, in hundredths; 0 as listed
	How      match.How
	Distance int // of a picture from the entry, in bits

	// Of a picture that shows the entry's, so that a person can check it.
	Method  string // by what it was recognised, as package media/lookup names it
	Inliers int    // how many distinct features agree, where it was by features
	Box     [4]int // left, top, right, bottom in pixels: where in the picture
	Known   [4]int // and what of the known one
}

// Cut says of which kinds of banks, and whether of bad or known-good ones, an event holds more than was kept of it. What is kept is the
// most severe: what is listed was found, and what is not listed may have been.
type Cut uint8

// CutOf is the Cut of one kind.
func CutOf(kind string, good bool) Cut {
	bit := Cut(1)
	if good {
		bit <<= 4
	}
	return bit << slices.Index([]string{"terms", "links", "devices", "hashes"}, kind)
}

// Has says whether something of a kind was left out.
func (c Cut) Has(kind string, good bool) bool { return c != 0 && c&CutOf(kind, good) != 0 }

// cutFault is why a signal of what was found is unknown where some of it was left out.
func cutFault(name string) *fault { return &fault{name + " cut: more was found than is kept"} }

// Banks says which banks there are, as of the event's position.
type Banks interface {
	// Has gives the kind of a bank: terms, links, devices, hashes; false if there is none of that name.
	Has(name string) (kind string, ok bool)
	// HasKind reports whether there is any bank of a kind.
	HasKind(kind string) bool
}

const fnMatched = "matched"

// subject is what of the banks' finds a signal is about, and why nothing is known of it, if it is not.
type subject struct {
	kind    string
	unknown func(*Input) *fault
	cut     *fault
}

func terms(name string) subject { return subject{"terms", termsFault(name), cutFault(name)} }

// termsFault says why nothing is known of terms, if it is not.
func termsFault(name string) func(*Input) *fault {
	absent, none := &fault{name + " absent"}, &fault{"no bank of terms"}
	return func(in *Input) *fault {
		switch {
		case !in.Event.Fields.Has(event.FieldText):
			return absent
		case in.Signals.Banks == nil || !in.Signals.Banks.HasKind("terms"):
			return none
		}
		return nil
	}
}

// scratch is the place in Evaluation.scratch of a list that is made anew for every event.
type scratch int

// The lists of what banks found. Those of matched() come after them.
const (
	scratchTerms scratch = iota
	scratchSurfaces
	scratchPolicies
	scratchHow
	scratchLooks
	scratchMediaTypes
	scratchMediaPDQ
	scratchMediaBanks
	scratchMediaEntries
	scratchMediaPolicies
	scratchGroupLabels
	scratchTextTerms
	scratchTextPolicies
	scratchVideoBanks
	scratchVideoEntries
	scratchVideoPolicies
	scratchShownBanks
	scratchShownEntries
	scratchShownPolicies
	scratchShownEvidence
	scratchMediaEvidence
	scratchVideoEvidence
	scratchMatched
)

// foundList reads one thing of each entry that was found, without repeats. Entries of known-good banks do not count. Of a list that was
// cut, what is in it stands; one that was cut to nothing is unknown.
func foundList(of subject, at scratch, get func(*Found) string) fn[[]string] {
	return func(ev *Evaluation) ([]string, *fault) {
		if f := of.unknown(&ev.in); f != nil {
			return nil, f
		}
		list := ev.scratch[at][:0]
		for i := range ev.in.Signals.Found {
			f := &ev.in.Signals.Found[i]
			if f.Kind != of.kind || f.Good {
				continue
			}
			if v := get(f); v != "" && !slices.Contains(list, v) {
				list = append(list, v)
			}
		}
		ev.scratch[at] = list
		if len(list) == 0 && ev.in.Signals.Cut.Has(of.kind, false) {
			return nil, of.cut
		}
		return list, nil
	}
}

// foundMost reads the largest of a number of the entries that were found; 0 if none was. That of the severity is right even if something was
// left out; see [leftOut] for others.
func foundMost[T int64 | float64](of subject, get func(*Found) T) fn[T] {
	return func(ev *Evaluation) (most T, f *fault) {
		if f := of.unknown(&ev.in); f != nil {
			return 0, f
		}
		for i := range ev.in.Signals.Found {
			if f := &ev.in.Signals.Found[i]; f.Kind == of.kind && !f.Good {
				most = max(most, get(f))
			}
		}
		return most, nil
	}
}

// leftOut is fn, but unknown where terms were left out: what fn gives is not in the order of severity, by which they are.
func leftOut(name string, of fn[float64]) fn[float64] {
	cut := cutFault(name)
	return func(ev *Evaluation) (float64, *fault) {
		if ev.in.Signals.Cut.Has("terms", false) {
			return 0, cut
		}
		return of(ev)
	}
}

// foundWays are the ways in which the terms that were found are disguised.
func foundWays(name string) fn[[]string] {
	unknown := termsFault(name)
	return func(ev *Evaluation) ([]string, *fault) {
		if f := unknown(&ev.in); f != nil {
			return nil, f
		}
		var ways match.How
		for i := range ev.in.Signals.Found {
			if f := &ev.in.Signals.Found[i]; f.Kind == "terms" && !f.Good {
				ways |= f.How
			}
		}
		ev.scratch[scratchHow] = ways.AppendNames(ev.scratch[scratchHow][:0])
		return ev.scratch[scratchHow], nil
	}
}

// matchedNode is what of a bank the event holds. A bank that is not there, and an event without what the bank is about, are unknown.
func matchedNode(bank string, at scratch) node {
	missing, cut := &fault{"no bank " + bank}, cutFault("bank "+bank)
	without := map[string]*fault{}
	for kind, what := range map[string]string{"terms": "text", "links": "links", "devices": "device", "hashes": "hashes of pictures"} {
		without[kind] = &fault{"nothing to match with bank " + bank + ": no " + what}
	}
	return listNode(func(ev *Evaluation) ([]string, *fault) {
		s := ev.in.Signals
		if s.Banks == nil {
			return nil, missing
		}
		kind, ok := s.Banks.Has(bank)
		if !ok {
			return nil, missing
		}
		fields := ev.in.Event.Fields
		if kind == "terms" && !fields.Has(event.FieldText) || kind == "links" && !s.HasLinks || kind == "devices" && !fields.Has(event.FieldDevice) ||
			kind == "hashes" && !s.HasHashes {
			return nil, without[kind]
		}
		list, good := ev.scratch[at][:0], false
		for i := range s.Found {
			if f := &s.Found[i]; f.Bank == bank && !slices.Contains(list, f.Entry) {
				list, good = append(list, f.Entry), f.Good
			}
		}
		ev.scratch[at] = list
		// What of a bad bank was found stands; a rule must not act because what it is to spare was left out.
		if s.Cut.Has(kind, true) && (good || len(list) == 0) || s.Cut.Has(kind, false) && len(list) == 0 {
			return nil, cut
		}
		return list, nil
	})
}

// anyLink reads whether a link of the event has a property.
func anyLink(name string, is func(*Link) bool) fn[bool] {
	absent := &fault{name + " absent"}
	return func(ev *Evaluation) (bool, *fault) {
		if !ev.in.Signals.HasLinks {
			return false, absent
		}
		return slices.ContainsFunc(ev.in.Signals.Links, func(l Link) bool { return is(&l) }), nil
	}
}

func linkLooks() fn[[]string] {
	absent := &fault{"url.looks absent"}
	return func(ev *Evaluation) ([]string, *fault) {
		if !ev.in.Signals.HasLinks {
			return nil, absent
		}
		list := ev.scratch[scratchLooks][:0]
		for i := range ev.in.Signals.Links {
			if looks := ev.in.Signals.Links[i].Looks; looks != "" && !slices.Contains(list, looks) {
				list = append(list, looks)
			}
		}
		ev.scratch[scratchLooks] = list
		return list, nil
	}
}
