package pipeline

import (
	"context"
	"sync"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/decide"
)

// The hot state belongs to the loop's goroutine. Who wants to know something of it asks the loop, which answers between two
// batches, and is woken for it when the journal is quiet.

// Entity says what the loop knows of an entity.
func (e *Engine) Entity(ctx context.Context, entity event.Entity) (decide.EntityView, error) {
	answer := make(chan decide.EntityView, 1)
	select {
	case e.queries <- func(l *decide.Loop) { answer <- l.Entity(entity) }:
	case <-ctx.Done():
		return decide.EntityView{}, ctx.Err()
	}
	e.pokes.poke()
	select {
	case v := <-answer:
		return v, nil
	case <-ctx.Done():
		return decide.EntityView{}, ctx.Err()
	}
}

func (e *Engine) answerQueries() {
	for {
		select {
		case ask := <-e.queries:
			ask(e.loop)
		default:
			return
		}
	}
}

// pokes wakes the loop from its wait for the journal.
type pokes struct {
	mu     sync.Mutex
	poked  bool
	cancel context.CancelFunc // ends the wait at hand; nil while there is none
}

func (p *pokes) poke() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.poked = true
	if p.cancel != nil {
		p.cancel()
	}
}

// begin makes the context of a wait; awake says that there is nothing to wait for, since somebody poked meanwhile.
func (p *pokes) begin(ctx context.Context) (wait context.Context, awake bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.poked {
		p.poked = false
		return nil, true
	}
	wait, p.cancel = context.WithCancel(ctx)
	return wait, false
}

// end closes a wait and says whether it was poked.
func (p *pokes) end() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cancel()
	p.cancel = nil
	poked := p.poked
	p.poked = false
	return poked
}

// Settle returns when the loop has published its counts as of now.
func (e *Engine) Settle(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case e.queries <- func(*decide.Loop) { e.publish(); close(done) }:
	case <-ctx.Done():
		return ctx.Err()
	}
	e.pokes.poke()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
