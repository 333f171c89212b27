package align_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/ringfence/ringfence/media/align"
)

// drawing is a picture of grey boxes.
func drawing(w, h int) align.Plane {
	r := rand.New(rand.NewPCG(1, 2))
	p := align.Plane{W: w, H: h, Pix: make([]uint8, w*h)}
	for range 300 {
		x0, y0, side, grey := r.IntN(w), r.IntN(h), 5+r.IntN(50), uint8(r.IntN(256))
		for y := y0; y < min(h, y0+side); y++ {
			for x := x0; x < min(w, x0+side); x++ {
				p.Pix[y*w+x] = grey
			}
		}
	}
	return p
}

func Example() {
	known := drawing(400, 300)
	features, err := align.Extract(known)
	if err != nil {
		panic(err)
	}
	bank := align.NewBank()
	if err := bank.Add(7, features); err != nil {
		panic(err)
	}

	// The right upper quarter of it.
	part := align.Plane{W: 200, H: 150}
	for y := range part.H {
		part.Pix = append(part.Pix, known.Pix[y*400+200:y*400+400]...)
	}
	query, err := align.Extract(part)
	if err != nil {
		panic(err)
	}
	for _, f := range bank.Search(nil, query, 10) {
		middle := f.Banked.Min.Add(f.Banked.Max).Div(2)
		fmt.Printf("picture %d, a part around (%d0, %d0), scale %.1f\n", f.ID, (middle.X+5)/10, (middle.Y+5)/10, f.Transform.Scale())
	}
	// Output:
	// picture 7, a part around (300, 80), scale 1.0
}
