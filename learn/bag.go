package learn

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

const tagBag = 0x51

// MaxBag bounds the models of a bag.
const MaxBag = 32

// Bag is several trees trained on rows drawn with replacement. Where they differ, the examples did not settle the question. It never changes.
type Bag struct{ models []*Trees }

// BoostBag trains n models, 2 to MaxBag, each on as many draws from the table as it has rows, and with a seed of its own. It takes n
// times as long as Boost.
func BoostBag(train, validation *Table, opts BoostOptions, n int) (*Bag, error) {
	if n < 2 || n > MaxBag {
		return nil, fmt.Errorf("learn: a bag of %d models, not 2 to %d", n, MaxBag)
	}
	if err := train.check(opts.Loss); err != nil {
		return nil, err
	}
	bag := &Bag{}
	for i := range n {
		chance := rand.New(rand.NewPCG(opts.Seed, math.MaxUint64-uint64(i)))
		drawn := &Table{Names: train.Names}
		times := make([]int, len(train.Rows))
		for range train.Rows {
			times[chance.IntN(len(times))]++
		}
		for row, k := range times {
			if k > 0 {
				drawn.Rows, drawn.Targets = append(drawn.Rows, train.Rows[row]), append(drawn.Targets, train.Targets[row])
				drawn.Weights = append(drawn.Weights, float64(float64(k)*train.weight(row)))
			}
		}
		own := opts
		own.Seed += uint64(i)
		m, err := Boost(drawn, validation, own)
		if err != nil {
			return nil, fmt.Errorf("model %d of %d: %w", i+1, n, err)
		}
		bag.models = append(bag.models, m)
	}
	return bag, nil
}

// Models are those in the bag. The list must not be changed.
func (b *Bag) Models() []*Trees { return b.models }

// Score is the mean of the models' scores, and the standard deviation between them: how far the score would move if the examples had been drawn
// anew. It says nothing of what is wrong with all examples alike.
func (b *Bag) Score(row []float64) (mean, deviation float64) {
	var scores [MaxBag]float64
	for i, m := range b.models {
		scores[i] = m.Score(row)
		mean += scores[i]
	}
	n := float64(len(b.models))
	mean /= n
	for _, s := range scores[:len(b.models)] {
		deviation += float64((s - mean) * (s - mean))
	}
	return mean, math.Sqrt(deviation / (n - 1))
}

// Predict is the mean score as the targets were given: a probability, or a mean.
func (b *Bag) Predict(row []float64) float64 {
	mean, _ := b.Score(row)
	return b.models[0].loss.mean(mean)
}

// Append writes the bag to dst.
func (b *Bag) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(append(dst, tagBag), uint64(len(b.models)))
	for _, m := range b.models {
		dst = m.Append(dst)
	}
	return dst
}

// DecodeBag reads a bag from the start of b and returns what follows it.
func DecodeBag(b []byte) (*Bag, []byte, error) {
	r := reader{b: b}
	tag, n := r.byte(), r.uvarint()
	if r.err == nil && (tag != tagBag || n < 2 || n > MaxBag) {
		r.fail("tag %#x with %d models is no bag", tag, n)
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	bag, rest := &Bag{}, r.b
	for range n {
		m, after, err := DecodeTrees(rest)
		if err != nil {
			return nil, nil, err
		}
		if first := append(bag.models, m)[0]; !slices.Equal(m.names, first.names) || m.loss != first.loss {
			r.fail("the models of a bag have different features or losses")
			return nil, nil, r.err
		}
		bag.models, rest = append(bag.models, m), after
	}
	return bag, rest, nil
}
