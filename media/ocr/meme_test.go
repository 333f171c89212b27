package ocr

import (
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/ringfence/ringfence/media/picture"
)

// style is a way in which text is put on a photo.
type style struct {
	name   string
	size   float64     // of the letters, as a share of the photo's height
	stroke bool        // white with a black outline, on the photo
	bar    color.Color // a bar above the photo with the text on it; nil if none
	ink    color.Color
	half   bool // the picture is passed on at half size, at JPEG quality 50
}

var styles = []style{
	{name: "outlined, letters of 6% of the height", size: 0.06, stroke: true, ink: color.White},
	{name: "outlined, 9%", size: 0.09, stroke: true, ink: color.White},
	{name: "outlined, 13%", size: 0.13, stroke: true, ink: color.White},
	{name: "outlined, 9%, half size, JPEG 50", size: 0.09, stroke: true, ink: color.White, half: true},
	{name: "black on a white bar, 7%", size: 0.07, bar: color.White, ink: color.Black},
	{name: "white on a black bar, 7%", size: 0.07, bar: color.Black, ink: color.White},
	{name: "white without an outline, 9%", size: 0.09, ink: color.White},
	{name: "yellow with an outline, 9%", size: 0.09, stroke: true, ink: color.RGBA{255, 230, 0, 255}},
}

// meme is a photo with text at its top and bottom, or on a bar above it.
func meme(t testing.TB, photo *image.RGBA, s style, top, bottom string) *image.RGBA {
	t.Helper()
	w, h := photo.Rect.Dx(), photo.Rect.Dy()
	size := s.size * float64(h)
	face := face(t, size)
	margin := int(size / 3)
	if s.bar == nil {
		out := image.NewRGBA(photo.Rect)
		draw.Draw(out, out.Rect, photo, image.Point{}, draw.Src)
		write(out, face, s, wrap(face, top, w-2*margin), margin, size)
		lines := wrap(face, bottom, w-2*margin)
		write(out, face, s, lines, h-margin-int(float64(len(lines))*1.15*size), size)
		return out
	}
	lines := wrap(face, top+" "+bottom, w-2*margin)
	bar := int(float64(len(lines))*1.15*size) + 2*margin
	out := image.NewRGBA(image.Rect(0, 0, w, h+bar))
	draw.Draw(out, out.Rect, image.NewUniform(s.bar), image.Point{}, draw.Src)
	draw.Draw(out, image.Rect(0, bar, w, h+bar), photo, image.Point{}, draw.Src)
	write(out, face, s, lines, margin, size)
	return out
}

func face(t testing.TB, size float64) font.Face {
	t.Helper()
	f, err := opentype.Parse(gobold.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		t.Fatal(err)
	}
	return face
}

func wrap(face font.Face, text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && font.MeasureString(face, longer).Ceil() > width {
			lines, longer = append(lines, line), word
		}
		line = longer
	}
	return append(lines, line)
}

// write writes lines in the middle of a picture, from a height on.
func write(out *image.RGBA, face font.Face, s style, lines []string, y int, size float64) {
	for i, line := range lines {
		x := (out.Rect.Dx() - font.MeasureString(face, line).Ceil()) / 2
		baseline := y + int(size*(0.95+1.15*float64(i)))
		at := func(dx, dy float64, ink color.Color) {
			d := font.Drawer{Dst: out, Src: image.NewUniform(ink), Face: face, Dot: fixed.P(x+int(math.Round(dx)), baseline+int(math.Round(dy)))}
			d.DrawString(line)
		}
		if s.stroke {
			for k := range 24 {
				a := 2 * math.Pi * float64(k) / 24
				at(size/14*math.Cos(a), size/14*math.Sin(a), color.Black)
			}
		}
		at(0, 0, s.ink)
	}
}

// toPicture is an image as a picture.
func toPicture(img *image.RGBA) *picture.Picture {
	p := &picture.Picture{W: img.Rect.Dx(), H: img.Rect.Dy()}
	for i := 0; i < len(img.Pix); i += 4 {
		p.Pix = append(p.Pix, img.Pix[i:i+3]...)
	}
	return p
}
