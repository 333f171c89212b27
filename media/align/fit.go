package align

import (
	"math"
	"math/rand/v2"
)

// Transform takes a place in the query to the one in the banked picture: x' = A·x − B·y + X, y' = B·x + A·y + Y, in pixels of the
// pictures as they were given to Extract. It turns, scales and shifts.
type Transform struct {
	A, B, X, Y float64
}

// Scale is how much larger the banked picture is than what the query shows of it.
func (t Transform) Scale() float64 { return math.Hypot(t.A, t.B) }

// Angle is by how much the banked picture is turned against the query, in radians from −π to π, from x to y.
func (t Transform) Angle() float64 { return math.Atan2(t.B, t.A) }

func (t Transform) apply(x, y float64) (float64, float64) {
	return t.A*x - t.B*y + t.X, t.B*x + t.A*y + t.Y
}

// inverse undoes t, whose scale is not 0.
func (t Transform) inverse() Transform {
	n := t.A*t.A + t.B*t.B
	a, b := t.A/n, -t.B/n
	return Transform{a, b, -(a*t.X - b*t.Y), -(b*t.X + a*t.Y)}
}

// match is where a feature is in both pictures, in pixels of their working sizes, and what the features' own sizes and directions
// say of the transform.
type match struct {
	qx, qy, bx, by float64
	scale          float64
	turn           int8 // 256ths of a turn
}

func matches(query, banked *Features, pairs []correspondence) []match {
	list := make([]match, len(pairs))
	for i, c := range pairs {
		q, b := query.points[c.query], banked.points[c.banked]
		list[i] = match{
			float64(q.x) / fine, float64(q.y) / fine, float64(b.x) / fine, float64(b.y) / fine,
			powers[int(b.level)-int(q.level)+levels-1],
			int8(b.direction - q.direction),
		}
	}
	return list
}

// powers are those of step, from 1-levels to levels-1.
var powers = func() (p [2*levels - 1]float64) {
	for i := range p {
		p[i] = math.Pow(step, float64(i-levels+1))
	}
	return p
}()

const (
	minScale, maxScale = 0.15, 7.0 // between working sizes; beyond them few features are comparable
	tolerance          = 7.0       // pixels of the larger scale between where a feature is and where it should be
	samples            = 2000
	scaleSlack         = 1.7 // factor between the scale of two features' places and that of their own sizes
	turnSlack          = 28  // the same of directions, in 256ths of a turn
	distinctCell       = 8   // pixels: of features nearer to one another, in either picture, one counts
)

// fit finds the transform that most matches agree on, by random samples of two (RANSAC; Fischler & Bolles 1981) from a generator with a
// fixed seed, so that it repeats itself. The result's inliers are in agreeing.
func fit(list []match) (best Transform, agreeing []int) {
	if len(list) < 2 {
		return Transform{}, nil
	}
	r := rand.New(rand.NewPCG(uint64(len(list)), 0xf17))
	most := 0
	for range samples {
		i := r.IntN(len(list))
		j := r.IntN(len(list))
		t, ok := through(&list[i], &list[j])
		if !ok {
			continue
		}
		if n := count(list, t); n > most {
			best, most = t, n
		}
	}
	agreeing = within(list, best, tolerance)
	// The samples' places are a pixel or two off: fit to all that agree, then to those that agree closely.
	for _, reach := range []float64{tolerance, tolerance, tolerance / 2, tolerance / 2} {
		t, ok := leastSquares(list, within(list, best, reach))
		if !ok {
			break
		}
		inliers := within(list, t, tolerance)
		if len(inliers) < len(agreeing)*9/10 {
			break
		}
		best, agreeing = t, inliers
	}
	return best, agreeing
}

// through is the transform on which two matches agree, if their features' sizes and directions agree with it as well.
func through(p, q *match) (t Transform, ok bool) {
	dx, dy := q.qx-p.qx, q.qy-p.qy
	ex, ey := q.bx-p.bx, q.by-p.by
	n := dx*dx + dy*dy
	if n < 20*20 {
		return t, false
	}
	t.A, t.B = (ex*dx+ey*dy)/n, (ey*dx-ex*dy)/n
	scale := t.A*t.A + t.B*t.B
	if scale < minScale*minScale || scale > maxScale*maxScale {
		return t, false
	}
	for _, m := range [2]*match{p, q} {
		if s := m.scale * m.scale; scale > s*scaleSlack*scaleSlack || scale*scaleSlack*scaleSlack < s {
			return t, false
		}
	}
	turn := toTurn(t.Angle())
	if apart(turn, p.turn) > turnSlack || apart(turn, q.turn) > turnSlack {
		return t, false
	}
	t.X = p.bx - t.A*p.qx + t.B*p.qy
	t.Y = p.by - t.B*p.qx - t.A*p.qy
	return t, true
}

// limit is the square of how far from its place a feature may be. A scale above 1 spreads errors in the query.
func limit(t Transform, tolerance float64) float64 {
	return tolerance * tolerance * max(1, t.A*t.A+t.B*t.B)
}

// miss is the square of how far from its place a match is.
func (t *Transform) miss(m *match) float64 {
	dx, dy := t.A*m.qx-t.B*m.qy+t.X-m.bx, t.B*m.qx+t.A*m.qy+t.Y-m.by
	return dx*dx + dy*dy
}

// count is how many matches agree in place.
func count(list []match, t Transform) int {
	n, far := 0, limit(t, tolerance)
	for i := range list {
		if t.miss(&list[i]) <= far {
			n++
		}
	}
	return n
}

// within are the matches that agree in place and direction.
func within(list []match, t Transform, tolerance float64) []int {
	var inliers []int
	far, turn := limit(t, tolerance), toTurn(t.Angle())
	for i := range list {
		if t.miss(&list[i]) <= far && apart(turn, list[i].turn) <= turnSlack {
			inliers = append(inliers, i)
		}
	}
	return inliers
}

// toTurn is an angle in 256ths of a turn.
func toTurn(angle float64) int8 {
	return int8(int(math.Round(angle * 128 / math.Pi)))
}

// apart is the angle between two directions, 0 to 128.
func apart(a, b int8) int {
	d := int(a - b)
	return max(d, -d)
}

// leastSquares is the transform with the least squares of distances (Umeyama 1991, without its reflections).
func leastSquares(list []match, of []int) (t Transform, ok bool) {
	if len(of) < 2 {
		return t, false
	}
	var qx, qy, bx, by float64
	for _, i := range of {
		qx, qy, bx, by = qx+list[i].qx, qy+list[i].qy, bx+list[i].bx, by+list[i].by
	}
	n := float64(len(of))
	qx, qy, bx, by = qx/n, qy/n, bx/n, by/n
	var same, cross, spread float64
	for _, i := range of {
		dx, dy, ex, ey := list[i].qx-qx, list[i].qy-qy, list[i].bx-bx, list[i].by-by
		same += dx*ex + dy*ey
		cross += dx*ey - dy*ex
		spread += dx*dx + dy*dy
	}
	if spread < 1 {
		return t, false
	}
	t.A, t.B = same/spread, cross/spread
	scale := t.Scale()
	if scale < minScale || scale > maxScale {
		return t, false
	}
	t.X, t.Y = bx-t.A*qx+t.B*qy, by-t.B*qx-t.A*qy
	return t, true
}

// distinct is how many of the inliers lie in cells of their own in both pictures. Repeated detail, such as type or a fence, gives
// many matches of a few places, which prove little.
func distinct(list []match, inliers []int) int {
	type at struct{ x, y int16 }
	query, banked := map[at]bool{}, map[at]bool{}
	n := 0
	for _, i := range inliers {
		q := at{int16(list[i].qx / distinctCell), int16(list[i].qy / distinctCell)}
		b := at{int16(list[i].bx / distinctCell), int16(list[i].by / distinctCell)}
		if !query[q] && !banked[b] {
			n++
		}
		query[q], banked[b] = true, true
	}
	return n
}
