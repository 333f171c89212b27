package state

import (
	"bytes"
	"cmp"
	"container/heap"
	"slices"
)

// The budget counts bytes at the stated costs, never runtime memory, so that what is evicted is a function of the records alone.
// Entries of tables are facts that people and rules rely on: they are never evicted and never refused. They take from what
// windows may use, down to a quarter of the budget; past that the state is over its budget, which Stats reports.

// allowance is how many bytes cells may use.
func (s *State) allowance() int64 { return max(s.opts.Budget/4, s.opts.Budget-s.fixed) }

// spend accounts for a cell that grew or shrank.
func (s *State) spend(k *keyed, delta int64) {
	if delta == 0 {
		return
	}
	s.used += delta
	k.bytes += delta
	if delta > 0 {
		s.fit()
	}
}

// spendFixed accounts for what is not cells.
func (s *State) spendFixed(delta int64) {
	s.used += delta
	s.fixed += delta
	if delta > 0 {
		s.fit()
	}
}

// fit evicts if there are more cells than the budget allows.
func (s *State) fit() {
	if s.used-s.fixed > s.allowance() {
		s.evict()
	}
}

// evict drops cells in the order of (last sighting, key, window) until a sixty-fourth of the allowance, but no more than
// 1 MiB, is free: some ten thousand keys at a time, since finding the oldest means sorting a slice of each window.
func (s *State) evict() {
	allowance := s.allowance()
	goal := allowance - min(allowance/64, 1<<20)
	h := oldest{cells: &s.cells}
	for _, k := range s.windows {
		if k != nil && len(k.index) > 0 {
			q := &queue{of: k, slice: k.wheel.first - 1}
			q.fill(&s.cells)
			h.queues = append(h.queues, q)
		}
	}
	heap.Init(&h)
	for s.used-s.fixed > goal && len(h.queues) > 0 {
		q := h.queues[0]
		i := q.cells[q.next]
		q.next++
		q.of.evicted++
		s.dropCell(q.of, i)
		if q.next < len(q.cells) || q.fill(&s.cells) {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	for _, q := range h.queues {
		for _, i := range q.cells[q.next:] {
			q.of.wheel.file(&s.cells, i)
		}
	}
}

// queue is the cells of one window's oldest slice, in order.
type queue struct {
	of    *keyed
	slice int64
	cells []uint32
	next  int
}

// fill takes the next slice that holds cells; false if there is none.
func (q *queue) fill(cs *cells) bool {
	q.cells, q.next = q.cells[:0], 0
	for end := q.of.wheel.first + wheelSize; len(q.cells) == 0; {
		if q.slice++; q.slice >= end {
			return false
		}
		q.of.wheel.take(cs, q.slice, func(i uint32) { q.cells = append(q.cells, i) })
	}
	slices.SortFunc(q.cells, func(a, b uint32) int { return older(cs.at(a), cs.at(b)) })
	return true
}

func older(a, b *cell) int {
	if c := cmp.Compare(a.last, b.last); c != 0 {
		return c
	}
	return bytes.Compare(a.key[:], b.key[:])
}

// oldest is a heap of queues by their first cells.
type oldest struct {
	cells  *cells
	queues []*queue
}

func (h *oldest) Len() int { return len(h.queues) }

func (h *oldest) Less(i, j int) bool {
	a, b := h.queues[i], h.queues[j]
	if c := older(h.cells.at(a.cells[a.next]), h.cells.at(b.cells[b.next])); c != 0 {
		return c < 0
	}
	return a.of.number < b.of.number
}

func (h *oldest) Swap(i, j int) { h.queues[i], h.queues[j] = h.queues[j], h.queues[i] }
func (h *oldest) Push(x any)    { h.queues = append(h.queues, x.(*queue)) }

func (h *oldest) Pop() any {
	last := len(h.queues) - 1
	q := h.queues[last]
	h.queues = h.queues[:last]
	return q
}
