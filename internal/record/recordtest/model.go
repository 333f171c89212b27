package recordtest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

// deliveryModel drives the outbox at random beside a plain model of its lines and compares what each claim gives.
func deliveryModel(t *testing.T, s record.Store) {
	run, n := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &lines{t: rt, s: s, channel: fmt.Sprint("run", run), turn: map[string]*modelEffect{}}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			m.now++
			switch rapid.SampledFrom([]string{"put", "put", "claim", "claim", "approve", "requeue"}).Draw(rt, "step") {
			case "put":
				n++
				m.put(n)
			case "claim":
				m.claim()
			case "approve":
				m.again(effect.Waiting, func(id string) ([]string, error) {
					return s.Approve(t.Context(), m.change(id), 1, []string{id}, nil)
				})
			case "requeue":
				m.again(effect.Dead, func(id string) ([]string, error) {
					return s.Requeue(t.Context(), "person:ada", m.now, []string{id})
				})
			}
		}
	})
}

// lines is the model: all effects of one receiver by age, and for each target the one whose turn it is.
type lines struct {
	t       *rapid.T
	s       record.Store
	channel string // each run has a receiver of its own
	now     int64
	all     []*modelEffect
	turn    map[string]*modelEffect
}

type modelEffect struct {
	id, target string
	state      effect.State
	due        int64
}

func (m *lines) ok(err error) {
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *lines) change(id string) record.Change {
	c := change("approve "+id, "approve")
	c.At = m.now
	return c
}

func (m *lines) put(n int) {
	e := Effect(n, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(m.t, "target"))
	e.Kind, e.Value = effect.Notify, m.channel
	e.State = rapid.SampledFrom([]effect.State{effect.Queued, effect.Queued, effect.Waiting}).Draw(m.t, "state")
	_, err := m.s.PutEffects(m.t.Context(), []effect.Effect{e}, e.Position, m.now)
	m.ok(err)
	me := &modelEffect{id: e.ID, target: e.Target.ID, state: e.State}
	m.all = append(m.all, me)
	if e.State == effect.Queued {
		m.queue(me)
	}
}

func (m *lines) queue(e *modelEffect) {
	e.state = effect.Queued
	if m.turn[e.target] == nil {
		m.turn[e.target], e.due = e, m.now
	}
}

func (m *lines) claim() {
	const lease = 5
	var due []*modelEffect
	for _, e := range m.all {
		if m.turn[e.target] == e && e.due <= m.now {
			due = append(due, e)
		}
	}
	slices.SortStableFunc(due, func(a, b *modelEffect) int { return cmp.Compare(a.due, b.due) })
	var want []string
	for _, e := range due {
		want = append(want, e.id)
	}
	limit := rapid.IntRange(1, 4).Draw(m.t, "limit")
	want = want[:min(limit, len(want))]
	ds, err := m.s.Claim(m.t.Context(), "notify:"+m.channel, m.now, limit, lease)
	m.ok(err)
	var got []string
	var outcomes []record.Outcome
	for _, d := range ds {
		got = append(got, d.ID)
		outcomes = append(outcomes, m.outcome(d.ID, lease)...)
	}
	if !slices.Equal(got, want) {
		m.t.Fatalf("claim at %d: got %v, want %v", m.now, got, want)
	}
	m.ok(m.s.Settle(m.t.Context(), m.now, outcomes))
}

// outcome draws what comes of a claimed effect; none if its sender crashed.
func (m *lines) outcome(id string, lease int64) []record.Outcome {
	i := slices.IndexFunc(m.all, func(e *modelEffect) bool { return e.id == id })
	if i < 0 {
		m.t.Fatalf("claimed %s, which was not put", id)
	}
	e := m.all[i]
	o := record.Outcome{ID: id, State: rapid.SampledFrom([]effect.State{effect.Delivered, effect.Dead, effect.Queued, ""}).Draw(m.t, "outcome")}
	switch o.State {
	case "":
		e.due = m.now + lease
		return nil
	case effect.Queued:
		o.Next = m.now + rapid.Int64Range(1, 4).Draw(m.t, "wait")
		e.due = o.Next
	default:
		e.state, m.turn[e.target] = o.State, nil
		for _, next := range m.all {
			if next.target == e.target && next.state == effect.Queued {
				m.queue(next)
				break
			}
		}
	}
	return []record.Outcome{o}
}

// again lets a person queue one of the effects of a state, if there is any.
func (m *lines) again(from effect.State, do func(id string) ([]string, error)) {
	var of []*modelEffect
	for _, e := range m.all {
		if e.state == from {
			of = append(of, e)
		}
	}
	if len(of) == 0 {
		return
	}
	e := rapid.SampledFrom(of).Draw(m.t, "effect")
	moved, err := do(e.id)
	m.ok(err)
	if !slices.Equal(moved, []string{e.id}) {
		m.t.Fatalf("moved %v, want %s", moved, e.id)
	}
	m.queue(e)
}
