// Package recent remembers the pictures of late by their hashes. An entry that is added to a bank of hashes is matched with what was uploaded
// before it ([Uploads.Run]), and whoever is about to add one is told how many ordinary pictures it would match ([Uploads.Preview]).
//
// [Uploads] follow the journal: a ring has the hashes of the latest pictures, a sample those of ordinary ones. Both are rebuilt from the
// journal at a start. Where an added entry matches an earlier event, a signals record is appended that carries the event and its hashes
// once more: the rules that read of pictures are evaluated at that record with the banks as they are there, and a replay reads it from the
// journal like any other. Each event is looked at again once for a change.
package recent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/pdq"
)

// Options of uploads.
type Options struct {
	Journal journal.Log
	Append  func(context.Context, []journal.Record) error // makes records durable; it may wait while the loop is behind

	// Banks are the banks once the records up to a position are decided, for which it waits. It may fail only when ctx is done.
	Banks func(ctx context.Context, through journal.Position) (*bank.Set, error)

	After  journal.Position             // changes up to here were looked back from
	Save   func(journal.Position) error // called with how far that is, from one goroutine; a crash may lose the latest
	Now    func() int64                 // nanoseconds since 1970
	Limits event.Limits
	Log    *slog.Logger
}

// Bounds.
const (
	maxHashes  = 1 << 20 // PDQ hashes of pictures of late, 40 bytes each; a fetched picture has up to 25
	maxDigests = 1 << 18 // of files, 16 bytes each; a fetched picture has 3
	maxSample  = 1 << 16 // ordinary pictures
	maxAgain   = 10_000  // events that are looked at again for one change, the latest; others are counted
	maxRebuild = 1 << 20 // records that are read at a start
	maxReports = 64      // that are remembered
	maxEvents  = 100     // that one names
	readAtOnce = 256
	appendMost = 4 << 20         // bytes that are appended at a time
	oldest     = 24 * 3600 * 1e9 // nanoseconds: what was received before that is not looked at again
	partition  = journal.Partition(0)
)

// Uploads are the pictures of late. Methods but Run may be called from any goroutine.
type Uploads struct {
	opts Options

	mu      sync.Mutex
	moved   *sync.Cond
	hashes  ring[hamming.Hash]
	digests ring[uint64]
	sample  sample
	reports []Report // the latest last
	through journal.Position
	stats   Stats

	decoder *event.Decoder // these are Run's
	event   event.Event
	reader  bank.Reader
	adding  map[string][]string // values of changes that go on in the next record, by bank
}

// Stats counts since the start.
type Stats struct {
	Hashes  int    // in the ring
	Sample  int    // ordinary pictures
	Again   uint64 // events that were looked at again
	Skipped uint64 // events that were not, since too many matched one change
}

// Report is what looking back from a change found.
type Report struct {
	Bank    string
	Version int
	Entries int      // that it brought
	Matched int      // earlier events
	Skipped int      // of them, not looked at again
	Events  []string // ids of the first of them
	At      int64    // when, nanoseconds since 1970
}

// New makes uploads without any.
func New(opts Options) *Uploads {
	u := &Uploads{opts: opts, hashes: ring[hamming.Hash]{most: maxHashes}, digests: ring[uint64]{most: maxDigests}, sample: newSample(maxSample),
		decoder: event.NewDecoder(opts.Limits), adding: map[string][]string{}}
	u.moved = sync.NewCond(&u.mu)
	return u
}

// Stats gives a copy.
func (u *Uploads) Stats() Stats {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.stats
	s.Hashes, s.Sample = len(u.hashes.rows), len(u.sample.kept)
	return s
}

// Reports are those on a bank, the latest first.
func (u *Uploads) Reports(name string) []Report {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := []Report{}
	for _, r := range slices.Backward(u.reports) {
		if r.Bank == name {
			list = append(list, r)
		}
	}
	return list
}

// Wait returns when the journal was followed up to a position.
func (u *Uploads) Wait(ctx context.Context, pos journal.Position) error {
	defer context.AfterFunc(ctx, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.moved.Broadcast()
	})()
	u.mu.Lock()
	defer u.mu.Unlock()
	for u.through < pos && ctx.Err() == nil {
		u.moved.Wait()
	}
	return ctx.Err()
}

// Run follows the journal until ctx is done or the journal fails. It is called once.
func (u *Uploads) Run(ctx context.Context) error {
	first, last := u.opts.Journal.Bounds(partition)
	next, err := u.opts.Journal.PositionAt(partition, u.opts.Now()-oldest)
	if err != nil {
		return fmt.Errorf("recent: %w", err)
	}
	if last > maxRebuild {
		next = max(next, last-maxRebuild)
	}
	next = max(first, min(next, u.opts.After+1))
	var recs []journal.Record
	for {
		recs, err = u.opts.Journal.Read(ctx, partition, next, readAtOnce, recs[:0])
		switch {
		case errors.Is(err, journal.ErrTruncated):
			next, _ = u.opts.Journal.Bounds(partition)
			continue
		case err == nil && len(recs) == 0:
			if err = u.opts.Journal.Wait(ctx, partition, next-1); err == nil {
				continue
			}
		case err == nil:
			err = u.take(ctx, recs)
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // being stopped is no failure
		}
		if err != nil {
			return fmt.Errorf("recent: the journal from position %d: %w", next, err)
		}
		next += journal.Position(len(recs))
	}
}

// take takes in records that follow one another.
func (u *Uploads) take(ctx context.Context, recs []journal.Record) error {
	last := recs[len(recs)-1].Position
	banks, err := u.opts.Banks(ctx, last)
	if err != nil {
		return err
	}
	for i := range recs {
		rec := &recs[i]
		switch {
		case rec.Kind == journal.Change && rec.Position > u.opts.After:
			if err := u.changed(ctx, rec, banks); err != nil {
				return err
			}
		case rec.Kind == journal.Event && bytes.Contains(rec.Body, []byte(`"pdq"`)), rec.Kind == journal.Signals:
			if r := u.read(rec); r != nil && r.Again == "" {
				u.remember(rec, r, banks)
			}
		}
	}
	u.mu.Lock()
	u.through = last
	u.moved.Broadcast()
	u.mu.Unlock()
	if len(u.adding) > 0 || last <= u.opts.After {
		return nil // what a crash leaves of a change in parts is read again
	}
	return u.opts.Save(last)
}

// read gives what is known of the pictures of a record; nil if nothing. What it gives shares memory with the record.
func (u *Uploads) read(rec *journal.Record) *signals.Record {
	if rec.Kind == journal.Signals {
		r, err := signals.Decode(rec.Body)
		if err != nil || r.Extractor != signals.Extractor {
			return nil
		}
		return r
	}
	if u.decoder.Decode(rec.Body, &u.event) != nil {
		return nil
	}
	r := &signals.Record{Extractor: signals.Extractor, Version: signals.Version, Event: bytes.TrimSpace(rec.Body)}
	for i := range u.event.Media {
		if h, err := pdq.Parse(u.event.Media[i].PDQ); err == nil && i < signals.MaxPictures {
			r.Pictures = append(r.Pictures, signals.Picture{At: i, Quality: 100, PDQ: []pdq.Hash{h}}) // the source vouches for the quality
		}
	}
	return r
}

// remember puts the pictures of a record into the ring, and those that no bad bank knows maybe into the sample.
func (u *Uploads) remember(rec *journal.Record, r *signals.Record, banks *bank.Set) {
	for i := range r.Pictures {
		p, _ := r.Pictures[i].Hashes(nil)
		ordinary := len(p.PDQ) > 0
		known, _ := u.reader.LookAt(nil, banks, &p, "", bank.Occasion{Time: rec.Time})
		for _, f := range known {
			ordinary = ordinary && f.Good
		}
		u.mu.Lock()
		for _, h := range p.PDQ {
			u.hashes.add(h, rec.Position)
		}
		for _, d := range digestsOf(&p) {
			u.digests.add(digestKey(d), rec.Position)
		}
		if ordinary {
			u.sample.add(p.PDQ[0])
		}
		u.mu.Unlock()
	}
}

// changed looks back from a change, if it added hashes of bad pictures.
func (u *Uploads) changed(ctx context.Context, rec *journal.Record, banks *bank.Set) error {
	c, err := change.Decode(rec.Body)
	if err != nil || c.Bank == nil {
		return nil // decide says so
	}
	e := c.Bank
	values := u.adding[e.Bank]
	for i := range e.Add {
		values = append(values, e.Add[i].Value)
	}
	if e.More {
		u.adding[e.Bank] = values
		return nil
	}
	delete(u.adding, e.Bank)
	b, ok := banks.Bank(e.Bank)
	if !ok || b.Header.Kind != bank.Hashes || b.Header.Good || len(values) == 0 {
		return nil
	}
	report := Report{Bank: e.Bank, Version: e.Version, Entries: len(values), At: u.opts.Now()}
	at := u.match(b, values)
	report.Matched = len(at)
	if report.Skipped = len(at) - maxAgain; report.Skipped > 0 {
		at = at[report.Skipped:]
	} else {
		report.Skipped = 0
	}
	if err := u.again(ctx, at, fmt.Sprintf("%s/%d", e.Bank, e.Version), &report); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.reports = append(u.reports, report); len(u.reports) > maxReports {
		u.reports = slices.Delete(u.reports, 0, 1)
	}
	u.stats.Skipped += uint64(report.Skipped)
	if report.Matched > 0 {
		u.opts.Log.Info("added entries match earlier events", "bank", e.Bank, "version", e.Version, "events", report.Matched, "not_looked_at", report.Skipped)
	}
	return nil
}

// again appends the records at positions once more, for rules to look at.
func (u *Uploads) again(ctx context.Context, at []journal.Position, why string, report *Report) error {
	var batch []journal.Record
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		for delay := time.Second; ; delay = min(2*delay, time.Minute) {
			err := u.opts.Append(ctx, batch)
			if err == nil {
				break
			}
			if ctx.Err() != nil || errors.Is(err, journal.ErrClosed) {
				return err
			}
			u.opts.Log.Error("earlier events that a new entry matches cannot be looked at again now; it is tried again", "error", err, "in", delay)
			select {
			case <-time.After(delay):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		u.mu.Lock()
		u.stats.Again += uint64(len(batch))
		u.mu.Unlock()
		batch, size = batch[:0], 0
		return nil
	}
	for _, pos := range at {
		recs, err := u.opts.Journal.Read(ctx, partition, pos, 1, nil)
		if errors.Is(err, journal.ErrTruncated) {
			continue
		}
		if err != nil {
			return err
		}
		if len(recs) == 0 || recs[0].Received < u.opts.Now()-oldest {
			continue
		}
		r := u.read(&recs[0])
		if r == nil {
			continue
		}
		r.Again = why
		body, err := r.Encode()
		if err != nil {
			return err
		}
		rec := recs[0]
		rec.Kind, rec.Received, rec.Body = journal.Signals, u.opts.Now(), body
		if rec.Size() > journal.MaxRecordSize {
			continue
		}
		if len(report.Events) < maxEvents {
			report.Events = append(report.Events, rec.ID)
		}
		if batch, size = append(batch, rec), size+rec.Size(); size > appendMost || len(batch) == readAtOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
