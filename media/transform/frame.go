package transform

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

var (
	white = color.RGBA{255, 255, 255, 255}
	black = color.RGBA{0, 0, 0, 255}
)

// filled is a picture of one colour.
func filled(w, h int, c color.RGBA) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	fill(out, out.Rect, c)
	return out
}

func fill(p *image.RGBA, r image.Rectangle, c color.Color) {
	draw.Draw(p, r, image.NewUniform(c), image.Point{}, draw.Over)
}

// bordered puts a border of a share of the shorter side around the picture.
func bordered(share float64, c color.RGBA) func(*image.RGBA) *image.RGBA {
	return func(p *image.RGBA) *image.RGBA {
		by := int(share * float64(min(p.Rect.Dx(), p.Rect.Dy())))
		out := filled(p.Rect.Dx()+2*by, p.Rect.Dy()+2*by, c)
		draw.Draw(out, p.Rect.Add(image.Pt(by, by)), p, image.Point{}, draw.Src)
		return out
	}
}

// letterboxed puts the picture into the middle of a frame of the given shape.
func letterboxed(aw, ah int, ground func(p *image.RGBA, w, h int) *image.RGBA) func(*image.RGBA) *image.RGBA {
	return func(p *image.RGBA) *image.RGBA {
		w, h := p.Rect.Dx(), p.Rect.Dy()
		fw, fh := w, w*ah/aw
		if fh < h {
			fw, fh = h*aw/ah, h
		}
		out := ground(p, fw, fh)
		draw.Draw(out, p.Rect.Add(image.Pt((fw-w)/2, (fh-h)/2)), p, image.Point{}, draw.Src)
		return out
	}
}

func flat(c color.RGBA) func(*image.RGBA, int, int) *image.RGBA {
	return func(_ *image.RGBA, w, h int) *image.RGBA { return filled(w, h, c) }
}

// blurredCover is what stories and reels put behind a picture of another shape: itself, larger and blurred.
func blurredCover(p *image.RGBA, w, h int) *image.RGBA {
	return blurred(max(w, h) / 40)(cover(p, w, h))
}

var phrases = []string{
	"when you finally see it", "nobody: absolutely nobody:", "this is what they do not show you", "wait for the end", "send this to a friend",
	"me after one coffee", "who did this", "the face he makes", "do not scroll past", "tag someone who needs this",
}

// write sets a phrase in a rectangle, wrapped and centred, in the largest type that fits. An outline of the given width in points of
// the type's size may go around the letters.
func write(p *image.RGBA, r image.Rectangle, phrase string, bold bool, ink, outline color.Color, rng *rand.Rand) {
	if phrase == "" {
		phrase = phrases[rng.IntN(len(phrases))]
	}
	for size := float64(r.Dy()) * 0.7; size >= 6; size *= 0.85 {
		face := typeface(bold, size)
		lines := wrap(face, phrase, r.Dx()*9/10)
		height := int(size * 1.2)
		if len(lines)*height > r.Dy() {
			continue
		}
		y := r.Min.Y + (r.Dy()-len(lines)*height)/2 + int(size)
		for _, line := range lines {
			x := r.Min.X + (r.Dx()-font.MeasureString(face, line).Ceil())/2
			if outline != nil {
				by := max(int(size/16), 1)
				for angle := 0.0; angle < 2*math.Pi; angle += math.Pi / 4 {
					letters(p, face, line, x+int(math.Round(float64(by)*math.Cos(angle))), y+int(math.Round(float64(by)*math.Sin(angle))), outline)
				}
			}
			letters(p, face, line, x, y, ink)
			y += height
		}
		return
	}
}

func letters(p *image.RGBA, face font.Face, line string, x, y int, ink color.Color) {
	(&font.Drawer{Dst: p, Src: image.NewUniform(ink), Face: face, Dot: fixed.P(x, y)}).DrawString(line)
}

// typeface is one of the Go fonts, which the module carries: they parse.
func typeface(bold bool, size float64) font.Face {
	data := goregular.TTF
	if bold {
		data = gobold.TTF
	}
	parsed, err := opentype.Parse(data)
	if err != nil {
		panic(err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72})
	if err != nil {
		panic(err)
	}
	return face
}

// wrap breaks a phrase into lines no wider than width, if its words allow.
func wrap(face font.Face, phrase string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(phrase) {
		if longer := strings.TrimSpace(line + " " + word); line == "" || font.MeasureString(face, longer).Ceil() <= width {
			line = longer
			continue
		}
		lines, line = append(lines, line), word
	}
	return append(lines, line)
}

// captioned puts text on white bars above and below, each a share of the result's height.
func captioned(above, below float64) step {
	return func(src, _ *image.RGBA, rng *rand.Rand) *image.RGBA {
		w, h := src.Rect.Dx(), src.Rect.Dy()
		full := float64(h) / (1 - above - below)
		top, bottom := int(above*full), int(below*full)
		out := filled(w, top+h+bottom, white)
		draw.Draw(out, src.Rect.Add(image.Pt(0, top)), src, image.Point{}, draw.Src)
		if top > 0 {
			write(out, image.Rect(0, 0, w, top), "", false, black, nil, rng)
		}
		if bottom > 0 {
			write(out, image.Rect(0, top+h, w, top+h+bottom), "", false, black, nil, rng)
		}
		return out
	}
}

// band writes onto a bar across the picture, a seventh of its height, which starts at a share of it.
func band(at float64) step {
	return func(src, _ *image.RGBA, rng *rand.Rand) *image.RGBA {
		out := clone(src)
		w, h := src.Rect.Dx(), src.Rect.Dy()
		r := image.Rect(0, int(at*float64(h)), w, int(at*float64(h))+h/7)
		fill(out, r, black)
		write(out, r, "", true, white, nil, rng)
		return out
	}
}

// memeText is white type with a black outline on the picture, above and below.
func memeText(src, _ *image.RGBA, rng *rand.Rand) *image.RGBA {
	out := clone(src)
	w, h := src.Rect.Dx(), src.Rect.Dy()
	for _, r := range []image.Rectangle{image.Rect(0, 0, w, h/6), image.Rect(0, h-h/6, w, h)} {
		write(out, r, strings.ToUpper(phrases[rng.IntN(len(phrases))]), true, white, black, rng)
	}
	return out
}

// sticker puts a face on the picture that covers a share of it, anywhere.
func sticker(share float64) step {
	return func(src, _ *image.RGBA, rng *rand.Rand) *image.RGBA {
		out := clone(src)
		w, h := src.Rect.Dx(), src.Rect.Dy()
		radius := min(math.Sqrt(share*float64(w)*float64(h)/math.Pi), float64(min(w, h))/2)
		cx := radius + rng.Float64()*(float64(w)-2*radius)
		cy := radius + rng.Float64()*(float64(h)-2*radius)
		skin := color.RGBA{byte(200 + rng.IntN(56)), byte(150 + rng.IntN(100)), byte(rng.IntN(120)), 255}
		disc(out, cx, cy, radius, black)
		disc(out, cx, cy, radius*0.95, skin)
		disc(out, cx-radius*0.35, cy-radius*0.25, radius*0.14, black)
		disc(out, cx+radius*0.35, cy-radius*0.25, radius*0.14, black)
		disc(out, cx, cy+radius*0.35, radius*0.3, black)
		disc(out, cx, cy+radius*0.25, radius*0.3, skin)
		return out
	}
}

func disc(p *image.RGBA, cx, cy, radius float64, c color.RGBA) {
	for y := int(cy - radius); y <= int(cy+radius); y++ {
		for x := int(cx - radius); x <= int(cx+radius); x++ {
			if math.Hypot(float64(x)+0.5-cx, float64(y)+0.5-cy) <= radius && (image.Point{x, y}).In(p.Rect) {
				p.SetRGBA(x, y, c)
			}
		}
	}
}
