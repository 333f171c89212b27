package coaction

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// hub is acts of a crowd and of a squad of 10 on one object; the squad has met before on five others.
func hub(crowd int) []row {
	chance := rand.New(rand.NewPCG(5, 6))
	var all []row
	add := func(object, account string, at int64) {
		all = append(all, row{object, account, fmt.Sprint("p", len(all)), at})
	}
	for object := range 5 {
		for member := range 10 {
			add(fmt.Sprint("o", object), fmt.Sprint("squad", member), int64(object*1000+member))
		}
	}
	for range crowd {
		add("hub", fmt.Sprint("u", chance.IntN(crowd)), 10_000+chance.Int64N(600))
	}
	for member := range 10 {
		add("hub", fmt.Sprint("squad", member), 10_300+int64(member))
	}
	return all
}

func TestSamplingKeepsSquadsInsideOfPopularObjects(t *testing.T) {
	s := sharesOf(hub(3000))
	exact := CooRTweet{Window: 60, Threshold: 0.5}
	all := map[[2]string]int{}
	for _, e := range edgesOf(t, exact, s) {
		all[[2]string{min(e.From, e.To), max(e.From, e.To)}] = e.Weight
	}
	sampled := exact
	sampled.Sampling = Sampling{Popular: 50, Seed: 1}
	found, squad := 0, 0
	for _, e := range edgesOf(t, sampled, s) {
		weight, ok := all[[2]string{min(e.From, e.To), max(e.From, e.To)}]
		if !ok {
			t.Fatalf("%s–%s is an edge in the sample and not in all", e.From, e.To)
		}
		found++
		if e.From[0] == 's' && e.To[0] == 's' {
			squad++
			if e.Weight != weight {
				t.Errorf("%s–%s has weight %d in the sample, want all %d", e.From, e.To, e.Weight, weight)
			}
		}
	}
	if squad != 45 {
		t.Errorf("%d of the squad's 45 pairs are found", squad)
	}
	if found > len(all)/20 {
		t.Errorf("%d of %d edges are in the sample: want less than a twentieth", found, len(all))
	}
}
