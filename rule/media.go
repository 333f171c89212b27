package rule

import (
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/ringfence/ringfence/event"
)

// unlike is media.distance where no bank holds anything like the event's pictures: no two hashes differ in more bits.
const unlike = 256

// Stage says how much is known of an event's media when it is evaluated. An event comes by once at each stage at most, in this order.
// Rules are evaluated anew at a stage if they read a signal that becomes known there.
type Stage uint8

// The stages.
const (
	Arrived  Stage = iota // the event itself, with the hashes that its source gave
	Fetched               // its pictures were fetched and hashed: what takes milliseconds
	Examined              // they were read and scored: what takes a second or more, done only for rules that ask
)

// fetchedSignals are those that an event may have to wait for: they follow from the bytes of its pictures. Where the source did not
// hash them, they are unknown at the event, and known at the record of what was fetched.
var fetchedSignals = []string{
	"media.pdq", "media.banks", "media.entries", "media.policies", "media.severity", "media.distance", "media.evidence", "media.family", "media.failures",
}

// Signals that become known when media are examined, by what has to be done for them.
var (
	readSignals  = []string{"media.text", "media.text.terms", "media.text.policies", "media.text.severity"}
	shownSignals = []string{"media.shown.entries", "media.shown.banks", "media.shown.policies", "media.shown.severity", "media.shown.evidence"}
	videoSignals = []string{"media.video.entries", "media.video.banks", "media.video.policies", "media.video.severity", "media.video.share", "media.video.segments", "media.video.evidence"}
)

// mediaFault says why nothing is known of the event's pictures, if it is not.
func mediaFault(name string) func(*Input) *fault {
	absent, none := &fault{name + " absent"}, &fault{"no bank of hashes"}
	return func(in *Input) *fault {
		switch {
		case !in.Signals.HasHashes:
			return absent
		case in.Signals.Banks == nil || !in.Signals.Banks.HasKind("hashes"):
			return none
		}
		return nil
	}
}

// mediaSignals are what rules read of an event's pictures by their hashes.
func mediaSignals() []signal {
	pictures := func(name string) subject { return subject{"hashes", mediaFault(name), cutFault(name)} }
	list := func(name string, at scratch, get func(*Found) string, doc string) signal {
		return signal{name: name, doc: doc, size: foundSize, node: listNode(foundList(pictures(name), at, get))}
	}
	noFamily := &fault{"media.family absent"}
	family := func(ev *Evaluation) (string, *fault) {
		if ev.in.MediaFamily == 0 {
			return "", noFamily
		}
		return ev.mediaFamilyName(), nil
	}
	notFetched := &fault{"media.failures absent"}
	failures := func(ev *Evaluation) ([]string, *fault) {
		if ev.in.Stage < Fetched {
			return nil, notFetched
		}
		return ev.in.Signals.Failures, nil
	}
	return []signal{
		list("media.banks", scratchMediaBanks, func(f *Found) string { return f.Bank }, "banks of hashes that hold one of the pictures, as it is or altered a little"),
		list("media.entries", scratchMediaEntries, func(f *Found) string { return f.Entry }, "their entries"),
		list("media.policies", scratchMediaPolicies, func(f *Found) string { return f.Policy }, "the policies that they offend"),
		{name: "media.severity", doc: "the highest severity of them; 0 if there are none",
			node: intNode(kindInt, foundMost(pictures("media.severity"), func(f *Found) int64 { return f.Severity }))},
		{name: "media.distance", doc: "bits in which a picture differs from the nearest of them: 0 for the same, 256 if there are none",
			node: intNode(kindInt, nearestHash())},
		list("media.evidence", scratchMediaEvidence, (*Found).Evidence,
			"for a person to check: of each the picture, the entry, by what method it was recognised, in how many bits they differ, and where in the picture it lies, left,top-right,bottom in pixels"),
		{name: "media.family", doc: "the family of near-copies that a picture belongs to, of several pictures that of the first; unknown without a hash, and for pictures that are nearly flat or in a known-good bank",
			size: 16, entity: event.MediaFamilyEntity, node: textNode(family)},
		{name: "media.failures", doc: "why pictures could not be fetched or read: unreachable, refused, too_large, not_picture…; empty if all could. Known only where the program fetches them",
			size: foundSize, node: listNode(failures)},
	}
}

func nearestHash() fn[int64] {
	unknown, cut := mediaFault("media.distance"), cutFault("media.distance")
	return func(ev *Evaluation) (int64, *fault) {
		if f := unknown(&ev.in); f != nil {
			return 0, f
		}
		if ev.in.Signals.Cut.Has("hashes", false) {
			return 0, cut
		}
		nearest := int64(unlike)
		for i := range ev.in.Signals.Found {
			if f := &ev.in.Signals.Found[i]; f.Kind == "hashes" && !f.Good {
				nearest = min(nearest, int64(f.Distance))
			}
		}
		return nearest, nil
	}
}

// mediaFamilyName is the id of the event's media family in words: 16 hex digits, made once an event and only if a rule asks.
func (ev *Evaluation) mediaFamilyName() string {
	if ev.mediaFamily == "" {
		var id [8]byte
		binary.BigEndian.PutUint64(id[:], ev.in.MediaFamily)
		ev.mediaFamily = hex.EncodeToString(id[:])
	}
	return ev.mediaFamily
}

// waiting is what rules and windows read of that which may have to be fetched.
type waiting struct {
	fetched  bool     // a signal of that stage
	examined bool     // likewise
	text     bool     // of those, what pictures say
	video    bool     // and videos
	shown    bool     // and which known pictures they show
	banks    []string // of matched(), which are fetched signals if they are of hashes
}

func (w *waiting) reads(signal string) {
	w.fetched = w.fetched || slices.Contains(fetchedSignals, signal)
	w.text = w.text || slices.Contains(readSignals, signal)
	w.video = w.video || slices.Contains(videoSignals, signal)
	w.shown = w.shown || slices.Contains(shownSignals, signal)
	w.examined = w.examined || w.text || w.video || w.shown
}

func (w *waiting) readsBank(name string) {
	if !slices.Contains(w.banks, name) {
		w.banks = append(w.banks, name)
	}
}

// isFor says whether anything of it becomes known at a stage after the first, as the banks are.
func (w *waiting) isFor(s Stage, b Banks) bool {
	if s == Examined {
		return w.examined
	}
	return w.fetched || b != nil && slices.ContainsFunc(w.banks, func(name string) bool {
		kind, ok := b.Has(name)
		return ok && kind == "hashes"
	})
}

// last says whether a window takes events at a stage: the last at which something that it reads becomes known, so that it takes none
// twice, but for pictures of which the source hashed some and left others to be fetched.
func (w *waiting) last(s Stage, b Banks) bool {
	switch {
	case w.examined:
		return s == Examined
	case s == Arrived:
		return true
	}
	return s == Fetched && w.isFor(s, b)
}

// MediaWants is what rules read of that which follows from the bytes of an event's media.
type MediaWants struct {
	Fetched bool     // anything at all
	Scores  []string // the policies of media.score(), sorted
	Text    bool     // what pictures say
	Video   bool     // what videos show
	Known   bool     // which pictures whose features are known they show
}

// Examined says whether anything is wanted that only becomes known at that stage.
func (m MediaWants) Examined() bool { return m.Pictures() || m.Video }

// Pictures says whether pictures are to be examined.
func (m MediaWants) Pictures() bool { return len(m.Scores) > 0 || m.Text || m.Known }

// MediaWants is what the rules that are not off read of media, as the banks are. The nil set reads nothing.
func (s *Set) MediaWants(b Banks) (m MediaWants) {
	if s == nil {
		return m
	}
	for _, r := range s.Rules {
		if r.Mode == Off {
			continue
		}
		m.Fetched = m.Fetched || r.waits.examined || r.waits.isFor(Fetched, b)
		m.Text, m.Video, m.Known = m.Text || r.waits.text, m.Video || r.waits.video, m.Known || r.waits.shown
		for policy := range r.uses.scored {
			if !slices.Contains(m.Scores, policy) {
				m.Scores = append(m.Scores, policy)
			}
		}
	}
	slices.Sort(m.Scores)
	return m
}
