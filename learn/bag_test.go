package learn

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// The spread between models has to be about that of models of fresh examples.
func TestBagKnowsWhatItDoesNotKnow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	draw := func(n int) *Table {
		table := &Table{Names: []string{"x"}}
		for range n {
			x, y := 0.0, float64(r.IntN(2))
			if r.IntN(20) == 0 {
				x = 1
			}
			table.Rows, table.Targets = append(table.Rows, []float64{x}), append(table.Targets, y)
		}
		return table
	}
	opts := DefaultBoost(LogisticLoss)
	opts.Trees, opts.Leaves, opts.MinRows, opts.Rate = 20, 4, 5, 0.3
	bag, err := BoostBag(draw(600), nil, opts, 10)
	if err != nil {
		t.Fatal(err)
	}
	_, common := bag.Score([]float64{0})
	_, rare := bag.Score([]float64{1})
	if rare < 2*common {
		t.Errorf("deviation = %.3f where there are many examples and %.3f where there are few, want more", common, rare)
	}
	var scores []float64
	for range 30 {
		scores = append(scores, boost(t, draw(600), nil, opts).Score([]float64{0}))
	}
	mean, anew := 0.0, 0.0
	for _, s := range scores {
		mean += s / 30
	}
	for _, s := range scores {
		anew += (s - mean) * (s - mean) / 29
	}
	if anew = math.Sqrt(anew); common < anew/1.5 || common > 1.5*anew {
		t.Errorf("deviation = %.3f, between models of fresh examples %.3f", common, anew)
	}
	if p := bag.Predict([]float64{0}); math.Abs(p-0.5) > 0.1 {
		t.Errorf("probability = %.3f, want about a half", p)
	}
	again, rest, err := DecodeBag(append(bag.Append(nil), 1))
	if err != nil || len(rest) != 1 || again.Predict([]float64{2}) != bag.Predict([]float64{2}) {
		t.Errorf("the bag does not survive its encoding: %v", err)
	}
	for _, n := range []int{0, 1, MaxBag + 1} {
		if _, err := BoostBag(draw(50), nil, opts, n); err == nil {
			t.Errorf("a bag of %d models: no error", n)
		}
	}
}

func FuzzDecodeBag(f *testing.F) {
	opts := DefaultBoost(LogisticLoss)
	opts.Trees = 2
	bag, err := BoostBag(hills(1, 100), nil, opts, 2)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bag.Append(nil))
	other := *bag.models[1]
	other.loss = SquaredLoss
	f.Add((&Bag{[]*Trees{bag.models[0], &other}}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		bag, rest, err := DecodeBag(b)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("error %v is not ErrFormat", err)
			}
			return
		}
		if again := bag.Append(nil); !bytes.Equal(again, b[:len(b)-len(rest)]) {
			t.Fatalf("%x was read as a bag that is written %x", b, again)
		}
		if _, deviation := bag.Score(make([]float64, len(bag.models[0].names))); math.IsNaN(deviation) || deviation < 0 {
			t.Fatalf("deviation %g", deviation)
		}
	})
}
