package window

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	second   = int64(time.Second)
	lateness = 2 * 60 * second
	start    = 1_700_000_000 * second
)

func must(t testing.TB, s Spec) *Window {
	t.Helper()
	if s.ID == "" {
		s.ID = "test"
	}
	w, err := New(s, lateness)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// sighting is one call of Update.
type sighting struct {
	at  int64
	arg Arg
}

// settled is the contents of a window without what no read can ask for any more, in one form whatever the order of updates.
func settled(w *Window, words []uint64, clock int64) []byte {
	c := slices.Clone(words)
	switch w.Func {
	case FirstSeen:
		c = c[after(c, clock-w.Retention()):]
	case LastSeen:
		c = c[max(0, after(c, clock-w.lateness)-1):]
	case Session:
		for len(c) > 0 && int64(c[1]) < clock-w.Retention() {
			c = c[2:]
		}
	default:
		if w.Func == Distinct && isSketch(c) {
			for i := marksAt; i < len(c); i++ {
				for shift := uint(0); shift < 64; shift += 16 {
					top := int64(c[newestAt])
					if mark := c[i] >> shift & 0xffff; mark != 0 && age(top, mark) > top-w.keep(clock) {
						c[i] &^= 0xffff << shift
					}
				}
			}
			c[sweptAt] = 0
		} else if len(c) > 0 {
			c = cutExpired(c, w.stride(), w.keep(clock))
		}
	}
	if len(c) == 0 {
		return nil
	}
	return w.Encode(nil, c)
}

// model is what a window must say, from the list of all sightings. Sub-buckets are part of the contract.
func model(w *Window, seen []sighting, at int64) Result {
	lo, hi := floorDiv(at-w.Duration, w.width)+1, at/w.width
	in := func(s sighting, lo, hi int64) bool { b := s.at / w.width; return b >= lo && b <= hi }
	switch w.Func {
	case Count, Trend:
		var n, before int64
		for _, s := range seen {
			if in(s, lo, hi) {
				n++
			}
			if in(s, floorDiv(at-2*w.Duration, w.width)+1, lo-1) {
				before++
			}
		}
		if w.Func == Count {
			return Result{n, true}
		}
		return truth(n > 0 && n >= w.Min && n >= 10*before)
	case Sum:
		sum := new(big.Int)
		for _, s := range seen {
			if in(s, lo, hi) {
				sum.Add(sum, big.NewInt(s.arg.Num))
			}
		}
		if !sum.IsInt64() {
			return Result{}
		}
		return Result{sum.Int64(), true}
	case Distinct:
		last := map[uint64]int64{}
		for _, s := range seen {
			last[s.arg.Hash] = max(last[s.arg.Hash], s.at)
		}
		var n int64
		for _, at := range last {
			if in(sighting{at: at}, lo, hi) {
				n++
			}
		}
		return Result{n, true}
	case Session:
		var times []int64
		for _, s := range seen {
			times = append(times, s.at)
		}
		slices.Sort(times)
		r := Result{}
		last := int64(math.MinInt64 / 2)
		for _, t := range times {
			if t > at && (!r.OK || t-last > w.Duration) {
				break
			}
			if t-last > w.Duration {
				r = Result{t, true}
			}
			last = t
		}
		if at-last > w.Duration {
			return Result{}
		}
		return r
	case FirstSeen:
		first := map[int64]int64{} // by sub-bucket
		for _, s := range seen {
			if b := s.at / w.width; first[b] == 0 || s.at < first[b] {
				first[b] = s.at
			}
		}
		r := Result{}
		for _, t := range first {
			if t > at-w.Duration && t <= at && (!r.OK || t < r.V) {
				r = Result{t, true}
			}
		}
		return r
	default: // LastSeen
		latest := map[int64]int64{} // by sub-bucket
		for _, s := range seen {
			latest[s.at/w.width] = max(latest[s.at/w.width], s.at)
		}
		r := Result{}
		for _, t := range latest {
			if t > at-w.Duration && t <= at && t >= r.V {
				r = Result{t, true}
			}
		}
		return r
	}
}

var modelled = []Spec{
	{Func: Count, Duration: 3600 * second},
	{Func: Count, Duration: second},
	{Func: Count, Duration: 100*second + 12345},
	{Func: Sum, Duration: 600 * second},
	{Func: Distinct, Duration: 3600 * second},
	{Func: Distinct, Duration: 5 * second},
	{Func: Trend, Duration: 60 * second, Min: 3},
	{Func: Session, Duration: 30 * second},
	{Func: Session, Duration: 300 * second},
	{Func: FirstSeen, Duration: 900 * second},
	{Func: LastSeen, Duration: 900 * second},
	{Func: LastSeen, Duration: 20 * second},
}

// drawSightings gives sightings in an order in which each is at most the lateness behind the latest before it.
func drawSightings(t *rapid.T, w *Window) []sighting {
	n := rapid.IntRange(1, 60).Draw(t, "n")
	clock := start + rapid.Int64Range(0, 1<<32).Draw(t, "start")
	var seen []sighting
	for range n {
		at := clock
		if rapid.IntRange(0, 3).Draw(t, "late?") == 0 {
			at -= rapid.Int64Range(0, lateness).Draw(t, "late")
		} else {
			step := rapid.SampledFrom([]int64{0, 1, w.width / 3, w.width, w.width * 7, w.Duration / 5, w.Duration, 3 * w.Duration}).Draw(t, "step")
			clock += step
			at = clock
		}
		seen = append(seen, sighting{at, Arg{
			Hash: rapid.Uint64Range(0, 12).Draw(t, "hash"),
			Num:  rapid.OneOf(rapid.Int64Range(-1000, 1000), rapid.Int64()).Draw(t, "num"),
		}})
	}
	return seen
}

// TestModel holds every read, after every update and as of any time within the lateness, to the list of all sightings.
func TestModel(t *testing.T) {
	for _, spec := range modelled {
		w := must(t, spec)
		rapid.Check(t, func(t *rapid.T) {
			var words []uint64
			clock := int64(0)
			seen := drawSightings(t, w)
			for i, s := range seen {
				clock = max(clock, s.at)
				want := model(w, seen[:i+1], s.at)
				if w.Func == LastSeen {
					want = model(w, seen[:i], s.at)
				}
				var got Result
				if words, got = w.Update(words, clock, s.at, s.arg); got != want {
					t.Fatalf("%+v: update %d at %d: got %v, want %v", spec, i, s.at-start, got, want)
				}
				at := clock - rapid.Int64Range(0, lateness).Draw(t, "read")
				if got, want := w.Read(words, at), model(w, seen[:i+1], at); got != want {
					t.Fatalf("%+v: read after %d at %d: got %v, want %v", spec, i, at-start, got, want)
				}
			}
		})
	}
}

// TestOrderLeavesNoTrace shuffles sightings within the lateness: the contents come out the same.
func TestOrderLeavesNoTrace(t *testing.T) {
	for _, spec := range modelled {
		w := must(t, spec)
		rapid.Check(t, func(t *rapid.T) {
			seen := drawSightings(t, w)
			apply := func(seen []sighting) []byte {
				var words []uint64
				clock := int64(0)
				for _, s := range seen {
					clock = max(clock, s.at)
					words, _ = w.Update(words, clock, s.at, s.arg)
				}
				return settled(w, words, clock)
			}
			if got, want := apply(shuffleWithin(t, seen)), apply(seen); !bytes.Equal(got, want) {
				t.Fatalf("%+v: contents depend on the order: %x, %x", spec, got, want)
			}
		})
	}
}

// shuffleWithin gives a random order in which no sighting comes when it is more than the lateness behind.
func shuffleWithin(t *rapid.T, seen []sighting) []sighting {
	rest := slices.Clone(seen)
	slices.SortFunc(rest, func(a, b sighting) int { return int(min(max(a.at-b.at, -1), 1)) })
	var out []sighting
	for len(rest) > 0 {
		n := 1 // those that may come next without making the earliest too late
		for n < len(rest) && rest[n].at-rest[0].at <= lateness {
			n++
		}
		i := rapid.IntRange(0, n-1).Draw(t, "next")
		out = append(out, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
	return out
}
