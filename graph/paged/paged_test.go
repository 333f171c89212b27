package paged

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// store is a store of keys and values in memory, and what is to be set in it.
type store map[string][]byte

type pending []struct{ key, value []byte }

func (p *pending) Set(key, value []byte) {
	*p = append(*p, struct{ key, value []byte }{bytes.Clone(key), bytes.Clone(value)})
}

func (s store) apply(p *pending) {
	for _, set := range *p {
		s[string(set.key)] = set.value
	}
}

type thing struct {
	Name  string
	Count int64
	Hash  uint64
	List  []string
}

func (t *thing) code(c *Coder) {
	c.String(&t.Name)
	Int(c, &t.Count)
	c.Hash(&t.Hash)
	c.Strings(&t.List)
}

// structure is a structure with two tables.
type structure struct {
	Things  []thing
	Numbers []uint32
	Total   float64
	book    Book
	things  *Table[thing]
	numbers *Table[uint32]
}

func newStructure() *structure {
	s := &structure{}
	s.book.Head(func(c *Coder) { c.Float(&s.Total) })
	s.things = Add(&s.book, &s.Things, (*thing).code)
	s.numbers = Add(&s.book, &s.Numbers, func(n *uint32, c *Coder) { Uint(c, n) })
	return s
}

func (s *structure) shown() string { return fmt.Sprintf("%+v %v %v", s.Things, s.Numbers, s.Total) }

func loaded(t interface{ Fatal(...any) }, from store) *structure {
	s := newStructure()
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if err := s.book.Load([]byte(key), from[key]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.book.Loaded(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestImagesAreOfOneMoment changes a structure while images of it are written, in any order, and loads them.
func TestImagesAreOfOneMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, disk := newStructure(), store{}
		out := &pending{}
		s.book.Mark(out)
		want, imaging := "", (*pending)(nil)
		finish := func() {
			if imaging == nil {
				return
			}
			for s.book.Step(3) == 0 {
			}
			disk.apply(imaging)
			imaging = nil
			if diff := cmp.Diff(want, loaded(t, disk).shown()); diff != "" {
				t.Fatal(diff)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				s.things.Touch(uint32(len(s.Things)))
				s.Things = append(s.Things, thing{Name: rapid.String().Draw(t, "name")})
				s.numbers.Touch(uint32(len(s.Numbers)))
				s.Numbers = append(s.Numbers, rapid.Uint32().Draw(t, "number"))
				s.Total++
			},
			"change": func(t *rapid.T) {
				if len(s.Things) == 0 {
					return
				}
				i := rapid.IntRange(0, len(s.Things)-1).Draw(t, "place")
				s.things.Touch(uint32(i))
				s.Things[i].Count = rapid.Int64().Draw(t, "count")
				s.Things[i].Hash = rapid.Uint64().Draw(t, "hash")
				s.Things[i].List = rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "list")
				if len(s.Things[i].List) == 0 {
					s.Things[i].List = nil
				}
			},
			"mark": func(*rapid.T) {
				finish()
				next := &pending{}
				s.book.Mark(next)
				want, imaging, out = s.shown(), out, next
			},
			"step":   func(t *rapid.T) { s.book.Step(rapid.IntRange(1, 4).Draw(t, "blocks")) },
			"finish": func(*rapid.T) { finish() },
		})
		finish()
	})
}

func TestOnlyWhatChangedIsWritten(t *testing.T) {
	s := newStructure()
	first, second, third := &pending{}, &pending{}, &pending{}
	s.book.Mark(first)
	for i := range 100 {
		s.things.Touch(uint32(i))
		s.Things = append(s.Things, thing{})
	}
	s.book.Mark(second)
	s.things.Touch(50)
	s.Things[50].Count = 1
	s.book.Mark(third)
	for s.book.Step(1) == 0 {
	}
	if got, want := len(*first), 1+13; got != want {
		t.Errorf("%d records for a hundred new items, want %d", got, want)
	}
	if got, want := len(*second), 1+1; got != want {
		t.Errorf("%d records for one that changed, want %d", got, want)
	}
}

func TestTouchDoesNotAllocate(t *testing.T) {
	s := newStructure()
	s.Things = make([]thing, 64)
	if n := testing.AllocsPerRun(100, func() { s.things.Touch(3) }); n != 0 {
		t.Errorf("%v allocations without images", n)
	}
	s.book.Mark(&pending{})
	s.things.Touch(3)
	if n := testing.AllocsPerRun(100, func() { s.things.Touch(3) }); n != 0 {
		t.Errorf("%v allocations to touch again", n)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0}, []byte{1, 1, 'a', 2, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1, 'b'})
	f.Add([]byte{headKey}, []byte{0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{0, 0, 0, 0, 0}, []byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		s := newStructure()
		if s.book.Load(key, value) != nil {
			return
		}
		// What loads is written in the same bytes, but for numbers in more bytes than they need: so written and loaded again it is the same.
		out := &pending{}
		again := newStructure()
		again.book.Mark(out)
		again.things.Touch(0)
		again.numbers.Touch(0)
		again.Things, again.Numbers, again.Total = s.Things, s.Numbers, s.Total
		again.book.Mark(&pending{})
		for again.book.Step(1) == 0 {
		}
		disk := store{}
		disk.apply(out)
		if got, want := loaded(t, disk).shown(), s.shown(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
