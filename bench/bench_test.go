package bench

import (
	"testing"
)

func BenchmarkFiveRules(b *testing.B) {
	lines := nativeLines(100_000)
	set, err := compile(fiveRules)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := decideLines(b.Context(), lines, set, 1)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.events)/r.usage.cpu.Seconds(), "ev/cpu-s")
		b.ReportMetric(float64(r.events)/r.usage.wall.Seconds(), "ev/s")
		b.Logf("%v %d", r.fires, r.decisions)
	}
}
