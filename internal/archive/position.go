package archive

import (
	"context"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/journal"
)

var errFound = errors.New("archive: found")

// PositionAt is the first position, of those from from on, whose record was received at that time or later; one past the archive's
// end if there is none, and from if the archive is empty. It reads segments whole, from the newest back to the one that it finds.
func PositionAt(ctx context.Context, fs vfs.FS, dir string, from journal.Position, received int64) (journal.Position, error) {
	segments, err := List(fs, dir)
	if err != nil || len(segments) == 0 {
		return from, err
	}
	found := segments[len(segments)-1].Last + 1
	for _, s := range slices.Backward(segments) {
		first, in := max(s.First, from), s.Last+1
		if s.Last < from {
			break
		}
		err := scanSegment(ctx, fs, s, first, s.Last, func(r journal.Record) error {
			if r.Received < received {
				return nil
			}
			in = r.Position
			return errFound
		})
		if err != nil && !errors.Is(err, errFound) {
			return 0, err
		}
		if in <= s.Last {
			found = in
		}
		if in > first {
			break
		}
	}
	return max(found, from), nil
}
