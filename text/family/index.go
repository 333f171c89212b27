package family

import (
	"fmt"
	"slices"
	"strings"
)

// ID names a family. It is the hash of the canonical form of the text that founded it, so that it is the same wherever that text
// comes first, and again if the family was forgotten. 0 is no family.
type ID uint64

func (id ID) String() string { return fmt.Sprintf("%016x", uint64(id)) }

// Family is what is known of a family.
type Family struct {
	ID          ID
	First, Last int64 // times of its first and of its latest text
	Texts       int   // how many there were
	Accounts    int   // how many accounts they are of
	Exact       bool  // Accounts is exact, and not an estimate with a standard error of 6%
}

// Index assigns texts to families. It is driven by one goroutine. What it says follows from the texts in their order alone: two
// indexes that were given the same say the same, also if one of them was loaded from an image in between.
//
// A text's family never changes afterwards, and families neither merge nor split: of several that a text is like it joins the one
// with the text that is most like it, of equal ones that which was met first.
//
// It keeps within a budget of memory by forgetting families, those first whose latest text is oldest. A text that is known costs some
// 1.5 µs, a new one 30 to 70 µs, the more the larger the index is, since most of that is waiting for memory.
type Index struct {
	budget   int
	bytes    int // of all families, as size counts them
	seq      uint64
	byText   map[uint64]*family // by the hash of the canonical form of each exemplar
	postings postings
	slots    []slot // the exemplars by the number that postings have
	free     []uint32
	queue    queue

	forgotten int
	mined     [lately]mined // by id

	page    uint8     // of families that change now; 0 where no images are taken
	dirty   []*family // on it; some may be gone
	marked  []*family // of the image that was begun
	image   Sink      // takes that image
	next    Sink      // takes what goes from the store with the image after it
	loading []loading // what was loaded, until all is
	keyBuf  []byte
	value   []byte

	votes   []uint16 // scratch: of each slot the keys that it shares with a text, 0 between calls
	touched []uint32 // scratch: the slots that have any
}

// family is a family. Its founder is the first of its exemplars.
type family struct {
	id          ID
	first, last int64
	texts       int
	accounts    accounts
	exemplars   []exemplar
	samples     []sample

	flags            uint8 // of images
	writtenExemplars uint8 // that an image has
	writtenSamples   uint8
}

// exemplar is a text that others are compared with. All exemplars of a family are near-copies of its founder, so that a family
// does not drift, however many texts it takes in.
type exemplar struct {
	seq    uint64 // of all exemplars, in the order in which they came
	exact  uint64
	hashes []uint32 // grams, then keys, then the bits of displaced
	slot   uint32
	grams  uint16
	posted uint16
	all    bool // as of gramSet
}

func (e *exemplar) gramSet() gramSet { return gramSet{e.hashes[:e.grams], e.all} }

// keys are those under which it was posted, ascending.
func (e *exemplar) keys() []uint32 { return e.hashes[e.grams : e.grams+e.posted] }

// displaced has a bit for each of the keys, set where later texts displaced it.
func (e *exemplar) displaced() []uint32 { return e.hashes[e.grams+e.posted:] }

func (e *exemplar) isDisplaced(i int) bool { return e.displaced()[i/wordBits]>>(i%wordBits)&1 == 1 }

const wordBits = 32

// words is how many of them hold n bits.
func words(n int) int { return (n + wordBits - 1) / wordBits }

// sample is a text that a family's template is mined from.
type sample struct {
	raw  uint64
	text string
}

// slot says which exemplar has a number.
type slot struct {
	family *family
	index  int
}

func (s slot) exemplar() (*family, *exemplar) { return s.family, &s.family.exemplars[s.index] }

const (
	maxExemplars = 4
	maxSamples   = 16
	rare         = 4 // texts at most that have a key which counts for more
	rareVotes    = 3 // and for how much
	minVotes     = 2 // one key that many have is no reason to look
	maxVotes     = rareVotes * maxKeys
	maxVerified  = 12 // candidates that are compared with a text
	alike        = .7 // a text that is less like every exemplar becomes one
)

// NewIndex makes an index that keeps within a budget of bytes, as far as they can be counted: what the families hold, and what
// finding them takes. As measured, the heap holds 0.8 to 1.1 times that.
func NewIndex(budget int) *Index {
	return &Index{budget: budget, byText: map[uint64]*family{}, postings: postings{lists: map[uint32]list{}}}
}

// Assign says to which family a text belongs, which is a new one if it is like no text before, and counts it there. A sketch of a
// text without letters belongs to none. Times are in whatever unit the caller has; those of texts need not ascend. The sketch and
// its text are not kept: they may change after the call.
func (x *Index) Assign(s *Sketch, account string, at int64) ID {
	if s.exact == 0 {
		return 0
	}
	f, jaccard := x.find(s)
	if f == nil {
		f, jaccard = x.found(s, at), 1
	} else if x.touch(f); jaccard < alike && len(f.exemplars) < maxExemplars {
		if _, near := compare(f.exemplars[0].gramSet(), s.grams); near {
			x.post(f, s)
		}
	}
	f.first, f.last = min(f.first, at), max(f.last, at)
	f.texts++
	x.bytes += accountBytes * f.accounts.add(account)
	if jaccard >= bars[0].jaccard { // else it quotes them or is quoted, and would blur what they have in common
		x.bytes += f.sample(s)
	}
	x.forget()
	return f.id
}

// Find says to which family a text belongs, and changes nothing; 0 if it is like no text before, or has no letters.
func (x *Index) Find(s *Sketch) ID {
	if s.exact == 0 {
		return 0
	}
	if f, _ := x.find(s); f != nil {
		return f.id
	}
	return 0
}

// find gives the family that a text belongs to, and how like it is to the exemplar that says so, which is the one that is most
// like it, of equal ones the oldest; nil if there is none.
func (x *Index) find(s *Sketch) (best *family, jaccard float64) {
	if f := x.byText[s.exact]; f != nil {
		return f, 1
	}
	seq := uint64(0)
	for _, slot := range x.candidates(s.keys) {
		f, e := x.slots[slot].exemplar()
		if j, near := compare(e.gramSet(), s.grams); near && (best == nil || j > jaccard || j == jaccard && e.seq < seq) {
			best, jaccard, seq = f, j, e.seq
		}
	}
	return best, jaccard
}

// candidates are the exemplars that share most of the keys, at most maxVerified; of equal ones those that were met first.
func (x *Index) candidates(keys []uint32) []uint32 {
	var one [1]uint32
	x.touched = x.touched[:0]
	for _, key := range keys {
		list := x.postings.of(key, &one)
		weight := uint16(1)
		if len(list) <= rare {
			weight = rareVotes
		}
		for _, slot := range list {
			if x.votes[slot] == 0 {
				x.touched = append(x.touched, slot)
			}
			x.votes[slot] += weight
		}
	}
	var with [maxVotes + 1]int // how many have so many votes
	for _, slot := range x.touched {
		with[x.votes[slot]]++
	}
	least, room := maxVotes, maxVerified // who has the least votes shares what room the others leave
	for ; least >= minVotes && with[least] <= room; least-- {
		room -= with[least]
	}
	kept := x.touched[:0]
	for _, slot := range x.touched {
		votes := int(x.votes[slot])
		x.votes[slot] = 0
		if votes < least || votes == least && room == 0 {
			continue
		}
		if votes == least {
			room--
		}
		kept = append(kept, slot)
	}
	return kept
}

// found makes a family of a text.
func (x *Index) found(s *Sketch, at int64) *family {
	f := &family{id: ID(s.exact), first: at, last: at}
	x.touch(f)
	x.bytes += familyBytes
	x.post(f, s)
	x.queue.push(due{at, f})
	return f
}

// post makes a text an exemplar of a family.
func (x *Index) post(f *family, s *Sketch) {
	x.seq++
	grams, keys := len(s.grams.hashes), len(s.keys)
	hashes := make([]uint32, grams+keys+words(keys))
	copy(hashes, s.grams.hashes)
	copy(hashes[grams:], s.keys)
	f.exemplars = append(f.exemplars, exemplar{
		seq: x.seq, exact: s.exact, hashes: hashes, grams: uint16(grams), posted: uint16(keys), all: s.grams.all,
	})
	x.enter(f, len(f.exemplars)-1)
	x.bytes += f.exemplars[len(f.exemplars)-1].size()
}

// enter posts the i-th exemplar of a family, which must be the latest of all, under the keys that it is not displaced from, and tells
// whether there was place for it without displacing others.
func (x *Index) enter(f *family, i int) (place bool) {
	e := &f.exemplars[i]
	if n := len(x.free); n > 0 {
		e.slot, x.free = x.free[n-1], x.free[:n-1]
	} else {
		e.slot = uint32(len(x.slots))
		x.slots, x.votes = append(x.slots, slot{}), append(x.votes, 0)
	}
	x.slots[e.slot] = slot{f, i}
	x.byText[e.exact] = f
	place = true
	for i, key := range e.keys() {
		if e.isDisplaced(i) {
			continue
		}
		if last, full := x.postings.add(key, e.slot); full {
			x.displace(last, key)
			place = false
		}
	}
	return place
}

// displace takes note that an exemplar is not posted under a key any more.
func (x *Index) displace(slot, key uint32) {
	f, e := x.slots[slot].exemplar()
	x.touch(f)
	if i, found := slices.BinarySearch(e.keys(), key); found {
		e.displaced()[i/wordBits] |= 1 << (i % wordBits)
	}
}

// sample keeps the text if it is not among the samples and there is place, and gives by how much the family grows.
func (f *family) sample(s *Sketch) (grown int) {
	if len(f.samples) == maxSamples || slices.ContainsFunc(f.samples, func(o sample) bool { return o.raw == s.raw }) {
		return 0
	}
	f.samples = append(f.samples, sample{s.raw, strings.Clone(s.text)})
	return sampleBytes + len(s.text)
}

// Family tells of a family; false if it is not known, or not any more.
func (x *Index) Family(id ID) (Family, bool) {
	f := x.family(id)
	if f == nil {
		return Family{}, false
	}
	n, exact := f.accounts.count()
	return Family{ID: f.id, First: f.first, Last: f.last, Texts: f.texts, Accounts: n, Exact: exact}, true
}

func (x *Index) family(id ID) *family {
	if f := x.byText[uint64(id)]; f != nil && f.id == id {
		return f
	}
	return nil
}
