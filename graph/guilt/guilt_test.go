package guilt

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// regions are 200 bad accounts and 2,000 good ones, each tied to some ten of their own, and so many ties between the two.
func regions(rng *rand.Rand, between int) (ties [][2]uint32) {
	inside := func(from, n int) {
		for i := range n {
			for range 5 {
				ties = append(ties, [2]uint32{uint32(from + i), uint32(from + rng.IntN(n))})
			}
		}
	}
	inside(0, bads)
	inside(bads, goods)
	for range between {
		ties = append(ties, [2]uint32{uint32(rng.IntN(bads)), uint32(bads + rng.IntN(goods))})
	}
	return ties
}

const bads, goods = 200, 2000

// ranks is how often a bad account is nearer than a good one (AUC), seeds apart.
func ranks(near []float64, seeds int) float64 {
	var good []float64
	good = append(good, near[bads+seeds:]...)
	slices.Sort(good)
	wins := 0.0
	for _, x := range near[seeds:bads] {
		below, _ := slices.BinarySearch(good, x)
		upTo, _ := slices.BinarySearch(good, math.Nextafter(x, 2))
		wins += float64(below) + float64(upTo-below)/2
	}
	return wins / float64(len(good)*(bads-seeds))
}

// TestTiesBetween varies the ties between the regions, from none to twice as many as the bad region has inside.
func TestTiesBetween(t *testing.T) {
	const seeds = 10
	var bad, good []uint32
	for i := range uint32(seeds) {
		bad, good = append(bad, i), append(good, bads+i)
	}
	for _, c := range []struct {
		between int
		least   float64 // AUC
	}{{0, .999}, {100, .999}, {1000, .99}, {2000, .9}} {
		ties := regions(rand.New(rand.NewPCG(uint64(c.between), 1)), c.between)
		near, err := Near(bads+goods, ties, bad, good, Options{})
		if err != nil {
			t.Fatal(err)
		}
		auc := ranks(near, seeds)
		t.Logf("%d ties between: AUC %.4f", c.between, auc)
		if auc < c.least {
			t.Errorf("%d ties between: AUC %.4f, want %v", c.between, auc, c.least)
		}
		wrong := 0
		for _, x := range near[bads+seeds:] {
			if x > .9 {
				wrong++
			}
		}
		if c.between <= 100 && wrong > goods/100 {
			t.Errorf("%d ties between: %d of %d good accounts are nearer than .9", c.between, wrong, goods)
		}
	}
}

// TestOneTieIsNoTwin: an innocent with a single tie, to a bad account, is less near than that account.
func TestOneTieIsNoTwin(t *testing.T) {
	ties := regions(rand.New(rand.NewPCG(2, 2)), 0)
	const friend = 50
	ties = append(ties, [2]uint32{friend, bads + goods})
	near, err := Near(bads+goods+1, ties, []uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if one := near[bads+goods]; one >= near[friend] {
		t.Errorf("one tie makes %v near, and the account that it is tied to is %v", one, near[friend])
	}
}

func TestNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "accounts")
		account := rapid.Custom(func(t *rapid.T) uint32 { return uint32(rapid.IntRange(0, n-1).Draw(t, "account")) })
		pairs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [2]uint32 {
			return [2]uint32{account.Draw(t, "a"), account.Draw(t, "b")}
		}), 0, 60).Draw(t, "ties")
		bad, good := rapid.SliceOfN(account, 0, 3).Draw(t, "bad"), rapid.SliceOfN(account, 0, 3).Draw(t, "good")
		near, err := Near(n, pairs, bad, good, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range near {
			if !(x >= 0 && x <= 1) {
				t.Fatalf("account %d is %v near", i, x)
			}
		}
		if len(bad) > 0 && len(good) > 0 {
			other, _ := Near(n, pairs, good, bad, Options{})
			for i := range near {
				if math.Abs(near[i]+other[i]-1) > 1e-9 {
					t.Fatalf("account %d is %v near the bad and %v near the good", i, near[i], other[i])
				}
			}
		}
	})
}

func TestNearRefuses(t *testing.T) {
	for name, call := range map[string]func() ([]float64, error){
		"tie":   func() ([]float64, error) { return Near(2, [][2]uint32{{0, 2}}, nil, nil, Options{}) },
		"seed":  func() ([]float64, error) { return Near(2, nil, []uint32{2}, nil, Options{}) },
		"steps": func() ([]float64, error) { return Near(2, nil, nil, nil, Options{Steps: 65}) },
		"least": func() ([]float64, error) { return Near(2, nil, nil, nil, Options{Least: -1}) },
	} {
		if _, err := call(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
