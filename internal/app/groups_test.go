package app_test

import (
	"bytes"
	"testing"

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
