package family

import "slices"

// gramSet is a text's pieces: their hashes, ascending, without repeats. If not all of them are there, then it is the smallest
// maxGrams, a MinHash sample of the rest.
type gramSet struct {
	hashes []uint32
	all    bool
}

// bar is what makes two texts near-copies: so many grams that are in both, and either what share of all these are, or what share of
// the shorter text's. The fewer grams there are, the more of them must agree, since what is said in few letters, like a greeting
// or the name of a place, is said everywhere. The bars were set on SMS and Bluesky posts, so that of pairs of unrelated texts
// fewer than one in a million pass, and moved once more after a look at pairs of tweets: they are not blind to those.
type bar struct {
	shared          int
	jaccard, within float64
}

var bars = [...]bar{{26, .34, .60}, {20, .40, .68}, {12, .50, .85}}

// compare gives how alike a and b are, and whether that makes them near-copies. Texts with more grams than were kept are compared
// by those up to the largest hash of which both know whether they have it.
func compare(a, b gramSet) (jaccard float64, near bool) {
	x, y := a.hashes, b.hashes
	if !a.all {
		y = upTo(y, x)
	}
	if !b.all {
		x = upTo(x, b.hashes)
	}
	n := shared(x, y)
	if n == 0 {
		return 0, false
	}
	jaccard = float64(n) / float64(len(x)+len(y)-n)
	within := float64(n) / float64(min(len(x), len(y)))
	for _, b := range bars {
		near = near || n >= b.shared && (jaccard >= b.jaccard || within >= b.within)
	}
	return jaccard, near
}

// upTo is the part of hashes that is not above the last of those given.
func upTo(hashes, last []uint32) []uint32 {
	if len(last) == 0 {
		return nil
	}
	n, found := slices.BinarySearch(hashes, last[len(last)-1])
	if found {
		n++
	}
	return hashes[:n]
}

// shared is the number of hashes that are in both.
func shared(a, b []uint32) (n int) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		x, y := a[i], b[j]
		if x == y {
			n++
		}
		// Which of them is larger is chance: steps without a branch are faster.
		i += step(x <= y)
		j += step(y <= x)
	}
	return n
}

func step(b bool) int {
	if b {
		return 1
	}
	return 0
}
