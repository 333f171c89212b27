package vpdq

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/ringfence/ringfence/media/pdq"
)

// Options say when two frames are the same, and what breaks an alignment. The zero value stands for the defaults.
type Options struct {
	Distance int           // bits by which frames may differ; 0 is 31, as vPDQ has it
	Quality  int           // frames of less are left out; 0 is 50
	Gap      time.Duration // how long a stretch without equal frames may be within a segment; 0 is 10 s
}

// Comparison is what two videos have in common.
type Comparison struct {
	// QueryPercent is the share of the query's frames that are equal to any frame of the known video, KnownPercent the other way
	// round, both 0 to 100, among frames that are good enough: the percentages of vPDQ. HMA calls it a match from 80% of the query's on.
	QueryPercent, KnownPercent float64
	// Segments are the stretches that are the same in both, those with most equal frames first. No moment of the query is in two.
	Segments []Segment
}

// Segment is a stretch of the query that is a stretch of the known video.
type Segment struct {
	QueryStart, QueryEnd time.Duration // of the first and last equal frames
	KnownStart, KnownEnd time.Duration
	// Speed is how fast the known video runs in the query: 2 is twice as fast.
	Speed float64
	// Frames is how many frames of the query are equal to the known one at their place, of Of in that stretch.
	Frames, Of int
	// Distinct counts those that differ from the distinct one before by more than the distance. A still picture has 1 however long
	// it is shown, and says as much as one picture does.
	Distinct int
	// Distance is the mean distance of the equal frames, in bits.
	Distance float64
}

const (
	maxFrames = 10_000                 // of each video that are compared
	maxLines  = 128                    // that are tried
	binWidth  = 250 * time.Millisecond // of the votes' offsets
	tolerance = 600 * time.Millisecond // a frame's distance from the line, for frames that were taken half a second apart
)

// speeds are those at which alignments are looked for; a fit through the frames then finds what lies between. The first is preferred.
var speeds = [...]float64{1, 0.5, 0.75, 0.8, 0.9, 0.95, 1.05, 1.1, 1.25, 1.5, 2}

// Compare compares a query with a known video. Frames need not be in order; those over [MaxTime] or below the quality are left out, and of more than
// 10,000 every second, third and so on is taken.
//
// Each frame of the query is compared with each of the known video. An hour against an hour at a frame a second takes a twentieth of a second of processor
// time, a second where nothing moves in either, and the most frames there can be eight times that. Pairs of equal frames then vote for the line
// (a speed and an offset) on which they lie; the line with most votes is cut where the gap is too long, its longest piece becomes a segment,
// the query's frames in it are taken out, and so on while two frames agree. Memory is a bit for each pair of frames.
func Compare(query, known []Frame, o Options) Comparison {
	if o.Distance <= 0 {
		o.Distance = pdq.MatchDistance
	}
	if o.Quality <= 0 {
		o.Quality = pdq.MinQuality
	}
	if o.Gap <= 0 {
		o.Gap = 10 * time.Second
	}
	m := newMatches(usable(query, o.Quality), usable(known, o.Quality), o.Distance)
	c := Comparison{QueryPercent: m.percent(m.rows), KnownPercent: m.percent(m.columns)}
	v := newVotes(m)
	for range maxLines {
		l, ok := v.best()
		if !ok {
			break
		}
		fitted := m.fit(l)
		on := m.longest(fitted, o.Gap)
		if len(on) < 2 {
			v.ruled[l] = true // those who voted are too far apart to be one stretch
			continue
		}
		c.Segments = append(c.Segments, m.segment(on, fitted.speed, o.Distance))
		for i := on[0].q; i <= on[len(on)-1].q; i++ {
			v.take(i)
		}
	}
	slices.SortFunc(c.Segments, func(a, b Segment) int {
		return cmp.Or(cmp.Compare(b.Frames, a.Frames), cmp.Compare(a.QueryStart, b.QueryStart))
	})
	return c
}

// usable are the frames that count, in the order of time.
func usable(frames []Frame, quality int) []Frame {
	var out []Frame
	for _, f := range frames {
		if f.Quality >= quality && f.Time >= 0 && f.Time <= MaxTime {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Frame) int { return cmp.Compare(a.Time, b.Time) })
	if step := (len(out) + maxFrames - 1) / maxFrames; step > 1 {
		kept := out[:0]
		for i := 0; i < len(out); i += step {
			kept = append(kept, out[i])
		}
		out = kept
	}
	return out
}

// matches says which frames of a query (rows) are equal to which of a known video (columns).
type matches struct {
	query, known  []Frame
	words         int      // of a row
	equal         []uint64 // bit j%64 of word i*words+j/64
	rows, columns []bool   // those with any equal frame
	taken         []bool   // rows that are in a segment
}

func newMatches(query, known []Frame, distance int) *matches {
	m := &matches{query: query, known: known, words: (len(known) + 63) / 64, rows: make([]bool, len(query)), columns: make([]bool, len(known)),
		taken: make([]bool, len(query))}
	m.equal = make([]uint64, len(query)*m.words)
	hashes := make([][4]uint64, len(known))
	for j, f := range known {
		hashes[j] = words(f.Hash)
	}
	for i, f := range query {
		row, a := m.row(i), words(f.Hash)
		for j := range hashes {
			b := &hashes[j]
			// Half of the bits tell most pairs apart.
			d := bits.OnesCount64(a[0]^b[0]) + bits.OnesCount64(a[1]^b[1])
			if d > distance || d+bits.OnesCount64(a[2]^b[2])+bits.OnesCount64(a[3]^b[3]) > distance {
				continue
			}
			row[j/64] |= 1 << (j % 64)
			m.rows[i], m.columns[j] = true, true
		}
	}
	return m
}

// words are the bits of a hash, four words of them.
func words(h pdq.Hash) (out [4]uint64) {
	for i := range out {
		out[i] = binary.LittleEndian.Uint64(h[8*i:])
	}
	return out
}

func (m *matches) row(i int) []uint64 { return m.equal[i*m.words:][:m.words] }

func (m *matches) percent(matched []bool) float64 {
	if len(m.query) == 0 || len(m.known) == 0 {
		return 0
	}
	n := 0
	for _, yes := range matched {
		if yes {
			n++
		}
	}
	return 100 * float64(n) / float64(len(matched))
}

// next is the first set bit of a row from j on; -1 if there is none.
func next(row []uint64, j int) int {
	for k := j / 64; k < len(row); k++ {
		word := row[k]
		if k == j/64 {
			word &= ^uint64(0) << (j % 64)
		}
		if word != 0 {
			return 64*k + bits.TrailingZeros64(word)
		}
	}
	return -1
}

// line is where frames of a query lie in the known video: at speed·t + offset, in seconds.
type line struct{ speed, offset float64 }

// pair is a frame of the query and the equal one of the known video.
type pair struct{ q, k int }

// on gives, for each frame of the query that has one, the equal frame within the tolerance of the line that is likest: by its distance in bits, and
// ten bits for each second off the line, which decide in a scene that stands still.
func (m *matches) on(l line) []pair {
	var out []pair
	for i, f := range m.query {
		at := l.speed*f.Time.Seconds() + l.offset
		from, _ := slices.BinarySearchFunc(m.known, at-tolerance.Seconds(), func(f Frame, s float64) int { return cmp.Compare(f.Time.Seconds(), s) })
		best, least := -1, math.Inf(1)
		row := m.row(i)
		for j := next(row, from); j >= 0; j = next(row, j+1) {
			off := m.known[j].Time.Seconds() - at
			if off > tolerance.Seconds() {
				break
			}
			if cost := float64(f.Hash.Distance(m.known[j].Hash)) + 10*math.Abs(off); cost < least {
				best, least = j, cost
			}
		}
		if best >= 0 {
			out = append(out, pair{i, best})
		}
	}
	return out
}

// longest is the piece of the frames on a line that has most, when it is cut where a gap is too long in either video and where another segment
// lies between.
func (m *matches) longest(l line, gap time.Duration) []pair {
	on := m.on(l)
	best, from := on[:0], 0
	for i := range on {
		if i > 0 && (m.query[on[i].q].Time-m.query[on[i-1].q].Time > gap || m.known[on[i].k].Time-m.known[on[i-1].k].Time > gap ||
			slices.Contains(m.taken[on[i-1].q:on[i].q], true)) {
			from = i
		}
		if i+1-from > len(best) {
			best = on[from : i+1]
		}
	}
	return best
}

// fit moves a line onto the equal frames near it by least squares, if more are near it then: a speed between those that are looked for.
func (m *matches) fit(l line) line {
	on := m.on(l)
	var n, st, su, stt, stu float64
	for _, p := range on {
		t, u := m.query[p.q].Time.Seconds(), m.known[p.k].Time.Seconds()
		n, st, su, stt, stu = n+1, st+t, su+u, stt+t*t, stu+t*u
	}
	spread := n*stt - st*st
	if n < 3 || spread <= 0 {
		return l
	}
	speed := (n*stu - st*su) / spread
	fitted := line{speed, (su - speed*st) / n}
	if speed < 0.4 || speed > 2.5 || len(m.on(fitted)) <= len(on) {
		return l
	}
	return fitted
}

// segment describes a stretch of equal frames.
func (m *matches) segment(on []pair, speed float64, distance int) Segment {
	first, last := on[0], on[len(on)-1]
	s := Segment{
		QueryStart: m.query[first.q].Time, QueryEnd: m.query[last.q].Time,
		KnownStart: m.known[first.k].Time, KnownEnd: m.known[last.k].Time,
		Speed: speed, Frames: len(on), Of: last.q - first.q + 1,
	}
	distinct := -1
	for _, p := range on {
		hash := m.query[p.q].Hash
		s.Distance += float64(hash.Distance(m.known[p.k].Hash)) / float64(len(on))
		if distinct < 0 || hash.Distance(m.query[distinct].Hash) > distance {
			distinct = p.q
			s.Distinct++
		}
	}
	return s
}

// votes counts, for each speed, how many frames of the query have an equal frame at which offset.
type votes struct {
	m      *matches
	lowest []float64 // the offset of the first bin, of each speed
	bins   [][]int32
	ruled  map[line]bool // lines that came to nothing
}

func newVotes(m *matches) *votes {
	v := &votes{m: m, ruled: make(map[line]bool)}
	if len(m.query) == 0 || len(m.known) == 0 {
		return v
	}
	queryEnd, knownEnd := m.query[len(m.query)-1].Time.Seconds(), m.known[len(m.known)-1].Time.Seconds()
	for _, speed := range speeds {
		v.lowest = append(v.lowest, -speed*queryEnd)
		v.bins = append(v.bins, make([]int32, int((speed*queryEnd+knownEnd)/binWidth.Seconds())+3))
	}
	for i := range m.query {
		v.count(i, 1)
	}
	return v
}

// count adds by to the offsets of frame i's pairs, once to each: a still picture in the known video gives no more votes than one frame of it.
func (v *votes) count(i int, by int32) {
	var (
		from [len(speeds)]float64 // the place of a pair at time 0 of the known video, in bins
		last [len(speeds)]int     // the bin of the pair before, and 1; pairs come in the order of their offsets
	)
	for s, speed := range speeds {
		from[s] = (-speed*v.m.query[i].Time.Seconds() - v.lowest[s]) / binWidth.Seconds()
	}
	row := v.m.row(i)
	for j := next(row, 0); j >= 0; j = next(row, j+1) {
		u := v.m.known[j].Time.Seconds() / binWidth.Seconds()
		for s := range speeds {
			if b := int(max(u+from[s], 0)); b+1 != last[s] {
				v.bins[s][b] += by
				last[s] = b + 1
			}
		}
	}
}

// best is the line through the middle of the two neighbouring bins with most votes together, if those are at least two. Another speed than
// the first must have a sixteenth more.
func (v *votes) best() (line, bool) {
	most, at := int32(1), line{}
	for s, bins := range v.bins {
		least := most
		if s > 0 {
			least += most / 16
		}
		for b := 0; b+1 < len(bins); b++ {
			n := bins[b] + bins[b+1]
			if n <= max(most, least) {
				continue
			}
			if l := (line{speeds[s], v.lowest[s] + float64(b+1)*binWidth.Seconds()}); !v.ruled[l] {
				most, at = n, l
			}
		}
	}
	return at, most > 1
}

// take takes the votes of a frame of the query away, which is in a segment.
func (v *votes) take(i int) {
	v.count(i, -1)
	v.m.taken[i] = true
	clear(v.m.row(i))
}
