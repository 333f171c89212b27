package layout

import (
	"cmp"
	"slices"
)

// edges says where brightness steps from one row to the next.
type edges struct {
	w, h int
	// before[y·(w+1)+x] is how many of the first x columns have a step between rows y-1 and y.
	before []uint16
	best   []int // what the best stretch along each row is worth
	peaks  []peak
	at     []int
}

// peak is a row along which the best stretch is worth more than along the rows beside it.
type peak struct{ at, worth int }

// find looks for steps: between rows y-2 and y+1, so that an edge may be blurred over the two rows between, and larger than what the
// rows beyond change. In textured ground that is rare by chance, along an edge it is the rule.
func (e *edges) find(p *plane) {
	const least = 8
	e.w, e.h = p.w, p.h
	n := (p.w + 1) * (p.h + 1)
	e.before = slices.Grow(e.before[:0], n)[:n]
	clear(e.before)
	e.best = slices.Grow(e.best[:0], p.h+1)[:p.h+1]
	clear(e.best)
	row := func(y int) []byte { y = min(max(y, 0), p.h-1); return p.pix[y*p.w:][:p.w] }
	for y := 2; y < p.h-1; y++ {
		far, above, below, beyond := row(y-3), row(y-2), row(y+1), row(y+2)
		out := e.before[y*(p.w+1):][:p.w+1]
		count := uint16(0)
		run, best := 0, 0
		for x := range above {
			step := abs(int(above[x]) - int(below[x]))
			around := abs(int(above[x])-int(far[x])) + abs(int(below[x])-int(beyond[x]))
			if step > least+2*around {
				count++
				run += 11 // a stretch pays if more than 9 in 20 of its points are steps
			} else {
				run -= 9
			}
			run = max(run, 0)
			best = max(best, run)
			out[x+1] = count
		}
		e.best[y] = best
	}
}

// support is the share of columns from from to to with a step at row y. The corners are left out.
func (e *edges) support(y, from, to int) float64 {
	from, to = from+2, to-2
	row := e.before[y*(e.w+1):]
	return float64(row[to]-row[from]) / float64(to-from)
}

// lines are the rows with the longest stretches of steps, the middle, and the first and last, in order. They are valid until the next call.
func (e *edges) lines() []int {
	all := e.peaks[:0]
	for y := 2; y < e.h-1; y++ {
		// Blur makes several rows of one edge: the best of its neighbourhood stands for it.
		if e.best[y] < 11*minSide/2 {
			continue
		}
		top := true
		for d := -2; d <= 2; d++ {
			if o := y + d; o >= 2 && o < e.h-1 && (e.best[o] > e.best[y] || e.best[o] == e.best[y] && d < 0) {
				top = false
			}
		}
		if top {
			all = append(all, peak{y, e.best[y]})
		}
	}
	slices.SortStableFunc(all, func(a, b peak) int { return cmp.Compare(b.worth, a.worth) })
	out := append(e.at[:0], 0, e.h/2, e.h)
	for _, l := range all[:min(len(all), maxLines)] {
		out = append(out, l.at)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	e.peaks, e.at = all, out
	return out
}

func abs(v int) int { return max(v, -v) }
