package extract

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/rule"
)

// TestExamined reads a record of what pictures say and videos show, by the banks as of its position.
func TestExamined(t *testing.T) {
	features := strings.Repeat("f", 64)
	var banks []bank.Stored
	for _, f := range []bank.File{
		{Name: "words", Header: bank.Header{Kind: bank.Terms, Policy: "scam", Severity: 3}, Entries: []bank.Entry{{Value: "free money"}}},
		{Name: "known", Header: bank.Header{Kind: bank.Hashes, Policy: "gore", Severity: 4}, Entries: []bank.Entry{{Value: sightOf(1).String()}, {Value: sightOf(3).String()}, {Value: sightOf(8).String(), Features: features}}},
		{Name: "logos", Header: bank.Header{Kind: bank.Hashes, Good: true}, Entries: []bank.Entry{{Value: sightOf(3).String()}}},
	} {
		banks = append(banks, f.Stored())
	}
	set, err := bank.NewSet(&bank.Compiler{}, banks)
	if err != nil {
		t.Fatal(err)
	}
	event := head + `"text":"look","media":[{"id":"m1","url":"u"},{"url":"v","type":"video/mp4"}]}`
	frame := func(at float64, quality int, seed byte) signals.Frame {
		return signals.Frame{T: at, Quality: quality, PDQ: sightOf(seed)}
	}
	r := signals.Record{Extractor: signals.Examiner, Version: signals.Version, Event: []byte(event),
		Pictures: []signals.Picture{
			{Quality: 90, PDQ: []pdq.Hash{sightOf(90)}, Read: &signals.Read{Text: "FR3E MONEY"}},
			{Read: &signals.Read{Failure: "busy"}, Known: &signals.Known{Failure: "busy"}},
			{Quality: 90, PDQ: []pdq.Hash{sightOf(91)}, Known: &signals.Known{Shown: []bank.Shown{{Features: features, Method: "features", Inliers: 9}, {Features: "gone"}}}}, {Read: &signals.Read{Text: "for all"}},
		},
		Videos: []signals.Video{
			{At: 1, Frames: []signals.Frame{
				frame(0, 90, 200), frame(1, 90, 1), frame(2, 90, 1), frame(3, 20, 1), frame(4, 90, 1), frame(5, 90, 3), frame(6, 90, 200), frame(9, 90, 1), frame(10, 90, 200),
			}},
			{At: 1, Failure: "missing"}, {At: 1, Frames: []signals.Frame{frame(0, 90, 210)}},
		}}
	body, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	x := New(nil)
	var it Item
	for range 2 { // the second time in the memory of the first
		x.Into(&it, journal.Record{Kind: journal.Signals, Source: "s", ID: "e1", Body: body}, Pin{Banks: set})
		s := &it.Signals
		if it.Err != nil || it.Stage != rule.Examined || s.PictureText != "FR3E MONEY\nfor all" || len(s.TextFound) != 1 || s.TextFound[0].Entry != "free money" {
			t.Errorf("%v, stage %d, %q: %+v", it.Err, it.Stage, s.PictureText, s.TextFound)
		}
		if diff := cmp.Diff([]string{"1-4s", "9-9s"}, s.VideoSegments); diff != "" || s.VideoShare != 0.5 || len(s.VideoFound) != 1 || s.VideoFound[0].Policy != "gore" {
			t.Errorf("%v of the video is like %+v; segments, want- got+\n%s", s.VideoShare, s.VideoFound, diff)
		}
		if diff := cmp.Diff([]string{"busy", "missing", "busy"}, slices.Concat(s.TextFailures, s.VideoFailures, s.ShownFailures)); diff != "" {
			t.Errorf("failures, want- got+\n%s", diff)
		}
		if !s.HasShown || len(s.ShownFound) != 1 || s.ShownFound[0].Inliers != 9 || s.ShownFound[0].Policy != "gore" || s.ShownFound[0].Surface != "m1" {
			t.Errorf("shown: %+v", s.ShownFound)
		}
		if len(s.Found) != 0 {
			t.Errorf("the event's own text and pictures hold nothing: %+v", s.Found)
		}
	}
	x.Into(&it, record(event), Pin{Banks: set})
	if s := &it.Signals; s.HasText || s.HasVideo || s.HasShown || s.PictureText != "" || len(s.ShownFound)+len(s.ShownFailures)+len(s.TextFound)+len(s.VideoFound)+len(s.VideoSegments)+len(s.TextFailures) > 0 || s.VideoShare != 0 {
		t.Errorf("something of the event before stayed: %+v", s)
	}
}
