package hamming

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zeebo/xxh3"
)

type fatal interface {
	Helper()
	Fatal(...any)
}

// saved is x saved and read.
func saved(t fatal, x *Index) *Index {
	t.Helper()
	var file bytes.Buffer
	n, err := x.WriteTo(&file)
	if err != nil || n != int64(file.Len()) {
		t.Fatal("WriteTo:", n, "of", file.Len(), err)
	}
	y, err := Read(&file, x.Len())
	if err != nil {
		t.Fatal("Read:", err)
	}
	return y
}

func TestEqualSetsGiveEqualFiles(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	var entries []Entry
	for i := range 5000 {
		entries = append(entries, Entry{randomHash(r), uint64(i)})
	}
	x := Build(slices.Clone(entries))
	y := Build(nil)
	for _, e := range entries {
		y.Add(e.Hash, e.ID)
	}
	y.Add(Hash{1}, 1)
	y.Compact()
	y.Remove(Hash{1}, 1)
	var a, b bytes.Buffer
	x.WriteTo(&a)
	y.WriteTo(&b)
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two indexes of the same entries give different files")
	}
	z, err := Read(&a, 5000)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(nearest(entries, entries[7].Hash, 5, 256), z.Nearest(nil, entries[7].Hash, 5, 256)); diff != "" {
		t.Error(diff)
	}
}

// file is a saved index with the right hash of its content, whatever that is.
func file(content []byte) []byte {
	return order.AppendUint64(slices.Clone(content), xxh3.Hash(content))
}

func content(n uint64, entries ...Entry) []byte {
	b := order.AppendUint64([]byte(magic), n)
	for _, e := range entries {
		for _, word := range append(e.Hash[:], e.ID) {
			b = order.AppendUint64(b, word)
		}
	}
	return b
}

func TestReadRefusesDamage(t *testing.T) {
	first, second := Entry{Hash{1}, 1}, Entry{Hash{2}, 1}
	good := file(content(2, first, second))
	if _, err := Read(bytes.NewReader(good), 2); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 4
		if _, err := Read(bytes.NewReader(bad), 2); !errors.Is(err, ErrDamaged) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := Read(bytes.NewReader(good[:i]), 2); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
	for name, bad := range map[string][]byte{
		"order":     file(content(2, second, first)),
		"twice":     file(content(2, first, first)),
		"too many":  file(content(1<<40, first)),
		"one short": file(content(2, first)),
	} {
		if _, err := Read(bytes.NewReader(bad), 2); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(bytes.NewReader(good), -1); !errors.Is(err, ErrDamaged) {
		t.Errorf("a limit below zero: %v", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{ after int }

func (b *broken) Write(p []byte) (int, error) {
	if b.after -= len(p); b.after < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func (b *broken) Read([]byte) (int, error) { return 0, errBroken }

func TestErrorsOfFilesAreTold(t *testing.T) {
	x := Build(make([]Entry, 1))
	for i := range uint64(4000) {
		x.Add(Hash{i}, i)
	}
	for _, after := range []int{0, 100_000, 160_000} {
		if _, err := x.WriteTo(&broken{after}); !errors.Is(err, errBroken) {
			t.Errorf("WriteTo = %v, want %v", err, errBroken)
		}
	}
	if _, err := Read(&broken{}, 1); !errors.Is(err, errBroken) || errors.Is(err, ErrDamaged) {
		t.Errorf("Read = %v, want %v", err, errBroken)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(file(content(0)))
	f.Add(file(content(2, Entry{Hash{1}, 1}, Entry{Hash{1}, 2})))
	f.Add(content(3))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := Read(bytes.NewReader(data), 1000)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		var again bytes.Buffer
		if _, err := x.WriteTo(&again); err != nil || !bytes.HasPrefix(data, again.Bytes()) {
			t.Errorf("what was read is saved otherwise, or not: %v", err)
		}
	})
}

var _ io.WriterTo = (*Index)(nil)
