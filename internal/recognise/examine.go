package recognise

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/gallery"
	"github.com/ringfence/ringfence/internal/scorer"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/ocr"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/media/preview"
)

// Bounds of what is examined. Where more comes it is not examined, and its record says busy: nothing waits for it.
const (
	examiners   = 16               // events under way; most of them wait for scorers
	maxStudies  = 64               // events that wait
	deskBytes   = 64 << 20         // files that wait or are examined
	examineTime = 60 * time.Second // for the pictures of an event, together
)

// busy says that something was not examined since too much waited.
const busy = "busy"

// study is an event whose pictures were hashed and are to be examined.
type study struct {
	job      *job
	pictures []signals.Picture
	files    [][]byte // of the pictures; nil for one that there is none of, or no room for
	videos   []signals.Video
}

// desk is where pictures wait to be examined.
type desk struct {
	studies chan *study
	bytes   atomic.Int64  // of files
	places  chan struct{} // has one for each picture that is worked on here
	films   chan *study   // whose pictures are examined, and that have videos
}

func newDesk(places int) *desk {
	return &desk{studies: make(chan *study, maxStudies), places: make(chan struct{}, places), films: make(chan *study, maxFilms)}
}

// hold takes a file onto the desk, if there is room for it.
func (d *desk) hold(file []byte) bool {
	if d.bytes.Add(int64(len(file))) <= deskBytes {
		return true
	}
	d.bytes.Add(-int64(len(file)))
	return false
}

// clear takes a study's files off the desk.
func (d *desk) clear(s *study) {
	for i, file := range s.files {
		d.bytes.Add(-int64(len(file)))
		s.files[i] = nil
	}
}

// lay puts a study on the desk. Where it is full, the study ends unexamined.
func (w *Worker) lay(ctx context.Context, s *study) error {
	select {
	case w.desk.studies <- s:
		return nil
	default:
		w.desk.clear(s)
		for i := range s.pictures {
			w.examinePicture(ctx, s.job, &s.pictures[i], nil)
		}
		return w.pass(ctx, s)
	}
}

// conclude tells what was found by examining, and why there is nothing else.
func (w *Worker) conclude(ctx context.Context, s *study) error {
	if err := w.tell(ctx, s.job, signals.Examiner, s.pictures, s.videos); err != nil {
		return err
	}
	return w.done(s.job, 0)
}

// examine works through the desk until ctx is done.
func (w *Worker) examine(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-w.desk.studies:
			limited, cancel := context.WithTimeout(ctx, examineTime)
			for i := range s.pictures {
				w.examinePicture(limited, s.job, &s.pictures[i], s.files[i])
			}
			cancel()
			w.desk.clear(s)
			if ctx.Err() != nil {
				return nil //nolint:nilerr // it is done again after the restart
			}
			if err := w.pass(ctx, s); err != nil {
				return err
			}
		}
	}
}

// examinePicture fills in what rules want to know of a picture that could be decoded; without its file, that all was busy.
func (w *Worker) examinePicture(ctx context.Context, j *job, p *signals.Picture, file []byte) {
	if p.Failure != "" {
		return
	}
	var asked []scorer.Scorer
	for _, s := range w.opts.Scorers {
		if slices.ContainsFunc(s.Policies(), func(policy string) bool { return slices.Contains(j.wants.Scores, policy) }) {
			asked = append(asked, s)
		}
	}
	shown, failure := w.study(ctx, j, p, file)
	for _, s := range asked {
		scored := signals.Scored{Scorer: s.Name(), Failure: failure}
		if failure == "" {
			scored = score(ctx, s, scorer.Picture{SHA256: p.SHA256, JPEG: shown})
		}
		p.Scores = append(p.Scores, scored)
		w.count(func(st *Stats) { st.Examined[cmp.Or(scored.Failure, "scored")]++ })
	}
}

// study does what is done on this machine: it reads what the picture says, and makes the copy that scorers are shown.
func (w *Worker) study(ctx context.Context, j *job, p *signals.Picture, file []byte) (jpeg []byte, failure string) {
	decoded, failure := (*picture.Picture)(nil), busy
	if file != nil {
		select {
		case w.desk.places <- struct{}{}:
			defer func() { <-w.desk.places }()
			var err error
			if decoded, err = w.opts.Decoder.Decode(ctx, file); err != nil {
				failure = undecoded(err)
			} else {
				failure = ""
			}
		case <-ctx.Done():
			failure = timeout
		}
	}
	if j.wants.Text {
		p.Read = &signals.Read{Failure: failure}
		if failure == "" {
			p.Read = w.readText(ctx, decoded)
		}
		w.count(func(s *Stats) { s.Examined[cmp.Or(p.Read.Failure, "read")]++ })
	}
	if j.wants.Known {
		p.Known = &signals.Known{Failure: failure}
		if failure == "" {
			p.Known = w.findKnown(ctx, j, p, file, decoded)
		}
		w.count(func(s *Stats) { s.Examined[cmp.Or(p.Known.Failure, "compared")]++ })
	}
	if failure != "" || len(j.wants.Scores) == 0 {
		return nil, failure
	}
	jpeg, err := preview.Small(decoded, scorer.MaxSide)
	if err != nil {
		return nil, malformed
	}
	return jpeg, ""
}

// Known finds the pictures of banks whose features are known.
type Known interface {
	// Find gives those that a picture shows, the surest first, up to signals.MaxShown.
	Find(ctx context.Context, p *picture.Picture) ([]bank.Shown, error)
}

// findKnown says which known pictures a picture shows, and keeps the picture where the banks as they are call one of them bad.
func (w *Worker) findKnown(ctx context.Context, j *job, p *signals.Picture, file []byte, decoded *picture.Picture) *signals.Known {
	shown, err := w.opts.Known.Find(ctx, decoded)
	switch {
	case err != nil && ctx.Err() != nil:
		return &signals.Known{Failure: timeout}
	case err != nil:
		w.opts.Log.Error("known pictures cannot be looked for", "error", err)
		return &signals.Known{Failure: failed}
	case len(shown) == 0 || w.opts.Gallery == nil:
		return &signals.Known{Shown: shown}
	}
	var reader bank.Reader
	found := reader.LookShown(nil, w.opts.Banks(), shown, "", bank.Occasion{Actor: j.event.Actor, Time: j.event.Time})
	if policies := gallery.Offended(found); len(policies) > 0 {
		hashes, _ := p.Hashes(nil)
		w.keep(ctx, gallery.Sighting{Digest: p.SHA256, Account: j.event.Actor, Policies: policies, Hashes: hashes, File: file, Picture: decoded})
	}
	return &signals.Known{Shown: shown}
}

// Reader reads the text in pictures.
type Reader interface {
	Read(ctx context.Context, p *picture.Picture) (ocr.Text, error)
}

// readText reads what a picture says.
func (w *Worker) readText(ctx context.Context, p *picture.Picture) *signals.Read {
	text, err := w.opts.Reader.Read(ctx, p)
	switch {
	case err == nil:
		said := text.String()
		return &signals.Read{Text: strings.ToValidUTF8(said[:min(len(said), signals.MaxText-8)], "")}
	case errors.Is(err, ocr.ErrNoTesseract):
		return &signals.Read{Failure: notInstalled}
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		return &signals.Read{Failure: timeout}
	}
	w.opts.Log.Warn("a picture cannot be read", "error", err)
	return &signals.Read{Failure: failed}
}

const (
	notInstalled = "not_installed" // the program that it takes
	failed       = "failed"        // that program
)

// score asks a scorer.
func score(ctx context.Context, s scorer.Scorer, p scorer.Picture) signals.Scored {
	out := signals.Scored{Scorer: s.Name()}
	answer, err := s.Score(ctx, p)
	if err != nil {
		out.Failure = scorer.Failure(err)
		return out
	}
	out.Version = answer.Version
	for policy, p := range answer.Scores {
		out.Policies = append(out.Policies, signals.Score{Policy: policy, P: p})
	}
	slices.SortFunc(out.Policies, func(a, b signals.Score) int { return strings.Compare(a.Policy, b.Policy) })
	return out
}
