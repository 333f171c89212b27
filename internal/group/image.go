package group

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/graph/evidence"
	"github.com/ringfence/ringfence/graph/paged"
)

// A finder can be kept in a store of keys and values, as images of one moment each that are written while it goes on; see [paged.Book]. What the refiner works on is in the
// image too, so that after a restart it works on it again.

// imageVersion is that of the finder's own records.
const imageVersion = 1

// ImageVersion names the form of the records of images. Those of another one cannot be loaded: they are of a build that looks at events otherwise.
func ImageVersion() uint64 {
	return xxh3.HashString(fmt.Sprint(imageVersion, evidence.Version, traces, nFeatures))
}

// The first bytes of keys: of the model of evidence, and of the finder.
const (
	ofModel  = 1
	ofFinder = 2
)

// prefixed is a sink whose keys begin with a byte.
type prefixed struct {
	sink   paged.Sink
	prefix byte
	key    []byte
}

func (p *prefixed) Set(key, value []byte) {
	p.key = append(append(p.key[:0], p.prefix), key...)
	p.sink.Set(p.key, value)
}

// Mark begins an image of the finder as it is now, which goes to the sink given to the Mark before. It may be called between [Finder.Advance] and [Finder.Observe], and it
// takes time for what the refiner works on.
func (f *Finder) Mark(next paged.Sink) {
	f.model.Mark(&prefixed{sink: next, prefix: ofModel})
	f.book.Mark(&prefixed{sink: next, prefix: ofFinder})
}

// Step writes up to n blocks of the image that was begun, and gives how many of the n are left.
func (f *Finder) Step(n int) (left int) { return f.book.Step(f.model.Step(n)) }

// Load takes in a record of an image, in the order of keys. The finder must be new, with the options of the one that the image is of.
func (f *Finder) Load(key, value []byte) error {
	if len(key) > 0 {
		switch key[0] {
		case ofModel:
			return f.model.Load(key[1:], value)
		case ofFinder:
			return f.book.Load(key[1:], value)
		}
	}
	return paged.ErrDamaged
}

// bind makes the tables of images. Accounts name the group they are in, so groups come first.
func (f *Finder) bind() {
	f.book.Head(f.head)
	f.ofGroups = paged.Add(&f.book, &f.kept, f.codeGroup)
	f.ofBatches = paged.Add(&f.book, &f.batches, codeBatch)
	f.ofAccounts = paged.Add(&f.book, &f.accounts, f.codeAccount)
}

// head codes what is in no table.
func (f *Finder) head(c *paged.Coder) {
	c.Bool(&f.begun)
	c.Bool(&f.stale)
	for _, v := range [...]*int64{&f.clock, &f.next, &f.whole, &f.squads} {
		paged.Int(c, v)
	}
	var components []component
	if f.refining != nil {
		components = f.refining.components
	}
	paged.Slice(c, &components, func(x *component, c *paged.Coder) {
		paged.Slice(c, &x.nodes, func(n *uint32, c *paged.Coder) { paged.Uint(c, n) })
		paged.Slice(c, &x.arcs, func(a *[2]uint32, c *paged.Coder) {
			paged.Uint(c, &a[0])
			paged.Uint(c, &a[1])
		})
	})
	if c.Reading() && len(components) > 0 {
		f.refining = &refining{components: components} // begun by Loaded
	}
}

func codeText[T ~string](c *paged.Coder, v *T) {
	s := string(*v)
	c.String(&s)
	*v = T(s)
}

// codeGroup codes a group but for its members, who name it. nil is a free place.
func (f *Finder) codeGroup(at **Group, c *paged.Coder) {
	there := *at != nil
	if c.Bool(&there); !there {
		return
	}
	if *at == nil {
		*at = &Group{}
	}
	g := *at
	c.String(&g.ID)
	paged.Uint(c, &g.Version)
	codeText(c, &g.State)
	c.String(&g.Into)
	c.Strings(&g.Parents)
	c.Float(&g.Score)
	c.Strings(&g.Reasons)
	c.Bool(&g.Flagged)
	for _, v := range [...]*int64{&g.Found, &g.FirstFlagged, &g.Last, &g.rated} {
		paged.Int(c, v)
	}
	paged.Slice(c, &g.Evidence, func(e *Evidence, c *paged.Coder) {
		c.String(&e.Trace)
		c.String(&e.Key)
		paged.Int(c, &e.Accounts)
		paged.Int(c, &e.From)
		paged.Int(c, &e.To)
	})
	paged.Slice(c, &g.Ties, func(t *Tie, c *paged.Coder) {
		c.String(&t.Trace)
		paged.Int(c, &t.Edges)
		c.Float(&t.Log10P)
	})
	paged.Slice(c, &g.Features, func(x *float64, c *paged.Coder) { c.Float(x) })
	paged.Slice(c, &g.History, (*Change).code)
	for _, v := range [...]*int{&g.edges, &g.hits, &g.reached} {
		paged.Int(c, v)
	}
	for i := range g.tied {
		paged.Int(c, &g.tied[i])
	}
	c.Bool(&g.stirred)
	paged.Slice(c, &g.signature, (*mark).code)
	if c.Reading() {
		for _, t := range g.Ties {
			g.traces = append(g.traces, t.Trace)
		}
		f.byID[g.ID] = g
	}
}

func (m *mark) code(c *paged.Coder) {
	paged.Uint(c, &m.trace)
	c.Hash(&m.hash)
}

func (x *Change) code(c *paged.Coder) {
	codeText(c, &x.Kind)
	paged.Int(c, &x.At)
	c.String(&x.Group)
	paged.Uint(c, &x.Version)
	paged.Int(c, &x.Size)
	paged.Int(c, &x.Gained)
	c.Strings(&x.Others)
}

func codeBatch(at **batch, c *paged.Coder) {
	there := *at != nil
	if c.Bool(&there); !there {
		return
	}
	if *at == nil {
		*at = &batch{}
	}
	b := *at
	paged.Int(c, &b.trace)
	c.String(&b.key)
	paged.Int(c, &b.lasts)
	c.Float(&b.log10P)
	paged.Slice(c, &b.visits, func(v *evidence.Visit, c *paged.Coder) {
		paged.Uint(c, &v.Account)
		paged.Int(c, &v.At)
	})
}

func (f *Finder) codeAccount(x *account, c *paged.Coder) {
	x.profile.code(c)
	paged.Slice(c, &x.ties, func(t *tie, c *paged.Coder) {
		paged.Uint(c, &t.other)
		paged.Uint(c, &t.batch)
		c.Float32(&t.log10P)
	})
	id := ""
	if x.group != nil {
		id = x.group.ID
	}
	if c.String(&id); c.Reading() && id != "" {
		if x.group = f.byID[id]; x.group == nil {
			c.Fail()
		}
	}
	for _, v := range [...]*int64{&x.joined, &x.away, &x.last, &x.refined} {
		paged.Int(c, v)
	}
	paged.Uint(c, &x.by)
	c.String(&x.from)
	c.String(&x.via)
	paged.Slice(c, &x.marks, (*mark).code)
	c.Bool(&x.firm)
	paged.Uint(c, &x.link)
	paged.Uint(c, &x.linked)
	c.String(&x.bound)
	paged.Uint(c, &x.hits)
	c.Bool(&x.dirty)
	paged.Int(c, &x.around)
}

func (p *profile) code(c *paged.Coder) {
	for _, v := range [...]*int64{&p.created, &p.first, &p.followers, &p.following, &p.changed, &p.active} {
		paged.Int(c, v)
	}
	paged.Uint(c, &p.known)
	c.Bool(&p.confirmed)
	c.Bool(&p.verified)
	c.Bool(&p.declared)
	for _, v := range [...]*uint64{&p.device, &p.ip, &p.pattern, &p.target.value, &p.domain.value} {
		c.Hash(v)
	}
	for _, v := range [...]*int{&p.acts, &p.posts, &p.copied, &p.links, &p.reactions, &p.follows, &p.replies, &p.deletes, &p.reports, &p.target.lead, &p.domain.lead} {
		paged.Int(c, v)
	}
	for i := range p.hours {
		paged.Uint(c, &p.hours[i])
	}
}

// Loaded ends the loading of an image, and sets the refiner to work again. After an error the finder is of no use.
func (f *Finder) Loaded() error {
	if err := f.model.Loaded(); err != nil {
		return err
	}
	if err := f.book.Loaded(); err != nil {
		return err
	}
	for i, g := range f.kept {
		if g != nil {
			g.place = uint32(i)
			f.groups = append(f.groups, g)
		}
	}
	slices.SortFunc(f.groups, compareGroups)
	accounts := uint32(len(f.accounts))
	if int(accounts) > f.model.Accounts() {
		return paged.ErrDamaged
	}
	for n, b := range f.batches {
		if b == nil {
			continue
		}
		if b.trace < 0 || b.trace >= nTraces || slices.ContainsFunc(b.visits, func(v evidence.Visit) bool { return v.Account >= accounts }) {
			return paged.ErrDamaged
		}
		f.batchOf[place{b.trace, b.key}] = uint32(n)
	}
	for a := range accounts {
		x := &f.accounts[a]
		if x.group != nil {
			x.group.members = append(x.group.members, a)
		}
		if x.link > accounts {
			return paged.ErrDamaged
		}
		if x.firm {
			f.probation = append(f.probation, a)
		}
		if x.dirty {
			f.dirty = append(f.dirty, a)
		}
		for _, t := range x.ties {
			if t.other >= accounts || int(t.batch) > len(f.batches) || t.batch > 0 && f.batches[t.batch-1] == nil {
				return paged.ErrDamaged
			}
			if t.batch == 0 && a < t.other {
				f.standing = append(f.standing, evidence.Edge{A: a, B: t.other, Log10P: float64(t.log10P)})
			}
		}
	}
	for _, g := range f.groups {
		g.Accounts = f.namesOf(g.members)
	}
	if r := f.refining; r != nil {
		for _, c := range r.components {
			n := uint32(len(c.nodes))
			if slices.ContainsFunc(c.nodes, func(a uint32) bool { return a >= accounts }) || slices.ContainsFunc(c.arcs, func(a [2]uint32) bool { return max(a[0], a[1]) >= n }) {
				return paged.ErrDamaged
			}
		}
		f.refine(r.components)
	}
	return nil
}

func compareGroups(a, b *Group) int {
	return cmp.Or(cmp.Compare(a.Found, b.Found), cmp.Compare(a.ID, b.ID))
}

// namesOf are the names of accounts, in order.
func (f *Finder) namesOf(members []uint32) []string {
	names := make([]string, len(members))
	for i, a := range members {
		names[i] = f.model.Name(a)
	}
	slices.Sort(names)
	return names
}
