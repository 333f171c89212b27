package extract

import (
	"testing"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/pdq"
)

// TestGoodPartOfACollage: a known-good half hides neither the bad half nor the whole's family; a known-good whole does both.
func TestGoodPartOfACollage(t *testing.T) {
	set, err := bank.NewSet(&bank.Compiler{}, []bank.Stored{
		(&bank.File{Name: "gore", Header: bank.Header{Kind: bank.Hashes}, Entries: []bank.Entry{{Value: sightOf(1).String()}}}).Stored(),
		(&bank.File{Name: "memes", Header: bank.Header{Kind: bank.Hashes, Good: true}, Entries: []bank.Entry{{Value: sightOf(100).String()}}}).Stored(),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		whole    byte
		parts    []byte
		bad      int
		families int
	}{
		{"a good half and a bad one", 200, []byte{100, 1}, 1, 1},
		{"a bad half of what is good as a whole", 100, []byte{1}, 0, 0},
		{"good halves", 200, []byte{100}, 0, 1},
	} {
		p := signals.Picture{Quality: 90, PDQ: []pdq.Hash{sightOf(c.whole)}}
		for _, b := range c.parts {
			p.Parts = append(p.Parts, signals.Part{PDQ: sightOf(b)})
		}
		r := signals.Record{Extractor: signals.Extractor, Version: signals.Version, Pictures: []signals.Picture{p}, Event: []byte(head + `"media":[{"url":"u"}]}`)}
		body, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var it Item
		New(nil).Into(&it, journal.Record{Kind: journal.Signals, Source: "s", ID: "e1", Body: body}, Pin{Banks: set, wants: wantAll})
		bad := 0
		for _, f := range it.Signals.Found {
			if !f.Good {
				bad++
			}
		}
		if it.Err != nil || bad != c.bad || len(it.Pictures) != c.families {
			t.Errorf("%s: %v, %d bad and %d families, want %d and %d", c.name, it.Err, bad, len(it.Pictures), c.bad, c.families)
		}
	}
}
