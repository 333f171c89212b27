package evidence

import (
	"cmp"
	"math"
	"slices"
)

// Between two calls of Edges, which looks at all pairs, what has just met can be held against the bound that the last one came to. It is how groups are kept
// up to date every few seconds at a cost of what happened in them.

// Touched are the pairs that met since the last call of Edges or Touched and stand by the bound of the last Edges, by their ends. It takes time for the
// pairs that met.
func (m *Model) Touched() []Edge {
	n := float64(len(m.names))
	limit := math.Log(m.opts.Alpha) - math.Log(n*(n-1)/2) + math.Log(float64(max(1, m.standing)))
	var all []Edge
	for _, p := range m.takeTouched() {
		if m.pairs[p.id] != p {
			continue // forgotten since
		}
		if p.logP, p.fresh = m.logP(p), false; p.logP <= limit {
			a, b := ends(p.id)
			all = append(all, Edge{a, b, p.logP / math.Ln10})
		}
	}
	slices.SortFunc(all, func(a, b Edge) int { return cmp.Compare(pairOf(a.A, a.B), pairOf(b.A, b.B)) })
	return all
}

// takeTouched empties the list of touched pairs and gives what was in it, valid until the next act.
func (m *Model) takeTouched() []*pair {
	all := m.touched
	m.touched = m.touched[:0]
	for _, p := range all {
		p.touched = false
	}
	return all
}

// TouchedBatches are the batches that stand now and gained an account since the last call, as [Model.Batches] has them. It takes time for the keys that
// gained one.
func (m *Model) TouchedBatches() []Batch {
	var all []Batch
	for i := range m.traces {
		t := &m.traces[i]
		if len(t.touched) == 0 {
			continue
		}
		rate, least := t.usual(m.opts.Alpha)
		of := len(all)
		for _, hash := range t.touched {
			k := t.keys[hash]
			if k == nil || !k.touched {
				continue
			}
			k.touched = false
			if len(k.held) >= least {
				all = append(all, t.batch(i, hash, k, rate))
			}
		}
		t.touched = t.touched[:0]
		slices.SortFunc(all[of:], func(a, b Batch) int { return cmp.Compare(a.hash, b.hash) })
	}
	return all
}

// touch notes that a key of a batch gained an account.
func (t *trace) touch(hash uint64, k *key) {
	if !k.touched {
		k.touched = true
		t.touched = append(t.touched, hash)
	}
}

// usual is how many others chance brings to a key of a batch, and the least number of accounts that is more.
func (t *trace) usual(alpha float64) (rate float64, least int) {
	keys := float64(len(t.keys) + t.gone)
	rate = max(t.Usual, t.acts/keys-1)
	limit := math.Log(alpha) - math.Log(keys)
	for least = 3; logTail(rate, least-1) > limit; {
		least++
	}
	return rate, least
}

func (t *trace) batch(trace int, hash uint64, k *key, rate float64) Batch {
	return Batch{trace, k.name, k.held, 1 + rate, logTail(rate, len(k.held)-1) / math.Ln10, hash}
}
