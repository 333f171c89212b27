package bank

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/rule"
)

// apart is a PDQ hash that differs from the zero hash in its last n bits.
func apart(n int) hamming.Hash {
	var h hamming.Hash
	for i := range n {
		h[3-i/64] |= 1 << (i % 64)
	}
	return h
}

// seen gives what a set finds in a picture, as bank:entry@distance, entries by their last eight digits.
func seen(s *Set, p *Picture) string {
	var r Reader
	var list []string
	found, _ := r.LookAt(nil, s, p, "m", Occasion{})
	for _, f := range found {
		list = append(list, fmt.Sprintf("%s:%s@%d %s%d", f.Bank, f.Entry[len(f.Entry)-8:], f.Distance, f.Policy, f.Severity))
	}
	return strings.Join(list, ", ")
}

func TestLookAt(t *testing.T) {
	const md5, sha1 = "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d"
	const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	far := hamming.Hash{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	s := set(
		t,
		&File{Name: "gore", Header: Header{Kind: Hashes, Policy: "violence", Severity: 4}, Entries: []Entry{
			{Value: apart(0).String()}, {Value: apart(8).String(), Distance: new(4), Severity: 5},
			{Value: md5, Policy: "other"}, {Value: sha1}, {Value: sha256Prefix + sha256},
		}},
		&File{Name: "memes", Header: Header{Kind: Hashes, Good: true}, Entries: []Entry{{Value: apart(60).String(), Distance: new(10)}}},
		&File{Name: "farm", Header: Header{Kind: Devices}, Entries: []Entry{{Value: "d1"}}},
	)
	for _, c := range []struct {
		name string
		p    Picture
		want string
	}{
		{"nothing", Picture{}, ""},
		{"far", Picture{PDQ: []hamming.Hash{far}}, ""},
		{"the same", Picture{PDQ: []hamming.Hash{apart(0)}}, "gore:00000000@0 violence4"},
		{"between two", Picture{PDQ: []hamming.Hash{apart(5)}}, "gore:000000ff@3 violence5, gore:00000000@5 violence4"},
		{"too far from the strict one", Picture{PDQ: []hamming.Hash{apart(13)}}, "gore:00000000@13 violence4"},
		{"at the distance", Picture{PDQ: []hamming.Hash{apart(31)}}, "gore:00000000@31 violence4"},
		{"past it", Picture{PDQ: []hamming.Hash{apart(32)}}, ""},
		{"one of several", Picture{PDQ: []hamming.Hash{far, apart(30), apart(13)}}, "gore:00000000@13 violence4"},
		{"file", Picture{PDQ: []hamming.Hash{far}, MD5: md5}, "gore:28e17f72@0 other4"},
		{"SHA-256 and SHA-1", Picture{SHA1: sha1, SHA256: sha256}, "gore:9cd0d89d@0 violence4, gore:f20015ad@0 violence4"},
		{"PDQ is no SHA-256", Picture{SHA256: apart(0).String()}, ""},
		{"a good part spares itself only", Picture{PDQ: []hamming.Hash{apart(0), apart(55)}, Parts: 1}, "gore:00000000@0 violence4, memes:ffffffff@5 0"},
		{"a bad part beside a good one", Picture{PDQ: []hamming.Hash{far, apart(55), apart(0)}, Parts: 2}, "gore:00000000@0 violence4, memes:ffffffff@5 0"},
		{"a bad part of what is good as a whole", Picture{PDQ: []hamming.Hash{apart(55), apart(0)}, Parts: 1}, "memes:ffffffff@5 0"},
		{"a bad file with a good part", Picture{PDQ: []hamming.Hash{far, apart(55)}, Parts: 1, MD5: md5}, "gore:28e17f72@0 other4, memes:ffffffff@5 0"},
		{"good wins", Picture{PDQ: []hamming.Hash{apart(0), apart(55)}, MD5: md5}, "memes:ffffffff@5 0"},
	} {
		if got := seen(s, &c.p); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	var none *Set
	if got := seen(none, &Picture{PDQ: []hamming.Hash{apart(0)}}); got != "" {
		t.Errorf("without banks: %q", got)
	}
}

// TestHashEditsAreWhatTheyMake holds that sets that edits made, one after the other, find the same as one that is made at once, and that
// an old set stays as it was.
func TestHashEditsAreWhatTheyMake(t *testing.T) {
	values := []string{apart(0).String(), apart(20).String(), apart(45).String(), apart(90).String(), "900150983cd24fb0d6963f7d28e17f72"}
	rapid.Check(t, func(t *rapid.T) {
		c := &Compiler{}
		var s *Set
		version := map[string]int{}
		type shot struct {
			set  *Set
			want string
		}
		var shots []shot
		probe := Picture{PDQ: []hamming.Hash{apart(rapid.IntRange(0, 120).Draw(t, "probe"))}, MD5: values[4]}
		for range rapid.IntRange(1, 12).Draw(t, "edits") {
			name := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "bank")
			e := Edit{Bank: name, Version: version[name] + 1}
			old, there := s.Bank(name)
			switch {
			case !there:
				e.Header = &Header{Kind: Hashes, Good: rapid.Bool().Draw(t, "good")}
			case rapid.IntRange(0, 5).Draw(t, "drop") == 0:
				e.Drop = true
			case rapid.Bool().Draw(t, "header"):
				e.Header = &Header{Kind: Hashes, Policy: "p", Good: rapid.Bool().Draw(t, "good")}
			}
			if !e.Drop {
				for _, v := range values {
					switch rapid.IntRange(0, 3).Draw(t, "what") {
					case 0:
						e.Add = append(e.Add, Entry{Value: v, Distance: new(rapid.IntRange(0, MaxDistance).Draw(t, "distance")),
							Features: rapid.SampledFrom([]string{"", named(1), named(2)}).Draw(t, "features")})
					case 1:
						if old == nil {
							break
						}
						if _, had := old.Entry(v); had {
							e.Remove = append(e.Remove, v)
						}
					}
				}
				e.More = rapid.IntRange(0, 5).Draw(t, "more") == 0 && len(e.Remove) == 0
			}
			next, err := s.Apply(&e)
			if errors.Is(err, ErrInvalid) { // it removes what a pending part has not brought, or the like
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			s, version[name] = next, e.Version
			shots = append(shots, shot{s, seen(s, &probe) + everything(s)})
		}
		for i, at := range shots {
			if got := seen(at.set, &probe) + everything(at.set); got != at.want {
				t.Fatalf("after edit %d: found %q at first and %q later", i, at.want, got)
			}
			var banks []Stored
			for _, b := range at.set.Banks() {
				stored := at.set.Stored(b.Name)
				stored.Entries = b.Entries()
				banks = append(banks, stored)
			}
			fresh, err := NewSet(c, banks)
			if err != nil {
				t.Fatal(err)
			}
			if got := seen(fresh, &probe) + everything(fresh); got != at.want {
				t.Fatalf("after edit %d: a new set finds %q, the edited one %q", i, got, at.want)
			}
		}
	})
}

// TestManyHashes: a large bank takes edits without being built anew each time, and finds what they bring; after very many it is.
func TestManyHashes(t *testing.T) {
	const n = 3 * maxFresh
	hash := func(i int) hamming.Hash { // far from one another
		x := uint64(i+1) * 0x9e3779b97f4a7c15
		return hamming.Hash{x, x ^ x>>29, x * 0xbf58476d1ce4e5b9, ^x}
	}
	f := &File{Name: "big", Header: Header{Kind: Hashes}}
	for i := range n {
		f.Entries = append(f.Entries, Entry{Value: hash(i).String()})
	}
	s := set(t, f)
	first := s.hashes.index
	version := 1
	add := func(from, to int) {
		t.Helper()
		version++
		e := Edit{Bank: "big", Version: version}
		for i := from; i < to; i++ {
			e.Add = append(e.Add, Entry{Value: hash(i).String()})
		}
		next, err := s.Apply(&e)
		if err != nil {
			t.Fatal(err)
		}
		s = next
	}
	add(n, n+1)
	if s.hashes.index != first {
		t.Error("one entry more made a new index")
	}
	found := func(i int) bool { return seen(s, &Picture{PDQ: []hamming.Hash{hash(i)}}) != "" }
	if !found(0) || !found(n) || found(n+1) {
		t.Errorf("after one more: found %v %v %v", found(0), found(n), found(n+1))
	}
	add(n+1, 2*n)
	if s.hashes.index == first || len(s.hashes.fresh) > 0 {
		t.Error("very many entries are compared one by one")
	}
	if !found(0) || !found(n) || !found(2*n-1) || found(2*n) {
		t.Error("the new index does not find what it should")
	}
	big, _ := s.Bank("big")
	if got := big.Len(); got != 2*n || len(big.Entries()) != got {
		t.Errorf("%d and %d entries, want %d", got, len(big.Entries()), 2*n)
	}
}

func TestBadHashes(t *testing.T) {
	for _, value := range []string{"x", "", "ABC", strings.Repeat("F", 64), strings.Repeat("g", 64), "sha256:" + strings.Repeat("0", 32), "md5:900150983cd24fb0d6963f7d28e17f72"} {
		e := Edit{Bank: "a", Version: 1, Header: &Header{Kind: Hashes}, Add: []Entry{{Value: value}}}
		var none *Set
		if _, err := none.Apply(&e); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: got %v, want %v", value, err, ErrInvalid)
		}
	}
	far := Edit{Bank: "a", Version: 1, Header: &Header{Kind: Hashes}, Add: []Entry{{Value: apart(0).String(), Distance: new(MaxDistance + 1)}}}
	if err := far.Check(); !errors.Is(err, ErrInvalid) {
		t.Errorf("a distance of %d: %v", MaxDistance+1, err)
	}
}

func TestReadHashFile(t *testing.T) {
	pdq := apart(3).String()
	for _, c := range []struct{ name, data, want string }{
		{"bad.csv", "# of the week\n" + strings.ToUpper(pdq) + ",case 7\nmd5:900150983CD24fb0d6963f7d28e17f72\n\n" + pdq + ",again\n", pdq + "=case 7 900150983cd24fb0d6963f7d28e17f72="},
		{"te.csv", "id,type,indicator\n99,pdq," + pdq + "\n", pdq + "=99"},
		{"headed.csv", "hash\n" + pdq + "\n", pdq + "="},
		{"y.yaml", "kind: hashes\nentries: [{value: \"" + strings.ToUpper(pdq) + "\", distance: 20}]\n", pdq + "="},
		{"wrong.csv", pdq + "\nnothing\n", `wrong.csv: line 2: "nothing" is no hash`},
		{"short.csv", "id,hash\n1\n", "short.csv: line 2: it has no column 2"},
		{"y2.yaml", "kind: hashes\nentries: [{value: abc}]\n", `y2.yaml: entry 1: "abc" is no hash`},
	} {
		f, err := ReadFile(strings.NewReader(c.data), c.name)
		if err != nil {
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%s: got %v, want %s", c.name, err, c.want)
			}
			continue
		}
		var got []string
		for _, e := range f.Entries {
			got = append(got, e.Value+"="+e.Note)
		}
		if g := strings.Join(got, " "); f.Kind != Hashes || g != c.want {
			t.Errorf("%s: got %s %s, want %s", c.name, f.Kind, g, c.want)
		}
	}
}

func FuzzReadHashes(f *testing.F) {
	f.Add([]byte(apart(3).String() + ",case 7\n"))
	f.Add([]byte("id,indicator\n1,900150983cd24fb0d6963f7d28e17f72\n"))
	f.Add([]byte("\"\n\",,\r\n#"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ReadFile(strings.NewReader(string(data)), "f.csv")
		if err != nil {
			return
		}
		if _, err := NewSet(&Compiler{}, []Stored{file.Stored()}); err != nil {
			t.Fatalf("a file that was read does not make a set: %v", err)
		}
	})
}

var sink []rule.Found

func BenchmarkApplyHash(b *testing.B) {
	f := &File{Name: "big", Header: Header{Kind: Hashes}}
	for i := range 100_000 {
		x := uint64(i+1) * 0x9e3779b97f4a7c15
		f.Entries = append(f.Entries, Entry{Value: hamming.Hash{x, x ^ x>>29, x * 0xbf58476d1ce4e5b9, ^x}.String()})
	}
	s, err := NewSet(&Compiler{}, []Stored{f.Stored()})
	if err != nil {
		b.Fatal(err)
	}
	e := Edit{Bank: "big", Version: 2, Add: []Entry{{Value: apart(7).String()}}}
	b.Run("edit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Apply(&e); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("look", func(b *testing.B) {
		var r Reader
		p := Picture{PDQ: []hamming.Hash{apart(7)}}
		b.ReportAllocs()
		for b.Loop() {
			sink, _ = r.LookAt(sink[:0], s, &p, "m", Occasion{})
		}
	})
}
