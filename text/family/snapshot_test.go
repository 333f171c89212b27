package family

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/zeebo/xxh3"
)

func snapshotOf(n int) []byte {
	x := NewIndex(1 << 20)
	src := newStream(2)
	for i := range n {
		x.Assign(Of(src.next()), "ann", int64(i))
	}
	return x.Append(nil)
}

// sealed is a body with the hash that it needs.
func sealed(body []byte) []byte {
	return binary.LittleEndian.AppendUint64(body, xxh3.Hash(body))
}

func TestAppendAppends(t *testing.T) {
	x := NewIndex(1 << 20)
	x.Assign(Of(original), "ann", 1)
	before := []byte("before")
	got := x.Append(before)
	if string(got[:6]) != "before" {
		t.Errorf("the snapshot begins with %q", got[:6])
	}
	if _, err := Restore(got[6:], 1<<20); err != nil {
		t.Error(err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	good := snapshotOf(20)
	body := good[:len(good)-8]
	changed := func(at int, to byte) []byte {
		b := append([]byte{}, body...)
		b[at] = to
		return sealed(b)
	}
	for _, tc := range []struct {
		name string
		in   []byte
		want error
	}{
		{"nothing", nil, ErrDamaged},
		{"a part", good[:len(good)/2], ErrDamaged},
		{"a changed byte", append([]byte{good[0], good[1], good[2] ^ 1}, good[3:]...), ErrDamaged},
		{"another format", changed(0, format+1), ErrVersion},
		{"sketches of another version", changed(1, Version+1), ErrVersion},
		{"more after the end", sealed(append(append([]byte{}, body...), 0)), ErrDamaged},
		{"fewer families than are there", changed(3, body[3]-1), ErrDamaged},
		{"more families than bytes", changed(3, 0x7f), ErrDamaged},
		{"exemplars beyond the latest", changed(2, 1), ErrDamaged},
	} {
		if _, err := Restore(tc.in, 1<<20); !errors.Is(err, tc.want) {
			t.Errorf("%s: error %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestRestoreWithinASmallerBudget(t *testing.T) {
	x, err := Restore(snapshotOf(200), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	x.check(t)
	if x.Bytes() > 20_000 || len(x.queue) == 0 {
		t.Errorf("%d families of %d bytes, want some in 20000", len(x.queue), x.Bytes())
	}
}

// FuzzRestore restores bytes that have the right hash. What is restored must be usable, and restore to the same again.
func FuzzRestore(f *testing.F) {
	for _, n := range []int{0, 1, 3} {
		b := snapshotOf(n)
		f.Add(b[:len(b)-8])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		x, err := Restore(sealed(append([]byte{}, body...)), 1<<20)
		if err != nil {
			return
		}
		x.check(t)
		x.Assign(Of(original), "ann", 1)
		for _, d := range x.queue {
			x.Template(d.family.id)
			x.Family(d.family.id)
		}
		x.check(t)
		if _, err := Restore(x.Append(nil), 1<<20); err != nil {
			t.Errorf("what was restored cannot be restored again: %v", err)
		}
	})
}
