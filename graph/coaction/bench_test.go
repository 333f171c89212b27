package coaction

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// shared is a file of the shared data.
func shared(t testing.TB, path string) *os.File {
	t.Helper()
	dir := os.Getenv("RINGFENCE_SHARED")
	if dir == "" {
		t.Skip("RINGFENCE_SHARED names no folder of shared data")
	}
	f, err := os.Open(filepath.Join(dir, "data/network", path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// week is the shares of the simulated week, in seconds.
func week(t testing.TB) *Shares {
	t.Helper()
	z, err := gzip.NewReader(shared(t, "sim-seed7/events.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var s Shares
	for i, row := range all {
		if row[2] != "share" {
			continue
		}
		at, err := strconv.ParseInt(row[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Add([]byte(row[3]), []byte(row[1]), []byte("row "+strconv.Itoa(i)), at); err != nil {
			t.Fatal(err)
		}
	}
	return &s
}

func BenchmarkCooRTweetWeek(b *testing.B) {
	s := week(b)
	b.ReportAllocs()
	for b.Loop() {
		search := CooRTweet{Window: 60, MinParticipation: 2, Threshold: 0.5}
		edges := 0
		if err := search.Edges(s, func(*Edge) error { edges++; return nil }); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(edges), "edges")
	}
}
