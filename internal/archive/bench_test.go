package archive

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/journal"
)

const benchCount = 100_000

// benchRecords makes records of about 500 bytes with the repetitions that real events have.
func benchRecords() []journal.Record {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("buy now free followers the a of and to win prize crypto click here follow back report news today game live")
	recs := make([]journal.Record, benchCount)
	for i := range recs {
		var text strings.Builder
		for text.Len() < 300 {
			text.WriteString(words[random.IntN(len(words))])
			text.WriteByte(' ')
		}
		id, actor := fmt.Sprintf("event-%d", i), fmt.Sprintf("account-%d", random.IntN(20_000))
		recs[i] = journal.Record{
			Position: journal.Position(i + 1), Kind: journal.Event, Received: int64(i) * 1e6, Time: int64(i)*1e6 - int64(random.IntN(1e9)),
			Source: "http", ID: id, Actor: actor,
			Body: fmt.Appendf(nil, `{"id":%q,"time":"2026-11-23T03:22:00.%06dZ","kind":"post","actor":%q,"text":%q,"ip":"203.0.113.%d"}`,
				id, i%1e6, actor, text.String(), random.IntN(256)),
		}
	}
	return recs
}

func writeBench(b *testing.B, dir string, recs []journal.Record) Segment {
	b.Helper()
	w, err := newWriter(vfs.Default, dir, 1)
	if err != nil {
		b.Fatal(err)
	}
	for i := range recs {
		if err := w.add(&recs[i]); err != nil {
			b.Fatal(err)
		}
	}
	s, err := w.seal()
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkWrite(b *testing.B) {
	recs, dir := benchRecords(), b.TempDir()
	b.ReportAllocs()
	var s Segment
	for b.Loop() {
		s = writeBench(b, dir, recs)
	}
	info, err := vfs.Default.Stat(s.Path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)*benchCount/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(info.Size())/benchCount, "B/record")
}

func BenchmarkScan(b *testing.B) {
	dir := b.TempDir()
	writeBench(b, dir, benchRecords())
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		err := Scan(context.Background(), vfs.Default, dir, 1, benchCount, func(journal.Record) error { n++; return nil })
		if n != benchCount || err != nil {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.N)*benchCount/b.Elapsed().Seconds(), "records/s")
}
