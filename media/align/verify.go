package align

import (
	"image"
	"math"
)

// MinInliers is how many distinct features have to agree on a transform before two pictures count as showing the same. Of unrelated
// pictures at most 5 were seen to agree.
const MinInliers = 8

// Alignment says how a query and a banked picture lie on one another.
type Alignment struct {
	Inliers   int             // distinct features that agree on the transform
	Score     float64         // 0 to 1, by the inliers: 0.5 at MinInliers. Not a probability.
	Gap       float64         // 0 to 1: the largest share of what both show in a rectangle in which nothing agrees
	Transform Transform       // from the query to the banked picture
	Query     image.Rectangle // what of the query shows the banked picture, in pixels: the box of a quadrilateral if turned
	Banked    image.Rectangle // what of the banked picture the query shows
}

// What agrees only around a gap is a frame, a caption or an interface that two pictures share. Few inliers leave gaps by chance, and
// very many come from the same picture with something on it. Chosen on photos and screenshots of Debian's wallpapers.
const (
	leastGap    = 0.15 // is allowed in any case
	gapInliers  = 5    // over the number of inliers, is allowed of few
	manyInliers = 64   // allow any
)

// Verify compares two pictures. It says false if fewer than MinInliers agree, or only around a gap; the alignment is then the best there
// is.
func Verify(query, banked *Features) (Alignment, bool) {
	return verify(query, banked, correspondences(query, banked))
}

func verify(query, banked *Features, pairs []correspondence) (Alignment, bool) {
	list := matches(query, banked, pairs)
	t, inliers := fit(list)
	n := distinct(list, inliers)
	a := Alignment{Inliers: n, Score: 1 - math.Exp2(-float64(n)/MinInliers)}
	if n < 2 {
		return a, false
	}
	a.Gap = gap(query, banked, t, list, inliers)
	qs, bs := query.scale(), banked.scale()
	a.Transform = Transform{t.A * bs / qs, t.B * bs / qs, t.X * bs, t.Y * bs}
	a.Query = a.Transform.inverse().box(banked.width, banked.height, query.width, query.height)
	a.Banked = a.Transform.box(query.width, query.height, banked.width, banked.height)
	return a, n >= MinInliers && (n >= manyInliers || a.Gap <= max(leastGap, gapInliers/float64(n)))
}

// box is where a picture of w by h pixels comes to lie, as far as that is within another one.
func (t Transform) box(w, h, otherW, otherH int) image.Rectangle {
	x0, y0, x1, y1 := t.extent(float64(w), float64(h))
	clip := func(v float64, to int) int { return int(math.Round(min(max(v, 0), float64(to)))) }
	return image.Rect(clip(x0, otherW), clip(y0, otherH), clip(x1, otherW), clip(y1, otherH))
}

// extent is the box of where a picture of w by h pixels comes to lie.
func (t Transform) extent(w, h float64) (x0, y0, x1, y1 float64) {
	x0, y0, x1, y1 = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, corner := range [4][2]float64{{0, 0}, {w, 0}, {0, h}, {w, h}} {
		x, y := t.apply(corner[0], corner[1])
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	return x0, y0, x1, y1
}
