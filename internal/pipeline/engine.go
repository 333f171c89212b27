// Package pipeline is the wiring: [Engine] is the whole way of the data, journal → extract → decide → effects, in one
// constructor and one Run.
//
//	journal ─► extract (workers, in order) ─► decide (one goroutine) ─► outbox, decisions
//	                                              └─► image of the hot state, once its effects are in the outbox
//
// File verbs run the same extract and decide over a file ([Replay]), so a replay and a live run cannot drift apart.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/group"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/model"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// Options of an engine.
type Options struct {
	Workers  int    // extract workers, at least 1; the decisions do not depend on it
	EmailKey []byte // keys the hash of e-mail addresses
	Decide   decide.Options

	Banks  *bank.Set  // of a replay: those it begins with
	Models *model.Set // likewise

	// The rest only an engine uses.
	Now    func() int64       // wall clock, nanoseconds since 1970: when effects are due; no decision depends on it
	Stored func()             // called when effects are in the outbox; nil for none
	Crash  func(point string) // fault harness: called at named points; nil for none
	Log    *slog.Logger

	Letters record.Rejections // keeps events that the loop does not take; nil for none
}

// Engine runs the loop behind a journal.
type Engine struct {
	opts      Options
	journal   journal.Log
	state     *state.State
	loop      *decide.Loop
	outbox    record.Outbox
	decisions *Decisions
	imageDue  atomic.Bool
	imageFree chan struct{} // holds a token while no image is being taken or written
	saved     atomic.Uint64 // the position of the last image on disk
	progress  progress
	waiters   waiters
	pokes     pokes
	queries   chan func(*decide.Loop)
	counts    [16]atomic.Uint64 // by decide.Outcome
	spare     chan outcome

	mu       sync.Mutex
	set      *rule.Set
	banks    *bank.Set
	models   *model.Set
	stats    map[string]decide.RuleStats
	hot      state.Stats
	groups   group.Stats
	imageErr error
	statsDue atomic.Bool
}

// partition is the one the engine decides. Further partitions come with a journal beyond one machine.
const partition journal.Partition = 0

// gather is how long what was decided waits for more, so that the outbox' fsyncs, which the journal's have to wait for on most disks, are
// few. No answer and no decision waits for it.
const gather = 20 * time.Millisecond

// grace is how long Run goes on after its end was asked for, to store what was decided.
const grace = 5 * time.Second

var errUnstored = errors.New("pipeline: stopped before the outbox took everything; the rest is decided again after the restart")

const (
	batchSize = 128 // records a batch: bounds how long an urgent record waits behind others
	imageStep = 256 // entries of an image encoded between two batches: bounds the pause
	ahead     = 64  // batches by which the loop may be ahead of the outbox: synchronous calls make small ones, and a transaction takes long
)

// outcome is what a batch of records led to, on its way to the outbox. Its memory goes round.
type outcome struct {
	through   journal.Position
	decisions []decide.Decision
	lines     []byte // of the decisions
	effects   []effect.Effect
	letters   []record.Rejection
	received  int64 // of the last record
}

// add takes in what one record led to, and gives its decision, if a rule fired, with a line that lasts as long as the outcome.
func (o *outcome) add(it *extract.Item, output *decide.Output) (dec decide.Decision) {
	o.through, o.received = it.Record.Position, it.Record.Received
	o.effects = append(o.effects, output.Effects...)
	if l, ok := letter(it, output.Outcome); ok && len(o.letters) < lettersMost {
		o.letters = append(o.letters, l)
	}
	if output.Decision.Fired {
		dec = output.Decision
		start := len(o.lines)
		o.lines = append(o.lines, dec.Line...)
		dec.Line = o.lines[start:len(o.lines):len(o.lines)]
		o.decisions = append(o.decisions, dec)
	}
	for i := range output.Raised {
		raised := &output.Raised[i]
		o.effects = append(o.effects, raised.Effects...)
		if raised.Decision.Fired {
			o.decisions = append(o.decisions, raised.Decision)
		}
	}
	return dec
}

// blank is an outcome with nothing in it.
func (e *Engine) blank() outcome {
	select {
	case o := <-e.spare:
		return o
	default:
		return outcome{}
	}
}

// recycle takes an outcome that was dealt with back.
func (e *Engine) recycle(o outcome) {
	clear(o.decisions)
	clear(o.effects)
	clear(o.letters)
	select {
	case e.spare <- outcome{decisions: o.decisions[:0], lines: o.lines[:0], effects: o.effects[:0], letters: o.letters[:0]}:
	default:
	}
}

// New makes an engine. The state is empty or restored; through is the position its image stands for.
func New(opts Options, log journal.Log, s *state.State, outbox record.Outbox, decisions *Decisions) *Engine {
	if opts.Crash == nil {
		opts.Crash = func(string) {}
	}
	e := &Engine{opts: opts, journal: log, state: s, loop: decide.New(s, opts.Decide), outbox: outbox, decisions: decisions,
		stats: map[string]decide.RuleStats{}, queries: make(chan func(*decide.Loop), 64), imageFree: make(chan struct{}, 1),
		spare: make(chan outcome, 8)}
	e.imageFree <- struct{}{}
	return e
}

// Resume takes up a restored state: its rule set, and the position from which Run goes on.
func (e *Engine) Resume(through journal.Position) error {
	if err := e.loop.Resume(); err != nil {
		return err
	}
	e.publish()
	e.saved.Store(uint64(through))
	e.progress.set(through)
	e.progress.delivered(through) // an image is written only after its effects
	return nil
}

// Run decides what is in the journal and what comes, until ctx is done or something fails that a restart would not. It ends
// with an image of all it decided, or, where the outbox does not take it within the grace, without: then what is not stored is
// decided again after the restart.
func (e *Engine) Run(ctx context.Context) error {
	// The parts end one after the other, each when the one before has handed over all it had; only ctx stops the first.
	work, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	defer context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			stop(errUnstored)
		case <-work.Done():
		}
	})()
	out := make(chan outcome, ahead)
	images := make(chan image, 1)
	var parts errgroup.Group
	parts.Go(func() error {
		err := e.deliver(work, out)
		stop(err) // without an outbox nothing may be decided
		return err
	})
	parts.Go(func() error {
		e.commit(work, images)
		return nil
	})
	parts.Go(func() error {
		defer close(images)
		defer close(out)
		feed, cancel := context.WithCancel(ctx)
		defer cancel()
		context.AfterFunc(work, cancel)
		return e.decide(feed, work, out, images)
	})
	return parts.Wait()
}

// decide is the ordered loop's goroutine.
func (e *Engine) decide(feed, work context.Context, out chan<- outcome, images chan<- image) error {
	next := e.progress.get() + 1
	read := func(ctx context.Context, max int, dst []journal.Record) ([]journal.Record, error) {
		for {
			recs, err := e.journal.Read(ctx, partition, next, max, dst)
			if ctx.Err() != nil {
				return dst, io.EOF
			}
			if err != nil {
				return recs, fmt.Errorf("pipeline: read the journal from position %d: %w", next, err)
			}
			if n := len(recs) - len(dst); n > 0 {
				next += journal.Position(n)
				return recs, nil
			}
			wait, awake := e.pokes.begin(ctx)
			if awake {
				return dst, nil
			}
			err = e.journal.Wait(wait, partition, next-1)
			if e.pokes.end() {
				return dst, nil
			}
			if err != nil && ctx.Err() == nil {
				return dst, fmt.Errorf("pipeline: wait for position %d of the journal: %w", next, err)
			}
		}
	}
	var output decide.Output
	var imagedAt journal.Position // the position of the image being taken; 0 while none is
	err := e.opts.pool(e.loop.Banks(), e.loop.Models(), e.loop.Set()).Run(feed, read, func(b *extract.Batch) error {
		e.answerQueries()
		done := e.blank()
		for i := range b.Items {
			it := &b.Items[i]
			if err := e.loop.Step(it, &output); err != nil {
				return err
			}
			e.counts[output.Outcome].Add(1)
			dec := done.add(it, &output)
			if dec.Fired {
				e.decisions.hold(dec)
			}
			if output.Outcome == decide.Changed {
				e.publish()
			}
			if output.Outcome == decide.Malformed {
				e.opts.Log.Error("a record cannot be decided and is passed over", "position", it.Record.Position, "source", it.Record.Source,
					"id", it.Record.ID, "error", it.Err)
			}
			e.waiters.answer(Answer{Identity: it.Identity, Outcome: output.Outcome, Line: dec.Line})
		}
		if len(b.Items) > 0 {
			select {
			case out <- done:
			case <-work.Done():
				return context.Cause(work)
			}
			e.progress.set(done.through)
		}
		if e.statsDue.CompareAndSwap(true, false) {
			e.publish()
		}
		if at := e.progress.get(); imagedAt == 0 && at > 0 && e.imageDue.Load() && e.tryImage() {
			if err := e.loop.BeginImage(at); err != nil {
				return err
			}
			imagedAt = at
		}
		if imagedAt > 0 {
			if e.state.ImageStep(imageStep) {
				e.pokes.poke() // go on also when the journal is quiet
			} else {
				e.send(images, imagedAt)
				imagedAt = 0
			}
		}
		return nil
	})
	if work.Err() != nil {
		return context.Cause(work) // the outbox failed: what was decided since the last image is decided again
	}
	if stopped := feed.Err() != nil && errors.Is(err, feed.Err()); !stopped && !errors.Is(err, io.EOF) {
		return err
	}
	if imagedAt > 0 { // finish the image at hand, then take one of the end
		e.send(images, imagedAt)
	}
	if last := e.progress.get(); last > imagedAt {
		<-e.imageFree
		if err := e.loop.BeginImage(last); err != nil {
			return err
		}
		e.send(images, last)
	}
	e.publish()
	return nil
}

// pool makes the extract workers, which begin with these banks, models and rule sets.
func (o Options) pool(banks *bank.Set, models *model.Set, sets ...*rule.Set) extract.Pool {
	return extract.Pool{Workers: o.Workers, Size: batchSize, Pins: extract.NewPins(banks, models, o.Decide.Inspect != nil, sets...),
		New: func() *extract.Extractor { return extract.New(o.EmailKey) }}
}

// publish copies what others may read of the loop.
func (e *Engine) publish() {
	stats, hot := e.loop.Stats(), e.state.Stats()
	var groups group.Stats
	e.loop.Groups(func(f *group.Finder) {
		if f != nil {
			groups = f.Stats()
		}
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.set, e.banks, e.models, e.stats, e.hot, e.groups = e.loop.Set(), e.loop.Banks(), e.loop.Models(), stats, hot, groups
}

// deliver puts what was decided into the decisions and the outbox, in order. While the outbox cannot be written (a full disk)
// it tries again and the loop waits behind it: nothing is decided that could be lost.
func (e *Engine) deliver(ctx context.Context, out <-chan outcome) error {
	var taken []outcome
	for o := range out {
		taken = taken[:0]
		gathered := time.After(gather)
		for more := true; more && len(o.effects) < 2048; { // one transaction for what has piled up
			select {
			case next, ok := <-out:
				if more = ok; ok {
					o.through, o.received = next.through, next.received
					o.decisions = append(o.decisions, next.decisions...)
					o.effects = append(o.effects, next.effects...)
					o.letters = append(o.letters, next.letters...)
					taken = append(taken, next)
				}
			case <-gathered:
				more = false
			}
		}
		if o.through == 0 {
			continue
		}
		e.opts.Crash("outbox.before-commit")
		for delay := 50 * time.Millisecond; len(o.effects) > 0; delay = min(2*delay, 5*time.Second) {
			_, err := e.outbox.PutEffects(ctx, o.effects, uint64(o.through), e.opts.Now())
			if err == nil {
				break
			}
			if ctx.Err() != nil || errors.Is(err, record.ErrInvalid) {
				return fmt.Errorf("pipeline: effects up to position %d: %w", o.through, err)
			}
			e.opts.Log.Error("effects cannot be stored; deciding waits until they can", "through", o.through, "error", err, "retry_in", delay)
			select {
			case <-time.After(delay):
			case <-ctx.Done():
			}
		}
		e.opts.Crash("outbox.after-commit")
		if len(o.effects) > 0 && e.opts.Stored != nil {
			e.opts.Stored()
		}
		if err := e.decisions.put(o.decisions, o.received); err != nil {
			return fmt.Errorf("pipeline: decisions up to position %d: %w", o.through, err)
		}
		e.bury(ctx, o.letters)
		e.progress.delivered(o.through)
		for _, done := range append(taken, o) {
			e.recycle(done)
		}
	}
	return nil
}

// WaitDecided returns when everything up to pos is decided.
func (e *Engine) WaitDecided(ctx context.Context, pos journal.Position) error {
	return e.progress.waitDecided(ctx, pos)
}

// Await asks for the answer on an event that is about to be appended. stop must be called when it is wanted no more.
func (e *Engine) Await(id [16]byte) (answer <-chan Answer, stop func()) {
	ch := e.waiters.join(id)
	return ch, func() { e.waiters.leave(id, ch) }
}

// Decisions is where decisions can be read.
func (e *Engine) Decisions() *Decisions { return e.decisions }

// Status is what the engine says of itself.
type Status struct {
	Decided    journal.Position // the loop is here
	Stored     journal.Position // effects and decisions up to here are in the outbox and can be read
	Outcomes   map[decide.Outcome]uint64
	Set        *rule.Set  // active; nil before the first
	Banks      *bank.Set  // nil before the first
	Models     *model.Set // likewise
	Rules      map[string]decide.RuleStats
	State      state.Stats
	Groups     group.Stats // zero while no rule reads groups
	ImageError error       // of the last image; nil if it was written
}

// Status gives a copy; the rules' counts and the state's are at most as old as the last call of Refresh and a batch.
func (e *Engine) Status() Status {
	s := Status{Decided: e.progress.get(), Stored: e.progress.stored(), Outcomes: map[decide.Outcome]uint64{}}
	for _, o := range decide.Outcomes() {
		s.Outcomes[o] = e.counts[o].Load()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s.Set, s.Banks, s.Models, s.Rules, s.State, s.Groups, s.ImageError = e.set, e.banks, e.models, e.stats, e.hot, e.groups, e.imageErr
	return s
}

// Refresh asks the loop to publish its counts after the next batch.
func (e *Engine) Refresh() {
	e.statsDue.Store(true)
	e.pokes.poke()
}
