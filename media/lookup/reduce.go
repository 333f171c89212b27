package lookup

import (
	"image"

	"github.com/ringfence/ringfence/media/align"
	"github.com/ringfence/ringfence/media/picture"
)

// workSide bounds the longer side of the copy in which parts are sought: more tells layout and features nothing, and costs time.
const workSide = 1600

// reduced is p with means of squares of pixels for pixels, so that no side is over workSide; p itself if none is.
func reduced(p *picture.Picture) *picture.Picture {
	n := (max(p.W, p.H) + workSide - 1) / workSide
	if n <= 1 {
		return p
	}
	out := &picture.Picture{W: max(p.W/n, 1), H: max(p.H/n, 1)}
	out.Pix = make([]byte, 0, 3*out.W*out.H)
	sums := make([]int, 3*out.W)
	for y := range out.H {
		clear(sums)
		rows := min(n, p.H-y*n)
		columns := min(n, p.W)
		for row := y * n; row < y*n+rows; row++ {
			line := p.Pix[3*row*p.W:][:3*p.W]
			for x := range out.W {
				for i := range columns {
					q := line[3*(x*n+i):][:3]
					sums[3*x] += int(q[0])
					sums[3*x+1] += int(q[1])
					sums[3*x+2] += int(q[2])
				}
			}
		}
		for _, s := range sums {
			out.Pix = append(out.Pix, byte(s/(rows*columns)))
		}
	}
	return out
}

// back gives a rectangle of the copy of which the item's features are in the picture's own pixels.
func (it *Item) back(r image.Rectangle) image.Rectangle {
	n := (max(it.W, it.H) + workSide - 1) / workSide
	if n <= 1 {
		return r
	}
	w, h := max(it.W/n, 1), max(it.H/n, 1)
	return image.Rect(r.Min.X*it.W/w, r.Min.Y*it.H/h, r.Max.X*it.W/w, r.Max.Y*it.H/h)
}

// cut is a part of p.
func cut(p *picture.Picture, r image.Rectangle) *picture.Picture {
	out := &picture.Picture{W: r.Dx(), H: r.Dy(), Pix: make([]byte, 0, 3*r.Dx()*r.Dy())}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		out.Pix = append(out.Pix, p.Pix[3*(y*p.W+r.Min.X):][:3*r.Dx()]...)
	}
	return out
}

// luma is the brightness of p.
func luma(p *picture.Picture) align.Plane {
	out := align.Plane{W: p.W, H: p.H, Pix: make([]uint8, p.W*p.H)}
	for i := range out.Pix {
		q := p.Pix[3*i:][:3]
		out.Pix[i] = uint8((299*int(q[0]) + 587*int(q[1]) + 114*int(q[2]) + 500) / 1000)
	}
	return out
}
