package state

import (
	"cmp"
	"container/heap"
)

// due says that an entry of a table may expire at a time. Items of entries that were deleted, or filed for an earlier time since,
// are stale and are passed over.
type due struct {
	at    int64
	table string
	key   string
}

// dueHeap is a heap of items by (time, table, key).
type dueHeap []due

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].at, h[j].at), cmp.Compare(h[i].table, h[j].table), cmp.Compare(h[i].key, h[j].key)) < 0
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)   { *h = append(*h, x.(due)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	(*h)[last] = due{}
	*h = (*h)[:last]
	return d
}

// expireEntries drops the entries that are due at the clock. It finds all of them before it calls the first OnExpire.
func (s *State) expireEntries() {
	var ready []due
	for len(s.due) > 0 && s.due[0].at <= s.clock {
		d := heap.Pop(&s.due).(due)
		if s.tables[d.table].collect(d) {
			ready = append(ready, d)
		}
	}
	for _, d := range ready {
		s.tables[d.table].expire(d.key, s.clock)
	}
}

// trimDue makes the heap anew when most of it is stale.
func (s *State) trimDue() {
	if len(s.due) < 2*s.entries+1024 {
		return
	}
	s.due = s.due[:0]
	for _, t := range s.tables {
		s.due = t.refile(s.due)
	}
	heap.Init(&s.due)
}
