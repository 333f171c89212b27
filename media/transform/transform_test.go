package transform

import (
	"bytes"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
)

// scene draws a picture in which every place looks different.
func scene(w, h int, seed uint64) *image.RGBA {
	rng := rand.New(rand.NewPCG(seed, 0))
	p := filled(w, h, color.RGBA{90, 120, 150, 255})
	for range 60 {
		disc(p, rng.Float64()*float64(w), rng.Float64()*float64(h), 4+rng.Float64()*float64(h)/8,
			color.RGBA{byte(rng.IntN(256)), byte(rng.IntN(256)), byte(rng.IntN(256)), 255})
	}
	return p
}

// TestTransformsRepeatThemselves also holds that no transform touches its input, for pictures of several shapes.
func TestTransformsRepeatThemselves(t *testing.T) {
	seen := map[string]bool{}
	for _, size := range []image.Point{{200, 160}, {160, 90}, {75, 140}} {
		src, other := scene(size.X, size.Y, 1), scene(120, 100, 2)
		before, beforeOther := bytes.Clone(src.Pix), bytes.Clone(other.Pix)
		for _, tr := range All() {
			got := tr.Apply(src, other, rand.New(rand.NewPCG(5, 5)))
			again := tr.Apply(src, other, rand.New(rand.NewPCG(5, 5)))
			if !bytes.Equal(got.Pix, again.Pix) || got.Rect != again.Rect {
				t.Errorf("%s: two runs from one seed differ", tr.Name)
			}
			if got.Rect.Min != (image.Point{}) || got.Rect.Dx() < 10 || got.Rect.Dy() < 10 {
				t.Errorf("%s of %v: the result covers %v", tr.Name, size, got.Rect)
			}
			for i := 3; i < len(got.Pix); i += 4 {
				if got.Pix[i] != 255 {
					t.Errorf("%s of %v: the result is not opaque at byte %d", tr.Name, size, i)
					break
				}
			}
			if tr.Name != "identity" && bytes.Equal(got.Pix, src.Pix) {
				t.Errorf("%s of %v: nothing changed", tr.Name, size)
			}
			seen[tr.Name] = true
		}
		if !bytes.Equal(src.Pix, before) || !bytes.Equal(other.Pix, beforeOther) {
			t.Fatalf("a transform changed its input")
		}
	}
	if len(seen) != len(All()) {
		t.Errorf("%d names for %d transforms: names must differ", len(seen), len(All()))
	}
}

func TestPerspectiveHitsTheCorners(t *testing.T) {
	corners := [4][2]float64{{10, 20}, {110, 5}, {130, 90}, {2, 70}}
	f := squareTo(corners)
	for i, uv := range [4][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
		x, y := f(uv[0], uv[1])
		if dx, dy := x-corners[i][0], y-corners[i][1]; dx*dx+dy*dy > 1e-12 {
			t.Errorf("corner %d: got (%v, %v), want %v", i, x, y, corners[i])
		}
	}
}

func TestTurns(t *testing.T) {
	p := scene(70, 64, 1)
	if got := quarter(quarter(quarter(quarter(p)))); !bytes.Equal(got.Pix, p.Pix) {
		t.Error("four quarter turns are not the picture")
	}
	if got := flipped(flipped(p)); !bytes.Equal(got.Pix, p.Pix) {
		t.Error("two flips are not the picture")
	}
	if got, want := quarter(p).RGBAAt(63, 0), p.RGBAAt(0, 0); got != want {
		t.Errorf("clockwise, the top left goes to the top right: got %v, want %v", got, want)
	}
}
