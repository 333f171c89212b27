package reviewbench

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// shared opens a file of the development data, and skips the test where there is none.
func shared(t *testing.T, name string) *os.File {
	t.Helper()
	dir := os.Getenv("RINGFENCE_SHARED")
	if dir == "" {
		t.Skip("RINGFENCE_SHARED names no folder of development data")
	}
	f, err := os.Open(filepath.Join(dir, "data", "review", name))
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestDistanceToRealTables says how far what is generated is from what was observed: the largest distance between the distributions
// (Kolmogorov and Smirnov), of each column of accounts, and of the delays in cascades.
func TestDistanceToRealTables(t *testing.T) {
	real, err := ReadTable(shared(t, "social-honeypot/accounts.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	generated := NewGenerated()
	columns := func(p Population, violating bool) [7][]float64 {
		var c [7][]float64
		for range 20000 {
			a := p.Draw(rng, violating, false)
			for i, v := range []float64{a.Followings, a.Followers, a.Posts, a.NameLen, a.BioLen, math.Log((1 + a.Followings) / (1 + a.Followers)), math.Log((1 + a.Posts) / (1 + a.Followers))} {
				c[i] = append(c[i], v)
			}
		}
		return c
	}
	for _, violating := range []bool{false, true} {
		a, b := columns(real, violating), columns(generated, violating)
		for i, name := range []string{"followings", "followers", "posts", "name", "bio", "followings/followers", "posts/followers"} {
			d := distance(a[i], b[i])
			t.Logf("violating %t, %s: %.3f", violating, name, d)
			if d > .15 {
				t.Errorf("violating %t: the distance of %s is %.3f", violating, name, d)
			}
		}
	}
	cascades, err := readCascades(shared(t, "rumor-cascades/cascades.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, isSlow := range []bool{false, true} {
		var observed, made, observedMedians, madeMedians []float64
		for _, c := range cascades {
			if c.slow == isSlow {
				observed = append(observed, c.delays...)
				observedMedians = append(observedMedians, median(c.delays))
			}
		}
		family := fast
		if isSlow {
			family = slow
		}
		for range 2000 {
			delays := family.delays(rng)
			made = append(made, delays...)
			madeMedians = append(madeMedians, median(delays))
		}
		d, m := distance(observed, made), distance(observedMedians, madeMedians)
		t.Logf("slow %t: delays %.3f, medians of cascades %.3f", isSlow, d, m)
		t.Logf("%v\n%v", quantiles(observed), quantiles(made))
		if d > .15 || m > .25 {
			t.Errorf("slow %t: the distance of delays is %.3f, of cascades' medians %.3f", isSlow, d, m)
		}
	}
}

func quantiles(x []float64) (q []float64) {
	slices.Sort(x)
	for _, s := range []float64{.05, .1, .25, .5, .75, .9, .95} {
		q = append(q, x[int(s*float64(len(x)-1))])
	}
	return q
}

func median(x []float64) float64 {
	sorted := slices.Sorted(slices.Values(x))
	return sorted[len(sorted)/2]
}

// distance of Kolmogorov and Smirnov; it sorts its arguments.
func distance(a, b []float64) float64 {
	slices.Sort(a)
	slices.Sort(b)
	most := 0.0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		v := min(a[i], b[j])
		for i < len(a) && a[i] == v {
			i++
		}
		for j < len(b) && b[j] == v {
			j++
		}
		most = max(most, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return most
}
