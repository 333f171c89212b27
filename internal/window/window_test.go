package window

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSketchError compares sketches with the truth: over ten seeds the root mean square of the relative errors is within the
// stated standard error and a half of it, and no single one is beyond four.
func TestSketchError(t *testing.T) {
	stated := 1.04 / math.Sqrt(registers)
	w := must(t, Spec{Func: Distinct, Duration: 3600 * second})
	for _, n := range []int{1100, 2000, 5000, 20_000, 200_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var squares float64
			const seeds = 10
			for seed := range uint64(seeds) {
				r := rand.New(rand.NewPCG(seed, 7))
				var words []uint64
				var got Result
				// Two windows' worth, so that half of what was seen has expired.
				at := start
				for range 2 * n {
					at += w.Duration / int64(n)
					words, got = w.Update(words, at, at, Arg{Hash: r.Uint64()})
				}
				e := (float64(got.V) - float64(n)) / float64(n)
				squares += e * e
				if math.Abs(e) > 4*stated {
					t.Errorf("seed %d: got %d of %d, an error of %.1f%%", seed, got.V, n, 100*e)
				}
			}
			rms := math.Sqrt(squares / seeds)
			t.Logf("root mean square error %.2f%%, stated %.2f%%", 100*rms, 100*stated)
			if rms > 1.5*stated {
				t.Errorf("root mean square error %.2f%% is above the stated %.2f%%", 100*rms, 100*stated)
			}
		})
	}
}

// TestSketchReads: what the sketch caches for reads at the newest sub-bucket is what a fresh look at all marks gives, and a read as of an
// earlier time sees only what was there.
func TestSketchReads(t *testing.T) {
	w := must(t, Spec{Func: Distinct, Duration: 600 * second})
	r := rand.New(rand.NewPCG(1, 2))
	var words []uint64
	clock := start
	for i := range 30_000 {
		clock += r.Int64N(second / 20)
		at := clock
		if i%10 == 0 {
			at -= r.Int64N(lateness)
		}
		words, _ = w.Update(words, clock, at, Arg{Hash: r.Uint64N(20_000)})
		if i%97 == 0 && isSketch(words) {
			fresh, err := w.Decode(w.Encode(nil, words))
			if err != nil {
				t.Fatal(err)
			}
			for _, back := range []int64{0, second, 60 * second, lateness} {
				if got, want := w.Read(words, clock-back), w.Read(fresh, clock-back); got != want {
					t.Fatalf("update %d, %ds back: got %d, want %d", i, back/second, got.V, want.V)
				}
			}
		}
	}
	if !isSketch(words) {
		t.Fatal("no sketch came about")
	}
	if got := w.Read(words, clock+w.Duration+w.width); got.V != 0 {
		t.Errorf("after the duration: got %d, want 0", got.V)
	}
}

// TestSketchAfterIdle: marks of a cell that slept for longer than their ring is long are not taken for new ones.
func TestSketchAfterIdle(t *testing.T) {
	w := must(t, Spec{Func: Distinct, Duration: 10 * second})
	for _, idle := range []int64{0, 100, 30_000, 65_534, 65_535, 65_536, 200_000, 1 << 40} {
		var words []uint64
		at := start
		for i := range uint64(3000) {
			words, _ = w.Update(words, at, at, Arg{Hash: i})
		}
		at += idle*w.width + w.Duration
		var got Result
		for i := range uint64(10) {
			words, got = w.Update(words, at, at, Arg{Hash: i})
		}
		if got.V != 10 {
			t.Errorf("after %d sub-buckets: got %d, want 10", idle, got.V)
		}
	}
}

// TestRateLimit is the conformance list of the token bucket.
func TestRateLimit(t *testing.T) {
	limit := Spec{ID: "l", Func: RateLimit, Max: 3, Refill: 1, Take: 1, Every: 10 * second}
	with := func(f func(*Spec)) Spec { s := limit; f(&s); return s }
	tests := []struct {
		name string
		spec Spec
		at   []int64 // seconds
		want string  // . passes, L is limited
	}{
		{"the fourth is one too many", limit, []int64{0, 0, 0, 0}, "...L"},
		{"one token comes back in each period", limit, []int64{0, 0, 0, 9, 10, 10, 20}, "...L.L."},
		{"refills by whole periods from the first sighting", limit, []int64{5, 5, 5, 14, 15}, "...L."},
		{"no refill beyond the limit", limit, []int64{0, 0, 0, 1000, 1000, 1000, 1000}, "......L"},
		{"a late sighting counts as at the last refill", limit, []int64{100, 100, 100, 110, 50, 119, 120}, "....LL."},
		{"several refills at once", with(func(s *Spec) { s.Refill = 2 }), []int64{0, 0, 0, 10, 10, 10}, ".....L"},
		{"takes more than one", with(func(s *Spec) { s.Take = 2 }), []int64{0, 0, 10, 10}, ".L.L"},
		{"takes none: limited only when empty", with(func(s *Spec) { s.Take = 0 }), []int64{0, 0, 0, 0}, "...."},
		{"strict: each try at an empty bucket restarts the wait", with(func(s *Spec) { s.Strict = true }),
			[]int64{0, 0, 0, 5, 14, 23, 32, 42}, "...LLLL."},
		{"not strict: tries do not matter", limit, []int64{0, 0, 0, 5, 14, 23, 32, 42}, "...L...."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := must(t, test.spec)
			var words []uint64
			var got []byte
			for _, at := range test.at {
				var r Result
				peek := w.Read(words, start+at*second)
				if words, r = w.Update(words, start+1000*second, start+at*second, Arg{}); r != peek {
					t.Errorf("at %d: read says %v, update %v", at, peek, r)
				}
				got = append(got, ".L"[r.V])
			}
			if string(got) != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestSumOutOfRange(t *testing.T) {
	w := must(t, Spec{Func: Sum, Duration: 60 * second})
	var words []uint64
	steps := []struct {
		num  int64
		want Result
	}{
		{math.MaxInt64, Result{math.MaxInt64, true}},
		{1, Result{}},
		{math.MaxInt64, Result{}},
		{-math.MaxInt64, Result{}},
		{-1, Result{math.MaxInt64, true}},
		{math.MinInt64, Result{-1, true}},
		{math.MinInt64, Result{}},
	}
	for i, step := range steps {
		var got Result
		if words, got = w.Update(words, start, start, Arg{Num: step.num}); got != step.want {
			t.Errorf("step %d: got %v, want %v", i, got, step.want)
		}
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		spec Spec
		want string
	}{
		{Spec{Func: Count, Duration: second}, "window has no id"},
		{Spec{ID: "w", Func: 99, Duration: second}, "window w: unknown function 99"},
		{Spec{ID: "w", Func: Count, Duration: second - 1}, "window w: duration 999.999999ms is outside 1s to 9600h0m0s"},
		{Spec{ID: "w", Func: Count, Duration: MaxDuration + 1}, "window w: duration 9600h0m0.000000001s is outside 1s to 9600h0m0s"},
		{Spec{ID: "w", Func: Trend, Duration: second, Min: -1}, "window w: minimum -1 is negative"},
		{Spec{ID: "w", Func: RateLimit, Refill: 1, Every: second}, "window w: a limit of 0 tokens is outside 1 to 2147483647"},
		{Spec{ID: "w", Func: RateLimit, Max: 1, Refill: 2, Every: second}, "window w: a refill of 2 tokens is outside 1 to the limit, 1"},
		{Spec{ID: "w", Func: RateLimit, Max: 1, Refill: 1, Take: 2, Every: second}, "window w: taking 2 tokens is outside 0 to the limit, 1"},
		{Spec{ID: "w", Func: RateLimit, Max: 1, Refill: 1}, "window w: refilling every 0s is outside 1ms to 9600h0m0s"},
		{Spec{ID: "w", Func: RateLimit, Max: 1 << 30, Refill: 1, Every: second}, "window w: an empty bucket takes longer than 9600h0m0s to fill"},
	}
	for _, test := range tests {
		got := "no error"
		if err := test.spec.Validate(); err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%+v: %s", test.spec, diff)
		}
	}
	if _, err := New(Spec{ID: "w", Func: Count, Duration: second}, MaxLateness+1); err == nil {
		t.Error("a lateness above the maximum: got no error")
	}
}

// TestNoAllocations: once a key's words have grown, an update and a read allocate nothing.
func TestNoAllocations(t *testing.T) {
	for _, spec := range append(modelled, Spec{Func: RateLimit, Max: 5, Refill: 1, Take: 1, Every: second}) {
		w := must(t, spec)
		words := make([]uint64, 0, 1<<17)
		at, i := start, uint64(0)
		step := func() {
			at += w.width / 3
			i++
			words, _ = w.Update(words, at, at, Arg{Hash: i % 3000, Num: 5})
			w.Read(words, at)
		}
		for range 5000 {
			step()
		}
		if n := testing.AllocsPerRun(1000, step); n != 0 {
			t.Errorf("%+v: %v allocations", spec, n)
		}
	}
}

// TestSketchOrder: the order within the lateness leaves no trace in a sketch either.
func TestSketchOrder(t *testing.T) {
	w := must(t, Spec{Func: Distinct, Duration: 30 * second})
	r := rand.New(rand.NewPCG(5, 6))
	inOrder := make([]sighting, 20_000)
	for i := range inOrder {
		inOrder[i] = sighting{start + int64(i)*second/50, Arg{Hash: r.Uint64N(5000)}}
	}
	shuffled := append([]sighting(nil), inOrder...)
	const block = 4000 // 80 s, within the lateness
	for i := 0; i < len(shuffled); i += block {
		r.Shuffle(block, func(a, b int) { shuffled[i+a], shuffled[i+b] = shuffled[i+b], shuffled[i+a] })
	}
	apply := func(seen []sighting) []byte {
		var words []uint64
		clock := int64(0)
		for _, s := range seen {
			clock = max(clock, s.at)
			words, _ = w.Update(words, clock, s.at, s.arg)
		}
		if !isSketch(words) {
			t.Fatal("no sketch came about")
		}
		return settled(w, words, clock)
	}
	if diff := cmp.Diff(apply(inOrder), apply(shuffled)); diff != "" {
		t.Error("the contents depend on the order")
	}
}
