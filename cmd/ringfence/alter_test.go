package main

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ringfence/ringfence/media/transform"
)

// alter FROM TO TRANSFORM writes a picture altered as package transform names it, as a JPEG.
func alter(ts *testscript.TestScript, _ bool, args []string) {
	img, _, err := image.Decode(bytes.NewReader([]byte(ts.ReadFile(args[0]))))
	ts.Check(err)
	src := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(src, src.Rect, img, img.Bounds().Min, draw.Src)
	all := transform.All()
	i := slices.IndexFunc(all, func(t transform.Transform) bool { return t.Name == args[2] })
	if i < 0 {
		ts.Fatalf("package transform has no %q", args[2])
	}
	var out bytes.Buffer
	ts.Check(jpeg.Encode(&out, all[i].Apply(src, src, rand.New(rand.NewPCG(1, 2))), &jpeg.Options{Quality: 85}))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out.Bytes(), 0o600))
}
