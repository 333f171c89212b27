package evidence

import (
	"cmp"
	"math"
	"slices"
)

// Edge is two accounts that act together more than chance explains; A < B.
type Edge struct {
	A, B   uint32
	Log10P float64 // of the p-value of all traces together
}

// Support is what one trace says of a pair.
type Support struct {
	Trace    int
	Together int     // co-actions
	Expected float64 // by chance
	Log10P   float64 // of its p-value
}

// Pairs that have not met since the last call and are e^margin away from standing are looked at in every wholly-th call only: what others do changes their
// p-values slowly.
const (
	margin = 7
	wholly = 64
)

// Edges are the edges that stand now, by their ends. It takes time for the pairs that repeated a co-action, little of it for those that have not met since
// the call before.
func (m *Model) Edges() []Edge {
	n := float64(len(m.names))
	unit := math.Log(m.opts.Alpha) - math.Log(n*(n-1)/2) // what the first of the sorted p-values is held against
	limit := unit + math.Log(float64(max(1, len(m.repeated))))
	var all []Edge
	whole := m.calls%wholly == 0
	m.calls++
	for _, p := range m.repeated {
		if whole || p.fresh || p.logP <= limit+margin {
			p.logP, p.fresh = m.logP(p), false
		}
		if p.logP <= limit {
			a, b := ends(p.id)
			all = append(all, Edge{a, b, p.logP})
		}
	}
	slices.SortFunc(all, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.Log10P, b.Log10P), cmp.Compare(pairOf(a.A, a.B), pairOf(b.A, b.B)))
	})
	for len(all) > 0 && all[len(all)-1].Log10P > unit+math.Log(float64(len(all))) {
		all = all[:len(all)-1]
	}
	m.standing = len(all)
	m.takeTouched()
	for i := range all {
		all[i].Log10P /= math.Ln10
	}
	slices.SortFunc(all, func(a, b Edge) int { return cmp.Compare(pairOf(a.A, a.B), pairOf(b.A, b.B)) })
	return all
}

// Explain says why an edge stands: what each trace says, and the first co-actions at different keys, at most 5.
func (m *Model) Explain(e Edge) ([]Support, []Meeting) {
	p := m.pairs[pairOf(e.A, e.B)]
	if p == nil {
		return nil, nil
	}
	var support []Support
	for t := range m.traces {
		if n := int(p.together[t]); n > 0 {
			rate := m.expected(t, e.A, e.B)
			support = append(support, Support{t, n, rate, logTail(rate, n) / math.Ln10})
		}
	}
	return support, slices.Clone(p.why)
}

// expected is λ of a pair.
func (m *Model) expected(trace int, a, b uint32) float64 {
	t := &m.traces[trace]
	if t.acts == 0 {
		return 0
	}
	return float64(m.degree[a][trace]) * float64(m.degree[b][trace]) * max(0, t.close) / (t.acts * t.acts)
}

// logP is the logarithm of the combined p-value of a pair.
func (m *Model) logP(p *pair) float64 {
	a, b := ends(p.id)
	var least, tests [MaxTraces]float64 // by class
	for t, class := range m.classes {
		if class < 0 || m.degree[a][t] == 0 || m.degree[b][t] == 0 {
			continue
		}
		tests[class]++
		if n := int(p.together[t]); n > 0 {
			least[class] = min(least[class], logTail(m.expected(t, a, b), n))
		}
	}
	sum, best, classes := 0.0, 0.0, 0
	for c := range m.nClasses {
		if tests[c] > 0 {
			classes++
			p := min(0, least[c]+math.Log(tests[c]))
			sum += p
			best = min(best, p)
		}
	}
	return combined(sum, best, classes)
}

// Batch is a key with more accounts than chance explains.
type Batch struct {
	Trace    int
	Key      string
	Visits   []Visit // in order of time, at most 4,096; valid until the next act
	Expected float64 // accounts
	Log10P   float64

	hash uint64
}

// Batches are the batches that stand now, by trace. Of each key it is the window that held the most accounts. It takes time for the keys.
func (m *Model) Batches() []Batch {
	var all []Batch
	for i := range m.traces {
		t := &m.traces[i]
		if !t.Batch || len(t.keys) == 0 {
			continue
		}
		rate, least := t.usual(m.opts.Alpha)
		of := len(all)
		for hash, k := range t.keys {
			if len(k.held) >= least {
				all = append(all, t.batch(i, hash, k, rate))
			}
		}
		slices.SortFunc(all[of:], func(a, b Batch) int { return cmp.Compare(a.hash, b.hash) })
	}
	return all
}

// bound is how many others before it an account of a batch is joined with at most.
const bound = 64

// Join calls do with pairs of a batch's accounts, each once: all of them as long as it is small, and of a large one so many that each has some 128
// others, chosen by hash, so that it is a random graph of even density and not a chain. They are those of the visits from one on with visits before them,
// so that a batch that grew can be gone on with.
func (b *Batch) Join(from int, do func(a, b uint32)) {
	chosen := map[int]bool{}
	for j := from; j < len(b.Visits); j++ {
		late := b.Visits[j]
		state := b.hash + uint64(j)
		clear(chosen)
		for n := range min(j, bound) {
			i := n
			if j > bound {
				state = state*6364136223846793005 + 1442695040888963407 // MMIX (Knuth)
				i = int((state >> 33) % uint64(j))
			}
			if !chosen[i] && b.Visits[i].Account != late.Account {
				chosen[i] = true
				do(min(b.Visits[i].Account, late.Account), max(b.Visits[i].Account, late.Account))
			}
		}
	}
}
