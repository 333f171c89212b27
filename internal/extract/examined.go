package extract

import (
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/lookup"
	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/rule"
)

// examined takes what was found by examining media: what pictures say and show, and the frames of videos.
func (x *Extractor) examined(it *Item, r *signals.Record, pin Pin) {
	s, at := &it.Signals, bank.Occasion{Actor: it.Event.Actor, Time: it.Event.Time}
	for i := range r.Pictures {
		p := &r.Pictures[i]
		x.known(it, p, pin, at)
		read := p.Read
		switch {
		case read == nil:
		case read.Failure != "":
			s.TextFailures = append(s.TextFailures, read.Failure)
		default:
			if s.HasText && read.Text != "" {
				s.PictureText += "\n"
			}
			s.PictureText += read.Text
			s.HasText = true
		}
	}
	s.TextFound = x.banks.LookIn(s.TextFound, pin.Banks, s.PictureText, at)
	s.TextCut = x.banks.Cut().Has("terms", false)
	for i := range r.Videos {
		v := &r.Videos[i]
		if v.Failure != "" {
			s.VideoFailures = append(s.VideoFailures, v.Failure)
			continue
		}
		s.HasVideo = true
		x.frames(s, v, pin, at)
	}
}

// known looks up what banks say of the known pictures that a picture shows. A picture that a known-good bank holds as a whole shows nothing bad.
func (x *Extractor) known(it *Item, p *signals.Picture, pin Pin, at bank.Occasion) {
	s := &it.Signals
	switch {
	case p.Known == nil:
		return
	case p.Known.Failure != "":
		s.ShownFailures = append(s.ShownFailures, p.Known.Failure)
		return
	}
	s.HasShown = true
	if slices.Contains(x.good, p.At) {
		return
	}
	s.ShownFound = x.banks.LookShown(s.ShownFound, pin.Banks, p.Known.Shown, nameOf(&it.Event.Media[p.At]), at)
	s.ShownCut = x.banks.Cut().Has("hashes", false) || s.ShownCut
}

// sceneGap is how far apart two frames of one segment may be, in seconds: they are taken a second apart.
const sceneGap = 2.5

// frames looks the frames of a video up, each as it is shown. A frame that a known-good bank holds is like nothing bad.
func (x *Extractor) frames(s *rule.Signals, v *signals.Video, pin Pin, at bank.Occasion) {
	usable, alike := 0, 0
	from, to := -1.0, -1.0 // of the segment that goes on
	end := func() {
		if from >= 0 && len(s.VideoSegments) < maxSegments {
			s.VideoSegments = append(s.VideoSegments, fmt.Sprintf("%.0f-%.0fs", from, to))
		}
		from = -1
	}
	for i := range v.Frames {
		f := &v.Frames[i]
		if f.Quality < pdq.MinQuality {
			continue
		}
		usable++
		p := signals.Picture{Quality: f.Quality, PDQ: []pdq.Hash{f.PDQ}}
		x.picture, _ = p.Hashes(x.picture.PDQ)
		x.seen, _ = x.banks.LookAt(x.seen[:0], pin.Banks, &x.picture, fmt.Sprintf("%.1fs", f.T), at)
		s.VideoCut = x.banks.Cut().Has("hashes", false) || s.VideoCut
		if !slices.ContainsFunc(x.seen, func(f rule.Found) bool { return !f.Good }) {
			continue
		}
		alike++
		if from >= 0 && f.T-to > sceneGap {
			end()
		}
		if from < 0 {
			from = f.T
		}
		to = f.T
		for j := range x.seen {
			x.seen[j].Method = string(lookup.PDQ)
			known := slices.ContainsFunc(s.VideoFound, func(f rule.Found) bool { return f.Bank == x.seen[j].Bank && f.Entry == x.seen[j].Entry })
			if known {
				continue
			}
			if s.VideoFound = append(s.VideoFound, x.seen[j]); len(s.VideoFound) > maxSeen {
				s.VideoCut = true
				least := 0
				for k := range s.VideoFound {
					if s.VideoFound[k].Severity <= s.VideoFound[least].Severity {
						least = k
					}
				}
				s.VideoFound = slices.Delete(s.VideoFound, least, least+1)
			}
		}
	}
	end()
	if usable > 0 {
		s.VideoShare = max(s.VideoShare, float64(alike)/float64(usable))
	}
}

// Bounds of what is told of an event's videos.
const (
	maxSeen     = 64 // entries
	maxSegments = 64
)
