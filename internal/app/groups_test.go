package app_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/state"
)

// TestSameGroups takes one stream through the product in every way that must not matter for groups.
func TestSameGroups(t *testing.T) {
	const rules = "testdata/groups"
	lines := stream(t, 3)
	want, dir := live(t, 1, rules, lines)
	for _, part := range []string{`"rules":[{"id":"member"`, `"event":"group.formed `, `"event":"group.grew `, `"do":"enforce","on":"group:`,
		`"state":"absorbed"`, `"state":"waiting"`, "labels watched"} {
		if !bytes.Contains(want, []byte(part)) {
			t.Errorf("no decision holds %s: the test would not test it", part)
		}
	}
	got, _ := live(t, 4, rules, lines)
	same(t, "4 workers", want, got)
	same(t, "a replay", want, replayFolder(t, dir, 2, nil))
	r := readLines(t, lines)
	defer r.Close()
	got = replay(t, pipeline.Events(r, pipeline.Span{}, func(error) {}), bytes.Repeat([]byte("k"), 32), state.Options{}, 2, compile(t, rules))
	same(t, "a replay of the lines", want, got)
}

// TestKillGroups kills the product while it keeps groups, and holds that it comes to the same ones.
func TestKillGroups(t *testing.T) {
	const rules = "testdata/groups"
	lines := stream(t, 3)
	want, _ := live(t, 2, rules, lines)
	fates := []fate{{point: "outbox.after-commit", n: 1}, {point: "outbox.after-commit", n: 2}, {point: "outbox.after-commit", n: 1}, {point: "image.before-commit", n: 1}, {point: "image.after-commit", n: 2}}
	if full() {
		rng := rand.New(rand.NewPCG(3, 3))
		for range 10 {
			fates = append(fates, fate{after: time.Duration(1 + rng.Int64N(int64(3*time.Second)))})
		}
	}
	dir := dataDir(t)
	l := &lives{t: t, order: order{Dir: dir, Clock: fastClock(), Rules: rules}, fates: fates}
	for some := range slices.Chunk(lines, perRequest) {
		l.through("events", func(c client) error { return c.take(step{events: some}) })
	}
	var got []byte
	l.through("decisions", func(c client) error {
		return c.until(func() (bool, error) {
			a, err := c.call("GET", "/v1/decisions", "", "Accept: application/x-ndjson")
			got = a.body
			return err == nil && bytes.Count(got, []byte("\n")) >= bytes.Count(want, []byte("\n")), err
		})
	})
	if l.dead < 3 {
		t.Errorf("%d deaths: the test tests too little", l.dead)
	}
	same(t, "after deaths", want, got)
	l.now.stop(t)
	same(t, "a replay", want, replayFolder(t, dir, 2, nil))
}
