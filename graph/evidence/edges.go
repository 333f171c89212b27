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

func edgeOf(p *pair) Edge {
	a, b := ends(p.id)
	return Edge{a, b, p.logP / math.Ln10}
}

// Support is what one trace says of a pair.
type Support struct {
	Trace    int
	Together int     // co-actions within Within, at keys with at most Others others
	Expected float64 // by chance, of two accounts with something in common
	Log10P   float64 // of its p-value
	Within   int64
	Others   int // 0: any number
}

// limits are what p-values are held against: the logarithms up to which they stand, of each trace and of all together.
type limits struct {
	trace [MaxTraces]float64
	all   float64
}

// Pairs that have not met since the last call and are e^margin away from standing are looked at in every wholly-th fit only: what others do changes their
// p-values slowly.
const (
	margin = 7
	wholly = 16
)

// leastMeetings is how many meetings a pair has at least for an edge.
const leastMeetings = 3

// verdict is what the traces say of a pair.
type verdict struct {
	all   float64
	trace [MaxTraces]float64
}

// remarkable says whether a tie may be more than chance, by little work.
func (m *Model) remarkable(t *trace, x *tie) bool {
	a, b := ends(x.pair)
	da, db := m.degree[int(a)*len(m.traces)+int(x.trace)], m.degree[int(b)*len(m.traces)+int(x.trace)]
	for l := range t.levels[:t.nLevels] {
		if n := x.n[l]; n >= 2 && float64(n) > 4*t.levels[l].expected(da, db) {
			return true
		}
	}
	return false
}

// look says what is known of a pair.
func (m *Model) look(p *pair) (v verdict) {
	a, b := ends(p.id)
	var least, tests [MaxTraces]float64 // by class
	met := 0
	for i, class := range m.classes {
		if class < 0 {
			continue
		}
		da, db := m.degree[int(a)*len(m.traces)+i], m.degree[int(b)*len(m.traces)+i]
		if da == 0 || db == 0 {
			continue
		}
		tests[class]++
		if p.traces>>i&1 == 0 {
			continue
		}
		x := m.tie(p.id, i)
		if x == nil {
			continue
		}
		t := &m.traces[i]
		met += int(x.n[t.nLevels-1])
		_, best := t.best(x, da, db)
		v.trace[i] = min(0, best+math.Log(float64(t.nLevels)))
		least[class] = min(least[class], v.trace[i])
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
	if met < leastMeetings {
		return verdict{}
	}
	v.all = combined(sum, best, classes)
	return v
}

// best is the level at which a tie is the least likely, and the logarithm of its p-value there.
func (t *trace) best(x *tie, a, b uint32) (level int, logP float64) {
	level = t.nLevels - 1
	for l := range t.levels[:t.nLevels] {
		n := int(x.n[l])
		if n == 0 {
			continue
		}
		if rate := t.levels[l].expected(a, b); rate < float64(n) {
			if p := logTail(rate, n); p < logP {
				level, logP = l, p
			}
		}
	}
	return level, logP
}

// stands says whether a pair stands, by the limits as they are.
func (m *Model) stands(v *verdict) bool {
	if v.all <= m.limits.all {
		return true
	}
	for i, class := range m.classes {
		if class >= 0 && v.trace[i] < 0 && v.trace[i] <= m.limits.trace[i] {
			return true
		}
	}
	return false
}

// Edges are the edges that stand now, by their ends. The null model of a trace is fitted anew when it has a thirty-second more acts than at its last fit, and the
// limits then. It takes time for all pairs that met repeatedly, little of it for those that have not met since the call before.
func (m *Model) Edges() []Edge {
	m.takeFresh(func(p *pair) {
		v := m.look(p)
		p.logP = v.all
	})
	fitted := m.fits == 0
	for i := range m.traces {
		if t := &m.traces[i]; !t.Batch && t.stale() {
			t.fit()
			fitted = true
		}
	}
	if fitted {
		m.limit()
	}
	var all []Edge
	for i := range m.pairs.items {
		p := &m.pairs.items[i]
		if p.id == 0 || !p.standing && p.logP > m.limits.all+margin {
			continue
		}
		v := m.look(p)
		m.pairs.touch(uint32(i))
		if m.settle(p, &v); p.standing {
			all = append(all, edgeOf(p))
		}
	}
	sortEdges(all)
	return all
}

// Touched are the pairs that met since the last call of Edges or Touched and stand by the limits of the last Edges, by their ends. It takes time for the
// pairs that met. It is how groups are kept up to date every few seconds at a cost of what happened in them.
func (m *Model) Touched() []Edge {
	var all []Edge
	m.takeFresh(func(p *pair) {
		v := m.look(p)
		if m.settle(p, &v); p.standing {
			all = append(all, edgeOf(p))
		}
	})
	sortEdges(all)
	return all
}

// Met is how many pairs met since the last call of Edges or Touched.
func (m *Model) Met() int { return len(m.fresh) }

// takeFresh empties the list of pairs that met.
func (m *Model) takeFresh(do func(*pair)) {
	for _, place := range m.fresh {
		m.pairs.touch(place)
		p := &m.pairs.items[place]
		p.fresh = false
		do(p)
	}
	m.fresh = m.fresh[:0]
}

// settle lets a pair stand or not, by the limits.
func (m *Model) settle(p *pair, v *verdict) {
	p.logP = v.all
	if stands := m.fits > 0 && m.stands(v); stands != p.standing {
		p.standing = stands
		if stands {
			m.discount(p, -1)
		} else {
			m.discount(p, 1)
		}
	}
}

func sortEdges(all []Edge) {
	slices.SortFunc(all, func(a, b Edge) int { return cmp.Compare(pairOf(a.A, a.B), pairOf(b.A, b.B)) })
}

// limit finds the limits anew: the procedure of Benjamini and Hochberg for each trace and for all together, each at its part of Alpha, over all pairs of accounts. What any of
// them lets through stands: of R edges that stand, at most Alpha·R are expected to be false, for each procedure alone adds at most its part of Alpha times what it
// lets through, which is at most R.
func (m *Model) limit() {
	whole := m.fits%wholly == 0
	m.fits++
	procedures := 1
	for _, class := range m.classes {
		if class >= 0 {
			procedures++
		}
	}
	n := float64(m.accounts.len())
	unit := math.Log(m.opts.Alpha/float64(procedures)) - math.Log(max(1, n*(n-1)/2)) // what the first of the sorted p-values is held against
	loose := unit + math.Log(float64(max(1, m.pairs.len())))
	var all []float64
	var by [MaxTraces][]float64
	for i := range m.pairs.items {
		p := &m.pairs.items[i]
		if p.id == 0 || !whole && p.logP > m.limits.all+margin {
			continue
		}
		v := m.look(p)
		m.pairs.touch(uint32(i))
		p.logP = v.all
		if v.all <= loose {
			all = append(all, v.all)
		}
		for t, class := range m.classes {
			if class >= 0 && v.trace[t] < 0 && v.trace[t] <= loose {
				by[t] = append(by[t], v.trace[t])
			}
		}
	}
	m.limits.all = benjaminiHochberg(all, unit)
	for t := range m.traces {
		m.limits.trace[t] = benjaminiHochberg(by[t], unit)
	}
}

// benjaminiHochberg is the greatest limit up to which logarithms of p-values are let through; unit is that of the first.
func benjaminiHochberg(all []float64, unit float64) float64 {
	slices.Sort(all)
	for i := len(all); i > 0; i-- {
		if limit := unit + math.Log(float64(i)); all[i-1] <= limit {
			return limit
		}
	}
	return unit
}

// EdgesOf calls do with the edges of an account that stand by the limits of the last Edges and all acts since, the latest to have repeated first, and at most
// 96 of its pairs are looked at.
func (m *Model) EdgesOf(account uint32, do func(Edge)) {
	next := m.accounts.items[account].pair
	for range maxKnown {
		if next == 0 {
			return
		}
		p := &m.pairs.items[next-1]
		a, b := ends(p.id)
		if next = p.nextB; a == account {
			next = p.nextA
		}
		v := m.look(p)
		if m.fits > 0 && m.stands(&v) {
			do(Edge{min(a, b), max(a, b), v.all / math.Ln10})
		}
	}
}

// Explain says why an edge stands: what each trace says, and the rarest co-actions at different keys, at most 5, the fewest others first.
func (m *Model) Explain(e Edge) ([]Support, []Meeting) {
	p := m.pair(pairOf(e.A, e.B))
	if p == nil {
		return nil, nil
	}
	var support []Support
	for i := range m.traces {
		if p.traces>>i&1 == 0 {
			continue
		}
		t := &m.traces[i]
		x := m.tie(p.id, i)
		if x == nil {
			continue
		}
		a, b := m.degree[int(e.A)*len(m.traces)+i], m.degree[int(e.B)*len(m.traces)+i]
		l, logP := t.best(x, a, b)
		s := Support{Trace: i, Together: int(x.n[l]), Expected: t.levels[l].expected(a, b), Within: t.Windows[l/crowds],
			Log10P: min(0, logP+math.Log(float64(t.nLevels))) / math.Ln10}
		switch l % crowds {
		case 0:
			s.Others = 8
		case 1:
			s.Others = 64
		}
		support = append(support, s)
	}
	why := slices.Clone(p.why[:p.nWhy])
	slices.SortStableFunc(why, func(a, b Meeting) int {
		return cmp.Or(cmp.Compare(a.Others, b.Others), cmp.Compare(a.Apart, b.Apart), cmp.Compare(a.At, b.At), cmp.Compare(a.Key, b.Key))
	})
	return support, why
}

// KeyName is the name of the key of a meeting; empty if it was forgotten.
func (m *Model) KeyName(w Meeting) string { return m.traces[w.Trace].nameOf(w.Key) }
