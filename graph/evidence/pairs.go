package evidence

import "slices"

// The acts of a key are paired within a sample of the accounts when there are more than popular of them within the greatest window: half of
// all accounts, a quarter and so on, chosen by hash and the same at all keys. Pairs that are known already are paired there whether in the sample or not.
const popular = 32

// Meetings are told apart by their level: how close in time they were (by scale), and by how many accounts were at the key within the greatest window (by crowd:
// at most 8, at most 64, more). Levels are cumulative, so that a meeting counts at all levels that hold it.
const (
	crowds    = 3
	maxLevels = MaxScales * crowds
)

func crowdOf(others int) int {
	switch {
	case others < 8:
		return 0
	case others < 64:
		return 1
	}
	return 2
}

// tie is what two accounts did together in one trace.
type tie struct {
	pair  uint64 // see pairOf; 0: the place is free
	last  int64
	first Meeting
	n     [maxLevels]uint8 // meetings by level, at most 255
	trace uint8
	of    uint8 // the sample from which it came: halved so many times
}

// pair is two accounts that met repeatedly.
type pair struct {
	id           uint64 // 0: the place is free
	last         int64
	nextA, nextB uint32  // the next pair of either account, + 1
	logP         float64 // of all traces together, when it was last looked at
	traces       uint32  // in which they met, a bit each
	standing     bool
	fresh        bool // they met since
	nWhy         uint8
	why          [maxWhy]Meeting // the rarest, at different keys
}

// maxWhy is how many meetings of a pair are kept to explain it.
const maxWhy = 5

// Meeting is a co-action of a pair at a key.
type Meeting struct {
	Trace  int32
	Others int32  // who were at the key within the greatest window before
	Key    uint64 // hash of its name
	At     int64  // the later of the two acts
	Apart  int64  // the time between them
}

// rarer says whether a meeting tells more than another one.
func (w *Meeting) rarer(than *Meeting) bool {
	if w.Others != than.Others {
		return w.Others < than.Others
	}
	return w.Apart < than.Apart
}

func pairOf(a, b uint32) uint64 { return uint64(min(a, b))<<32 | uint64(max(a, b)) }

func ends(of uint64) (a, b uint32) { return uint32(of >> 32), uint32(of) }

// other is another account at a key.
type other struct {
	who uint32
	at  int64
}

// meet pairs an account with those that were at a key within the greatest window, and notes its own visit.
func (m *Model) meet(trace int, place, who uint32, at int64) {
	t := &m.traces[trace]
	k := &t.keys.items[place]
	m.near = m.near[:0]
	for n := k.head; len(m.near) < 4*popular; {
		v := t.numbered(n)
		if v == nil || v.at < at-t.window() {
			break
		}
		if v.account != nobody && v.account != who && sampled(v.account, k.halved) {
			m.near = append(m.near, other{v.account, v.at})
		}
		n = v.before
	}
	for k.halved > 0 && 4*len(m.near) < popular {
		k.halved--
	}
	others := len(m.near) << k.halved
	in := sampled(who, k.halved)
	if in {
		for _, o := range m.near {
			m.count(trace, k.hash, who, o, at, others, k.halved)
		}
	}
	if k.halved > 0 {
		m.meetKnown(trace, k, who, at, others)
	}
	n := t.note(k.hash, who, at)
	if in {
		t.numbered(n).before = k.head
		k.head = n
		if len(m.near) >= popular {
			k.halved++
		}
	}
}

// sampled says whether an account is in the sample that was halved so many times.
func sampled(who uint32, halved uint8) bool { return mix(uint64(who))&(1<<halved-1) == 0 }

// meetKnown pairs an account at a popular key with those that it met repeatedly before, as far as not both are in the sample.
func (m *Model) meetKnown(trace int, k *key, who uint32, at int64, others int) {
	t := &m.traces[trace]
	in := sampled(who, k.halved)
	next := m.accounts.items[who].pair
	for range maxKnown {
		if next == 0 {
			return
		}
		p := &m.pairs.items[next-1]
		a, b := ends(p.id)
		with := a
		if next = p.nextB; a == who {
			next, with = p.nextA, b
		}
		if in && sampled(with, k.halved) {
			continue
		}
		if v := t.visit(k.hash, with); v != nil && v.at >= at-t.window() {
			m.count(trace, k.hash, who, other{with, v.at}, at, others, k.halved)
		}
	}
}

// maxKnown is how many of an account's pairs are looked for at a popular key: the latest to become repeated.
const maxKnown = 96

// count counts a meeting of two accounts.
func (m *Model) count(trace int, hash uint64, who uint32, o other, at int64, others int, halved uint8) {
	t := &m.traces[trace]
	id := pairOf(who, o.who)
	w := Meeting{int32(trace), int32(others), hash, at, at - o.at}
	place, known := m.placeOfTie(id, trace)
	if !known {
		place = m.newTie(id, trace, at)
	}
	m.ties.touch(place)
	x := &m.ties.items[place]
	if !known {
		x.first, x.of = w, halved
	}
	x.last = at
	p, met := m.placeOfPair(id)
	scale := 0
	for t.Windows[scale] < w.Apart {
		scale++
	}
	weight := x.weight()
	if met && m.pairs.items[p].standing {
		weight = 0 // see discount
	}
	again := false
	for s := scale; s < len(t.Windows); s++ {
		for c := crowdOf(others); c < crowds; c++ {
			l := s*crowds + c
			if x.n[l] == 255 {
				continue
			}
			x.n[l]++
			switch x.n[l] {
			case 1:
				t.levels[l].once += weight
			case 2:
				t.levels[l].twice += weight
				fallthrough
			default:
				again = true
			}
		}
	}
	if met {
		m.touch(p, &w)
	} else if again && m.remarkable(t, x) {
		p = m.newPair(id, at)
		m.touch(p, &x.first)
		m.touch(p, &w)
	}
}

// weight is how many pairs a tie stands for.
func (x *tie) weight() float64 { return float64(uint64(1) << (2 * x.of)) }

// discount takes what a pair did out of what the null model is fitted to, or puts it back: pairs that stand are what is held against chance, not part of it.
func (m *Model) discount(p *pair, sign float64) {
	for i := range m.traces {
		if p.traces>>i&1 == 0 {
			continue
		}
		x := m.tie(p.id, i)
		if x == nil {
			continue
		}
		t := &m.traces[i]
		for l, n := range x.n[:t.nLevels] {
			if n >= 1 {
				t.levels[l].once += sign * x.weight()
			}
			if n >= 2 {
				t.levels[l].twice += sign * x.weight()
			}
		}
	}
}

// touch notes a meeting of a pair.
func (m *Model) touch(place uint32, w *Meeting) {
	m.pairs.touch(place)
	p := &m.pairs.items[place]
	p.last = w.At
	p.traces |= 1 << w.Trace
	if !p.fresh {
		p.fresh = true
		m.fresh = append(m.fresh, place)
	}
	why := p.why[:p.nWhy]
	worst := 0
	for i := range why {
		if why[i].Trace == w.Trace && why[i].Key == w.Key {
			return
		}
		if why[worst].rarer(&why[i]) {
			worst = i
		}
	}
	switch {
	case p.nWhy < maxWhy:
		p.why[p.nWhy] = *w
		p.nWhy++
	case w.rarer(&why[worst]):
		why[worst] = *w
	}
}

func tieHash(id uint64, trace int) uint64 { return mix(id ^ uint64(trace)<<58) }

func (m *Model) tie(id uint64, trace int) *tie {
	if place, known := m.placeOfTie(id, trace); known {
		return &m.ties.items[place]
	}
	return nil
}

func (m *Model) placeOfTie(id uint64, trace int) (uint32, bool) {
	h := tieHash(id, trace)
	for place, at, ok := m.byTie.next(h, m.byTie.first(h)); ok; place, at, ok = m.byTie.next(h, at) {
		if x := &m.ties.items[place]; x.pair == id && x.trace == uint8(trace) {
			return place, true
		}
	}
	return 0, false
}

func (m *Model) newTie(id uint64, trace int, at int64) uint32 {
	place, full := m.ties.take(m.opts.MaxPairs)
	if full {
		m.forgetTies(nil)
		place, _ = m.ties.take(m.opts.MaxPairs)
	}
	m.ties.items[place] = tie{pair: id, trace: uint8(trace), last: at}
	m.byTie.add(tieHash(id, trace), place)
	return place
}

// forgetTies forgets the ties that are chosen; if nothing chooses, the eighth that was touched the longest ago, those of repeated pairs last.
func (m *Model) forgetTies(chosen func(*tie) bool) {
	var all []aged
	var places []uint32
	for i := range m.ties.items {
		x := &m.ties.items[i]
		switch {
		case x.pair == 0:
		case chosen == nil:
			all = append(all, aged{x.last, tieHash(x.pair, int(x.trace)), uint32(i)})
		case chosen(x):
			places = append(places, uint32(i))
		}
	}
	if chosen == nil {
		places = oldest(all, len(all)/8)
	}
	for _, p := range places {
		x := &m.ties.items[p]
		m.byTie.remove(tieHash(x.pair, int(x.trace)), p)
	}
	m.ties.release(places)
}

func (m *Model) placeOfPair(id uint64) (uint32, bool) {
	h := mix(id)
	for place, at, ok := m.byPair.next(h, m.byPair.first(h)); ok; place, at, ok = m.byPair.next(h, at) {
		if m.pairs.items[place].id == id {
			return place, true
		}
	}
	return 0, false
}

func (m *Model) pair(id uint64) *pair {
	if place, known := m.placeOfPair(id); known {
		return &m.pairs.items[place]
	}
	return nil
}

func (m *Model) newPair(id uint64, at int64) uint32 {
	most := max(64, m.opts.MaxPairs/4)
	place, full := m.pairs.take(most)
	if full {
		m.forgetPairs(nil)
		place, _ = m.pairs.take(most)
	}
	p := &m.pairs.items[place]
	*p = pair{id: id, last: at}
	for i, class := range m.classes {
		if class >= 0 && m.tie(id, i) != nil {
			p.traces |= 1 << i
		}
	}
	m.byPair.add(mix(id), place)
	m.chain(place)
	return place
}

// chain puts a pair at the head of the lists of its accounts.
func (m *Model) chain(place uint32) {
	p := &m.pairs.items[place]
	a, b := ends(p.id)
	m.pairs.touch(place)
	m.accounts.touch(a)
	m.accounts.touch(b)
	p.nextA, p.nextB = m.accounts.items[a].pair, m.accounts.items[b].pair
	m.accounts.items[a].pair, m.accounts.items[b].pair = place+1, place+1
}

// forgetPairs forgets the pairs that are chosen; if nothing chooses, the eighth that met the longest ago.
func (m *Model) forgetPairs(chosen func(a, b uint32) bool) {
	var all []aged
	var places []uint32
	for i := range m.pairs.items {
		p := &m.pairs.items[i]
		switch {
		case p.id == 0:
		case chosen == nil:
			all = append(all, aged{p.last, p.id, uint32(i)})
		default:
			if a, b := ends(p.id); chosen(a, b) {
				places = append(places, uint32(i))
			}
		}
	}
	if chosen == nil {
		places = oldest(all, len(all)/8)
	}
	for _, place := range places {
		m.byPair.remove(mix(m.pairs.items[place].id), place)
	}
	m.pairs.release(places)
	m.fresh = slices.DeleteFunc(m.fresh, func(place uint32) bool { return m.pairs.items[place].id == 0 })
	for i := range m.accounts.items {
		m.accounts.touch(uint32(i))
		m.accounts.items[i].pair = 0
	}
	for i := range m.pairs.items { // in an order that does not depend on how places were taken
		if m.pairs.items[i].id != 0 {
			m.chain(uint32(i))
		}
	}
}
