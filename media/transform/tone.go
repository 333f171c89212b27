package transform

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

func clone(p *image.RGBA) *image.RGBA {
	out := image.NewRGBA(p.Rect)
	draw.Draw(out, out.Rect, p, image.Point{}, draw.Src)
	return out
}

// jpegAt compresses and decompresses. Encoding into memory and reading back what was just written do not fail for the sizes allowed.
func jpegAt(quality int) func(*image.RGBA) *image.RGBA {
	return func(p *image.RGBA) *image.RGBA {
		var buf bytes.Buffer
		if err := jpeg.Encode(&buf, p, &jpeg.Options{Quality: quality}); err != nil {
			panic(err)
		}
		img, err := jpeg.Decode(&buf)
		if err != nil {
			panic(err)
		}
		out := image.NewRGBA(p.Rect)
		draw.Draw(out, out.Rect, img, image.Point{}, draw.Src)
		return out
	}
}

// scaled is a picture at another size.
func scaled(p image.Image, w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, max(w, 1), max(h, 1)))
	draw.CatmullRom.Scale(out, out.Rect, p, p.Bounds(), draw.Src, nil)
	return out
}

func resized(by float64) func(*image.RGBA) *image.RGBA {
	return func(p *image.RGBA) *image.RGBA {
		return scaled(p, int(by*float64(p.Rect.Dx())), int(by*float64(p.Rect.Dy())))
	}
}

func squared(p *image.RGBA) *image.RGBA {
	side := min(p.Rect.Dx(), p.Rect.Dy())
	return scaled(p, side, side)
}

func pixelated(block int) func(*image.RGBA) *image.RGBA {
	return func(p *image.RGBA) *image.RGBA {
		out := image.NewRGBA(p.Rect)
		draw.NearestNeighbor.Scale(out, out.Rect, scaled(p, p.Rect.Dx()/block, p.Rect.Dy()/block), image.Rect(0, 0, p.Rect.Dx()/block, p.Rect.Dy()/block), draw.Src, nil)
		return out
	}
}

// blurred comes near a Gaussian blur of the given radius in pixels by three box filters along each axis.
func blurred(radius int) func(*image.RGBA) *image.RGBA {
	return func(p *image.RGBA) *image.RGBA {
		out := clone(p)
		w, h := p.Rect.Dx(), p.Rect.Dy()
		line := make([]byte, max(w, h))
		for range 3 {
			for c := range 3 {
				for y := range h {
					boxBlur(out.Pix[y*out.Stride+c:], 4, line[:w], radius)
				}
				for x := range w {
					boxBlur(out.Pix[4*x+c:], out.Stride, line[:h], radius)
				}
			}
		}
		return out
	}
}

// boxBlur replaces the values of a line, stride apart, by their means over 2·radius+1. line has the line's length.
func boxBlur(v []byte, stride int, line []byte, radius int) {
	n := len(line)
	for i := range line {
		line[i] = v[i*stride]
	}
	sum := 0
	for i := -radius; i <= radius; i++ {
		sum += int(line[min(max(i, 0), n-1)])
	}
	for i := range line {
		v[i*stride] = byte(sum / (2*radius + 1))
		sum += int(line[min(i+radius+1, n-1)]) - int(line[max(i-radius, 0)])
	}
}

func noise(amount int) step {
	return func(src, _ *image.RGBA, rng *rand.Rand) *image.RGBA {
		out := clone(src)
		for i := range out.Pix {
			if i%4 != 3 {
				out.Pix[i] = clamp(float64(out.Pix[i]) + float64(rng.IntN(2*amount+1)-amount))
			}
		}
		return out
	}
}

// tone maps every channel of every pixel.
func tone(f func(float64) float64) func(*image.RGBA) *image.RGBA {
	var table [256]byte
	for i := range table {
		table[i] = clamp(f(float64(i)))
	}
	return func(p *image.RGBA) *image.RGBA {
		out := clone(p)
		for i := range out.Pix {
			if i%4 != 3 {
				out.Pix[i] = table[out.Pix[i]]
			}
		}
		return out
	}
}

func gamma(g float64) func(float64) float64 {
	return func(v float64) float64 { return 255 * math.Pow(v/255, g) }
}

func clamp(v float64) byte { return byte(min(max(math.Round(v), 0), 255)) }

// eachPixel maps the colour of every pixel.
func eachPixel(p *image.RGBA, f func(r, g, b float64) (float64, float64, float64)) *image.RGBA {
	out := clone(p)
	for i := 0; i < len(out.Pix); i += 4 {
		q := out.Pix[i : i+3]
		r, g, b := f(float64(q[0]), float64(q[1]), float64(q[2]))
		q[0], q[1], q[2] = clamp(r), clamp(g), clamp(b)
	}
	return out
}

func grey(p *image.RGBA) *image.RGBA {
	return eachPixel(p, func(r, g, b float64) (float64, float64, float64) {
		l := 0.299*r + 0.587*g + 0.114*b
		return l, l, l
	})
}

// hueRotated turns the colour of every pixel by 90 degrees about the grey axis and keeps its luma.
func hueRotated(p *image.RGBA) *image.RGBA {
	return eachPixel(p, func(r, g, b float64) (float64, float64, float64) {
		l := 0.299*r + 0.587*g + 0.114*b
		i, q := 0.596*r-0.274*g-0.322*b, 0.211*r-0.523*g+0.312*b
		i, q = -q, i
		return l + 0.956*i + 0.621*q, l - 0.272*i - 0.647*q, l - 1.106*i + 1.703*q
	})
}
