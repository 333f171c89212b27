package coaction

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"unsafe"
)

// Shares are rows in which an account acts on an object, by a piece of content, at a time. The zero value has none. It takes about 24 bytes a
// row beside the names, each of which it holds once.
type Shares struct {
	objects, accounts, contents names
	rows                        []share
	inputs                      []int // the first row of each input but the first
}

type share struct {
	object, account, content uint32
	at                       int64
}

// nothing is the object of a row that has none.
const nothing = ^uint32(0)

const maxRows = 1<<31 - 1

// MaxTime is the greatest time, and −MaxTime the least: sums of their distances stay exact.
const MaxTime = 1 << 61

// Add adds a row; it copies the names. A row without an object acts on nothing: [CooRTweet] does not see it, and to [Toolkit] it is a message
// that shares nothing. An account and a content there must be. Times are in any unit, the same as that of windows.
func (s *Shares) Add(object, account, content []byte, at int64) error {
	switch {
	case len(account) == 0:
		return errors.New("the account is empty")
	case len(content) == 0:
		return errors.New("the content is empty")
	case at > MaxTime || at < -MaxTime:
		return fmt.Errorf("time %d is out of range", at)
	case len(s.rows) == maxRows:
		return fmt.Errorf("more than %d rows", maxRows)
	}
	row := share{nothing, s.accounts.number(account), s.contents.number(content), at}
	if len(object) > 0 {
		row.object = s.objects.number(object)
	}
	s.rows = append(s.rows, row)
	return nil
}

// NextInput says that the rows that follow are another input: [CooRTweet] searches each on its own and joins the pairs.
func (s *Shares) NextInput() { s.inputs = append(s.inputs, len(s.rows)) }

// Distinct drops rows that repeat object, account, content and time of an earlier one of the same input. A table with several
// columns of objects, of which one is read, has such rows.
func (s *Shares) Distinct() {
	seen := make(map[share]struct{}, len(s.rows))
	kept := s.rows[:0]
	next := 0
	for i, row := range s.rows {
		for next < len(s.inputs) && s.inputs[next] == i {
			s.inputs[next] = len(kept)
			next++
			clear(seen)
		}
		if _, ok := seen[row]; !ok {
			seen[row] = struct{}{}
			kept = append(kept, row)
		}
	}
	for ; next < len(s.inputs); next++ {
		s.inputs[next] = len(kept)
	}
	s.rows = kept
}

// Len is how many rows there are.
func (s *Shares) Len() int { return len(s.rows) }

// each calls do with the rows of each input.
func (s *Shares) each(do func(rows []share)) {
	from := 0
	for _, to := range s.inputs {
		do(s.rows[from:to])
		from = to
	}
	do(s.rows[from:])
}

// names numbers names in the order in which they come. A map from string would take more memory, and each collection of garbage would visit every key.
type names struct {
	list  []string // parts of chunks
	chunk []byte
	table []uint32     // numbers + 1, at their hash or the next free place; its length is a power of two
	seed  maphash.Seed // differs between runs, so that nobody can choose names that collide; numbers do not depend on it
}

const chunkSize = 64 << 10

func (n *names) number(name []byte) uint32 {
	if 2*len(n.list) >= len(n.table) {
		n.grow()
	}
	at := maphash.Bytes(n.seed, name)
	for {
		place := &n.table[at&uint64(len(n.table)-1)]
		switch i := *place; {
		case i == 0:
			n.list = append(n.list, n.keep(name))
			*place = uint32(len(n.list))
			return *place - 1
		case n.list[i-1] == string(name):
			return i - 1
		}
		at++
	}
}

// keep is a copy of the name in the last chunk.
func (n *names) keep(name []byte) string {
	if len(name) > cap(n.chunk)-len(n.chunk) {
		n.chunk = make([]byte, 0, max(chunkSize, len(name)))
	}
	from := len(n.chunk)
	n.chunk = append(n.chunk, name...)
	return unsafe.String(unsafe.SliceData(n.chunk[from:]), len(name)) // bytes of a chunk never change
}

func (n *names) grow() {
	if n.table == nil {
		n.seed = maphash.MakeSeed()
	}
	n.table = make([]uint32, max(64, 2*len(n.table)))
	for i, name := range n.list {
		at := maphash.String(n.seed, name)
		for n.table[at&uint64(len(n.table)-1)] != 0 {
			at++
		}
		n.table[at&uint64(len(n.table)-1)] = uint32(i + 1)
	}
}

// sorted is the numbers in order of their names, and the place of each number in it.
func (n *names) sorted() (order, rank []uint32) {
	order = make([]uint32, len(n.list))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(n.list[a], n.list[b]) })
	rank = make([]uint32, len(order))
	for r, i := range order {
		rank[i] = uint32(r)
	}
	return order, rank
}

// arrange sorts rows into the order in which CooRTweet sees them: by account in the order in which accounts come, then, stably, by object in
// the order in which objects then come. It returns where each object's rows end.
func arrange(rows []share) (arranged []share, ends []int) {
	arranged, _ = bucket(rows, func(r *share) uint32 { return r.account })
	return bucket(arranged, func(r *share) uint32 { return r.object })
}

// bucket sorts rows stably by a key in the order in which keys first come.
func bucket(rows []share, key func(*share) uint32) (sorted []share, ends []int) {
	place := map[uint32]uint32{}
	of := make([]uint32, len(rows))
	for i := range rows {
		k := key(&rows[i])
		p, ok := place[k]
		if !ok {
			p = uint32(len(place))
			place[k] = p
			ends = append(ends, 0)
		}
		of[i] = p
		ends[p]++
	}
	starts := make([]int, len(ends))
	for p, sum := 0, 0; p < len(ends); p++ {
		starts[p] = sum
		sum += ends[p]
		ends[p] = sum
	}
	sorted = make([]share, len(rows))
	for i, row := range rows {
		sorted[starts[of[i]]] = row
		starts[of[i]]++
	}
	return sorted, ends
}
