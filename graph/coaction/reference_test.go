package coaction

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// row is a row of a test.
type row struct {
	Object, Account, Content string
	At                       int64
}

func sharesOf(inputs ...[]row) *Shares {
	var s Shares
	for i, input := range inputs {
		if i > 0 {
			s.NextInput()
		}
		for _, r := range input {
			if err := s.Add([]byte(r.Object), []byte(r.Account), []byte(r.Content), r.At); err != nil {
				panic(err)
			}
		}
	}
	return &s
}

// rows draws rows of few names and times, so that all rules come to bear. A content may be named as an object is.
func rows(t *rapid.T, label string) []row {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) row {
		return row{
			rapid.SampledFrom([]string{"o1", "o2", "o3", "p1", ""}).Draw(t, "object"),
			rapid.SampledFrom([]string{"d", "b", "a", "c"}).Draw(t, "account"),
			rapid.SampledFrom([]string{"p1", "p2", "p3", "p4", "p5", "p6"}).Draw(t, "content"),
			rapid.Int64Range(0, 20).Draw(t, "at"),
		}
	}), 0, 25).Draw(t, label)
}

// reference finds edges as CooRTweet does, by its rules one after the other over all pairs of rows.
func reference(c CooRTweet, inputs ...[]row) []Edge {
	type pair struct{ older, newer row }
	var all []pair
	for _, input := range inputs {
		least := max(1, c.MinParticipation)
		// Accounts with enough rows, grouped by account as they first come.
		rowsOf := map[string]int{}
		for _, r := range input {
			if r.Object != "" {
				rowsOf[r.Account]++
			}
		}
		var accounts []string
		grouped := map[string][]row{}
		for _, r := range input {
			if r.Object == "" || rowsOf[r.Account] < least {
				continue
			}
			if grouped[r.Account] == nil {
				accounts = append(accounts, r.Account)
			}
			grouped[r.Account] = append(grouped[r.Account], r)
		}
		var kept []row
		var objects []string
		for _, a := range accounts {
			for _, r := range grouped[a] {
				kept = append(kept, r)
				if !slices.Contains(objects, r.Object) {
					objects = append(objects, r.Object)
				}
			}
		}
		var pairs []pair
		for _, o := range objects {
			for j, b := range kept {
				for _, a := range kept[:j] {
					if a.Object != o || b.Object != o || distance(a.At, b.At) > c.Window || a.Account == b.Account || a.Content == b.Content ||
						o == a.Content || o == b.Content {
						continue
					}
					if a.At > b.At {
						pairs = append(pairs, pair{b, a})
					} else {
						pairs = append(pairs, pair{a, b})
					}
				}
			}
		}
		inPairs := map[string]bool{}
		for _, p := range pairs {
			inPairs[p.older.Content], inPairs[p.newer.Content] = true, true
		}
		clear(rowsOf)
		for _, r := range kept {
			if inPairs[r.Content] {
				rowsOf[r.Account]++
			}
		}
		good := map[string]bool{}
		for _, r := range kept {
			if inPairs[r.Content] && rowsOf[r.Account] >= least {
				good[r.Content] = true
			}
		}
		for _, p := range pairs {
			if good[p.older.Content] || good[p.newer.Content] {
				all = append(all, p)
			}
		}
	}

	var order [][2]string // edges as they come, the lesser name first
	of := map[[2]string][]pair{}
	for _, p := range all {
		ends := [2]string{min(p.older.Account, p.newer.Account), max(p.older.Account, p.newer.Account)}
		if of[ends] == nil {
			order = append(order, ends)
		}
		of[ends] = append(of[ends], p)
	}
	var vertices []string
	for side := range 2 {
		for _, ends := range order {
			if !slices.Contains(vertices, ends[side]) {
				vertices = append(vertices, ends[side])
			}
		}
	}
	var weights []int
	for _, ends := range order {
		weights = append(weights, len(of[ends]))
	}
	slices.Sort(weights)
	threshold := 0.0
	if n := len(weights); n > 0 {
		h := c.Threshold * float64(n-1)
		lo := int(h)
		hi := min(lo+1, n-1)
		threshold = float64(weights[lo]) + (h-float64(lo))*float64(weights[hi]-weights[lo])
	}
	var edges []Edge
	for _, ends := range order {
		e := Edge{From: ends[0], To: ends[1], Weight: len(of[ends])}
		if slices.Index(vertices, e.From) > slices.Index(vertices, e.To) {
			e.From, e.To = e.To, e.From
		}
		older, newer := map[string]bool{}, map[string]bool{}
		for _, p := range of[ends] {
			e.Apart += p.newer.At - p.older.At
			if c.Corrected && p.older.Account != e.From {
				older[p.newer.Content], newer[p.older.Content] = true, true
			} else {
				older[p.older.Content], newer[p.newer.Content] = true, true
			}
			if c.Objects && !slices.Contains(e.Objects, p.older.Object) {
				e.Objects = append(e.Objects, p.older.Object)
			}
		}
		e.Contents, e.ContentsTo = len(older), len(newer)
		e.Above = float64(e.Weight) > threshold
		if e.Above || !c.Subgraph {
			edges = append(edges, e)
		}
	}
	slices.SortFunc(edges, func(a, b Edge) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return edges
}

func edgesOf(t testing.TB, c CooRTweet, s *Shares) []Edge {
	t.Helper()
	var edges []Edge
	if err := c.Edges(s, func(e *Edge) error {
		kept := *e
		kept.Objects = slices.Clone(e.Objects)
		if len(kept.Objects) == 0 {
			kept.Objects = nil
		}
		edges = append(edges, kept)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return edges
}

func TestCooRTweetFollowsItsRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := CooRTweet{
			Window:           rapid.Int64Range(0, 10).Draw(rt, "window"),
			MinParticipation: rapid.IntRange(0, 4).Draw(rt, "participation"),
			Threshold:        rapid.SampledFrom([]float64{0, 0.25, 0.5, 0.9, 1}).Draw(rt, "threshold"),
			Subgraph:         rapid.Bool().Draw(rt, "subgraph"),
			Objects:          rapid.Bool().Draw(rt, "objects"),
			Corrected:        rapid.Bool().Draw(rt, "corrected"),
		}
		first, second := rows(rt, "first"), rows(rt, "second")
		want := reference(c, first, second)
		if diff := gocmp.Diff(want, edgesOf(t, c, sharesOf(first, second))); diff != "" {
			rt.Errorf("(-want +got):\n%s", diff)
		}
		c.Sampling = Sampling{Popular: 100} // nothing is
		if diff := gocmp.Diff(want, edgesOf(t, c, sharesOf(first, second))); diff != "" {
			rt.Errorf("with sampling (-want +got):\n%s", diff)
		}
	})
}

func TestToolkitFollowsItsRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := rows(rt, "rows")
		toolkit := Toolkit{
			Lists:     rapid.Bool().Draw(rt, "lists"),
			Window:    rapid.Int64Range(0, 10).Draw(rt, "window"),
			MinWeight: rapid.IntRange(0, 3).Draw(rt, "least"),
		}
		messages := map[string]row{}
		objects := map[string][]string{}
		for _, r := range all {
			first, again := messages[r.Content]
			if !again {
				messages[r.Content] = r
			} else {
				r.Account, r.At = first.Account, first.At
			}
			if r.Object != "" && (!again || toolkit.Lists) {
				objects[r.Content] = append(objects[r.Content], r.Object)
			}
		}
		weights := map[[2]string]map[string]bool{}
		for i, m := range messages {
			for k, n := range messages {
				shared := slices.ContainsFunc(objects[i], func(o string) bool { return slices.Contains(objects[k], o) })
				if i == k || m.Account == n.Account || !shared || distance(m.At, n.At) > toolkit.Window {
					continue
				}
				ends := [2]string{m.Account, n.Account}
				if weights[ends] == nil {
					weights[ends] = map[string]bool{}
				}
				weights[ends][i] = true
			}
		}
		var want, got []string
		for ends, of := range weights {
			if len(of) >= toolkit.MinWeight {
				want = append(want, fmt.Sprint(ends[0], ends[1], len(of)))
			}
		}
		slices.Sort(want)
		if err := toolkit.Edges(sharesOf(all), func(a Arrow) error {
			got = append(got, fmt.Sprint(a.From, a.To, a.Weight))
			return nil
		}); err != nil {
			rt.Fatal(err)
		}
		if !slices.IsSorted(got) {
			rt.Errorf("the edges are out of order: %s", got)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			rt.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestPairsInSeveralRounds cuts the pairs into rounds as few as one account each.
func TestPairsInSeveralRounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		links := rapid.SliceOf(rapid.Custom(func(t *rapid.T) link {
			return link{rapid.Uint32Range(0, 6).Draw(t, "from"), rapid.Uint32Range(0, 6).Draw(t, "to"), rapid.Uint32().Draw(t, "older"), 0}
		})).Draw(t, "links")
		want := slices.Clone(links)
		slices.SortStableFunc(want, func(a, b link) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
		var counted, got []link
		err := byEdge(7, rapid.IntRange(1, 20).Draw(t, "limit"), func(visit func(link)) {
			for _, l := range links {
				visit(l)
			}
		}, func(edge []link) { counted = append(counted, edge...) }, func() {
			if !slices.Equal(counted, want) {
				t.Errorf("counted %v, want %v", counted, want)
			}
		}, func(edge []link) error { got = append(got, edge...); return nil })
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	})
}
