package archive

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/journal"
)

func TestPositionAt(t *testing.T) {
	fs, log := vfs.NewMem(), newLog(t)
	s := mustSealer(t, fs, log, Options{Records: 100})
	find := func(from journal.Position, second int64) journal.Position {
		t.Helper()
		got, err := PositionAt(t.Context(), fs, dir, from, second*int64(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := find(7, 5); got != 7 {
		t.Errorf("in an empty archive: got position %d, want 7", got)
	}
	mustAppend(t, log, makeRecords(1, 300)) // each received at the second of its position
	if err := s.Step(t.Context(), at(100_000)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from         journal.Position
		second, want int64
	}{{1, 0, 1}, {1, 1, 1}, {1, 50, 50}, {1, 100, 100}, {1, 101, 101}, {1, 250, 250}, {1, 300, 300}, {1, 301, 301}, {120, 3, 120}, {120, 201, 201}, {400, 3, 400}} {
		if got := find(c.from, c.second); got != journal.Position(c.want) {
			t.Errorf("from %d on, received at second %d: got position %d, want %d", c.from, c.second, got, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := PositionAt(ctx, fs, dir, 1, 50); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
