package vpdq

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/media/pdq"
)

// film makes frames that have nothing to do with one another, at the given times in milliseconds.
func film(seed uint64, times ...int) []Frame {
	r := rand.New(rand.NewPCG(seed, 7))
	out := make([]Frame, len(times))
	for i, at := range times {
		out[i] = Frame{Number: i, Time: time.Duration(at) * ms, Quality: 100}
		for k := range out[i].Hash {
			out[i].Hash[k] = byte(r.Uint32())
		}
	}
	return out
}

// everySecond are n times, a second apart.
func everySecond(n int) (out []int) {
	for i := range n {
		out = append(out, 1000*i)
	}
	return out
}

// shown is a stretch of a film as another video shows it: from a time on, at a speed, each frame some bits away.
func shown(frames []Frame, at time.Duration, speed float64, noise int) []Frame {
	var out []Frame
	for i, f := range frames {
		f.Time = at + time.Duration(float64(f.Time-frames[0].Time)/speed)
		for b := range noise {
			f.Hash[(i+7*b)%32] ^= 1 << (b % 8)
		}
		out = append(out, f)
	}
	return out
}

func join(parts ...[]Frame) (out []Frame) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func from(frames []Frame, at time.Duration) []Frame { return shown(frames, at, 1, 0) }

func TestCompare(t *testing.T) {
	known := film(1, everySecond(60)...)
	other := film(2, everySecond(60)...)
	still := func(n int) []Frame {
		out := film(3, everySecond(n)...)
		for i := range out {
			out[i].Hash = out[0].Hash
		}
		return out
	}
	type stretch struct {
		q0, q1, k0, k1 int // seconds
		frames, of     int
		distinct       int
	}
	for name, tc := range map[string]struct {
		query, known   []Frame
		percentQ, perK float64
		want           []stretch
	}{
		"the same":        {known, known, 100, 100, []stretch{{0, 59, 0, 59, 60, 60, 60}}},
		"nothing":         {other, known, 0, 0, nil},
		"a clip":          {join(other[:10], from(known[20:40], 10*time.Second), from(other[10:20], 30*time.Second)), known, 50, 100. / 3, []stretch{{10, 29, 20, 39, 20, 20, 20}}},
		"thirty bits off": {shown(known, 0, 1, 30), known, 100, 100, []stretch{{0, 59, 0, 59, 60, 60, 60}}},
		"32 bits off":     {shown(known, 0, 1, 32), known, 0, 0, nil},
		"order changed": {join(from(known[40:60], 0), from(known[:30], 20*time.Second)), known, 100, 250. / 3,
			[]stretch{{20, 49, 0, 29, 30, 30, 30}, {0, 19, 40, 59, 20, 20, 20}}},
		"a gap of 8 s":  {join(known[:20], other[20:27], known[27:60]), known, 100 * 53. / 60, 100 * 53. / 60, []stretch{{0, 59, 0, 59, 53, 60, 53}}},
		"a gap of 15 s": {join(known[:20], other[20:34], known[34:60]), known, 100 * 46. / 60, 100 * 46. / 60, []stretch{{34, 59, 34, 59, 26, 26, 26}, {0, 19, 0, 19, 20, 20, 20}}},
		"one picture":   {join(other[:10], from(known[5:6], 10*time.Second)), known, 100. / 11, 100. / 60, nil},
		"twice":         {join(from(known[:10], 0), from(known[:10], 10*time.Second)), known[:10], 100, 100, []stretch{{0, 9, 0, 9, 10, 10, 10}, {10, 19, 0, 9, 10, 10, 10}}},
		"a still":       {still(20), still(50), 100, 100, []stretch{{0, 19, 0, 19, 20, 20, 1}}},
		"empty query":   {nil, known, 0, 0, nil},
		"empty known":   {known, nil, 0, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := Compare(tc.query, tc.known, Options{})
			if !near(got.QueryPercent, tc.percentQ) || !near(got.KnownPercent, tc.perK) {
				t.Errorf("got %.2f%% and %.2f%%, want %.2f%% and %.2f%%", got.QueryPercent, got.KnownPercent, tc.percentQ, tc.perK)
			}
			if len(got.Segments) != len(tc.want) {
				t.Fatalf("got %+v, want %+v", got.Segments, tc.want)
			}
			for i, w := range tc.want {
				g := got.Segments[i]
				sec := func(d time.Duration) int { return int(d / time.Second) }
				if (stretch{sec(g.QueryStart), sec(g.QueryEnd), sec(g.KnownStart), sec(g.KnownEnd), g.Frames, g.Of, g.Distinct}) != w && name != "a still" {
					t.Errorf("segment %d: got %+v, want %+v", i, g, w)
				}
				if name == "a still" && (g.Frames != 20 || g.Distinct != 1 || g.KnownEnd-g.KnownStart != 19*time.Second) {
					t.Errorf("a still: got %+v", g)
				}
				if !near(g.Speed, 1) {
					t.Errorf("segment %d: got speed %v, want 1", i, g.Speed)
				}
			}
		})
	}
}

func near(a, b float64) bool { return a-b < 0.005 && b-a < 0.005 }

func TestListsCannotBeTurned(t *testing.T) {
	if frames, ok := (&Video{Frames: film(1, 0, 1000)}).Turned(pdq.FlipY); ok {
		t.Errorf("got %v", frames)
	}
}

func TestSpeeds(t *testing.T) {
	known := film(4, everySecond(120)...)
	for _, speed := range []float64{0.5, 0.77, 0.95, 1.03, 1.05, 1.1, 1.33, 2} {
		got := Compare(join(film(5, everySecond(5)...), shown(known[10:100], 5*time.Second, speed, 10)), known, Options{})
		if len(got.Segments) == 0 || got.Segments[0].Frames < 85 || got.Segments[0].Speed < speed-0.01 || got.Segments[0].Speed > speed+0.01 {
			t.Errorf("at speed %v: got %+v", speed, got.Segments)
		}
	}
}

func TestQualityAndHostileTimes(t *testing.T) {
	known := film(6, everySecond(20)...)
	poor := from(known, 0)
	for i := range 15 {
		poor[i].Quality = 49
	}
	if got := Compare(poor, known, Options{}); got.QueryPercent != 100 || got.KnownPercent != 25 {
		t.Errorf("poor frames count: got %+v, want 100%% and 25%%", got)
	}
	if got := Compare(poor, known, Options{Quality: 40}); got.KnownPercent != 100 {
		t.Errorf("with a lower quality: got %+v, want 100%%", got)
	}
	odd := from(known, 0)
	odd[0].Time, odd[1].Time = -1, MaxTime+1
	if got := Compare(odd, known, Options{}); got.KnownPercent != 90 {
		t.Errorf("frames at impossible times count: got %+v, want 90%%", got)
	}
	far := from(known, 0)
	far[19].Time = MaxTime
	if got := Compare(far, far, Options{}); len(got.Segments) != 1 || got.Segments[0].Frames != 19 {
		t.Errorf("a frame a day later: got %+v", got)
	}
}

// TestComparePlain holds the percentages to their definition, and segments to what they claim.
func TestComparePlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool := film(rapid.Uint64().Draw(t, "seed"), make([]int, 12)...)
		frames := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Frame {
			f := pool[rapid.IntRange(0, 11).Draw(t, "hash")]
			f.Time = time.Duration(rapid.IntRange(0, 40_000).Draw(t, "ms")) * ms
			f.Quality = rapid.SampledFrom([]int{0, 49, 50, 100}).Draw(t, "quality")
			f.Hash[0] ^= rapid.SampledFrom([]byte{0, 1, 255}).Draw(t, "noise")
			return f
		}), 0, 60)
		query, known := frames.Draw(t, "query"), frames.Draw(t, "known")
		o := Options{Gap: time.Duration(rapid.IntRange(1, 20).Draw(t, "gap")) * time.Second}
		got := Compare(query, known, o)
		if q, k := plainPercent(query, known), plainPercent(known, query); got.QueryPercent != q || got.KnownPercent != k {
			t.Fatalf("got %v and %v, want %v and %v", got.QueryPercent, got.KnownPercent, q, k)
		}
		for i, s := range got.Segments {
			if s.Frames < 2 || s.Frames > s.Of || s.Distinct < 1 || s.Distinct > s.Frames || s.Distance > 31 || s.QueryEnd < s.QueryStart || s.Speed < 0.4 || s.Speed > 2.5 {
				t.Fatalf("segment %d: %+v", i, s)
			}
			for _, o := range got.Segments[:i] {
				if s.QueryStart < o.QueryEnd && o.QueryStart < s.QueryEnd {
					t.Fatalf("%+v and %+v share moments of the query", o, s)
				}
				if o.Frames < s.Frames {
					t.Fatalf("segments are not in order")
				}
			}
		}
	})
}

func plainPercent(a, b []Frame) float64 {
	n, of, others := 0, 0, 0
	for _, g := range b {
		if g.Quality >= 50 {
			others++
		}
	}
	for _, f := range a {
		if f.Quality < 50 {
			continue
		}
		of++
		for _, g := range b {
			if g.Quality >= 50 && f.Hash.Distance(g.Hash) <= pdq.MatchDistance {
				n++
				break
			}
		}
	}
	if of == 0 || others == 0 {
		return 0
	}
	return 100 * float64(n) / float64(of)
}

// BenchmarkCompare compares an hour with an hour at a frame a second: unrelated, the same, and stills, which is the worst.
func BenchmarkCompare(b *testing.B) {
	hour := everySecond(3600)
	stills := film(1, hour...)
	for i := range stills {
		stills[i].Hash = stills[0].Hash
	}
	for _, bc := range []struct {
		name         string
		query, known []Frame
	}{
		{"unrelated", film(1, hour...), film(2, hour...)},
		{"same", film(1, hour...), film(1, hour...)},
		{"still", stills, stills},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Compare(bc.query, bc.known, Options{})
			}
		})
	}
}
