package ids

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func id(n int) (id [16]byte) {
	binary.LittleEndian.PutUint64(id[:], uint64(n))
	return id
}

func TestAdmit(t *testing.T) {
	s := NewSet(Options{Horizon: 100, Max: 1000})
	steps := []struct {
		id      int
		content uint64
		at      int64
		clock   int64
		want    Verdict
	}{
		{1, 7, 1000, 1000, New},
		{1, 7, 1000, 1000, Duplicate},
		{1, 8, 1000, 1000, Conflict},
		{1, 8, 1000, 1000, Conflict}, // the first still wins
		{2, 7, 1000, 1000, New},
		{3, 7, 901, 1001, New},
		{4, 7, 900, 1001, TooOld},
		{4, 7, 902, 1001, New},
		{1, 7, 1000, 1100, Duplicate},
		{1, 7, 1000, 1101, TooOld},
	}
	for i, step := range steps {
		got, err := s.Admit(id(step.id), step.content, step.at, step.clock)
		if err != nil || got != step.want {
			t.Errorf("step %d %+v: got %v, %v", i, step, got, err)
		}
	}
}

// TestModel: against a plain map, no id within the horizon that is remembered is new twice, and whatever is forgotten is TooOld.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewSet(Options{Horizon: 1000, Max: rapid.IntRange(1, 60).Draw(t, "max")})
		type event struct {
			content uint64
			at      int64
		}
		seen := map[int]event{}
		clock := int64(5000)
		for range rapid.IntRange(1, 400).Draw(t, "n") {
			clock += rapid.SampledFrom([]int64{0, 0, 1, 30, 300}).Draw(t, "step")
			n := rapid.IntRange(0, 120).Draw(t, "id")
			e := event{uint64(n), clock - rapid.Int64Range(0, 1100).Draw(t, "late")}
			was, again := seen[n]
			if again && rapid.Bool().Draw(t, "same") {
				e = was // a true duplicate
			}
			got, err := s.Admit(id(n), e.content, e.at, clock)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case e.at < clock-1000:
				if got != TooOld {
					t.Fatalf("beyond the horizon: got %v", got)
				}
			case again && e == was && got == New:
				t.Fatalf("id %d at %d was admitted twice", n, e.at)
			case !again && got != New && got != TooOld:
				t.Fatalf("id %d was never seen: got %v", n, got)
			}
			if got == New {
				seen[n] = e
			}
			if s.total > s.opts.Max {
				t.Fatalf("%d ids are kept, more than %d", s.total, s.opts.Max)
			}
		}
	})
}

// disk keeps what a set stores.
type disk struct {
	ids     map[uint32]map[[16]byte]uint64
	filters map[[2]uint32][]byte
}

func newDisk() *disk {
	return &disk{map[uint32]map[[16]byte]uint64{}, map[[2]uint32][]byte{}}
}

func (d *disk) PutID(era uint32, id [16]byte, content uint64) {
	if d.ids[era] == nil {
		d.ids[era] = map[[16]byte]uint64{}
	}
	d.ids[era][id] = content
}
func (d *disk) PutFilter(era, chunk uint32, b []byte) {
	d.filters[[2]uint32{era, chunk}] = slices.Clone(b)
}
func (d *disk) IDs(era uint32, fn func([16]byte)) error {
	for id := range d.ids[era] {
		fn(id)
	}
	return nil
}
func (d *disk) Filter(era, chunk uint32) ([]byte, error) {
	if b, ok := d.filters[[2]uint32{era, chunk}]; ok {
		return b, nil
	}
	return nil, errors.New("no such filter")
}
func (d *disk) stored(era uint32, id [16]byte) (uint64, bool, error) {
	c, ok := d.ids[era][id]
	return c, ok, nil
}

// TestDisk: a set most of whose ids are on disk alone, and one that was restored from there, answer as one in memory.
func TestDisk(t *testing.T) {
	const horizon = 1_000_000
	d := newDisk()
	opts := Options{Horizon: horizon, Max: 1 << 20, Recent: 1000, Stored: d.stored}
	onDisk, inMemory := NewSet(opts), NewSet(Options{Horizon: horizon, Max: 1 << 20})
	r := rand.New(rand.NewPCG(3, 4))
	clock := int64(horizon)
	for i := range 300_000 {
		clock += r.Int64N(7)
		n := i
		if i%5 == 0 {
			n = r.IntN(i + 1)
		}
		got, err := onDisk.Admit(id(n), uint64(n%7)+uint64(i%3), clock, clock)
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := inMemory.Admit(id(n), uint64(n%7)+uint64(i%3), clock, clock); got != want {
			t.Fatalf("admission %d of id %d: got %v, want %v", i, n, got, want)
		}
		if i%20_000 == 0 {
			for f := onDisk.Mark(); f.Step(100, d); {
			}
			onDisk.Saved()
		}
		if i%100_000 == 0 {
			again := NewSet(opts)
			if err := again.Restore(onDisk.Meta(nil), d); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(onDisk.Meta(nil), again.Meta(nil)); diff != "" {
				t.Fatal(diff)
			}
			onDisk = again
		}
	}
	st := onDisk.Stats()
	if st.Disk < 100_000 || st.Memory > 30_000 || st.Eras < 3 {
		t.Errorf("the test did not do what it is for: %+v", st)
	}
}

func TestRestoreDamaged(t *testing.T) {
	d := newDisk()
	s := NewSet(Options{Horizon: 100, Max: 1000, Stored: d.stored})
	for i := range 600 {
		if _, err := s.Admit(id(i), 1, int64(100+i), int64(100+i)); err != nil {
			t.Fatal(err)
		}
	}
	for f := s.Mark(); f.Step(1000, d); {
	}
	meta := s.Meta(nil)
	for n := range meta {
		if err := NewSet(s.opts).Restore(meta[:n], d); err == nil {
			t.Errorf("%d bytes of %d: got no error", n, len(meta))
		}
	}
	if err := NewSet(s.opts).Restore(append(meta, 0), d); err == nil {
		t.Error("a byte too many: got no error")
	}
	if err := NewSet(s.opts).Restore(meta, newDisk()); err == nil {
		t.Error("without filters: got no error")
	}
	for key, b := range d.filters {
		d.filters[key] = b[1:]
	}
	if err := NewSet(s.opts).Restore(meta, d); err == nil {
		t.Error("with short filters: got no error")
	}
}

func TestStoredFails(t *testing.T) {
	d := newDisk()
	broken := errors.New("broken")
	s := NewSet(Options{Horizon: 100, Max: 1000, Stored: func(uint32, [16]byte) (uint64, bool, error) { return 0, false, broken }})
	if _, err := s.Admit(id(1), 1, 100, 100); err != nil {
		t.Fatal(err)
	}
	for f := s.Mark(); f.Step(10, d); {
	}
	s.Saved()
	if _, err := s.Admit(id(1), 1, 100, 100); !errors.Is(err, broken) {
		t.Errorf("got %v, want the store's error", err)
	}
}

// TestFilter: at its capacity the filter errs for no more than one id in five hundred.
func TestFilter(t *testing.T) {
	const n = 200_000
	f := newFilter(n)
	for i := range n {
		f.add(hash(id(i)))
	}
	wrong := 0
	for i := range n {
		if !f.has(hash(id(i))) {
			t.Fatalf("id %d was added and is not found", i)
		}
		if f.has(hash(id(n + i))) {
			wrong++
		}
	}
	if t.Logf("%d of %d wrong", wrong, n); wrong > n/500 {
		t.Errorf("%d of %d ids are taken for known", wrong, n)
	}
}

func FuzzRestore(f *testing.F) {
	s := NewSet(Options{Horizon: 100, Max: 1000})
	for i := range 300 {
		if _, err := s.Admit(id(i), 1, int64(100+i), int64(100+i)); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(s.Meta(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, meta []byte) {
		s := NewSet(Options{Horizon: 100, Max: 1000})
		if s.Restore(meta, newDisk()) == nil {
			s.opts.Stored = newDisk().stored
			if _, err := s.Admit(id(1), 1, 1, 1); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// BenchmarkAdmit is the admission of new ids, with five full eras in memory, and of duplicates.
func BenchmarkAdmit(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000, 10_000_000} {
		s := NewSet(Options{Horizon: 1 << 62, Max: n})
		r := rand.New(rand.NewPCG(1, 1))
		next := func() (id [16]byte) {
			binary.LittleEndian.PutUint64(id[:], r.Uint64())
			binary.LittleEndian.PutUint64(id[8:], r.Uint64())
			return id
		}
		for range n + n/2 {
			if _, err := s.Admit(next(), 1, 1<<60, 1<<60); err != nil {
				b.Fatal(err)
			}
			s.floor = -1 // every id has the same time
		}
		name := map[int]string{100_000: "100k", 1_000_000: "1M", 10_000_000: "10M"}[n]
		b.Run("new/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Admit(next(), 1, 1<<60, 1<<60); err != nil {
					b.Fatal(err)
				}
				s.floor = -1
			}
		})
		last := next()
		s.floor = -1
		if _, err := s.Admit(last, 1, 1<<60, 1<<60); err != nil {
			b.Fatal(err)
		}
		s.floor = -1
		b.Run("duplicate/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v, _ := s.Admit(last, 1, 1<<60, 1<<60); v != Duplicate {
					b.Fatal(v)
				}
			}
		})
	}
}
