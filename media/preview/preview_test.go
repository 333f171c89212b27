package preview

import (
	"bytes"
	"image"
	_ "image/jpeg"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/media/picture"
)

// checks is a picture of squares of so many pixels, red and green.
func checks(w, h, square int) *picture.Picture {
	p := &picture.Picture{W: w, H: h}
	for y := range h {
		for x := range w {
			if (x/square+y/square)%2 == 0 {
				p.Pix = append(p.Pix, 255, 0, 0)
			} else {
				p.Pix = append(p.Pix, 0, 255, 0)
			}
		}
	}
	return p
}

func decoded(t testing.TB, data []byte, err error) image.Image {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSmall(t *testing.T) {
	for _, tt := range []struct{ w, h, wantW, wantH int }{
		{1000, 500, 100, 50}, {500, 1000, 50, 100}, {100, 100, 100, 100}, {60, 20, 60, 20}, {3000, 1, 100, 1}, {1, 101, 1, 100}, {101, 100, 100, 99},
	} {
		data, err := Small(checks(tt.w, tt.h, 8), 100)
		b := decoded(t, data, err).Bounds()
		if b.Dx() != tt.wantW || b.Dy() != tt.wantH {
			t.Errorf("%d x %d: got %d x %d, want %d x %d", tt.w, tt.h, b.Dx(), b.Dy(), tt.wantW, tt.wantH)
		}
	}
}

// TestMean: what is reduced keeps its mean colour.
func TestMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h, side := rapid.IntRange(1, 300).Draw(t, "w"), rapid.IntRange(1, 300).Draw(t, "h"), rapid.IntRange(1, 64).Draw(t, "side")
		p := &picture.Picture{W: w, H: h, Pix: bytes.Repeat([]byte{10, 200, 90}, w*h)}
		small := reduced(p, side)
		if max(small.W, small.H) > max(side, 1) && small != p || min(small.W, small.H) < 1 || len(small.Pix) != 3*small.W*small.H {
			t.Fatalf("%d x %d to %d: %d x %d with %d bytes", w, h, side, small.W, small.H, len(small.Pix))
		}
		for i, v := range small.Pix {
			if want := [3]byte{10, 200, 90}[i%3]; v != want {
				t.Fatalf("byte %d: got %d, want %d", i, v, want)
			}
		}
	})
}

// TestBlurred: of detail nothing is left, of large shapes the brightness is.
func TestBlurred(t *testing.T) {
	spread := func(square int) float64 {
		data, err := Blurred(checks(960, 480, square))
		m := decoded(t, data, err)
		g, ok := m.(*image.Gray)
		if !ok || m.Bounds().Dx() != 240 || m.Bounds().Dy() != 120 {
			t.Fatalf("got %T of %v, want grey of 240 x 120", m, m.Bounds())
		}
		var sum, squares float64
		for _, v := range g.Pix {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		n := float64(len(g.Pix))
		return math.Sqrt(squares/n - sum/n*sum/n)
	}
	if fine, coarse := spread(6), spread(240); fine > 5 || coarse < 25 {
		t.Errorf("standard deviation of brightness: %.1f of fine checks, want under 5; %.1f of coarse ones, want over 25", fine, coarse)
	}
	if b := decoded(t, must(Blurred(checks(3, 2, 1))), nil).Bounds(); b.Dx() != 3 || b.Dy() != 2 {
		t.Errorf("a tiny picture became %v", b)
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

// TestTransparent: what is transparent is seen on white.
func TestTransparent(t *testing.T) {
	p := &picture.Picture{W: 8, H: 8, Pix: make([]byte, 3*64), Alpha: make([]byte, 64)}
	r, g, b, _ := decoded(t, must(Small(p, 8)), nil).At(4, 4).RGBA()
	if r < 0xf000 || g < 0xf000 || b < 0xf000 {
		t.Errorf("got %x %x %x, want white", r, g, b)
	}
}

func BenchmarkSmall(b *testing.B) {
	p := checks(1600, 1200, 7)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Small(p, 512); err != nil {
			b.Fatal(err)
		}
	}
}
