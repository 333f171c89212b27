// Package enforce delivers the effects of the outbox to their receivers: the platform's webhook, and the channels of notifications.
//
// An effect is in one of these states:
//
//	queued    on its way: decide put it there, or a person approved it or sent it again
//	waiting   above a cap; a person moves it to queued or refused
//	delivered its receiver answered 2xx, or it needs none ("recorded only")
//	dead      given up; a person may queue it again
//	refused   a person refused it while it waited
//
// The promise is at least once and in order: the effects of one receiver on one target are sent one after the other, each until
// it is delivered or dead, and each attempt carries the same body and the same key. A receiver that honours the key (see package
// webhook) therefore applies each effect once. After a crash what was being sent is sent again once its lease has run out.
//
// A failed attempt is one of three things:
//
//   - The receiver refuses this message (400, 413, 415, 422): the effect is dead at once, since it would be refused again.
//   - The receiver asks to wait (429 or 503 with Retry-After): nothing is sent to it until then, and no attempt is counted.
//   - Anything else, from 500 to a wrong address, an expired certificate or a 404 of a bad deployment, is tried again, with waits
//     that double from 1 s to 10 min. After [MaxAttempts] the effect is dead.
//
// Ten failures in a row open the receiver's circuit: it is tried with one effect at a time, after waits that double from 5 s to
// 1 min, until one is accepted. No attempts are counted meanwhile, so an outage of any length makes nothing dead.
package enforce

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/webhook"
)

// MaxWorkers is the most messages that may be under way to one receiver.
const MaxWorkers = 256

const (
	poll        = time.Second      // how often the outbox is looked at when nobody wakes us: when retries are due, mostly
	sendTimeout = 10 * time.Second // of one attempt
	lease       = 30 * time.Second // longer than an attempt and its bookkeeping, so that a live sender never loses its effect
	recordBatch = 500              // effects marked "recorded only" in one transaction
)

// Receiver is a webhook.
type Receiver struct {
	Name    string // as record.ReceiverOf names it: "platform" or "notify:<channel>"
	URL     string
	Secrets []webhook.Secret // each signs every message; two while one is being replaced
	Kinds   []effect.Kind    // what it is sent, the rest is recorded only; empty for all
	Workers int              // messages under way at a time, 1 to MaxWorkers
	Client  *http.Client     // from package fetch, one for each, so that what one may reach opens nothing for another; its redirects are not used
}

// Options says what a Dispatcher works with.
type Options struct {
	Store     record.Deliveries
	Receivers []Receiver // effects of a receiver that is not among them are recorded only
	Now       func() time.Time
	Log       *slog.Logger
	Crash     func(point string) // may end the process, so that tests see a crash there: send.before, send.after, ack.before, ack.after
}

// Dispatcher sends what the outbox holds. Make it with New, call Run once; the other methods are safe for concurrent use.
type Dispatcher struct {
	store     record.Deliveries
	now       func() time.Time
	log       *slog.Logger
	crash     func(point string)
	receivers map[string]*receiver
	results   chan result // has room for every message under way, so that no sender waits for the loop
	wake      chan struct{}

	mu       sync.Mutex // guards the counts of the receivers and unrouted
	unrouted uint64
}

// receiver is a Receiver and how it fares. Only the loop uses it, but for stats.
type receiver struct {
	Receiver
	circuit circuit
	busy    int
	stats   Stats
}

// New checks the receivers and makes a dispatcher.
func New(o Options) (*Dispatcher, error) {
	d := &Dispatcher{
		store: o.Store, now: o.Now, log: o.Log, crash: o.Crash,
		receivers: map[string]*receiver{}, wake: make(chan struct{}, 1),
	}
	if d.crash == nil {
		d.crash = func(string) {}
	}
	workers := 0
	for _, r := range o.Receivers {
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("receiver %q: %w", r.Name, err)
		}
		if d.receivers[r.Name] != nil {
			return nil, fmt.Errorf("receiver %q: is there twice", r.Name)
		}
		client := *r.Client
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a signed message goes nowhere else
		r.Client = &client
		d.receivers[r.Name] = &receiver{Receiver: r, stats: Stats{Receiver: r.Name}}
		workers += r.Workers
	}
	d.results = make(chan result, workers)
	return d, nil
}

func (r *Receiver) check() error {
	u, err := url.Parse(r.URL)
	switch {
	case r.Name == "":
		return errors.New("has no name")
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "":
		return errors.New("its url must be http:// or https:// and a host") // without the url, which may hold a token
	case len(r.Secrets) == 0:
		return errors.New("has no secret to sign with")
	case r.Workers < 1 || r.Workers > MaxWorkers:
		return fmt.Errorf("has %d workers, must have 1 to %d", r.Workers, MaxWorkers)
	case r.Client == nil:
		return errors.New("has no client to send with")
	}
	return nil
}

func (r *receiver) takes(k effect.Kind) bool { return len(r.Kinds) == 0 || slices.Contains(r.Kinds, k) }

// Wake tells the dispatcher that there is something new in the outbox. It never waits.
func (d *Dispatcher) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx is done, then waits for the messages under way (10 s at most), stores what came of them, and returns nil.
// It returns an error only if the store fails; what was under way then is sent again once its lease has run out, when Run may
// have started anew.
func (d *Dispatcher) Run(ctx context.Context) error {
	// A transaction is not broken off half-way by the end of ctx, nor is a message.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer d.abandon()
	defer cancel()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := d.start(work); err != nil {
			return err
		}
		select {
		case r := <-d.results:
			if err := d.finish(work, r); err != nil {
				return err
			}
		case <-d.wake:
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	for d.underway() > 0 {
		if err := d.finish(work, <-d.results); err != nil {
			return err
		}
	}
	return nil
}

// abandon waits for messages that were broken off. How they ended says nothing of their receivers.
func (d *Dispatcher) abandon() {
	for d.underway() > 0 {
		r := <-d.results
		r.to.busy--
	}
}

func (d *Dispatcher) underway() (n int) {
	for _, r := range d.receivers {
		n += r.busy
	}
	return n
}

// start gives every free worker something to do.
func (d *Dispatcher) start(ctx context.Context) error {
	now := d.now()
	names, err := d.store.DueReceivers(ctx, now.UnixNano())
	if err != nil {
		return fmt.Errorf("deliver effects: %w", err)
	}
	for _, name := range names {
		r, room := d.receivers[name], recordBatch
		if r != nil {
			room = r.circuit.room(now, r.busy, r.Workers)
		}
		if room == 0 {
			continue
		}
		claimed, err := d.store.Claim(ctx, name, now.UnixNano(), room, int64(lease))
		if err != nil {
			return fmt.Errorf("deliver effects to %s: %w", name, err)
		}
		var recorded []record.Outcome
		for _, c := range claimed {
			if r != nil && r.takes(c.Kind) {
				r.busy++
				go func() { d.results <- d.send(ctx, r, c) }()
			} else {
				recorded = append(recorded, record.Outcome{ID: c.ID, State: effect.Delivered, Note: "recorded only"})
			}
		}
		if len(recorded) == 0 {
			continue
		}
		if err := d.store.Settle(ctx, now.UnixNano(), recorded); err != nil {
			return fmt.Errorf("deliver effects to %s: %w", name, err)
		}
		d.countRecorded(r, len(recorded))
		d.Wake() // there may be more, and others behind them
	}
	return nil
}

// finish stores what came of a message, and of all others that are done too, in one transaction.
func (d *Dispatcher) finish(ctx context.Context, first result) error {
	results := []result{first}
	for more := true; more; {
		select {
		case r := <-d.results:
			results = append(results, r)
		default:
			more = false
		}
	}
	now := d.now()
	outcomes := make([]record.Outcome, len(results))
	for i, r := range results {
		r.to.busy--
		outcomes[i] = d.judge(r, now)
	}
	d.crash("ack.before")
	if err := d.store.Settle(ctx, now.UnixNano(), outcomes); err != nil {
		return fmt.Errorf("deliver effects: %w", err)
	}
	d.crash("ack.after")
	return nil
}
