package coaction

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var options = StreamOptions{Windows: []int64{10, 60, 600}, HalfLife: 3600, Late: 120, Popular: 100, MaxActs: 10000, MaxPairs: 10000}

type streamAct struct {
	trace           Trace
	object, account uint64
	at              int64
}

func stream(t testing.TB, o StreamOptions, acts []streamAct) *Stream {
	t.Helper()
	s, err := NewStream(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range acts {
		if _, err := s.Add(a.trace, a.object, a.account, a.at, 1); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// weights are all pairs of a stream with their weights.
func weights(s *Stream, now int64) map[string][]float64 {
	all := map[string][]float64{}
	s.Pairs(now, func(p Pair) bool {
		all[fmt.Sprint(p.Trace, p.A, p.B)] = slices.Clone(p.Weight)
		return true
	})
	return all
}

func TestStream(t *testing.T) {
	s, err := NewStream(options)
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		streamAct
		want []Meeting
	}{
		{streamAct{0, 1, 7, 1000}, nil},
		{streamAct{0, 1, 8, 1060}, []Meeting{{7, 60, 1, 1}}},               // a window includes its end
		{streamAct{0, 1, 9, 1055}, []Meeting{{7, 55, 1, 1}, {8, 5, 0, 1}}}, // late, within the lateness
		{streamAct{1, 1, 9, 1060}, nil},                                    // another trace
		{streamAct{0, 2, 8, 1060}, nil},                                    // another object
		{streamAct{0, 1, 7, 1100}, []Meeting(nil)},                         // again, and no closer at any window
		{streamAct{0, 1, 8, 1105}, []Meeting{{7, 5, 0, 1}}},                // again, closer
	} {
		got, err := s.Add(step.trace, step.object, step.account, step.at, 1)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(step.want, slices.Clone(got), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("act %d (-want +got):\n%s", i, diff)
		}
	}
	half := math.Exp2(-float64(1105-1060) / 3600)
	want := map[string][]float64{"0 7 8": {1, half, half}, "0 7 9": {0, math.Exp2(-50.0 / 3600), math.Exp2(-50.0 / 3600)}, "0 8 9": {math.Exp2(-45.0 / 3600), math.Exp2(-45.0 / 3600), math.Exp2(-45.0 / 3600)}}
	if diff := gocmp.Diff(want, weights(s, 1105), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := weights(s, 1105+3600)["0 7 8"][0]; math.Abs(got-0.5) > 1e-9 {
		t.Errorf("after a half-life the weight is %v, want a half", got)
	}
	if _, err := s.Add(0, 1, 7, 1105-121, 1); !errors.Is(err, ErrLate) {
		t.Errorf("an act of 121 s ago: %v, want ErrLate", err)
	}
	var partners []uint64
	s.PairsOf(8, 1105, func(p Pair) bool { partners = append(partners, p.A+p.B-8); return true })
	slices.Sort(partners)
	if !slices.Equal(partners, []uint64{7, 9}) {
		t.Errorf("partners of 8: %v, want 7 and 9", partners)
	}
}

// TestStreamCountsEachPairOnceAnObject compares with all pairs of acts, in any order of arrival.
func TestStreamCountsEachPairOnceAnObject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := options
		o.HalfLife = MaxTime // no decay
		o.Late = 2000
		acts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) streamAct {
			return streamAct{Trace(rapid.IntRange(0, 1).Draw(t, "trace")), rapid.Uint64Range(0, 2).Draw(t, "object"), rapid.Uint64Range(0, 5).Draw(t, "account"), rapid.Int64Range(0, 1500).Draw(t, "at")}
		}), 0, 40).Draw(t, "acts")
		want := map[string][]float64{}
		type meeting struct {
			trace        Trace
			object, a, b uint64
		}
		closest := map[meeting]int64{}
		for _, a := range acts {
			for _, b := range acts {
				if a.trace != b.trace || a.object != b.object || a.account >= b.account {
					continue
				}
				m := meeting{a.trace, a.object, a.account, b.account}
				if d, ok := closest[m]; !ok || distance(a.at, b.at) < d {
					closest[m] = distance(a.at, b.at)
				}
			}
		}
		for m, apart := range closest {
			if apart > 600 {
				continue
			}
			key := fmt.Sprint(m.trace, m.a, m.b)
			if want[key] == nil {
				want[key] = make([]float64, 3)
			}
			for i, w := range o.Windows {
				if apart <= w {
					want[key][i]++
				}
			}
		}
		s, err := NewStream(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range acts {
			if _, err := s.Add(a.trace, a.object, a.account, a.at, 1); err != nil {
				t.Fatal(err)
			}
		}
		if diff := gocmp.Diff(want, weights(s, 1500), cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// crowd is acts of many accounts on one object, and of a squad that also met on others before.
func crowd(accounts int) []streamAct {
	chance := rand.New(rand.NewPCG(1, 2))
	var acts []streamAct
	for object := range uint64(3) {
		for member := range uint64(5) {
			acts = append(acts, streamAct{0, 100 + object, member, int64(object*1000 + member)})
		}
	}
	for i := range accounts {
		acts = append(acts, streamAct{0, 1, 1000 + chance.Uint64N(1<<40), 5000 + int64(i/10)})
		if i%(accounts/5) == 0 {
			acts = append(acts, streamAct{0, 1, uint64(i / (accounts / 5)), 5000 + int64(i/10)})
		}
	}
	return acts
}

func TestPopularObjectsAreSampledAndSquadsKept(t *testing.T) {
	const accounts = 4000
	o := options
	o.MaxPairs, o.MaxActs = 1<<20, 1<<20
	s := stream(t, o, crowd(accounts))
	if n := s.Len(); n > accounts*o.Popular || n < accounts {
		t.Errorf("%d pairs of %d accounts on one object, want about as many as half of %d for each", n, accounts, o.Popular)
	}
	for a := range uint64(5) {
		for b := range a {
			found := false
			s.PairsOf(a, 6000, func(p Pair) bool {
				found = found || p.other(a) == b && p.Last >= 5000
				return true
			})
			if !found {
				t.Errorf("the squad's %d and %d are not paired on the popular object", a, b)
			}
		}
	}
	again := stream(t, o, crowd(accounts))
	if diff := gocmp.Diff(weights(s, 6000), weights(again, 6000)); diff != "" {
		t.Errorf("the same acts gave other pairs:\n%s", diff)
	}
}

func (p Pair) other(a uint64) uint64 { return p.A + p.B - a }

func TestStreamIsBounded(t *testing.T) {
	o := StreamOptions{Windows: []int64{50}, HalfLife: 100, Late: 10, Popular: 8, MaxActs: 200, MaxPairs: 300}
	chance := rand.New(rand.NewPCG(3, 4))
	s := stream(t, o, nil)
	for i := range 20000 {
		if _, err := s.Add(Trace(i%3), chance.Uint64N(40), chance.Uint64N(1000), int64(i), 1); err != nil {
			t.Fatal(err)
		}
		held := 0
		for _, on := range s.lines {
			held += on.Len() + len(on.others)
		}
		if s.Acts() != held || held > o.MaxActs {
			t.Fatalf("act %d: %d acts are held and %d counted, want the same and at most %d", i, held, s.Acts(), o.MaxActs)
		}
		if s.Len() > o.MaxPairs || len(s.lines) > o.MaxActs+1 {
			t.Fatalf("act %d: %d pairs and %d timelines", i, s.Len(), len(s.lines))
		}
	}
	if s.Len() < o.MaxPairs/2 {
		t.Errorf("only %d pairs are left of %d", s.Len(), o.MaxPairs)
	}
}

func TestStreamRefuses(t *testing.T) {
	for name, change := range map[string]func(*StreamOptions){
		"no window":         func(o *StreamOptions) { o.Windows = nil },
		"descending window": func(o *StreamOptions) { o.Windows = []int64{2, 1} },
		"no half-life":      func(o *StreamOptions) { o.HalfLife = 0 },
		"negative lateness": func(o *StreamOptions) { o.Late = -1 },
		"popular at once":   func(o *StreamOptions) { o.Popular = 1 },
		"no room":           func(o *StreamOptions) { o.MaxPairs = 0 },
	} {
		o := options
		change(&o)
		if _, err := NewStream(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	s := stream(t, options, nil)
	for _, weight := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := s.Add(0, 1, 1, 1, weight); err == nil {
			t.Errorf("weight %v: no error", weight)
		}
	}
	if _, err := s.Add(0, 1, 1, math.MinInt64, 1); err == nil {
		t.Error("the least time: no error")
	}
}

// BenchmarkStream takes the simulated week's shares, one after the other.
func BenchmarkStream(b *testing.B) {
	shares := week(b)
	o := StreamOptions{Windows: []int64{10, 60}, HalfLife: 7 * 86400, Late: 120, Popular: 400, MaxActs: 1 << 20, MaxPairs: 1 << 21}
	b.ReportAllocs()
	for b.Loop() {
		s, err := NewStream(o)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range shares.rows {
			if _, err := s.Add(0, uint64(r.object), uint64(r.account), r.at, 1); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(shares.Len()*b.N)/b.Elapsed().Seconds(), "acts/s")
}
