package group

import (
	"cmp"
	"math"
	"slices"

	"github.com/ringfence/ringfence/graph/evidence"
)

// account is what the finder keeps of an account, by its number in the model.
type account struct {
	profile
	ties   []tie // by other, then batch
	group  *Group
	joined int64  // when it joined the group
	by     joined // and by what
	via    string // of one that joined by a key: the trace and the key
	firm   bool   // it is confirmed at the next tick
	away   int64  // since when the group's community is without it; 0: it is in it
	from   string // the group that it left last
	last   int64  // its latest act
	hits   uint32 // events in which it had something of a known-bad bank
	dirty  bool   // its component is to be refined

	marks  []mark // see leaveMarks
	link   uint32 // of its set: the account above it, + 1; 0: it stands for the set
	linked uint32 // of one that stands for a set: how many others are in it
	bound  string // and the id of a group that one of it was in

	refined int64 // the tick at which its component was
	around  int   // and the ties that this had
}

// tie is an edge that stands.
type tie struct {
	other  uint32
	batch  uint32 // index in Finder.batches + 1 of the batch that makes it; 0: what the two did together
	log10P float32
}

// batch is a key that binds all of its accounts.
type batch struct {
	trace  int
	key    string
	log10P float64
	visits []evidence.Visit
	seen   bool  // it stands, as of the present whole tick
	lasts  int64 // until then it is kept though it does not stand any more
}

// tieUp brings the ties to what the evidence says at a tick: of everything, or of what was touched since the last one.
func (f *Finder) tieUp(at int64, whole bool) {
	f.grow()
	if !whole {
		for _, e := range f.model.Touched() {
			f.tie(e.A, e.B, 0, e.Log10P)
			f.standing = append(f.standing, e)
		}
		for _, b := range f.model.TouchedBatches() {
			f.batch(&b)
		}
		return
	}
	now := f.model.Edges()
	slices.SortFunc(f.standing, compareEdges)
	i := 0
	for _, old := range f.standing {
		for i < len(now) && compareEdges(now[i], old) < 0 {
			i++
		}
		if i == len(now) || compareEdges(now[i], old) != 0 {
			f.untie(old.A, old.B)
		}
	}
	for _, e := range now {
		f.tie(e.A, e.B, 0, e.Log10P)
	}
	f.standing = now
	for _, b := range f.batches {
		if b != nil {
			b.seen = false
		}
	}
	batches := f.model.Batches()
	for i := range batches {
		f.batch(&batches[i])
	}
	for n, b := range f.batches {
		if b != nil && !b.seen && b.lasts <= at {
			f.dropBatch(uint32(n))
		}
	}
}

// newBatch is the place of a new batch.
func (f *Finder) newBatch(at place) uint32 {
	n := uint32(slices.IndexFunc(f.batches, func(b *batch) bool { return b == nil }) & math.MaxUint32)
	if n == math.MaxUint32 {
		n = uint32(len(f.batches))
		f.ofBatches.Touch(n)
		f.batches = append(f.batches, nil)
	}
	f.ofBatches.Touch(n)
	f.batches[n] = &batch{trace: at.trace, key: at.key}
	f.batchOf[at] = n
	return n
}

// dropBatch unties the accounts of a batch that does not stand any more.
func (f *Finder) dropBatch(n uint32) {
	b := f.batches[n]
	for _, v := range b.visits {
		f.ofAccounts.Touch(v.Account)
		x := &f.accounts[v.Account]
		had := len(x.ties)
		x.ties = slices.DeleteFunc(x.ties, func(t tie) bool { return t.batch == n+1 })
		if len(x.ties) < had {
			f.stir(v.Account)
		}
	}
	f.ofBatches.Touch(n)
	f.batches[n] = nil
	delete(f.batchOf, place{b.trace, b.key})
}

func compareEdges(a, b evidence.Edge) int {
	return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B))
}

// grow makes room for the accounts of the model.
func (f *Finder) grow() {
	for len(f.accounts) < f.model.Accounts() {
		f.ofAccounts.Touch(uint32(len(f.accounts)))
		f.accounts = append(f.accounts, account{})
	}
}

// batch ties the accounts of a batch as far as they are not yet.
func (f *Finder) batch(b *evidence.Batch) {
	at := place{b.Trace, b.Key}
	n, known := f.batchOf[at]
	if !known {
		n = f.newBatch(at)
	}
	f.ofBatches.Touch(n)
	have := f.batches[n]
	have.seen, have.lasts = true, max(have.lasts, f.next+leave)
	from := len(have.visits)
	if from > len(b.Visits) || !slices.Equal(have.visits, b.Visits[:from]) {
		from = 0 // a fuller window of the same key
		f.part(n, b.Visits)
	}
	have.log10P = b.Log10P
	if from == len(b.Visits) {
		return
	}
	have.visits = append(have.visits[:from:from], b.Visits[from:]...)
	b.Join(from, func(x, y uint32) { f.tie(x, y, n+1, b.Log10P) })
}

// part unties the accounts of a batch that are not among those who stay, so that all ties that a batch makes are among its visits.
func (f *Finder) part(n uint32, stay []evidence.Visit) {
	stays := make(map[uint32]bool, len(stay))
	for _, v := range stay {
		stays[v.Account] = true
	}
	for _, v := range f.batches[n].visits {
		a := v.Account
		if stays[a] {
			continue
		}
		for _, t := range f.accounts[a].ties {
			if t.batch == n+1 {
				f.cut(t.other, tie{other: a, batch: n + 1})
			}
		}
		f.ofAccounts.Touch(a)
		x := &f.accounts[a]
		x.ties = slices.DeleteFunc(x.ties, func(t tie) bool { return t.batch == n+1 })
		f.stir(a)
	}
}

// cut takes a tie from an account, if it is there.
func (f *Finder) cut(a uint32, t tie) {
	f.ofAccounts.Touch(a)
	x := &f.accounts[a]
	if i, known := slices.BinarySearchFunc(x.ties, t, compareTies); known {
		x.ties = slices.Delete(x.ties, i, i+1)
		f.stir(a)
	}
}

// tie ties two accounts, or says how strongly. Where that is new, what they are part of is to be refined.
func (f *Finder) tie(a, b, batch uint32, log10P float64) {
	for _, ends := range [2][2]uint32{{a, b}, {b, a}} {
		f.ofAccounts.Touch(ends[0])
		x := &f.accounts[ends[0]]
		t := tie{ends[1], batch, float32(log10P)}
		i, known := slices.BinarySearchFunc(x.ties, t, compareTies)
		if known {
			x.ties[i].log10P = t.log10P
			continue
		}
		x.ties = slices.Insert(x.ties, i, t)
		f.stir(ends[0])
	}
}

// untie takes away what two accounts did together.
func (f *Finder) untie(a, b uint32) {
	f.cut(a, tie{other: b})
	f.cut(b, tie{other: a})
}

func compareTies(a, b tie) int {
	return cmp.Or(cmp.Compare(a.other, b.other), cmp.Compare(a.batch, b.batch))
}

// stir says that what an account is part of is to be refined.
func (f *Finder) stir(a uint32) {
	if x := &f.accounts[a]; !x.dirty {
		f.ofAccounts.Touch(a)
		x.dirty = true
		f.dirty = append(f.dirty, a)
	}
}

// edgesATick is how many ties of a component are refined at a tick, one with another: a larger one waits for so many ticks more.
const edgesATick = 256

// components copies the components of what is to be refined and due at a tick; what is not due stays dirty. They are in the order of their least accounts.
func (f *Finder) components(at int64, all bool) []component {
	slices.Sort(f.dirty)
	later := f.dirty[:0]
	var list []component
	for _, a := range f.dirty {
		x := &f.accounts[a]
		if !x.dirty {
			continue // it came with another
		}
		if !all && at-x.refined < tick*int64(x.around/edgesATick) {
			later = append(later, a)
			continue
		}
		list = append(list, f.component(a, at))
	}
	f.dirty = later
	return list
}

// component copies the component of an account.
func (f *Finder) component(a uint32, at int64) component {
	c := component{nodes: []uint32{a}}
	place := map[uint32]uint32{a: 0}
	for i := 0; i < len(c.nodes); i++ {
		for _, t := range f.accounts[c.nodes[i]].ties {
			if _, known := place[t.other]; !known {
				place[t.other] = 0
				c.nodes = append(c.nodes, t.other)
			}
		}
	}
	slices.Sort(c.nodes)
	for i, a := range c.nodes {
		place[a] = uint32(i)
	}
	for i, a := range c.nodes {
		ties := f.accounts[a].ties
		for k, t := range ties {
			if t.other > a && (k == 0 || ties[k-1].other != t.other) {
				c.arcs = append(c.arcs, [2]uint32{uint32(i), place[t.other]})
			}
		}
	}
	for _, a := range c.nodes {
		f.ofAccounts.Touch(a)
		x := &f.accounts[a]
		x.dirty, x.refined, x.around = false, at, len(c.arcs)
	}
	return c
}
