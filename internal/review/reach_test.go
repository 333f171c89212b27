package review

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestTrajectoryOf(t *testing.T) {
	at := func(hour float64) time.Time { return monday.Add(time.Duration(hour * float64(time.Hour))) }
	for _, test := range []struct {
		name     string
		readings []Reading
		opened   float64
		now      float64
		want     Trajectory
	}{
		{"nothing", nil, 0, 2, Trajectory{Age: 2, Unknown: true}},
		{"opened in the future", nil, 5, 2, Trajectory{Unknown: true}},
		{"steady", []Reading{{at(0), 0}, {at(8), 80}}, 0, 8, Trajectory{Total: 80, PerHour: 10, Age: 8}},
		{"out of order", []Reading{{at(8), 80}, {at(0), 0}}, 0, 8, Trajectory{Total: 80, PerHour: 10, Age: 8}},
		{"from the future", []Reading{{at(0), 0}, {at(8), 80}, {at(9), 1e9}}, 0, 8, Trajectory{Total: 80, PerHour: 10, Age: 8}},
		{"all of late", []Reading{{at(0), 0}, {at(7), 0}, {at(8), 80}}, 0, 8, Trajectory{Total: 80, PerHour: 40, Age: 8}},
		{"nothing of late", []Reading{{at(0), 0}, {at(1), 80}, {at(8), 80}}, 0, 8, Trajectory{Total: 80, Age: 8}},
		{"silent since", []Reading{{at(0), 0}, {at(1), 80}}, 0, 8, Trajectory{Total: 80, Age: 8}},
		{"falling", []Reading{{at(0), 100}, {at(8), 60}}, 0, 8, Trajectory{Total: 100, Age: 8}},
		{"one, since opened", []Reading{{at(8), 80}}, 0, 8, Trajectory{Total: 80, PerHour: 10, Age: 8}},
		{"one, at once", []Reading{{at(0), 80}}, 0, 0, Trajectory{Total: 80, PerHour: 80}},
		{"seen before anybody looked", []Reading{{at(0), 1000}, {at(.5), 1010}}, 0, .5, Trajectory{Total: 1010, PerHour: 10, Age: .5}},
	} {
		got := TrajectoryOf(test.readings, at(test.opened), at(test.now))
		if diff := cmp.Diff(test.want, got, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func genTrajectory(t *rapid.T) Trajectory {
	return Trajectory{Total: rapid.Float64Range(0, 1e7).Draw(t, "total"), PerHour: rapid.Float64Range(0, 1e6).Draw(t, "per hour"), Age: rapid.Float64Range(0, 2000).Draw(t, "age")}
}

func TestReachGrowsWithTheHorizon(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var reach Reach
		path := genTrajectory(t)
		for range rapid.IntRange(0, 50).Draw(t, "learnt") {
			other := path
			if rapid.Bool().Draw(t, "another") {
				other = genTrajectory(t)
			}
			reach.Learn(other, rapid.IntRange(0, len(References)-1).Draw(t, "reference"), rapid.Float64Range(0, 1e7).Draw(t, "came"))
		}
		a := time.Duration(rapid.Int64Range(int64(time.Minute), int64(1000*time.Hour)).Draw(t, "a"))
		b := a + time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "b"))
		first, second := reach.Expect(path, a), reach.Expect(path, b)
		if !(first > 0) || math.IsInf(second, 0) || second < first*(1-1e-9) {
			t.Errorf("%v views within %v, %v within %v", first, a, second, b)
		}
	})
}

// TestReachLearns: of what fades three times faster than the prior says, it expects less after a while.
func TestReachLearns(t *testing.T) {
	const shrink = 1. / 3
	rng := rand.New(rand.NewPCG(1, 2))
	var reach Reach
	draw := func() Trajectory {
		return Trajectory{Total: 1000, PerHour: 100 * rng.Float64(), Age: 10 + 10*rng.Float64()}
	}
	for range 3000 {
		path := draw()
		for i, reference := range References {
			reach.Learn(path, i, shrink*closedForm(path, reference.Hours())*2*rng.Float64())
		}
	}
	for range 20 {
		path := draw()
		got, want := reach.Expect(path, Horizon), shrink*closedForm(path, Horizon.Hours())
		if got < .8*want || got > 1.25*want {
			t.Errorf("%+v: %v views expected, want about %v", path, got, want)
		}
	}
}

func BenchmarkPriority(b *testing.B) {
	c := single("c", .5, 3, 100)
	var reach Reach
	b.ReportAllocs()
	for b.Loop() {
		Of(&c, &reach, monday)
	}
}

func TestPriorityAllocatesNothing(t *testing.T) {
	c := single("c", .5, 3, 100)
	var reach Reach
	if n := testing.AllocsPerRun(100, func() { Of(&c, &reach, monday) }); n > 0 {
		t.Errorf("Of allocates %v times", n)
	}
}
