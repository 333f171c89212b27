package align

import "math"

const gapCells = 16 // a side of the grid in which gaps are sought

// gap is the largest share of what both pictures show, within the box of what agrees, in a rectangle in which nothing agrees: 0 to 1.
// What counts is features: a cell of the grid weighs as many as both pictures have in it. Two pictures of the same scene agree all
// over; two screenshots of one program, or two pictures with one caption, agree around a gap.
func gap(query, banked *Features, t Transform, list []match, inliers []int) float64 {
	back := t.inverse()
	bankedWidth, bankedHeight := sides(banked)
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, i := range inliers {
		x0, y0, x1, y1 = min(x0, list[i].qx), min(y0, list[i].qy), max(x1, list[i].qx), max(y1, list[i].qy)
	}
	if x1 <= x0 || y1 <= y0 {
		return 0
	}
	cell := func(x, y float64) (int, int, bool) {
		cx, cy := (x-x0)/(x1-x0)*gapCells, (y-y0)/(y1-y0)*gapCells
		return int(cx), int(cy), cx >= 0 && cy >= 0 && cx < gapCells && cy < gapCells
	}
	var ours, theirs, agreeing [gapCells][gapCells]int
	for _, p := range query.points {
		x, y := float64(p.x)/fine, float64(p.y)/fine
		bx, by := t.apply(x, y)
		if cx, cy, ok := cell(x, y); ok && bx >= 0 && by >= 0 && bx < bankedWidth && by < bankedHeight {
			ours[cy][cx]++
		}
	}
	for _, p := range banked.points {
		if cx, cy, ok := cell(back.apply(float64(p.x)/fine, float64(p.y)/fine)); ok {
			theirs[cy][cx]++
		}
	}
	for _, i := range inliers {
		if cx, cy, ok := cell(list[i].qx, list[i].qy); ok {
			agreeing[cy][cx]++
		}
	}
	// Sums over all cells above and to the left give those over any rectangle.
	var weight, agree [gapCells + 1][gapCells + 1]int
	for y := range gapCells {
		for x := range gapCells {
			weight[y+1][x+1] = min(ours[y][x], theirs[y][x]) + weight[y][x+1] + weight[y+1][x] - weight[y][x]
			agree[y+1][x+1] = agreeing[y][x] + agree[y][x+1] + agree[y+1][x] - agree[y][x]
		}
	}
	largest := 0
	for top := range gapCells {
		for bottom := top + 1; bottom <= gapCells; bottom++ {
			for left := range gapCells {
				for right := left + 1; right <= gapCells; right++ {
					over := func(s *[gapCells + 1][gapCells + 1]int) int {
						return s[bottom][right] - s[top][right] - s[bottom][left] + s[top][left]
					}
					if over(&agree) > 0 {
						break // a wider one has it too
					}
					largest = max(largest, over(&weight))
				}
			}
		}
	}
	return float64(largest) / float64(max(weight[gapCells][gapCells], 1))
}

// sides are those of the working size.
func sides(f *Features) (w, h float64) {
	return float64(f.width) / f.scale(), float64(f.height) / f.scale()
}
