package align

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
)

// Bank finds which of many pictures a query shows. All methods may be called from any goroutine; searches never wait.
type Bank struct {
	shelves atomic.Pointer[[]*shelf] // the largest first
	len     atomic.Int64

	change sync.Mutex
	where  map[uint64]place // of every picture that is not removed
}

type place struct {
	shelf   *shelf
	picture int
}

// NewBank makes an empty bank.
func NewBank() *Bank {
	b := &Bank{where: map[uint64]place{}}
	b.shelves.Store(&[]*shelf{})
	return b
}

// Build makes a bank of many pictures at once, whose ids must differ. It takes a small part of the time of as many calls of Add.
func Build(pictures iter.Seq2[uint64, *Features]) (*Bank, error) {
	b := NewBank()
	all := &shelf{}
	for id, f := range pictures {
		if _, ok := b.where[id]; ok {
			return nil, fmt.Errorf("align: there are two pictures %d", id)
		}
		if len(all.ids) >= MaxPictures {
			return nil, fmt.Errorf("align: there are more than %d pictures", MaxPictures)
		}
		b.where[id] = place{all, len(all.ids)}
		all.put(id, f)
	}
	if len(all.ids) > 0 {
		b.replace([]*shelf{all}, all)
		b.len.Store(int64(len(all.ids)))
	}
	return b, nil
}

// Features are those of a picture in the bank, or nil. They share the bank's memory.
func (b *Bank) Features(id uint64) *Features {
	b.change.Lock()
	defer b.change.Unlock()
	at, ok := b.where[id]
	if !ok {
		return nil
	}
	return at.shelf.features(at.picture)
}

// Len is the number of pictures.
func (b *Bank) Len() int { return int(b.len.Load()) }

const (
	// mergeLimit is up to how many pictures Add puts together by itself, so that it does not take long.
	mergeLimit = 2048
	// MaxPictures is how many pictures a bank holds at most: some 120 GB of them.
	MaxPictures = (1<<32 - 1) / MaxFeatures
)

// Add puts a picture's features into the bank, where every search that begins after it returns will find them. The id must not be in
// the bank. It takes a millisecond, and now and then up to some tens of them to put what was added before together.
func (b *Bank) Add(id uint64, f *Features) error {
	b.change.Lock()
	defer b.change.Unlock()
	if _, ok := b.where[id]; ok {
		return fmt.Errorf("align: the bank has a picture %d already; remove it first", id)
	}
	if len(b.where) >= MaxPictures {
		return fmt.Errorf("align: the bank is full, at %d pictures", MaxPictures)
	}
	shelves := slices.Clone(*b.shelves.Load())
	last := &shelf{}
	last.put(id, f)
	for n := len(shelves); n > 0; n-- {
		before := shelves[n-1]
		if len(before.ids) > len(last.ids) || len(before.ids)+len(last.ids) > mergeLimit {
			break
		}
		last = together(before, last)
		shelves = shelves[:n-1]
	}
	b.replace(append(shelves, last), last)
	b.len.Add(1)
	return nil
}

// replace shows searches other shelves, of which one is new and complete but for its tables.
func (b *Bank) replace(shelves []*shelf, changed *shelf) {
	changed.index()
	for i, id := range changed.ids {
		b.where[id] = place{changed, i}
	}
	b.shelves.Store(&shelves)
}

// Remove takes a picture out of the bank, and says whether it was there. Its memory is free after Compact.
func (b *Bank) Remove(id uint64) bool {
	b.change.Lock()
	defer b.change.Unlock()
	at, ok := b.where[id]
	if ok {
		at.shelf.gone[at.picture].Store(true)
		delete(b.where, id)
		b.len.Add(-1)
	}
	return ok
}

// Shelves is in how many parts the bank is searched. Each costs a search some milliseconds; beyond ten, Compact pays.
func (b *Bank) Shelves() int { return len(*b.shelves.Load()) }

// Compact makes one part of all, without what was removed. Additions and removals wait for it, for a time in
// proportion to all pictures; searches do not. While it runs the bank takes twice its memory.
func (b *Bank) Compact() {
	b.change.Lock()
	defer b.change.Unlock()
	all := together(*b.shelves.Load()...)
	b.replace([]*shelf{all}, all)
}

// Found is a picture of the bank that a query shows.
type Found struct {
	ID uint64
	Alignment
}

// verifyMost is how many pictures a search verifies at most.
const verifyMost = 12

// Search appends to dst up to limit pictures that the query shows, those with the most inliers first. It verifies no more than 12: of
// pictures of which the bank holds more copies than that, some are not found. What was mirrored is found by the features of
// [Plane.Mirrored].
func (b *Bank) Search(dst []Found, query *Features, limit int) []Found {
	var candidates []candidate
	for _, s := range *b.shelves.Load() {
		candidates = s.candidates(candidates, query)
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.votes, a.votes), cmp.Compare(a.shelf.ids[a.picture], b.shelf.ids[b.picture]))
	})
	from := len(dst)
	for _, c := range candidates[:min(len(candidates), verifyMost)] {
		if a, ok := Verify(query, c.shelf.features(c.picture)); ok {
			dst = append(dst, Found{c.shelf.ids[c.picture], a})
		}
	}
	slices.SortFunc(dst[from:], func(a, b Found) int {
		return cmp.Or(cmp.Compare(b.Inliers, a.Inliers), cmp.Compare(a.ID, b.ID))
	})
	return dst[:min(len(dst), from+max(limit, 0))]
}
