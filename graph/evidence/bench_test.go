package evidence

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkAdd is an act of a crowd at one trace of five windows, with tables that are full of what came before.
func BenchmarkAdd(b *testing.B) {
	m := model(b, Trace{Name: "share", Class: "post", Windows: []int64{10 * second, 60 * second, 600 * second, 3600 * second, 86_400 * second}})
	rng := rand.New(rand.NewPCG(1, 1))
	acts := town(rng, 20_000, 40, 30_000, 200_000)
	feed(b, m, 0, acts)
	names, keys := make([]string, 20_000), make([]string, 30_000)
	for i := range names {
		names[i] = fmt.Sprintf("a%d", i)
	}
	for i := range keys {
		keys[i] = fmt.Sprintf("k%d", i)
	}
	at := m.clock
	b.ReportAllocs()
	for b.Loop() {
		at += 3 * second
		if err := m.Add(0, keys[rng.IntN(len(keys))], names[rng.IntN(len(names))], at); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAddDoesNotAllocate: once tables are as large as they may be, an act by a known account at a known key allocates nothing.
func TestAddDoesNotAllocate(t *testing.T) {
	m, err := New(Options{Traces: []Trace{{Name: "share", Class: "post", Windows: []int64{60, 600}}}, Alpha: 1e-3,
		MaxAccounts: 64, MaxKeys: 64, MaxPairs: 4096, MaxActs: 256})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	var names, keys [32]string
	for i := range names {
		names[i], keys[i] = fmt.Sprint("a", i), fmt.Sprint("k", i)
	}
	at := int64(0)
	add := func() {
		at += 40
		if err := m.Add(0, keys[rng.IntN(len(keys))], names[rng.IntN(len(names))], at); err != nil {
			t.Fatal(err)
		}
		if at%4000 == 0 {
			m.takeFresh(func(*pair) {})
		}
	}
	for range 200_000 {
		add()
	}
	if n := testing.AllocsPerRun(1000, add); n > 0 {
		t.Errorf("%v allocations an act", n)
	}
}
