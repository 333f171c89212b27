package hamming

import "sync/atomic"

// chunkSize is how many entries a chunk takes. What Add may have to allocate at once is one chunk, 160 KiB.
const chunkSize = 4096

// tail holds entries in the order in which they were added. One goroutine at a time changes it, any number read it.
type tail struct {
	chunks atomic.Pointer[[]*chunk]
	where  map[Entry]place // of the live entries; for who changes it only
}

type place struct {
	chunk *chunk
	at    uint32
}

type chunk struct {
	n      atomic.Uint32 // entries before it are there, and do not change
	hashes [chunkSize]Hash
	ids    [chunkSize]uint64
	gone   marks
}

func newTail() *tail {
	t := &tail{where: map[Entry]place{}}
	t.chunks.Store(&[]*chunk{})
	return t
}

func (t *tail) holds(e Entry) bool {
	_, ok := t.where[e]
	return ok
}

func (t *tail) add(e Entry) {
	chunks := *t.chunks.Load()
	if len(chunks) == 0 || chunks[len(chunks)-1].n.Load() == chunkSize {
		chunks = append(chunks[:len(chunks):len(chunks)], &chunk{gone: newMarks(chunkSize)})
		t.chunks.Store(&chunks)
	}
	c := chunks[len(chunks)-1]
	n := c.n.Load()
	c.hashes[n], c.ids[n] = e.Hash, e.ID
	c.n.Store(n + 1)
	t.where[e] = place{c, n}
}

func (t *tail) remove(e Entry) bool {
	p, ok := t.where[e]
	if ok {
		p.chunk.gone.set(p.at)
		delete(t.where, e)
	}
	return ok
}

// added is the number of entries, live or not.
func (t *tail) added() int {
	chunks := *t.chunks.Load()
	if len(chunks) == 0 {
		return 0
	}
	return (len(chunks)-1)*chunkSize + int(chunks[len(chunks)-1].n.Load())
}

// live are the entries that are not removed.
func (t *tail) live() []Entry {
	entries := make([]Entry, 0, t.added())
	for _, c := range *t.chunks.Load() {
		for i := range c.n.Load() {
			if !c.gone.has(i) {
				entries = append(entries, Entry{c.hashes[i], c.ids[i]})
			}
		}
	}
	return entries
}

// marks are a set of places that may be read while it grows.
type marks []atomic.Uint64

func newMarks(n int) marks {
	return make(marks, (n+63)/64)
}

func (m marks) copy() marks {
	c := make(marks, len(m))
	for i := range m {
		c[i].Store(m[i].Load())
	}
	return c
}

func (m marks) has(i uint32) bool {
	return m[i/64].Load()>>(i%64)&1 != 0
}

func (m marks) set(i uint32) {
	m[i/64].Or(1 << (i % 64))
}
