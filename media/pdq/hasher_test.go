package pdq

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// draw makes a picture with something in it: waves of several lengths, blocks and noise.
func draw(w, h int, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	pix := make([]byte, 3*w*h)
	fx, fy := 1+rng.IntN(9), 1+rng.IntN(9)
	block := 3 + rng.IntN(40)
	for y := range h {
		for x := range w {
			v := 60 + 50*((x*fx*2/w+y*fy*2/h)%2) + rng.IntN(30)
			if (x/block+y/block)%3 == 0 {
				v += 90
			}
			p := pix[3*(y*w+x):]
			p[0], p[1], p[2] = byte(min(v, 255)), byte(v*y/h), byte(v*x/w)
		}
	}
	return pix
}

// turn gives a picture turned or mirrored, pixel by pixel.
func turn(pix []byte, w, h int, d Dihedral) (out []byte, ow, oh int) {
	ow, oh = w, h
	if d == Rotate90 || d == Rotate270 || d == FlipPlus1 || d == FlipMinus1 {
		ow, oh = h, w
	}
	out = make([]byte, len(pix))
	for y := range oh {
		for x := range ow {
			fx, fy := x, y
			switch d {
			case Rotate90: // counterclockwise: what was right is on top
				fx, fy = w-1-y, x
			case Rotate180:
				fx, fy = w-1-x, h-1-y
			case Rotate270:
				fx, fy = y, h-1-x
			case FlipX:
				fy = h - 1 - y
			case FlipY:
				fx = w - 1 - x
			case FlipPlus1:
				fx, fy = y, x
			case FlipMinus1:
				fx, fy = w-1-y, h-1-x
			}
			copy(out[3*(y*ow+x):][:3], pix[3*(fy*w+fx):])
		}
	}
	return out, ow, oh
}

func TestSpectrumIsThatOfTheSteps(t *testing.T) {
	h := NewHasher()
	for _, size := range [][2]int{{5, 5}, {5, 300}, {63, 65}, {64, 64}, {64, 65}, {127, 128}, {129, 257}, {512, 512}, {513, 40}, {640, 481}, {1601, 7}} {
		pix := draw(size[0], size[1], uint64(size[0]))
		check(t, h, pix, size[0], size[1])
	}
}

func TestSpectrumIsThatOfTheStepsForAnyPicture(t *testing.T) {
	h := NewHasher()
	rapid.Check(t, func(t *rapid.T) {
		w, height := rapid.IntRange(0, 300).Draw(t, "w"), rapid.IntRange(0, 300).Draw(t, "h")
		pix := make([]byte, 3*w*height)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for i := range pix {
			pix[i] = byte(rng.Uint32())
		}
		check(t, h, pix, w, height)
	})
}

func check(t interface{ Errorf(string, ...any) }, h *Hasher, pix []byte, w, height int) {
	got, want := h.Full(pix, w, height), steps(pix, w, height)
	if got != want {
		t.Errorf("Full of %d x %d: got (-) other than the steps (+):\n%s", w, height, cmp.Diff(got, want))
	}
	if got, want := got.Hash(), stepsHash(&want); got != want {
		t.Errorf("Hash of %d x %d: got %s, want %s", w, height, got, want)
	}
	if got, want := h.Squashed(pix, w, height), stepsSquashed(pix, w, height); got != want {
		t.Errorf("Squashed of %d x %d: got (-) other than the steps (+):\n%s", w, height, cmp.Diff(got, want))
	}
}

func TestDihedralHashesAreThoseOfTurnedPictures(t *testing.T) {
	h := NewHasher()
	const w, height = 320, 256 // a box of 2 is off the middle, so that turned pictures differ a little
	pix := draw(w, height, 7)
	s := h.Full(pix, w, height)
	got := s.Dihedral()
	if got[Original] != s.Hash() {
		t.Errorf("the first dihedral hash is %s, want the hash %s", got[Original], s.Hash())
	}
	for d := range dihedrals {
		turned, tw, th := turn(pix, w, height, d)
		want := h.Full(turned, tw, th)
		if dist := got[d].Distance(want.Hash()); dist > 40 {
			t.Errorf("%v: the hash is %d bits from that of the turned picture: want few", d, dist)
		}
		for other := range dihedrals {
			if dist := got[other].Distance(want.Hash()); other != d && dist < 60 {
				t.Errorf("%v: also %v is only %d bits away", d, other, dist)
			}
		}
	}
}

func TestNegativeHasTheComplement(t *testing.T) {
	h := NewHasher()
	pix := draw(200, 150, 3)
	s := h.Full(pix, 200, 150)
	for i := range pix {
		pix[i] = 255 - pix[i]
	}
	n := h.Full(pix, 200, 150)
	if got := s.Hash().Complement().Distance(n.Hash()); got > 4 {
		t.Errorf("the negative is %d bits from the complement, want 4 at most", got)
	}
}

func TestQualityTellsFlatFromRich(t *testing.T) {
	h := NewHasher()
	flat := make([]byte, 3*100*100)
	if got := h.Full(flat, 100, 100).Quality; got != 0 {
		t.Errorf("quality of a black picture: got %d, want 0", got)
	}
	if got := h.Full(draw(300, 200, 1), 300, 200).Quality; got < MinQuality {
		t.Errorf("quality of a rich picture: got %d, want %d or more", got, MinQuality)
	}
}

func TestPicturesTooSmallHaveNoHash(t *testing.T) {
	h := NewHasher()
	for _, size := range [][2]int{{0, 0}, {4, 100}, {100, 4}} {
		s := h.Full(make([]byte, 3*size[0]*size[1]), size[0], size[1])
		if s != (Spectrum{}) || s.Hash() != (Hash{}) {
			t.Errorf("%v: got a spectrum, want none", size)
		}
	}
}

// TestMeansAreQuotients holds the proof of box.mean against numbers.
func TestMeansAreQuotients(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.Float32Range(-1e6, 1e6).Draw(t, "sum")
		if s != 0 && s < 1e-30 && s > -1e-30 {
			return // no sum of greys is that small
		}
		c := rapid.IntRange(1, 1<<16).Draw(t, "count")
		if got, want := float32(float64(s)*(1/float64(c))), s/float32(c); got != want {
			t.Errorf("%v/%d: got %v, want %v", s, c, got, want)
		}
	})
}

func TestHashingDoesNotAllocate(t *testing.T) {
	h := NewHasher()
	pix := draw(640, 480, 1)
	h.Full(pix, 640, 480)
	if got := testing.AllocsPerRun(3, func() {
		s := h.Full(pix, 640, 480)
		s.Dihedral()
		h.Squashed(pix, 640, 480)
	}); got != 0 {
		t.Errorf("got %v allocations a picture, want 0", got)
	}
}

func BenchmarkHash(b *testing.B) {
	for _, size := range [][2]int{{512, 391}, {512, 512}, {1600, 1004}} { // the first is 0.20 megapixels
		w, h := size[0], size[1]
		pix := draw(w, h, 1)
		hasher := NewHasher()
		for name, hash := range map[string]func(){
			"full":     func() { s := hasher.Full(pix, w, h); s.Hash() },
			"squashed": func() { s := hasher.Squashed(pix, w, h); s.Hash() },
			"dihedral": func() { s := hasher.Full(pix, w, h); s.Dihedral() },
			"steps":    func() { s := steps(pix, w, h); stepsHash(&s) },
		} {
			b.Run(fmt.Sprintf("%dx%d/%s", w, h, name), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(pix)))
				for b.Loop() {
					hash()
				}
			})
		}
	}
}
