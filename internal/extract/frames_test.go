package extract

import (
	"os"
	"testing"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/pdq"
)

// BenchmarkFrames looks the 300 frames of a video up in a bank of 100,000 hashes, with RINGFENCE_FULL=1 of a million: a record as a worker appends it, from its
// bytes to the signals. No frame is like an entry.
func BenchmarkFrames(b *testing.B) {
	entries := 100_000
	if os.Getenv("RINGFENCE_FULL") != "" {
		entries = 1_000_000
	}
	uniform := func(i int) (h hamming.Hash) { // the splitmix64 sequence
		for j := range h {
			x := uint64(4*i+j+1) * 0x9e3779b97f4a7c15
			x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
			x = (x ^ x>>27) * 0x94d049bb133111eb
			h[j] = x ^ x>>31
		}
		return h
	}
	f := bank.File{Name: "known", Header: bank.Header{Kind: bank.Hashes}}
	for i := range entries {
		f.Entries = append(f.Entries, bank.Entry{Value: uniform(i).String()})
	}
	set, err := bank.NewSet(&bank.Compiler{}, []bank.Stored{f.Stored()})
	if err != nil {
		b.Fatal(err)
	}
	r := signals.Record{Extractor: signals.Examiner, Version: signals.Version, Event: []byte(head + `"media":[{"url":"v","type":"video/mp4"}]}`), Videos: []signals.Video{{}}}
	for i := range signals.MaxFrames {
		var h pdq.Hash
		if err := h.UnmarshalText([]byte(uniform(entries + i).String())); err != nil {
			b.Fatal(err)
		}
		r.Videos[0].Frames = append(r.Videos[0].Frames, signals.Frame{T: float64(i), Quality: 90, PDQ: h})
	}
	body, err := r.Encode()
	if err != nil {
		b.Fatal(err)
	}
	x := New(nil)
	var it Item
	rec := journal.Record{Kind: journal.Signals, Source: "s", ID: "e1", Body: body}
	b.ReportAllocs()
	for b.Loop() {
		if x.Into(&it, rec, Pin{Banks: set}); it.Err != nil || !it.Signals.HasVideo || len(it.Signals.VideoFound) > 0 {
			b.Fatalf("%v, %+v", it.Err, it.Signals.VideoFound)
		}
	}
}
