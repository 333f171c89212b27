// Package archive is the journal's older part: every record in position order, in Parquet files that any tool can query.
//
// A segment is one immutable file of records next to each other, named after its first and last position. The segments of a
// directory follow each other without gap or overlap. [Scan] streams them; a [Sealer] follows a journal, writes new segments,
// and only then truncates the journal, so that every record is at all times in the archive, in the journal, or in both.
//
// The columns are position, kind (a journal.Kind), received and time (both with nanoseconds, UTC), source, id, actor and body.
package archive

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/ringfence/ringfence/internal/journal"
)

// Errors of the archive, to be tested with errors.Is. Their text names the file or the positions.
var (
	ErrGap     = errors.New("archive has a gap")
	ErrOverlap = errors.New("archive has a position twice")
	ErrCorrupt = errors.New("archive segment is damaged")
	ErrNewer   = errors.New("archive segment was written by a newer program")
)

// Segment is one file of the archive.
type Segment struct {
	First, Last journal.Position
	Path        string
}

const (
	segmentSuffix = ".parquet"
	partSuffix    = ".part" // a segment that is still being written, or was when its process ended
	nameDigits    = 20      // of each position, so that names sort as positions do
)

func segmentName(first, last journal.Position) string {
	return fmt.Sprintf("%0*d-%0*d%s", nameDigits, first, nameDigits, last, segmentSuffix)
}

func parseSegmentName(name string) (first, last journal.Position, ok bool) {
	stem, ok := strings.CutSuffix(name, segmentSuffix)
	if !ok || len(stem) != 2*nameDigits+1 || stem[nameDigits] != '-' {
		return 0, 0, false
	}
	a, errA := strconv.ParseUint(stem[:nameDigits], 10, 64)
	b, errB := strconv.ParseUint(stem[nameDigits+1:], 10, 64)
	first, last = journal.Position(a), journal.Position(b)
	return first, last, errA == nil && errB == nil && first > 0 && first <= last
}

// List gives the directory's segments in order. It gives ErrGap or ErrOverlap where they do not follow each other. Other files
// are passed over.
func List(fs vfs.FS, dir string) ([]Segment, error) {
	names, err := fs.List(dir)
	if err != nil {
		return nil, fmt.Errorf("list archive: %w", err)
	}
	var segments []Segment
	for _, name := range names {
		if first, last, ok := parseSegmentName(name); ok {
			segments = append(segments, Segment{first, last, fs.PathJoin(dir, name)})
		}
	}
	slices.SortFunc(segments, func(a, b Segment) int { return cmp.Compare(a.First, b.First) })
	for i := 1; i < len(segments); i++ {
		before, after := segments[i-1], segments[i]
		switch {
		case after.First <= before.Last:
			return nil, fmt.Errorf("%w: %s and %s; move one of them away", ErrOverlap, before.Path, after.Path)
		case after.First > before.Last+1:
			return nil, fmt.Errorf("%w: positions %d to %d are missing between %s and %s; restore the segment from a backup",
				ErrGap, before.Last+1, after.First-1, before.Path, after.Path)
		}
	}
	return segments, nil
}
