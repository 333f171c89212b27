package align

import (
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scene draws a picture of overlapping boxes and discs with some grain. Scenes of different seeds have nothing in common.
func scene(seed uint64, w, h int) Plane {
	r := rand.New(rand.NewPCG(seed, 99))
	p := Plane{w, h, make([]uint8, w*h)}
	for range 160 {
		x0, y0 := r.IntN(w), r.IntN(h)
		rw, rh := 6+r.IntN(w/5), 6+r.IntN(h/5)
		v, round := uint8(r.IntN(256)), r.IntN(3) == 0
		for y := y0; y < min(h, y0+rh); y++ {
			for x := x0; x < min(w, x0+rw); x++ {
				dx, dy := float64(2*(x-x0)-rw)/float64(rw), float64(2*(y-y0)-rh)/float64(rh)
				if !round || dx*dx+dy*dy < 1 {
					p.Pix[y*w+x] = v
				}
			}
		}
	}
	for i, v := range p.Pix {
		p.Pix[i] = uint8(min(255, max(0, int(v)+r.IntN(13)-6)))
	}
	return p
}

// seen is what a picture shows of p through t: the pixel at (x, y) is that of p at t's place for it, grey where p has none.
func seen(p Plane, w, h int, t Transform) Plane {
	q := Plane{w, h, make([]uint8, w*h)}
	for i := range q.Pix {
		x, y := t.apply(float64(i%w)+0.5, float64(i/w)+0.5)
		x, y = x-0.5, y-0.5
		x0, y0 := int(math.Floor(x)), int(math.Floor(y))
		if x0 < 0 || y0 < 0 || x0+1 >= p.W || y0+1 >= p.H {
			q.Pix[i] = 128
			continue
		}
		fx, fy := x-float64(x0), y-float64(y0)
		at := func(dx, dy int) float64 { return float64(p.Pix[(y0+dy)*p.W+x0+dx]) }
		q.Pix[i] = uint8((at(0, 0)*(1-fx)+at(1, 0)*fx)*(1-fy) + (at(0, 1)*(1-fx)+at(1, 1)*fx)*fy + 0.5)
	}
	return q
}

func features(t testing.TB, p Plane) *Features {
	t.Helper()
	f, err := Extract(p)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// about turns by degrees and scales, and takes (fromX, fromY) to (toX, toY).
func about(degrees, scale, fromX, fromY, toX, toY float64) Transform {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	t := Transform{A: scale * cos, B: scale * sin}
	x, y := t.apply(fromX, fromY)
	t.X, t.Y = toX-x, toY-y
	return t
}

func TestVerifyFindsTheTransform(t *testing.T) {
	p := scene(1, 800, 600)
	banked := features(t, p)
	for _, tc := range []struct {
		name   string
		w, h   int
		t      Transform
		query  image.Rectangle
		banked image.Rectangle
	}{
		{"the same", 800, 600, about(0, 1, 0, 0, 0, 0), image.Rect(0, 0, 800, 600), image.Rect(0, 0, 800, 600)},
		{"a crop", 400, 300, about(0, 1, 0, 0, 150, 200), image.Rect(0, 0, 400, 300), image.Rect(150, 200, 550, 500)},
		{"half the size", 400, 300, about(0, 2, 0, 0, 0, 0), image.Rect(0, 0, 400, 300), image.Rect(0, 0, 800, 600)},
		{"within a page", 500, 1000, about(0, 800.0/450, 25, 300, 0, 0), image.Rect(25, 300, 475, 638), image.Rect(0, 0, 800, 600)},
		{"turned", 600, 800, about(90, 1, 600, 0, 800, 600), image.Rect(0, 0, 600, 800), image.Rect(0, 0, 800, 600)},
		{"turned a little", 500, 400, about(10, 1.2, 250, 200, 400, 300), image.Rect(0, 0, 500, 400), image.Rect(63, 6, 737, 594)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, ok := Verify(features(t, seen(p, tc.w, tc.h, tc.t)), banked)
			if !ok || a.Inliers < 25 || a.Score < 0.5 || a.Score > 1 {
				t.Fatalf("%d inliers with score %.2f, %t", a.Inliers, a.Score, ok)
			}
			if math.Abs(a.Transform.Scale()/tc.t.Scale()-1) > 0.02 || math.Abs(a.Transform.Angle()-tc.t.Angle()) > 0.02 {
				t.Errorf("scale %.3f, angle %.3f, want %.3f and %.3f", a.Transform.Scale(), a.Transform.Angle(), tc.t.Scale(), tc.t.Angle())
			}
			for _, r := range [2][2]image.Rectangle{{a.Query, tc.query}, {a.Banked, tc.banked}} {
				got, want := r[0], r[1]
				off := max(abs(got.Min.X-want.Min.X), abs(got.Min.Y-want.Min.Y), abs(got.Max.X-want.Max.X), abs(got.Max.Y-want.Max.Y))
				if off > 12 {
					t.Errorf("rectangle %v, want %v within 12 pixels", got, want)
				}
			}
		})
	}
}

func abs(v int) int { return max(v, -v) }

func TestVerifyToldOfMirroring(t *testing.T) {
	p := scene(2, 640, 480)
	banked := features(t, p)
	if a, ok := Verify(features(t, p.Mirrored()), banked); ok {
		t.Errorf("a mirrored picture aligns as it is, with %d inliers", a.Inliers)
	}
	if a, ok := Verify(features(t, p.Mirrored().Mirrored()), banked); !ok || a.Inliers < 100 {
		t.Errorf("a picture mirrored twice has %d inliers", a.Inliers)
	}
}

func TestUnrelatedPicturesDoNotAlign(t *testing.T) {
	var all []*Features
	for seed := range uint64(14) {
		all = append(all, features(t, scene(seed, 480, 360)))
	}
	for i, query := range all {
		for j, banked := range all {
			if a, ok := Verify(query, banked); ok != (i == j) {
				t.Errorf("scenes %d and %d: %d inliers, %t", i, j, a.Inliers, ok)
			}
		}
	}
}

// TestRepeatedDetailDoesNotAlign compares pictures that share one small detail many times over: a line of type.
func TestRepeatedDetailDoesNotAlign(t *testing.T) {
	glyph := scene(3, 40, 40)
	stamp := func(p Plane, y0, gap int) Plane {
		for x0 := 10; x0+40 < p.W; x0 += 40 + gap {
			for y := range 40 {
				copy(p.Pix[(y0+y)*p.W+x0:][:40], glyph.Pix[y*40:][:40])
			}
		}
		return p
	}
	query, banked := features(t, stamp(scene(4, 480, 360), 40, 7)), features(t, stamp(scene(5, 480, 360), 200, 19))
	if a, ok := Verify(query, banked); ok {
		t.Errorf("%d inliers", a.Inliers)
	}
}

func TestExtractBearsAnything(t *testing.T) {
	for _, p := range []Plane{
		{}, {W: 3, H: 3}, {3, 3, make([]uint8, 8)}, {-1, -1, make([]uint8, 1)},
		{maxSide + 1, 1, make([]uint8, maxSide+1)}, {math.MinInt, math.MinInt, nil},
	} {
		if _, err := Extract(p); err == nil {
			t.Errorf("a plane of %d x %d with %d pixels is taken", p.W, p.H, len(p.Pix))
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, side := range [][2]int{{1, 1}, {1, 5000}, {5000, 1}, {34, 34}, {35, 35}, {480, 36}, {481, 480}, {1000, 999}} {
		for _, fill := range []func(x, y int) uint8{
			func(_, _ int) uint8 { return 255 },
			func(x, y int) uint8 { return uint8(x ^ y) },
			func(x, y int) uint8 { return uint8(255 * ((x/3 + y/3) % 2)) },
			func(_, _ int) uint8 { return uint8(r.Uint32()) },
		} {
			p := Plane{side[0], side[1], make([]uint8, side[0]*side[1])}
			for i := range p.Pix {
				p.Pix[i] = fill(i%p.W, i/p.W)
			}
			f := features(t, p)
			if f.Len() > MaxFeatures {
				t.Errorf("%v has %d features", side, f.Len())
			}
			Verify(f, f)
			for _, at := range f.points {
				if x, y := float64(at.x)/fine*f.scale(), float64(at.y)/fine*f.scale(); x > float64(p.W)+f.scale() || y > float64(p.H)+f.scale() {
					t.Errorf("%v: a feature is at (%.0f, %.0f)", side, x, y)
				}
			}
		}
	}
}

func TestExtractRepeatsItself(t *testing.T) {
	p := scene(6, 700, 500)
	a, b := features(t, p), features(t, p)
	if diff := cmp.Diff(a, b, cmp.AllowUnexported(Features{}, point{})); diff != "" {
		t.Error(diff)
	}
	if a.Len() < 300 {
		t.Errorf("%d features", a.Len())
	}
	first, _ := Verify(a, b)
	for range 3 {
		if again, _ := Verify(a, b); again != first {
			t.Errorf("Verify gives %v, then %v", first, again)
		}
	}
}

// TestArc compares the test of bits with the words of its definition.
func TestArc(t *testing.T) {
	for m := range uint32(1 << 16) {
		want := false
		for from := range 16 {
			n := 0
			for n < 16 && m>>((from+n)%16)&1 != 0 {
				n++
			}
			want = want || n >= 9
		}
		if got := arc(m); got != want {
			t.Fatalf("arc(%016b) = %t, want %t", m, got, want)
		}
	}
}

// TestCorners compares the quick rejections with the plain segment test of every pixel.
func TestCorners(t *testing.T) {
	p := scene(7, 120, 90)
	w := p.W
	ring := [16]int{-3 * w, -3*w + 1, -2*w + 2, -w + 3, 3, w + 3, 2*w + 2, 3*w + 1, 3 * w, 3*w - 1, 2*w - 2, w - 3, -3, -w - 3, -2*w - 2, -3*w - 1}
	scores := make([]int32, len(p.Pix))
	for y := margin; y < p.H-margin; y++ {
		for x := margin; x < w-margin; x++ {
			scores[y*w+x] = segment(p.Pix, y*w+x, &ring, int32(p.Pix[y*w+x]))
		}
	}
	var want []corner
	for i, s := range scores {
		if s > 0 && strongest(scores, i, w) {
			want = append(want, corner{int32(i % w), int32(i / w), s})
		}
	}
	clear(scores)
	got := corners(nil, p, scores)
	if !slices.Equal(got, want) || len(got) < 20 {
		t.Errorf("%d corners, want %d", len(got), len(want))
	}
	if slices.Max(scores) != 0 {
		t.Error("the scratch is not left zero")
	}
}

func TestCornersAreSpread(t *testing.T) {
	// All strong corners are on the left; each cell on the right has a weak one.
	p := Plane{10 * cell, cell, nil}
	var list []corner
	for i := range 200 {
		list = append(list, corner{int32(i % cell), int32(i / cell), 1000})
	}
	for c := 1; c < 10; c++ {
		list = append(list, corner{int32(c * cell), 5, 10})
	}
	got := balanced(list, p, 30)
	right := 0
	for _, c := range got {
		if c.x >= cell {
			right++
		}
	}
	if len(got) != 30 || right != 9 {
		t.Errorf("%d corners, %d of them on the right; want 30 and 9", len(got), right)
	}
}

func TestShrunkKeepsBrightness(t *testing.T) {
	for _, size := range [][2]int{{481, 300}, {960, 100}, {1999, 1333}, {5000, 3}, {300, 480}} {
		p := Plane{size[0], size[1], slices.Repeat([]uint8{77}, size[0]*size[1])}
		s := p.shrunk(workSide)
		if max(s.W, s.H) != workSide || slices.Min(s.Pix) != 77 || slices.Max(s.Pix) != 77 || s.check() != nil {
			t.Errorf("%v becomes %d x %d with %d to %d", size, s.W, s.H, slices.Min(s.Pix), slices.Max(s.Pix))
		}
	}
}

func TestBlurred(t *testing.T) {
	p := scene(8, 60, 40)
	sums := p.blurred()
	for y := 2; y < p.H-2; y++ {
		for x := 2; x < p.W-2; x++ {
			want := 0
			for i := range 25 {
				want += int(p.Pix[(y+i/5-2)*p.W+x+i%5-2])
			}
			if got := int(sums[y*p.W+x]); got != want {
				t.Fatalf("at (%d, %d): %d, want %d", x, y, got, want)
			}
		}
	}
}

func BenchmarkAlign(b *testing.B) {
	p := scene(9, 800, 600)
	q := seen(p, 800, 600, about(5, 1.1, 400, 300, 400, 300))
	b.Run("Extract", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			features(b, p)
		}
	})
	query, same, other := features(b, q), features(b, p), features(b, scene(10, 800, 600))
	b.Run("Verify/same", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Verify(query, same)
		}
	})
	b.Run("Verify/other", func(b *testing.B) {
		for b.Loop() {
			Verify(query, other)
		}
	})
}

func FuzzExtract(f *testing.F) {
	f.Add(uint16(60), scene(1, 60, 50).Pix)
	f.Add(uint16(0), []byte{})
	f.Add(uint16(1), make([]byte, 3000))
	f.Fuzz(func(t *testing.T, width uint16, pix []byte) {
		w := int(width)
		p := Plane{w, len(pix) / max(w, 1), pix}
		x, err := Extract(p)
		if err != nil {
			return
		}
		if err := new(Features).UnmarshalBinary(bytesOf(x)); err != nil {
			t.Error(err)
		}
	})
}

// TestGap holds that pictures which share their upper and lower parts do not count as one, and that one with something on it does.
func TestGap(t *testing.T) {
	const w, h = 400, 480
	mixed := func(from, to int) Plane { // one scene, with another in some rows
		p, inner := scene(1, w, h), scene(2, w, h)
		copy(p.Pix[from*w:to*w], inner.Pix[from*w:to*w])
		return p
	}
	banked := features(t, scene(1, w, h))
	for _, c := range []struct {
		name     string
		from, to int
		want     bool
	}{{"the same", 0, 0, true}, {"a bar", 300, 360, true}, {"all but a seventh above and below", 65, 415, false}} {
		a, ok := Verify(features(t, mixed(c.from, c.to)), banked)
		if ok != c.want || a.Inliers < MinInliers {
			t.Errorf("%s: %t with %d inliers and a gap of %.2f, want %t", c.name, ok, a.Inliers, a.Gap, c.want)
		}
	}
}

// TestWithin keeps the features of a rectangle, and where they are.
func TestWithin(t *testing.T) {
	f := features(t, scene(1, 960, 640))
	right := f.Within(image.Rect(480, 0, 960, 640))
	left := f.Within(image.Rect(0, 0, 480, 640))
	if left.Len() == 0 || right.Len() == 0 || left.Len()+right.Len() != f.Len() {
		t.Fatalf("%d left and %d right of %d features", left.Len(), right.Len(), f.Len())
	}
	a, ok := Verify(right, f)
	if !ok || a.Query != image.Rect(0, 0, 960, 640) || f.Within(image.Rectangle{}).Len() != 0 {
		t.Errorf("the right half lies at %v: %t", a.Query, ok)
	}
}
