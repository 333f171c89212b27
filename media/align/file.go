package align

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/zeebo/xxh3"
)

// Features in bytes are
//
//	width, height, number of features: two bytes each
//	of each its place (two and two), direction, level, and its descriptor (32)
//
// and a saved bank is
//
//	"ALIGN", version 1 of features and format as three bytes
//	number of pictures, eight bytes
//	the pictures in ascending order of ids, each its id (eight bytes) and features
//	xxh3 of all that, eight bytes
//
// Numbers are big-endian. Tables are not saved: making them takes less time than checking them.

// ErrDamaged is what reading gives for bytes that are no features, or no bank, of this version.
var ErrDamaged = errors.New("align: no saved features, or damaged ones")

var order = binary.BigEndian

const (
	magic       = "ALIGN\x00\x00\x01"
	headSize    = 6
	featureSize = 6 + 32
)

// AppendBinary appends the features in bytes, up to 20 kB. It gives no error.
func (f *Features) AppendBinary(dst []byte) ([]byte, error) {
	for _, n := range []int{f.width, f.height, len(f.points)} {
		dst = order.AppendUint16(dst, uint16(n))
	}
	for i, p := range f.points {
		dst = order.AppendUint16(dst, p.x)
		dst = order.AppendUint16(dst, p.y)
		dst = append(dst, p.direction, p.level)
		for _, word := range f.descriptors[i] {
			dst = order.AppendUint64(dst, word)
		}
	}
	return dst, nil
}

// UnmarshalBinary reads what AppendBinary wrote.
func (f *Features) UnmarshalBinary(data []byte) error {
	if len(data) < headSize {
		return fmt.Errorf("%w: %d bytes", ErrDamaged, len(data))
	}
	width, height, n := int(order.Uint16(data)), int(order.Uint16(data[2:])), int(order.Uint16(data[4:]))
	if width == 0 || height == 0 || max(width, height) > maxSide || n > MaxFeatures {
		return fmt.Errorf("%w: %d features of a picture of %d x %d", ErrDamaged, n, width, height)
	}
	if data = data[headSize:]; len(data) != n*featureSize {
		return fmt.Errorf("%w: %d bytes for %d features", ErrDamaged, len(data), n)
	}
	points, descriptors := make([]point, n), make([]descriptor, n)
	for i := range points {
		b := data[i*featureSize:][:featureSize]
		p := point{order.Uint16(b), order.Uint16(b[2:]), b[4], b[5]}
		if max(p.x, p.y) >= workSide*fine || p.level >= levels {
			return fmt.Errorf("%w: feature %d is at (%d, %d) on level %d", ErrDamaged, i, p.x, p.y, p.level)
		}
		points[i] = p
		for j := range descriptors[i] {
			descriptors[i][j] = order.Uint64(b[6+8*j:])
		}
	}
	*f = Features{width, height, points, descriptors}
	return nil
}

// WriteTo saves the pictures that the bank has when it begins; changes and searches go on meanwhile. Equal banks give equal bytes, some
// 20 kB for a picture. It returns how many it wrote.
func (b *Bank) WriteTo(w io.Writer) (int64, error) {
	b.change.Lock()
	type entry struct {
		id uint64
		at place
	}
	entries := make([]entry, 0, len(b.where))
	for id, at := range b.where {
		entries = append(entries, entry{id, at})
	}
	b.change.Unlock()
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.id, b.id) })

	var sum xxh3.Hasher
	written := int64(0)
	out := bufio.NewWriterSize(w, 1<<16)
	write := func(p []byte) error {
		n, err := out.Write(p)
		written += int64(n)
		sum.Write(p)
		return err
	}
	err := write(order.AppendUint64([]byte(magic), uint64(len(entries))))
	var record []byte
	for _, e := range entries {
		if err != nil {
			break
		}
		record = order.AppendUint64(record[:0], e.id)
		record, _ = e.at.shelf.features(e.at.picture).AppendBinary(record)
		err = write(record)
	}
	if err == nil {
		err = write(sum.Sum(nil))
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return written, fmt.Errorf("align: saving a bank: %w", err)
	}
	return written, nil
}

// ReadBank loads a bank that was saved, if it has no more than limit pictures. It may read beyond the end of what was saved.
func ReadBank(r io.Reader, limit int) (*Bank, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	var sum xxh3.Hasher
	record := make([]byte, 8+headSize+MaxFeatures*featureSize)
	read := func(from, n int) ([]byte, error) {
		if _, err := io.ReadFull(in, record[from:from+n]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil, fmt.Errorf("%w: it ends too early", ErrDamaged)
			}
			return nil, fmt.Errorf("align: reading a bank: %w", err)
		}
		return record[:from+n], nil
	}
	head, err := read(0, len(magic)+8)
	if err != nil {
		return nil, err
	}
	if string(head[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: it begins with %q, want %q", ErrDamaged, head[:len(magic)], magic)
	}
	n := order.Uint64(head[len(magic):])
	if limit < 0 || n > uint64(min(limit, MaxPictures)) {
		return nil, fmt.Errorf("%w: it claims %d pictures, and %d are allowed", ErrDamaged, n, min(limit, MaxPictures))
	}
	sum.Write(head)
	all := &shelf{}
	for i := range n {
		head, err := read(0, 8+headSize)
		if err != nil {
			return nil, err
		}
		count := int(order.Uint16(head[8+4:]))
		if count > MaxFeatures {
			return nil, fmt.Errorf("%w: picture %d of %d has %d features", ErrDamaged, i, n, count)
		}
		whole, err := read(8+headSize, count*featureSize)
		if err != nil {
			return nil, err
		}
		sum.Write(whole)
		id := order.Uint64(whole)
		var f Features
		if err := f.UnmarshalBinary(whole[8:]); err != nil {
			return nil, fmt.Errorf("picture %d of %d: %w", i, n, err)
		}
		if i > 0 && id <= all.ids[i-1] {
			return nil, fmt.Errorf("%w: picture %d of %d is not after the one before it", ErrDamaged, i, n)
		}
		all.put(id, &f)
	}
	tail, err := read(0, 8)
	if err != nil {
		return nil, err
	}
	if order.Uint64(tail) != sum.Sum64() {
		return nil, fmt.Errorf("%w: its hash is not that of its content", ErrDamaged)
	}
	b := NewBank()
	b.len.Store(int64(n))
	if n > 0 {
		b.replace([]*shelf{all}, all)
	}
	return b, nil
}
