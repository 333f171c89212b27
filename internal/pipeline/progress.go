package pipeline

import (
	"bytes"
	"context"
	"sync"

	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/journal"
)

// progress is how far the loop and the outbox are. Positions only grow.
type progress struct {
	mu      sync.Mutex
	decided journal.Position
	sent    journal.Position // its effects and decisions are stored
	moved   chan struct{}    // closed and replaced when either moves; nil while nobody waits
}

func (p *progress) get() journal.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.decided
}

func (p *progress) stored() journal.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

func (p *progress) set(pos journal.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decided = pos
	p.wake()
}

func (p *progress) delivered(pos journal.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = pos
	p.wake()
}

func (p *progress) wake() {
	if p.moved != nil {
		close(p.moved)
		p.moved = nil
	}
}

func (p *progress) wait(ctx context.Context, done func() bool) error {
	for {
		p.mu.Lock()
		if done() {
			p.mu.Unlock()
			return nil
		}
		if p.moved == nil {
			p.moved = make(chan struct{})
		}
		moved := p.moved
		p.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// waitDecided returns when the loop has decided everything up to pos.
func (p *progress) waitDecided(ctx context.Context, pos journal.Position) error {
	return p.wait(ctx, func() bool { return p.decided >= pos })
}

// waitDelivered returns when everything up to pos is in the outbox, as it is from the start for what a restored image holds.
func (p *progress) waitDelivered(ctx context.Context, pos journal.Position) error {
	return p.wait(ctx, func() bool { return p.sent >= pos })
}

// Answer is what the loop said of one event.
type Answer struct {
	Identity [16]byte
	Outcome  decide.Outcome
	Line     []byte // nil where no rule fired
}

// waiters are the callers that want an event's decision at once.
type waiters struct {
	mu   sync.Mutex
	want map[[16]byte][]chan Answer
}

// join asks for the next answer on an identity. The channel has room for it, so the loop never waits for a caller.
func (w *waiters) join(id [16]byte) chan Answer {
	ch := make(chan Answer, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.want == nil {
		w.want = map[[16]byte][]chan Answer{}
	}
	w.want[id] = append(w.want[id], ch)
	return ch
}

// leave forgets a caller that waits no longer.
func (w *waiters) leave(id [16]byte, ch chan Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.want[id]
	for i, c := range list {
		if c == ch {
			list = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(w.want, id)
		return
	}
	w.want[id] = list
}

func (w *waiters) answer(a Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.want) == 0 {
		return
	}
	for _, ch := range w.want[a.Identity] {
		a.Line = bytes.Clone(a.Line) // the loop's is used again
		ch <- a
	}
	delete(w.want, a.Identity)
}
