package coaction

import "slices"

// Act is one act on an object.
type Act struct {
	At  int64  // when, in any unit
	Who uint64 // who did it: whatever the caller tells accounts or rows apart by
}

// Timeline holds the acts on one object in order of time; among those of one time, in the order in which they came.
type Timeline struct{ acts []Act }

// Near is the acts from at−window to at+window, both included, in order. It shares memory with the timeline and is valid until that
// changes. It takes time in the logarithm of the acts.
func (t *Timeline) Near(at, window int64) []Act {
	from := t.place(at - window)
	if n := len(t.acts); n == 0 || t.acts[n-1].At <= at+window { // always in a stream without late acts
		return t.acts[from:]
	}
	return t.acts[from:t.place(at+window+1)]
}

// Insert puts an act where it belongs. That is at once at the end, and takes time for each later act elsewhere.
func (t *Timeline) Insert(a Act) {
	if n := len(t.acts); n == 0 || t.acts[n-1].At <= a.At {
		t.acts = append(t.acts, a)
		return
	}
	t.acts = slices.Insert(t.acts, t.place(a.At+1), a)
}

// Forget drops the acts before a time, and Reset all.
func (t *Timeline) Forget(before int64) {
	if n := t.place(before); n > 0 {
		t.acts = append(t.acts[:0], t.acts[n:]...)
	}
}

// Reset drops all acts.
func (t *Timeline) Reset() { t.acts = t.acts[:0] }

// Len is how many acts there are.
func (t *Timeline) Len() int { return len(t.acts) }

// place is that of the first act at a time or later.
func (t *Timeline) place(at int64) int {
	lo, hi := 0, len(t.acts)
	for lo < hi {
		if mid := int(uint(lo+hi) / 2); t.acts[mid].At < at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
