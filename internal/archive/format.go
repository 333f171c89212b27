package archive

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/journal"
)

// row is a record as a segment stores it.
type row struct {
	Position uint64 `parquet:"position,delta"`
	Kind     uint32 `parquet:"kind,dict"`
	Received int64  `parquet:"received,timestamp(nanosecond),delta"`
	Time     int64  `parquet:"time,timestamp(nanosecond),delta"`
	Source   string `parquet:"source,dict"`
	ID       string `parquet:"id"`
	Actor    string `parquet:"actor,dict"`
	Body     string `parquet:"body"`
}

// rowOf shares the record's memory.
func rowOf(r *journal.Record) row {
	return row{
		Position: uint64(r.Position), Kind: uint32(r.Kind), Received: r.Received, Time: r.Time,
		Source: r.Source, ID: r.ID, Actor: r.Actor, Body: unsafe.String(unsafe.SliceData(r.Body), len(r.Body)),
	}
}

// record shares the row's memory.
func (r *row) record() journal.Record {
	rec := journal.Record{
		Position: journal.Position(r.Position), Kind: journal.Kind(r.Kind), Received: r.Received, Time: r.Time,
		Source: r.Source, ID: r.ID, Actor: r.Actor,
	}
	if len(r.Body) > 0 {
		rec.Body = unsafe.Slice(unsafe.StringData(r.Body), len(r.Body))
	}
	return rec
}

// A segment carries two entries of its own in the file's key-value metadata: the version of this format, and a checksum of
// every byte of the file but the checksum's own 32 hex digits, which count as zeros. Nothing of a file is parsed before its
// checksum was found to hold.
const (
	formatKey     = "ringfence.format"
	formatVersion = 1
	checksumKey   = "ringfence.checksum"
	digits        = 32
	noChecksum    = "00000000000000000000000000000000"
	footerLimit   = 64 << 20 // bytes of a file's metadata
)

func sumOf(h *xxh3.Hasher) string {
	sum := h.Sum128().Bytes()
	return hex.EncodeToString(sum[:])
}

// findChecksum gives the place of the checksum's digits in a file's metadata.
func findChecksum(footer []byte) (int, bool) {
	// In Thrift's compact protocol: the key, the header of the next field (a string) and its length.
	mark := []byte(checksumKey + "\x18\x20")
	at := bytes.LastIndex(footer, mark)
	if at < 0 || at+len(mark)+digits > len(footer) {
		return 0, false
	}
	return at + len(mark), true
}

// verify reads the whole file once and checks that it is what was sealed. Memory: the metadata and 1 MiB.
func verify(r io.ReaderAt, size int64) error {
	const trailer = 8 // length of the metadata and "PAR1"
	var end [trailer]byte
	if size < 4+trailer {
		return fmt.Errorf("%d bytes are too short", size)
	}
	if _, err := r.ReadAt(end[:], size-trailer); err != nil {
		return err
	}
	length := int64(binary.LittleEndian.Uint32(end[:]))
	if string(end[4:]) != "PAR1" || length > footerLimit || length > size-trailer {
		return fmt.Errorf("the end of the file is not that of a Parquet file")
	}
	footer := make([]byte, length)
	if _, err := r.ReadAt(footer, size-trailer-length); err != nil {
		return err
	}
	at, ok := findChecksum(footer)
	if !ok {
		return fmt.Errorf("it has no checksum")
	}
	want := string(footer[at : at+digits])
	copy(footer[at:], noChecksum)

	h := xxh3.New()
	if _, err := io.CopyBuffer(writerOnly{h}, io.NewSectionReader(r, 0, size-trailer-length), make([]byte, 1<<20)); err != nil {
		return err
	}
	h.Write(footer)
	h.Write(end[:])
	if got := sumOf(h); got != want {
		return fmt.Errorf("the checksum differs")
	}
	return nil
}

// writerOnly hides every method but Write, so that io.CopyBuffer uses its buffer.
type writerOnly struct{ io.Writer }

// openParquet parses a file whose checksum holds. The parser panics on some files that it does not understand.
func openParquet(r io.ReaderAt, size int64) (f *parquet.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("parse: %v", p)
		}
	}()
	f, err = parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(false))
	if err != nil {
		return nil, err
	}
	word, _ := f.Lookup(formatKey)
	version, err := strconv.Atoi(word)
	if err != nil || version < 1 {
		return nil, fmt.Errorf("format version %q is malformed", word)
	}
	if version > formatVersion {
		return nil, fmt.Errorf("%w: format version %d, this program knows up to %d", ErrNewer, version, formatVersion)
	}
	return f, nil
}
