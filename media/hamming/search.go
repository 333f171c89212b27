package hamming

import (
	"math/bits"
	"slices"
)

// Search appends to dst every entry within radius bits of h: the nearest first, then by id, then by hash.
func (x *Index) Search(dst []Match, h Hash, radius int) []Match {
	return x.search(dst, h, 0, radius)
}

// Nearest appends to dst the k entries nearest to h of those within radius bits, in the order of Search. It costs the less, the
// nearer they are.
func (x *Index) Nearest(dst []Match, h Hash, k, radius int) []Match {
	if k <= 0 {
		return dst
	}
	return x.search(dst, h, k, radius)
}

func (x *Index) search(dst []Match, h Hash, k, radius int) []Match {
	p := x.parts.Load()
	q := query{hash: h, radius: min(radius, 256), k: k, found: dst, from: len(dst)}
	q.tail(p.fresh)
	q.tail(p.frozen)
	q.base(p.base)
	slices.SortFunc(q.found[q.from:], compareMatch)
	return q.found
}

// query is a search under way.
type query struct {
	hash   Hash
	radius int // with k set, it shrinks to the distance of the k-th
	k      int // 0 is all
	found  []Match
	from   int // before it, found is the caller's; with k set, what follows is a heap with the farthest on top
}

func (q *query) tail(t *tail) {
	for _, c := range *t.chunks.Load() {
		hashes := c.hashes[:c.n.Load()]
		for i := range hashes {
			if distance(&q.hash, &hashes[i]) <= q.radius && !c.gone.has(uint32(i)) {
				q.accept(hashes[i], c.ids[i])
			}
		}
	}
}

func (q *query) accept(h Hash, id uint64) {
	m := Match{Entry{h, id}, Distance(q.hash, h)}
	if q.k == 0 {
		q.found = append(q.found, m)
		return
	}
	heap := q.found[q.from:]
	if len(heap) < q.k {
		q.found = append(q.found, m)
		heap = q.found[q.from:]
		for i := len(heap) - 1; i > 0 && compareMatch(heap[(i-1)/2], heap[i]) < 0; i = (i - 1) / 2 {
			heap[i], heap[(i-1)/2] = heap[(i-1)/2], heap[i]
		}
	} else if compareMatch(m, heap[0]) < 0 {
		heap[0] = m
		for i := 0; 2*i+1 < len(heap); {
			child := 2*i + 1
			if child+1 < len(heap) && compareMatch(heap[child+1], heap[child]) > 0 {
				child++
			}
			if compareMatch(heap[child], heap[i]) <= 0 {
				break
			}
			heap[i], heap[child] = heap[child], heap[i]
			i = child
		}
	}
	if len(heap) == q.k {
		q.radius = min(q.radius, heap[0].Distance)
	}
}

// base goes through the plan as far as the radius asks for. done holds for each slot how many numbers of flips were looked up: what differs from the
// query in fewer bits of the slot has been met.
func (q *query) base(b *base) {
	var done [maxSlots]int
	if q.k == 0 && q.radius >= len(b.plan) {
		q.scan(b, &done)
		return
	}
	for n := 0; n <= q.radius; n++ {
		if n == len(b.plan) {
			q.scan(b, &done)
			return
		}
		i := int(b.plan[n])
		q.lookup(b, i, &done)
		done[i]++
	}
}

// scan compares with every entry that has not been met.
func (q *query) scan(b *base, done *[maxSlots]int) {
	w0, w1 := q.hash[0], q.hash[1]
	for i := range b.hashes {
		h := &b.hashes[i]
		// Half of the bits rule most entries out.
		if bits.OnesCount64(w0^h[0])+bits.OnesCount64(w1^h[1]) <= q.radius && distance(&q.hash, h) <= q.radius {
			q.hit(b, uint32(i), done)
		}
	}
}

// lookup compares with the entries that differ from the query in done[i] bits of slot i.
func (q *query) lookup(b *base, i int, done *[maxSlots]int) {
	s := &b.slots[i]
	value := s.value(&q.hash)
	var places [512]uint32 // of candidates; together, so that fetching one from memory does not wait for another
	n := 0
	last := uint32(1) << s.bits
	for flip := uint32(1)<<done[i] - 1; flip < last; flip = nextOfWeight(flip) {
		from, to := s.starts[value^flip], s.starts[value^flip+1]
		for from < to {
			if s.places == nil {
				for ; from < to && n < len(places); n++ {
					places[n] = from
					from++
				}
			} else {
				copied := copy(places[n:], s.places[from:to])
				n += copied
				from += uint32(copied)
			}
			if n == len(places) {
				q.candidates(b, places[:n], done)
				n = 0
			}
		}
		if flip == 0 {
			break
		}
	}
	q.candidates(b, places[:n], done)
}

// nextOfWeight is the next greater number with as many bits set (Gosper; Knuth, TAOCP 7.1.3, exercise 20).
func nextOfWeight(v uint32) uint32 {
	low := v & -v
	high := v + low
	return high | (v^high)>>2>>bits.TrailingZeros32(low)
}

func (q *query) candidates(b *base, places []uint32, done *[maxSlots]int) {
	for _, i := range places {
		if distance(&q.hash, &b.hashes[i]) <= q.radius {
			q.hit(b, i, done)
		}
	}
}

// hit accepts an entry, unless it is removed or was met before.
func (q *query) hit(b *base, i uint32, done *[maxSlots]int) {
	if b.gone.has(i) {
		return
	}
	h := b.hashes[i]
	differ := Hash{h[0] ^ q.hash[0], h[1] ^ q.hash[1], h[2] ^ q.hash[2], h[3] ^ q.hash[3]}
	for j := range b.slots {
		if bits.OnesCount32(b.slots[j].value(&differ)) < done[j] {
			return
		}
	}
	q.accept(h, b.ids[i])
}
