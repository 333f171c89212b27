package hamming

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
)

// population draws hashes: uniform, or in families of a hundred that differ from their centre in up to 90 bits, as a picture's
// edited copies do.
func population(n int, families bool) []Entry {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	entries := make([]Entry, n)
	var centre Hash
	for i := range entries {
		entries[i] = Entry{randomHash(r), uint64(i)}
		if families {
			if i%100 == 0 {
				centre = randomHash(r)
			}
			entries[i].Hash = centre
			for range r.IntN(90) {
				bit := r.IntN(256)
				entries[i].Hash[bit/64] ^= 1 << (bit % 64)
			}
		}
	}
	return entries
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkSearch compares searches of radius 31 with comparing one by one, in the same run; ten million with RINGFENCE_FULL=1.
func BenchmarkSearch(b *testing.B) {
	sizes := []int{100_000, 1_000_000}
	if os.Getenv("RINGFENCE_FULL") != "" {
		sizes = append(sizes, 10_000_000)
	}
	for _, n := range sizes {
		for _, families := range []bool{false, true} {
			before := heapInUse()
			x := Build(population(n, families))
			size := heapInUse() - before
			r := rand.New(rand.NewPCG(2, 2))
			base := x.parts.Load().base
			queries := make([]Hash, 1024)
			for i := range queries {
				queries[i] = flipped(r, base.hashes[r.IntN(n)], r.IntN(40))
			}
			name := fmt.Sprintf("n=%d/families=%t", n, families)
			b.Run(name+"/by=index", func(b *testing.B) {
				b.ReportAllocs()
				var found []Match
				i := 0
				for b.Loop() {
					found = x.Search(found[:0], queries[i%len(queries)], 31)
					i++
				}
				b.ReportMetric(float64(size)/float64(n), "bytes/entry")
			})
			b.Run(name+"/by=scan", func(b *testing.B) {
				plan := base.plan
				base.plan = nil
				var found []Match
				i := 0
				for b.Loop() {
					found = x.Search(found[:0], queries[i%len(queries)], 31)
					i++
				}
				base.plan = plan
			})
			b.Run(name+"/by=nearest", func(b *testing.B) {
				var found []Match
				i := 0
				for b.Loop() {
					found = x.Nearest(found[:0], queries[i%len(queries)], 1, 31)
					i++
				}
			})
		}
	}
}

func BenchmarkChange(b *testing.B) {
	x := Build(population(1_000_000, false))
	r := rand.New(rand.NewPCG(3, 3))
	b.Run("AddRemove", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h := randomHash(r)
			x.Add(h, 1)
			x.Remove(h, 1)
			if x.Pending() > 16_000 {
				b.StopTimer()
				x.Compact()
				b.StartTimer()
			}
		}
	})
	b.Run("Compact", func(b *testing.B) {
		for b.Loop() {
			x.Add(randomHash(r), 1)
			x.Compact()
		}
	})
	b.Run("Build", func(b *testing.B) {
		for b.Loop() {
			Build(population(1_000_000, false))
		}
	})
	var file bytes.Buffer
	b.Run("Save", func(b *testing.B) {
		for b.Loop() {
			file.Reset()
			if _, err := x.WriteTo(&file); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Read", func(b *testing.B) {
		for b.Loop() {
			if _, err := Read(bytes.NewReader(file.Bytes()), 2_000_000); err != nil {
				b.Fatal(err)
			}
		}
	})
}
