package window

import "testing"

// BenchmarkUpdate is one update with its read, of a single key that is in the cache: the arithmetic alone.
func BenchmarkUpdate(b *testing.B) {
	benchmarks := []struct {
		name string
		spec Spec
		step int64 // nanoseconds between sightings
		mod  uint64
	}{
		{"count/sparse", Spec{Func: Count, Duration: 3600 * second}, 60 * second, 1},
		{"count/dense", Spec{Func: Count, Duration: 3600 * second}, second, 1},
		{"sum", Spec{Func: Sum, Duration: 3600 * second}, second, 1},
		{"distinct/10", Spec{Func: Distinct, Duration: 3600 * second}, second, 10},
		{"distinct/1000", Spec{Func: Distinct, Duration: 3600 * second}, second, 1000},
		{"distinct/sketch", Spec{Func: Distinct, Duration: 3600 * second}, second / 100, 1 << 40},
		{"distinct/sketch, a sub-bucket each", Spec{Func: Distinct, Duration: 3600 * second}, 7 * second, 1 << 40},
		{"limit", Spec{Func: RateLimit, Max: 100, Refill: 10, Take: 1, Every: 60 * second}, second, 1},
		{"session", Spec{Func: Session, Duration: 1800 * second}, second, 1},
		{"trend", Spec{Func: Trend, Duration: 3600 * second, Min: 10}, second, 1},
		{"first", Spec{Func: FirstSeen, Duration: 86400 * second}, second, 1},
		{"last", Spec{Func: LastSeen, Duration: 86400 * second}, second, 1},
	}
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			w := must(b, bench.spec)
			words := make([]uint64, 0, 1<<17)
			at, i := start, uint64(0)
			step := func() {
				at += bench.step
				i++
				words, _ = w.Update(words, at, at, Arg{Hash: i % bench.mod * 0x9e3779b97f4a7c15, Num: 5})
			}
			for range 20_000 {
				step()
			}
			if bench.name == "distinct/sketch, a sub-bucket each" {
				for at = start; !isSketch(words); {
					step()
					at -= bench.step * 19 / 20
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(8*len(words)), "bytes")
		})
	}
}
