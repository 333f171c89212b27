package lookup_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/media/lookup"
)

func saved(t testing.TB, b *lookup.Bank) []byte {
	t.Helper()
	var out bytes.Buffer
	n, err := b.WriteTo(&out)
	if err != nil || n != int64(out.Len()) {
		t.Fatalf("WriteTo = %d, %v; want %d", n, err, out.Len())
	}
	return out.Bytes()
}

func TestBanksAreReadAsWritten(t *testing.T) {
	known := drawing(1, 320, 240)
	listed, err := lookup.ReadList(strings.NewReader("d41d8cd98f00b204e9800998ecf8427e,empty\n"), 10)
	if err != nil {
		t.Fatal(err)
	}
	b := build(t, append(listed, item(t, "known", known), item(t, "large", drawing(2, 900, 700)))...)
	file := saved(t, b)
	// The order in which items came does not show.
	again := build(t)
	for _, it := range []lookup.Item{item(t, "large", drawing(2, 900, 700)), listed[0], item(t, "gone", drawing(3, 90, 90)), item(t, "known", known)} {
		if err := again.Add(it); err != nil {
			t.Fatal(err)
		}
	}
	again.Remove("gone")
	if !bytes.Equal(file, saved(t, again)) {
		t.Error("equal banks give different bytes")
	}
	read, err := lookup.Read(bytes.NewReader(file), 3)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, saved(t, read)) {
		t.Error("a bank that was read gives other bytes than it was read from")
	}
	finder := lookup.NewFinder()
	for name, query := range map[string][]lookup.Match{
		"file":    finder.Find(read, nil, known),
		"cropped": finder.Find(read, nil, altered(t, known, "crop to half")),
		"empty":   finder.Find(read, []byte{}, nil),
	} {
		if len(query) != 1 {
			t.Errorf("%s: got %+v, want one", name, query)
		}
	}
}

// bank is a file with what it claims, and a right checksum.
func bank(count uint64, items ...[]byte) []byte {
	out := binary.BigEndian.AppendUint64([]byte(lookup.Magic), count)
	out = append(out, bytes.Join(items, nil)...)
	return binary.BigEndian.AppendUint64(out, xxh3.Hash(out))
}

// record is an item of an id and what follows it.
func record(id string, rest ...byte) []byte {
	return append(append(binary.BigEndian.AppendUint16(nil, uint16(len(id))), id...), rest...)
}

var bare = make([]byte, 4+4+2+2+4)

func TestHostileBanks(t *testing.T) {
	good := saved(t, build(t, item(t, "known", drawing(1, 100, 80))))
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for name, file := range map[string][]byte{
		"empty":             nil,
		"other magic":       []byte("KNOWN\x00\x00\x02" + string(good[8:])),
		"cut off":           good[:len(good)-1],
		"cut in half":       good[:len(good)/2],
		"changed":           flipped,
		"claims more":       bank(2, record("a", bare...)),
		"claims very many":  bank(1<<40, record("a", bare...)),
		"over the limit":    bank(4, record("a", bare...), record("b", bare...), record("c", bare...), record("d", bare...)),
		"no id":             bank(1, record("", bare...)),
		"wrong order":       bank(2, record("b", bare...), record("a", bare...)),
		"twice the same":    bank(2, record("a", bare...), record("a", bare...)),
		"wide":              bank(1, record("a", append([]byte{255, 255, 255, 255}, bare[4:]...)...)),
		"many digests":      bank(1, record("a", 0, 0, 0, 0, 0, 0, 0, 0, 255, 255)),
		"digest of 7 bytes": bank(1, record("a", 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0)),
		"long digest":       bank(1, record("a", 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 200)),
		"quality 255":       bank(1, record("a", slices.Concat([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 255}, make([]byte, 36))...)),
		"huge features":     bank(1, record("a", append(slices.Clone(bare[:12]), 255, 255, 255, 255)...)),
		"bad features":      bank(1, record("a", append(slices.Clone(bare[:12]), 0, 0, 0, 2, 1, 1)...)),
	} {
		if _, err := lookup.Read(bytes.NewReader(file), 3); !errors.Is(err, lookup.ErrDamaged) {
			t.Errorf("%s: got %v, want ErrDamaged", name, err)
		}
	}
	if b, err := lookup.Read(bytes.NewReader(bank(2, record("a", bare...), record("b", bare...))), 3); err != nil || b.Len() != 2 {
		t.Errorf("a bank of two bare items: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(saved(f, build(f, item(f, "known", drawing(1, 60, 50)))))
	f.Add(bank(1, record("a", bare...)))
	f.Add([]byte("KNOWN"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 16 { // give what the fuzzer makes a right checksum, or it would get no further
			file = binary.BigEndian.AppendUint64(bytes.Clone(file[:len(file)-8]), xxh3.Hash(file[:len(file)-8]))
		}
		b, err := lookup.Read(bytes.NewReader(file), 1000)
		if err != nil {
			return
		}
		again, err := lookup.Read(bytes.NewReader(saved(t, b)), 1000)
		if err != nil || again.Len() != b.Len() {
			t.Fatalf("a bank of %d items is read as %v: %v", b.Len(), again, err)
		}
	})
}

func TestReadList(t *testing.T) {
	const (
		md5    = "d41d8cd98f00b204e9800998ecf8427e"
		sha1   = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
		either = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
	)
	items, err := lookup.ReadList(strings.NewReader("\ufeff# known\r\n\r\n"+md5+", one \n"+strings.ToUpper(sha1)+",one\n"+either+"\n"+either+",a,b\n"), 4)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range items {
		line := it.ID + ":"
		for _, d := range it.Digests {
			line += " " + string(d.Method()) + " " + d.String()
		}
		for _, h := range it.Hashes {
			line += " pdq " + h.String()
		}
		got = append(got, line)
	}
	want := []string{
		"one: md5 " + md5 + " sha1 " + sha1,
		either + ": sha256 " + either + " pdq " + either,
		"a,b: sha256 " + either + " pdq " + either,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, list := range map[string]string{
		"short":     "d41d8c\n",
		"no digits": strings.Repeat("x", 64),
		"too many":  strings.Repeat(md5+"\n", 5),
		"long line": md5 + "," + strings.Repeat("x", 5000),
		"long id":   md5 + "," + strings.Repeat("x", 1100),
		"binary":    "\x00\x01\x02",
	} {
		if _, err := lookup.ReadList(strings.NewReader(list), 4); !errors.Is(err, lookup.ErrList) {
			t.Errorf("%s: got %v, want ErrList", name, err)
		}
	}
}

func FuzzReadList(f *testing.F) {
	f.Add("# known\nd41d8cd98f00b204e9800998ecf8427e,a\r\n\n")
	f.Add("f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22")
	f.Fuzz(func(t *testing.T, list string) {
		items, err := lookup.ReadList(strings.NewReader(list), 100)
		if err != nil {
			return
		}
		if _, err := lookup.Build(items); err != nil {
			t.Fatalf("a list that was read makes no bank: %v", err)
		}
	})
}
