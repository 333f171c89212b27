package coaction

import "fmt"

// Toolkit is the search of the coordination-network-toolkit for messages that share something. Contents are message ids. A second row of a
// message has the account and time of the first.
//
// An edge goes from an account to another: its weight is how many different messages of the first have one of the second at most Window
// away, before or after, with the same object. So the two directions differ. Loops are left out.
type Toolkit struct {
	// Lists says that a message may have several objects, each in a row of its own, such as its links (co_link there). Otherwise rows after a message's
	// first are left out, as are its objects, such as the one it reposts (co_retweet).
	Lists bool

	// Window is the greatest distance in time, included, in the unit of the times.
	Window int64

	// MinWeight is the least weight of an edge, by direction.
	MinWeight int

	// Sampling, if not zero, bounds the work on popular objects.
	Sampling Sampling
}

// Arrow is an edge from one account to another.
type Arrow struct {
	From, To string
	Weight   int
}

// Edges calls do with each edge in the order of the names of its ends. An error of do ends the search and is returned. Several inputs are
// searched as one. What it takes is what [CooRTweet.Edges] takes.
func (t *Toolkit) Edges(s *Shares, do func(Arrow) error) error {
	if t.Window < 0 || t.Window > MaxTime {
		return fmt.Errorf("window %d: want 0 to %d", t.Window, int64(MaxTime))
	}
	if err := t.Sampling.check(); err != nil {
		return err
	}
	first := make([]uint32, len(s.contents.list)) // the first row of each message, + 1
	rows := make([]share, 0, len(s.rows))
	for i, row := range s.rows {
		if first[row.content] == 0 {
			first[row.content] = uint32(i + 1)
		}
		of := first[row.content] - 1
		row.account, row.at = s.rows[of].account, s.rows[of].at
		if row.object != nothing && (t.Lists || int(of) == i) {
			rows = append(rows, row)
		}
	}
	arranged, ends := bucket(rows, func(r *share) uint32 { return r.object })
	j := &join{window: t.Window}
	j.add(arranged, ends, func(*share) bool { return false })
	j.sampled(t.Sampling, s.accounts.list)

	inOrder, rank := s.accounts.sorted()
	links := func(visit func(link)) {
		j.pairs(func(older, newer uint32) {
			a, b := rank[j.rows[older].account], rank[j.rows[newer].account]
			visit(link{a, b, older, newer})
			visit(link{b, a, newer, older})
		})
	}
	messages := newDistinct(&s.contents)
	return byEdge(len(rank), maxLinks, links, nil, nil, func(links []link) error {
		messages.reset()
		for _, l := range links {
			messages.add(j.rows[l.older].content)
		}
		if messages.n < t.MinWeight {
			return nil
		}
		return do(Arrow{s.accounts.list[inOrder[links[0].from]], s.accounts.list[inOrder[links[0].to]], messages.n})
	})
}
