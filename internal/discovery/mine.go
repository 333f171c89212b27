package discovery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/archive"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/text/discover"
	"github.com/ringfence/ringfence/text/match"
)

// Bounds of a run.
const (
	maxRecords = 4_000_000
	batch      = 128 // records read, and accounts asked for, at a time
	maxPause   = 100 * time.Millisecond
	spare      = 1000 // candidates beyond those proposed, since some were decided on before
)

const partition journal.Partition = 0

// mine reads the window and gives the best candidates.
func (f *Finder) mine(ctx context.Context, bad *match.Bank, r *Report) ([]discover.Candidate, error) {
	next, last, err := f.window(ctx, r)
	if err != nil {
		return nil, err
	}
	d := digest{finder: f, report: r, miner: discover.NewMiner(bad, discover.DefaultCapacity), posts: posts{decoder: event.NewDecoder(extract.Limits())}}
	take := func(rec journal.Record) error { return d.take(ctx, rec) }
	var recs []journal.Record
	for next <= last {
		first, _ := f.journal.Bounds(partition)
		if next < first { // also what went to the archive meanwhile
			if err := archive.Scan(ctx, f.opts.FS, f.opts.Archive, next, min(first-1, last), take); err != nil {
				return nil, err
			}
			next = first
			continue
		}
		recs, err = f.journal.Read(ctx, partition, next, min(batch, int(last-next)+1), recs[:0])
		if now, _ := f.journal.Bounds(partition); errors.Is(err, journal.ErrTruncated) && now > next {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, rec := range recs {
			if err := take(rec); err != nil {
				return nil, err
			}
		}
		next += journal.Position(len(recs))
	}
	if err := d.digest(ctx); err != nil {
		return nil, err
	}
	stats := d.miner.Stats()
	r.Suspect, r.Background = stats.Suspect, stats.Background
	return d.miner.Candidates(f.opts.Most + spare), nil
}

// window is the first and the last position to read.
func (f *Finder) window(ctx context.Context, r *Report) (next, last journal.Position, err error) {
	since := r.Began - int64(f.opts.Window)
	if next, err = f.journal.PositionAt(partition, since); err != nil {
		return 0, 0, err
	}
	first, last := f.journal.Bounds(partition)
	oldest := journal.Position(1)
	if last > maxRecords {
		oldest = last - maxRecords + 1
	}
	if next <= first && oldest < first {
		if next, err = archive.PositionAt(ctx, f.opts.FS, f.opts.Archive, oldest, since); err != nil {
			return 0, 0, err
		}
		next = min(next, first)
	}
	if next <= oldest {
		next, r.Shortened = oldest, oldest > 1
	}
	return next, last, nil
}

// digest takes records in, a batch at a time.
type digest struct {
	finder *Finder
	report *Report
	miner  *discover.Miner
	posts  posts
	recs   []journal.Record
	began  int64 // when the batch at hand was begun
}

func (d *digest) take(ctx context.Context, rec journal.Record) error {
	if len(d.recs) == 0 {
		d.began = d.finder.opts.Now()
	}
	if d.recs = append(d.recs, rec); len(d.recs) < batch {
		return nil
	}
	return d.digest(ctx)
}

// digest reads the batch, and then rests for as long as that took.
func (d *digest) digest(ctx context.Context) error {
	if len(d.recs) == 0 {
		return nil
	}
	d.report.Records += len(d.recs)
	d.posts.read(d.recs)
	if err := d.finder.suspect(ctx, &d.posts); err != nil {
		return err
	}
	for _, p := range d.posts.list {
		d.miner.Add(p)
	}
	clear(d.recs)
	d.recs = d.recs[:0]
	return pause(ctx, min(time.Duration(d.finder.opts.Now()-d.began), maxPause))
}

// pause leaves the core to others.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// posts is what a batch of records holds of posts with a text.
type posts struct {
	decoder  *event.Decoder
	event    event.Event
	list     []discover.Post
	accounts []event.Entity // whose posts they are
}

// read takes the posts out of records; what is no event, or has no text, is passed over.
func (p *posts) read(recs []journal.Record) {
	p.list, p.accounts = p.list[:0], p.accounts[:0]
	for i := range recs {
		rec := &recs[i]
		if rec.Kind != journal.Event && rec.Kind != journal.Import || p.decoder.Decode(rec.Body, &p.event) != nil || p.event.Text == "" {
			continue
		}
		e := &p.event
		p.list = append(p.list, discover.Post{ID: e.ID, Account: e.Actor, Text: e.Text, At: e.Time})
		p.accounts = append(p.accounts, event.Entity{Kind: event.AccountEntity, ID: e.Actor})
	}
}

// suspect marks the posts of accounts that bear a label.
func (f *Finder) suspect(ctx context.Context, p *posts) error {
	if len(f.opts.Labels) == 0 || len(p.list) == 0 {
		return nil
	}
	bear, err := f.loop.Labelled(ctx, p.accounts, f.opts.Labels)
	if err != nil {
		return err
	}
	for i := range p.list {
		p.list[i].Suspect = bear[i]
	}
	return nil
}

// Evidence is what speaks for a term; see [discover.Candidate].
type Evidence struct {
	LogOdds    float64  `json:"log_odds"`
	Z          float64  `json:"z"`
	Company    float64  `json:"company"`
	Rise       float64  `json:"rise"`
	Suspect    int      `json:"suspect"`
	Background int      `json:"background"`
	First      int64    `json:"first"` // event time, nanoseconds since 1970
	Like       string   `json:"like,omitempty"`
	Beside     []string `json:"beside,omitempty"`
}

// proposals are the candidates that no bank lists, as they are stored.
func proposals(candidates []discover.Candidate, banks *bank.Set) ([]record.Discovery, error) {
	var reader bank.Reader
	var ds []record.Discovery
	for i := range candidates {
		c := &candidates[i]
		if reader.Lists(banks, c.Term) {
			continue
		}
		d := record.Discovery{ID: idOf(c.Term), Term: c.Term, Kind: string(c.Kind), Score: c.Score, Accounts: c.Accounts}
		e := Evidence{LogOdds: c.LogOdds, Z: c.Z, Company: c.Company, Rise: c.Rise, Suspect: c.Suspect, Background: c.Background, First: c.First,
			Like: c.Like, Beside: c.Beside}
		var examples []discover.Example
		for _, x := range c.Examples {
			if len(x.ID) <= record.MaxName {
				examples = append(examples, x)
			}
		}
		var err1, err2 error
		d.Evidence, err1 = json.Marshal(e)
		d.Examples, err2 = json.Marshal(examples)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("candidate %q: %w", c.Term, err)
		}
		ds = append(ds, d)
	}
	return ds, nil
}

// idOf names a term, the same in every run.
func idOf(term string) string {
	sum := sha256.Sum256([]byte(term))
	return hex.EncodeToString(sum[:16])
}
