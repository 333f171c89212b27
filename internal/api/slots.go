package api

import "sync"

// slots bounds how many requests are worked on at a time. One sender has at most a half of them, so that it cannot shut out others.
type slots struct {
	mu    sync.Mutex
	free  int
	share int
	taken map[string]int // by sender; none is 0
}

func newSlots(n int) *slots {
	return &slots{free: n, share: max(1, n/2), taken: map[string]int{}}
}

// take gives the sender a slot, to be given back, if there is one for it.
func (s *slots) take(sender string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free == 0 || s.taken[sender] == s.share {
		return false
	}
	s.free--
	s.taken[sender]++
	return true
}

func (s *slots) giveBack(sender string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	if s.taken[sender]--; s.taken[sender] == 0 {
		delete(s.taken, sender)
	}
}
