package layout

import (
	"image"
	"image/color"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/draw"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/media/transform"
)

// scene draws a picture full of discs, which have no straight edges.
func scene(w, h int, seed uint64) *image.RGBA {
	rng := rand.New(rand.NewPCG(seed, 0))
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(p, p.Rect, image.NewUniform(color.RGBA{byte(70 + seed*40), 120, 150, 255}), image.Point{}, draw.Src)
	for range 120 {
		cx, cy, r := rng.IntN(w), rng.IntN(h), 4+rng.IntN(h/6)
		c := color.RGBA{byte(rng.IntN(256)), byte(rng.IntN(256)), byte(rng.IntN(256)), 255}
		for y := max(cy-r, 0); y < min(cy+r, h); y++ {
			for x := max(cx-r, 0); x < min(cx+r, w); x++ {
				if (x-cx)*(x-cx)+(y-cy)*(y-cy) < r*r {
					p.SetRGBA(x, y, c)
				}
			}
		}
	}
	return p
}

func rgb(p *image.RGBA) []byte {
	out := make([]byte, 0, 3*p.Rect.Dx()*p.Rect.Dy())
	for i := 0; i < len(p.Pix); i += 4 {
		out = append(out, p.Pix[i:i+3]...)
	}
	return out
}

func TestFindsThePictureInside(t *testing.T) {
	white, black := color.RGBA{255, 255, 255, 255}, color.RGBA{0, 0, 0, 255}
	for name, test := range map[string]struct {
		w, h   int
		ground any // a colour, or the seed of another scene
		want   image.Rectangle
		kind   Kind
	}{
		"white border":            {700, 540, white, image.Rect(50, 50, 650, 490), Inset},
		"black letterbox":         {600, 800, black, image.Rect(0, 180, 600, 620), Band},
		"pillars":                 {800, 400, black, image.Rect(150, 0, 650, 400), Band},
		"left half of a collage":  {1000, 400, uint64(3), image.Rect(0, 0, 500, 400), Cell},
		"a quarter of a collage":  {800, 600, uint64(4), image.Rect(400, 300, 800, 600), Cell},
		"pasted on a picture":     {800, 600, uint64(5), image.Rect(130, 90, 610, 450), Inset},
		"a photo of 12 megapixel": {4000, 3000, white, image.Rect(403, 211, 3607, 2405), Inset},
	} {
		t.Run(name, func(t *testing.T) {
			page := image.NewRGBA(image.Rect(0, 0, test.w, test.h))
			switch ground := test.ground.(type) {
			case color.RGBA:
				draw.Draw(page, page.Rect, image.NewUniform(ground), image.Point{}, draw.Src)
			case uint64:
				draw.Draw(page, page.Rect, scene(test.w, test.h, ground), image.Point{}, draw.Src)
			}
			draw.Draw(page, test.want, scene(test.want.Dx(), test.want.Dy(), 1), image.Point{}, draw.Src)
			var l Locator
			got := l.Find(rgb(page), test.w, test.h)
			for _, r := range got {
				if overlap(r.Rectangle, test.want) > 0.985 {
					if r.Kind != test.kind {
						t.Errorf("%v is %s, want %s", r.Rectangle, r.Kind, test.kind)
					}
					return
				}
			}
			t.Errorf("got %v, want %v among them", got, test.want)
		})
	}
}

func TestFindsNothingInPlainPictures(t *testing.T) {
	slope := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for i := range 640 * 480 {
		slope.SetRGBA(i%640, i/640, color.RGBA{byte(i % 640 / 4), byte(i / 640 / 3), 90, 255})
	}
	for name, p := range map[string]*image.RGBA{"flat": image.NewRGBA(image.Rect(0, 0, 400, 300)), "slope": slope} {
		var l Locator
		if got := l.Find(rgb(p), p.Rect.Dx(), p.Rect.Dy()); len(got) > 0 {
			t.Errorf("%s: got %v, want nothing", name, got)
		}
	}
}

// TestRegionsLieInThePicture holds for pictures of every shape, whatever is in them.
func TestRegionsLieInThePicture(t *testing.T) {
	var l Locator
	all := transform.All()
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(0, 400).Draw(t, "w"), rapid.IntRange(0, 400).Draw(t, "h")
		pix := make([]byte, 3*w*h)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		switch rapid.IntRange(0, 2).Draw(t, "what") {
		case 0: // noise
			for i := range pix {
				pix[i] = byte(rng.Uint32())
			}
		case 1: // blocks
			bw, bh := 1+rng.IntN(200), 1+rng.IntN(200)
			for i := range pix {
				x, y := i/3%w, i/3/w
				pix[i] = byte((x/bw*37 + y/bh*91) * 53)
			}
		case 2:
			w, h = max(w, 64), max(h, 64)
			p := all[rng.IntN(len(all))].Apply(scene(w, h, 1), scene(90, 80, 2), rng)
			w, h, pix = p.Rect.Dx(), p.Rect.Dy(), rgb(p)
		}
		whole := image.Rect(0, 0, w, h)
		got := l.Find(pix, w, h)
		if len(got) > MaxRegions {
			t.Errorf("got %d regions, want %d at most", len(got), MaxRegions)
		}
		for i, r := range got {
			if !r.In(whole) || r.Dx() < 8 || r.Dy() < 8 || r.Rectangle == whole {
				t.Errorf("region %v of a picture of %d x %d", r, w, h)
			}
			if r.Score < 0 || r.Score > 1 {
				t.Errorf("score %v of region %d is not within 0 and 1", r.Score, i)
			}
		}
	})
}

func TestFindingDoesNotAllocate(t *testing.T) {
	p := scene(800, 600, 1)
	pix := rgb(p)
	var l Locator
	l.Find(pix, 800, 600)
	if got := testing.AllocsPerRun(3, func() { l.Find(pix, 800, 600) }); got > 0 {
		t.Errorf("got %v allocations a picture, want none", got)
	}
}

func BenchmarkFind(b *testing.B) {
	for name, tr := range map[string]int{"plain": -1, "screenshot": 45} {
		p := scene(800, 600, 1)
		if tr >= 0 {
			p = transform.All()[tr].Apply(p, scene(300, 200, 2), rand.New(rand.NewPCG(1, 1)))
		}
		pix := rgb(p)
		b.Run(name, func(b *testing.B) {
			var l Locator
			b.ReportAllocs()
			for b.Loop() {
				l.Find(pix, p.Rect.Dx(), p.Rect.Dy())
			}
		})
	}
}
