package ocr

import "image"

const (
	fillLevel  = 170 // a letter's inside is at least as bright
	contrast   = 90  // and brighter by this than what is around it
	minLetters = 3   // pieces below which there is no word
)

// outlined draws black on white what is near white and has a dark outline; with negative, what is near black and has a light one. A white wall, a cloud or a
// shirt is as white as a letter, but ends in its surroundings without a line around it.
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
	for _, piece := range pieces(fill, near, w, h) {
		if !piece.letter(w, h) {
			continue
		}
		letters++
		for _, i := range piece.pixels {
			out.Pix[i] = 0
		}
	}
	return out, letters >= minLetters
}

// piece is a connected part of what is near white.
type piece struct {
	pixels     []int32
	box        image.Rectangle
	edge, dark int // pixels at its rim, and those of them with an outline near
}

// letter says whether a piece can be a letter or a part of one.
func (p *piece) letter(w, h int) bool {
	return 10*p.dark >= 8*p.edge && len(p.pixels) >= 12 && 3*p.box.Dy() <= h && 2*p.box.Dx() <= w && 100*p.box.Dy() >= max(w, h)/2
}

// pieces are the connected parts of fill, by their four neighbours. fill is cleared.
func pieces(fill, near []bool, w, h int) []piece {
	var out []piece
	inside := append([]bool(nil), fill...)
	var todo []int32
	for start := range fill {
		if !fill[start] {
			continue
		}
		p := piece{box: image.Rect(start%w, start/w, start%w+1, start/w+1)}
		fill[start] = false
		todo = append(todo[:0], int32(start))
		for len(todo) > 0 {
			i := int(todo[len(todo)-1])
			todo = todo[:len(todo)-1]
			p.pixels = append(p.pixels, int32(i))
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
					todo = append(todo, int32(n.i))
				}
			}
			if rim {
				p.edge++
				if near[i] {
					p.dark++
				}
			}
		}
		out = append(out, p)
	}
	return out
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
