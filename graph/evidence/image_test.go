package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/graph/paged"
)

// disk is a store in memory.
type disk map[string][]byte

func (d disk) Set(key, value []byte) { d[string(key)] = bytes.Clone(value) }

func imageOptions() Options {
	return Options{Alpha: .01, MaxAccounts: 200, MaxKeys: 300, MaxPairs: 900, MaxActs: 700, Traces: []Trace{
		{Name: "share", Class: "post", Windows: []int64{10, 100}}, {Name: "follow", Class: "follow", Windows: []int64{500}},
		{Name: "device", Windows: []int64{1000}, Batch: true, Usual: .1}}}
}

// acts are those of a campaign of eight within a crowd, which more accounts, keys and pairs come to than the model holds.
func acts(n int) (all [][4]int64) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range int64(n) {
		who, trace, key := rng.Int64N(40)+i/20, rng.Int64N(3), rng.Int64N(60)+i/10
		if rng.IntN(4) == 0 {
			who, key = -1-rng.Int64N(8), -1-i/40
		}
		all = append(all, [4]int64{trace, key, who, i})
	}
	return all
}

// TestImageGoesOnAlike loads images of a model at several moments, which were written while it went on, and lets them go on alike.
func TestImageGoesOnAlike(t *testing.T) {
	m, err := New(imageOptions())
	if err != nil {
		t.Fatal(err)
	}
	add := func(m *Model, a [4]int64) string {
		if err := m.Add(int(a[0]), fmt.Sprint("k", a[1]), fmt.Sprint("a", a[2]), a[3]); err != nil {
			t.Fatal(err)
		}
		switch {
		case a[3]%300 == 0:
			return fmt.Sprint(m.Edges(), m.Batches())
		case a[3]%10 == 0:
			return fmt.Sprint(m.Touched(), m.TouchedBatches())
		}
		return ""
	}
	all := acts(6000)
	store, next := disk{}, disk{}
	m.Mark(next)
	type life struct {
		*Model
		from int
	}
	var others []life
	var image disk
	marked, edges := 0, 0
	var said []string // since it was marked
	for i, a := range all {
		want := add(m, a)
		for _, o := range others {
			if got := add(o.Model, a); got != want {
				t.Fatalf("the image of act %d goes on otherwise at act %d: %s", o.from, i, cmp.Diff(want, got))
			}
		}
		edges += len(want)
		said = append(said, want)
		m.Step(1 + i%5)
		switch i % 700 {
		case 600:
			image, next, marked, said = next, disk{}, i, nil
			m.Mark(next)
		case 699: // what happened meanwhile is not in it
			for m.Step(100) == 0 {
			}
			maps.Copy(store, image)
			again, err := New(imageOptions())
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range slices.Sorted(maps.Keys(store)) {
				if err := again.Load([]byte(key), store[key]); err != nil {
					t.Fatal(err)
				}
			}
			if err := again.Loaded(); err != nil {
				t.Fatal(err)
			}
			for j := range said {
				if got := add(again, all[marked+1+j]); got != said[j] {
					t.Fatalf("the image of act %d goes on otherwise at act %d: %s", marked, marked+1+j, cmp.Diff(said[j], got))
				}
			}
			others = append(others, life{again, marked})
		}
	}
	if edges < 10_000 {
		t.Error("hardly any edges: the test tests nothing")
	}
}

func TestImageOfOtherOptions(t *testing.T) {
	m, _ := New(imageOptions())
	store := disk{}
	m.Mark(store)
	for _, a := range acts(100) {
		_ = m.Add(int(a[0]), fmt.Sprint(a[1]), fmt.Sprint(a[2]), a[3])
	}
	m.Mark(disk{})
	for m.Step(10) == 0 {
	}
	o := imageOptions()
	o.MaxPairs++
	other, _ := New(o)
	var err error
	for _, key := range slices.Sorted(maps.Keys(store)) {
		err = errors.Join(err, other.Load([]byte(key), store[key]))
	}
	if err = errors.Join(err, other.Loaded()); !errors.Is(err, paged.ErrDamaged) {
		t.Errorf("got %v, want %v", err, paged.ErrDamaged)
	}
}
