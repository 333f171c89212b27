package transform

import (
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

// phone is a screenshot of a post on a phone, 1080 by 2340 points reduced by half: status bar, name and text of the poster, the picture across
// the whole width, buttons, the next post, the bar of the app.
func phone(dark bool) step {
	return func(src, other *image.RGBA, rng *rand.Rand) *image.RGBA {
		const w, h = 540, 1170
		ground, ink, dim := white, black, color.RGBA{120, 120, 125, 255}
		if dark {
			ground, ink = color.RGBA{18, 18, 20, 255}, color.RGBA{235, 235, 240, 255}
		}
		out := filled(w, h, ground)
		left := func(y, height, x, width int, text string, c color.Color) {
			write(out, image.Rect(x, y, x+width, y+height), text, false, c, nil, rng)
		}
		left(8, 24, 20, 70, fmt.Sprintf("%d:%02d", 1+rng.IntN(12), rng.IntN(60)), ink)
		fill(out, image.Rect(w-60, 12, w-24, 28), ink)
		y := 60 + rng.IntN(120)
		post(out, other, y, ink, dim, rng)
		y += 120
		ph := min(w*src.Rect.Dy()/src.Rect.Dx(), h-y-180)
		pw := min(w, ph*src.Rect.Dx()/src.Rect.Dy())
		place(out, image.Rect((w-pw)/2, y, (w-pw)/2+pw, y+ph), src)
		y += ph + 16
		for i := range 4 {
			disc(out, float64(40+i*130), float64(y+14), 13, dim)
			disc(out, float64(40+i*130), float64(y+14), 11, ground)
			left(y, 28, 60+i*130, 60, fmt.Sprint(rng.IntN(2000)), dim)
		}
		fill(out, image.Rect(0, y+44, w, y+46), dim)
		if y+60 < h-180 {
			post(out, other, y+60, ink, dim, rng)
			place(out, image.Rect(0, y+180, w, h), cover(other, w, h-y-180))
		}
		fill(out, image.Rect(0, h-70, w, h), ground)
		for i := range 5 {
			disc(out, float64(54+i*108), h-40, 16, dim)
		}
		fill(out, image.Rect(w/2-80, h-10, w/2+80, h-5), ink)
		return out
	}
}

// post is the head of a post: a round portrait, a name, a line of text.
func post(out, other *image.RGBA, y int, ink, dim color.RGBA, rng *rand.Rand) {
	portrait := cover(other, 48, 48)
	for py := range 48 {
		for px := range 48 {
			if (px-24)*(px-24)+(py-24)*(py-24) <= 24*24 {
				out.SetRGBA(16+px, y+py, portrait.RGBAAt(px, py))
			}
		}
	}
	write(out, image.Rect(74, y, 300, y+26), fmt.Sprintf("user%d", rng.IntN(9999)), true, ink, nil, rng)
	write(out, image.Rect(74, y+26, 260, y+46), "2 hours ago", false, dim, nil, rng)
	write(out, image.Rect(16, y+56, 500, y+110), "", false, ink, nil, rng)
}

// desktop is a screenshot of a page on a wide screen: tabs, a bar with an address, a column of text, the picture at about a third of the width,
// other pictures beside it.
func desktop(src, other *image.RGBA, rng *rand.Rand) *image.RGBA {
	const w, h = 1280, 720
	out := filled(w, h, color.RGBA{246, 247, 249, 255})
	fill(out, image.Rect(0, 0, w, 34), color.RGBA{60, 64, 70, 255})
	fill(out, image.Rect(12, 6, 220, 34), color.RGBA{240, 240, 242, 255})
	fill(out, image.Rect(0, 34, w, 70), color.RGBA{240, 240, 242, 255})
	fill(out, image.Rect(120, 40, 1000, 64), white)
	write(out, image.Rect(130, 42, 420, 62), "https://forum.example/thread/48213", false, black, nil, rng)
	for i := range 9 {
		write(out, image.Rect(20, 100+i*44, 240, 120+i*44), "", false, color.RGBA{70, 70, 80, 255}, nil, rng)
	}
	pw := 460
	ph := min(pw*src.Rect.Dy()/src.Rect.Dx(), 460)
	pw = ph * src.Rect.Dx() / src.Rect.Dy()
	x, y := 290+rng.IntN(60), 150+rng.IntN(40)
	fill(out, image.Rect(280, 84, 860, h), white)
	write(out, image.Rect(300, 96, 820, 140), "", true, black, nil, rng)
	place(out, image.Rect(x, y, x+pw, y+ph), src)
	write(out, image.Rect(300, y+ph+14, 820, min(y+ph+50, h)), "", false, black, nil, rng)
	for i := range 3 {
		place(out, image.Rect(900, 100+i*200, 1180, 260+i*200), cover(other, 280, 160))
	}
	return out
}

// collage puts the picture into one cell of a grid, cut to the cell's shape no more than the shape asks, with another picture in the
// others.
func collage(columns, rows int) step {
	return func(src, other *image.RGBA, rng *rand.Rand) *image.RGBA {
		w, h := src.Rect.Dx(), src.Rect.Dy()
		out := image.NewRGBA(image.Rect(0, 0, columns*w, rows*h))
		mine := rng.IntN(columns * rows)
		for i := range columns * rows {
			at := image.Pt(i%columns*w, i/columns*h)
			cell := src
			if i != mine {
				cell = cover(other, w, h)
				if i%3 == 1 {
					cell = flipped(cell)
				}
			}
			draw.Draw(out, src.Rect.Add(at), cell, image.Point{}, draw.Src)
		}
		return scaled(out, w*columns*3/4, h*rows*3/4)
	}
}

// pasted puts the picture somewhere on another one, at a share of its sides.
func pasted(share float64) step {
	return func(src, other *image.RGBA, rng *rand.Rand) *image.RGBA {
		w, h := src.Rect.Dx(), src.Rect.Dy()
		out := cover(other, w, h)
		pw, ph := int(share*float64(w)), int(share*float64(h))
		at := image.Pt(rng.IntN(w-pw+1), rng.IntN(h-ph+1))
		place(out, image.Rectangle{at, at.Add(image.Pt(pw, ph))}, src)
		return out
	}
}
