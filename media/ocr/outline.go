package ocr

import (
	"image"
	"iter"
	"slices"
)

const (
	fillLevel  = 170 // a letter's inside is at least as bright
	contrast   = 90  // and brighter by this than what is around it
	minLetters = 3   // pieces below which there is no word
)

// outlined draws black on white the pieces that are bright and at nearly all of their rim much brighter than a pixel or two further; with negative, the
// same of the picture's negative. A sky or a wall is as bright as a letter, but larger, and at some of its rim it fades.
func outlined(rgb *image.RGBA, negative bool) (*image.Gray, bool) {
	w, h := rgb.Rect.Dx(), rgb.Rect.Dy()
	luma, fill, near := make([]byte, w*h), make([]bool, w*h), make([]bool, w*h)
	for i := range luma {
		r, g, b := int(rgb.Pix[4*i]), int(rgb.Pix[4*i+1]), int(rgb.Pix[4*i+2])
		luma[i] = byte((299*r + 587*g + 114*b) / 1000)
		if negative {
			luma[i] = 255 - luma[i]
		}
		fill[i] = luma[i] >= fillLevel
	}
	for i, v := range lowest(luma, w, h, max(2, max(w, h)/400)) {
		near[i] = int(luma[i])-int(v) >= contrast
	}
	out := image.NewGray(rgb.Rect)
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	letters := 0
	for p := range pieces(fill, near, w, h) {
		if !p.letter(w, h) {
			continue
		}
		letters++
		for _, i := range p.pixels {
			out.Pix[i] = 0
		}
	}
	return out, letters >= minLetters
}

// piece is a connected part of what is bright.
type piece struct {
	pixels     []int32
	box        image.Rectangle
	edge, dark int // pixels at its rim, and those of them with something much darker near
}

// letter says whether a piece can be a letter or a part of one: by its rim, and by its size in the picture.
func (p *piece) letter(w, h int) bool {
	return 10*p.dark >= 8*p.edge && len(p.pixels) >= 12 && 3*p.box.Dy() <= h && 2*p.box.Dx() <= w && 100*p.box.Dy() >= max(w, h)/2
}

// pieces are the connected parts of fill, by their four neighbours. fill is cleared, and a piece is valid until the next: grain has a million of them.
func pieces(fill, near []bool, w, h int) iter.Seq[*piece] {
	return func(yield func(*piece) bool) {
		inside := slices.Clone(fill)
		var p piece
		for start := range fill {
			if !fill[start] {
				continue
			}
			p.trace(start, fill, inside, near, w, h)
			if !yield(&p) {
				return
			}
		}
	}
}

// trace makes p the piece that a pixel belongs to, and clears it in fill.
func (p *piece) trace(start int, fill, inside, near []bool, w, h int) {
	*p = piece{pixels: append(p.pixels[:0], int32(start)), box: image.Rect(start%w, start/w, start%w+1, start/w+1)}
	fill[start] = false
	for next := 0; next < len(p.pixels); next++ {
		i := int(p.pixels[next])
		x, y := i%w, i/w
		p.box = p.box.Union(image.Rect(x, y, x+1, y+1))
		rim := x == 0 || y == 0 || x == w-1 || y == h-1
		for _, n := range [4]struct {
			is bool
			i  int
		}{{x > 0, i - 1}, {x < w-1, i + 1}, {y > 0, i - w}, {y < h-1, i + w}} {
			if !n.is {
				continue
			}
			rim = rim || !inside[n.i]
			if fill[n.i] {
				fill[n.i] = false
				p.pixels = append(p.pixels, int32(n.i))
			}
		}
		if rim {
			p.edge++
			if near[i] {
				p.dark++
			}
		}
	}
}

// lowest is, for each pixel, the least value up to r pixels away along rows and columns.
func lowest(v []byte, w, h, r int) []byte {
	across, out := make([]byte, w*h), make([]byte, w*h)
	for y := range h {
		for x := range w {
			m := byte(255)
			for k := max(0, x-r); k <= min(w-1, x+r); k++ {
				m = min(m, v[y*w+k])
			}
			across[y*w+x] = m
		}
	}
	for y := range h {
		for x := range w {
			m := byte(255)
			for k := max(0, y-r); k <= min(h-1, y+r); k++ {
				m = min(m, across[k*w+x])
			}
			out[y*w+x] = m
		}
	}
	return out
}
