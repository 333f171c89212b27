package ocr

import (
	"image"
	"math"

	"golang.org/x/image/draw"

	"github.com/ringfence/ringfence/media/picture"
)

// Preparation says how a picture was changed before Tesseract read it.
type Preparation string

// The preparations. All are of the picture in grey, at a size at which letters of common heights are read.
const (
	Plain    Preparation = "plain"    // dark text on light
	Inverted Preparation = "inverted" // light text on dark
	Light    Preparation = "light"    // only what is bright with a dark outline, as on memes
	Dark     Preparation = "dark"     // only what is dark with a light outline
)

const (
	minSide  = 16   // pixels of a picture that can say anything
	least    = 1200 // the longer side of a sheet
	most     = 2400
	maxScale = 4
)

// sheet is a picture as Tesseract is shown it.
type sheet struct {
	*image.Gray
	by    Preparation
	scale float64 // pixels of the sheet for one of the picture
}

// original is a box in pixels of the picture.
func (s sheet) original(box image.Rectangle) image.Rectangle {
	at := func(v int) int { return int(math.Round(float64(v) / s.scale)) }
	return image.Rect(at(box.Min.X), at(box.Min.Y), max(at(box.Max.X), at(box.Min.X)+1), max(at(box.Max.Y), at(box.Min.Y)+1))
}

// prepare makes the sheets of a picture. Those of outlined text are left out where there is too little to be a word.
func prepare(p *picture.Picture) []sheet {
	rgb, scale := resized(p)
	grey := image.NewGray(rgb.Rect)
	draw.Draw(grey, grey.Rect, rgb, image.Point{}, draw.Src)
	sheets := []sheet{{grey, Plain, scale}, {inverted(grey), Inverted, scale}}
	if s, ok := outlined(rgb, false); ok {
		sheets = append(sheets, sheet{s, Light, scale})
	}
	if s, ok := outlined(rgb, true); ok {
		sheets = append(sheets, sheet{s, Dark, scale})
	}
	return sheets
}

// resized is the picture at the size of its sheets.
func resized(p *picture.Picture) (*image.RGBA, float64) {
	from := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	for i := range p.W * p.H {
		from.Pix[4*i], from.Pix[4*i+1], from.Pix[4*i+2], from.Pix[4*i+3] = p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2], 255
	}
	long := float64(max(p.W, p.H))
	scale := 1.0
	switch {
	case long < least:
		scale = min(maxScale, least/long)
	case long > most:
		scale = most / long
	}
	if scale == 1 {
		return from, 1
	}
	to := image.NewRGBA(image.Rect(0, 0, max(1, int(float64(p.W)*scale)), max(1, int(float64(p.H)*scale))))
	draw.BiLinear.Scale(to, to.Rect, from, from.Rect, draw.Src, nil)
	return to, scale
}

func inverted(g *image.Gray) *image.Gray {
	out := image.NewGray(g.Rect)
	for i, v := range g.Pix {
		out.Pix[i] = 255 - v
	}
	return out
}
