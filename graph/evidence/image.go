package evidence

import (
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/graph/paged"
)

// Version is the form of the records of images. Those of another version, or of a model with other options, cannot be loaded.
const Version = 1

// bind makes the tables of images. What can be worked out from them is in none: indexes, and which places are free.
func (m *Model) bind() {
	m.book.Head(m.head)
	m.accounts.table = paged.Add(&m.book, &m.accounts.items, (*account).code)
	m.degrees = paged.Add(&m.book, &m.degree, func(d *uint32, c *paged.Coder) { paged.Uint(c, d) })
	m.ties.table = paged.Add(&m.book, &m.ties.items, (*tie).code)
	m.pairs.table = paged.Add(&m.book, &m.pairs.items, (*pair).code)
	for i := range m.traces {
		t := &m.traces[i]
		t.keys.table = paged.Add(&m.book, &t.keys.items, (*key).code)
		t.ring = paged.Add(&m.book, &t.visits, (*visit).code)
	}
}

// head codes what is in no table.
func (m *Model) head(c *paged.Coder) {
	version, traces := uint8(Version), uint8(len(m.traces))
	paged.Uint(c, &version)
	paged.Uint(c, &traces)
	room := [4]int{m.opts.MaxAccounts, m.opts.MaxKeys, m.opts.MaxPairs, m.opts.MaxActs}
	for i := range room {
		paged.Int(c, &room[i])
	}
	if version != Version || int(traces) != len(m.traces) || room != [4]int{m.opts.MaxAccounts, m.opts.MaxKeys, m.opts.MaxPairs, m.opts.MaxActs} {
		c.Fail()
		return
	}
	paged.Int(c, &m.clock)
	paged.Int(c, &m.fits)
	c.Float(&m.limits.all)
	for i := range m.traces {
		t := &m.traces[i]
		c.Float(&m.limits.trace[i])
		name, levels := t.Name, t.nLevels
		c.String(&name)
		paged.Int(c, &levels)
		if name != t.Name || levels != t.nLevels {
			c.Fail()
			return
		}
		paged.Int(c, &t.gone)
		paged.Uint(c, &t.count)
		c.Float(&t.fitted)
		c.Float(&t.acts)
		for j := range t.degrees {
			c.Float(&t.degrees[j].n)
			c.Float(&t.degrees[j].sum)
		}
		for j := range t.levels[:t.nLevels] {
			l := &t.levels[j]
			for _, v := range [...]*float64{&l.once, &l.twice, &l.rate, &l.spread} {
				c.Float(v)
			}
		}
	}
}

func (a *account) code(c *paged.Coder) {
	c.String(&a.name)
	paged.Int(c, &a.last)
	paged.Uint(c, &a.pair)
}

func (x *tie) code(c *paged.Coder) {
	c.Hash(&x.pair)
	if x.pair == 0 {
		return
	}
	paged.Int(c, &x.last)
	x.first.code(c)
	for i := range x.n {
		paged.Uint(c, &x.n[i])
	}
	paged.Uint(c, &x.trace)
	paged.Uint(c, &x.of)
}

func (p *pair) code(c *paged.Coder) {
	c.Hash(&p.id)
	if p.id == 0 {
		return
	}
	paged.Int(c, &p.last)
	paged.Uint(c, &p.nextA)
	paged.Uint(c, &p.nextB)
	c.Float(&p.logP)
	paged.Uint(c, &p.traces)
	c.Bool(&p.standing)
	c.Bool(&p.fresh)
	if paged.Uint(c, &p.nWhy); p.nWhy > maxWhy {
		c.Fail()
		return
	}
	for i := range p.why[:p.nWhy] {
		p.why[i].code(c)
	}
}

func (w *Meeting) code(c *paged.Coder) {
	paged.Int(c, &w.Trace)
	paged.Int(c, &w.Others)
	c.Hash(&w.Key)
	paged.Int(c, &w.At)
	paged.Int(c, &w.Apart)
}

func (k *key) code(c *paged.Coder) {
	c.Hash(&k.hash)
	if k.hash == 0 {
		return
	}
	c.String(&k.name)
	paged.Int(c, &k.last)
	paged.Uint(c, &k.head)
	paged.Uint(c, &k.n)
	paged.Uint(c, &k.halved)
	for _, v := range [...]*uint64{&k.tail, &k.from, &k.upTo} {
		paged.Uint(c, v)
	}
	paged.Uint(c, &k.within)
	paged.Uint(c, &k.most)
	c.Bool(&k.touched)
}

func (v *visit) code(c *paged.Coder) {
	c.Hash(&v.hash)
	paged.Uint(c, &v.account)
	paged.Int(c, &v.at)
	paged.Uint(c, &v.before)
	paged.Uint(c, &v.after)
}

// Mark begins an image of the model as it is now; see [paged.Book.Mark].
func (m *Model) Mark(next paged.Sink) { m.book.Mark(next) }

// Step writes up to n blocks of the image that was begun, and gives how many of the n are left; see [paged.Book.Step].
func (m *Model) Step(n int) (left int) { return m.book.Step(n) }

// Load takes in a record of an image; see [paged.Book.Load]. The model must be new, with the options of the one that the image is of. It is of use once Loaded was
// called.
func (m *Model) Load(key, value []byte) error { return m.book.Load(key, value) }

// Loaded ends the loading of an image: it makes the indexes. An image that is damaged, or of another kind of model, is an error, after which the model is of no use.
func (m *Model) Loaded() error {
	if err := m.book.Loaded(); err != nil {
		return err
	}
	if len(m.degree) != len(m.accounts.items)*len(m.traces) {
		return paged.ErrDamaged
	}
	m.accounts.loaded(func(a *account) bool { return a.name == "" })
	m.ties.loaded(func(x *tie) bool { return x.pair == 0 })
	m.pairs.loaded(func(p *pair) bool { return p.id == 0 })
	for i := range m.accounts.items {
		a := &m.accounts.items[i]
		if int(a.pair) > len(m.pairs.items) {
			return paged.ErrDamaged
		}
		if a.name != "" {
			m.byName.add(xxh3.HashString(a.name), uint32(i))
		}
	}
	known := func(id uint64) bool { a, b := ends(id); return a < b && int(b) < len(m.accounts.items) }
	for i := range m.ties.items {
		if x := &m.ties.items[i]; x.pair != 0 {
			if !known(x.pair) || int(x.trace) >= len(m.traces) {
				return paged.ErrDamaged
			}
			m.byTie.add(tieHash(x.pair, int(x.trace)), uint32(i))
		}
	}
	for i := range m.pairs.items {
		p := &m.pairs.items[i]
		if p.id == 0 {
			continue
		}
		if !known(p.id) || max(int(p.nextA), int(p.nextB)) > len(m.pairs.items) ||
			slices.ContainsFunc(p.why[:p.nWhy], func(w Meeting) bool { return w.Trace < 0 || int(w.Trace) >= len(m.traces) }) {
			return paged.ErrDamaged
		}
		m.byPair.add(mix(p.id), uint32(i))
		if p.fresh {
			m.fresh = append(m.fresh, uint32(i))
		}
	}
	for i := range m.traces {
		if err := m.traces[i].loaded(len(m.accounts.items)); err != nil {
			return err
		}
	}
	return nil
}

func (t *trace) loaded(accounts int) error {
	t.keys.loaded(func(k *key) bool { return k.hash == 0 })
	for i := range t.keys.items {
		k := &t.keys.items[i]
		if k.hash == 0 {
			continue
		}
		t.byKey.add(k.hash, uint32(i))
		if k.most >= leastBatch {
			t.large = append(t.large, uint32(i))
		}
		if k.touched {
			t.touched = append(t.touched, k.hash)
		}
	}
	if len(t.visits) > t.room || uint64(len(t.visits)) > t.count || len(t.visits) < t.room && uint64(len(t.visits)) != t.count {
		return paged.ErrDamaged
	}
	for n := t.count - uint64(len(t.visits)) + 1; n <= t.count; n++ { // of several visits of an account at a key the latest is found
		place := uint32((n - 1) % uint64(t.room))
		v := &t.visits[place]
		if v.account == nobody {
			continue
		}
		if int(v.account) >= accounts {
			return paged.ErrDamaged
		}
		t.point(v.hash, v.account, place)
	}
	return nil
}
