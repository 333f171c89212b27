package input

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/event"
)

func TestPeerLinesAreTheScriptsBytes(t *testing.T) {
	h, lines := xxh3.New(), 0
	for line := range PeerLines(100_000) {
		_, _ = h.Write(append(line, '\n'))
		lines++
	}
	const want = 0x3a32c24c3e6163ba
	if got := h.Sum64(); got != want || lines != 100_000 {
		t.Errorf("PeerLines(100000) = %d lines with hash %#x, want 100000 with %#x", lines, got, uint64(want))
	}
}

func TestBothFormsHoldTheSamePosts(t *testing.T) {
	var peer struct {
		ID   json.Number
		TS   int64
		Data struct {
			UserID  string `json:"user_id"`
			IP      string
			Message string
			Age     int64 `json:"account_age_s"`
			HasLink bool  `json:"has_link"`
		}
	}
	var native struct {
		ID, Kind, Actor, Text, IP string
		Time                      time.Time
		URLs                      []string
		Account                   struct{ Created time.Time }
	}
	const n = 2_000
	var natives [][]byte
	for line := range NativeLines(n) {
		natives = append(natives, bytes.Clone(line))
	}
	i := 0
	for line := range PeerLines(n) {
		native.URLs = nil
		if err := json.Unmarshal(line, &peer); err != nil {
			t.Fatalf("peer line %d: %v", i, err)
		}
		if err := json.Unmarshal(natives[i], &native); err != nil {
			t.Fatalf("native line %d: %v", i, err)
		}
		age := native.Time.Sub(native.Account.Created) / time.Second
		if native.ID != peer.ID.String() || native.Time.UnixMilli() != peer.TS || native.Kind != "post" || native.Actor != peer.Data.UserID ||
			native.IP != peer.Data.IP || native.Text != peer.Data.Message || int64(age) != peer.Data.Age ||
			(len(native.URLs) == 1) != peer.Data.HasLink {
			t.Fatalf("line %d differs:\npeer   %s\nnative %s", i, line, natives[i])
		}
		i++
	}
}

func TestNativeLinesAreEvents(t *testing.T) {
	decoder := event.NewDecoder(event.DefaultLimits())
	var e event.Event
	links := 0
	for line := range NativeLines(2_000) {
		if err := decoder.Decode(line, &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		links += len(e.URLs)
	}
	if links < 100 {
		t.Errorf("%d links in 2,000 posts, want 3%% of the ring and 10%% of the others", links)
	}
}

func TestStopsWhenAskedTo(t *testing.T) {
	for range PeerLines(1_000_000_000) {
		return
	}
}

// The reference's first outputs for the key {7}, and Python's for random.seed(7).
func TestTwisterIsPythons(t *testing.T) {
	g := newTwister(7)
	if got, want := g.random(), 0.32383276483316237; got != want {
		t.Errorf("random() = %v, want %v", got, want)
	}
	if got, want := g.randint(5, 40), 14; got != want {
		t.Errorf("randint(5, 40) = %v, want %v", got, want)
	}
}
