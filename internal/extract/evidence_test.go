package extract

import (
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/pdq"
)

// TestEvidence: of what banks hold of a picture it is said by which of its hashes, and where in it that lies.
func TestEvidence(t *testing.T) {
	var turned []pdq.Hash
	for i := range 8 {
		turned = append(turned, sightOf(byte(16*i)))
	}
	md5 := "900150983cd24fb0d6963f7d28e17f72"
	squashed, part := sightOf(0xf1), sightOf(0xf9)
	whole := signals.Picture{Width: 40, Height: 30, Quality: 90, PDQ: turned, PDQ512: &squashed, MD5: md5, Parts: []signals.Part{{Box: [4]int{1, 2, 3, 4}, PDQ: part}}}
	flat := whole
	flat.Quality = 10
	for _, tt := range []struct {
		name, entry string
		picture     signals.Picture
		want        string
	}{
		{"as it is", turned[0].String(), whole, "pdq, 0 bits away, at 0,0-40,30"},
		{"turned", turned[3].String(), whole, "pdq-rotated, 0 bits away, at 0,0-40,30"},
		{"mirrored", turned[4].String(), whole, "pdq-mirrored, 0 bits away, at 0,0-40,30"},
		{"squashed", squashed.String(), whole, "pdq512, 0 bits away, at 0,0-40,30"},
		{"a part", part.String(), whole, "layout, 0 bits away, at 1,2-3,4"},
		{"a part of what is flat as a whole", part.String(), flat, "layout, 0 bits away, at 1,2-3,4"},
		{"the file", md5, whole, "md5"},
	} {
		r := signals.Record{Extractor: signals.Extractor, Version: signals.Version, Event: []byte(head + `"text":"t","media":[{"id":"m1","url":"u"}]}`),
			Pictures: []signals.Picture{tt.picture}}
		body, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var it Item
		New(nil).Into(&it, journal.Record{Kind: journal.Signals, Source: "s", ID: "e1", Body: body}, known(t, tt.entry))
		if it.Err != nil || len(it.Signals.Found) != 1 {
			t.Fatalf("%s: %v, %+v", tt.name, it.Err, it.Signals.Found)
		}
		if _, got, _ := strings.Cut(it.Signals.Found[0].Evidence(), " of bad: "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
