package align

import "fmt"

// Plane is the brightness of a picture, row after row: the pixel in column x of row y is Pix[y*W+x], 0 black to 255 white.
type Plane struct {
	W, H int
	Pix  []uint8
}

// check says what is wrong with a plane.
func (p Plane) check() error {
	if p.W <= 0 || p.H <= 0 || p.W > maxSide || p.H > maxSide || len(p.Pix) != p.W*p.H {
		return fmt.Errorf("align: a plane of %d x %d with %d pixels; sides are 1 to %d, and the pixels as many as they say", p.W, p.H, len(p.Pix), maxSide)
	}
	return nil
}

// maxSide is the longest side of a picture. What is larger is scaled down before it comes here.
const maxSide = 1 << 15

// Mirrored is the plane, as Extract takes it, with left and right exchanged. Features of a mirrored query find what was mirrored.
func (p Plane) Mirrored() Plane {
	m := Plane{p.W, p.H, make([]uint8, len(p.Pix))}
	for y := range p.H {
		row, to := p.Pix[y*p.W:][:p.W], m.Pix[y*p.W:][:p.W]
		for x, v := range row {
			to[len(to)-1-x] = v
		}
	}
	return m
}

// shrunk is p with its longer side scaled to at most side pixels: first by a whole number, in means of squares, then to the size.
func (p Plane) shrunk(side int) Plane {
	if max(p.W, p.H) <= side {
		return p
	}
	p = p.binned(max(p.W, p.H) / side)
	long := max(p.W, p.H)
	return p.scaled(max(1, (p.W*side+long/2)/long), max(1, (p.H*side+long/2)/long))
}

// binned is p with the mean of every square of n by n pixels for one.
func (p Plane) binned(n int) Plane {
	if n <= 1 || p.W < n || p.H < n {
		return p
	}
	b := Plane{p.W / n, p.H / n, nil}
	b.Pix = make([]uint8, b.W*b.H)
	sums := make([]uint32, b.W)
	for y := range b.H {
		clear(sums)
		for row := y * n; row < (y+1)*n; row++ {
			from := p.Pix[row*p.W:][:b.W*n]
			for x := range sums {
				s := uint32(0)
				for _, v := range from[x*n : x*n+n] {
					s += uint32(v)
				}
				sums[x] += s
			}
		}
		for x, s := range sums {
			b.Pix[y*b.W+x] = uint8((s + uint32(n*n/2)) / uint32(n*n))
		}
	}
	return b
}

// tap is where a scaled pixel lies between two of the source: at from, and weight/256 towards the next.
type tap struct {
	from, to int
	weight   uint32
}

// taps are those of every pixel of a side of n, of a source's side of m. Pixels' middles lie on one another.
func taps(n, m int) []tap {
	list := make([]tap, n)
	for i := range list {
		at := max(0, (2*i+1)*m*256/(2*n)-128)
		from := min(at>>8, m-1)
		list[i] = tap{from, min(from+1, m-1), uint32(at & 255)}
	}
	return list
}

// scaled is p in another size, by linear interpolation; for less than half of the size use binned before.
func (p Plane) scaled(w, h int) Plane {
	if w == p.W && h == p.H {
		return p
	}
	s := Plane{w, h, make([]uint8, w*h)}
	across := taps(w, p.W)
	for y, down := range taps(h, p.H) {
		upper, lower := p.Pix[down.from*p.W:][:p.W], p.Pix[down.to*p.W:][:p.W]
		to := s.Pix[y*w:][:w]
		for x, t := range across {
			u := uint32(upper[t.from])*(256-t.weight) + uint32(upper[t.to])*t.weight
			l := uint32(lower[t.from])*(256-t.weight) + uint32(lower[t.to])*t.weight
			to[x] = uint8((u*(256-down.weight) + l*down.weight + 1<<15) >> 16)
		}
	}
	return s
}

// blurred are the sums of the 5 by 5 pixels around each, which stand for its smoothed brightness. The two outermost rows and
// columns have none.
func (p Plane) blurred() []uint16 {
	sums := make([]uint16, len(p.Pix))
	if p.W < 5 || p.H < 5 {
		return sums
	}
	columns := make([]uint16, p.W)
	for y := range p.H {
		for x, v := range p.Pix[y*p.W:][:p.W] {
			columns[x] += uint16(v)
		}
		if y >= 5 {
			for x, v := range p.Pix[(y-5)*p.W:][:p.W] {
				columns[x] -= uint16(v)
			}
		}
		if y < 4 {
			continue
		}
		to := sums[(y-2)*p.W:][:p.W]
		s := columns[0] + columns[1] + columns[2] + columns[3]
		for x := 4; x < len(columns); x++ {
			s += columns[x]
			to[x-2] = s
			s -= columns[x-4]
		}
	}
	return sums
}
