// Package lookup says which known pictures a picture shows: the same file, the same picture recompressed or turned, or a part of it
// in a screenshot, under a caption, in a collage, cropped.
//
// A [Bank] holds what is known of pictures, and a [Finder] looks one up in tiers, each of which sees what the one before misses:
//
//  1. the file's digests (MD5, SHA-1, SHA-256);
//  2. PDQ of the whole picture in both variants, turned, mirrored and inverted (media/pdq, media/hamming);
//  3. PDQ of the rectangles that may be pictures of their own (media/layout);
//  4. local features (media/align), for banks that were built from pictures.
//
// A picture that is known as a whole, by the first or second tier, is not searched for parts. What each tier finds, misses and
// costs is in docs/media.md.
//
// Hashes of pictures show what is in them well enough to be sensitive, features more so: keep banks as you would keep the pictures.
package lookup

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/ringfence/ringfence/media/align"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/pdq"
)

// Variant says of which of the two PDQ hashes of a large picture one is. See the package pdq.
type Variant uint8

// The variants.
const (
	Full     Variant = iota // of the picture as it is
	Squashed                // of the picture reduced to 512 by 512
)

// Hash is a PDQ hash as a bank holds it.
type Hash struct {
	pdq.Hash
	Variant Variant
	// Quality is 0 to 100. A hash of less than pdq.MinQuality is kept, but not looked up. Lists that do not state it mean hashes that
	// were good enough to be shared: 100.
	Quality int
}

// Item is what is known of a picture.
type Item struct {
	ID       string          // 1 to MaxID bytes; names it in its bank
	W, H     int             // sides in pixels; 0 if unknown
	Digests  []Digest        // of its files
	Hashes   []Hash          // of the picture
	Features *align.Features // nil if unknown
}

// Bounds of what a bank holds.
const (
	MaxID     = 1024      // bytes of an id
	MaxHashes = 1 << 10   // digests, and as many hashes, of an item
	MaxItems  = 1<<31 - 1 // of a bank
	maxSide   = 1 << 24   // pixels
)

// ErrItem is wrapped by the errors that say why a bank does not take an item.
var ErrItem = errors.New("lookup: not an item for this bank")

func (it *Item) check() error {
	switch {
	case it.ID == "" || len(it.ID) > MaxID:
		return fmt.Errorf("%w: its id has %d bytes; want 1 to %d", ErrItem, len(it.ID), MaxID)
	case it.W < 0 || it.H < 0 || it.W > maxSide || it.H > maxSide:
		return fmt.Errorf("%w: %q is of %d x %d pixels", ErrItem, it.ID, it.W, it.H)
	case len(it.Digests) > MaxHashes || len(it.Hashes) > MaxHashes:
		return fmt.Errorf("%w: %q has %d digests and %d hashes; up to %d of each are allowed", ErrItem, it.ID, len(it.Digests), len(it.Hashes), MaxHashes)
	}
	for _, d := range it.Digests {
		if d.Method() == "" {
			return fmt.Errorf("%w: %q has a digest of no known kind", ErrItem, it.ID)
		}
	}
	for _, h := range it.Hashes {
		if h.Variant > Squashed || h.Quality < 0 || h.Quality > 100 {
			return fmt.Errorf("%w: %q has a hash of variant %d and quality %d", ErrItem, it.ID, h.Variant, h.Quality)
		}
	}
	return nil
}

// Bank is a set of items. All methods may be called from any goroutine; lookups wait for changes no longer than a map's update takes.
type Bank struct {
	change sync.Mutex // is held while items change

	mu    sync.RWMutex // of what follows, and never held while an index works
	items map[uint64]*Item
	named map[string]uint64
	exact map[Digest][]uint64
	next  uint64 // the number of the next item; none is used twice

	// An index may still, or already, give the number of an item that is not in items: then it is not in the bank.
	hashes   *hamming.Index
	features *align.Bank
}

// Build makes a bank of items. It keeps their slices. It is the fast way to put in many; Add is for one.
func Build(items []Item) (*Bank, error) {
	if len(items) > MaxItems {
		return nil, fmt.Errorf("%w: there are %d; up to %d are allowed", ErrItem, len(items), MaxItems)
	}
	b := &Bank{items: make(map[uint64]*Item, len(items)), named: make(map[string]uint64, len(items)), exact: map[Digest][]uint64{}}
	var entries []hamming.Entry
	for i := range items {
		it := items[i]
		if err := it.check(); err != nil {
			return nil, err
		}
		if _, ok := b.named[it.ID]; ok {
			return nil, fmt.Errorf("%w: there are two of id %q", ErrItem, it.ID)
		}
		n := b.put(&it)
		for _, h := range it.searched() {
			entries = append(entries, hamming.Entry{Hash: index(h.Hash), ID: n})
		}
	}
	b.hashes = hamming.Build(entries)
	features, err := align.Build(func(yield func(uint64, *align.Features) bool) {
		for n := range b.next {
			if f := b.items[n].Features; f != nil && !yield(n, f) {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	b.features = features
	for _, it := range b.items {
		it.Features = nil // the index has them
	}
	return b, nil
}

// put enters an item into the maps. b.mu is held, or the bank not shared yet.
func (b *Bank) put(it *Item) uint64 {
	n := b.next
	b.next++
	b.items[n], b.named[it.ID] = it, n
	for _, d := range it.Digests {
		b.exact[d] = append(b.exact[d], n)
	}
	return n
}

// searched are the hashes that mean something.
func (it *Item) searched() []Hash {
	var out []Hash
	for _, h := range it.Hashes {
		if h.Quality >= pdq.MinQuality {
			out = append(out, h)
		}
	}
	return out
}

// index is a hash as the index has it.
func index(h pdq.Hash) (out hamming.Hash) {
	for i := range out {
		for _, b := range h[8*i : 8*i+8] {
			out[i] = out[i]<<8 | uint64(b)
		}
	}
	return out
}

// Len is the number of items.
func (b *Bank) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.items)
}

// IDs are those of the items, in no order.
func (b *Bank) IDs() []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Collect(maps.Keys(b.named))
}

// Add puts an item into the bank, where every lookup that begins after it returns finds it. Its id must not be in the bank. It keeps the item's
// slices. It takes some microseconds; with features a millisecond, now and then tens of them.
func (b *Bank) Add(it Item) error {
	if err := it.check(); err != nil {
		return err
	}
	b.change.Lock()
	defer b.change.Unlock()
	b.mu.Lock()
	if _, ok := b.named[it.ID]; ok {
		b.mu.Unlock()
		return fmt.Errorf("%w: it has %q already; remove it first", ErrItem, it.ID)
	}
	if len(b.items) >= MaxItems {
		b.mu.Unlock()
		return fmt.Errorf("%w: it is full, at %d items", ErrItem, MaxItems)
	}
	features := it.Features
	it.Features = nil // the index has them
	n := b.put(&it)
	b.mu.Unlock()
	for _, h := range it.searched() {
		b.hashes.Add(index(h.Hash), n)
	}
	if features == nil {
		return nil
	}
	if err := b.features.Add(n, features); err != nil {
		b.remove(it.ID)
		return err
	}
	return nil
}

// Remove takes an item out of the bank, and says whether it was there. No lookup that begins after it returns finds it.
func (b *Bank) Remove(id string) bool {
	b.change.Lock()
	defer b.change.Unlock()
	return b.remove(id)
}

// remove is Remove with b.change held.
func (b *Bank) remove(id string) bool {
	b.mu.Lock()
	n, ok := b.named[id]
	it := b.items[n]
	if ok {
		delete(b.named, id)
		delete(b.items, n)
		for _, d := range it.Digests {
			if b.exact[d] = slices.DeleteFunc(b.exact[d], func(o uint64) bool { return o == n }); len(b.exact[d]) == 0 {
				delete(b.exact, d)
			}
		}
	}
	b.mu.Unlock()
	if !ok {
		return false
	}
	for _, h := range it.searched() {
		b.hashes.Remove(index(h.Hash), n)
	}
	b.features.Remove(n)
	return true
}

// Compact puts what was added into the indexes' faster parts and frees what was removed, while lookups go on. Call it after thousands of
// changes.
func (b *Bank) Compact() {
	b.hashes.Compact()
	b.features.Compact()
}

// item is the item of a number; nil if it is not in the bank.
func (b *Bank) item(n uint64) *Item {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.items[n]
}

// holders are the items that have a digest, by number.
func (b *Bank) holders(d Digest) map[uint64]*Item {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := map[uint64]*Item{}
	for _, n := range b.exact[d] {
		if len(out) < MaxMatches {
			out[n] = b.items[n]
		}
	}
	return out
}

// Items are all items, in the order of their ids, with their features. They share the bank's memory. Changes wait while it collects them.
func (b *Bank) Items() []Item {
	b.change.Lock()
	defer b.change.Unlock()
	out := make([]Item, 0, len(b.items))
	for n, it := range b.items {
		whole := *it
		whole.Features = b.features.Features(n)
		out = append(out, whole)
	}
	slices.SortFunc(out, func(a, b Item) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
