// Package discovery looks in what the server took of late for terms that nobody listed, and proposes them for the banks: a person
// accepts them into one, or refuses them.
//
// A run reads the last part of archive and journal, from the oldest record of the window on, and lets text/discover compare the
// posts of accounts under suspicion with all others. Suspect are the accounts that bear one of the configured labels at the time of
// the run, and posts with a term of a bad bank. What is found goes to the records, where a term that a person decided on stays
// decided unless its use grows a lot, and what a bank holds by now is proposed no more.
//
// A run is kept from what matters more: it takes at most half of one core's time and some 50 MB (20 more while it reads the
// archive), stops the decision loop for no longer than a look at 128 accounts, and reads no more than the last four million records,
// however long the window is. It proposes and decides nothing, so it need not come out the same in a replay. A post that was sent
// twice counts twice, but its account once.
package discovery

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/record"
)

// Options of a finder.
type Options struct {
	Every  time.Duration // between two runs; 0 runs only when asked
	Window time.Duration // how far back a run reads, by when records were received
	Labels []string      // whose bearers are suspect
	Most   int           // candidates that a run proposes

	FS      vfs.FS // of the archive's folder, which is read where the journal begins after the window
	Archive string

	Now func() int64 // nanoseconds since 1970
	Log *slog.Logger
}

// Loop is what is asked of the decision loop.
type Loop interface {
	// Banks is the banks that events are read with now; nil before the first.
	Banks() *bank.Set
	// Labelled says of each account whether it bears one of the labels.
	Labelled(ctx context.Context, accounts []event.Entity, labels []string) ([]bool, error)
}

// Journal is the part of [journal.Log] that is read.
type Journal interface {
	Bounds(p journal.Partition) (first, last journal.Position)
	PositionAt(p journal.Partition, received int64) (journal.Position, error)
	Read(ctx context.Context, p journal.Partition, from journal.Position, max int, dst []journal.Record) ([]journal.Record, error)
}

// Finder runs discovery. Its methods are safe for concurrent use, but for Run and Once, of which one runs at a time.
type Finder struct {
	opts    Options
	journal Journal
	loop    Loop
	store   record.Discoveries
	asked   chan struct{}

	mu   sync.Mutex
	last *Report
}

// New makes a finder. Run must be running for it to do anything.
func New(o Options, j Journal, l Loop, s record.Discoveries) *Finder {
	return &Finder{opts: o, journal: j, loop: l, store: s, asked: make(chan struct{}, 1)}
}

// Report is what a run did. Times are nanoseconds since 1970.
type Report struct {
	Began, Ended int64
	Records      int    // of the journal that were read
	Shortened    bool   // the window holds more records than are read
	Suspect      int    // posts of suspect accounts, or with a listed term
	Background   int    // other posts
	Proposed     int    // candidates
	Failed       string // why the run did nothing, or did not end; empty if all went well
}

// Last is the report of the last run that ended; nil before the first.
func (f *Finder) Last() *Report {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// Ask makes a run begin soon: at once, or when the one under way has ended.
func (f *Finder) Ask() {
	select {
	case f.asked <- struct{}{}:
	default:
	}
}

// keep is how long what users wrote is kept for the sake of discovery, and how long a candidate that comes no more stays open.
const keep = 30 * 24 * time.Hour

// Run runs at its times and when asked, until ctx is done. A run that fails is logged and reported; the next one comes all the same.
func (f *Finder) Run(ctx context.Context) error {
	var due <-chan time.Time
	if f.opts.Every > 0 {
		ticker := time.NewTicker(f.opts.Every)
		defer ticker.Stop()
		due = ticker.C
	}
	prune := time.NewTicker(10 * time.Minute)
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-prune.C:
			if err := f.store.PruneDiscoveries(ctx, f.opts.Now()-int64(keep)); err != nil && ctx.Err() == nil {
				f.opts.Log.Error("old discoveries cannot be dropped; it is tried again", "error", err)
			}
			continue
		case <-due:
		case <-f.asked:
		}
		r, err := f.Once(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			f.opts.Log.Error("discovery failed; it runs again at its next time", "error", err)
		default:
			f.opts.Log.Info("discovery ran", "records", r.Records, "suspect", r.Suspect, "background", r.Background, "proposed", r.Proposed,
				"took", time.Duration(r.Ended-r.Began))
		}
	}
}

// Once is one run.
func (f *Finder) Once(ctx context.Context) (Report, error) {
	r := Report{Began: f.opts.Now()}
	err := f.find(ctx, &r)
	if err != nil {
		err = fmt.Errorf("discovery: %w", err)
		r.Failed = err.Error()
	}
	r.Ended = f.opts.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = &r
	return r, err
}

func (f *Finder) find(ctx context.Context, r *Report) error {
	banks := f.loop.Banks()
	bad, err := banks.Bad()
	if err != nil {
		return err
	}
	if len(bad.Terms()) == 0 && len(f.opts.Labels) == 0 {
		r.Failed = "nothing is suspect: no bank of bad terms holds any, and discovery.labels names none"
		return nil
	}
	candidates, err := f.mine(ctx, bad, r)
	if err != nil {
		return err
	}
	if err := f.forgetListed(ctx, banks); err != nil {
		return err
	}
	ds, err := proposals(candidates, banks)
	if err != nil {
		return err
	}
	r.Proposed, err = f.store.PutDiscoveries(ctx, ds, f.opts.Most, f.opts.Now())
	return err
}

// forgetListed drops what somebody listed by hand since it was proposed.
func (f *Finder) forgetListed(ctx context.Context, banks *bank.Set) error {
	var reader bank.Reader
	var listed []string
	for page := (record.Page{}); ; {
		open, err := f.store.ListDiscoveries(ctx, record.DiscoveryOpen, page)
		if err != nil {
			return err
		}
		if len(open) == 0 {
			return f.store.ForgetDiscoveries(ctx, listed)
		}
		for i := range open {
			page.Before = open[i].Seq
			if reader.Lists(banks, open[i].Term) {
				listed = append(listed, open[i].ID)
			}
		}
	}
}
