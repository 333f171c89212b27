package lookup

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/media/align"
)

// A saved bank is
//
//	"KNOWN", version 1 of the format as three bytes
//	number of items, eight bytes
//	the items in ascending order of ids, each
//		length of the id, two bytes, and the id
//		sides of the picture, four bytes each
//		number of digests, two bytes, and of each its length (one) and bytes
//		number of hashes, two bytes, and of each variant, quality, and 32 bytes
//		length of the features, four bytes, and the features as package align writes them
//	xxh3 of all that, eight bytes
//
// Numbers are big-endian. The indexes are made anew when it is read.

// ErrDamaged is what Read gives for bytes that are no bank of this version.
var ErrDamaged = errors.New("lookup: no saved bank, or a damaged one")

var order = binary.BigEndian

// Magic is what a saved bank begins with.
const Magic = "KNOWN\x00\x00\x01"

// maxFeatures is more than the features of a picture take in bytes.
const maxFeatures = 64 << 10

// WriteTo saves the items that the bank has when it begins. Changes wait while it collects them, not while it writes. Equal banks give equal
// bytes: some 100 for an item, 20 kB with features. It returns how many it wrote.
func (b *Bank) WriteTo(w io.Writer) (int64, error) {
	items := b.Items()
	out := &saver{w: bufio.NewWriterSize(w, 1<<16)}
	out.write(order.AppendUint64([]byte(Magic), uint64(len(items))))
	var record []byte
	for i := range items {
		record = items[i].appendTo(record[:0])
		out.write(record)
	}
	out.write(order.AppendUint64(nil, out.sum.Sum64()))
	if out.err == nil {
		out.err = out.w.Flush()
	}
	if out.err != nil {
		return out.written, fmt.Errorf("lookup: saving a bank: %w", out.err)
	}
	return out.written, nil
}

// saver writes and hashes until something fails.
type saver struct {
	w       *bufio.Writer
	sum     xxh3.Hasher
	written int64
	err     error
}

func (s *saver) write(p []byte) {
	if s.err != nil {
		return
	}
	var n int
	n, s.err = s.w.Write(p)
	s.sum.Write(p)
	s.written += int64(n)
}

func (it *Item) appendTo(dst []byte) []byte {
	dst = order.AppendUint16(dst, uint16(len(it.ID)))
	dst = append(dst, it.ID...)
	dst = order.AppendUint32(dst, uint32(it.W))
	dst = order.AppendUint32(dst, uint32(it.H))
	dst = order.AppendUint16(dst, uint16(len(it.Digests)))
	for _, d := range it.Digests {
		dst = append(append(dst, d.size), d.bytes[:d.size]...)
	}
	dst = order.AppendUint16(dst, uint16(len(it.Hashes)))
	for _, h := range it.Hashes {
		dst = append(append(dst, byte(h.Variant), byte(h.Quality)), h.Hash[:]...)
	}
	at := len(dst)
	dst = order.AppendUint32(dst, 0)
	if it.Features != nil {
		dst, _ = it.Features.AppendBinary(dst) // which gives no error
		order.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

// Read loads a bank that was saved, if it has no more than limit items. Memory grows with what is read, not with what the head
// claims. It may read beyond the end of what was saved.
func Read(r io.Reader, limit int) (*Bank, error) {
	in := &loader{r: bufio.NewReaderSize(r, 1<<16)}
	if head := in.take(len(Magic)); in.err == nil && string(head) != Magic {
		return nil, fmt.Errorf("%w: it begins with %q, want %q", ErrDamaged, head, Magic)
	}
	n := order.Uint64(in.take(8))
	if in.err == nil && (limit < 0 || n > uint64(min(limit, MaxItems))) {
		return nil, fmt.Errorf("%w: it claims %d items, and %d are allowed", ErrDamaged, n, limit)
	}
	var items []Item
	for i := uint64(0); i < n && in.err == nil; i++ {
		it := in.item()
		if in.err == nil && i > 0 && it.ID <= items[i-1].ID {
			return nil, fmt.Errorf("%w: item %d of %d is not after the one before it", ErrDamaged, i, n)
		}
		items = append(items, it)
	}
	sum := in.sum.Sum64()
	if claimed := order.Uint64(in.take(8)); in.err == nil && claimed != sum {
		return nil, fmt.Errorf("%w: its checksum is not that of its content", ErrDamaged)
	}
	if in.err != nil {
		return nil, in.err
	}
	b, err := Build(items)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return b, nil
}

// loader reads and hashes until something fails; from then on it gives zeros.
type loader struct {
	r   *bufio.Reader
	sum xxh3.Hasher
	buf []byte
	err error
}

// take reads n bytes, which are valid until the next call.
func (l *loader) take(n int) []byte {
	if cap(l.buf) < n {
		l.buf = make([]byte, n)
	}
	l.buf = l.buf[:n]
	if l.err == nil {
		if _, err := io.ReadFull(l.r, l.buf); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			l.err = fmt.Errorf("%w: it ends too early", ErrDamaged)
		} else if err != nil {
			l.err = fmt.Errorf("lookup: reading a bank: %w", err)
		}
		l.sum.Write(l.buf)
	}
	if l.err != nil {
		clear(l.buf)
	}
	return l.buf
}

// count reads how many of something there are.
func (l *loader) count(size, most int, what string) int {
	n := 0
	for _, b := range l.take(size) {
		n = n<<8 | int(b)
	}
	if n > most && l.err == nil {
		l.err = fmt.Errorf("%w: %d %s, and %d are allowed", ErrDamaged, n, what, most)
	}
	if l.err != nil {
		return 0
	}
	return n
}

func (l *loader) item() Item {
	var it Item
	it.ID = string(l.take(l.count(2, MaxID, "bytes of an id")))
	it.W, it.H = l.count(4, maxSide, "pixels of a side"), l.count(4, maxSide, "pixels of a side")
	for range l.count(2, MaxHashes, "digests") {
		it.Digests = append(it.Digests, digest(l.take(l.count(1, len(Digest{}.bytes), "bytes of a digest"))))
	}
	for range l.count(2, MaxHashes, "hashes") {
		b := l.take(34)
		h := Hash{Variant: Variant(b[0]), Quality: int(b[1])}
		copy(h.Hash[:], b[2:])
		it.Hashes = append(it.Hashes, h)
	}
	if n := l.count(4, maxFeatures, "bytes of features"); n > 0 {
		it.Features = &align.Features{}
		if err := it.Features.UnmarshalBinary(l.take(n)); err != nil && l.err == nil {
			l.err = fmt.Errorf("%w: %q: %w", ErrDamaged, it.ID, err)
		}
	}
	return it
}
