package leiden

import (
	"bufio"
	"compress/gzip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// sharedGraph reads a graph of the shared data and the communities that were planted in it.
func sharedGraph(t testing.TB, name string) (*Graph, []uint32) {
	t.Helper()
	dir := os.Getenv("RINGFENCE_SHARED")
	if dir == "" {
		t.Skip("RINGFENCE_SHARED names no folder of shared data")
	}
	f, err := os.Open(filepath.Join(dir, "data/network/bench-graphs", name+".edges.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	names, edges, err := ReadEdges(z, func(e *LineError) error { return e })
	if err != nil {
		t.Fatal(err)
	}
	labels, err := os.Open(filepath.Join(dir, "data/network/bench-graphs", name+".labels"))
	if err != nil {
		t.Fatal(err)
	}
	defer labels.Close()
	var label []uint32
	for lines := bufio.NewScanner(labels); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		label = append(label, uint32(n))
	}
	planted := make([]uint32, len(names))
	for v, name := range names {
		n, err := strconv.Atoi(name)
		if err != nil {
			t.Fatal(err)
		}
		planted[v] = label[n]
	}
	g, err := NewGraph(len(names), edges)
	if err != nil {
		t.Fatal(err)
	}
	return g, planted
}

const (
	ppGraph  = "pp_n100k_c100_mu0.3"
	lfrGraph = "lfr_n100k_mu0.3"
)

func BenchmarkRun(b *testing.B) {
	for _, graph := range []string{ppGraph, lfrGraph} {
		for name, o := range map[string]Options{"modularity": {Objective: Modularity, Gamma: 1}, "cpm": {Objective: CPM, Gamma: 0.01}} {
			b.Run(graph+"/"+name, func(b *testing.B) {
				g, planted := sharedGraph(b, graph)
				b.ReportAllocs()
				var result Result
				for b.Loop() {
					var err error
					if result, err = Run(g, o); err != nil {
						b.Fatal(err)
					}
				}
				q, _ := Quality(g, result.Community, Options{Objective: Modularity, Gamma: 1})
				b.ReportMetric(q, "Q")
				b.ReportMetric(adjustedRand(result.Community, planted), "ARI")
				b.ReportMetric(float64(result.Communities), "communities")
			})
		}
	}
}
