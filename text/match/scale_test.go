package match

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// TestLargestBank measures what a bank of the most terms costs to make and to keep.
func TestLargestBank(t *testing.T) {
	if os.Getenv("RINGFENCE_FULL") == "" {
		t.Skip("RINGFENCE_FULL is not set")
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	madeUpBank(t, 1)
	before, cpu, clock := heap(), processorTime(t), time.Now()
	bank := madeUpBank(t, maxTerms)
	took, cpu := time.Since(clock), processorTime(t)-cpu
	after := heap()
	t.Logf("%d terms: %.1f s of processor time, %.1f s by the clock, %d MB", len(bank.Terms()), cpu, took.Seconds(), (after-before)>>20)
	if size := (after - before) >> 20; size > 300 {
		t.Errorf("%d MB, want at most 300", size)
	}
}
