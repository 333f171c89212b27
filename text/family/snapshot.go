package family

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"
)

// A snapshot is
//
//	version of the format and of sketches, two bytes
//	number of the latest exemplar
//	number of families, then each: first, last, texts, accounts, exemplars, samples
//	hash of all that, eight bytes
//
// Numbers are varints; of ascending lists the differences are written; hashes that are in no order take eight bytes. What can be
// worked out is not in it. Of an exemplar's keys only those are in it under which it is posted still; in what order follows from the
// order of the exemplars.

const format = 1

// ErrVersion is what Restore gives for a snapshot whose sketches are not made as this version makes them. The families have to be
// found again from their texts.
var ErrVersion = errors.New("family: the snapshot is of another version")

// ErrDamaged is what Restore gives for bytes that are no snapshot.
var ErrDamaged = errors.New("family: the snapshot is damaged")

// Append appends a snapshot of the index to dst. Equal indexes give equal bytes.
func (x *Index) Append(dst []byte) []byte {
	start := len(dst)
	families := make([]*family, len(x.queue))
	for i, d := range x.queue {
		families[i] = d.family
	}
	slices.SortFunc(families, func(a, b *family) int { return cmp.Compare(a.id, b.id) })
	dst = append(dst, format, Version)
	dst = binary.AppendUvarint(dst, x.seq)
	dst = binary.AppendUvarint(dst, uint64(len(families)))
	for _, f := range families {
		dst = x.appendFamily(dst, f)
	}
	return binary.LittleEndian.AppendUint64(dst, xxh3.Hash(dst[start:]))
}

func (x *Index) appendFamily(dst []byte, f *family) []byte {
	var posted [maxKeys]uint32
	dst = binary.AppendVarint(dst, f.first)
	dst = binary.AppendVarint(dst, f.last)
	dst = binary.AppendUvarint(dst, uint64(f.texts))
	dst = appendAscending(dst, f.accounts)
	dst = binary.AppendUvarint(dst, uint64(len(f.exemplars)))
	for _, e := range f.exemplars {
		dst = binary.AppendUvarint(dst, e.seq)
		dst = binary.LittleEndian.AppendUint64(dst, e.exact)
		dst = appendBool(dst, e.grams.all)
		dst = appendAscending(dst, e.grams.hashes)
		keys := posted[:0]
		for _, key := range e.keys {
			if x.postings.has(key, e.slot) {
				keys = append(keys, key)
			}
		}
		dst = appendAscending(dst, keys)
	}
	dst = binary.AppendUvarint(dst, uint64(len(f.samples)))
	for _, s := range f.samples {
		dst = binary.LittleEndian.AppendUint64(dst, s.raw)
		dst = binary.AppendUvarint(dst, uint64(len(s.text)))
		dst = append(dst, s.text...)
	}
	return dst
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

// Restore makes an index of a snapshot, within a budget as for NewIndex. From there on it says what the index would have said
// that the snapshot was taken of.
func Restore(snapshot []byte, budget int) (*Index, error) {
	if len(snapshot) < 2+8 {
		return nil, fmt.Errorf("%w: it has %d bytes", ErrDamaged, len(snapshot))
	}
	body := snapshot[:len(snapshot)-8]
	if got := xxh3.Hash(body); got != binary.LittleEndian.Uint64(snapshot[len(body):]) {
		return nil, fmt.Errorf("%w: its hash is not that of its content", ErrDamaged)
	}
	if body[0] != format || body[1] != Version {
		return nil, fmt.Errorf("%w: format %d with sketches of version %d, want %d with %d", ErrVersion, body[0], body[1], format, Version)
	}
	x := NewIndex(budget)
	r := reader{rest: body[2:]}
	x.seq = r.uvarint()
	n := r.length(minFamily)
	type entry struct {
		family   *family
		exemplar int
	}
	var entries []entry
	for range n {
		f := r.family()
		if r.failed {
			break
		}
		x.queue.push(due{f.last, f})
		x.bytes += f.size()
		for i := range f.exemplars {
			entries = append(entries, entry{f, i})
		}
	}
	if r.failed || len(r.rest) > 0 {
		return nil, fmt.Errorf("%w: what is at byte %d of %d cannot be", ErrDamaged, len(body)-len(r.rest), len(body))
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Compare(a.family.exemplars[a.exemplar].seq, b.family.exemplars[b.exemplar].seq)
	})
	last := uint64(0)
	for _, e := range entries {
		ex := &e.family.exemplars[e.exemplar]
		if ex.seq <= last || ex.seq > x.seq || x.byText[ex.exact] != nil {
			return nil, fmt.Errorf("%w: two exemplars are one", ErrDamaged)
		}
		last = ex.seq
		x.enter(e.family, e.exemplar)
	}
	x.forget()
	return x, nil
}

// minFamily is the least that a family takes in a snapshot.
const minFamily = 18

// reader reads a snapshot. After something that cannot be, all that it gives is empty and failed is set.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) fail() {
	r.failed = true
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || r.failed {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 || r.failed {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) take(n int) []byte {
	if r.failed || n > len(r.rest) {
		r.fail()
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) hash() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// length reads how many things follow that take so many bytes each at least.
func (r *reader) length(each int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/each) {
		r.fail()
		return 0
	}
	return int(n)
}

// bounded is a length up to a limit.
func (r *reader) bounded(each, limit int) int {
	n := r.length(each)
	if n > limit {
		r.fail()
		return 0
	}
	return n
}

func ascending[T uint32 | uint64](r *reader, limit int) []T {
	n := r.bounded(1, limit)
	list := make([]T, 0, n)
	last := T(0)
	for i := range n {
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

func (r *reader) family() *family {
	f := &family{first: r.varint(), last: r.varint()}
	texts := r.uvarint()
	f.texts = int(texts)
	f.accounts = ascending[uint64](r, maxAccounts)
	exemplars := r.bounded(12, maxExemplars)
	for range exemplars {
		e := exemplar{seq: r.uvarint(), exact: r.hash()}
		all := r.take(1)
		e.grams = gramSet{ascending[uint32](r, maxGrams), len(all) == 1 && all[0] == 1}
		e.keys = ascending[uint32](r, maxKeys)
		if len(all) == 1 && all[0] > 1 || !e.grams.all && len(e.grams.hashes) < maxGrams {
			r.fail()
		}
		f.exemplars = append(f.exemplars, e)
	}
	samples := r.bounded(9, maxSamples)
	for range samples {
		s := sample{raw: r.hash()}
		s.text = string(r.take(r.bounded(1, maxText)))
		f.samples = append(f.samples, s)
	}
	if r.failed || exemplars == 0 || f.texts <= 0 || f.first > f.last || f.exemplars[0].exact == 0 {
		r.fail()
		return nil
	}
	f.id = ID(f.exemplars[0].exact)
	return f
}
