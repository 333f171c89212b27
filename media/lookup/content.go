package lookup

import (
	"image"

	"github.com/ringfence/ringfence/media/picture"
)

// minGround is which share of what surrounds a picture has one brightness, give or take a level, if it is a page.
const minGround = 0.4

// content is where the picture lies in what is a page around it: the best rectangle whose surroundings are mostly of one
// brightness; or all.
func (f *Finder) content(p *picture.Picture) image.Rectangle {
	grey := luma(p)
	var all [256]int
	for _, v := range grey.Pix {
		all[v]++
	}
	for _, r := range f.locator.Find(p.Pix, p.W, p.H) {
		around := all
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for _, v := range grey.Pix[y*grey.W:][r.Min.X:r.Max.X] {
				around[v]--
			}
		}
		most := 0
		for v := 1; v < len(around)-1; v++ {
			most = max(most, around[v-1]+around[v]+around[v+1])
		}
		if float64(most) >= minGround*float64(p.W*p.H-r.Dx()*r.Dy()) {
			return r.Rectangle
		}
	}
	return image.Rect(0, 0, p.W, p.H)
}
