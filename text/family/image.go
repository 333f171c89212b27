package family

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// An index can be kept in a store of keys and values, as images of one moment each. Only what changed since the image before is
// written, a little at a time, while the index goes on:
//
//   - Mark turns a page: families that changed since the Mark before are marked. Its cost does not grow with their number.
//   - Step writes some marked families. One that is about to change, or to go, is written first.
//   - What is deleted meanwhile is deleted in the image that comes next.
//
// A family has one record that changes, its head, and one for each exemplar and sample, which never change:
//
//	id, 0         times of the first and latest text, texts, accounts, samples, exemplars: for each the keys that others displaced
//	id, 0x40 + i  the i-th exemplar: seq, exact, whether its grams are all, grams, keys
//	id, 0x80 + i  the i-th sample: raw, text
//
// Ids are big-endian, numbers varints; of ascending lists the differences are written, and hashes that are in no order take eight
// bytes. What can be worked out is in no record: under which keys an exemplar is posted follows from what was displaced, in which
// order from the order of the exemplars.

// Sink takes what an image changes in the store, in order. It must not keep the slices.
type Sink interface {
	Set(key, value []byte)
	Delete(key []byte)
}

// ErrDamaged is what Load and Loaded give for records that are not those of an index.
var ErrDamaged = errors.New("family: a record is damaged")

const (
	partHead     = 0
	partExemplar = 0x40
	partSample   = 0x80
	keySize      = 9
)

// The pages of a family: in which of two generations of images it is to be written. The one that is not current is marked.
const (
	pageMask = 3
	stored   = 4 // an image has it, so its going has to be written
)

// stepBytes is what a family may take in a store for Step to count it as one.
const stepBytes = 256

// Mark begins an image of the index as it is now, which goes to the sink given to the Mark before. What is deleted from now on, and
// then the image after this one, go to next. The first Mark, on an empty index, begins no image: from there on is known what changed.
func (x *Index) Mark(next Sink) {
	for x.Step(1<<20) == 0 {
	}
	x.image, x.next = x.next, next
	x.marked, x.dirty = x.dirty, nil
	if x.page = pageMask - x.page; x.page == pageMask {
		x.page = 1
	}
}

// Step writes up to n families of the image that was begun, each for every 256 bytes that it takes, and gives how many of the n are
// left: none as long as there may be more to write.
func (x *Index) Step(n int) (left int) {
	for ; n > 0 && len(x.marked) > 0; n-- {
		last := len(x.marked) - 1
		if f := x.marked[last]; f.flags&pageMask&^x.page != 0 {
			n -= x.write(f) / stepBytes
		}
		x.marked[last] = nil
		x.marked = x.marked[:last]
	}
	return max(n, 0)
}

// touch is called before a family is changed.
func (x *Index) touch(f *family) {
	if x.page == 0 || f.flags&pageMask == x.page {
		return
	}
	if f.flags&pageMask != 0 {
		x.write(f)
	}
	f.flags |= x.page
	x.dirty = append(x.dirty, f)
}

// unkeep is called before a family goes.
func (x *Index) unkeep(f *family) {
	if f.flags&pageMask&^x.page != 0 {
		x.write(f)
	}
	if f.flags&stored != 0 && x.next != nil {
		x.next.Delete(x.key(f, partHead))
		for i := range f.writtenExemplars {
			x.next.Delete(x.key(f, partExemplar+i))
		}
		for i := range f.writtenSamples {
			x.next.Delete(x.key(f, partSample+i))
		}
	}
	f.flags = 0
}

// write writes a marked family into the image that was begun, and gives how many bytes it took.
func (x *Index) write(f *family) (size int) {
	set := func(part uint8) {
		size += keySize + len(x.value)
		x.image.Set(x.key(f, part), x.value)
	}
	x.value = appendHead(x.value[:0], f)
	set(partHead)
	for ; int(f.writtenExemplars) < len(f.exemplars); f.writtenExemplars++ {
		x.value = appendExemplar(x.value[:0], &f.exemplars[f.writtenExemplars])
		set(partExemplar + f.writtenExemplars)
	}
	for ; int(f.writtenSamples) < len(f.samples); f.writtenSamples++ {
		s := f.samples[f.writtenSamples]
		x.value = append(binary.LittleEndian.AppendUint64(x.value[:0], s.raw), s.text...)
		set(partSample + f.writtenSamples)
	}
	f.flags = f.flags&x.page | stored
	return size
}

// key is that of a part of a family, good until the next call.
func (x *Index) key(f *family, part uint8) []byte {
	x.keyBuf = append(binary.BigEndian.AppendUint64(x.keyBuf[:0], uint64(f.id)), part)
	return x.keyBuf
}

func appendHead(dst []byte, f *family) []byte {
	dst = binary.AppendVarint(dst, f.first)
	dst = binary.AppendVarint(dst, f.last)
	dst = binary.AppendUvarint(dst, uint64(f.texts))
	dst = appendAscending(dst, f.accounts)
	dst = append(dst, byte(len(f.samples)), byte(len(f.exemplars)))
	for i := range f.exemplars {
		words := f.exemplars[i].displaced()
		dst = append(dst, byte(len(words)))
		for _, word := range words {
			dst = binary.AppendUvarint(dst, uint64(word))
		}
	}
	return dst
}

func appendExemplar(dst []byte, e *exemplar) []byte {
	dst = binary.AppendUvarint(dst, e.seq)
	dst = binary.LittleEndian.AppendUint64(dst, e.exact)
	dst = appendBool(dst, e.all)
	dst = appendAscending(dst, e.gramSet().hashes)
	return appendAscending(dst, e.keys())
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendAscending[T uint32 | uint64](dst []byte, list []T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	last := T(0)
	for _, v := range list {
		dst = binary.AppendUvarint(dst, uint64(v-last))
		last = v
	}
	return dst
}

// loading is a family of an image, as far as it was loaded.
type loading struct {
	*family
	displaced [][]uint32 // of each exemplar
	parts     int        // exemplars and samples that it is to have
}

// Load takes in a record of an image, in the order of keys, into an index that nothing was assigned to. After the last one comes
// Loaded. Any bytes are taken or refused without panic; after an error the index is of no use.
func (x *Index) Load(key, value []byte) error {
	r := reader{rest: value}
	if len(key) != keySize {
		r.fail()
	} else if id, part := ID(binary.BigEndian.Uint64(key)), key[keySize-1]; part == partHead {
		x.loading = append(x.loading, r.head(id))
	} else if n := len(x.loading); n == 0 || x.loading[n-1].id != id {
		r.fail()
	} else {
		r.part(x.loading[n-1].family, part)
	}
	if r.failed || len(r.rest) > 0 {
		return fmt.Errorf("%w: that under key %x", ErrDamaged, key)
	}
	return nil
}

// Loaded ends the loading of an image. From there on the index says what that one would have said which the image is of. What is
// above the budget is forgotten with the next text.
func (x *Index) Loaded() error {
	type entry struct {
		family   *family
		exemplar int
	}
	var entries []entry
	for _, l := range x.loading {
		f := l.family
		if len(f.exemplars) != len(l.displaced) || len(f.exemplars)+len(f.samples) != l.parts || f.exemplars[0].exact != uint64(f.id) {
			return fmt.Errorf("%w: family %v is not whole", ErrDamaged, f.id)
		}
		for i := range f.exemplars {
			if copy(f.exemplars[i].displaced(), l.displaced[i]) != len(l.displaced[i]) || len(l.displaced[i]) != len(f.exemplars[i].displaced()) {
				return fmt.Errorf("%w: family %v has keys that are not there", ErrDamaged, f.id)
			}
			entries = append(entries, entry{f, i})
		}
		f.flags, f.writtenExemplars, f.writtenSamples = stored, uint8(len(f.exemplars)), uint8(len(f.samples))
		x.queue.push(due{f.last, f})
		x.bytes += f.size()
	}
	x.loading = nil
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Compare(a.family.exemplars[a.exemplar].seq, b.family.exemplars[b.exemplar].seq)
	})
	for _, e := range entries {
		ex := &e.family.exemplars[e.exemplar]
		if ex.seq <= x.seq || x.byText[ex.exact] != nil || !x.enter(e.family, e.exemplar) {
			return fmt.Errorf("%w: exemplar %d of family %v cannot be beside others", ErrDamaged, e.exemplar, e.family.id)
		}
		x.seq = ex.seq
	}
	return nil
}

// reader reads a record. After something that cannot be, all that it gives is empty and failed is set.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) fail() {
	r.failed, r.rest = true, nil
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) hash() uint64 {
	if len(r.rest) < 8 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return v
}

// small reads a byte up to a limit.
func (r *reader) small(limit byte) int {
	if len(r.rest) == 0 || r.rest[0] > limit {
		r.fail()
		return 0
	}
	v := r.rest[0]
	r.rest = r.rest[1:]
	return int(v)
}

// length reads how many numbers follow, up to a limit.
func (r *reader) length(limit int) int {
	n := r.uvarint()
	if n > uint64(min(limit, len(r.rest))) {
		r.fail()
		return 0
	}
	return int(n)
}

// appendTo appends numbers that ascend.
func appendTo[T uint32 | uint64](list []T, r *reader, limit int) []T {
	last := T(0)
	for i := range r.length(limit) {
		step := r.uvarint()
		v := last + T(step)
		if uint64(T(step)) != step || v < last || v == last && i > 0 {
			r.fail()
			return nil
		}
		list = append(list, v)
		last = v
	}
	return list
}

func (r *reader) head(id ID) loading {
	l := loading{family: &family{id: id, first: r.varint(), last: r.varint()}}
	texts := r.uvarint()
	l.texts = int(texts)
	l.accounts = appendTo[uint64](nil, r, maxAccounts)
	l.parts = r.small(maxSamples)
	exemplars := r.small(maxExemplars)
	l.parts += exemplars
	for range exemplars {
		words := make([]uint32, r.small(maxKeys/wordBits))
		for i := range words {
			words[i] = uint32(r.uvarint())
		}
		l.displaced = append(l.displaced, words)
	}
	if exemplars == 0 || id == 0 || l.texts <= 0 || l.first > l.last {
		r.fail()
	}
	return l
}

// part reads the next exemplar or sample of a family.
func (r *reader) part(f *family, part uint8) {
	switch {
	case part == partExemplar+uint8(len(f.exemplars)) && len(f.exemplars) < maxExemplars:
		e := exemplar{seq: r.uvarint(), exact: r.hash(), all: r.small(1) == 1}
		e.hashes = appendTo(e.hashes, r, maxGrams)
		e.grams = uint16(len(e.hashes))
		e.hashes = appendTo(e.hashes, r, maxKeys)
		e.posted = uint16(len(e.hashes)) - e.grams
		e.hashes = append(e.hashes, make([]uint32, words(int(e.posted)))...)
		if e.exact == 0 || !e.all && e.grams < maxGrams {
			r.fail()
		}
		f.exemplars = append(f.exemplars, e)
	case part == partSample+uint8(len(f.samples)) && len(f.samples) < maxSamples:
		s := sample{raw: r.hash(), text: string(r.rest)}
		if r.rest = nil; len(s.text) > maxText {
			r.fail()
		}
		f.samples = append(f.samples, s)
	default:
		r.fail()
	}
}
