package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/parquet-go/parquet-go"
	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/journal"
)

// segmentBytes is a small sealed segment.
func segmentBytes(t testing.TB, n int) []byte {
	t.Helper()
	fs, log := vfs.NewMem(), newLog(t)
	mustAppend(t, log, makeRecords(1, n))
	if err := mustSealer(t, fs, log, Options{}).Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, data := range files(t, fs) {
		return data
	}
	t.Fatal("no segment")
	return nil
}

// reseal gives a changed file a checksum that holds, if it has a place for one.
func reseal(data []byte) []byte {
	data = bytes.Clone(data)
	if len(data) < 8 {
		return data
	}
	length := int(binary.LittleEndian.Uint32(data[len(data)-8:]))
	if length < 0 || length > len(data)-8 {
		return data
	}
	footer := data[len(data)-8-length : len(data)-8]
	at, ok := findChecksum(footer)
	if !ok {
		return data
	}
	copy(footer[at:], noChecksum)
	h := xxh3.New()
	h.Write(data)
	copy(footer[at:], sumOf(h))
	return data
}

// TestPlainParquet reads a segment as any other program would, by column names alone.
func TestPlainParquet(t *testing.T) {
	data := segmentBytes(t, 100)
	type seen struct {
		Position uint64 `parquet:"position"`
		Actor    string `parquet:"actor"`
		Body     string `parquet:"body"`
	}
	rows, err := parquet.Read[seen](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range makeRecords(1, 100) {
		if want := (seen{uint64(r.Position), r.Actor, string(r.Body)}); rows[i] != want {
			t.Errorf("row %d is %+v, want %+v", i, rows[i], want)
		}
	}
	if len(rows) != 100 {
		t.Errorf("%d rows, want 100", len(rows))
	}
}

func TestNewerFormatIsRefused(t *testing.T) {
	data := segmentBytes(t, 10)
	mark := []byte(formatKey + "\x18\x01")
	at := bytes.LastIndex(data, mark)
	if at < 0 {
		t.Fatal("the format version is not where it was")
	}
	data[at+len(mark)] = '2'
	if err := scanBytes(t, reseal(data), 10); !errors.Is(err, ErrNewer) || errors.Is(err, ErrCorrupt) {
		t.Errorf("error %v, want ErrNewer", err)
	}
}

// scanBytes scans a file that is named as the segment of the first n positions.
func scanBytes(t testing.TB, data []byte, n int) error {
	t.Helper()
	fs := vfs.NewMem()
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, fs, fs.PathJoin(dir, segmentName(1, journal.Position(n))), data)
	_, err := collect(fs)
	return err
}

// FuzzSegment gives hostile files to the reader, also with a checksum that holds.
func FuzzSegment(f *testing.F) {
	sound := segmentBytes(f, 20)
	f.Add(sound)
	f.Add(sound[:len(sound)/2])
	f.Add([]byte("PAR1\x00\x00\x00\x00PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := scanBytes(t, data, 20); err == nil && !bytes.Equal(data, sound) {
			t.Error("a changed file gave no error")
		}
		err := scanBytes(t, reseal(data), 20)
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNewer) {
			t.Errorf("error %v, want ErrCorrupt", err)
		}
	})
}
