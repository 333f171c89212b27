package align

import (
	"image"
	"math"
)

// MaxFeatures is the most that Extract gives for a picture.
const MaxFeatures = 512

const (
	workSide = 480 // what the longer side of a picture is scaled to, in pixels
	levels   = 8   // sizes in which corners are sought
	step     = 1.2 // between one size and the next
	fine     = 64  // units of a feature's place to a pixel
)

// point is where a feature is: its place in 64ths of a pixel of the picture scaled to workSide, direction in 256ths of a turn,
// and size as a power of step.
type point struct {
	x, y      uint16
	direction uint8
	level     uint8
}

// Features are what is compared of a picture. They do not change, and show neither the picture nor who is in it, but much of its structure:
// treat them as sensitive where the picture is.
type Features struct {
	width, height int // of the picture, in pixels
	points        []point
	descriptors   []descriptor
}

// Len is the number of features, up to MaxFeatures. Below some 30 a picture can hardly be recognised: it is flat.
func (f *Features) Len() int { return len(f.points) }

// Within are the features in a rectangle of the picture, in its pixels. Places stay those in the whole picture.
func (f *Features) Within(r image.Rectangle) *Features {
	out := &Features{width: f.width, height: f.height}
	for i, p := range f.points {
		at := image.Pt(int(float64(p.x)/fine*f.scale()), int(float64(p.y)/fine*f.scale()))
		if at.In(r) {
			out.points = append(out.points, p)
			out.descriptors = append(out.descriptors, f.descriptors[i])
		}
	}
	return out
}

// scale is how many pixels of the picture a pixel of the working size is.
func (f *Features) scale() float64 {
	return max(1, float64(max(f.width, f.height))/workSide)
}

// Extract finds the features of a picture.
func Extract(p Plane) (*Features, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	f := &Features{width: p.W, height: p.H}
	pyramid := []Plane{p.shrunk(workSide)}
	for l := 1; l < levels; l++ {
		s := math.Pow(step, float64(l))
		w, h := float64(pyramid[0].W)/s, float64(pyramid[0].H)/s
		pyramid = append(pyramid, pyramid[l-1].scaled(max(1, int(w+0.5)), max(1, int(h+0.5))))
	}
	f.find(pyramid)
	return f, nil
}

// find appends the features of a pyramid.
func (f *Features) find(pyramid []Plane) {
	scores := make([]int32, len(pyramid[0].Pix))
	turned := patterns()
	var found []corner
	// Places are given in proportion to the levels' sides, not their areas: large detail survives more than small.
	share := (1 - 1/step) / (1 - math.Pow(1/step, levels))
	for l, level := range pyramid {
		found = corners(found[:0], level, scores)
		found = balanced(found, level, int(MaxFeatures*share*math.Pow(1/step, float64(l))))
		if len(found) == 0 {
			continue
		}
		sums := level.blurred()
		sx, sy := float64(pyramid[0].W)/float64(level.W), float64(pyramid[0].H)/float64(level.H)
		for _, c := range found {
			to := direction(level, c)
			f.points = append(f.points, point{
				x:         uint16((float64(c.x) + 0.5) * sx * fine),
				y:         uint16((float64(c.y) + 0.5) * sy * fine),
				direction: to,
				level:     uint8(l),
			})
			turn := (int(to) + 256/turns/2) / (256 / turns) % turns
			f.descriptors = append(f.descriptors, describe(sums, level.W, c, &turned[turn]))
		}
	}
}
