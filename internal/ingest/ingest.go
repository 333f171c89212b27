// Package ingest is the door of the journal: it checks what comes in, stamps it, and answers once it is durable. Bulk and
// urgent events come in by two lanes: bulk waits while the loop is behind, so that an urgent event, which never waits here,
// finds few records before it.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/source"
)

// Options of an ingest.
type Options struct {
	Now     func() int64 // nanoseconds since 1970
	Clock   int64        // the event clock of the journal so far; 0 for none
	Skew    int64        // an event this far ahead of Now is refused, so that one bad clock cannot move ours
	Backlog int          // bulk waits while more records than this are not decided yet; while synchronous calls come, far fewer
	Limits  event.Limits
}

// Progress is how ingest sees the loop.
type Progress interface {
	// WaitDecided returns when everything up to the position is decided.
	WaitDecided(ctx context.Context, pos journal.Position) error
}

// Ingest appends to one partition of a journal.
type Ingest struct {
	opts     Options
	log      journal.Log
	progress Progress
	turn     chan struct{} // held by the one bulk append that is under way, so that an urgent one finds a short commit before it
	accepted atomic.Uint64
	refused  atomic.Uint64
	active   atomic.Int64 // when an event was last appended
	called   atomic.Int64 // when an urgent event last came; 0 for never
	clock    atomic.Int64 // the newest time of an event or a tick; 0 for none
	doubted  atomic.Bool  // the last tick was refused
}

// New makes an ingest.
func New(opts Options, log journal.Log, p Progress) *Ingest {
	in := &Ingest{opts: opts, log: log, progress: p, turn: make(chan struct{}, 1)}
	in.active.Store(opts.Now()) // what a restart keeps waiting comes before the first tick
	in.clock.Store(opts.Clock)
	return in
}

const (
	partition  journal.Partition = 0
	chunk                        = 256     // events appended together at most
	chunkBytes                   = 4 << 20 // and their size, before the last of them

	// Synchronous calls that go on find bulk in small pieces before them. That costs bulk more fsyncs, so it ends when they do.
	near = 128            // records of a piece, and that may not be decided yet
	calm = 10_000_000_000 // nanoseconds after the last call for which it goes on
)

// ErrFuture is the error of an event whose time is too far ahead of ours.
var ErrFuture = errors.New("is ahead of the server's clock")

// Refusal is a line that was not accepted.
type Refusal struct {
	Line int
	Err  error
	Raw  []byte // the event, or the beginning of the line
}

// Report is what became of a stream of events.
type Report struct {
	Accepted int64            // durable in the journal
	Refused  int64            // lines
	Refusals []Refusal        // the first of them, at most maxRefusals
	Last     journal.Position // of the accepted ones
}

const maxRefusals = 100

// Events appends what r gives, from the bulk lane, and returns when all of it is durable. allow is asked before each chunk
// with its size; its error ends the stream, as does one of the journal. What was accepted until then is in the report: sending
// all of it again is safe, since duplicates change nothing.
func (in *Ingest) Events(ctx context.Context, from string, kind journal.Kind, r source.Reader, allow func(n int) error, refused func(Refusal)) (Report, error) {
	var report Report
	var e event.Event
	recs := make([]journal.Record, 0, chunk)
	var block []byte // the memory of recs, which the journal copies: it is used again for the next chunk
	flush := func() error {
		if len(recs) == 0 {
			return nil
		}
		if err := allow(len(recs)); err != nil {
			return err
		}
		last, err := in.bulk(ctx, recs)
		if err != nil {
			return err
		}
		report.Accepted += int64(len(recs))
		report.Last = last
		recs, block = recs[:0], block[:0]
		return nil
	}
	for {
		err := r.Next(&e)
		if errors.Is(err, io.EOF) {
			err = flush()
			return report, err
		}
		var rec journal.Record
		if err == nil {
			rec, block, err = in.record(block, from, kind, &e, r.Raw())
		}
		if err != nil {
			refusal := Refusal{Err: err}
			var line *source.LineError
			switch {
			case errors.As(err, &line):
				refusal.Line, refusal.Raw = line.Line, line.Raw
			case errors.Is(err, ErrFuture):
				refusal.Raw = r.Raw()
				if at, ok := r.(interface{ Line() int }); ok {
					refusal.Line = at.Line()
				}
			default: // the stream itself broke
				err = errors.Join(err, flush())
				return report, err
			}
			in.refused.Add(1)
			report.Refused++
			refused(refusal)
			if len(report.Refusals) < maxRefusals {
				report.Refusals = append(report.Refusals, refusal)
			}
			continue
		}
		recs = append(recs, rec)
		if len(recs) == chunk || len(block) >= chunkBytes {
			if err := flush(); err != nil {
				return report, err
			}
		}
	}
}

// record makes the journal's record of an event, in memory that it appends to block: e and raw are the reader's.
func (in *Ingest) record(block []byte, source string, kind journal.Kind, e *event.Event, raw []byte) (journal.Record, []byte, error) {
	now := in.opts.Now()
	if e.Time > now+in.opts.Skew {
		return journal.Record{}, block, fmt.Errorf("event %q: its time %s %w (%s) by more than %ds; check the clock of its source",
			e.ID, event.FormatTime(e.Time), ErrFuture, event.FormatTime(now), in.opts.Skew/1e9)
	}
	rec, block := appendRecord(block, source, kind, now, e, raw)
	return rec, block, nil
}

// Record is the journal record of an event, with bytes of its own.
func Record(source string, kind journal.Kind, received int64, e *event.Event, raw []byte) journal.Record {
	rec, _ := appendRecord(make([]byte, 0, len(e.ID)+len(e.Actor)+len(raw)), source, kind, received, e, raw)
	return rec
}

// appendRecord copies what a record needs to the end of block, which must not be written to while the record is in use.
func appendRecord(block []byte, source string, kind journal.Kind, received int64, e *event.Event, raw []byte) (journal.Record, []byte) {
	start := len(block)
	block = append(append(append(block, e.ID...), e.Actor...), raw...)
	text := block[start:len(block):len(block)]
	actor, body := len(e.ID), len(e.ID)+len(e.Actor)
	return journal.Record{Kind: kind, Received: received, Time: e.Time, Source: source, ID: inPlace(text[:actor]), Actor: inPlace(text[actor:body]),
		Body: text[body:]}, block
}

// inPlace is a string that shares memory with b.
func inPlace(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Accept checks an event and makes its record, for [Ingest.Append].
func (in *Ingest) Accept(source string, e *event.Event, raw []byte) (journal.Record, error) {
	rec, _, err := in.record(nil, source, journal.Event, e, raw)
	if err != nil {
		in.refused.Add(1)
	}
	return rec, err
}

// Append appends accepted records, or what was fetched of earlier ones, from the bulk lane and returns when they are durable.
func (in *Ingest) Append(ctx context.Context, recs []journal.Record) error {
	_, err := in.bulk(ctx, recs)
	return err
}

// bulk appends records whenever the loop is near enough. After an error some of them may be there.
func (in *Ingest) bulk(ctx context.Context, recs []journal.Record) (last journal.Position, err error) {
	select {
	case in.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	defer func() { <-in.turn }()
	for len(recs) > 0 && err == nil {
		piece, back := recs, journal.Position(in.opts.Backlog)
		if called := in.called.Load(); called > 0 && in.opts.Now()-called < calm {
			piece, back = recs[:min(len(recs), near)], min(back, near)
		}
		if _, end := in.log.Bounds(partition); end > back {
			if err := in.progress.WaitDecided(ctx, end-back); err != nil {
				return 0, err
			}
		}
		last, err = in.append(ctx, piece)
		recs = recs[len(piece):]
	}
	return last, err
}

func (in *Ingest) append(ctx context.Context, recs []journal.Record) (journal.Position, error) {
	first, err := in.log.Append(ctx, partition, recs)
	if err != nil {
		return 0, fmt.Errorf("ingest: %w", err)
	}
	if recs[0].Kind == journal.Event || recs[0].Kind == journal.Import {
		in.accepted.Add(uint64(len(recs)))
		in.active.Store(in.opts.Now()) // what the program finds out itself, or a person changes, says nothing of the sources
	}
	for i := range recs {
		in.advance(recs[i].Time)
	}
	return first + journal.Position(len(recs)) - 1, nil
}

// Urgent appends one event ahead of queued bulk.
func (in *Ingest) Urgent(ctx context.Context, source string, e *event.Event, raw []byte) error {
	rec, _, err := in.record(nil, source, journal.Event, e, raw)
	if err != nil {
		in.refused.Add(1)
		return err
	}
	in.called.Store(in.opts.Now())
	_, err = in.append(ctx, []journal.Record{rec})
	return err
}

// Changes appends what people changed, under the changes' own ids, ahead of queued bulk.
func (in *Ingest) Changes(ctx context.Context, ids []string, bodies [][]byte) error {
	recs := make([]journal.Record, len(ids))
	for i, id := range ids {
		recs[i] = journal.Record{Kind: journal.Change, Received: in.opts.Now(), ID: id, Body: bodies[i]}
	}
	_, err := in.append(ctx, recs)
	return err
}

// advance notes the time of a record; a change has none.
func (in *Ingest) advance(to int64) {
	for {
		at := in.clock.Load()
		if to <= at || in.clock.CompareAndSwap(at, to) {
			return
		}
	}
}

// maxTick is how far a tick may move the event clock.
const maxTick = 24 * time.Hour

// ErrClock is the error of a tick that a wrong clock may have asked for.
var ErrClock = errors.New("the server's clock is far ahead of the latest event")

// Tick moves the event clock to now if nothing came in for the given time. Its owner calls it every second.
//
// What a tick did cannot be taken back: in front of a clock that it set wrongly every event would be too old. So a tick that
// is further than maxTick from the newest time known is not written, which gives ErrClock once, until an event says that so much
// time has passed. Before the first event there is nothing that a tick could end.
func (in *Ingest) Tick(ctx context.Context, idle int64) error {
	now, clock := in.opts.Now(), in.clock.Load()
	if now-in.active.Load() < idle || clock == 0 {
		return nil
	}
	if now-clock > int64(maxTick) {
		if in.doubted.Swap(true) {
			return nil
		}
		return fmt.Errorf("%w: it says %s, the latest event %s; windows and labels wait for the next event, unless it is wrong",
			ErrClock, event.FormatTime(now), event.FormatTime(clock))
	}
	in.doubted.Store(false)
	if _, err := in.log.Append(ctx, partition, []journal.Record{{Kind: journal.Tick, Received: now, Time: now}}); err != nil {
		return err
	}
	in.advance(now)
	return nil
}

// Counts is how many events were accepted and how many lines refused since the start.
func (in *Ingest) Counts() (accepted, refused uint64) { return in.accepted.Load(), in.refused.Load() }
