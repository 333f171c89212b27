package pipeline

import (
	"context"
	"fmt"
	"sync"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/rule"
)

// The hot state belongs to the loop's goroutine. Who wants to know something of it asks the loop, which answers between two
// batches, and is woken for it when the journal is quiet.

// Entity says what the loop knows of an entity.
func (e *Engine) Entity(ctx context.Context, entity event.Entity) (decide.EntityView, error) {
	return ask(ctx, e, func(l *decide.Loop) decide.EntityView { return l.Entity(entity) })
}

// Banks is the banks that events are read with now; nil before the first.
func (e *Engine) Banks() *bank.Set {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.banks
}

// Quarantines lists the entries of banks that are in quarantine for a flood of matches.
func (e *Engine) Quarantines(ctx context.Context) ([]decide.Quarantine, error) {
	return ask(ctx, e, (*decide.Loop).Quarantines)
}

// Labelled says of each entity whether it bears one of the labels now. The loop stands still for it: ask for some hundred at a time.
func (e *Engine) Labelled(ctx context.Context, entities []event.Entity, labels []string) ([]bool, error) {
	return ask(ctx, e, func(l *decide.Loop) []bool { return l.Labelled(entities, labels) })
}

// InForce says for each entity which step of enforcement is in force on it; empty for none. The loop stands still for it: ask for some
// hundred at a time.
func (e *Engine) InForce(ctx context.Context, entities []event.Entity) ([]string, error) {
	return ask(ctx, e, func(l *decide.Loop) []string { return l.InForce(entities) })
}

// Members are the accounts of a group that are not on probation, by name; none if there is no such group.
func (e *Engine) Members(ctx context.Context, group string) ([]string, error) {
	return ask(ctx, e, func(l *decide.Loop) []string { return l.Members(group) })
}

// Set is the rules in force; nil before the first.
func (e *Engine) Set() *rule.Set {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.set
}

// Roster gives a group with its members and what stands against a step of enforcement on them; record.ErrNotFound if there is none. The loop stands
// still for it: some tens of milliseconds for ten thousand members.
func (e *Engine) Roster(ctx context.Context, group, policy, step string) (decide.Roster, error) {
	type found struct {
		decide.Roster
		ok bool
	}
	r, err := ask(ctx, e, func(l *decide.Loop) found {
		r, ok := l.Roster(group, policy, step)
		return found{r, ok}
	})
	if err == nil && !r.ok {
		err = fmt.Errorf("group %.64q: %w", group, record.ErrNotFound)
	}
	return r.Roster, err
}

// Standings says what stands against a step of enforcement on each of some accounts.
func (e *Engine) Standings(ctx context.Context, accounts []string, policy, step string) ([]decide.Standing, error) {
	return ask(ctx, e, func(l *decide.Loop) []decide.Standing { return l.Standings(accounts, policy, step) })
}

// Clock is the event clock.
func (e *Engine) Clock(ctx context.Context) (int64, error) {
	return ask(ctx, e, func(*decide.Loop) int64 { return e.state.Clock() })
}

func ask[T any](ctx context.Context, e *Engine, question func(*decide.Loop) T) (answer T, err error) {
	given := make(chan T, 1)
	select {
	case e.queries <- func(l *decide.Loop) { given <- question(l) }:
	case <-ctx.Done():
		return answer, ctx.Err()
	}
	e.pokes.poke()
	select {
	case answer = <-given:
		return answer, nil
	case <-ctx.Done():
		return answer, ctx.Err()
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
	_, err := ask(ctx, e, func(*decide.Loop) struct{} { e.publish(); return struct{}{} })
	return err
}
