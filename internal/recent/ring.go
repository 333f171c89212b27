package recent

import (
	"container/heap"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/media/hamming"
)

// ring is the latest keys, each with the record it is of.
type ring[K comparable] struct {
	rows []row[K]
	next int // where the next one goes once the ring is full
	most int
}

type row[K comparable] struct {
	key K
	at  journal.Position
}

func (r *ring[K]) add(k K, at journal.Position) {
	if len(r.rows) < r.most {
		r.rows = append(r.rows, row[K]{k, at})
		return
	}
	r.rows[r.next] = row[K]{k, at}
	r.next = (r.next + 1) % r.most
}

// sample is the pictures whose hashes rank lowest by a hash of theirs: as good as drawn at random among all different pictures, and the same
// for the same pictures, in whatever order they came.
type sample struct {
	most int
	kept ranks // a heap, the highest on top
	in   map[uint64]bool
}

type ranked struct {
	rank uint64
	hash hamming.Hash
}

func newSample(most int) sample { return sample{most: most, in: map[uint64]bool{}} }

func (s *sample) add(h hamming.Hash) {
	var b []byte
	for _, w := range h {
		for i := range 8 {
			b = append(b, byte(w>>(8*i)))
		}
	}
	r := ranked{xxh3.Hash(b), h}
	if s.in[r.rank] || len(s.kept) == s.most && r.rank > s.kept[0].rank {
		return
	}
	s.in[r.rank] = true
	if heap.Push(&s.kept, r); len(s.kept) > s.most {
		out := heap.Pop(&s.kept).(ranked)
		delete(s.in, out.rank)
	}
}

type ranks []ranked

func (r ranks) Len() int           { return len(r) }
func (r ranks) Less(i, j int) bool { return r[i].rank > r[j].rank }
func (r ranks) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *ranks) Push(x any)        { *r = append(*r, x.(ranked)) }
func (r *ranks) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}

// digestKey is a digest as the ring has it. Two may look alike, once in 2^64: then an event is looked at again for nothing.
func digestKey(value string) uint64 { return xxh3.HashString(value) }

// digestsOf are the digests of a picture's file, as banks write them.
func digestsOf(p *bank.Picture) (list []string) {
	for _, d := range []string{p.MD5, p.SHA1} {
		if d != "" {
			list = append(list, d)
		}
	}
	if p.SHA256 != "" {
		list = append(list, "sha256:"+p.SHA256)
	}
	return list
}

// maxScan is how many entries are compared one by one with every hash of the ring, at about a nanosecond each; more are looked up in an index.
const maxScan = 256

// match gives the records, in order, with a picture that one of the values of a bank matches. It takes some milliseconds for one, and some seconds
// for 100,000.
func (u *Uploads) match(b *bank.Bank, values []string) []journal.Position {
	type wanted struct {
		hash   hamming.Hash
		radius int
	}
	var list []wanted
	digests := map[uint64]bool{}
	most := 0
	for _, v := range values {
		e, ok := b.Entry(v)
		if !ok {
			continue
		}
		if h, radius, ok := e.PDQ(); ok {
			list = append(list, wanted{h, radius})
			most = max(most, radius)
		} else {
			digests[digestKey(v)] = true
		}
	}
	near := func(h hamming.Hash) bool {
		return slices.ContainsFunc(list, func(w wanted) bool { return hamming.Distance(h, w.hash) <= w.radius })
	}
	if len(list) > maxScan {
		entries := make([]hamming.Entry, len(list))
		for i, w := range list {
			entries[i] = hamming.Entry{Hash: w.hash, ID: uint64(i)}
		}
		index := hamming.Build(entries)
		var found []hamming.Match
		near = func(h hamming.Hash) bool {
			found = index.Search(found[:0], h, most)
			return slices.ContainsFunc(found, func(m hamming.Match) bool { return m.Distance <= list[m.ID].radius })
		}
	}
	u.mu.Lock() // only Run changes the rings, and is here
	hashes, files := u.hashes.rows, u.digests.rows
	u.mu.Unlock()
	var at []journal.Position
	if len(list) > 0 {
		for i := range hashes {
			if near(hashes[i].key) {
				at = append(at, hashes[i].at)
			}
		}
	}
	for i := range files {
		if digests[files[i].key] {
			at = append(at, files[i].at)
		}
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// Preview is what an entry would match.
type Preview struct {
	Ordinary, Sample int // ordinary pictures: so many of so many
	Recent, Of       int // records of pictures of late, and hashes that were compared
}

// Preview says what a PDQ hash would match within a radius, in bits. It takes some milliseconds.
func (u *Uploads) Preview(h hamming.Hash, radius int) Preview {
	u.mu.Lock()
	defer u.mu.Unlock()
	p := Preview{Sample: len(u.sample.kept), Of: len(u.hashes.rows)}
	for i := range u.sample.kept {
		if hamming.Distance(h, u.sample.kept[i].hash) <= radius {
			p.Ordinary++
		}
	}
	at := map[journal.Position]bool{}
	for i := range u.hashes.rows {
		if hamming.Distance(h, u.hashes.rows[i].key) <= radius {
			at[u.hashes.rows[i].at] = true
		}
	}
	p.Recent = len(at)
	return p
}
