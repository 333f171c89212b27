package coaction

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// CooRTweet is the search of the R package CooRTweet 2.1 (detect_groups and generate_coordinated_network), in its own words:
//
// Accounts with fewer than MinParticipation rows are left out. Two rows on one object at most Window apart make a pair, unless account or
// content is the same or the object is one of the contents. Contents that are in a pair are counted by account; a pair stays if either
// of its contents is in a row of an account with MinParticipation such rows or more. An edge joins two accounts with pairs; its weight is how many.
//
// The order of an edge's ends is that package's, and its counts of contents are, too, with a known defect; see Corrected. Names compare as bytes, where
// R compares by the locale: they are equal for ASCII names of one case.
type CooRTweet struct {
	// Window is the greatest distance in time, included, in the unit of the times.
	Window int64

	// MinParticipation is how many rows an account must have; 0 is 1.
	MinParticipation int

	// Threshold is the quantile of the weights (type 7 in R) above which an edge is marked, 0 to 1.
	Threshold float64

	// Subgraph leaves out edges that are not marked.
	Subgraph bool

	// Objects lists the objects of each edge.
	Objects bool

	// Corrected counts the contents of an edge by account. CooRTweet counts those on the older side of its pairs and those on the newer and reports them as the
	// accounts', though an account may be on either side.
	Corrected bool

	// Sampling, if not zero, bounds the work on popular objects.
	Sampling Sampling
}

// Edge is two accounts that acted together.
type Edge struct {
	From, To string
	Weight   int   // pairs of rows
	Apart    int64 // the sum of the distances in time of these pairs

	// Contents are the different contents on the older side of the pairs, and ContentsTo on the newer; corrected, those of From and of To.
	Contents, ContentsTo int

	// Objects are those of the pairs in the order of the first pair of each.
	Objects []string

	// Above says that the weight is above the threshold.
	Above bool
}

// Symmetry is the smaller of the counts of contents in parts of the greater.
func (e *Edge) Symmetry() float64 {
	return float64(min(e.Contents, e.ContentsTo)) / float64(max(e.Contents, e.ContentsTo))
}

func (c *CooRTweet) check() error {
	switch {
	case c.Window < 0 || c.Window > MaxTime:
		return fmt.Errorf("window %d: want 0 to %d", c.Window, int64(MaxTime))
	case c.MinParticipation < 0:
		return fmt.Errorf("least participation of %d rows: want 0 or more", c.MinParticipation)
	case !(c.Threshold >= 0 && c.Threshold <= 1):
		return fmt.Errorf("threshold at quantile %v: want 0 to 1", c.Threshold)
	}
	return c.Sampling.check()
}

// Edges calls do with each edge in the order of the names of its ends. The edge is valid until do returns; an error of do ends the search and is returned.
//
// It takes time in proportion to the pairs, and memory for the rows (about 100 bytes each), 12 bytes an account and content, and 128 MB for pairs.
func (c *CooRTweet) Edges(s *Shares, do func(*Edge) error) error {
	if err := c.check(); err != nil {
		return err
	}
	j, good := c.detect(s)
	inOrder, rank := s.accounts.sorted()
	each := func(visit func(older, newer uint32)) {
		j.pairs(func(older, newer uint32) {
			if good[older] || good[newer] {
				visit(older, newer)
			}
		})
	}
	vertex := vertices(j, rank, each)
	links := func(visit func(link)) {
		each(func(older, newer uint32) {
			from, to := j.rows[older].account, j.rows[newer].account
			if vertex[from] > vertex[to] {
				from, to = to, from
			}
			visit(link{rank[from], rank[to], older, newer})
		})
	}
	weights := map[int]int{} // how many edges have each weight
	threshold := 0.0
	older, newer, shared := newDistinct(&s.contents), newDistinct(&s.contents), newDistinct(&s.objects)
	var edge Edge
	return byEdge(len(rank), maxLinks, links,
		func(links []link) { weights[len(links)]++ },
		func() { threshold = quantile(weights, c.Threshold) },
		func(links []link) error {
			above := float64(len(links)) > threshold
			if c.Subgraph && !above {
				return nil
			}
			from := inOrder[links[0].from]
			edge = Edge{From: s.accounts.list[from], To: s.accounts.list[inOrder[links[0].to]], Weight: len(links), Above: above, Objects: edge.Objects[:0]}
			older.reset()
			newer.reset()
			shared.reset()
			for _, l := range links {
				a, b := &j.rows[l.older], &j.rows[l.newer]
				edge.Apart += b.at - a.at
				if c.Corrected && a.account != from {
					a, b = b, a
				}
				older.add(a.content)
				newer.add(b.content)
			}
			edge.Contents, edge.ContentsTo = older.n, newer.n
			if c.Objects {
				for _, l := range byFirst(links) {
					if o := j.rows[l.older].object; shared.add(o) {
						edge.Objects = append(edge.Objects, s.objects.list[o])
					}
				}
			}
			return do(&edge)
		})
}

// detect arranges the rows for the join, and says of each whether its content is one that keeps a pair.
func (c *CooRTweet) detect(s *Shares) (j *join, good []bool) {
	least := max(c.MinParticipation, 1)
	j = &join{window: c.Window}
	rows := make([]int, len(s.accounts.list)) // of each account
	s.each(func(input []share) {
		clear(rows)
		for i := range input {
			if input[i].object != nothing {
				rows[input[i].account]++
			}
		}
		kept := make([]share, 0, len(input))
		for _, row := range input {
			if row.object != nothing && rows[row.account] >= least {
				kept = append(kept, row)
			}
		}
		arranged, ends := arrange(kept)
		j.add(arranged, ends, func(r *share) bool { return s.objects.list[r.object] == s.contents.list[r.content] })
	})
	j.sampled(c.Sampling, s.accounts.list)
	paired := make([]bool, len(j.rows))
	j.pairs(func(older, newer uint32) { paired[older], paired[newer] = true, true })

	good = make([]bool, len(j.rows))
	inPairs := make([]bool, len(s.contents.list))
	wanted := make([]bool, len(s.contents.list))
	from := 0
	for _, to := range j.inputs {
		clear(rows)
		clear(inPairs)
		clear(wanted)
		input := j.rows[from:to]
		for i := range input {
			if paired[from+i] {
				inPairs[input[i].content] = true
			}
		}
		for i := range input {
			if inPairs[input[i].content] {
				rows[input[i].account]++
			}
		}
		for i := range input {
			if row := &input[i]; inPairs[row.content] && rows[row.account] >= least {
				wanted[row.content] = true
			}
		}
		for i := range input {
			good[from+i] = wanted[input[i].content]
		}
		from = to
	}
	return j, good
}

// vertices numbers the accounts as igraph does for CooRTweet's list of edges, which has the lesser name of a pair first: those that come
// first in the order in which they first do so, then the others in the order in which they first come second.
func vertices(j *join, rank []uint32, each func(func(older, newer uint32))) []uint64 {
	const later = 1 << 63
	vertex := make([]uint64, len(rank))
	for i := range vertex {
		vertex[i] = math.MaxUint64
	}
	each(func(older, newer uint32) {
		at := uint64(max(older, newer))<<32 | uint64(min(older, newer)) // the order of pairs
		first, second := j.rows[older].account, j.rows[newer].account
		if rank[first] > rank[second] {
			first, second = second, first
		}
		vertex[first] = min(vertex[first], at)
		vertex[second] = min(vertex[second], later|at)
	})
	return vertex
}

// byFirst is links in the order of CooRTweet's pairs.
func byFirst(links []link) []link {
	sorted := slices.Clone(links)
	slices.SortFunc(sorted, func(a, b link) int {
		return cmp.Or(cmp.Compare(max(a.older, a.newer), max(b.older, b.newer)), cmp.Compare(min(a.older, a.newer), min(b.older, b.newer)))
	})
	return sorted
}

// quantile is R's quantile of type 7 of the keys, each as often as its value says.
func quantile(counts map[int]int, q float64) float64 {
	keys := make([]int, 0, len(counts))
	n := 0
	for k, c := range counts {
		keys = append(keys, k)
		n += c
	}
	if n == 0 {
		return 0
	}
	slices.Sort(keys)
	at := func(i int) float64 {
		for _, k := range keys {
			if i -= counts[k]; i < 0 {
				return float64(k)
			}
		}
		return float64(keys[len(keys)-1])
	}
	h := q * float64(n-1)
	lo := at(int(h))
	return lo + (h-math.Floor(h))*(at(int(h)+1)-lo)
}
