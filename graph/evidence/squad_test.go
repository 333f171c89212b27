package evidence

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// town is people of communities who each act at the links of theirs, by day: nobody coordinates.
func town(rng *rand.Rand, accounts, communities, links, acts int) []act {
	all := make([]act, acts)
	for i := range all {
		who := int(float64(accounts) * math.Pow(rng.Float64(), 1.5))
		link := who%communities + communities*int(float64(links/communities)*math.Pow(rng.Float64(), 1.5))
		day := int64(rng.IntN(7))
		all[i] = act{fmt.Sprintf("k%d", link), fmt.Sprintf("a%d", who), (day*86_400 + 28_800 + int64(rng.NormFloat64()*10_000)) * second}
	}
	return all
}

// turnsOf is a squad of which another few share each of its links, so that hardly a pair repeats.
func turnsOf(rng *rand.Rand, size, links, few int) (all []act) {
	for k := range links {
		at := (int64(k%6)*86_400 + 21_600 + rng.Int64N(14_400)) * second // by day, as people do
		for _, j := range rng.Perm(size)[:few] {
			all = append(all, act{fmt.Sprintf("own%d", k), fmt.Sprintf("squad%d", j), at + rng.Int64N(40*second)})
		}
	}
	return all
}

func TestRotatingSquad(t *testing.T) {
	m := model(t, Trace{Name: "share", Class: "post", Windows: []int64{60 * second, 600 * second}})
	rng := rand.New(rand.NewPCG(4, 4))
	const size = 60
	feed(t, m, 0, append(town(rng, 2000, 4, 400, 40_000), turnsOf(rng, size, 80, 5)...))
	if n := len(m.Edges()); n > size {
		t.Errorf("%d pairs stand: the squad is none of which hardly a pair repeats", n)
	}
	found, err := m.Squads(second)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("no squad is found")
	}
	most := 0
	for _, x := range found {
		of := 0
		for _, a := range x.Members {
			if m.Name(a)[0] == 's' {
				of++
			}
		}
		if 10*of < 9*len(x.Members) {
			t.Errorf("%d of the %d members of a squad are", of, len(x.Members))
		}
		most = max(most, of)
	}
	if most < size*3/4 {
		t.Errorf("a squad of %d is found with %d members", size, most)
	}
}

// TestSquadsOfNobody: among people who have interests and hours in common, but nothing else, no squad is found.
func TestSquadsOfNobody(t *testing.T) {
	for seed := range uint64(5) {
		m := model(t, Trace{Name: "share", Class: "post", Windows: []int64{60 * second, 600 * second}})
		feed(t, m, 0, town(rand.New(rand.NewPCG(seed, 1)), 2000, 20, 4000, 40_000))
		m.Edges()
		found, err := m.Squads(second)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range found {
			t.Errorf("seed %d: a squad of %d, %d gatherings with %d or more, %.2g expected, p 1e%.0f", seed, len(x.Members), x.Seen, x.Least, x.Expected, x.Log10P)
		}
	}
}

// TestSquadLevel: of sets that were not chosen by how they act, the test rejects no more than its level, whatever the spread that it grants.
func TestSquadLevel(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	const accounts, sets = 600, 600
	var acts []seen
	for range 12_000 {
		who := uint32(float64(accounts) * math.Pow(rng.Float64(), 2))
		acts = append(acts, seen{uint64(rng.IntN(900)), int64(rng.IntN(86_400)), who})
	}
	slices.SortFunc(acts, func(a, b seen) int {
		if a.key != b.key {
			return int(int64(a.key) - int64(b.key))
		}
		return int(a.at - b.at)
	})
	y := newSquads(acts, 600, 3600, 1, accounts)
	below := map[float64]int{.1: 0, .01: 0}
	for range sets {
		var set []uint32
		for _, a := range rng.Perm(accounts)[:4+rng.IntN(60)] {
			set = append(set, uint32(a))
		}
		x := y.test(set)
		for level := range below {
			if x.Log10P <= math.Log10(level) {
				below[level]++
			}
		}
	}
	for level, n := range below {
		if most := level*sets + 4*math.Sqrt(level*sets); float64(n) > most {
			t.Errorf("%d of %d sets are below %v, want at most %.0f", n, sets, level, most)
		}
	}
}
