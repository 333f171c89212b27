package hamming

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func randomHash(r *rand.Rand) Hash {
	return Hash{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
}

// flipped is h with n different bits flipped.
func flipped(r *rand.Rand, h Hash, n int) Hash {
	for _, bit := range r.Perm(256)[:n] {
		h[bit/64] ^= 1 << (bit % 64)
	}
	return h
}

// nearest is what a search should find among entries.
func nearest(entries []Entry, h Hash, k, radius int) []Match {
	var found []Match
	for _, e := range entries {
		if d := Distance(e.Hash, h); d <= radius {
			found = append(found, Match{e, d})
		}
	}
	slices.SortFunc(found, compareMatch)
	if k > 0 && len(found) > k {
		found = found[:k]
	}
	return found
}

// sliced makes an index whose base is cut into slots although it has few entries, and looks them up as if it had a million.
func sliced(slots int, entries []Entry) *Index {
	x := Build(slices.Clone(entries))
	b := x.parts.Load().base
	b = newBaseOf(slots, b.hashes, b.ids)
	b.plan = planOf(b.slots, 1<<20)
	return newIndex(b)
}

func TestNothingIsMissed(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var entries []Entry
	var queries []Hash
	for i := range 300 {
		q := randomHash(r)
		queries = append(queries, q)
		for _, d := range []int{0, 1, 15, 30, 31, 32, 40, 45} {
			entries = append(entries, Entry{flipped(r, q, d), uint64(i)})
		}
		// A bit less than every look-up but one can see: as many flips as possible in each slot.
		even := q
		for bit := range 31 {
			at := bit*8 + r.IntN(8)
			even[at/64] ^= 1 << (at % 64)
		}
		entries = append(entries, Entry{even, uint64(i)})
	}
	for _, slots := range []int{0, 13, 16} {
		x := sliced(slots, entries)
		if got := len(x.parts.Load().base.plan); (slots > 0) != (got > 40) {
			t.Errorf("%d slots: the plan reaches to radius %d", slots, got-1)
		}
		for _, radius := range []int{-1, 0, 1, 14, 15, 16, 31, 44, 300} {
			for _, q := range queries[:8] {
				if diff := cmp.Diff(nearest(entries, q, 0, radius), x.Search(nil, q, radius)); diff != "" {
					t.Fatalf("%d slots, radius %d: want, got: %s", slots, radius, diff)
				}
			}
		}
		for _, q := range queries {
			if diff := cmp.Diff(nearest(entries, q, 0, 31), x.Search(nil, q, 31)); diff != "" {
				t.Fatalf("%d slots: want, got: %s", slots, diff)
			}
			for _, k := range []int{1, 3, 20} {
				if diff := cmp.Diff(nearest(entries, q, k, 60), x.Nearest(nil, q, k, 60)); diff != "" {
					t.Fatalf("%d slots, %d nearest: want, got: %s", slots, k, diff)
				}
			}
		}
	}
}

func TestSlotsCoverAllBits(t *testing.T) {
	for _, n := range []int{16, 13} {
		b := newBaseOf(n, nil, nil)
		for bit := range 256 {
			var h Hash
			h[bit/64] = 1 << (63 - bit%64)
			set := 0
			for i := range b.slots {
				if v := b.slots[i].value(&h); v != 0 {
					set++
					if v>>b.slots[i].bits != 0 {
						t.Errorf("%d slots: bit %d gives slot %d the value %#x, and it has %d bits", n, bit, i, v, b.slots[i].bits)
					}
				}
			}
			if set != 1 {
				t.Errorf("%d slots: bit %d is in %d of them", n, bit, set)
			}
		}
	}
}

// TestAsASet changes an index and a plain list alike, and searches both.
func TestAsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
		centres := []Hash{{}, {1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}, randomHash(r)}
		hash := func() Hash { return flipped(r, centres[r.IntN(len(centres))], r.IntN(30)) }
		var want []Entry
		for range r.IntN(40) {
			want = append(want, Entry{hash(), uint64(r.IntN(5))})
		}
		want = sorted(want)
		x := sliced(16, want)
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"add", "add", "add", "again", "remove", "remove", "compact", "search", "save"}), 1, 60).Draw(t, "steps")
		for _, step := range steps {
			switch step {
			case "add":
				e := Entry{hash(), uint64(r.IntN(5))}
				if got, was := x.Add(e.Hash, e.ID), !slices.Contains(want, e); got != was {
					t.Fatalf("Add = %t, want %t", got, was)
				} else if got {
					want = append(want, e)
				}
			case "again":
				if len(want) > 0 && x.Add(want[0].Hash, want[0].ID) {
					t.Fatal("Add of an entry that is there = true")
				}
			case "remove":
				if len(want) > 0 {
					i := r.IntN(len(want))
					e := want[i]
					want = slices.Delete(want, i, i+1)
					if !x.Remove(e.Hash, e.ID) || x.Remove(e.Hash, e.ID) {
						t.Fatal("Remove of an entry that is there is false, or true twice")
					}
				}
			case "compact":
				x.Compact()
				if got := x.Pending(); got != 0 {
					t.Fatalf("Pending = %d after Compact", got)
				}
			case "save":
				x = saved(t, x)
			case "search":
				q, radius, k := hash(), r.IntN(80), 1+r.IntN(9)
				if diff := cmp.Diff(nearest(want, q, 0, radius), x.Search(nil, q, radius)); diff != "" {
					t.Fatalf("Search: want, got: %s", diff)
				}
				if diff := cmp.Diff(nearest(want, q, k, radius), x.Nearest(nil, q, k, radius)); diff != "" {
					t.Fatalf("Nearest: want, got: %s", diff)
				}
			}
			if x.Len() != len(want) {
				t.Fatalf("Len = %d, want %d", x.Len(), len(want))
			}
		}
	})
}

// TestSearchesAmongChanges searches while entries come and go and bases are made: what stays is always found, what was
// removed before never.
func TestSearchesAmongChanges(t *testing.T) {
	const rounds = 15
	r := rand.New(rand.NewPCG(5, 6))
	var stays, goes []Entry
	for i := range 6000 {
		stays = append(stays, Entry{randomHash(r), uint64(i)})
		goes = append(goes, Entry{randomHash(r), uint64(i)})
	}
	x := Build(slices.Clone(stays))
	for _, e := range goes[:2000] {
		x.Add(e.Hash, e.ID)
		x.Remove(e.Hash, e.ID)
	}
	var readers, writer, compacter sync.WaitGroup
	done := make(chan struct{})
	for n := range 2 {
		readers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 7))
			var found []Match
			for {
				select {
				case <-done:
					return
				default:
				}
				e := stays[r.IntN(len(stays))]
				if found = x.Search(found[:0], flipped(r, e.Hash, 20), 20); !slices.Contains(found, Match{e, 20}) {
					t.Errorf("an entry that stays is not found")
				}
				e = goes[r.IntN(2000)]
				if found = x.Nearest(found[:0], e.Hash, 1, 0); len(found) > 0 {
					t.Errorf("an entry that was removed is found")
				}
			}
		})
	}
	writer.Go(func() {
		r := rand.New(rand.NewPCG(8, 9))
		for range rounds {
			some := goes[2000+r.IntN(3000):][:1000]
			for _, e := range some {
				if !x.Add(e.Hash, e.ID) || len(x.Search(nil, e.Hash, 0)) != 1 {
					t.Errorf("an entry is not there after Add")
				}
			}
			for _, e := range some {
				if !x.Remove(e.Hash, e.ID) || len(x.Search(nil, e.Hash, 0)) != 0 {
					t.Errorf("an entry is there after Remove")
				}
			}
		}
	})
	compacter.Go(func() {
		for {
			x.Compact()
			select {
			case <-done:
				return
			default:
			}
		}
	})
	writer.Wait()
	close(done)
	readers.Wait()
	compacter.Wait()
	if x.Len() != len(stays) {
		t.Errorf("Len = %d, want %d", x.Len(), len(stays))
	}
	x.Compact()
	if p := x.parts.Load(); len(p.base.ids) != len(stays) {
		t.Errorf("the base has %d entries, want %d", len(p.base.ids), len(stays))
	}
}

func TestSearchAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	var entries []Entry
	q := randomHash(r)
	for i := range 100 {
		entries = append(entries, Entry{flipped(r, q, r.IntN(40)), uint64(i)})
	}
	x := sliced(16, entries)
	for i := range 50 {
		x.Add(flipped(r, q, r.IntN(40)), uint64(i))
	}
	found := x.Search(nil, q, 31)
	if len(found) < 50 {
		t.Fatalf("%d found, the test needs more", len(found))
	}
	if got := testing.AllocsPerRun(100, func() { found = x.Search(found[:0], q, 31) }); got != 0 {
		t.Errorf("Search allocates %v times", got)
	}
	if got := testing.AllocsPerRun(100, func() { found = x.Nearest(found[:0], q, 10, 31) }); got != 0 {
		t.Errorf("Nearest allocates %v times", got)
	}
}

func TestSearchKeepsWhatIsInDst(t *testing.T) {
	e := Entry{Hash{1}, 7}
	x := Build([]Entry{e, e})
	first := Match{Entry{Hash{9}, 9}, 256}
	want := []Match{first, {e, 0}}
	if diff := cmp.Diff(want, x.Search([]Match{first}, e.Hash, 0)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, x.Nearest([]Match{first}, e.Hash, 1, 256)); diff != "" {
		t.Error(diff)
	}
	if got := x.Nearest(nil, e.Hash, 0, 256); got != nil {
		t.Errorf("0 nearest = %v", got)
	}
}

func TestParse(t *testing.T) {
	const text = "d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596623e1d33e6b39c4e9c9b22"
	h, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Hash{0xd8f8f0cee0f4a84f, 0x0637022a078f67f0, 0xb36e2ed596623e1d, 0x33e6b39c4e9c9b22}); h != want || h.String() != text {
		t.Errorf("Parse = %v, want %v", h, want)
	}
	for _, bad := range []string{"", text[1:], text + "0", "g" + text[1:], text[:63] + "é"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("Parse(%q) has no error", bad)
		}
	}
}
