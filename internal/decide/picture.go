package decide

import (
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/media/hamming"
)

// pictureSignal is the signal that families of pictures are kept for.
const pictureSignal = "media.family"

// Bounds of families of pictures.
const (
	pictureRadius  = 31               // bits from the first picture of a family within which others are of it
	picturePending = 1 << 14          // new families that are compared one by one before the index takes them in
	pictureStep    = int64(time.Hour) // by which a family's latest sighting is kept
	pictureShare   = 16               // the part of the memory budget that families take at most
	pictureBytes   = 512              // what one takes: its entry in the table, in the index and in the heap
	minPictures    = 64
)

// pictureFamily is a family of near-copies of a picture. Its picture is the first that was seen: a family does not drift.
type pictureFamily struct {
	Hash hamming.Hash
	Last int64 // event time of about the latest sighting: late by pictureStep at most
}

// pictures are the families of near-copies of pictures, of which those go that were not seen for longest when there are too many.
// What is assigned follows from the pictures that were met, and their order: the index finds the same whatever its inner form.
type pictures struct {
	wanted bool // the rules read them
	state  *state.State
	table  *state.Table[pictureFamily]
	index  *hamming.Index
	oldest ages
	near   []hamming.Match
}

func newPictures(s *state.State, t *state.Table[pictureFamily]) *pictures {
	return &pictures{state: s, table: t, index: hamming.Build(nil)}
}

// restore takes up the families that the restored state has.
func (p *pictures) restore() error {
	list := make([]hamming.Entry, 0, p.table.Len())
	p.oldest = p.oldest[:0]
	for key, f := range p.table.All() {
		if len(key) != 8 {
			return fmt.Errorf("decide: the image's families of pictures: %q is no id", key)
		}
		id := pictureID(key)
		list = append(list, hamming.Entry{Hash: f.Hash, ID: id})
		p.oldest = append(p.oldest, age{f.Last, id})
	}
	p.index = hamming.Build(list)
	heap.Init(&p.oldest)
	return nil
}

// family is the family of the first of the item's pictures, and makes the others known; 0 if there is none. A late event founds none.
func (p *pictures) family(it *extract.Item, late bool) (first uint64) {
	if !p.wanted {
		return 0
	}
	for i := range it.Pictures {
		if id := p.assign(&it.Pictures[i], it.Event.Time, late); first == 0 {
			first = id
		}
	}
	return first
}

// assign gives the family of the nearest first picture, however this one is turned; a new one if none is near.
func (p *pictures) assign(picture *extract.Picture, at int64, late bool) uint64 {
	if picture.N == 0 || picture.Hashes[0] == (hamming.Hash{}) { // what has no hash has one of zeros
		return 0
	}
	var best hamming.Match
	found := false
	for _, h := range picture.Hashes[:picture.N] {
		p.near = p.index.Nearest(p.near[:0], h, 1, pictureRadius)
		if len(p.near) > 0 && (!found || cmp.Or(cmp.Compare(p.near[0].Distance, best.Distance), cmp.Compare(p.near[0].ID, best.ID)) < 0) {
			best, found = p.near[0], true
		}
	}
	if found {
		if f, _ := p.table.Get(pictureKey(best.ID)); !late && at >= f.Last+pictureStep {
			p.table.Put(pictureKey(best.ID), pictureFamily{f.Hash, at}, 0)
		}
		return best.ID
	}
	if late {
		return 0
	}
	return p.found(picture.Hashes[0], at)
}

// found founds a family. Its id is a hash of its first picture's, so that a replay that begins later gives the same one.
func (p *pictures) found(h hamming.Hash, at int64) uint64 {
	var b [32]byte
	for i, w := range h {
		binary.BigEndian.PutUint64(b[8*i:], w)
	}
	id := xxh3.Hash(b[:])
	if _, taken := p.table.Get(pictureKey(id)); taken || id == 0 {
		return id // one in 2^64
	}
	for most := max(minPictures, int(p.state.Bounds().Budget/pictureShare/pictureBytes)); p.table.Len() >= most; {
		p.forget()
	}
	p.table.Put(pictureKey(id), pictureFamily{h, at}, 0)
	p.index.Add(h, id)
	heap.Push(&p.oldest, age{at, id})
	if p.index.Pending() > picturePending {
		p.index.Compact()
	}
	return id
}

// forget drops the family that was not seen for longest. The heap holds each family once, maybe as it was earlier.
func (p *pictures) forget() {
	for {
		top := p.oldest[0]
		f, _ := p.table.Get(pictureKey(top.id))
		if f.Last == top.last {
			heap.Pop(&p.oldest)
			p.index.Remove(f.Hash, top.id)
			p.table.Delete(pictureKey(top.id))
			return
		}
		p.oldest[0].last = f.Last
		heap.Fix(&p.oldest, 0)
	}
}

func pictureKey(id uint64) string { return string(binary.BigEndian.AppendUint64(nil, id)) }

func pictureID(key string) uint64 { return binary.BigEndian.Uint64([]byte(key)) }

// pictureCodec has a fixed size: the hash, then the time.
var pictureCodec = state.Codec[pictureFamily]{
	Append: func(dst []byte, f pictureFamily) []byte {
		for _, w := range f.Hash {
			dst = binary.BigEndian.AppendUint64(dst, w)
		}
		return binary.BigEndian.AppendUint64(dst, uint64(f.Last))
	},
	Decode: func(b []byte) (f pictureFamily, err error) {
		if len(b) != 40 {
			return f, errors.New("decide: a family of pictures is not of forty bytes")
		}
		for i := range f.Hash {
			f.Hash[i] = binary.BigEndian.Uint64(b[8*i:])
		}
		f.Last = int64(binary.BigEndian.Uint64(b[32:]))
		return f, nil
	},
}

// age is when a family was last seen, as far as a heap knows.
type age struct {
	last int64
	id   uint64
}

// ages is a heap with the longest unseen on top.
type ages []age

func (a ages) Len() int { return len(a) }
func (a ages) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(a[i].last, a[j].last), cmp.Compare(a[i].id, a[j].id)) < 0
}
func (a ages) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *ages) Push(x any)   { *a = append(*a, x.(age)) }
func (a *ages) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}
