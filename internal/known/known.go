// Package known keeps what is needed to recognise the pictures of banks where a hash of the whole is blind: in crops, under captions, in
// screenshots. Of a picture that a person adds to a bank it keeps the hash and the local features (package media/lookup), never the picture, as a blob
// that is named by the SHA-256 of its bytes; the bank's entry carries that name. [Pictures] holds an index of the features that the entries of the
// banks name, brings it up to date as the banks change, and says which of them a picture shows.
//
// What is found is a fact about two pictures. What it means, whether the entry is in force for the account, in quarantine or known-good, the
// banks say as of the record that carries the fact; so a replay needs neither the features nor this package.
package known

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/blob"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/lookup"
	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/picture"
)

// ErrFlat is the error of adding a picture that has too little in it to be recognised by.
var ErrFlat = errors.New("known: the picture has too few features to be recognised by; add its hash")

// errBlob is wrapped by the errors of reading what is no picture's features.
var errBlob = errors.New("known: no features of that name")

// Bounds.
const (
	minFeatures = 30      // below it a picture can hardly be recognised; see align.Features.Len
	maxBlob     = 1 << 20 // bytes; features take some 20,000
	fewChanges  = 64      // that are made one by one; of more the index is made anew
	untidy      = 1024    // changes after which the index is tidied
)

const (
	prefix = "known/"
	itemID = "picture" // of the one item of a blob, which is a bank of package lookup
)

func blobName(name string) string { return prefix + name[:2] + "/" + name }

// Pictures are the known pictures. Its methods may be called from any goroutine.
type Pictures struct {
	store blob.Store
	banks func() *bank.Set
	log   *slog.Logger

	finders sync.Pool     // of *lookup.Finder
	turn    chan struct{} // has one while what follows is used
	set     *bank.Set     // as of which the index is
	index   *lookup.Bank  // by the features' names; changes while it is searched
	bad     map[string]bool
	changes int

	stats atomic.Pointer[Stats]
}

// New makes them, with features from a store in which nobody else writes below "known/", for the banks as they are at the time of the call.
func New(store blob.Store, banks func() *bank.Set, log *slog.Logger) *Pictures {
	index, err := lookup.Build(nil)
	if err != nil {
		panic(err) // of nothing there is always an index
	}
	p := &Pictures{store: store, banks: banks, log: log, turn: make(chan struct{}, 1), index: index, bad: map[string]bool{},
		finders: sync.Pool{New: func() any { return lookup.NewFinder() }}}
	p.stats.Store(&Stats{})
	return p
}

// Kept is what is kept of a picture, for a bank's entry.
type Kept struct {
	Features string   // their name
	Count    int      // how many there are
	PDQ      pdq.Hash // of the picture
	Quality  int      // of that
}

// Keep stores what a picture is recognised by, and says what to write into a bank. It takes some 20 ms for a megapixel.
func (p *Pictures) Keep(ctx context.Context, shown *picture.Picture) (Kept, error) {
	finder := p.finders.Get().(*lookup.Finder) //nolint:forcetypeassert // the pool has no others
	item, err := finder.Item(itemID, nil, shown)
	p.finders.Put(finder)
	if err != nil {
		return Kept{}, fmt.Errorf("known: %w", err)
	}
	if item.Features.Len() < minFeatures {
		return Kept{}, fmt.Errorf("%w: it has %d, want %d", ErrFlat, item.Features.Len(), minFeatures)
	}
	one, err := lookup.Build([]lookup.Item{item})
	if err != nil {
		return Kept{}, fmt.Errorf("known: %w", err)
	}
	var data bytes.Buffer
	if _, err := one.WriteTo(&data); err != nil {
		return Kept{}, fmt.Errorf("known: %w", err)
	}
	sum := sha256.Sum256(data.Bytes())
	k := Kept{Features: hex.EncodeToString(sum[:]), Count: item.Features.Len(), PDQ: item.Hashes[0].Hash, Quality: item.Hashes[0].Quality}
	if err := p.store.Put(ctx, blobName(k.Features), data.Bytes()); err != nil {
		return Kept{}, fmt.Errorf("known: %w", err)
	}
	if err := p.begin(ctx); err != nil {
		return Kept{}, err
	}
	defer p.end()
	if p.bad[k.Features] { // an entry named it before it was here
		delete(p.bad, k.Features)
		p.set = nil
	}
	return k, nil
}

func (p *Pictures) begin(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Pictures) end() { <-p.turn }

// Find says which known pictures a picture shows, the surest first, up to signals.MaxShown, as the banks are now. Where no entry names features it
// costs nothing; otherwise tens of milliseconds, and at the first call after a start the time to read all features: about a second for 5000.
func (p *Pictures) Find(ctx context.Context, shown *picture.Picture) ([]bank.Shown, error) {
	if !p.banks().HasFeatures() {
		return nil, nil
	}
	index, err := p.current(ctx)
	if err != nil {
		return nil, err
	}
	finder := p.finders.Get().(*lookup.Finder) //nolint:forcetypeassert // likewise
	defer p.finders.Put(finder)
	var out []bank.Shown
	for _, m := range finder.Find(index, nil, shown) {
		if len(out) < signals.MaxShown {
			out = append(out, bank.Shown{Features: m.ID, Method: string(m.Method), Distance: m.Distance, Inliers: m.Inliers, Box: box(m.Query), Known: box(m.Banked)})
		}
	}
	return out, nil
}

func box(r image.Rectangle) [4]int { return [4]int{r.Min.X, r.Min.Y, r.Max.X, r.Max.Y} }

// current is the index, up to date with the banks.
func (p *Pictures) current(ctx context.Context) (*lookup.Bank, error) {
	if err := p.begin(ctx); err != nil {
		return nil, err
	}
	defer p.end()
	set := p.banks()
	if set == p.set {
		return p.index, nil
	}
	names := set.Features()
	have := map[string]bool{}
	var gone, fresh []string
	for _, it := range p.index.IDs() {
		if _, wanted := slices.BinarySearch(names, it); wanted {
			have[it] = true
		} else {
			gone = append(gone, it)
		}
	}
	for _, name := range names {
		if !have[name] && !p.bad[name] {
			fresh = append(fresh, name)
		}
	}
	if err := p.change(ctx, names, gone, fresh); err != nil {
		return nil, err
	}
	for name := range p.bad {
		if _, wanted := slices.BinarySearch(names, name); !wanted {
			delete(p.bad, name)
		}
	}
	p.set = set
	p.stats.Store(&Stats{p.index.Len(), len(p.bad)})
	return p.index, nil
}

// change takes pictures out of the index and puts others in, of the names that it is to have in the end. It is p's turn.
func (p *Pictures) change(ctx context.Context, names, gone, fresh []string) error {
	anew := len(gone)+len(fresh) > fewChanges
	if anew {
		fresh = names
	}
	var items []lookup.Item
	for _, name := range fresh {
		if p.bad[name] {
			continue
		}
		item, err := p.read(ctx, name)
		switch {
		case errors.Is(err, errBlob):
			p.bad[name] = true
			p.log.Error("a bank's picture is not recognised by its features; add the picture again", "features", name, "error", err)
			continue
		case err != nil:
			return err
		}
		items = append(items, item)
	}
	if anew {
		index, err := lookup.Build(items)
		if err != nil {
			return fmt.Errorf("known: %w", err)
		}
		p.index, p.changes = index, 0
		return nil
	}
	for _, name := range gone {
		p.index.Remove(name)
	}
	for _, item := range items {
		if err := p.index.Add(item); err != nil {
			return fmt.Errorf("known: %w", err)
		}
	}
	if p.changes += len(gone) + len(items); p.changes > untidy {
		p.index.Compact()
		p.changes = 0
	}
	return nil
}

// read reads the features of a name. Whatever else lies there is refused.
func (p *Pictures) read(ctx context.Context, name string) (lookup.Item, error) {
	data, err := p.store.Get(ctx, blobName(name))
	switch {
	case errors.Is(err, blob.ErrNone):
		return lookup.Item{}, fmt.Errorf("%w: %w", errBlob, err)
	case err != nil:
		return lookup.Item{}, fmt.Errorf("known: %w", err)
	}
	item, err := decode(name, data)
	if err != nil {
		return lookup.Item{}, fmt.Errorf("%w: %w", errBlob, err)
	}
	return item, nil
}

// decode reads a blob of a name into an item of that name.
func decode(name string, data []byte) (lookup.Item, error) {
	if len(data) > maxBlob {
		return lookup.Item{}, fmt.Errorf("%d bytes, more than %d", len(data), maxBlob)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != name {
		return lookup.Item{}, errors.New("the bytes are not those that it names")
	}
	return parse(name, data)
}

// parse is decode for bytes that are those of the name.
func parse(name string, data []byte) (lookup.Item, error) {
	one, err := lookup.Read(bytes.NewReader(data), 1)
	if err != nil {
		return lookup.Item{}, err
	}
	items := one.Items()
	if len(items) != 1 || items[0].Features == nil || items[0].Features.Len() < minFeatures {
		return lookup.Item{}, errors.New("it is not of one picture with features")
	}
	items[0].ID = name
	return items[0], nil
}

// Stats are how many pictures are held, as of the last picture that was looked at.
type Stats struct {
	Held       int // in the index
	Unreadable int // that entries name and whose features are not there, or damaged
}

// Stats counts.
func (p *Pictures) Stats() Stats { return *p.stats.Load() }
