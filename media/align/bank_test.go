package align

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zeebo/xxh3"
	"pgregory.net/rapid"
)

// gallery are the features of scenes, with those of a query that shows each.
func gallery(t testing.TB, n int) (banked, queries []*Features) {
	for seed := range uint64(n) {
		p := scene(100+seed, 320, 240)
		banked = append(banked, features(t, p))
		queries = append(queries, features(t, seen(p, 300, 200, about(8, 0.9, 150, 100, 160, 120))))
	}
	return banked, queries
}

func found(b *Bank, query *Features) (ids []uint64) {
	for _, f := range b.Search(nil, query, 10) {
		ids = append(ids, f.ID)
	}
	return ids
}

// TestBankAsASet changes a bank and a list alike, and searches for all.
func TestBankAsASet(t *testing.T) {
	const n = 5
	banked, queries := gallery(t, n)
	rapid.Check(t, func(t *rapid.T) {
		b := NewBank()
		var want [n]bool
		steps := rapid.SliceOfN(rapid.IntRange(0, 3*n+1), 1, 30).Draw(t, "steps")
		for _, step := range steps {
			switch i := step % n; {
			case step < 2*n:
				if err := b.Add(uint64(i), banked[i]); (err == nil) == want[i] {
					t.Fatalf("Add of picture %d, there: %t, gives %v", i, want[i], err)
				}
				want[i] = true
			case step < 3*n:
				if got := b.Remove(uint64(i)); got != want[i] {
					t.Fatalf("Remove of picture %d = %t, want %t", i, got, want[i])
				}
				want[i] = false
			case step == 3*n:
				b.Compact()
				if b.Shelves() != 1 {
					t.Fatalf("%d shelves after Compact", b.Shelves())
				}
			default:
				var file bytes.Buffer
				if _, err := b.WriteTo(&file); err != nil {
					t.Fatal(err)
				}
				var err error
				if b, err = ReadBank(&file, n); err != nil {
					t.Fatal(err)
				}
			}
		}
		count := 0
		for i, q := range queries {
			var ids []uint64
			if want[i] {
				ids = []uint64{uint64(i)}
				count++
			}
			if got := found(b, q); !slices.Equal(got, ids) {
				t.Fatalf("a query for picture %d finds %v, want %v", i, got, ids)
			}
		}
		if b.Len() != count {
			t.Fatalf("Len = %d, want %d", b.Len(), count)
		}
	})
}

// TestBuild holds that a bank that was built is the one that was added to.
func TestBuild(t *testing.T) {
	banked, queries := gallery(t, 4)
	built, err := Build(func(yield func(uint64, *Features) bool) {
		for i, f := range banked {
			if !yield(uint64(i), f) {
				return
			}
		}
	})
	if err != nil || built.Len() != 4 {
		t.Fatalf("Build gives %d pictures: %v", built.Len(), err)
	}
	for i, q := range queries {
		if got, want := found(built, q), []uint64{uint64(i)}; !slices.Equal(got, want) {
			t.Errorf("found %v, want %v", got, want)
		}
		if diff := cmp.Diff(banked[i], built.Features(uint64(i)), cmp.AllowUnexported(Features{}, point{})); diff != "" {
			t.Errorf("features of %d (-want +got):\n%s", i, diff)
		}
	}
	if err := built.Add(3, banked[3]); err == nil {
		t.Error("Add takes a picture that is there")
	}
	built.Remove(3)
	if got := built.Features(3); got != nil {
		t.Errorf("features of a picture that is gone: %v", got)
	}
	twice := func(yield func(uint64, *Features) bool) { _ = yield(1, banked[0]) && yield(1, banked[1]) }
	if _, err := Build(twice); err == nil {
		t.Error("Build takes two pictures of one id")
	}
	if empty, err := Build(func(func(uint64, *Features) bool) {}); err != nil || empty.Len() != 0 || found(empty, queries[0]) != nil {
		t.Errorf("an empty bank: %v", err)
	}
}

func TestSearchOrdersAndLimits(t *testing.T) {
	p := scene(1, 480, 360)
	b := NewBank()
	for id := range uint64(20) {
		if err := b.Add(id, features(t, scene(50+id, 320, 240))); err != nil {
			t.Fatal(err)
		}
	}
	// The same picture, ever smaller parts of it.
	for i := range 4 {
		part := features(t, seen(p, 480-90*i, 360-60*i, about(0, 1, 0, 0, 0, 0)))
		if err := b.Add(uint64(104-i), part); err != nil {
			t.Fatal(err)
		}
	}
	query := features(t, p)
	if got, want := found(b, query), []uint64{104, 103, 102, 101}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	first := Found{ID: 7}
	got := b.Search([]Found{first}, query, 2)
	if len(got) != 3 || got[0] != first || got[1].ID != 104 || got[1].Inliers < got[2].Inliers {
		t.Errorf("limited to 2 after one: %v", got)
	}
	if got := b.Search(nil, query, -1); len(got) != 0 {
		t.Errorf("limited to -1: %v", got)
	}
}

// TestBankAmongChanges searches while pictures come and go: what stays is always found.
func TestBankAmongChanges(t *testing.T) {
	banked, queries := gallery(t, 8)
	b := NewBank()
	for i := range 4 {
		if err := b.Add(uint64(i), banked[i]); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan struct{})
	var readers, writer sync.WaitGroup
	readers.Go(func() {
		for i := 0; ; i = (i + 1) % 4 {
			select {
			case <-done:
				return
			default:
			}
			if got, want := found(b, queries[i]), []uint64{uint64(i)}; !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
		}
	})
	writer.Go(func() {
		for range 6 {
			for i := 4; i < 8; i++ {
				if err := b.Add(uint64(i), banked[i]); err != nil {
					t.Error(err)
				}
			}
			if got := found(b, queries[6]); !slices.Equal(got, []uint64{6}) {
				t.Errorf("found %v after Add, want 6", got)
			}
			for i := 4; i < 8; i++ {
				b.Remove(uint64(i))
			}
			if got := found(b, queries[6]); got != nil {
				t.Errorf("found %v after Remove", got)
			}
			b.Compact()
		}
	})
	writer.Wait()
	close(done)
	readers.Wait()
}

func TestPicturesWithoutFeatures(t *testing.T) {
	b := NewBank()
	flat := features(t, Plane{50, 50, make([]uint8, 2500)})
	p := scene(1, 320, 240)
	for id, f := range []*Features{flat, features(t, p), flat} {
		if err := b.Add(uint64(id), f); err != nil {
			t.Fatal(err)
		}
	}
	if got := found(b, flat); got != nil {
		t.Errorf("a flat picture finds %v", got)
	}
	if got, want := found(b, features(t, p)), []uint64{1}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

func bytesOf(f *Features) []byte {
	b, _ := f.AppendBinary(nil)
	return b
}

func TestFeaturesInBytes(t *testing.T) {
	f := features(t, scene(1, 320, 240))
	var got Features
	if err := got.UnmarshalBinary(bytesOf(f)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f, &got, cmp.AllowUnexported(Features{}, point{})); diff != "" {
		t.Error(diff)
	}
	one := Features{320, 240, f.points[:1], f.descriptors[:1]}
	for name, change := range map[string]func(b []byte) []byte{
		"empty":        func([]byte) []byte { return nil },
		"short":        func(b []byte) []byte { return b[:len(b)-1] },
		"long":         func(b []byte) []byte { return append(b, 0) },
		"no width":     func(b []byte) []byte { b[0], b[1] = 0, 0; return b },
		"high":         func(b []byte) []byte { b[2] = 255; return b },
		"many":         func(b []byte) []byte { b[4] = 255; return b },
		"outside":      func(b []byte) []byte { b[6] = 255; return b },
		"on no level":  func(b []byte) []byte { b[11] = levels; return b },
		"one too many": func(b []byte) []byte { b[5]++; return b },
	} {
		kept := got
		if err := got.UnmarshalBinary(change(bytesOf(&one))); !errors.Is(err, ErrDamaged) || got.Len() != kept.Len() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// smallBank is a saved bank of pictures with one feature.
func smallBank(ids ...uint64) []byte {
	b := order.AppendUint64([]byte(magic), uint64(len(ids)))
	for _, id := range ids {
		b = order.AppendUint64(b, id)
		b = append(b, bytesOf(&Features{10, 10, []point{{1, 2, 3, 4}}, []descriptor{{id}}})...)
	}
	return order.AppendUint64(b, xxh3.Hash(b))
}

func TestReadBankRefusesDamage(t *testing.T) {
	good := smallBank(1, 2)
	if b, err := ReadBank(bytes.NewReader(good), 2); err != nil || b.Len() != 2 {
		t.Fatal(err)
	}
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 1
		if _, err := ReadBank(bytes.NewReader(bad), 2); !errors.Is(err, ErrDamaged) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := ReadBank(bytes.NewReader(good[:i]), 2); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
	for name, bad := range map[string][]byte{"order": smallBank(2, 1), "twice": smallBank(1, 1), "over the limit": smallBank(1, 2, 3)} {
		if _, err := ReadBank(bytes.NewReader(bad), 2); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadBank(bytes.NewReader(good), -1); !errors.Is(err, ErrDamaged) {
		t.Errorf("a limit below zero: %v", err)
	}
}

func FuzzReadBank(f *testing.F) {
	f.Add(smallBank())
	f.Add(smallBank(1, 1<<60))
	f.Add(smallBank(2, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBank(bytes.NewReader(data), 100)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if _, err := b.WriteTo(&again); err != nil || !bytes.HasPrefix(data, again.Bytes()) {
			t.Errorf("what was read is saved otherwise, or not: %v", err)
		}
	})
}

func FuzzFeatures(f *testing.F) {
	f.Add(bytesOf(&Features{10, 10, []point{{1, 2, 3, 4}}, []descriptor{{5}}}))
	f.Add(bytesOf(features(f, scene(1, 100, 80))))
	f.Fuzz(func(t *testing.T, data []byte) {
		var x Features
		if x.UnmarshalBinary(data) != nil {
			return
		}
		if !bytes.Equal(bytesOf(&x), data) {
			t.Error("what was read is written otherwise")
		}
		Verify(&x, &x)
		b := NewBank()
		if err := b.Add(1, &x); err != nil {
			t.Fatal(err)
		}
		b.Search(nil, &x, 1)
	})
}

// crowd fills a bank with n pictures whose features are drawn from others, with a quarter of their comparisons the other way:
// keys that are as frequent as those of real pictures, but nothing that aligns.
func crowd(b *Bank, from []*Features, n int) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	all := &shelf{}
	for id := range n {
		f := &Features{width: 640, height: 480}
		for range 450 {
			s := from[r.IntN(len(from))]
			if s.Len() == 0 {
				continue
			}
			i := r.IntN(s.Len())
			d := s.descriptors[i]
			for w := range d {
				d[w] ^= r.Uint64() & r.Uint64() // a quarter of the bits
			}
			f.points = append(f.points, s.points[i])
			f.descriptors = append(f.descriptors, d)
		}
		all.put(1<<32+uint64(id), f)
	}
	b.replace(append([]*shelf{all}, *b.shelves.Load()...), all)
	b.len.Add(int64(n))
}

func BenchmarkBank(b *testing.B) {
	p := scene(9, 800, 600)
	query := features(b, seen(p, 800, 600, about(5, 1.1, 400, 300, 400, 300)))
	var scenes []*Features
	for seed := range uint64(64) {
		scenes = append(scenes, features(b, scene(1000+seed, 640, 480)))
	}
	for _, n := range []int{1000, 10_000} {
		bank := NewBank()
		crowd(bank, scenes, n)
		if err := bank.Add(1, features(b, p)); err != nil {
			b.Fatal(err)
		}
		b.Run("Search/"+map[int]string{1000: "1k", 10_000: "10k"}[n], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := found(bank, query); !slices.Equal(got, []uint64{1}) {
					b.Fatal(got)
				}
			}
		})
	}
	f := features(b, p)
	b.Run("Add", func(b *testing.B) {
		bank := NewBank()
		id := uint64(0)
		for b.Loop() {
			id++
			if err := bank.Add(id, f); err != nil {
				b.Fatal(err)
			}
		}
	})
}
