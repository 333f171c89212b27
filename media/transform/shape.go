package transform

import (
	"image"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

func flipped(p *image.RGBA) *image.RGBA {
	w := p.Rect.Dx()
	return remap(p, w, p.Rect.Dy(), func(x, y int) (int, int) { return w - 1 - x, y })
}

// quarter turns a picture clockwise.
func quarter(p *image.RGBA) *image.RGBA {
	h := p.Rect.Dy()
	return remap(p, h, p.Rect.Dx(), func(x, y int) (int, int) { return y, h - 1 - x })
}

// remap is a picture of w by h whose pixel (x, y) is the pixel from(x, y) of p.
func remap(p *image.RGBA, w, h int, from func(x, y int) (int, int)) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			fx, fy := from(x, y)
			copy(out.Pix[y*out.Stride+4*x:][:4], p.Pix[fy*p.Stride+4*fx:])
		}
	}
	return out
}

// crop cuts out a rectangle.
func crop(p *image.RGBA, r image.Rectangle) *image.RGBA {
	return remap(p, r.Dx(), r.Dy(), func(x, y int) (int, int) { return r.Min.X + x, r.Min.Y + y })
}

// cropSides cuts a share of the picture's side off each edge.
func cropSides(left, top, right, bottom float64) func(*image.RGBA) *image.RGBA {
	return func(p *image.RGBA) *image.RGBA {
		w, h := float64(p.Rect.Dx()), float64(p.Rect.Dy())
		return crop(p, image.Rect(int(w*left), int(h*top), int(w*(1-right)), int(h*(1-bottom))))
	}
}

// cropRandom keeps 50% to 95% of each side, anywhere. The share of the two sides differs by up to the given amount.
func cropRandom(aspect float64) step {
	return func(src, _ *image.RGBA, rng *rand.Rand) *image.RGBA {
		keep := 0.5 + 0.45*rng.Float64()
		kw := min(max(keep+aspect*(rng.Float64()-0.5), 0.5), 0.95)
		kh := min(max(keep+aspect*(rng.Float64()-0.5), 0.5), 0.95)
		w, h := src.Rect.Dx(), src.Rect.Dy()
		cw, ch := int(kw*float64(w)), int(kh*float64(h))
		at := image.Pt(rng.IntN(w-cw+1), rng.IntN(h-ch+1))
		return crop(src, image.Rectangle{at, at.Add(image.Pt(cw, ch))})
	}
}

// rotated turns a picture about its middle and cuts it to the largest rectangle of its shape that has no empty corners.
func rotated(degrees float64) func(*image.RGBA) *image.RGBA {
	return func(p *image.RGBA) *image.RGBA {
		w, h := float64(p.Rect.Dx()), float64(p.Rect.Dy())
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		fit := min(w/(w*cos+h*sin), h/(h*cos+w*sin))
		ow, oh := int(w*fit), int(h*fit)
		out := image.NewRGBA(image.Rect(0, 0, ow, oh))
		sample(p, out, func(x, y float64) (float64, float64) {
			dx, dy := x-float64(ow)/2, y-float64(oh)/2
			return w/2 + cos*dx + sin*dy, h/2 - sin*dx + cos*dy
		})
		return out
	}
}

// perspective moves each corner inwards by up to the given share of the sides, as a photo of a screen does; the whole frame is
// filled.
func perspective(amount float64) step {
	return func(src, _ *image.RGBA, rng *rand.Rand) *image.RGBA {
		w, h := float64(src.Rect.Dx()), float64(src.Rect.Dy())
		in := func() float64 { return amount * (0.5 + 0.5*rng.Float64()) }
		// The corners of the result in src, clockwise from the top left.
		a := [4][2]float64{{w * in(), h * in()}, {w * (1 - in()), h * in()}, {w * (1 - in()), h * (1 - in())}, {w * in(), h * (1 - in())}}
		toSrc := squareTo(a)
		out := image.NewRGBA(src.Rect)
		sample(src, out, func(x, y float64) (float64, float64) { return toSrc(x/w, y/h) })
		return out
	}
}

// squareTo is the projective map of the unit square, clockwise from (0, 0), to four corners (Heckbert 1989, section 2.2.3).
func squareTo(c [4][2]float64) func(u, v float64) (x, y float64) {
	dx1, dx2, sx := c[1][0]-c[2][0], c[3][0]-c[2][0], c[0][0]-c[1][0]+c[2][0]-c[3][0]
	dy1, dy2, sy := c[1][1]-c[2][1], c[3][1]-c[2][1], c[0][1]-c[1][1]+c[2][1]-c[3][1]
	det := dx1*dy2 - dx2*dy1
	g, h := (sx*dy2-dx2*sy)/det, (dx1*sy-sx*dy1)/det
	return func(u, v float64) (float64, float64) {
		d := g*u + h*v + 1
		x := (c[1][0]-c[0][0]+g*c[1][0])*u + (c[3][0]-c[0][0]+h*c[3][0])*v + c[0][0]
		y := (c[1][1]-c[0][1]+g*c[1][1])*u + (c[3][1]-c[0][1]+h*c[3][1])*v + c[0][1]
		return x / d, y / d
	}
}

// sample fills out with the colours of p at the points that from gives, between pixels in proportion. Points outside take the
// nearest pixel of the edge.
func sample(p, out *image.RGBA, from func(x, y float64) (float64, float64)) {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			fx, fy := from(float64(x)+0.5, float64(y)+0.5)
			fx, fy = min(max(fx-0.5, 0), float64(w-1)), min(max(fy-0.5, 0), float64(h-1))
			x0, y0 := int(fx), int(fy)
			x1, y1 := min(x0+1, w-1), min(y0+1, h-1)
			tx, ty := fx-float64(x0), fy-float64(y0)
			to := out.Pix[y*out.Stride+4*x:][:4]
			for c := range 4 {
				at := func(x, y int) float64 { return float64(p.Pix[y*p.Stride+4*x+c]) }
				to[c] = clamp((at(x0, y0)*(1-tx)+at(x1, y0)*tx)*(1-ty) + (at(x0, y1)*(1-tx)+at(x1, y1)*tx)*ty)
			}
		}
	}
}

// place draws a picture into a rectangle of another.
func place(on *image.RGBA, r image.Rectangle, p *image.RGBA) {
	draw.CatmullRom.Scale(on, r, p, p.Rect, draw.Src, nil)
}

// cover scales a picture so that it fills w by h, and cuts off what is over.
func cover(p *image.RGBA, w, h int) *image.RGBA {
	by := max(float64(w)/float64(p.Rect.Dx()), float64(h)/float64(p.Rect.Dy()))
	big := scaled(p, int(math.Ceil(by*float64(p.Rect.Dx()))), int(math.Ceil(by*float64(p.Rect.Dy()))))
	at := image.Pt((big.Rect.Dx()-w)/2, (big.Rect.Dy()-h)/2)
	return crop(big, image.Rectangle{at, at.Add(image.Pt(w, h))})
}
