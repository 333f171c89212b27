// Package layout finds the pictures inside a picture: in a screenshot, between the bars of a letterbox, under a caption, in a cell of a
// collage, pasted onto another. A perceptual hash of the whole says nothing about them; hashed on their own they are found.
//
// It looks for rectangles, not for content: long, straight, sudden steps of brightness, as only edges of pictures are. A rectangle counts by
// how much of its sides lies on such steps. That is cheap (a few milliseconds, on a reduced grey copy) and needs no examples, but sees only
// what a step surrounds: a picture whose edge has the colour of the page, one that is turned, and one with soft or round
// edges is missed or cut wrongly. It is media/align that finds those.
//
// A rectangle is a proposal. Many a photo of a window or a wall has some; the hash decides. Always hash the whole picture as well.
package layout

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// MaxRegions is how many regions are proposed at most.
const MaxRegions = 6

// Kind says how a region lies in its picture.
type Kind string

// The kinds.
const (
	Band  Kind = "band"  // across the whole width or height: letterbox, caption, phone screenshot
	Cell  Kind = "cell"  // in a corner or along one side: collage
	Inset Kind = "inset" // with something on all sides: page, picture pasted onto another
)

// Region is a rectangle that may be a picture of its own.
type Region struct {
	image.Rectangle
	Kind Kind
	// Score is 0 to 1: the share of its sides that lies on steps of brightness.
	Score float64
}

const (
	workSide = 512  // the longer side of the copy that is looked at
	minShare = 0.12 // the least side of a region, as a share of the picture's
	maxLines = 18   // how many lines of each direction are combined
	minScore = 0.4
	minSide  = 24   // pixels of the copy
	coincide = 0.95 // the overlap from which two regions are the same
)

// Locator finds regions. It keeps its buffers; have one a goroutine.
type Locator struct {
	grey  plane // reduced
	full  plane
	rows  edges // steps between rows: lines that run along rows
	cols  edges
	turn  plane
	found []Region
	best  []Region
	last  []Region // pieces of a page
}

// plane is a grey picture.
type plane struct {
	w, h int
	pix  []byte
}

// Find proposes the regions of a picture, the best first. pix holds 3·w·h bytes: red, green and blue of each pixel, rows from the top,
// without padding. A region is smaller than the picture and at least an eighth of it a side. Regions that look like a piece of a
// page come last, whatever their score. The result is valid until the next call.
func (l *Locator) Find(pix []byte, w, h int) []Region {
	l.found = l.found[:0]
	if min(w, h) < minSide || len(pix)/3 < w*h {
		return nil
	}
	factor := (max(w, h) + workSide - 1) / workSide
	l.full.fromRGB(pix, w, h)
	l.grey.reduce(&l.full, factor)
	if min(l.grey.w, l.grey.h) < minSide {
		return nil
	}
	l.turn.transpose(&l.grey)
	l.rows.find(&l.grey)
	l.cols.find(&l.turn)
	l.margins()
	l.rectangles()
	l.pick()
	for i := range l.best {
		l.best[i].Rectangle = l.refine(l.best[i].Rectangle, factor)
	}
	return l.best
}

// fromRGB is the luma of a picture, in 8 bits.
func (p *plane) fromRGB(pix []byte, w, h int) {
	p.w, p.h, p.pix = w, h, slices.Grow(p.pix[:0], w*h)[:w*h]
	for i := range p.pix {
		q := pix[3*i : 3*i+3 : 3*i+3]
		p.pix[i] = byte((77*int(q[0]) + 150*int(q[1]) + 29*int(q[2]) + 128) >> 8)
	}
}

// reduce averages squares of the given side. What is over at the right and the bottom is left out.
func (p *plane) reduce(from *plane, by int) {
	p.w, p.h = from.w/by, from.h/by
	p.pix = slices.Grow(p.pix[:0], p.w*p.h)[:p.w*p.h]
	if by == 1 {
		copy(p.pix, from.pix)
		return
	}
	for y := range p.h {
		for x := range p.w {
			sum := 0
			for dy := range by {
				for _, v := range from.pix[(y*by+dy)*from.w+x*by:][:by] {
					sum += int(v)
				}
			}
			p.pix[y*p.w+x] = byte(sum / (by * by))
		}
	}
}

func (p *plane) transpose(from *plane) {
	p.w, p.h = from.h, from.w
	p.pix = slices.Grow(p.pix[:0], p.w*p.h)[:p.w*p.h]
	for y := range from.h {
		for x, v := range from.pix[y*from.w:][:from.w] {
			p.pix[x*p.w+y] = v
		}
	}
}

// margins proposes what is left when even rows and columns are taken off from outside.
func (l *Locator) margins() {
	top, bottom := even(&l.grey)
	left, right := even(&l.turn)
	r := image.Rect(left, top, l.grey.w-right, l.grey.h-bottom)
	if r.Dx() < l.grey.w || r.Dy() < l.grey.h {
		l.add(r, 0.75)
	}
}

// even counts the rows from the top and from the bottom in which brightness hardly changes, and which equal the outermost.
func even(p *plane) (top, bottom int) {
	isEven := func(y, as int) bool {
		const tolerance = 10
		row := p.pix[y*p.w:][:p.w]
		first := int(p.pix[as*p.w])
		odd := 0
		for _, v := range row {
			if d := int(v) - first; d > tolerance || d < -tolerance {
				odd++
			}
		}
		return odd*200 <= p.w
	}
	for top < p.h && isEven(top, 0) {
		top++
	}
	for bottom < p.h-top && isEven(p.h-1-bottom, p.h-1) {
		bottom++
	}
	return top, bottom
}

// add keeps a rectangle of the copy if it is good and large enough.
func (l *Locator) add(r image.Rectangle, score float64) {
	w, h := l.grey.w, l.grey.h
	if score < minScore || r.Dx() < max(int(minShare*float64(w)), minSide) || r.Dy() < max(int(minShare*float64(h)), minSide) || r.Dx() == w && r.Dy() == h {
		return
	}
	l.found = append(l.found, Region{r, kind(r, w, h), score})
}

func kind(r image.Rectangle, w, h int) Kind {
	wide, high := r.Dx() == w, r.Dy() == h
	left, right, top, bottom := r.Min.X == 0, r.Max.X == w, r.Min.Y == 0, r.Max.Y == h
	switch {
	case wide && !top && !bottom, high && !left && !right:
		return Band
	case (left || right) && (top || bottom):
		return Cell
	default:
		return Inset
	}
}

// rectangles combines lines.
func (l *Locator) rectangles() {
	ys, xs := l.rows.lines(), l.cols.lines()
	w, h := l.grey.w, l.grey.h
	for i, top := range ys {
		for _, bottom := range ys[i+1:] {
			if bottom-top < max(int(minShare*float64(h)), minSide) {
				continue
			}
			for j, left := range xs {
				for _, right := range xs[j+1:] {
					if right-left < max(int(minShare*float64(w)), minSide) {
						continue
					}
					r := image.Rect(left, top, right, bottom)
					l.add(r, l.score(r, xs, ys))
				}
			}
		}
	}
}

// score is how well the sides of a rectangle are supported. The picture's own sides need no support, but are not worth as much as a side that
// has it. Where a rectangle lies as frames and collages place it, less support is enough.
func (l *Locator) score(r image.Rectangle, xs, ys []int) float64 {
	const (
		outer     = 0.6 // what a side of the picture is worth
		least     = 0.25
		leastMeet = 0.1 // if the place speaks for it
	)
	w, h := l.grey.w, l.grey.h
	sum, weakest, sides := 0.0, 1.0, 0
	side := func(e *edges, at, from, to, end int) {
		if at == 0 || at == end {
			sum += outer
			return
		}
		s := e.support(at, from, to)
		sum, weakest, sides = sum+s, min(weakest, s), sides+1
	}
	side(&l.rows, r.Min.Y, r.Min.X, r.Max.X, h)
	side(&l.rows, r.Max.Y, r.Min.X, r.Max.X, h)
	side(&l.cols, r.Min.X, r.Min.Y, r.Max.Y, w)
	side(&l.cols, r.Max.X, r.Min.Y, r.Max.Y, w)
	placed := expected(r.Min.X, r.Max.X, w) && expected(r.Min.Y, r.Max.Y, h)
	score := math.Sqrt(sum / 4 * weakest)
	if placed && weakest >= leastMeet {
		score = sum / 4
	}
	if sides == 0 || weakest < leastMeet || weakest < least && !placed || score < minScore {
		return 0
	}
	// A line right through it makes it two pictures, not one.
	const margin, cut = 6, 0.6
	for _, y := range ys {
		if y > r.Min.Y+margin && y < r.Max.Y-margin && l.rows.support(y, r.Min.X, r.Max.X) > cut {
			return score * 0.7
		}
	}
	for _, x := range xs {
		if x > r.Min.X+margin && x < r.Max.X-margin && l.cols.support(x, r.Min.Y, r.Max.Y) > cut {
			return score * 0.7
		}
	}
	return score
}

// expected says whether a span lies as frames and collages place it: over the whole side, in its middle, or over one half.
func expected(from, to, side int) bool {
	const slack = 2
	middle := abs(from-(side-to)) <= slack
	half := from == 0 && abs(2*to-side) <= slack || to == side && abs(2*from-side) <= slack
	return middle || half
}

// page says whether a region looks like a piece of a page: mostly of one brightness, or with gutters through it, rows or columns that
// are even from side to side.
func (l *Locator) page(r image.Rectangle) bool {
	var of [256]int
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range l.grey.pix[y*l.grey.w:][r.Min.X:r.Max.X] {
			of[v]++
		}
	}
	for v := 1; v < 255; v++ {
		if 2*(of[v-1]+of[v]+of[v+1]) > r.Dx()*r.Dy() {
			return true
		}
	}
	return gutters(&l.grey, r) || gutters(&l.turn, image.Rect(r.Min.Y, r.Min.X, r.Max.Y, r.Max.X))
}

// gutters says whether several rows of a rectangle are even.
func gutters(p *plane, r image.Rectangle) bool {
	const tolerance, fewest = 4, 3
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := p.pix[y*p.w:][r.Min.X:r.Max.X]
		flat := true
		for _, v := range row {
			if abs(int(v)-int(row[0])) > tolerance {
				flat = false
				break
			}
		}
		if flat {
			n++
		}
	}
	return n >= max(fewest, r.Dy()/50)
}

// pick keeps the best regions, and of those that nearly coincide the better one. Pieces of a page come last, if there is room.
func (l *Locator) pick() {
	slices.SortStableFunc(l.found, func(a, b Region) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Dx()*b.Dy(), a.Dx()*a.Dy()),
			cmp.Compare(a.Min.Y, b.Min.Y), cmp.Compare(a.Min.X, b.Min.X))
	})
	kept, last := l.best[:0], l.last[:0]
	for _, r := range l.found {
		if len(kept) == MaxRegions {
			break
		}
		same := func(k Region) bool { return overlap(k.Rectangle, r.Rectangle) > coincide }
		switch {
		case slices.ContainsFunc(kept, same) || slices.ContainsFunc(last, same):
		case l.page(r.Rectangle):
			if len(last) < MaxRegions {
				last = append(last, r)
			}
		default:
			kept = append(kept, r)
		}
	}
	kept = append(kept, last[:min(len(last), MaxRegions-len(kept))]...)
	l.best, l.last = kept, last
}

// overlap is the share of two rectangles' union that both cover.
func overlap(a, b image.Rectangle) float64 {
	both := a.Intersect(b)
	area := func(r image.Rectangle) float64 { return float64(r.Dx()) * float64(r.Dy()) }
	return area(both) / (area(a) + area(b) - area(both))
}

// refine finds the sides of a region in the full picture: near each line of the copy, the place of the largest step along it.
func (l *Locator) refine(r image.Rectangle, factor int) image.Rectangle {
	out := image.Rectangle{r.Min.Mul(factor), r.Max.Mul(factor)}
	if r.Max.X == l.grey.w {
		out.Max.X = l.full.w
	}
	if r.Max.Y == l.grey.h {
		out.Max.Y = l.full.h
	}
	reach := factor + 1
	exact := func(at, end int, step func(at int) int) int {
		if at == 0 || at == end {
			return at
		}
		best, most := at, -1
		for y := max(at-reach, 1); y <= min(at+reach, end-1); y++ {
			if s := step(y); s > most {
				best, most = y, s
			}
		}
		return best
	}
	rowStep := func(y int) int {
		sum := 0
		a, b := l.full.pix[(y-1)*l.full.w:], l.full.pix[y*l.full.w:]
		for x := out.Min.X; x < out.Max.X; x++ {
			d := int(a[x]) - int(b[x])
			sum += max(d, -d)
		}
		return sum
	}
	colStep := func(x int) int {
		sum := 0
		for y := out.Min.Y; y < out.Max.Y; y++ {
			d := int(l.full.pix[y*l.full.w+x]) - int(l.full.pix[y*l.full.w+x-1])
			sum += max(d, -d)
		}
		return sum
	}
	return image.Rect(exact(out.Min.X, l.full.w, colStep), exact(out.Min.Y, l.full.h, rowStep),
		exact(out.Max.X, l.full.w, colStep), exact(out.Max.Y, l.full.h, rowStep))
}
