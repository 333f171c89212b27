package hamming

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/xxh3"
)

// A saved index is
//
//	"MIH256", version 1 of the format as two bytes
//	number of entries, eight bytes
//	the entries in ascending order, each its hash (32 bytes) and id (eight)
//	xxh3 of all that, eight bytes
//
// Numbers are big-endian, so that entries compare as their bytes do. The tables are made anew when it is read, which needs no trust in
// them and less of the disk.

// ErrDamaged is what Read gives for what is no saved index, or not whole.
var ErrDamaged = errors.New("hamming: no saved index, or a damaged one")

var order = binary.BigEndian

const (
	magic      = "MIH256\x00\x01"
	headSize   = len(magic) + 8
	recordSize = 40
	maxEntries = 1<<32 - 1 // places are 32 bits
)

// WriteTo saves the entries that the index has when it begins; changes and searches go on meanwhile. Equal sets give equal bytes, 40
// for an entry. It returns how many it wrote.
func (x *Index) WriteTo(w io.Writer) (int64, error) {
	x.change.Lock()
	p := x.parts.Load()
	gone := p.base.gone.copy()
	n := len(p.base.ids) - int(p.base.removals.Load())
	others := append(p.frozen.live(), p.fresh.live()...)
	x.change.Unlock()
	others = sorted(others)

	out := saver{w: bufio.NewWriterSize(w, 1<<16)}
	out.write(order.AppendUint64([]byte(magic), uint64(n+len(others))))
	for e := range p.base.merge(gone, others) {
		out.entry(e)
	}
	out.write(order.AppendUint64(nil, out.sum.Sum64()))
	if out.err == nil {
		out.err = out.w.Flush()
	}
	if out.err != nil {
		return out.written, fmt.Errorf("hamming: saving an index: %w", out.err)
	}
	return out.written, nil
}

// saver writes and hashes until something fails.
type saver struct {
	w       *bufio.Writer
	sum     xxh3.Hasher
	written int64
	err     error
	record  [recordSize]byte
}

func (s *saver) write(b []byte) {
	if s.err != nil {
		return
	}
	n, err := s.w.Write(b)
	s.sum.Write(b)
	s.written += int64(n)
	s.err = err
}

func (s *saver) entry(e Entry) {
	for i, word := range e.Hash {
		order.PutUint64(s.record[i*8:], word)
	}
	order.PutUint64(s.record[32:], e.ID)
	s.write(s.record[:])
}

// Read loads an index that was saved, if it has no more than limit entries. It takes memory for as many entries as the head claims,
// within that limit, and up to half a second for a million. It may read beyond the end of what was saved.
func Read(r io.Reader, limit int) (*Index, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	var sum xxh3.Hasher
	var record [recordSize]byte
	read := func(n int) ([]byte, error) {
		if _, err := io.ReadFull(in, record[:n]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil, fmt.Errorf("%w: it ends too early", ErrDamaged)
			}
			return nil, fmt.Errorf("hamming: reading an index: %w", err)
		}
		return record[:n], nil
	}
	head, err := read(headSize)
	if err != nil {
		return nil, err
	}
	if string(head[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: it begins with %q, want %q", ErrDamaged, head[:len(magic)], magic)
	}
	n := order.Uint64(head[len(magic):])
	if limit < 0 || n > min(uint64(limit), maxEntries) {
		return nil, fmt.Errorf("%w: it claims %d entries, and %d are allowed", ErrDamaged, n, limit)
	}
	sum.Write(head)
	hashes, ids := make([]Hash, n), make([]uint64, n)
	for i := range ids {
		b, err := read(recordSize)
		if err != nil {
			return nil, err
		}
		sum.Write(b)
		h := &hashes[i]
		for j := range h {
			h[j] = order.Uint64(b[j*8:])
		}
		ids[i] = order.Uint64(b[32:])
		if i > 0 && compareEntry(Entry{hashes[i-1], ids[i-1]}, Entry{*h, ids[i]}) >= 0 {
			return nil, fmt.Errorf("%w: entry %d is not after the one before it", ErrDamaged, i)
		}
	}
	b, err := read(8)
	if err != nil {
		return nil, err
	}
	if order.Uint64(b) != sum.Sum64() {
		return nil, fmt.Errorf("%w: its hash is not that of its content", ErrDamaged)
	}
	return newIndex(newBase(hashes, ids)), nil
}
