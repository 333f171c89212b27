package coaction

import (
	"cmp"
	"slices"
)

// join is rows in their order with, for each object, its rows in order of time.
type join struct {
	rows   []share
	order  []uint32 // rows, object by object, by time and, where times are equal, by row
	ends   []int    // of each object in order
	inputs []int    // where the rows of each input end
	window int64
	sample *sample // nil: all pairs
}

// add appends the rows of an input. Rows that skip is true for take no part in pairs, but have their number.
func (j *join) add(rows []share, ends []int, skip func(*share) bool) {
	base := len(j.rows)
	j.rows = append(j.rows, rows...)
	from := 0
	for _, to := range ends {
		start := len(j.order)
		for i := from; i < to; i++ {
			if rows[i].object != nothing && !skip(&rows[i]) {
				j.order = append(j.order, uint32(base+i))
			}
		}
		slices.SortFunc(j.order[start:], func(a, b uint32) int {
			return cmp.Or(cmp.Compare(j.rows[a].at, j.rows[b].at), cmp.Compare(a, b))
		})
		j.ends = append(j.ends, len(j.order))
		from = to
	}
	j.inputs = append(j.inputs, len(j.rows))
}

// pairs calls visit with every pair of rows on one object within the window that are of different accounts and contents, the older first.
func (j *join) pairs(visit func(older, newer uint32)) {
	var line Timeline
	from := 0
	for object, to := range j.ends {
		if on := j.order[from:to]; j.sample != nil && j.sample.popular[object] > 0 {
			j.sample.pairs(j, object, on, &line, visit)
		} else if len(on) > 1 {
			j.exact(on, visit)
		}
		from = to
	}
}

// exact visits all pairs among rows on one object that are in order of time.
func (j *join) exact(on []uint32, visit func(older, newer uint32)) {
	from := 0
	for i, n := range on {
		newer := &j.rows[n]
		for j.rows[on[from]].at < newer.at-j.window {
			from++
		}
		for _, o := range on[from:i] {
			if older := &j.rows[o]; older.account != newer.account && older.content != newer.content {
				visit(o, n)
			}
		}
	}
}

// link is a pair of rows and the edge that it belongs to, by the ranks of the accounts.
type link struct{ from, to, older, newer uint32 }

// maxLinks is how many links are held at a time, but for an account that has more; there are two copies of each.
const maxLinks = 4 << 20

// byEdge calls do with the links of each edge, sorted by from and to, and among those of one edge in the order in which each gives them. each calls its
// argument with every link and must do the same whenever it is called; it is called twice, and once more for every limit links.
// counted, if it is not nil, is called between two rounds over all edges, of which the first calls count and the second do.
func byEdge(accounts, limit int, each func(func(link)), count func(edge []link), counted func(), do func(edge []link) error) error {
	starts := make([]int, accounts+1)
	each(func(l link) { starts[l.from+1]++ })
	type span struct{ from, to, links int } // of accounts
	var spans []span
	for a := range accounts {
		n := starts[a+1]
		if k := len(spans) - 1; k >= 0 && spans[k].links+n <= limit {
			spans[k].to, spans[k].links = a+1, spans[k].links+n
		} else {
			spans = append(spans, span{a, a + 1, n})
		}
	}
	var links, spare []link
	load := func(s span) {
		links = slices.Grow(links[:0], s.links)
		each(func(l link) {
			if int(l.from) >= s.from && int(l.from) < s.to {
				links = append(links, l)
			}
		})
		spare = slices.Grow(spare[:0], s.links)[:s.links]
		scatter(spare, links, accounts, func(l *link) uint32 { return l.to })
		scatter(links, spare, accounts, func(l *link) uint32 { return l.from })
	}
	if count != nil {
		for _, s := range spans {
			load(s)
			_ = edges(links, func(edge []link) error { count(edge); return nil })
		}
		counted()
	}
	for _, s := range spans {
		if count == nil || len(spans) > 1 {
			load(s)
		}
		if err := edges(links, do); err != nil {
			return err
		}
	}
	return nil
}

// scatter sorts links stably by a key below keys.
func scatter(to, from []link, keys int, key func(*link) uint32) {
	at := make([]int, keys+1)
	for i := range from {
		at[key(&from[i])+1]++
	}
	for k := range keys {
		at[k+1] += at[k]
	}
	for i := range from {
		k := key(&from[i])
		to[at[k]] = from[i]
		at[k]++
	}
}

func edges(links []link, do func(edge []link) error) error {
	for len(links) > 0 {
		n := 1
		for n < len(links) && links[n].from == links[0].from && links[n].to == links[0].to {
			n++
		}
		if err := do(links[:n]); err != nil {
			return err
		}
		links = links[n:]
	}
	return nil
}

// distinct tells the numbers that are new to a list from those that were in it before, for one list after the other.
type distinct struct {
	seen []uint32 // the last list with each number
	list uint32
	n    int // different numbers in this list
}

func newDistinct(of *names) distinct { return distinct{seen: make([]uint32, len(of.list)), list: 1} }

func (d *distinct) reset() { d.list++; d.n = 0 }

func (d *distinct) add(i uint32) bool {
	if d.seen[i] == d.list {
		return false
	}
	d.seen[i] = d.list
	d.n++
	return true
}
