package extract

import (
	"fmt"
	"testing"

	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/text/family"
)

const parcel = "your parcel could not be delivered, pay the fee of 2 pounds today"

func post(kind, text string) journal.Record {
	return journal.Record{Kind: journal.Event, Source: "test", ID: "e",
		Body: fmt.Appendf(nil, `{"id":"e","time":"2026-03-01T12:00:00Z","kind":%q,"actor":"a","text":%q}`, kind, text)}
}

// TestSketch: the text that an actor wrote has a sketch, one that somebody else wrote has none, and none stays from an event before.
func TestSketch(t *testing.T) {
	x, index := New([]byte("k")), family.NewIndex(1<<20)
	want := index.Assign(family.Of(parcel), "a", 0)
	var it Item
	for _, tc := range []struct {
		rec  journal.Record
		want family.ID
	}{
		{post("post", parcel), want},
		{post("like", parcel), 0},
		{post("comment", parcel), want}, // a word of the platform's own
		{post("post", ""), 0},
		{post("message", parcel), want},
		{post("repost", parcel), 0},
		{post("reply", parcel), want},
		{journal.Record{Kind: journal.Event, Body: []byte("{")}, 0},
		{post("reply", parcel), want},
		{journal.Record{Kind: journal.Tick}, 0},
	} {
		x.Into(&it, tc.rec, everything)
		if got := index.Find(&it.Sketch); got != tc.want {
			t.Errorf("%s %s: family %v, want %v", tc.rec.Kind, tc.rec.Body, got, tc.want)
		}
	}
}
