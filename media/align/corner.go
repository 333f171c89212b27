package align

import (
	"cmp"
	"slices"
)

// corner is a place where brightness changes in more than one direction, in pixels of its level.
type corner struct {
	x, y  int32
	score int32
}

// contrast is by how much a corner's ring differs from its middle at least. It is low, so that smooth parts have corners too: how strong
// the chosen ones are is decided by the competition in a cell.
const contrast = 4

// margin is how far from a level's edges corners are: what describe reads around one lies within it.
const margin = 17

// corners finds the corners of a plane by the segment test (FAST-9; Rosten & Drummond, Machine Learning for High-Speed Corner
// Detection, ECCV 2006): nine or more consecutive pixels of a ring of 16 around a pixel are all brighter than it, or all darker, by more
// than contrast. Of touching corners the stronger stays. scores is scratch of a plane's size, all zero, and is left so.
func corners(dst []corner, p Plane, scores []int32) []corner {
	if p.W <= 2*margin || p.H <= 2*margin {
		return dst
	}
	w := p.W
	ring := [16]int{-3 * w, -3*w + 1, -2*w + 2, -w + 3, 3, w + 3, 2*w + 2, 3*w + 1, 3 * w, 3*w - 1, 2*w - 2, w - 3, -3, -w - 3, -2*w - 2, -3*w - 1}
	first := len(dst)
	for y := margin; y < p.H-margin; y++ {
		for i := y*w + margin; i < y*w+w-margin; i++ {
			v := int32(p.Pix[i])
			lo, hi := v-contrast, v+contrast
			// Of two opposite pixels every arc of nine has one.
			n, s := int32(p.Pix[i+ring[0]]), int32(p.Pix[i+ring[8]])
			if n >= lo && n <= hi && s >= lo && s <= hi {
				continue
			}
			e, o := int32(p.Pix[i+ring[4]]), int32(p.Pix[i+ring[12]])
			if !(n > hi || s > hi) || !(e > hi || o > hi) {
				if !(n < lo || s < lo) || !(e < lo || o < lo) {
					continue
				}
			}
			if score := segment(p.Pix, i, &ring, v); score > 0 {
				scores[i] = score
				dst = append(dst, corner{int32(i - y*w), int32(y), score})
			}
		}
	}
	found := dst[first:]
	kept := dst[:first]
	for _, c := range found {
		if strongest(scores, int(c.y)*w+int(c.x), w) {
			kept = append(kept, c)
		}
	}
	clear(scores[:len(p.Pix)])
	return kept
}

// segment is the strength of the corner at i, 0 if it is none: how much the ring's brighter or darker pixels differ beyond contrast,
// together.
func segment(pix []uint8, i int, ring *[16]int, v int32) int32 {
	var brighter, darker uint32
	var up, down int32
	for k, offset := range ring {
		d := int32(pix[i+offset]) - v
		if d > contrast {
			brighter |= 1 << k
			up += d - contrast
		} else if d < -contrast {
			darker |= 1 << k
			down -= d + contrast
		}
	}
	switch {
	case arc(brighter):
		return up
	case arc(darker):
		return down
	}
	return 0
}

// arc says whether nine consecutive of 16 bits in a ring are set.
func arc(m uint32) bool {
	m |= m << 16
	two := m & (m >> 1)
	four := two & (two >> 2)
	eight := four & (four >> 4)
	return eight&(m>>8) != 0
}

// strongest says whether no neighbour's score is higher; of equal ones the first in reading order is the stronger.
func strongest(scores []int32, i, w int) bool {
	s := scores[i]
	return scores[i-w-1] < s && scores[i-w] < s && scores[i-w+1] < s && scores[i-1] < s &&
		scores[i+1] <= s && scores[i+w-1] <= s && scores[i+w] <= s && scores[i+w+1] <= s
}

// cell is the side of the squares between which a level's corners are balanced, in its pixels.
const cell = 24

// balanced are up to n of a plane's corners, spread over it: the strongest of every cell, then the second of every cell, and so on. Where
// the last round has too many, the strongest of them are taken. So a caption or a row of icons cannot take all places.
func balanced(corners []corner, p Plane, n int) []corner {
	if len(corners) <= n {
		return corners
	}
	columns := int32((p.W + cell - 1) / cell)
	at := func(c corner) int32 { return c.y/cell*columns + c.x/cell }
	slices.SortFunc(corners, func(a, b corner) int {
		return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(b.score, a.score), cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x))
	})
	type ranked struct {
		corner
		rank int
	}
	list := make([]ranked, len(corners))
	for i, c := range corners {
		list[i].corner = c
		if i > 0 && at(c) == at(corners[i-1]) {
			list[i].rank = list[i-1].rank + 1
		}
	}
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.score, a.score), cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x))
	})
	for i := range n {
		corners[i] = list[i].corner
	}
	return corners[:n]
}
