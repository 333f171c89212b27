package evidence

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Edges are the edges that stand now, by their ends. An edge stands by the pair's own co-actions, by a batch that both are part of, or both. It takes time
// for the pairs that met twice or more and for the accounts of batches.
func (m *Model) Edges() []Edge {
	edges := m.pairEdges()
	for t := range m.traces {
		edges = m.batchEdges(edges, t)
	}
	slices.SortStableFunc(edges, func(a, b Edge) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
	joined := edges[:0]
	for _, e := range edges {
		if n := len(joined) - 1; n >= 0 && joined[n].A == e.A && joined[n].B == e.B {
			joined[n].join(&e)
		} else {
			joined = append(joined, e)
		}
	}
	return joined
}

func (e *Edge) join(o *Edge) {
	e.Log10P = min(e.Log10P, o.Log10P)
	e.Last = max(e.Last, o.Last)
	e.Support = append(e.Support, o.Support...)
	e.Why = append(e.Why, o.Why...)
	e.Why = e.Why[:min(len(e.Why), maxWhy)]
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
func (m *Model) logP(id uint64, p *pair) float64 {
	a, b := ends(id)
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
	sum, classes := 0.0, 0
	for c := range m.nClasses {
		if tests[c] > 0 {
			classes++
			sum += min(0, least[c]+math.Log(tests[c]))
		}
	}
	return fisher(sum, classes)
}

// pairEdges are the edges by co-actions of pairs.
func (m *Model) pairEdges() []Edge {
	type tested struct {
		id   uint64
		logP float64
	}
	all := make([]tested, 0, len(m.repeated))
	n := float64(len(m.names))
	unit := math.Log(m.opts.Alpha) - math.Log(n*(n-1)/2) // what the first of the sorted p-values is held against
	limit := unit + math.Log(float64(max(1, len(m.repeated))))
	for _, id := range m.repeated {
		if logP := m.logP(id, m.pairs[id]); logP <= limit {
			all = append(all, tested{id, logP})
		}
	}
	slices.SortFunc(all, func(a, b tested) int { return cmp.Or(cmp.Compare(a.logP, b.logP), cmp.Compare(a.id, b.id)) })
	stand := len(all)
	for stand > 0 && all[stand-1].logP > unit+math.Log(float64(stand)) {
		stand--
	}
	edges := make([]Edge, stand)
	for i, x := range all[:stand] {
		p := m.pairs[x.id]
		a, b := ends(x.id)
		edges[i] = Edge{A: a, B: b, Log10P: x.logP / math.Ln10, Last: p.last, Why: slices.Clone(p.why)}
		for t := range m.traces {
			if n := int(p.together[t]); n > 0 {
				rate := m.expected(t, a, b)
				edges[i].Support = append(edges[i].Support, Support{t, n, rate, logTail(rate, n) / math.Ln10})
			}
		}
	}
	return edges
}

// bound is how many others an account of a batch is joined with at most. They are chosen by hash, so that a large batch is a random graph of even
// density and not a chain.
const bound = 64

// batchEdges appends the edges by the batches of a trace.
func (m *Model) batchEdges(edges []Edge, trace int) []Edge {
	t := &m.traces[trace]
	if !t.Batch || len(t.keys) == 0 {
		return edges
	}
	rate := max(t.Usual, t.acts/float64(len(t.keys)+t.gone)-1)
	limit := math.Log(m.opts.Alpha) - math.Log(float64(len(t.keys)+t.gone))
	chosen := map[int]bool{}
	for _, hash := range slices.Sorted(maps.Keys(t.keys)) {
		k := t.keys[hash]
		logP := logTail(rate, len(k.held)-1)
		if len(k.held) < 3 || logP > limit {
			continue
		}
		support := []Support{{trace, len(k.held), 1 + rate, logP / math.Ln10}}
		one := func(i, j int) {
			a, b := k.held[i], k.held[j]
			edges = append(edges, Edge{A: min(a.Account, b.Account), B: max(a.Account, b.Account), Log10P: logP / math.Ln10, Last: b.At, Support: support,
				Why: []Meeting{{trace, k.name, b.At, b.At - a.At}}})
		}
		for j := range k.held {
			if j <= bound {
				for i := range j {
					one(i, j)
				}
				continue
			}
			state := hash + uint64(j)
			clear(chosen)
			for range bound {
				state = state*6364136223846793005 + 1442695040888963407 // MMIX (Knuth)
				i := int((state >> 33) % uint64(j))
				if !chosen[i] {
					chosen[i] = true
					one(i, j)
				}
			}
		}
	}
	return edges
}
