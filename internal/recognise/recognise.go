// Package recognise finds out about the pictures and videos that events only name by address: it fetches them and appends what it found,
// or why it found nothing, to the journal as signals records, at which the rules run that waited for it.
//
// A [Worker] follows the journal at a pace of its own. Nothing waits for it: not the door, nor the decisions on texts. It works in lanes, each
// bounded by itself. Pictures are fetched and hashed, and told of at once. Those that rules want more of are then examined: scored by models, and
// read. Videos come last, in a lane of their own. Where more pictures come than it can fetch, it falls behind, and passes over events that have
// become too old, or that name a slow domain while too many wait, which is counted; what finds no room in the other lanes is told of as
// busy. Enough slow domains still keep it from everybody's pictures: see docs/media.md. What it has done is saved as a position; after a crash it
// does the rest, and some of it again, which changes nothing, since decide takes the first record of an event and stage only.
package recognise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/gallery"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/scorer"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/rule"
)

// Options of a worker.
type Options struct {
	// Wanted says what rules read of pictures once the records up to a position are decided, for which it waits: what comes while
	// none does is passed over for good, and before that, as after a start, nobody knows. It may fail only when ctx is done.
	Wanted func(ctx context.Context, through journal.Position) (rule.MediaWants, error)

	Journal journal.Log
	Append  func(context.Context, []journal.Record) error // makes records durable; it may wait while the loop is behind
	Client  *http.Client                                  // guarded: addresses come from strangers
	After   journal.Position                              // what is up to here is done
	Save    func(journal.Position) error                  // called with what is done, from one goroutine at a time; a crash may lose the latest
	Now     func() int64                                  // nanoseconds since 1970, as Received of records
	Limits  event.Limits
	Decoder picture.Decoder
	Hashers int // pictures that are decoded and hashed at a time, at least 1; each takes up to 12 bytes a pixel

	Banks   func() *bank.Set // as they are, to tell which pictures are known
	Gallery *gallery.Gallery // keeps those; nil for none

	Examiners int // pictures that are examined on this machine at a time, at least 1
	Scorers   []scorer.Scorer
	Reader    Reader       // of the text in pictures
	Known     Known        // finds known pictures in others by their features
	Films     FilmHasher   // of the frames of videos
	Videos    *http.Client // fetches those; guarded, and bounded by what a video may have
	Log       *slog.Logger
}

// Bounds.
const (
	fetchers   = 64               // events under way; nearly all of them wait for a server
	perDomain  = 4                // of them, with pictures of one registrable domain
	maxQueue   = 256              // events that wait for a fetcher; then slow domains are passed over, or the journal is read on no further
	maxEach    = 16               // pictures of one event that are fetched
	eventTime  = 20 * time.Second // for fetching the pictures of one event, together
	slowFor    = time.Minute      // a domain that took half of an event's time counts as slow, unless it is quicker before
	maxAge     = 10 * time.Minute // after its receipt, an event is passed over
	readAtOnce = 256
)

const partition journal.Partition = 0

// Worker fetches pictures.
type Worker struct {
	opts   Options
	tools  chan *tools   // one for each picture that may be hashed at a time
	large  chan struct{} // has one for each file over smallFile in memory
	desk   *desk
	cache  *cache
	pauses []time.Duration // before a picture that may come yet is asked for again
	within time.Duration   // eventTime

	mu      sync.Mutex
	changed *sync.Cond         // of what follows
	queue   []*job             // in the order of the journal
	busy    map[string]int     // events under way by domain
	slow    map[string]int64   // domains that are, and until when
	flight  []journal.Position // of jobs that are not done, in order
	read    journal.Position
	saved   journal.Position
	closed  bool
	stats   Stats
}

// Stats counts since the start.
type Stats struct {
	Queued   int               // events that wait or are under way
	Hashed   uint64            // pictures
	Cached   uint64            // of those that came or failed, files that did not have to be sent again
	Failed   map[string]uint64 // pictures, by cause
	Examined map[string]uint64 // what was examined of pictures, by what came of it: scored, or why not
	Skipped  uint64            // events that were too old when their turn came, or of a slow domain when too many waited
}

// New makes a worker.
func New(opts Options) *Worker {
	w := &Worker{opts: opts, tools: make(chan *tools, opts.Hashers), large: make(chan struct{}, maxLarge), desk: newDesk(opts.Examiners), cache: newCache(),
		pauses: []time.Duration{time.Second, 4 * time.Second}, within: eventTime, busy: map[string]int{}, slow: map[string]int64{}, read: opts.After, saved: opts.After}
	w.changed = sync.NewCond(&w.mu)
	w.stats.Failed, w.stats.Examined = map[string]uint64{}, map[string]uint64{}
	for range opts.Hashers {
		w.tools <- newTools()
	}
	return w
}

// Stats gives a copy.
func (w *Worker) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stats
	s.Failed, s.Examined = maps.Clone(s.Failed), maps.Clone(s.Examined)
	s.Queued = len(w.flight)
	return s
}

// Run works until ctx is done or the journal fails. It is called once.
func (w *Worker) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.closed = true
		w.changed.Broadcast()
	})()
	group.Go(func() error { return w.follow(ctx) })
	for range fetchers {
		group.Go(func() error {
			for {
				j := w.take()
				if j == nil {
					return nil
				}
				if err := w.do(ctx, j); err != nil {
					return err
				}
			}
		})
	}
	for range examiners {
		group.Go(func() error { return w.examine(ctx) })
	}
	for range cinemas {
		group.Go(func() error { return w.watch(ctx) })
	}
	err := group.Wait()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// follow reads the journal and queues what is to be fetched.
func (w *Worker) follow(ctx context.Context) error {
	d := event.NewDecoder(w.opts.Limits)
	var recs []journal.Record
	for next := w.opts.After + 1; ; {
		var err error
		recs, err = w.opts.Journal.Read(ctx, partition, next, readAtOnce, recs[:0])
		switch {
		case errors.Is(err, journal.ErrTruncated):
			next, _ = w.opts.Journal.Bounds(partition)
			w.opts.Log.Warn("pictures: the journal does not keep what was not fetched yet; it is passed over", "from", next)
			continue
		case err != nil:
			return fmt.Errorf("recognise: read the journal from position %d: %w", next, err)
		case len(recs) == 0:
			if err := w.opts.Journal.Wait(ctx, partition, next-1); err != nil {
				return err
			}
			continue
		}
		wants, err := w.opts.Wanted(ctx, next+journal.Position(len(recs))-1)
		if err != nil {
			return err
		}
		for i := range recs {
			if !wants.Fetched {
				break
			}
			if j := w.job(d, &recs[i], wants); j != nil && !w.put(j) {
				return ctx.Err()
			}
		}
		next += journal.Position(len(recs))
		if err := w.done(nil, next-1); err != nil {
			return err
		}
	}
}

// job is what there is to fetch for a record; nil for nothing.
func (w *Worker) job(d *event.Decoder, rec *journal.Record, wants rule.MediaWants) *job {
	if rec.Kind != journal.Event || !bytes.Contains(rec.Body, []byte(`"media"`)) {
		return nil
	}
	j := &job{rec: *rec, wants: wants}
	j.rec.Source, j.rec.ID, j.rec.Actor = strings.Clone(rec.Source), strings.Clone(rec.ID), strings.Clone(rec.Actor)
	j.rec.Body = bytes.TrimSpace(bytes.Clone(rec.Body)) // the journal's memory must not be kept long
	if d.Decode(j.rec.Body, &j.event) != nil {
		return nil
	}
	for i := range j.event.Media {
		m := &j.event.Media[i]
		if wants.Video && m.URL != "" && isVideo(m.Type) {
			j.films = append(j.films, i)
		}
		if m.URL == "" || m.PDQ != "" && !wants.Pictures() || other(m.Type) {
			continue
		}
		j.at = append(j.at, i)
		if domain := domainOf(m.URL); len(j.at) <= maxEach && !slices.Contains(j.domains, domain) {
			j.domains = append(j.domains, domain)
		}
	}
	if len(j.at)+len(j.films) == 0 {
		return nil
	}
	return j
}

// isVideo says whether a medium is declared to be a video.
func isVideo(kind string) bool {
	top, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(kind)), "/")
	return top == "video"
}

// other says of a medium's declared type that it is no picture's. The word comes from strangers: what it leaves open is tried.
func other(kind string) bool {
	top, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(kind)), "/")
	return top == "video" || top == "audio" || top == "text"
}

// do fetches the pictures of a job and appends what was found.
func (w *Worker) do(ctx context.Context, j *job) error {
	if j.aged(w.opts.Now()) {
		w.count(func(s *Stats) { s.Skipped++ })
		w.leave(j)
		return w.done(j, 0)
	}
	j.took = map[string]time.Duration{}
	var all []signals.Picture
	var files [][]byte // of all
	left := w.within
	for n, at := range j.at {
		p := signals.Picture{Failure: skipped}
		var file []byte
		if n < maxEach {
			var took time.Duration
			url := j.event.Media[at].URL
			p, file, took = w.look(ctx, j, url, left)
			left -= took
			j.took[domainOf(url)] += took
		}
		if ctx.Err() != nil {
			return ctx.Err() // it is done again after the restart
		}
		p.At = at
		if p.Failure != "" || !j.wants.Pictures() || !w.desk.hold(file) {
			file = nil
		}
		all, files = append(all, p), append(files, file)
		w.count(func(s *Stats) {
			if p.Failure != "" {
				s.Failed[p.Failure]++
			} else {
				s.Hashed++
			}
		})
	}
	unhashed := slices.DeleteFunc(slices.Clone(all), func(p signals.Picture) bool { return j.event.Media[p.At].PDQ != "" })
	if err := w.tell(ctx, j, signals.Extractor, unhashed, nil); err != nil {
		return err
	}
	w.leave(j)
	if !j.wants.Examined() {
		return w.done(j, 0)
	}
	s := &study{job: j, pictures: all, files: files}
	if !j.wants.Pictures() || len(all) == 0 {
		return w.pass(ctx, s)
	}
	return w.lay(ctx, s)
}

// tell appends what an extractor found out about an event's media, if there are any.
func (w *Worker) tell(ctx context.Context, j *job, extractor string, pictures []signals.Picture, videos []signals.Video) error {
	if len(pictures)+len(videos) == 0 {
		return nil
	}
	r := signals.Record{Extractor: extractor, Version: signals.Version, Pictures: pictures, Videos: videos, Event: j.rec.Body}
	body, err := r.Encode()
	if err != nil {
		return fmt.Errorf("recognise: event %q: %w", j.event.ID, err)
	}
	rec := journal.Record{Kind: journal.Signals, Received: w.opts.Now(), Time: j.rec.Time, Source: j.rec.Source, ID: j.rec.ID, Actor: j.rec.Actor, Body: body}
	if rec.Size() > journal.MaxRecordSize {
		w.opts.Log.Error("an event is too large to say what its pictures are", "source", rec.Source, "id", rec.ID)
		return nil
	}
	for delay := time.Second; ; delay = min(2*delay, time.Minute) {
		err := w.opts.Append(ctx, []journal.Record{rec})
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || errors.Is(err, journal.ErrClosed) {
			return err
		}
		w.opts.Log.Error("what was found of pictures cannot be stored; it is tried again", "error", err, "in", delay)
		if err := sleep(ctx, delay); err != nil {
			return err
		}
	}
}

func (w *Worker) count(how func(*Stats)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	how(&w.stats)
}

// sleep waits, unless ctx is done before.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
